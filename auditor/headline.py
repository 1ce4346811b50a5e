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
    if not judged:
        apart = listed(list(dict.fromkeys(form_name(row["nutrient"], row["form"]) for row in doses)))
        return f"{start}: the label lists neither vitamin D nor vitamin K2{f', only {apart}' if apart else ''}."
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


def either_of(row: Row) -> tuple[float, float] | None:
    """The two doses of a label whose figures contradict each other, where each is a plain one."""
    low, high = float(row["daily_mcg_low"]), float(row["daily_mcg_high"])
    contradict = "figures-contradict" in str(row["reason"]).split(";")
    return (
        (low, high)
        if contradict and low < high and row["servings_per_day_low"] == row["servings_per_day_high"]
        else None
    )


def dose_of(row: Row) -> str:
    """The daily dose of a row of the doses table, in both units."""
    name = (str(row["nutrient"]), str(row["form"]))
    either = either_of(row)
    if either:
        return " or ".join(dose(value, value, *name) for value in either)
    return dose(float(row["daily_mcg_low"]), float(row["daily_mcg_high"]), *name)


def edges(band: Band) -> str:
    """'10 to 100 mcg (400 to 4,000 IU)', or '45 mcg' where a single dose was studied."""
    return dose(float(band.low_mcg or 0), float(band.high_mcg or 0), band.nutrient, band.form)


def untested_between(row: Row, evidence: Evidence) -> Band | None:
    """The band whose range joins separate studied doses, if the dose is none of them."""
    if row["verdict"] != "studied-range":
        return None
    for band in bands_of(row, evidence):
        points = {float(point) for point in band.studied_points_mcg}
        if len(points) > 1 and not {float(row["daily_mcg_low"]), float(row["daily_mcg_high"])} <= points:
            return band
    return None


def points_of(band: Band) -> str:
    """'1,500 mcg (1.5 mg) and 45,000 mcg (45 mg)': the doses a band joins."""
    return listed([dose(math.nan, float(point), band.nutrient, band.form) for point in band.studied_points_mcg])


def _studied(product: Row, doses: list[Row], evidence: Evidence) -> str:
    inside = [row for row in doses if row["verdict"] == "studied-range"]
    if not inside:
        return f"vitamin D, {_vitamin_d(product)} a day over all its lines, lies in the range that trials used, which does not say that it works."
    between = [band for row in inside if (band := untested_between(row, evidence))]
    text = "; ".join(daily(row) for row in inside)
    if between and len(inside) == 1:
        return f"{text}, lies between the doses that trials used, {points_of(between[0])}; nothing between them was tested."
    verb, noun = ("lie", "they work") if len(inside) > 1 else ("lies", "it works")
    text += f"{';' if len(inside) > 1 else ','} {'all ' if len(inside) > 2 else 'both ' if len(inside) > 1 else ''}{verb} in the range that trials used, which does not say that {noun}."
    if between:
        text += f" Of {form_name(between[0].nutrient, between[0].form)} only {points_of(between[0])} were tested."
    return text + _beside(inside, doses)


def _beside(told: list[Row], doses: list[Row]) -> str:
    """What became of the doses that did not decide the class."""
    others = [row for row in doses if not any(row is one for one in told)]
    words = {
        "not-computable": "could not be computed", "not-established": "has no studied range", "depends": "stays open because",
        "studied-range": "is in its studied range", "sub-therapeutic": "is below its studied range", "high-dose": "is above its studied range",
    }  # fmt: skip
    parts = [
        f"{form_name(row['nutrient'], row['form'])}{f', {dose_of(row)} a day,' if dose_of(row) else ''} {words[row['verdict']]}{_open_because(row)}"
        for row in others
    ]  # fmt: skip
    return f" {capital(listed(parts))}." if parts else ""


def _open_because(row: Row) -> str:
    codes = [code for code in str(row["reason"]).split(";") if code and not code.startswith(SPACED_DOSE)]
    return f" {listed([reason_short(code) for code in codes])}" if row["verdict"] == "depends" else ""


