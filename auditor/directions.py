"""Suggested use to a regimen: how many units, how many times, for whom.

Knows the order of label directions: sentences, audiences, limits that are no dose, phases.  Words are data
(`auditor/data/wording`), a text that gives no count with a frequency stays unread: nothing is guessed.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from auditor.audiences import mark_audiences, may_name_anybody, names_others_than_adults
from auditor.remembering import remembered
from auditor.searching import Mask
from auditor.text import shorten
from auditor.wording.cells import Cell, frequencies_of, one_strength, read_cells, read_intakes
from auditor.wording.counts import Item, exact
from auditor.wording.frequency import Frequency
from auditor.wording.intakes import Intake, add_parts, decimal, either, shifted
from auditor.wording.items import read_items
from auditor.wording.limits import limited_to_several, without_limits
from auditor.wording.tokens import Token, fold, parts_of, readable, says, sentences, tokenise, wording_table
from auditor.wording.told_amounts import AMOUNT_UNITS, amount_of_limit, cells_of_amounts


class Regimen(NamedTuple):
    """One dose schedule; a range where the label gives one.

    `contexts` are empty when the label says no audience.  `quantity` counts `unit` per intake, `times` counts intakes
    per `interval_days`.  `unit` is 'piece' for everything swallowed or chewed by the piece, and where the label
    counts without naming a unit (then `word` is empty); it is one 'serving' where the label says only how often.
    `phase` is 'loading' or 'maintenance' where the label tells the two apart, each with its own interval.
    `amount` is what one intake holds where the label tells the dose so ("400 IU daily"), in `amount_unit` 'iu' or 'mcg'.
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
    phase: str = ""
    amount: tuple[Decimal, Decimal] | None = None
    amount_unit: str = ""

    @property
    def units_per_day_low(self) -> Fraction:
        """Fewest units a day, averaged over the interval."""
        return _a_day(self.quantity_low, self.times_low, self.interval_days)

    @property
    def units_per_day_high(self) -> Fraction:
        """Most units a day, averaged over the interval."""
        return _a_day(self.quantity_high, self.times_high, self.interval_days)


@lru_cache(maxsize=1_024)
def _a_day(quantity: Decimal, times: Decimal, days: Decimal) -> Fraction:
    return exact(quantity) * exact(times) / exact(days)


class Directions(NamedTuple):
    """What a directions text says: `status` absent, read, unread or ambiguous, and its regimens.

    There is one regimen per audience, and one more for each phase or interval: a regimen never mixes two intervals.
    Flags say what was not printed but supplied ('quantity-unsaid': one serving, 'frequency-unsaid': once a day), or
    why there is no regimen ('single-dose', 'body-weight', 'as-needed').  `problem` holds the words that could not be read, shortened for a message; it can be filled beside regimens when
    only a part was read.
    `within_limit` is the regimen of a text that tells no count and a limit of several units ("once daily; at most 4000 IE
    (5 tablets)"): it is one unit where that holds the amount of the limit, which the regimen carries.
    """

    status: str
    regimens: tuple[Regimen, ...] = ()
    flags: tuple[str, ...] = ()
    problem: str = ""
    within_limit: tuple[Regimen, ...] = ()


_AMBIGUOUS = frozenset(("frequency-ambiguous", "with-meals-uncounted", "as-needed", "number-words-differ"))
_NOTED = {"open_ended": "open-ended", "needed": "as-needed", "depot": "depot-word", "body_weight": "body-weight"}


@dataclass(slots=True)
class _Reading:
    """What has been read so far, sentence by sentence."""

    text: str = ""
    intakes: list[Intake] = field(default_factory=list)
    secondary: list[Intake] = field(default_factory=list)  # titration and supervised doses: only when there is no other
    waiting: list[Intake] = field(default_factory=list)  # doses whose sentence gives no frequency
    frequencies: list[Intake] = field(default_factory=list)  # frequencies whose sentence gives no dose
    lone: list[Intake] = field(default_factory=list)  # those of them whose sentence holds nothing that may be the dose
    strengths: list[Item] = field(default_factory=list)  # what their sentences name besides
    flags: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)  # words about the dose which could not be read
    titrating: bool = False
    several_at_most: bool = False  # a limit of several units: one intake may be any of them
    limit: tuple[Decimal, str] | None = None  # its amount, where it names one

    def part(self) -> _Part:
        """The same as it is remembered."""
        return _Part(
            self.text, tuple(self.intakes), tuple(self.secondary), tuple(self.waiting), tuple(self.frequencies), tuple(self.lone), tuple(self.strengths),
            frozenset(self.flags), tuple(self.problems), self.titrating, self.several_at_most, self.limit,
        )  # fmt: skip

    def add(self, part: _Part) -> None:
        """Take in what the next part of the text says."""
        offset = len(self.text) + len(_STOP)
        self.text = self.text + _STOP + part.text
        for known, found in (
            (self.intakes, part.intakes), (self.secondary, part.secondary), (self.waiting, part.waiting),
            (self.frequencies, part.frequencies), (self.lone, part.lone),
        ):  # fmt: skip
            if found:
                known += [shifted(intake, offset) for intake in found]
        self.strengths += part.strengths
        self.flags |= part.flags
        self.problems += part.problems
        self.titrating = part.titrating
        self.several_at_most |= part.several_at_most
        self.limit = self.limit or part.limit


