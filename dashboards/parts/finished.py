"""A product of a finished audit: what its tables keep, and in words what they do not."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from auditor.explain import caveats_on, citations
from auditor.headline import headline
from auditor.kept import dose_facts, dose_reasons, judged_by, kept_findings, missing_tables, product_facts
from auditor.pipeline import Audit
from auditor.words import capital, form_name, listed
from parts import told as show
from parts.looks import plain, signed
from parts.pieces import facts
from parts.session import View


def finished_product(view: View, own: Audit) -> None:
    """Doses, findings and evidence of one product; `own` may hold it once per context."""
    evidence = view.evidence
    known, missing = judged_by(view.audit, evidence), missing_tables(view.audit)
    every_context = own.products
    own = _in_one_context(own, every_context["context"].tolist())
    product, doses = own.products.iloc[0], own.doses.to_dict("records")
    _not_kept(view, known, missing)

    if known and "doses" not in missing:
        show.headline(product["class"], headline(product.to_dict(), doses, evidence))
        st.subheader("The daily dose among the trials", anchor=False)
        show.dose_pictures(own, evidence)
    else:
        possible = product["possible_classes"].split(";")
        show.headline(
            product["class"], "As the audit wrote it" + (f": {listed(possible, 'or')}." if len(possible) > 1 else ".")
        )

    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Doses as the audit wrote them", anchor=False)
        if "doses" in missing:
            facts(product_facts(product.to_dict()))
        elif not doses:
            st.caption("The audit found no vitamin D or K on this label.")
        for row in doses:
            with st.container(border=True):
                st.markdown(f"**{plain(capital(form_name(row['nutrient'], row['form'])))}**")
                facts(dose_facts(row))
                if told := dose_reasons(row):
                    st.markdown("\n".join(f"- {plain(sentence)}" for sentence in told))
    with right:
        st.subheader("Findings on the label", anchor=False)
        show.findings(kept_findings(product.to_dict(), own.findings))
        if len(every_context) > 1:
            st.subheader("Verdict in every context", anchor=False)
            table = every_context.set_index("context")[["vitamin_d_verdict", "vitamin_k2_verdict", "class"]]
            st.table(
                table.map(signed).rename(
                    columns={"vitamin_d_verdict": "vitamin D", "vitamin_k2_verdict": "vitamin K2"}
                ),
                border="horizontal",
                alt="Verdict of each vitamin and the class in every context of the audit",
            )
    if known and "doses" not in missing:
        st.subheader("Evidence for and against", anchor=False)
        show.references(citations(doses, evidence))
    show.record(product)
    show.caveats(caveats_on(doses))


def _in_one_context(own: Audit, contexts: list[str]) -> Audit:
    if len(contexts) < 2:
        return own
    chosen = st.selectbox("Judged for", contexts, key=f"kept-context-{own.products['product_id'].iloc[0]}")
    in_it = (own.products["context"] == chosen, own.doses["context"] == chosen)
    return replace(own, products=own.products[in_it[0]], doses=own.doses[in_it[1]])


def _not_kept(view: View, known: bool, missing: tuple[str, ...]) -> None:
    """Say what this page cannot show, and what would show it."""
    edition = view.audit.summary.evidence_edition
    said = [
        "This is a finished audit. It keeps the label's words behind each dose, not its other lines, directions and "
        "warnings, so the derivation and the verdicts for other contexts cannot be shown.",
        *(f"Its {name} table is not here." for name in missing),
    ]
    if not known:
        said.append(
            f"It was judged by evidence edition {edition}, which is not the one in use, so no studies are shown."
            if edition and edition != view.evidence.edition.id
            else "It does not tell which evidence it was judged by, so no studies are shown."
            if not edition
            else "Its bands are not all in the evidence in use, so no studies are shown."
        )
    said.append("Open the label files to see everything.")
    st.info(plain(" ".join(said)), icon=":material/lock:")
