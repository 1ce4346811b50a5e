"""What the tokens of one sentence count: doses, rates, periods, parts of the day.

Knows how a number binds to the words around it.  Numbers that are no dose (ages, glasses of water, minutes, strengths)
end here; how the rest makes a regimen is for :mod:`auditor.wording.cells`.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from auditor.wording.counts import END, Item, Quantity, at, joins, quantity_at
from auditor.wording.intervals import (
    read_count,
    read_days_long,
    read_duration,
    read_every,
    read_every_so_often,
    read_period,
)
from auditor.wording.tokens import Rate, Token

_SIMPLE = ("part", "meals", "each_meal", "divided", "split", "each_share", "phase", "defines")
_COUNTABLE = frozenset(("piece", "drop", "spray", "sachet", "ampoule", "scoop", "capful", "pump"))
"""Units a label counts its servings in, rather than in the mL or grams they hold."""
_MEASURED = ("ml", "gram", "serving")


def read_items(tokens: list[Token]) -> list[Item]:
    """The items of one sentence in their order."""
    items: list[Item] = []
    index, size = 0, len(tokens)
    while index < size:
        token = tokens[index]
        means = token.means
        if token.number is not None or "told" in means or "audience" in means or token.text in _TELL_BY_THEMSELVES:
            index = _read_one(tokens, index, items)
        else:
            index += 1
    return items


def _read_one(tokens: list[Token], index: int, items: list[Item]) -> int:
    """Append what starts at `index`, return the index after it."""
    token = tokens[index]
    means = token.means
    if not means and token.number is None:
        if token.text == "," or token.text == "/":
            items.append(Item("comma", token.start, token.end))
        elif token.text == "(":
            return _read_bracket(tokens, index, items)
        return index + 1
    if (
        "told" not in means
        and token.number is None
        and "audience" not in means
        and token.text not in _SPANS_BEFORE_TIMES
    ):
        return index + 1
    if "audience" in means:
        items.append(Item("audience", token.start, token.end, means["audience"]))
        return index + 1
    if "every" in means or ("every_number" in means and at(tokens, index + 1).number is not None):
        end = read_every(tokens, index, items)
        if end:
            return end
    if "period" in means or "daily_portion" in means or ("period_after_count" in means and _counts(tokens, index)):
        return read_period(tokens, index, items)
    if "split_before" in means and at(tokens, index + 1).number is not None and "times" in at(tokens, index + 2).means:
        items.append(Item("split", token.start, tokens[index + 2].end))  # 分3次
        return index + 3
    if token.text in _SPANS_BEFORE_TIMES:
        counted = quantity_at(tokens, index + 1)
        if counted and "times" in at(tokens, counted.end).means and at(tokens, index - 1).number is None:
            days = Fraction(_SPANS_BEFORE_TIMES[token.text])
            items.append(Item("period", token.start, token.end, Rate(Fraction(1), Fraction(1), days)))  # 週2回
            return index + 1
    if token.text == "spray" and index == 0:
        sprayed = _sprayed(tokens, items)
        if sprayed:
            return sprayed
    if "count" in means:
        return read_count(tokens, index, items)
    if index == 0 and means.get("time_unit", 0) >= 1 and at(tokens, 1).number is not None:
        heading = quantity_at(tokens, 1)
        if heading and (at(tokens, heading.end).text in (":", "") or "and_later" in at(tokens, heading.end).means):
            items.append(Item("phase", token.start, tokens[heading.end - 1].end))  # "Weeks 1-4:", "Week 5 onward"
            return heading.end
    if "one_at_part" in means and any("part" in at(tokens, index + ahead).means for ahead in (1, 2)):
        items.append(Item("dose", token.start, token.end, ""))  # "en på morgonen"
        return index + 1
    if token.number is not None or "up_to" in means or "between" in means:
        quantity = quantity_at(tokens, index)
        if "each_share" in means or _is_distributive(tokens, index):
            items.append(Item("each_share", token.start, token.end))  # "po jedné", "1-1 tabletta"
        if quantity is None and _scheme_at(tokens, index):
            quantity = Quantity(Decimal(1), Decimal(1), index + 1)  # "0-0-1" begins with no dose
        if quantity:
            return _read_quantity(tokens, index, quantity, items)
    if "articles" in means:
        first = index + 2 if "lone" in at(tokens, index + 1).means else index + 1  # "a single softgel"
        unit = at(tokens, first).means.get("unit") if "stop" not in at(tokens, first).means else None
        if unit == "serving" and first > index + 1:
            return first + 1  # "en une seule prise"
        before = at(tokens, index - 1).means if index else {}
        listed = "or" in means and "unit" in before  # "cápsulas o gotas"
        if unit and not ("stop" in before or ("per" in before and "each_share" not in before) or listed):
            end = _after_unit(tokens, first)
            items.append(Item("dose", token.start, tokens[end - 1].end, unit, word=_place(tokens[first])))
            return end
        second = (
            quantity_at(tokens, index + 2)
            if len(token.text) > 1 and ("and" not in means or token.text == "en") and joins(at(tokens, index + 1))
            else None
        )
        if second and second.high > 1:
            return _read_quantity(
                tokens, index, Quantity(Decimal(1), second.high, second.end), items
            )  # "une à deux gélules"
        if not unit and _one_at_part(tokens, index):
            items.append(Item("dose", token.start, token.end, ""))
            return index + 1
    if "weekday" in means and not at(tokens, index - 1).means.keys().isdisjoint(("nth", "ordinal")):
        items.append(Item("every_or_times", tokens[index - 1].start, token.end))  # "the first Monday": of the month?
        return index + 1
    if "weekday_short" in means and _beside_weekday(tokens, index):
        return _read_weekday(tokens, index, means["weekday_short"], items)
    if "weekday" in means:
        return _read_weekday(tokens, index, means["weekday"], items)
    if means.get("time_unit") == 1 and "part" not in means and at(tokens, index + 1).text == ":":
        items.append(Item("part", token.start, token.end, "noon"))  # "Day: 1 capsule, Night: 2 capsules"
        return index + 1
    for kind in _SIMPLE:
        if kind in means:
            if kind == "defines" and items and items[-1].kind == "period" and items[-1].end == token.start:
                break  # 1日当たり1粒: per day, nothing is defined
            items.append(Item(kind, token.start, token.end, means[kind]))
            return index + 1
    if "each_time" in means:
        told = "each_intake" not in means or any(item.kind == "dose" for item in items[:-1])
        if told and items and items[-1].kind == "dose" and tokens[index - 1].end == items[-1].end:
            items[-1].kind = "amount"  # "swallow 1 capsule at a time" tells how, not how many
    elif "and" in means:
        items.append(Item("and", token.start, token.end))
    elif "or" in means:
        items.append(Item("or", token.start, token.end))
    elif "unit" in means and means["unit"] == "serving" and index == 0 and at(tokens, 1).text == ":":
        items.append(Item("verb", token.start, token.end))  # "Dose: 1 tablet"
    elif "unit" in means:
        items.append(Item("unit", token.start, token.end, means["unit"], word=_place(token)))
    elif "verbs" in means:
        items.append(Item("verb", token.start, token.end))
    elif "adult_dose" in means:
        if at(tokens, index + 1).text != ":":  # "Recommended adult dose: 1 tablet"
            items.append(Item("relative", token.start, token.end))
        elif token.text.startswith("adult"):
            items.append(Item("audience", token.start, token.end, ("adult",)))  # "Adult dosage: 1 tablet"
    elif token.number is not None:
        items.append(Item("number", token.start, token.end))
    elif means.get("time_unit", 0) > 1:
        items.append(Item("time", token.start, token.end))
    return index + 1


def _is_distributive(tokens: list[Token], index: int) -> bool:
    """Whether a number said twice is that number each: "reggel és este 1-1 tabletta"."""
    if at(tokens, index + 1).text != "-":
        return False
    number = tokens[index].number
    return number is not None and at(tokens, index + 2).number == number and "unit" in at(tokens, index + 3).means


_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _read_weekday(tokens: list[Token], index: int, first: str, items: list[Item]) -> int:
    """A day of the week, or all from one to another: "Monday to Friday", "Mo-Fr"."""
    last = at(tokens, index + 2).means
    ending = last.get("weekday") or last.get("weekday_short")
    if ending is None or not _spans(at(tokens, index + 1)):
        items.append(Item("weekday", tokens[index].start, tokens[index].end, first))
        return index + 1
    days = (_WEEK.index(ending) - _WEEK.index(first)) % len(_WEEK) + 1
    count = Decimal(days)
    items.append(Item("days", tokens[index].start, tokens[index + 2].end, Fraction(len(_WEEK)), count, count))
    return index + 3


def _beside_weekday(tokens: list[Token], index: int) -> bool:
    """Whether a short word such as "Sun" or "Mi" stands in a list of days."""
    return any(
        not at(tokens, near).means.keys().isdisjoint(("weekday", "weekday_short"))
        for near in (index - 2, index - 1, index + 1, index + 2)
    )


def _one_at_part(tokens: list[Token], index: int) -> bool:
    """Whether an article stands for one unit at a part of the day: "une le matin et une autre le soir"."""
    if "and" in tokens[index].means and "joins" in at(tokens, index + 1).means:
        return "part" in at(tokens, index + 2).means  # "en till lunch"
    if tokens[index].text in ("a", "an") or "and" in tokens[index].means:
        return False
    if "each_share" in at(tokens, index - 1).means:
        return True  # "morgens und abends je eine"
    position = index + 1
    if tokens[index].text == "um" and "part" in at(tokens, position).means:
        return False  # "um Mittag" tells when
    while position < index + 4 and not at(tokens, position).means.keys().isdisjoint(_BEFORE_PARTS):
        if "part" in tokens[position].means:
            return True
        position += 1
    return "part" in at(tokens, position).means


_BEFORE_PARTS = frozenset(("stop", "joins", "per", "per_unit", "articles", "part", "into", "every"))


def _sprayed(tokens: list[Token], items: list[Item]) -> int:
    """ "Spray twice under the tongue": how many sprays; "Spray twice daily": one each time; 0 where it is no verb."""
    if "period" in at(tokens, 1).means:
        items.append(Item("dose", tokens[0].start, tokens[0].end, "spray", word=_place(tokens[0])))
        return 1
    count, end = at(tokens, 1).means.get("count"), 2
    quantity = quantity_at(tokens, 1)
    if count is None and quantity and "times" in at(tokens, quantity.end).means:
        count, end = quantity.high if quantity.low == quantity.high else None, quantity.end + 1
    following = at(tokens, end)
    if count is not None and "period" in following.means:
        items.append(Item("dose", tokens[0].start, tokens[0].end, "spray", word=_place(tokens[0])))
        return 1
    if count is None or following is END or "per" in following.means or "articles" in following.means:
        return 0
    items.append(Item("dose", tokens[0].start, tokens[end - 1].end, "spray", count, count, _place(tokens[0])))
    return end


_SPANS_BEFORE_TIMES = {"週": 7, "周": 7, "月": 30}
_TELL_BY_THEMSELVES = frozenset((",", "(", "/", *_SPANS_BEFORE_TIMES))


def _counts(tokens: list[Token], index: int) -> bool:
    """Whether a count, a unit or a strength stands directly before: "1 compressa die", "400 unités DIE", "1/j"."""
    before = at(tokens, index - 1)
    if before.text == "/":
        return True
    kinds = ("unit", "times", "other", "count")
    return index > 0 and (before.number is not None or not before.means.keys().isdisjoint(kinds))


def _place(token: Token) -> tuple[int, int]:
    return token.start, token.end


def _read_bracket(tokens: list[Token], index: int, items: list[Item]) -> int:
    """A bracket: a lone number before a unit ("(1) lozenge"), or the same intake in other words."""
    quantity = quantity_at(tokens, index)
    if quantity and "unit" in at(tokens, quantity.end).means:
        return _read_quantity(tokens, index, quantity, items)
    aside = _read_for_others(tokens, index, items)
    if aside:
        return aside
    previous = items[-1] if items else None
    if previous is None or previous.kind not in ("dose", "amount", "strength", "unit"):
        items.append(Item("comma", tokens[index].start, tokens[index].end))
        return index + 1
    inner: list[Item] = []
    position = index + 1
    while at(tokens, position).text == "=" or "defines" in at(tokens, position).means:
        position += 1  # "(= 10 drops)"
    while position < len(tokens) and tokens[position].text not in ("(", ")"):
        position = _read_one(tokens, position, inner)
    if not inner or inner[0].kind not in ("dose", "amount", "strength", "unit"):
        items.append(Item("comma", tokens[index].start, tokens[index].end))
        return index + 1
    _say_again(items, inner)
    return position + 1 if at(tokens, position).text == ")" else position


_LONGEST_ASIDE = 16


def _read_for_others(tokens: list[Token], index: int, items: list[Item]) -> int:
    """ "2 gummies daily (1 for children under 4)": a dose in brackets for another audience; 0 where it is none."""
    dose = next((item for item in reversed(items[-8:]) if item.kind == "dose"), None)
    inside = tokens[index + 1 : index + 1 + _LONGEST_ASIDE]
    end = next((place for place, token in enumerate(inside) if token.text in ("(", ")")), len(inside))
    inside = inside[:end]
    audience = next((token for token in inside if "audience" in token.means), None)
    first = next(
        (place for place, token in enumerate(inside) if token.number is not None and token is not audience), None
    )
    if dose is None or audience is None or first is None:
        return 0
    quantity = quantity_at(inside, first)
    if (
        quantity is None
        or "other" in at(inside, quantity.end).means
        or any(not token.means.keys().isdisjoint(_HOW_OFTEN) for token in inside)
    ):
        return 0
    unit = _unit_after(inside, quantity.end)
    start, word = inside[first].start, _place(inside[unit]) if unit else dose.word
    value = inside[unit].means["unit"] if unit else dose.value
    items.append(Item("comma", inside[0].start, inside[0].start))
    items.append(Item("audience", audience.start, audience.end, audience.means["audience"]))
    items.append(Item("dose", start, inside[-1].end, value, quantity.low, quantity.high, word, quantity.differs))
    return min(index + 2 + end, len(tokens))


_HOW_OFTEN = frozenset(("period", "every", "time_unit", "count", "times"))


def _say_again(items: list[Item], inner: list[Item]) -> None:
    """The same intake in other words; where they count it and the first words only measure it, they are what counts."""
    previous, again = items[-1], inner[0]
    if previous.kind == "dose" and again.value in _COUNTABLE:
        if again.kind == "unit" and previous.value == "serving" and len(inner) == 1:
            previous.value, previous.word = again.value, again.word  # "one dose (drop)"
        elif again.kind == "dose" and previous.value in _MEASURED:  # "0.2 ml (1 spray)"
            previous.value, previous.low, previous.high, previous.word = again.value, again.low, again.high, again.word
    elif (
        previous.kind == "strength"
        and previous.value == "to"
        and again.kind == "dose"
        and again.value == items[-2].value
        and again.low > items[-2].high
    ):
        items[-2].high, items[-2].end = again.high, again.end  # "400 IU (1 drop) to 800 IU (2 drops)"
    elif previous.kind == "strength" and again.kind == "dose" and "defines" not in [item.kind for item in items]:
        items.append(again)  # "2000 IU (1 tablet) daily"


def _read_quantity(tokens: list[Token], index: int, quantity: Quantity, items: list[Item]) -> int:
    """Bind a number to what follows it; a number that counts no dose leaves at most an `amount`."""
    end = quantity.end
    following = at(tokens, end)
    means = following.means
    start = tokens[index].start
    scheme = _scheme_at(tokens, index)
    if scheme:
        return _read_scheme(tokens, index, scheme, items)
    if "weight" in means:
        items.append(Item("weight", start, following.end))
        return end + 1
    if following.text in _HALVES_OF_DAY and _is_clock(tokens, index, items):
        items.append(Item("part", start, following.end, means["part"], low=Decimal(0)))  # "at 8 am and 8 pm"
        return end + 1
    if "interval_unit" in means:
        return read_every_so_often(tokens, index, quantity, items)
    if "divided" in means and at(tokens, end + 1).means.get("unit") == "serving":
        items.append(Item("divided", start, tokens[end + 1].end))  # "in 3 divided doses"
        return end + 2
    spoonfuls = _read_spoonfuls(tokens, index, quantity, items)
    if spoonfuls:
        return spoonfuls
    if _lists_days(tokens, index, end):
        items.append(Item("every_or_times", start, following.end))  # 每周一、三、五: days of the week, not counts
        return end
    if following.text == "x" and at(tokens, end + 1).number is not None and "strength" in at(tokens, end + 2).means:
        unit = _unit_after(tokens, end)
        if unit:
            return _read_dose(tokens, index, quantity, unit, items)  # "2 x 400 IU tablets"
    if "times" in means and not ("unit" in at(tokens, end + 1).means and following.text == "x"):
        counts_next = following.text in ("x", "mal") and at(tokens, end + 1).number is not None
        # 次 and 回 before a dose say "each time": 每天2次，一次1粒
        if following.text > "\u3000" and quantity.high == 1 and at(tokens, end + 1).number is not None:
            return end + 1
        items.append(Item("rate", start, following.end, "cross" if counts_next else None, quantity.low, quantity.high))
        return end + 1
    if following.text == "-" and "times" in at(tokens, end + 1).means and following.end == at(tokens, end + 1).start:
        items.append(Item("rate", start, tokens[end + 1].end, None, quantity.low, quantity.high))  # "3-mal"
        return end + 2
    if following.text == "-" and at(tokens, end + 1).text in _DAYS_LONG and following.end == at(tokens, end + 1).start:
        return read_days_long(tokens, index, quantity, items)
    if ("part" in means or means.get("time_unit") == 1) and "unit" in at(tokens, end + 1).means:
        return _read_dose(tokens, index, quantity, end + 1, items)  # "1 day capsule", "2 PM tablets"
    if "time_unit" in means or "cjk_time_unit" in means:
        return read_duration(tokens, index, quantity, items)
    meal = _skip(tokens, end, "meal_adjectives", 3)
    if "meals" in at(tokens, meal).means or ("meal" in at(tokens, meal).means and quantity.low > 1):
        items.append(Item("rate", start, tokens[meal].end, "meals", quantity.low, quantity.high))
        return meal + 1
    if "adult_dose" in means:
        items.append(Item("relative", start, following.end))
        return end + 1
    unit = _unit_after(tokens, end)
    if unit:
        return _read_dose(tokens, index, quantity, unit, items)
    if "other" in means:
        kind = "strength" if "strength" in means else "amount"
        if kind == "strength" and items and items[-1].kind == "period" and items[-1].end == at(tokens, index - 1).end:
            items[-1].kind = "bound"  # "napi 1000 NE": how much a day, perhaps not how often
        goes_on = kind == "strength" and _spans(at(tokens, index - 1)) and items and items[-1].kind == "dose"
        word = _place(following)
        items.append(Item(kind, start, following.end, "to" if goes_on else None, quantity.low, quantity.high, word))
        return end + 1
    if items and items[-1].kind in ("dose", "verb") and following.text == "x":
        return end + 1
    previous = at(tokens, index - 1)
    if previous.text == "x" and index >= 1 and (not items or items[-1].kind in ("dose", "unit", "verb")):
        items.append(
            Item("rate", start, tokens[end - 1].end, None, quantity.low, quantity.high)
        )  # "1 capsule x2 daily"
        return end
    defined = bool(items) and items[-1].kind == "defines" and not _says_strength(items)  # "replaces 7 daily capsules"
    alone = not defined and (_stands_alone(tokens, index, end) or _shares_unit(tokens, end))
    items.append(
        Item("dose", start, tokens[end - 1].end, "", quantity.low, quantity.high, (0, 0), quantity.differs)
        if alone
        else Item("number", start, tokens[end - 1].end)
    )
    return end


_DAYS_LONG = frozenset(("taglich", "tagig", "tagige", "tagiger", "tagigen"))
_MOST_UNITS = 1_000
"""No label directs more units at once; a larger number is a package or a strength."""


_FEWEST_IU = 100
_MOST_UNITS_UNNAMED = 20
_MOST_ML_TAKEN = 15
"""A tablespoon: more of an unnamed liquid is what the product is taken with."""


def _scheme_at(tokens: list[Token], index: int) -> list[Decimal]:
    """Doses of a scheme morning-noon-evening(-night) such as "1-0-1 Kapseln", else empty."""
    doses: list[Decimal] = []
    if at(tokens, index + 1).text != "-" or at(tokens, index + 3).text != "-":
        return doses
    while len(doses) < 4:
        number = at(tokens, index).number
        if number is None or number > 4:
            break
        doses.append(number)
        if at(tokens, index + 1).text != "-":
            break
        index += 2
    return doses if len(doses) > 2 and sum(doses) > 0 else []


def _read_scheme(tokens: list[Token], index: int, doses: list[Decimal], items: list[Item]) -> int:
    end = index + 2 * len(doses) - 1
    unit = _unit_after(tokens, end)
    taken = [dose for dose in doses if dose]
    start, last = tokens[index].start, tokens[unit if unit else end - 1]
    alone = all(item.kind in ("verb", "comma") for item in items)
    if unit or (alone and end == len(tokens)):
        each, times = (taken[0], Decimal(len(taken))) if len(set(taken)) == 1 else (sum(taken, Decimal(0)), Decimal(1))
        word = _place(tokens[unit]) if unit else (0, 0)
        items.append(Item("dose", start, last.end, last.means.get("unit", "") if unit else "", each, each, word))
        items.append(Item("rate", start, last.end, "cross", times, times))
    return _after_unit(tokens, unit) if unit else end


def _read_dose(tokens: list[Token], index: int, quantity: Quantity, unit: int, items: list[Item]) -> int:
    token = tokens[unit]
    end = _after_unit(tokens, unit)
    start = tokens[index].start
    if _in_two_places(tokens, end):
        quantity = Quantity(quantity.low * 2, quantity.high * 2, quantity.end, quantity.differs)
    canonical = token.means["unit"]
    spoon = at(tokens, index - 1).means.get("unit")
    if canonical == "scoop" and spoon in ("tsp", "tbsp") and token.text > "\u3000":
        canonical = spoon  # 小さじ1杯
    if quantity.low >= _FEWEST_IU and token.text.startswith(("unit", "unid")):
        items.append(
            Item("strength", start, token.end, None, quantity.low, quantity.high, _place(token))
        )  # "400 unités par jour"
        return end
    if quantity.high > _MOST_UNITS:
        items.append(Item("amount", start, token.end))
        return end
    before = at(tokens, index - 1)
    last = items[-1] if items else None
    if last and last.kind == "dose" and last.value == canonical and _spans(before) and quantity.low > last.high:
        last.high, last.end = quantity.high, tokens[end - 1].end  # "5 drops (200 IU) to 10 drops (400 IU)"
        return end
    liquid = _skip(tokens, end, "liquid_words", 5)
    named = at(tokens, liquid).means
    drunk = (
        "liquids" in named
        and (liquid > end or "own_liquid" not in named)
        and canonical in ("ml", "tsp", "tbsp", "gram")
    )
    if drunk and canonical == "ml" and quantity.high <= _MOST_ML_TAKEN:
        drunk = "own_liquid" not in tokens[liquid].means
    if drunk:
        items.append(Item("amount", start, token.end))
    elif canonical in ("ml", "gram") and quantity.low >= 20 and ("stop" in before.means or "joins" in before.means):
        items.append(Item("amount", start, token.end))  # "mixed with 200 ml"
    elif canonical == "serving" and ("into" in before.means or "divided" in before.means):
        items.append(Item("divided", start, token.end))  # "in two divided doses"
    elif "per_unit" in before.means:
        items.append(Item("amount", start, token.end))  # "25 mcg per 2 capsules"
    elif "defines" in at(tokens, end).means or (at(tokens, end).text == "=" and _is_counted(items, canonical)):
        items.append(Item("amount", start, token.end))  # "1 capsule contains ...", "5 drops daily (1 drop = 400 IU)"
    elif before.text == "=" or (items and items[-1].kind == "defines" and not _says_strength(items)):
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


_HALVES_OF_DAY = frozenset(("am", "pm", "a m", "p m"))


def _is_clock(tokens: list[Token], index: int, items: list[Item]) -> bool:
    """Whether a number before "am" is the time of day: behind "at", or behind another one."""
    told = [item for item in items[-2:] if item.kind == "part" and not item.low]
    return at(tokens, index - 1).text == "at" or bool(told)


def _is_counted(items: list[Item], unit: str) -> bool:
    """Whether the sentence has told a dose in the unit before."""
    return any(item.kind == "dose" and item.value == unit for item in items)


def _spans(token: Token) -> bool:
    """Whether a token makes a range of two doses, and no choice of them."""
    return token.text == "-" or ("joins" in token.means and token.means.keys().isdisjoint(("or", "and")))


def _read_spoonfuls(tokens: list[Token], index: int, quantity: Quantity, items: list[Item]) -> int:
    """ "Two 5 ml spoonfuls": so many times so many mL; 0 where the words are no spoonfuls of a stated size."""
    end = quantity.end + (at(tokens, quantity.end).text in ("level", "medicine", "x"))
    size, spoon = at(tokens, end).number, at(tokens, end + 2)
    named = spoon.text.startswith(("spoon", "medicine")) or spoon.means.get("unit") in ("tsp", "tbsp")
    if size is None or at(tokens, end + 1).means.get("unit") != "ml" or not named:
        return 0
    word = _place(tokens[end + 1])
    items.append(
        Item(
            "dose",
            tokens[index].start,
            spoon.end,
            "ml",
            quantity.low * size,
            quantity.high * size,
            word,
            quantity.differs,
        )
    )
    return end + 3


def _in_two_places(tokens: list[Token], index: int) -> bool:
    """ "one spray inside each cheek": over at most two plain words."""
    for token in tokens[index : index + 3]:
        if "two_places" in token.means:
            return True
        if token.number is not None or not token.text[0].isalpha() or "period" in token.means:
            return False
    return False


def _lists_days(tokens: list[Token], index: int, end: int) -> bool:
    """Whether Chinese numbers behind "every week" are days of it."""
    weekly = at(tokens, index - 1).means.get("period")
    listed = at(tokens, end).text == "," and at(tokens, end + 1).number is not None
    return weekly is not None and weekly.days == 7 and tokens[index].text > "\u3000" and listed


def _shares_unit(tokens: list[Token], index: int) -> bool:
    """Whether a count shares the unit of the next one: "1 red and 1 blue capsule"."""
    position = index
    while position < index + 2 and not at(tokens, position).means and at(tokens, position).text.isalpha():
        position += 1
    if position == index or "and" not in at(tokens, position).means:
        return False
    second = quantity_at(tokens, position + 1)
    return second is not None and _unit_after(tokens, second.end) > 0


def _says_strength(items: list[Item]) -> bool:
    """Whether what is defined is a strength: in "400 UI/jour, soit 1 goutte" the drop is the dose."""
    for item in reversed(items[:-1]):
        if item.kind not in ("bound", "comma", "period"):
            return item.kind == "strength"
    return False


def _unit_after(tokens: list[Token], index: int) -> int:
    """Index of the dose unit that a number counts, over up to three plain words ("one quick-dissolving lozenge"); 0 if none."""
    plain = 0
    stop = min(len(tokens), index + 12)
    while index < stop:
        token = tokens[index]
        if "unit" in token.means:
            return index
        if token.text == "(" and at(tokens, index + 1).number is not None and "other" in at(tokens, index + 2).means:
            index += 4  # "1 (5000 IU) softgel"
            continue
        if token.number is not None and "other" in at(tokens, index + 1).means:
            index += 2  # "one 5,000 IU softgel"
            continue
        named = token.number is None and token.text.isdigit()  # the 3 of "Omega-3"
        skippable = named or token.text in ("-", "x", "of") or "articles" in token.means
        if not skippable:
            plain += 1
            if plain > 3 or token.number is not None or not token.text[0].isalpha() or token.text > "\u3000":
                return 0
            if token.means and token.means.keys().isdisjoint(("liquids", "audience_joins", "depot")):
                return 0
            if "and" in token.means or "or" in token.means:
                return 0
        index += 1
    return 0


def _after_unit(tokens: list[Token], unit: int) -> int:
    """Index after the unit and a second word for it ("softgel capsules")."""
    end = unit + 1
    while "unit" in at(tokens, end).means and tokens[end].number is None:
        end += 1
    return end


def _skip(tokens: list[Token], index: int, kind: str, most: int) -> int:
    stop = index + most
    while index < stop and (kind in at(tokens, index).means or at(tokens, index).text == "-"):
        index += 1
    return index


_FREQUENT = frozenset(("period", "count", "part", "meals", "each_meal", "every"))
_OPENS_DOSE = frozenset(("verbs", "each_share", "phase", "audience"))
_LEADS = frozenset(("stop", "per", "per_unit", "joins", "articles", "meal_adjectives", "each_share", "divided"))


def _stands_alone(tokens: list[Token], index: int, end: int) -> bool:
    """Whether a number without unit is a dose: "take one daily", "1 in the morning", "children: half"."""
    before, after = at(tokens, index - 1), at(tokens, end)
    if tokens[index].text > "\u3000" or "(" in tokens[index].text:
        return (
            before.text > "\u3000"
            and "each_share" in before.means
            and at(tokens, index - 2).means.get("part") is not None
        )  # 早晚各一
    hyphened = before.text == "-" and before.end == tokens[index].start
    if hyphened or (tokens[index].number or 0) > _MOST_UNITS_UNNAMED:
        return False  # a telephone number, a year
    position = end + 1 if after.text == "-" else end  # "one-a-day"
    while position < end + 3 and not at(tokens, position).means.keys().isdisjoint(_LEADS):
        if not at(tokens, position).means.keys().isdisjoint(_FREQUENT):
            break
        position += 1
    if not at(tokens, position).means.keys().isdisjoint(_FREQUENT):
        return True
    if "audience" in at(tokens, position).means and position > end and (before.text == "," or "and" in before.means):
        return True  # "two daily for children, four for adults"
    if quantity_at(tokens, position) and "times" in at(tokens, getattr(quantity_at(tokens, position), "end", 0)).means:
        return True
    if index and before.means.keys() & {"times", "part"}:
        return True  # "2x2", "morgens 1 und abends 2"
    if "period" in before.means and (after is END or after.text == ",") and "audience" in at(tokens, index - 2).means:
        return True  # "Erwachsene täglich 2, Kinder täglich 1"
    opened = before.text in (":", "") or not before.means.keys().isdisjoint(_OPENS_DOSE)
    closed = after is END or after.text in (",", ")") or "stop" in after.means or "or" in after.means
    return opened and closed and index > 0
