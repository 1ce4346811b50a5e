"""What the command line shows on standard error: progress of a run and its summary."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from auditor.engines import Done, Run

CAVEAT = "An audit of label claims, not of contents. Not medical advice."


def console(*, stderr: bool = False) -> Console:
    """A console of fixed width when the stream is no terminal, so that output does not depend on the window."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else 110, highlight=False)


def plain(text: str) -> str:
    """Label text for a terminal table: markup and control codes show as text."""
    from rich.markup import escape

    return escape("".join(char if char.isprintable() or char == "\n" else "�" for char in text))


class RunProgress:
    """Progress of a run on standard error: lines, labels, rejects, time left; silent when that is no terminal."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> RunProgress:
        if sys.stderr.isatty():
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TimeRemainingColumn(),
                console=console(stderr=True),
                transient=True,
            )
            self._bar.start()
            self._task = self._bar.add_task("reading", total=None)
        return self

    def __call__(self, done: Done) -> None:
        if self._bar is None:
            return
        what = (
            "writing"
            if done.stage == "write"
            else f"{done.lines:,} lines, {done.labels:,} labels, {done.rejects:,} rejected"
        )
        self._bar.update(self._task, description=what, total=done.bytes_total or None, completed=done.bytes_done)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


def print_summary(run: Run) -> None:
    """Tell what a run found and where it went, on standard error."""
    from rich.table import Table

    from auditor.schema import CLASSES, SEVERITIES
    from auditor.words import nutrient_name, reason_short

    out, summary, counts = console(stderr=True), run.summary, run.counts
    out.print(
        f"\n[bold]{summary.labels:,} labels audited[/bold], evidence edition {summary.evidence_edition}, context {summary.context}"
    )
    out.print(f"rows: {summary.rows_in:,} in = {summary.rows_audited:,} audited + {summary.rows_rejected:,} rejected\n")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("class")
    table.add_column("products", justify="right")
    table.add_column("share", justify="right")
    total = sum(counts.classes.values()) or 1
    for name in CLASSES:
        table.add_row(name, f"{counts.classes[name]:,}", f"{counts.classes[name] / total:.1%}")
    out.print(table)
    out.print()
    for nutrient in dict.fromkeys(nutrient for nutrient, _ in sorted(counts.doses)):
        reasons = {reason: n for (name, reason), n in counts.doses.items() if name == nutrient}
        stuck = sorted(((n, reason) for reason, n in reasons.items() if reason), reverse=True)[:3]
        why = "; ".join(f"{reason_short(reason)} {n:,}" for n, reason in stuck)
        out.print(
            f"{nutrient_name(nutrient)}: {reasons.get('', 0):,} of {sum(reasons.values()):,} doses computed"
            + (f" (not: {why})" if why else "")
        )
    for severity in SEVERITIES:
        found = sorted(
            ((n, finding) for (kind, finding), n in counts.finding_products.items() if kind == severity), reverse=True
        )
        if found:
            all_of_them = sum(n for (kind, _), n in counts.findings.items() if kind == severity)
            out.print(
                f"{severity}s: {all_of_them:,} (" + ", ".join(f"{finding} {n:,}" for n, finding in found[:4]) + ")"
            )
    if counts.reject_reasons:
        out.print("rejects: " + ", ".join(f"{reason} {n:,}" for reason, n in counts.reject_reasons.most_common(4)))
    out.print("\nwritten: " + ", ".join(str(path) for path in run.written))
    out.print(f"[dim]'studied-range' is a dose that trials used, not one that was shown to work. {CAVEAT}[/dim]")
