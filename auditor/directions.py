"""Suggested use to a regimen: how many units, how many times, for whom.

Knows the order of label directions: sentences, audiences, limits that are no dose, phases.  Words are data
(`auditor/data/wording`), a text that gives no count with a frequency stays unread: nothing is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from auditor.audiences import mark_audiences
from auditor.text import shorten
from auditor.wording.cells import Cell, frequency_of, read_cells, read_intakes
from auditor.wording.intakes import Intake, add_parts, decimal, either
from auditor.wording.items import read_items
from auditor.wording.limits import without_limits
from auditor.wording.tokens import Token, readable, sentences, tokenise


@dataclass(frozen=True)
class Regimen:
    """One dose schedule; a range where the label gives one.

    `contexts` are empty when the label says no audience.  `quantity` counts `unit` per intake, `times` counts intakes
    per `interval_days`.  `unit` is 'piece' for everything swallowed or chewed by the piece, and where the label
    counts without naming a unit (then `word` is empty).
    """

    contexts: tuple[str, ...]
    quantity_low: Decimal
    quantity_high: Decimal
    unit: str
    word: str
    times_low: Decimal
    times_high: Decimal
    interval_days: Decimal
    text: str
    rule: str

    @property
    def units_per_day_low(self) -> Fraction:
        """Fewest units a day, averaged over the interval."""
        return Fraction(self.quantity_low) * Fraction(self.times_low) / Fraction(self.interval_days)

    @property
    def units_per_day_high(self) -> Fraction:
        """Most units a day, averaged over the interval."""
        return Fraction(self.quantity_high) * Fraction(self.times_high) / Fraction(self.interval_days)


@dataclass(frozen=True)
class Directions:
    """What a directions text says: `status` absent, read, unread or ambiguous, and one regimen per audience.

    `problem` holds the words that could not be read, shortened for a message; it can be filled beside regimens when
    only a part was read.
    """

    status: str
    regimens: tuple[Regimen, ...] = ()
    flags: tuple[str, ...] = ()
    problem: str = ""


_AMBIGUOUS = frozenset(("frequency-ambiguous", "with-meals-uncounted", "as-needed", "number-words-differ"))
_NOTED = {"open_ended": "open-ended", "needed": "as-needed", "depot": "depot-word", "body_weight": "body-weight"}


@dataclass
class _Reading:
    """What has been read so far, sentence by sentence."""

    intakes: list[Intake]
    secondary: list[Intake]  # titration and supervised doses: they count only when there is no other
    waiting: list[Intake]  # doses whose sentence gives no frequency
    frequencies: list[Intake]  # frequencies whose sentence gives no dose
    flags: set[str]
    problems: list[str]  # words that say something about the dose which could not be read
    titrating: bool = False


def read_directions(text: str) -> Directions:
    """Read suggested use in any of the languages of the wording tables."""
    text = readable(text)
    if not text.strip():
        return Directions("absent")
    reading = _Reading([], [], [], [], set(), [])
    contexts: tuple[str, ...] = ()
    for sentence in sentences(mark_audiences(tokenise(text))):
        contexts = _read_sentence(sentence, contexts, reading, text)
    _bind_waiting(reading)
    intakes = _settle(reading.intakes or reading.secondary, reading.flags)
    return _result(intakes, reading, text)


def _read_sentence(sentence: list[Token], contexts: tuple[str, ...], reading: _Reading, text: str) -> tuple[str, ...]:
    """Read one sentence into `reading`; returns the audience that holds for the next one."""
    kept, secondary = without_limits(sentence, reading.flags)
    named = [token.means["audience"] for token in kept if "audience" in token.means]
    items = read_items(kept)
    if any(item.kind == "weight" for item in items) or any("body_weight" in token.means for token in kept):
        reading.flags.add("body-weight")
        reading.problems.append(_span(text, kept))
        return ()
    secondary |= reading.titrating and bool(items) and items[0].kind == "phase"
    reading.titrating = secondary
    cells = read_cells(items, contexts)
    intakes = read_intakes(cells)
    for token in kept:
        for kind, flag in _NOTED.items():
            if kind in token.means and (kind != "needed" or (intakes and not secondary)):
                reading.flags.add(flag)
    if any(intake.timed for intake in intakes):
        timed = [intake for intake in intakes if intake.timed]
        if len(timed) < len(intakes) and not secondary:
            reading.problems.append(_span(text, kept))
        (reading.secondary if secondary else reading.intakes).extend(_merge_sentence(timed, reading.flags))
    elif intakes:
        if not secondary and any(item.kind in ("verb", "audience") for item in items):
            reading.waiting += (
                [_alternatives(intakes)] if len({intake.contexts for intake in intakes}) == 1 else intakes
            )
    else:
        frequency = frequency_of(cells)
        if frequency:
            reading.frequencies.append(frequency)
        elif any(item.kind == "unit" for item in items) and any(item.kind == "period" for item in items):
            reading.problems.append(_span(text, kept))  # "chew on gummy daily"
    if any(item.kind == "relative" for item in items):
        reading.flags.add("relative-dose")
        reading.problems.append(_span(text, kept))
    return _next_contexts(named, cells, intakes, kept, contexts)


def _next_contexts(named: list[tuple[str, ...]], cells: list[Cell], intakes: list[Intake], kept: list[Token],
                   contexts: tuple[str, ...]) -> tuple[str, ...]:  # fmt: skip
    """An audience holds on after its dose or as a heading; "children: ask a doctor" ends it."""
    if not named:
        return contexts
    if intakes:
        return cells[-1].contexts
    words = sum(1 for token in kept if token.text[0].isalpha())
    return named[-1] if words <= 6 and not any("advice" in token.means for token in kept) else ()


def _span(text: str, tokens: list[Token]) -> str:
    return text[tokens[0].start : tokens[-1].end] if tokens else ""


def _merge_sentence(intakes: list[Intake], flags: set[str]) -> list[Intake]:
    """Intakes of one sentence, one for each audience where they can be joined."""
    merged: list[Intake] = []
    for intake in intakes:
        if merged and merged[-1].contexts == intake.contexts and merged[-1].unit == intake.unit:
            if intake.joined == "phase" and not (merged[-1].slots and intake.slots):
                flags.add("loading-phase")
                merged[-1] = either(merged[-1], intake, "loading")
                continue
            if intake.joined == "or":
                merged[-1] = either(merged[-1], intake, "alternatives")
                continue
            if "?" in merged[-1].slots:
                both = add_parts(merged[-1], intake)
                merged[-1] = either(intake, both, "one-or-both")._replace(slots=frozenset())
                continue
        merged.append(intake)
    return merged


def _alternatives(intakes: list[Intake]) -> Intake:
    first = intakes[0]
    same = [intake for intake in intakes if intake.unit == first.unit]
    return first._replace(low=min(intake.low for intake in same), high=max(intake.high for intake in same))


def _bind_waiting(reading: _Reading) -> None:
    """Give doses without frequency the one frequency that another sentence says.

    Either the dose and the frequency stand apart ("Mix 1 scoop. Drink twice daily."), or a second audience leaves
    out what the first one said ("Adults: 1 tablet daily; children: half").
    """
    _share_with_other_audiences(reading)
    rates = {(frequency.times_low, frequency.times_high, frequency.days) for frequency in reading.frequencies}
    if reading.intakes or len(rates) != 1 or not reading.waiting:
        return
    frequency = reading.frequencies[0]
    reading.intakes = [waiting.with_frequency_of(frequency) for waiting in reading.waiting]


def _share_with_other_audiences(reading: _Reading) -> None:
    rates = {(intake.times_low, intake.times_high, intake.days) for intake in reading.intakes}
    if len(rates) != 1 or not all(intake.contexts for intake in reading.intakes):
        return
    read = {intake.contexts for intake in reading.intakes}
    said = reading.intakes[0]
    for waiting in reading.waiting:
        if waiting.contexts and waiting.contexts not in read:
            unit, word = (waiting.unit, waiting.word) if waiting.unit else (said.unit, said.word)
            reading.intakes.append(waiting.with_frequency_of(said)._replace(unit=unit, word=word))


def _settle(intakes: list[Intake], flags: set[str]) -> list[Intake]:
    """One intake per audience and unit: repetitions dropped, parts of a day added, alternatives spanned."""
    groups: dict[tuple[tuple[str, ...], str], list[Intake]] = {}
    for intake in intakes:
        groups.setdefault((intake.contexts, intake.unit or "piece"), []).append(intake)
    settled = [_settle_group(group, flags) for group in groups.values()]
    named = [intake for intake in settled if intake.contexts]
    return [intake for intake in settled
            if intake.contexts or not any(other.per_day == intake.per_day and (other.unit or "piece") == (intake.unit or "piece") for other in named)]  # fmt: skip


def _settle_group(group: list[Intake], flags: set[str]) -> Intake:
    whole: Intake | None = None
    total: Intake | None = None  # sum of the parts of a day
    for intake in group:
        if intake.slots and (total is None or (total.days == intake.days and not total.slots & intake.slots)):
            total = add_parts(total, intake) if total else intake
        elif whole is None:
            whole = intake
        elif intake.per_day != whole.per_day:
            phase = intake.joined == "phase"
            flags.add("loading-phase" if phase else "alternative-dose")
            whole = either(whole, intake, "loading" if phase else "alternatives")
    if total is None or whole is None:
        settled = total or whole
        assert settled is not None
        return settled
    if total.per_day == whole.per_day:
        return total._replace(
            flags=total.flags | whole.flags, start=min(total.start, whole.start), end=max(total.end, whole.end)
        )
    flags.add("alternative-dose")
    return either(whole, total, "alternatives")


def _result(intakes: list[Intake], reading: _Reading, text: str) -> Directions:
    flags = set(reading.flags)
    for intake in intakes:
        flags |= intake.flags
    problem = shorten(" ".join(reading.problems) or _span_of(reading.waiting, text), 80)
    if not intakes:
        return Directions(
            "ambiguous" if "as-needed" in flags else "unread", (), tuple(sorted(flags)), problem or shorten(text, 80)
        )
    regimens = tuple(_regimen(intake, text) for intake in intakes)
    units = {(regimen.contexts, regimen.unit) for regimen in regimens}
    if len({contexts for contexts, _ in units}) < len(units):
        flags |= {"alternative-dose", "frequency-ambiguous"}
    status = "ambiguous" if flags & _AMBIGUOUS else "read"
    unsure = [intake for intake in intakes if intake.flags & _AMBIGUOUS] or intakes
    problems = reading.problems or ([_span_of(unsure, text)] if status == "ambiguous" else [])
    return Directions(status, regimens, tuple(sorted(flags)), shorten(" ".join(problems), 80))


def _span_of(intakes: list[Intake], text: str) -> str:
    return text[min(intake.start for intake in intakes) : max(intake.end for intake in intakes)] if intakes else ""


def _regimen(intake: Intake, text: str) -> Regimen:
    return Regimen(
        contexts=intake.contexts,
        quantity_low=decimal(intake.low),
        quantity_high=decimal(intake.high),
        unit=intake.unit or "piece",
        word=text[slice(*intake.word)],
        times_low=decimal(intake.times_low),
        times_high=decimal(intake.times_high),
        interval_days=decimal(intake.days),
        text=text[intake.start : intake.end],
        rule=intake.rule,
    )
