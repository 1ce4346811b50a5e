"""The command line: arguments, printing, exit codes; the only place that prints.

Results go to standard output, everything else to standard error.  Heavy modules are imported by the command that
needs them, so that help answers at once.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from auditor import __version__
from auditor.errors import UsageError

if TYPE_CHECKING:
    from auditor.audit import Audit
    from auditor.engines import ReadSettings
    from auditor.evidence import Evidence

Command = TypeVar("Command", bound=Callable[..., Any])

CAVEAT = "An audit of label claims, not of contents. Not medical advice."


def _rules_options(command: Command) -> Command:
    """Options that say under which rules labels are judged."""
    for option in (
        click.option("--context", default="auto", show_default=True, metavar="C", help="auto, all, or one context of the evidence edition."),
        click.option("--market", default="", metavar="M", help="Market of labels that do not say theirs: us, ca, uk, de, ..."),
        click.option("--authority", default="", metavar="A", help="Whose upper levels: NASEM, EFSA, ... (default: strictest of these two)."),
        click.option("--evidence", "evidence_dir", type=click.Path(file_okay=False), help="Folder of another evidence edition."),
    ):
        command = option(command)
    return command


def _input_options(command: Command) -> Command:
    """Options that say how files are read."""
    for option in (
        click.option("--format", "format_name", default=None, metavar="F", help="csv, tsv, xlsx, json, jsonl, parquet or dsld; told by the extension if absent."),
        click.option("--rename", multiple=True, metavar="'THEIRS=ours'", help="Map a foreign column header; may be repeated."),
        click.option("--encoding", default=None, help="Encoding of text files that are not UTF-8, for instance cp1252."),
        click.option("--sheet", default=None, help="Worksheet of a workbook."),
    ):
        command = option(command)
    return command


def _settings(format_name: str | None, rename: tuple[str, ...], encoding: str | None, sheet: str | None) -> ReadSettings:
    from auditor.engines import ReadSettings

    pairs = dict(part.split("=", 1) for part in rename if "=" in part)
    wrong = [part for part in rename if "=" not in part]
    if wrong:
        raise UsageError([f"--rename {part!r}: accepted is 'their header=our column'" for part in wrong])
    return ReadSettings(format_name, pairs or None, encoding, sheet)


def _evidence(folder: str | None) -> Evidence:
    from auditor.evidence import load_evidence

    return load_evidence(folder)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="auditor")
def cli() -> None:
    """Audit the dose on supplement labels: vitamin D and K against cited evidence, the label against itself.

    It audits a label's claim, not what is in the bottle, and gives no medical advice.
    """


@cli.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("-o", "--output", required=True, help="Folder for all tables, or a file: .csv .parquet .xlsx .jsonl .html")
@click.option("--table", default="products", show_default=True, help="Table that a .csv, .parquet or .jsonl file holds.")
@click.option("--fail-on", type=click.Choice(["error", "warning"]), help="Exit with 1 if a finding of this severity or worse is there.")
@click.option("--quiet", is_flag=True, help="No summary.")
@_rules_options
@_input_options
def audit(
    paths: tuple[str, ...], output: str, table: str, fail_on: str | None, quiet: bool, context: str, market: str, authority: str,
    evidence_dir: str | None, format_name: str | None, rename: tuple[str, ...], encoding: str | None, sheet: str | None,
) -> None:  # fmt: skip
    """Audit label files and folders and write the tables."""
    from auditor.engines import audit as run

    with _progress() as progress:
        found = run(
            paths, context, market=market, evidence=_evidence(evidence_dir), authority=authority,
            settings=_settings(format_name, rename, encoding, sheet), progress=progress,
        )  # fmt: skip
    written = found.write(output, table)
    if not quiet:
        _print_summary(found, written)
    worst = {"error": ("errors",), "warning": ("errors", "warnings")}.get(fail_on or "", ())
    if any((found.products[column] > 0).any() for column in worst):
        sys.exit(1)


class _progress:
    """A progress line on standard error while files are read; nothing when that is no terminal."""

    def __enter__(self) -> Callable[[int, int], None]:
        self._bar: Any = None
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

            self._bar = Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task("reading labels")
        return self._step

    def _step(self, lines: int, rejects: int) -> None:
        if self._bar is not None:
            self._bar.update(self._task, description=f"{lines:,} lines read, {rejects:,} rejected")

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def _console(stderr: bool = False) -> Any:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else 110, highlight=False, soft_wrap=False)


def _print_summary(found: Audit, written: tuple[Path, ...]) -> None:
    from rich.table import Table

    from auditor.summary import class_counts, coverage, finding_counts

    console, run = _console(stderr=True), found.summary
    console.print(f"\n[bold]{run.labels:,} labels audited[/bold], evidence edition {run.evidence_edition}, context {run.context}")
    console.print(f"rows: {run.rows_in:,} in = {run.rows_audited:,} audited + {run.rows_rejected:,} rejected\n")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("class")
    table.add_column("products", justify="right")
    table.add_column("share", justify="right")
    for row in class_counts(found).to_dict("records"):
        table.add_row(row["class"], f"{row['products']:,}", f"{row['share']:.1%}")
    console.print(table)
    console.print()
    reasons = coverage(found)
    for name, group in reasons.groupby("name", sort=False):
        done = group.loc[group["reason"] == "", "doses"].sum()
        rest = group[group["reason"] != ""].head(3)
        why = "; ".join(f"{row['short'] or row['reason']} {row['doses']:,}" for row in rest.to_dict("records"))
        total = group["doses"].sum()
        console.print(f"{name}: {done:,} of {total:,} doses computed" + (f" (not: {why})" if why else ""))
    counted = finding_counts(found)
    for severity, group in counted.groupby("severity", sort=False):
        top = ", ".join(f"{row['finding_id']} {row['products']:,}" for row in group.head(4).to_dict("records"))
        console.print(f"{severity}s: {group['findings'].sum():,} ({top})")
    if run.rows_rejected:
        console.print("rejected rows stand in the rejects table with file, row and reason")
    console.print("\nwritten: " + ", ".join(str(path) for path in written))
    console.print(f"[dim]'studied-range' is a dose that trials used, not one that was shown to work. {CAVEAT}[/dim]")


@cli.command()
@click.argument("path", nargs=-1, required=True)
@click.option("--id", "product_id", required=True, help="product_id of the label to explain.")
@click.option("--markdown", is_flag=True, help="Markdown instead of plain text.")
@_rules_options
@_input_options
def explain(
    path: tuple[str, ...], product_id: str, markdown: bool, context: str, market: str, authority: str, evidence_dir: str | None,
    format_name: str | None, rename: tuple[str, ...], encoding: str | None, sheet: str | None,
) -> None:  # fmt: skip
    """Tell one product's derivation step by step: printed text, reading, daily dose, band, verdict, class."""
    from auditor.engines import read_everything
    from auditor.explain import explain as tell

    lines = read_everything(path, _settings(format_name, rename, encoding, sheet)).lines
    told = tell(lines, product_id, context=context, evidence=_evidence(evidence_dir), authority=authority, market=market)
    click.echo(told.as_markdown() if markdown else told.as_text())


