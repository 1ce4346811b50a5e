"""The command line: arguments, printing, exit codes; the only place that prints.

Results go to standard output, everything else to standard error.  Heavy modules are imported by the command that
needs them, so that help answers at once.
"""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from auditor import __version__
from auditor.collecting import without_collector
from auditor.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from auditor.engines import ReadSettings
    from auditor.evidence import Evidence

Command = TypeVar("Command", bound=Callable[..., Any])


def _rules_options(command: Command) -> Command:
    """Options that say under which rules labels are judged."""
    for option in (
        click.option(
            "--context",
            default="auto",
            show_default=True,
            metavar="C",
            help="auto, all, or one context of the evidence edition.",
        ),
        click.option(
            "--market", default="", metavar="M", help="Market of labels that do not say theirs: us, ca, uk, de, ..."
        ),
        click.option(
            "--authority",
            default="",
            metavar="A",
            help="Whose upper levels: NASEM, EFSA, ... (default: strictest of these two).",
        ),
        click.option(
            "--evidence", "evidence_dir", type=click.Path(file_okay=False), help="Folder of another evidence edition."
        ),
    ):
        command = option(command)
    return command


def _input_options(command: Command) -> Command:
    """Options that say how files are read."""
    for option in (
        click.option(
            "--format",
            "format_name",
            default=None,
            metavar="F",
            help="csv, tsv, xlsx, json, jsonl, parquet or dsld; told by the extension if absent.",
        ),
        click.option(
            "--rename", multiple=True, metavar="'THEIRS=ours'", help="Map a foreign column header; may be repeated."
        ),
        click.option(
            "--encoding", default=None, help="Encoding of text files that are not UTF-8, for instance cp1252."
        ),
        click.option("--sheet", default=None, help="Worksheet of a workbook."),
        click.option(
            "--mapping", default=None, type=click.Path(dir_okay=False), help="A remembered mapping of foreign headers."
        ),
    ):
        command = option(command)
    return command


def _settings(
    format_name: str | None, rename: tuple[str, ...], encoding: str | None, sheet: str | None, mapping: str | None
) -> ReadSettings:
    from auditor.engines import ReadSettings

    pairs = dict(part.split("=", 1) for part in rename if "=" in part)
    wrong = [part for part in rename if "=" not in part]
    if wrong:
        raise UsageError([f"--rename {part!r}: accepted is 'their header=our column'" for part in wrong])
    if mapping:
        from auditor.readers.mappings import load_mapping

        known = load_mapping(mapping)
        return ReadSettings(
            format_name or known.format or None, {**known.columns, **pairs}, encoding or known.encoding or None, sheet or known.sheet or None,
            mapping=known,
        )  # fmt: skip
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
@click.option(
    "-o", "--output", required=True, help="Folder for all tables, or a file: .csv .parquet .xlsx .jsonl .html"
)
@click.option(
    "--as",
    "tables_as",
    type=click.Choice(["csv", "parquet"]),
    default=None,
    help="What the tables of a folder are written as.  [default: csv; parquet by the engine dask]",
)
@click.option(
    "--table", default="products", show_default=True, help="Table that a .csv, .parquet or .jsonl file holds."
)
@click.option(
    "--engine",
    type=click.Choice(["stream", "dask"]),
    default="stream",
    show_default=True,
    help="This machine, or a Dask cluster.",
)
@click.option("--scheduler", default="", metavar="ADDRESS", help="Dask scheduler; a cluster on this machine if absent.")
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    default=None,
    metavar="N",
    help="Processes that audit a long input side by side, some 200 MB each; 0 for as many as cores.  [default: 2, or 1 where there is one core]",
)
@click.option(
    "--overrides",
    "overrides_file",
    type=click.Path(dir_okay=False),
    help="A reviewer's corrections and accepted findings.",
)
@click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Day of the audit: limits last checked over a year before it become findings.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning"]),
    help="Exit with 1 if a finding of this severity or worse is there.",
)
@click.option("--quiet", is_flag=True, help="No summary.")
@_rules_options
@_input_options
def audit(
    paths: tuple[str, ...], output: str, tables_as: str | None, table: str, engine: str, scheduler: str, workers: int | None, overrides_file: str | None, fail_on: str | None, quiet: bool,
    today: datetime | None, context: str, market: str, authority: str, evidence_dir: str | None, **reading: Any,
) -> None:  # fmt: skip
    """Audit label files and folders and write the tables."""
    from auditor.console import RunProgress, print_summary
    from auditor.engines import run_to
    from auditor.overrides import load_overrides

    overrides = load_overrides(overrides_file) if overrides_file else ()
    with RunProgress() as progress:
        run = run_to(
            list(paths), output, context=context, market=market, evidence=_evidence(evidence_dir), authority=authority, table=table, tables_as=tables_as,
            settings=_settings(**reading), engine=engine, scheduler=scheduler, progress=progress, overrides=overrides, workers=workers,
            today=today.date() if today else None,
        )  # fmt: skip
    if not quiet:
        print_summary(run)
        if not today:
            _tell_stale_limits()
    worst = {"error": ("errors",), "warning": ("errors", "warnings")}.get(fail_on or "", ())
    if any(run.counts.products_with[name] for name in worst):
        sys.exit(1)


