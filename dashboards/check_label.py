"""Check a label: type or paste it, see what was understood, correct it, get class, derivation and findings."""

from __future__ import annotations

import streamlit as st
from parts import told as show
from parts.basket import add_button
from parts.derived import judge_typed
from parts.looks import foremost
from parts.photo import text_from_photo
from parts.pieces import empty, title
from parts.session import current
from parts.typed_form import correct, line_by_line, understood

from auditor.explain import explain
from auditor.labels import label_frame
from auditor.markets import markets
from auditor.panel import read_panel

EXAMPLE = """Serving Size: 1 softgel
Vitamin D3 (as cholecalciferol) 125 mcg (5,000 IU) 625%
Vitamin K2 (as MK-7) 100 mcg
Directions: Take 1 softgel daily with food."""

view = current()
title("Check a label", "Type or paste what the label prints. It is judged on this machine and goes nowhere else.")


def fill_example() -> None:
    """Put an example into the field."""
    st.session_state["label-text"] = EXAMPLE


text_from_photo()
with st.form("label", border=True):
    text = st.text_area(
        "What the label prints",
        key="label-text",
        height=170,
        placeholder="One line per ingredient, for instance\n" + EXAMPLE,
        persist_state="session",
    )
    columns = st.columns(4)
    directions = columns[0].text_input(
        "Directions", key="label-directions", placeholder="1 softgel daily", persist_state="session"
    )
    serving = columns[1].text_input(
        "Serving size", key="label-serving", placeholder="2 softgels", persist_state="session"
    )
    audience = columns[2].text_input(
        "Audience", key="label-audience", placeholder="as printed, or empty", persist_state="session"
    )
    market = columns[3].selectbox(
        "Market",
        ["", *sorted(markets())],
        key="label-market",
        format_func=lambda name: name or "not known",
        persist_state="session",
    )
    columns = st.columns(4)
    name = columns[0].text_input("Name", key="label-name", placeholder="as printed, or empty", persist_state="session")
    container = columns[1].text_input("Servings in the package", key="label-container", persist_state="session")
    price = columns[2].text_input("Price", key="label-price", persist_state="session")
    currency = columns[3].text_input("Currency", key="label-currency", placeholder="USD", persist_state="session")
    sent = st.form_submit_button("Check this label", type=foremost(), icon=":material/fact_check:")
st.button("Fill in an example", on_click=fill_example, icon=":material/lightbulb:", type="tertiary")
if sent and not text.strip():
    st.warning(
        "The label is empty. Type at least one line, for instance: D3 5,000 IU, K2 (MK-7) 100 mcg",
        icon=":material/edit:",
    )
if sent and text.strip():
    number = st.session_state["typed-count"] = st.session_state.get("typed-count", 0) + 1
    reading = read_panel(text, market=market or "", product_id=f"typed-{number}", source="typed")
    typed = {
        "directions": directions,
        "serving_size": serving,
        "audience": audience,
        "servings_per_container": container,
        "price": price,
        "currency": currency,
    }
    typed["name"] = name or reading.label.name or f"Typed label {number}"
    st.session_state["checked"] = reading.label.model_copy(
        update={field: said for field, said in typed.items() if said}
    )
    st.session_state["account"] = reading

label = st.session_state.get("checked")
if label is None:
    empty("Nothing was checked yet.", "Amounts may stand in IU, mcg or mg; say how many a day under Directions.")
    st.stop()

lines = label_frame([label])
audit = judge_typed(view, lines)
st.session_state.setdefault("typed", {})[label.product_id] = lines

st.subheader("What was understood", anchor=False)
understood(label, audit)
line_by_line(st.session_state["account"])
correct(label)

st.subheader("Result", anchor=False)
told = explain(
    lines, label.product_id, context=view.rules.context, evidence=view.evidence, authority=view.rules.authority
)
show.headline(told.klass, told.headline)
add_button(label.product_id, "typed")
left, right = st.columns([3, 2], gap="large")
with left:
    show.dose_pictures(audit, view.evidence)
    show.derivation(told)
with right:
    st.subheader("Findings", anchor=False)
    show.findings(told.findings)
st.subheader("Evidence for and against", anchor=False)
show.references(told.references)
show.caveats(told.caveats)
