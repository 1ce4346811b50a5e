"""For whom a dose or a panel column is meant, read from the words of the label.

Knows ages and groups of people (`auditor/data/wording/audiences.toml`), not doses.  'Vegan' or 'Gluten Free' name nobody.
"""

from __future__ import annotations

import itertools
import re
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from auditor.patterns import late_pattern
from auditor.remembering import remembered
from auditor.searching import Mask, is_plain
from auditor.wording.tokens import Meanings, Token, fold, readable, says, tokenise, vocabulary, wording_table

_AGE_UNIT = "audience_age_units"
_CERTAIN_UNIT = "audience_age_units_certain"
_YEARS_IN = {"audience_age_units_months": 1 / 12, "audience_age_units_weeks": 7 / 365}
_SHORT_UNITS = frozenset(_YEARS_IN)
_UNITS = frozenset((_AGE_UNIT, _CERTAIN_UNIT, *_YEARS_IN))
_YOUNGER = frozenset(("audience_and_younger", "audience_under_after"))
_BEFORE = frozenset(("audience_age_named", "audience_age_before", "audience_over", "audience_under", "between"))
_OPEN_END = 150.0
_SMALL = 4.0
_OF_AGE = 18


class _Age(NamedTuple):
    """Ages from `low` inclusive to `high` exclusive, in years; `end` is the index after the words."""

    low: float
    high: float
    end: int


class _Ending(NamedTuple):
    """What stands behind the number of an age: `years` is the length of its unit, 0 where none is printed."""

    end: int
    years: float
    certain: bool
    up: bool
    younger: bool


@remembered(16_384)
def read_audience(text: str) -> tuple[str, ...]:
    """Contexts (ids of the evidence edition) the words name, youngest first; () when they name none.

    'Children 4-8' -> ('child-4-8',); 'ages 12 and over' -> ('teen', 'adult').  Children without an age are those from
    4 to 10; an open age ("4 and up") reaches adults unless only children are named.
    """
    text = readable(text)
    if not text or not _may_name(text):
        return ()
    marked = mark_audiences(tokenise(text))
    return _in_order({context for token in marked for context in token.means.get("audience", ())})


@remembered(8_192)
def names_others_than_adults(text: str) -> bool:
    """Whether a text names children, teenagers or pregnant women."""
    text = readable(text)
    if not _may_name(text, adults=False):
        return False
    return any(
        context != "adult" for token in mark_audiences(tokenise(text)) for context in token.means.get("audience", ())
    )


_WORDS = late_pattern(r"[^\W\d_]+|\d+|[^\w\s]")
_ANY_DIGIT = late_pattern(r"\d")


def _may_name(text: str, *, adults: bool = True) -> bool:
    """A quick test that spares most texts the grammar; false only where no word for people or for ages stands.

    Without `adults`, words for grown people alone do not count: they name others only together with an age.
    """
    first = _first_words()
    words = _WORDS.findall(fold(text))
    some = set(words)
    numbered = _ANY_DIGIT.search(text) is not None or not first.numbers.isdisjoint(some)
    aged = adults or (numbered and _may_be_aged(words, some, first))
    for seconds_of in (first.people, first.bounds if numbered else {}, first.adults if aged else {}):
        for word in seconds_of.keys() & some:
            seconds = seconds_of[word]
            if seconds is None:
                return True
            followed = not seconds.isdisjoint(some)
            if followed and any(one == word and other in seconds for one, other in itertools.pairwise(words)):
                return True
    return not text.isascii() and first.unspaced.search(text) is not None


def _may_be_aged(words: list[str], some: set[str], first: _FirstWords) -> bool:
    """Whether a number may be the age of grown people: one follows their word before any verb ("Adults take 2" has none)."""
    if first.verbs.isdisjoint(some) or not _SIGNS_OF_AGE.isdisjoint(some):
        return True
    waiting = False
    for word in words:
        if word in first.adults:
            waiting = True
        elif word in first.verbs:
            waiting = False
        elif waiting and (word in first.numbers or word[0].isdigit()):
            return True
    return False


FEW_TEXTS = 256
"""Fewer are read sooner than the pattern that would spare reading them is made ready."""


