"""Small pieces of page that several pages show."""

from __future__ import annotations

from collections.abc import Iterable

import altair as alt
import pandas as pd
import streamlit as st

from parts.looks import faint, ink, plain

STUDIED_RANGE = "**studied-range** means a daily dose that trials used. It does not mean a dose that works: what the trials found stands beside it."

SELECT_A_ROW = "Select a row to open the product; from the keyboard: arrow keys, then Shift + Space. Esc, then Tab leaves the table."

TABLE_WORDS = {
    "d_low": "vitamin D from, mcg/day",
    "d_high": "vitamin D to, mcg/day",
    "k2_low": "K2 from, mcg/day",
    "k2_high": "K2 to, mcg/day",
    "example": "for instance",
    "product_id": "its id",
    "low_mcg": "from, mcg/day",
    "high_mcg": "to, mcg/day",
    "dose_mcg": "dose, mcg/day",
    "core_low_mcg": "most studied from",
    "core_high_mcg": "most studied to",
    "band_id": "band",
    "trial_id": "row",
    "participants": "people",
    "direction": "found",
    "told": "in words",
    "title": "in words",
}
"""Heads of the tables behind the charts."""


def chart(
    drawn: alt.LayerChart | alt.Chart, table: pd.DataFrame, alt_text: str, name: str, **options: object
) -> object:
    """A chart with its text alternative and, folded away, the numbers it draws."""
    drawn = drawn.configure_axis(labelColor=ink(), titleColor=faint())
    told = st.altair_chart(drawn, width="stretch", alt=alt_text, **options)  # type: ignore[arg-type]
    with st.expander("The same as a table", icon=":material/table:", key=f"table-{name}", on_change="rerun") as folded:
        if folded.open:
            st.caption(alt_text)
            shown = table.head(500).rename(columns=TABLE_WORDS)
            st.dataframe(shown, hide_index=True, alt=alt_text)
            if len(shown) < len(table):
                st.caption(f"The first {len(shown):,} of {len(table):,} rows.")
    return told


def filled(layers: Iterable[alt.Chart]) -> list[alt.Chart]:
    """The layers that draw something: an empty one is a picture without words to a screen reader."""
    return [layer for layer in layers if len(layer.data)]


def title(text: str, said: str) -> None:
    """The head of a page and one sentence about it."""
    st.title(text, anchor=False)
    st.caption(said)


def facts(rows: Iterable[tuple[str, str]]) -> None:
    """Label and value pairs as a table without a head; the texts are shown as printed."""
    table = pd.DataFrame([(f"**{plain(name)}**", plain(value)) for name, value in rows], columns=["what", "said"])
    if len(table):
        st.table(table, border="horizontal", hide_index=True, hide_header=True)


def empty(said: str, next_step: str) -> None:
    """What stands where there is nothing to show, and what to do about it."""
    with st.container(border=True):
        st.markdown(f"**{said}**")
        st.caption(next_step)


def dose_columns() -> dict[str, object]:
    """How number columns of the tables look."""
    number = st.column_config.NumberColumn
    return {
        "vitamin_d_daily_mcg_high": number("D mcg/day", format="%.4g"),
        "vitamin_k2_daily_mcg_high": number("K2 mcg/day", format="%.4g"),
        "price_per_day": number("price/day", format="%.2f"),
    }
