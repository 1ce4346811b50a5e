"""The tabs of the Explore page; each draws from counted or grouped products."""

from __future__ import annotations

import streamlit as st

from auditor.checks import catalogue
from auditor.dose import IU_PER_MCG
from auditor.summary import class_counts, coverage, finding_counts, open_reasons, verdict_counts
from auditor.views import Mask, bands_used, dose_groups, dot_groups, forms_present, trial_marks
from auditor.words import capital, form_name, nutrient_name, reason_short
from parts.address import addressed
from parts.count_chart import verdict_bars
from parts.derived import part_of
from parts.dose_chart import dose_strip
from parts.looks import DIRECTION_WORDS, DIRECTIONS, VERDICTS, direction_group, legend, plain, severity_signed
from parts.market_chart import market_map
from parts.pieces import chart, empty
from parts.session import View

assert IU_PER_MCG == 40, "the axes of the charts print mcg x 40 as IU"


def map_context(view: View) -> str:
    """The context whose bands are drawn; adults where each label is judged for whom it names."""
    return view.rules.context if view.rules.context in view.evidence.contexts else "adult"


def map_tab(view: View, mask: Mask) -> None:
    """The market map, with the products of a clicked dot below."""
    products = view.audit.products.loc[mask]
    groups, placed = dot_groups(products)
    if groups.empty:
        empty(
            "None of these products has a dose that can be placed.",
            "See the tab 'Counts' for why the doses could not be computed.",
        )
        return
    context = view.evidence.contexts[map_context(view)].title
    st.caption(
        f"{placed:,} of {len(products):,} products; larger dots hold several with equal doses, lines span the doses a label allows. "
        f"Boxes: studied ranges for {plain(context)}"
        + (" (a label for children follows its own band). " if view.rules.context == "auto" else ". ")
        + "Click a dot to list its products."
    )
    st.markdown(legend(groups["class"], VERDICTS))
    told = chart(
        market_map(groups, view.evidence, map_context(view)),
        groups,
        f"Market map: {placed:,} products by daily vitamin D and K2 on log scales, marked by class, with the studied ranges for {context}.",
        "map",
        key=f"map-{view.key}",
        on_select="rerun",
        selection_mode="dot",
    )
    _picked(view, told, products, groups)


def _picked(view: View, told: object, products: object, groups: object) -> None:
    dots = getattr(told, "selection", {}).get("dot") or []
    if not dots:
        return
    from parts.market_chart import dose_texts
    from parts.product_table import product_table

    texts = dose_texts(products)
    hit = (texts == (dots[0]["class"], dots[0]["d_text"], dots[0]["k2_text"])).all(axis=1)
    st.markdown(
        f"**{int(hit.sum()):,} at the chosen dot** (vitamin D {plain(dots[0]['d_text'])}, K2 {plain(dots[0]['k2_text'])})"
    )
    product_table(view, products[hit.to_numpy()], name="dot")


def doses_tab(view: View, mask: Mask) -> None:
    """Doses of one form against its band, with the trials."""
    chosen = part_of(view, mask)
    forms = forms_present(chosen.doses)
    if not forms:
        empty("None of these products has a dose that could be computed.", "See the tab 'Counts' for the reasons.")
        return
    form = addressed(
        st.segmented_control,
        "Form",
        "strip",
        ".".join(forms[0]),
        [".".join(pair) for pair in forms],
        required=True,
        format_func=lambda pair: capital(form_name(*pair.split("."))),
    )
    nutrient, code = form.split(".")
    context = map_context(view)
    groups, placed = dose_groups(chosen.doses, nutrient, code)
    bands, trials = bands_used(view.evidence, nutrient, code, context), trial_marks(view.evidence, nutrient, code)
    named = view.evidence.contexts[context].title
    said = f"{placed:,} labels by daily dose, above the trials of this vitamin in all contexts by what they found; larger means more labels or more people."
    band = (
        "; ".join(f"{row.low_mcg:,.10g} to {row.high_mcg:,.10g} mcg (grade {row.grade})" for row in bands.itertuples())
        or "none established"
    )
    st.caption(f"{said} Shaded: studied range for {plain(named)}: {band}. Paler trial marks are retracted or disputed.")
    st.markdown(
        "Labels: "
        + legend(groups["verdict"], VERDICTS)
        + " &nbsp; | &nbsp; Trials found: "
        + legend(map(direction_group, trials["direction"]), DIRECTIONS, DIRECTION_WORDS)
    )
    chart(
        dose_strip(groups, bands, trials, iu=nutrient == "vitamin_d" and code != "calcifediol"),
        groups,
        f"Strip of daily doses of {form_name(nutrient, code)}: {said} Studied range: {band}.",
        "strip",
        key=f"strip-chart-{view.key}",
    )
    if len(trials):
        with st.expander(f"The {trials['trial_id'].nunique()} trials as a table", icon=":material/menu_book:"):
            st.dataframe(
                trials,
                hide_index=True,
                alt="Trials with dose, people, result and link",
                column_config={"link": st.column_config.LinkColumn()},
            )


def counts_tab(view: View, mask: Mask) -> None:
    """Classes, verdicts, what could not be computed and why, findings."""
    chosen = part_of(view, mask)
    columns = st.columns(3)
    for column, name, heading, table in (
        (columns[0], "class", "Class", class_counts(chosen)),
        (columns[1], "verdict", "Vitamin D", verdict_counts(chosen, "vitamin_d")),
        (columns[2], "verdict", "Vitamin K2", verdict_counts(chosen, "vitamin_k2")),
    ):
        with column:
            st.markdown(f"**{heading}**")
            alt = f"{heading}: " + ", ".join(
                f"{row[name]} {row['products']:,} ({row['share']:.1%})" for row in table.to_dict("records")
            )
            chart(verdict_bars(table, name), table, alt, f"count-{heading}")
    told = coverage(chosen)
    stuck = told[told["reason"] != ""]
    st.markdown(
        f"**Could not be judged: {int(stuck['doses'].sum()):,} of {int(told['doses'].sum()):,} doses, and why**"
    )
    if len(stuck):
        st.dataframe(
            stuck[["name", "short", "doses", "share", "sentence"]],
            hide_index=True,
            alt="Reasons why doses could not be computed",
            column_config={
                "name": "vitamin",
                "short": "reason",
                "share": st.column_config.NumberColumn("share of its doses", format="percent"),
                "sentence": st.column_config.TextColumn("in words", width=520),
            },
            row_height=72,
            height=min(40 + 72 * len(stuck), 400),
        )
    depends = open_reasons(chosen)
    if len(depends):
        st.markdown("**Verdicts that depend, and on what**")
        named = depends.assign(
            nutrient=depends["nutrient"].map(nutrient_name), reason=depends["reason"].map(reason_short)
        )
        st.dataframe(
            named[["nutrient", "reason", "doses", "sentence"]],
            hide_index=True,
            alt="What open verdicts depend on",
            column_config={
                "nutrient": "vitamin",
                "reason": "depends on",
                "sentence": st.column_config.TextColumn("in words", width=520),
            },
            row_height=72,
        )
    st.markdown("**Findings on the labels**")
    found, known = finding_counts(chosen), catalogue()
    titles = [known[name].title if name in known else "" for name in found["finding_id"]]
    st.dataframe(
        found.assign(severity=found["severity"].map(severity_signed), title=titles)[
            ["severity", "title", "products", "findings", "finding_id"]
        ],
        hide_index=True,
        alt="Findings with their number of products",
        column_config={"title": st.column_config.TextColumn("what was found", width="large"), "finding_id": "id"},
    )
