"""Directions as read: the case table a nutritionist can check, and what must not matter to the reading."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from auditor.directions import Directions, Regimen, read_directions
from auditor.wording import tokens
from auditor.wording.tokens import fold, readable, tokenise, vocabulary

CASES: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "cases" / "directions.toml").read_text("utf-8"))[
    "case"
]
TEXTS = [case["text"] for case in CASES]
UNITS = set(tokens.wording_table("dose_units")["en"]) - {"other", "strength", "weight"}


def _range(low: Decimal, high: Decimal) -> str:
    ends = [f"{value.normalize():f}" for value in (low, high)]
    return ends[0] if low == high else "..".join(ends)


def _short(regimen: Regimen) -> dict[str, str]:
    """A regimen in the words of the case table."""
    days = f"{regimen.interval_days.normalize():f}"
    short = {
        "units": f"{_range(regimen.quantity_low, regimen.quantity_high)} {regimen.unit}",
        "per": f"{days} day{'s' * (days != '1')}",
    }
    times = _range(regimen.times_low, regimen.times_high)
    return (
        short
        | ({"times": times} if times != "1" else {})
        | ({"for": ", ".join(regimen.contexts)} if regimen.contexts else {})
        | ({"phase": regimen.phase} if regimen.phase else {})
        | ({"amount": f"{_range(*regimen.amount)} {regimen.amount_unit}"} if regimen.amount else {})
    )


def _expected(case: dict[str, Any]) -> list[dict[str, str]]:
    single = {key: case[key] for key in ("units", "times", "per", "for", "amount") if key in case}
    regimens: list[dict[str, str]] = case.get("regimens", [single] if single else [])
    return sorted(regimens, key=str)


def _meaning(directions: Directions) -> tuple[Any, ...]:
    """All that the reading says, without the words as printed."""
    regimens = [(*_short(regimen).items(), regimen.rule) for regimen in directions.regimens]
    return directions.status, regimens, directions.flags


@pytest.mark.parametrize("case", CASES, ids=TEXTS)
def test_case_table(case: dict[str, Any]) -> None:
    read = read_directions(case["text"])
    assert sorted(map(_short, read.regimens), key=str) == _expected(case)
    assert list(read.flags) == sorted(case.get("flags", []))
    assert read.status == case.get("status", "read")
    if "problem" in case:
        assert read.problem == case["problem"]


def test_case_table_has_each_text_once() -> None:
    assert len(TEXTS) == len(set(TEXTS))


def test_units_per_day_are_exact() -> None:
    (regimen,) = read_directions("1-2 capsules every 3 days").regimens
    assert (regimen.units_per_day_low, regimen.units_per_day_high) == (Fraction(1, 3), Fraction(2, 3))


def test_word_and_span_are_as_printed() -> None:
    (regimen,) = read_directions("Suggested use: Take TWO Soft Gels daily, with food.").regimens
    assert (regimen.word, regimen.text) == ("Soft Gels", "TWO Soft Gels daily")


def test_unsaid_unit_is_a_piece_without_word() -> None:
    (regimen,) = read_directions("Take one daily").regimens
    assert (regimen.unit, regimen.word) == ("piece", "")


def test_unread_text_is_quoted_in_short() -> None:
    read = read_directions("Mix a little into whatever you like to eat. " * 20)
    assert read.problem.startswith("Mix a little into")
    assert len(read.problem) <= 80


def test_part_that_was_not_read_is_told_beside_the_rest() -> None:
    assert (
        "chew on gummy"
        in read_directions("Kids 2-3 yrs, chew on gummy daily. 5 yrs and up, chew two gummies daily.").problem
    )


def test_dose_that_found_no_frequency_is_told() -> None:
    assert read_directions("Adult women take 2 softgels; men take 1 softgel daily.").problem == "2 softgels"


@pytest.mark.parametrize("rule", ["", "Take 1 daily."])
def test_text_is_read_to_its_limit_only(rule: str) -> None:
    assert read_directions(rule + " " * 5_000 + "Take 9 daily.").status == ("absent" if not rule else "read")


# --- what must not matter -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", TEXTS)
def test_capitals_do_not_matter(text: str) -> None:
    assert _meaning(read_directions(text.upper())) == _meaning(read_directions(text))


@pytest.mark.parametrize("text", TEXTS)
def test_accents_do_not_matter_in_latin_letters(text: str) -> None:
    assert _meaning(read_directions(fold(readable(text)))) == _meaning(read_directions(text))


@given(st.sampled_from(TEXTS), st.sampled_from([" ", "  ", "\t", "\u00a0", "\u2009", "\u3000", " \u200b"]))
def test_kind_of_space_does_not_matter(text: str, space: str) -> None:
    assert _meaning(read_directions(text.replace(" ", space))) == _meaning(read_directions(text))


@given(st.sampled_from(TEXTS), st.sampled_from("‐‑‒–—−－"))
def test_kind_of_dash_does_not_matter(text: str, dash: str) -> None:
    assert _meaning(read_directions(text.replace("-", dash))) == _meaning(read_directions(text))


@given(st.sampled_from(TEXTS))
def test_full_width_digits_do_not_matter(text: str) -> None:
    wide = text.translate({ord("0") + digit: chr(ord("０") + digit) for digit in range(10)})
    assert _meaning(read_directions(wide)) == _meaning(read_directions(text))


@given(st.text(max_size=300))
def test_any_text_is_read_without_error(text: str) -> None:
    _check_sound(read_directions(text))


WORDS = sorted({word for text in TEXTS for word in text.replace("\n", " \n ").split(" ")})


@settings(max_examples=300)
@given(st.lists(st.sampled_from(WORDS), max_size=25))
@example(["2x2", "or", "0-0-1"])  # was read as a range down to nothing
def test_any_order_of_direction_words_is_read_without_error(words: list[str]) -> None:
    _check_sound(read_directions(" ".join(words)))


def _check_sound(read: Directions) -> None:
    assert read.status in ("absent", "read", "unread", "ambiguous")
    assert bool(read.regimens) or read.status != "read"
    keys = {(regimen.contexts, regimen.unit, regimen.phase, regimen.interval_days) for regimen in read.regimens}
    assert len(keys) == len(read.regimens)
    for regimen in read.regimens:
        assert 0 < regimen.quantity_low <= regimen.quantity_high
        assert 0 < regimen.times_low <= regimen.times_high
        assert regimen.interval_days > 0
        assert regimen.unit in UNITS
        assert regimen.phase in ("", "loading", "maintenance")
        assert 0 < regimen.units_per_day_low <= regimen.units_per_day_high


HOSTILE = ["1 ", "1 of ", "half ", "(", "1 capsule (", "over ", "kids, ", "-", "1-", "1 (1) ", "daily ", "and 1 in the morning ",
           "every ", "no, take ", "überschreiten, nehmen ", "1/1", "粒", "1日", "up to ", "4+ ", "1 capsule every 97 days. ", "a half of "]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_long_hostile_text_costs_linear_work(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four times the text may cost at most six times the steps (function calls and lines counted by the interpreter)."""
    vocabulary()
    assert (
        _steps(piece * (3_600 // len(piece)), monkeypatch)
        < 6 * _steps(piece * (900 // len(piece)), monkeypatch) + 2_000
    )


def _steps(text: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Lines of our reading code run for a text."""
    import sys

    steps = 0

    def count(frame: Any, event: str, argument: Any) -> Any:
        nonlocal steps
        steps += 1
        return count if "auditor" in frame.f_code.co_filename else None

    monkeypatch.undo()
    before = sys.gettrace()
    sys.settrace(count)
    try:
        read_directions(text)
    finally:
        sys.settrace(before)
    return steps


# --- the wording tables ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["numbers", "dose_units", "frequencies", "phrases", "audiences"])
def test_each_wording_table_has_every_language(name: str) -> None:
    languages = set(tokens.wording_table(name)) - {"contexts", "groups"}
    assert {
        "en",
        "de",
        "fr",
        "es",
        "it",
        "pt",
        "pl",
        "nl",
        "sv",
        "ro",
        "ru",
        "tr",
        "hu",
        "cs",
        "fi",
        "is",
        "ja",
    } <= languages


def test_a_word_counts_one_unit_only_or_is_told() -> None:
    """A word that means two dose units in two languages would be read by the first; the known ones are harmless."""
    seen: dict[str, set[str]] = {}
    for table in tokens.wording_table("dose_units").values():
        for unit, words in table.items():
            for word in words:
                seen.setdefault(fold(word), set()).add(unit)
    assert {word: units for word, units in seen.items() if len(units) > 1} == {}


def test_phrases_are_joined_longest_first() -> None:
    assert [token.text for token in tokenise("2 soft gel capsules every other day")] == [
        "2",
        "soft gel capsules",
        "every other day",
    ]


def test_texts_that_tell_the_same_share_one_reading() -> None:
    first, second = (
        read_directions(f"Take 2 softgels daily with a meal. {rest}").regimens for rest in ("Keep dry.", "Keep cool.")
    )
    assert first
    assert first is second
