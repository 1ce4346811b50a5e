"""The steps from a label to its class, in words that a buyer can follow and a reviewer can check.

Knows how to tell what the audit did; it computes nothing of its own.  How each line was read comes from the same
functions that the audit calls.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from auditor.audiences import read_audience
from auditor.checks import catalogue
from auditor.classify import names_of, outcomes
from auditor.dose import IU_PER_MCG, LineDoses, contexts_of, line_doses, style_of, targets_of
from auditor.evidence import Band, Evidence, Trial
from auditor.headline import (
    CLASS_NUTRIENTS,
    bands_of,
    daily,
    dose_of,
    edges,
    either_of,
    points_of,
    spaced_rule,
    untested_between,
)
from auditor.joining import chosen_rows
from auditor.judging import candidates
from auditor.text import clean, shorten
from auditor.units import IU, find_quantities
from auditor.words import (
    SPACED_DOSE,
    capital,
    count,
    dose,
    form_name,
    listed,
    number,
    nutrient_name,
    plural,
    printable,
    reason_sentence,
    reason_short,
    short_form,
    span,
    wording,
)  # fmt: skip

MAX_SHOWN_CHARACTERS = 300
NAMED_STUDIES = 4
FIGURES = ("numbers and units", "double declaration")
"""Families of checks that tell how the figures of a line were read."""


class Step(NamedTuple):
    """One step of the derivation: sentences, and label/value pairs for a small table."""

    title: str
    sentences: tuple[str, ...]
    rows: tuple[tuple[str, str], ...] = ()


class Case(NamedTuple):
    """One product with all that its audit saw.

    `readings` has a row per vitamin and line, `kept` tells which of them made it into a dose; `doses` are the
    product's rows of the doses table.
    """

    lines: pd.DataFrame
    readings: list[dict[str, Any]]
    kept: frozenset[int]
    product: dict[str, Any]
    doses: list[dict[str, Any]]
    findings: pd.DataFrame
    evidence: Evidence
    asked: str
    authority: str

    @property
    def context(self) -> str:
        """Id of the context the product was judged in."""
        return str(self.product["context"])

    def lines_of(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        """The readings that made up a dose."""
        return [
            reading for reading in self.readings
            if reading["number"] in self.kept and (reading["nutrient"], reading["form"]) == (row["nutrient"], row["form"])
        ]  # fmt: skip

    def messages(self, *families: str, severities: tuple[str, ...] = ("error", "warning", "note")) -> list[str]:
        """Messages of the findings of some families of checks."""
        checks = catalogue()
        chosen = [
            message for finding_id, severity, message in zip(self.findings["finding_id"], self.findings["severity"], self.findings["message"], strict=True)
            if finding_id in checks and checks[finding_id].family in families and severity in severities
        ]  # fmt: skip
        return [printable(message) for message in dict.fromkeys(chosen)]


def read_case(
    lines: pd.DataFrame,
    product: dict[str, Any],
    doses: list[dict[str, Any]],
    findings: pd.DataFrame,
    evidence: Evidence,
    asked: str,
    authority: str,
) -> Case:
    """The case of one product: its line table read line by line, by the functions the audit itself calls."""
    same = np.zeros(len(lines), dtype=np.intp)
    contexts, fits = contexts_of(lines, same, 1, evidence, asked)
    targets = targets_of(lines)
    where = targets.index.to_numpy()
    found = line_doses(targets, same[where], contexts, fits[where], evidence)
    rows = found.rows.assign(
        number=np.arange(len(found.rows)),
        place=where[found.rows["source_line"].to_numpy(dtype=np.intp)] if len(found.rows) else [],
    )
    kept = chosen_rows(LineDoses(rows, found.problems), 1)
    readings: list[dict[str, Any]] = rows.to_dict("records")
    return Case(
        lines, readings, frozenset(kept["number"].tolist()), product, doses, findings, evidence, asked, authority
    )


def steps(case: Case) -> tuple[Step, ...]:
    """The six steps, in order."""
    return (_label(case), _reading(case), _per_day(case), _compared(case), _verdicts(case), _class(case))


# -- 1 -----------------------------------------------------------------------------------------------------------------


def _label(case: Case) -> Step:
    rows = [
        (_line_title(case, place), _verbatim(case.lines.iloc[place]))
        for place in dict.fromkeys(reading["place"] for reading in case.readings)
    ]
    first = case.lines.iloc[0]
    for title, name in (
        ("Serving size", "serving_size"),
        ("Directions", "directions"),
        ("Market", "market"),
        ("Warnings", "warnings"),
    ):
        told = list(dict.fromkeys(_shown(text) for text in case.lines[name] if text))
        rows.append((title, " / ".join(told) if told else "not on the record")) if told or title in (
            "Serving size",
            "Directions",
        ) else None
    served = " to ".join(dict.fromkeys(filter(None, (first["servings_per_day_min"], first["servings_per_day_max"]))))
    if served:
        rows.append(("Servings a day, as data", served))
    source = ", ".join(_shown(first[name]) for name in ("source", "source_id") if first[name])
    place = f"{_shown(first['input'])}, row {first['row']}" if first["input"] else ""
    if source or place:
        rows.append(("Source", "; ".join(filter(None, (source, place)))))
    others = len(case.lines) - len({reading["place"] for reading in case.readings})
    if not case.readings:
        return Step(
            "What the label prints",
            (
                f"None of the record's {len(case.lines)} {plural(len(case.lines), 'line', 'lines')} names vitamin D or vitamin K.",
            ),
            tuple(rows),
        )
    text = (
        (
            f"{others} other {plural(others, 'line of the record is', 'lines of the record are')} about other ingredients and not shown.",
        )
        if others
        else ()
    )
    return Step("What the label prints", text, tuple(rows))


def _line_title(case: Case, place: int) -> str:
    line = case.lines.iloc[place]
    return f"Line {line['line'] or place + 1}" + (f" ({_shown(line['audience'])})" if line["audience"] else "")


def _verbatim(line: pd.Series) -> str:
    amount = " ".join(filter(None, (line["operator"], line["amount"], line["unit"])))
    percent = str(line["percent_dv"])
    percent = f"{percent} (percent column)" if percent.strip().replace(".", "").isdigit() else percent
    form = f"form: {line['form']}" if line["form"] else ""
    return " | ".join(_shown(text) for text in (line["ingredient"], amount, percent, form) if text)


def _shown(text: object) -> str:
    return shorten(printable(str(text)), MAX_SHOWN_CHARACTERS)


# -- 2 -----------------------------------------------------------------------------------------------------------------


def _reading(case: Case) -> Step:
    rows: list[tuple[str, str]] = []
    sentences: list[str] = []
    for reading in case.readings:
        line = case.lines.iloc[reading["place"]]
        rows.append(
            (
                f"{_line_title(case, reading['place'])}: {form_name(reading['nutrient'], reading['form'])}",
                _read_as(reading),
            )
        )
        sentences += _how_read(case, reading, line)
    left_out = [reading for reading in case.readings if reading["number"] not in case.kept]
    sentences += [_why_left_out(case, reading) for reading in left_out]
    sentences += case.messages(*FIGURES, severities=("error", "warning"))
    sentences += case.messages("percent daily value", severities=("error",))
    return Step("How it was read", tuple(dict.fromkeys(sentences)), tuple(rows))


def _read_as(reading: dict[str, Any]) -> str:
    if math.isnan(reading["amount_mcg"]):
        return f"no usable amount: {reason_short(reading['amount_reason'] or reading['reason'])}"
    name = (reading["nutrient"], reading["form"])
    basis = wording()["basis"].get(reading["basis"] or "per_serving", "")
    low = 0.0 if reading["share"] else reading["amount_low_mcg"]
    text = dose(low, reading["amount_mcg"], *name)
    if not math.isnan(reading["amount_other_mcg"]):
        text += f" or {dose(math.nan, reading['amount_other_mcg'], *name)}"
    return f"{text} {basis}"


def _how_read(case: Case, reading: dict[str, Any], line: pd.Series) -> Iterator[str]:
    """What told the form, and which figures agreed."""
    name = capital(form_name(reading["nutrient"], reading["form"]))
    if reading["form_source"] != "unstated":
        yield f"{name}: {wording()['form_source'][reading['form_source']]}."
    if not math.isnan(reading["amount_mcg"]) and math.isnan(reading["amount_other_mcg"]):
        yield from _agreement(reading, line)
        yield from _percent(case, reading, line)


def _agreement(reading: dict[str, Any], line: pd.Series) -> Iterator[str]:
    if reading["nutrient"] != "vitamin_d" or math.isnan(reading["declared_iu"]):
        return
    printed = clean(f"{line['ingredient']} {line['amount']} {line['unit']}").text.lower()
    units = {quantity.unit for quantity in find_quantities(printed)}
    amount, iu = reading["amount_mcg"], reading["declared_iu"]
    if abs(amount * IU_PER_MCG - iu) > 0.02 * iu:
        return
    if units & {"microgram", "milligram"} and IU in units:
        yield f"Micrograms and IU agree: {number(iu)} IU x 0.025 = {number(iu / IU_PER_MCG)} mcg."
    else:
        yield f"Printed in IU only: {number(iu)} IU x 0.025 = {number(iu / IU_PER_MCG)} mcg."


def _percent(case: Case, reading: dict[str, Any], line: pd.Series) -> Iterator[str]:
    """A percent that fits one of the market's daily values is a second witness."""
    percent, amount = reading["declared_percent_dv"], reading["amount_mcg"]
    if (
        math.isnan(percent)
        or not amount
        or reading["amount_low_mcg"] != amount
        or reading["form"] == "calcifediol"
        or case.messages("percent daily value", severities=("error", "warning"))
    ):
        return
    for base in style_of(str(line["market"]), case.evidence).bases(reading["nutrient"]):
        if abs(100 * amount / float(base) - percent) <= max(1.0, 0.02 * percent):
            yield f"The printed {number(percent)} % fits a daily value of {number(float(base))} mcg."
            return


