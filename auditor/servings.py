"""Serving size text to counts of dose units.

Knows what makes one serving ("1 mL (25 drops)" is one serving counted twice over) and whether it is the daily
portion; how many servings a day are taken is for :mod:`auditor.directions`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import NamedTuple

from auditor.audiences import mark_audiences
from auditor.patterns import late_pattern
from auditor.remembering import remembered
from auditor.wording.counts import Item
from auditor.wording.items import read_items
from auditor.wording.tokens import DAILY, Token, readable, tokenise, vocabulary


@dataclass(frozen=True)
class Serving:
    """What makes one serving.

    `counts` pairs a canonical dose unit with how many of it make one serving; several pairs are the same serving in
    other units.  `per_day` says that the text calls the serving the daily portion.  `problem` is '' or
    'serving-unread', 'serving-range' (the panel's quantity is unknown, counts empty) or 'serving-conflict'.
    """

    counts: tuple[tuple[str, Decimal], ...]
    per_day: bool = False
    problem: str = ""


@remembered(16_384)
def read_serving(text: str, units_per_serving: str = "") -> Serving:
    """Read a serving size; `units_per_serving` (number text) fills a missing count or confirms it."""
    printed = _plain(text) or _read_text(text)
    stated = _number(units_per_serving) if units_per_serving else None
    if printed.ranged:
        return Serving((), printed.per_day, "serving-range")
    if not printed.counts:
        return _from_stated(printed, stated, bool(text.strip()))
    if stated is not None and stated not in dict(printed.counts).values():
        return Serving(printed.counts, printed.per_day, "serving-conflict")
    return Serving(printed.counts, printed.per_day)


class _Printed(NamedTuple):
    """What the text says by itself; `unit` is the first unit that nobody counts, `each` that it says "per capsule"."""

    counts: tuple[tuple[str, Decimal], ...] = ()
    per_day: bool = False
    ranged: bool = False
    unit: str = ""
    each: bool = False


_PLAIN = late_pattern(r"([1-9][0-9]?) ([A-Za-z]+)")


def _plain(text: str) -> _Printed | None:
    """ "2 softgels" and the like, which is most serving sizes, without the grammar."""
    found = _PLAIN.fullmatch(text)
    means = vocabulary().entries.get(found[2].lower(), ({}, {}))[0] if found else {}
    if found is None or not means.keys() <= _UNIT_ONLY or means.get("unit", "serving") == "serving":
        return None
    return _Printed(((means["unit"], Decimal(found[1])),))


_UNIT_ONLY = frozenset(("unit", "told"))


@remembered(16_384)
def _read_text(text: str) -> _Printed:
    tokens = mark_audiences(tokenise(readable(text)))
    per_day = any(_is_daily(token) for token in tokens)
    doses: list[Item] = []
    units: list[str] = []
    for segment in _segments(tokens):
        for item in read_items(segment):
            if item.kind == "dose" and item.value != "serving":
                doses.append(item)
            elif item.kind == "unit" and item.value != "serving":
                units.append(item.value)
            elif item.kind == "period":
                per_day |= item.value is DAILY
    several = _are_listed(tokens, doses)
    ranged = any(dose.low != dose.high for dose in doses)
    if ranged or (several and any("audience" in token.means for token in tokens)):
        return _Printed(per_day=per_day, ranged=True)
    if several:
        counts: tuple[tuple[str, Decimal], ...] = (
            (doses[0].value or "piece", sum((dose.low for dose in doses), Decimal(0))),
        )
    else:
        counts = _first_of_each(doses)
    return _Printed(counts, per_day, False, units[0] if units else "", _says_each(tokens))


def _from_stated(printed: _Printed, stated: Decimal | None, any_text: bool) -> Serving:
    """The serving of a text without a count: the record's own count, or one where it says "per capsule"."""
    if stated is not None:
        known = printed.unit or printed.per_day or not any_text
        counts = ((printed.unit or "piece", stated),)
        return Serving(counts, printed.per_day) if known else Serving((), printed.per_day, "serving-unread")
    if printed.unit and printed.each:
        return Serving(((printed.unit, Decimal(1)),), printed.per_day)
    return Serving((), printed.per_day, "serving-unread" if any_text else "")


def _are_listed(tokens: list[Token], doses: list[Item]) -> bool:
    """Whether several counts of one unit stand side by side: "1 AM capsule, 1 PM capsule" are two, not one said twice."""
    if len(doses) < 2 or len({dose.value or "piece" for dose in doses}) > 1 or len(tokens) < 2:
        return False
    joins = [token for token in tokens if token.text in (",", "+", ";", "&", "/") or "and" in token.means]
    depth = [0]
    for token in tokens:
        depth.append(depth[-1] + (token.text == "(") - (token.text == ")"))
    outside = {token.start for token, level in zip(tokens, depth, strict=False) if level == 0}
    return all(
        dose.start in outside and any(one.end <= join.start < dose.start and join.start in outside for join in joins)
        for one, dose in pairwise(doses)
    )  # fmt: skip


def _first_of_each(doses: list[Item]) -> tuple[tuple[str, Decimal], ...]:
    counts: dict[str, Decimal] = {}
    for dose in doses:
        counts.setdefault(dose.value or "piece", dose.low)
    return tuple(counts.items())


def _is_daily(token: Token) -> bool:
    return "daily_portion" in token.means or token.means.get("period") is DAILY


def _says_each(tokens: list[Token]) -> bool:
    return any("per" in token.means or "every" in token.means for token in tokens)


def _segments(tokens: list[Token]) -> Iterator[list[Token]]:
    """The text outside brackets, then each bracket that holds more than a repeated number; the container's count left out."""
    outside: list[Token] = []
    inside: list[list[Token]] = []
    opened = -1
    for index, token in enumerate(tokens):
        if opened < 0 and token.text == "(" and not _repeats_number(tokens, index):
            opened = index
            inside.append([])
        elif opened >= 0 and token.text == ")":
            opened = -1
        elif opened >= 0:
            inside[-1].append(token)
        else:
            outside.append(token)
    for segment in (outside, *inside):
        yield [token for token in _before_container(segment) if not _is_filler(token)]


def _repeats_number(tokens: list[Token], index: int) -> bool:
    """Whether a bracket holds only a number, as in "one (1) softgel" or "(2-3)"."""
    for token in tokens[index + 1 : index + 5]:
        if token.text == ")":
            return True
        if token.number is None and not (token.text == "-" or "joins" in token.means):
            return False
    return False


def _before_container(tokens: list[Token]) -> list[Token]:
    """Tokens before "servings per container 60" or "60 capsules per bottle"."""
    for index, token in enumerate(tokens):
        if "container" in token.means:
            position = index
            while position > 0 and tokens[position - 1].text not in (",", ";", "\n", "."):
                position -= 1
            return tokens[:position]
    return tokens


def _is_filler(token: Token) -> bool:
    if token.number is not None or "unit" in token.means or "time_unit" in token.means:
        return False
    return not token.means.keys().isdisjoint(("defines", "per", "stop", "every")) or token.text in (":", "=")


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(readable(text).strip().replace(",", ".") or "x")
    except InvalidOperation:
        return None
    return number if number.is_finite() and number > 0 else None
