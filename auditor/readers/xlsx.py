"""Reads XLSX workbooks: the first sheet that has the columns, every cell as the shortest text of its value."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from auditor.batches import TEXT, Batch
from auditor.errors import InputError
from auditor.readers.columns import Layout, match_columns
from auditor.readers.opening import read_all
from auditor.readers.sources import ReadOptions, Source
from auditor.readers.tables import Piece, batches, usable_rows
from auditor.readers.values import value_text

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

BLOCK_ROWS = 50_000


def read_xlsx(sources: Iterable[Source], options: ReadOptions) -> Iterator[Batch]:
    """Batches of the label sheet of each workbook.

    Raises:
        InputError: if a file is no workbook, or no sheet of it (or not the one asked for) has the columns.
    """
    for source in sources:
        rows, layout, header_row = _label_sheet(_workbook(source), source, options)
        yield from batches(_pieces(rows, layout, header_row, source.name), layout, source.name, options.chunk_rows)


def _workbook(source: Source) -> CalamineWorkbook:
    from python_calamine import CalamineError, CalamineWorkbook

    data = read_all(source)
    if not data:
        raise InputError(f"{source.name}: the file is empty; a workbook with a header row is needed")
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(data))
    except (CalamineError, OSError, ValueError) as error:
        raise InputError(
            f"{source.name}: not readable as an XLSX workbook ({' '.join(str(error).split())}); "
            "save it without password as .xlsx, or say the right --format"
        ) from None


def _label_sheet(
    workbook: CalamineWorkbook, source: Source, options: ReadOptions
) -> tuple[Iterator[Sequence[Any]], Layout, int]:
    """Rows below the header of the first sheet that has the columns, its layout and the row of its header."""
    names = list(workbook.sheet_names)
    if options.sheet is not None and options.sheet not in names:
        raise InputError(f"{source.name}: no sheet {options.sheet!r}; sheets are {', '.join(map(repr, names))}")
    problems: list[str] = []
    for name in [options.sheet] if options.sheet is not None else names:
        rows = iter(workbook.get_sheet_by_name(name).to_python(skip_empty_area=False))
        for header_row, row in enumerate(rows, start=1):
            header = tuple(value_text(cell).strip() for cell in row)
            if any(header):
                try:
                    return rows, match_columns(header, options.rename, f"{source.name}, sheet {name!r}"), header_row
                except InputError as error:
                    problems += error.problems
                break
        else:
            problems.append(f"{source.name}, sheet {name!r}: the sheet is empty; a header row is needed")
    raise InputError(problems)


def _pieces(rows: Iterator[Sequence[Any]], layout: Layout, header_row: int, source: str) -> Iterator[Piece]:
    first = header_row + 1
    width = len(layout.targets)
    names = [str(position) for position in range(width)]
    while block := list(itertools.islice(rows, BLOCK_ROWS)):
        columns = [pa.array([value_text(row[position]) for row in block], TEXT) for position in range(width)]
        numbers = np.arange(first, first + len(block))
        yield usable_rows(pa.table(columns, names=names), layout, numbers, source)
        first += len(block)
