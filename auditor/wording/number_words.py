"""Amounts written in words: "one thousand IU", "fünftausend I.E.", "deux mille UI".

Words and what they stand for are `auditor/data/wording/numbers.toml`; only a number before a unit is one here.
"""

from __future__ import annotations

import re
from functools import cache

from auditor.units import unit_spellings
from auditor.wording.tokens import fold, wording_table

_FEWEST_COUNTED = 100
_GAP = r"(?:[ -]|[ ](?:and|und|et|y|e)[ ])"


def with_figures(text: str) -> str:
    """The lower-cased text with amounts in words put into figures where they end, so that all positions stay."""
    text = _BRACKETED.sub(lambda found: f"  {found[1]}", text)
    return _amount_in_words().sub(_in_figures, text)


_BRACKETED = re.compile(r"\((\d[\d.,]*)\)(?= [^\W\d])")
"""'five thousand (5,000) IU': the number again, in figures."""


def _in_figures(found: re.Match[str]) -> str:
    total = current = 0
    for word in _word().findall(fold(found["words"])):
        value = _values()[word]
        if value in _multiples().values():
            current = max(current, 1) * value
            if value >= 1000:
                total, current = total + current, 0
        else:
            current += value
    if total + current < _FEWEST_COUNTED and found["unit"].startswith(("u", "g", "m ", "e")):
        return found[0]  # "one unit", "two g": no amount of a vitamin
    return f"{total + current} ".rjust(len(found["words"]) + 1) + found["unit"]


@cache
def _multiples() -> dict[str, int]:
    return {fold(word): int(value) for table in _tables() for word, value in table.get("multiples", {}).items()}


@cache
def _values() -> dict[str, int]:
    """Whole numbers in words: those of all languages, and the multiples of hundred and thousand."""
    words = {word: value for table in _tables() for word, value in table.get("words", {}).items()}
    plain = {
        fold(word): int(value) for word, value in words.items() if float(value) == int(float(value)) and " " not in word
    }
    return (
        plain
        | {fold(word): int(value) for table in _tables() for word, value in table.get("amounts", {}).items()}
        | _multiples()
    )


def _tables() -> tuple[dict[str, dict[str, int]], ...]:
    return tuple(wording_table("numbers").values())


def _alternatives(words: object) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))  # type: ignore[call-overload]


@cache
def _word() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{_alternatives(word for word in _values() if word < '　')})(?!\w)")


@cache
def _amount_in_words() -> re.Pattern[str]:
    units = "|".join(re.escape(unit).replace(r"\ ", r" ?") for unit in sorted(unit_spellings(), key=len, reverse=True))
    accented = _alternatives(
        {word for table in _tables() for kind in ("words", "amounts", "multiples") for word in table.get(kind, {})}
        | set(_values())
    )
    return re.compile(rf"(?<!\w)(?P<words>(?:{accented})(?:{_GAP}(?:{accented}))*) (?P<unit>(?:{units}))(?!\w)")
