"""How the items of one sentence make intakes: one cell for each dose, its frequency, and how cells combine.

Knows when parts of a day add up, when doses are alternatives, and when the words allow two readings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from auditor.wording.items import Item
from auditor.wording.tokens import Rate

_SEPARATORS = ("and", "or", "comma", "phase")
_FREQUENCY = ("rate", "period", "bound", "days", "part", "each_meal", "meals")


class Intake(NamedTuple):
    """A dose with its frequency: units per intake, intakes per `days`; `days` 0 while no frequency is known.

    `word` is the place of the unit's word, `start` and `end` that of all the words read; `slots` are the parts of the
    day that the words name, which add up with those of another intake.
    """

    low: Fraction
    high: Fraction
    unit: str
    word: tuple[int, int]
    times_low: Fraction = Fraction(0)
    times_high: Fraction = Fraction(0)
    days: Fraction = Fraction(0)
    rule: str = ""
    contexts: tuple[str, ...] = ()
    joined: str = ""
    slots: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    start: int = 0
    end: int = 0

    @property
    def timed(self) -> bool:
        return self.days > 0

    @property
    def per_day(self) -> tuple[Fraction, Fraction]:
        return self.low * self.times_low / self.days, self.high * self.times_high / self.days

    def with_frequency_of(self, other: Intake) -> Intake:
        """The same dose at the frequency of another intake."""
        return self._replace(times_low=other.times_low, times_high=other.times_high, days=other.days, rule=other.rule,
                       flags=self.flags | other.flags)  # fmt: skip


@dataclass
class Cell:
    """The items around one dose of a sentence."""

    dose: Item | None = None
    items: list[Item] = field(default_factory=list)
    joined: str = ""
    contexts: tuple[str, ...] = ()


def read_cells(items: list[Item], contexts: tuple[str, ...]) -> list[Cell]:
    """Cut the items of a sentence so that each cell has at most one dose; `contexts` hold until the sentence names others."""
    cells = [Cell(contexts=contexts)]
    leads = _audience_leads(items)
    for item in items:
        cell = cells[-1]
        if item.kind == "audience":
            if not leads and cell.dose:
                cell.contexts = item.value
            elif cell.dose:
                cells.append(Cell(joined="audience", contexts=item.value))
            else:
                cell.contexts = item.value
        elif item.kind == "phase":
            if cell.dose or any(other.kind in _FREQUENCY for other in cell.items):
                cells.append(Cell(joined="phase", contexts=cell.contexts))
            else:
                cell.joined = "phase"
        elif item.kind == "dose":
            if cell.dose:
                cells.append(_split_off(cell))
            cells[-1].dose = item
        else:
            cell.items.append(item)
    return cells


def _audience_leads(items: list[Item]) -> bool:
    """Whether the audience stands before its dose, as it does when the sentence opens with it."""
    for item in items:
        if item.kind in ("audience", "dose"):
            return item.kind == "audience"
    return True


def _split_off(cell: Cell) -> Cell:
    """A new cell for a further dose: it takes what stands directly before it, behind the last separator."""
    dose = cell.dose
    assert dose is not None
    last = max(
        (position for position, item in enumerate(cell.items) if item.kind in _SEPARATORS and item.start > dose.start),
        default=-1,
    )
    if last < 0:
        return Cell(contexts=cell.contexts)
    joined = cell.items[last].kind
    before = cell.items[last - 1].kind if last else ""
    if joined in ("and", "or") or before not in ("and", "or"):
        new = Cell(items=cell.items[last + 1 :], joined=joined, contexts=cell.contexts)
    else:
        new = Cell(items=cell.items[last + 1 :], joined=before, contexts=cell.contexts)
    del cell.items[last:]
    return new


def read_intakes(cells: list[Cell]) -> list[Intake]:
    """An intake for each cell with a dose, frequencies shared inside the sentence where the grammar shares them."""
    intakes: list[Intake] = []
    for cell in cells:
        if cell.dose is None:
            frequency = _with_frequency(Intake(Fraction(1), Fraction(1), "", (0, 0)), cell)
            if cell.joined == "phase" and frequency.timed and intakes:
                before = intakes[-1]
                later = before.with_frequency_of(frequency)
                intakes.append(
                    later._replace(
                        joined="phase",
                        slots=frequency.slots,
                        end=max((item.end for item in cell.items), default=before.end),
                    )
                )
            continue
        dose = cell.dose
        flags = frozenset({"number-words-differ"}) if dose.differs else frozenset()
        intake = Intake(Fraction(dose.low), Fraction(dose.high), dose.value, dose.word, contexts=cell.contexts, joined=cell.joined,
                        flags=flags, start=dose.start, end=dose.end)  # fmt: skip
        intakes.append(_with_frequency(intake, cell))
    return _share_frequencies(_name_units(intakes))


def frequency_of(cells: list[Cell]) -> Intake | None:
    """The frequency of a sentence that names no dose ("Drink twice daily."), as an intake of one unsaid unit."""
    if len(cells) != 1 or cells[0].dose or any(item.kind == "unit" for item in cells[0].items):
        return None
    intake = _with_frequency(Intake(Fraction(1), Fraction(1), "", (0, 0)), cells[0])
    return intake if intake.timed else None


def _with_frequency(intake: Intake, cell: Cell) -> Intake:
    """The intake with the frequency that the cell's items say, if they say one."""
    items = cell.items
    by_kind: dict[str, list[Item]] = {}
    for item in items:
        by_kind.setdefault(item.kind, []).append(item)
    spoken = [item for item in items if item.kind in _FREQUENCY]
    if spoken:
        start = min(intake.start, spoken[0].start) if intake.end else spoken[0].start
        intake = intake._replace(start=start, end=max(intake.end, spoken[-1].end))
    rates = by_kind.get("rate", [])
    periods = by_kind.get("period") or by_kind.get("bound", [])
    choice = "or" in by_kind
    slots, occasions = _occasions(items)
    flags = set(intake.flags)
    times_low = times_high = Fraction(1)
    rule = ""
    if rates:
        times_low, times_high = Fraction(min(rate.low for rate in rates)), Fraction(max(rate.high for rate in rates))
        if not choice and any((rate.low, rate.high) != (rates[0].low, rates[0].high) for rate in rates):
            flags.add("frequency-ambiguous")
    if periods:
        period, ambiguous = _one_period(periods, choice)
        if ambiguous or (
            period.low != period.high and period.days in (14, 60) and len(periods) == 1 and period.high == 4
        ):
            flags.add("frequency-ambiguous")
        rule = "times-and-period" if rates else "count-and-period"
        if not rates and period.days == 1 and period.low == period.high == 1:
            times_high *= _extra_occasions(intake, cell, by_kind, occasions, flags)
            if "frequency-ambiguous" not in flags:
                times_low = times_high
            if times_high > 1:
                rule = "parts-of-day"
        times_low, times_high, days = times_low * period.low, times_high * period.high, period.days
        slots = frozenset() if not (slots and period.days == 1 and not rates) else slots
    elif rates and (slots or any(rate.value for rate in rates)):
        days = Fraction(1)
        rule = "meals-counted" if rates[0].value == "meals" else "times-and-parts" if slots else "times-cross"
    elif by_kind.get("each_meal"):
        flags.add("with-meals")
        times_low = times_high = Fraction(3 + (occasions if slots and not choice else 0))
        days, rule, slots = Fraction(1), "each-meal", slots | {"meals"}
        if choice and occasions:
            flags.add("frequency-ambiguous")
            times_low = Fraction(1)
    elif by_kind.get("meals") and not rates:
        flags |= {"with-meals-uncounted", "frequency-ambiguous"}
        times_high, days, rule, slots = Fraction(3), Fraction(1), "meals-uncounted", frozenset()
    elif slots and not rates:
        times_low = times_high = Fraction(occasions)
        days, rule = Fraction(1), "parts-of-day"
    elif by_kind.get("days"):
        days, rule = Fraction(1), "days-of-week"
    else:
        return intake._replace(flags=frozenset(flags))
    for share in by_kind.get("days", []):
        times_low, times_high, days = (
            times_low * Fraction(share.low),
            times_high * Fraction(share.high),
            days * share.value,
        )
    return intake._replace(
        times_low=times_low, times_high=times_high, days=days, rule=rule, slots=slots, flags=frozenset(flags)
    )


