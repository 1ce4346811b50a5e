"""How often: the words around a number of days, weeks or hours, and the words that say it alone."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import lcm

from auditor.wording.counts import Item, Quantity, at, joins, quantity_at
from auditor.wording.tokens import DAILY, Rate, Token

_WEEK = 7
_WORKING_DAYS = 5
_OUT_OF = ("sur", "of", "von", "su", "av", "out of")
_MOST_DAYS = 31
_CHINESE_SPANS = ("天", "周", "星期", "个月", "個月")


def read_every(tokens: list[Token], index: int, items: list[Item]) -> int:
    """ "every other day", "alle 20 Tage", "every 12 hours", "each meal"; 0 when none of these follows."""
    start = tokens[index].start
    position = index + 1
    following = at(tokens, position)
    if "meal" in following.means or "meals" in following.means:
        items.append(Item("each_meal", start, following.end))
        return position + 1
    if "ordinal" in following.means and "time_unit" in at(tokens, position + 1).means:
        count = following.means["ordinal"]
        return _add_interval(tokens, start, position + 1, count, count, items)
    if following.number is not None:
        quantity = quantity_at(tokens, position)
        if quantity:
            position = quantity.end + 1 if at(tokens, quantity.end).text == ":" else quantity.end
            unit = at(tokens, position).means
            if unit.get("time_unit", 1) < 1 and at(tokens, position + 1).text == "of":
                items.append(Item("time", start, tokens[position].end))  # "for every 2 hours of exercise"
                return position + 1
            if "time_unit" in unit or "cjk_time_unit" in unit:
                return _add_interval(tokens, start, position, quantity.low, quantity.high, items)
        return 0
    if "weekday" in following.means:
        return position  # "every Monday, Wednesday and Friday": the days say it
    if "part" in following.means:
        items.append(Item("part", start, following.end, following.means["part"]))  # "every night", "jeden Morgen"
        return position + 1
    if "time_unit" in following.means or "cjk_time_unit" in following.means:
        return _add_interval(tokens, start, position, Decimal(1), Decimal(1), items)
    return 0


def _add_interval(tokens: list[Token], start: int, unit: int, low: Decimal, high: Decimal, items: list[Item]) -> int:
    """A period of `low` to `high` time units as times per whole days ("every 12 hours" is 2 in 1 day)."""
    means = tokens[unit].means
    length = means.get("time_unit") or means.get("interval_unit") or means["cjk_time_unit"]
    rarest, densest = 1 / (Fraction(high) * length), 1 / (Fraction(low) * length)
    days = Fraction(lcm(rarest.denominator, densest.denominator))
    if low == high and densest < 1 and densest.numerator == 1:
        days = Fraction(densest.denominator)
    rate = Rate(rarest * days, densest * days, days)
    items.append(Item("period", start, tokens[unit].end, DAILY if rate == DAILY else rate))
    return unit + 1


def read_duration(tokens: list[Token], index: int, quantity: Quantity, items: list[Item]) -> int:
    """A number of hours, days, weeks: an interval, a share of days, or a duration that is no dose."""
    unit = quantity.end
    means = tokens[unit].means
    before = at(tokens, index - 1)
    following = at(tokens, unit + 1)
    start = tokens[index].start
    if "cjk_time_unit" in means and tokens[unit].text > "\u3000":
        counted = (
            following.start == tokens[unit].end
            and "unit" in at(tokens, unit + 2).means
            and following.number is not None
        )
        rare = tokens[unit].text in _CHINESE_SPANS and counted and "stop" not in before.means  # 两天一粒
        if means["cjk_time_unit"] >= 1 and (quantity.high == 1 or rare or following.text in ("に", "ごと", "毎")):
            return _add_interval(tokens, start, unit, quantity.low, quantity.high, items)
        return unit + 1
    if means.get("time_unit") is None:
        return unit + 1
    a_day = quantity.low == quantity.high and Fraction(quantity.low) * means["time_unit"] == 1
    counted = not at(tokens, index - 2).means.keys().isdisjoint(("count", "times"))  # "once in 15 days"
    lasting = any(item.kind == "period" for item in items)  # "al giorno per 30 giorni"
    if ("per_unit" in before.means and not lasting) or ("per" in before.means and (a_day or counted)):
        return _add_interval(tokens, start, unit, quantity.low, quantity.high, items)
    if "period" in following.means and means["time_unit"] == 1 and following.means["period"].days > 1:
        days = following.means["period"].days
        items.append(Item("days", start, following.end, days, quantity.low, quantity.high))
        return unit + 2
    whole = at(tokens, unit + 2).number
    if (
        following.text in _OUT_OF
        and whole is not None
        and means["time_unit"] == 1
        and quantity.high < whole <= _MOST_DAYS
    ):
        items.append(Item("days", start, tokens[unit + 2].end, Fraction(whole), quantity.low, quantity.high))
        return unit + 3
    items.append(Item("duration", start, tokens[unit].end))
    return unit + 1


def read_every_so_often(tokens: list[Token], index: int, quantity: Quantity, items: list[Item]) -> int:
    """ "2 günde bir": once in 2 days, the unit of time with its ending behind the number."""
    end = _add_interval(tokens, tokens[index].start, quantity.end, quantity.low, quantity.high, items)
    following = at(tokens, end + 1).means
    alone = at(tokens, end).number == 1 and "unit" not in following and "times" not in following
    return end + 1 if alone else end


def read_days_long(tokens: list[Token], index: int, quantity: Quantity, items: list[Item]) -> int:
    """ "14-täglich", "14-tägig": once in so many days."""
    last = quantity.end + 1
    rate = Rate(Fraction(1), Fraction(1), Fraction(quantity.high))
    items.append(Item("period", tokens[index].start, tokens[last].end, DAILY if rate == DAILY else rate))
    return last + 1


def read_period(tokens: list[Token], index: int, items: list[Item]) -> int:
    """A word for a rate by itself ("daily"), unless it tells a duration or what an amount adds up to."""
    token = tokens[index]
    before = at(tokens, index - 1).text if index else ""
    if before in ("for", "within") and token.text.startswith("a "):
        items.append(Item("duration", token.start, token.end))
        return index + 1
    if _every_or_times(tokens, index, items):
        items.append(Item("every_or_times", tokens[index - 1].start, token.end))
        return index + 1
    last = items[-1] if items else None
    # "(= 1,000 IU per day)" tells what the dose amounts to, not how often it is taken.
    kind = "bound" if last and last.kind in ("amount", "strength") and last.end >= token.start - 2 else "period"
    rate = token.means.get("period", DAILY)
    if rate.low == rate.high == _WORKING_DAYS and rate.days == _WEEK:
        count = Decimal(_WORKING_DAYS)
        items.append(Item("days", token.start, token.end, rate.days, count, count))  # "on weekdays"
    else:
        items.append(Item(kind, token.start, token.end, rate))
    return index + 1


def _every_or_times(tokens: list[Token], index: int, items: list[Item]) -> bool:
    """Whether a number before "weekly" may be the times or the weeks: "2 weekly", "1 capsule 4-weekly"; "take 2 weekly" is two."""
    token = tokens[index]
    if not index or not token.text.endswith("ly") or " " in token.text or token.means.get("period", DAILY).days == 1:
        return False
    before = tokens[index - 2] if tokens[index - 1].text == "-" and index > 1 else tokens[index - 1]
    if before.number is None or before.number == 1 or "count" in before.means:
        return False
    earlier = [item for item in items if item.end <= before.start]
    return any(item.kind == "dose" for item in earlier) or not any(item.kind == "verb" for item in earlier)


def read_count(tokens: list[Token], index: int, items: list[Item]) -> int:
    """ "once", "twice", "once or twice", "up to twice"."""
    low = high = tokens[index].means["count"]
    end = index + 1
    if joins(at(tokens, end)) and "count" in at(tokens, end + 1).means:
        high, end = tokens[end + 1].means["count"], end + 2
    if index and "up_to" in tokens[index - 1].means:
        low = Decimal(1)
    first = index - 3 if at(tokens, index - 2).text == "-" else index - 2
    if joins(at(tokens, index - 1)) and "articles" in at(tokens, first).means and high > 1:
        low = Decimal(1)  # "ein- bis zweimal"
    items.append(Item("rate", tokens[index].start, tokens[end - 1].end, None, low, high))
    return end
