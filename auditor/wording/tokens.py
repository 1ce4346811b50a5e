"""Label text cut into tokens that know what their words can mean.

Knows numbers, the vocabulary of `auditor/data/wording/*.toml` and where a sentence ends; not what a dose is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import tomli as tomllib

from auditor.patterns import late_pattern
from auditor.text import MAX_READ_CHARACTERS, clean

WORDING = Path(__file__).parent.parent / "data" / "wording"

Meanings = dict[str, Any]
"""What a word can mean: kind -> value ('unit' -> 'drop', 'period' -> Rate, 'verb' -> True)."""


class Rate(NamedTuple):
    """Intakes per interval; `ambiguous` where the word itself means two rates ('biweekly')."""

    low: Fraction
    high: Fraction
    days: Fraction
    ambiguous: bool = False


DAILY = Rate(Fraction(1), Fraction(1), Fraction(1))
"""Once a day; the vocabulary's own words for it mean this very object."""


class Token:
    """One number, word, phrase or mark; `start` and `end` index the readable text."""

    __slots__ = ("end", "means", "number", "start", "text")

    def __init__(self, text: str, means: Meanings, number: Decimal | None, start: int, end: int) -> None:
        self.text = text
        self.means = means
        self.number = number
        self.start = start
        self.end = end


Phrases = dict[str, tuple[tuple[tuple[str, ...], Meanings], ...]]
"""Second word of a phrase -> (words after the first, meanings), longest first."""


Entries = dict[str, tuple[Meanings, Phrases]]
"""Word -> its own meanings and the phrases it begins."""


class Vocabulary(NamedTuple):
    """`ideographs` finds words that no space ends."""

    entries: Entries
    ideographs: re.Pattern[str]
    abbreviations: frozenset[str]


_CJK = "\u3005\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7ff"
_IDEOGRAPH = late_pattern(f"[{_CJK}]")
# What stands between tokens is left outside the one group: to split a text is quicker than to find token by token.
_TOKEN = late_pattern(
    rf"""([^\W\d_x{_CJK}][^\W_{_CJK}]*                 # a word
    |x(?:(?=[^\W\d_])[^\W_{_CJK}]*)?                  # a word, or the cross of "2 x 400 IU"
    |(?:[0-9]{{1,4}}[ -])?[0-9]{{1,3}}/[0-9]{{1,3}}(?![0-9/])|[1-9][0-9]{{0,2}}(?:,[0-9]{{3}})+(?![0-9])|[1-9][0-9]{{0,2}}(?:[ ][0-9]{{3}})?[ ]000(?![0-9])|[0-9]+(?:[.,][0-9]+)?
    |[{_CJK}]+
    |[^\s'"]
    |\n)""",
    re.VERBOSE,
)
# Accents are ignored in Latin letters only: a Japanese voicing mark makes another sound, hence another word.
_BASE_LETTERS = {ord("ł"): "l", ord("ø"): "o", ord("đ"): "d", ord("ı"): "i"}
# Letters that stay are entered too: looking for one in vain costs more than finding it.
_SAME = {code: code for code in range(0xC0)}
_OPENING = _SAME | str.maketrans({"[": "(", "{": "(", "]": ")", "}": ")", "~": "-", "×": "x", "、": ",", "。": ".", "⁄": "/", "–": "-",
                          "—": "-", "・": ",", "＝": "="})  # fmt: skip
_ENDINGS = re.compile(r"\((?<=[^\W\d_]\()(?:s|es|ies|n|en|e|r|er|m|ne|a|i|t)\)", re.IGNORECASE)
_NOTHING: Meanings = {}
_NUMBER_LIMIT = Decimal(10_000_000)


def _accentless(char: str) -> str:
    return unicodedata.normalize("NFD", char)[0] if "\u00c0" <= char <= "\u024f" else char


_LATIN = _SAME | {code: _accentless(chr(code)) for code in range(0xC0, 0x250)} | _BASE_LETTERS


def readable(text: str) -> str:
    """The text the grammars read, lines kept apart, words as printed; never longer than they read."""
    text = text[:MAX_READ_CHARACTERS]
    if "\n" in text or "\r" in text:
        text = "\n".join(clean(line).text for line in text.splitlines())
    else:
        text = clean(text).text
    if "(" in text:
        text = _ENDINGS.sub("", text)
    return text.translate(_OPENING)


