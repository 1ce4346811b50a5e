"""Doses of one form against its band: products above, trials below by what they found, on one log scale."""

from __future__ import annotations

import altair as alt
import pandas as pd

from parts.looks import BAND, DIRECTION_WORDS, DIRECTIONS, VERDICTS, direction_group, faint, in_order, ink
from parts.pieces import filled

PRODUCTS = "labels"


def dose_strip(
    groups: pd.DataFrame, bands: pd.DataFrame, trials: pd.DataFrame, iu: bool, own: pd.DataFrame | None = None
) -> alt.LayerChart:
    """Labels and trials of one form.

    Args:
        groups: :func:`auditor.views.dose_groups`, drawn in the first row, larger where more products share a dose.
        bands: :func:`auditor.views.bands_used`, drawn behind; the core darker.
        trials: :func:`auditor.views.trial_marks`, one row of the chart per direction, larger with more people.
        iu: whether international units stand under the micrograms.
        own: one product's `low_mcg`, `dose_mcg`, `verdict`, drawn instead of the groups, as a bar with its ends.
    """
    marks = trials.assign(
        row=[DIRECTION_WORDS[direction_group(name)] for name in trials["direction"]],
        people=trials["participants"].fillna(20),
    )
    found = in_order([direction_group(name) for name in trials["direction"]], DIRECTIONS)
    first = PRODUCTS if own is None else "this label"
    rows = [first, *(DIRECTION_WORDS[name] for name in found)]
    shown = groups if own is None else own
    domain = _domain(shown, bands, trials)
    x = alt.X(
        "dose_mcg:Q",
        title="mcg per day" + (" (IU below)" if iu else ""),
        scale=alt.Scale(type="log", domain=domain, nice=False),
        axis=_axis(domain, iu),
    )
    y = alt.Y(
        "row:N",
        sort=rows,
        scale=alt.Scale(domain=rows),
        title=None,
        axis=alt.Axis(
            labelLimit=190, labelOverlap=False, labelFontSize=12, grid=True, gridOpacity=0.35, ticks=False, domain=False
        ),
    )
    layers: list[alt.Chart | alt.LayerChart] = [
        *filled(band_marks(bands)),
        *filled(_labels(shown.assign(row=first), x, y, own is not None)),
    ]
    if len(marks):
        layers.append(_trials(marks, found, x, y))
    return (
        alt.layer(*layers)
        .resolve_scale(size="independent", shape="independent", color="independent")
        .properties(height=90 + 36 * len(rows))
    )


def band_marks(bands: pd.DataFrame) -> list[alt.Chart]:
    """Each band as a rectangle from low to high edge, its core darker."""
    if bands.empty:
        return []
    tip = [
        alt.Tooltip("band_id:N", title="band"),
        alt.Tooltip("low_mcg:Q", title="from, mcg"),
        alt.Tooltip("high_mcg:Q", title="to, mcg"),
        alt.Tooltip("grade:N"),
    ]
    whole = (
        alt.Chart(bands)
        .mark_rect(color=BAND, opacity=0.25, stroke=BAND, strokeWidth=1.5)
        .encode(x="low_mcg:Q", x2="high_mcg:Q", tooltip=tip)
    )
    core = bands[(bands["core_low_mcg"] > bands["low_mcg"]) | (bands["core_high_mcg"] < bands["high_mcg"])]
    return [whole, alt.Chart(core).mark_rect(color=BAND, opacity=0.28).encode(x="core_low_mcg:Q", x2="core_high_mcg:Q")]