def _why_left_out(case: Case, reading: dict[str, Any]) -> str:
    title = _line_title(case, reading["place"])
    name = form_name(reading["nutrient"], reading["form"])
    if not reading["audience_fits"]:
        return f"{title} is for other people than this context and was left out."
    if reading["parent"]:
        return f"{title} ({name}) is a part of line {reading['parent']}; it was not added again."
    return f"{title} ({name}) is told in full by the lines that are part of it and was not added to them."


# -- 3 -----------------------------------------------------------------------------------------------------------------


def _per_day(case: Case) -> Step:
    rows: list[tuple[str, str]] = []
    sentences: list[str] = []
    for row in case.doses:
        readings = case.lines_of(row)
        for reading in readings:
            rows.append((capital(form_name(row["nutrient"], row["form"])), _arithmetic(reading)))
        if len(readings) > 1:
            sentences.append(
                f"{capital(form_name(row['nutrient'], row['form']))}: {_how_joined(readings)}, so {dose_of(row) or 'no dose'} a day."
            )
    sources = dict.fromkeys(
        row["servings_source"] for row in case.doses if row["servings_source"] and not math.isnan(row["daily_mcg_high"])
    )
    sentences += [wording()["servings_source"][source] for source in sources]
    sentences += _together(case)
    if sources and "assumed" not in sources:
        sentences += case.messages("dose and serving", severities=("warning",))
    if not math.isnan(_number(case.product["price_per_day"])):
        rows.append(
            (
                "Price of the most the label allows",
                f"{case.product['price_per_day']:.2f} {case.product['currency']} a day".replace("  ", " "),
            )
        )
    return Step("How much a day", tuple(dict.fromkeys(sentences)), tuple(rows))


