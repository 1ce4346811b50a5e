"""Checks on joined doses: forms, ranges, spacing, gaps between studied doses, upper level, vitamin K antagonists."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.evidence import Evidence

LARGE_SINGLE_MCG = 500
"""A single intake from which a spaced product is warned of: the worked example of BfR statement 031/2025 (20,000 IU)."""
VKA_FROM_MCG = {"vitamin_k2": 10.0, "vitamin_k1": 100.0, "vitamin_k": 10.0}
"""Lowest daily dose for the vitamin K antagonist note (vitamin K study section 6, W1)."""

Mask = npt.NDArray[np.bool_]


def find(doses: pd.DataFrame, evidence: Evidence) -> pd.DataFrame:
    """Findings of this family; `doses` are judged doses."""
    low = np.fmin(doses["daily_mcg_low"], doses["other_mcg_low"])
    high = np.fmax(doses["daily_mcg_high"], doses["other_mcg_high"])
    form, nutrient = doses["form"], doses["nutrient"]
    parts = [
        _findings(doses, (nutrient == "vitamin_d") & (form == "unstated") & (doses["forms"] == ""), "vitd-form-missing"),
        _findings(doses, form == "d2", "vitd-form-d2"),
        _findings(doses, nutrient.isin(["vitamin_k2", "vitamin_k"]) & (form == "unstated"), "vitk-form-missing"),
        _findings(doses, doses["repeated"], "nutrient-row-repeated", value=doses["label_text"]),
        _findings(doses, (low < high) & ~doses["share"] & ~doses["repeated"], "dose-range", value=_span(low, high)),
        _findings(
            doses, doses["interval_days"] > 1, "dose-non-daily", value=_mcg(doses["single_intake_mcg"]), expected=_mcg(high),
            detail=_plain(doses["interval_days"]),
        ),
        _findings(
            doses, (doses["interval_days"] > 1) & (nutrient == "vitamin_d") & (doses["single_intake_mcg"] >= LARGE_SINGLE_MCG),
            "dose-bolus-single-large", value=_mcg(doses["single_intake_mcg"]),
        ),
        _findings(
            doses, doses["over_upper_level"].fillna(False).astype(bool), "safety-vitd-over-ul", value=_mcg(high),
            expected=_mcg(doses["upper_level_mcg"]), detail=doses["upper_level_authority"] + ", " + doses["context"],
        ),
        _findings(doses, nutrient.isin(list(VKA_FROM_MCG)) & ~(high < nutrient.map(VKA_FROM_MCG).astype(float).fillna(0)), "safety-vitk-vka"),
        *_near_edges(doses, low, high, evidence),
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _near_edges(doses: pd.DataFrame, low: pd.Series, high: pd.Series, evidence: Evidence) -> list[pd.DataFrame]:
    """Doses between two studied points of a band, or in the strip just below it."""
    parts = []
    for band_id in doses["band_id"].unique():
        for part in band_id.split(";") if band_id else ():
            band = evidence.bands[part]
            here = (doses["band_id"] == band_id) & (high == low)
            points = [float(point) for point in band.studied_points_mcg]
            if len(points) > 1:
                between = here & (high > points[0]) & (high < points[-1]) & ~high.isin(points)
                parts.append(_findings(doses, between, "dose-between-studied", value=_mcg(high), expected=" and ".join(f"{p:,.0f} mcg" for p in points)))
            if band.borderline_from_mcg is not None and band.low_mcg is not None and ";" not in band_id:
                strip = here & (high >= float(band.borderline_from_mcg)) & (high < float(band.low_mcg))
                parts.append(
                    _findings(doses, strip, "dose-borderline-low", value=_mcg(high), expected=f"from {float(band.low_mcg):,g} mcg", detail=band.borderline_note)
                )
    return parts


def _findings(
    doses: pd.DataFrame, test: pd.Series, code: str, value: pd.Series | str = "", expected: pd.Series | str = "", detail: pd.Series | str = ""
) -> pd.DataFrame:
    """One row per dose that meets the test."""
    where = np.flatnonzero(test.to_numpy(dtype=bool))

    def cells(source: pd.Series | str) -> object:
        return source if isinstance(source, str) else source.to_numpy()[where]

    return pd.DataFrame(
        {
            "product": doses["product"].to_numpy()[where], "order": doses["source_rows"].to_numpy()[where], "code": code,
            "nutrient": doses["nutrient"].to_numpy()[where], "value": cells(value), "expected": cells(expected), "detail": cells(detail),
            "label_text": doses["label_text"].to_numpy()[where],
        }
    )  # fmt: skip


def _on_distinct(values: pd.Series, text: Callable[[float], str]) -> pd.Series:
    codes, found = pd.factorize(values.to_numpy(dtype=float))
    shown = np.array([*(text(float(value)) for value in found), ""], dtype=object)
    return pd.Series(shown[codes], index=values.index)


def _mcg(values: pd.Series) -> pd.Series:
    return _on_distinct(values, lambda value: f"{value:,.10g} mcg")


def _plain(values: pd.Series) -> pd.Series:
    return _on_distinct(values, lambda value: f"{value:,.6g}")


def _span(low: pd.Series, high: pd.Series) -> pd.Series:
    return _plain(low) + " to " + _mcg(high)


