"""Product: one label from its printed lines to its class, with the evidence for and against."""

from __future__ import annotations

import streamlit as st
from parts import told as show
from parts.basket import add_button
from parts.derived import matrix_of, typed_audits
from parts.finder import find_product
from parts.finished import finished_product
from parts.looks import plain, signed
from parts.pieces import empty, facts, title
from parts.session import current, label_lines

from auditor.evidence_views import upper_level_answers
from auditor.explain import explain
from auditor.market import only, together

view = current()
asked = st.query_params.get("id") or st.session_state.get("product")


def search_another() -> None:
    """Find a product by words and open it."""
    with st.expander(
        "Find another product" if asked else "Find a product", icon=":material/search:", expanded=not asked
    ):
        found = find_product(view, "find", "Search the data")
    if found and found != asked:
        st.switch_page("product.py", query_params={"id": found})


if not asked:
    title("Product", "One label, from its printed lines to its class.")
    search_another()
    empty("No product is chosen yet.", "Search above, or select a row on the page Explore.")
    st.stop()

own = together([only(audit, [asked]) for audit in (view.audit, *typed_audits(view))])
if own.products.empty:
    title("Product", "One label, from its printed lines to its class.")
    search_another()
    empty(
        f"{plain(asked)} is not in this data.",
        "Its link may belong to other data: choose it in the sidebar, or search above.",
    )
    st.stop()

st.session_state["product"] = asked
if st.query_params.get("id") != asked:
    st.query_params["id"] = asked
product = own.products.iloc[0]
title(
    plain(product["name"] or asked),
    " · ".join(plain(part) for part in (product["brand"], product["dosage_form"], product["market"], asked) if part),
)
add_button(asked, "product")
search_another()

lines = label_lines(asked)
if lines is None:
    finished_product(view, own)
    st.stop()

told = explain(
    lines, asked, audit=own, context=view.rules.context, evidence=view.evidence, authority=view.rules.authority
)
show.headline(told.klass, told.headline)

st.subheader("The daily dose among the trials", anchor=False)
show.dose_pictures(own, view.evidence)

left, right = st.columns(2, gap="large")
with left:
    st.subheader("How it was worked out", anchor=False)
    show.derivation(told)
with right:
    st.subheader("Verdict in every context", anchor=False)
    every_context = st.empty()
    st.subheader("Upper levels", anchor=False)
    levels = upper_level_answers(view.evidence, product.to_dict())
    facts(levels)
    st.caption(
        "Upper levels cover food as well and never change a class. No authority has set one for vitamin K."
        if levels
        else "None applies to this label."
    )
    st.subheader("Findings on the label", anchor=False)
    show.findings(told.findings)

st.subheader("Evidence for and against", anchor=False)
show.references(told.references)
show.record(product)
st.download_button(
    "Download this explanation", told.as_text(), "explanation.txt", on_click="ignore", icon=":material/download:"
)
show.caveats(told.caveats)

# Last, since it judges the label once per context: everything else stands by then.
with every_context, st.spinner("Judging for every context …"):
    matrix = matrix_of(view.key, view.rules.edition, asked, lines)
every_context.table(
    matrix.map(signed), border="horizontal", alt="Verdict of each vitamin and the class in every context"
)
