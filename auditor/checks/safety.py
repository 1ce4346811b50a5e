"""Safety notes, worded as cautions to discuss with a professional: upper levels, vitamin K antagonists, hormones, groups at risk."""

from __future__ import annotations

import numpy as np

from auditor.checks import catalogue, number
from auditor.checks.facts import (
    VITAMIN_K,
    WITHHELD,
    Facts,
    Findings,
    Told,
    a_day,
    any_pattern,
    first_match,
    first_of_each,
    mcg,
    on_products,
    on_rows,
    plain,
)
from auditor.checks.tables import Hits, Objects, objects
from auditor.dose import IU_PER_MCG
from auditor.ingredients import read_ingredient

NO_AMOUNT_ERRORS = ("unit-iu-on-vitamin-k", "amount-negative", "amount-not-a-number")


def over_upper_level(facts: Facts) -> Findings:
    """A daily dose above the upper level of its context, under every reading of the label."""
    judged, high = facts.judged, facts.sure_high
    level, of_d = judged["upper_level_mcg"], judged.are("nutrient", "vitamin_d")
    above = of_d & (high > level)
    in_doubt = of_d & ~above & (facts.any_high > level)
    with_k2 = facts.products(facts.dose_products[judged.are("nutrient", "vitamin_k2", "vitamin_k")])

    def value(hit: Hits) -> Objects:
        dose = high[hit.where]
        return mcg(dose.round(2)) + " (" + plain((dose * IU_PER_MCG).round(0)) + " IU)"

    def detail(hit: Hits) -> Objects:
        tail = objects(("", "; K2 was not shown to offset it"))[with_k2[hit["product"]].astype(np.intp)]
        return hit["upper_level_authority"] + ", " + hit["context"] + "), which counts food as well" + tail

    return [
        *on_rows(
            judged, above, "safety-vitd-over-ul", value=value, expected=lambda hit: mcg(hit["upper_level_mcg"]), detail=detail,
            severity=lambda hit: np.where(high[hit.where] > number("safety-vitd-over-ul", "adverse_from_mcg"), "error", ""),
        ),
        *on_rows(judged, in_doubt, "safety-vitd-over-ul", severity=WITHHELD),
    ]  # fmt: skip


def infant_dose(facts: Facts) -> Findings:
    """One dose for infants of more than 400 IU."""
    rows = facts.rows
    dose = rows["amount_mcg"] * rows["single_factor"]
    test = facts.in_context(("infant",))[facts.row_products] & rows.are("nutrient", "vitamin_d")
    test &= np.isnan(rows["amount_other_mcg"]) & (dose > number("safety-infant-dropper", "dose_mcg"))
    return on_rows(rows, test, "safety-infant-dropper", value=lambda hit: mcg(dose[hit.where]))


def vitamin_k_antagonists(facts: Facts) -> Findings:
    """Vitamin K for people on warfarin and its kind: a note, and a warning where the market asks for a caution that is not on the record."""
    judged, product = facts.judged, facts.dose_products
    high, infant = judged["daily_mcg_high"], facts.in_context(("infant",))[product]
    low = np.select(
        [judged.are("nutrient", nutrient) for nutrient in VITAMIN_K],
        [number("safety-vitk-vka", nutrient) for nutrient in VITAMIN_K],
        np.nan,
    )
    test = judged.are("nutrient", *VITAMIN_K) & ~(high < low) & ~(high == 0) & ~infant
    first_of_product = first_of_each(product, test & ~judged.are("reason", *NO_AMOUNT_ERRORS))
    if not first_of_product.any():
        return []
    markets = catalogue()["safety-vitk-vka"].numbers["markets"]
    asks = facts.market_is(lambda market: market.id in markets)
    with_k = facts.products(product[first_of_product])
    told_by_label = facts.says("warnings", "safety-vitk-vka", with_k)
    for name in ("directions", "claims"):
        told_by_label |= facts.says(name, "safety-vitk-vka", asks & with_k)
    lacks = (asks & ~told_by_label)[product]
    mk4 = judged.are("form", "mk4") & (high >= number("safety-vitk-vka", "mk4_medicine_mcg"))
    detail = np.select([lacks, told_by_label[product], mk4], [0, 1, 2], 3)
    return on_rows(
        judged,
        first_of_product,
        "safety-vitk-vka",
        detail=lambda hit: objects(CAUTIONS)[detail[hit.where]],
        severity=lambda hit: np.where(lacks[hit.where], "warning", ""),
    )


CAUTIONS = (
    "; this market's caution is not on the record",
    "; the label has a caution of its own",
    "; MK-4 medicine is contraindicated with warfarin",
    "",
)
"""What a finding on vitamin K antagonists says of the label."""


