"""Invented labels and all findings that a careful reviewer expects of them, written down before the audit was run."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from auditor import audit

INVENTED = Path(__file__).parent / "fixtures" / "invented"


@pytest.mark.parametrize("path", sorted(INVENTED.glob("*.csv")), ids=lambda path: path.stem)
def test_invented_labels_get_the_margin_notes_of_a_reviewer(path: Path) -> None:
    labels = pd.read_csv(path, dtype="str", keep_default_na=False).drop_duplicates("product_id")
    found = audit(str(path)).findings
    told = {label: " ".join(sorted(set(part["finding_id"]))) for label, part in found.groupby("product_id")}
    expected = {row.product_id: " ".join(sorted(row.expected.split())) for row in labels.itertuples()}
    assert {label: told.get(label, "") for label in expected} == expected


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("s01", "the percent is ten times too high"),
        ("s03", "the percent is a hundred times too low"),
        ("s05", "the percent is a hundred times too high"),
        ("s06", "IU printed as mcg (1000 IU = 25 mcg), 125 % fits that; both were judged"),
        ("s10", "0,002 mg and 800 I.E."),
        ("s12", "83 % is that of 0.1 mg"),
        ("s20", "ten times too low for the former US value of 10 mcg"),
        ("s21", "125 % is that of 0.025 mg"),
        ("s22", "mg printed for mcg (2.5 mcg, or 0.025 mg by its 125 %)"),
        ("s28", "IU printed as mcg (1,000 IU = 25 mcg), the product's name gives IU"),
    ],
)
def test_slips_are_named(label: str, words: str, slips: pd.DataFrame) -> None:
    assert slips.loc[slips["product_id"] == label, "message"].str.contains(words, regex=False).any()


@pytest.fixture(scope="module")
def slips() -> pd.DataFrame:
    """Findings of the invented labels with slips."""
    return audit(str(INVENTED / "slips.csv")).findings
