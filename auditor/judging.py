"""Doses against the evidence: which bands a form is judged by, the verdict, the upper level, the spacing rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.classify import ANY, FOLD, HIGH, NOT_ESTABLISHED, STUDIED, Bits, outcomes, verdict_of
from auditor.distinct import distinct
from auditor.evidence import Band, Evidence

LONG_CHAINS = ("mk6", "mk8", "mk9", "mk10")
GRADE_BELOW = {
    "strong": "moderate",
    "moderate": "limited",
    "limited": "limited",
    "conflicting": "conflicting",
    "none": "none",
}


@dataclass(frozen=True)
class Judge:
    """How a form is judged in a context.

    `bands` has one entry per form it may be (`None`: no band at all).  `together` is true for forms that are all
    there under one total (each has at most that much and the worst counts), false for forms of which one applies.
    """

    bands: tuple[Band | None, ...]
    together: bool = False

    @property
    def established(self) -> tuple[Band, ...]:
        """The bands that have edges."""
        return tuple(band for band in self.bands if band is not None and band.status == "established")


def candidates(nutrient: str, form: str, forms: str) -> tuple[tuple[tuple[str, str], ...], bool]:
    """(nutrient, form) pairs whose bands judge a dose, and whether they apply together.

    Vitamin D2 and unstated vitamin D are judged by the band of D3; an unstated K2 as MK-7 and as MK-4; a plain
    vitamin K also as K1; K3 by none.
    """
    if nutrient == "vitamin_d":
        return ((("vitamin_d", "calcifediol" if form == "calcifediol" else "d3"),), False)
    if nutrient == "vitamin_k1":
        return ((("vitamin_k1", "k1"),), False)
    if nutrient == "vitamin_k2":
        if form == "unstated":
            return ((("vitamin_k2", "mk7"), ("vitamin_k2", "mk4")), False)
        named = [form]
        if form == "mixed":
            named = [name for name in forms.split("|") if name not in ("", "mixed")] or ["mk7", "mk4"]
        return (
            tuple(dict.fromkeys(("vitamin_k2", "other" if name in LONG_CHAINS else name) for name in named)),
            form == "mixed",
        )
    if form == "unstated":
        return ((("vitamin_k1", "k1"), ("vitamin_k2", "mk7"), ("vitamin_k2", "mk4")), False)
    return ((("vitamin_k", form),), False)


def judge_for(evidence: Evidence, nutrient: str, form: str, forms: str, context: str) -> Judge:
    """Bands for a form in a context; see :func:`candidates`."""
    pairs, together = candidates(nutrient, form, forms)
    return Judge(tuple(evidence.band_for(*pair, context) for pair in pairs), together)


def judge(doses: pd.DataFrame, evidence: Evidence, authority: str = "") -> pd.DataFrame:
    """Add band, verdict, reason, upper level and evidence columns to joined doses.

    Needs `nutrient`, `form`, `forms`, `context`, the daily and other interval, `single_intake_mcg`, `interval_days`,
    `reason`, `share`.  Adds `bits` (possible verdicts; :data:`~auditor.classify.ANY` where nothing is computable).
    """
    n = len(doses)
    bits = np.zeros(n, dtype=np.uint8)
    text = {
        name: np.full(n, "", dtype=object)
        for name in ("band_id", "grade", "direction", "references", "upper_level_authority")
    }
    number = {name: np.full(n, np.nan) for name in ("band_low_mcg", "band_high_mcg", "upper_level_mcg")}
    values = {
        name: doses[name].to_numpy() for name in ("daily_mcg_low", "daily_mcg_high", "other_mcg_low", "other_mcg_high")
    }
    for where, (nutrient, form, forms, context) in _groups(doses):
        found = judge_for(evidence, nutrient, form, forms, context)
        bits[where] = _possible(found, {name: column[where] for name, column in values.items()})
        shown = found.established or tuple(band for band in found.bands if band is not None)
        text["band_id"][where] = ";".join(band.id for band in shown)
        text["grade"][where] = ";".join(dict.fromkeys(band.grade for band in shown))
        text["direction"][where] = ";".join(dict.fromkeys(band.direction for band in shown))
        text["references"][where] = ";".join(dict.fromkeys(row for band in shown for row in band.rows))
        if found.established:
            number["band_low_mcg"][where] = float(found.established[0].low_mcg or 0)
            number["band_high_mcg"][where] = float(found.established[0].high_mcg or 0)
        levels = evidence.upper_levels_for(nutrient, context, authority) if form != "calcifediol" else []
        levels = levels if authority else [level for level in levels if level.authority in DEFAULT_AUTHORITIES]
        if levels:
            number["upper_level_mcg"][where] = float(levels[0].value_mcg)
            same = [level.authority for level in levels if level.value_mcg == levels[0].value_mcg]
            text["upper_level_authority"][where] = " and ".join(dict.fromkeys(same))
    judged = doses.assign(
        **number, **{name: pd.Series(column, index=doses.index, dtype="str") for name, column in text.items()}
    )
    unknown = (doses["reason"] != "").to_numpy()
    spaced = _spaced(judged, bits, evidence)
    bits = np.where(unknown, ANY, spaced.bits).astype(np.uint8)
    judged["bits"] = bits
    judged["grade"] = spaced.grade
    judged["verdict"] = pd.Series([verdict_of(int(value)) for value in bits], index=doses.index, dtype="str").where(
        ~unknown, "not-computable"
    )
    judged["reason"] = _reasons(judged, spaced.rule)
    high = np.fmax(values["daily_mcg_high"], values["other_mcg_high"])
    judged["percent_of_upper_level"] = np.round(100 * high / judged["upper_level_mcg"], 1)
    over = pd.array(high > judged["upper_level_mcg"].to_numpy(), dtype="boolean")
    over[np.isnan(high) | judged["upper_level_mcg"].isna().to_numpy()] = pd.NA
    judged["over_upper_level"] = over
    return judged


DEFAULT_AUTHORITIES = ("NASEM", "EFSA")
"""The strictest of these two is shown unless an authority is asked for."""


def _groups(doses: pd.DataFrame) -> Iterator[tuple[npt.NDArray[np.intp], tuple[str, str, str, str]]]:
    keys = ["nutrient", "form", "forms", "context"]
    for key, where in doses.groupby(keys, sort=False, observed=True).indices.items():
        yield where, key  # type: ignore[misc]


def _possible(found: Judge, values: dict[str, npt.NDArray[np.float64]]) -> Bits:
    """Possible verdicts of some rows that share their judge."""
    n = len(values["daily_mcg_low"])
    total = np.full(n, NOT_ESTABLISHED if found.together or not found.bands else 0, dtype=np.uint8)
    for band in found.bands:
        if band is None or band.status == "not-established" or band.low_mcg is None or band.high_mcg is None:
            one = np.full(n, NOT_ESTABLISHED, dtype=np.uint8)
        else:
            edges = (np.full(n, float(band.low_mcg)), np.full(n, float(band.high_mcg)))
            low = np.zeros(n) if found.together else values["daily_mcg_low"]
            one = outcomes(low, values["daily_mcg_high"], *edges)
            second = outcomes(
                np.zeros(n) if found.together else values["other_mcg_low"], values["other_mcg_high"], *edges
            )
            one = np.where(np.isnan(values["other_mcg_high"]), one, one | second).astype(np.uint8)
        total = FOLD[total, one] if found.together else total | one
    return total


@dataclass(frozen=True)
class _Spaced:
    bits: Bits
    grade: pd.Series
    rule: npt.NDArray[np.object_]


def _spaced(doses: pd.DataFrame, bits: Bits, evidence: Evidence) -> _Spaced:
    """Verdicts of doses that are not taken daily, by the edition's spacing rules; the grade falls a step."""
    rule_of = np.full(len(doses), "", dtype=object)
    bits = bits.copy()
    interval = doses["interval_days"].to_numpy()
    single = doses["single_intake_mcg"].to_numpy()
    open_rows = (interval > 1) & ~np.isnan(single)
    for rule in evidence.spaced_dose_rules.values():
        fits = open_rows & (doses["nutrient"] == rule.nutrient).to_numpy() & (interval > float(rule.interval_over_days))
        fits &= single > float(rule.single_over_mcg)
        if rule.interval_to_days is not None:
            fits &= interval <= float(rule.interval_to_days)
        if rule.single_to_mcg is not None:
            fits &= single <= float(rule.single_to_mcg)
        fits &= (bits & ~np.uint8(NOT_ESTABLISHED)) > 0
        if rule.judged == "high-dose":
            bits[fits] = HIGH
        elif rule.judged == "never-studied-range":
            studied = fits & ((bits & STUDIED) > 0)
            bits[studied] = (bits[studied] & ~np.uint8(STUDIED)) | NOT_ESTABLISHED
        rule_of[fits] = rule.id
        open_rows &= ~fits
    lowered = doses["grade"].map(lambda grade: ";".join(GRADE_BELOW.get(part, part) for part in grade.split(";")))
    return _Spaced(bits, doses["grade"].where(interval <= 1, lowered).astype("str"), rule_of)


