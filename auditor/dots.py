"""Products and doses grouped for charts: a market is drawn by equal doses, never product by product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from auditor.filters import Mask, Positions

MOST_DOTS = 1_000
"""A market of more distinct doses is drawn with neighbouring ones joined; more dots than this hide each other anyway."""

STEPS_PER_DECADE = (80, 40, 20, 14, 10, 7, 5)
"""How finely a decade of dose is parted when dots are joined, the finest that leaves few enough being taken."""

AMOUNTS = {
    "d_low": "vitamin_d_daily_mcg_low",
    "d_high": "vitamin_d_daily_mcg_high",
    "k2_low": "vitamin_k2_daily_mcg_low",
    "k2_high": "vitamin_k2_daily_mcg_high",
}


@dataclass(frozen=True)
class Dots:
    """Products of equal class and equal (or nearly equal) doses as one dot each, for the market map.

    Attributes:
        groups: `dot` (its name), `class`, `d_low`, `d_high`, `k2_low`, `k2_high` (mcg a day of its most frequent product;
            missing where the label lists none), `products` (how many), `example` and `product_id` (one of them), the
            largest first.
        rows: which rows of the products table are drawn.
        dot_of_row: for each of these the row of `groups`.
        joined_within: how far apart, in percent, the highest doses of one dot may lie; 0 where a dot holds equal doses only.
    """

    groups: pd.DataFrame
    rows: Positions
    dot_of_row: Positions
    joined_within: int

    @property
    def placed(self) -> int:
        """How many products are drawn."""
        return len(self.rows)

    def rows_at(self, dot: str) -> Positions:
        """Rows of the products table behind a dot; none where no dot has this name."""
        found = np.flatnonzero((self.groups["dot"] == dot).to_numpy())
        return self.rows[np.isin(self.dot_of_row, found)]


def market_dots(products: pd.DataFrame, mask: Mask | None = None, most: int = MOST_DOTS) -> Dots:
    """The dots of the products that a mask lets through; a product with a vitamin of unknown dose has no place on the map."""
    rows = np.flatnonzero(_placed(products) if mask is None else mask & _placed(products))
    table = products[["class", *AMOUNTS.values(), "name", "product_id"]].iloc[rows]
    table = table.rename(columns={column: name for name, column in AMOUNTS.items()})
    grouped = table.groupby(["class", *AMOUNTS], dropna=False, sort=False)
    equal = (
        grouped.agg(products=("product_id", "size"), example=("name", "first"), product_id=("product_id", "first"))
        .reset_index()
        .sort_values("products", ascending=False, kind="stable")
    )
    joined, steps = equal.index.to_numpy(), 0
    for steps in (0, *STEPS_PER_DECADE):
        joined = _joined(equal, steps)
        if joined.max(initial=-1) < most:
            break
    # The groups stand with the most frequent first, so the first of each dot is the one it is drawn as.
    groups = equal.groupby(joined, sort=False).first()
    groups["products"] = equal.groupby(joined, sort=False)["products"].sum()
    groups = groups.sort_values("products", ascending=False, kind="stable")
    place = np.empty(len(groups), dtype=np.intp)
    place[groups.index.to_numpy()] = np.arange(len(groups))
    of_equal = np.empty(len(equal), dtype=np.intp)
    of_equal[equal.index.to_numpy()] = place[joined]
    groups = groups.reset_index(drop=True)
    groups.insert(0, "dot", _names(groups))
    return Dots(
        groups, rows, of_equal[grouped.ngroup().to_numpy()], round(100 * (10 ** (1 / steps) - 1)) if steps else 0
    )


def _placed(products: pd.DataFrame) -> Mask:
    listed = np.zeros(len(products), dtype=bool)
    known = np.ones(len(products), dtype=bool)
    for vitamin in ("vitamin_d", "vitamin_k2"):
        absent = (products[f"{vitamin}_verdict"] == "absent").to_numpy(dtype=bool)
        known &= products[f"{vitamin}_daily_mcg_high"].notna().to_numpy() | absent
        listed |= ~absent
    return known & listed


def _joined(equal: pd.DataFrame, steps: int) -> Positions:
    """Number of the dot of each group of equal doses, in order of appearance."""
    if not steps:
        return np.arange(len(equal), dtype=np.intp)
    with np.errstate(divide="ignore"):
        cells = {name: np.rint(np.log10(equal[name].to_numpy(dtype=float)) * steps) for name in ("d_high", "k2_high")}
    cells["d_spans"], cells["k2_spans"] = equal["d_low"] < equal["d_high"], equal["k2_low"] < equal["k2_high"]
    keys = pd.DataFrame({"class": equal["class"], **cells})
    return keys.groupby(list(keys), dropna=False, sort=False).ngroup().to_numpy(dtype=np.intp)


def _names(groups: pd.DataFrame) -> list[str]:
    cells = zip(groups["class"], *(groups[name] for name in AMOUNTS), strict=True)
    return [
        f"{klass} {d_low:.10g}-{d_high:.10g} {k2_low:.10g}-{k2_high:.10g}"
        for klass, d_low, d_high, k2_low, k2_high in cells
    ]


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
