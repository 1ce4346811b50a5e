"""Mapping foreign headers, with the first values of every column as a preview."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from auditor.labels import LINE_COLUMNS
from auditor.market import is_written_audit
from auditor.preview import MEANINGS, column_meanings, first_rows, mapping_problems, renames
from parts.looks import plain
from parts.session import Source


def map_columns(source: Source) -> Source | None:
    """The source with its headers mapped; `None` while a needed column is missing."""
    preview = None if is_written_audit(source.path) else first_rows(source.path)
    if preview is None:
        return source
    told = column_meanings(preview)
    problems = mapping_problems(told)
    with st.expander(
        "Columns"
        + (" need your help" if problems else f": {int((told['meaning'] != '').sum())} of {len(told)} recognised"),
        icon=":material/view_column:",
        expanded=bool(problems),
    ):
        st.caption(
            "Say what a column means where it was not recognised. Columns without a meaning are passed through to the products table."
        )
        edited = st.data_editor(
            told,
            hide_index=True,
            disabled=["column", "example"],
            key=f"mapping-{source.stamp}",
            placeholder="passed through",
            alt="Columns of the file, their first value and their meaning",
            column_config={
                "column": "column in the file",
                "example": "first value",
                "meaning": st.column_config.SelectboxColumn(
                    "means",
                    options=["", *MEANINGS],
                    help="; ".join(f"{name}: {text}" for name, text in list(LINE_COLUMNS.items())[:12]),
                ),
            },
        )
        st.caption("The first rows as they stand in the file")
        st.dataframe(preview, hide_index=True, alt="First rows of the file")
    edited = edited.fillna("")
    problems = mapping_problems(edited)
    if problems:
        st.warning(
            "Not audited yet: " + "; ".join(plain(problem) for problem in problems) + ".", icon=":material/rule:"
        )
        return None
    return replace(source, rename=tuple(sorted(renames(edited).items())))