def statements_missing(facts: Facts) -> Findings:
    """EU: a full label text that lacks one of the three compulsory statements."""
    patterns = catalogue()["safety-eu-statements-missing"].patterns
    names = ("do not exceed the stated dose", "no substitute for a varied diet", "keep away from young children")
    eu = facts.in_eu
    if not eu.any():
        return []
    has = [facts.matching("warnings", pattern, eu) | facts.matching("directions", pattern, eu) for pattern in patterns]
    count = np.sum(has, axis=0)
    # Two of the three show that the record carries the label's full text.
    test = eu & (count == len(patterns) - 1)

    def missing(hit: Hits) -> Objects:
        return objects(
            "; ".join(name for name, present in zip(names, said, strict=True) if not present)
            for said in np.column_stack(has)[hit.where].tolist()
        )

    return on_products(facts.first, test, "safety-eu-statements-missing", value=missing)


def near_names(facts: Facts) -> Findings:
    """Lines that name only a vitamin D hormone or nattokinase and so gave no dose."""
    targets = facts.targets
    unused = np.ones(len(targets), dtype=bool)
    unused[facts.rows["source_line"]] = False
    texts = targets.texts("ingredient")
    told = {text: near for text in texts.at(texts.used(unused)) if (near := _near(text))[0]}
    found: Findings = []
    for code in ("safety-hormone", "nattokinase-on-line"):
        names = {text: name for text, (near, name) in told.items() if near == code}
        where = np.flatnonzero(texts.one_of(names, unused))
        lines, named = targets.index[where], texts[where]
        value = [names[text] for text in named]
        found.append(Told(facts.product_of_line[lines], lines, code, "", value, "", "", named, ""))
    return found


def _near(text: str) -> tuple[str, str]:
    reading = read_ingredient(text)
    if reading.pieces:
        return "", ""
    for name in reading.near_names:
        code = near_code(name)
        if code:
            return code, name
    return "", ""


def near_code(name: str) -> str:
    """Finding that a near name gives, '' for a colour or another harmless likeness."""
    if name.startswith("natto"):
        return "nattokinase-on-line"
    harmless = catalogue()["safety-hormone"].patterns
    return "" if name in harmless else "safety-hormone"


def groups_at_risk(facts: Facts) -> Findings:
    """Vitamin K2 above anything tested, with kidney disease, in pregnancy, for children; soy behind MK-7."""
    judged, high = facts.judged, facts.sure_high
    k2 = judged.are("nutrient", "vitamin_k2")
    beyond = (
        k2 & judged.are("verdict", "high-dose") & ~judged.are("form", "unstated") & (high > judged["band_high_mcg"])
    )
    kidney = judged.are("nutrient", "vitamin_k2", "vitamin_k") & judged.are("context", "ckd", "dialysis")
    pregnant = judged.are("nutrient", *VITAMIN_K) & judged.are("context", "pregnancy")
    pregnant &= high > number("safety-vitk-pregnancy", "above_mcg")
    young = k2 & facts.in_context(("infant", "child"))[facts.dose_products] & (high > 0)
    return [
        *on_rows(judged, beyond, "safety-k2-untested", value=a_day, expected=lambda hit: mcg(hit["band_high_mcg"])),
        *on_rows(judged, kidney, "safety-k2-kidney"),
        *on_rows(judged, pregnant, "safety-vitk-pregnancy", value=a_day),
        *on_rows(judged, first_of_each(facts.dose_products, young), "safety-k2-child"),
        *_soy(facts),
    ]


def _soy(facts: Facts) -> Findings:
    lines = facts.of_target("ingredient")
    test = lines.holding(any_pattern("safety-soy-natto"), facts.rows.are("nutrient", *VITAMIN_K))
    pattern = "|".join(catalogue()["safety-soy-natto"].patterns)
    return on_rows(
        facts.rows,
        test,
        "safety-soy-natto",
        value=lambda hit: [first_match(text, pattern) for text in lines[hit.where]],
    )


CHECKS = {
    ("safety-vitd-over-ul",): over_upper_level,
    ("safety-infant-dropper",): infant_dose,
    ("safety-vitk-vka",): vitamin_k_antagonists,
    ("safety-eu-statements-missing",): statements_missing,
    ("safety-hormone", "nattokinase-on-line"): near_names,
    (
        "safety-k2-untested",
        "safety-k2-kidney",
        "safety-vitk-pregnancy",
        "safety-k2-child",
        "safety-soy-natto",
    ): groups_at_risk,
}
"""Ids and the function that raises them."""
