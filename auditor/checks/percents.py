"""Percent of daily value against the amount: which table, group and era a printed percent fits, and percents that are missing."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.checks import catalogue, number
from auditor.checks.facts import (
    IU,
    IU_WORDS,
    WITHHELD,
    Facts,
    Findings,
    any_pattern,
    keys_of,
    mcg,
    on_distinct,
    on_rows,
    plain,
)
from auditor.checks.tables import Floats, Hits, Mask, Objects, Positions, Table, objects
from auditor.dose import IU_PER_MCG
from auditor.evidence import DailyValue, Evidence
from auditor.markets import UNKNOWN, market_named
from auditor.patterns import late_pattern
from auditor.remembering import remembered

HALF_POINT = Decimal("0.5")
GROUPS = {
    "adult": "adults",
    "child-1-3": "children of 1 to 3 years",
    "infant": "infants",
    "pregnancy": "pregnant and lactating women",
}
FORMER_ENDED = "2021-01-01"
"""Day from which no US label may use the former daily values (evidence edition, daily_values.toml)."""


def percents(facts: Facts) -> Findings:
    """Percents that are not the amount's share of the label's own daily value; of a doubtful amount they are withheld."""
    rows = facts.rows
    in_doubt = ~np.isnan(rows["amount_other_mcg"]) & ~rows["share"]
    where = np.flatnonzero((_checkable(rows) | in_doubt) & ~np.isnan(rows["declared_percent_dv"]))
    if not len(where):
        return []
    declared = _declared(facts, where)
    key = keys_of(declared[0] == "vitamin_d", *declared[1:])
    firsts = np.unique(key, return_index=True)[1]
    cases = zip(*(column[firsts].tolist() for column in declared), strict=True)
    explained = [_explain(*case, evidence=facts.evidence) for case in cases]
    codes, expected, details, severities = (objects(cells) for cells in zip(*explained, strict=True))
    code = codes[key]
    dates = facts.label_dates[facts.row_products[where]]
    of_its_time = (code == "dv-percent-old-dv") & (dates != "") & (dates < FORMER_ENDED)
    severity = np.select([in_doubt[where], of_its_time], [WITHHELD, "note"], severities[key])
    detail = details[key]
    wrong = np.flatnonzero(code == "dv-percent-mismatch")
    if len(wrong):
        detail[wrong] = _with_weight(facts, where[wrong], detail[wrong])
    found: Findings = []
    for wanted in CODES:
        mine = np.flatnonzero(code == wanted)
        found += on_rows(rows, where[mine], wanted, value=lambda hit: _printed(hit["declared_percent_dv"]), expected=expected[key[mine]],
                         detail=detail[mine], severity=severity[mine])  # fmt: skip
    return found


def _declared(facts: Facts, where: Positions) -> tuple[npt.NDArray[Any], ...]:
    """What some rows declare: nutrient, amount (mcg), percent, and the market and daily value group of their product."""
    row, product = Hits(facts.rows, where), facts.row_products[where]
    own = (row[name] for name in ("nutrient", "amount_mcg", "declared_percent_dv"))
    return (*own, facts.market_ids[product], facts.daily_value_groups[product])


def _with_weight(facts: Facts, where: Positions, details: Objects) -> Objects:
    """Details of wrong percents; where the amount is in mg, the slip may be the amount's."""
    columns = (details, _printed(facts.rows["declared_percent_dv"][where]), weights_meant(facts, where))
    return objects(
        f"{detail.partition(';')[0]}; {percent} is that of {weight}" if weight else detail
        for detail, percent, weight in zip(*columns, strict=True)
    )


CODES = (
    "dv-percent-mismatch",
    "dv-percent-old-dv",
    "dv-percent-other-market",
    "dv-percent-wrong-audience",
    "dv-percent-food-rounding",
)


def _checkable(rows: Table) -> Mask:
    """Rows with one plain amount that a daily value can be compared with; of a total of K1 and K2 only one."""
    amount = rows["amount_mcg"]
    usable = (amount > 0) & (rows["amount_low_mcg"] == amount) & np.isnan(rows["amount_other_mcg"])
    return usable & ~rows.are("form", "calcifediol") & (~rows["share"] | rows.are("nutrient", "vitamin_k1"))


