"""Finds the quote that was opened and never closed as it should be; slow and exact, for files that look wrong.

Arrow reads such a file without complaint: the rows after the quote become part of one cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

LONG_CELL_LINES = 200
"""No label text has more lines; a cell that does has swallowed rows."""


class ByteStream(Protocol):
    """Anything that is read block by block."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""


@dataclass(frozen=True)
class OpenQuote:
    """Where the faulty quote stands: spreadsheet row, and what is wrong with it."""

    row: int
    fault: str


def may_have_swallowed_rows(table: pa.Table, delimiter: str, at_end: bool) -> bool:
    """Whether a cell holds what looks like further rows of the file.

    Args:
        table: columns of some rows, dictionaries of text.
        delimiter: what separates fields in the file.
        at_end: whether the last row of the table is the last of the file, where an unclosed quote ends.
    """
    swallowed_row = re.compile("\n(?:[^\n]*?" + re.escape(delimiter) + "){" + str(max(table.num_columns - 1, 1)) + "}")
    for column in table.columns:
        values = [chunk.dictionary for chunk in column.chunks]
        # Copying the bytes of the texts and searching them is 25 times faster than pc.match_substring.
        if not any(b"\n" in buffer.to_pybytes() for texts in values if (buffer := texts.buffers()[2])):
            continue
        if at_end and len(column) and "\n" in column[-1].as_py():
            return True
        cells = {cell for texts in values for cell in texts.filter(pc.match_substring(texts, "\n")).to_pylist()}
        if any(cell.count("\n") > LONG_CELL_LINES or swallowed_row.search(cell) for cell in cells):
            return True
    return False


def find_open_quote(stream: ByteStream, delimiter: str) -> OpenQuote | None:
    """The first quote that opens a field and swallows rows, because it is closed in the middle of a later one or never.

    Args:
        stream: the UTF-8 text, from its first line.
        delimiter: what separates fields.
    """
    row, opened_row = 1, 0
    inside = closing = spans_lines = False
    at_field_start = True
    separator = delimiter.encode()
    for token in _tokens(stream, separator):
        ends_field = token in (separator, b"\n", b"\r")
        if closing and token != b'"':
            if not ends_field and spans_lines:
                return OpenQuote(opened_row, "is closed in the middle of a later field")
            inside = closing = False
        elif inside:
            # A quote inside is either the closing one or the first of a doubled one; the next token tells.
            closing = token == b'"' and not closing
            spans_lines |= token == b"\n"
        elif token == b'"' and at_field_start:
            inside, opened_row, spans_lines = True, row, False
        if not inside and token == b"\n":
            row += 1
        at_field_start = ends_field
    return OpenQuote(opened_row, "is never closed") if inside and not closing else None


def _tokens(stream: ByteStream, separator: bytes) -> Iterator[bytes]:
    """Quotes, delimiters and line ends one by one, and everything between two of them as one token."""
    pattern = re.compile(rb'["\r\n' + re.escape(separator) + rb']|[^"\r\n' + re.escape(separator) + rb"]+")
    while block := bytes(stream.read(1 << 20)):
        for match in pattern.finditer(block):
            yield match.group()


def spreadsheet_rows(
    first: int, count: int, skipped: list[int]
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], int]:
    """Numbers of `count` rows from `first` on, leaving out the `skipped` ones; and how many of those were passed.

    Args:
        first: number of the first row.
        count: how many rows were read.
        skipped: numbers of rows that were not, ascending, none below `first`.
    """
    end = first + count
    passed = 0
    while passed < len(skipped) and skipped[passed] < end:
        passed += 1
        end += 1
    return np.setdiff1d(np.arange(first, end), skipped[:passed], assume_unique=True), passed
