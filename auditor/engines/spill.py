"""Frames kept in files between two steps of a run; the folder may be on any file system that fsspec knows."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd
import pyarrow as pa

from auditor.batches import TEXT

NULLABLE = "over_upper_level"
"""The one column of the tables that is true, false or unknown."""


def is_url(name: str | Path) -> bool:
    """Whether a path has a scheme (`s3://`) and is therefore opened through fsspec."""
    return isinstance(name, str) and re.match(r"[a-z][a-z0-9+.-]+://", name, re.IGNORECASE) is not None


def file_system(name: str) -> tuple[Any, str]:
    """The fsspec file system of an address, and the path on it."""
    import fsspec

    found: tuple[Any, str] = fsspec.core.url_to_fs(name)
    return found


@contextlib.contextmanager
def _sink(name: str) -> Iterator[Any]:
    """A new file that appears whole: two workers that do the same task over again leave one sound file."""
    if is_url(name):
        # Object stores show a file when it is closed; there is nothing to rename.
        files, path = file_system(name)
        with files.open(path, "wb") as file:
            yield file
        return
    draft = Path(f"{name}.{uuid4().hex[:8]}")
    try:
        with draft.open("wb") as file:
            yield file
        draft.replace(name)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


class Folder:
    """Frames by name in a folder."""

    def __init__(self, name: str) -> None:
        self.name = name
        if is_url(name):
            files, path = file_system(name)
            files.makedirs(path, exist_ok=True)
        else:
            Path(name).mkdir(parents=True, exist_ok=True)

    def put(self, key: str, frame: pd.DataFrame) -> None:
        """Keep a frame; one without rows is kept too, with its columns.  Columns of words are kept as such."""
        table = table_of(frame)
        with _sink(f"{self.name}/{key}.arrow") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)

    def get(self, key: str, columns: Sequence[str] = ()) -> pd.DataFrame:
        """The frame, with the types it had, or some columns of it."""
        return frame_of(self.table(key, columns))

    def table(self, key: str, columns: Sequence[str] = ()) -> pa.Table:
        """The frame as it is stored, or some columns of it."""
        if is_url(self.name):
            files, path = file_system(f"{self.name}/{key}.arrow")
            with files.open(path, "rb") as file:
                return _read(pa.BufferReader(file.read()), columns)
        # Read and not mapped: mapped pages would count as memory of the process.
        with pa.OSFile(f"{self.name}/{key}.arrow", "rb") as file:
            return _read(file, columns)

    @contextlib.contextmanager
    def file(self, key: str) -> Iterator[Any]:
        """A new file of another kind, which appears whole when the block ends."""
        with _sink(f"{self.name}/{key}") as file:
            yield file

    def has_file(self, key: str) -> bool:
        """Whether such a file was made; for folders of this machine."""
        return Path(f"{self.name}/{key}").exists()

    @contextlib.contextmanager
    def opened(self, key: str) -> Iterator[Any]:
        """Such a file, to be read; for folders of this machine."""
        with Path(f"{self.name}/{key}").open("rb") as file:
            yield file

    def drop(self, key: str) -> None:
        """Delete such a file; for folders of this machine."""
        Path(f"{self.name}/{key}").unlink()

    def has(self, key: str) -> bool:
        """Whether a frame was kept under this key."""
        if is_url(self.name):
            files, path = file_system(f"{self.name}/{key}.arrow")
            return bool(files.exists(path))
        return Path(f"{self.name}/{key}.arrow").exists()

    def remove(self) -> None:
        """Delete the folder and all in it."""
        if is_url(self.name):
            files, path = file_system(self.name)
            with contextlib.suppress(OSError):
                files.rm(path, recursive=True)
            return
        for spilled in Path(self.name).glob("*"):
            spilled.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            Path(self.name).rmdir()


def _read(stored: pa.NativeFile, columns: Sequence[str]) -> pa.Table:
    whole = pa.ipc.open_file(stored)
    if not columns:
        return whole.read_all()
    places = [whole.schema.get_field_index(name) for name in columns]
    return pa.ipc.open_file(stored, options=pa.ipc.IpcReadOptions(included_fields=places)).read_all()


def table_of(frame: pd.DataFrame) -> pa.Table:
    """The table that a frame is kept as."""
    return pa.table({name: _stored(frame[name].array) for name in frame})


def _stored(cells: pd.api.extensions.ExtensionArray) -> pa.Array | pa.ChunkedArray:
    if isinstance(cells, pd.Categorical):
        # All of one type, also a column that has no word and one that has very many.
        return pa.DictionaryArray.from_arrays(pa.array(cells.codes.astype(np.int32)), pa.array(cells.categories, TEXT))
    return pa.array(cells, from_pandas=True)


def frame_of(table: pa.Table) -> pd.DataFrame:
    """The frame that was kept as this table, or rows of it; words have become texts."""
    columns = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_dictionary(column.type):
            columns[name] = column.cast(TEXT).to_pandas()
        elif pa.types.is_boolean(column.type) and name == NULLABLE:
            columns[name] = column.to_pandas(types_mapper={pa.bool_(): pd.BooleanDtype()}.get)
        else:
            columns[name] = column.to_pandas()
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows), copy=False)