def _step(share: Decimal) -> Decimal:
    return Decimal(2 if share <= 10 else 5 if share <= 50 else 10)


def _fits(amount: Decimal, percent: Decimal, value: DailyValue) -> bool:
    """Whether a percent is the amount's share of a daily value.

    Tolerance: half a point for the whole percent, plus the permitted rounding of the amount: 0.1 mcg below 25 mcg RDI,
    else 1 mcg (label rules study 1.3), and in Europe two figures, so that 62.5 is printed 63.
    """
    european = value.market in ("eu", "uk") and amount >= 10 and amount == amount.to_integral_value()
    half = HALF_POINT if value.value_mcg >= 25 or european else Decimal("0.05")
    return abs(100 * amount / value.value_mcg - percent) <= HALF_POINT + 100 * half / value.value_mcg


def _fits_food(amount: Decimal, percent: Decimal, value: DailyValue) -> bool:
    """Whether a percent is the share in the steps of food labels: 2 up to 10, 5 up to 50, then 10."""
    share = 100 * amount / value.value_mcg
    return percent % _step(share) == 0 and abs(share - percent) <= _step(share) / 2


class Explained(NamedTuple):
    """What a printed percent is: finding id ('' when it fits its own table), expected percents, detail, severity if not the usual."""

    code: str = ""
    expected: str = ""
    detail: str = ""
    severity: str = ""


@remembered(16_384)
def _explain(
    nutrient: str, amount_mcg: float, percent_dv: float, market: str, group: str, *, evidence: Evidence
) -> Explained:
    """One declaration against every table of the edition.  What rests on values from memory alone is a note."""
    amount, percent = Decimal(str(amount_mcg)), Decimal(str(percent_dv))
    own, home = own_values(evidence, nutrient, market, group)
    if not own or any(_fits(amount, percent, value) for value in own):
        return Explained()
    expected = " or ".join(dict.fromkeys(_percent_of(amount, value) for value in own))

    def told(code: str, detail: str, *rests_on: DailyValue) -> Explained:
        known = all(value.status == "unverified" for value in rests_on or own)
        from_memory = known or all(value.status == "unverified" for value in own)
        return Explained(code, expected, detail, "note" if from_memory else "")

    fitting = [value for value in _values_of(evidence, nutrient) if _fits(amount, percent, value)]
    former = [value for value in fitting if value in home and value.era == "former" and value.group in (group, "adult")]
    abroad = [
        value for value in fitting
        if market_named(market) is not UNKNOWN and value not in home and value.era == "current" and value.group in (group, "adult")
    ]  # fmt: skip
    others = [value for value in fitting if value in home and value.era == "current" and value.group != group]
    of_group = [value for value in abroad if value.group == group != "adult"]
    if former:
        read = [value for value in abroad if value.status != "unverified"]
        too = f" ({_named(read)} fits too)" if read else ""
        return told("dv-percent-old-dv", _named(former[:1]) + too, *former)
    if others and not of_group:
        return told("dv-percent-wrong-audience", f"{GROUPS[others[0].group]} ({_mcg(others[0])})", *others)
    if any(_fits_food(amount, percent, value) for value in own):
        return told("dv-percent-food-rounding", "")
    if abroad:
        return told("dv-percent-other-market", _named(of_group or abroad), *abroad)
    steps = [value for value in home if value.era == "former" and _fits_food(amount, percent, value)]
    if steps:
        return told("dv-percent-old-dv", _named(steps[:1]) + " in food-label steps", *steps)
    used = f"{amount_mcg:,.6g} mcg, which was used"
    for value in (own[0], *(value for value in home if value.era == "former" and value.group in (group, "adult"))):
        slip = _slip(amount, percent, value)
        if slip:
            whose = "" if value is own[0] else f" for {_named([value])}"
            return told("dv-percent-mismatch", f"{used}; {slip}{whose}")
    return told("dv-percent-mismatch", used)


def _values_of(evidence: Evidence, nutrient: str) -> list[DailyValue]:
    key = "vitamin_d" if nutrient == "vitamin_d" else "vitamin_k"
    return [value for value in evidence.daily_values.values() if value.nutrient == key]


