"""Audiences as read: the case table, and that its contexts are those of the evidence edition."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.audiences import read_audience
from auditor.wording.tokens import wording_table

CASES: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "cases" / "audiences.toml").read_text("utf-8"))[
    "case"
]
TEXTS = [case["text"] for case in CASES]


@pytest.mark.parametrize("case", CASES, ids=TEXTS)
def test_case_table(case: dict[str, Any]) -> None:
    assert list(read_audience(case["text"])) == case["contexts"]


def test_contexts_and_their_ages_are_those_of_the_evidence_edition() -> None:
    text = (files("auditor") / "data" / "evidence" / "edition.toml").read_text(encoding="utf-8")
    contexts = {context["id"]: context for context in tomllib.loads(text)["context"]}
    ages = wording_table("audiences")["contexts"]
    assert "pregnancy" in contexts
    for name, (low, high) in ages.items():
        assert contexts[name].get("age_from_years", 0) == low
        assert contexts[name].get("age_to_years", high) == high


@given(st.sampled_from(TEXTS), st.sampled_from(["  ", "\u00a0", "\t"]))
def test_capitals_and_kind_of_space_do_not_matter(text: str, space: str) -> None:
    assert read_audience(text.upper().replace("SSER", "ßER").replace(" ", space)) == read_audience(text)


@given(st.sampled_from(TEXTS), st.sampled_from("‐‑–—−－"))
def test_kind_of_dash_does_not_matter(text: str, dash: str) -> None:
    assert read_audience(text.replace("-", dash)) == read_audience(text)


@given(st.lists(st.sampled_from([word for text in TEXTS for word in text.split()]), max_size=20))
def test_any_order_of_audience_words_gives_known_contexts_once(words: list[str]) -> None:
    named = read_audience(" ".join(words))
    assert len(set(named)) == len(named)
    assert set(named) <= {*wording_table("audiences")["contexts"], "pregnancy"}


@given(st.text(max_size=200))
def test_any_text_is_read_without_error(text: str) -> None:
    assert isinstance(read_audience(text), tuple)
