"""The audit: a line table in, three tables and the rejects out.  One path for one label and for ten million lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor import __version__
from auditor.checks.across import LabelKeys, find_across, label_keys
from auditor.checks.facts import Facts, keys_of
from auditor.checks.findings import find_all
from auditor.checks.findings import finished as finished_findings
from auditor.checks.tables import Table, objects
from auditor.classify import names_of
from auditor.distinct import codes_of, words
from auditor.dose import IU_PER_MCG, contexts_of, line_doses, targets_of
from auditor.errors import UsageError
from auditor.evidence import Evidence, load_evidence
from auditor.joining import chosen_rows, join_rows
from auditor.judging import judge
from auditor.limits import load_limits
from auditor.markets import markets
from auditor.needed import Needed, needed
from auditor.products import finding_columns, products_table
from auditor.schema import DOSES, FINDINGS, SEVERITIES, shaped, typed, with_texts

REJECTED_AMOUNTS = {
    "amount-negative": "the amount is negative; accepted are numbers from 0 up, with a unit",
    "amount-not-a-number": "the amount is not a number; accepted are numbers from 0 up, with a unit",
}
"""Line reasons that also put the input row among the rejects: the row cannot be used, the product is still audited."""


@dataclass(frozen=True)
class RunSummary:
    """What one run read and under which rules.  `rows_in` = `rows_audited` + `rows_rejected`, always."""

    rows_in: int = 0
    rows_audited: int = 0
    rows_rejected: int = 0
    labels: int = 0
    context: str = "auto"
    market: str = ""
    authority: str = ""
    evidence_edition: str = ""
    version: str = __version__
    inputs: tuple[tuple[str, str], ...] = ()
    overrides: tuple[dict[str, str], ...] = ()
    today: date | None = None


@dataclass(frozen=True)
class Audit:
    """Result of an audit: frames with the columns of :mod:`auditor.schema`, and the run's summary."""

    products: pd.DataFrame
    doses: pd.DataFrame
    findings: pd.DataFrame
    rejects: pd.DataFrame
    summary: RunSummary = field(default_factory=RunSummary)

    def write(self, path: Path | str, table: str = "products", tables_as: str | None = None) -> tuple[Path, ...]:
        """Write the tables to a folder, as 'csv' or 'parquet', or one table to a file by its extension; returns what was written."""
        from auditor.export import write_audit

        return write_audit(self, path, table, tables_as)


def audit_lines(
    frame: pd.DataFrame,
    *,
    context: str = "auto",
    market: str = "",
    evidence: Evidence | None = None,
    authority: str = "",
    today: date | None = None,
) -> Audit:
    """Audit a line table (see :mod:`auditor.labels`); pure: same frame and rules, same result.

    Args:
        frame: one row per label line; `product_id` and `ingredient` are needed, other columns may be missing.
        context: 'auto' (what each label names, else adults), one context id, or 'all' (every context, one row each).
        market: market of the labels that do not say theirs.
        evidence: an edition from :func:`auditor.evidence.load_evidence`; the shipped one by default.
        authority: whose upper levels to compare with; the strictest of NASEM and EFSA by default.
        today: the day by which market limits count as stale; without one nothing is told of it.

    Raises:
        UsageError: unknown context, market or authority, or a needed column is missing.
    """
    part = audit_part(
        _needed(frame), context=context, market=market, evidence=evidence, authority=authority, today=today
    )
    shared = {block: find_across(keys) for block, keys in enumerate(part.keys)}
    across = {block: located(found, part.keys[block].labels) for block, found in shared.items() if len(found)}
    tables = finished(part.tables, across)
    rejected, rows = len(tables["rejects"].drop_duplicates(["source", "row"])), _count_rows(frame)
    summary = RunSummary(
        rows_in=rows, rows_audited=rows - rejected, rows_rejected=rejected, labels=len(part.lines), context=context, market=market,
        authority=authority, evidence_edition=part.evidence.edition.id, today=today,
    )  # fmt: skip
    return Audit(**tables, summary=summary)


PLACE, BLOCK = "_line", "_block"
"""Columns of a part's tables that do not leave it: position of the product's first line, number of the context."""


class Part(NamedTuple):
    """Labels audited before it is known what they share with others.

    `tables` are frames by name with :data:`PLACE` and :data:`BLOCK`, a product's rows together and in order, their texts
    in columns of words (see :func:`auditor.schema.shaped`) or of texts; `keys` are the keys of the labels in each context, with :data:`PLACE`, and `lines` the number of lines of each label.
    """

    tables: dict[str, pd.DataFrame]
    keys: tuple[LabelKeys, ...]
    lines: npt.NDArray[np.int64]
    evidence: Evidence


