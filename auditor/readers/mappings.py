"""Remembered mappings for foreign files: which header is which column of ours, what holds for every row, which format it is.

A mapping is a TOML file that can be kept beside the data:

    format = "csv"
    [columns]
    "Product Name" = "name"
    [values]
    market = "de"
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import tomli as tomllib

from auditor.batches import TEXT, Batch, always
from auditor.errors import UsageError
from auditor.labels import LINE_COLUMNS, PRODUCT_LAYOUT_COLUMNS
from auditor.readers.columns import OWN_COLUMNS

KEYS = ("format", "columns", "values", "encoding", "sheet")
TARGETS = tuple(name for name in (*LINE_COLUMNS, *PRODUCT_LAYOUT_COLUMNS) if name not in OWN_COLUMNS)
VALUE_TARGETS = tuple(
    name for name in LINE_COLUMNS if name not in (*OWN_COLUMNS, "product_id", "ingredient", "line", "parent")
)
"""Columns that may be the same on every row."""


@dataclass(frozen=True)
class Mapping:
    """How a foreign file is read: `columns` header -> our column, `values` our column -> its text on rows that lack it."""

    columns: MappingType[str, str] = field(default_factory=dict)
    values: MappingType[str, str] = field(default_factory=dict)
    format: str = ""
    encoding: str = ""
    sheet: str = ""

    def filled(self, batch: Batch) -> Batch:
        """The batch with the fixed values in the cells that are empty."""
        table = batch.table
        for name, text in self.values.items():
            if name not in table.column_names:
                table = table.append_column(name, always(text, table.num_rows))
                continue
            column = table[name].cast(TEXT)
            filled = pc.if_else(pc.equal(column, ""), pa.scalar(text, TEXT), column)
            table = table.set_column(table.column_names.index(name), name, filled)
        return replace(batch, table=table)


def load_mapping(path: str | Path, formats: MappingType[str, object] | None = None) -> Mapping:
    """Read a mapping file.

    Args:
        path: the TOML file.
        formats: accepted format names; None takes any.

    Raises:
        UsageError: with every problem of the file at once.
    """
    try:
        table = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"--mapping {path}: cannot be read: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f'--mapping {path}: no TOML: {error}; accepted is for instance [columns] with "Product Name" = "name"'
        ) from None
    problems = list(_problems(table, formats))
    if problems:
        raise UsageError([f"--mapping {path}: {problem}" for problem in problems])
    return Mapping(
        dict(table.get("columns", {})), {name: str(value) for name, value in table.get("values", {}).items()},
        table.get("format", ""), table.get("encoding", ""), table.get("sheet", ""),
    )  # fmt: skip


def _problems(table: dict[str, Any], formats: MappingType[str, object] | None) -> list[str]:
    problems = [f"{key!r} is not known; accepted are {', '.join(KEYS)}" for key in table if key not in KEYS]
    for name in ("columns", "values"):
        if not isinstance(table.get(name, {}), dict):
            return [*problems, f'{name!r} has to be a table: [{name}] and lines such as "Product Name" = "name"']
    problems += [
        f"{key!r} has to be text" for key in ("format", "encoding", "sheet") if not isinstance(table.get(key, ""), str)
    ]
    if formats is not None and table.get("format") and table["format"] not in formats:
        problems.append(f"format {table['format']!r} is not known; accepted are {', '.join(formats)}")
    for header, target in table.get("columns", {}).items():
        if not isinstance(target, str) or target not in TARGETS:
            problems.append(f"[columns] {header!r} = {target!r}: no such column; {_nearest(target, TARGETS)}")
    targets = list(table.get("columns", {}).values())
    problems += [
        f"[columns] {target!r} stands for several headers; keep one"
        for target in dict.fromkeys(map(str, targets))
        if targets.count(target) > 1
    ]
    for name, value in table.get("values", {}).items():
        if name not in VALUE_TARGETS:
            problems.append(
                f"[values] {name!r}: no column that may be the same on every row; {_nearest(name, VALUE_TARGETS)}"
            )
        elif isinstance(value, dict | list | bool):
            problems.append(f"[values] {name} = {value!r}: a text or a number is needed")
    return problems


def _nearest(name: object, accepted: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(str(name), accepted, n=1)
    return (f"did you mean {close[0]!r}? " if close else "") + f"accepted are {', '.join(accepted)}"


def save_mapping(mapping: Mapping, path: str | Path) -> Path:
    """Write a mapping file that :func:`load_mapping` reads back; the file appears whole or not at all.

    Raises:
        UsageError: the mapping itself could not be loaded again, or the file cannot be written.
    """
    tables: dict[str, Any] = {"columns": dict(mapping.columns), "values": dict(mapping.values)}
    problems = _problems(tables, None)
    if problems:
        raise UsageError([f"mapping: {problem}" for problem in problems])
    path = Path(path)
    lines = [
        f"{name} = {_quoted(value)}" for name in ("format", "encoding", "sheet") if (value := getattr(mapping, name))
    ]
    for name, table in tables.items():
        if table:
            lines += ["", f"[{name}]", *(f"{_quoted(key)} = {_quoted(value)}" for key, value in table.items())]
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_text("\n".join(lines).lstrip("\n") + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"--mapping {path}: cannot be written: {error.strerror or error}") from None
    return path


def _quoted(text: str) -> str:
    """A TOML basic string."""
    escaped = "".join(
        f"\\u{ord(char):04x}" if ord(char) < 32 or ord(char) == 127 else char
        for char in str(text).replace("\\", "\\\\").replace('"', '\\"')
    )
    return f'"{escaped}"'
