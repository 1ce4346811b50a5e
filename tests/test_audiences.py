"""Audiences as read: the case table, and that its contexts are those of the evidence edition."""

from __future__ import annotations

import csv
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.audiences import mark_audiences, names_others_than_adults, read_audience
from auditor.directions import read_directions
from auditor.wording.tokens import readable, tokenise, wording_table

HERE = Path(__file__).parent

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


def _every_text() -> list[str]:
    """Directions of the case table and of the shipped catalogue, and those with a sentence about others put behind."""
    cases = tomllib.loads((HERE / "cases" / "directions.toml").read_text("utf-8"))["case"]
    texts = {case["text"] for case in cases}
    for path in (HERE.parent / "products").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            texts |= {row[name] for row in csv.DictReader(file) for name in ("directions", "name", "audience")}
    return sorted(texts) + [f"{text}. Children 4 to 8 years: half of it" for text in sorted(texts)[::7]]


def test_directions_that_are_not_read_name_adults_at_most() -> None:
    missed = [
        text
        for text in _every_text()
        if not names_others_than_adults(text)
        and {context for regimen in read_directions(text).regimens for context in regimen.contexts} - {"adult"}
    ]
    assert missed == []


def test_the_quick_look_for_people_misses_nobody() -> None:
    def slowly(text: str) -> set[str]:
        marked = mark_audiences(tokenise(readable(text)))
        return {context for token in marked for context in token.means.get("audience", ())}

    assert [text for text in _every_text() if slowly(text) != set(read_audience(text))] == []


def test_adults_alone_need_no_reading() -> None:
    assert not names_others_than_adults("As a dietary supplement, adults take two softgels daily with a meal.")
    assert names_others_than_adults("Adults 12 years and over: one a day")
    assert names_others_than_adults("Adults take one. Do not give to children.") is False
