"""Doses against the evidence: which bands a form is judged by, the verdict, the upper level, the spacing rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.classify import ANY, FOLD, HIGH, NOT_ESTABLISHED, STUDIED, Bits, outcomes, verdict_of
from auditor.distinct import codes_of, distinct, words, words_at
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
    bits = np.zeros(len(doses), dtype=np.uint8)
    groups = distinct(doses, ["nutrient", "form", "forms", "context"])
    text: dict[str, list[str]] = {name: [] for name in TOLD}
    number: dict[str, list[float]] = {name: [] for name in EDGES}
    values = {
        name: doses[name].to_numpy() for name in ("daily_mcg_low", "daily_mcg_high", "other_mcg_low", "other_mcg_high")
    }
    for place, (nutrient, form, forms, context) in enumerate(groups.values):
        found = judge_for(evidence, nutrient, form, forms, context)
        where = np.flatnonzero(groups.codes == place)
        bits[where] = _possible(found, {name: column[where] for name, column in values.items()})
        shown = found.established or tuple(band for band in found.bands if band is not None)
        levels = evidence.upper_levels_for(nutrient, context, authority) if form != "calcifediol" else []
        levels = levels if authority else [level for level in levels if level.authority in DEFAULT_AUTHORITIES]
        same = [level.authority for level in levels if level.value_mcg == levels[0].value_mcg]
        told = (
            (band.id for band in shown), dict.fromkeys(band.grade for band in shown), dict.fromkeys(band.direction for band in shown),
            dict.fromkeys(row for band in shown for row in band.rows),
        )  # fmt: skip
        cells = [";".join(texts) for texts in told] + [" and ".join(dict.fromkeys(same))]
        edges = [float("nan")] * 3
        if found.established:
            edges[:2] = float(found.established[0].low_mcg or 0), float(found.established[0].high_mcg or 0)
        if levels:
            edges[2] = float(levels[0].value_mcg)
        for column, cell in zip(text.values(), cells, strict=True):
            column.append(cell)
        for numbers, edge in zip(number.values(), edges, strict=True):
            numbers.append(edge)
    columns: dict[str, Any] = {name: np.array(edges, dtype=float)[groups.codes] for name, edges in number.items()}
    columns |= {name: words(cells).take(groups.codes) for name, cells in text.items()}
    unknown = (doses["reason"] != "").to_numpy()
    spaced = _spaced(doses, columns["grade"], bits, evidence)
    bits = np.where(unknown, ANY, spaced.bits).astype(np.uint8)
    verdict = words([*map(verdict_of, range(16)), "not-computable"]).take(np.where(unknown, 16, bits))
    columns |= {"bits": bits, "grade": spaced.grade, "verdict": verdict}
    level = columns["upper_level_mcg"]
    high = np.fmax(values["daily_mcg_high"], values["other_mcg_high"])
    columns["percent_of_upper_level"] = np.round(100 * high / level, 1)
    columns["over_upper_level"] = pd.arrays.BooleanArray(high > level, np.isnan(high) | np.isnan(level))
    judged = pd.concat([doses, pd.DataFrame(columns, index=doses.index, copy=False)], axis=1)
    judged["reason"] = _reasons(doses, verdict, spaced.rule)
    return judged


DEFAULT_AUTHORITIES = ("NASEM", "EFSA")
"""The strictest of these two is shown unless an authority is asked for."""


TOLD = ("band_id", "grade", "direction", "references", "upper_level_authority")
EDGES = ("band_low_mcg", "band_high_mcg", "upper_level_mcg")
"""What the evidence says of a dose, in words and in numbers."""


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
    grade: pd.Categorical
    rule: pd.Categorical


def _spaced(doses: pd.DataFrame, told: pd.Categorical, bits: Bits, evidence: Evidence) -> _Spaced:
    """Verdicts of doses that are not taken daily, by the edition's spacing rules; the grade `told` falls a step."""
    rules = list(evidence.spaced_dose_rules.values())
    rule_of = np.zeros(len(doses), dtype=np.intp)
    bits = bits.copy()
    interval = doses["interval_days"].to_numpy()
    single = doses["single_intake_mcg"].to_numpy()
    open_rows = (interval > 1) & ~np.isnan(single)
    for place, rule in enumerate(rules, start=1):
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
        rule_of[fits] = place
        open_rows &= ~fits
    codes, grades = codes_of(told)
    lowered = [";".join(GRADE_BELOW.get(part, part) for part in grade.split(";")) for grade in grades]
    grade = words([*grades, *lowered]).take(np.where(interval <= 1, codes, codes + len(grades)))
    return _Spaced(bits, grade, words_at(rule_of, ["", *(f"spaced-dose:{rule.id}" for rule in rules)]))


def _reasons(doses: pd.DataFrame, verdict: pd.Categorical, rule: pd.Categorical) -> pd.Categorical:
    """Reason codes, joined by ';': why nothing is computable, what an open verdict depends on, which spacing rule judged."""
    codes, given = codes_of(doses["reason"])
    stuck, depends = verdict == "not-computable", verdict == "depends"
    tests = {
        "form-unstated": depends & (doses["form"] == "unstated").to_numpy() & (doses["nutrient"] != "vitamin_d").to_numpy(),
        "share-of-total-unknown": depends & (doses["share"].to_numpy() | (doses["form"] == "mixed").to_numpy()),
        "figures-contradict": depends & doses["other_mcg_high"].notna().to_numpy(),
        "daily-use-is-a-range": depends & _is_range(doses),
        "no-band": verdict == "not-established",
    }  # fmt: skip
    table: dict[str, pd.Categorical] = {"given": words(["", *given]).take(np.where(stuck, codes + 1, 0))}
    table |= {code: words_at(test.astype(np.intp), ("", code)) for code, test in tests.items()}
    found = distinct(table | {"rule": rule}, [*table, "rule"])
    return words(found.map(lambda *row: ";".join(filter(None, row)))).take(found.codes)


def _is_range(doses: pd.DataFrame) -> npt.NDArray[np.bool_]:
    alone = ~doses["share"].to_numpy(dtype=bool)
    return np.asarray((doses["daily_mcg_low"] != doses["daily_mcg_high"]).to_numpy() & alone)
