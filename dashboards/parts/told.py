"""One label explained: headline, pictures, derivation, findings, evidence.  Shared by the product page and the label check."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import streamlit as st

from auditor.checks import catalogue
from auditor.evidence import Evidence
from auditor.evidence_views import bands_used, trial_marks
from auditor.explain import Citation, Explanation
from auditor.pipeline import Audit
from auditor.words import capital, dose, form_name, wording
from parts.dose_chart import dose_strip
from parts.looks import DIRECTIONS, SEVERITIES, badge, direction_group, plain, told_direction
from parts.pieces import STUDIED_RANGE, chart, empty, facts


def headline(klass: str, sentence: str) -> None:
    """Class and the sentence that says what decided it."""
    with st.container(border=True):
        badge(klass)
        st.markdown(f"#### {plain(sentence)}")
        if klass == "studied-range":
            st.caption(STUDIED_RANGE)


def dose_pictures(audit: Audit, evidence: Evidence) -> None:
    """Each dose of the one product in an audit, on its band with the trials around it."""
    doses = audit.doses[audit.doses["daily_mcg_high"].notna() & (audit.doses["daily_mcg_high"] > 0)]
    if doses.empty:
        empty("No dose could be computed from this label.", "The derivation says what is missing.")
    for row in doses.itertuples():
        name, iu = capital(form_name(row.nutrient, row.form)), row.nutrient == "vitamin_d" and row.form != "calcifediol"
        bands, trials = (
            bands_used(evidence, row.nutrient, row.form, row.context),
            trial_marks(evidence, row.nutrient, row.form),
        )
        said = dose(row.daily_mcg_low, row.daily_mcg_high, row.nutrient, row.form)
        band = (
            " or ".join(dose(item.low_mcg, item.high_mcg, row.nutrient, row.form) for item in bands.itertuples())
            or "none established"
        )
        st.markdown(f"**{name}: {said} a day** · studied range {band}")
        own = pd.DataFrame(
            {
                "low_mcg": [max(row.daily_mcg_low, row.daily_mcg_high / 1000)],
                "dose_mcg": [row.daily_mcg_high],
                "verdict": [row.verdict],
            }
        )
        chart(
            dose_strip(own, bands, trials, iu, own),
            trials,
            f"{name}: {said} a day is {row.verdict}; studied range {band}; {len(trials)} trial doses around it.",
            f"dose-{row.nutrient}-{row.form}",
            key=f"dose-{row.nutrient}-{row.form}",
        )


def derivation(told: Explanation) -> None:
    """The steps, in the words of `auditor explain`."""
    for position, step in enumerate(told.steps, start=1):
        with st.container(border=True):
            st.markdown(f"**{position}. {plain(step.title)}**")
            facts(step.rows)
            if step.sentences:
                st.markdown("\n".join(f"- {plain(sentence)}" for sentence in step.sentences))


def findings(found: Iterable[tuple[str, str, str]]) -> None:
    """What is odd about the label, with why it matters and whose rule it is."""
    found = tuple(found)
    if not found:
        st.caption("Nothing was found on this label.")
    known = catalogue()
    for severity, finding_id, message in found:
        look = SEVERITIES[severity]
        with st.container(border=True, gap="xsmall"):
            st.badge(severity, icon=look.icon, color=look.tint)
            st.markdown(plain(message))
            if finding_id in known:
                st.caption(
                    f"{plain(known[finding_id].why)} Source: {plain(known[finding_id].source)} ({plain(finding_id)})"
                )


def references(cited: Iterable[Citation]) -> None:
    """What the band rests on, benefit and harm alike."""
    rows = pd.DataFrame(
        [
            (
                told_direction(one.direction),
                one.text,
                wording()["status"][one.status],
                one.link or None,
                one.row_id,
            )
            for one in sorted(cited, key=lambda one: list(DIRECTIONS).index(direction_group(one.direction)))
        ],
        columns=["found", "what", "checked", "link", "row"],
    )
    if rows.empty:
        st.caption("No band was used, so no studies stand behind a verdict.")
        return
    counts = rows["found"].value_counts(sort=False)
    st.caption("For and against, as counted: " + ", ".join(f"{plain(name)} {count}" for name, count in counts.items()))
    st.dataframe(
        rows,
        hide_index=True,
        alt="Evidence behind the band with direction and link",
        row_height=76,
        height=min(40 + 76 * len(rows), 900),
        column_config={
            "found": st.column_config.TextColumn(width=200),
            "what": st.column_config.TextColumn(width="large"),
            "link": st.column_config.LinkColumn(display_text="open"),
        },
    )


def caveats(told: Iterable[str]) -> None:
    """What to bear in mind."""
    for caveat in told:
        st.caption(plain(caveat))


def record(product: pd.Series) -> None:
    """Where the record of a product comes from."""
    st.subheader("Where the record comes from", anchor=False)
    facts(
        (name, str(product[column]))
        for name, column in (("Source", "source"), ("Address or id", "source_id"), ("File", "input"), ("Row", "row"))
        if product[column]
    )
    if str(product["source_id"]).startswith(("https://", "http://")):
        st.link_button("Open the source", str(product["source_id"]), icon=":material/open_in_new:")
