"""Filters of the Explore page; each lives in the address, so that a view can be shared."""

from __future__ import annotations

import streamlit as st

from auditor.filters import OVER_UPPER_LEVEL, Mask, filtered, options
from auditor.pipeline import Audit
from auditor.schema import CLASSES, VERDICTS
from auditor.words import short_form
from parts.address import addressed
from parts.derived import texts_of
from parts.looks import signed
from parts.session import View

CHOICES = {
    "brand": "Brand",
    "d_verdict": "Vitamin D verdict",
    "k2_verdict": "Vitamin K2 verdict",
    "form": "Form",
    "market": "Market",
    "dosage_form": "Dosage form",
    "audience": "Audience on the label",
    "judged_for": "Judged for",
    "finding": "Finding",
}
FIXED = {"d_verdict": VERDICTS, "k2_verdict": VERDICTS}
NO_LEVEL = "none to compare"


@st.cache_resource(max_entries=8, show_spinner=False)
def _offered(key: str, _audit: Audit) -> dict[str, dict[str, int]]:
    """Options of every filter with their counts, once per audit."""
    return {name: options(_audit.products, name) for name in CHOICES}


def choose(view: View) -> Mask:
    """Draw the filters and tell which products they let through."""
    offered = _offered(view.key, view.audit)
    row = st.container(horizontal=True)
    text = addressed(
        row.text_input,
        "Search",
        "q",
        "",
        placeholder="brand, name, id or barcode",
        icon=":material/search:",
        label_visibility="collapsed",
        width=420,
    )
    classes = addressed(
        st.pills,
        "Class",
        "class",
        [],
        CLASSES,
        selection_mode="multi",
        format_func=signed,
        label_visibility="collapsed",
    )
    chosen = {"class": classes or []}
    over = ""
    with row.popover("More filters" + _active(), icon=":material/filter_alt:", width=220):
        columns = st.columns(2)
        for position, (name, title) in enumerate(CHOICES.items()):
            with columns[position % 2]:
                chosen[name] = _multiselect(name, title, offered[name])
        with columns[len(CHOICES) % 2]:
            over = addressed(
                st.selectbox,
                "Upper level",
                "over",
                "",
                ["", *OVER_UPPER_LEVEL, NO_LEVEL],
                format_func=lambda value: value or "any",
                help="Of the authority chosen in the sidebar.",
            )
        st.button("Clear all filters", icon=":material/filter_alt_off:", on_click=clear)
    return filtered(view.audit.products, chosen, text or "", over, texts_of(view) if text else None)


def _multiselect(name: str, title: str, offered: dict[str, int]) -> list[str]:
    words = list(FIXED.get(name, offered))
    return addressed(
        st.multiselect,
        title,
        name,
        [],
        words,
        placeholder="any",
        format_func=lambda word: f"{short_form(word) if name == 'form' else word} ({offered.get(word, 0):,})",
    )


def _active() -> str:
    count = sum(bool(st.session_state.get(name)) for name in (*CHOICES, "over"))
    return f" · {count} active" if count else ""


def clear() -> None:
    """Let everything pass again."""
    st.session_state.update({name: [] for name in ("class", *CHOICES)} | {"q": "", "over": ""})
