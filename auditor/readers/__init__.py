"""Label records of any format become batches of the line table; a format is a module here and a line in `READERS`.

Readers keep what is printed as text.  They never judge it: amounts, forms and directions are read later.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from auditor.batches import Batch
from auditor.errors import UsageError
from auditor.readers.columns import check_rename
from auditor.readers.delimited import read_csv, read_tsv
from auditor.readers.json_records import read_dsld, read_json
from auditor.readers.lnhpd import read_lnhpd
from auditor.readers.mappings import Mapping as Values
from auditor.readers.openfoodfacts import read_openfoodfacts
from auditor.readers.panel_text import read_text
from auditor.readers.parquet import read_parquet
from auditor.readers.sources import Reader, ReadOptions, Source, find_sources
from auditor.readers.xlsx import read_xlsx

__all__ = ["READERS", "Reading", "open_reading", "read_batches"]

READERS: dict[str, Reader] = {
    "csv": Reader(read_csv, (".csv",)),
    "tsv": Reader(read_tsv, (".tsv",)),
    "xlsx": Reader(read_xlsx, (".xlsx",)),
    "parquet": Reader(read_parquet, (".parquet",)),
    "json": Reader(read_json, (".json",)),
    "jsonl": Reader(read_json, (".jsonl", ".ndjson")),
    "dsld": Reader(read_dsld),
    "lnhpd": Reader(read_lnhpd),
    "openfoodfacts": Reader(read_openfoodfacts),
    "text": Reader(read_text, (".txt",)),
}
"""Format name -> how it is read and which extensions tell it."""


@dataclass(frozen=True)
class Reading:
    """Input that was found and can be read, more than once."""

    sources: tuple[Source, ...]
    options: ReadOptions
    values: Values | None = None

    def batches(self) -> Iterator[Batch]:
        """Batches in order of the input; no product that stands together in a file is split between two.

        Raises:
            InputError: for a file that cannot be read at all, when its turn comes.
        """
        for format, group in itertools.groupby(self.sources, key=lambda source: source.format):
            batches = READERS[format].read(group, self.options)
            yield from batches if self.values is None else map(self.values.filled, batches)

    @property
    def bytes_total(self) -> int:
        """Size of the files as they are stored."""
        return sum(source.size for source in self.sources)

    @property
    def bytes_done(self) -> int:
        """How much of it has been read in the current round; a little ahead of the batches given out."""
        return sum(source.bytes_read for source in self.sources)


def read_batches(
    paths: str | Path | Iterable[str | Path],
    *,
    format: str | None = None,
    rename: Mapping[str, str] | None = None,
    chunk_rows: int = 250_000,
    encoding: str | None = None,
    sheet: str | None = None,
) -> Iterator[Batch]:
    """Read label files and folders as one, in the order given; arguments and errors as in :func:`open_reading`.

    Returns:
        Batches in order of the input; no product that stands together in a file is split between two.
    """
    reading = open_reading(paths, format=format, rename=rename, chunk_rows=chunk_rows, encoding=encoding, sheet=sheet)
    return reading.batches()


def open_reading(
    paths: str | Path | Iterable[str | Path],
    *,
    format: str | None = None,
    rename: Mapping[str, str] | None = None,
    chunk_rows: int = 250_000,
    encoding: str | None = None,
    sheet: str | None = None,
    values: Values | None = None,
) -> Reading:
    """Find label files and folders, to be read as one.

    Args:
        paths: one or several files or folders, also addresses with a scheme that fsspec knows (`s3://`); `-` is
            standard input, which needs `format`.
        format: name in :data:`READERS` for all files; None goes by extension, and by content among JSON records.
        rename: foreign header -> column of ours.
        chunk_rows: about how many lines a batch holds.
        encoding: encoding of text files that are neither UTF-8 nor marked by a byte-order mark.
        sheet: worksheet of a workbook; None takes the first that has the columns.
        values: a remembered mapping whose fixed values fill the cells that are empty.

    Raises:
        UsageError: for an unknown format, encoding or target of `rename`.
        InputError: listing every path that is missing or tells no format.
    """
    if format is not None and format not in READERS:
        raise UsageError(f"--format {format}: no such format; accepted are {', '.join(READERS)}")
    if chunk_rows < 1:
        raise UsageError(f"chunk_rows {chunk_rows}: at least 1 is needed")
    check_rename(rename or {})
    options = ReadOptions(dict(rename or {}), chunk_rows, encoding, sheet)
    sources = find_sources([paths] if isinstance(paths, str | Path) else paths, format, READERS)
    return Reading(tuple(sources), options, values)
