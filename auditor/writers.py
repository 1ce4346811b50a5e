"""Table writers: one class per file format, each fed frame by frame.

A writer knows bytes and cells, not folders.  What it writes depends on the rows alone, not on how they were cut
into frames, so a streamed audit and a whole one give the same file.
"""

from __future__ import annotations

import csv
import gzip
import io
import shutil
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from auditor.schema import TABLES, arrow_schema

NEUTRALISING_RULE = (
    "A text cell gets one apostrophe (') in front if, without leading apostrophes and then without leading white "
    "space, control and format characters (Unicode Cc and Cf), its first character is in NFKC one of = + - @ | %, "
    "or if a tab, carriage return, line feed or NUL stands among the characters left out. "
    "To undo it, take one apostrophe away from every text cell that starts with one and fulfils the rule."
)
"""What :func:`neutralised` does, in the words of the data package."""

ROW_GROUP_ROWS = 32_768
BATCH_ROWS = 8_192
"""Rows on their way into a Parquet file that are read at a time."""
CSV_BLOCK_ROWS = 4_096
CSV_BLOCKS_AT_ONCE = 4
"""So many blocks of rows are made into text side by side, and no more wait to be written."""
COPIED_BYTES = 1 << 20

_TRIGGERS = frozenset("=+-@|%")
_HIDDEN_TRIGGERS = frozenset("\t\r\n\0")
_PLAIN_START = np.array([chr(byte).isalnum() and byte < 128 for byte in range(256)])
"""Whether a text that begins with this byte of UTF-8 begins with a digit or an English letter."""


Rows: TypeAlias = "pd.DataFrame | pa.Table"
"""Rows of a table; as Arrow has them, texts may be dictionaries."""


class TableWriter(Protocol):
    """Writes one table to an open binary file, which stays open."""

    def append(self, rows: Rows) -> None:
        """Write rows that have every column of the table, in any order."""

    def add(self, rows: BinaryIO) -> None:
        """Write the rows that :class:`RowsFormat` made ready in a file."""

    def close(self) -> None:
        """Complete the file; a table that never got a row is still a readable file."""


class CsvWriter:
    """UTF-8 without a mark, comma, LF line ends; text is quoted and neutralised, a missing or empty cell is empty.

    Arrow writes the cells: booleans as `true` and `false`, and the shortest digits that give a number back, 125 and
    not 125.0, with an exponent only from 1e10 (unless whole and below 1e15) and below 1e-5.  That is as fast as
    reading them, so numbers need no step of their own.
    """

    def __init__(self, sink: BinaryIO, table: str, extra: Sequence[str] = (), *, header: bool = True) -> None:
        self._sink = sink
        self._schema = arrow_schema(table, tuple(extra))
        # Arrow works without the interpreter's lock; on two cores this halves the time.
        self._pool = ThreadPoolExecutor()
        if header:
            # Arrow would quote every name of the header.
            names = io.StringIO()
            csv.writer(names, lineterminator="\n").writerow([neutralised(name) for name in self._schema.names])
            sink.write(names.getvalue().encode())

    def append(self, rows: Rows) -> None:
        for some in _pieces(rows, CSV_BLOCK_ROWS * CSV_BLOCKS_AT_ONCE):
            columns = [_spreadsheet_column(column) for column in _arrow_columns(some, self._schema)]
            table = pa.table(columns, names=self._schema.names)
            blocks = [table.slice(start, CSV_BLOCK_ROWS) for start in range(0, len(table), CSV_BLOCK_ROWS)]
            for lines in self._pool.map(_csv_lines, blocks):
                self._sink.write(lines)

    def add(self, rows: BinaryIO) -> None:
        shutil.copyfileobj(rows, self._sink, COPIED_BYTES)

    def close(self) -> None:
        """Nothing is left to write."""
        self._pool.shutdown()


