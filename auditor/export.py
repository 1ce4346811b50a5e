"""Writing an audit: one file, or a folder of tables with a data package; whole or not at all.

Every format is told by its extension.  The same audit gives the same bytes, whenever and wherever it is written.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from errno import EISDIR
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import pandas as pd

from auditor.datapackage import CAVEATS, AuditTables, RunSummary, data_dictionary, data_package
from auditor.errors import UsageError
from auditor.report import render_report
from auditor.schema import TABLES
from auditor.writers import TABLE_WRITERS, RowsFormat, TableWriter, csv_bytes, extra_columns, open_table_writer
from auditor.written import KINDS, PACKAGE, named_files, table_files

__all__ = ["AuditWriter", "check_target", "csv_bytes", "data_dictionary", "is_streamable", "open_output", "write_audit"]

MAX_SHEET_ROWS = 1_048_576
MAX_CELL_UTF16_UNITS = 32_767
CUT_MARK = " [cut]"


def write_audit(
    audit: AuditTables, target: str | os.PathLike[str], table: str = "products", tables_as: str | None = None
) -> tuple[Path, ...]:
    """Write the audit and return the files written, the data package last.

    Args:
        target: a file with one of the known extensions; anything else without an extension, with a slash at its
            end, or that is a folder already, is the folder for all tables.  Missing folders are made.
        table: which table a csv, parquet or jsonl file holds; the other formats hold all of them.
        tables_as: what the tables of a folder are written as, 'csv' or 'parquet'; 'csv' if nothing is said.  The tables
            of an earlier audit in the folder, of either kind, are replaced.

    Raises:
        UsageError: unknown extension, table or `tables_as`, an extension that contradicts it, more rows than a sheet
            holds, or a place that cannot be written to.  What stood there before is unchanged then, as after any
            other exception.
    """
    if is_streamable(target):
        extra = extra_columns(audit.products, "products")
        with open_output(target, table, extra, tables_as) as (writer, paths):
            for name in writer.tables:
                writer.append(name, getattr(audit, name))
            writer.finish(audit.summary)
        return paths
    check_target(target, table, tables_as)
    path = Path(target)
    with _told_as_usage(target), _whole_or_not_at_all((path,)) as (draft,):
        _DOCUMENT_WRITERS[_extension(path)](audit, draft)
    return (path,)


class AuditWriter:
    """Takes the tables of an audit piece by piece; made by :func:`open_output`.

    Rows of a table have to come in their order; tables may take turns.
    """

    def __init__(
        self, writers: Mapping[str, TableWriter], formats: tuple[RowsFormat, ...], finish: Callable[[RunSummary], None]
    ) -> None:
        self._writers = writers
        self._finish = finish
        self.formats = formats
        """How rows of each table that is written are made ready for :meth:`add`."""

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables that are written."""
        return tuple(self._writers)

    def append(self, table: str, frame: pd.DataFrame) -> None:
        """Write rows of a table; a table that is not wanted is passed over."""
        if table in self._writers and len(frame):
            self._writers[table].append(frame)

    def add(self, table: str, rows: BinaryIO) -> None:
        """Write rows of a table that is written, made ready in a file by its format."""
        self._writers[table].add(rows)

    def finish(self, summary: RunSummary) -> None:
        """Complete the files once all rows are written."""
        self._finish(summary)


def is_streamable(target: str | os.PathLike[str]) -> bool:
    """Whether the output can be written piece by piece; workbooks and reports need the whole audit."""
    path = Path(target)
    return _is_folder(target) or _extension(path) not in _DOCUMENT_WRITERS


