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


def searchable(products: pd.DataFrame) -> pd.Series:
    """The searched texts of each product as one, in lower case; made once per audit, it makes :func:`filtered` quick."""
    parts = [products[column].astype("str").fillna("").str.lower() for column in SEARCHED]
    return parts[0].str.cat(parts[1:], sep="\n")


def filtered(
    products: pd.DataFrame,
    chosen: Mapping[str, Sequence[str]],
    text: str = "",
    over: str = "",
    texts: pd.Series | None = None,
) -> Mask:
    """Which products fulfil all filters.

    Args:
        products: a products table.
        chosen: words by filter name, see :data:`FILTER_COLUMNS`; a filter without words lets everything pass.
        text: every word of it must stand in brand, name, id or barcode, in any case.
        over: 'above' or 'not above' an upper level, any other word where none could be compared; empty for all.
        texts: :func:`searchable` of the products if at hand.
    """
    mask = np.ones(len(products), dtype=bool)
    for name, words in chosen.items():
        if words:
            mask &= np.logical_or.reduce([_holds_any(products[column], words) for column in FILTER_COLUMNS[name]])
    words = text.lower().split()
    if words:
        texts = searchable(products) if texts is None else texts
        for word in words:
            mask &= texts.str.contains(word, regex=False).to_numpy(dtype=bool)
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


def options(products: pd.DataFrame, name: str, limit: int = 300) -> dict[str, int]:
    """Words a filter offers with their number of products, the most frequent first; see :data:`FILTER_COLUMNS`."""
    total: dict[str, int] = {}
    for column in FILTER_COLUMNS[name]:
        for cell, count in products[column].value_counts().items():
            for word in str(cell).split(";"):
                if word or len(FILTER_COLUMNS[name]) == 1:
                    total[word or NONE_STATED] = total.get(word or NONE_STATED, 0) + int(count)
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0]))[:limit])


def search(products: pd.DataFrame, text: str, limit: int = 20, texts: pd.Series | None = None) -> pd.DataFrame:
    """The first products whose brand, name, id or barcode holds every word; an exact id stands first.

    `texts` is :func:`searchable` of the products if at hand.
    """
    if not text.strip():
        return products.head(limit)
    hits = np.flatnonzero(filtered(products, {}, text, texts=texts))
    exact = (products["product_id"].iloc[hits] == text.strip()).to_numpy(dtype=bool)
    return products.iloc[np.concatenate([hits[exact], hits[~exact]])[:limit]]


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


def positions(products: pd.DataFrame, by: str, descending: bool = False) -> Positions:
    """Row numbers of the products in one of :data:`SORT_ORDERS`; equal ones keep their order, unknown values come last."""
    columns = list(SORT_ORDERS[by])
    if not columns:
        rows = np.arange(len(products), dtype=np.intp)
        return rows[::-1] if descending else rows
    keys = products[columns].assign(**{"class": products["class"].map(CLASSES.index)} if "class" in columns else {})
    keys = keys.set_axis(np.arange(len(keys)), axis=0)
    found = keys.sort_values(columns, ascending=not descending, kind="stable", na_position="last")
    return found.index.to_numpy(dtype=np.intp)
