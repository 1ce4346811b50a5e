"""Counts and spreads: every row counted once, in a declared order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from audit_builder import products_of, table_of

from auditor import summary
from auditor.labels import Label, LabelLine, label_frame
from auditor.pipeline import Audit, audit_lines
from auditor.schema import CLASSES, VERDICTS, empty_table

TEXTS = {
    "studied": "Vitamin D3 25 mcg (1,000 IU)", "high": "Vitamin D3 125 mcg (5,000 IU)", "low": "Vitamin K2 (MK-7) 45 mcg",
    "open": "Vitamin K2 200 mcg", "none": "Vitamin D3", "both": "Vitamin D3 50 mcg; Vitamin K2 (MK-7) 100 mcg",
}  # fmt: skip


@pytest.fixture(scope="module")
def audit() -> Audit:
    labels = [
        Label(
            product_id=name,
            lines=tuple(LabelLine(ingredient=part) for part in text.split("; ")),
            serving_size="1 softgel",
            directions="1 softgel daily",
        )
        for name, text in TEXTS.items()
    ]
    return audit_lines(label_frame(labels))


def empty() -> Audit:
    return Audit(*(empty_table(name) for name in ("products", "doses", "findings", "rejects")))


def counts(table: pd.DataFrame, key: str, value: str = "products") -> dict[str, int]:
    return {row[key]: row[value] for row in table.to_dict("records") if row[value]}


def test_classes_are_counted_in_order_with_shares(audit: Audit) -> None:
    table = summary.class_counts(audit)
    assert list(table["class"]) == list(CLASSES)
    assert counts(table, "class") == {
        "sub-therapeutic": 1,
        "studied-range": 2,
        "high-dose": 1,
        "depends": 1,
        "not-computable": 1,
    }
    assert table["share"].sum() == pytest.approx(1)


def test_verdicts_count_absent_too(audit: Audit) -> None:
    table = summary.verdict_counts(audit, "vitamin_k2")
    assert list(table["verdict"]) == list(VERDICTS)
    assert counts(table, "verdict") == {"sub-therapeutic": 1, "studied-range": 1, "depends": 1, "absent": 3}


def test_coverage_tells_why_doses_are_missing(audit: Audit) -> None:
    table = summary.coverage(audit)
    assert list(table.columns) == ["nutrient", "name", "reason", "short", "sentence", "doses", "share"]
    d = table[table["nutrient"] == "vitamin_d"]
    assert list(zip(d["reason"], d["doses"], strict=True)) == [("", 3), ("amount-missing", 1)]
    assert list(d["share"]) == [0.75, 0.25]
    assert d["sentence"].iloc[1].startswith("The label names vitamin D but gives no amount")


def test_open_reasons_are_told_in_words(audit: Audit) -> None:
    (row,) = summary.open_reasons(audit).to_dict("records")
    assert (row["nutrient"], row["reason"], row["doses"]) == ("vitamin_k2", "form-unstated", 1)
    assert "form" in row["sentence"]


def test_findings_are_counted_by_product_gravest_first() -> None:
    rows = [
        {"product_id": "1", "finding_id": "b-note", "severity": "note"}, {"product_id": "1", "finding_id": "a-warn", "severity": "warning"},
        {"product_id": "1", "finding_id": "a-warn", "severity": "warning"}, {"product_id": "2", "finding_id": "z-error", "severity": "error"},
    ]  # fmt: skip
    table = summary.finding_counts(
        Audit(empty_table("products"), empty_table("doses"), table_of("findings", rows), empty_table("rejects"))
    )
    assert table.to_numpy().tolist() == [
        ["error", "z-error", 1, 1],
        ["warning", "a-warn", 2, 1],
        ["note", "b-note", 1, 1],
    ]


def test_forms_are_counted_once_a_product(audit: Audit) -> None:
    table = summary.form_counts(audit)
    assert {(row["nutrient"], row["form"]): row["products"] for row in table.to_dict("records")} == {
        ("vitamin_d", "d3"): 4, ("vitamin_k2", "mk7"): 2, ("vitamin_k2", "unstated"): 1,
    }  # fmt: skip
    assert table["name"].iloc[0] == "vitamin D3"


def test_histogram_keeps_every_positive_dose() -> None:
    doses = table_of(
        "doses",
        [
            {"nutrient": "vitamin_d", "form": "d3", "daily_mcg_high": value}
            for value in (0.0, 1.0, 10.0, 10.0, 1000.0, None)
        ],
    )
    table = summary.dose_histogram(doses, "vitamin_d", bins=3)
    assert list(table["doses"]) == [1, 2, 1]
    assert np.allclose(table["mcg_from"], [1, 10, 100])
    assert summary.dose_histogram(doses, "vitamin_d", "d2").empty


def test_histogram_of_one_dose_is_one_bar() -> None:
    doses = table_of("doses", [{"nutrient": "vitamin_d", "daily_mcg_high": 25.0}])
    assert summary.dose_histogram(doses, "vitamin_d")["doses"].sum() == 1


def test_market_map_gives_points_and_bins_a_crowd() -> None:
    products = products_of(
        *(
            {"product_id": str(n), "vitamin_d_daily_mcg_high": 25.0 + n % 3, "vitamin_k2_daily_mcg_high": 100.0}
            for n in range(30)
        )
    )
    points = summary.market_map(products)
    assert (len(points), points["products"].sum()) == (30, 30)
    cells = summary.market_map(products, limit=10)
    assert len(cells) == 3
    assert cells["products"].sum() == 30
    assert list(cells.columns) == list(points.columns)


def test_market_map_leaves_out_products_without_both() -> None:
    assert summary.market_map(products_of({"vitamin_k2_daily_mcg_high": None})).empty


def test_rejects_are_grouped_with_an_example() -> None:
    rejects = table_of(
        "rejects",
        [{"reason": "a", "message": "first"}, {"reason": "b", "message": "only"}, {"reason": "a", "message": "second"}],
    )
    table = summary.rejects_by_reason(
        Audit(empty_table("products"), empty_table("doses"), empty_table("findings"), rejects)
    )
    assert table.to_numpy().tolist() == [["a", 2, "first"], ["b", 1, "only"]]


def test_contexts_carry_their_titles(audit: Audit) -> None:
    assert summary.context_counts(audit).to_dict("records") == [
        {"context": "adult", "title": "Adults in general", "products": 6, "share": 1.0}
    ]


def test_class_changes_name_old_and_new(audit: Audit) -> None:
    other = Audit(audit.products.assign(**{"class": "high-dose"}), audit.doses, audit.findings, audit.rejects)
    table = summary.class_changes(audit, other)
    assert list(table.columns) == ["product_id", "name", "context", "old", "new"]
    assert "high" not in set(table["product_id"])
    assert set(table["new"]) == {"high-dose"}
    assert len(table) == 5


@pytest.mark.parametrize(
    "function",
    [
        "class_counts",
        "coverage",
        "open_reasons",
        "finding_counts",
        "form_counts",
        "rejects_by_reason",
        "context_counts",
    ],
)
def test_empty_audit_gives_tables_without_counts(function: str) -> None:
    table = getattr(summary, function)(empty())
    assert table.select_dtypes("number").to_numpy().sum() == 0
