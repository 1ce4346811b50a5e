"""Market maxima: the daily dose against what the law, an authority or the trade of the label's market sets."""

from __future__ import annotations

import numpy as np
import pandas as pd

from auditor.checks import catalogue, number
from auditor.checks.facts import (
    WITHHELD,
    Facts,
    Mask,
    any_high,
    matching,
    mcg,
    nothing,
    on_distinct,
    on_products,
    on_rows,
    together,
)
from auditor.distinct import as_text, one_of
from auditor.limits import Limit

KINDS = {"law": "law", "guidance": "recommendation, not law", "industry": "industry position, not law"}


def maxima(facts: Facts) -> pd.DataFrame:
    """Doses above (or, for a minimum, below) a limit of their market."""
    judged = facts.judged
    if judged.empty:
        return nothing()
    here = facts.known_markets | ({"eu-all"} if facts.in_eu.any() else set())
    limits = [limit for limit in facts.limits if limit.market in here]
    if not limits:
        return nothing()
    doses = judged[OF_A_DOSE].assign(_day=facts.sure_high, _most=any_high(judged), _unit=per_unit(judged))
    product = judged["product"].to_numpy(dtype=np.intp)
    parts = []
    for market in dict.fromkeys(limit.market for limit in limits):
        mine = doses.iloc[np.flatnonzero(_in_market(facts, market)[product])]
        if not mine.empty:
            parts += _in_one_market(facts, mine, [limit for limit in limits if limit.market == market])
    return together(*parts)


OF_A_DOSE = ["product", "source_rows", "nutrient", "form", "context", "label_text", "interval_days", "share"]
"""What is asked of a dose besides its amount."""


def _in_one_market(facts: Facts, judged: pd.DataFrame, limits: list[Limit]) -> list[pd.DataFrame]:
    """Doses of one market against its limits: what surely breaks one, and what may, for the finding on the doubt."""
    parts = [_against(facts, judged, limit, judged["_day" if limit.per == "day" else "_unit"]) for limit in limits]
    doubtful = judged[(judged["_most"] > judged["_day"]).to_numpy()]
    if not doubtful.empty:
        daily = (limit for limit in limits if limit.per == "day" and limit.bound == "maximum")
        parts += [_against(facts, doubtful, limit, doubtful["_most"], doubtful["_day"], WITHHELD) for limit in daily]
    return parts


def _in_market(facts: Facts, market: str) -> Mask:
    """Products of a limit's market that its law on supplements concerns."""
    here = facts.in_eu if market == "eu-all" else facts.market_is(lambda own: own.id == market)
    return here & ~facts.is_medicine


def _against(
    facts: Facts, judged: pd.DataFrame, limit: Limit, dose: pd.Series, sure: pd.Series | None = None, severity: str = ""
) -> pd.DataFrame:
    """Doses of the limit's market that break it; with `sure` only those whose sure dose keeps it."""
    concerned = _concerned(facts, judged, limit)
    if not concerned.any():
        return nothing()
    if len(limit.nutrients) > 1:
        dose = _sum(judged, dose, concerned)
    passed = (
        dose > float(limit.value_mcg)
        if limit.bound == "maximum"
        else (dose < float(limit.value_mcg)) & (dose > 0) & (judged["interval_days"] == 1)
    )
    test = concerned & passed.to_numpy(dtype=bool)
    if sure is not None:
        test &= (sure <= float(limit.value_mcg)).to_numpy()
    if not test.any():
        return nothing()
    if len(limit.nutrients) > 1:
        test &= ~judged["product"].where(test).duplicated().to_numpy()
    exception = catalogue()[limit.finding].patterns
    if exception:
        product = judged["product"].to_numpy(dtype=np.intp)
        mine = np.unique(product[test])
        columns = (facts.texts(name)[mine] for name in ("name", "directions", "audience"))
        texts = pd.Series([" ".join(cells) for cells in zip(*columns, strict=True)], dtype="str")
        test &= ~facts.products(mine[matching(texts, "|".join(exception))])[product]
    per = "a day" if limit.per == "day" else "in one unit"
    word = "exceeds" if limit.bound == "maximum" else "is below"
    whose = limit.place + ("'" if limit.place.endswith("s") else "'s")
    in_doubt = ", unverified" if limit.status == "unverified" else ""
    what = f"{per} {word} {whose} {limit.bound} of {float(limit.value_mcg):,g} mcg ({limit.authority}, {KINDS[limit.kind]}{in_doubt}; checked {limit.last_checked})"
    return on_rows(
        judged,
        test,
        limit.finding,
        value=lambda _: mcg(dose[test].round(3)),
        expected=f"{float(limit.value_mcg):,g} mcg",
        detail=what,
        severity=severity,
    )


