"""The comparison a buyer puts together: at most six product ids, kept for the session."""

from __future__ import annotations

import streamlit as st

from auditor.compare import MOST
from parts.looks import foremost


def basket() -> list[str]:
    """Ids in the comparison, in the order they were added."""
    return st.session_state.setdefault("basket", [])


def add_button(product_id: str, key: str) -> None:
    """A button that adds a product, and a way to the comparison."""
    chosen = basket()
    with st.container(horizontal=True):
        if product_id in chosen:
            st.button(
                "Take out of the comparison",
                icon=":material/remove:",
                key=f"out-{key}",
                on_click=chosen.remove,
                args=(product_id,),
            )
        else:
            st.button(
                "Add to the comparison",
                icon=":material/add:",
                key=f"in-{key}",
                on_click=chosen.append,
                args=(product_id,),
                disabled=len(chosen) >= MOST,
                type=foremost(),
                help=f"Up to {MOST} products.",
            )
        if chosen:
            st.page_link(
                "compare.py",
                label=f"Compare {len(chosen)}",
                icon=":material/compare_arrows:",
                query_params={"id": chosen},
            )
