"""What a finished audit still tells about one product: its tables keep doses and findings, not the label's lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from auditor.checks import catalogue
from auditor.evidence import Evidence
from auditor.headline import spaced_rule
from auditor.pipeline import Audit
from auditor.words import capital, count, dose, form_name, listed, number, reason_sentence, wording

Facts = tuple[tuple[str, str], ...]
Finding = tuple[str, str, str]


def judged_by(audit: Audit, evidence: Evidence) -> bool:
    """Whether an edition is the one the audit was judged by: the same name, and every band, rule and context of its doses."""
    if audit.summary.evidence_edition != evidence.edition.id:
        return False
    doses = audit.doses
    bands = {band_id for joined in doses["band_id"].unique() for band_id in joined.split(";") if band_id}
    rules = {spaced_rule({"reason": reason}) for reason in doses["reason"].unique()} - {""}
    contexts = {*doses["context"].unique(), *audit.products["context"].unique()}
    return (
        bands <= set(evidence.bands) and rules <= set(evidence.spaced_dose_rules) and contexts <= set(evidence.contexts)
    )


def missing_tables(audit: Audit) -> tuple[str, ...]:
    """Tables that the audit must have had, by its products, and that are not there."""
    products = audit.products
    judged = (products[["vitamin_d_verdict", "vitamin_k2_verdict"]] != "absent").any(axis=None)
    return (
        *(("doses",) if audit.doses.empty and judged else ()),
        *(("findings",) if audit.findings.empty and (products["finding_ids"] != "").any() else ()),
    )


def dose_facts(row: Mapping[str, Any]) -> Facts:
    """A row of the doses table in words, from the label's words to the upper level; cells that are empty are left out."""
    return tuple((name, text) for name, text in _dose_facts(row) if text)


def _dose_facts(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    words, name = wording(), (row["nutrient"], row["form"])
    yield "On the label", row["label_text"]
    yield "Form", words["form_source"].get(row["form_source"], "")
    amount = dose(row["amount_mcg"], row["amount_mcg"], *name)
    yield "Amount", f"{amount} {words['basis'].get(row['basis'], '')}".strip() if amount else ""
    yield "Declared", _declared(row)
    yield "Taken a day", _taken(row)
    yield "At a time", _spaced(row)
    yield "Daily dose", dose(row["daily_mcg_low"], row["daily_mcg_high"], *name) or "not known"
    yield "Studied range", _range(row)
    yield "Verdict", row["verdict"] + _open(row)
    yield "Upper level", _upper_level(row)


def dose_reasons(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Sentences for what a verdict depends on, why there is none, and what told the daily use."""
    codes = [code for code in row["reason"].split(";") if code]
    told = [reason_sentence(code, row["nutrient"], row["form"]) for code in codes]
    source = wording()["servings_source"].get(row["servings_source"], "")
    return tuple(dict.fromkeys([*told, *([source] if source and not pd.isna(row["daily_mcg_high"]) else [])]))


def product_facts(product: Mapping[str, Any]) -> Facts:
    """A row of the products table in words, where the doses are missing."""
    rows = []
    for nutrient, title in (("vitamin_d", "Vitamin D"), ("vitamin_k2", "Vitamin K2")):
        forms = product[f"{nutrient}_form"].split(";")
        low, high = product[f"{nutrient}_daily_mcg_low"], product[f"{nutrient}_daily_mcg_high"]
        said = dose(low, high, nutrient, forms[0] if len(forms) == 1 else "")
        told = f"{listed([form_name(nutrient, form) for form in forms if form])}, {said or 'dose not known'}"
        verdict = product[f"{nutrient}_verdict"]
        rows.append((title, verdict if verdict == "absent" else f"{capital(told)}: {verdict}"))
    return tuple(rows)


def kept_findings(product: Mapping[str, Any], findings: pd.DataFrame) -> tuple[Finding, ...]:
    """Severity, id and message of each finding; by the ids beside the product where the table is missing."""
    if findings.empty:
        known = catalogue()
        ids = [name for name in dict.fromkeys(product["finding_ids"].split(";")) if name]
        return tuple(
            (known[name].severity, name, known[name].title) if name in known else ("note", name, name) for name in ids
        )
    return tuple(dict.fromkeys(zip(findings["severity"], findings["finding_id"], findings["message"], strict=True)))


def _declared(row: Mapping[str, Any]) -> str:
    iu, percent = row["declared_iu"], row["declared_percent_dv"]
    parts = ([] if pd.isna(iu) else [f"{number(iu)} IU"]) + (
        [] if pd.isna(percent) else [f"{number(percent)} % of the daily value"]
    )
    return listed(parts)


def _taken(row: Mapping[str, Any]) -> str:
    low, high = row["servings_per_day_low"], row["servings_per_day_high"]
    if pd.isna(high):
        return ""
    one, many = wording()["basis_unit"].get(row["basis"] or "per_serving", ("serving", "servings"))
    said = count(high) if low == high or pd.isna(low) else f"{count(low)} to {count(high)}"
    return f"{said} {one if high <= 1 else many}" + (" (on average)" if row["interval_days"] > 1 else "")


def _spaced(row: Mapping[str, Any]) -> str:
    if pd.isna(row["interval_days"]) or row["interval_days"] <= 1:
        return ""
    once = dose(row["single_intake_mcg"], row["single_intake_mcg"], row["nutrient"], row["form"])
    return f"{once or 'amount not known'}, every {number(row['interval_days'])} days"


def _range(row: Mapping[str, Any]) -> str:
    if pd.isna(row["band_high_mcg"]):
        return ""
    grade = wording()["grade"].get(row["grade"], row["grade"])
    edges = dose(row["band_low_mcg"], row["band_high_mcg"], row["nutrient"], row["form"])
    return f"{edges} a day (band {row['band_id'].replace(';', ', ')}; grade {grade})"


def _open(row: Mapping[str, Any]) -> str:
    possible = [verdict for verdict in row["possible_verdicts"].split(";") if verdict]
    return f" ({listed(possible, 'or')})" if len(possible) > 1 else ""


def _upper_level(row: Mapping[str, Any]) -> str:
    if pd.isna(row["upper_level_mcg"]):
        return ""
    level = dose(row["upper_level_mcg"], row["upper_level_mcg"], row["nutrient"], row["form"])
    share = (
        ""
        if pd.isna(row["percent_of_upper_level"])
        else f": the dose is {number(row['percent_of_upper_level'])} % of it"
    )
    return f"{level} by {row['upper_level_authority']}{share}"