def audit_part(
    found: Needed, *, context: str = "auto", market: str = "", evidence: Evidence | None = None, authority: str = "", today: date | None = None,
) -> Part:  # fmt: skip
    """Audit some labels, what is needed of all lines of each, without looking beyond them.

    Arguments and errors as in :func:`audit_lines`; :data:`PLACE` says of each line what `found.places` does.
    """
    evidence = evidence or load_evidence()
    check_options(evidence, context, market, authority)
    lines = found.lines
    if market:
        lines = lines.assign(market=lines["market"].astype("str").where(lines["market"] != "", market))
    product, ids = pd.factorize(lines["product_id"])
    firsts = np.full(len(ids), len(lines), dtype=np.intp)
    np.minimum.at(firsts, product, np.arange(len(lines)))
    counts = np.zeros(len(ids), dtype=np.int64)
    np.add.at(counts, product, found.counts)
    labels = _Labels(lines, product, firsts, found.places, counts, _split(found, product, counts))
    wanted = tuple(evidence.contexts) if context == "all" else (context,)
    parts = [_judged_in(labels, asked, evidence, authority, today) for asked in wanted]
    tables = {name: _interleaved([tables[name] for tables, _ in parts]) for name in ("products", "doses", "findings")}
    return Part(tables | {"rejects": parts[0][0]["rejects"]}, tuple(keys for _, keys in parts), counts, evidence)


def _needed(frame: pd.DataFrame) -> Needed:
    missing = [name for name in ("product_id", "ingredient") if name not in frame]
    if missing:
        raise UsageError(
            f"line table: column {', '.join(missing)} is missing; found {', '.join(map(str, frame.columns)) or 'none'}"
        )
    return needed(frame)