def _number(value: Any) -> float:
    return float("nan") if value is None or pd.isna(value) else float(value)


def _arithmetic(reading: dict[str, Any]) -> str:
    """'25 mcg per serving x 2 servings = 50 mcg (2,000 IU) a day', with the spacing where it is not daily."""
    name = (reading["nutrient"], reading["form"])
    if math.isnan(reading["amount_mcg"]):
        return "amount unknown"
    amounts = [(0.0 if reading["share"] else reading["amount_low_mcg"], reading["amount_mcg"])]
    if not math.isnan(reading["amount_other_mcg"]):
        amounts.append((reading["amount_other_mcg"],) * 2)
    basis = reading["basis"] or "per_serving"
    if math.isnan(reading["factor_high"]):
        return f"{' or '.join(span(*pair) for pair in amounts)} mcg {wording()['basis'][basis]}; no daily dose: {reason_short(reading['day_reason'] or reading['reason'])}"
    parts = []
    for low, high in amounts:
        total = dose(low * reading["factor_low"], high * reading["factor_high"], *name)
        if reading["interval_days"] > 1:
            parts.append(f"{_spaced(reading, low, high)} = {total} a day on average")
        elif basis == "per_day" and reading["factor_low"] == reading["factor_high"] == 1:
            parts.append(f"{total} a day, as the amount is for the whole day")
        else:
            parts.append(
                f"{span(low, high)} mcg {wording()['basis'][basis]} x {_times(reading, basis)} = {total} a day"
            )
    return "; or ".join(parts)


