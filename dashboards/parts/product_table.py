"""The table of products: sorted by our own control, one page at a time, a selected row opens the product."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from auditor.views import SORT_ORDERS, ordered
from auditor.words import short_form
from parts.address import addressed
from parts.looks import signed
from parts.session import View

PAGE_ROWS = 500
SHOWN = {
    "brand": "brand",
    "name": "name",
    "class": "class",
    "vitamin_d_daily_mcg_high": "D, mcg/day",
    "vitamin_d_form": "D form",
    "vitamin_d_verdict": "D verdict",
    "vitamin_k2_daily_mcg_high": "K2, mcg/day",
    "vitamin_k2_form": "K2 form",
    "vitamin_k2_verdict": "K2 verdict",
    "over_upper_level": "over upper level",
    "errors": "errors",
    "warnings": "warnings",
    "price_per_day": "price/day",
    "currency": "currency",
    "market": "market",
    "context": "judged for",
    "product_id": "id",
}


def product_table(view: View, products: pd.DataFrame, name: str = "products") -> None:
    """Draw the table and open the product whose row is selected."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by = addressed(st.selectbox, "Sort by", f"{name}-sort", next(iter(SORT_ORDERS)), SORT_ORDERS, width=210)
        down = addressed(st.toggle, "Largest or last first", f"{name}-down", False)
    pages = max(math.ceil(len(products) / PAGE_ROWS), 1)
    page = st.pagination(pages, key=f"{name}-page-{pages}-{by}-{down}") if pages > 1 else 1
    rows = ordered(products, by, down).iloc[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    if pages > 1:
        st.caption(
            f"Rows {(page - 1) * PAGE_ROWS + 1:,} to {(page - 1) * PAGE_ROWS + len(rows):,} of {len(products):,}. The download holds all."
        )
    # A grid keeps selected positions when its rows change, so its name says which rows these are.
    key = f"{name}-{view.key}-{pd.util.hash_pandas_object(rows['product_id'], index=False).sum()}"
    told = st.dataframe(
        _cells(rows),
        key=key,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        height=min(38 + 35 * max(len(rows), 3), 560),
        placeholder="",
        alt="Products with class, daily doses, verdicts and findings",
        column_config=_configured(),
    )
    if told.selection.rows:
        st.switch_page("product.py", query_params={"id": rows["product_id"].iloc[told.selection.rows[0]]})


def _cells(rows: pd.DataFrame) -> pd.DataFrame:
    table = rows[list(SHOWN)].copy()
    for name in ("class", "vitamin_d_verdict", "vitamin_k2_verdict"):
        table[name] = table[name].map(signed)
    for name in ("vitamin_d_form", "vitamin_k2_form"):
        table[name] = table[name].map(lambda forms: ", ".join(short_form(form) for form in forms.split(";") if form))
    table["over_upper_level"] = table["over_upper_level"].map({True: "yes", False: "no"}).astype("str").fillna("")
    return table.rename(columns=SHOWN)


def _configured() -> dict[str, object]:
    number = st.column_config.NumberColumn
    return {
        "name": st.column_config.TextColumn(width=260),
        "D, mcg/day": number(format="%.5g", help="The most the label allows."),
        "K2, mcg/day": number(format="%.5g", help="Of the form that decides the verdict."),
        "price/day": number(format="%.2f"),
        "over upper level": st.column_config.TextColumn(
            help="Over the upper level of the chosen authority; empty if none applies."
        ),
    }
