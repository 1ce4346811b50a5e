"""What an audit of a file found: the sum of its rows, classes, coverage and rejects."""

from __future__ import annotations

import streamlit as st

from auditor.pipeline import Audit
from auditor.summary import class_counts, coverage, rejects_by_reason
from parts.count_chart import verdict_bars
from parts.looks import foremost
from parts.pieces import chart
from parts.session import Source


def results(source: Source, audit: Audit) -> None:
    """The numbers first, then why not for the rest."""
    summary = audit.summary
    st.success(
        f"{summary.rows_in:,} rows in = {summary.rows_audited:,} audited + {summary.rows_rejected:,} rejected",
        icon=":material/check:",
    )
    told = coverage(audit)
    computed = told[told["reason"] == ""]
    with st.container(horizontal=True):
        for name, value, said in (
            ("Labels", f"{summary.labels:,}", source.title),
            ("Findings", f"{len(audit.findings):,}", f"on {audit.findings['product_id'].nunique():,} labels"),
            (
                "Doses computed",
                f"{computed['doses'].sum() / max(told['doses'].sum(), 1):.0%}",
                f"{int(computed['doses'].sum()):,} of {int(told['doses'].sum()):,}",
            ),
        ):
            st.metric(name, value, said, delta_arrow="off", delta_color="off", border=True, width=170)

    def show() -> None:
        """Choose the file in the sidebar before the page changes."""
        st.session_state["data"] = source.title

    if st.button("Open in Explore", icon=":material/scatter_plot:", type=foremost(), on_click=show):
        st.switch_page("explore.py")
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Classes", anchor=False)
        counts = class_counts(audit)
        said = ", ".join(f"{row['class']} {row['products']:,}" for row in counts.to_dict("records"))
        chart(verdict_bars(counts, "class"), counts, f"Products by class: {said}.", "file-classes")
    with right:
        st.subheader("Coverage, and why not for the rest", anchor=False)
        st.dataframe(
            told[["name", "short", "doses", "share"]],
            hide_index=True,
            alt="Doses computed and reasons why not",
            column_config={
                "name": "vitamin",
                "short": "outcome",
                "share": st.column_config.NumberColumn("share", format="percent"),
            },
        )
    st.subheader("Rejects", anchor=False)
    if audit.rejects.empty:
        st.caption("None: every row could be used.")
        return
    st.dataframe(rejects_by_reason(audit), hide_index=True, alt="Rejected rows by reason with an example")
    with st.expander(f"The rejected rows ({len(audit.rejects):,})", icon=":material/list:"):
        st.dataframe(audit.rejects.head(500), hide_index=True, alt="Rejected rows with reason and message")