def own_values(evidence: Evidence, nutrient: str, market: str, group: str) -> tuple[list[DailyValue], list[DailyValue]]:
    """Current values of a label's own table for its group, or else for adults; and all rows of that table.

    A market's own table is the first of its list in `markets.toml` that has values; with no market stated all of them are.
    """
    known, values = market_named(market), _values_of(evidence, nutrient)
    tables = [name for name in known.daily_values if any(value.market == name for value in values)]
    home = [value for value in values if value.market in (tables if known is UNKNOWN else tables[:1])]
    current = [value for value in home if value.era == "current"]
    own = [value for value in current if value.group == group] or [value for value in current if value.group == "adult"]
    return own, home


def _named(values: list[DailyValue]) -> str:
    """'the former US value of 10 mcg', 'the EU and UK value of 5 mcg'; different ones joined by 'or'."""
    markets: dict[str, list[str]] = {}
    for value in values:
        whose = "" if value.group == "adult" else f" for {GROUPS[value.group]}"
        markets.setdefault(f" value of {_mcg(value)}{whose}", []).append(value.market.upper())
    former = "former " if values[0].era == "former" else ""
    return " or ".join(f"the {former}{' and '.join(dict.fromkeys(names))}{rest}" for rest, names in markets.items())


def _mcg(value: DailyValue) -> str:
    return f"{float(value.value_mcg):g} mcg"


def _printed(percents: Floats) -> Objects:
    return on_distinct(percents, lambda value: f"{Decimal(str(value)).normalize():f} %")


def shown_percent(value: float) -> str:
    """A whole percent, halves up as on labels ('313 %' of 312.5); two figures below ten."""
    return f"{math.floor(value + 0.5):,} %" if value >= 10 else f"{value:.2g} %"


def _percent_of(amount: Decimal, value: DailyValue) -> str:
    share = 100 * amount / value.value_mcg
    return shown_percent(float(share))


def _slip(amount: Decimal, percent: Decimal, own: DailyValue) -> str:
    """What a wrong percent may come from: a decimal slip, a fraction printed as a percent, or milligrams for micrograms."""
    factor = _factor(amount, percent, own)
    times = {1: "ten", 2: "a hundred", 3: "a thousand"}.get(abs(factor))
    return f"the percent is {times} times too {'high' if factor > 0 else 'low'}" if times else ""


def _factor(amount: Decimal, percent: Decimal, own: DailyValue) -> int:
    """Power of ten, up to the third, by which a percent is too high (or, below zero, too low); 0 for none."""
    share = 100 * amount / own.value_mcg
    for power in (1, -1, 2, -2, 3, -3):
        meant = share.scaleb(power)
        slack = max(meant / 50, HALF_POINT if percent >= LEAST_ROUNDED else Decimal(0))
        if abs(percent - meant) <= slack:
            return power
    return 0


LEAST_ROUNDED = 4
"""Whole percents from here on are compared with their rounding; below it half a point would fit too many amounts."""


def weights_meant(facts: Facts, where: Positions, least: int = -3) -> Objects:
    """Of amounts of some rows printed in mg, the weight that their percent is the share of, if it is one of their decimal parts: '0.1 mg'; else ''.

    `least` is the power of ten of the smallest part that is tried.
    """
    rows = facts.rows
    among = np.zeros(len(rows), dtype=bool)
    among[where] = True
    among &= (rows["declared_percent_dv"] > 0) & (rows["amount_mcg"] > 0)
    asked = np.flatnonzero(printed_in_mg(rows, among))
    cases = zip(*(column.tolist() for column in _declared(facts, asked)), strict=True)
    found = np.full(len(rows), "", dtype=object)
    found[asked] = [_weight_meant(*case, least, evidence=facts.evidence) for case in cases]
    return found[where]


def printed_in_mg(rows: Table, among: Mask) -> Mask:
    """Of some rows those whose line prints milligrams."""
    return rows.texts("label_text").holding(MILLIGRAMS, among)


MILLIGRAMS = r"\d ?(?:mg|milli[- ]?g\w*|мг|毫克|ミリグラム)(?:\W|$)"


