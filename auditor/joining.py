"""Rows of one product, nutrient and form joined into one dose; parts and repeats are never added up.

A line that is a part of another line of the same vitamin is not a second dose; a vitamin listed twice is either
printed twice or two sources, and the joined dose is the interval between the two readings.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.distinct import codes_of, combined, joined_texts, words
from auditor.dose import LineDoses

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]

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


def join_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per product, nutrient and form, product by product and in label order.

    Rows of different serving columns (morning and evening packs) add up.  Rows of one column that print the same dose
    are one dose printed twice; different ones give the interval from the larger alone to both together
    (`repeated` is true for both).  A row that cannot be computed makes the joined dose uncomputable.
    """
    group = combined(rows, ["product", "nutrient", "form"])
    n_groups = int(group.max(initial=-1)) + 1
    firsts = np.full(n_groups, len(rows), dtype=np.intp)
    np.minimum.at(firsts, group, np.arange(len(rows)))
    order = np.lexsort((firsts, rows["product"].to_numpy()[firsts]))
    firsts, place = firsts[order], np.empty(n_groups, dtype=np.intp)
    place[order] = np.arange(n_groups)
    joined = rows.iloc[firsts].reset_index(drop=True)
    joined["source_rows"] = rows.index.to_numpy()[firsts]
    several = np.bincount(group, minlength=n_groups)[order] > 1
    joined["repeated"], joined["several_columns"] = False, False
    if several.any():
        for name, cells in _joined(rows, place[group], np.flatnonzero(several)).items():
            joined[name] = _replaced(joined[name], several, cells)
    return joined


def _joined(rows: pd.DataFrame, group: Positions, several: Positions) -> dict[str, npt.NDArray[Any]]:
    """Columns of the joined rows that come from more than one line, the groups `several`."""
    where = np.flatnonzero(np.isin(group, several))
    place, n = np.searchsorted(several, group[where]), len(several)

    def of_rows(name: str) -> Floats:
        return rows[name].to_numpy(dtype=float)[where]

    def most(values: Floats) -> Floats:
        found = np.full(n, np.nan)
        np.fmax.at(found, place, values)
        return found

    def least(values: Floats) -> Floats:
        return -most(-values)

    size, orders = np.bincount(place, minlength=n), codes_of(rows["serving_order"], where)[0]
    columns = (_distinct_in(place, orders, n) == size) & (size > 1)
    low, high = of_rows("daily_mcg_low"), of_rows("daily_mcg_high")
    # Sums that keep what plain ones of three numbers lose.
    sums = pd.DataFrame({"low": low, "high": high}).groupby(place).sum()
    same = (most(high) == least(high)) & (most(low) == least(low))
    other_low, other_high = least(of_rows("other_mcg_low")), most(of_rows("other_mcg_high"))
    new_low = np.where(columns, sums["low"], most(low))
    new_high = np.where(columns | ~same, sums["high"], most(high))
    reasons, texts = codes_of(rows["reason"], where)
    stuck = np.flatnonzero((texts != "")[reasons])[::-1]
    broken = np.full(n, "", dtype=object)
    # The last that is written stands: the first of each group.
    broken[place[stuck]] = texts[reasons[stuck]]
    known = broken == ""
    none = np.full(n, np.nan)
    return {
        "daily_mcg_low": np.where(known, np.fmin(new_low, np.where(np.isnan(other_low), np.inf, other_low)), np.nan),
        "daily_mcg_high": np.where(known, np.fmax(new_high, np.where(np.isnan(other_high), -np.inf, other_high)), np.nan),
        "other_mcg_low": none, "other_mcg_high": none, "single_intake_mcg": most(of_rows("single_intake_mcg")), "reason": broken,
        "label_text": np.asarray(joined_texts(place, rows["label_text"].array.take(where), n, " + ")),
        "several_columns": columns, "repeated": ~columns,
    }  # fmt: skip


def _distinct_in(group: Positions, codes: Positions, n: int) -> Positions:
    """How many codes each group 0..n-1 has."""
    kinds = int(codes.max(initial=0)) + 1
    return np.bincount(np.unique(group * kinds + codes) // kinds, minlength=n)


def _replaced(column: pd.Series, where: Mask, cells: npt.NDArray[Any]) -> pd.Categorical | npt.NDArray[Any]:
    """A column with other cells in some rows."""
    found = column.to_numpy(copy=True)
    found[where] = cells
    return words(found) if found.dtype == object else found