def _one_period(periods: list[Item], choice: bool) -> tuple[Rate, bool]:
    """The period of a cell; several different ones are a choice or, without 'or', two possible readings."""
    rates: list[Rate] = list(dict.fromkeys(item.value for item in periods))
    if len(rates) == 1:
        return rates[0], False
    days = Fraction(lcm(*(int(rate.days) for rate in rates)))
    scaled = [(rate.low * days / rate.days, rate.high * days / rate.days) for rate in rates]
    return Rate(min(low for low, _ in scaled), max(high for _, high in scaled), days), not choice


def _occasions(items: list[Item]) -> tuple[frozenset[str], int]:
    """Slots of the day that are named, and how many intakes they make: "morning and evening" 2, "morning or evening" 1."""
    parts = [item for item in items if item.kind == "part"]
    if not parts:
        return frozenset(), 0
    inside = [item for item in items if parts[0].start < item.start < parts[-1].start]
    listed = any(item.kind == "and" for item in inside)
    slots = {parts[0].value}
    count = 1
    separated = False
    end = parts[0].end
    for item in inside + [parts[-1]] if len(parts) > 1 else []:
        separated |= item.start == end  # 早晚: two slots in one word
        end = item.end
        if item.kind == "and" or (item.kind == "comma" and listed):
            separated = True
        elif item.kind == "or":
            separated = False
        elif item.kind == "part":
            if separated and item.value not in slots:
                count += 1
            slots.add(item.value)
            separated = False
    return frozenset(slots), count