@remembered(1024)
def _weight_meant(
    nutrient: str, amount_mcg: float, percent_dv: float, market: str, group: str, least: int, *, evidence: Evidence
) -> str:
    amount, percent = Decimal(str(amount_mcg)), Decimal(str(percent_dv))
    own, _ = own_values(evidence, nutrient, market, group)
    factor = _factor(amount, percent, own[0]) if own else 0
    return f"{float(amount.scaleb(factor) / 1000):.6g} mg" if least <= factor < 0 else ""


# -- international units printed as micrograms --------------------------------------------------------------------------------


def units_as_micrograms(facts: Facts) -> Findings:
    """Vitamin D in mcg whose number the product's name gives as IU; what its percent says of that, the line's reader tells."""
    rows = facts.rows
    wanted = rows.are("nutrient", "vitamin_d") & _checkable(rows) & np.isnan(rows["declared_iu"])
    wanted &= rows["amount_mcg"] >= number("unit-iu-mcg-suspect", "smallest")
    wanted &= ~printed_in_mg(rows, wanted)
    # The name has to give some number as units.
    in_units = facts.matching("name", rf"\d ?{IU_WORDS}", facts.products(facts.row_products[wanted]))
    where = np.flatnonzero(wanted & in_units[facts.row_products])
    _, *declared = _declared(facts, where)
    cases = zip(*(column.tolist() for column in declared), facts.texts("name")[facts.row_products[where]], strict=True)
    reasons = objects(_reason_for_units(*case, evidence=facts.evidence) for case in cases)
    test = reasons != ""
    return on_rows(
        rows, where[test], "unit-iu-mcg-suspect", value=lambda hit: mcg(hit["amount_mcg"]),
        expected=lambda hit: plain(hit["amount_mcg"]) + " IU = " + mcg(hit["amount_mcg"] / IU_PER_MCG), detail=reasons[test],
    )  # fmt: skip


@remembered(16_384)
def _reason_for_units(
    amount_mcg: float, percent_dv: float, market: str, group: str, name: str, *, evidence: Evidence
) -> str:
    """Why the number of an amount in mcg may be that of IU; '' if nothing says so."""
    amount = Decimal(str(amount_mcg))
    if not math.isnan(percent_dv):
        percent = Decimal(str(percent_dv))
        own, home = own_values(evidence, "vitamin_d", market, group)
        values = [*own, *(value for value in home if value.group in (group, "adult"))]
        if any(_fits(amount, percent, value) for value in values):
            return ""
    printed = rf"(?<![\d.,]){amount_mcg:,.6g}(?![\d.,])|(?<![\d.,]){amount_mcg:.6g}(?![\d.,])"
    return (
        "the product's name gives IU; used as printed"
        if re.search(rf"(?:{printed}) ?{IU}", name, re.IGNORECASE)
        else ""
    )


# -- percents that are missing, needless or contradicted -------------------------------------------------------------------


def missing_percents(facts: Facts) -> Findings:
    """Vitamin D or K1 on a panel that prints neither percent nor symbol."""
    rows = facts.rows
    panel = (facts.is_panel & ~facts.is_medicine)[facts.row_products]
    bare = panel & np.isnan(rows["declared_percent_dv"]) & rows.are("parent", "") & _checkable(rows)
    bare &= facts.of_target("percent_dv").are("")
    if not bare.any():
        return []
    for name in ("ingredient", "amount"):
        bare &= ~facts.of_target(name).holding(r"[*†‡%]", bare)
    counts = rows.are("nutrient", "vitamin_d", "vitamin_k1")
    us, eu = facts.in_us[facts.row_products], facts.in_eu[facts.row_products]
    # Medicines carry no percent, so the record must speak of a daily portion, as supplements do, or print a percent elsewhere.
    some = facts.products(facts.product_of_line[facts.lines.texts("percent_dv").holding("%")])
    portion = (
        some[facts.row_products]
        | facts.of_target("basis").are("per_day")
        | facts.of_target("serving_size").holding(any_pattern("nrv-percent-missing-eu"), bare & eu)
    )
    us_rows, eu_rows = bare & us & counts, bare & eu & portion
    return [
        *on_rows(rows, us_rows, "dv-percent-missing-us", expected=lambda hit: _expected(facts, hit)),
        *on_rows(rows, eu_rows, "nrv-percent-missing-eu", expected=lambda hit: _expected(facts, hit)),
    ]


