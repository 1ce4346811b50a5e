"""Explore: where a market lies against the evidence, which labels need a second look, what the rules change."""

from __future__ import annotations

import streamlit as st
from parts.explore_tabs import counts_tab, doses_tab, map_tab
from parts.filters import choose
from parts.looks import plain
from parts.pieces import STUDIED_RANGE, empty, title
from parts.product_table import product_table
from parts.session import current
from parts.what_changes import what_changes

from auditor.export import csv_bytes

view = current()
products = view.audit.products
edition = view.audit.summary.evidence_edition or "not told"
title(
    "Explore",
    f"{plain(view.source.title)} · {len(products):,} products · evidence edition {plain(edition)} · label claims, not contents; no medical advice",
)

mask = choose(view)
shown = products.loc[mask]

with st.container(horizontal=True):
    settled = shown["class"].isin(["studied-range", "sub-therapeutic", "high-dose"]).sum()
    studied = (shown["class"] == "studied-range").sum()
    over = int(shown["over_upper_level"].fillna(False).sum())
    for name, count, said in (
        ("Products shown", len(shown), f"of {len(products):,}"),
        ("In the studied range", studied, f"of {settled:,} settled"),
        ("Over an upper level", over, "by the label alone"),
        ("With errors", (shown["errors"] > 0).sum(), "on the label"),
    ):
        st.metric(name, f"{count:,}", said, delta_arrow="off", delta_color="off", border=True, width=170)

if shown.empty:
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
st.caption("Select a row to open the product.")
product_table(view, shown)
st.download_button(
    f"Download these {len(shown):,} products as CSV",
    lambda: csv_bytes(shown, "products"),
    "products.csv",
    "text/csv",
    on_click="ignore",
    icon=":material/download:",
    key="download-products",
)
