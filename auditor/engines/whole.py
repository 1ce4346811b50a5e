"""The whole input in memory: for the API, the dashboard and formats that hold every row at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pandas as pd

from auditor.engines.spill import file_system, is_url
from auditor.evidence import Evidence, load_evidence
from auditor.labels import LINE_COLUMNS, Label, Reject, as_line_table, label_frame, reject_table
from auditor.overrides import Override, apply, suppress
from auditor.pipeline import Audit, audit_lines, check_options
from auditor.readers import Reading, open_reading
from auditor.readers.mappings import Mapping as Values
from auditor.schema import SEVERITIES

Progress = Callable[[int, int], None]
"""Called after each batch with the lines and the rejects so far."""

BATCH_LINES = 144_000
"""Lines read at a time by all processes of a run together: more are faster and take more memory (measured with two processes)."""


@dataclass(frozen=True)
class ReadSettings:
    """How the input is read; see :func:`auditor.readers.read_batches`."""

    format: str | None = None
    rename: Mapping[str, str] | None = None
    encoding: str | None = None
    sheet: str | None = None
    chunk_rows: int = BATCH_LINES
    mapping: Values | None = None

    def open(self, paths: str | Path | Sequence[str | Path]) -> Reading:
        """Find the files; errors as in :func:`auditor.readers.open_reading`."""
        return open_reading(
            paths,
            format=self.format,
            rename=self.rename,
            encoding=self.encoding,
            sheet=self.sheet,
            chunk_rows=self.chunk_rows,
            values=self.mapping,
        )


DEFAULT_SETTINGS = ReadSettings()


def audit(
    source: str | Path | Sequence[str | Path] | pd.DataFrame | Label | Iterable[Label],
    context: str = "auto",
    *,
    market: str = "",
    evidence: Evidence | str | Path | None = None,
    authority: str = "",
    settings: ReadSettings = DEFAULT_SETTINGS,
    progress: Progress | None = None,
    overrides: Sequence[Override] = (),
    today: date | None = None,
) -> Audit:
    """Audit files, folders, a line table or labels, and account for every row read.

    Args:
        source: path or paths (any format of :mod:`auditor.readers`), a line table, or one or several `Label` records.
        context: 'auto', a context id, or 'all'.
        market: market of the labels that do not say theirs.
        evidence: an edition, or the folder of one; the shipped one by default.
        authority: whose upper levels to compare with.
        settings: how files are read.
        progress: called after each batch read.
        overrides: a reviewer's corrections and acceptances; see :func:`auditor.overrides.load_overrides`.
        today: the day by which market limits count as stale; without one nothing is told of it.

    Raises:
        UsageError: an option that is not known, an override that matches nothing or no longer differs.
        InputError: a file that cannot be read at all.
        EvidenceError: an evidence folder that breaks its rules.
    """
    edition = evidence if isinstance(evidence, Evidence) else load_evidence(evidence)
    check_options(edition, context, market, authority)
    read: Everything | None = None
    if isinstance(source, pd.DataFrame):
        lines = source
    else:
        listed = [source] if isinstance(source, str | Path | Label) else list(source)
        if listed and all(isinstance(item, Label) for item in listed):
            lines = label_frame(listed)  # type: ignore[arg-type]
        else:
            read = read_everything(listed, settings, progress)  # type: ignore[arg-type]
            lines = read.lines
    if overrides:
        lines = apply(as_line_table(lines), overrides)
    found = audit_lines(lines, context=context, market=market, evidence=edition, authority=authority, today=today)
    if overrides:
        found = _reviewed(found, overrides)
    return found if read is None else accounted(found, read)


def _reviewed(found: Audit, overrides: Sequence[Override]) -> Audit:
    """The audit after a reviewer's decisions, its findings counted anew."""
    findings = suppress(found.findings, overrides)
    products = found.products.copy()
    for severity in SEVERITIES:
        counts = findings.loc[findings["severity"] == severity, "product_id"].value_counts()
        products[f"{severity}s"] = products["product_id"].map(counts).fillna(0).astype("int64")
    ids = findings.drop_duplicates(["product_id", "finding_id"]).groupby("product_id")["finding_id"].agg(";".join)
    products["finding_ids"] = products["product_id"].map(ids).fillna("").astype("str")
    summary = replace(found.summary, overrides=tuple(item.entry for item in overrides))
    return replace(found, findings=findings, products=products, summary=summary)


@dataclass(frozen=True)
class Everything:
    """All batches of an input as one."""

    lines: pd.DataFrame
    rejects: pd.DataFrame
    rows_in: int
    inputs: tuple[str, ...]


def read_everything(
    paths: Sequence[str | Path], settings: ReadSettings = DEFAULT_SETTINGS, progress: Progress | None = None
) -> Everything:
    """Read all input into one line table; see :class:`ReadSettings`."""
    lines: list[pd.DataFrame] = []
    rejects: list[Reject] = []
    rows_in, done = 0, 0
    inputs: dict[str, None] = {}
    for batch in settings.open(paths).batches():
        lines.append(batch.lines)
        rejects += batch.rejects
        rows_in += batch.rows_in
        done += len(batch.lines)
        inputs.update(dict.fromkeys(batch.inputs))
        if progress is not None:
            progress(done, len(rejects))
    frame = pd.concat(lines, ignore_index=True) if lines else as_line_table(pd.DataFrame(columns=list(LINE_COLUMNS)))
    return Everything(_filled(frame), reject_table(rejects), rows_in, tuple(inputs))


def _filled(frame: pd.DataFrame) -> pd.DataFrame:
    """Batches of several files may have different extra columns; what one lacks is empty there."""
    extras = [name for name in frame.columns if name not in LINE_COLUMNS]
    return frame.assign(**{name: frame[name].astype("str").fillna("") for name in extras}) if extras else frame


def accounted(found: Audit, read: Everything) -> Audit:
    """The audit with the readers' rejects, and the sum that must hold: rows in = rows audited + rows rejected."""
    rejects = pd.concat([read.rejects, found.rejects], ignore_index=True).astype("str")
    rejected = len(rejects[["source", "row"]].drop_duplicates())
    held = read.lines[["input", "row"]].drop_duplicates()
    in_rejects = (
        pd.MultiIndex.from_frame(held).isin(pd.MultiIndex.from_frame(rejects[["source", "row"]])).sum()
        if len(rejects) and len(held)
        else 0
    )
    audited = len(held) - int(in_rejects)
    if audited + rejected != read.rows_in:
        raise AssertionError(
            f"{read.rows_in} rows were read, {audited} audited and {rejected} rejected: rows were lost"
        )
    inputs = tuple((name, sha256_of(name)) for name in read.inputs)
    return replace(
        found, rejects=rejects,
        summary=replace(found.summary, rows_in=read.rows_in, rows_audited=audited, rows_rejected=rejected, inputs=inputs),
    )  # fmt: skip


def sha256_of(name: str) -> str:
    """SHA-256 of an input file as it is stored; '' for standard input."""
    if is_url(name):
        files, path = file_system(name)
        with files.open(path, "rb") as remote:
            return hashlib.file_digest(remote, "sha256").hexdigest()
    local = Path(name)
    if not local.is_file():
        return ""
    with local.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
