"""Market maxima: the daily dose against what the law, an authority or the trade of the label's market sets."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from auditor.checks import catalogue, number
from auditor.checks.doses import YOUNG
from auditor.checks.facts import (
    WITHHELD,
    Facts,
    Findings,
    a_day,
    divided,
    first_of_each,
    mcg,
    on_distinct,
    on_products,
    on_rows,
)
from auditor.checks.tables import Floats, Hits, Mask, Objects, Positions, Table, objects
from auditor.dose import PICOGRAM_DECIMALS
from auditor.limits import Limit
from auditor.patterns import late_pattern
from auditor.searching import holds

KINDS = {"law": "law", "guidance": "recommendation, not law", "industry": "industry position, not law"}


def maxima(facts: Facts) -> Findings:
    """Doses above (or, for a minimum, below) a limit of their market."""
    here = facts.known_markets | ({"eu-all"} if facts.in_eu.any() else set())
    found: Findings = []
    by_market: dict[str, list[Limit]] = {}
    for limit in facts.limits:
        if limit.market in here:
            by_market.setdefault(limit.market, []).append(limit)
    for market, limits in by_market.items():
        doses = np.flatnonzero(_in_market(facts, market)[facts.dose_products])
        if len(doses):
            found += _in_one_market(facts, doses, limits)
    return found


def _in_one_market(facts: Facts, doses: Positions, limits: list[Limit]) -> Findings:
    """Doses of one market against its limits: what surely breaks one, and what may, for the finding on the doubt."""
    found: Findings = []
    sure, some = facts.sure_high[doses], facts.any_high[doses]
    for limit in limits:
        found += _against(facts, doses, limit, sure if limit.per == "day" else _per_unit(facts.judged, doses))
    doubtful = some > sure
    if doubtful.any():
        for limit in limits:
            if limit.per == "day" and limit.bound == "maximum":
                found += _against(facts, doses[doubtful], limit, some[doubtful], sure[doubtful], WITHHELD)
    return found


def _in_market(facts: Facts, market: str) -> Mask:
    """Products of a limit's market that its law on supplements concerns."""
    here = facts.in_eu if market == "eu-all" else facts.market_is(lambda own: own.id == market)
    return here & ~facts.is_medicine


def _against(
    facts: Facts, doses: Positions, limit: Limit, dose: Floats, sure: Floats | None = None, severity: str = ""
) -> Findings:
    """Doses of the limit's market that break it; with `sure` only those whose sure dose keeps it."""
    judged = facts.judged
    concerned = _concerned(facts, doses, limit)
    if not concerned.any():
        return []
    product = facts.dose_products[doses]
    if len(limit.nutrients) > 1:
        dose = _sum(product, dose, concerned, judged["share"][doses])
    allowed = float(limit.value_mcg)
    if limit.bound == "maximum":
        test = concerned & (dose > allowed)
    else:
        test = concerned & (dose < allowed) & (dose > 0) & (judged["interval_days"][doses] == 1)
    if sure is not None:
        test &= sure <= allowed
    if len(limit.nutrients) > 1:
        test = first_of_each(product, test)
    exception = catalogue()[limit.finding].patterns
    if exception and test.any():
        mine = np.unique(product[test])
        test &= ~facts.products(mine[_hold(facts, mine, ("name", "directions", "audience"), exception)])[product]
    if not test.any():
        return []
    per = "a day" if limit.per == "day" else "in one unit"
    word = "exceeds" if limit.bound == "maximum" else "is below"
    whose = limit.place + ("'" if limit.place.endswith("s") else "'s")
    in_doubt = ", unverified" if limit.status == "unverified" else ""
    what = f"{per} {word} {whose} {limit.bound} of {allowed:,g} mcg ({limit.authority}, {KINDS[limit.kind]}{in_doubt}; checked {limit.last_checked})"
    return on_rows(
        judged,
        doses[test],
        limit.finding,
        value=mcg(dose[test].round(3)),
        expected=f"{allowed:,g} mcg",
        detail=what,
        severity=severity,
    )


def _hold(facts: Facts, products: Positions, columns: tuple[str, ...], patterns: tuple[str, ...]) -> Mask:
    """Of some products those whose texts of some columns, joined by blanks, hold one of some patterns."""
    texts = (facts.texts(name)[products] for name in columns)
    return holds(objects(" ".join(cells) for cells in zip(*texts, strict=True)), "|".join(patterns))


