"""Doses against the bands, and two verdicts folded to one class: the table `tests/cases/verdicts.toml`."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from case_tables import load_cases
from label_builder import ONE_A_DAY, audit_of, label, only

from auditor.classify import FOLD, HIGH, NOT_ESTABLISHED, STUDIED, SUB, names_of, outcomes, verdict_of
from auditor.evidence import load_evidence
from auditor.pipeline import Audit, audit_lines
from auditor.schema import VERDICTS

TABLE = load_cases("verdicts.toml")
STEPS = {
    "below": "sub-therapeutic",
    "low": "studied-range",
    "between": "studied-range",
    "high": "studied-range",
    "above": "high-dose",
}
EDGES = [(entry, step) for entry in TABLE["band"] for step in STEPS if step in entry]
WORDS = {"sub": "sub-therapeutic", "studied": "studied-range", "high": "high-dose"}


class Asked(NamedTuple):
    """One label of the table and how it is audited."""

    line: dict[str, str]
    columns: dict[str, str]
    context: str
    authority: str


def asked(case: dict[str, Any]) -> Asked:
    """The label of a case: its line with the amount in a column, its own directions, one context."""
    amount = {"amount": str(case["mcg"]), "unit": "mcg"} if "mcg" in case else {}
    columns = dict(ONE_A_DAY)
    if "directions" in case:
        columns = {"directions": case["directions"], "serving_size": ""}
    return Asked(
        {"ingredient": case["line"], **amount}, columns, case.get("context", "adult"), case.get("authority", "")
    )


def table_of_labels() -> dict[str, Asked]:
    """Every label of the file but those of the fold, by the id that its test has."""
    labels = {f"{entry['band']} {step}": asked({**entry, "mcg": entry[step]}) for entry, step in EDGES}
    for name, table in TABLE.items():
        if name not in ("band", "fold"):
            labels.update(
                {
                    f"{name} {number}": asked({"line": "Vitamin D3", **case})
                    for number, case in enumerate(table["cases"])
                }
            )
    return labels


LABELS = table_of_labels()


@cache
def audit_in(context: str, authority: str) -> Audit:
    """All labels of one context audited together, as they would be in a file."""
    frames = [
        label(found.line, product_id=name, **found.columns)
        for name, found in LABELS.items()
        if (found.context, found.authority) == (context, authority)
    ]
    return audit_lines(pd.concat(frames), context=context, authority=authority)


def doses_of(name: str) -> pd.DataFrame:
    """The dose rows of one label."""
    doses = audit_in(LABELS[name].context, LABELS[name].authority).doses
    return doses[doses["product_id"] == name]


def dose_of(name: str) -> dict[str, Any]:
    """The only dose row of one label."""
    return only(doses_of(name))


def cases(name: str) -> list[Any]:
    """Parameters `name` and `case` of one table."""
    return [pytest.param(f"{name} {number}", case, id=" ".join(str(value) for value in case.values()))
            for number, case in enumerate(TABLE[name]["cases"])]  # fmt: skip


def verdict_from(possible: list[str]) -> str:
    return possible[0] if len(possible) == 1 else "depends"


@pytest.mark.parametrize(("entry", "step"), EDGES, ids=[f"{entry['band']} {step}" for entry, step in EDGES])
def test_band_edges_belong_to_the_studied_range(entry: dict[str, Any], step: str) -> None:
    dose = dose_of(f"{entry['band']} {step}")
    assert (dose["band_id"], dose["verdict"]) == (entry["band"], STEPS[step])
    assert (dose["band_low_mcg"], dose["band_high_mcg"]) == (float(entry["low"]), float(entry["high"]))


def test_every_band_of_the_edition_is_in_the_table() -> None:
    bands = load_evidence().bands.values()
    listed = {entry["band"]: (Decimal(entry["low"]), Decimal(entry["high"])) for entry in TABLE["band"]}
    assert listed == {band.id: (band.low_mcg, band.high_mcg) for band in bands if band.status == "established"}
    empty = {case["band"] for case in TABLE["not_established"]["cases"]} - {""}
    assert empty == {band.id for band in bands if band.status == "not-established"}


@pytest.mark.parametrize(("name", "case"), cases("not_established"))
def test_form_without_trials_in_a_context_is_not_established(name: str, case: dict[str, Any]) -> None:
    dose = dose_of(name)
    assert (dose["band_id"], dose["verdict"], dose["reason"]) == (case["band"], "not-established", "no-band")


@pytest.mark.parametrize(("name", "case"), cases("fallback"))
def test_context_without_a_band_is_judged_by_its_parents(name: str, case: dict[str, Any]) -> None:
    dose = dose_of(name)
    assert (dose["context"], dose["band_id"], dose["verdict"]) == (case["context"], case["band"], case["verdict"])


@pytest.mark.parametrize(("name", "case"), cases("interval"))
def test_interval_is_judged_over_its_whole_length(name: str, case: dict[str, Any]) -> None:
    dose = dose_of(name)
    assert [dose["daily_mcg_low"], dose["daily_mcg_high"]] == case["daily"]
    assert dose["possible_verdicts"].split(";") == case["possible"]
    assert dose["verdict"] == verdict_from(case["possible"])
    assert dose["reason"] == ("daily-use-is-a-range" if len(case["possible"]) > 1 else "")


@pytest.mark.parametrize(("name", "case"), cases("unstated"))
def test_unstated_form_is_judged_as_every_form_it_may_be(name: str, case: dict[str, Any]) -> None:
    dose = dose_of(name)
    assert dose["form"] == "unstated"
    assert dose["possible_verdicts"].split(";") == case["possible"]
    assert dose["verdict"] == verdict_from(case["possible"])
    if len(case["possible"]) > 1:
        assert dose["reason"] == "form-unstated"


@pytest.mark.parametrize(("name", "case"), cases("mixed"))
def test_total_of_several_forms_is_an_upper_end_for_each(name: str, case: dict[str, Any]) -> None:
    doses = doses_of(name)
    dose = only(doses[doses["nutrient"] == case["nutrient"]])
    assert dose["possible_verdicts"].split(";") == case["possible"]
    assert dose["verdict"] == verdict_from(case["possible"])
    if len(case["possible"]) > 1:
        assert dose["reason"] == "share-of-total-unknown"


@pytest.mark.parametrize(("name", "case"), cases("contradiction"))
def test_contradicting_figures_are_both_judged(name: str, case: dict[str, Any]) -> None:
    dose = dose_of(name)
    assert dose["possible_verdicts"].split(";") == case["possible"]
    assert dose["verdict"] == verdict_from(case["possible"])
    assert dose["reason"] == ("figures-contradict" if len(case["possible"]) > 1 else "")


@pytest.mark.parametrize(("name", "case"), cases("spaced"))
def test_spaced_dose_is_never_judged_by_its_average_alone(name: str, case: dict[str, Any]) -> None:
    dose = dose_of(name)
    assert dose["daily_mcg_low"] == dose["daily_mcg_high"] == float(case["average"])
    assert (dose["single_intake_mcg"], dose["interval_days"]) == (case["single"], case["days"])
    assert (dose["verdict"], rule_of(dose["reason"])) == (case["verdict"], case["rule"])


def rule_of(reason: str) -> str:
    return next(
        (part.removeprefix("spaced-dose:") for part in reason.split(";") if part.startswith("spaced-dose:")), ""
    )


def test_every_spacing_rule_of_the_edition_is_in_the_table() -> None:
    assert {case["rule"] for case in TABLE["spaced"]["cases"]} - {""} == set(load_evidence().spaced_dose_rules)


def test_spaced_dose_lowers_the_grade_a_step() -> None:
    daily = only(audit_of("Vitamin D3 25 mcg").doses)
    weekly = only(audit_of("Vitamin D3 175 mcg", directions="Take 1 softgel weekly").doses)
    assert (daily["daily_mcg_high"], daily["grade"]) == (25, "moderate")
    assert (weekly["daily_mcg_high"], weekly["grade"]) == (25, "limited")


@pytest.mark.parametrize(("name", "case"), cases("findings"))
def test_finding_that_belongs_to_a_dose(name: str, case: dict[str, Any]) -> None:
    findings = audit_in(case["context"], "").findings
    found = set(findings.loc[findings["product_id"] == name, "finding_id"])
    assert (case["with"] in found) if "with" in case else (case["without"] not in found)


@pytest.mark.parametrize(("name", "case"), cases("upper"))
def test_upper_level_is_compared_apart_from_the_band(name: str, case: dict[str, Any]) -> None:
    dose = dose_of(name)
    assert (dose["upper_level_mcg"], dose["over_upper_level"]) == (float(case["level"]), case["over"])
    assert dose["percent_of_upper_level"] == round(float(100 * case["mcg"] / case["level"]), 1)


def test_vitamin_k_has_no_upper_level() -> None:
    dose = dose_of("K2-MK7-adult above")
    assert np.isnan(dose["upper_level_mcg"])


FOLDS = [(d, k2, left) for d, row in TABLE["fold"]["classes"].items() for k2, left in row.items()]


@cache
def fold_audit() -> Audit:
    """One label for each cell of the fold table, all audited together."""
    lines = TABLE["fold"]["labels"]
    return audit_lines(
        pd.concat([label(lines["d"][d], lines["k2"][k2], product_id=f"{d} {k2}", **ONE_A_DAY) for d, k2, _ in FOLDS]),
        context="adult",
    )


@pytest.mark.parametrize(("d", "k2", "left"), FOLDS, ids=[f"D {d}, K2 {k2}" for d, k2, _ in FOLDS])
def test_two_verdicts_fold_to_the_class_that_is_left(d: str, k2: str, left: str) -> None:
    products = fold_audit().products
    product = only(products[products["product_id"] == f"{d} {k2}"])
    possible = [WORDS.get(word, word) for word in left.split("|")]
    assert product["possible_classes"].split(";") == possible
    assert product["class"] == verdict_from(possible)
    assert product["vitamin_d_verdict"] == ("depends" if "|" in d else WORDS.get(d, d))
    assert product["vitamin_k2_verdict"] == ("depends" if "|" in k2 else WORDS.get(k2, k2))


def test_the_fold_table_is_whole() -> None:
    kinds = set(TABLE["fold"]["labels"]["d"])
    assert kinds == set(TABLE["fold"]["labels"]["k2"]) == set(TABLE["fold"]["classes"])
    assert all(set(row) == kinds for row in TABLE["fold"]["classes"].values())


def test_every_verdict_occurs() -> None:
    asked = [(left, d, k2) for d, k2, left in FOLDS]
    words = {
        WORDS.get(word, word)
        for entry in asked
        for cell in entry
        for word in ([cell] if "|" not in cell else ["depends"])
    }
    assert words == set(VERDICTS)


def test_fold_is_commutative_associative_and_ignores_what_takes_no_part() -> None:
    for one in range(1, 16):
        assert FOLD[one, NOT_ESTABLISHED] == one
        for other in range(1, 16):
            assert FOLD[one, other] == FOLD[other, one]
            for third in range(1, 16):
                assert FOLD[FOLD[one, other], third] == FOLD[one, FOLD[other, third]]


def test_both_edges_are_inclusive_in_the_plain_comparison() -> None:
    dose = np.array([9.999999, 10, 100, 100.000001])
    found = outcomes(dose, dose, np.full(4, 10.0), np.full(4, 100.0))
    assert found.tolist() == [SUB, STUDIED, STUDIED, HIGH]


def test_names_and_verdict_of_a_set() -> None:
    assert names_of(SUB | HIGH) == ("sub-therapeutic", "high-dose")
    assert [verdict_of(bits) for bits in (SUB, STUDIED, HIGH, NOT_ESTABLISHED)] == [
        "sub-therapeutic",
        "studied-range",
        "high-dose",
        "not-established",
    ]
    assert verdict_of(SUB | STUDIED) == "depends"
