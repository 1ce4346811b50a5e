"""From a printed amount to a day: the table `tests/cases/schedules.toml`, and the cells a record may hold."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from case_tables import grouped_cases
from label_builder import audit_of, label, only

from auditor.labels import LINE_COLUMNS
from auditor.pipeline import Audit, audit_lines
from auditor.schedules import read_number_cell
from auditor.schema import DOSES

CASES = grouped_cases("schedules.toml")
NAMES = {str(number): case for number, (_, case) in enumerate(CASES)}
EXPECTED = ("daily", "unknown", "single", "days", "source", "with", "without")


@cache
def audit_in(context: str) -> Audit:
    """All labels of one context audited together."""
    frames = [
        label(case.get("line", "Vitamin D3 25 mcg"), product_id=name, **{key: value for key, value in case.items() if key in LINE_COLUMNS})
        for name, case in NAMES.items() if case.get("context", "adult") == context
    ]  # fmt: skip
    return audit_lines(pd.concat(frames), context=context)


def shown(case: dict[str, Any]) -> str:
    return (
        " | ".join(str(value) for key, value in case.items() if key not in EXPECTED).encode("unicode_escape").decode()
    )


@pytest.mark.parametrize("name", NAMES, ids=[shown(case) for case in NAMES.values()])
def test_day_follows_from_serving_and_directions(name: str) -> None:
    case = NAMES[name]
    audit = audit_in(case.get("context", "adult"))
    dose = only(audit.doses[audit.doses["product_id"] == name])
    found = set(audit.findings.loc[audit.findings["product_id"] == name, "finding_id"])
    if case.get("unknown"):
        assert (dose["verdict"], np.isnan(dose["daily_mcg_high"])) == ("not-computable", True)
    else:
        low, high = case["daily"] if isinstance(case["daily"], list) else [case["daily"]] * 2
        assert (dose["daily_mcg_low"], dose["daily_mcg_high"]) == (float(low), float(high))
    assert dose["servings_source"] == case.get("source", dose["servings_source"])
    assert dose["interval_days"] == case.get("days", dose["interval_days"])
    if "single" in case:
        assert dose["single_intake_mcg"] == float(case["single"])
    assert set(case.get("with", ())) <= found
    assert not set(case.get("without", ())) & found


def test_daily_product_has_no_single_intake() -> None:
    dose = only(audit_of("Vitamin D3 25 mcg").doses)
    assert (dose["interval_days"], np.isnan(dose["single_intake_mcg"])) == (1, True)


def test_morning_and_evening_packs_add_up() -> None:
    morning = {"ingredient": "Vitamin D3 25 mcg", "serving_order": "1"}
    evening = {"ingredient": "Vitamin D3 50 mcg", "serving_order": "2"}
    dose = only(audit_of(morning, evening, serving_size="1 packet", directions="Take 1 packet daily").doses)
    assert (dose["daily_mcg_low"], dose["daily_mcg_high"]) == (75, 75)


def test_every_source_of_servings_occurs() -> None:
    column = next(column for column in DOSES if column.name == "servings_source")
    assert {case.get("source") for case in NAMES.values()} - {None} == set(column.values)


@pytest.mark.parametrize(
    ("text", "value"),
    [("2", Fraction(2)), ("0.5", Fraction(1, 2)), ("0,5", Fraction(1, 2)), ("1/3", Fraction(1, 3)), ("", None), ("0", None), ("-1", None),
     ("two", None), ("nan", None), ("inf", None), ("1/0", None)],
)  # fmt: skip
def test_count_cell_is_a_positive_number_or_nothing(text: str, value: Fraction | None) -> None:
    assert read_number_cell(text) == value
