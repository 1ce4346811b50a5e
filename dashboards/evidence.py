"""Evidence: every band to scale with what it rests on, conflicts, retractions, and a search over all rows."""

from __future__ import annotations

import streamlit as st
from parts.address import addressed
from parts.evidence_chart import band_overview
from parts.evidence_parts import band_detail, conflicts, doubtful, search_rows
from parts.looks import DIRECTION_WORDS, DIRECTIONS, legend, plain
from parts.pieces import STUDIED_RANGE, chart, title
from parts.session import current

from auditor.words import capital, form_name

evidence = current().evidence
edition = evidence.edition
title(
    "Evidence",
    f"Edition {plain(edition.id)}, {edition.released:%d %B %Y} · {len(evidence.bands)} bands · {len(evidence.trials)} trials and analyses · "
    f"{len(evidence.statements)} statements of the starting documents · {len(evidence.references)} references",
)

tabs = st.tabs(
    ["Bands", "Search all rows", "Conflicts", "Retracted and disputed"],
    key="part",
    on_change="rerun",
    bind="query-params",
)
if tabs[0].open:
    with tabs[0]:
        forms = list(
            dict.fromkeys(
                (band.nutrient, "d3" if band.nutrient == "vitamin_d" and band.form != "calcifediol" else band.form)
                for band in evidence.bands.values()
            )
        )
        words = {
            ".".join(pair): "Other K2 (MK-6, MK-8 to MK-10)" if pair[1] == "other" else capital(form_name(*pair))
            for pair in forms
        }
        form = addressed(
            st.segmented_control,
            "Form",
            "band-form",
            next(iter(words)),
            words,
            required=True,
            format_func=words.__getitem__,
        )
        nutrient, code = form.split(".")
        bands = [band for band in evidence.bands.values() if (band.nutrient, band.form) == (nutrient, code)]
        st.caption(
            f"{STUDIED_RANGE} Bars run from the low to the high edge, darker where studies are densest; marks are trials of that context; thin lines below are doses that the starting documents state."
        )
        st.markdown("Trials found: " + legend(DIRECTIONS, DIRECTIONS, DIRECTION_WORDS))
        drawn, table = band_overview(evidence, bands)
        chart(
            drawn,
            table,
            f"Studied ranges of {words[form]} in {len(bands)} contexts on a log scale.",
            "bands",
            key="bands-chart",
        )
        names = {band.id: f"{evidence.contexts[band.context].title} ({band.id})" for band in bands}
        chosen = st.selectbox("Band", list(names), format_func=names.__getitem__, key=f"band-{nutrient}-{code}")
        band_detail(evidence, evidence.bands[chosen or bands[0].id])
if tabs[1].open:
    with tabs[1]:
        search_rows(evidence)
if tabs[2].open:
    with tabs[2]:
        conflicts(evidence)
if tabs[3].open:
    with tabs[3]:
        doubtful(evidence)