def _concerned(facts: Facts, doses: Positions, limit: Limit) -> Mask:
    """Of some doses of the limit's market those of its vitamin, form, audience and time."""
    judged = facts.judged
    test = judged.are("nutrient", *limit.nutrients)[doses]
    if limit.forms:
        test &= judged.are("form", *limit.forms)[doses]
    if limit.contexts:
        test &= judged.are("context", *limit.contexts)[doses]
    if limit.in_force_from is not None or limit.in_force_to is not None:
        dates = facts.label_dates[facts.dose_products[doses]]
        if limit.in_force_from is not None:
            test &= (dates == "") | (dates >= limit.in_force_from.isoformat())
        if limit.in_force_to is not None:
            test &= (dates != "") & (dates < limit.in_force_to.isoformat())
    return test & ~judged.are("form", "calcifediol")[doses]


def _sum(product: Positions, dose: Floats, concerned: Mask, share: Mask) -> Floats:
    """Sum over the forms of a product; of shares of one total the total counts once."""
    known = ~np.isnan(dose)
    alone, shared = np.zeros((2, product.max() + 1))
    where = concerned & ~share & known
    np.add.at(alone, product[where], dose[where])
    where = concerned & share & known
    np.maximum.at(shared, product[where], dose[where])
    return np.round(alone + shared, PICOGRAM_DECIMALS)[product]


def _per_unit(judged: Table, doses: Positions) -> Floats:
    """Amount (mcg) of some doses in one dosage unit; missing where it is not known."""
    by_unit, by_serving = (judged.are("basis", basis)[doses] for basis in ("per_unit", "per_serving"))
    amount = np.where(np.isnan(judged["amount_other_mcg"][doses]), judged["amount_mcg"][doses], np.nan)
    return np.select([by_unit, by_serving], [amount, divided(amount, judged["units_per_serving"][doses])], np.nan)


# -- rules of one market that are more than an amount ------------------------------------------------------------------------


def canada(facts: Facts) -> Findings:
    """Canada: combinations and young people above the general monograph, numbers of the licence."""
    here = facts.market_is(lambda market: market.id == "ca")
    if not here.any():
        return []
    judged, product = facts.judged, facts.dose_products
    above = here[product] & judged.are("nutrient", "vitamin_d")
    above &= facts.sure_high > number("reg-ca-vitd-combination", "above_mcg")
    several = facts.line_counts > 1
    young = facts.in_context(YOUNG) | facts.says("directions", "reg-ca-vitd-adults-only", here)
    return [
        *on_rows(judged, above & several[product], "reg-ca-vitd-combination", value=a_day),
        *on_rows(judged, above & young[product], "reg-ca-vitd-adults-only", value=a_day),
        *_npn(facts, here),
    ]


_NPN = late_pattern(r"^\s*npn[\s:#]*", re.IGNORECASE | re.ASCII)
_NPN_IN_TEXT = late_pattern(r"\bNPN[\s:#]*([0-9][0-9 ]*)", re.IGNORECASE)
_NPN_DIGITS = late_pattern(r"[0-9]{8}")


def _npn(facts: Facts, here: Mask) -> Findings:
    """The natural product number, from a column of its own or from the label's texts."""
    column = next((name for name in ("npn", "regulator_id") if name in facts.first), None)
    if column is not None:
        told = [_NPN.sub("", text).strip() for text in facts.texts(column)[here]]
    else:
        texts = zip(*(facts.texts(name)[here] for name in ("name", "claims", "warnings")), strict=True)
        found = (_NPN_IN_TEXT.search(" ".join(cells)) for cells in texts)
        told = [match[1].replace(" ", "") if match else "" for match in found]
    numbers = np.full(len(here), "", dtype=object)
    numbers[here] = told
    wrong = np.zeros(len(here), dtype=bool)
    wrong[here] = [text != "" and _NPN_DIGITS.fullmatch(text) is None for text in told]
    return on_products(facts.first, wrong, "reg-ca-npn-format", value=lambda hit: numbers[hit.where])


