"""How the items of one sentence make intakes: one cell for each dose, its frequency, and how cells combine.

Knows when parts of a day add up, when doses are alternatives, and when the words allow two readings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from auditor.wording.counts import Item, exact
from auditor.wording.frequency import FREQUENCY_KINDS, read_frequencies
from auditor.wording.intakes import Intake
from auditor.wording.tokens import wording_table

_SEPARATORS = ("and", "or", "comma", "phase")


@dataclass
class Cell:
    """The items around one dose of a sentence."""

    dose: Item | None = None
    items: list[Item] = field(default_factory=list)
    joined: str = ""
    contexts: tuple[str, ...] = ()
    phase: str = ""


def read_cells(items: list[Item], contexts: tuple[str, ...]) -> list[Cell]:
    """Cut the items of a sentence so that each cell has at most one dose; `contexts` hold until the sentence names others."""
    cells = [Cell(contexts=contexts)]
    leads = _audience_leads(items)
    for index, item in enumerate(items):
        cell = cells[-1]
        if item.kind == "audience":
            if not cell.dose and index > 1 and items[index - 1].kind == "and" and items[index - 2].kind == "audience":
                cell.contexts = _both(cell.contexts, item.value)  # "adults, and children from 12 years"
            elif not leads and cell.dose and not _opens_dose(items, index):
                cell.contexts = item.value
            elif cell.dose:
                cells.append(Cell(joined="audience", contexts=item.value))
            else:
                cell.contexts = item.value
        elif item.kind == "phase":
            if cell.dose and len(cells) > 1 and index == len(items) - 1:
                cell.joined = "phase"  # "1 tablet twice daily for 8 weeks and 1 tablet daily after that"
            elif cell.dose or any(other.kind in FREQUENCY_KINDS for other in cell.items):
                cells.append(Cell(joined="phase", contexts=cell.contexts))
            else:
                cell.joined = "phase"
            if isinstance(item.value, str):
                cells[-1].phase = item.value
        elif item.kind == "dose":
            if cell.dose:
                cells.append(_split_off(cell))
            cells[-1].dose = item
        else:
            cell.items.append(item)
    return cells


def _both(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    """Contexts of two audiences, in the order of the table."""
    return tuple(
        context for context in wording_table("audiences")["contexts"] if context in first or context in second
    ) + tuple(
        context for context in dict.fromkeys((*first, *second)) if context not in wording_table("audiences")["contexts"]
    )


def _audience_leads(items: list[Item]) -> bool:
    """Whether the audience stands before its dose, as it does when the sentence opens with it."""
    for item in items:
        if item.kind in ("audience", "dose"):
            return item.kind == "audience"
    return True


def _opens_dose(items: list[Item], index: int) -> bool:
    """Whether an audience stands between a separator and a dose: "2 drops daily, for children 1 drop"."""
    before = items[index - 1].kind if index else ""
    following = items[index + 1].kind if index + 1 < len(items) else ""
    return before in _SEPARATORS and following == "dose"


def _split_off(cell: Cell) -> Cell:
    """A new cell for a further dose: it takes what stands directly before it, behind the last separator."""
    dose = cell.dose
    assert dose is not None
    shared = (
        bool(cell.items) and cell.items[-1].kind == "each_share"
    )  # "morgens und abends je eine": both parts are its own
    last = max(
        (
            position
            for position, item in enumerate(cell.items)
            if item.kind in _SEPARATORS
            and item.start > dose.start
            and not (shared and _between_parts(cell.items, position))
        ),
        default=-1,
    )
    if last < 0 and shared:
        return _parts_of_total(cell)
    if last < 0:
        return _after_part(cell, dose)
    joined = cell.items[last].kind
    before = cell.items[last - 1].kind if last else ""
    if joined in ("and", "or") or before not in ("and", "or"):
        new = Cell(items=cell.items[last + 1 :], joined=joined, contexts=cell.contexts)
    else:
        new = Cell(items=cell.items[last + 1 :], joined=before, contexts=cell.contexts)
    del cell.items[last:]
    return new


def _parts_of_total(cell: Cell) -> Cell:
    """A new cell that takes the parts of the day whose shares make a total: "Naponta 3 tabletta: reggel és este 1-1 ..."."""
    first = next((place for place, item in enumerate(cell.items) if item.kind == "part"), len(cell.items) - 1)
    start = first if any(item.kind == "period" for item in cell.items[:first]) else len(cell.items)
    new = Cell(items=cell.items[start:], joined="comma", contexts=cell.contexts)
    del cell.items[start:]
    return new


def _after_part(cell: Cell, dose: Item) -> Cell:
    """A new cell that takes the part of the day before it: "Morning: 1 tablet Evening: 2 tablets"."""
    if (
        len(cell.items) > 1
        and cell.items[-1].kind == cell.items[0].kind == "part"
        and cell.items[0].start < dose.start < cell.items[-1].start
    ):
        return Cell(items=[cell.items.pop()], joined="and", contexts=cell.contexts)
    return Cell(contexts=cell.contexts)


def _between_parts(items: list[Item], position: int) -> bool:
    return 0 < position < len(items) - 1 and items[position - 1].kind == items[position + 1].kind == "part"


def read_intakes(cells: list[Cell]) -> list[Intake]:
    """An intake for each cell with a dose, frequencies shared inside the sentence where the grammar shares them."""
    intakes: list[Intake] = []
    for cell in cells:
        dose = cell.dose
        if dose is None:
            if len(cells) > 1:
                intakes += _without_dose(cell, intakes)
            continue
        flags = _DIFFER if dose.differs else _NO_FLAGS
        intake = Intake(exact(dose.low), exact(dose.high), dose.value, dose.word, contexts=cell.contexts, joined=cell.joined,
                        phase=cell.phase, flags=flags, start=dose.start, end=dose.end)  # fmt: skip
        intakes += _with_frequencies(intake, cell)
    return _share_frequencies(_name_units(intakes)) if len(intakes) > 1 else intakes


_DIFFER = frozenset(("number-words-differ",))
_NO_FLAGS: frozenset[str] = frozenset()
_UNSAID = frozenset(("quantity-unsaid",))


def _without_dose(cell: Cell, before: list[Intake]) -> list[Intake]:
    """A cell that tells only how often: a later phase of the dose before it, or a strength, which stands for one serving."""
    said = [frequency for frequency in _unsaid_quantity(cell) if frequency.timed]
    if said and cell.joined == "phase" and before:
        dose = before[-1]
        end = max((item.end for item in cell.items), default=dose.end)
        return [
            dose.with_frequency_of(one)._replace(joined="phase", phase=cell.phase, slots=one.slots, end=end)
            for one in said
        ]
    strengths = [item for item in cell.items if item.kind == "strength"]
    return _unsaid(said) if strengths and one_strength(strengths) else []


def _unsaid(intakes: list[Intake]) -> list[Intake]:
    return [intake._replace(flags=intake.flags | _UNSAID) for intake in intakes]


def one_strength(items: list[Item]) -> bool:
    """Whether the strengths among the items are one single figure, which one serving can hold."""
    return len({(item.low, item.high) for item in items if item.kind == "strength"}) <= 1 and not any(
        item.kind == "strength" and item.low != item.high for item in items
    )


def frequencies_of(cells: list[Cell]) -> list[Intake]:
    """The frequencies of a sentence that names no dose ("Drink twice daily."), as intakes of one unsaid serving."""
    for cell in cells:
        if cell.dose or any(item.kind == "unit" and item.value != "serving" for item in cell.items):
            return []
    return [intake for cell in cells for intake in _unsaid_quantity(cell) if intake.timed]


def _unsaid_quantity(cell: Cell) -> list[Intake]:
    intake = Intake(Fraction(1), Fraction(1), "serving", (0, 0), contexts=cell.contexts, joined=cell.joined, phase=cell.phase)  # fmt: skip
    return _with_frequencies(intake, cell)


def _with_frequencies(intake: Intake, cell: Cell) -> list[Intake]:
    """The intake with each frequency that the cell's items say; untimed where they say none."""
    spoken = [item for item in cell.items if item.kind in FREQUENCY_KINDS]
    if not spoken:
        return [intake]
    start = min(intake.start, spoken[0].start) if intake.end else spoken[0].start
    end = max(intake.end, spoken[-1].end)
    said = read_frequencies(cell.items, spoken, intake.low, intake.high)
    if not said:
        rates = [item for item in spoken if item.kind == "rate"]
        low, high = (exact(rates[0].low), exact(rates[0].high)) if len(rates) == 1 else (Fraction(0), Fraction(0))
        return [intake._replace(times_low=low, times_high=high, start=start, end=end)]
    if len(said) == 1:
        return [intake.at(said[0], start, end)]
    return [intake.at(said[0], start, end), *(intake.at(other, start, end)._replace(joined="or") for other in said[1:])]