def _outside(product: Row, doses: list[Row], evidence: Evidence) -> str:
    deciding = [row for row in doses if row["verdict"] == product["class"]]
    if not deciding:
        side = "above" if product["class"] == "high-dose" else "below"
        return f"vitamin D, {_vitamin_d(product)} a day over all its lines, is {side} the studied range."
    text = "; ".join(_against_band(row, evidence) for row in deciding) + "."
    limits = [row for row in deciding if str(row["over_upper_level"]) == "True"]
    if limits:
        limit = dose(math.nan, float(limits[0]["upper_level_mcg"]), limits[0]["nutrient"])
        what = "It" if limits[0]["interval_days"] <= 1 else f"Its average, {dose_of(limits[0])} a day,"
        text += f" {what} is also above the upper level of {limit} set by {limits[0]['upper_level_authority']}."
    return text + _beside(deciding, doses)


def _against_band(row: Row, evidence: Evidence) -> str:
    rule = spaced_rule(row)
    if rule and evidence.spaced_dose_rules[rule].judged != "by-average":
        single = dose(math.nan, float(row["single_intake_mcg"]), row["nutrient"], row["form"])
        return f"{form_name(row['nutrient'], row['form'])}, {single} at a time every {number(row['interval_days'])} days. {evidence.spaced_dose_rules[rule].reason.rstrip('.')}"
    side = "above" if row["verdict"] == "high-dose" else "below"
    established = [band for band in bands_of(row, evidence) if band.status == "established"]
    if len(established) > 1:
        ends = [(band, band.high_mcg if side == "above" else band.low_mcg) for band in established]
        word = "to" if side == "above" else "from"
        forms = listed(
            [f"{short_form(band.form)} {word} {dose(math.nan, float(edge or 0), band.nutrient)}" for band, edge in ends]
        )
        return f"{daily(row)}, is {side} the studied range of each form it may be: {forms}"
    context = evidence.contexts[str(row["context"])].title
    return (
        f"{daily(row)}, is {side} the studied range for {context[:1].lower()}{context[1:]}, {edges(established[0])}"
        if established
        else daily(row)
    )


def _open(product: Row, doses: list[Row], evidence: Evidence) -> str:
    classes = str(product["possible_classes"]).split(";")
    causes = []
    for row in doses:
        codes = [code for code in str(row["reason"]).split(";") if code and not code.startswith(SPACED_DOSE)]
        if row["verdict"] == "depends":
            given = f" at {dose_of(row)} a day" if dose_of(row) else ""
            causes.append(
                f"{form_name(row['nutrient'], row['form'])}{given}: {listed([reason_short(code) for code in codes])}"
            )
        elif row["verdict"] == "not-computable":
            causes.append(
                f"{form_name(row['nutrient'], row['form'])} cannot be computed: {listed([reason_short(code) for code in codes])}"
            )
    return f"{listed(classes, 'or')}. {capital('; '.join(causes))}."


def _not_established(product: Row, doses: list[Row], evidence: Evidence) -> str:
    return f"no trial supports a dose range for {listed(list(dict.fromkeys(form_name(row['nutrient'], row['form']) for row in doses)))} in this context."


def _not_computable(product: Row, doses: list[Row], evidence: Evidence) -> str:
    stuck = [row for row in doses if row["verdict"] == "not-computable"]
    return (
        "; ".join(
            f"{form_name(row['nutrient'], row['form'])}: {listed([reason_short(code) for code in str(row['reason']).split(';')])}"
            for row in stuck
        )
        + "."
    )


def _vitamin_d(product: Row) -> str:
    return dose(
        float(product["vitamin_d_daily_mcg_low"]),
        float(product["vitamin_d_daily_mcg_high"]),
        "vitamin_d",
        str(product["vitamin_d_form"]),
    )