def _concerned(facts: Facts, judged: pd.DataFrame, limit: Limit) -> Mask:
    """Doses, among some of the limit's market, of its vitamin, form, audience and time."""
    product = judged["product"].to_numpy(dtype=np.intp)
    test = one_of(judged["nutrient"], limit.nutrients)
    if limit.forms:
        test &= one_of(judged["form"], limit.forms)
    if limit.contexts:
        test &= one_of(judged["context"], limit.contexts)
    if not test.any():
        return test
    dates = facts.label_dates[product]
    if limit.in_force_from is not None:
        test &= (dates == "") | (dates >= limit.in_force_from.isoformat())
    if limit.in_force_to is not None:
        test &= (dates != "") & (dates < limit.in_force_to.isoformat())
    return np.asarray(test & (judged["form"] != "calcifediol").to_numpy())


def _sum(judged: pd.DataFrame, dose: pd.Series, concerned: Mask) -> pd.Series:
    """Sum over the forms of a product; of shares of one total the total counts once."""
    share = judged["share"].to_numpy(dtype=bool)
    alone = dose.where(concerned & ~share).groupby(judged["product"]).transform("sum")
    shared = dose.where(concerned & share).groupby(judged["product"]).transform("max").fillna(0.0)
    return alone + shared


def per_unit(judged: pd.DataFrame) -> pd.Series:
    """Amount (mcg) in one dosage unit; missing where it is not known."""
    amount = judged["amount_mcg"].where(judged["amount_other_mcg"].isna())
    units = judged["units_per_serving"]
    return amount.where(judged["basis"] == "per_unit", (amount / units).where(judged["basis"] == "per_serving"))


# -- rules of one market that are more than an amount ------------------------------------------------------------------------


def canada(facts: Facts) -> pd.DataFrame:
    """Canada: combinations and young people above the general monograph, numbers of the licence."""
    here = facts.market_is(lambda market: market.id == "ca")
    if not here.any():
        return nothing()
    judged = facts.judged
    product = judged["product"].to_numpy(dtype=np.intp)
    above = (
        here[product]
        & (
            (judged["nutrient"] == "vitamin_d") & (facts.sure_high > number("reg-ca-vitd-combination", "above_mcg"))
        ).to_numpy()
    )
    several = facts.line_counts > 1
    young = (
        judged["context"].str.startswith(("infant", "child", "teen")).to_numpy()
        | facts.says("directions", "reg-ca-vitd-adults-only", here)[product]
    )
    return together(
        on_rows(
            judged, above & several[product], "reg-ca-vitd-combination", value=lambda hit: mcg(hit["daily_mcg_high"])
        ),
        on_rows(judged, above & young, "reg-ca-vitd-adults-only", value=lambda hit: mcg(hit["daily_mcg_high"])),
        _npn(facts, here),
    )


def _npn(facts: Facts, here: Mask) -> pd.DataFrame:
    """The natural product number, from a column of its own or from the label's texts."""
    first = facts.first
    column = next((name for name in ("npn", "regulator_id") if name in first), None)
    if column is not None:
        told = as_text(first[column][here]).str.replace(r"(?i)^\s*npn[\s:#]*", "", regex=True).str.strip()
    else:
        told_in = (facts.texts(name)[here] for name in ("name", "claims", "warnings"))
        texts = pd.Series(
            [" ".join(cells) for cells in zip(*told_in, strict=True)], index=first.index[here], dtype="str"
        )
        told = (
            texts.str.extract(r"(?i)\bNPN[\s:#]*([0-9][0-9 ]*)", expand=False)
            .fillna("")
            .str.replace(" ", "", regex=False)
        )
    wrong = np.zeros(len(here), dtype=bool)
    wrong[here] = (told != "").to_numpy() & ~told.str.fullmatch(r"\d{8}").to_numpy(dtype=bool)
    return on_products(facts.first, wrong, "reg-ca-npn-format", value=lambda hit: told.loc[hit.index])


