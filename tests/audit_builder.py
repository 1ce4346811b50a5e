"""Audits for the tests of writers and report: rows from defaults plus what matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from auditor.schema import TABLES, empty_table

PRODUCT = {
    "product_id": "dsld-1", "brand": "Acme", "name": "D3 + K2", "class": "studied-range",
    "possible_classes": "studied-range", "context": "adult", "vitamin_d_form": "d3", "vitamin_d_daily_mcg_low": 25.0,
    "vitamin_d_daily_mcg_high": 50.0, "vitamin_d_daily_iu_low": 1000.0, "vitamin_d_daily_iu_high": 2000.0,
    "vitamin_d_verdict": "studied-range", "vitamin_k2_form": "mk7", "vitamin_k2_daily_mcg_low": 100.0,
    "vitamin_k2_daily_mcg_high": 100.0, "vitamin_k2_verdict": "studied-range", "over_upper_level": False,
    "price_per_day": 0.25, "currency": "USD", "upc": "012345678905", "market": "us",
}  # fmt: skip
DOSE = {
    "product_id": "dsld-1", "nutrient": "vitamin_d", "form": "d3", "label_text": "Vitamin D3 25 mcg (1,000 IU)",
    "amount_mcg": 25.0, "daily_mcg_low": 25.0, "daily_mcg_high": 50.0, "context": "adult", "verdict": "studied-range",
}  # fmt: skip
FINDING = {
    "product_id": "dsld-1", "finding_id": "directions-missing", "severity": "note", "nutrient": "vitamin_d",
    "message": "The label gives no directions.",
}  # fmt: skip
REJECT = {"source": "labels.csv", "row": "7", "column": "amount", "value": "many", "reason": "amount-unreadable",
          "message": "'many' is no amount"}  # fmt: skip


@dataclass(frozen=True)
class Summary:
    """Stand-in for the summary of a run."""

    rows_in: int = 3
    rows_audited: int = 2
    rows_rejected: int = 1
    labels: int = 1
    context: str = "auto"
    market: str = "us"
    authority: str = ""
    evidence_edition: str = "2026.1"
    version: str = "0.1.0"
    inputs: tuple[tuple[str, str], ...] = (("labels.csv", "ab" * 32),)
    overrides: tuple[dict[str, str], ...] = ()
    today: date | None = None


@dataclass(frozen=True)
class Audit:
    """Stand-in for an audit; every table is empty unless given."""

    products: pd.DataFrame = field(default_factory=lambda: empty_table("products"))
    doses: pd.DataFrame = field(default_factory=lambda: empty_table("doses"))
    findings: pd.DataFrame = field(default_factory=lambda: empty_table("findings"))
    rejects: pd.DataFrame = field(default_factory=lambda: empty_table("rejects"))
    summary: Summary = field(default_factory=Summary)


def table_of(table: str, rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Frame of a table with its types; a text left out is empty, a count 0, a number or boolean missing.

    Keys that the table does not declare become text columns after the declared ones.
    """
    defaults = {"string": "", "number": None, "integer": 0, "boolean": None}
    empty = empty_table(table)
    names = [*empty.columns, *dict.fromkeys(key for row in rows for key in row if key not in empty.columns)]
    types = {column.name: column.type for column in TABLES[table]}
    return pd.DataFrame(
        {
            name: pd.Series(
                [row.get(name, defaults[types.get(name, "string")]) for row in rows],
                dtype=empty[name].dtype if name in empty else "str",
            )
            for name in names
        }
    )


def products_of(*rows: dict[str, Any]) -> pd.DataFrame:
    """Products, each :data:`PRODUCT` but for the given cells."""
    return table_of("products", [PRODUCT | row for row in rows])


def full_audit(**product: Any) -> Audit:
    """An audit with one row in every table; the arguments are cells of its product."""
    return Audit(
        products_of(product), table_of("doses", [DOSE]), table_of("findings", [FINDING]), table_of("rejects", [REJECT])
    )
