"""Which words name which vitamin and form: the tables of `data/substances`, as one matcher.

A name is recognised as a whole word, with any hyphen or space where the table has a space, so that
"annatto extract" holds no natto and "vitamin dha" no vitamin D.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import tomli as tomllib

from auditor.units import unit_spellings

SUBSTANCES = Path(__file__).parent / "data" / "substances"

TARGET = "target"
TRADE = "trade-name"
VERIFIED_ENOUGH = ("verified", "secondary")
"""A trade name tells a form only when somebody read where it says so; else it only tells the vitamin."""
MAKER = "maker"
"""Kind of a trade name that is a company and so no ingredient."""


class Name(NamedTuple):
    """What a name means; `kind` is `target`, `trade-name`, `other`, `hormone`, `near-name` or `source`."""

    nutrient: str
    form: str
    kind: str


class NameHit(NamedTuple):
    """A name found in a cleaned, lower-cased text."""

    start: int
    end: int
    text: str
    name: Name


@cache
def _tables() -> tuple[tuple[str, Name], ...]:
    found: list[tuple[str, Name]] = []
    for path in sorted(SUBSTANCES.glob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        default = table.get("nutrient", "")
        for entry in table.get("name", []):
            name = Name(entry.get("nutrient", default), entry.get("form", ""), entry.get("kind", TARGET))
            found += [(spelling, name) for spelling in entry["spellings"]]
        for entry in table.get("trade_name", []):
            if entry.get("kind") != MAKER:
                form = entry["form"] if entry["status"] in VERIFIED_ENOUGH else "unstated"
                name = Name(entry["nutrient"], form, TRADE)
                found += [(spelling, name) for spelling in entry["names"]]
    return tuple(found)


def _fold(text: str) -> str:
    return re.sub(r"[ -]", "", text)


@cache
def _meanings() -> dict[str, Name]:
    meanings: dict[str, Name] = {}
    for spelling, name in _tables():
        meanings.setdefault(_fold(spelling), name)
    return meanings


@cache
def _goes_on() -> str:
    """What after a number shows that it is an amount: more of the number, a range, a unit, a percent.

    The number at the end of a name must not be the beginning of an amount: "Vitamin D 3 mcg" is three micrograms,
    "Vitamin D 2,000 IU" two thousand units, "Vitamin K 1.5 mg" one and a half milligrams.
    """
    joined = _any_of({re.escape(unit).replace(r"\ ", " ?") for unit in unit_spellings()})
    return rf"[.,']\d| 0\d\d(?!\d)| \d{{3}} \d{{3}}|[ ]?[-/][ ]?\d+ ?(?:{joined})|[ ]?%| ?(?:{joined})(?![a-zà-ÿ])"


def _any_of(patterns: Iterable[str]) -> str:
    """Alternation of literal patterns with what they begin with in common written once: compiles several times faster.

    Only for look-aheads, where it does not matter which of the alternatives fits.
    """
    heads: dict[str, list[str]] = {}
    ends = False
    for pattern in sorted(patterns):
        found = re.match(r"\\.\??|.\??", pattern, re.DOTALL)
        if found is None:
            ends = True
        else:
            heads.setdefault(found[0], []).append(pattern[found.end() :])
    parts = [head + _any_of(rests) for head, rests in heads.items()]
    if not parts:
        return ""
    joined = parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})"
    return f"(?:{joined})?" if ends else joined


@cache
def _matcher() -> re.Pattern[str]:
    """The names, longest first, without regard for what follows a number that stands apart; see :func:`_name_at`."""
    return re.compile(rf"{_BEFORE}(?:{'|'.join(map(_pattern_of, _spellings()))}){_AFTER}")


_BEFORE, _AFTER = r"(?<![a-zà-ÿа-я0-9])", r"(?![a-zà-ÿа-я0-9])"


@cache
def _spellings() -> tuple[str, ...]:
    return tuple(sorted({spelling for spelling, _ in _tables()}, key=len, reverse=True))


def _pattern_of(spelling: str, apart: str = "(?:{})") -> str:
    """Pattern of a spelling: a space of the table is any space or hyphen, or nothing.

    `apart` is put around a number at its end that stands apart.
    """
    parts = [re.escape(part) for part in spelling.split(" ")]
    if len(parts) > 1 and parts[-1].isdigit():
        head = r"[ -]*".join(parts[:-1])
        return rf"{head}(?:-?{parts[-1]}(?![.,']\d)|{apart.format(rf' *-? *{parts[-1]}')})"
    return r"[ -]*".join(parts)


@cache
def _exactly(spelling: str) -> re.Pattern[str]:
    """One name; group 1 is a number at its end that stands apart."""
    return re.compile(rf"{_BEFORE}{_pattern_of(spelling, '({})')}{_AFTER}")


def _name_at(text: str, start: int) -> re.Match[str] | None:
    """The longest name that begins here and whose number, where it stands apart, is not the beginning of an amount."""
    ahead = _fold(text[start : start + 4 * len(_spellings()[0])])
    for spelling in _spellings():
        if not ahead.startswith(_fold(spelling)):
            continue
        match = _exactly(spelling).match(text, start)
        if match and not (match.re.groups and match[1] and _number_goes_on().match(text, match.end())):
            return match
    return None


@cache
def _number_goes_on() -> re.Pattern[str]:
    return re.compile(_goes_on())


def may_name_target(lowered: str) -> bool:
    """Quick, safe test: false only if the text cannot hold any name of the tables."""
    return bool(_hint().search(lowered))


@cache
def _hint() -> re.Pattern[str]:
    """The beginnings of all names that matter: four letters of a long word, the whole of a short one."""
    hints: dict[str, None] = {}
    for spelling, name in _tables():
        if name.kind in ("other", "source"):
            continue
        word = spelling.split(" ")[0]
        if word in ("vitamin", "vitamine", "vitamina", "vitamins", "vit", "vit."):
            hints["vit"] = None
        else:
            hints[re.escape(word[:4]) if len(word) >= 4 else _pattern_of(spelling)] = None
    return re.compile("|".join(hints))


def is_hormone(name: str) -> bool:
    """Whether a name found in a text is that of a prescription-only hormone."""
    meaning = _meanings().get(_fold(name))
    return meaning is not None and meaning.kind == "hormone"


# A bacterium's strain is no vitamin: "Lactobacillus acidophilus K2".
_STRAIN = re.compile(r"cfu\b|lactobac|bifido|bacillus|streptoc|probiot")
_SHORT = re.compile(r"[dk][ -]?\d")


def find_names(lowered: str) -> tuple[NameHit, ...]:
    """Names in a cleaned, lower-cased text in order; overlapping readings give the longest one."""
    meanings = _meanings()
    matches = []
    match = _matcher().search(lowered)
    while match:
        if match[0][-1].isdigit() and _number_goes_on().match(lowered, match.end()):
            own = _name_at(lowered, match.start())
            at = own.end() if own else match.start() + 1
            matches += [own] if own else []
        else:
            at = match.end()
            matches.append(match)
        match = _matcher().search(lowered, at)
    hits = tuple(NameHit(match.start(), match.end(), match[0], meanings[_fold(match[0])]) for match in matches)
    if hits and _STRAIN.search(lowered):
        return tuple(hit for hit in hits if not _SHORT.fullmatch(hit.text))
    return hits
