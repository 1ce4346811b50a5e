"""The sidebar: which data, for whom it is judged, by which authority's upper levels and by which evidence edition."""

from __future__ import annotations

import os

import streamlit as st

from auditor import __version__
from auditor.errors import UsageError
from auditor.evidence import load_evidence
from parts.address import addressed
from parts.session import Rules, Source, opened, sources

STRICTEST = "strictest of NASEM and EFSA"
SHIPPED_EDITION = "shipped"


def choose_source() -> Source:
    """The data the reader chose; the first on offer to begin with."""
    offered = sources()
    if not offered:
        raise UsageError("there are no products to show; start with `auditor dashboard PATH`")
    title = addressed(
        st.sidebar.selectbox,
        "Data",
        "data",
        next(iter(offered)),
        offered,
        help="Files you audit on the page 'Audit a file' are offered here for this session.",
    )
    return offered[title]


def choose_rules(source: Source) -> Rules:
    """Context, authority and edition; a finished audit keeps its own."""
    if opened(source).lines is None:
        st.sidebar.info(
            "This is a finished audit. It keeps the rules it was written with; open its label files to change them.",
            icon=":material/lock:",
        )
        _about()
        return Rules()
    editions = {SHIPPED_EDITION: ""} | {
        folder: folder for folder in os.environ.get("AUDITOR_EVIDENCE", "").split(os.pathsep) if folder
    }
    place = st.sidebar.container()
    chosen = addressed(
        st.sidebar.selectbox,
        "Evidence edition",
        "edition",
        SHIPPED_EDITION,
        editions,
        format_func=lambda name: f"{load_evidence(editions[name] or None).edition.id} ({name})",
        help="Set AUDITOR_EVIDENCE to the folders of your own editions before the start.",
    )
    evidence = load_evidence(editions[chosen] or None)
    titles = {"auto": "each label's own audience"} | {
        name: context.title for name, context in evidence.contexts.items()
    }
    context = addressed(
        place.selectbox,
        "Judged for",
        "context",
        "auto",
        titles,
        format_func=lambda name: titles[name],
        help="Bands differ by age, pregnancy and condition. A context without a band of its own uses its declared parent's, or none.",
    )
    authorities = sorted({level.authority for level in evidence.upper_levels.values()})
    authority = addressed(
        place.selectbox,
        "Upper levels of",
        "authority",
        "",
        ["", *authorities],
        format_func=lambda name: name or STRICTEST,
        help="Upper levels cover food as well. They are a different fact from the studied range and never change a class.",
    )
    _about()
    return Rules(context, authority, editions[chosen])


def _about() -> None:
    st.sidebar.caption(
        "Audits what labels claim, not what is in the bottle. No medical advice. "
        f"Nothing you type or upload leaves this machine. Version {__version__}."
    )
