"""What the sentences of a label claim: words of eleven languages from `auditor/data/wording/claims.toml`, one text at a time.

Knows words and sentences, not products; texts are first asked for by :func:`hint_of` or :func:`any_of`, then read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from auditor.patterns import late_pattern
from auditor.remembering import remembered
from auditor.wording.tokens import wording_table

IDEOGRAPHIC = ("ja", "zh")
"""Languages without blanks between words."""
REACH = 60
"""A disease is claimed by a word at most this many characters away, in the same sentence."""

_SENTENCE = late_pattern(r"(?:(?<!\d)\.|\.(?!\d))(?=\s|$)|[!?;•|。！？；\n]+")
_CLAUSE = late_pattern(r"[.!?;:,•|()。！？；，、\n]+")


@cache
def _words() -> dict[str, dict[str, list[str]]]:
    return {name: entry for name, entry in wording_table("claims").items() if isinstance(entry, dict)}


@cache
def languages() -> tuple[str, ...]:
    """Languages of the file."""
    return tuple(name for name in _words() if name != "vitamins")


@cache
def pattern_of(language: str, *kinds: str) -> str:
    """One pattern for some kinds of words of a language; '' where it has none."""
    words = [word for kind in kinds for word in _words()[language].get(kind, ())]
    if not words:
        return ""
    return f"(?:{'|'.join(words)})" if language in IDEOGRAPHIC else rf"\b(?:{'|'.join(words)})"


@cache
def any_of(*kinds: str) -> str:
    """One pattern for some kinds of words of all languages."""
    return "|".join(filter(None, (pattern_of(language, *kinds) for language in languages())))


@cache
def hint_of(*kinds: str) -> str:
    """A pattern found in every text with a word of some kinds, and in some others; Arrow's automaton takes it for any script.

    That automaton knows the borders of English words only, so words with other letters are sought without theirs.
    """
    words = [word for language in languages() for kind in kinds for word in _words()[language].get(kind, ())]
    return "|".join(word if word.isascii() else word.replace(r"\b", "") for word in words)


@cache
def vitamin_words(family: str) -> str:
    """One pattern for the names of vitamin 'd' or 'k'."""
    return f"(?:{'|'.join(_words()['vitamins'][family])})"


@cache
def _finder(language: str, *kinds: str) -> re.Pattern[str] | None:
    pattern = pattern_of(language, *kinds)
    return re.compile(pattern, re.IGNORECASE) if pattern else None


def _found(language: str, text: str, *kinds: str) -> bool:
    finder = _finder(language, *kinds)
    return finder is not None and finder.search(text) is not None


class Claim(NamedTuple):
    """The words of a claim on a disease, and the sentence they stand in."""

    words: str
    sentence: str


@remembered(16_384)
def disease_claim(text: str) -> Claim | None:
    """The first claim of a text to prevent, treat or cure a disease, if it makes one."""
    for sentence in _SENTENCE.split(text):
        for language in languages():
            words = _claimed(language, sentence)
            if words:
                return Claim(words, sentence.strip())
    return None


def _claimed(language: str, sentence: str) -> str:
    """Words of a sentence that claim something of a disease in a language; '' if it claims nothing."""
    if not _found(language, sentence, "diseases", "illness"):
        return ""
    akin = IDEOGRAPHIC if language in IDEOGRAPHIC else (language,)  # they share many words
    if any(_found(other, sentence, "unclaimed", "authorised") for other in akin):
        return ""
    kinds = ("diseases",) if _found(language, sentence, "deficiency") else ("diseases", "illness")
    for start, end in _spans(language, sentence, *kinds):
        cures = [
            span for span in _spans(language, sentence, "cures") if span[0] - end <= REACH and start - span[1] <= REACH
        ]
        near = _right_before(language, sentence[:start])
        if cures:
            first, last = min(cures, key=lambda span: max(span[0] - end, start - span[1]))
            return sentence[min(start, first) : max(end, last)].strip()
        if near is not None:
            return sentence[near:end].strip()
    return ""


def _spans(language: str, text: str, *kinds: str) -> Iterator[tuple[int, int]]:
    """Whole words of some kinds in a text."""
    finder = _finder(language, *kinds)
    for match in finder.finditer(text) if finder is not None else ():
        end = match.end()
        while language not in IDEOGRAPHIC and end < len(text) and text[end].isalpha():
            end += 1
        yield match.start(), end


@cache
def _before(language: str) -> re.Pattern[str] | None:
    pattern = pattern_of(language, "against")
    return re.compile(rf"{pattern}\s+(?:[^\W\d_]+['\s]+)?\Z|{pattern}\s+l['’]\Z", re.IGNORECASE) if pattern else None


def _right_before(language: str, text: str) -> int | None:
    """Where the word stands by which a text ends that leads to the disease: 'against', 'for the'."""
    finder = _before(language)
    found = finder.search(text) if finder is not None else None
    return found.start() if found else None


class Diet(NamedTuple):
    """For whom a text says a product is fit; the words that say it."""

    vegan: str = ""
    vegetarian: str = ""


@remembered(16_384)
def diet_claim(text: str) -> Diet | None:
    """Whether a text claims that the product is vegan or vegetarian: of the product, not of its capsule, and not denied."""
    found = Diet(*(next(_affirmed(text, kind, "denied", "shell"), "") for kind in Diet._fields))
    return found if any(found) else None


@remembered(16_384)
def animal_source(text: str) -> tuple[str, bool]:
    """The animal source that an ingredient line names, and whether vegetarians refuse it too; ('', False) for none."""
    flesh = next(_affirmed(text, "flesh", "without"), "")
    return (flesh, True) if flesh else (next(_affirmed(text, "wool", "without"), ""), False)


def _affirmed(text: str, kind: str, denial: str, beside: str = "") -> Iterator[str]:
    """Words of a kind that no word of `denial` precedes in their clause, without those beside which a word of `beside` stands."""
    for clause in _CLAUSE.split(text):
        for language in languages():
            for start, end in _spans(language, clause, kind):
                others = beside and _touches(clause, start, end, beside)
                free = _FREE.match(clause, end)
                if not others and not free and not _denied(language, clause, start, denial):
                    yield clause[start:end]


_FREE = late_pattern(r"[-\s]*(?:free|frei|fri|vrij)\b", re.IGNORECASE)


def _denied(language: str, clause: str, start: int, denial: str) -> bool:
    """Whether a clause denies a word of it; many words are of several languages, so the denial may be of any."""
    before = clause if language in IDEOGRAPHIC else clause[:start]
    return any(_found(other, before, denial) for other in languages())


def _touches(clause: str, start: int, end: int, kind: str) -> bool:
    """Whether a word of a kind stands right before or right behind."""
    return any(
        (last <= start and not clause[last:start].strip(" -")) or (first >= end and not clause[end:first].strip(" -"))
        for language in languages()
        for first, last in _spans(language, clause, kind)
    )