def check_target(target: str | os.PathLike[str], table: str = "products", tables_as: str | None = None) -> None:
    """Whether an audit can be written so, as far as that can be told before it is there; arguments as in :func:`write_audit`.

    Raises:
        UsageError: as there.
    """
    if table not in TABLES:
        raise UsageError(f"table: '{table}' is not a table; accepted are {', '.join(TABLES)}")
    if tables_as is not None and tables_as not in KINDS:
        raise UsageError(f"tables as '{tables_as}': is not known; accepted are {', '.join(KINDS)}")
    if _is_folder(target):
        return
    extension = _extension(Path(target))
    if tables_as is not None and extension.removesuffix(".gz") != f".{tables_as}":
        raise UsageError(
            f"{target}: '{extension}' is not the extension of a {tables_as} file; accepted with tables as {tables_as} is "
            f"'.{tables_as}', or a folder (no extension, or a slash at the end); a file needs no --as, its extension tells"
        )


@contextmanager
def open_output(
    target: str | os.PathLike[str], table: str = "products", extra: Sequence[str] = (), tables_as: str | None = None
) -> Iterator[tuple[AuditWriter, tuple[Path, ...]]]:
    """Writer of an audit that comes in pieces, and the files it makes; the same files, byte for byte, as :func:`write_audit`.

    The files appear when the block ends without an exception, after :meth:`AuditWriter.finish`.

    Args:
        target: as in :func:`write_audit`, but for a workbook or report.
        table: as there.
        extra: passed-through columns of the products table.
        tables_as: as there.

    Raises:
        UsageError: as there.
    """
    check_target(target, table, tables_as)
    path = Path(target)
    folder = _is_folder(target)
    kind = tables_as or KINDS[0]
    names = table_files(kind) if folder else {table: path.name}
    paths = tuple(path / name for name in (*names.values(), PACKAGE)) if folder else (path,)
    extension = f".{kind}" if folder else _extension(path)
    with _told_as_usage(target), _whole_or_not_at_all(paths, folder) as drafts, ExitStack() as stack:
        own = dict(zip(names, drafts, strict=False))
        formats = tuple(RowsFormat(extension, name, tuple(extra) if name == "products" else ()) for name in own)
        writers = {each.table: stack.enter_context(open_table_writer(own[each.table], *each)) for each in formats}

        def finish(summary: RunSummary) -> None:
            stack.close()
            if folder:
                files = {name: (names[name], draft) for name, draft in own.items()}
                drafts[-1].write_bytes(data_package(summary, files, extra))

        yield AuditWriter(writers, formats, finish), paths


@contextmanager
def _told_as_usage(target: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"{target}: cannot be written ({error.strerror or error})") from error


def _is_folder(target: str | os.PathLike[str]) -> bool:
    path = Path(target)
    return os.fspath(target).endswith(("/", os.sep)) or path.is_dir() or not path.suffix


def _extension(path: Path) -> str:
    accepted = (*TABLE_WRITERS, *_DOCUMENT_WRITERS)
    name = path.name.lower()
    for extension in sorted(accepted, key=len, reverse=True):
        if name.endswith(extension):
            return extension
    raise UsageError(
        f"{path}: unknown extension '{path.suffix}'; accepted are {', '.join(accepted)}, "
        "or a folder (no extension, or a slash at the end)"
    )


def _write_html(audit: AuditTables, draft: Path) -> None:
    draft.write_bytes(render_report(audit).encode("utf-8", "replace"))


