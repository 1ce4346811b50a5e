"""The verdicts of a label in every context are those of an audit in every context."""

from __future__ import annotations

from pathlib import Path

import pytest
from label_builder import label

from auditor.engines import read_everything
from auditor.explain import lines_of
from auditor.matrix import verdicts_by_context
from auditor.pipeline import audit_lines
from auditor.words import capital, form_name

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def catalogue():
    return read_everything([ROOT / "products"]).lines


def test_matrix_says_what_the_audit_in_every_context_says(catalogue) -> None:
    some = list(catalogue["product_id"].astype("str").unique())[::9]
    audit = audit_lines(catalogue[catalogue["product_id"].isin(some)], context="all")
    classes = audit.products.set_index(["product_id", "context"])["class"]
    for product_id in some:
        matrix = verdicts_by_context(lines_of(catalogue, product_id))
        for context in matrix.columns:
            assert matrix.loc["Class", context] == classes[product_id, context], (product_id, context)
        doses = audit.doses[audit.doses["product_id"] == product_id]
        for row in doses.drop_duplicates(["context", "nutrient", "form"]).itertuples():
            assert matrix.loc[capital(form_name(row.nutrient, row.form)), row.context] == row.verdict, product_id


def test_label_without_the_vitamins_has_a_class_only() -> None:
    matrix = verdicts_by_context(label("Vitamin C 80 mg"))
    assert list(matrix.index) == ["Class"]
