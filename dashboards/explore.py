"""Explore: where a market lies against the evidence, which labels need a second look, what the rules change."""

from __future__ import annotations

import streamlit as st
from parts.explore_tabs import counts_tab, doses_tab, map_tab
from parts.filters import choose
from parts.looks import plain
from parts.pieces import SELECT_A_ROW, STUDIED_RANGE, empty, title
from parts.product_table import product_table
from parts.session import current
from parts.what_changes import what_changes

from auditor.export import csv_bytes
from auditor.subsets import headcount

view = current()
products = view.audit.products
edition = view.audit.summary.evidence_edition or "not told"
title(
    "Explore",
    f"{plain(view.source.title)} · {len(products):,} products · evidence edition {plain(edition)} · label claims, not contents; no medical advice",
)

mask = choose(view)
count = int(mask.sum())

with st.container(horizontal=True):
    told = headcount(products, mask)
    for name, number, said in (
        ("Products shown", told.products, f"of {len(products):,}"),
        ("In the studied range", told.studied, f"of {told.settled:,} settled"),
        ("Over an upper level", told.over_upper_level, "by the label alone"),
        ("With errors", told.with_errors, "on the label"),
    ):
        st.metric(name, f"{number:,}", said, delta_arrow="off", delta_color="off", border=True, width=170)

if not mask.any():
    empty("No product passes these filters.", "Take a filter away, or clear them all under 'More filters'.")
    st.stop()

tabs = st.tabs(
    ["Market map", "Doses and trials", "Counts", "What changes class"],
    key="tab",
    on_change="rerun",
    bind="query-params",
)
for tab, draw in zip(tabs, (map_tab, doses_tab, counts_tab, what_changes), strict=True):
    if tab.open:
        with tab:
            draw(view, mask)
st.caption(STUDIED_RANGE)

st.subheader("Products", anchor=False)
st.caption(SELECT_A_ROW)
product_table(view, mask)
st.download_button(
    f"Download these {count:,} products as CSV",
    lambda: csv_bytes(products.loc[mask], "products"),
    "products.csv",
    "text/csv",
    on_click="ignore",
    icon=":material/download:",
    key="download-products",
)
