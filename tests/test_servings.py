"""Serving sizes as read: the case table, the record's own count, and what must not matter."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.servings import Serving, read_serving

CASES: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "cases" / "servings.toml").read_text("utf-8"))[
    "case"
]
TEXTS = [case["text"] for case in CASES]


def _short(serving: Serving) -> list[str]:
    return [f"{count.normalize():f} {unit}" for unit, count in serving.counts]


@pytest.mark.parametrize("case", CASES, ids=[f"{case['text']} [{case.get('units_per_serving', '')}]" for case in CASES])
def test_case_table(case: dict[str, Any]) -> None:
    serving = read_serving(case["text"], case.get("units_per_serving", ""))
    assert _short(serving) == case.get("counts", [])
    assert serving.per_day is case.get("per_day", False)
    assert serving.problem == case.get("problem", "")


def test_counts_are_exact_decimals() -> None:
    assert read_serving("0,1 ml (3 Tropfen)").counts == (("ml", Decimal("0.1")), ("drop", Decimal(3)))


@given(st.sampled_from(TEXTS), st.sampled_from([" ", "  ", "\u00a0", "\u2009"]))
def test_kind_of_space_and_capitals_do_not_matter(text: str, space: str) -> None:
    assert read_serving(text.upper().replace(" ", space)) == read_serving(text)


@given(st.sampled_from(TEXTS))
def test_full_width_digits_do_not_matter(text: str) -> None:
    assert read_serving(
        text.translate({ord("0") + digit: chr(ord("０") + digit) for digit in range(10)})
    ) == read_serving(text)


@given(st.text(max_size=200), st.text(max_size=12))
def test_any_text_is_read_without_error(text: str, stated: str) -> None:
    serving = read_serving(text, stated)
    assert serving.problem in ("", "serving-unread", "serving-range", "serving-conflict")
    assert all(count > 0 for _, count in serving.counts)
    assert serving.counts or serving.problem or not text.strip()


@pytest.mark.parametrize("stated", ["nan", "inf", "-1", "1e999999999", "0", "²", "1" * 500])
def test_record_count_that_is_no_number_is_ignored(stated: str) -> None:
    assert read_serving("2 capsules", stated).counts == (("piece", Decimal(2)),)
