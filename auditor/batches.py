"""What readers yield: lines of labels in columns of text, as Arrow holds them, and the rows that could not be used."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from auditor.distinct import codes_of, words_at
from auditor.labels import LINE_COLUMNS, Reject

TEXT = pa.large_string()
TEXT_DICTIONARY = pa.dictionary(pa.int32(), TEXT)

UNREPEATED = ("product_id", "row")
"""Columns that become no words of a frame: hardly one of their texts stands on two labels."""


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
    """Columns in one piece, as dictionaries, so that a distinct text is handled once from here on.

    Whole numbers become text; columns of :data:`UNREPEATED` stay what they are.
    """
    return pa.table({name: _encoded(table[name], name) for name in table.column_names})


def _encoded(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    if pt.is_integer(column.type):
        column = column.cast(TEXT)
    if name in UNREPEATED or pt.is_dictionary(column.type):
        return in_one_piece(column)
    return in_one_piece(column.dictionary_encode())


def in_one_piece(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column as one chunk, which has one dictionary."""
    if column.num_chunks == 1:
        return column
    if not pt.is_dictionary(column.type) or not column.num_chunks:
        return pa.chunked_array([column.combine_chunks()], column.type)
    # Joined by hand: Arrow would make one dictionary out of all of them once more, and out of equal ones too.
    chunks: list[pa.DictionaryArray] = []
    for _, same in itertools.groupby(column.chunks, _place_of_texts):
        chunk = _joined(list(same))
        if chunks and _is_held_back(chunks[-1], chunk):
            chunk = _joined(_with_one_dictionary(chunks.pop(), chunk))
        chunks.append(chunk)
    if len(chunks) > 1:
        chunks = pa.chunked_array(chunks).unify_dictionaries().chunks
    return pa.chunked_array([_joined(chunks)])


FEW_TEXTS, MANY_TEXTS = 16, 1_024
"""So few texts are looked for one by one among so many; to make one dictionary of both would look at all of these."""


def _is_held_back(first: pa.DictionaryArray, second: pa.DictionaryArray) -> bool:
    """Whether one of two chunks has the few texts of a label that was held back until the next piece."""
    few, many = sorted((len(first.dictionary), len(second.dictionary)))
    return few <= FEW_TEXTS and many >= MANY_TEXTS


def _with_one_dictionary(first: pa.DictionaryArray, second: pa.DictionaryArray) -> list[pa.DictionaryArray]:
    """Two chunks of which one has few texts, both with the dictionary of the other one and what that lacks."""
    few, many = sorted((first, second), key=lambda chunk: len(chunk.dictionary))
    texts = few.dictionary.to_pylist()
    places = [pc.index(many.dictionary, pa.scalar(text, many.dictionary.type)).as_py() for text in texts]
    lacking = [text for text, place in zip(texts, places, strict=True) if place < 0]
    numbers = itertools.count(len(many.dictionary))
    codes = np.array([place if place >= 0 else next(numbers) for place in places], dtype=np.int32)
    words = pa.concat_arrays([many.dictionary, pa.array(lacking, many.dictionary.type)]) if lacking else many.dictionary
    moved = pa.DictionaryArray.from_arrays(pa.array(codes[few.indices.to_numpy()]), words)
    kept = pa.DictionaryArray.from_arrays(many.indices, words)
    return [moved, kept] if few is first else [kept, moved]


def _joined(chunks: list[pa.DictionaryArray]) -> pa.DictionaryArray:
    """Chunks that have the same dictionary as one."""
    if len(chunks) == 1:
        return chunks[0]
    codes = np.concatenate([chunk.indices.to_numpy() for chunk in chunks])
    return pa.DictionaryArray.from_arrays(pa.array(codes), chunks[0].dictionary)


def _place_of_texts(chunk: pa.DictionaryArray) -> tuple[object, ...]:
    """Where the dictionary of a chunk stands in memory: pieces of one have the same."""
    texts = chunk.dictionary
    return texts.offset, len(texts), *(buffer.address for buffer in texts.buffers() if buffer)


def compact(table: pa.Table) -> pa.Table:
    """The same rows with memory of their own, and dictionaries of no more than their texts."""
    rows = np.arange(table.num_rows)
    return pa.table(
        {name: rows_of(in_one_piece(table[name]), rows) for name in table.column_names}, schema=table.schema
    )


def rows_of(column: pa.ChunkedArray, rows: npt.NDArray[np.intp]) -> pa.ChunkedArray:
    """Some rows of a column that is in one piece; a dictionary has only the texts that stand there."""
    if not pt.is_dictionary(column.type):
        return column.take(pa.array(rows))
    whole = column.chunk(0)
    codes, used = pd.factorize(whole.indices.to_numpy()[rows])
    texts = whole.dictionary.take(pa.array(used))
    return pa.chunked_array([pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), texts)])


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
