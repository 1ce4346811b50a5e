"""Downloads of an audit; each file is made when it is asked for, with the bytes the command line writes."""

from __future__ import annotations

import streamlit as st

from auditor.export import csv_bytes
from auditor.market import package_bytes
from auditor.pipeline import Audit
from auditor.report import render_report
from auditor.written import table_files
from parts.looks import foremost


def downloads(audit: Audit) -> None:
    """All tables as CSV, the data package and the report."""
    st.subheader("Take it away", anchor=False)
    with st.container(horizontal=True):
        st.download_button(
            "Data package (zip)",
            lambda: package_bytes(audit),
            "audit.zip",
            "application/zip",
            on_click="ignore",
            icon=":material/package_2:",
            type=foremost(),
            key="download-package",
        )
        for table, name in table_files("csv").items():
            st.download_button(
                name,
                lambda table=table: csv_bytes(getattr(audit, table), table),
                name,
                "text/csv",
                on_click="ignore",
                icon=":material/table:",
                key=f"download-{table}",
            )
        st.download_button(
            "Report to print (HTML)",
            lambda: render_report(audit).encode("utf-8", "replace"),
            "report.html",
            "text/html",
            on_click="ignore",
            icon=":material/print:",
            key="download-report",
        )
    st.caption(
        "The data package holds all tables with their columns explained, the SHA-256 of every file, and the rules used. Same input, same versions: same bytes."
    )
