"""Widgets whose value stands in the address, so that a view can be shared, and outlives a change of page.

Streamlit's own binding writes what an option looks like; here the address holds the option itself, so that wording
and counts can change without breaking a link.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st


def addressed(
    draw: Callable[..., Any], label: str, key: str, default: Any, options: Iterable[Any] | None = None, **settings: Any
) -> Any:
    """Draw a widget whose value is taken from the address at first and told there afterwards.

    Args:
        draw: the Streamlit function, for instance `st.selectbox`.
        label: as for the function.
        key: key of the widget and name in the address.
        default: value that the address leaves out; a list for widgets of several choices.
        options: for widgets that choose; words of the address that are none of them are left out, or offered too where
            several can be chosen, since only the most frequent are listed.
        settings: as for the function.
    """
    offered = None if options is None else list(options)
    if key not in st.session_state:
        st.session_state[key] = _from_address(key, default, offered)
    chosen = st.session_state[key]
    if offered is not None:
        if isinstance(default, list):
            offered += [word for word in chosen or () if word not in offered]
        elif chosen not in offered:
            st.session_state[key] = default
    arguments = (label,) if offered is None else (label, offered)
    value = draw(*arguments, key=key, persist_state="session", **settings)
    _tell(key, value, default)
    return value


def _from_address(key: str, default: Any, offered: list[Any] | None) -> Any:
    if key not in st.query_params:
        return default
    if isinstance(default, list):
        return st.query_params.get_all(key)
    word = st.query_params[key]
    if isinstance(default, bool):
        return word == "yes"
    return word if offered is None or word in offered else default


def _tell(key: str, value: Any, default: Any) -> None:
    told = "yes" if value is True else value
    if value in (default, None):
        if key in st.query_params:
            del st.query_params[key]
    elif st.query_params.get_all(key) != (told if isinstance(told, list) else [told]):
        st.query_params[key] = told