def _tell_stale_limits() -> None:
    """Say which market limits were last checked over a year ago; the tables follow from the input alone, so the clock never gets into them."""
    from datetime import date

    from auditor.limits import stale_limits

    stale = stale_limits(date.today())
    if stale:
        click.echo(
            f"note: {len(stale)} market limits were last checked over a year ago ({', '.join(limit.id for limit in stale[:5])}); --today {date.today()} writes this as findings",
            err=True,
        )


@cli.command()
@click.argument("path", nargs=-1, required=True)
@click.option("--id", "product_id", required=True, help="product_id of the label to explain.")
@click.option("--markdown", is_flag=True, help="Markdown instead of plain text.")
@_rules_options
@_input_options
def explain(
    path: tuple[str, ...],
    product_id: str,
    markdown: bool,
    context: str,
    market: str,
    authority: str,
    evidence_dir: str | None,
    **reading: Any,
) -> None:
    """Tell one product's derivation step by step: printed text, reading, daily dose, band, verdict, class."""
    from auditor.engines import read_everything
    from auditor.explain import explain as tell

    lines = read_everything(path, _settings(**reading)).lines
    told = tell(
        lines, product_id, context=context, evidence=_evidence(evidence_dir), authority=authority, market=market
    )
    click.echo(told.as_markdown() if markdown else told.as_text())


@cli.command()
@click.argument("label", required=False)
@click.option(
    "--file",
    "file",
    type=click.Path(dir_okay=False),
    help="Text of a whole label instead: panel, directions, warnings.",
)
@click.option(
    "--image", type=click.Path(dir_okay=False), help="Photo of a label instead, read on this machine (extra `ocr`)."
)
@click.option("--directions", default="", help="Suggested use as printed.")
@click.option("--serving", default="", help="Serving size as printed, for instance '2 softgels'.")
@click.option("--audience", default="", help="For whom the label is, as printed.")
@click.option("--name", default="", help="Product name as printed.")
@click.option("--markdown", is_flag=True, help="Markdown instead of plain text.")
@_rules_options
@without_collector()  # walking all imported objects would take longer than judging one label does
def check(
    label: str | None, file: str | None, image: str | None, directions: str, serving: str, audience: str, name: str, markdown: bool, context: str,
    market: str, authority: str, evidence_dir: str | None,
) -> None:  # fmt: skip
    """Audit one label: typed (lines parted by ';'), as a text file, or as a photo."""
    from auditor.explain import explain as tell

    given = [
        what for what, value in (("a typed label", label), ("--file", file), ("--image", image)) if value is not None
    ]
    if len(given) != 1:
        raise UsageError(f"check: give one of a typed label, --file or --image; found {' and '.join(given) or 'none'}")
    if image is not None:
        from auditor.photo import read_photo

        photo = read_photo(image, market=market)
        frame, account = photo.frame(), photo.as_text()
    elif file is not None:
        from auditor.labels import label_frame
        from auditor.panel import read_panel

        panel = read_panel(_text_of(file), market=market)
        frame, account = label_frame([panel.label]), panel.as_text()
    else:
        frame, account = _typed(label or "", directions, serving, audience, name, market), ""
    if account:
        click.echo(account)
    told = tell(
        frame,
        str(frame["product_id"].iloc[0]),
        context=context,
        evidence=_evidence(evidence_dir),
        authority=authority,
        market=market,
    )
    click.echo(told.as_markdown() if markdown else told.as_text())


