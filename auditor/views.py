"""Views of an audit for people who look at many products: filters, options, groups for charts, orders.

Everything here works on whole columns and gives small tables: a market of hundreds of thousands of products is
counted, grouped by equal doses or cut into pages, never drawn product by product.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.evidence import Evidence, EvidenceRow, Statement, Trial
from auditor.judging import judge_for
from auditor.pipeline import Audit
from auditor.schema import CLASSES
from auditor.words import dose

NONE_STATED = "(none)"
"""Stands for an empty cell among the options of a filter."""

FILTER_COLUMNS: dict[str, tuple[str, ...]] = {
    "brand": ("brand",),
    "class": ("class",),
    "d_verdict": ("vitamin_d_verdict",),
    "k2_verdict": ("vitamin_k2_verdict",),
    "form": ("vitamin_d_form", "vitamin_k2_form"),
    "market": ("market",),
    "dosage_form": ("dosage_form",),
    "audience": ("audience",),
    "judged_for": ("context",),
    "finding": ("finding_ids",),
}
"""Filters by choice, with the columns in which one of the chosen words must stand; columns may join words by ';'."""

SEARCHED = ("brand", "name", "product_id", "upc")
OVER_UPPER_LEVEL = {"above": True, "not above": False}

Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]


def filtered(products: pd.DataFrame, chosen: Mapping[str, Sequence[str]], text: str = "", over: str = "") -> Mask:
    """Which products fulfil all filters.

    Args:
        products: a products table.
        chosen: words by filter name, see :data:`FILTER_COLUMNS`; a filter without words lets everything pass.
        text: every word of it must stand in brand, name, id or barcode, in any case.
        over: 'above' or 'not above' an upper level, 'no upper level' where none could be compared; empty for all.
    """
    mask = np.ones(len(products), dtype=bool)
    for name, words in chosen.items():
        if words:
            mask &= np.logical_or.reduce([_holds_any(products[column], words) for column in FILTER_COLUMNS[name]])
    for word in text.lower().split():
        mask &= np.logical_or.reduce([_contains(products[column], word) for column in SEARCHED])
    if over:
        known = products["over_upper_level"].notna().to_numpy()
        value = products["over_upper_level"].fillna(False).to_numpy(dtype=bool)
        mask &= known & (value == OVER_UPPER_LEVEL[over]) if over in OVER_UPPER_LEVEL else ~known
    return mask


def _holds_any(column: pd.Series, words: Sequence[str]) -> Mask:
    """Per row, whether one of the words stands in a ';'-joined cell; each distinct cell is looked at once."""
    codes, cells = pd.factorize(column)
    wanted = {"" if word == NONE_STATED else word for word in words}
    hits = np.array([not wanted.isdisjoint(str(cell).split(";")) for cell in cells], dtype=bool)
    return hits[codes] if len(cells) else np.zeros(len(column), dtype=bool)


def _contains(column: pd.Series, word: str) -> Mask:
    return column.astype("str").str.lower().str.contains(word, regex=False).to_numpy(dtype=bool)


def options(products: pd.DataFrame, name: str, limit: int = 300) -> dict[str, int]:
    """Words a filter offers with their number of products, the most frequent first; see :data:`FILTER_COLUMNS`."""
    total: dict[str, int] = {}
    for column in FILTER_COLUMNS[name]:
        for cell, count in products[column].value_counts().items():
            for word in str(cell).split(";"):
                if word or len(FILTER_COLUMNS[name]) == 1:
                    total[word or NONE_STATED] = total.get(word or NONE_STATED, 0) + int(count)
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0]))[:limit])


def search(products: pd.DataFrame, text: str, limit: int = 20) -> pd.DataFrame:
    """The first products whose brand, name, id or barcode holds every word; an exact id stands first."""
    found = products[filtered(products, {}, text)] if text.strip() else products
    exact = found["product_id"] == text.strip()
    return pd.concat([found[exact], found[~exact].head(limit)]).head(limit)


SORT_ORDERS: dict[str, tuple[str, ...]] = {
    "as in the input": (),
    "brand": ("brand", "name"),
    "name": ("name",),
    "class": ("class",),
    "vitamin D per day": ("vitamin_d_daily_mcg_high",),
    "vitamin K2 per day": ("vitamin_k2_daily_mcg_high",),
    "errors and warnings": ("errors", "warnings"),
    "price per day": ("price_per_day",),
}


def ordered(products: pd.DataFrame, by: str, descending: bool = False) -> pd.DataFrame:
    """The products in one of :data:`SORT_ORDERS`; equal ones keep their order, unknown values come last."""
    columns = list(SORT_ORDERS[by])
    if not columns:
        return products.iloc[::-1] if descending else products
    keys = products[columns].assign(**{"class": products["class"].map(CLASSES.index)} if "class" in columns else {})
    return products.loc[keys.sort_values(columns, ascending=not descending, kind="stable", na_position="last").index]


def dot_groups(products: pd.DataFrame, limit: int = 3_000) -> tuple[pd.DataFrame, int]:
    """Products of equal doses and class as one dot, for the market map.

    Returns:
        A frame with `class`, `d_low`, `d_high`, `k2_low`, `k2_high` (mcg a day; missing where the label lists none),
        `products` (how many) and `example` (one name), the largest groups first and at most `limit`; and how many
        products they hold together.  A product with a vitamin whose dose is unknown has no place on the map.
    """
    names = {
        "vitamin_d_daily_mcg_low": "d_low",
        "vitamin_d_daily_mcg_high": "d_high",
        "vitamin_k2_daily_mcg_low": "k2_low",
        "vitamin_k2_daily_mcg_high": "k2_high",
    }
    placed = np.ones(len(products), dtype=bool)
    for verdict, amount in (
        ("vitamin_d_verdict", "vitamin_d_daily_mcg_high"),
        ("vitamin_k2_verdict", "vitamin_k2_daily_mcg_high"),
    ):
        placed &= (products[amount].notna() | (products[verdict] == "absent")).to_numpy()
    placed &= ((products["vitamin_d_verdict"] != "absent") | (products["vitamin_k2_verdict"] != "absent")).to_numpy()
    table = products.loc[placed].rename(columns=names)
    keys = ["class", *names.values()]
    groups = table.groupby(keys, dropna=False, sort=False)
    found = groups.agg(
        products=("product_id", "size"), example=("name", "first"), product_id=("product_id", "first")
    ).reset_index()
    found = found.sort_values("products", ascending=False, kind="stable").head(limit).reset_index(drop=True)
    return found, int(found["products"].sum())


def dose_groups(doses: pd.DataFrame, nutrient: str, form: str, limit: int = 1_500) -> tuple[pd.DataFrame, int]:
    """Doses of one form that are equal, with their verdict: `dose_mcg` (the highest of the interval), `low_mcg`, `verdict`, `products`.

    Returns the groups, the most frequent first and at most `limit`, and how many doses they hold together.
    """
    chosen = doses[(doses["nutrient"] == nutrient) & (doses["form"] == form) & doses["daily_mcg_high"].notna()]
    groups = (
        chosen.groupby(["daily_mcg_low", "daily_mcg_high", "verdict"], sort=False)
        .size()
        .rename("products")
        .reset_index()
    )
    groups = groups.rename(columns={"daily_mcg_low": "low_mcg", "daily_mcg_high": "dose_mcg"})
    groups = groups.sort_values("products", ascending=False, kind="stable").head(limit).reset_index(drop=True)
    return groups, int(groups["products"].sum())


def forms_present(doses: pd.DataFrame) -> list[tuple[str, str]]:
    """(nutrient, form) pairs with a computable dose, the most frequent first; K1 and plain vitamin K after the judged ones."""
    counted = (
        doses[doses["daily_mcg_high"].notna()]
        .groupby(["nutrient", "form"])
        .size()
        .sort_values(ascending=False, kind="stable")
    )
    pairs = [(str(nutrient), str(form)) for nutrient, form in counted.index]
    rank = ("vitamin_d", "vitamin_k2", "vitamin_k", "vitamin_k1")
    return sorted(pairs, key=lambda pair: rank.index(pair[0]))


BAND_COLUMNS = (
    "band_id",
    "nutrient",
    "form",
    "context",
    "own_context",
    "low_mcg",
    "high_mcg",
    "core_low_mcg",
    "core_high_mcg",
    "grade",
    "direction",
)


def bands_used(evidence: Evidence, nutrient: str, form: str, context: str) -> pd.DataFrame:
    """Bands with edges that judge a form in a context, as :data:`BAND_COLUMNS`; `own_context` is where the band was stated."""
    rows = [
        (
            band.id,
            band.nutrient,
            band.form,
            context,
            band.context,
            float(band.low_mcg or 0),
            float(band.high_mcg or 0),
            float(band.core_low_mcg if band.core_low_mcg is not None else band.low_mcg or 0),
            float(band.core_high_mcg if band.core_high_mcg is not None else band.high_mcg or 0),
            band.grade,
            band.direction,
        )
        for band in judge_for(evidence, nutrient, form, "", context).established
    ]
    return pd.DataFrame(rows, columns=list(BAND_COLUMNS))


TRIAL_COLUMNS = (
    "trial_id",
    "name",
    "year",
    "dose_mcg",
    "participants",
    "direction",
    "design",
    "population",
    "outcome",
    "result",
    "integrity",
    "daily",
    "link",
)


def trial_marks(evidence: Evidence, nutrient: str, form: str, context: str = "") -> pd.DataFrame:
    """One row per trial and tested daily dose of a form, as :data:`TRIAL_COLUMNS`; of one context if given.

    Trials of a vitamin in any form count for each of its forms; K2 of unstated form takes MK-7 and MK-4.  `daily` is
    false where the dose is the mean of spaced doses.
    """
    forms = {"any", form}
    forms |= {"d3", "d2"} if nutrient == "vitamin_d" and form != "calcifediol" else set()
    forms |= {"mk7", "mk4"} if form == "unstated" else set()
    forms -= {"any"} if form == "calcifediol" else set()
    rows = [
        (
            trial.id,
            trial.name,
            trial.year,
            float(tested),
            trial.participants,
            trial.direction,
            trial.design,
            trial.population,
            trial.outcome,
            trial.result,
            integrity_of(evidence, trial),
            trial.interval_days == 1,
            evidence.references[trial.reference].link,
        )
        for trial in evidence.trials.values()
        if trial.nutrient == nutrient and trial.form in forms and (not context or context in trial.contexts)
        for tested in trial.doses_mcg
        if tested > 0
    ]
    return pd.DataFrame(rows, columns=list(TRIAL_COLUMNS))


def integrity_of(evidence: Evidence, trial: Trial) -> str:
    """'retracted', 'disputed' or 'superseded' if the trial or its paper is, else 'sound'."""
    return trial.integrity if trial.integrity != "sound" else evidence.references[trial.reference].integrity


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


KIND_WORDS = {
    "rct": "randomised trial",
    "open-rct": "randomised trial, not blinded",
    "single-arm": "trial without a control group",
    "cohort": "observation of a group",
    "case": "case report",
    "case-report": "case report",
    "AI": "adequate intake (AI)",
    "RDA": "recommended intake (RDA)",
    "RNI": "recommended intake (RNI)",
    "UL": "upper level (UL)",
    "basis of the UL": "basis of the upper level",
}
"""Kinds of evidence whose name in the edition is an abbreviation."""

EVIDENCE_COLUMNS = (
    "row",
    "kind",
    "nutrient",
    "form",
    "name",
    "year",
    "dose",
    "participants",
    "direction",
    "said",
    "checked",
    "integrity",
    "link",
)


def evidence_table(evidence: Evidence) -> pd.DataFrame:
    """Every row of an edition that speaks about a dose, as :data:`EVIDENCE_COLUMNS`; `link` is missing where there is none."""
    return pd.DataFrame(
        [_evidence_row(evidence, row) for row in evidence.rows.values()], columns=list(EVIDENCE_COLUMNS)
    )


def _evidence_row(evidence: Evidence, row: EvidenceRow) -> tuple[object, ...]:
    reference = evidence.references[row.reference]
    said = (
        dose(float(row.low_mcg), float(row.high_mcg), row.nutrient, row.form)
        if row.low_mcg is not None and row.high_mcg is not None
        else ""
    )
    ends = (reference.integrity, reference.link or None)
    if isinstance(row, Trial):
        return (
            row.id,
            KIND_WORDS.get(row.design, row.design),
            row.nutrient,
            row.form,
            row.name,
            row.year,
            said,
            row.participants,
            row.direction,
            f"{row.population}: {row.result}",
            row.status,
            integrity_of(evidence, row),
            reference.link or None,
        )
    if isinstance(row, Statement):
        return (
            row.id,
            "starting document",
            row.nutrient,
            row.form,
            row.section,
            reference.year,
            said,
            None,
            row.direction,
            row.claim,
            row.status,
            *ends,
        )
    text = f"{row.life_stage}. {row.note}".strip()
    return (
        row.id,
        KIND_WORDS.get(row.kind, row.kind),
        row.nutrient,
        row.form,
        row.authority,
        row.year,
        said,
        None,
        "recommendation",
        text,
        row.status,
        *ends,
    )
