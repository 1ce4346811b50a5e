"""Inputs opened for looking at: label files to be audited under changing rules, or an audit that is already written.

An upload is read under its own file name, so that its tables are those the command line writes beside the file.
"""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from auditor.engines import Everything, Progress, ReadSettings, accounted, read_everything
from auditor.errors import InputError
from auditor.evidence import Evidence
from auditor.export import write_audit
from auditor.pipeline import Audit, RunSummary, audit_lines
from auditor.schema import PRODUCTS, TABLES, empty_table, typed
from auditor.written import PACKAGE, audit_files, header, read_table

AUDIT_COLUMNS = frozenset({"product_id", "class", "possible_classes", "vitamin_d_verdict", "vitamin_k2_verdict"})
"""Columns that tell a products table written by an audit from a file of labels."""

_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Market:
    """An opened input.  `lines` and `read` are missing where it is a finished audit, which no rule can judge anew."""

    read: Everything | None = None
    finished: Audit | None = None

    @property
    def lines(self) -> pd.DataFrame | None:
        """The line table, where there is one."""
        return self.read.lines if self.read is not None else None

    def judged(self, context: str, authority: str, evidence: Evidence) -> Audit:
        """The audit under these rules; a finished audit as it was written."""
        if self.read is None:
            assert self.finished is not None
            return self.finished
        found = audit_lines(self.read.lines, context=context, authority=authority, evidence=evidence)
        return accounted(found, self.read)


def open_market(
    path: str | Path, *, rename: Mapping[str, str] | None = None, shown_as: str = "", progress: Progress | None = None
) -> Market:
    """Open label files, a folder of them, or what an audit wrote.

    Args:
        path: a file or folder.
        rename: foreign header -> our column.
        shown_as: name under which rows of a single file are accounted for instead of its path.
        progress: called after each batch read.

    Raises:
        InputError: nothing readable there.
    """
    if is_written_audit(path):
        return Market(finished=read_written_audit(path))
    read = read_everything([path], ReadSettings(rename=rename), progress)
    return Market(read=_renamed(read, str(path), shown_as) if shown_as else read)


def _renamed(read: Everything, old: str, new: str) -> Everything:
    lines = read.lines.assign(input=read.lines["input"].astype("str").replace(old, new))
    rejects = read.rejects.assign(
        source=read.rejects["source"].astype("str").replace(old, new),
        message=read.rejects["message"].astype("str").str.replace(old, new, regex=False),
    )
    return replace(read, lines=lines, rejects=rejects)


def is_written_audit(path: str | Path) -> bool:
    """Whether a folder or file holds the tables of an audit and not labels."""
    files = _files_of(Path(path)).get("products", ())
    try:
        return bool(files) and set(header(files[0])) >= AUDIT_COLUMNS
    except pa.ArrowException:
        # What is damaged is told by those who read labels.
        return False


def _files_of(path: Path) -> dict[str, tuple[Path, ...]]:
    """Files by table of an output folder, or of a single file that may be a products table."""
    if path.is_dir():
        return audit_files(path)
    return {"products": (path,)} if path.is_file() and path.suffix.lower() in (".csv", ".parquet") else {}


def read_written_audit(path: str | Path) -> Audit:
    """The audit behind an output folder, or behind a single products file (which has no doses and no findings).

    Raises:
        InputError: a table lacks columns, or the file is damaged.
    """
    files = _files_of(Path(path))
    tables = {table: _table(files[table], table) if table in files else empty_table(table) for table in TABLES}
    folder = Path(path)
    summary = _summary(folder, len(tables["products"])) if folder.is_dir() else RunSummary()
    return Audit(**tables, summary=summary)


def _table(files: Sequence[Path], table: str) -> pd.DataFrame:
    frame = read_table(files, table)
    numbers = {column.name: 0 for column in PRODUCTS if column.type == "integer"}
    frame = frame.fillna(numbers if table == "products" else {})
    own = typed(frame, table)
    extras = [name for name in frame.columns if table == "products" and name not in own]
    return own.assign(**{name: frame[name].astype("str").fillna("").array for name in extras})


def _summary(folder: Path, products: int) -> RunSummary:
    file = folder / PACKAGE
    try:
        told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    except ValueError as error:
        raise InputError(f"{file}: is no readable JSON ({error})") from error
    rows, rules = told.get("rows", {}), told.get("auditor", {})
    return RunSummary(
        rows_in=rows.get("in", 0),
        rows_audited=rows.get("audited", 0),
        rows_rejected=rows.get("rejected", 0),
        labels=products,
        context=rules.get("context", ""),
        market=rules.get("market", ""),
        authority=rules.get("authority", ""),
        evidence_edition=rules.get("evidence_edition", ""),
        version=rules.get("version", ""),
        inputs=tuple((item.get("name", ""), item.get("sha256", "")) for item in told.get("inputs", [])),
    )


def package_bytes(audit: Audit) -> bytes:
    """The data package (all tables as CSV and `datapackage.json`) as a zip; the same audit gives the same bytes."""
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in write_audit(audit, folder):
            entry = zipfile.ZipInfo(path.name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return packed.getvalue()


def only(audit: Audit, product_ids: list[str]) -> Audit:
    """The audit of some products, in the order asked for; ids it does not hold are left out."""
    wanted = {product_id: position for position, product_id in enumerate(product_ids)}

    def chosen(frame: pd.DataFrame) -> pd.DataFrame:
        rows = frame[frame["product_id"].isin(wanted)]
        return rows.iloc[rows["product_id"].map(wanted).argsort(kind="stable")].reset_index(drop=True)

    return replace(audit, products=chosen(audit.products), doses=chosen(audit.doses), findings=chosen(audit.findings))


def together(audits: list[Audit]) -> Audit:
    """Audits of different labels under the same rules as one."""
    first, *rest = audits
    if not rest:
        return first

    def all_of(name: str) -> pd.DataFrame:
        tables = [getattr(audit, name) for audit in audits]
        joined = pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)
        extras = [column for column in joined.columns if not all(column in table for table in tables)]
        return joined.assign(**{column: joined[column].astype("str").fillna("") for column in extras})

    return replace(first, products=all_of("products"), doses=all_of("doses"), findings=all_of("findings"))


def stamp(path: str | Path) -> str:
    """Changes when a file, or any file of a folder, changes; for caches."""
    root = Path(path)
    files = sorted(file for file in root.rglob("*") if file.is_file()) if root.is_dir() else [root]
    told = [
        (str(file), status.st_size, status.st_mtime_ns) for file in files if file.exists() and (status := file.stat())
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]
