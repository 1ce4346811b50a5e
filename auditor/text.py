"""Label text made readable without changing what it says.

The printed text is always kept beside; :func:`clean` gives the copy that the grammars read: one kind of
micro sign, dash, space and digit, no invisible characters, known transcription damage repaired.  What was
repaired is said by a code, so that an audit can report it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from auditor.remembering import remembered

MAX_READ_CHARACTERS = 4_000
"""Grammars read no further than this; real label lines are a tenth of it."""


class Cleaned(NamedTuple):
    """`text` for the grammars; `repairs` are codes of what was changed beyond spelling of spaces and dashes."""

    text: str
    repairs: tuple[str, ...]


_FRACTIONS = {
    "¼": "1/4",
    "½": "1/2",
    "¾": "3/4",
    "⅓": "1/3",
    "⅔": "2/3",
    "⅛": "1/8",
    "⅜": "3/8",
    "⅝": "5/8",
    "⅞": "7/8",
}
_FRACTION = re.compile(f"(\\d?)([{''.join(_FRACTIONS)}])")
# A raised figure is part of a name after D, K or MK ("K²"), a footnote mark anywhere else ("625 %²").
_FOOTNOTE = re.compile(r"(?<![DdKk])[¹²³⁰⁴⁵⁶⁷⁸⁹]+")
_MARKS = re.compile(r"[®™©℠]|\((?:r|tm|c)\)", re.IGNORECASE)
_MOJIBAKE = {"Âµ": "µ", "Î¼": "µ", "&#181;": "µ", "&micro;": "µ", "&mu;": "µ", "Â ": " ", "ï»¿": "", "â€“": "-", "â€™": "'",
             "&nbsp;": " ", "&amp;": "&"}  # fmt: skip
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹣－"), "-")
_SPELLINGS = str.maketrans({**_DASHES, ord("μ"): "µ", ord("’"): "'", ord("‘"): "'", ord("′"): "'", ord("“"): '"', ord("”"): '"',
                            ord("～"): "~", ord("〜"): "~", ord("、"): ","})  # fmt: skip
# Cyrillic look-alikes inside the short names of the vitamins: МК-7, К2, Д3 stay recognisable names.
_LOOKALIKE = re.compile(r"(?<![Ѐ-ӿ])([МмКкДд]{1,2})(?=[ -]?\d)")
_LOOKALIKES = str.maketrans("МмКкДд", "MmKkDd")
# Machine-read letters in figures: '1OO mcg', '5000 lU'.  Only where a digit stands before and a unit follows.
_LETTER_O = re.compile(r"(?<=\d)[.,]?[Oo]+(?=[\dOo.,]*\s?(?:mcg|µg|ug|mg|I\.?U|UI|IE)\b)")
_UNIT_IU = re.compile(r"(?<=\d)(\s?)(?:[1l|!]\s?U(?![\w.])|[(\[]U(?=[)\]]))|(?<=\d)(\s?)I\s?[UV](?![\w.])")
_MISREAD = re.compile(r"\d(?:[.,]?[Oo]|\s?[1lI|!(\[]\s?[UV](?![\w.]))")
# Dot leaders of typed panels: "Vitamin D3 ........ 25 mcg".
_LEADERS = re.compile(r"\.{3,}|_{3,}|(?: \.){3,}")
# Every alternative begins with a sign, so that most texts are passed over without trying any.
_ASCII_ODD = re.compile(r"\.\.\.|___| \. \.|&(?i:#181|micro|mu|nbsp|amp);|\((?i:r|tm|c)\)|  | \Z")


@remembered(16_384)
def clean(text: str) -> Cleaned:
    """Readable copy of a label text.

    Repair codes: `hidden-characters` (zero-width, bidi or control characters removed), `mojibake`
    (known double encodings such as 'Âµg'), `look-alike-letters` (Cyrillic letters in MK-7, K2; 'O' for 0, 'lU' for IU),
    `fraction-sign` ('1½' read as 1 1/2, which Unicode folding alone would turn into eleven halves).
    """
    if len(text) > MAX_READ_CHARACTERS:
        text = text[:MAX_READ_CHARACTERS]
    repairs: list[str] = []
    if _MISREAD.search(text):
        text = _without_misreadings(text, repairs)
    if text.isascii() and text.isprintable() and text[:1] != " " and not _ASCII_ODD.search(text):
        return Cleaned(text, tuple(repairs))
    for damaged, sound in _MOJIBAKE.items():
        if damaged in text:
            text = text.replace(damaged, sound)
            if sound == "µ":
                repairs.append("mojibake")
    if _FRACTION.search(text):
        text = _FRACTION.sub(lambda found: f"{found[1]} {_FRACTIONS[found[2]]}".lstrip(), text)
        repairs.append("fraction-sign")
    text = _MARKS.sub(" ", _FOOTNOTE.sub(" ", text))
    visible = text if text.isprintable() else _without_controls(text)
    if visible != text and len(visible) != len(text):
        repairs.append("hidden-characters")
    text = unicodedata.normalize("NFKC", visible).translate(_SPELLINGS)
    if _LOOKALIKE.search(text):
        text = _LOOKALIKE.sub(lambda found: found[0].translate(_LOOKALIKES), text)
        repairs.append("look-alike-letters")
    return Cleaned(" ".join(_LEADERS.sub(" ", text).split()), tuple(dict.fromkeys(repairs)))


def _without_controls(text: str) -> str:
    return "".join(
        " " if char in "\t\r\n" else char
        for char in text
        if unicodedata.category(char) not in ("Cf", "Cc") or char in "\t\r\n"
    )


def _without_misreadings(text: str, repairs: list[str]) -> str:
    mended = _LETTER_O.sub(lambda found: found[0].lower().replace("o", "0"), text)
    mended = _UNIT_IU.sub(lambda found: f"{found[1] or found[2] or ''}IU", mended)
    if mended.replace(" ", "") != text.replace(" ", ""):
        repairs.append("look-alike-letters")
    return mended


def shorten(text: str, limit: int = 120) -> str:
    """The text on one line, cut with an ellipsis for messages."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


_HEAD = re.compile(r"\\.|.", re.DOTALL)


def alternation(patterns: Iterable[str]) -> str:
    """Patterns that begin with a letter each, as alternatives in their order, those with the same first letter together.

    It finds what `|` between them finds, and passes over most of them at once: first letters that differ exclude each other.
    """
    heads: dict[str, list[str]] = {}
    for pattern in patterns:
        head = _HEAD.match(pattern)
        if head:
            heads.setdefault(head[0], []).append(pattern[head.end() :])
    return "|".join(head + (rests[0] if len(rests) == 1 else f"(?:{'|'.join(rests)})") for head, rests in heads.items())
