"""Reads Parquet: any column type becomes text; dictionary columns stay dictionaries, hence categories in pandas."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as pt

from auditor.batches import TEXT, Batch
from auditor.errors import InputError
from auditor.readers.columns import Layout, match_columns
from auditor.readers.opening import read_all
from auditor.readers.sources import ReadOptions, Source
from auditor.readers.tables import Piece, batches, usable_rows
from auditor.readers.values import value_text


def read_parquet(sources: Iterable[Source], options: ReadOptions) -> Iterator[Batch]:
    """Batches of Parquet files; rows are numbered as if a header were row 1, to agree with a CSV of the same table.

    Raises:
        InputError: if a file is no Parquet file, is damaged, or lacks the columns.
    """
    for source in sources:
        try:
            # Read and not mapped: mapped pages would count as memory of the process.
            file = _opened(pa.OSFile(str(source.path)) if _is_plain(source) else pa.BufferReader(read_all(source)))
            layout = match_columns(file.schema_arrow.names, options.rename, source.name)
            yield from batches(_pieces(file, layout, source, options), layout, source.name, options.chunk_rows)
        except (pa.ArrowException, OSError) as error:
            raise InputError(
                f"{source.name}: not readable as Parquet ({' '.join(str(error).split())}); "
                "write it again or say the right --format"
            ) from None


def _opened(stored: pa.NativeFile) -> pq.ParquetFile:
    """The file, whose columns of text come as the dictionaries they are stored as: a tenth of the memory of their texts."""
    names = [column.name for column in pq.read_schema(stored) if _is_text(column.type)]
    stored.seek(0)
    return pq.ParquetFile(stored, read_dictionary=names, pre_buffer=False, buffer_size=1 << 16)


def _pieces(file: pq.ParquetFile, layout: Layout, source: Source, options: ReadOptions) -> Iterator[Piece]:
    first, size = 2, source.size
    names = [str(position) for position in range(len(file.schema_arrow))]
    for record_batch in file.iter_batches(batch_size=options.chunk_rows, use_threads=False):
        table = pa.table([as_text(column) for column in record_batch.columns], names=names)
        del record_batch
        numbers = np.arange(first, first + table.num_rows)
        first += table.num_rows
        source.meter.position = functools.partial(int, size * (first - 2) / file.metadata.num_rows)
        piece = [usable_rows(table, layout, numbers, source.name)]
        del table  # it would wait, with its memory, until the next one is asked for
        yield piece.pop()


def as_text(column: pa.Array) -> pa.Array:
    """The column as text without nulls; a dictionary of text stays one."""
    kind = column.type
    if pt.is_dictionary(kind) and _is_text(kind.value_type):
        if not column.null_count and not column.dictionary.null_count:
            return column.cast(pa.dictionary(pa.int32(), TEXT))
        column = column.cast(kind.value_type)
    elif pt.is_dictionary(kind):
        column = column.cast(kind.value_type)
    if _is_text(column.type) or pt.is_integer(column.type) or pt.is_decimal(column.type) or pt.is_boolean(column.type):
        return pc.fill_null(column.cast(TEXT), "")
    # Our own wording of floats and dates; few distinct values make it cheap.
    try:
        encoded = column.dictionary_encode()
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return pa.array([value_text(value) for value in column.to_pylist()], TEXT)
    texts = pa.array([value_text(value) for value in encoded.dictionary.to_pylist()], TEXT)
    return pc.fill_null(texts.take(encoded.indices), "")


def _is_text(kind: pa.DataType) -> bool:
    return bool(pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind))


def _is_plain(source: Source) -> bool:
    """Whether the file can be read in place, because it is on disk and not compressed as a whole."""
    if source.path is None:
        return False
    with source.path.open("rb") as file:
        return file.read(4) == b"PAR1"