@cli.command()
@click.argument("label")
@click.option("--directions", default="", help="Suggested use as printed.")
@click.option("--serving", default="", help="Serving size as printed, for instance '2 softgels'.")
@click.option("--audience", default="", help="For whom the label is, as printed.")
@click.option("--name", default="", help="Product name as printed.")
@click.option("--markdown", is_flag=True, help="Markdown instead of plain text.")
@_rules_options
def check(
    label: str, directions: str, serving: str, audience: str, name: str, markdown: bool, context: str, market: str, authority: str, evidence_dir: str | None
) -> None:
    """Audit one label typed on the command line; lines are parted by ';' or line breaks."""
    from auditor.explain import explain as tell
    from auditor.labels import Label, LabelLine, label_frame

    lines = tuple(LabelLine(ingredient=part.strip()) for part in label.replace("\n", ";").split(";") if part.strip())
    if not lines:
        raise UsageError("check: the label text is empty; accepted is for instance 'D3 5,000 IU, K2 (MK-7) 100 mcg'")
    typed = Label(product_id="typed label", lines=lines, name=name, directions=directions, serving_size=serving, market=market, audience=audience)
    told = tell(label_frame([typed]), "typed label", context=context, evidence=_evidence(evidence_dir), authority=authority, market=market)
    click.echo(told.as_markdown() if markdown else told.as_text())


@cli.command()
@click.argument("path", nargs=-1, required=True)
@click.option("--id", "ids", multiple=True, required=True, help="product_id; give two to six.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV instead of a table.")
@_rules_options
@_input_options
def compare(
    path: tuple[str, ...], ids: tuple[str, ...], as_csv: bool, context: str, market: str, authority: str, evidence_dir: str | None,
    format_name: str | None, rename: tuple[str, ...], encoding: str | None, sheet: str | None,
) -> None:  # fmt: skip
    """Put two to six products side by side."""
    from rich.table import Table

    from auditor.compare import compare as set_side_by_side
    from auditor.engines import audit as run

    found = run(path, context, market=market, evidence=_evidence(evidence_dir), authority=authority, settings=_settings(format_name, rename, encoding, sheet))
    told = set_side_by_side(found, list(ids))
    if as_csv:
        click.echo(told.as_csv_bytes().decode("utf-8"), nl=False)
        return
    table = Table(header_style="bold", show_lines=True)
    table.add_column("")
    for product_id in told.table.columns:
        table.add_column(_plain(str(product_id)))
    for attribute, cells in told.table.iterrows():
        mark = "* " if bool(told.differs[attribute]) else ""
        table.add_row(mark + str(attribute), *(_plain(str(cell)) for cell in cells))
    _console().print(table)
    click.echo(f"* differs. {CAVEAT}")


