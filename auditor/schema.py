"""The output tables: every column with its type, unit and meaning, in contract order.

Writers, the data package, empty results and the cluster's declared output all take their columns from here;
an output column is added by one entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import pandas as pd
import pyarrow as pa

from auditor.distinct import text_array

ColumnType = Literal["string", "number", "integer", "boolean"]

VERDICTS = (
    "sub-therapeutic", "studied-range", "high-dose", "depends", "not-established", "not-computable", "absent",
)  # fmt: skip
CLASSES = VERDICTS[:-1]
SEVERITIES = ("error", "warning", "note")


class Column(NamedTuple):
    """One output column.  `values` lists the accepted words where there are few."""

    name: str
    type: ColumnType
    meaning: str
    unit: str = ""
    values: tuple[str, ...] = ()


def _text(name: str, meaning: str, values: tuple[str, ...] = ()) -> Column:
    return Column(name, "string", meaning, "", values)


def _number(name: str, meaning: str, unit: str) -> Column:
    return Column(name, "number", meaning, unit)


def _count(name: str, meaning: str) -> Column:
    return Column(name, "integer", meaning, "count")


PRODUCTS = (
    _text("product_id", "identifies the product, as in the input"),
    _text("brand", "brand as printed"),
    _text("name", "product name as printed"),
    _text("class", "the product's class, folded from the verdicts of vitamin D and vitamin K2", CLASSES),
    _text("possible_classes", "the classes that remain possible, joined by ';'; one when the class is settled"),
    _text("context", "for whom the dose was judged"),
    _text("vitamin_d_form", "form or forms of vitamin D, joined by ';'"),
    _number("vitamin_d_daily_mcg_low", "lowest vitamin D dose the label allows", "mcg/day"),
    _number("vitamin_d_daily_mcg_high", "highest vitamin D dose the label allows", "mcg/day"),
    _number("vitamin_d_daily_iu_low", "the same in international units, D2 and D3 only", "IU/day"),
    _number("vitamin_d_daily_iu_high", "the same in international units, D2 and D3 only", "IU/day"),
    _text("vitamin_d_verdict", "verdict on vitamin D", VERDICTS),
    _text("vitamin_k2_form", "form or forms of vitamin K2, joined by ';', the one that decides the verdict first"),
    _number("vitamin_k2_daily_mcg_low", "lowest dose of the deciding K2 form; forms are never summed", "mcg/day"),
    _number("vitamin_k2_daily_mcg_high", "highest dose of the deciding K2 form", "mcg/day"),
    _text("vitamin_k2_verdict", "verdict on vitamin K2: the worst over its forms", VERDICTS),
    Column("over_upper_level", "boolean", "whether the highest daily dose passes an upper level; empty if unknown"),
    _count("errors", "findings of severity error"),
    _count("warnings", "findings of severity warning"),
    _count("notes", "findings of severity note"),
    _text("finding_ids", "ids of the findings, joined by ';', in the order of the findings table"),
    _number("price_per_day", "price of the highest labelled daily use", "currency/day"),
    _text("currency", "ISO 4217 code of the price"),
    _text("upc", "barcode as printed, text"),
    _text("market", "market the label was made for"),
    _text("dosage_form", "softgel, drops, gummy, ..."),
    _text("audience", "for whom the label says it is"),
    _number("servings_per_day_low", "fewest servings a day behind the doses", "servings/day"),
    _number("servings_per_day_high", "most servings a day behind the doses", "servings/day"),
    _number("price", "price of the package", "currency"),
    _number("servings_per_container", "servings in the package", "servings"),
    _text("source", "where the record comes from"),
    _text("source_id", "its address or id there"),
    _text("input", "file the record was read from"),
    _text("row", "row of that file"),
)

DOSES = (
    _text("product_id", "identifies the product"),
    _text("nutrient", "what is judged", ("vitamin_d", "vitamin_k2", "vitamin_k1", "vitamin_k")),
    _text("form", "chemical form: d3, d2, calcifediol, mk7, mk4, mk9 ..., mixed, k1, unstated"),
    _text("form_source", "what told the form", ("line", "trade-name", "column", "unstated")),
    _text("label_text", "the label's words behind the row; several lines are joined by ' + '"),
    _number("amount_mcg", "amount for the basis, before daily use", "mcg"),
    _number("declared_iu", "international units the label declares beside or instead of it", "IU"),
    _number("declared_percent_dv", "percent of the daily or reference value the label declares", "percent"),
    _text("basis", "what the amount is for", ("per_serving", "per_unit", "per_day", "per_ml", "per_drop", "per_100g")),
    _number("units_per_serving", "units in a serving, where known", "units"),
    _number("servings_per_day_low", "fewest servings (or units, by the basis) a day", "1/day"),
    _number("servings_per_day_high", "most servings (or units, by the basis) a day", "1/day"),
    _text("servings_source", "what told the servings a day", ("label", "directions", "assumed")),
    _number("interval_days", "days between intakes: 1 daily, 7 weekly", "days"),
    _number("single_intake_mcg", "most taken at once, for products that are not taken daily", "mcg"),
    _number("daily_mcg_low", "lowest daily dose; the mean over the interval when not daily", "mcg/day"),
    _number("daily_mcg_high", "highest daily dose; the mean over the interval when not daily", "mcg/day"),
    _number("daily_iu_low", "the same in international units, vitamin D2 and D3 only", "IU/day"),
    _number("daily_iu_high", "the same in international units, vitamin D2 and D3 only", "IU/day"),
    _text("context", "for whom the dose was judged"),
    _text("band_id", "band or bands used, joined by ';'"),
    _number("band_low_mcg", "low edge of the (first) band, itself studied", "mcg/day"),
    _number("band_high_mcg", "high edge of the (first) band, itself studied", "mcg/day"),
    _text("verdict", "verdict on this form", VERDICTS),
    _text("possible_verdicts", "verdicts that remain possible, joined by ';'"),
    _text("reason", "what the verdict depends on, or why there is none"),
    _number("upper_level_mcg", "upper level the dose was compared with", "mcg/day"),
    _text("upper_level_authority", "authority that set it"),
    _number("percent_of_upper_level", "highest daily dose as a share of it", "percent"),
    Column("over_upper_level", "boolean", "whether the highest daily dose passes it; empty if there is none"),
    _text("grade", "grade of the band's evidence"),
    _text("direction", "what the studies inside the band found: benefit, marker, null, harm, mixed, ..."),
    _text("references", "rows of the evidence the band rests on, joined by ';'"),
)

FINDINGS = (
    _text("product_id", "identifies the product"),
    _text("finding_id", "what was found; the catalogue explains each id"),
    _text("severity", "error: the number cannot be trusted; warning: probable mistake; note", SEVERITIES),
    _text("nutrient", "nutrient it concerns, empty if the whole label"),
    _text("message", "what was found and what was expected, in one sentence"),
    _text("value", "the value found"),
    _text("expected", "the value expected, where there is one"),
    _text("label_text", "the label's words"),
)

REJECTS = (
    _text("source", "file"),
    _text("row", "row or record of the file"),
    _text("column", "column, where one is at fault"),
    _text("value", "the value found, shortened"),
    _text("reason", "stable code"),
    _text("message", "what was found, what is accepted"),
)

TABLES: dict[str, tuple[Column, ...]] = {
    "products": PRODUCTS, "doses": DOSES, "findings": FINDINGS, "rejects": REJECTS,
}  # fmt: skip

_PANDAS_TYPES = {"string": "str", "number": "float64", "integer": "int64", "boolean": "boolean"}
_ARROW_TYPES = {"string": pa.string(), "number": pa.float64(), "integer": pa.int64(), "boolean": pa.bool_()}


def empty_table(table: str) -> pd.DataFrame:
    """A table without rows, with its columns and types."""
    return pd.DataFrame({column.name: pd.Series([], dtype=_PANDAS_TYPES[column.type]) for column in TABLES[table]})


def typed(columns: Mapping[str, Any] | pd.DataFrame, table: str) -> pd.DataFrame:
    """The table's columns of a frame, or of columns by name, in contract order and with their types; the index is numbered anew."""
    return with_texts(shaped(columns, table))


