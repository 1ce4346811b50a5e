"""What labels claim in their languages, and what the auditor writes beside it."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from case_tables import grouped_cases

from auditor.checks.claim_words import animal_source, any_of, diet_claim, disease_claim, hint_of, languages
from auditor.searching import _is_shared

SENTENCES = grouped_cases("claims.toml")


@pytest.mark.parametrize(("title", "case"), SENTENCES, ids=[case["text"][:40] for _, case in SENTENCES])
def test_a_sentence_claims_what_it_says(title: str, case: dict[str, Any]) -> None:
    claim = disease_claim(case["text"])
    assert (claim.words if claim else "") == case["claimed"], title
    diet = diet_claim(case["text"])
    assert (diet.vegan if diet else "", diet.vegetarian if diet else "") == (
        case.get("vegan", ""),
        case.get("vegetarian", ""),
    )


def test_eleven_languages_are_read() -> None:
    assert languages() == ("en", "de", "fr", "es", "it", "pt", "pl", "nl", "sv", "ja", "zh")


@pytest.mark.parametrize(
    ("line", "source"),
    [
        ("Vitamin D3 (as cholecalciferol from lanolin)", ("lanolin", False)),
        ("Vitamin D3 (aus Schafwolle)", ("Schafwolle", False)),
        ("Vitamin D3 (from cod liver oil)", ("cod liver", True)),
        ("Vitamin D3 (from lichen, lanolin-free)", ("", False)),
        ("Vitamin D3 (not from lanolin)", ("", False)),
        ("Gelatin, glycerin", ("Gelatin", True)),
        ("Vitamin D3 (from lichen)", ("", False)),
    ],
)
def test_animal_sources_are_read(line: str, source: tuple[str, bool]) -> None:
    assert animal_source(line) == source


@pytest.mark.parametrize("kinds", [("potency",), ("rich", "good", "source"), ("heart",)])
def test_words_that_whole_markets_are_searched_for_suit_the_automaton(kinds: tuple[str, ...]) -> None:
    """A look-ahead among them would make the search of a market two hundred times slower."""
    assert _is_shared(any_of(*kinds))


@pytest.mark.parametrize("kinds", [("diseases", "illness"), ("vegan", "vegetarian")])
def test_every_text_that_is_read_is_hinted_at(kinds: tuple[str, ...]) -> None:
    texts = [case["text"] for _, case in SENTENCES]
    hinted = pc.match_substring_regex(pa.array(texts, pa.large_string()), hint_of(*kinds), ignore_case=True).to_pylist()
    exact = [re.search(any_of(*kinds), text, re.IGNORECASE) is not None for text in texts]
    assert [text for text, found, hint in zip(texts, exact, hinted, strict=True) if found and not hint] == []
    assert 0 < sum(hinted) < len(texts)