def _reasons(doses: pd.DataFrame, rule: npt.NDArray[np.object_]) -> pd.Series:
    """Reason codes, joined by ';': why nothing is computable, what an open verdict depends on, which spacing rule judged."""
    given = doses["reason"].to_numpy(dtype=object)
    verdict = doses["verdict"].to_numpy(dtype=object)
    parts: list[npt.NDArray[np.object_]] = [np.where(verdict == "not-computable", given, "")]
    depends = verdict == "depends"
    for code, test in (
        ("form-unstated", (doses["form"] == "unstated").to_numpy() & (doses["nutrient"] != "vitamin_d").to_numpy()),
        ("share-of-total-unknown", doses["share"].to_numpy(dtype=bool) | (doses["form"] == "mixed").to_numpy()),
        ("figures-contradict", doses["other_mcg_high"].notna().to_numpy()),
        ("daily-use-is-a-range", _is_range(doses)),
    ):
        parts.append(np.where(depends & test, code, ""))
    parts.append(np.where(verdict == "not-established", "no-band", ""))
    parts.append(np.where(rule != "", np.char.add("spaced-dose:", rule.astype(str)), "").astype(object))
    table = pd.DataFrame({str(position): part for position, part in enumerate(parts)}).astype("str")
    found = distinct(table, list(table.columns))
    joined = np.array(found.map(lambda *row: ";".join(filter(None, row))) or [""], dtype=object)
    return pd.Series(joined[found.codes], index=doses.index, dtype="str")


def _is_range(doses: pd.DataFrame) -> npt.NDArray[np.bool_]:
    alone = ~doses["share"].to_numpy(dtype=bool)
    return np.asarray((doses["daily_mcg_low"] != doses["daily_mcg_high"]).to_numpy() & alone)
