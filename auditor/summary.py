"""Counts and spreads of an audit, for the summary of a run and for the dashboard.

Every function is pure and works on columns, so a whole market takes moments.  Shares are of 1, not percent.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.evidence import Evidence, load_evidence
from auditor.pipeline import Audit
from auditor.schema import CLASSES, SEVERITIES, VERDICTS
from auditor.words import form_name, nutrient_name, reason_sentence, reason_short, wording

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MAX_POINTS = 5_000
MARKET_BINS = 60


def class_counts(audit: Audit) -> pd.DataFrame:
    """Products of each class: `class`, `title`, `products`, `share`; every class, in the order of the schema."""
    counts = _counted(audit.products["class"], CLASSES)
    return pd.DataFrame(
        {"class": CLASSES, "title": [wording()["class"][name] for name in CLASSES], **_with_share(counts)}
    )


def verdict_counts(audit: Audit, nutrient: str) -> pd.DataFrame:
    """Products of each verdict on 'vitamin_d' or 'vitamin_k2': `verdict`, `products`, `share`, absent included."""
    return pd.DataFrame({"verdict": VERDICTS, **_with_share(_counted(audit.products[f"{nutrient}_verdict"], VERDICTS))})


def coverage(audit: Audit) -> pd.DataFrame:
    """How many doses could be computed, and why the others could not.

    Columns `nutrient`, `name`, `reason`, `short`, `sentence`, `doses`, `share` (of the nutrient's doses), the computed
    ones first with an empty reason.  A dose with several reasons counts under the first.
    """
    doses = audit.doses
    stuck = doses["verdict"] == "not-computable"
    failed = doses.loc[stuck, ["nutrient", "reason"]]
    failed = failed.assign(reason=failed["reason"].str.partition(";")[0] if len(failed) else failed["reason"])
    done = doses.loc[~stuck, "nutrient"].value_counts().rename("doses").reset_index().assign(reason="")
    counts = pd.concat([done, failed.value_counts().rename("doses").reset_index()], ignore_index=True)[
        ["nutrient", "reason", "doses"]
    ]
    counts["share"] = counts["doses"] / counts.groupby("nutrient")["doses"].transform("sum")
    order = {name: position for position, name in enumerate(wording()["nutrient"])}
    keys = pd.DataFrame(
        {
            "nutrient": counts["nutrient"].map(order),
            "stuck": counts["reason"] != "",
            "doses": -counts["doses"],
            "reason": counts["reason"],
        }
    )
    counts = counts.iloc[keys.sort_values(list(keys), kind="stable").index].reset_index(drop=True)
    pairs = list(zip(counts["reason"], counts["nutrient"], strict=True))
    counts.insert(1, "name", _texts([nutrient_name(name) for name in counts["nutrient"]]))
    counts.insert(3, "short", _texts([reason_short(code) if code else "computed" for code, _ in pairs]))
    counts.insert(4, "sentence", _texts([reason_sentence(code, name) if code else "" for code, name in pairs]))
    return counts


def open_reasons(audit: Audit) -> pd.DataFrame:
    """What open verdicts depend on: `nutrient`, `reason`, `sentence`, `doses`; a dose counts under each of its reasons."""
    open_doses = audit.doses.loc[audit.doses["verdict"] == "depends", ["nutrient", "reason"]]
    each = open_doses.assign(reason=open_doses["reason"].str.split(";")).explode("reason")
    counts = each.value_counts().rename("doses").reset_index()
    counts.insert(
        2,
        "sentence",
        _texts([reason_sentence(code, name) for name, code in zip(counts["nutrient"], counts["reason"], strict=True)]),
    )
    return counts


def finding_counts(audit: Audit) -> pd.DataFrame:
    """`severity`, `finding_id`, `findings`, `products`; the gravest and most frequent first."""
    found = audit.findings
    counts = (
        found.groupby(["severity", "finding_id"], sort=True)["product_id"]
        .agg(findings="size", products="nunique")
        .reset_index()
    )
    counts["rank"] = counts["severity"].map({name: position for position, name in enumerate(SEVERITIES)})
    return (
        counts.sort_values(["rank", "products", "finding_id"], ascending=[True, False, True], kind="stable")
        .drop(columns="rank")
        .reset_index(drop=True)
    )


def form_counts(audit: Audit) -> pd.DataFrame:
    """`nutrient`, `form`, `name`, `products`, `share` (of the products that list the nutrient), the most frequent first."""
    pairs = audit.doses[["product_id", "nutrient", "form"]].drop_duplicates()
    counts = pairs[["nutrient", "form"]].value_counts().rename("products").reset_index()
    totals = pairs.groupby("nutrient")["product_id"].nunique()
    counts["share"] = counts["products"] / counts["nutrient"].map(totals).astype("float64")
    counts.insert(
        2,
        "name",
        _texts([form_name(nutrient, form) for nutrient, form in zip(counts["nutrient"], counts["form"], strict=True)]),
    )
    return counts


def dose_histogram(doses: pd.DataFrame, nutrient: str, form: str = "", bins: int = 40) -> pd.DataFrame:
    """Daily doses (the highest the label allows) in bins of equal width on a log scale.

    Columns `mcg_from`, `mcg_to` (exclusive but for the last bin), `doses`.  `form` empty takes all forms.  Doses of
    nothing have no place on the scale and are left out, as are those that could not be computed.
    """
    chosen = doses["nutrient"] == nutrient
    if form:
        chosen &= doses["form"] == form
    values = doses.loc[chosen, "daily_mcg_high"].to_numpy(dtype=float)
    values = values[np.isfinite(values) & (values > 0)]
    if not len(values):
        return pd.DataFrame({"mcg_from": np.array([]), "mcg_to": np.array([]), "doses": np.array([], dtype=np.int64)})
    low, high = np.log10(values.min()), np.log10(values.max())
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    edges = np.logspace(low, high, bins + 1)
    edges[0], edges[-1] = min(edges[0], values.min()), max(edges[-1], values.max())
    counts, _ = np.histogram(values, edges)
    return pd.DataFrame({"mcg_from": edges[:-1], "mcg_to": edges[1:], "doses": counts})


def market_map(products: pd.DataFrame, limit: int = MAX_POINTS) -> pd.DataFrame:
    """Vitamin D against vitamin K2 for the products that have both doses, both the highest the label allows.

    Columns `vitamin_d_mcg`, `vitamin_k2_mcg`, `class`, `products`, `product_id`, `name`.  Up to `limit` products are
    given as they are; more are counted in cells on a log grid (then `product_id` and `name` are empty and the doses are
    the geometric middle of the cell).
    """
    chosen = products[(products["vitamin_d_daily_mcg_high"] > 0) & (products["vitamin_k2_daily_mcg_high"] > 0)]
    points = pd.DataFrame(
        {
            "vitamin_d_mcg": chosen["vitamin_d_daily_mcg_high"].to_numpy(dtype=float), "vitamin_k2_mcg": chosen["vitamin_k2_daily_mcg_high"].to_numpy(dtype=float),
            "class": chosen["class"].array, "products": 1, "product_id": chosen["product_id"].array, "name": chosen["name"].array,
        }
    )  # fmt: skip
    if len(points) <= limit:
        return points
    cells = points[["class"]].assign(
        **{axis: _cell_middles(points[axis].to_numpy()) for axis in ("vitamin_d_mcg", "vitamin_k2_mcg")}
    )
    binned = cells.value_counts(sort=False).rename("products").reset_index()
    return binned[["vitamin_d_mcg", "vitamin_k2_mcg", "class", "products"]].assign(product_id="", name="")


def _cell_middles(values: Floats) -> Floats:
    logs = np.log10(values)
    width = max((logs.max() - logs.min()) / MARKET_BINS, 1e-9)
    cell = np.minimum(np.floor((logs - logs.min()) / width), MARKET_BINS - 1)
    return np.asarray(10 ** (logs.min() + (cell + 0.5) * width))


def rejects_by_reason(audit: Audit) -> pd.DataFrame:
    """`reason`, `rows`, `example` (the first message), the most frequent first."""
    grouped = audit.rejects.groupby("reason", sort=True)["message"]
    table = pd.DataFrame({"rows": grouped.size(), "example": grouped.first()}).reset_index()
    return table.sort_values(["rows", "reason"], ascending=[False, True], kind="stable").reset_index(drop=True)


def context_counts(audit: Audit, evidence: Evidence | None = None) -> pd.DataFrame:
    """`context`, `title`, `products`, `share`, in the order of the edition; contexts of no product are left out."""
    contexts = (evidence or load_evidence()).contexts
    known = tuple(dict.fromkeys((*contexts, *audit.products["context"].unique())))
    counts = _counted(audit.products["context"], known)
    table = pd.DataFrame(
        {
            "context": known,
            "title": [contexts[name].title if name in contexts else name for name in known],
            **_with_share(counts),
        }
    )
    return table[table["products"] > 0].reset_index(drop=True)


def class_changes(one: Audit, other: Audit) -> pd.DataFrame:
    """Products of both audits whose class differs: `product_id`, `name`, `context`, `old`, `new`, in the order of `one`.

    Two audits in different contexts are compared product by product, and `context` is that of `other`; an audit in every
    context is compared context by context with another such audit.
    """
    every = one.summary.context == "all" and other.summary.context == "all"
    key = ["product_id", "context"] if every else ["product_id"]
    old = one.products[[*key, "class"]].drop_duplicates(key).rename(columns={"class": "old"})
    new = (
        other.products[["product_id", "name", "context", "class"]].drop_duplicates(key).rename(columns={"class": "new"})
    )
    both = old.merge(new, on=key, how="inner")
    return both.loc[both["old"] != both["new"], ["product_id", "name", "context", "old", "new"]].reset_index(drop=True)


def _counted(values: pd.Series, names: tuple[str, ...]) -> Counts:
    """Rows of each name, those of none included."""
    found: Counts = values.value_counts().reindex(list(names), fill_value=0).to_numpy(dtype=np.int64)
    return found


def _texts(values: list[str]) -> pd.Series:
    return pd.Series(values, dtype="str")


def _with_share(counts: Counts) -> dict[str, Counts | Floats]:
    return {"products": counts, "share": counts / max(int(counts.sum()), 1)}
