"""What kind of line a line of a pasted label is: headings, beginnings and marks of `auditor/data/wording/panel.toml`.

Knows words only; which lines belong together is for :mod:`auditor.panel`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

from auditor.wording.tokens import fold, wording_table

HEADINGS = ("servings", "serving", "contains", "directions", "warning", "other", "panel")
"""Kinds that open a part of the label, in the order in which they are tried."""

_AFTER_HEADING = r"(?=\s*[:：|]|\s*$|\s+\d|\s*\(|\s{2,}|\t|\s+[-–]\s)"
_LONG = 8
"""A heading of so many letters needs no colon after it."""


class Heading(NamedTuple):
    """A heading found at the beginning of a line; `rest` is the text behind it and its colon."""

    kind: str
    title: str
    rest: str


@cache
def _words(kind: str) -> tuple[str, ...]:
    return tuple(word for table in _tables().values() if isinstance(table, dict) for word in table.get(kind, ()))


@cache
def _tables() -> dict[str, Any]:
    return wording_table("panel")


@cache
def _beginning(kind: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(sorted(_words(kind), key=len, reverse=True))})(?![^\W\u3040-\u9fff])")


@cache
def _whole(kind: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(_words(kind))})[*†:：. ]*")


_HEADING_END = re.compile(_AFTER_HEADING)
_COLON = re.compile(r"\s*[:：|]\s*|\s+[-–]\s+|\s+")


def heading_of(line: str) -> Heading | None:
    """The heading a line begins with, if it is one: followed by a colon, a number, a gap or nothing, or long enough."""
    folded = fold(line)
    for kind in HEADINGS:
        found = _beginning(kind).match(folded)
        if (
            found
            and found.end()
            and (
                _HEADING_END.match(folded, found.end())
                or (kind != "panel" and len(found[0].strip()) >= _LONG)
                or kind == "warning"
            )
        ):
            rest = line[found.end() :]
            gap = _COLON.match(rest)
            return Heading(kind, line[: found.end()], rest[gap.end() :] if gap else rest)
    return None


def begins_as(kind: str, line: str) -> bool:
    """Whether the line begins with a word of the kind (`take`, `part`, `footnote`)."""
    return _beginning(kind).match(fold(line)) is not None or (kind == "footnote" and line[:1] in "*†‡§※")


def is_column_head(cell: str) -> bool:
    """Whether a cell is nothing but the head of a column ('Amount per serving', '% NRV*')."""
    return bool(cell) and _whole("column").fullmatch(fold(cell).strip(" *†:")) is not None


@cache
def table_heads() -> re.Pattern[str]:
    """Heads of the columns as they follow each other in a table that lost its line ends."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(_words('table_heads'))})[*†‡]*")


@cache
def _claims() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(_words('claim'))})")


def is_claim(line: str) -> bool:
    """Whether the line says what the product is good for."""
    return _claims().search(fold(line)) is not None


@cache
def _counted() -> re.Pattern[str]:
    return re.compile(
        rf"(?:(?:about|approx\.?|ca\.?|env\.?)\s*)?(\d+)\s+(?:{'|'.join(_words('counted_servings'))})(?!\w)"
    )


def counted_servings(line: str) -> str:
    """The number of '60 servings per container', or ''."""
    found = _counted().fullmatch(fold(line).strip(" ."))
    return found[1] if found else ""


@cache
def _second_heading() -> re.Pattern[str]:
    return re.compile(rf"(?<!\d)\s+(?={'|'.join(_words('servings'))})")


def split_headings(line: str) -> list[str]:
    """'Serving size: 1 softgel Servings per container: 60' as its two lines."""
    found = _second_heading().search(fold(line))
    return [line[: found.start()], line[found.end() :]] if found and found.start() else [line]


def market_of(text: str) -> tuple[str, str]:
    """Market that a mark on the label tells, and the mark as printed; ('', '') if none does."""
    folded = fold(text)
    for market, marks in _tables()["market"].items():
        found = re.search("|".join(marks), folded)
        if found:
            return market, text[found.start() : found.end()]
    return "", ""
