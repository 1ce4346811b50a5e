"""How classes, verdicts and directions look: a colour of the Okabe-Ito set and, always beside it, a shape and a word."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import streamlit as st

Tint = Literal["red", "orange", "yellow", "blue", "green", "violet", "gray"]


@dataclass(frozen=True)
class Look:
    """Colour and shape in charts, sign in tables, tint and icon of the badge."""

    colour: str
    shape: str
    sign: str
    tint: Tint
    icon: str


VERDICTS: dict[str, Look] = {
    "sub-therapeutic": Look("#0072B2", "triangle-down", "▽", "blue", ":material/arrow_downward:"),
    "studied-range": Look("#009E73", "circle", "●", "green", ":material/circle:"),
    "high-dose": Look("#D55E00", "triangle-up", "▲", "red", ":material/arrow_upward:"),
    "depends": Look("#CC79A7", "diamond", "◆", "violet", ":material/call_split:"),
    "not-established": Look("#8A8A8A", "cross", "✚", "gray", ":material/help:"),
    "not-computable": Look("#E69F00", "square", "■", "orange", ":material/block:"),
    "absent": Look("#B8B8B8", "stroke", "–", "gray", ":material/remove:"),
}

DIRECTIONS: dict[str, Look] = {
    "benefit": Look("#009E73", "triangle-up", "▲", "green", ":material/trending_up:"),
    "marker": Look("#56B4E9", "diamond", "◆", "blue", ":material/science:"),
    "mixed": Look("#E69F00", "square", "■", "orange", ":material/balance:"),
    "null": Look("#8A8A8A", "circle", "●", "gray", ":material/do_not_disturb_on:"),
    "harm": Look("#D55E00", "triangle-down", "▼", "red", ":material/warning:"),
    "other": Look("#CC79A7", "cross", "✚", "violet", ":material/more_horiz:"),
}

DIRECTION_WORDS = {
    "benefit": "benefit",
    "marker": "blood marker only",
    "mixed": "mixed",
    "null": "no effect",
    "harm": "harm",
    "other": "other",
}

TOLD_WORDS = {
    **DIRECTION_WORDS,
    "recommendation": "recommended intake or limit",
    "association": "seen in observation only",
    "caution": "caution",
    "pending": "results pending",
    "none": "no result told",
}
"""Words for every direction of an evidence row; :data:`DIRECTION_WORDS` are those of the charts."""

SEVERITIES: dict[str, Look] = {
    "error": Look("#D55E00", "triangle-up", "▲", "red", ":material/error:"),
    "warning": Look("#E69F00", "square", "■", "orange", ":material/warning:"),
    "note": Look("#0072B2", "circle", "●", "blue", ":material/info:"),
}

BAND = "#56B4E9"
"""Fill of a studied range, always drawn half transparent."""

_ASCII_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_REPLACED_BY_STREAMLIT = re.compile(
    r"(?<=:)(?=[\w/+])|(?<=[<>~=-])(?=[<>=~-])|(?<=www)(?=\.)|(?<=@)(?=\w)", re.IGNORECASE
)
_JOINER = "\N{WORD JOINER}"


def plain(text: object) -> str:
    """Label text for a place that reads Markdown: it shows as printed and can neither format, link nor draw icons.

    A backslash does not keep Streamlit from turning `:smile:`, `->` or an address into a picture or link; an invisible
    joiner does.
    """
    shown = _REPLACED_BY_STREAMLIT.sub(_JOINER, " ".join(str(text).split()))
    return _ASCII_PUNCTUATION.sub(r"\\\1", shown)


def signed(verdict: str) -> str:
    """A verdict with its sign, for tables."""
    return f"{VERDICTS[verdict].sign} {verdict}" if verdict in VERDICTS else verdict


def severity_signed(severity: str) -> str:
    """A severity with its sign, for tables."""
    return f"{SEVERITIES[severity].sign} {severity}" if severity in SEVERITIES else severity


def badge(verdict: str) -> None:
    """A verdict or class as a badge."""
    look = VERDICTS[verdict]
    st.badge(verdict, icon=look.icon, color=look.tint)


def told_direction(direction: str) -> str:
    """A direction with its sign, in words."""
    return f"{DIRECTIONS[direction_group(direction)].sign} {TOLD_WORDS.get(direction, direction)}"


def direction_group(direction: str) -> str:
    """The row of the charts that a direction belongs to."""
    return direction if direction in DIRECTIONS else "other"


def legend(names: Iterable[str], looks: dict[str, Look], words: dict[str, str] | None = None) -> str:
    """Signs and words of the names that occur, in their colours, as Markdown; unlike a chart's own legend it wraps on a phone."""
    return " &nbsp; ".join(
        f":{looks[name].tint}[{looks[name].sign}] {(words or {}).get(name, name)}" for name in in_order(names, looks)
    )


def in_order(names: Iterable[str], looks: dict[str, Look]) -> list[str]:
    """The names that occur, in the order of the looks."""
    found = set(names)
    return [name for name in looks if name in found]


def dark() -> bool:
    """Whether the reader's theme is dark."""
    return st.context.theme.type == "dark"


def foremost() -> Literal["primary", "secondary"]:
    """Type of the button a reader mostly wants; on dark, white words on the filled one lack contrast."""
    return "secondary" if dark() else "primary"


def ink() -> str:
    """Colour of marks and words drawn into a chart."""
    return "#E8ECF0" if dark() else "#1B1F24"


def faint() -> str:
    """Colour of secondary words and rules in a chart; keeps 4.5:1 against the page."""
    return "#A5B0BC" if dark() else "#5C6670"
