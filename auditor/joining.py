"""Rows of one product, nutrient and form joined into one dose; parts and repeats are never added up.

A line that is a part of another line of the same vitamin is not a second dose; a vitamin listed twice is either
printed twice or two sources, and the joined dose is the interval between the two readings.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from auditor.distinct import combined, joined_texts, words
from auditor.dose import LineDoses

VITAMIN_D, VITAMIN_K = "D", "K"


def chosen_rows(found: LineDoses, n_products: int) -> pd.DataFrame:
    """The rows that make up each product's doses: its audience's column, parts not beside their whole.

    If no row of a product fits the audience asked for, all its rows stay (an answer about the label's own audience
    is better than none; the audit says so in a finding).
    """
    rows = found.rows
    if rows.empty:
        return rows.assign(other_audience=False)
    fits = rows["audience_fits"].to_numpy()
    product = rows["product"].to_numpy()
    any_fits = np.zeros(n_products, dtype=bool)
    any_fits[product[fits]] = True
    rows = rows.assign(other_audience=~any_fits[product])[fits | ~any_fits[product]]
    return _without_parts(rows)


def _without_parts(rows: pd.DataFrame) -> pd.DataFrame:
    nested = rows["parent"].to_numpy() != ""
    if not nested.any():
        return rows
    family = np.where(rows["nutrient"] == "vitamin_d", VITAMIN_D, VITAMIN_K)
    keys = pd.MultiIndex.from_arrays([rows["product"], family, rows["line"], rows["serving_order"]])
    wanted = pd.MultiIndex.from_arrays([rows["product"], family, rows["parent"], rows["serving_order"]])
    first = pd.Series(np.arange(len(rows)), index=keys)
    first = first[~first.index.duplicated()]
    parent = first.reindex(wanted).to_numpy(dtype=float, copy=True)
    parent[~nested] = np.nan
    child = np.flatnonzero(~np.isnan(parent))
    if not len(child):
        return rows
    whole = parent[child].astype(np.intp)
    known = rows["reason"].to_numpy() == ""
    vague = rows["form"].to_numpy() == "unstated"
    part_tells_more = known[child] & (~known[whole] | (vague[whole] & ~vague[child]))
    dropped = np.where(part_tells_more, whole, child)
    keep = np.ones(len(rows), dtype=bool)
    keep[dropped] = False
    return rows[keep]


SUMMED = ("daily_mcg_low", "daily_mcg_high")


def join_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per product, nutrient and form, in label order.

    Rows of different serving columns (morning and evening packs) add up.  Rows of one column that print the same dose
    are one dose printed twice; different ones give the interval from the larger alone to both together
    (`repeated` is true for both).  A row that cannot be computed makes the joined dose uncomputable.
    """
    group = combined(rows, ["product", "nutrient", "form"])
    n_groups = int(group.max(initial=-1)) + 1
    firsts = np.full(n_groups, len(rows), dtype=np.intp)
    np.minimum.at(firsts, group, np.arange(len(rows)))
    joined = rows.iloc[firsts].copy()
    joined["source_rows"] = rows.index.to_numpy()[firsts]
    size = np.bincount(group, minlength=n_groups)
    joined["repeated"], joined["several_columns"] = False, False
    joined.index = pd.RangeIndex(n_groups)
    if (size > 1).any():
        _join_several(rows, group, np.flatnonzero(size > 1), joined)
    return joined.reset_index(drop=True)


def _join_several(rows: pd.DataFrame, group: np.ndarray, several: np.ndarray, joined: pd.DataFrame) -> None:
    """Fill the joined rows that come from more than one line."""
    mask = np.isin(group, several)
    part = rows[mask].assign(_group=group[mask])
    grouped = part.groupby("_group", sort=True)
    low, high = grouped["daily_mcg_low"], grouped["daily_mcg_high"]
    size, orders = grouped.size(), grouped["serving_order"].nunique()
    columns = (orders == size) & (orders > 1)
    same = (high.max() == high.min()) & (low.max() == low.min())
    places, _ = pd.factorize(part["_group"], sort=True)
    stuck = (part["reason"] != "").to_numpy()
    broken = np.full(len(size), "", dtype=object)
    broken[places[stuck][::-1]] = part["reason"].to_numpy(dtype=object)[stuck][::-1]
    other_high, other_low = grouped["other_mcg_high"].max(), grouped["other_mcg_low"].min()
    new_low = np.where(columns, low.sum(), low.max())
    new_high = np.where(columns, high.sum(), np.where(same, high.max(), high.sum()))
    where = size.index.to_numpy()
    joined.loc[where, "daily_mcg_low"] = np.fmin(new_low, np.where(np.isnan(other_low), np.inf, other_low))
    joined.loc[where, "daily_mcg_high"] = np.fmax(new_high, np.where(np.isnan(other_high), -np.inf, other_high))
    joined.loc[where, ["other_mcg_low", "other_mcg_high"]] = np.nan
    joined["label_text"] = _replaced(
        joined["label_text"], where, joined_texts(places, part["label_text"], len(size), " + ").to_numpy()
    )
    joined.loc[where, "single_intake_mcg"] = grouped["single_intake_mcg"].max().to_numpy()
    joined["reason"] = _replaced(joined["reason"], where, broken)
    joined.loc[where[broken != ""], ["daily_mcg_low", "daily_mcg_high"]] = np.nan
    joined.loc[where, "several_columns"] = columns.to_numpy()
    joined.loc[where, "repeated"] = ~columns.to_numpy()


def _replaced(column: pd.Series, where: np.ndarray, texts: np.ndarray) -> pd.Categorical:
    """A column with other texts in some rows."""
    cells = column.to_numpy(dtype=object, copy=True)
    cells[where] = texts
    return words(cells)