def _expected(facts: Facts, hit: Hits) -> Objects:
    """Percent of the label's own daily value for some rows."""
    return on_distinct(share_of_daily_value(facts, hit.where).round(1), shown_percent)


def share_of_daily_value(facts: Facts, where: Positions) -> Floats:
    """Amounts of some rows as percents of the current daily value of their market and group; missing where the edition has none."""
    product, is_d = facts.row_products[where], facts.rows.are("nutrient", "vitamin_d")[where]
    market, group = facts.market_ids[product], facts.daily_value_groups[product]
    key = keys_of(is_d, market, group)
    firsts = np.unique(key, return_index=True)[1]
    values = [
        _daily_value(facts.evidence, "vitamin_d" if is_d[n] else "vitamin_k", market[n], group[n]) for n in firsts
    ]
    return 100 * facts.rows["amount_mcg"][where] / np.array(values, dtype=float)[key]


def _daily_value(evidence: Evidence, nutrient: str, market: str, group: str) -> float:
    own, _ = own_values(evidence, nutrient, market, group)
    return float(own[0].value_mcg) if own else float("nan")


def needless_percents(facts: Facts) -> Findings:
    """US: a percent on a line of K2 only, and an amount below two percent."""
    rows = facts.rows
    us, is_k2, amount = facts.in_us[facts.row_products], rows.are("nutrient", "vitamin_k2"), rows["amount_mcg"]
    k2 = us & is_k2 & ~np.isnan(rows["declared_percent_dv"]) & ~rows["share"]
    # Of a printed range the upper end counts.
    ranged = (rows["amount_low_mcg"] > 0) & (rows["amount_low_mcg"] < amount) & np.isnan(rows["amount_other_mcg"])
    where = np.flatnonzero(us & (_checkable(rows) | ranged) & ~is_k2)
    small = where[share_of_daily_value(facts, where) < catalogue()["dv-below-two-percent"].numbers["percent"]]
    return [
        *on_rows(rows, k2, "dv-k2-percent-us", value=lambda hit: on_distinct(hit["declared_percent_dv"], lambda value: f"{value:g} %")),
        *on_rows(rows, small, "dv-below-two-percent", value=lambda hit: on_distinct(hit["amount_mcg"], lambda value: f"{value:,.6g} mcg"), expected=lambda hit: _expected(facts, hit)),
    ]  # fmt: skip


_SYMBOL = late_pattern(r"(\*+|†+|‡+|§+)")
_NOT_ESTABLISHED = late_pattern(r"not (?:been )?established|no daily value|nicht festgelegt|non établi", re.IGNORECASE)


def contradicted_percents(facts: Facts) -> Findings:
    """A percent with the very symbol that elsewhere on the label stands for 'Daily Value not established'."""
    texts = facts.lines.texts("percent_dv")
    figure = np.array([any(char.isdigit() for char in value) for value in texts.values], dtype=bool)
    symbol = objects(found[1] if (found := _SYMBOL.search(value)) else "" for value in texts.values)
    words = np.array([_NOT_ESTABLISHED.search(value) is not None for value in texts.values], dtype=bool)
    of_row = texts.codes[facts.targets.index[facts.rows["source_line"]]]
    both = (figure & ((symbol != "") | words))[of_row] & ~np.isnan(facts.rows["declared_percent_dv"])
    if not both.any():
        return []
    symbols, _ = pd.factorize(symbol)
    kinds = int(symbols.max()) + 1
    alone = (~figure & (symbol != ""))[texts.codes]
    of_label = facts.product_of_line[alone] * kinds + symbols[texts.codes[alone]]
    test = both & (np.isin(facts.row_products * kinds + symbols[of_row], of_label) | words[of_row])
    return on_rows(facts.rows, test, "dv-footnote-contradiction", value=lambda hit: texts.values[of_row[hit.where]])


CHECKS = {
    CODES: percents,
    ("unit-iu-mcg-suspect",): units_as_micrograms,
    ("dv-percent-missing-us", "nrv-percent-missing-eu"): missing_percents,
    ("dv-k2-percent-us", "dv-below-two-percent"): needless_percents,
    ("dv-footnote-contradiction",): contradicted_percents,
}
"""Ids and the function that raises them."""
