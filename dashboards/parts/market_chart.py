"""The market map: vitamin D against K2 per day on log scales, the studied ranges behind the dots."""

from __future__ import annotations

import altair as alt
import pandas as pd

from auditor.evidence import Evidence
from auditor.views import bands_used
from auditor.words import short_form
from parts.looks import BAND, VERDICTS, faint, in_order, ink
from parts.pieces import filled

D_DOMAIN, K2_DOMAIN = (0.1, 20_000), (0.006, 100_000)
D_EDGE, K2_EDGE = 0.55, 0.55
"""Below these stand the products that list no vitamin D, or no K2: lanes in which each class has a row of its own."""
D_LANE, K2_LANE = 0.235, 0.06
K2_ROWS = {
    "high-dose": 0.3,
    "depends": 0.12,
    "not-established": 0.12,
    "studied-range": 0.05,
    "not-computable": 0.05,
    "sub-therapeutic": 0.014,
}
COUNT = "number of products"


def market_map(groups: pd.DataFrame, evidence: Evidence, context: str) -> alt.LayerChart:
    """Chart of :func:`auditor.views.dot_groups`; the selection `dot` gives the doses of a clicked dot."""
    dots = groups.assign(
        d=groups["d_high"].clip(0.8, D_DOMAIN[1]).fillna(D_LANE),
        k2=groups["k2_high"].clip(0.8, K2_DOMAIN[1]).fillna(groups["class"].map(K2_ROWS)),
        d_from=groups["d_low"].clip(0.8, D_DOMAIN[1]),
        k2_from=groups["k2_low"].clip(0.8, K2_DOMAIN[1]),
        d_text=_doses(groups, "d_low", "d_high", iu=True),
        k2_text=_doses(groups, "k2_low", "k2_high"),
    ).sort_values("products", ascending=False)
    x = alt.X(
        "d:Q",
        title="vitamin D per day, mcg (IU below)",
        scale=alt.Scale(type="log", domain=D_DOMAIN),
        axis=_axis([D_LANE, 1, 10, 100, 1000, 10_000], "no D", iu=True),
    )
    y = alt.Y(
        "k2:Q",
        title="vitamin K2 per day, mcg",
        scale=alt.Scale(type="log", domain=K2_DOMAIN),
        axis=_axis([K2_LANE, 1, 10, 100, 1000, 10_000, 100_000], "no K2"),
    )
    picked = alt.selection_point(name="dot", fields=["class", "d_text", "k2_text"], toggle=False)
    classes = in_order(dots["class"], VERDICTS)
    marks = (
        alt.Chart(dots)
        .mark_point(filled=True, strokeWidth=1)
        .encode(
            x,
            y,
            color=alt.Color(
                "class:N",
                scale=alt.Scale(domain=classes, range=[VERDICTS[name].colour for name in classes]),
                legend=None,
            ),
            shape=alt.Shape(
                "class:N",
                scale=alt.Scale(domain=classes, range=[VERDICTS[name].shape for name in classes]),
                legend=None,
            ),
            size=alt.Size("products:Q", scale=alt.Scale(type="sqrt", range=[50, 620]), legend=None),
            opacity=alt.condition(picked, alt.value(0.85), alt.value(0.18)),
            tooltip=[
                alt.Tooltip("class:N"),
                alt.Tooltip("d_text:N", title="vitamin D"),
                alt.Tooltip("k2_text:N", title="vitamin K2"),
                alt.Tooltip("products:Q", title=COUNT, format=","),
                alt.Tooltip("example:N", title="for instance"),
            ],
        )
        .add_params(picked)
    )
    layers = [*_studied(evidence, context), _lanes(), *filled(_whiskers(dots, x, y)), marks]
    return alt.layer(*layers).properties(height=470)