def _text_of(path: str) -> str:
    from auditor.errors import InputError

    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start} is not UTF-8; save the text as UTF-8") from None


def _typed(label: str, directions: str, serving: str, audience: str, name: str, market: str) -> pd.DataFrame:
    from auditor.labels import typed_frame

    lines = [part.strip() for part in label.replace("\n", ";").split(";") if part.strip()]
    if not lines:
        raise UsageError("check: the label text is empty; accepted is for instance 'D3 5,000 IU, K2 (MK-7) 100 mcg'")
    return typed_frame(
        lines,
        product_id="typed label",
        name=name,
        directions=directions,
        serving_size=serving,
        market=market,
        audience=audience,
    )


@cli.command()
@click.argument("path", nargs=-1, required=True)
@click.option("--id", "ids", multiple=True, required=True, help="product_id; give two to six.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV instead of a table.")
@_rules_options
@_input_options
def compare(
    path: tuple[str, ...],
    ids: tuple[str, ...],
    as_csv: bool,
    context: str,
    market: str,
    authority: str,
    evidence_dir: str | None,
    **reading: Any,
) -> None:
    """Put two to six products side by side."""
    from rich.table import Table

    from auditor.compare import compare as set_side_by_side
    from auditor.console import CAVEAT, console, plain
    from auditor.engines import audit as run

    edition = _evidence(evidence_dir)
    found = run(path, context, market=market, evidence=edition, authority=authority, settings=_settings(**reading))
    told = set_side_by_side(found, list(ids), evidence=edition)
    if as_csv:
        click.echo(told.as_csv_bytes().decode("utf-8"), nl=False)
        return
    table = Table(header_style="bold", show_lines=True)
    table.add_column("")
    for product_id in told.table.columns:
        table.add_column(plain(str(product_id)))
    for attribute, cells in told.table.iterrows():
        mark = "* " if bool(told.differs[attribute]) else ""
        table.add_row(mark + str(attribute), *(plain(str(cell)) for cell in cells))
    console().print(table)
    click.echo(f"* differs. {CAVEAT}")


@cli.command()
@click.argument("old", type=click.Path(exists=True, file_okay=False))
@click.argument("new", type=click.Path(exists=True, file_okay=False))
def diff(old: str, new: str) -> None:
    """List products whose class moved between two audits, and whether label or evidence moved it."""
    from auditor.diff import diff as compare_audits

    found = compare_audits(old, new)
    click.echo(
        f"{found.products_in_both:,} products in both; {len(found.changed):,} changed class, {len(found.added):,} added, {len(found.removed):,} removed"
    )
    for row in found.settings.to_dict("records"):
        if row["old"] != row["new"]:
            click.echo(f"  {row['setting']}: {row['old']} -> {row['new']}")
    for row in found.changed.to_dict("records"):
        click.echo(
            f"{row['product_id']}  {row['context']}: {row['old']} -> {row['new']}  ({row['cause']})  {row['name']}"
        )
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
    click.echo(
        f"{folder}: edition {found.edition.id} is valid: {len(found.bands)} bands, {len(found.rows)} rows, {len(found.references)} references"
    )


@cli.command()
@click.argument("check_id", required=False)
def checks(check_id: str | None) -> None:
    """List the label checks, or tell one in full."""
    from auditor.checks import catalogue, in_full, listed

    if check_id is not None and check_id not in catalogue():
        near = difflib.get_close_matches(check_id, catalogue(), n=3)
        raise UsageError(
            f"checks: {check_id!r} is the id of no check; "
            + (f"near it are {', '.join(near)}" if near else "`auditor checks` lists all ids")
        )
    if check_id is None:
        for entry in listed():
            click.echo(f"{entry['id']:36} {entry['severity']:8} {entry['family']:20} {entry['title']}")
        return
    for name, text in in_full(check_id).items():
        click.echo(f"{name:12} {text}")


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