class _Part(NamedTuple):
    """What a part of a text says: a reading that is complete and, as very many are remembered, small."""

    text: str
    intakes: tuple[Intake, ...]
    secondary: tuple[Intake, ...]
    waiting: tuple[Intake, ...]
    frequencies: tuple[Intake, ...]
    lone: tuple[Intake, ...]
    strengths: tuple[Item, ...]
    flags: frozenset[str]
    problems: tuple[str, ...]
    titrating: bool
    several_at_most: bool
    limit: tuple[Decimal, str] | None

    def reading(self) -> _Reading:
        """A reading that begins with this part."""
        return _Reading(
            self.text, [*self.intakes], [*self.secondary], [*self.waiting], [*self.frequencies], [*self.lone], [*self.strengths], {*self.flags},
            [*self.problems], self.titrating, self.several_at_most, self.limit,
        )  # fmt: skip


_STOP = ". "


@remembered(8_192)
def read_directions(text: str) -> Directions:
    """Read suggested use in any of the languages of the wording tables."""
    parts = parts_of(text)
    first, contexts = _read_part(parts[0], (), False)
    reading = first.reading()
    for part in parts[1:]:
        read, contexts = _read_part(part, contexts, reading.titrating)
        reading.add(read)
    if not reading.text.strip():
        return Directions("absent")
    if reading.waiting:
        _bind_waiting(reading)
    _tell_other_intervals(reading)
    intakes = _settle(reading.intakes or reading.secondary or _supplied(reading), reading.flags)
    return _result(intakes, reading, reading.text)


def may_dose_others(texts: npt.NDArray[np.object_]) -> Mask:
    """Whether each directions may have a dose for children, teenagers or pregnant women; where not, no reading is needed to
    tell for whom they are.

    Looked at part by part, each part once: "Take 1 daily. Ask a doctor if pregnant." names others and has no dose for them.
    """
    parts = [parts_of(text) for text in texts]
    distinct = np.array(list(dict.fromkeys(itertools.chain.from_iterable(parts))), dtype=object)
    others = {
        part for part in distinct[may_name_anybody(distinct)] if names_others_than_adults(part) and _may_dose(part)
    }
    return np.array([not others.isdisjoint(own) for own in parts], dtype=bool)


def _may_dose(part: str) -> bool:
    """Whether a part says anything of a dose, or for whom those of the next parts are."""
    said, contexts = _read_part(part, (), False)
    told = (said.intakes, said.secondary, said.waiting, said.frequencies, said.lone, contexts)
    return said.titrating or any(told)


def audiences_of(text: str) -> tuple[tuple[str, ...], ...]:
    """The contexts that doses of directions are for, each combination once; one of them is () where a dose is for nobody in particular."""
    return tuple(dict.fromkeys(regimen.contexts for regimen in read_directions(text).regimens))


@remembered(2_048)
def _read_part(text: str, contexts: tuple[str, ...], titrating: bool) -> tuple[_Part, tuple[str, ...]]:
    """What one part says when the text before it spoke of `contexts`; and of whom it speaks at its end."""
    reading = _Reading(readable(text), titrating=titrating)
    for sentence in sentences(mark_audiences(_without_german_ages(tokenise(reading.text)))):
        contexts = _read_sentence(sentence, contexts, reading)
    return reading.part(), contexts


def _without_german_ages(tokens: list[Token]) -> list[Token]:
    """The tokens with "alle 3 Wochen" as an interval: the same word means 'under' before a Finnish age."""
    for index, token in enumerate(tokens):
        if token.text == "alle" and index + 2 < len(tokens) and tokens[index + 2].text in _german_spans():
            means = {kind: value for kind, value in token.means.items() if kind == "every" or kind == "told"}
            tokens[index] = Token(token.text, means, None, token.start, token.end)
    return tokens


