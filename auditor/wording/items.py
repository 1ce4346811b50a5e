"""What the tokens of one sentence count: doses, rates, periods, parts of the day.

Knows how a number binds to the words around it.  Numbers that are no dose (ages, glasses of water, minutes, strengths)
end here; how the rest makes a regimen is for :mod:`auditor.wording.cells`.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from auditor.wording.tokens import Rate, Token


class Item:
    """One counted thing.

    Kinds: dose (value: unit, '' when unsaid), rate (times; value: 'meals' or 'cross' where it implies a day), period
    (value: Rate), days (value: share of days, "5 days a week"), part (value: slot), each_meal, meals, divided,
    each_share, and, or, comma, phase, audience, amount, weight, relative, unit (a dose unit nobody counted), verb.
    `word` is the place of the unit's word in the text.
    """

    __slots__ = ("kind", "low", "high", "value", "start", "end", "word", "differs")

    def __init__(self, kind: str, start: int, end: int, value: Any = None, low: Decimal = Decimal(1),
                 high: Decimal = Decimal(1), word: tuple[int, int] = (0, 0), differs: bool = False) -> None:  # fmt: skip
        self.kind = kind
        self.start = start
        self.end = end
        self.value = value
        self.low = low
        self.high = high
        self.word = word
        self.differs = differs


class _Quantity:
    """A number or range with its end index; `differs` when it is printed twice with two values."""

    __slots__ = ("low", "high", "end", "differs")

    def __init__(self, low: Decimal, high: Decimal, end: int, differs: bool = False) -> None:
        self.low, self.high = min(low, high), max(low, high)
        self.end = end
        self.differs = differs


_SIMPLE = ("part", "meals", "each_meal", "divided", "each_share", "phase", "defines")
_END = Token("", {}, None, 0, 0)


def read_items(tokens: list[Token]) -> list[Item]:
    """The items of one sentence in their order."""
    items: list[Item] = []
    index = 0
    while index < len(tokens):
        index = _read_one(tokens, index, items)
    return items


def _read_one(tokens: list[Token], index: int, items: list[Item]) -> int:
    """Append what starts at `index`, return the index after it."""
    token = tokens[index]
    means = token.means
    if not means and token.number is None:
        if token.text == ",":
            items.append(Item("comma", token.start, token.end))
        elif token.text == "(":
            return _read_bracket(tokens, index, items)
        elif token.text == "/":
            items.append(Item("comma", token.start, token.end))
        return index + 1
    if "audience" in means:
        items.append(Item("audience", token.start, token.end, means["audience"]))
        return index + 1
    if "every" in means:
        end = _read_every(tokens, index, items)
        if end:
            return end
    if "period" in means:
        return _read_period(tokens, index, items)
    if "count" in means:
        return _read_count(tokens, index, items)
    if token.number is not None or "up_to" in means or "between" in means:
        quantity = _quantity_at(tokens, index)
        if quantity:
            return _read_quantity(tokens, index, quantity, items)
    if "articles" in means:
        unit = _at(tokens, index + 1).means.get("unit")
        before = _at(tokens, index - 1).means if index else {}
        if unit and not ("stop" in before or "per" in before):
            end = _after_unit(tokens, index + 1)
            items.append(Item("dose", token.start, tokens[end - 1].end, unit, word=_place(tokens[index + 1])))
            return end
    for kind in _SIMPLE:
        if kind in means:
            items.append(Item(kind, token.start, token.end, means[kind]))
            return index + 1
    if "each_time" in means:
        if items and items[-1].kind == "dose" and tokens[index - 1].end == items[-1].end:
            items[-1].kind = "amount"  # "swallow 1 capsule at a time" tells how, not how many
    elif "and" in means:
        items.append(Item("and", token.start, token.end))
    elif "or" in means:
        items.append(Item("or", token.start, token.end))
    elif "unit" in means:
        items.append(Item("unit", token.start, token.end, means["unit"], word=_place(token)))
    elif "verbs" in means:
        items.append(Item("verb", token.start, token.end))
    elif "adult_dose" in means:
        items.append(Item("relative", token.start, token.end))
    return index + 1


def _place(token: Token) -> tuple[int, int]:
    return token.start, token.end


def _at(tokens: list[Token], index: int) -> Token:
    return tokens[index] if 0 <= index < len(tokens) else _END


def _read_bracket(tokens: list[Token], index: int, items: list[Item]) -> int:
    """A bracket: a lone number before a unit ("(1) lozenge"), or the same intake in other words, which is skipped."""
    quantity = _quantity_at(tokens, index)
    if quantity and "unit" in _at(tokens, quantity.end).means:
        return _read_quantity(tokens, index, quantity, items)
    previous = items[-1] if items else None
    if previous is not None and previous.kind in ("dose", "amount", "unit"):
        inner: list[Item] = []
        position = index + 1
        while position < len(tokens) and tokens[position].text not in ("(", ")"):
            position = _read_one(tokens, position, inner)
        if inner and inner[0].kind in ("dose", "amount", "unit"):
            return position + 1 if _at(tokens, position).text == ")" else position
    return index + 1


# --- numbers -----------------------------------------------------------------------------------------------------


def _quantity_at(tokens: list[Token], index: int) -> _Quantity | None:
    """A number with its range and its repetition in brackets: "1", "one to two (1-2)", "up to 4", "1 and a half"."""
    up_to = "up_to" in _at(tokens, index).means and _at(tokens, index).number is None
    if up_to or "between" in _at(tokens, index).means:
        index += 1
    first = _single(tokens, index)
    if first is None:
        return None
    low, high, index = first
    differs = low != high
    if _joins(_at(tokens, index)):
        second = _single(tokens, index + 1)
        if second:
            differs |= second[0] != second[1]
            high, index = max(second[:2]), second[2]
    if _at(tokens, index).text == "(":
        restated = _bracketed_range(tokens, index)
        if restated:
            other_low, other_high, index = restated
            if (other_low, other_high) != (low, high):
                low, high, differs = min(low, other_low), max(high, other_high), True
    if up_to:
        low = min(Decimal(1), low)
    return _Quantity(low, high, index, differs) if low > 0 else None


def _joins(token: Token) -> bool:
    return token.text == "-" or "joins" in token.means or "or" in token.means or (token.text == "and")


def _single(tokens: list[Token], index: int) -> tuple[Decimal, Decimal, int] | None:
    """One number as printed twice, and the index after it: "one (1)", "(1)", "one and a half", "half a"."""
    token = _at(tokens, index)
    if token.text == "(" and _at(tokens, index + 1).number is not None and _at(tokens, index + 2).text == ")":
        number = tokens[index + 1].number
        return (number, number, index + 3) if number is not None else None
    number = token.number
    if number is None:
        return None
    index += 1
    if "half" in token.means:
        while "articles" in _at(tokens, index).means or _at(tokens, index).text == "of":
            index += 1
    elif _at(tokens, index).means.get("and"):
        after = index + 2 if "articles" in _at(tokens, index + 1).means else index + 1
        part = _at(tokens, after).number
        if part is not None and part < 1 and number >= 1:
            number, index = number + part, after + 1
    if _at(tokens, index).text == "(" and _at(tokens, index + 2).text == ")":
        again = _at(tokens, index + 1).number
        if again is not None:
            if again != number:
                return number, again, index + 3
            index += 3
    return number, number, index


def _bracketed_range(tokens: list[Token], index: int) -> tuple[Decimal, Decimal, int] | None:
    low, high = _at(tokens, index + 1).number, _at(tokens, index + 3).number
    if low is None:
        return None
    if _at(tokens, index + 2).text == ")":
        return low, low, index + 3
    if high is not None and _joins(_at(tokens, index + 2)) and _at(tokens, index + 4).text == ")":
        return low, high, index + 5
    return None


# --- what a number counts -------------------------------------------------------------------------------------------


def _read_quantity(tokens: list[Token], index: int, quantity: _Quantity, items: list[Item]) -> int:
    """Bind a number to what follows it; a number that counts no dose leaves at most an `amount`."""
    end = quantity.end
    following = _at(tokens, end)
    means = following.means
    start = tokens[index].start
    if "weight" in means:
        items.append(Item("weight", start, following.end))
        return end + 1
    if "times" in means and not ("unit" in _at(tokens, end + 1).means and following.text == "x"):
        counts_next = following.text in ("x", "mal") and _at(tokens, end + 1).number is not None
        # 次 and 回 before a dose say "each time": 每天2次，一次1粒
        if following.text > "\u3000" and quantity.high == 1 and _at(tokens, end + 1).number is not None:
            return end + 1
        items.append(Item("rate", start, following.end, "cross" if counts_next else None, quantity.low, quantity.high))
        return end + 1
    if "time_unit" in means or "cjk_time_unit" in means:
        return _read_duration(tokens, index, quantity, items)
    meal = _skip(tokens, end, "meal_adjectives", 3)
    if "meals" in _at(tokens, meal).means:
        items.append(Item("rate", start, tokens[meal].end, "meals", quantity.low, quantity.high))
        return meal + 1
    if "adult_dose" in means:
        items.append(Item("relative", start, following.end))
        return end + 1
    unit = _unit_after(tokens, end)
    if unit:
        return _read_dose(tokens, index, quantity, unit, items)
    if "other" in means:
        items.append(Item("amount", start, following.end))
        return end + 1
    if items and items[-1].kind in ("dose", "verb") and following.text == "x":
        return end + 1
    previous = _at(tokens, index - 1)
    if previous.text == "x" and index >= 1 and (not items or items[-1].kind in ("dose", "unit", "verb")):
        items.append(
            Item("rate", start, tokens[end - 1].end, None, quantity.low, quantity.high)
        )  # "1 capsule x2 daily"
        return end
    if _stands_alone(tokens, index, end):
        items.append(
            Item("dose", start, tokens[end - 1].end, "", quantity.low, quantity.high, (0, 0), quantity.differs)
        )
    return end


def _read_dose(tokens: list[Token], index: int, quantity: _Quantity, unit: int, items: list[Item]) -> int:
    token = tokens[unit]
    end = _after_unit(tokens, unit)
    start = tokens[index].start
    canonical = token.means["unit"]
    before = _at(tokens, index - 1)
    liquid = _skip(tokens, end, "liquid_words", 5)
    if "liquids" in _at(tokens, liquid).means and canonical in ("ml", "tsp", "tbsp", "gram") and liquid > end:
        items.append(Item("amount", start, token.end))
    elif canonical in ("ml", "gram") and quantity.low >= 20 and "stop" in before.means:
        items.append(Item("amount", start, token.end))  # "mixed with 200 ml"
    elif canonical == "serving" and ("stop" in before.means or "divided" in before.means) and _shares(items, before):
        items.append(Item("divided", start, token.end))  # "in two divided doses"
    elif "per" in before.means and before.text in ("per", "pro", "par", "por"):
        items.append(Item("amount", start, token.end))  # "25 mcg per 2 capsules"
    elif "defines" in _at(tokens, end).means:
        items.append(Item("amount", start, token.end))  # "1 capsule contains ..."
    elif before.text == "=" or (items and items[-1].kind == "defines"):
        items.append(Item("amount", start, token.end))  # "1 mL = 25 drops"
    else:
        items.append(
            Item(
                "dose",
                start,
                tokens[end - 1].end,
                canonical,
                quantity.low,
                quantity.high,
                _place(token),
                quantity.differs,
            )
        )
    return end


def _shares(items: list[Item], before: Token) -> bool:
    """Whether "in 2 doses" splits a dose already named."""
    in_words = ("in", "into", "en", "em", "over", "w", "divided", "pa")
    return before.text in in_words or ("divided" in before.means)


def _unit_after(tokens: list[Token], index: int) -> int:
    """Index of the dose unit that a number counts, over up to three plain words ("one quick-dissolving lozenge"); 0 if none."""
    plain = 0
    stop = min(len(tokens), index + 12)
    while index < stop:
        token = tokens[index]
        if "unit" in token.means:
            return index
        if token.text == "(" and _at(tokens, index + 1).number is not None and "other" in _at(tokens, index + 2).means:
            index += 4  # "1 (5000 IU) softgel"
            continue
        if token.number is not None and "other" in _at(tokens, index + 1).means:
            index += 2  # "one 5,000 IU softgel"
            continue
        named = token.number is None and token.text.isdigit()  # the 3 of "Omega-3"
        skippable = named or token.text in ("-", "x", "of") or "articles" in token.means
        if not skippable:
            plain += 1
            if plain > 3 or token.number is not None or not token.text[0].isalpha() or token.text > "\u3000":
                return 0
            if token.means and "liquids" not in token.means and "audience_joins" not in token.means:
                return 0
            if "and" in token.means or "or" in token.means:
                return 0
        index += 1
    return 0


def _after_unit(tokens: list[Token], unit: int) -> int:
    """Index after the unit and a second word for it ("softgel capsules")."""
    end = unit + 1
    while "unit" in _at(tokens, end).means and tokens[end].number is None:
        end += 1
    return end


def _skip(tokens: list[Token], index: int, kind: str, most: int) -> int:
    stop = index + most
    while index < stop and (kind in _at(tokens, index).means or _at(tokens, index).text == "-"):
        index += 1
    return index


_FREQUENT = frozenset(("period", "count", "part", "meals", "each_meal", "every"))
_OPENS_DOSE = frozenset(("verbs", "each_share", "phase", "audience"))
_LEADS = frozenset(("stop", "articles", "meal_adjectives", "each_share", "divided"))


def _stands_alone(tokens: list[Token], index: int, end: int) -> bool:
    """Whether a number without unit is a dose: "take one daily", "1 in the morning", "children: half"."""
    if tokens[index].text > "\u3000" or "(" in tokens[index].text:
        return False
    before, after = _at(tokens, index - 1), _at(tokens, end)
    position = end + 1 if after.text == "-" else end  # "one-a-day"
    while position < end + 3 and not _at(tokens, position).means.keys().isdisjoint(_LEADS):
        if not _at(tokens, position).means.keys().isdisjoint(_FREQUENT):
            break
        position += 1
    if not _at(tokens, position).means.keys().isdisjoint(_FREQUENT):
        return True
    if (
        _quantity_at(tokens, position)
        and "times" in _at(tokens, getattr(_quantity_at(tokens, position), "end", 0)).means
    ):
        return True
    if index and before.means.keys() & {"times", "part"}:
        return True  # "2x2", "morgens 1 und abends 2"
    opened = before.text in (":", "") or not before.means.keys().isdisjoint(_OPENS_DOSE)
    closed = after is _END or after.text in (",", ")") or "stop" in after.means or "or" in after.means
    return opened and closed and index > 0


# --- how often ------------------------------------------------------------------------------------------------------


def _read_every(tokens: list[Token], index: int, items: list[Item]) -> int:
    """ "every other day", "alle 20 Tage", "every 12 hours", "each meal"; 0 when none of these follows."""
    start = tokens[index].start
    position = index + 1
    following = _at(tokens, position)
    if "meal" in following.means or "meals" in following.means:
        items.append(Item("each_meal", start, following.end))
        return position + 1
    if "ordinal" in following.means and "time_unit" in _at(tokens, position + 1).means:
        count = following.means["ordinal"]
        return _add_interval(tokens, start, position + 1, count, count, items)
    if following.number is not None:
        quantity = _quantity_at(tokens, position)
        if quantity:
            position = quantity.end + 1 if _at(tokens, quantity.end).text == ":" else quantity.end
            unit = _at(tokens, position).means
            if "time_unit" in unit or "cjk_time_unit" in unit:
                return _add_interval(tokens, start, position, quantity.low, quantity.high, items)
        return 0
    if "time_unit" in following.means or "cjk_time_unit" in following.means:
        return _add_interval(tokens, start, position, Decimal(1), Decimal(1), items)
    return 0


def _add_interval(tokens: list[Token], start: int, unit: int, low: Decimal, high: Decimal, items: list[Item]) -> int:
    """A period of `low` to `high` time units as times per whole days ("every 12 hours" is 2 in 1 day)."""
    means = tokens[unit].means
    length = means.get("time_unit") or means["cjk_time_unit"]
    rarest, densest = 1 / (Fraction(high) * length), 1 / (Fraction(low) * length)
    days = Fraction(rarest.denominator * densest.denominator // _gcd(rarest.denominator, densest.denominator))
    if low == high and densest < 1 and densest.numerator == 1:
        days = Fraction(densest.denominator)
    items.append(Item("period", start, tokens[unit].end, Rate(rarest * days, densest * days, days)))
    return unit + 1


def _gcd(first: int, second: int) -> int:
    while second:
        first, second = second, first % second
    return first


def _read_duration(tokens: list[Token], index: int, quantity: _Quantity, items: list[Item]) -> int:
    """A number of hours, days, weeks: an interval, a share of days, or a duration that is no dose."""
    unit = quantity.end
    means = tokens[unit].means
    before = _at(tokens, index - 1)
    following = _at(tokens, unit + 1)
    start = tokens[index].start
    if "cjk_time_unit" in means and tokens[unit].text > "\u3000":
        if means["cjk_time_unit"] >= 1 and (quantity.high == 1 or following.text in ("に", "ごと", "毎")):
            return _add_interval(tokens, start, unit, quantity.low, quantity.high, items)
        return unit + 1
    if means.get("time_unit") is None:
        return unit + 1
    a_day = quantity.low == quantity.high and Fraction(quantity.low) * means["time_unit"] == 1
    if "per" in before.means and (before.text in ("per", "pro", "par", "por") or a_day):
        return _add_interval(tokens, start, unit, quantity.low, quantity.high, items)
    if "period" in following.means and means["time_unit"] == 1 and following.means["period"].days > 1:
        days = following.means["period"].days
        items.append(Item("days", start, following.end, days, quantity.low, quantity.high))
        return unit + 2
    items.append(Item("duration", start, tokens[unit].end))
    return unit + 1


def _read_period(tokens: list[Token], index: int, items: list[Item]) -> int:
    token = tokens[index]
    before = _at(tokens, index - 1).text if index else ""
    if before in ("for", "within") and token.text.startswith("a "):
        items.append(Item("duration", token.start, token.end))
        return index + 1
    last = items[-1] if items else None
    # "(= 1,000 IU per day)" tells what the dose amounts to, not how often it is taken.
    kind = "bound" if last and last.kind == "amount" and last.end >= token.start - 2 else "period"
    items.append(Item(kind, token.start, token.end, token.means["period"]))
    return index + 1


def _read_count(tokens: list[Token], index: int, items: list[Item]) -> int:
    """ "once", "twice", "once or twice", "up to twice"."""
    low = high = tokens[index].means["count"]
    end = index + 1
    if _joins(_at(tokens, end)) and "count" in _at(tokens, end + 1).means:
        high, end = tokens[end + 1].means["count"], end + 2
    if index and "up_to" in tokens[index - 1].means:
        low = Decimal(1)
    items.append(Item("rate", tokens[index].start, tokens[end - 1].end, None, low, high))
    return end
