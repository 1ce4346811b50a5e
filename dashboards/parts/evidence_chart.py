"""All bands of one form, context by context, to one scale."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from auditor.evidence import Band, Evidence
from auditor.views import trial_marks
from parts.looks import BAND, DIRECTION_WORDS, DIRECTIONS, direction_group, in_order, ink
from parts.pieces import filled


def band_overview(evidence: Evidence, bands: Sequence[Band]) -> tuple[alt.LayerChart, pd.DataFrame]:
    """The chart and the table it draws: one row per context, established or not."""
    titles = [evidence.contexts[band.context].title for band in bands]
    table = pd.DataFrame(
        {
            "context": titles,
            "low_mcg": [_number(band.low_mcg) for band in bands],
            "high_mcg": [_number(band.high_mcg) for band in bands],
            "core_low_mcg": [_number(band.core_low_mcg) for band in bands],
            "core_high_mcg": [_number(band.core_high_mcg) for band in bands],
            "grade": [band.grade for band in bands],
            "direction": [band.direction for band in bands],
            "band_id": [band.id for band in bands],
            "reason": [band.reason for band in bands],
        }
    )
    trials = pd.concat(
        [
            trial_marks(evidence, band.nutrient, band.form, band.context).assign(context=title)
            for band, title in zip(bands, titles, strict=True)
        ],
        ignore_index=True,
    )
    trials["found"] = [direction_group(name) for name in trials["direction"]]
    return _drawn(table, trials, titles), table


def _drawn(table: pd.DataFrame, trials: pd.DataFrame, titles: list[str]) -> alt.LayerChart:
    edged = table.dropna(subset=["low_mcg"])
    values = [value for value in [*edged["low_mcg"], *edged["high_mcg"], *trials["dose_mcg"]] if value > 0] or [
        1.0,
        100.0,
    ]
    x = alt.X(
        "low_mcg:Q",
        title="mcg per day, log scale",
        scale=alt.Scale(type="log", domain=(min(values) / 2, max(values) * 6), nice=False),
        axis=alt.Axis(format=",~r", labelOverlap=True, grid=False, tickCount=6),
    )
    y = alt.Y(
        "context:N",
        sort=titles,
        title=None,
        scale=alt.Scale(domain=titles),
        axis=alt.Axis(labelLimit=190, labelOverlap=False, ticks=False, domain=False, grid=True, gridOpacity=0.25),
    )
    tip = [
        alt.Tooltip("context:N"),
        alt.Tooltip("low_mcg:Q", title="from"),
        alt.Tooltip("high_mcg:Q", title="to"),
        alt.Tooltip("grade:N"),
        alt.Tooltip("direction:N"),
        alt.Tooltip("reason:N"),
    ]
    bars = (
        alt.Chart(edged)
        .mark_bar(color=BAND, opacity=0.4, height=32, cornerRadius=3, stroke=BAND)
        .encode(x=x, x2="high_mcg:Q", y=y, tooltip=tip)
    )
    core = (
        alt.Chart(edged.dropna(subset=["core_low_mcg"]))
        .mark_bar(color=BAND, opacity=0.6, height=32)
        .encode(x="core_low_mcg:Q", x2="core_high_mcg:Q", y=y, tooltip=tip)
    )
    point = (
        alt.Chart(edged[edged["low_mcg"] == edged["high_mcg"]])
        .mark_tick(color=BAND, thickness=5, height=32)
        .encode(x=x, y=y, tooltip=tip)
    )
    grade = (
        alt.Chart(
            table.assign(at=max(values) * 5.6, told=table["grade"].where(table["low_mcg"].notna(), "not established"))
        )
        .mark_text(align="right", color=ink(), fontSize=11)
        .encode(x="at:Q", y=y, text="told:N")
    )
    found = in_order(trials["found"], DIRECTIONS)
    trials = trials.assign(word=trials["found"].map(DIRECTION_WORDS))
    # Trials of one dose that found different things stand beside each other, not upon each other.
    marks = [
        alt.Chart(trials[trials["found"] == name])
        .mark_point(
            filled=True, size=55, opacity=0.9, yOffset=5 * (place - (len(found) - 1) / 2), stroke=ink(), strokeWidth=0.4
        )
        .encode(
            x="dose_mcg:Q",
            y=y,
            color=alt.value(DIRECTIONS[name].colour),
            shape=alt.value(DIRECTIONS[name].shape),
            tooltip=[
                alt.Tooltip("name:N"),
                alt.Tooltip("year:O"),
                alt.Tooltip("word:N", title="found"),
                alt.Tooltip("dose_mcg:Q", title="mcg a day"),
                alt.Tooltip("participants:Q", title="people", format=","),
                alt.Tooltip("result:N"),
            ],
        )
        for place, name in enumerate(found)
    ]
    return alt.layer(*filled([bars, core, point, *marks, grade])).properties(height=80 + 42 * len(titles))


def _number(value: object) -> float:
    return float(value) if value is not None else float("nan")  # type: ignore[arg-type]
