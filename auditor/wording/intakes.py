"""An intake: one dose with its frequency, and the arithmetic of two of them.

Totals are exact fractions; a decimal number is made only for the result.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from auditor.wording.frequency import Frequency


class Intake(NamedTuple):
    """A dose with its frequency: units per intake, intakes per `days`; `days` 0 while no frequency is known
    (the times may be).

    `word` is the place of the unit's word, `start` and `end` that of all the words read; `slots` are the parts of the
    day that the words name, which add up with those of another intake.  `phase` is 'loading', 'maintenance' or ''.
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
    phase: str = ""
    slots: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    start: int = 0
    end: int = 0

    @property
    def timed(self) -> bool:
        """Whether a frequency is known."""
        return bool(self.days)

    @property
    def per_day(self) -> tuple[Fraction, Fraction]:
        """Fewest and most units a day, averaged over the interval."""
        return self.low * self.times_low / self.days, self.high * self.times_high / self.days

    def at(self, said: Frequency, start: int = -1, end: int = -1) -> Intake:
        """The same dose at a frequency; `start` and `end` where the words that say it reach further."""
        return Intake(
            self.low, self.high, self.unit, self.word, said.times_low, said.times_high, said.days, said.rule, self.contexts, self.joined, self.phase,
            said.slots, self.flags | said.flags, self.start if start < 0 else start, self.end if end < 0 else end,
        )  # fmt: skip

    def with_frequency_of(self, other: Intake) -> Intake:
        """The same dose at the frequency of another intake; its slots of the day stay its own."""
        own = not self.timed and self.times_low > 0  # "two capsules once, or one capsule twice daily"
        low, high = (self.times_low, self.times_high) if own else (other.times_low, other.times_high)
        said = Frequency(low, high, other.days, other.rule, self.slots, other.flags)
        return self.at(said)


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
    """One intake that spans two alternatives of the same unit and interval."""
    joined = first._replace(rule=rule, flags=first.flags | second.flags, slots=first.slots | second.slots,
                     start=min(first.start, second.start), end=max(first.end, second.end))  # fmt: skip
    least = first if (first.low, first.times_low) <= (second.low, second.times_low) else second
    most = first if (first.high, first.times_high) >= (second.high, second.times_high) else second
    if least.times_low == min(first.times_low, second.times_low) and most.times_high == max(
        first.times_high, second.times_high
    ):
        return joined._replace(
            low=min(first.low, second.low),
            high=max(first.high, second.high),
            times_low=min(first.times_low, second.times_low),
            times_high=max(first.times_high, second.times_high),
        )
    # 3 once a day or 2 twice a day: the ends belong to different counts, so only the totals can be spanned.
    lows = (first.low * first.times_low, second.low * second.times_low)
    highs = (first.high * first.times_high, second.high * second.times_high)
    return joined._replace(low=min(lows), high=max(highs), times_low=Fraction(1), times_high=Fraction(1))


def shifted(intake: Intake, offset: int) -> Intake:
    """The intake with its places counted from another beginning of the text."""
    word = (intake.word[0] + offset, intake.word[1] + offset) if intake.word[1] else intake.word
    return intake._replace(word=word, start=intake.start + offset, end=intake.end + offset)


def decimal(value: Fraction) -> Decimal:
    """The fraction as a decimal number, exact where it can be."""
    numerator, denominator = value.as_integer_ratio()
    return Decimal(numerator) / Decimal(denominator) if denominator != 1 else Decimal(numerator)