def _axis(values: list[float], lane: str, iu: bool = False) -> alt.Axis:
    number = "format(datum.value, ',')"
    with_iu = f"[{number}, format(datum.value * 40, ',') + ' IU']" if iu else number
    return alt.Axis(
        values=values,
        labelExpr=f"datum.value < 0.95 ? '{lane}' : {with_iu}",
        grid=True,
        gridOpacity=0.35,
        labelOverlap=iu,
    )


def _studied(evidence: Evidence, context: str) -> list[alt.Chart]:
    """A rectangle for each K2 form where it meets the vitamin D band, with its name."""
    d = bands_used(evidence, "vitamin_d", "d3", context)
    k2 = pd.concat([bands_used(evidence, "vitamin_k2", form, context) for form in ("mk7", "mk4")], ignore_index=True)
    if d.empty:
        return []
    x, x2 = d["low_mcg"].iloc[0], d["high_mcg"].iloc[0]
    column = pd.DataFrame({"x": [x], "x2": [x2], "y": [K2_DOMAIN[0]], "y2": [K2_EDGE]})
    boxes = [column]
    if len(k2):
        name = [f"{short_form(form)} studied with D" for form in k2["form"]]
        boxes.append(pd.DataFrame({"x": x, "x2": x2, "y": k2["low_mcg"], "y2": k2["high_mcg"], "name": name}))
    table = pd.concat(boxes, ignore_index=True)
    table["name"] = table.get("name", pd.Series("", index=table.index, dtype="str")).fillna("D studied, no K2")
    shape = (
        alt.Chart(table)
        .mark_rect(color=BAND, opacity=0.22, stroke=BAND, strokeWidth=1.5)
        .encode(x="x:Q", x2="x2:Q", y="y:Q", y2="y2:Q")
    )
    words = (
        alt.Chart(table)
        .mark_text(align="left", baseline="bottom", dx=2, dy=-3, color=ink(), fontSize=11, fontWeight=600)
        .encode(x="x:Q", y="y2:Q", text="name:N")
    )
    return [shape, words]


def _lanes() -> alt.LayerChart:
    edge = pd.DataFrame({"d": [D_EDGE], "k2": [K2_EDGE]})
    rule = {"strokeDash": [3, 3], "color": faint(), "opacity": 0.7}
    return alt.layer(
        alt.Chart(edge).mark_rule(**rule).encode(x="d:Q"), alt.Chart(edge).mark_rule(**rule).encode(y="k2:Q")
    )


def _whiskers(dots: pd.DataFrame, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Lines from the lowest to the highest dose the label allows, where they differ."""
    across, up = dots[dots["d_low"] < dots["d_high"]], dots[dots["k2_low"] < dots["k2_high"]]
    style = {"color": faint(), "opacity": 0.8, "strokeWidth": 1.2}
    return [
        alt.Chart(across).mark_rule(**style).encode(x=x, x2="d_from:Q", y=y),
        alt.Chart(up).mark_rule(**style).encode(x=x, y=y, y2="k2_from:Q"),
    ]


def dose_texts(products: pd.DataFrame) -> pd.DataFrame:
    """Class and dose texts of products as the dots carry them."""
    d, k2 = (
        ("vitamin_d_daily_mcg_low", "vitamin_d_daily_mcg_high"),
        ("vitamin_k2_daily_mcg_low", "vitamin_k2_daily_mcg_high"),
    )
    return pd.DataFrame(
        {"class": products["class"].array, "d_text": _doses(products, *d, iu=True), "k2_text": _doses(products, *k2)}
    )


def _doses(table: pd.DataFrame, low: str, high: str, iu: bool = False) -> list[str]:
    said = {pair: _dose(*pair, iu) for pair in set(zip(table[low], table[high], strict=True))}
    return [said[pair] if pair in said else _dose(*pair, iu) for pair in zip(table[low], table[high], strict=True)]


def _dose(low: float, high: float, iu: bool = False) -> str:
    if pd.isna(high):
        return "not listed"
    text = f"{high:,.10g}" if low == high else f"{low:,.10g} to {high:,.10g}"
    return f"{text} mcg" + (f" ({high * 40:,.10g} IU)" if iu else "")