@lru_cache(maxsize=1)
def _german_spans() -> frozenset[str]:
    spans = wording_table("frequencies")["de"]["time_units"]
    return frozenset(fold(word) for words in spans.values() for word in words)


def _read_sentence(sentence: list[Token], contexts: tuple[str, ...], reading: _Reading) -> tuple[str, ...]:
    """Read one sentence into `reading`; returns the audience that holds for the next one."""
    kept, secondary = without_limits(sentence, reading.flags)
    if "ceiling" in reading.flags and limited_to_several(sentence, kept):
        reading.several_at_most = True
        reading.limit = amount_of_limit(read_items([token for token in sentence if token not in kept]), reading.text)
    items = read_items(kept)
    kinds = {item.kind for item in items}
    noted = _noted(kept)
    if "every_or_times" in kinds:
        reading.flags.add("frequency-ambiguous")
        reading.problems.append(_span(reading.text, kept))
        return contexts
    if "weight" in kinds or "body_weight" in noted:
        reading.flags.add("body-weight")
        reading.problems.append(_span(reading.text, kept))
        return ()
    secondary |= reading.titrating and bool(items) and items[0].kind == "phase"
    reading.titrating = secondary
    cells = read_cells(items, contexts)
    lone = not secondary and noted.isdisjoint(_PORTIONS)
    amounts = read_intakes(cells_of_amounts(items, contexts, reading.text)) if lone and "strength" in kinds else []
    intakes = [] if amounts else read_intakes(cells)
    if "dose" in kinds and _at_least(kept):
        reading.flags.add("open-ended")
    for kind in noted & _NOTED.keys():
        if kind != "needed" or (intakes and not secondary):
            reading.flags.add(_NOTED[kind])
    timed = [intake for intake in intakes if intake.timed]
    if amounts:
        _keep_amounts(reading, amounts)
    elif timed:
        if not secondary and any(not intake.timed and not _counted_again(intake, timed) for intake in intakes):
            reading.problems.append(_span(reading.text, kept))
        (reading.secondary if secondary else reading.intakes).extend(_merge_sentence(timed, reading.flags))
    elif "single_dose" in noted:
        reading.flags.add("single-dose")
        reading.problems.append(_span(reading.text, kept))
    elif intakes:
        if "time" in kinds or "occasion" in _noted(sentence):
            reading.problems.append(_span(reading.text, kept))
        elif not secondary and (not kinds.isdisjoint(("verb", "audience")) or _opens_with_dose(items)):
            alike = len({intake.contexts for intake in intakes}) == 1
            reading.waiting += [_alternatives(intakes)] if alike else intakes
        elif not secondary and "phase" in kinds:
            reading.problems.append(_span(reading.text, kept))  # "Day 1: 2 ampoules", a phase that nothing times
    elif kinds:
        _read_frequency_only(reading, cells, items, kinds, lone, kept)
    if not amounts and any(_tells_only_amount(cell) for cell in cells):
        reading.problems.append(_span(reading.text, kept))  # "1 capsule daily, increase to 60 mcg"
    if "relative" in kinds:
        reading.flags.add("relative-dose")
        reading.problems.append(_span(reading.text, kept))
    named = [item.value for item in items if item.kind == "audience"]
    return _next_contexts(named, cells, intakes, kept, contexts)


def _counted_again(untimed: Intake, timed: list[Intake]) -> bool:
    """Whether a bare number with a frequency says a quantity again ("2 gummies, 2 per day"), or the quantity is what a
    package holds ("60 capsules: 1 daily")."""
    if not untimed.start and untimed.high > _MOST_OPENING.get(untimed.unit, 20):
        return True
    return any(
        (not intake.unit or intake.word == untimed.word)
        and (intake.low, intake.high, intake.contexts) == (untimed.low, untimed.high, untimed.contexts)
        for intake in timed
    )


_NOTHING: frozenset[str] = frozenset()


def _at_least(sentence: list[Token]) -> bool:
    """Whether a number of units is a lower bound ("at least 1 capsule"); "at least 30 minutes before" is none."""
    if not says(sentence, "at_least"):
        return False
    starts = [position + 1 for position, token in enumerate(sentence) if "at_least" in token.means]
    return any(
        sentence[start].number is not None and any("unit" in token.means for token in sentence[start + 1 : start + 3])
        for start in starts
        if start < len(sentence)
    )


