"""What labels claim in their languages, and what the auditor writes beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from case_tables import grouped_cases

from auditor import audit
from auditor.checks.claim_words import animal_source, diet_claim, disease_claim, languages

LABELS = Path(__file__).parent / "fixtures" / "invented"
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


@pytest.mark.parametrize("name", ["claims.csv"])
def test_invented_labels_get_the_margin_notes_a_reviewer_wrote_first(name: str) -> None:
    """The column `expected` was written before the audit was run; it holds all findings of the label."""
    labels = pd.read_csv(LABELS / name, dtype="str", keep_default_na=False).drop_duplicates("product_id")
    found = audit(str(LABELS / name)).findings
    told = {label: " ".join(sorted(set(part["finding_id"]))) for label, part in found.groupby("product_id")}
    expected = {row.product_id: " ".join(sorted(row.expected.split())) for row in labels.itertuples()}
    assert {label: told.get(label, "") for label in expected} == expected
