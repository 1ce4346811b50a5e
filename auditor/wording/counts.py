"""Numbers of a label text: one number or range with its repetition in brackets, and the item they end up in."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from auditor.wording.tokens import Token

END = Token("", {}, None, 0, 0)
"""Stands for the token before the first and after the last one."""


@lru_cache(maxsize=1_024)
def exact(number: Decimal) -> Fraction:
    """The number as a fraction."""
    return Fraction(number)


class Item:
    """One counted thing.

    Kinds: dose (value: unit, '' when unsaid), rate (times; value: 'meals' or 'cross' where it implies a day), period
    (value: Rate), bound (a period that says what an amount adds up to), days (value: share of days, "5 days a week"),
    weekday, part (value: slot), each_meal, meals, divided, split, each_share, and, or, comma, phase (value: which one),
    audience, strength (an amount of substance), amount (of anything else that is no dose), weight, relative, unit (a
    dose unit nobody counted), time (a unit of time nobody counted), number (one that nothing explains), duration, verb.
    `word` is the place of the unit's word in the text.
    """

    __slots__ = ("differs", "end", "high", "kind", "low", "start", "value", "word")

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


class Quantity:
    """A number or range with its end index; `differs` when it is printed twice with two values."""

    __slots__ = ("differs", "end", "high", "low")

    def __init__(self, low: Decimal, high: Decimal, end: int, differs: bool = False) -> None:
        self.low, self.high = min(low, high), max(low, high)
        self.end = end
        self.differs = differs


def at(tokens: list[Token], index: int) -> Token:
    """The token at `index`, or `END` outside the sentence."""
    return tokens[index] if 0 <= index < len(tokens) else END


def quantity_at(tokens: list[Token], index: int) -> Quantity | None:
    """A number with its range and its repetition in brackets: "1", "one to two (1-2)", "up to 4", "1 and a half"."""
    up_to = "up_to" in at(tokens, index).means and at(tokens, index).number is None
    if up_to or "between" in at(tokens, index).means:
        index += 1
    first = _single(tokens, index)
    if first is None:
        return None
    low, high, index = first
    differs = low != high
    index = _listed(tokens, index)
    if at(tokens, index).text == "-" and "joins" in at(tokens, index + 1).means:
        index += 1  # "1- bis 2-mal"
    if joins(at(tokens, index)):
        second = _single(tokens, index + 1)
        if second and second[0] > 0:  # "2x2 or 0-0-1": a scheme begins, no range down to nothing
            differs |= second[0] != second[1]
            high, index = max(second[:2]), second[2]
    if at(tokens, index).text == "(":
        restated = _bracketed_range(tokens, index)
        if restated:
            other_low, other_high, index = restated
            if (other_low, other_high) != (low, high):
                low, high, differs = min(low, other_low), max(high, other_high), True
    if up_to:
        low = min(Decimal(1), low)
    return Quantity(low, high, index, differs) if low > 0 else None


def _listed(tokens: list[Token], index: int) -> int:
    """Index of the 'or' in "1, 2 or 3" when a number with a comma is listed; otherwise `index`."""
    if at(tokens, index).text == "," and at(tokens, index + 1).number is not None:
        after = index + 3 if at(tokens, index + 2).text == "," else index + 2
        if "or" in at(tokens, after).means and at(tokens, after + 1).number is not None:
            return after
    return index


def joins(token: Token) -> bool:
    """Whether a token makes a range of the numbers around it."""
    return token.text == "-" or "joins" in token.means or "or" in token.means or (token.text == "and")


def _single(tokens: list[Token], index: int) -> tuple[Decimal, Decimal, int] | None:
    """One number as printed twice, and the index after it: "one (1)", "(1)", "one and a half", "half a"."""
    token = at(tokens, index)
    if token.text == "(" and at(tokens, index + 1).number is not None and at(tokens, index + 2).text == ")":
        number = tokens[index + 1].number
        return (number, number, index + 3) if number is not None else None
    number = token.number
    if number is None:
        return None
    index += 1
    if "half" in token.means or (number < 1 and token.text[0].isalpha()):
        while "articles" in at(tokens, index).means or at(tokens, index).text in ("of", "de", "d"):
            index += 1
    elif at(tokens, index).means.get("and"):
        after = index + 2 if "articles" in at(tokens, index + 1).means else index + 1
        part = at(tokens, after).number
        if part is not None and part < 1 and number >= 1:
            number, index = number + part, after + 1
    if at(tokens, index).text == "(" and at(tokens, index + 2).text == ")":
        again = at(tokens, index + 1).number
        if again is not None:
            if again != number:
                return number, again, index + 3
            index += 3
        elif number == 1 and "articles" in at(tokens, index + 1).means:
            index += 3  # "1 (uma) cápsula"
    return number, number, index


def _bracketed_range(tokens: list[Token], index: int) -> tuple[Decimal, Decimal, int] | None:
    low, high = at(tokens, index + 1).number, at(tokens, index + 3).number
    if low is None:
        return None
    if at(tokens, index + 2).text == ")":
        return low, low, index + 3
    if high is not None and joins(at(tokens, index + 2)) and at(tokens, index + 4).text == ")":
        return low, high, index + 5
    return None
