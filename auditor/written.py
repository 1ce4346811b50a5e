"""The files of a written audit: how its tables are called, which files of a folder they are, and reading them back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from auditor.errors import InputError
from auditor.schema import TABLES, arrow_schema
from auditor.writers import neutralised

PACKAGE = "datapackage.json"
"""File of a folder that names and describes its tables."""

KINDS = ("csv", "parquet")
"""What the tables of a folder are written as; the extensions of their files."""


def table_files(kind: str) -> dict[str, str]:
    """Names of the files of a folder by table."""
    return {table: f"{table}.{kind}" for table in TABLES}


def named_files(folder: Path) -> dict[str, tuple[Path, ...]]:
    """Files that the folder's data package names, by table; a table that a cluster wrote has several.

    Only the package of an audit counts, and of it only names that an audit gives: all else in the folder is not ours.
    """
    try:
        package = orjson.loads((folder / PACKAGE).read_bytes())
    except (OSError, ValueError):
        return {}
    match package:
        case {"auditor": {}, "resources": [*resources]}:
            own = [_own_names(resource) for resource in resources]
            return {table: tuple(folder / name for name in names) for table, names in own if names}
    return {}


def _own_names(resource: Any) -> tuple[str, list[str]]:
    """Table and file names of a resource of a data package, without names that are not those of an audit."""
    match resource:
        case {"name": str(table), "path": str(path)} if table in TABLES:
            paths = [path]
        case {"name": str(table), "path": [*paths]} if table in TABLES:
            pass
        case _:
            return "", []
    own = re.compile(rf"{table}\.({'|'.join(KINDS)})|{table}/[\w.-]+\.parquet")
    return table, list(dict.fromkeys(path for path in paths if isinstance(path, str) and own.fullmatch(path)))


def audit_files(folder: Path) -> dict[str, tuple[Path, ...]]:
    """Files of the tables that are there, by table.

    A data package says which they are, since older tables of another kind may stand beside them; without one they are
    told by their names, CSV first.
    """
    files = named_files(folder)
    if not files:
        kind = next((kind for kind in KINDS if (folder / table_files(kind)["products"]).is_file()), KINDS[0])
        files = {table: (folder / name,) for table, name in table_files(kind).items()}
    # Of files in parts that are not all there, reading tells which is missing.
    return {table: own for table, own in files.items() if any(file.is_file() for file in own)}


def header(file: Path) -> list[str]:
    """Column names of a CSV or Parquet file.

    Raises:
        pyarrow.ArrowException: a Parquet file is damaged.
    """
    if file.suffix.lower() == ".parquet":
        return list(pyarrow.parquet.read_schema(file).names)
    with file.open(encoding="utf-8-sig", errors="replace") as opened:
        return [name.strip().strip('"') for name in opened.readline(100_000).split(",")]


def read_table(files: Sequence[Path], table: str, columns: Sequence[str] = ()) -> pd.DataFrame:
    """A table with its declared columns and all others, or only with some; the same from CSV and from Parquet.

    Args:
        files: one CSV file, or Parquet files whose rows follow one another.
        columns: the columns wanted.

    Raises:
        InputError: a file is damaged, or lacks columns that are wanted or declared.
    """
    schema = arrow_schema(table)
    first, is_csv = files[0], files[0].suffix.lower() == ".csv"
    try:
        there = header(first)
        missing = [name for name in columns or schema.names if name not in there]
        if missing:
            raise InputError(
                f"{first}: the {table} table of an audit lacks {', '.join(missing)}; write it anew with `auditor audit`"
            )
        found = _csv_table(first, schema, columns) if is_csv else _parquet_table(files, columns)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{first}: is no {table} table of an audit ({error})") from error
    frame: pd.DataFrame = found.to_pandas()
    return _as_audited(frame) if is_csv else frame


def _csv_table(file: Path, schema: pa.Schema, columns: Sequence[str]) -> pa.Table:
    options = pyarrow.csv.ConvertOptions(
        column_types={field.name: field.type for field in schema}, include_columns=list(columns),
        strings_can_be_null=False, null_values=[""],
    )  # fmt: skip
    return pyarrow.csv.read_csv(
        file, convert_options=options, parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True)
    )


def _parquet_table(files: Sequence[Path], columns: Sequence[str]) -> pa.Table:
    # A folder called `run=3` is no column.
    return pyarrow.parquet.read_table([str(file) for file in files], columns=list(columns) or None, partitioning=None)


def _as_audited(frame: pd.DataFrame) -> pd.DataFrame:
    """Texts and column names as they were before the CSV writer neutralised them for spreadsheets."""
    texts = {name: frame[name].astype("str") for name in frame.columns if pd.api.types.is_string_dtype(frame[name])}
    marked = {name: text for name, text in texts.items() if text.str.startswith("'").any()}
    plain = frame.assign(**{name: text.map(_plain).astype("str") for name, text in marked.items()}) if marked else frame
    return plain.rename(columns=_plain)


def _plain(text: str) -> str:
    return text[1:] if text.startswith("'") and neutralised(text) != text else text
