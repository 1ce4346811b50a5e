"""What readers yield: lines of labels in columns of text, as Arrow holds them, and the rows that could not be used."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.types as pt

from auditor.distinct import codes_of, words_at
from auditor.labels import LINE_COLUMNS, Reject

TEXT = pa.large_string()
TEXT_DICTIONARY = pa.dictionary(pa.int32(), TEXT)

UNREPEATED = ("product_id", "row")
"""Columns whose texts stay as they are: hardly one stands on two labels."""


@dataclass(frozen=True)
class Batch:
    """What a reader yields: some lines, some rejects, and how many input rows they came from.

    `table` has some of :data:`~auditor.labels.LINE_COLUMNS`, among them `product_id`, `input` and `row`, and columns of
    the file's own; all are text or dictionaries of text without nulls, except that `row` may be whole numbers.
    `rows_in` counts table rows, or records for JSON sources.  Every one of them is found again in the lines
    (by `input` and `row`) or in `rejects`; a product's lines never stand in two batches of one reader.
    """

    table: pa.Table
    rejects: tuple[Reject, ...] = ()
    rows_in: int = 0
    inputs: tuple[str, ...] = field(default=())

    @property
    def lines(self) -> pd.DataFrame:
        """The lines as a line table, see :mod:`auditor.labels`; made anew at each call."""
        return line_frame(self.table)


def always(text: str, rows: int) -> pa.DictionaryArray:
    """A column that says the same on every row."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, dtype=np.int32)), pa.array([text], TEXT))


def encoded(table: pa.Table) -> pa.Table:
    """Columns as dictionaries with one dictionary each, so that a distinct text is handled once from here on.

    Whole numbers become text.
    """
    for position, name in enumerate(table.column_names):
        kind = table.schema.field(position).type
        if pt.is_integer(kind):
            table = table.set_column(position, name, table.column(position).cast(TEXT))
        elif name not in UNREPEATED and not pt.is_dictionary(kind):
            table = table.set_column(position, name, table.column(position).dictionary_encode())
    return table.unify_dictionaries()


def line_frame(table: pa.Table) -> pd.DataFrame:
    """The line table of lines as a :class:`Batch` has them; a column that is not there is empty on every line."""
    columns = {name: _frame_column(name, table[name]) for name in table.column_names}
    none = np.zeros(table.num_rows, dtype=np.int8)
    extras = [name for name in table.column_names if name not in LINE_COLUMNS]
    return pd.DataFrame(
        {
            name: columns[name]
            if name in columns
            else pd.Categorical.from_codes(none, categories=pd.Index([""], dtype=object))
            for name in (*LINE_COLUMNS, *extras)
        },
        copy=False,
    )


def _frame_column(name: str, column: pa.ChunkedArray) -> pd.Categorical | pd.Series:
    if name in UNREPEATED:
        return pd.Series(column.cast(TEXT).to_pandas(), dtype="str")
    return words_at(*codes_of(column))
