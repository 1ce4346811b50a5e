"""Dose and serving: ranges, spaced doses, servings against directions and package, audiences, gaps between studied doses."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.audiences import read_audience
from auditor.checks import catalogue, number
from auditor.checks.facts import (
    Facts,
    Hits,
    Mask,
    first_of_each,
    keys_of,
    mcg,
    nothing,
    on_products,
    on_rows,
    plain,
    span,
    together,
)
from auditor.directions import audiences_of, read_directions
from auditor.distinct import as_text, codes_of, distinct, one_of, words, words_at
from auditor.judging import DEFAULT_AUTHORITIES
from auditor.schedules import read_number_cell, schedule
from auditor.searching import Texts
from auditor.wording.tokens import fold, wording_table

YOUNG = ("infant", "child", "teen")


def ranges(facts: Facts) -> pd.DataFrame:
    """A label that allows more than one daily dose; a warning where the ends are judged differently."""
    judged = facts.judged
    low, high = judged["daily_mcg_low"], judged["daily_mcg_high"]
    source = judged["source_rows"].to_numpy(dtype=np.intp)
    bounded = facts.rows.index.to_numpy()[facts.rows_with("amount-upper-bound")]
    test = (low < high) & ~judged["share"].astype(bool) & ~judged["repeated"].astype(bool)
    test &= ~facts.are_rows(source, bounded)
    if not test.any():
        return nothing()
    ranged = (facts.rows["amount_low_mcg"] < facts.rows["amount_mcg"]).to_numpy()
    by_amount = facts.are_rows(source, facts.rows.index.to_numpy()[ranged])
    crosses = (low <= judged["upper_level_mcg"]) & (high > judged["upper_level_mcg"])
    depends = (judged["verdict"] == "depends") & judged["reason"].str.contains("daily-use-is-a-range", regex=False)
    printed = by_amount & (judged["servings_per_day_low"] == judged["servings_per_day_high"])
    ends = ("", "; the ends are judged differently", "; the ends lie on both sides of the upper level")
    what = words(first + end for first in ("", "; the printed amount is a range") for end in ends)
    told = judged.assign(
        _severity=words_at((crosses | depends).to_numpy(dtype=np.intp), ("", "warning")),
        _what=what.take(printed.to_numpy(dtype=np.intp) * len(ends) + np.where(crosses, 2, depends)),
    )
    return on_rows(told, test, "dose-range", value=lambda hit: span(hit["daily_mcg_low"], hit["daily_mcg_high"]), detail=lambda hit: hit["_what"],
                   severity=lambda hit: hit["_severity"])  # fmt: skip


def spaced(facts: Facts) -> pd.DataFrame:
    """Doses that are not taken daily; large single intakes of vitamin D; spaced doses for children."""
    judged = facts.judged
    rare = judged["interval_days"] > 1
    if not rare.any():
        return nothing()
    single = judged["single_intake_mcg"]
    of_d = rare & (judged["nutrient"] == "vitamin_d") & (judged["form"] != "calcifediol")
    bolus = of_d & (single > number("dose-bolus-single-large", "note_above_mcg"))
    large, harmful = (number("dose-bolus-single-large", name) for name in ("warning_from_mcg", "harm_from_mcg"))
    young = judged["context"].str.startswith(YOUNG)
    return together(
        _not_daily(judged, rare.to_numpy()),
        on_rows(judged, bolus, "dose-bolus-single-large", value=lambda hit: mcg(hit["single_intake_mcg"]),
                detail=lambda hit: np.where(hit["single_intake_mcg"] >= harmful, "; trials of single doses this large found more falls and fractures", ""),
                severity=lambda hit: np.where(hit["single_intake_mcg"] >= large, "", "note")),
        on_rows(judged, rare & young, "dose-child-not-daily", value=lambda hit: plain(hit["interval_days"]), whole_label=True),
    )  # fmt: skip


OF_AN_INTAKE = [
    "product",
    "source_rows",
    "nutrient",
    "label_text",
    "single_intake_mcg",
    "daily_mcg_low",
    "daily_mcg_high",
    "interval_days",
]
"""What is asked of a dose that is not taken daily."""


def _not_daily(judged: pd.DataFrame, rare: np.ndarray) -> pd.DataFrame:
    """One finding for each label and interval, with the intake and the average of every vitamin."""
    part = judged.loc[rare, OF_AN_INTAKE]
    if part.empty:
        return nothing()
    names = as_text(part["nutrient"]).map(
        lambda nutrient: nutrient.replace("_", " ").replace("vitamin k", "vitamin K").replace("vitamin d", "vitamin D")
    )
    low, high = part["daily_mcg_low"].round(1), part["daily_mcg_high"].round(1)
    told = part.assign(
        _single=mcg(part["single_intake_mcg"]) + " of " + names,
        _average=span(low, high).where(low < high, mcg(high)),
        _days=_days_between(part),
    )
    label = keys_of([part["product"], part["interval_days"]])
    told = told.assign(**{name: _listed(label, told[name]) for name in ("_single", "_average")})
    once = ~pd.Series(label).duplicated().to_numpy()
    return on_rows(told, once, "dose-non-daily", value=lambda hit: hit["_single"], expected=lambda hit: hit["_average"], detail=lambda hit: hit["_days"],
                   whole_label=True)  # fmt: skip


def _listed(group: np.ndarray, texts: pd.Series) -> np.ndarray:
    """For every row the texts of its group, as 'a and b'."""
    listed = texts.to_numpy(dtype=object, copy=True)
    several = np.flatnonzero(np.bincount(group)[group] > 1).tolist()
    members: dict[int, list[str]] = {}
    for row in several:
        members.setdefault(int(group[row]), []).append(listed[row])
    for row in several:
        listed[row] = " and ".join(members[int(group[row])])
    return listed


def _days_between(part: pd.DataFrame) -> pd.Series:
    """How far apart the intakes are; only the longest interval is known where the label allows several doses."""
    days = plain(part["interval_days"])
    return ("every " + days + " days").where(
        part["daily_mcg_low"] == part["daily_mcg_high"], "at most " + days + " days apart"
    )


def interval_in_doubt(facts: Facts) -> pd.DataFrame:
    """A large dose of which no interval is known."""
    judged = facts.judged
    assumed = (judged["servings_source"] == "assumed").to_numpy()
    daily = (judged["interval_days"] == 1).to_numpy() & judged["amount_mcg"].notna().to_numpy()
    large = (
        (judged["nutrient"] == "vitamin_d") & (facts.sure_high > number("dose-interval-needed", "above_mcg"))
    ).to_numpy()
    return on_rows(
        judged, daily & assumed & large, "dose-interval-needed", value=lambda hit: mcg(hit["daily_mcg_high"])
    )


def near_edges(facts: Facts) -> pd.DataFrame:
    """Doses between two studied points of a band, or in the strip just below it."""
    doses = facts.judged
    low = np.fmin(doses["daily_mcg_low"], doses["other_mcg_low"])
    high = np.fmax(doses["daily_mcg_high"], doses["other_mcg_high"])
    parts = []
    codes, band_ids = codes_of(doses["band_id"])
    exact = (high == low).to_numpy()
    for place, band_id in enumerate(band_ids):
        here = exact & (codes == place)
        for part in band_id.split(";") if band_id and here.any() else ():
            band = facts.evidence.bands[part]
            points = [float(point) for point in band.studied_points_mcg]
            if len(points) > 1:
                between = here & (high > points[0]) & (high < points[-1]) & ~high.isin(points)
                parts.append(
                    on_rows(
                        doses,
                        between,
                        "dose-between-studied",
                        value=lambda hit: mcg(hit["daily_mcg_high"]),
                        expected=" and ".join(f"{p:,.0f} mcg" for p in points),
                    )
                )
            if band.borderline_from_mcg is not None and band.low_mcg is not None and ";" not in band_id:
                strip = here & (high >= float(band.borderline_from_mcg)) & (high < float(band.low_mcg))
                parts.append(on_rows(doses, strip, "dose-borderline-low", value=lambda hit: mcg(hit["daily_mcg_high"]), expected=f"from {float(band.low_mcg):,g} mcg",
                                     detail=band.borderline_note))  # fmt: skip
    return together(*parts)


def serving_and_directions(facts: Facts) -> pd.DataFrame:
    """US: a panel for another number of units than is taken at once; EU: directions that count the daily portion again."""
    rows = facts.rows
    read = (rows["servings_source"] == "directions").to_numpy() & rows["units_per_serving"].notna().to_numpy()
    us = (
        read
        & facts.in_us[facts.row_products]
        & (rows["basis"] == "per_serving").to_numpy()
        & ((rows["single_factor"] - 1).abs() > 1e-9).to_numpy()
    )
    return together(
        on_rows(
            rows,
            us,
            "dose-serving-vs-directions-us",
            value=lambda hit: plain(hit["single_factor"] * hit["units_per_serving"]),
            expected=lambda hit: plain(hit["units_per_serving"]),
            whole_label=True,
        ),
        _counted_again(facts),
    )


def _counted_again(facts: Facts) -> pd.DataFrame:
    rows = facts.rows
    per_day = (
        (rows["basis"] == "per_day")
        & (rows["servings_source"] == "directions")
        & (rows["factor_high"] == 1)
        & (rows["interval_days"] == 1)
    )
    wanted = facts.products(facts.row_products[per_day.to_numpy() & facts.in_eu[facts.row_products]])
    if not wanted.any():
        return nothing()
    counts = {
        text: max(
            (float(r.units_per_day_high) for r in read_directions(text).regimens if r.unit != "serving"), default=0.0
        )
        for text in facts.directions_of(wanted)
    }
    units = facts.by_text("directions", counts, np.nan)
    return on_products(
        facts.first,
        wanted & (units > 1),
        "dose-eu-multiplied-twice",
        value=lambda hit: plain(pd.Series(units[hit.index])),
    )


def package(facts: Facts) -> pd.DataFrame:
    """Servings per container that do not follow from the units in the package, or two numbers of them."""
    first = facts.first
    if not facts.has("servings_per_container").any():
        return nothing()
    ambiguous = facts.matching("servings_per_container", r"\d+\s*(?:/|;|\bor\b|\boder\b|\bou\b)\s*\d+")
    printed = on_number(facts.texts("servings_per_container"))
    units = np.full(len(first), np.nan)
    chosen = first_of_each(facts.row_products, (facts.rows["basis"] == "per_serving").to_numpy())
    units[facts.row_products[chosen]] = facts.rows["units_per_serving"].to_numpy()[chosen]
    counted = ~np.isnan(units) & ~np.isnan(printed)
    if not (counted | ambiguous).any():
        return nothing()
    net = _units_in(facts.texts("name"), counted)
    if "net_contents" in first:
        stated = _units_in(facts.texts("net_contents"), counted)
        net = np.where(np.isnan(stated), net, stated)
    servings = net / units
    wrong = np.abs(servings - printed) > number("dose-servings-container-mismatch", "servings")
    table = pd.DataFrame(
        {
            "_net": net,
            "_units": units,
            "_servings": servings.round(1),
            "servings_per_container": first["servings_per_container"],
        }
    )
    return together(
        on_products(table, wrong & ~ambiguous, "dose-servings-container-mismatch", value=lambda hit: plain(hit["_net"]) + " units at " + plain(hit["_units"]) + " a serving",
                    expected=lambda hit: plain(hit["_servings"]), detail=lambda hit: hit["servings_per_container"]),
        on_products(first, ambiguous, "dose-servings-container-ambiguous", value=lambda hit: hit["servings_per_container"]),
    )  # fmt: skip


def on_number(texts: Texts) -> npt.NDArray[np.float64]:
    """The one number of each text ('about 60'), missing where there is none or several."""
    numbers = []
    for value in texts.values:
        found = re.findall(r"\d+(?:\.\d+)?", value)
        numbers.append(float(found[0]) if len(found) == 1 else float("nan"))
    return np.array(numbers, dtype=float)[texts.codes]


def _units_in(texts: Texts, among: Mask) -> npt.NDArray[np.float64]:
    """The one count of units in each of some texts; missing where none or several are told."""
    pattern = "|".join(catalogue()["dose-servings-container-mismatch"].patterns)
    return texts.numbers(lambda text: _count_in(text, pattern), among)


@lru_cache(maxsize=16_384)
def _count_in(text: str, pattern: str) -> float:
    numbers = {match[1].replace(",", "") for match in re.finditer(pattern, text, re.IGNORECASE)}
    return float(next(iter(numbers))) if len(numbers) == 1 else float("nan")


def unset_maximum(facts: Facts) -> pd.DataFrame:
    """A maximum of 0 beside a minimum means that none was set."""
    if not facts.has("servings_per_day_max").any():
        return nothing()
    zero = facts.matching("servings_per_day_max", r"^\s*0+(?:[.,]0+)?\s*$")
    least = facts.texts("servings_per_day_min")
    some = np.array([read_number_cell(value) is not None for value in least.values], dtype=bool)[least.codes]
    return on_products(
        facts.first, zero & some, "dose-zero-maximum-unset", value=lambda hit: hit["servings_per_day_min"]
    )


@cache
def _open_ends() -> tuple[str, ...]:
    """The phrases that leave a dose to a professional, longest first."""
    phrases = [fold(phrase) for entry in wording_table("phrases").values() for phrase in entry.get("open_ended", ())]
    return tuple(sorted(phrases, key=len, reverse=True))


_REST_OF_CLAUSE = re.compile(r"[^.;\n]*")


@lru_cache(maxsize=16_384)
def open_end(text: str) -> str:
    """The words of directions that leave the dose to somebody else, to the end of the clause; all of them where none are found."""
    folded = fold(text)
    # To look for each phrase is many times faster than to look for all of them in every place.
    found = [(folded.index(phrase), place) for place, phrase in enumerate(_open_ends()) if phrase in folded]
    if not found:
        return text
    start, place = min(found)
    rest = _REST_OF_CLAUSE.match(folded, start + len(_open_ends()[place]))
    return text[start : rest.end() if rest else None].strip()


# -- audiences -------------------------------------------------------------------------------------------------------------


def audiences(facts: Facts) -> pd.DataFrame:
    """Labels with doses for several groups of people, morning and evening columns, children on an adult strength."""
    judged = facts.judged
    by_column = _several_audience_columns(facts)
    wanted = facts.says("directions", "dose-multiple-audiences", facts.with_row)
    groups = {text: tuple(filter(None, audiences_of(text))) for text in facts.directions_of(wanted)}
    ages = {text: young for text, named in groups.items() if (young := _young_of(named))}
    by_text = _directions_that(facts, wanted, {text for text, named in groups.items() if len(named) > 1})
    by_audience = _audience_of_several(facts) & ~by_text & ~by_column

    def told(hit: Hits) -> np.ndarray:
        texts = ("'" + hit[name].astype("str") + "'" for name in ("directions", "audience"))
        return np.select([by_text[hit.index], by_audience[hit.index]], list(texts), "in columns of its panel")

    return together(
        on_products(facts.first, by_column | by_text | by_audience, "dose-multiple-audiences", value=told,
                    detail=lambda hit: [facts.evidence.contexts[context].title for context in facts.contexts[hit.index]]),
        on_rows(judged, judged["several_columns"].astype(bool), "dose-am-pm", value=lambda hit: mcg(hit["daily_mcg_high"])),
        _children(facts, wanted, ages),
        _k2_for_children(facts, wanted, ages),
    )  # fmt: skip


def _directions_that(facts: Facts, wanted: Mask, asked: Collection[str]) -> Mask:
    """Of the wanted products those that have one of some directions."""
    return facts.texts("directions").one_of(asked, wanted) if asked else np.zeros(len(wanted), dtype=bool)


def _several_audience_columns(facts: Facts) -> np.ndarray:
    """Products whose vitamin lines stand in columns for several audiences."""
    targets = facts.targets
    named = (targets["audience"] != "").to_numpy()
    product = facts.product_of_line[targets.index.to_numpy()[named]]
    codes, _ = codes_of(targets["audience"], np.flatnonzero(named))
    low = np.full(len(facts.first), np.iinfo(np.intp).max, dtype=np.intp)
    high = np.full(len(facts.first), -1, dtype=np.intp)
    np.minimum.at(low, product, codes)
    np.maximum.at(high, product, codes)
    return np.asarray((high >= 0) & (low != high))


OF_A_CHILD = ["product", "nutrient", "label_text", "amount_mcg", "source_line", "line_basis"]
"""What is asked of a row that children may take."""


def _children(facts: Facts, wanted: Mask, ages: dict[str, tuple[str, ...]]) -> pd.DataFrame:
    """Directions for an age group whose daily dose passes the upper level of that age."""
    if not ages:
        return nothing()
    named = _directions_that(facts, wanted, ages)
    own = facts.in_context(YOUNG)
    rows = facts.rows
    test = (named & ~own)[facts.row_products] & (
        (rows["nutrient"] == "vitamin_d")
        & rows["amount_mcg"].notna()
        & rows["amount_other_mcg"].isna()
        & (rows["form"] != "calcifediol")
    ).to_numpy()
    part = rows.loc[test & _may_pass(facts, rows, ages), OF_A_CHILD]
    if part.empty:
        return nothing()
    asked = ["serving_size", "units_per_serving", "directions", "basis", "market", "dosage_form"]
    lines = facts.targets[asked].iloc[part["source_line"].to_numpy()].assign(_line_basis=part["line_basis"].array)
    plans = distinct(
        lines, ["serving_size", "units_per_serving", "directions", "_line_basis", "basis", "market", "dosage_form"]
    )

    def worst(
        size: str, units: str, directions: str, line_basis: str, basis: str, market: str, form: str
    ) -> tuple[float, float, str]:
        """Factor a day, upper level and age group of the child direction that comes closest to its upper level."""
        found = [(0.0, 1.0, "")]
        for context in ages.get(directions, ()):
            levels = [
                level
                for level in facts.evidence.upper_levels_for("vitamin_d", context)
                if level.authority in DEFAULT_AUTHORITIES
            ]
            factor = schedule(size, units, "", "", directions, line_basis, basis, market, form, context).factor_high
            if levels and factor is not None:
                found.append(
                    (
                        float(factor),
                        float(levels[0].value_mcg),
                        f"{facts.evidence.contexts[context].title}|{levels[0].authority}",
                    )
                )
        return max(found, key=lambda item: item[0] / item[1])

    doses = plans.map(worst)
    told = part.assign(
        _dose=part["amount_mcg"].to_numpy() * np.array([dose[0] for dose in doses])[plans.codes], _level=np.array([dose[1] for dose in doses])[plans.codes],
        _age=np.array([dose[2].split("|")[0] for dose in doses], dtype=object)[plans.codes], _who=np.array([dose[2].split("|")[-1] for dose in doses], dtype=object)[plans.codes],
    )  # fmt: skip
    return on_rows(told, (told["_dose"] > told["_level"]) & (told["_age"] != ""), "dose-child-on-adult-strength", value=lambda hit: mcg(hit["_dose"].round(6)), expected=lambda hit: mcg(hit["_level"]) + " (" + hit["_who"] + ")",
                   detail=lambda hit: hit["_age"])  # fmt: skip


def _k2_for_children(facts: Facts, wanted: Mask, ages: dict[str, tuple[str, ...]]) -> pd.DataFrame:
    """Directions that give a label's K2 to children beside others; products for children are told by the safety checks."""
    young = ("infant", "child")
    named = _directions_that(
        facts, wanted, {text for text, groups in ages.items() if any(age.startswith(young) for age in groups)}
    )
    if not named.any():
        return nothing()
    own = facts.in_context(young)
    rows = facts.rows
    test = (named & ~own)[facts.row_products]
    test &= ((rows["nutrient"] == "vitamin_k2") & (rows["amount_mcg"] > 0)).to_numpy()
    test = first_of_each(facts.row_products, test)
    return on_rows(rows, test, "safety-k2-child")