def _noted(sentence: list[Token]) -> frozenset[str]:
    """Meanings of the words that change how a sentence is taken."""
    noted = [token.means for token in sentence if "noted" in token.means]
    return _NOTHING.union(*noted) if noted else _NOTHING


_PORTIONS = frozenset(("portion", "daily_portion"))
_MAY_BE_THE_DOSE = frozenset(("number", "time", "amount", "defines", "each_share", "relative", "meals"))
_MOST_OPENING = {"piece": 6, "": 6}
"""A number of pieces that opens a text without a verb is a dose up to here, beyond it the content of a package."""


def _may_hold_dose(items: list[Item]) -> bool:
    """Whether a sentence without a dose holds words that may be one, or "4 hours per day"."""
    lasting = any(first.kind == "duration" and second.kind == "period" for first, second in pairwise(items))
    return lasting or any(item.kind in _MAY_BE_THE_DOSE for item in items)


def _opens_with_dose(items: list[Item]) -> bool:
    return items[0].kind == "dose" and items[0].high <= _MOST_OPENING.get(items[0].value, 20)


def _keep_amounts(reading: _Reading, amounts: list[Intake]) -> None:
    """Take in doses told as amounts; those without frequency wait for the one of the phase before ("Increase to 60 mcg")."""
    reading.lone += [intake for intake in amounts if intake.timed or intake.joined == "phase"]
    reading.problems += [
        reading.text[intake.start : intake.end] for intake in amounts if not intake.timed and intake.joined != "phase"
    ]
    if len(amounts) == 1:
        reading.frequencies += [intake for intake in amounts if intake.timed]


def _amounts_told(reading: _Reading) -> list[Intake]:
    """The doses told as amounts, a later phase as often as the one before it; [] where one of them has no frequency."""
    told: list[Intake] = []
    for intake in reading.lone:
        if intake.unit in AMOUNT_UNITS:
            told.append(intake if intake.timed or not told else intake.with_frequency_of(told[-1]))
    return told if all(intake.timed for intake in told) else []


def _tells_only_amount(cell: Cell) -> bool:
    """Whether a later phase names an amount and no dose."""
    return cell.joined == "phase" and cell.dose is None and any(item.kind == "strength" for item in cell.items)


def _read_frequency_only(reading: _Reading, cells: list[Cell], items: list[Item], kinds: set[str], lone: bool, sentence: list[Token]) -> None:  # fmt: skip
    """A sentence that names no dose; `lone` when its frequency may stand for one serving of the label."""
    frequencies = frequencies_of(cells)
    if frequencies:
        if len(cells) == 1:
            reading.frequencies += frequencies
        if lone and not _may_hold_dose(items) and not ("strength" in kinds and "divided" in kinds):
            reading.lone += frequencies
            reading.strengths += [item for item in items if item.kind == "strength"]
    elif "unit" in kinds and "period" in kinds:
        reading.problems.append(_span(reading.text, sentence))  # "chew on gummy daily"


def _next_contexts(named: list[tuple[str, ...]], cells: list[Cell], intakes: list[Intake], kept: list[Token],
                   contexts: tuple[str, ...]) -> tuple[str, ...]:  # fmt: skip
    """An audience holds on after its dose or as a heading; "children: ask a doctor" ends it."""
    if not named:
        return contexts
    if intakes:
        return cells[-1].contexts
    words = sum(1 for token in kept if token.text[0].isalpha())
    return named[-1] if words <= 6 and not says(kept, "advice") else ()


def _span(text: str, tokens: list[Token]) -> str:
    return text[tokens[0].start : tokens[-1].end] if tokens else ""


def _merge_sentence(intakes: list[Intake], flags: set[str]) -> list[Intake]:
    """Intakes of one sentence, one for each audience where they can be joined."""
    if len(intakes) == 1:
        return intakes
    merged: list[Intake] = []
    for intake in intakes:
        last = merged[-1] if merged else None
        if last and last.contexts == intake.contexts:
            if intake.joined == "phase" and not (last.slots and intake.slots):
                flags.add("loading-phase")
                merged[-1], intake = _as_phases(last, intake)
            elif last.unit == intake.unit:
                if intake.joined == "or" and last.days == intake.days:
                    merged[-1] = either(last, intake, "alternatives")
                    continue
                if "?" in last.slots and last.days == intake.days:
                    both = add_parts(last, intake)
                    merged[-1] = either(intake, both, "one-or-both")._replace(slots=frozenset())
                    continue
        merged.append(intake)
    return merged


