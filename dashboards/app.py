"""Entry of the dashboard: the rules in the sidebar, the pages, and errors said in words.

Run with `auditor dashboard [PATH]` or `streamlit run dashboards/app.py`; the path comes in AUDITOR_DATA.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from parts.looks import plain
from parts.session import view
from parts.sidebar import choose_rules, choose_source

from auditor.errors import AuditorError

st.set_page_config(
    page_title="Supplement label auditor", page_icon=str(Path(__file__).with_name("icon.png")), layout="wide"
)
st.html(Path(__file__).with_name("page.css"))

page = st.navigation(
    [
        st.Page("explore.py", title="Explore", icon=":material/scatter_plot:", default=True),
        st.Page("product.py", title="Product", icon=":material/medication:"),
        st.Page("compare.py", title="Compare", icon=":material/compare_arrows:"),
        st.Page("check_label.py", title="Check a label", icon=":material/fact_check:"),
        st.Page("audit_file.py", title="Audit a file", icon=":material/upload_file:"),
        st.Page("evidence.py", title="Evidence", icon=":material/menu_book:"),
    ]
)

try:
    source = choose_source()
    st.session_state["view"] = view(source, choose_rules(source))
    page.run()
except AuditorError as error:
    st.error("This cannot be shown. " + plain(error), icon=":material/error:")
    st.caption("Choose other data or other rules in the sidebar. Nothing was changed.")
