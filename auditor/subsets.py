"""Some products of an audit, and the products that two sets of rules judge differently."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from auditor.dose import targets_of
from auditor.evidence import Evidence
from auditor.filters import Mask, Positions
from auditor.labels import as_line_table
from auditor.pipeline import Audit, audit_lines


def rules_changes(one: Audit, other: Audit) -> pd.DataFrame:
    """Products that another set of rules judges differently: `product_id, brand, name, old, new, old_over, new_over`.

    `old`/`new` are the classes, `old_over`/`new_over` say whether an upper level is passed ('yes', 'no', 'none to compare').
    The audits must hold the same products in the same order.
    """

    def over(audit: Audit) -> pd.Series:
        return (
            audit.products["over_upper_level"].map({True: "yes", False: "no"}).astype("str").fillna("none to compare")
        )

    table = one.products[["product_id", "brand", "name"]].assign(
        old=one.products["class"],
        new=other.products["class"].to_numpy(),
        old_over=over(one),
        new_over=over(other).to_numpy(),
    )
    return table[(table["old"] != table["new"]) | (table["old_over"] != table["new_over"])].reset_index(drop=True)


def changes_under(
    audit: Audit, lines: pd.DataFrame, *, context: str, authority: str, evidence: Evidence
) -> pd.DataFrame:
    """:func:`rules_changes` between an audit and its lines judged by other rules, in a fraction of the time of an audit.

    Only products that name vitamin D or K are judged anew: no rule changes the class of the others.
    """
    named = lines["product_id"].isin(targets_of(as_line_table(lines))["product_id"].unique())
    other = audit_lines(lines[named].reset_index(drop=True), context=context, authority=authority, evidence=evidence)
    own = audit.products[audit.products["product_id"].isin(other.products["product_id"])]
    return rules_changes(replace(audit, products=own), other)


@dataclass(frozen=True)
class Places:
    """For each row of the three tables the number of its product; found once per audit, so that subsets are quick."""

    products: Positions
    doses: Positions
    findings: Positions


def places(audit: Audit) -> Places:
    """Numbers of the products behind the rows of an audit's tables; -1 for a row of no product."""
    codes, ids = pd.factorize(audit.products["product_id"])
    index = pd.Index(ids)
    return Places(codes, index.get_indexer(audit.doses["product_id"]), index.get_indexer(audit.findings["product_id"]))


def subset(audit: Audit, mask: Mask, known: Places | None = None) -> Audit:
    """The audit of some of its products; `mask` is over the products table, `known` is :func:`places` if at hand."""
    if mask.all():
        return audit
    where = known or places(audit)
    kept = np.zeros(int(where.products.max(initial=-1)) + 2, dtype=bool)
    kept[where.products[mask]] = True
    kept[-1] = False
    return replace(
        audit,
        products=audit.products.loc[mask],
        doses=audit.doses.loc[kept[where.doses]],
        findings=audit.findings.loc[kept[where.findings]],
    )


@dataclass(frozen=True)
class Headcount:
    """The first numbers of a view; `settled` products have one of the three judged classes."""

    products: int
    settled: int
    studied: int
    over_upper_level: int
    with_errors: int


def headcount(products: pd.DataFrame, mask: Mask) -> Headcount:
    """Count the products that a mask lets through."""
    classes = products["class"]
    studied = (classes == "studied-range").to_numpy(dtype=bool) & mask
    settled = classes.isin(["studied-range", "sub-therapeutic", "high-dose"]).to_numpy(dtype=bool) & mask
    over = products["over_upper_level"].fillna(False).to_numpy(dtype=bool) & mask
    errors = (products["errors"] > 0).to_numpy(dtype=bool) & mask
    return Headcount(*(int(one.sum()) for one in (mask, settled, studied, over, errors)))
