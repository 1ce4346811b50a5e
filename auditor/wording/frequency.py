"""How often a dose is taken, from all the frequency words around it.

Knows which words add to each other ("twice" and "daily"), which say the same again ("twice daily with meals"), which
are a choice of intervals ("daily or every other day"), and which leave two readings.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import NamedTuple

from auditor.wording.counts import Item, exact
from auditor.wording.tokens import DAILY, Rate

FREQUENCY_KINDS = frozenset(("rate", "period", "bound", "days", "weekday", "part", "each_meal", "meals"))
"""Items that say how often."""

_PERIODS = ("period", "bound")
_MEALS_A_DAY = 3
_AMBIGUOUS = frozenset(("frequency-ambiguous",))
_ONCE = Fraction(1)
_WEEK = Fraction(7)
_NO_SLOTS: frozenset[str] = frozenset()


class Frequency(NamedTuple):
    """Intakes per `days`; `slots` are the parts of the day they fall on, where these are named."""

    times_low: Fraction
    times_high: Fraction
    days: Fraction
    rule: str
    slots: frozenset[str] = _NO_SLOTS
    flags: frozenset[str] = frozenset()


_ONCE_DAILY = Frequency(_ONCE, _ONCE, _ONCE, "count-and-period")


class _Words(NamedTuple):
    """The frequency items around one dose, sorted."""

    rates: list[Item]
    periods: list[Item]
    slots: frozenset[str]
    occasions: int
    kinds: frozenset[str]

    @property
    def choice(self) -> bool:
        return "or" in self.kinds


def read_frequencies(
    items: list[Item], spoken: list[Item], units_low: Fraction, units_high: Fraction
) -> list[Frequency]:
    """The frequencies said around a dose of `units_low` to `units_high` units, one for each interval; [] when unsaid.

    `spoken` are those of the items that say how often.

    One interval never holds the times of another: "daily or every other day" gives two frequencies.
    """
    if len(spoken) == 1 and spoken[0].value is DAILY:
        return [_ONCE_DAILY]
    parts = _by_interval(items) if len(spoken) > 1 else [items]
    if len(parts) == 1:
        said = _read_one(items, units_low, units_high)
        return [said] if said else []
    doubtful = _NO_SLOTS if any(item.kind == "or" for item in items) else _AMBIGUOUS
    read = [_read_one(part, units_low, units_high) for part in parts]
    return [said._replace(flags=said.flags | doubtful) for said in read if said]


def _by_interval(items: list[Item]) -> list[list[Item]]:
    """The items cut behind each period that has another length than the one before; one part when all have the same."""
    periods = [item for item in items if item.kind in _PERIODS]
    if all(period.value is periods[0].value for period in periods):
        return [items]
    counted = "period" if any(period.kind == "period" for period in periods) else "bound"
    if len({period.value.days for period in periods if period.kind == counted}) < 2:
        return [items]
    parts: list[list[Item]] = [[]]
    length = None
    for item in items:
        if item.kind == counted and length not in (None, item.value.days):
            start = _last_separator(parts[-1])
            parts.append(parts[-1][start:])
            del parts[-2][start:]
        if item.kind in _PERIODS:
            if item.kind != counted:
                continue
            length = item.value.days
        parts[-1].append(item)
    return parts


def _last_separator(items: list[Item]) -> int:
    """Where the words of a further period begin: behind the period before it ("daily or | three times weekly")."""
    return max(position for position, item in enumerate(items) if item.kind in _PERIODS) + 1


def _read_one(items: list[Item], units_low: Fraction, units_high: Fraction) -> Frequency | None:
    kinds = frozenset([item.kind for item in items])
    slots, occasions = _occasions(items) if "part" in kinds else (_NO_SLOTS, 0)
    periods = [item for item in items if item.kind == "period"] or [item for item in items if item.kind == "bound"]
    words = _Words([item for item in items if item.kind == "rate"], periods, slots, occasions, kinds)
    said: Frequency | None
    if "weekday" in kinds and any(period.value.days < _WEEK for period in periods):
        return None  # "daily except Sundays", "daily Monday through Saturday": either word may be the one that counts
    if "weekday" in kinds:
        named = Fraction(len({item.value for item in items if item.kind == "weekday"}))
        days = _NO_SLOTS if words.choice else frozenset(item.value for item in items if item.kind == "weekday")
        said = Frequency(
            _ONCE if words.choice else named, _ONCE if words.choice else named, _WEEK, "days-of-week", days
        )
        if "days" in kinds:
            return _with_weekdays(said, items)
    elif periods:
        said = _by_period(words, units_low, units_high)
    elif words.rates:
        said = _by_times(words)
    elif "each_meal" in kinds:
        said = _by_each_meal(words)
    elif "meals" in kinds and not (slots and not words.choice):
        flags = _AMBIGUOUS | {"with-meals-uncounted"}
        said = Frequency(_ONCE, Fraction(_MEALS_A_DAY), _ONCE, "meals-uncounted", flags=flags)
    elif slots and "split" in kinds:
        said = Frequency(_ONCE, _ONCE, _ONCE, "parts-of-day", slots)
    elif slots:
        said = _by_parts(slots, occasions, words.choice)
    else:
        said = _ONCE_DAILY._replace(rule="days-of-week") if "days" in kinds else None
    return _on_some_days(said, items) if said and "days" in kinds else said


def _with_weekdays(named: Frequency, items: list[Item]) -> Frequency:
    """ "3 days a week (Monday, Wednesday, Friday)" names the days it counts; other counts leave two readings."""
    counted = _on_some_days(_ONCE_DAILY._replace(rule="days-of-week"), items)
    low, high = named.times_low * counted.days, named.times_high * counted.days
    times = [counted.times_low * named.days, counted.times_high * named.days, low, high]
    if len(set(times)) == 1:
        return named
    days = named.days * counted.days
    return named._replace(times_low=min(times), times_high=max(times), days=days, flags=named.flags | _AMBIGUOUS)


def _on_some_days(said: Frequency, items: list[Item]) -> Frequency:
    """ "5 days a week" on top of what is taken on such a day."""
    told: set[tuple[object, ...]] = set()
    for share in items:
        same = (share.value, share.low, share.high)
        if share.kind == "days" and same not in told:  # "on weekdays (Monday to Friday)" says it twice
            told.add(same)
            said = said._replace(
                times_low=said.times_low * exact(share.low),
                times_high=said.times_high * exact(share.high),
                days=said.days * share.value,
            )
    return said


_FAR_APART = ("morning", frozenset(("evening", "night")))


def _by_parts(slots: frozenset[str], occasions: int, choice: bool) -> Frequency:
    """As often as parts of the day are listed; "morning/night" may mean both or either."""
    either = occasions == 1 and not choice and _FAR_APART[0] in slots and not slots.isdisjoint(_FAR_APART[1])
    most = Fraction(len(slots) if either else occasions)
    return Frequency(Fraction(occasions), most, _ONCE, "parts-of-day", slots, _AMBIGUOUS if either else frozenset())


def _times(rates: list[Item], choice: bool) -> tuple[Fraction, Fraction, frozenset[str]]:
    """Range of all the times that are said; two different ones without 'or' leave two readings."""
    low, high = exact(min([rate.low for rate in rates])), exact(max([rate.high for rate in rates]))
    differ = any((rate.low, rate.high) != (rates[0].low, rates[0].high) for rate in rates[1:])
    return low, high, _AMBIGUOUS if differ and not choice else frozenset()


def _by_period(words: _Words, units_low: Fraction, units_high: Fraction) -> Frequency:
    period, flags = _one_period(words.periods, words.choice)
    if words.rates and "split" not in words.kinds:
        low, high, differ = _times(words.rates, words.choice)
        if period is not DAILY:
            low, high = low * period.low, high * period.high
        return Frequency(low, high, period.days, "times-and-period", flags=flags | differ)
    if period is not DAILY:
        return Frequency(period.low, period.high, period.days, "count-and-period", flags=flags)
    each, both = _times_beside_daily(words, units_low, units_high)
    rule = "count-and-period" if each == 1 else "parts-of-day"
    return Frequency(_ONCE if both else each, each, _ONCE, rule, words.slots, flags | (_AMBIGUOUS if both else flags))


_SHARED_OUT = frozenset(("divided", "split"))
"""Words that share a dose out over the intakes: "divided", 分けて."""


def _times_beside_daily(words: _Words, units_low: Fraction, units_high: Fraction) -> tuple[Fraction, bool]:
    """How many intakes "daily" means beside "in the morning and evening" or "with each meal".

    A share word ('je', 'each') or a count that cannot be split makes it one dose each time; otherwise both the total
    and the dose each time are possible, which the second value says.
    """
    count = _MEALS_A_DAY if "each_meal" in words.kinds else words.occasions
    if count < 2 or not _SHARED_OUT.isdisjoint(words.kinds):
        return _ONCE, False
    splits = units_low % count == 0 and units_high % count == 0
    return Fraction(count), splits and "each_share" not in words.kinds


def _one_period(periods: list[Item], choice: bool) -> tuple[Rate, frozenset[str]]:
    """The period of a dose; several different ones are a choice or, without 'or', two readings."""
    first: Rate = periods[0].value
    if all(item.value is first for item in periods):
        return first, _AMBIGUOUS if first.ambiguous else frozenset()
    rates: list[Rate] = list(dict.fromkeys([item.value for item in periods]))
    ambiguous = any(rate.ambiguous for rate in rates) or (len(rates) > 1 and not choice)
    days = Fraction(lcm(*(int(rate.days) for rate in rates)))
    low = min(rate.low * days / rate.days for rate in rates)
    high = max(rate.high * days / rate.days for rate in rates)
    rate = Rate(low, high, days)
    return DAILY if rate == DAILY else rate, _AMBIGUOUS if ambiguous else frozenset()


def _by_times(words: _Words) -> Frequency | None:
    """Times without a period: "before two meals", "2 x 1", "once in the morning"; "3 times" alone says nothing."""
    low, high, flags = _times(words.rates, words.choice)
    implied = next((rate.value for rate in words.rates if rate.value), "")
    if not implied and not words.slots:
        return None
    rule = "meals-counted" if implied == "meals" else "times-and-parts" if words.slots else "times-cross"
    return Frequency(low, high, _ONCE, rule, words.slots, flags)


def _by_each_meal(words: _Words) -> Frequency:
    """Three meals, and the parts of the day that come to them ("with each meal and at bedtime")."""
    flags = frozenset(("with-meals",))
    high = Fraction(_MEALS_A_DAY + (0 if words.choice else words.occasions))
    low = _ONCE if words.choice and words.occasions else high
    return Frequency(
        low, high, _ONCE, "each-meal", words.slots | {"meals"}, flags | (_AMBIGUOUS if low < high else flags)
    )


def _occasions(items: list[Item]) -> tuple[frozenset[str], int]:
    """Slots of the day that are named and how many intakes they make: morning and evening 2, morning or evening 1."""
    parts = [item for item in items if item.kind == "part"]
    if not parts:
        return _NO_SLOTS, 0
    inside = [item for item in items if parts[0].start < item.start <= parts[-1].start]
    listed = any(item.kind == "and" for item in inside)
    slots = {parts[0].value}
    count, separated, end = 1, False, parts[0].end
    for item in inside:
        separated |= item.start == end  # 早晚: two slots in one word
        end = item.end
        if item.kind == "part" and item.value == "night" and "evening" in slots and separated and not listed:
            separated = False  # 每晚睡前: in the evening, before sleep
        if item.kind == "and" or (item.kind == "comma" and listed):
            separated = True
        elif item.kind == "or":
            separated = False
        elif item.kind == "part":
            count += separated and item.value not in slots
            slots.add(item.value)
            separated = False
    if len(slots) > 2 and all(item.kind != "or" for item in inside):
        count = max(count, len(slots))  # three parts of a day are no two words for one
    return frozenset(slots), count
