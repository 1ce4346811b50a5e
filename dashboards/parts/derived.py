"""What pages derive from the data as it is judged: parts of it, typed labels, one product in every context."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from auditor.evidence import load_evidence
from auditor.explain import verdict_matrix
from auditor.filters import Mask, Positions, positions, searchable
from auditor.pipeline import Audit, audit_lines
from auditor.subsets import Places, changes_under, places, subset
from parts.session import Rules, View


def typed_audits(view: View) -> list[Audit]:
    """Labels typed in this session, judged by the rules in use."""
    return [judge_typed(view, lines) for lines in st.session_state.get("typed", {}).values()]


def judge_typed(view: View, lines: pd.DataFrame) -> Audit:
    """A typed label's lines under the rules in use; the one path that files take."""
    rules = view.rules
    return audit_lines(lines, context=rules.context, authority=rules.authority, evidence=view.evidence)


@st.cache_resource(max_entries=6, show_spinner=False)
def _places(key: str, _audit: Audit) -> Places:
    """Which rows belong to which product, once per audit."""
    return places(_audit)


@st.cache_resource(max_entries=6, show_spinner=False)
def _texts(key: str, _audit: Audit) -> pd.Series:
    """What free text is looked for in, once per audit."""
    return searchable(_audit.products)


def texts_of(view: View) -> pd.Series:
    """The searched texts of every product."""
    return _texts(view.key, view.audit)


@st.cache_resource(max_entries=40, show_spinner=False)
def _order(key: str, by: str, descending: bool, _audit: Audit) -> Positions:
    """One order of all products, once per audit."""
    return positions(_audit.products, by, descending)


def rows_in_order(view: View, mask: Mask, by: str, descending: bool) -> Positions:
    """Row numbers of the products that a mask lets through, in an order."""
    order = _order(view.key, by, descending, view.audit)
    return order[mask[order]]


def part_of(view: View, mask: Mask) -> Audit:
    """The audit of the products that a mask lets through."""
    return subset(view.audit, mask, _places(view.key, view.audit))


@st.cache_resource(max_entries=20, show_spinner=False)
def _changes(key: str, other: Rules, _audit: Audit, _lines: pd.DataFrame) -> pd.DataFrame:
    """What other rules judge differently, once per audit and rules."""
    return changes_under(_audit, _lines, context=other.context, authority=other.authority, evidence=other.evidence)


def changes_of(view: View, other: Rules) -> pd.DataFrame:
    """Products that other rules judge differently; the data must have label lines."""
    assert view.market.lines is not None
    return _changes(view.key, other, view.audit, view.market.lines)


@st.cache_resource(max_entries=200, show_spinner=False)
def matrix_of(source_key: str, edition: str, product_id: str, _lines: pd.DataFrame) -> pd.DataFrame:
    """Verdicts of one product in every context, titles of the contexts as rows."""
    evidence = load_evidence(edition or None)
    matrix = verdict_matrix(_lines, product_id, evidence).T
    return matrix.set_axis([evidence.contexts[name].title for name in matrix.index])
