"""Filters, groups and orders over a products table."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.dots import dose_groups, forms_present, market_dots
from auditor.evidence import load_evidence
from auditor.evidence_views import (
    bands_used,
    evidence_table,
    rows_with_words,
    statement_marks,
    trial_marks,
    upper_level_answers,
)
from auditor.filters import NONE_STATED, filtered, options, positions, search
from auditor.labels import Label, LabelLine, label_frame
from auditor.pipeline import Audit, audit_lines
from auditor.subsets import changes_under, headcount, rules_changes, subset


def label(product_id: str, *lines: str, **printed: Any) -> Label:
    return Label(
        product_id=product_id,
        lines=tuple(LabelLine(ingredient=line) for line in lines),
        directions="1 tablet daily",
        **printed,
    )


@pytest.fixture(scope="module")
def lines() -> Any:
    return label_frame([
        label("low", "Vitamin D3 5 mcg", brand="Acme", market="us"),
        label("mid", "Vitamin D3 25 mcg", brand="Acme", market="uk"),
        label("same", "Vitamin D3 25 mcg", brand="Besto", upc="012345678905"),
        label("both", "Vitamin D3 250 mcg", "Vitamin K2 (MK-7) 100 mcg", brand="Besto"),
        label("none", "Vitamin D3", name="[odd] (name)"),
    ])  # fmt: skip


@pytest.fixture(scope="module")
def audit(lines: Any) -> Audit:
    return audit_lines(lines)


def passing(audit: Audit, *arguments: Any, **more: Any) -> list[str]:
    return list(audit.products.loc[filtered(audit.products, *arguments, **more), "product_id"])


def test_filters_by_class_brand_and_joined_words(audit: Audit) -> None:
    assert passing(audit, {"class": ["high-dose"]}) == ["both"]
    assert passing(audit, {"brand": ["Acme"], "class": []}) == ["low", "mid"]
    assert passing(audit, {"form": ["mk7"]}) == ["both"]
    assert passing(audit, {"finding": ["amount-missing"]}) == ["none"]


def test_filters_by_empty_cell_text_and_upper_level(audit: Audit) -> None:
    assert passing(audit, {"market": [NONE_STATED]}) == ["same", "both", "none"]
    assert passing(audit, {}, "BESTO 0123") == ["same"]
    assert passing(audit, {}, "[odd] (") == ["none"]
    assert passing(audit, {}, "", "above") == ["both"]
    assert "none" in passing(audit, {}, "", "none to compare")


def test_options_count_the_words_of_joined_cells(audit: Audit) -> None:
    assert options(audit.products, "form") == {"d3": 5, "mk7": 1}
    assert list(options(audit.products, "brand", limit=1).values()) == [2]


def test_search_puts_the_exact_id_first(audit: Audit) -> None:
    assert list(search(audit.products, "Acme")["product_id"]) == ["low", "mid"]
    assert search(audit.products, "same")["product_id"].iloc[0] == "same"


def test_orders_put_unknown_doses_last(audit: Audit) -> None:
    ids = audit.products["product_id"]
    assert list(ids.iloc[positions(audit.products, "vitamin D per day")]) == ["low", "mid", "same", "both", "none"]
    assert list(ids.iloc[positions(audit.products, "vitamin D per day", True)]) == [
        "both",
        "mid",
        "same",
        "low",
        "none",
    ]


def test_dots_hold_equal_doses_and_leave_unknown_ones_out(audit: Audit) -> None:
    dots = market_dots(audit.products)
    assert dots.placed == 4
    assert dots.joined_within == 0
    assert dots.groups.set_index("d_high")["products"].to_dict() == {25.0: 2, 5.0: 1, 250.0: 1}
    named = dots.groups.set_index("d_high")["dot"]
    assert list(audit.products["product_id"].iloc[dots.rows_at(named[25.0])]) == ["mid", "same"]
    assert list(dots.rows_at("a dot of another view")) == []


def test_dots_of_a_crowded_market_join_neighbours_and_lose_nobody() -> None:
    doses = [25, 25, 26, 27, 100, 240]
    crowd = audit_lines(
        label_frame([label(f"p{n}", f"Vitamin D3 {dose} mcg") for n, dose in enumerate(doses)])
    ).products
    dots = market_dots(crowd, most=3)
    assert dots.joined_within == 18
    assert dots.groups[["d_high", "products"]].to_numpy().tolist() == [[25, 4], [100, 1], [240, 1]]
    assert list(crowd["product_id"].iloc[dots.rows_at(dots.groups["dot"][0])]) == ["p0", "p1", "p2", "p3"]
    some = market_dots(crowd, (crowd["vitamin_d_daily_mcg_high"] > 50).to_numpy())
    assert list(crowd["product_id"].iloc[some.rows_at(some.groups["dot"][0])]) == ["p4"]


def test_headcount_counts_what_a_mask_lets_through(audit: Audit) -> None:
    told = headcount(audit.products, filtered(audit.products, {"brand": ["Acme", "Besto"]}))
    assert (told.products, told.settled, told.studied, told.over_upper_level) == (4, 4, 2, 1)


def test_strip_counts_doses_of_one_form(audit: Audit) -> None:
    groups, placed = dose_groups(audit.doses, "vitamin_d", "d3")
    assert placed == 4
    assert groups.loc[0, ["dose_mcg", "products"]].tolist() == [25.0, 2]
    assert forms_present(audit.doses) == [("vitamin_d", "d3"), ("vitamin_k2", "mk7")]


def test_unstated_k2_is_shown_with_both_bands() -> None:
    evidence = load_evidence()
    assert list(bands_used(evidence, "vitamin_k2", "unstated", "adult")["form"]) == ["mk7", "mk4"]
    assert bands_used(evidence, "vitamin_d", "calcifediol", "adult").empty


def test_trials_of_a_form_carry_dose_people_and_direction() -> None:
    trials = trial_marks(load_evidence(), "vitamin_d", "d3", "bone").set_index("trial_id")
    assert trials.loc["D-T01", ["dose_mcg", "participants", "direction"]].tolist() == [50.0, 25871, "null"]


def test_evidence_table_has_every_row_once() -> None:
    evidence = load_evidence()
    table = evidence_table(evidence)
    assert len(table) == len(evidence.rows) == table["row"].nunique()


def test_evidence_rows_are_found_by_every_word_in_any_case() -> None:
    table = evidence_table(load_evidence())
    found = rows_with_words(table, "vital FALLS")
    assert 0 < len(found) < len(rows_with_words(table, "falls")) < len(table)
    assert rows_with_words(table, "no such words at all").empty


def test_statements_of_the_starting_documents_carry_their_doses() -> None:
    stated = statement_marks(load_evidence(), "vitamin_d", "d3", "bone").set_index("row")
    assert stated.loc["D-S000-1", ["low_mcg", "high_mcg"]].tolist() == [20.0, 25.0]
    assert "D-S000-5" not in stated.index


def test_every_authority_answers_for_itself(audit: Audit) -> None:
    rows = audit.products.set_index("product_id")
    answers = upper_level_answers(load_evidence(), rows.loc["both"].to_dict())
    assert {text for _, text in answers} == {"100 mcg: above"}
    assert {name.split()[0] for name, _ in answers} >= {"NASEM", "EFSA"}
    assert upper_level_answers(load_evidence(), rows.loc["none"].to_dict()) == []


def test_rules_that_change_nothing_list_nothing(lines: Any, audit: Audit) -> None:
    assert rules_changes(audit, audit).empty
    moved = rules_changes(audit, audit_lines(lines, context="bone")).set_index("product_id")
    assert "low" not in moved.index
    assert list(moved.columns) == ["brand", "name", "old", "new", "old_over", "new_over"]


def test_changes_under_other_rules_are_those_of_a_whole_audit() -> None:
    records = [
        label("zinc", "Zinc 10 mg"),
        label("low", "Vitamin D3 15 mcg"),
        label("over", "Vitamin D3 90 mcg", "Magnesium 100 mg"),
        label("k", "Vitamin K2 (MK-7) 100 mcg"),
        label("last", "Iron 5 mg"),
    ]
    lines = label_frame(records)
    evidence = load_evidence()
    now = audit_lines(lines)
    for context, authority in (("bone", ""), ("child-1-3", ""), ("auto", "NASEM"), ("dialysis", "")):
        quick = changes_under(now, lines, context=context, authority=authority, evidence=evidence)
        whole = rules_changes(now, audit_lines(lines, context=context, authority=authority))
        assert quick.equals(whole), context
    assert list(changes_under(now, lines, context="bone", authority="", evidence=evidence)["product_id"]) == [
        "low",
        "over",
        "k",
    ]


def test_subset_keeps_doses_and_findings_of_its_products(audit: Audit) -> None:
    part = subset(audit, filtered(audit.products, {"brand": ["Besto"]}))
    assert set(part.doses["product_id"]) == {"same", "both"}
    assert set(part.findings["product_id"]) <= {"same", "both"}