def shaped(columns: Mapping[str, Any] | pd.DataFrame, table: str) -> pd.DataFrame:
    """What :func:`typed` gives, but that columns of words stay what they are, a code for each row and each text once.

    To sort, keep and read back such a table takes a fraction of what it takes with a text in every row.
    """
    return pd.DataFrame(
        {column.name: _typed(columns[column.name], column.type) for column in TABLES[table]}, copy=False
    )


def with_texts(table: pd.DataFrame) -> pd.DataFrame:
    """A table whose columns of words have become texts."""
    found = {name: text_array(cells) for name in table if isinstance(cells := table[name].array, pd.Categorical)}
    return table.assign(**found) if found else table


def _typed(cells: Any, kind: ColumnType) -> Any:
    cells = cells.array if isinstance(cells, pd.Series) else cells
    if kind == "string":
        return cells if isinstance(cells, pd.Categorical) else text_array(cells)
    wanted = _PANDAS_TYPES[kind]
    return cells if cells.dtype == wanted else pd.Series(cells).astype(wanted).array


def arrow_schema(table: str, extra: tuple[str, ...] = ()) -> pa.Schema:
    """Arrow schema of a table; `extra` are passed-through text columns."""
    fields = [pa.field(column.name, _ARROW_TYPES[column.type]) for column in TABLES[table]]
    return pa.schema([*fields, *(pa.field(name, pa.string()) for name in extra)])