def _audience_of_several(facts: Facts) -> Mask:
    """Products whose audience names pregnancy and children, of whom one is judged."""
    texts = facts.texts("audience")
    found = [
        "pregnancy" in contexts and any(context.startswith(YOUNG) for context in contexts)
        for contexts in map(read_audience, texts.values)
    ]
    return np.array(found, dtype=bool)[texts.codes] & facts.with_row


def _may_pass(facts: Facts, rows: pd.DataFrame, ages: dict[str, tuple[str, ...]]) -> np.ndarray:
    """Rows whose amount times the units a child takes could pass any upper level; the exact dose is computed for these only."""
    lowest = min(
        (
            float(level.value_mcg)
            for level in facts.evidence.upper_levels.values()
            if level.authority in DEFAULT_AUTHORITIES
        ),
        default=0.0,
    )
    units = {
        text: max(
            (
                float(r.units_per_day_high)
                for r in read_directions(text).regimens
                if r.contexts and r.contexts[0].startswith(YOUNG)
            ),
            default=0.0,
        )
        for text in ages
    }
    taken = facts.by_text("directions", units, 0.0)[facts.row_products]
    by_piece = (
        one_of(rows["basis"], ("per_serving", "per_unit", "per_day")) & rows["units_per_serving"].notna().to_numpy()
    )
    return ~by_piece | (rows["amount_mcg"].to_numpy() * np.maximum(taken, 1.0) > lowest)


def _young_of(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Young age groups that directions give a dose; of groups that share one, the youngest."""
    return tuple(dict.fromkeys(contexts[0] for contexts in groups if contexts[0].startswith(YOUNG)))


CHECKS = {
    ("dose-range",): ranges,
    ("dose-non-daily", "dose-bolus-single-large", "dose-child-not-daily"): spaced,
    ("dose-interval-needed",): interval_in_doubt,
    ("dose-between-studied", "dose-borderline-low"): near_edges,
    ("dose-serving-vs-directions-us", "dose-eu-multiplied-twice"): serving_and_directions,
    ("dose-servings-container-mismatch", "dose-servings-container-ambiguous"): package,
    ("dose-zero-maximum-unset",): unset_maximum,
    ("dose-multiple-audiences", "dose-am-pm", "dose-child-on-adult-strength", "safety-k2-child"): audiences,
}
"""Ids and the function that raises them."""