def fold(text: str) -> str:
    """Lower case without Latin accents, same length as `text`."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    return lower if lower.isascii() else lower.translate(_LATIN)


def tokenise(text: str) -> list[Token]:
    """Tokens of a :func:`readable` text, phrases joined, longest phrase first."""
    if not text:
        return []  # nothing to read needs no vocabulary, whose making is a good part of the audit of one line
    words = vocabulary()
    tokens, openings = _cut(fold(text), words.ideographs, words.entries)
    return _join_phrases(tokens, openings) if openings else tokens


def sentences(tokens: list[Token]) -> Iterator[list[Token]]:
    """Tokens between full stops, semicolons and line ends; a line that plainly goes on is not cut."""
    if not tokens:
        return
    short = vocabulary().abbreviations
    sentence: list[Token] = []
    for index, token in enumerate(tokens):
        ends = False
        if token.text == ".":
            before = sentence[-1].text if sentence else ""
            ends = before not in short
            following = tokens[index + 1].means if index + 1 < len(tokens) else _NOTHING
            if "time_unit" in following:
                ends = ends and not (sentence and sentence[-1].number is not None)  # "jeden 5. Tag"
            elif "audience_age_units" in following:
                ends = ends and not before[-1:].isdigit()  # "dzieci od 1. roku życia"
            if ends and len(sentence) == 1 and sentence[0].number is not None:
                sentence = []  # "1." numbers a list item
        elif token.text == "\n":
            ends = not _runs_on(sentence, tokens, index)
        elif token.text in (";", "!", "?", "•", "|"):
            ends = True
        elif token.text != "'":
            sentence.append(token)
        if ends:
            if sentence:
                yield sentence
            sentence = []
    if sentence:
        yield sentence


def says(tokens: list[Token], meaning: str) -> bool:
    """Whether any of the tokens has a meaning; asked of nearly every sentence, so without a generator."""
    for token in tokens:  # noqa: SIM110
        if meaning in token.means:
            return True
    return False


def parts_of(text: str) -> list[str]:
    """The text cut where a sentence surely ends, no further than the grammars read.

    Labels share their sentences ("Keep out of reach of children."), so that what is read part by part is read seldom.
    """
    text = text[:MAX_READ_CHARACTERS]
    return _full_stop().split(text) if ". " in text else [text]


@lru_cache(maxsize=1)
def _full_stop() -> re.Pattern[str]:
    """A full stop behind a word that is no abbreviation and before a capital."""
    endings = {word[-3:] for word in vocabulary().abbreviations if len(word) >= 3}
    return re.compile(rf"\.(?<=[a-z]{{3}}\.)(?<!{'|'.join(f'{ending}[.]' for ending in sorted(endings))}) +(?=[A-Z])")


_GOES_ON = frozenset(("stop", "and", "or", "joins", "up_to", "every", "per"))
_CONTINUES = frozenset(("period", "count", "times", "part", "unit", "and", "or", "joins", "stop", "meals", "divided"))


def _runs_on(sentence: list[Token], tokens: list[Token], index: int) -> bool:
    if not sentence or index + 1 >= len(tokens):
        return False
    last, first = sentence[-1], tokens[index + 1]
    if "verbs" in first.means:  # "On the daily / Chew one gummy daily": 'chew' is a verb here, not a unit
        return False
    return not last.means.keys().isdisjoint(_GOES_ON) or not first.means.keys().isdisjoint(_CONTINUES)


def _cut(text: str, ideographs: re.Pattern[str], entries: Entries) -> tuple[list[Token], list[tuple[int, Phrases]]]:
    """Tokens with their own meanings, and the places where a phrase may begin."""
    tokens: list[Token] = []
    openings: list[tuple[int, Phrases]] = []
    end = 0
    pieces = iter(_pieces(text, ideographs))
    for gap, word in zip(pieces, pieces, strict=False):  # behind the last word stands a gap alone
        start = end + len(gap)
        end = start + len(word)
        number = None
        if "/" < word < ":":  # it begins with a figure
            # "Omega-3", "B-12": the figure belongs to the name before it.
            named = start > 1 and text[start - 1] == "-" and text[start - 2].isalpha() and text[start - 2] < "\u3000"
            number = None if named else _number(word)
        entry = entries.get(word)
        if entry is None:
            tokens.append(Token(word, _NOTHING, number, start, end))
            continue
        means, phrases = entry
        if phrases:
            openings.append((len(tokens), phrases))
        tokens.append(Token(word, means, means.get("number") if number is None else number, start, end))
    return tokens, openings


def _pieces(text: str, ideographs: re.Pattern[str]) -> list[str]:
    """The text as what stands between words and the words in turn, ideographs cut into words."""
    pieces = _TOKEN.split(text)
    if text.isascii() or not _IDEOGRAPH.search(text):
        return pieces
    cut = pieces[:1]
    for word, gap in zip(pieces[1::2], pieces[2::2], strict=True):
        words = ideographs.findall(word) if _IDEOGRAPH.match(word) else [word]
        cut += ["" if place % 2 else words[place // 2] for place in range(2 * len(words) - 1)]
        cut.append(gap)
    return cut


@lru_cache(maxsize=4_096)
def _number(text: str) -> Decimal | None:
    if len(text) > 12:
        return None
    if "/" in text:
        whole, _, fraction = text.replace("-", " ").rpartition(" ")
        top, _, bottom = fraction.partition("/")
        if not int(bottom):
            return None
        number = Decimal(whole or 0) + Decimal(top) / Decimal(bottom)
    elif re.fullmatch(r"[1-9][0-9]{0,2}([, ][0-9]{3})+", text):
        number = Decimal(text.replace(",", "").replace(" ", ""))
    else:
        number = Decimal(text.replace(",", "."))
    return number if number < _NUMBER_LIMIT else None


def _join_phrases(tokens: list[Token], openings: list[tuple[int, Phrases]]) -> list[Token]:
    joined: list[Token] = []
    done, last = 0, len(tokens) - 1
    for index, phrases in openings:
        if not done <= index < last:
            continue
        second = tokens[index + 1].text
        found = _phrase_at(tokens, index + 1, phrases) if second in phrases or second == "-" else None
        if found:
            means, end = found
            text = " ".join([part.text for part in tokens[index:end]])
            joined += tokens[done:index]
            joined.append(Token(text, means, means.get("number"), tokens[index].start, tokens[end - 1].end))
            done = end
    return joined + tokens[done:] if done else tokens


def _phrase_at(tokens: list[Token], index: int, seconds: dict[str, Any]) -> tuple[Meanings, int] | None:
    """Meanings and end of the longest phrase that goes on at `index`, hyphens between its words ignored."""
    if tokens[index].text == "-" and "-" not in seconds and index + 1 < len(tokens):
        index += 1
    for rest, means in seconds.get(tokens[index].text, ()):
        end = index + 1
        for word in rest[1:]:
            if end < len(tokens) and tokens[end].text == "-" and word != "-":
                end += 1
            if end >= len(tokens) or tokens[end].text != word:
                break
            end += 1
        else:
            return means, end
    return None


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """All wording tables as one vocabulary; a word of two languages keeps both meanings."""
    meanings: dict[str, Meanings] = {}
    abbreviations: set[str] = set()
    for name in ("numbers", "dose_units", "frequencies", "phrases", "audiences"):
        for language, table in wording_table(name).items():
            if language in ("contexts", "groups"):
                continue
            for kind, entry in table.items():
                if kind == "abbreviations":
                    abbreviations.update(map(fold, entry))
                else:
                    _add(meanings, name, kind, entry)
    split = {_words_of(phrase): means for phrase, means in meanings.items()}
    entries: Entries = {}
    for parts, means in sorted(split.items(), key=lambda entry: -len(entry[0])):
        for sign, kinds in _SIGNS.items():
            if not means.keys().isdisjoint(kinds):
                means[sign] = True
        own, seconds = entries.setdefault(parts[0], ({}, {}))
        if len(parts) == 1:
            own.update(means)
        else:
            seconds[parts[1]] = (*seconds.get(parts[1], ()), (parts[1:], means))
    unspaced = sorted({part for parts in split for part in parts if part >= "\u3000"}, key=len, reverse=True)
    return Vocabulary(entries, re.compile("|".join([*unspaced, "."])), frozenset(abbreviations))


def _words_of(phrase: str) -> tuple[str, ...]:
    """The words of an entry as the grammar would cut it; most are plain words, and the tables hold four thousand."""
    words = tuple(phrase.split(" "))
    if phrase.isascii() and phrase.islower() and all(map(str.isalpha, words)) and "x" not in words:
        return words
    return tuple(token.text for token in _cut(fold(readable(phrase)), _EVERY_IDEOGRAPH, {})[0])


_EVERY_IDEOGRAPH = late_pattern(".+")
_SIGNS = {
    "told": ("audience", "every", "every_number", "period", "daily_portion", "period_after_count", "count", "number", "up_to", "between",
             "articles", "one_at_part", "part", "weekday", "weekday_short", "meals", "each_meal", "divided", "split", "split_before", "each_share", "phase", "defines", "each_time", "and", "or",
             "unit", "verbs", "adult_dose", "time_unit"),
    "limits": ("course_limit", "up_to", "ceiling", "ceiling_number", "ceiling_after", "negation", "aside", "supervised", "titration"),
    "noted": ("open_ended", "needed", "depot", "body_weight", "single_dose", "occasion", "portion", "daily_portion"),
    "for_whom": ("group", "audience_not_for", "audience_and_up", "audience_age_units", "audience_age_units_months",
                 "audience_age_units_weeks", "audience_age_units_certain", "audience_age_named", "audience_age_before",
                 "audience_over", "audience_under", "between"),
}  # fmt: skip
"""Marks set beside the meanings that a step looks for, so that it can pass all other tokens by."""


@cache
def wording_table(name: str) -> dict[str, Any]:
    """One file of `auditor/data/wording`: language -> its entries."""
    return tomllib.loads((WORDING / f"{name}.toml").read_text(encoding="utf-8"))


def _rate(text: str) -> Rate:
    """ "2/7" is twice a week; "1..4/14" may be either."""
    times, _, days = text.partition("/")
    low, _, high = times.partition("..")
    rate = Rate(Fraction(low), Fraction(high or low), Fraction(days), bool(high))
    return DAILY if rate == DAILY else rate


def _add(meanings: dict[str, Meanings], name: str, kind: str, entry: Any) -> None:
    """Enter the words of one table entry; the kinds are named as the tables name them."""

    def enter(word: str, meaning: str, value: Any) -> None:
        meanings.setdefault(fold(word), {}).setdefault(meaning, value)

    if name == "dose_units":
        for word in entry:
            if kind == "strength":
                enter(word, "strength", True)
            enter(word, {"strength": "other", "other": "other", "weight": "weight"}.get(kind, "unit"), kind)
    elif name == "audiences":
        audience = "group" if kind in wording_table("audiences")["groups"] else kind
        for word in entry:
            enter(word, audience if audience == "group" else f"audience_{audience}", kind)
    elif kind in ("multiples", "amounts"):
        return  # for amounts only: auditor.wording.number_words
    elif kind in ("words", "ordinals", "count"):
        meaning = {"words": "number", "ordinals": "ordinal", "count": "count"}[kind]
        for word, value in entry.items():
            enter(word, meaning, Decimal(str(value)))
    elif kind == "halves":
        for word in entry:
            enter(word, "half", True)
            enter(word, "number", Decimal("0.5"))
    elif kind in ("periods", "periods_after_count"):
        for rate, words in entry.items():
            for word in words:
                enter(word, kind.replace("periods", "period"), _rate(rate))
    elif kind == "portions":
        for word in entry:
            enter(word, "period", DAILY)
            enter(word, "portion", True)
    elif kind in ("loading", "maintenance"):
        for word in entry:
            enter(word, "phase", kind)
    elif kind in ("time_units", "cjk_time_units", "interval_units"):
        for days, words in entry.items():
            for word in words:
                enter(word, kind[:-1], Fraction(days))
    elif kind in ("parts", "weekdays", "weekdays_short"):
        for slot, words in entry.items():
            for word in words:
                enter(word, {"parts": "part", "weekdays": "weekday"}.get(kind, "weekday_short"), slot)
    else:
        for word in entry:
            enter(word, kind, True)
