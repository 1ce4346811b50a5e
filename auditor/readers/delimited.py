"""Reads CSV and TSV: every cell as text, columns in blocks, and each unusable row with its place in the file."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.csv as pa_csv

from auditor.batches import TEXT_DICTIONARY, Batch
from auditor.errors import InputError
from auditor.labels import Reject
from auditor.readers.columns import Layout, match_columns
from auditor.readers.opening import SAMPLE_BYTES, CheckedUtf8, opened_text, undecodable_byte
from auditor.readers.quotes import find_open_quote, may_have_swallowed_rows, spreadsheet_rows
from auditor.readers.sources import ReadOptions, Source
from auditor.readers.tables import Piece, batches, empty_table, shorten, usable_rows

BLOCK_BYTES = 1 << 19
"""Rows are read in blocks of this size, of which Arrow holds 32 in advance; a longer row is an error."""
BLOCKS_AT_ONCE = 8
"""So many blocks are looked through together."""


NEWLINES = "\r\n"


@dataclass(frozen=True)
class _Shape:
    """What the first rows tell: how fields are separated, the header, and how many lines stand above it."""

    delimiter: str
    header: tuple[str, ...]
    lines_above: int

    @property
    def first_row(self) -> int:
        """Spreadsheet row of the first row below the header."""
        return self.lines_above + 2


def read_csv(sources: Iterable[Source], options: ReadOptions) -> Iterator[Batch]:
    """Batches of comma-separated files; `;`, tab or `|` is taken where only that makes sense of the header."""
    for source in sources:
        yield from _read(source, options, (",", ";", "\t", "|"))


def read_tsv(sources: Iterable[Source], options: ReadOptions) -> Iterator[Batch]:
    """Batches of tab-separated files; another delimiter is taken where only that makes sense of the header."""
    for source in sources:
        yield from _read(source, options, ("\t", ",", ";", "|"))


def _read(source: Source, options: ReadOptions, delimiters: tuple[str, ...]) -> Iterator[Batch]:
    start = _start(source, options.encoding)
    shape, layout = _shape(start, options, delimiters, source.name)
    # Arrow takes a header without line end for a broken file.
    if len(start) < SAMPLE_BYTES and len(start.strip(NEWLINES).splitlines()) == 1 + start[:4].lower().startswith(
        "sep="
    ):
        yield from batches([], layout, source.name, options.chunk_rows)
        return
    with opened_text(source, options.encoding) as stream:
        yield from batches(_pieces(source, stream, shape, layout, options), layout, source.name, options.chunk_rows)


def _start(source: Source, encoding: str | None) -> str:
    """The first characters of the file."""
    with opened_text(source, encoding) as stream:
        sample = bytes(stream.read(SAMPLE_BYTES))
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        raise InputError(undecodable_byte(source, encoding) or f"{source.name}: not UTF-8") from None


def _shape(start: str, options: ReadOptions, delimiters: tuple[str, ...], where: str) -> tuple[_Shape, Layout]:
    """The first delimiter with which the header has the columns we need; else the error of the likeliest one."""
    lines = start.splitlines(keepends=True)
    above = next((number for number, line in enumerate(lines) if line.strip()), 0)
    # Excel reads and writes this line to name the delimiter.
    if lines[above].lower().startswith("sep=") and len(lines[above].strip()) == len("sep=;"):
        delimiters = (lines[above][4], *delimiters)
        above += 1
    rest = "".join(lines[above:])
    shapes = [_Shape(delimiter, _first_row(rest, delimiter), above) for delimiter in delimiters]
    for shape in shapes:
        try:
            return shape, match_columns(shape.header, options.rename, where)
        except InputError:
            continue
    likeliest = max(shapes, key=lambda shape: len(shape.header))
    return likeliest, match_columns(likeliest.header, options.rename, where)


def _first_row(text: str, delimiter: str) -> tuple[str, ...]:
    try:
        return tuple(name.strip() for name in next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), []))
    except csv.Error:
        return ()


def _pieces(
    source: Source, stream: pa.NativeFile, shape: _Shape, layout: Layout, options: ReadOptions
) -> Iterator[Piece]:
    bad: deque[tuple[int, Reject]] = deque()
    next_row = shape.first_row
    suspected = False
    try:
        for blocks, at_end in _marking_last(_record_batches(source, stream, shape, bad)):
            table = pa.Table.from_batches(blocks)
            if not suspected and may_have_swallowed_rows(table, shape.delimiter, at_end):
                suspected = True
                _refuse_open_quote(source, shape, options)
            numbers, passed = spreadsheet_rows(next_row, table.num_rows, [number for number, _ in bad])
            next_row += table.num_rows + passed
            piece = usable_rows(table, layout, numbers, source.name)
            between = [bad.popleft()[1] for _ in range(passed)]
            rejects = tuple(sorted((*between, *piece.rejects), key=lambda reject: int(reject.row)))
            found = [Piece(piece.rows, rejects, piece.left_out + passed)]
            del blocks, table, piece  # they would wait, with their memory, until the next blocks are asked for
            yield found.pop()
    except pa.ArrowInvalid as error:
        raise InputError(_diagnosis(source, shape, options, error)) from None
    if not suspected and any("\n" in reject.value for _, reject in bad):
        _refuse_open_quote(source, shape, options)
    yield Piece(empty_table(layout), tuple(reject for _, reject in bad))


def _record_batches(
    source: Source, stream: pa.NativeFile, shape: _Shape, bad: deque[tuple[int, Reject]]
) -> Iterator[pa.RecordBatch]:
    """Blocks of rows as text; the rows Arrow cannot place in the columns are added to `bad`."""

    def note_bad_row(row: pa_csv.InvalidRow) -> str:
        bad.append((row.number, _misfit(row, source.name)))
        return "skip"

    # Our own names, because the header may repeat names or leave them empty, and a column without type is guessed.
    names = [str(position) for position in range(len(shape.header))]
    return iter(
        pa_csv.open_csv(
            pa.PythonFile(CheckedUtf8(stream), "r"),
            # One thread: with more, Arrow does not know the numbers of unusable rows (and is no faster, measured).
            pa_csv.ReadOptions(
                use_threads=False,
                block_size=BLOCK_BYTES,
                column_names=names,
                skip_rows=shape.lines_above,
                skip_rows_after_names=1,
            ),
            pa_csv.ParseOptions(
                delimiter=shape.delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=note_bad_row,
            ),
            # As dictionaries, which take no longer to read: few texts of a table are on one row only.
            # Every byte was checked to be UTF-8 when it was read.
            pa_csv.ConvertOptions(column_types=dict.fromkeys(names, TEXT_DICTIONARY), check_utf8=False),
        )
    )


def _marking_last(blocks: Iterator[pa.RecordBatch]) -> Iterator[tuple[list[pa.RecordBatch], bool]]:
    """Blocks, several at once, and whether they are the last of the file."""
    following = next(blocks, None)
    while following is not None:
        several = [following, *itertools.islice(blocks, BLOCKS_AT_ONCE - 1)]
        following = next(blocks, None)
        yield several, following is None


def _misfit(row: pa_csv.InvalidRow, source: str) -> Reject:
    many = row.actual_columns > row.expected_columns
    message = f"{row.actual_columns} fields where the header has {row.expected_columns}; " + (
        "put a text that holds the delimiter in double quotes" if many else "write empty fields as well"
    )
    return Reject(
        source, str(row.number), "", shorten(row.text), "too-many-fields" if many else "too-few-fields", message
    )


def _refuse_open_quote(source: Source, shape: _Shape, options: ReadOptions) -> None:
    with opened_text(source, options.encoding) as stream:
        fault = find_open_quote(stream, shape.delimiter)
    if fault:
        raise InputError(
            f"{source.name}, row {fault.row}: a double quote opens a field there and {fault.fault}, so the rows after "
            "it would be read as one cell; close the quote, or write a quote inside a quoted field twice"
        )


def _diagnosis(source: Source, shape: _Shape, options: ReadOptions, error: pa.ArrowInvalid) -> str:
    """Why Arrow gave up, in terms of the file."""
    if undecodable := undecodable_byte(source, options.encoding):
        return undecodable
    _refuse_open_quote(source, shape, options)
    if "straddl" in str(error):
        return f"{source.name}: a row is longer than {BLOCK_BYTES:,} bytes, as no row of a label table is"
    return f"{source.name}: not readable as a table: {' '.join(str(error).split())}"