def may_name_anybody(texts: npt.NDArray[np.object_]) -> Mask:
    """Whether each text may name people or ages; false is certain, and tells so of most texts of a market at once."""
    if len(texts) < FEW_TEXTS:
        return texts != ""
    arrow = pa.array(texts, type=pa.large_string())
    plain = is_plain(arrow)
    found = ~plain
    # Made ready without regard to case, this pattern would take twice as long.
    lower = pc.ascii_lower(arrow.filter(pa.array(plain)))
    found[plain] = pc.match_substring_regex(lower, _any_first_word()).to_numpy(zero_copy_only=False)
    return found


@cache
def _any_first_word() -> str:
    """A pattern of Arrow's that finds, in small letters, the first words of :func:`_first_words` in plain texts.

    Endings in brackets ('senior(s)') are taken for a hit, because :func:`readable` joins them to their word.
    """
    first = _first_words()
    alone, followed = set(), []
    for table in (first.people, first.bounds, first.adults):
        for word, seconds in table.items():
            if not word.isascii():
                continue
            if seconds is None:
                alone.add(re.escape(word))
            else:
                behind = sorted(filter(str.isascii, seconds))
                letters = "|".join(one for one in behind if one.isalpha() and word[-1].isalpha())
                others = "|".join(re.escape(one) for one in behind if not (one.isalpha() and word[-1].isalpha()))
                followed += [rf"{re.escape(word)}[\s_]+(?:{letters})(?:[^a-z]|\b)"] if letters else []
                followed += [rf"{re.escape(word)}[\s_]*(?:{others})"] if others else []
    signs = sorted(word for word in alone if not word[-1].isalpha())
    words = sorted(alone.difference(signs))
    return "|".join(
        [
            r"[a-z]\([a-z]{1,3}\)",
            *signs,
            rf"(?:^|[^a-z])(?:(?:{'|'.join(words)})(?:[^a-z]|\b)|{'|'.join(sorted(followed))})",
        ]
    )


class _FirstWords(NamedTuple):
    """First words of what names people or ages, of what only bounds a number, of adults; each with the second words that
    have to follow, `None` where the first alone will do.  `numbers` are those of numbers, `verbs` those that tell what
    people do and are no part of naming them, `unspaced` the words no space ends."""

    people: dict[str, set[str] | None]
    bounds: dict[str, set[str] | None]
    adults: dict[str, set[str] | None]
    numbers: frozenset[str]
    verbs: frozenset[str]
    unspaced: re.Pattern[str]


@cache
def _first_words() -> _FirstWords:
    people: dict[str, set[str] | None] = {}
    bounds: dict[str, set[str] | None] = {}
    adults: dict[str, set[str] | None] = {}
    numbers, verbs, unspaced = set(), set(), {"歳"}
    for word, (own, phrases) in vocabulary().entries.items():
        whole = [(own, ""), *((means, rest[0]) for found in phrases.values() for rest, means in found)]
        for means, second in whole:
            if "number" in means:
                numbers.add(word)
            if means is own and "verbs" in means:
                verbs.add(word)
            if "for_whom" not in means:
                continue
            if word > "\u3000":
                unspaced.add(re.escape(word))
                continue
            if _NAMES.isdisjoint(means):
                table = bounds
            else:
                table = adults if means.get("group") == "adult" and _UNITS.isdisjoint(means) else people
            begin = _WORDS.findall(word)
            _enter(table, begin[0] if begin else word, "" if len(begin) > 1 else second)
    named = frozenset(verbs).difference(people, bounds, adults, numbers)
    return _FirstWords(people, bounds, adults, frozenset(numbers), named, re.compile("|".join(sorted(unspaced))))


def _enter(table: dict[str, set[str] | None], first: str, second: str) -> None:
    pieces = _WORDS.findall(second)
    known = table.setdefault(first, set())
    if not pieces:
        table[first] = None
    elif known is not None:
        known |= {pieces[0], "-"}  # a hyphen may stand between the words of a phrase


_NAMES = frozenset(("group", "audience_age_named", *_UNITS))


