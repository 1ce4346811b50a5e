"""The line table: the one shape in which labels travel from the readers to the audit.

A line table is a pandas frame with one row per label line and at least the columns of :data:`LINE_COLUMNS`.
Every cell is text exactly as printed (`str` dtype or categorical of `str`), an empty string means "not on the
record", and no column is ever missing: :func:`as_line_table` adds what a source lacks.  Numbers are read later,
so that what the label prints is never lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from auditor.label_records import Label as Label
    from auditor.label_records import LabelLine as LabelLine

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


_TEXT = pd.StringDtype(na_value=np.nan)
"""What pandas calls `str`."""


def reject_table(rejects: Iterable[Reject]) -> pd.DataFrame:
    """Rejects as the contract's table, all text, with the columns :data:`REJECT_COLUMNS`."""
    return pd.DataFrame(
        [tuple(getattr(reject, name) for name in REJECT_COLUMNS) for reject in rejects],
        columns=list(REJECT_COLUMNS),
        dtype=_TEXT,
    )


def as_line_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with every column of :data:`LINE_COLUMNS` first, then the columns of its own.

    Missing columns are added empty, missing values become empty text, and numbers become their shortest text
    (`5.0` is written `5`), so a frame built by hand may hold numbers.  The input is not changed.
    """
    if _is_line_table(frame):
        return frame.copy(deep=False)
    columns = {name: _as_text(frame[name]) if name in frame else "" for name in LINE_COLUMNS}
    extras = {name: _as_text(frame[name]) for name in frame.columns if name not in LINE_COLUMNS}
    table = pd.DataFrame({**columns, **extras}, index=frame.index)
    kinds = table.dtypes.to_dict()
    others = [
        name for name in LINE_COLUMNS if kinds[name] != _TEXT and not isinstance(kinds[name], pd.CategoricalDtype)
    ]
    return table.astype(dict.fromkeys(others, "str")) if others else table


def _is_line_table(frame: pd.DataFrame) -> bool:
    """Whether the frame is a line table already, all of it text."""
    return (
        list(frame.columns[: len(LINE_COLUMNS)]) == list(LINE_COLUMNS)
        and all(kind == _TEXT for kind in frame.dtypes)
        and not frame.isna().to_numpy().any()
    )


def _as_text(column: pd.Series) -> pd.Series:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column if not column.isna().any() else column.astype("str").fillna("")
    if isinstance(column.dtype, pd.StringDtype):
        return column.fillna("") if column.array.isna().any() else column
    return column.map(_cell_text).astype("str")


def _cell_text(value: object) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def label_frame(labels: Iterable[Label]) -> pd.DataFrame:
    """Line table of labels given as records, in their order."""
    return _line_table_of(
        (label.model_dump(exclude={"lines"}), [line.model_dump() for line in label.lines]) for label in labels
    )


def typed_frame(ingredients: Iterable[str], **product: str) -> pd.DataFrame:
    """Line table of one label typed as text: what its lines say, and what is printed once, by column."""
    return _line_table_of([(product, [{"ingredient": ingredient} for ingredient in ingredients])])


def _line_table_of(labels: Iterable[tuple[Mapping[str, str], Iterable[Mapping[str, str]]]]) -> pd.DataFrame:
    """Line table of labels, each the cells of the product and those of its lines."""
    rows = [
        {**product, **{name: value for name, value in cells.items() if value or name not in product}, "line": str(position), "row": str(number)}
        for number, (product, lines) in enumerate(labels, start=1) for position, cells in enumerate(lines, start=1)
    ]  # fmt: skip
    return pd.DataFrame({name: [row.get(name, "") for row in rows] for name in LINE_COLUMNS}, dtype=_TEXT)


def __getattr__(name: str) -> object:
    """The records on first use: a line table needs no pydantic."""
    if name in ("Label", "LabelLine"):
        from auditor import label_records

        return getattr(label_records, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