def _times(reading: dict[str, Any], basis: str) -> str:
    low, high = count(reading["factor_low"]), count(reading["factor_high"])
    words = wording()["basis_unit"][basis]
    return f"{low if low == high else f'{low} to {high}'} {plural(reading['factor_high'], *words)}"


def _spaced(reading: dict[str, Any], low: float, high: float) -> str:
    at_once = reading["single_factor"]
    intakes = reading["factor_high"] * reading["interval_days"] / at_once
    text = f"{span(low * at_once, high * at_once)} mcg at a time"
    return (
        f"{text} / {number(reading['interval_days'])} days"
        if abs(intakes - 1) < 1e-6
        else f"{text} x {count(intakes)} in {number(reading['interval_days'])} days"
    )


def _how_joined(readings: list[dict[str, Any]]) -> str:
    if len({reading["serving_order"] for reading in readings}) == len(readings):
        return "the lines are separate servings of the day and add up"
    if len({(reading["daily_mcg_low"], reading["daily_mcg_high"]) for reading in readings}) == 1:
        return "the label prints the same dose several times; it counts once"
    return "the label gives it on several lines, and whether they add up is not said: from the larger alone to all together"


def _together(case: Case) -> Iterator[str]:
    """Several rows of vitamin D are one dose of the product."""
    rows = [row for row in case.doses if row["nutrient"] == "vitamin_d"]
    if len(rows) > 1:
        low, high = _number(case.product["vitamin_d_daily_mcg_low"]), _number(case.product["vitamin_d_daily_mcg_high"])
        if not math.isnan(high):
            yield f"Vitamin D over all its lines: {dose(low, high, 'vitamin_d')} a day."


# -- 4 -----------------------------------------------------------------------------------------------------------------


def _compared(case: Case) -> Step:
    context = case.evidence.contexts[case.context]
    rows = [("Judged for", f"{context.title}: {context.who}"), ("Why", _why_context(case))]
    sentences: list[str] = []
    told: set[str] = set()
    for row in case.doses:
        if row["verdict"] == "not-computable":
            sentences.append(
                f"{capital(form_name(row['nutrient'], row['form']))} was compared with nothing, because its dose is unknown."
            )
            continue
        sentences += _why_band(row)
        for band in bands_of(row, case.evidence):
            if band.id not in told:
                told.add(band.id)
                rows += _band_rows(case, band)
                sentences += _band_sentences(case, band)
    rows += _upper_levels(case)
    return Step("What it was compared with", tuple(dict.fromkeys(sentences)), tuple(rows))


