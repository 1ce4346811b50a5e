"""All bands of one form, context by context, to one scale."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from auditor.evidence import Band, Evidence
from auditor.views import trial_marks
from parts.looks import BAND, DIRECTION_WORDS, DIRECTIONS, direction_group, in_order, ink


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
        .mark_bar(color=BAND, opacity=0.4, height=20, cornerRadius=3, stroke=BAND)
        .encode(x=x, x2="high_mcg:Q", y=y, tooltip=tip)
    )
    core = (
        alt.Chart(edged.dropna(subset=["core_low_mcg"]))
        .mark_bar(color=BAND, opacity=0.6, height=20)
        .encode(x="core_low_mcg:Q", x2="core_high_mcg:Q", y=y, tooltip=tip)
    )
    point = (
        alt.Chart(edged[edged["low_mcg"] == edged["high_mcg"]])
        .mark_tick(color=BAND, thickness=5, height=20)
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
    words = [DIRECTION_WORDS[name] for name in found]
    marks = (
        alt.Chart(trials)
        .mark_point(filled=True, size=60, opacity=0.85)
        .encode(
            x="dose_mcg:Q",
            y=y,
            color=alt.Color(
                "word:N", scale=alt.Scale(domain=words, range=[DIRECTIONS[name].colour for name in found]), legend=None
            ),
            shape=alt.Shape(
                "word:N", scale=alt.Scale(domain=words, range=[DIRECTIONS[name].shape for name in found]), legend=None
            ),
            tooltip=[
                alt.Tooltip("name:N"),
                alt.Tooltip("year:O"),
                alt.Tooltip("dose_mcg:Q"),
                alt.Tooltip("participants:Q", format=","),
                alt.Tooltip("result:N"),
            ],
        )
    )
    return alt.layer(bars, core, point, *([marks] if len(trials) else []), grade).properties(
        height=80 + 34 * len(titles)
    )


def _number(value: object) -> float:
    return float(value) if value is not None else float("nan")  # type: ignore[arg-type]
