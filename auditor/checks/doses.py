"""Dose and serving: ranges, spaced doses, servings against directions and package, audiences, gaps between studied doses."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import cache
from typing import NamedTuple

import numpy as np

from auditor.audiences import read_audience
from auditor.checks import catalogue, number
from auditor.checks.facts import (
    Facts,
    Findings,
    a_day,
    divided,
    first_of_each,
    keys_of,
    mcg,
    on_products,
    on_rows,
    plain,
    span,
)
from auditor.checks.tables import Floats, Hits, Mask, Objects, Positions, Table, objects
from auditor.directions import audiences_of, read_directions
from auditor.distinct import distinct
from auditor.judging import DEFAULT_AUTHORITIES
from auditor.patterns import late_pattern
from auditor.remembering import remembered
from auditor.schedules import read_number_cell, schedule
from auditor.searching import Texts
from auditor.wording.tokens import fold, wording_table

YOUNG = ("infant", "child", "teen")


def ranges(facts: Facts) -> Findings:
    """A label that allows more than one daily dose; a warning where the ends are judged differently."""
    judged, rows = facts.judged, facts.rows
    test = (judged["daily_mcg_low"] < judged["daily_mcg_high"]) & ~judged["share"] & ~judged["repeated"]
    test &= ~facts.are_rows(judged["source_rows"], rows.index[facts.rows_with("amount-upper-bound")])
    ranged = rows.index[rows["amount_low_mcg"] < rows["amount_mcg"]]
    open_end = judged.are("verdict", "depends") & judged.texts("reason").holding("daily-use-is-a-range")

    def differ(hit: Hits) -> Positions:
        """2 where the ends lie on both sides of the upper level, 1 where else they are judged differently."""
        level = hit["upper_level_mcg"]
        crosses = (hit["daily_mcg_low"] <= level) & (hit["daily_mcg_high"] > level)
        return np.where(crosses, 2, open_end[hit.where])

    def what(hit: Hits) -> Objects:
        by_amount = facts.are_rows(hit["source_rows"], ranged)
        printed = by_amount & (hit["servings_per_day_low"] == hit["servings_per_day_high"])
        return objects(RANGES)[printed * len(ENDS) + differ(hit)]

    return on_rows(
        judged,
        test,
        "dose-range",
        value=lambda hit: span(hit["daily_mcg_low"], hit["daily_mcg_high"]),
        detail=what,
        severity=lambda hit: np.where(differ(hit) > 0, "warning", ""),
    )


ENDS = ("", "; the ends are judged differently", "; the ends lie on both sides of the upper level")
RANGES = [first + end for first in ("", "; the printed amount is a range") for end in ENDS]
"""What is said of a range: where it comes from, then how its ends differ."""


def spaced(facts: Facts) -> Findings:
    """Doses that are not taken daily; large single intakes of vitamin D; spaced doses for children."""
    judged = facts.judged
    rare = judged["interval_days"] > 1
    if not rare.any():
        return []
    of_d = rare & judged.are("nutrient", "vitamin_d") & ~judged.are("form", "calcifediol")
    bolus = of_d & (judged["single_intake_mcg"] > number("dose-bolus-single-large", "note_above_mcg"))
    large, harmful = (number("dose-bolus-single-large", name) for name in ("warning_from_mcg", "harm_from_mcg"))
    young = facts.in_context(YOUNG)[facts.dose_products]
    return [
        *_not_daily(judged, np.flatnonzero(rare)),
        *on_rows(judged, bolus, "dose-bolus-single-large", value=lambda hit: mcg(hit["single_intake_mcg"]),
                 detail=lambda hit: np.where(hit["single_intake_mcg"] >= harmful, "; trials of single doses this large found more falls and fractures", ""),
                 severity=lambda hit: np.where(hit["single_intake_mcg"] >= large, "", "note")),
        *on_rows(judged, rare & young, "dose-child-not-daily", value=lambda hit: plain(hit["interval_days"]), whole_label=True),
    ]  # fmt: skip


def _not_daily(judged: Table, rare: Positions) -> Findings:
    """One finding for each label and interval, with the intake and the average of every vitamin."""
    intake = Hits(judged, rare)
    nutrients = judged.texts("nutrient")
    names = objects(
        name.replace("_", " ").replace("vitamin k", "vitamin K").replace("vitamin d", "vitamin D")
        for name in nutrients.values
    )
    single = mcg(intake["single_intake_mcg"]) + " of " + names[nutrients.codes[rare]]
    low, high = intake["daily_mcg_low"].round(1), intake["daily_mcg_high"].round(1)
    average = np.where(low < high, span(low, high), mcg(high))
    label = keys_of(intake["product"], intake["interval_days"])
    once = np.unique(label, return_index=True)[1]
    return on_rows(judged, rare[once], "dose-non-daily", value=_listed(label, single)[once], expected=_listed(label, average)[once], detail=_days_between,
                   whole_label=True)  # fmt: skip


def _listed(group: Positions, texts: Objects) -> Objects:
    """For every row the texts of its group, as 'a and b'."""
    listed = texts.copy()
    several = np.flatnonzero(np.bincount(group)[group] > 1).tolist()
    members: dict[int, list[str]] = {}
    for row in several:
        members.setdefault(int(group[row]), []).append(listed[row])
    for row in several:
        listed[row] = " and ".join(members[int(group[row])])
    return listed


def _days_between(hit: Hits) -> Objects:
    """How far apart the intakes are; only the longest interval is known where the label allows several doses."""
    days = plain(hit["interval_days"])
    one_dose = hit["daily_mcg_low"] == hit["daily_mcg_high"]
    return np.where(one_dose, "every " + days + " days", "at most " + days + " days apart")


def interval_in_doubt(facts: Facts) -> Findings:
    """A large dose of which no interval is known."""
    judged = facts.judged
    assumed = judged.are("servings_source", "assumed") & (judged["interval_days"] == 1)
    large = judged.are("nutrient", "vitamin_d") & (facts.sure_high > number("dose-interval-needed", "above_mcg"))
    known = ~np.isnan(judged["amount_mcg"])
    return on_rows(judged, known & assumed & large, "dose-interval-needed", value=a_day)


def near_edges(facts: Facts) -> Findings:
    """Doses between two studied points of a band, or in the strip just below it."""
    judged, high = facts.judged, facts.any_high
    found: Findings = []
    bands = judged.texts("band_id")
    exact = high == np.fmin(judged["daily_mcg_low"], judged["other_mcg_low"])
    for place, band_id in enumerate(bands.values):
        here = exact & (bands.codes == place)
        for part in band_id.split(";") if band_id and here.any() else ():
            band = facts.evidence.bands[part]
            points = [float(point) for point in band.studied_points_mcg]
            if len(points) > 1:
                between = here & (high > points[0]) & (high < points[-1]) & ~np.isin(high, points)
                ends = " and ".join(f"{p:,.0f} mcg" for p in points)
                found += on_rows(judged, between, "dose-between-studied", value=a_day, expected=ends)
            if band.borderline_from_mcg is not None and band.low_mcg is not None and ";" not in band_id:
                strip = here & (high >= float(band.borderline_from_mcg)) & (high < float(band.low_mcg))
                found += on_rows(judged, strip, "dose-borderline-low", value=a_day, expected=f"from {float(band.low_mcg):,g} mcg",
                                 detail=band.borderline_note)  # fmt: skip
    return found


def serving_and_directions(facts: Facts) -> Findings:
    """US: a panel for another number of units than is taken at once; EU: directions that count the daily portion again."""
    rows = facts.rows
    us = facts.in_us[facts.row_products] & rows.are("servings_source", "directions") & rows.are("basis", "per_serving")
    us &= ~np.isnan(rows["units_per_serving"]) & (np.abs(rows["single_factor"] - 1) > 1e-9)
    return [
        *on_rows(
            rows,
            us,
            "dose-serving-vs-directions-us",
            value=lambda hit: plain(hit["single_factor"] * hit["units_per_serving"]),
            expected=lambda hit: plain(hit["units_per_serving"]),
            whole_label=True,
        ),
        *_counted_again(facts),
    ]


def _counted_again(facts: Facts) -> Findings:
    rows = facts.rows
    per_day = rows.are("basis", "per_day") & rows.are("servings_source", "directions")
    per_day &= (rows["factor_high"] == 1) & (rows["interval_days"] == 1)
    wanted = facts.products(facts.row_products[per_day]) & facts.in_eu
    if not wanted.any():
        return []
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
        value=lambda hit: plain(units[hit.where]),
    )


def package(facts: Facts) -> Findings:
    """Servings per container that do not follow from the units in the package, or two numbers of them."""
    first = facts.first
    if not facts.has("servings_per_container").any():
        return []
    ambiguous = facts.matching("servings_per_container", r"\d+\s*(?:/|;|\bor\b|\boder\b|\bou\b)\s*\d+")
    printed = on_number(facts.texts("servings_per_container"))
    units = np.full(len(first), np.nan)
    chosen = first_of_each(facts.row_products, facts.rows.are("basis", "per_serving"))
    units[facts.row_products[chosen]] = facts.rows["units_per_serving"][chosen]
    counted = ~np.isnan(units) & ~np.isnan(printed)
    if not (counted | ambiguous).any():
        return []
    net = _units_in(facts.texts("name"), counted)
    if "net_contents" in first:
        stated = _units_in(facts.texts("net_contents"), counted)
        net = np.where(np.isnan(stated), net, stated)
    servings = divided(net, units)
    wrong = np.abs(servings - printed) > number("dose-servings-container-mismatch", "servings")
    return [
        *on_products(first, wrong & ~ambiguous, "dose-servings-container-mismatch", value=lambda hit: plain(net[hit.where]) + " units at " + plain(units[hit.where]) + " a serving",
                     expected=lambda hit: plain(servings[hit.where].round(1)), detail=lambda hit: hit["servings_per_container"]),
        *on_products(first, ambiguous, "dose-servings-container-ambiguous", value=lambda hit: hit["servings_per_container"]),
    ]  # fmt: skip


def on_number(texts: Texts) -> Floats:
    """The one number of each text ('about 60'), missing where there is none or several."""
    numbers = []
    for value in texts.values:
        found = re.findall(r"\d+(?:\.\d+)?", value)
        numbers.append(float(found[0]) if len(found) == 1 else float("nan"))
    return np.array(numbers, dtype=float)[texts.codes]


def _units_in(texts: Texts, among: Mask) -> Floats:
    """The one count of units in each of some texts; missing where none or several are told."""
    pattern = "|".join(catalogue()["dose-servings-container-mismatch"].patterns)
    return texts.numbers(lambda text: _count_in(text, pattern), among)


@remembered(4_096)
def _count_in(text: str, pattern: str) -> float:
    numbers = {match[1].replace(",", "") for match in re.finditer(pattern, text, re.IGNORECASE)}
    return float(next(iter(numbers))) if len(numbers) == 1 else float("nan")


def unset_maximum(facts: Facts) -> Findings:
    """A maximum of 0 beside a minimum means that none was set."""
    if not facts.has("servings_per_day_max").any():
        return []
    zero = facts.matching("servings_per_day_max", r"^\s*0+(?:[.,]0+)?\s*$")
    least = facts.texts("servings_per_day_min")
    some = np.array([read_number_cell(value) is not None for value in least.values], dtype=bool)[least.codes]
    return on_products(
        facts.first, zero & some, "dose-zero-maximum-unset", value=lambda hit: hit["servings_per_day_min"]
    )


class _OpenEnds(NamedTuple):
    """The phrases that leave a dose to a professional, longest first: those of several words by their first word, and those
    of one word or of a script without blanks."""

    by_word: dict[str, tuple[str, ...]]
    of_one_word: tuple[str, ...]


@cache
def _open_ends() -> _OpenEnds:
    phrases = [fold(phrase) for entry in wording_table("phrases").values() for phrase in entry.get("open_ended", ())]
    by_word: dict[str, tuple[str, ...]] = {}
    for phrase in sorted(phrases, key=len, reverse=True):
        first = _WORD.findall(phrase)[0]
        by_word[first] = (*by_word.get(first, ()), phrase)
    of_one_word = tuple(phrase for word, own in by_word.items() for phrase in own if phrase == word)
    return _OpenEnds(
        {word: own for word, found in by_word.items() if (own := tuple(phrase for phrase in found if phrase != word))},
        of_one_word,
    )


_WORD = late_pattern(r"\w+")
_REST_OF_CLAUSE = re.compile(r"[^.;\n]*")


@remembered(2_048)
def open_end(text: str) -> str:
    """The words of directions that leave the dose to somebody else, to the end of the clause; all of them where none are found."""
    folded = fold(text)
    ends = _open_ends()
    found = [(start, start + len(phrase)) for phrase in ends.of_one_word if (start := folded.find(phrase)) >= 0]
    for word in _WORD.finditer(folded):
        begun = (phrase for phrase in ends.by_word.get(word[0], ()) if folded.startswith(phrase, word.start()))
        phrase = next(begun, "")
        if phrase:
            found.append((word.start(), word.start() + len(phrase)))
            break
    if not found:
        return text
    start, end = min(found, key=lambda place: (place[0], -place[1]))
    rest = _REST_OF_CLAUSE.match(folded, end)
    return text[start : rest.end() if rest else None].strip()


# -- audiences -------------------------------------------------------------------------------------------------------------


def audiences(facts: Facts) -> Findings:
    """Labels with doses for several groups of people, morning and evening columns, children on an adult strength."""
    by_column = _several_audience_columns(facts)
    wanted = facts.says("directions", "dose-multiple-audiences", facts.with_row)
    groups = {text: tuple(filter(None, audiences_of(text))) for text in facts.directions_of(wanted)}
    ages = {text: young for text, named in groups.items() if (young := _young_of(named))}
    by_text = _directions_that(facts, wanted, {text for text, named in groups.items() if len(named) > 1})
    by_audience = _audience_of_several(facts) & ~by_text & ~by_column

    def told(hit: Hits) -> Objects:
        texts = [objects(f"'{text}'" for text in hit[name]) for name in ("directions", "audience")]
        return np.select([by_text[hit.where], by_audience[hit.where]], texts, "in columns of its panel")

    return [
        *on_products(facts.first, by_column | by_text | by_audience, "dose-multiple-audiences", value=told,
                     detail=lambda hit: [facts.evidence.contexts[context].title for context in facts.contexts[hit.where]]),
        *on_rows(facts.judged, facts.judged["several_columns"], "dose-am-pm", value=a_day),
        *_children(facts, wanted, ages),
        *_k2_for_children(facts, wanted, ages),
    ]  # fmt: skip


def _directions_that(facts: Facts, wanted: Mask, asked: Collection[str]) -> Mask:
    """Of the wanted products those that have one of some directions."""
    return facts.texts("directions").one_of(asked, wanted) if asked else np.zeros(len(wanted), dtype=bool)


def _several_audience_columns(facts: Facts) -> Mask:
    """Products whose vitamin lines stand in columns for several audiences."""
    named = np.flatnonzero(~facts.targets.are("audience", ""))
    product = facts.product_of_line[facts.targets.index[named]]
    codes = facts.targets.texts("audience").codes[named]
    low = np.full(len(facts.first), np.iinfo(np.intp).max, dtype=np.intp)
    high = np.full(len(facts.first), -1, dtype=np.intp)
    np.minimum.at(low, product, codes)
    np.maximum.at(high, product, codes)
    return (high >= 0) & (low != high)


def _children(facts: Facts, wanted: Mask, ages: dict[str, tuple[str, ...]]) -> Findings:
    """Directions for an age group whose daily dose passes the upper level of that age."""
    if not ages:
        return []
    named = _directions_that(facts, wanted, ages)
    own = facts.in_context(YOUNG)
    rows = facts.rows
    test = (named & ~own)[facts.row_products] & rows.are("nutrient", "vitamin_d") & ~rows.are("form", "calcifediol")
    test &= ~np.isnan(rows["amount_mcg"]) & np.isnan(rows["amount_other_mcg"])
    where = np.flatnonzero(test & _may_pass(facts, ages))
    if not len(where):
        return []
    asked = ("serving_size", "units_per_serving", "directions", "basis", "market", "dosage_form")
    source = rows["source_line"][where]
    cells = {name: facts.targets.array(name).take(source) for name in asked}
    cells["line_basis"] = rows.array("line_basis").take(where)
    plans = distinct(
        cells, ["serving_size", "units_per_serving", "directions", "line_basis", "basis", "market", "dosage_form"]
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

    factor, level, age = (objects(cells)[plans.codes] for cells in zip(*plans.map(worst), strict=True))
    dose = rows["amount_mcg"][where] * factor.astype(float)
    passed = (dose > level.astype(float)) & (age != "")
    titles, authorities = ([told.split("|")[end] for told in age[passed]] for end in (0, -1))
    return on_rows(rows, where[passed], "dose-child-on-adult-strength", value=mcg(dose[passed].round(6)),
                   expected=mcg(level[passed].astype(float)) + " (" + objects(authorities) + ")", detail=titles)  # fmt: skip


def _k2_for_children(facts: Facts, wanted: Mask, ages: dict[str, tuple[str, ...]]) -> Findings:
    """Directions that give a label's K2 to children beside others; products for children are told by the safety checks."""
    young = ("infant", "child")
    named = _directions_that(
        facts, wanted, {text for text, groups in ages.items() if any(age.startswith(young) for age in groups)}
    )
    if not named.any():
        return []
    own = facts.in_context(young)
    rows = facts.rows
    test = (named & ~own)[facts.row_products] & rows.are("nutrient", "vitamin_k2") & (rows["amount_mcg"] > 0)
    return on_rows(rows, first_of_each(facts.row_products, test), "safety-k2-child")


def _audience_of_several(facts: Facts) -> Mask:
    """Products whose audience names pregnancy and children, of whom one is judged."""
    texts = facts.texts("audience")
    found = [
        "pregnancy" in contexts and any(context.startswith(YOUNG) for context in contexts)
        for contexts in map(read_audience, texts.values)
    ]
    return np.array(found, dtype=bool)[texts.codes] & facts.with_row


def _may_pass(facts: Facts, ages: dict[str, tuple[str, ...]]) -> Mask:
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
    rows = facts.rows
    by_piece = rows.are("basis", "per_serving", "per_unit", "per_day") & ~np.isnan(rows["units_per_serving"])
    return ~by_piece | (rows["amount_mcg"] * np.maximum(taken, 1.0) > lowest)


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