class ParquetWriter:
    """Parquet with zstd and the declared schema; row groups of a fixed size, whatever the frames were."""

    def __init__(self, sink: BinaryIO, table: str, extra: Sequence[str] = ()) -> None:
        self._schema = arrow_schema(table, tuple(extra))
        self._writer = pyarrow.parquet.ParquetWriter(sink, self._schema, compression="zstd")
        self._waiting = self._schema.empty_table()

    def append(self, rows: Rows) -> None:
        self._append(_declared_table(rows, self._schema))

    def add(self, rows: BinaryIO) -> None:
        for batch in pa.ipc.open_stream(rows):
            self._append(pa.Table.from_batches([batch]))

    def _append(self, rows: pa.Table) -> None:
        self._waiting = pa.concat_tables([self._waiting, rows])
        while len(self._waiting) >= ROW_GROUP_ROWS:
            self._write(self._waiting.slice(0, ROW_GROUP_ROWS))
            self._waiting = self._waiting.slice(ROW_GROUP_ROWS)

    def close(self) -> None:
        if len(self._waiting):
            self._write(self._waiting)
        self._writer.close()

    def _write(self, rows: pa.Table) -> None:
        # Pages end where chunks end, so chunks would show in the bytes.
        self._writer.write_table(rows.combine_chunks(), row_group_size=ROW_GROUP_ROWS)


class JsonLinesWriter:
    """One JSON object a line, keys in the order of the columns; a missing or infinite number is null."""

    def __init__(self, sink: BinaryIO, table: str, extra: Sequence[str] = ()) -> None:
        self._sink = sink
        self._schema = arrow_schema(table, tuple(extra))
        self._names = self._schema.names

    def append(self, rows: Rows) -> None:
        table = _declared_table(rows, self._schema)
        # Small batches stay in the processor's cache: 16,384 rows at a time took twice as long.
        for batch in table.to_batches(max_chunksize=1024):
            records = zip(*(column.to_pylist() for column in batch.columns), strict=True)
            self._sink.writelines(self._line(record) for record in records)

    def _line(self, record: tuple[object, ...]) -> bytes:
        return orjson.dumps(dict(zip(self._names, record, strict=True)), option=orjson.OPT_APPEND_NEWLINE)

    def add(self, rows: BinaryIO) -> None:
        shutil.copyfileobj(rows, self._sink, COPIED_BYTES)

    def close(self) -> None:
        """Nothing is left to write."""


class _ArrowRows:
    """Rows on their way into a Parquet file, whose row groups may begin and end anywhere among them."""

    def __init__(self, sink: BinaryIO, table: str, extra: Sequence[str] = ()) -> None:
        self._schema = arrow_schema(table, tuple(extra))
        self._writer = pa.ipc.new_stream(sink, self._schema)

    def append(self, rows: Rows) -> None:
        for some in _pieces(rows, BATCH_ROWS):
            self._writer.write_table(_declared_table(some, self._schema))

    def close(self) -> None:
        """Complete the stream."""
        self._writer.close()


TABLE_WRITERS: dict[str, Callable[[BinaryIO, str, Sequence[str]], TableWriter]] = {
    ".csv": CsvWriter,
    ".csv.gz": CsvWriter,
    ".parquet": ParquetWriter,
    ".jsonl": JsonLinesWriter,
}
"""Formats that hold one table, by extension."""


class RowsFormat(NamedTuple):
    """How rows of a table are made ready, by any process, for the writer of a file: its extension, the table and its extra columns."""

    extension: str
    table: str
    extra: tuple[str, ...] = ()

    def make_ready(self, rows: Rows, sink: BinaryIO) -> None:
        """Write rows so that :meth:`TableWriter.add` of the file's writer takes them as they are."""
        kind = self.extension.removesuffix(".gz")
        with closing(
            CsvWriter(sink, self.table, self.extra, header=False)
            if kind == ".csv"
            else _ArrowRows(sink, self.table, self.extra)
            if kind == ".parquet"
            else JsonLinesWriter(sink, self.table, self.extra)
        ) as writer:
            writer.append(rows)


@contextmanager
def open_table_writer(path: Path, extension: str, table: str, extra: Sequence[str] = ()) -> Iterator[TableWriter]:
    """Writer to a new file, complete when the block ends without an exception.

    Args:
        extension: key of :data:`TABLE_WRITERS`; apart from the path, since drafts carry other names.
        extra: text columns that follow the declared ones, the same for all frames.
    """
    with path.open("xb") as file, ExitStack() as stack:
        sink: BinaryIO = file
        if extension.endswith(".gz"):
            # Neither the name of the draft nor the time may get into the bytes.
            packed = stack.enter_context(gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0))
            sink = cast(BinaryIO, packed)
        yield stack.enter_context(closing(TABLE_WRITERS[extension](sink, table, extra)))


def extra_columns(frame: pd.DataFrame, table: str) -> tuple[str, ...]:
    """Columns of the frame that the table does not declare, in their order."""
    declared = {column.name for column in TABLES[table]}
    return tuple(name for name in frame.columns if name not in declared)