def _split(found: Needed, product: npt.NDArray[np.intp], counts: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Products whose lines do not stand together in the input."""
    low, high = np.full(len(counts), np.iinfo(np.int64).max), np.full(len(counts), -1)
    np.minimum.at(low, product, found.input_places)
    np.maximum.at(high, product, found.lasts)
    return np.asarray(high - low + 1 != counts)


def _interleaved(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Tables of the same labels in several contexts as one: ordered by product, then context, whose number each row gets."""
    for block, table in enumerate(tables):
        table[BLOCK] = np.full(len(table), block, dtype=np.int16)
    if len(tables) == 1:
        return tables[0]
    tables = [with_texts(table) for table in tables]
    return pd.concat(tables, ignore_index=True).sort_values([PLACE, BLOCK], kind="stable", ignore_index=True)


def located(found: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Findings across labels in their final words, with the place of their label."""
    told = finished_findings(found)
    return typed(
        told.assign(product_id=labels["product_id"].to_numpy()[told["product"].to_numpy(dtype=np.intp)]), "findings"
    ).assign(**{PLACE: labels[PLACE].to_numpy()[told["product"].to_numpy(dtype=np.intp)]})


def finished(tables: dict[str, pd.DataFrame], across: dict[int, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables as they are written: findings across labels put in (by context), counted and named on their products.

    They follow the other findings of the product that are as grave.
    """
    tables = {name: with_texts(table) for name, table in tables.items()}
    products, findings = tables["products"], tables["findings"]
    more = [found.assign(**{BLOCK: np.int16(block)}) for block, found in across.items() if len(found)]
    if more:
        products, findings = _with_more(products, findings, pd.concat(more, ignore_index=True))
    if products[BLOCK].any():
        findings = findings.drop_duplicates([PLACE, *(column.name for column in FINDINGS)], ignore_index=True)
    return {
        name: without_places(table) for name, table in {**tables, "products": products, "findings": findings}.items()
    }


def without_places(table: pd.DataFrame) -> pd.DataFrame:
    """A table of a part without what does not leave it."""
    return table.drop(columns=[PLACE, BLOCK], errors="ignore").reset_index(drop=True)


def _with_more(products: pd.DataFrame, findings: pd.DataFrame, more: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    merged = pd.concat([findings, more[findings.columns]], ignore_index=True)
    severities, names = codes_of(merged["severity"])
    rank = pd.Index(SEVERITIES).get_indexer(names)[severities]
    of_finding, keys, added = (_keys(table) for table in (merged, products, more))
    order = np.lexsort((rank, of_finding))
    where = np.flatnonzero(np.isin(keys, added))
    mine = order[np.isin(of_finding[order], added)]
    twice = merged.iloc[mine].duplicated([PLACE, BLOCK, "finding_id", "nutrient", "value"]).to_numpy()
    dropped = np.zeros(len(merged), dtype=bool)
    dropped[mine[twice]] = True
    told = merged[["severity", "finding_id"]].iloc[mine[~twice]]
    product = pd.Index(keys[where]).get_indexer(of_finding[mine[~twice]])
    products = products.copy()
    for name, cells in finding_columns(told.assign(product=product), len(where)).items():
        column = products[name].array.copy()
        column[where] = np.asarray(cells)
        products[name] = column
    return products, merged.iloc[order[~dropped[order]]].reset_index(drop=True)


def _keys(table: pd.DataFrame) -> npt.NDArray[np.int64]:
    """One number for the product and the context of each row, in their order."""
    return table[PLACE].to_numpy(dtype=np.int64) * 1024 + table[BLOCK].to_numpy(dtype=np.int64)


def check_options(evidence: Evidence, context: str, market: str, authority: str) -> None:
    """Raise a UsageError that names what is accepted, for every option that is not known."""
    problems = []
    if context not in ("auto", "all", *evidence.contexts):
        problems.append(f"context {context!r} is not known; accepted are auto, all, {', '.join(evidence.contexts)}")
    if market and market not in markets():
        problems.append(f"market {market!r} is not known; accepted are {', '.join(sorted(markets()))}")
    known = sorted({level.authority for level in evidence.upper_levels.values()})
    if authority and authority not in known:
        problems.append(f"authority {authority!r} is not known; accepted are {', '.join(known)}")
    if problems:
        raise UsageError(problems)


def _count_rows(frame: pd.DataFrame) -> int:
    """Input rows behind the lines; a products-layout row may give two lines, a DSLD record many."""
    if "row" not in frame:
        return len(frame)
    known = (frame["row"].notna() & (frame["row"] != "")).to_numpy()
    return int(
        len(frame)
        - known.sum()
        + len(frame.loc[known, [name for name in ("input", "row") if name in frame]].drop_duplicates())
    )


class _Labels(NamedTuple):
    """The lines of some labels: `product` numbers the product of each line, `firsts` are the products' first lines,
    `counts` how many lines they have in all, and `split` whether these stand apart in the input."""

    lines: pd.DataFrame
    product: npt.NDArray[np.intp]
    firsts: npt.NDArray[np.intp]
    places: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    split: npt.NDArray[np.bool_]


def _judged_in(
    labels: _Labels, asked: str, evidence: Evidence, authority: str, today: date | None
) -> tuple[dict[str, pd.DataFrame], LabelKeys]:
    lines, product, firsts = labels.lines, labels.product, labels.firsts
    n = len(firsts)
    contexts, fits = contexts_of(lines, product, n, evidence, asked)
    targets = targets_of(lines)
    where = targets.index.to_numpy()
    found = line_doses(targets, product[where], contexts, fits[where], evidence)
    rows = chosen_rows(found, n)
    joined = join_rows(rows)
    joined["context"] = words(contexts).take(joined["product"].to_numpy(dtype=np.intp))
    judged = judge(joined, evidence, authority)
    facts = Facts(
        Table(lines), firsts, product, labels.counts, Table(targets), Table(rows), Table(found.problems), Table(judged),
        np.array(contexts, dtype=object), evidence, load_limits(), today,
    )  # fmt: skip
    findings = find_all(facts)
    ids = lines["product_id"].array.take(firsts)
    place = labels.places[firsts]
    findings["product_id"] = ids.take(findings["product"].to_numpy())
    keys = label_keys(facts, labels.split)
    keys.labels[PLACE] = place
    tables = {
        "products": products_table(facts.first.frame, contexts, facts.judged, findings, evidence),
        "doses": _doses(facts.judged, ids),
        "findings": shaped(findings, "findings"),
        "rejects": _rejected_rows(facts, labels.places),
    }
    tables["products"][PLACE] = place
    tables["doses"][PLACE] = place[facts.dose_products]
    tables["findings"][PLACE] = place[findings["product"].to_numpy()]
    return tables, keys


def _rejected_rows(facts: Facts, places: npt.NDArray[np.int64]) -> pd.DataFrame:
    bad = np.flatnonzero(facts.rows.are("amount_reason", *REJECTED_AMOUNTS))
    lines = facts.targets.index[facts.rows["source_line"][bad]]
    source, row = (facts.lines.cells(name, lines) for name in ("input", "row"))
    reason, value = facts.rows.cells("amount_reason", bad), facts.cells(bad)
    once = np.unique(keys_of(source, row, value, reason), return_index=True)[1]
    columns = {
        "source": source[once], "row": row[once], "column": np.full(len(once), "amount", dtype=object), "value": value[once],
        "reason": reason[once], "message": objects(REJECTED_AMOUNTS[code] for code in reason[once]),
    }  # fmt: skip
    rejected = typed(columns, "rejects")
    rejected[PLACE] = places[lines[once]]
    return rejected


def _doses(judged: Table, ids: pd.api.extensions.ExtensionArray) -> pd.DataFrame:
    columns: dict[str, Any] = {column.name: judged.array(column.name) for column in DOSES if column.name in judged}
    low = np.fmin(judged["daily_mcg_low"], judged["other_mcg_low"])
    high = np.fmax(judged["daily_mcg_high"], judged["other_mcg_high"])
    converts = judged.are("nutrient", "vitamin_d") & ~judged.are("form", "calcifediol")
    computed = {
        "product_id": ids.take(judged["product"]), "daily_mcg_low": low, "daily_mcg_high": high,
        "daily_iu_low": np.round(np.where(converts, low * IU_PER_MCG, np.nan), 6),
        "daily_iu_high": np.round(np.where(converts, high * IU_PER_MCG, np.nan), 6),
        "possible_verdicts": _POSSIBLE.take(np.where(judged.are("verdict", "not-computable"), 16, judged["bits"])),
    }  # fmt: skip
    return shaped(columns | computed, "doses")


_POSSIBLE = words([*(";".join(names_of(bits)) for bits in range(16)), ""])
"""Sets of verdicts as their words, and that of a dose that cannot be computed."""
