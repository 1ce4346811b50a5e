"""Audiences as read: the case table, and that its contexts are those of the evidence edition."""

from __future__ import annotations

import csv
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.audiences import mark_audiences, may_name_anybody, names_others_than_adults, read_audience
from auditor.directions import may_dose_others, read_directions
from auditor.wording.tokens import parts_of, readable, tokenise, wording_table

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
    return sorted(texts) + [
        f"{text}. {more}"
        for text in sorted(texts)[::7]
        for more in ("Children 4 to 8 years: half of it", "Ask your doctor before use if you are pregnant or nursing.")
    ]


def test_directions_that_are_not_read_name_adults_at_most() -> None:
    texts = np.array(_every_text(), dtype=object)
    missed = [
        text
        for text in texts[~may_dose_others(texts)]
        if {context for regimen in read_directions(text).regimens for context in regimen.contexts} - {"adult"}
    ]
    assert missed == []


def test_the_quick_look_for_people_misses_nobody() -> None:
    def slowly(text: str) -> set[str]:
        marked = mark_audiences(tokenise(readable(text)))
        return {context for token in marked for context in token.means.get("audience", ())}

    texts = np.array(_every_text(), dtype=object)
    assert [text for text in texts if slowly(text) != set(read_audience(text))] == []
    assert [text for text in texts[~may_name_anybody(texts)] if slowly(text)] == []


PEOPLE = ("Adults", "Women", "Erwachsene", "Adultes", "men and women", "Elderly", "Adults (including the elderly)")
VERBS = ("", "take", "nehmen", "prendre", ":", ", take", "chew")
AGES = ("18", "12+", "12 years", "over 12", "aged 12 and over", "(12+)", "from 16 years", "ab 12 Jahren", "> 12", "between 12 and 18", "twelve",
        "over 18: 2", "18 and older take 1", "(16 years and above)")  # fmt: skip


def test_a_verb_ends_the_search_for_the_age_of_adults_and_loses_none() -> None:
    def slowly(text: str) -> bool:
        marked = [token for part in parts_of(text) for token in mark_audiences(tokenise(readable(part)))]
        return any(context != "adult" for token in marked for context in token.means.get("audience", ()))

    behind = [
        f"{who} {verb} {age} {rest}" for who in PEOPLE for verb in VERBS for age in AGES for rest in ("", "take 2")
    ]
    before = [f"{age} {who} {verb} 2" for who in PEOPLE for verb in VERBS for age in AGES]
    texts = behind + before
    assert [text for text in texts if any(map(names_others_than_adults, parts_of(text))) != slowly(text)] == []


def test_adults_alone_need_no_reading() -> None:
    texts = (
        "As a dietary supplement, adults take two softgels daily with a meal.",
        "Adults 12 years and over: one a day",
        "Adults take one. Do not give to children.",
        "",
        "Take 1 capsule daily. Consult your physician before use if you are pregnant or nursing.",
        "Take 1 capsule daily. Pregnant women take 2 capsules daily.",
        "For children. Take 1 capsule daily.",
        "Pregnant women should ask their physician before use. Take 1 capsule daily.",
    )
    needed = [False, True, False, False, False, True, True, False]
    assert may_dose_others(np.array(texts, dtype=object)).tolist() == needed
    assert may_dose_others(np.array([], dtype=object)).tolist() == []