def _write_xlsx(audit: AuditTables, draft: Path) -> None:
    """All tables as sheets, and the data dictionary; ids and every other text are text cells, never formulas."""
    import xlsxwriter

    sheets = {table: getattr(audit, table) for table in TABLES} | {"dictionary": data_dictionary()}
    too_long = [
        f"{name}: {len(frame):,} rows do not fit in a sheet of {MAX_SHEET_ROWS:,} with its header; "
        "write .csv or .parquet"
        for name, frame in sheets.items()
        if len(frame) + 1 > MAX_SHEET_ROWS
    ]
    if too_long:
        raise UsageError(too_long)
    options = {
        "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    }  # fmt: skip
    with xlsxwriter.Workbook(os.fspath(draft), options) as workbook:
        # The time of writing would make every file differ.
        created = datetime(2000, 1, 1)
        workbook.set_properties({"title": "Supplement label audit", "comments": " ".join(CAVEATS), "created": created})
        bold = workbook.add_format({"bold": True})
        for name, frame in sheets.items():
            _write_sheet(workbook.add_worksheet(name), frame, bold)


def _write_sheet(sheet: Any, frame: pd.DataFrame, header_format: Any) -> None:
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(frame), len(frame.columns) - 1)
    for number, name in enumerate(frame.columns):
        sheet.set_column(number, number, min(max(len(name) + 3, 10), 30))
        sheet.write_string(0, number, _sheet_text(name), header_format)
    columns = [frame[name].astype(object).where(frame[name].notna(), None).tolist() for name in frame.columns]
    for row, cells in enumerate(zip(*columns, strict=True), start=1):
        for number, cell in enumerate(cells):
            if cell is None or cell == "":
                continue
            if isinstance(cell, str):
                sheet.write_string(row, number, _sheet_text(cell))
            elif isinstance(cell, bool):
                sheet.write_boolean(row, number, cell)
            elif cell in (float("inf"), float("-inf")):
                sheet.write_string(row, number, str(cell))
            else:
                sheet.write_number(row, number, cell)


def _sheet_text(text: str) -> str:
    # The limit counts UTF-16 units; most texts are far too short to count.
    if len(text) * 2 <= MAX_CELL_UTF16_UNITS:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= MAX_CELL_UTF16_UNITS * 2:
        return text
    kept = (MAX_CELL_UTF16_UNITS - len(CUT_MARK)) * 2
    return units[:kept].decode("utf-16-le", "ignore") + CUT_MARK


_DOCUMENT_WRITERS: dict[str, Callable[[AuditTables, Path], None]] = {".xlsx": _write_xlsx, ".html": _write_html}
"""Formats that hold the whole audit, by extension."""


@contextmanager
def _whole_or_not_at_all(targets: Sequence[Path], is_folder: bool = False) -> Iterator[list[Path]]:
    """Paths for drafts beside the targets, renamed to them in order when the block ends without an exception.

    If a rename fails, say because a spreadsheet holds the old file open, those before it are taken back.

    Args:
        targets: files of one folder.
        is_folder: whether they are all that an audit writes there; then the tables of the audit that stood there before
            go with its data package, and nothing else does.
    """
    folder = targets[0].parent
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    mark = f".auditor-{uuid4().hex[:12]}"
    drafts = [folder / f"{mark}-{number}.new" for number in range(len(targets))]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield drafts
        before = itertools.chain.from_iterable(named_files(folder).values()) if is_folder else ()
        retired = [path for path in before if path not in targets and path.is_file()]
        _rename_all(drafts, targets, retired, mark)
    except BaseException:
        for draft in drafts:
            draft.unlink(missing_ok=True)
        for path in made:
            with suppress(OSError):
                path.rmdir()
        raise


def _rename_all(drafts: Sequence[Path], targets: Sequence[Path], retired: Sequence[Path], mark: str) -> None:
    folder = targets[0].parent
    old = {path: folder / f"{mark}-{number}.old" for number, path in enumerate((*targets, *retired))}
    reached = 0
    try:
        for reached, target in enumerate(targets, start=1):
            if target.is_dir():
                raise IsADirectoryError(EISDIR, "a folder of this name is in the way", str(target))
            if target.exists():
                target.replace(old[target])
            drafts[reached - 1].replace(target)
        for path in retired:
            path.replace(old[path])
    except BaseException:
        for target, draft in zip(targets[:reached], drafts, strict=False):
            if old[target].exists():
                old[target].replace(target)
            elif not draft.exists():
                target.unlink(missing_ok=True)
        for path in retired:
            if old[path].exists():
                old[path].replace(path)
        raise
    for path, waiting in old.items():
        with suppress(OSError):
            waiting.unlink(missing_ok=True)
            if path.parent != folder:
                # A cluster's run has a folder for each table.
                path.parent.rmdir()