def _as_phases(earlier: Intake, later: Intake) -> tuple[Intake, Intake]:
    """Both with the phase they are: what the words call them, else loading and then maintenance."""
    first = "maintenance" if later.phase == "loading" else "loading"
    second = "loading" if earlier.phase == "maintenance" and earlier.joined != "phase" else "maintenance"
    if earlier.phase == "maintenance" and earlier.joined == "phase" and not later.phase:
        earlier = earlier._replace(phase="loading")  # three phases: only the last one is kept up
    return earlier._replace(phase=earlier.phase or first), later._replace(phase=later.phase or second)


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
    _tell_other_doses(reading)
    rates = {(frequency.times_low, frequency.times_high, frequency.days) for frequency in reading.frequencies}
    if reading.intakes or len(rates) != 1 or not reading.waiting:
        return
    frequency = reading.frequencies[0]
    reading.intakes = [waiting.with_frequency_of(frequency) for waiting in reading.waiting]


def _share_with_other_audiences(reading: _Reading) -> None:
    rates = {(intake.times_low, intake.times_high, intake.days) for intake in reading.intakes}
    if len(rates) != 1:
        return
    read = {intake.contexts for intake in reading.intakes}
    said = reading.intakes[0]
    for waiting in reading.waiting:
        if waiting.contexts and waiting.contexts not in read:
            unit, word = (waiting.unit, waiting.word) if waiting.unit else (said.unit, said.word)
            reading.intakes.append(waiting.with_frequency_of(said)._replace(unit=unit, word=word))


def _tell_other_doses(reading: _Reading) -> None:
    """A dose without frequency beside one that has it is told where it counts something else ("men take 2 tablets")."""
    for waiting in reading.waiting:
        read = [intake for intake in reading.intakes if (intake.unit or "piece") == (waiting.unit or "piece")]
        if read and all((waiting.low, waiting.high) != (intake.low, intake.high) for intake in read):
            reading.problems.append(reading.text[waiting.start : waiting.end])


def _tell_other_intervals(reading: _Reading) -> None:
    """A frequency without dose is told where no dose is taken at its interval ("once a month. 1 capsule a week")."""
    days = {intake.days for intake in reading.intakes} if reading.lone else set()
    if days:
        reading.problems += [reading.text[lone.start : lone.end] for lone in reading.lone if lone.days not in days]


def _supplied(reading: _Reading) -> list[Intake]:
    """What a text without a complete regimen still tells: a dose without frequency, or a frequency of one serving."""
    if reading.problems or not reading.flags.isdisjoint(("as-needed", "single-dose")):
        return []
    if reading.waiting:
        once = Frequency(
            Fraction(1), Fraction(1), Fraction(1), "frequency-unsaid", flags=frozenset(("frequency-unsaid",))
        )
        return [intake.at(once) for intake in reading.waiting] if not reading.frequencies else []
    if reading.several_at_most or not one_strength(reading.strengths):
        return []
    said = _amounts_told(reading) or [intake for intake in reading.lone if intake.timed]
    return [intake._replace(flags=intake.flags | {"quantity-unsaid"}) for intake in said]


def _settle(intakes: list[Intake], flags: set[str]) -> list[Intake]:
    """One intake per audience, unit, phase and interval: repetitions dropped, parts of a day added, alternatives spanned."""
    if len(intakes) > 1:
        intakes = _with_phases(intakes)
    if any(intake.phase == "loading" for intake in intakes):
        flags.add("loading-phase")
    if len(intakes) < 2:
        return intakes
    groups: dict[tuple[tuple[str, ...], str, str], list[Intake]] = {}
    for intake in intakes:
        groups.setdefault((intake.contexts, intake.unit or "piece", intake.phase), []).append(intake)
    settled = [intake for group in groups.values() for intake in _settle_group(group, flags)]
    return [intake for intake in settled if not any(_says_more(other, intake) for other in settled)]


def _says_more(other: Intake, intake: Intake) -> bool:
    """Whether another intake is the same dose and names its audience or phase besides."""
    if (other.unit or "piece") != (intake.unit or "piece") or other.per_day != intake.per_day:
        return False
    if intake.contexts or intake.phase:
        return bool(other.phase and not intake.phase and other.contexts == intake.contexts)
    return bool(other.contexts or other.phase)