def _labels(shown: pd.DataFrame, x: alt.X, y: alt.Y, single: bool) -> list[alt.Chart]:
    verdicts = in_order(shown["verdict"], VERDICTS)
    colour = alt.Color(
        "verdict:N", scale=alt.Scale(domain=verdicts, range=[VERDICTS[name].colour for name in verdicts]), legend=None
    )
    shape = alt.Shape(
        "verdict:N", scale=alt.Scale(domain=verdicts, range=[VERDICTS[name].shape for name in verdicts]), legend=None
    )
    tip = [
        alt.Tooltip("verdict:N"),
        alt.Tooltip("low_mcg:Q", title="lowest, mcg a day", format=",.4~g"),
        alt.Tooltip("dose_mcg:Q", title="highest, mcg a day", format=",.4~g"),
    ]
    ranges = (
        alt.Chart(shown[shown["low_mcg"] < shown["dose_mcg"]])
        .mark_rule(color=ink(), strokeWidth=3 if single else 1.2, opacity=0.7)
        .encode(x=x, x2="low_mcg:Q", y=y)
    )
    point = alt.Chart(shown).mark_point(
        filled=True, opacity=0.9, stroke=ink() if single else None, strokeWidth=1.5 if single else 0
    )
    if single:
        ends = pd.concat([shown, shown.assign(dose_mcg=shown["low_mcg"])], ignore_index=True).drop_duplicates(
            ["dose_mcg", "verdict"]
        )
        return [
            ranges,
            alt.Chart(ends)
            .mark_point(filled=True, opacity=1, size=260, stroke=ink(), strokeWidth=1.5)
            .encode(x, y, color=colour, shape=shape, tooltip=tip),
        ]
    size = alt.Size("products:Q", scale=alt.Scale(type="sqrt", range=[40, 700]), legend=None)
    return [
        ranges,
        point.encode(
            x,
            y,
            color=colour,
            shape=shape,
            size=size,
            tooltip=[*tip, alt.Tooltip("products:Q", title="labels", format=",")],
        ),
    ]


def _trials(marks: pd.DataFrame, found: list[str], x: alt.X, y: alt.Y) -> alt.Chart:
    words = [DIRECTION_WORDS[name] for name in found]
    marks = marks.assign(doubt=marks["integrity"].isin(["retracted", "disputed"]))
    return (
        alt.Chart(marks)
        .mark_point(filled=True, opacity=0.85)
        .encode(
            x,
            y,
            color=alt.Color(
                "row:N", scale=alt.Scale(domain=words, range=[DIRECTIONS[name].colour for name in found]), legend=None
            ),
            shape=alt.Shape(
                "row:N", scale=alt.Scale(domain=words, range=[DIRECTIONS[name].shape for name in found]), legend=None
            ),
            size=alt.Size(
                "people:Q", scale=alt.Scale(type="log", domain=[10, 30_000], range=[25, 320], clamp=True), legend=None
            ),
            opacity=alt.condition("datum.doubt", alt.value(0.25), alt.value(0.85)),
            tooltip=[
                alt.Tooltip("name:N", title="trial"),
                alt.Tooltip("year:O"),
                alt.Tooltip("dose_mcg:Q", title="mcg a day", format=",.4~g"),
                alt.Tooltip("participants:Q", title="people", format=","),
                alt.Tooltip("population:N"),
                alt.Tooltip("result:N"),
                alt.Tooltip("integrity:N"),
            ],
        )
    )


def _domain(shown: pd.DataFrame, bands: pd.DataFrame, trials: pd.DataFrame) -> tuple[float, float]:
    values = [
        value
        for frame, names in (
            (shown, ("low_mcg", "dose_mcg")),
            (bands, ("low_mcg", "high_mcg")),
            (trials, ("dose_mcg",)),
        )
        for name in names
        for value in frame[name]
        if value > 0
    ]
    low, high = (min(values), max(values)) if values else (1.0, 100.0)
    return max(low / 1.8, 1e-6), high * 1.8


def _axis(domain: tuple[float, float], iu: bool) -> alt.Axis:
    ticks = [base * 10**power for power in range(-3, 7) for base in (1, 2, 5)]
    shown = [tick for tick in ticks if domain[0] <= tick <= domain[1]]
    shown = shown if len(shown) <= 9 else [tick for tick in shown if f"{tick:e}"[0] == "1"]
    number = "format(datum.value, ',~r')"
    return alt.Axis(
        values=shown,
        labelExpr=f"[{number}, format(datum.value * 40, ',~r') + ' IU']" if iu else number,
        grid=True,
        gridOpacity=0.35,
        labelColor=faint(),
        labelOverlap=True,
    )
