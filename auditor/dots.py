"""Products and doses grouped for charts: a market is drawn by equal doses, never product by product."""

from __future__ import annotations

import numpy as np
import pandas as pd


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