def mark_audiences(tokens: list[Token]) -> list[Token]:
    """The tokens with each audience phrase as one token that means its contexts, so that ages are no doses."""
    if not says(tokens, "for_whom"):
        return tokens
    marked: list[Token] = []
    index, size = 0, len(tokens)
    while index < size:
        token = tokens[index]
        if token.number is None and "for_whom" not in token.means and token.text not in _SIGNS_OF_AGE:
            marked.append(token)
            index += 1
            continue
        contexts, end = _audience_at(tokens, index)
        if end > index:
            text = " ".join([part.text for part in tokens[index:end]])
            means: Meanings = {"audience": contexts} if contexts else {"nobody": True}
            token = Token(text, means, None, token.start, tokens[end - 1].end)
            index = end
        else:
            index += 1
        marked.append(token)
    return marked


_SIGNS_OF_AGE = frozenset((">", "≥", "<"))
_OPENERS = frozenset((".", ":", ";", ",", "(", "\n"))


def _audience_at(tokens: list[Token], index: int) -> tuple[tuple[str, ...], int]:
    """Contexts and the index after the phrase; the same index when no phrase starts here."""
    if "audience_not_for" in tokens[index].means:
        _, end = _groups_at(tokens, index + 1)
        return (), max(end, index + 1)
    groups, end = _groups_at(tokens, index)
    if not groups:
        age = _age_at(tokens, index, grouped=False)
        if age and index and tokens[index - 1].text not in _OPENERS and _in_short_units(tokens, index, age.end):
            age = None  # "take for 3-6 months": a duration, where nobody is named
        if age and index and _counts_time(tokens, index, age.end):
            age = None
        if not age:
            return (), index
        groups, end = _groups_at(tokens, age.end)
        if groups and tokens[age.end].text not in _OPENERS:  # "18 yaş üstü erişkinler"
            return _contexts_of_groups(groups, [age]), end
        return _contexts_of_age(age), age.end
    ages = _ages_after_group(tokens, end, adult="adult" in groups)
    contexts = _contexts_of_groups(groups, ages)
    if not ages:
        return contexts, end
    end = ages[-1].end
    if end + 1 < len(tokens) and "audience_joins" in tokens[end].means and "group" in tokens[end + 1].means:
        others, end = _audience_at(tokens, end + 1)  # "children from 6 years and adults"
        contexts = _in_order({*contexts, *others})
    return contexts, end


def _counts_time(tokens: list[Token], index: int, end: int) -> bool:
    """Whether the number follows the word of a time and no unit of its own: "Week 2+: 2 capsules", "Month 3 and on"."""
    own = [token.means for token in tokens[index:end]]
    return "time_unit" in tokens[index - 1].means and not any(_UNITS.intersection(one) for one in own)


def _in_short_units(tokens: list[Token], index: int, end: int) -> bool:
    """Whether months or weeks are all that says these are ages ("from 4 weeks of age" says more)."""
    means = [token.means for token in tokens[index:end]]
    return any(not _SHORT_UNITS.isdisjoint(one) for one in means) and not any(_CERTAIN_UNIT in one or _AGE_UNIT in one for one in means)  # fmt: skip


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
        elif groups and tokens[index].text == "(":
            closed = _aside_end(tokens, index)
            if not closed:
                break
            index = closed
        elif not groups or not ("audience_joins" in tokens[index].means or tokens[index].text in ",-/"):
            break
        index += 1
    return groups, end


def _aside_end(tokens: list[Token], index: int) -> int:
    """Index of the bracket's end when it holds words only: "Adults (including the elderly) and children"; else 0."""
    for position in range(index + 1, min(len(tokens), index + 10)):
        if tokens[position].text == ")":
            return position
        if tokens[position].number is not None:
            return 0
    return 0


def _ages_after_group(tokens: list[Token], index: int, adult: bool) -> list[_Age]:
    """Ages that follow a group ("from 3 to 7 and from 7 to 11 years"); a group of adults is no younger than twelve."""
    age = _age_after_group(tokens, index)
    if age is None or (adult and age.high <= 12):
        return []
    ages = [age]
    while age.end + 1 < len(tokens) and "audience_joins" in tokens[age.end].means:
        further = _age_at(tokens, age.end + 1, grouped=True)
        if further is None:
            break
        age = further
        ages.append(age)
    return ages


