"""The evidence edition in words: what `auditor evidence list` and `show` print."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterator
from decimal import Decimal

from auditor.errors import UsageError
from auditor.evidence import Band, Evidence, Reference, Row, Statement, Trial

WIDTH = 100


def edition_text(evidence: Evidence) -> str:
    """The whole edition at a glance: bands per nutrient and form with their edges, then counts and open points."""
    return "\n".join(_edition(evidence))


def _edition(evidence: Evidence) -> Iterator[str]:
    edition = evidence.edition
    yield f"Evidence edition {edition.id}: {edition.title} ({edition.released})"
    yield from textwrap.wrap(edition.note, WIDTH)
    for key in dict.fromkeys((band.nutrient, band.form) for band in evidence.bands.values()):
        yield ""
        yield f"{key[0]} {key[1]}   (mcg a day; both edges belong to the studied range)"
        for band in evidence.bands.values():
            if (band.nutrient, band.form) == key:
                yield f"  {band.id:24} {band.context:15} {_edges(band):>22}   {band.grade:12} {band.direction}"
    yield ""
    kinds = (("references", evidence.references), ("statements of the starting documents", evidence.statements), ("trials and pooled analyses", evidence.trials),
             ("reference values", evidence.reference_values), ("upper levels", evidence.upper_levels), ("daily values", evidence.daily_values),
             ("contradictions", evidence.contradictions), ("rules for spaced doses", evidence.spaced_dose_rules))  # fmt: skip
    yield "; ".join(f"{len(rows)} {name}" for name, rows in kinds)
    bad = [trial.id for trial in evidence.trials.values() if trial.integrity in ("retracted", "disputed")]
    yield f"retracted or disputed, shown and supporting nothing: {', '.join(bad) or 'none'}"
    open_rows = [row.id for row in evidence.rows.values() if row.status == "unverified"]
    yield from textwrap.wrap(f"unverified, carrying no edge alone: {', '.join(open_rows) or 'none'}", WIDTH)
    yield "`auditor evidence show ID` tells any of them in full."


def _edges(band: Band) -> str:
    if band.low_mcg is None or band.high_mcg is None:
        return "not established"
    return (
        f"{_number(band.low_mcg)} to {_number(band.high_mcg)}"
        if band.low_mcg != band.high_mcg
        else f"{_number(band.low_mcg)} only"
    )


def _number(value: Decimal) -> str:
    return f"{float(value):,.10g}"


def row_text(evidence: Evidence, row_id: str) -> str:
    """One row of any table in full, with the rows and references it leads to.

    Raises:
        UsageError: no row has this id; the closest ids are named.
    """
    tables = (evidence.bands, evidence.trials, evidence.statements, evidence.reference_values, evidence.upper_levels, evidence.daily_values,
              evidence.contexts, evidence.contradictions, evidence.spaced_dose_rules, evidence.references)  # fmt: skip
    for table in tables:
        if row_id in table:
            return "\n".join(_row(evidence, table[row_id]))  # type: ignore[index]
    known = [key for table in tables for key in table]
    close = difflib.get_close_matches(row_id, known, n=4, cutoff=0.4)
    raise UsageError(
        f"evidence show: {row_id!r} is no id of edition {evidence.edition.id}; close are {', '.join(close) or 'none'}; `auditor evidence list` lists the bands"
    )


def _row(evidence: Evidence, row: Row) -> Iterator[str]:
    for name, value in row.cells().items():
        if value in ("", (), None):
            continue
        shown = ", ".join(map(_cell, value)) if isinstance(value, tuple) else _cell(value)
        yield from textwrap.wrap(f"{name:20} {shown}", WIDTH, subsequent_indent=" " * 21)
    if isinstance(row, Band):
        yield ""
        yield "rests on:"
        for row_id in row.rows:
            yield from _line(evidence, row_id)
    reference = evidence.references.get(getattr(row, "reference", ""))
    if reference is not None:
        yield ""
        yield from textwrap.wrap(_citation(reference), WIDTH)
    if isinstance(row, Reference):
        yield f"{'link':20} {row.link or 'none known'}"
        users = [key for key, other in evidence.rows.items() if other.reference == row.id]
        yield from textwrap.wrap(f"{'cited by':20} {', '.join(users)}", WIDTH, subsequent_indent=" " * 21)


def _cell(value: object) -> str:
    return _number(value) if isinstance(value, Decimal) else str(value)


def _line(evidence: Evidence, row_id: str) -> Iterator[str]:
    row = evidence.rows[row_id]
    said = (
        row.claim
        if isinstance(row, Statement)
        else row.result
        if isinstance(row, Trial)
        else f"{row.authority} {row.year}, {row.kind}, {row.life_stage}"
    )
    direction = f"{row.direction}, " if isinstance(row, Statement | Trial) else ""
    yield from textwrap.wrap(f"  {row_id:12} [{direction}{row.status}] {said}", WIDTH, subsequent_indent=" " * 15)


def _citation(reference: Reference) -> str:
    parts = (
        reference.authors,
        f"{reference.title} ({reference.year})",
        reference.citation,
        reference.link,
        f"status: {reference.status}, checked {reference.checked}",
    )
    return "; ".join(part for part in parts if part)
