"""Daily doses of compared products as bars on a common band, one chart per vitamin and kind of form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import altair as alt
import pandas as pd

from auditor.evidence import Evidence
from auditor.pipeline import Audit
from auditor.views import bands_used
from auditor.words import capital, dose, form_name
from parts.looks import BAND, VERDICTS, in_order
from parts.pieces import filled


def dose_bars(
    audit: Audit, evidence: Evidence, names: Mapping[str, str]
) -> Iterator[tuple[alt.LayerChart, pd.DataFrame, str]]:
    """Chart, its rows and its heading for vitamin D and for each form of K2 among the products."""
    doses = audit.doses[
        audit.doses["daily_mcg_high"].notna() & audit.doses["nutrient"].isin(["vitamin_d", "vitamin_k2"])
    ]
    doses = doses.assign(group=doses["form"].where(doses["nutrient"] == "vitamin_k2", "d3"))
    for (nutrient, form), rows in doses.groupby(["nutrient", "group"], sort=False):
        heading = "Vitamin D" if nutrient == "vitamin_d" else capital(form_name(nutrient, form))
        shown = pd.DataFrame(
            {
                "product": [f"{place}. {_short(names[one])}" for place, one in enumerate(rows["product_id"], start=1)],
                "low_mcg": rows["daily_mcg_low"].array,
                "dose_mcg": rows["daily_mcg_high"].array,
                "verdict": rows["verdict"].array,
                "told": [
                    f"{VERDICTS[verdict].sign} {dose(low, high, nutrient, kind)}"
                    for verdict, low, high, kind in zip(
                        rows["verdict"], rows["daily_mcg_low"], rows["daily_mcg_high"], rows["form"], strict=True
                    )
                ],
            }
        )
        bands = pd.concat(
            [
                bands_used(evidence, nutrient, form, context).assign(product=name)
                for name, context in zip(shown["product"], rows["context"], strict=True)
            ],
            ignore_index=True,
        )
        yield _bars(shown[shown["dose_mcg"] > 0], bands), shown, heading


def _bars(shown: pd.DataFrame, bands: pd.DataFrame) -> alt.LayerChart:
    low = min([*shown["dose_mcg"], *bands["low_mcg"]], default=1.0) / 3
    high = max([*shown["dose_mcg"], *bands["high_mcg"]], default=100.0) * 1.5
    shown = shown.assign(start=low, row=shown["product"] + "\n" + shown["told"])
    order = list(shown["row"])
    bands = bands.merge(shown[["product", "row"]].drop_duplicates("product"), on="product", how="inner")
    verdicts = in_order(shown["verdict"], VERDICTS)
    x = alt.X(
        "dose_mcg:Q",
        title="mcg per day, log scale",
        scale=alt.Scale(type="log", domain=(low, high), nice=False),
        axis=alt.Axis(format=",~r", labelOverlap=True, gridOpacity=0.35),
    )
    y = alt.Y(
        "row:N",
        sort=order,
        title=None,
        axis=alt.Axis(
            labelExpr="split(datum.label, '\\n')",
            labelLimit=230,
            labelOverlap=False,
            labelFontSize=12,
            ticks=False,
            domain=False,
        ),
    )
    colour = alt.Color(
        "verdict:N", scale=alt.Scale(domain=verdicts, range=[VERDICTS[name].colour for name in verdicts]), legend=None
    )
    ranges = (
        alt.Chart(bands)
        .mark_bar(color=BAND, opacity=0.3, height={"band": 0.98})
        .encode(x="low_mcg:Q", x2="high_mcg:Q", y=y)
    )
    bars = alt.Chart(shown).mark_bar(height=12, cornerRadiusEnd=3).encode(x=x, x2="start:Q", y=y, color=colour)
    return alt.layer(*filled([ranges, bars])).properties(height=80 + 48 * len(order))


def _short(name: str) -> str:
    return name if len(name) <= 30 else name[:29] + "…"