def _name_units(intakes: list[Intake]) -> list[Intake]:
    """A dose without unit takes the unit of the one before, else of the one after ("1 in the morning and 2 capsules ...")."""
    named = [intake for intake in intakes if intake.unit and "quantity-unsaid" not in intake.flags]
    result: list[Intake] = []
    unit, word = (named[0].unit, named[0].word) if named else ("", (0, 0))
    for intake in intakes:
        if intake.unit and "quantity-unsaid" not in intake.flags:
            unit, word = intake.unit, intake.word
        elif unit and not intake.unit:
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
        before = result[index - 1] if index else None
        if before and before.timed and (intake.joined in ("or", "audience", "phase") or _for_others(intake, before)):
            result[index] = intake.with_frequency_of(before)
        elif (
            following and following.timed and (following.joined in ("or", "audience") or _for_others(following, intake))
        ):
            result[index] = intake.with_frequency_of(following)
        elif following and following.timed and following.joined == "and" and following.unit == intake.unit:
            shared = intake.with_frequency_of(following)  # "1 white capsule and 1 blue capsule daily": one or both
            result[index] = shared._replace(flags=shared.flags | {"frequency-ambiguous"}, slots=frozenset({"?"}))
    return result


def _for_others(intake: Intake, other: Intake) -> bool:
    """Whether both name an audience, each its own."""
    return bool(intake.contexts and other.contexts and intake.contexts != other.contexts)
