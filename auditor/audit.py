"""The audit: a line table in, three tables and the rejects out.  One path for one label and for ten million lines."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor import __version__
from auditor.checks.findings import find_all
from auditor.classify import names_of
from auditor.dose import IU_PER_MCG, contexts_of, line_doses, targets_of
from auditor.errors import UsageError
from auditor.evidence import Evidence, load_evidence
from auditor.joining import chosen_rows, join_rows
from auditor.judging import judge
from auditor.labels import as_line_table
from auditor.markets import markets
from auditor.products import products_table
from auditor.schema import empty_table, typed

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


@dataclass(frozen=True)
class Audit:
    """Result of an audit: frames with the columns of :mod:`auditor.schema`, and the run's summary."""

    products: pd.DataFrame
    doses: pd.DataFrame
    findings: pd.DataFrame
    rejects: pd.DataFrame
    summary: RunSummary = field(default_factory=RunSummary)

    def write(self, path: Path | str, table: str = "products") -> tuple[Path, ...]:
        """Write the tables to a folder, or one table to a file by its extension; returns what was written."""
        from auditor.export import write_audit

        return write_audit(self, path, table)


def audit_lines(
    frame: pd.DataFrame, *, context: str = "auto", market: str = "", evidence: Evidence | None = None, authority: str = ""
) -> Audit:
    """Audit a line table (see :mod:`auditor.labels`); pure: same frame and rules, same result.

    Args:
        frame: one row per label line; `product_id` and `ingredient` are needed, other columns may be missing.
        context: 'auto' (what each label names, else adults), one context id, or 'all' (every context, one row each).
        market: market of the labels that do not say theirs.
        evidence: an edition from :func:`auditor.evidence.load_evidence`; the shipped one by default.
        authority: whose upper levels to compare with; the strictest of NASEM and EFSA by default.

    Raises:
        UsageError: unknown context, market or authority, or a needed column is missing.
    """
    evidence = evidence or load_evidence()
    check_options(evidence, context, market, authority)
    missing = [name for name in ("product_id", "ingredient") if name not in frame]
    if missing:
        raise UsageError(f"line table: column {', '.join(missing)} is missing; found {', '.join(map(str, frame.columns)) or 'none'}")
    lines = as_line_table(frame).reset_index(drop=True)
    if market:
        lines["market"] = lines["market"].astype("str").where(lines["market"] != "", market)
    product, ids = pd.factorize(lines["product_id"])
    firsts = np.full(len(ids), len(lines), dtype=np.intp)
    np.minimum.at(firsts, product, np.arange(len(lines)))
    wanted = tuple(evidence.contexts) if context == "all" else (context,)
    parts = [_judged_in(lines, product, firsts, asked, evidence, authority) for asked in wanted]
    audit = parts[0] if len(parts) == 1 else _together(parts)
    summary = RunSummary(
        rows_in=_count_rows(lines), labels=len(ids), context=context, market=market, authority=authority,
        evidence_edition=evidence.edition.id,
    )  # fmt: skip
    rejected = len(audit.rejects.drop_duplicates(["source", "row"]))
    return replace(audit, summary=replace(summary, rows_rejected=rejected, rows_audited=summary.rows_in - rejected))


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


def _count_rows(lines: pd.DataFrame) -> int:
    """Input rows behind the lines; a products-layout row may give two lines, a DSLD record many."""
    known = lines["row"].to_numpy() != ""
    return int(len(lines) - known.sum() + len(lines.loc[known, ["input", "row"]].drop_duplicates()))


def _judged_in(
    lines: pd.DataFrame, product: npt.NDArray[np.intp], firsts: npt.NDArray[np.intp], asked: str, evidence: Evidence, authority: str
) -> Audit:
    n = len(firsts)
    contexts, fits = contexts_of(lines, product, n, evidence, asked)
    targets = targets_of(lines)
    where = targets.index.to_numpy()
    found = line_doses(targets, product[where], contexts, fits[where], evidence)
    rows = chosen_rows(found, n)
    joined = join_rows(rows)
    joined["context"] = pd.Categorical(np.array(contexts, dtype=object)[joined["product"]], categories=list(evidence.contexts)) if len(joined) else ""
    joined["context"] = joined["context"].astype("str")
    judged = judge(joined, evidence, authority).sort_values(["product", "source_rows"], kind="stable").reset_index(drop=True)
    findings = find_all(lines, targets, rows, found.problems, judged, contexts, firsts, evidence)
    ids = lines["product_id"].to_numpy()[firsts]
    products = products_table(lines, firsts, contexts, judged, findings, evidence)
    findings["product_id"] = ids[findings["product"]] if len(findings) else ""
    return Audit(products, _doses(judged, ids), typed(findings, "findings"), _rejected_rows(rows, targets))


def _together(parts: list[Audit]) -> Audit:
    """Audits of the same labels in several contexts as one: ordered by product, then context."""
    count = len(parts)

    def merged(name: str) -> pd.DataFrame:
        tables = [getattr(part, name) for part in parts]
        order = [table["product_id"].map({key: n for n, key in enumerate(parts[0].products["product_id"])}) * count + position
                 for position, table in enumerate(tables)]  # fmt: skip
        table = pd.concat(tables, ignore_index=True)
        return table.iloc[np.argsort(pd.concat(order, ignore_index=True).to_numpy(), kind="stable")].reset_index(drop=True)

    findings = merged("findings").drop_duplicates(ignore_index=True)
    return Audit(merged("products"), merged("doses"), findings, parts[0].rejects)


def _rejected_rows(rows: pd.DataFrame, targets: pd.DataFrame) -> pd.DataFrame:
    bad = rows[rows["amount_reason"].isin(list(REJECTED_AMOUNTS))] if len(rows) else rows
    if bad.empty:
        return empty_table("rejects")
    source = targets.iloc[bad["source_line"].to_numpy()]
    return pd.DataFrame(
        {
            "source": source["input"].to_numpy(), "row": source["row"].to_numpy(), "column": "amount",
            "value": (source["amount"].astype("str") + " " + source["unit"].astype("str")).str.strip().to_numpy(),
            "reason": bad["amount_reason"].to_numpy(), "message": bad["amount_reason"].map(REJECTED_AMOUNTS).to_numpy(),
        }
    ).astype("str").drop_duplicates(ignore_index=True)  # fmt: skip


def _doses(judged: pd.DataFrame, ids: npt.NDArray[np.object_]) -> pd.DataFrame:
    table = judged.copy()
    table["product_id"] = ids[judged["product"]]
    high = np.fmax(judged["daily_mcg_high"], judged["other_mcg_high"])
    low = np.fmin(judged["daily_mcg_low"], judged["other_mcg_low"])
    table["daily_mcg_low"], table["daily_mcg_high"] = low, high
    converts = (judged["nutrient"] == "vitamin_d") & (judged["form"] != "calcifediol")
    table["daily_iu_low"] = np.round((low * IU_PER_MCG).where(converts), 6)
    table["daily_iu_high"] = np.round((high * IU_PER_MCG).where(converts), 6)
    table["possible_verdicts"] = _names(judged["bits"].to_numpy(), judged["verdict"])
    table["rules"] = ""
    return typed(table, "doses")


def _names(bits: npt.NDArray[np.uint8], verdict: pd.Series) -> pd.Series:
    joined = np.array([";".join(names_of(value)) for value in range(16)], dtype=object)[bits]
    return pd.Series(joined, index=verdict.index, dtype="str").where(verdict != "not-computable", "")
