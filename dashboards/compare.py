"""Compare: two to six products side by side, by search or by link."""

from __future__ import annotations

import streamlit as st
from parts.basket import basket
from parts.compare_chart import dose_bars
from parts.derived import typed_audits
from parts.finder import find_product
from parts.looks import VERDICTS, legend, plain, signed
from parts.pieces import STUDIED_RANGE, chart, empty, title
from parts.session import current

from auditor.compare import FEWEST, MOST, compare, prices_as_words, prices_from_words
from auditor.comparison_page import comparison_page
from auditor.market import only, together

view = current()
chosen = basket()
linked = st.query_params.get_all("id")
if linked and linked != st.session_state.get("linked"):
    chosen[:] = list(dict.fromkeys(linked))[:MOST]
known = only(together([only(audit, chosen) for audit in (view.audit, *typed_audits(view))]), chosen)
names = {
    row.product_id: " ".join(filter(None, (row.brand, row.name))) or row.product_id
    for row in known.products.itertuples()
}
lost = [product_id for product_id in chosen if product_id not in names]
chosen[:] = list(names)
st.session_state["linked"] = list(chosen)
if st.query_params.get_all("id") != chosen:
    st.query_params["id"] = chosen

title("Compare", f"Two to {MOST} products side by side. The address of this page is the link to the comparison.")
if lost:
    st.warning(
        f"Not in this data: {', '.join(plain(product_id) for product_id in lost)}. A typed label lives only in the session it was typed in.",
        icon=":material/link_off:",
    )
if len(chosen) < MOST:
    found = find_product(view, f"compare-{len(chosen)}", "Add a product", tuple(chosen))
    if found:
        chosen.append(found)
        st.rerun()
if chosen:
    with st.container(horizontal=True):
        for product_id in list(chosen):
            st.button(
                f"{plain(names[product_id])}",
                key=f"drop-{product_id}",
                icon=":material/close:",
                on_click=chosen.remove,
                args=(product_id,),
                help="Take it out",
            )
if len(chosen) < FEWEST:
    empty(
        "Choose at least two products." if not chosen else "Choose one more product.",
        "Search above, or use 'Add to the comparison' on a product's page.",
    )
    st.stop()

for product_id, price in prices_from_words(st.query_params.get_all("price")).items():
    st.session_state.setdefault(f"price-{product_id}", price)
with st.expander("Type the prices you pay", icon=":material/payments:"):
    st.caption(
        "Price of the whole package, in place of the record's. Typed prices stand in the link to this comparison."
    )
    columns = st.columns(min(len(chosen), 3))
    prices = {
        product_id: price
        for position, product_id in enumerate(chosen)
        if (
            price := columns[position % 3].number_input(
                plain(names[product_id]),
                min_value=0.0,
                value=None,
                step=1.0,
                placeholder="as on record",
                key=f"price-{product_id}",
                persist_state="session",
            )
        )
    }
if st.query_params.get_all("price") != (words := prices_as_words(prices)):
    st.query_params["price"] = words

told = compare(known, chosen, prices=prices, evidence=view.evidence)
table = told.table.drop(index="Product").rename(columns=names)
for name in ("Class", "Vitamin D verdict", "Vitamin K2 verdict"):
    table.loc[name] = table.loc[name].map(signed)
marked = [f":orange-background[≠] **{plain(name)}**" if told.differs[name] else plain(name) for name in table.index]
st.caption(f":orange-background[≠] marks what differs. {STUDIED_RANGE}")
with st.container(key="side-by-side"):
    st.table(
        table.map(plain).set_axis(marked).set_axis([plain(name) for name in table.columns], axis=1),
        alt="The products side by side",
    )

st.subheader("Daily doses on a common scale", anchor=False)
st.caption("Shaded: the studied range for whom each label is judged. " + legend(known.doses["verdict"], VERDICTS))
for drawn, rows, said in dose_bars(known, view.evidence, names):
    st.markdown(f"**{said}**")
    chart(drawn, rows, f"{said}: daily dose of each product against the studied range.", f"bars-{said}")

with st.container(horizontal=True):
    st.download_button(
        "Download as CSV",
        told.as_csv_bytes(),
        "comparison.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
    st.download_button(
        "Download a page to print",
        lambda: comparison_page(told, view.audit.summary),
        "comparison.html",
        "text/html",
        on_click="ignore",
        icon=":material/print:",
    )
st.caption(
    "Label claims, not contents. No medical advice; ask a clinician before doses above an upper level, or when taking a vitamin K antagonist."
)
