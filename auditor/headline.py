"""One sentence or two that say a product's class and what decided it, for the top of an explanation and for a comparison."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from auditor.evidence import Band, Evidence
from auditor.words import SPACED_DOSE, capital, dose, form_name, listed, number, reason_short, short_form, wording

CLASS_NUTRIENTS = ("vitamin_d", "vitamin_k2")
"""The nutrients that the class is about."""

Row = Mapping[str, Any]


def headline(product: Row, doses: Sequence[Row], evidence: Evidence) -> str:
    """What class the product has and which dose decided it; `doses` are the product's rows of the doses table."""
    found = str(product["class"])
    judged = [row for row in doses if row["nutrient"] in CLASS_NUTRIENTS]
    start = str(wording()["class"][found])
    tell = {
        "studied-range": _studied, "high-dose": _outside, "sub-therapeutic": _outside, "depends": _open,
        "not-established": _not_established, "not-computable": _not_computable,
    }[found]  # fmt: skip
    return f"{start}: {tell(product, judged, evidence)}"


def bands_of(row: Row, evidence: Evidence) -> list[Band]:
    """The bands that judged a dose."""
    return [evidence.bands[band_id] for band_id in str(row["band_id"]).split(";") if band_id]


def spaced_rule(row: Row) -> str:
    """Id of the spacing rule that judged a dose; empty for a daily dose."""
    parts = [part for part in str(row["reason"]).split(";") if part.startswith(f"{SPACED_DOSE}:")]
    return parts[0].partition(":")[2] if parts else ""


def daily(row: Row) -> str:
    """'vitamin D3, 125 mcg (5,000 IU) a day'."""
    return f"{form_name(row['nutrient'], row['form'])}, {dose_of(row)} a day"


def dose_of(row: Row) -> str:
    """The daily dose of a row of the doses table, in both units."""
    return dose(float(row["daily_mcg_low"]), float(row["daily_mcg_high"]), str(row["nutrient"]), str(row["form"]))


def edges(band: Band) -> str:
    """'10 to 100 mcg (400 to 4,000 IU)', or '45 mcg' where a single dose was studied."""
    return dose(float(band.low_mcg or 0), float(band.high_mcg or 0), band.nutrient, band.form)


def _studied(product: Row, doses: list[Row], evidence: Evidence) -> str:
    inside = [daily(row) for row in doses if row["verdict"] == "studied-range"]
    if not inside:
        return f"vitamin D, {_vitamin_d(product)} a day, is a dose that trials used, which does not say that it works."
    verb, noun = ("are doses", "they work") if len(inside) > 1 else ("is a dose", "it works")
    others = [row for row in doses if row["verdict"] in ("not-established", "not-computable")]
    rest = f" {capital(listed([form_name(row['nutrient'], row['form']) for row in others]))} could not be judged." if others else ""
    return f"{'; '.join(inside)} {verb} that trials used, which does not say that {noun}.{rest}"


def _outside(product: Row, doses: list[Row], evidence: Evidence) -> str:
    deciding = [row for row in doses if row["verdict"] == product["class"]]
    if not deciding:
        side = "above" if product["class"] == "high-dose" else "below"
        return f"vitamin D, {_vitamin_d(product)} a day over all its lines, is {side} the studied range."
    text = "; ".join(_against_band(row, evidence) for row in deciding) + "."
    limits = [row for row in doses if row["over_upper_level"] is True or str(row["over_upper_level"]) == "True"]
    if limits:
        level = limits[0]
        limit = dose(math.nan, float(level["upper_level_mcg"]), level["nutrient"])
        text += f" The most the label allows is also above the upper level of {limit} ({level['upper_level_authority']})."
    return text


def _against_band(row: Row, evidence: Evidence) -> str:
    rule = spaced_rule(row)
    if rule and evidence.spaced_dose_rules[rule].judged != "by-average":
        single = dose(math.nan, float(row["single_intake_mcg"]), row["nutrient"], row["form"])
        return f"{form_name(row['nutrient'], row['form'])}, {single} at a time every {number(row['interval_days'])} days. {_bare(evidence.spaced_dose_rules[rule].reason)}"
    side = "above" if row["verdict"] == "high-dose" else "below"
    established = [band for band in bands_of(row, evidence) if band.status == "established"]
    verb = "are" if ";" in daily(row) else "is"
    if len(established) > 1:
        ranges = listed([f"{edges(band)} for {short_form(band.form)}" for band in established])
        return f"{daily(row)}, {verb} {side} the studied range of each form it may be ({ranges})"
    context = evidence.contexts[str(row["context"])].title
    return f"{daily(row)}, {verb} {side} the studied range of {edges(established[0])} ({context})" if established else daily(row)


def _open(product: Row, doses: list[Row], evidence: Evidence) -> str:
    classes = str(product["possible_classes"]).split(";")
    causes = []
    for row in doses:
        codes = [code for code in str(row["reason"]).split(";") if code and not code.startswith(SPACED_DOSE)]
        if row["verdict"] == "depends":
            given = f" at {dose_of(row)} a day" if dose_of(row) else ""
            causes.append(f"{form_name(row['nutrient'], row['form'])}{given}: {listed([reason_short(code) for code in codes])}")
        elif row["verdict"] == "not-computable":
            causes.append(f"{form_name(row['nutrient'], row['form'])} cannot be computed: {listed([reason_short(code) for code in codes])}")
    return f"{listed(classes, 'or')}. {capital('; '.join(causes))}."


def _not_established(product: Row, doses: list[Row], evidence: Evidence) -> str:
    if not doses:
        return "the label lists neither vitamin D nor vitamin K2."
    return f"no trial supports a dose range for {listed(list(dict.fromkeys(form_name(row['nutrient'], row['form']) for row in doses)))} in this context."


def _not_computable(product: Row, doses: list[Row], evidence: Evidence) -> str:
    stuck = [row for row in doses if row["verdict"] == "not-computable"]
    return "; ".join(f"{form_name(row['nutrient'], row['form'])}: {listed([reason_short(code) for code in str(row['reason']).split(';')])}" for row in stuck) + "."


def _vitamin_d(product: Row) -> str:
    return dose(float(product["vitamin_d_daily_mcg_low"]), float(product["vitamin_d_daily_mcg_high"]), "vitamin_d", str(product["vitamin_d_form"]))


def _bare(sentence: str) -> str:
    return sentence.rstrip(".")
