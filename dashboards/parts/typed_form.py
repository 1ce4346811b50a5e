"""What was read from a typed label, and the form that corrects it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from auditor.labels import Label, LabelLine
from auditor.panel import PanelReading
from auditor.pipeline import Audit
from auditor.words import capital, count, dose, form_name
from parts.looks import plain, signed
from parts.pieces import facts

LINE_FIELDS = ("ingredient", "amount", "unit", "form", "percent_dv")
FIELDS = {
    "serving_size": "Serving size",
    "directions": "Directions",
    "servings_per_container": "Servings in the package",
    "audience": "Audience",
    "name": "Name",
}
SERVINGS_FROM = {"label": "the record", "directions": "the directions", "assumed": "assumed: one serving a day"}


def understood(label: Label, audit: Audit) -> None:
    """The doses as read, and what holds for the whole label."""
    doses = audit.doses
    if len(doses):
        table = pd.DataFrame(
            {
                "vitamin": [capital(form_name(row.nutrient, row.form)) for row in doses.itertuples()],
                "daily dose": [
                    dose(row.daily_mcg_low, row.daily_mcg_high, row.nutrient, row.form) or "not known"
                    for row in doses.itertuples()
                ],
                "verdict": doses["verdict"].map(signed).array,
                "amount": [
                    dose(row.amount_mcg, row.amount_mcg, row.nutrient, row.form) or "not known"
                    for row in doses.itertuples()
                ],
                "taken a day": [_servings(row) for row in doses.itertuples()],
                "known from": doses["servings_source"].map(SERVINGS_FROM).fillna("").array,
                "from the words": doses["label_text"].array,
            }
        )
        st.dataframe(table, hide_index=True, alt="Doses as they were read from the label")
    else:
        st.warning(
            "No vitamin D or K was found in these lines. Write the name beside the amount, for instance: Vitamin D3 25 mcg",
            icon=":material/search_off:",
        )
    rows = [
        ("Serving size", label.serving_size),
        ("Directions", label.directions),
        ("Servings in the package", label.servings_per_container),
    ]
    facts((name, text) for name, text in rows if text)


def line_by_line(reading: PanelReading) -> None:
    """What became of every line of the text; none is dropped silently."""
    left = len(reading.left_alone)
    with st.expander(
        f"Line by line: {len(reading.account)} read" + (f", {left} left alone" if left else ""),
        icon=":material/format_list_numbered:",
    ):
        rows = [(line.number, line.text, line.role, line.understood) for line in reading.account]
        st.dataframe(
            pd.DataFrame(rows, columns=["line", "as typed", "taken as", "understood"]),
            hide_index=True,
            alt="Lines of the label and what they were taken for",
        )
        for note in reading.notes:
            st.caption(plain(note))


def _servings(row: object) -> str:
    low, high = row.servings_per_day_low, row.servings_per_day_high  # type: ignore[attr-defined]
    if pd.isna(high):
        return "not known"
    return count(high) if low == high else f"{count(low)} to {count(high)}"


def correct(label: Label) -> None:
    """A form with every line and field as read; sending it judges the corrected label."""
    with (
        st.expander("Correct what was read", icon=":material/edit_note:"),
        st.form(f"correct-{label.product_id}", border=False),
    ):
        table = pd.DataFrame(
            [{name: getattr(line, name) for name in LINE_FIELDS} for line in label.lines],
            columns=list(LINE_FIELDS),
            dtype="str",
        )
        edited = st.data_editor(
            table,
            num_rows="dynamic",
            key=f"lines-{label.product_id}",
            alt="Label lines to correct",
            column_config={
                "ingredient": st.column_config.TextColumn("line as printed", width="large"),
                "amount": "amount, if not in the line",
                "percent_dv": "% daily value",
            },
        )
        columns = st.columns(2)
        fields = {
            name: columns[at % 2].text_input(title, getattr(label, name), key=f"{name}-{label.product_id}")
            for at, (name, title) in enumerate(FIELDS.items())
        }
        if st.form_submit_button("Judge the corrected label", icon=":material/refresh:"):
            rows = edited.fillna("").to_dict("records")
            lines = tuple(
                LabelLine(**{str(name): value for name, value in row.items()})
                for row in rows
                if str(row["ingredient"]).strip()
            )
            st.session_state["checked"] = label.model_copy(update={**fields, "lines": lines})
            st.rerun()