def _why_context(case: Case) -> str:
    if case.asked != "auto":
        return "asked for"
    for text in dict.fromkeys((*case.lines["audience"], *case.lines["name"], *case.lines["directions"])):
        named = read_audience(str(text)) if text else ()
        if case.context in named:
            return f"the label names them: '{shorten(printable(str(text)), 80)}'"
    if case.context == "adult":
        return "the label names nobody in particular"
    return "the label's directions are for them"


def _why_band(row: dict[str, Any]) -> Iterator[str]:
    words = wording()["sentences"]
    if row["nutrient"] == "vitamin_d" and row["form"] in ("d2", "unstated", "mixed"):
        yield words["d2-band"] if row["form"] == "d2" else words["d-unstated-band"]


def _band_name(band: Band) -> str:
    return (
        f"{nutrient_name(band.nutrient)} {short_form(band.form)}"
        if band.nutrient == "vitamin_k2"
        else form_name(band.nutrient, "" if band.form == "d3" else band.form)
    )


def _band_rows(case: Case, band: Band) -> Iterator[tuple[str, str]]:
    title = f"Studied range, {_band_name(band)}"
    borrowed = (
        ""
        if band.context == case.context
        else f"; from the wider context '{case.evidence.contexts[band.context].title}'"
    )
    if band.status != "established":
        yield title, f"none established (band {band.id}{borrowed})"
        return
    extent = "the only dose studied" if band.low_mcg == band.high_mcg else "both edges included"
    yield title, f"{edges(band)} a day, {extent} (band {band.id}{borrowed})"
    core = (band.core_low_mcg, band.core_high_mcg)
    if None not in core and core != (band.low_mcg, band.high_mcg):
        yield "Most studied part", dose(float(core[0] or 0), float(core[1] or 0), band.nutrient, band.form)
    if len(band.studied_points_mcg) > 1:
        yield "Doses actually tested", points_of(band)
    yield "Evidence", f"grade {wording()['grade'][band.grade]}; {wording()['direction'][band.direction]}"
    yield "Low edge rests on", _named(case.evidence, band.low_rests_on)
    yield "High edge rests on", _named(case.evidence, band.high_rests_on)


def _band_sentences(case: Case, band: Band) -> Iterator[str]:
    yield f"{capital(_band_name(band))}: {band.reason} {band.note}".rstrip()
    found: dict[str, list[str]] = {}
    for row_id in band.rows:
        row = case.evidence.rows[row_id]
        if isinstance(row, Trial) and row.direction in ("benefit", "marker", "null", "mixed", "harm"):
            found.setdefault(row.direction, []).append(_study(row))
    if found:
        order = [direction for direction in ("benefit", "null", "harm", "mixed", "marker") if direction in found]
        titles = {
            "benefit": "benefit",
            "null": "no effect",
            "harm": "harm",
            "mixed": "mixed",
            "marker": "blood marker only",
        }
        yield (
            "Studies behind it: "
            + "; ".join(f"{titles[direction]}: {_few(found[direction])}" for direction in order)
            + "."
        )
    topics = [
        conflict.topic
        for conflict in case.evidence.contradictions.values()
        if sum(row_id in band.rows for row_id in conflict.between) > 1
    ]
    if topics:
        yield f"The sources disagree about: {'; '.join(topics)}."


def _study(trial: Trial) -> str:
    return trial.name if str(trial.year) in trial.name else f"{trial.name} {trial.year}"


def _few(names: list[str]) -> str:
    more = len(names) - NAMED_STUDIES
    return ", ".join(names[:NAMED_STUDIES]) + (f" and {more} more" if more > 0 else "")


def _named(evidence: Evidence, row_ids: tuple[str, ...]) -> str:
    return "; ".join(f"{short_row(evidence, row_id)} [{row_id}]" for row_id in row_ids)


