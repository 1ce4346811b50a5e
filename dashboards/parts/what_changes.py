"""What another context, authority or edition would change: how many products, and which."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from auditor.evidence import load_evidence
from auditor.filters import Mask
from parts.derived import changes_of
from parts.looks import foremost, signed
from parts.pieces import SELECT_A_ROW, empty
from parts.session import PLENTY, Rules, View
from parts.sidebar import STRICTEST


def what_changes(view: View, mask: Mask) -> None:
    """Choose other rules, count the products they judge differently, list them."""
    if view.fixed:
        empty(
            "A finished audit cannot be judged anew.",
            "Open its label files to compare rules, or compare two audit folders with `auditor diff OLD NEW`.",
        )
        return
    other = _other_rules(view)
    if other == view.rules:
        st.info("These are the rules in use; choose others to see what they change.", icon=":material/rule:")
        return
    if len(view.audit.products) > PLENTY and not st.button(
        f"Judge {len(view.audit.products):,} products by these rules",
        type=foremost(),
        help="Takes a while; then it is kept.",
    ):
        st.caption("A large market is judged anew only when asked.")
        return
    with st.spinner("Judging by the other rules …", show_time=True):
        _show(view, changes_of(view, other), mask)


def _other_rules(view: View) -> Rules:
    contexts = {"auto": "each label's own audience"} | {
        name: context.title for name, context in view.evidence.contexts.items()
    }
    authorities = ["", *sorted({level.authority for level in view.evidence.upper_levels.values()})]
    first = "bone" if view.rules.context != "bone" and "bone" in contexts else "auto"
    columns = st.columns(3)
    context = columns[0].selectbox(
        "Judged for",
        list(contexts),
        index=list(contexts).index(first),
        format_func=contexts.__getitem__,
        key="other-context",
    )
    authority = columns[1].selectbox(
        "Upper levels of",
        authorities,
        index=authorities.index(view.rules.authority),
        format_func=lambda name: name or STRICTEST,
        key="other-authority",
    )
    folder = columns[2].text_input(
        "Folder of another evidence edition", view.rules.edition, key="other-edition", placeholder="the one in use"
    )
    if folder:
        load_evidence(folder)
    return Rules(context or "auto", authority or "", folder or "")


def _show(view: View, changes: pd.DataFrame, mask: Mask) -> None:
    shown = view.audit.products.loc[mask, "product_id"]
    changes = changes[changes["product_id"].isin(set(shown))]
    moved = changes[changes["old"] != changes["new"]]
    limits = changes[changes["old_over"] != changes["new_over"]]
    with st.container(horizontal=True):
        st.metric(
            "Products that change class",
            f"{len(moved):,}",
            f"of {len(shown):,} shown",
            delta_arrow="off",
            delta_color="off",
            border=True,
            width=260,
        )
        st.metric(
            "Upper-level answers that change",
            f"{len(limits):,}",
            "never a class",
            delta_arrow="off",
            delta_color="off",
            border=True,
            width=260,
        )
    if len(moved):
        counts = moved.groupby(["old", "new"]).size().rename("products").sort_values(ascending=False).reset_index()
        named = counts.assign(old=counts["old"].map(signed), new=counts["new"].map(signed)).rename(
            columns={"old": "class now", "new": "class then"}
        )
        st.dataframe(named, hide_index=True, alt="Moves between classes with their counts", width="content")
    rows = changes.head(500)
    if len(rows):
        st.caption(SELECT_A_ROW)
        told = st.dataframe(
            rows.assign(old=rows["old"].map(signed), new=rows["new"].map(signed)).rename(
                columns={
                    "product_id": "id",
                    "old": "class now",
                    "new": "class then",
                    "old_over": "over upper level now",
                    "new_over": "over upper level then",
                }
            ),
            key=f"changes-{pd.util.hash_pandas_object(rows, index=False).sum()}",
            hide_index=True,
            on_select="rerun",
            selection_mode="single-row",
            alt="Products that these rules judge differently",
            height=320,
            column_order=[
                "brand",
                "name",
                "class now",
                "class then",
                "over upper level now",
                "over upper level then",
                "id",
            ],
        )
        if told.selection.rows:
            st.switch_page("product.py", query_params={"id": rows["product_id"].iloc[told.selection.rows[0]]})
    if len(rows) < len(changes):
        st.caption(f"The first {len(rows):,} of {len(changes):,}.")
