"""For whom a dose or a panel column is meant, read from the words of the label.

Knows ages and groups of people (`auditor/data/wording/audiences.toml`), not doses.  'Vegan' or 'Gluten Free' name nobody.
"""

from __future__ import annotations

from typing import NamedTuple

from auditor.wording.tokens import Meanings, Token, readable, tokenise, wording_table

_AGE_UNIT = "audience_age_units"
_MONTH_UNIT = "audience_age_units_months"
_CERTAIN_UNIT = "audience_age_units_certain"
_BEFORE = frozenset(("audience_age_named", "audience_age_before", "audience_over", "audience_under", "between"))
_AUDIENCE_KINDS = frozenset(
    ("group", "audience_not_for", "audience_and_up", _AGE_UNIT, _MONTH_UNIT, _CERTAIN_UNIT, *_BEFORE)
)


class _Age(NamedTuple):
    """Ages from `low` inclusive to `high` exclusive, in years; `end` is the index after the words."""

    low: float
    high: float
    end: int


def read_audience(text: str) -> tuple[str, ...]:
    """Contexts (ids of the evidence edition) the words name, youngest first; () when they name none.

    'Children 4-8' -> ('child-4-8',); 'ages 12 and over' -> ('teen', 'adult').  Children without an age are those from
    4 to 10; an open age ("4 and up") reaches adults unless only children are named.
    """
    named = {
        context for token in mark_audiences(tokenise(readable(text))) for context in token.means.get("audience", ())
    }
    return _in_order(named)