def short_row(evidence: Evidence, row_id: str) -> str:
    """A row of the evidence in a few words: 'NASEM 2011, RDA', 'VITAL bone 2022'."""
    row = evidence.rows[row_id]
    if isinstance(row, Trial):
        return _study(row)
    if hasattr(row, "authority"):
        return f"{row.authority} {row.year}, {row.kind}"  # type: ignore[union-attr]
    return f"starting document, {shorten(row.section, 60)}"  # type: ignore[union-attr]


def _upper_levels(case: Case) -> Iterator[tuple[str, str]]:
    """Upper levels of every authority for the nutrients judged, with the share of each that the label uses."""
    highs: dict[str, float] = {}
    for row in case.doses:
        if row["form"] != "calcifediol" and not math.isnan(row["daily_mcg_high"]):
            highs[row["nutrient"]] = max(highs.get(row["nutrient"], 0.0), row["daily_mcg_high"])
    if "vitamin_d" in highs and not math.isnan(_number(case.product["vitamin_d_daily_mcg_high"])):
        highs["vitamin_d"] = float(case.product["vitamin_d_daily_mcg_high"])
    for nutrient, high in highs.items():
        levels = case.evidence.upper_levels_for(nutrient, case.context, case.authority)
        for value in dict.fromkeys(float(level.value_mcg) for level in levels):
            who = listed([f"{level.authority} {level.year}" for level in levels if float(level.value_mcg) == value])
            side = (
                "above it"
                if high > value
                else "equal to it, so any food passes it"
                if high == value
                else f"{number(round(100 * high / value, 1))} % of it"
            )
            most = (
                "the average of the most the label allows"
                if any(row["interval_days"] > 1 for row in case.doses)
                else "the most the label allows"
            )
            yield (
                f"Upper level, {nutrient_name(nutrient)}",
                f"{dose(math.nan, value, nutrient)} a day from all sources ({who}); {most} is {side}",
            )
        if not levels and nutrient in CLASS_NUTRIENTS:
            yield f"Upper level, {nutrient_name(nutrient)}", "no authority has set one"


# -- 5 and 6 -----------------------------------------------------------------------------------------------------------


def _verdicts(case: Case) -> Step:
    rows: list[tuple[str, str]] = []
    sentences: list[str] = []
    for row in case.doses:
        name = capital(form_name(row["nutrient"], row["form"]))
        verdict = (
            row["verdict"]
            if row["verdict"] != "depends"
            else f"depends: {listed(row['possible_verdicts'].split(';'), 'or')}"
        )
        rows.append((name, verdict))
        sentences += _why_verdict(case, row)
    for nutrient in CLASS_NUTRIENTS:
        if case.product[f"{nutrient}_verdict"] == "absent":
            rows.append((capital(nutrient_name(nutrient)), "absent: the label does not list it"))
    if any(row["verdict"] == "studied-range" or "studied-range" in row["possible_verdicts"] for row in case.doses):
        sentences.append(wording()["sentences"]["studied-range"])
    sentences += case.messages("safety", severities=("error", "warning"))
    return Step("Verdict", tuple(dict.fromkeys(sentences)), tuple(rows))


def _why_verdict(case: Case, row: dict[str, Any]) -> Iterator[str]:
    rule = spaced_rule(row)
    codes = [code for code in row["reason"].split(";") if code and not code.startswith(SPACED_DOSE)]
    if row["verdict"] == "not-computable":
        yield from (reason_sentence(code, row["nutrient"], row["form"]) for code in codes)
    elif row["verdict"] == "not-established" and not rule:
        yield reason_sentence("no-band", row["nutrient"], row["form"])
    else:
        if rule:
            yield _by_rule(case, row, rule)
        if not rule or case.evidence.spaced_dose_rules[rule].judged == "by-average":
            yield from _against_bands(case, row)
        yield from (reason_sentence(code, row["nutrient"], row["form"]) for code in codes)
        between = untested_between(row, case.evidence)
        if between:
            yield f"Trials used {points_of(between)}; nothing between them was tested."
    if row["nutrient"] not in CLASS_NUTRIENTS:
        key = "k1-apart" if row["nutrient"] == "vitamin_k1" else "vitamin-k-apart"
        yield capital(wording()["sentences"][key].format(name=form_name(row["nutrient"], row["form"])))