def _plain(text: str) -> str:
    """Label text for a terminal table: markup and control codes show as text."""
    from rich.markup import escape

    return escape("".join(char if char.isprintable() or char == "\n" else "�" for char in text))


@cli.command()
@click.argument("old", type=click.Path(exists=True, file_okay=False))
@click.argument("new", type=click.Path(exists=True, file_okay=False))
def diff(old: str, new: str) -> None:
    """List products whose class moved between two audits, and whether label or evidence moved it."""
    from auditor.diff import diff as compare_audits

    found = compare_audits(old, new)
    click.echo(f"{found.products_in_both:,} products in both; {len(found.changed):,} changed class, {len(found.added):,} added, {len(found.removed):,} removed")
    for row in found.settings.to_dict("records"):
        if row["old"] != row["new"]:
            click.echo(f"  {row['setting']}: {row['old']} -> {row['new']}")
    for row in found.changed.to_dict("records"):
        click.echo(f"{row['product_id']}  {row['context']}: {row['old']} -> {row['new']}  ({row['cause']})  {row['name']}")
    for word, table in (("added", found.added), ("removed", found.removed)):
        for row in table.to_dict("records"):
            click.echo(f"{row['product_id']}  {row['context']}: {word}, {row['class']}  {row['name']}")


@cli.group()
def evidence() -> None:
    """Show or validate an evidence edition."""


@evidence.command("list")
@click.option("--evidence", "evidence_dir", type=click.Path(file_okay=False), help="Folder of another edition.")
def evidence_list(evidence_dir: str | None) -> None:
    """List bands with their edges, and what else the edition holds."""
    from auditor.evidence_text import edition_text

    click.echo(edition_text(_evidence(evidence_dir)))


@evidence.command("show")
@click.argument("row_id")
@click.option("--evidence", "evidence_dir", type=click.Path(file_okay=False), help="Folder of another edition.")
def evidence_show(row_id: str, evidence_dir: str | None) -> None:
    """Show one band, trial, statement, reference value, upper level, context or reference in full."""
    from auditor.evidence_text import row_text

    click.echo(row_text(_evidence(evidence_dir), row_id))


@evidence.command("validate")
@click.argument("folder", type=click.Path(file_okay=False))
def evidence_validate(folder: str) -> None:
    """Check a folder of evidence files; every problem is told with file and key."""
    found = _evidence(folder)
    click.echo(f"{folder}: edition {found.edition.id} is valid: {len(found.bands)} bands, {len(found.rows)} rows, {len(found.references)} references")


@cli.command()
@click.argument("check_id", required=False)
def checks(check_id: str | None) -> None:
    """List the label checks, or tell one in full."""
    from auditor.checks import catalogue

    found = catalogue()
    if check_id is None:
        for check in found.values():
            click.echo(f"{check.id:34} {check.severity:8} {check.family:22} {check.title}")
        return
    if check_id not in found:
        raise UsageError(f"checks: {check_id!r} is not a check; `auditor checks` lists them")
    entry = found[check_id]
    for name, value in entry._asdict().items():
        click.echo(f"{name:10} {value}")


@cli.command()
@click.argument("path", required=False)
@click.option("--port", default=8501, show_default=True)
def dashboard(path: str | None, port: int) -> None:
    """Open the dashboard on the shipped products, or on label files or an audit folder."""
    app = _dashboard_app()
    environment = {**os.environ, "AUDITOR_DATA": str(Path(path).resolve()) if path else ""}
    command = [sys.executable, "-m", "streamlit", "run", str(app), "--server.address", "127.0.0.1", "--server.port", str(port),
               "--browser.gatherUsageStats", "false"]  # fmt: skip
    sys.exit(subprocess.run(command, env=environment, check=False, cwd=app.parent.parent).returncode)


def _dashboard_app() -> Path:
    for root in (Path(__file__).parent, Path(__file__).parent.parent):
        app = root / "dashboards" / "app.py"
        if app.is_file():
            return app
    raise UsageError("dashboard: dashboards/app.py was not found beside the package; run from a clone of the project")
