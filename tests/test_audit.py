"""Whole labels: the table `tests/cases/products.toml`, and what an audit promises of its tables."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pytest
from case_tables import load_cases
from label_builder import ONE_A_DAY, audit_of, label, only

from auditor.errors import UsageError
from auditor.evidence import load_evidence
from auditor.labels import LINE_COLUMNS, Label, LabelLine, label_frame
from auditor.pipeline import Audit, audit_lines
from auditor.schema import TABLES

PRODUCTS = {entry["title"]: entry for entry in load_cases("products.toml")["product"]}
CONTEXTS = ("adult", "bone")


def label_of(title: str) -> pd.DataFrame:
    entry = PRODUCTS[title]
    columns = {**ONE_A_DAY, **{key: value for key, value in entry.items() if key in LINE_COLUMNS}}
    return label(*entry.get("lines", ()), *entry.get("rows", ()), product_id=title, **columns)


@cache
def audit_in(context: str) -> Audit:
    """All products of the table audited together."""
    return audit_lines(pd.concat([label_of(title) for title in PRODUCTS]), context=context)


def both_ends(value: Any) -> list[float]:
    return [float(end) for end in (value if isinstance(value, list) else [value] * 2)]


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("title", PRODUCTS)
def test_product_has_the_doses_and_class_of_its_study(title: str, context: str) -> None:
    products = audit_in(context).products
    product = only(products[products["product_id"] == title])
    expected = PRODUCTS[title][context]
    assert product["context"] == context
    assert (product["vitamin_d_verdict"], product["vitamin_k2_verdict"]) == (expected["d"], expected["k2"])
    assert product["class"] == expected["class"]
    assert product["possible_classes"].split(";") == expected.get("possible", [expected["class"]])
    if "d_mcg" in expected:
        assert [product["vitamin_d_daily_mcg_low"], product["vitamin_d_daily_mcg_high"]] == both_ends(expected["d_mcg"])
    if "k2_mcg" in expected:
        assert [product["vitamin_k2_daily_mcg_low"], product["vitamin_k2_daily_mcg_high"]] == both_ends(
            expected["k2_mcg"]
        )
    if "over_upper_level" in expected:
        assert product["over_upper_level"] == expected["over_upper_level"]


@pytest.mark.parametrize("title", [title for title, entry in PRODUCTS.items() if "with" in entry or "without" in entry])
def test_product_has_the_findings_of_its_study(title: str) -> None:
    products = audit_in("adult").products
    found = set(only(products[products["product_id"] == title])["finding_ids"].split(";"))
    assert set(PRODUCTS[title].get("with", ())) <= found
    assert not set(PRODUCTS[title].get("without", ())) & found


# ---- the tables --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_tables_have_the_columns_of_the_contract_in_order(table: str) -> None:
    assert list(getattr(audit_in("adult"), table).columns) == [column.name for column in TABLES[table]]


@pytest.mark.parametrize("table", ["products", "doses", "findings"])
def test_cells_hold_only_the_words_that_the_schema_lists(table: str) -> None:
    frame = getattr(audit_in("adult"), table)
    for column in TABLES[table]:
        if column.values:
            assert set(frame[column.name]) <= {*column.values, ""}, column.name


def test_iu_are_forty_per_mcg_and_absent_for_calcifediol_and_vitamin_k() -> None:
    doses = audit_of("Vitamin D3 62.5 mcg", "Calcifediol 10 mcg", "Vitamin K2 (MK-7) 100 mcg").doses.set_index("form")
    assert doses.loc["d3", "daily_iu_high"] == 2500
    assert doses.loc[["calcifediol", "mk7"], "daily_iu_high"].isna().all()


def test_counts_of_findings_are_the_findings() -> None:
    audit = audit_in("adult")
    counted = audit.findings.groupby("product_id")["severity"].value_counts()
    for product in audit.products.to_dict("records"):
        for severity in ("error", "warning", "note"):
            assert product[f"{severity}s"] == counted.get((product["product_id"], severity), 0)


def test_columns_of_the_input_pass_through() -> None:
    product = only(audit_of("Vitamin D3 25 mcg", shelf="B 12", brand="Acme", upc="012345678905").products)
    assert (product["shelf"], product["brand"], product["upc"]) == ("B 12", "Acme", "012345678905")


def test_label_without_either_vitamin_is_audited_alone() -> None:
    audit = audit_of("Magnesium 100 mg")
    product = only(audit.products)
    assert (product["class"], product["vitamin_d_verdict"], product["vitamin_k2_verdict"]) == (
        "not-established",
        "absent",
        "absent",
    )
    assert (len(audit.doses), len(audit.rejects)) == (0, 0)


def test_empty_line_table_gives_empty_tables() -> None:
    audit = audit_lines(label("Vitamin D3 25 mcg").iloc[:0])
    assert [len(getattr(audit, table)) for table in TABLES] == [0, 0, 0, 0]
    assert audit.summary.rows_in == 0


def test_price_per_day_is_price_times_servings_a_day_by_servings_in_the_package() -> None:
    twice = {"serving_size": "1 softgel", "directions": "Take 1-2 softgels daily"}
    product = only(
        audit_of("Vitamin D3 25 mcg", price="12.00", currency="EUR", servings_per_container="60", **twice).products
    )
    assert (product["price_per_day"], product["currency"]) == (0.4, "EUR")


# ---- contexts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("audience", "name", "directions", "context"),
    [
        ("", "D3 1000", "Take 1 softgel daily", "adult"),
        ("Adults and Children 4 or more years of age", "Multi", "", "adult"),
        ("Infants 0-6 months", "Baby drops", "", "infant-0-6m"),
        ("Children 4-8", "Kids D", "", "child-4-8"),
        ("", "Prenatal Multi", "Take 1 tablet daily", "pregnancy"),
        ("", "D drops", "Children 1-3 years: give 1 drop daily", "child-1-3"),
    ],
)
def test_auto_context_is_the_audience_the_label_names(audience: str, name: str, directions: str, context: str) -> None:
    frame = label("Vitamin D3 10 mcg", audience=audience, name=name, directions=directions, serving_size="1 drop")
    assert only(audit_lines(frame).products)["context"] == context


def test_all_contexts_give_one_row_each_in_the_order_of_the_edition() -> None:
    audit = audit_of("Vitamin D3 100 mcg", context="all")
    assert audit.products["context"].tolist() == list(load_evidence().contexts)
    verdicts = audit.products.set_index("context")["vitamin_d_verdict"]
    assert (verdicts["adult"], verdicts["bone"], verdicts["ckd"]) == ("studied-range", "high-dose", "not-established")


def test_column_for_children_is_left_out_of_the_adult_dose() -> None:
    rows = [{"ingredient": "Vitamin D3 15 mcg", "audience": "Children 1-3", "serving_order": "1"},
            {"ingredient": "Vitamin D3 30 mcg", "audience": "Adults", "serving_order": "2"}]  # fmt: skip
    assert only(audit_of(*rows).doses)["daily_mcg_high"] == 30
    assert only(audit_of(*rows, context="child-1-3").doses)["daily_mcg_high"] == 15


def test_market_of_the_run_is_taken_where_the_label_says_none() -> None:
    line = "Vitamin D3 1.000 I.E."
    stated = audit_lines(
        pd.concat([label(line, product_id="1"), label(line, product_id="2", market="us")]), market="de"
    )
    assert stated.products["market"].tolist() == ["de", "us"]


# ---- rejects and refusals ----------------------------------------------------------------------------------------------


def test_unusable_amount_rejects_its_row_and_keeps_the_product() -> None:
    rows = [{"ingredient": "Vitamin D3", "amount": "NaN", "unit": "mcg", "row": "2", "input": "x.csv"},
            {"ingredient": "Vitamin K2 (MK-7) 100 mcg", "row": "3", "input": "x.csv"}]  # fmt: skip
    audit = audit_of(*rows)
    reject = only(audit.rejects)
    assert (reject["source"], reject["row"], reject["column"], reject["value"], reject["reason"]) == (
        "x.csv",
        "2",
        "amount",
        "NaN mcg",
        "amount-not-a-number",
    )
    product = only(audit.products)
    assert (product["vitamin_d_verdict"], product["vitamin_k2_verdict"]) == ("not-computable", "studied-range")
    assert (audit.summary.rows_in, audit.summary.rows_audited, audit.summary.rows_rejected) == (2, 1, 1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"context": "elderly"}, ("context", "elderly", "bone")),
        ({"market": "mars"}, ("market", "mars", "us")),
        ({"authority": "WHO"}, ("authority", "WHO", "EFSA")),
    ],
)
def test_unknown_option_is_refused_with_what_is_accepted(options: dict[str, str], words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as refused:
        audit_lines(label("Vitamin D3 25 mcg"), **options)
    (problem,) = refused.value.problems
    assert all(word in problem for word in words)
    assert refused.value.exit_code == 2


def test_all_unknown_options_are_told_at_once() -> None:
    with pytest.raises(UsageError) as refused:
        audit_lines(label("Vitamin D3 25 mcg"), context="elderly", market="mars", authority="WHO")
    assert len(refused.value.problems) == 3


@pytest.mark.parametrize("column", ["product_id", "ingredient"])
def test_needed_column_that_is_missing_is_named(column: str) -> None:
    with pytest.raises(UsageError, match=column):
        audit_lines(label("Vitamin D3 25 mcg").drop(columns=column))


# ---- labels as records ---------------------------------------------------------------------------------------------------


def test_label_given_as_a_record_is_audited_like_a_table() -> None:
    lines = (
        LabelLine(ingredient="Vitamin D3", amount=25, unit="mcg"),
        LabelLine(ingredient="Vitamin K2", amount="100 mcg", form="MK-7"),
    )
    record = Label(product_id="00123", lines=lines, directions="Take 1 softgel daily", serving_size="1 softgel")
    product = only(audit_lines(label_frame([record]), context="adult").products)
    assert (product["product_id"], product["class"], product["vitamin_k2_form"]) == ("00123", "studied-range", "mk7")


def test_numbers_in_a_frame_are_read_as_their_shortest_text() -> None:
    frame = pd.DataFrame(
        {"product_id": [7], "ingredient": ["Vitamin D3"], "amount": [25.0], "unit": ["mcg"], "directions": [None]}
    )
    audit = audit_lines(frame)
    assert only(audit.products)["product_id"] == "7"
    assert only(audit.doses)["daily_mcg_high"] == 25