def _against_bands(case: Case, row: dict[str, Any]) -> Iterator[str]:
    """The dose beside each band it was judged by."""
    name = capital(form_name(row["nutrient"], row["form"]))
    bands = [band for band in bands_of(row, case.evidence) if band.status == "established"]
    either = either_of(row)
    for band in bands:
        if either:
            yield from (
                f"{name}, if {dose(value, value, row['nutrient'])} a day is right: {_outcome(value, value, band)}."
                for value in either
            )
            continue
        told = _outcome(0.0 if row["form"] == "mixed" else row["daily_mcg_low"], row["daily_mcg_high"], band)
        if row["form"] == "mixed" and row["nutrient"] != "vitamin_d":
            yield f"{name}: at most {dose(math.nan, row['daily_mcg_high'], row['nutrient'])} a day is {short_form(band.form)}, {told}."
            continue
        as_form = (
            f", if it is {short_form(band.form)}"
            if row["form"] == "unstated" and row["nutrient"] != "vitamin_d"
            else ""
        )
        average = " on average" if row["interval_days"] > 1 else ""
        yield f"{capital(daily(row))}{average}{as_form}: {told}."
    if row["form"] == "unstated" and row["nutrient"] != "vitamin_d":
        judged = {(band.nutrient, band.form) for band in bands}
        without = [
            short_form(form)
            for nutrient, form in candidates(row["nutrient"], row["form"], "")[0]
            if (nutrient, form) not in judged
        ]
        if without:
            yield f"{name}, if it is {listed(without, 'or')}: no studied range in this context."


def _outcome(low: float, high: float, band: Band) -> str:
    """Every verdict that doses from `low` to `high` get by a band, in words."""
    bits = outcomes(*(np.array([value]) for value in (low, high, float(band.low_mcg or 0), float(band.high_mcg or 0))))
    return "; or ".join(_side(verdict, band) for verdict in names_of(int(bits[0])))


def _by_rule(case: Case, row: dict[str, Any], rule: str) -> str:
    """A spaced dose and the rule of the edition that judges it."""
    used = case.evidence.spaced_dose_rules[rule]
    single = dose(math.nan, row["single_intake_mcg"], row["nutrient"], row["form"])
    found = {"by-average": "judged by the daily average", "never-studied-range": "never studied-range"}.get(
        used.judged, used.judged
    )
    return f"{capital(form_name(row['nutrient'], row['form']))}, {single} at a time every {number(row['interval_days'])} days: {found}. {used.reason} (rule {rule})"


def _side(verdict: str, band: Band) -> str:
    edge = dose(
        math.nan,
        float((band.low_mcg if verdict == "sub-therapeutic" else band.high_mcg) or 0),
        band.nutrient,
        band.form,
    )
    if verdict == "sub-therapeutic":
        return f"sub-therapeutic, below {edge}"
    if verdict == "high-dose":
        return f"high-dose, above {edge}"
    return f"studied-range, {'exactly' if band.low_mcg == band.high_mcg else 'within'} {edges(band)}"


def _class(case: Case) -> Step:
    words = wording()
    found = str(case.product["class"])
    rows = [(capital(nutrient_name(nutrient)), case.product[f"{nutrient}_verdict"]) for nutrient in CLASS_NUTRIENTS]
    rows.append(
        (
            "Class of the product",
            found if found != "depends" else f"depends: {listed(case.product['possible_classes'].split(';'), 'or')}",
        )
    )
    sentences = [words["fold"][found]]
    if sum(row["nutrient"] == "vitamin_k2" for row in case.doses) > 1:
        sentences.append(words["sentences"]["forms-apart"])
    return Step("Class", tuple(sentences), tuple(rows))