def csv_bytes(frame: pd.DataFrame, table: str) -> bytes:
    """The CSV file of a table, byte for byte as :func:`auditor.export.write_audit` writes it."""
    sink = io.BytesIO()
    writer = CsvWriter(sink, table, extra_columns(frame, table))
    writer.append(frame)
    writer.close()
    return sink.getvalue()


def neutralised(text: str) -> str:
    """The text as a spreadsheet may see it: :data:`NEUTRALISING_RULE`.

    Texts that already begin with apostrophes are judged by what follows, so that the rule can be undone.
    """
    return "'" + text if _would_run(text.lstrip("'")) else text


def _would_run(text: str) -> bool:
    for character in text:
        if character in _HIDDEN_TRIGGERS:
            return True
        if not character.isspace() and unicodedata.category(character) not in ("Cc", "Cf"):
            # A full-width sign counts as the plain one; composing with what follows would hide it (= and U+0338).
            return unicodedata.normalize("NFKC", character)[0] in _TRIGGERS
    return False


def _csv_lines(rows: pa.Table) -> pa.Buffer:
    lines = pa.BufferOutputStream()
    pyarrow.csv.write_csv(rows, lines, pyarrow.csv.WriteOptions(include_header=False))
    return lines.getvalue()


def _spreadsheet_column(column: pa.Array) -> pa.Array:
    return _neutralised_column(column) if _is_text(column.type) else column


def _neutralised_column(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        words = _neutralised_column(column.dictionary)
        return pa.DictionaryArray.from_arrays(column.indices, words)
    starts, ends, characters = _places(column)
    filled = ends > starts
    if column.null_count:
        filled &= column.is_valid().to_numpy(zero_copy_only=False)
    # Nearly every text begins with a letter or digit; only the distinct others are looked at one by one.
    odd = filled & ~_PLAIN_START[characters[np.minimum(starts, len(characters) - 1)]]
    if odd.any():
        others = column.filter(pa.array(odd)).dictionary_encode()
        replaced = pa.array([neutralised(text) for text in others.dictionary.to_pylist()], column.type)
        column = pc.replace_with_mask(column, pa.array(odd), replaced.take(others.indices))
    if filled.all():
        return column
    # The same bytes, with a mark on each text that is none.
    marks = pa.py_buffer(np.packbits(np.pad(filled, (column.offset, 0)), bitorder="little"))
    return pa.Array.from_buffers(column.type, len(column), [marks, *column.buffers()[1:]], offset=column.offset)


def _places(column: pa.Array) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[np.uint8]]:
    """Where each text of a column begins and ends among its bytes, and the bytes."""
    _, places, characters = column.buffers()
    kind = np.int64 if pa.types.is_large_string(column.type) else np.int32
    if not len(column):
        return np.zeros(0, kind), np.zeros(0, kind), np.zeros(1, np.uint8)
    edges = np.frombuffer(places, kind)[column.offset : column.offset + len(column) + 1]
    return edges[:-1], edges[1:], np.frombuffer(characters if characters else b"\0", np.uint8)


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _pieces(rows: Rows, size: int) -> Iterator[Rows]:
    """The rows a few at a time: what is made of all of them at once takes as much memory again."""
    for start in range(0, len(rows), size):
        yield rows.slice(start, size) if isinstance(rows, pa.Table) else rows.iloc[start : start + size]


def _declared_table(rows: Rows, schema: pa.Schema) -> pa.Table:
    columns = [column.cast(field.type) for column, field in zip(_arrow_columns(rows, schema), schema, strict=True)]
    return pa.Table.from_arrays(columns, schema=schema)


def _arrow_columns(rows: Rows, schema: pa.Schema) -> list[pa.Array]:
    """Columns in the order and types of the schema, categories kept as dictionaries, missing values as null.

    Raises:
        ValueError: there are columns that the schema does not know; they would be lost in silence.
    """
    names = rows.column_names if isinstance(rows, pa.Table) else rows.columns
    unknown = [name for name in names if name not in schema.names]
    if unknown:
        raise ValueError(f"columns {unknown} are not declared for this table")
    return [_arrow_column(rows[field.name], field.type) for field in schema]


def _arrow_column(column: pd.Series | pa.ChunkedArray, kind: pa.DataType) -> pa.Array:
    array = column if isinstance(column, pa.ChunkedArray) else pa.array(column, from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return array if _is_text(kind) and _is_text(array.type) else array.cast(kind)