def _with_phases(intakes: list[Intake]) -> list[Intake]:
    """The intakes with the phases that are told over several sentences ("Maintenance: 1 capsule daily.")."""
    result: list[Intake] = []
    last: dict[tuple[str, ...], int] = {}
    for intake in intakes:
        position = last.get(intake.contexts)
        earlier = result[position] if position is not None else None
        later = intake.joined == "phase" or intake.phase == "maintenance"
        if earlier and later and not earlier.phase and not (earlier.slots and intake.slots):
            result[position or 0], intake = _as_phases(earlier, intake)
        elif earlier and earlier.phase == "loading" and later:
            intake = intake._replace(phase=intake.phase or "maintenance")
        last[intake.contexts] = len(result)
        result.append(intake)
    return result


def _settle_group(group: list[Intake], flags: set[str]) -> list[Intake]:
    """Intakes of one audience, unit and phase: one for each interval."""
    whole: list[Intake] = []
    total: Intake | None = None  # sum of the parts of a day
    for intake in group:
        if intake.slots and (total is None or (total.days == intake.days and not total.slots & intake.slots)):
            total = add_parts(total, intake) if total else intake
        else:
            _add_alternative(whole, intake, flags)
    if total:
        _add_alternative(whole, total, flags)
    return whole


def _add_alternative(whole: list[Intake], intake: Intake, flags: set[str]) -> None:
    """Add an intake to those of other intervals, unless it says again what one of them says."""
    for index, other in enumerate(whole):
        if other.per_day == intake.per_day and not (intake.joined == "or" and other.days != intake.days):
            if intake.slots and not other.slots:
                start, end = min(intake.start, other.start), max(intake.end, other.end)
                whole[index] = intake._replace(flags=intake.flags | other.flags, start=start, end=end)
            return
    if whole and intake.joined != "or":
        flags.add("alternative-dose")
    for index, other in enumerate(whole):
        if other.days == intake.days:
            whole[index] = either(other, intake, "alternatives")
            return
    whole.append(intake)


def _result(intakes: list[Intake], reading: _Reading, text: str) -> Directions:
    flags = reading.flags.union(*[intake.flags for intake in intakes])
    if not intakes:
        limited: tuple[Regimen, ...] = ()
        if reading.limit and not reading.problems and not reading.waiting and not reading.strengths:
            amount, unit = reading.limit
            lone = [intake for intake in reading.lone if intake.timed and intake.unit not in AMOUNT_UNITS]
            limited = tuple(
                _regimen(intake, text)._replace(amount=(amount, amount), amount_unit=unit) for intake in lone
            )
        problem = shorten(" ".join(reading.problems) or _span_of(reading.waiting, text), 80)
        return Directions(
            "ambiguous" if "as-needed" in flags else "unread", (), tuple(sorted(flags)), problem or shorten(text, 80), limited
        )  # fmt: skip
    regimens = _once(tuple(_regimen(intake, text) for intake in intakes))
    if len(regimens) > 1:
        units = {(regimen.contexts, regimen.phase, regimen.unit) for regimen in regimens}
        if len({key[:2] for key in units}) < len(units):
            flags |= {"alternative-dose", "frequency-ambiguous"}
    status = "ambiguous" if flags & _AMBIGUOUS else "read"
    problem = " ".join(reading.problems)
    if status == "ambiguous" and not problem:
        problem = _span_of([intake for intake in intakes if intake.flags & _AMBIGUOUS] or intakes, text)
    return Directions(status, regimens, tuple(sorted(flags)), shorten(problem, 80) if problem else "")


@remembered(4_096)
def _once(regimens: tuple[Regimen, ...]) -> tuple[Regimen, ...]:
    """The same regimens, as one object for all texts that tell them: texts are many, what they tell is little.

    Equal ones are alike to the last digit, for :func:`~auditor.wording.intakes.decimal` writes a number in one way only.
    """
    return regimens


def _span_of(intakes: list[Intake], text: str) -> str:
    return text[min(intake.start for intake in intakes) : max(intake.end for intake in intakes)] if intakes else ""


def _regimen(intake: Intake, text: str) -> Regimen:
    if intake.unit in AMOUNT_UNITS:
        serving = _regimen(intake._replace(low=Fraction(1), high=Fraction(1), unit="serving", word=(0, 0)), text)
        return serving._replace(amount=(decimal(intake.low), decimal(intake.high)), amount_unit=intake.unit)
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
        phase=intake.phase,
    )
