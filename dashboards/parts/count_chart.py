"""Counts as bars with their numbers written out."""

from __future__ import annotations

import altair as alt
import pandas as pd

from parts.looks import VERDICTS, ink


def verdict_bars(table: pd.DataFrame, name: str) -> alt.LayerChart:
    """Bars of `name` (class or verdict) with `products` and `share`, each with sign, number and percent."""
    shown = table[table["products"] > 0].assign(
        label=lambda rows: [f"{VERDICTS[value].sign}  {value}" for value in rows[name]],
        told=lambda rows: [
            f"{count:,}  ({share:.0%})" if share >= 0.01 else f"{count:,}  (under 1 %)"
            for count, share in zip(rows["products"], rows["share"], strict=True)
        ],
    )
    names = list(shown[name])
    y = alt.Y(
        "label:N",
        sort=list(shown["label"]),
        title=None,
        axis=alt.Axis(labelLimit=180, ticks=False, domain=False, labelFontSize=13),
    )
    x = alt.X(
        "products:Q",
        title=None,
        axis=None,
        scale=alt.Scale(domain=[0, float(shown["products"].max() if len(shown) else 1) * 1.45]),
    )
    bars = (
        alt.Chart(shown)
        .mark_bar(cornerRadiusEnd=3, height={"band": 0.7})
        .encode(
            x,
            y,
            color=alt.Color(
                f"{name}:N",
                scale=alt.Scale(domain=names, range=[VERDICTS[value].colour for value in names]),
                legend=None,
            ),
            tooltip=[
                alt.Tooltip(f"{name}:N"),
                alt.Tooltip("products:Q", format=","),
                alt.Tooltip("share:Q", format=".1%"),
            ],
        )
    )
    words = alt.Chart(shown).mark_text(align="left", dx=5, color=ink(), fontSize=12).encode(x, y, text="told:N")
    return alt.layer(bars, words).properties(height=32 * max(len(shown), 1) + 10)