def _age_after_group(tokens: list[Token], index: int) -> _Age | None:
    """Age words that follow a group, perhaps behind a bracket, a comma or 'between'."""
    bracket = index < len(tokens) and tokens[index].text == "("
    age = _age_at(tokens, index + 1 if bracket else index, grouped=True)
    if age is None:
        for step in (1, 2):
            skipped = tokens[index : index + step]
            if len(skipped) < step or not all(_may_stand_before_age(token) for token in skipped):
                return None
            age = _age_at(tokens, index + step, grouped=False)
            if age:
                break
    if age is None:
        return None
    closed = age.end < len(tokens) and tokens[age.end].text == ")"
    return age._replace(end=age.end + 1) if bracket and closed else age


def _may_stand_before_age(token: Token) -> bool:
    means = token.means
    return token.text in (",", "-", ":", "\n", "(") or "stop" in means or "between" in means or "group" in means


def _age_at(tokens: list[Token], index: int, grouped: bool) -> _Age | None:
    """An age or range of ages; `grouped` when a word for people stands before it, so that a bare number will do."""
    size = len(tokens)
    named = before = over = under = False
    furthest = min(size, index + 4)
    while index < furthest and tokens[index].number is None and not _BEFORE.isdisjoint(tokens[index].means):
        means = tokens[index].means
        named |= "audience_age_named" in means
        before |= "audience_age_before" in means or "between" in means
        over |= "audience_over" in means
        under |= "audience_under" in means
        index += 1
    if index < size and tokens[index].text in _SIGNS_OF_AGE:
        over, under, index = over or tokens[index].text != "<", under or tokens[index].text == "<", index + 1
    if index >= size:
        return None
    number = tokens[index].number
    if number is None:
        return None
    low = high = float(number)
    ending = first = _age_ending(tokens, index + 1)
    ranged, bounded = False, under
    second = _joined_age(tokens, ending)
    if second is not None:
        high = float(tokens[second].number or 0)
        ending, ranged, bounded = _age_ending(tokens, second + 1), True, False
    elif over:
        top = _top_of(tokens, ending)
        if top is not None:  # "more than 1 but less than 4"
            return _Age(low, top.high, top.end)
    years = ending.years or first.years
    first_years = first.years or years
    bounded |= ending.younger
    named |= ending.certain or first.certain
    open_ended = ending.up or over or (before and not ranged)
    if low > 120 or high > 120 or high * (years or 1) < low * (first_years or 1):
        return None
    if not _is_age(
        tokens, ending.end, grouped, named, years > 0, ranged, ending.up, ending.up or over or bounded or before
    ):
        return None
    low, scale = low * (first_years or 1), years or 1
    if bounded:  # "under 12" speaks of children, "under 6 months" of infants
        return _Age(1.0 if high * scale > 1 else 0, high * scale, ending.end)
    if open_ended:  # an age counted in weeks or months speaks of the smallest only
        return _Age(low, _OPEN_END if scale == 1 else _SMALL, ending.end)
    if scale < 1 and ranged:
        return _Age(low, high * scale, ending.end)
    to_birthday = ranged and (first.years or ending.years) < 1 <= ending.years  # "1 month to 4 years"
    exclusive = to_birthday or (ranged and high == _OF_AGE)  # "14-18 years" ends where adults begin
    return _Age(low, high * scale if exclusive else (high + 1) * scale, ending.end)


def _joined_age(tokens: list[Token], first: _Ending) -> int | None:
    """Index of the second number of a range whose first number may have its own unit ("6 mos to 4 years")."""
    index = first.end
    if first.up or first.younger or index + 1 >= len(tokens):
        return None
    if not _joins_ages(tokens[index]):
        return None
    if tokens[index + 1].number is not None:
        behind = _age_ending(tokens, index + 2)
        return index + 1 if not first.years or behind.years else None
    return None


