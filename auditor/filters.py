"""Finding products in a market: filters with their options, free text, sort orders.

Everything works on whole columns; a market of hundreds of thousands of products takes moments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.schema import CLASSES

Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]

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
