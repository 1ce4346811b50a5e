"""The parts of the evidence page: one band in full, the search, conflicts, retractions."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from auditor.evidence import Band, Evidence
from auditor.headline import edges
from auditor.views import evidence_table
from auditor.words import wording
from parts.address import addressed
from parts.looks import plain, told_direction
from parts.pieces import empty, facts

SHOWN = (
    "carries",
    "name",
    "year",
    "direction",
    "dose",
    "said",
    "participants",
    "kind",
    "link",
    "checked",
    "integrity",
    "row",
)
LINKED = {
    "link": st.column_config.LinkColumn(display_text="open"),
    "name": st.column_config.TextColumn(width=170),
    "dose": st.column_config.TextColumn(width=190),
    "direction": st.column_config.TextColumn("found", width=200),
    "kind": st.column_config.TextColumn(width=150),
    "said": st.column_config.TextColumn("what it says", width=420),
    "year": st.column_config.NumberColumn(format="%d"),
    "participants": st.column_config.NumberColumn("people", format="localized"),
}


def rows(table: pd.DataFrame, alt: str) -> None:
    """Evidence rows with signs for their direction and links."""
    st.dataframe(
        table.assign(
            direction=table["direction"].map(told_direction),
            checked=table["checked"].map(wording()["status"].__getitem__),
        ),
        hide_index=True,
        alt=alt,
        column_config=LINKED,
        row_height=72,
        height=min(40 + 72 * max(len(table), 1), 720),
        placeholder="",
        column_order=[name for name in SHOWN if name in table],
    )


def band_detail(evidence: Evidence, band: Band) -> None:
    """Why the band has its edges, what each rests on, and what speaks beside it."""
    told = [
        ("Range", edges(band) if band.status == "established" else "not established"),
        ("Grade of the evidence", band.grade),
        (
            "What the studies inside found",
            wording()["direction"].get(band.direction, band.direction) if "direction" in wording() else band.direction,
        ),
        ("Why", band.reason),
        ("Note", band.note),
        ("Reviewed", band.reviewed.isoformat()),
    ]
    facts((name, str(text)) for name, text in told if text)
    table = evidence_table(evidence)
    table = table[table["row"].isin(band.rows)]
    part = {
        **dict.fromkeys(band.supports, "beside"),
        **dict.fromkeys(band.high_rests_on, "high edge"),
        **dict.fromkeys(band.low_rests_on, "low edge"),
    }
    if table.empty:
        empty("No rows stand behind this band.", "The reason above says why.")
        return
    st.markdown("**What it rests on**: trials, reference values and the starting documents' own statements")
    rows(
        table.assign(carries=table["row"].map(part)).sort_values(
            "carries", key=lambda column: column.map(["low edge", "high edge", "beside"].index), kind="stable"
        ),
        "Rows the band rests on",
    )


def search_rows(evidence: Evidence) -> None:
    """Free text over trials, statements and reference values."""
    text = addressed(
        st.text_input,
        "Search",
        "words",
        "",
        placeholder="for instance: falls, VITAL, MK-7, dialysis",
        icon=":material/search:",
    )
    table = evidence_table(evidence)
    words = (text or "").lower().split()
    joined = table.astype("str").fillna("").agg(" ".join, axis=1).str.lower()
    for word in words:
        table, joined = table[joined.str.contains(word, regex=False)], joined[joined.str.contains(word, regex=False)]
    st.caption(f"{len(table):,} rows")
    if table.empty:
        empty("No row holds these words.", "Try fewer words, or an author's name.")
    else:
        rows(table, "Trials, reference values and statements")


def conflicts(evidence: Evidence) -> None:
    """Where sources disagree, and how it was settled or left open."""
    for conflict in evidence.contradictions.values():
        with st.container(border=True, gap="xsmall"):
            st.markdown(f"**{plain(conflict.topic)}**")
            st.markdown(plain(conflict.conflict))
            st.caption(f"How it stands: {plain(conflict.resolution)} Between {plain(', '.join(conflict.between))}.")


def doubtful(evidence: Evidence) -> None:
    """References that were retracted, disputed or superseded; none of them carries a band."""
    found = [reference for reference in evidence.references.values() if reference.integrity != "sound"]
    if not found:
        empty("No reference of this edition is retracted or disputed.", "")
    for reference in found:
        with st.container(border=True, gap="xsmall"):
            st.badge(
                reference.integrity,
                icon=":material/warning:",
                color="red" if reference.integrity == "retracted" else "orange",
            )
            st.markdown(f"**{plain(reference.title)}**")
            st.caption(f"{plain(reference.authors)} {plain(reference.citation)}. {plain(reference.integrity_note)}")
            if reference.link:
                st.link_button("Open", reference.link, icon=":material/open_in_new:")
