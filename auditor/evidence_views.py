"""The evidence as small tables for charts and search: bands, trials, and every row of an edition."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from auditor.evidence import Evidence, EvidenceRow, Statement, Trial
from auditor.judging import judge_for
from auditor.words import dose

BAND_COLUMNS = (
    "band_id",
    "nutrient",
    "form",
    "context",
    "own_context",
    "low_mcg",
    "high_mcg",
    "core_low_mcg",
    "core_high_mcg",
    "grade",
    "direction",
)


def bands_used(evidence: Evidence, nutrient: str, form: str, context: str) -> pd.DataFrame:
    """Bands with edges that judge a form in a context, as :data:`BAND_COLUMNS`; `own_context` is where the band was stated."""
    rows = [
        (
            band.id,
            band.nutrient,
            band.form,
            context,
            band.context,
            float(band.low_mcg or 0),
            float(band.high_mcg or 0),
            float(band.core_low_mcg if band.core_low_mcg is not None else band.low_mcg or 0),
            float(band.core_high_mcg if band.core_high_mcg is not None else band.high_mcg or 0),
            band.grade,
            band.direction,
        )
        for band in judge_for(evidence, nutrient, form, "", context).established
    ]
    return pd.DataFrame(rows, columns=list(BAND_COLUMNS))


TRIAL_COLUMNS = (
    "trial_id",
    "name",
    "year",
    "dose_mcg",
    "participants",
    "direction",
    "design",
    "population",
    "outcome",
    "result",
    "integrity",
    "daily",
    "link",
)


def trial_marks(evidence: Evidence, nutrient: str, form: str, context: str = "") -> pd.DataFrame:
    """One row per trial and tested daily dose of a form, as :data:`TRIAL_COLUMNS`; of one context if given.

    Trials of a vitamin in any form count for each of its forms; K2 of unstated form takes MK-7 and MK-4.  `daily` is
    false where the dose is the mean of spaced doses.
    """
    forms = _forms_that_speak_of(nutrient, form)
    rows = [
        (
            trial.id,
            trial.name,
            trial.year,
            float(tested),
            trial.participants,
            trial.direction,
            trial.design,
            trial.population,
            trial.outcome,
            trial.result,
            integrity_of(evidence, trial),
            trial.interval_days == 1,
            evidence.references[trial.reference].link,
        )
        for trial in evidence.trials.values()
        if trial.nutrient == nutrient and trial.form in forms and (not context or context in trial.contexts)
        for tested in trial.doses_mcg
        if tested > 0
    ]
    return pd.DataFrame(rows, columns=list(TRIAL_COLUMNS))


def statement_marks(evidence: Evidence, nutrient: str, form: str, context: str = "") -> pd.DataFrame:
    """Doses that the starting documents state for a form: `row, section, low_mcg, high_mcg, direction, claim`; of one context if given."""
    forms = _forms_that_speak_of(nutrient, form)
    rows = [
        (one.id, one.section, float(one.low_mcg), float(one.high_mcg), one.direction, one.claim)
        for one in evidence.statements.values()
        if one.nutrient == nutrient and one.form in forms and (not context or context in one.contexts)
        if one.low_mcg is not None and one.high_mcg is not None and one.high_mcg > 0
    ]
    return pd.DataFrame(rows, columns=["row", "section", "low_mcg", "high_mcg", "direction", "claim"])


def _forms_that_speak_of(nutrient: str, form: str) -> set[str]:
    forms = {"any", form}
    forms |= {"d3", "d2"} if nutrient == "vitamin_d" and form != "calcifediol" else set()
    forms |= {"mk7", "mk4"} if form == "unstated" else set()
    return forms - {"any"} if form == "calcifediol" else forms


def integrity_of(evidence: Evidence, trial: Trial) -> str:
    """'retracted', 'disputed' or 'superseded' if the trial or its paper is, else 'sound'."""
    return trial.integrity if trial.integrity != "sound" else evidence.references[trial.reference].integrity


KIND_WORDS = {
    "rct": "randomised trial",
    "open-rct": "randomised trial, not blinded",
    "single-arm": "trial without a control group",
    "cohort": "observation of a group",
    "case": "case report",
    "case-report": "case report",
    "AI": "adequate intake (AI)",
    "RDA": "recommended intake (RDA)",
    "RNI": "recommended intake (RNI)",
    "UL": "upper level (UL)",
    "basis of the UL": "basis of the upper level",
}
"""Kinds of evidence whose name in the edition is an abbreviation."""

EVIDENCE_COLUMNS = (
    "row",
    "kind",
    "nutrient",
    "form",
    "name",
    "year",
    "dose",
    "participants",
    "direction",
    "said",
    "checked",
    "integrity",
    "link",
)


def evidence_table(evidence: Evidence) -> pd.DataFrame:
    """Every row of an edition that speaks about a dose, as :data:`EVIDENCE_COLUMNS`; `link` is missing where there is none."""
    return pd.DataFrame(
        [_evidence_row(evidence, row) for row in evidence.rows.values()], columns=list(EVIDENCE_COLUMNS)
    )


def rows_with_words(table: pd.DataFrame, text: str) -> pd.DataFrame:
    """Rows of :func:`evidence_table` that hold every word of a text in any cell, in any case."""
    columns = [table[name].astype("str").fillna("").str.lower() for name in table]
    joined = columns[0].str.cat(columns[1:], sep=" ")
    held = pd.Series(True, index=table.index)
    for word in text.lower().split():
        held &= joined.str.contains(word, regex=False)
    return table[held]


def upper_level_answers(evidence: Evidence, product: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each authority's upper level for a row of the products table, and whether its highest vitamin D dose is above.

    Empty where no dose is known, or where it is of calcifediol, which no upper level speaks of.
    """
    high = float(product["vitamin_d_daily_mcg_high"])
    if math.isnan(high) or "calcifediol" in product["vitamin_d_form"]:
        return []
    return [
        (
            f"{level.authority} {level.year}, {level.life_stage}",
            f"{float(level.value_mcg):,.10g} mcg: {'above' if high > float(level.value_mcg) else 'not above'}",
        )
        for level in evidence.upper_levels_for("vitamin_d", str(product["context"]))
    ]


def _evidence_row(evidence: Evidence, row: EvidenceRow) -> tuple[object, ...]:
    reference = evidence.references[row.reference]
    said = (
        dose(float(row.low_mcg), float(row.high_mcg), row.nutrient, row.form)
        if row.low_mcg is not None and row.high_mcg is not None
        else ""
    )
    ends = (reference.integrity, reference.link or None)
    if isinstance(row, Trial):
        return (
            row.id,
            KIND_WORDS.get(row.design, row.design),
            row.nutrient,
            row.form,
            row.name,
            row.year,
            said,
            row.participants,
            row.direction,
            f"{row.population}: {row.result}",
            row.status,
            integrity_of(evidence, row),
            reference.link or None,
        )
    if isinstance(row, Statement):
        return (
            row.id,
            "starting document",
            row.nutrient,
            row.form,
            row.section,
            reference.year,
            said,
            None,
            row.direction,
            row.claim,
            row.status,
            *ends,
        )
    text = f"{row.life_stage}. {row.note}".strip()
    return (
        row.id,
        KIND_WORDS.get(row.kind, row.kind),
        row.nutrient,
        row.form,
        row.authority,
        row.year,
        said,
        None,
        "recommendation",
        text,
        row.status,
        *ends,
    )