def _extra_occasions(
    intake: Intake, cell: Cell, by_kind: dict[str, list[Item]], occasions: int, flags: set[str]
) -> Fraction:
    """How many intakes "daily" means beside "in the morning and evening" or "with each meal".

    A share word ('je', 'each') or a count that cannot be split makes it one dose each time; otherwise both the
    total and the dose each time are possible and the frequency is ambiguous.
    """
    count = 3 if by_kind.get("each_meal") else occasions
    if count < 2 or by_kind.get("divided"):
        return Fraction(1)
    if not by_kind.get("each_share") and (intake.low % count == 0 and intake.high % count == 0):
        flags.add("frequency-ambiguous")
    return Fraction(count)


def _name_units(intakes: list[Intake]) -> list[Intake]:
    """A dose without unit takes the unit of the one before, else of the one after ("1 in the morning and 2 capsules ...")."""
    named = [intake for intake in intakes if intake.unit]
    result: list[Intake] = []
    unit, word = (named[0].unit, named[0].word) if named else ("", (0, 0))
    for intake in intakes:
        if intake.unit:
            unit, word = intake.unit, intake.word
        elif unit:
            intake = intake._replace(unit=unit, word=word)
        result.append(intake)
    return result


def _share_frequencies(intakes: list[Intake]) -> list[Intake]:
    """Give a dose without frequency that of its alternative, of another audience or of the phase before it."""
    result = list(intakes)
    for index, intake in enumerate(result):
        if intake.timed:
            continue
        following = result[index + 1] if index + 1 < len(result) else None
        if index and result[index - 1].timed and intake.joined in ("or", "audience", "phase"):
            result[index] = intake.with_frequency_of(result[index - 1])
        elif following and following.timed and following.joined in ("or", "audience"):
            result[index] = intake.with_frequency_of(following)
        elif following and following.timed and following.joined == "and" and following.unit == intake.unit:
            shared = intake.with_frequency_of(following)  # "1 white capsule and 1 blue capsule daily": one or both
            result[index] = shared._replace(flags=shared.flags | {"frequency-ambiguous"}, slots=frozenset({"?"}))
    return result


# --- combining --------------------------------------------------------------------------------------------------------


def add_parts(first: Intake, second: Intake) -> Intake:
    """Two intakes of one day as one: equal doses add their times, unequal ones their units."""
    joined = first._replace(rule="parts-of-day", slots=first.slots | second.slots, flags=first.flags | second.flags,
                     start=min(first.start, second.start), end=max(first.end, second.end), word=first.word if first.word[1] else second.word)  # fmt: skip
    if (first.low, first.high) == (second.low, second.high):
        return joined._replace(
            times_low=first.times_low + second.times_low, times_high=first.times_high + second.times_high
        )
    return joined._replace(low=first.low * first.times_low + second.low * second.times_low,
                   high=first.high * first.times_high + second.high * second.times_high, times_low=Fraction(1), times_high=Fraction(1))  # fmt: skip


def either(first: Intake, second: Intake, rule: str) -> Intake:
    """One intake that spans two alternatives of the same unit."""
    days = Fraction(lcm(int(first.days), int(second.days)))
    if days > _LONGEST_INTERVAL:
        (first, second), days = (_per_one_day(first), _per_one_day(second)), Fraction(1)
    a_low, a_high = first.times_low * days / first.days, first.times_high * days / first.days
    b_low, b_high = second.times_low * days / second.days, second.times_high * days / second.days
    joined = first._replace(days=days, rule=rule, flags=first.flags | second.flags, slots=first.slots | second.slots,
                     start=min(first.start, second.start), end=max(first.end, second.end))  # fmt: skip
    ordered = (first.low - second.low) * (a_low - b_low) >= 0 and (first.high - second.high) * (a_high - b_high) >= 0
    if ordered and (first.low - second.low) * (a_high - b_high) >= 0:
        return joined._replace(
            low=min(first.low, second.low),
            high=max(first.high, second.high),
            times_low=min(a_low, b_low),
            times_high=max(a_high, b_high),
        )
    # 3 once a day or 2 twice a day: the ends belong to different counts, so only the totals can be spanned.
    lows, highs = (first.low * a_low, second.low * b_low), (first.high * a_high, second.high * b_high)
    return joined._replace(low=min(lows), high=max(highs), times_low=Fraction(1), times_high=Fraction(1))


_LONGEST_INTERVAL = 3_660


def _per_one_day(intake: Intake) -> Intake:
    """The same average as units a day, for intervals without a common multiple that a reader could follow."""
    low, high = intake.per_day
    return intake._replace(low=low, high=high, times_low=Fraction(1), times_high=Fraction(1), days=Fraction(1))


def decimal(value: Fraction) -> Decimal:
    """The fraction as a decimal number, exact where it can be."""
    return Decimal(value.numerator) / Decimal(value.denominator) if value.denominator != 1 else Decimal(value.numerator)