def australia(facts: Facts) -> Findings:
    """Australia: MK-7 above the maxima of young people on a label that prints no age."""
    judged, product = facts.judged, facts.dose_products
    here = facts.market_is(lambda market: market.id == "au") & ~facts.is_medicine
    test = (here & ~facts.in_context(YOUNG))[product] & judged.are("form", "mk7")
    test &= facts.sure_high > number("reg-au-mk7-child", "no_age_above_mcg")
    if not test.any():
        return []
    mine = np.unique(product[test])
    ages = _hold(facts, mine, ("directions", "audience"), catalogue()["dose-multiple-audiences"].patterns)
    test &= ~facts.products(mine[ages])[product]
    return on_rows(judged, test, "reg-au-mk7-child", value=a_day, severity="warning",
                   detail="a day is above Australia's maxima for young people (45 and 90 mcg) and the label prints no age")  # fmt: skip


# -- measured contents and the age of the rules --------------------------------------------------------------------------------


def measured(facts: Facts) -> Findings:
    """A measured content, given in the column `measured_mcg`, outside the market's tolerance of the declared amount."""
    if "measured_mcg" not in facts.targets:
        return []
    rows, texts = facts.rows, facts.of_target("measured_mcg")
    numbers = catalogue()["reg-lab-tolerance"].numbers
    read = pd.to_numeric(pd.Series(texts.values, dtype="str").replace("", np.nan), errors="coerce")
    found = read.to_numpy(dtype=float)[texts.codes]
    percent = divided(100 * found, rows["amount_mcg"])
    us, eu = facts.in_us[facts.row_products], facts.in_eu[facts.row_products]
    markets = facts.of_target("market")
    korea = np.array([market.lower() == "kr" for market in markets.values], dtype=bool)[markets.codes]
    korea &= rows.are("nutrient", "vitamin_d")
    low, high = (
        np.select([korea, us, eu], [numbers.get(f"{place}_{end}", np.nan) for place in ("kr", "us", "eu")], np.nan)
        for end in ("low", "high")
    )
    test = (percent < low) | (percent > high)

    def allowed(hit: Hits) -> Objects:
        ends = zip(low[hit.where], high[hit.where], strict=True)
        return objects(f"{least:g} to {'any' if np.isnan(most) else f'{most:g}'} %" for least, most in ends)

    return on_rows(rows, test, "reg-lab-tolerance", value=lambda hit: mcg(found[hit.where]), expected=allowed,
                   detail=lambda hit: on_distinct(percent[hit.where].round(1), lambda value: f"{value:g} %"))  # fmt: skip


def stale_rules(facts: Facts) -> Findings:
    """Labels of a market whose limits were last checked over a year before `today`; the clock is never read."""
    if facts.today is None:
        return []
    found: Findings = []
    by_place: dict[str, list[Limit]] = {}
    for limit in facts.limits:
        if limit.is_stale(facts.today):
            by_place.setdefault(limit.place, []).append(limit)
    for place, limits in by_place.items():
        concerned = np.zeros(len(facts.first), dtype=bool)
        for limit in limits:
            doses = np.flatnonzero(_in_market(facts, limit.market)[facts.dose_products])
            concerned[facts.dose_products[doses[_concerned(facts, doses, limit)]]] = True
        oldest = min(limit.last_checked for limit in limits)
        found += on_products(facts.first, concerned, "rules-stale", value=place, expected=str(oldest))
    return found


AMOUNTS = (
    "reg-ca-vitd-prescription", "reg-ca-vitk", "reg-au-vitd", "reg-be-vitd", "reg-be-vitk", "reg-nl-vitd", "reg-de-bfr", "reg-pl-gis", "reg-it-vitd",
    "reg-fr-vitd", "reg-no-vitd", "reg-dk-guidance", "reg-uk-industry", "reg-eu-min-15", "reg-jp-nfc", "reg-in-one-rda", "reg-au-mk7-child",
)  # fmt: skip
"""Checks told by a row of the limit files."""

CHECKS = {
    AMOUNTS: maxima,
    ("reg-ca-vitd-combination", "reg-ca-vitd-adults-only", "reg-ca-npn-format"): canada,
    ("reg-au-mk7-child",): australia,
    ("reg-lab-tolerance",): measured,
    ("rules-stale",): stale_rules,
}
"""Ids and the function that raises them."""