def _top_of(tokens: list[Token], first: _Ending) -> _Age | None:
    index = first.end
    joined = index + 2 < len(tokens) and "audience_joins" in tokens[index].means
    if not joined or "audience_under" not in tokens[index + 1].means or tokens[index + 2].number is None:
        return None
    ending = _age_ending(tokens, index + 3)
    return _Age(0, float(tokens[index + 2].number or 0) * (ending.years or 1), ending.end)


def _means(tokens: list[Token], index: int) -> Meanings:
    return tokens[index].means if index < len(tokens) else {}


def _joins_ages(token: Token) -> bool:
    return token.text == "-" or "audience_joins" in token.means or "joins" in token.means


def _age_ending(tokens: list[Token], index: int) -> _Ending:
    """The unit and the 'and up' words behind the number of an age."""
    years, certain, up, younger = 0.0, False, False, False
    size = len(tokens)
    if index + 1 < size and tokens[index].text in ("-", ".") and not _UNITS.isdisjoint(tokens[index + 1].means):
        index += 1  # "3-vuotiaille", "6. miesiąca"
    while index < size:
        means = tokens[index].means
        if "for_whom" not in means and _YOUNGER.isdisjoint(means):
            break
        up |= "audience_and_up" in means  # some words are a unit besides: "hónapos kortól"
        if not _SHORT_UNITS.isdisjoint(means) and not years:
            years = next(length for unit, length in _YEARS_IN.items() if unit in means)
            certain |= _CERTAIN_UNIT in means
        elif _AGE_UNIT in means or _CERTAIN_UNIT in means:
            years = years or 1.0
            certain |= _CERTAIN_UNIT in means
        elif not _YOUNGER.isdisjoint(means):
            younger = True
        elif "audience_and_up" not in means:
            break
        index += 1
    return _Ending(index, years, certain, up, younger)


def _is_age(tokens: list[Token], index: int, grouped: bool, named: bool, unit: bool, ranged: bool, up: bool, bounded: bool) -> bool:  # fmt: skip
    """Whether the words around a number make it an age and not a count or a duration ("Adults 2 tablets", "for 3 months")."""
    following = _means(tokens, index)
    if ("unit" in following and not (unit or named)) or "weight" in following:
        return False
    if named or (unit and (grouped or ranged or bounded)):
        return True
    if bounded and not unit:
        counted = up and index < len(tokens) and tokens[index].number is not None  # "4+ 1/2 tsp"
        return counted or ("number" not in following and (grouped or _closes(tokens, index)))
    return grouped and not unit and _closes(tokens, index)


def _closes(tokens: list[Token], index: int) -> bool:
    return index >= len(tokens) or tokens[index].text in (":", ",", ")", "-", "\n", ".", ";") or "verbs" in tokens[index].means  # fmt: skip


@cache
def _ages_of_contexts() -> dict[str, tuple[float, float]]:
    return {context: (low, high) for context, (low, high) in wording_table("audiences")["contexts"].items()}


def _contexts_of_age(age: _Age) -> tuple[str, ...]:
    return tuple(
        [context for context, (start, stop) in _ages_of_contexts().items() if start < age.high and age.low < stop]
    )


def _contexts_of_groups(groups: list[str], ages: list[_Age]) -> tuple[str, ...]:
    table = wording_table("audiences")["groups"]
    if len(groups) == 1 and not ages:
        return tuple(table[groups[0]]["contexts"])
    named: set[str] = set()
    if ages and set(groups) == {"adult"}:
        return _contexts_of_age(ages[0])  # "Adults 12 years and over": the label says where its adults begin
    for group in groups:
        youngest, oldest = table[group]["ages"]
        contexts: set[str] = set()
        for age in ages if group != "pregnancy" else ():
            contexts.update(_contexts_of_age(_Age(max(age.low, youngest), min(age.high, oldest), 0)))
        named.update(contexts or table[group]["contexts"])
    return _in_order(named)


def _in_order(contexts: set[str]) -> tuple[str, ...]:
    if len(contexts) < 2:
        return tuple(contexts)
    return tuple([context for context in (*_ages_of_contexts(), "pregnancy") if context in contexts])
