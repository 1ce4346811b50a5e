"""The line table: the one shape in which labels travel from the readers to the audit.

A line table is a pandas frame with one row per label line and at least the columns of :data:`LINE_COLUMNS`.
Every cell is text exactly as printed (`str` dtype or categorical of `str`), an empty string means "not on the
record", and no column is ever missing: :func:`as_line_table` adds what a source lacks.  Numbers are read later,
so that what the label prints is never lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd
from pydantic import BaseModel, ConfigDict

LINE_COLUMNS: dict[str, str] = {
    "product_id": "identifies the product; all its lines carry the same text, leading zeros kept",
    "brand": "brand as printed",
    "name": "product name as printed",
    "upc": "barcode as text",
    "ingredient": "name of the line as printed, with its '(as ...)' words; may hold the amount too",
    "amount": "amount as printed: a number whose unit stands in `unit`, or text with its units",
    "unit": "unit of `amount` as printed; empty when the amount holds it",
    "percent_dv": "percent of the daily or reference value as printed",
    "form": "form of the nutrient where the record has a column of its own for it (for instance `k2_form`)",
    "operator": "'<', '>' or '=' where the record keeps it apart from the amount",
    "line": "position of the line on the label, counted from 1",
    "parent": "`line` of the line this one is a part of (blend member, split of a total), else empty",
    "serving_order": "which serving column of the label the line belongs to, where there are several",
    "serving_size": "serving size as printed ('2 softgels', '1 mL (25 drops)', 'pro Tagesdosis (2 Kapseln)')",
    "units_per_serving": "number of units in a serving where the record states it",
    "servings_per_day_min": "fewest servings a day where the record states them as data",
    "servings_per_day_max": "most servings a day where the record states them as data",
    "directions": "suggested use as printed",
    "servings_per_container": "servings in the package as printed",
    "price": "price of the package",
    "currency": "ISO 4217 code of the price",
    "market": "market the label was made for (us, ca, uk, au, eu or a country code)",
    "audience": "for whom the line's column is meant, as printed ('Children 4-8', 'Prenatal')",
    "dosage_form": "softgel, drops, gummy, ...",
    "basis": "what the amount refers to: per_serving, per_unit, per_day, per_ml, per_drop, per_100g; empty if unsaid",
    "warnings": "caution texts of the label that bear on the audit",
    "claims": "claims of the label that bear on the audit",
    "label_date": "date of the label or of its entry into the source",
    "source": "where the record comes from (page, dsld, lnhpd, ...)",
    "source_id": "its address or id there",
    "input": "file the record was read from",
    "row": "row of that file (tables: spreadsheet row; JSON: position of the record), for rejects and tracing",
}
"""Columns of the line table and their meaning, in order."""

REJECT_COLUMNS = ("source", "row", "column", "value", "reason", "message")

PRODUCT_LAYOUT_COLUMNS = ("d3_amount", "d3_unit", "k2_amount", "k2_unit", "k2_form")
"""Columns that tell the `products` layout from the `lines` layout."""

MAX_CELL_CHARACTERS = 20_000
"""A longer cell is no label text; its row is rejected with `cell-too-long`."""


class LabelLine(BaseModel):
    """One line of a label for the one-label API; every field is text as printed.

    `audience` and `serving_size` are filled where they are the line's own (two-column panels); else the label's hold.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)
    ingredient: str
    amount: str = ""
    unit: str = ""
    percent_dv: str = ""
    form: str = ""
    parent: str = ""
    audience: str = ""
    serving_order: str = ""
    serving_size: str = ""


class Label(BaseModel):
    """One label for the one-label API: its lines and what is printed once per product."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)
    product_id: str
    lines: tuple[LabelLine, ...]
    brand: str = ""
    name: str = ""
    upc: str = ""
    serving_size: str = ""
    units_per_serving: str = ""
    servings_per_day_min: str = ""
    servings_per_day_max: str = ""
    directions: str = ""
    servings_per_container: str = ""
    price: str = ""
    currency: str = ""
    market: str = ""
    audience: str = ""
    dosage_form: str = ""
    basis: str = ""
    warnings: str = ""
    claims: str = ""
    label_date: str = ""
    source: str = ""
    source_id: str = ""


@dataclass(frozen=True)
class Reject:
    """One input row that could not be used, and why.

    `reason` is a stable kebab-case code; `message` says what was found and what is accepted.
    """

    source: str
    row: str
    column: str
    value: str
    reason: str
    message: str


def as_line_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with every column of :data:`LINE_COLUMNS` first, then the columns of its own.

    Missing columns are added empty, missing values become empty text, and numbers become their shortest text
    (`5.0` is written `5`), so a frame built by hand may hold numbers.  The input is not changed.
    """
    columns = {name: _as_text(frame[name]) if name in frame else "" for name in LINE_COLUMNS}
    extras = {name: _as_text(frame[name]) for name in frame.columns if name not in LINE_COLUMNS}
    table = pd.DataFrame({**columns, **extras}, index=frame.index)
    return table.astype(
        {name: "str" for name in LINE_COLUMNS if not isinstance(table[name].dtype, pd.CategoricalDtype)}
    )


def _as_text(column: pd.Series) -> pd.Series:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column if not column.isna().any() else column.astype("str").fillna("")
    if isinstance(column.dtype, pd.StringDtype):
        return column.fillna("")
    return column.map(_cell_text).astype("str")


def _cell_text(value: object) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def label_frame(labels: Iterable[Label]) -> pd.DataFrame:
    """Line table of labels given as records, in their order."""
    return as_line_table(pd.DataFrame(list(_label_rows(labels)), columns=list(LINE_COLUMNS)))


def _label_rows(labels: Iterable[Label]) -> Iterator[dict[str, str]]:
    for number, label in enumerate(labels, start=1):
        product = label.model_dump(exclude={"lines"})
        for position, line in enumerate(label.lines, start=1):
            own = {name: value for name, value in line.model_dump().items() if value or name not in product}
            yield product | own | {"line": str(position), "row": str(number)}