def australia(facts: Facts) -> pd.DataFrame:
    """Australia: MK-7 above the maxima of young people on a label that prints no age."""
    here = facts.market_is(lambda market: market.id == "au") & ~facts.is_medicine
    judged = facts.judged
    product = judged["product"].to_numpy(dtype=np.intp)
    grown = ~judged["context"].str.startswith(("infant", "child", "teen")).to_numpy(dtype=bool)
    test = (
        here[product]
        & grown
        & ((judged["form"] == "mk7") & (facts.sure_high > number("reg-au-mk7-child", "no_age_above_mcg"))).to_numpy()
    )
    if not test.any():
        return nothing()
    mine = np.unique(product[test])
    columns = (facts.texts(name)[mine] for name in ("directions", "audience"))
    texts = pd.Series([" ".join(cells) for cells in zip(*columns, strict=True)], dtype="str")
    ages = matching(texts, "|".join(catalogue()["dose-multiple-audiences"].patterns))
    test &= ~facts.products(mine[ages])[product]
    return on_rows(judged, test, "reg-au-mk7-child", value=lambda hit: mcg(hit["daily_mcg_high"]), severity="warning",
                   detail="a day is above Australia's maxima for young people (45 and 90 mcg) and the label prints no age")  # fmt: skip


# -- measured contents and the age of the rules --------------------------------------------------------------------------------


def measured(facts: Facts) -> pd.DataFrame:
    """A measured content, given in the column `measured_mcg`, outside the market's tolerance of the declared amount."""
    if "measured_mcg" not in facts.targets or facts.rows.empty:
        return nothing()
    rows = facts.rows
    found = pd.Series(facts.of_target("measured_mcg")[:], index=rows.index, dtype="str").replace("", np.nan)
    found = pd.to_numeric(found, errors="coerce")
    percent = 100 * found / rows["amount_mcg"]
    market = facts.market_ids[facts.row_products]
    low = np.where(
        market == "us",
        number("reg-lab-tolerance", "us_low"),
        np.where(facts.in_eu[facts.row_products], number("reg-lab-tolerance", "eu_low"), np.nan),
    )
    high = np.where(facts.in_eu[facts.row_products], number("reg-lab-tolerance", "eu_high"), np.nan)
    korea = np.array([market.lower() == "kr" for market in facts.of_target("market")[:]], dtype=bool)
    korea &= (rows["nutrient"] == "vitamin_d").to_numpy()
    low, high = (
        np.where(korea, number("reg-lab-tolerance", "kr_low"), low),
        np.where(korea, number("reg-lab-tolerance", "kr_high"), high),
    )
    test = (percent < low) | (percent > high)
    allowed = (
        pd.Series(low, index=rows.index).map("{:g}".format)
        + " to "
        + pd.Series(high, index=rows.index).map("{:g} %".format).replace("nan %", "any %")
    )
    told = rows.assign(_found=found, _percent=percent.round(1), _allowed=allowed)
    return on_rows(told, test, "reg-lab-tolerance", value=lambda hit: mcg(hit["_found"]), expected=lambda hit: hit["_allowed"],
                   detail=lambda hit: on_distinct(hit["_percent"], lambda value: f"{value:g} %"))  # fmt: skip


def stale_rules(facts: Facts) -> pd.DataFrame:
    """Labels of a market whose limits were last checked over a year before `today`; the clock is never read."""
    if facts.today is None or facts.judged.empty:
        return nothing()
    parts = []
    product = facts.judged["product"].to_numpy(dtype=np.intp)
    by_market: dict[str, list[Limit]] = {}
    for limit in facts.limits:
        if limit.is_stale(facts.today):
            by_market.setdefault(limit.place, []).append(limit)
    for place, limits in by_market.items():
        concerned = np.zeros(len(facts.first), dtype=bool)
        for limit in limits:
            concerned[product[_in_market(facts, limit.market)[product] & _concerned(facts, facts.judged, limit)]] = True
        parts.append(
            on_products(
                facts.first,
                concerned,
                "rules-stale",
                value=place,
                expected=str(min(limit.last_checked for limit in limits)),
            )
        )
    return together(*parts)


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