def mark_audiences(tokens: list[Token]) -> list[Token]:
    """The tokens with each audience phrase as one token that means its contexts, so that ages are no doses."""
    starts = [not token.means.keys().isdisjoint(_AUDIENCE_KINDS) for token in tokens]
    if True not in starts:
        return tokens
    marked: list[Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if not starts[index] and token.number is None and token.text != ">":
            marked.append(token)
            index += 1
            continue
        contexts, end = _audience_at(tokens, index)
        if end > index:
            text = " ".join([part.text for part in tokens[index:end]])
            marked.append(
                Token(
                    text,
                    {"audience": contexts} if contexts else {"nobody": True},
                    None,
                    token.start,
                    tokens[end - 1].end,
                )
            )
            index = end
        else:
            marked.append(token)
            index += 1
    return marked


_OPENERS = frozenset((".", ":", ";", ",", "(", "\n"))


def _audience_at(tokens: list[Token], index: int) -> tuple[tuple[str, ...], int]:
    """Contexts and the index after the phrase; the same index when no phrase starts here."""
    if "audience_not_for" in tokens[index].means:
        _, end = _groups_at(tokens, index + 1)
        return (), max(end, index + 1)
    groups, end = _groups_at(tokens, index)
    if not groups:
        age = _age_at(tokens, index, grouped=False)
        if (
            age
            and index
            and tokens[index - 1].text not in _OPENERS
            and any(_MONTH_UNIT in token.means for token in tokens[index : age.end])
        ):
            age = None  # "take for 3-6 months": a duration, where nobody is named
        return (_contexts_of_age(age), age.end) if age else ((), index)
    age = _age_after_group(tokens, end, adult="adult" in groups)
    return _contexts_of_groups(groups, age), age.end if age else end


def _groups_at(tokens: list[Token], index: int) -> tuple[list[str], int]:
    groups: list[str] = []
    end = index
    while index < len(tokens):
        group = tokens[index].means.get("group")
        if group:
            # "pregnant women", "pregnant or lactating women": the noun adds nobody
            if not (group == "adult" and "pregnancy" in groups and index == end):
                groups.append(group)
            end = index + 1
        elif not groups or not ("audience_joins" in tokens[index].means or tokens[index].text in ",-"):
            break
        index += 1
    return groups, end


def _age_after_group(tokens: list[Token], index: int, adult: bool) -> _Age | None:
    """Age words that follow a group, perhaps behind a bracket, a comma or 'between'."""
    bracket = index < len(tokens) and tokens[index].text == "("
    start = index + 1 if bracket else index
    age = _age_at(tokens, start, grouped=True)
    if age is None:
        for step in (1, 2):
            skipped = tokens[index : index + step]
            if len(skipped) < step or not all(_may_stand_before_age(token) for token in skipped):
                return None
            age = _age_at(tokens, index + step, grouped=False)
            if age:
                break
    if age is None or (adult and age.high <= 12):
        return None
    closed = age.end < len(tokens) and tokens[age.end].text == ")"
    return age._replace(end=age.end + 1) if bracket and closed else age


def _may_stand_before_age(token: Token) -> bool:
    return (
        token.text in (",", "-", ":", "\n", "(")
        or "stop" in token.means
        or "between" in token.means
        or "group" in token.means
    )


def _age_at(tokens: list[Token], index: int, grouped: bool) -> _Age | None:
    """An age or range of ages; `grouped` when a word for people stands before it, so that a bare number will do."""
    size = len(tokens)
    named = before = over = under = False
    furthest = index + 4
    while (
        index < min(size, furthest)
        and not tokens[index].means.keys().isdisjoint(_BEFORE)
        and tokens[index].number is None
    ):
        means = tokens[index].means
        named |= "audience_age_named" in means
        before |= "audience_age_before" in means or "between" in means
        over |= "audience_over" in means
        under |= "audience_under" in means
        index += 1
    if index < size and tokens[index].text == ">":
        over, index = True, index + 1
    if index >= size or tokens[index].number is None:
        return None
    low = high = float(tokens[index].number or 0)
    index += 1
    ranged = False
    if index + 1 < size and tokens[index + 1].number is not None and _joins_ages(tokens[index]):
        high = float(tokens[index + 1].number or 0)
        ranged, index = True, index + 2
    named |= _CERTAIN_UNIT in _means(tokens, index)
    index, up, unit_months, unit = _age_ending(tokens, index)
    if (
        over
        and index + 2 < size
        and "audience_joins" in tokens[index].means
        and "audience_under" in tokens[index + 1].means
    ):
        top = tokens[index + 2].number  # "more than 1 but less than 4"
        if top is not None:
            index, _, _, _ = _age_ending(tokens, index + 3)
            return _Age(low, float(top), index)
    under |= index > 0 and (
        "audience_and_younger" in tokens[index - 1].means or "audience_under_after" in tokens[index - 1].means
    )
    if (
        low > 120
        or high > 120
        or high < low
        or not _is_age(tokens, index, grouped, named, unit, ranged, up or over or under or before)
    ):
        return None
    scale = 1 / 12 if unit_months else 1.0
    if under:
        return _Age(0, low * scale, index)
    if up or over or (before and not ranged):
        return _Age(low * scale, 150, index)
    return _Age(low * scale, high * scale if unit_months and ranged else (high + 1) * scale, index)


def _means(tokens: list[Token], index: int) -> Meanings:
    return tokens[index].means if index < len(tokens) else {}


def _joins_ages(token: Token) -> bool:
    return token.text == "-" or "audience_joins" in token.means or "joins" in token.means


def _age_ending(tokens: list[Token], index: int) -> tuple[int, bool, bool, bool]:
    """Index after the unit and 'and up' words, and whether: up, in months, any unit."""
    up = months = unit = False
    while index < len(tokens):
        means = tokens[index].means
        if "audience_and_up" in means:
            up = True
        elif _MONTH_UNIT in means:
            months = unit = True
        elif _AGE_UNIT in means or _CERTAIN_UNIT in means:
            unit = True
        elif not ("audience_and_younger" in means or "audience_under_after" in means):
            break
        index += 1
    return index, up, months, unit


def _is_age(
    tokens: list[Token], index: int, grouped: bool, named: bool, unit: bool, ranged: bool, bounded: bool
) -> bool:
    """Whether the words around a number make it an age and not a count or a duration ("Adults 2 tablets", "for 3 months")."""
    following = _means(tokens, index)
    if ("unit" in following and not (unit or named)) or "weight" in following:
        return False
    if named or (unit and (grouped or ranged or bounded)):
        return True
    if bounded and not unit:
        return "number" not in following and (grouped or _closes(tokens, index))
    return grouped and not unit and _closes(tokens, index)


def _closes(tokens: list[Token], index: int) -> bool:
    return (
        index >= len(tokens)
        or tokens[index].text in (":", ",", ")", "-", "\n", ".", ";")
        or "verbs" in tokens[index].means
    )


def _contexts_of_age(age: _Age) -> tuple[str, ...]:
    low = 1.0 if age.low == 0 and age.high > 1 else age.low
    return tuple(
        context
        for context, (start, stop) in wording_table("audiences")["contexts"].items()
        if start < age.high and low < stop
    )


def _contexts_of_groups(groups: list[str], age: _Age | None) -> tuple[str, ...]:
    table = wording_table("audiences")["groups"]
    named: set[str] = set()
    if age and set(groups) == {"adult"}:
        return _contexts_of_age(age)  # "Adults 12 years and over": the label says where its adults begin
    for group in groups:
        youngest, oldest = table[group]["ages"]
        contexts: tuple[str, ...] = ()
        if age and group != "pregnancy":
            contexts = _contexts_of_age(_Age(max(age.low, youngest), min(age.high, oldest), 0))
        named.update(contexts or table[group]["contexts"])
    return _in_order(named)


def _in_order(contexts: set[str]) -> tuple[str, ...]:
    order = [*wording_table("audiences")["contexts"], "pregnancy"]
    return tuple(context for context in order if context in contexts)
