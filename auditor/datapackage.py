"""What an audit says about its own files: the data package and the data dictionary.

Everything here follows from the declared columns and the run's summary; no clock, no machine, no folder gets in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path, PurePath
from typing import Any, Protocol

import orjson
import pandas as pd

from auditor.limits import STALE_AFTER_DAYS, load_limits
from auditor.schema import TABLES, Column
from auditor.writers import NEUTRALISING_RULE, neutralised

CAVEATS = ("An audit of label claims, not of contents.", "Not medical advice.")

TABLE_TITLES = {
    "products": "Products: one row per product",
    "doses": "Doses: one row per product, nutrient and form",
    "findings": "Findings: one row per product and finding",
    "rejects": "Rejects: input rows that could not be used",
}

_REQUIRED = {
    "products": {"product_id", "class", "context", "errors", "warnings", "notes"},
    "doses": {"product_id", "nutrient", "form", "context", "verdict"},
    "findings": {"finding_id", "severity", "message"},
    "rejects": {"reason", "message"},
}

_STORED = {
    "csv": {"format": "csv", "mediatype": "text/csv", "encoding": "utf-8"},
    "parquet": {"format": "parquet", "mediatype": "application/vnd.apache.parquet"},
}
"""How the bytes of a table are to be read, by the extension of its file."""


class RunSummary(Protocol):
    """What a run counted and what it was run with; the part of the audit's summary that is reported."""

    @property
    def rows_in(self) -> int: ...
    @property
    def rows_audited(self) -> int: ...
    @property
    def rows_rejected(self) -> int: ...
    @property
    def labels(self) -> int: ...
    @property
    def context(self) -> str: ...
    @property
    def market(self) -> str: ...
    @property
    def authority(self) -> str: ...
    @property
    def evidence_edition(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def inputs(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def overrides(self) -> tuple[dict[str, str], ...]: ...
    @property
    def today(self) -> date | None: ...


class AuditTables(Protocol):
    """An audit as far as writing it goes: four tables with the columns of the schema, and the run's summary."""

    @property
    def products(self) -> pd.DataFrame: ...
    @property
    def doses(self) -> pd.DataFrame: ...
    @property
    def findings(self) -> pd.DataFrame: ...
    @property
    def rejects(self) -> pd.DataFrame: ...
    @property
    def summary(self) -> RunSummary: ...


def data_dictionary() -> pd.DataFrame:
    """Every output column: table, column, type, unit, accepted values (joined by `;`) and meaning."""
    rows = [
        (table, column.name, column.type, column.unit, ";".join(column.values), column.meaning)
        for table, columns in TABLES.items()
        for column in columns
    ]
    return pd.DataFrame(rows, columns=["table", "column", "type", "unit", "values", "meaning"], dtype="str")


def input_name(name: str) -> str:
    """Name of an input as a report may show it: as the user gave it, but only the file name of an absolute path."""
    shown = PurePath(name).name if PurePath(name).is_absolute() else name
    return shown.encode("utf-8", "backslashreplace").decode()


def data_package(summary: RunSummary, files: Mapping[str, tuple[str, Path]], extra: Sequence[str] = ()) -> bytes:
    """The text of `datapackage.json`, a Frictionless Data Package with some properties of our own.

    Args:
        files: for each table the name of its file in the package, CSV or Parquet, and where its bytes are to be found now.
        extra: passed-through text columns of the products table.
    """
    every_context = summary.context == "all"
    resources = [
        _resource(table, name, path, extra if table == "products" else (), every_context)
        for table, (name, path) in files.items()
    ]
    package = _package(summary, resources)
    neutral = [name for name, _ in files.values() if _kind(name) == "csv"]
    if neutral:
        package["neutralised"] = {"files": neutral, "rule": NEUTRALISING_RULE}
    return _written(package)


def partitioned_package(
    summary: RunSummary, files: Mapping[str, Sequence[Mapping[str, Any]]], extra: Sequence[str] = ()
) -> bytes:
    """The text of `datapackage.json` for tables that are Parquet files in parts, in order.

    Args:
        files: for each table its parts: `path`, `bytes` and `hash` of each.
        extra: passed-through text columns of the products table.
    """
    resources = [
        {
            "name": table, "type": "table", "title": TABLE_TITLES[table], "path": [part["path"] for part in parts], **_STORED["parquet"],
            "parts": list(parts), "schema": _table_schema(table, "parquet", extra if table == "products" else (), summary.context == "all"),
        }
        for table, parts in files.items()
    ]  # fmt: skip
    return _written(_package(summary, resources))


def _written(package: dict[str, Any]) -> bytes:
    return orjson.dumps(package, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _package(summary: RunSummary, resources: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": "supplement-label-audit",
        "title": "Supplement label audit: vitamin D and vitamin K2",
        "description": " ".join(CAVEATS),
        "resources": resources,
        "auditor": {
            "version": summary.version,
            "evidence_edition": summary.evidence_edition,
            "context": summary.context,
            "market": summary.market,
            "authority": summary.authority,
            "today": summary.today.isoformat() if summary.today else "",
        },
        "market_limits": age_of_limits(),
        "inputs": [{"name": input_name(name), "sha256": sha256} for name, sha256 in summary.inputs],
        "overrides": list(summary.overrides),
        "rows": {"in": summary.rows_in, "audited": summary.rows_audited, "rejected": summary.rows_rejected},
    }


def age_of_limits() -> dict[str, str]:
    """When the market limits were last checked, and from which day on some of them count as stale; no clock gets in."""
    checked = [limit.last_checked for limit in load_limits()]
    return {
        "oldest_check": min(checked).isoformat(),
        "newest_check": max(checked).isoformat(),
        "stale_from": (min(checked) + timedelta(days=STALE_AFTER_DAYS + 1)).isoformat(),
    }


def _resource(table: str, name: str, path: Path, extra: Iterable[str], every_context: bool) -> dict[str, Any]:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    kind = _kind(name)
    content = {"bytes": path.stat().st_size, "hash": f"sha256:{sha256}"}
    return {
        "name": table,
        "type": "table",
        "title": TABLE_TITLES[table],
        "path": name,
        **_STORED[kind],
        # Frictionless counts no bytes of a Parquet file and would call every number wrong; see `partitioned_package`.
        **(content if kind == "csv" else {"parts": [{"path": name, **content}]}),
        "schema": _table_schema(table, kind, extra, every_context),
    }


def _kind(name: str) -> str:
    return PurePath(name).suffix.removeprefix(".")


def _table_schema(table: str, kind: str, extra: Iterable[str], every_context: bool) -> dict[str, Any]:
    is_csv = kind == "csv"
    key = ["product_id", "context"] if every_context else ["product_id"]
    fields = [_field(column, column.name in _REQUIRED[table]) for column in TABLES[table]]
    fields += [
        {
            "name": neutralised(name) if is_csv else name,
            "type": "string",
            "description": "passed through from the input",
        }
        for name in extra
    ]
    schema: dict[str, Any] = {"fields": fields} | ({"missingValues": [""]} if is_csv else {})
    if table == "products":
        schema["primaryKey"] = key
    elif table in ("doses", "findings"):
        reference = {"resource": "products", "fields": ["product_id"]}
        schema["foreignKeys"] = [{"fields": ["product_id"], "reference": reference}]
    return schema


def _field(column: Column, required: bool) -> dict[str, Any]:
    field: dict[str, Any] = {"name": column.name, "type": column.type, "description": column.meaning}
    if column.unit:
        field["unit"] = column.unit
    constraints: dict[str, Any] = {"required": True} if required else {}
    if column.values:
        constraints["enum"] = list(column.values)
    return field | ({"constraints": constraints} if constraints else {})
