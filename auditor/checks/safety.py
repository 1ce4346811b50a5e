"""Safety notes, worded as cautions to discuss with a professional: upper levels, vitamin K antagonists, hormones, groups at risk."""

from __future__ import annotations

import numpy as np
import pandas as pd

from auditor.checks import catalogue, number
from auditor.checks.facts import (
    VITAMIN_K,
    WITHHELD,
    Facts,
    any_high,
    any_pattern,
    first_match,
    first_of_each,
    mcg,
    nothing,
    objects,
    on_products,
    on_rows,
    plain,
    together,
)
from auditor.distinct import codes_of, one_of
from auditor.dose import IU_PER_MCG
from auditor.ingredients import read_ingredient

NO_AMOUNT_ERRORS = ("unit-iu-on-vitamin-k", "amount-negative", "amount-not-a-number")


def over_upper_level(facts: Facts) -> pd.DataFrame:
    """A daily dose above the upper level of its context, under every reading of the label."""
    judged = facts.judged
    level, of_d = judged["upper_level_mcg"].to_numpy(), (judged["nutrient"] == "vitamin_d").to_numpy()
    high = facts.sure_high
    above = (high > level).to_numpy() & of_d
    in_doubt = ~above & of_d & (any_high(judged) > level).to_numpy()
    if not (above | in_doubt).any():
        return nothing()
    product = judged["product"].to_numpy(dtype=np.intp)
    with_k2 = facts.products(product[one_of(judged["nutrient"], ("vitamin_k2", "vitamin_k"))])
    tail = np.where(with_k2[product[above]], "; K2 was not shown to offset it", "").astype(object)
    sure = on_rows(
        judged, above, "safety-vitd-over-ul",
        value=lambda _: mcg(high[above].round(2)) + " (" + plain((high[above] * IU_PER_MCG).round(0)) + " IU)", expected=lambda hit: mcg(hit["upper_level_mcg"]),
        detail=lambda hit: hit["upper_level_authority"] + ", " + hit["context"] + "), which counts food as well" + tail,
        severity=lambda _: np.where(high[above] > number("safety-vitd-over-ul", "adverse_from_mcg"), "error", ""),
    )  # fmt: skip
    return together(sure, on_rows(judged, in_doubt, "safety-vitd-over-ul", severity=WITHHELD))


def infant_dose(facts: Facts) -> pd.DataFrame:
    """One dose for infants of more than 400 IU."""
    rows = facts.rows
    infant = facts.in_context(("infant",))[facts.row_products]
    if not infant.any():
        return nothing()
    dose = rows["amount_mcg"] * rows["single_factor"]
    test = (
        infant
        & (
            (rows["nutrient"] == "vitamin_d")
            & rows["amount_other_mcg"].isna()
            & (dose > number("safety-infant-dropper", "dose_mcg"))
        ).to_numpy()
    )
    return on_rows(rows, test, "safety-infant-dropper", value=lambda _: mcg(dose[test]))


def vitamin_k_antagonists(facts: Facts) -> pd.DataFrame:
    """Vitamin K for people on warfarin and its kind: a note, and a warning where the market asks for a caution that is not on the record."""
    judged = facts.judged
    is_k = one_of(judged["nutrient"], VITAMIN_K)
    if not is_k.any():
        return nothing()
    codes, nutrients = codes_of(judged["nutrient"])
    least = {nutrient: number("safety-vitk-vka", nutrient) for nutrient in VITAMIN_K}
    low = np.array([least.get(nutrient, np.nan) for nutrient in nutrients])[codes]
    high, product = judged["daily_mcg_high"].to_numpy(), judged["product"].to_numpy(dtype=np.intp)
    test = is_k & ~(high < low) & ~one_of(judged["reason"], NO_AMOUNT_ERRORS)
    test &= ~(high == 0) & ~judged["context"].str.startswith("infant").to_numpy(dtype=bool)
    first_of_product = first_of_each(product, test)
    if not first_of_product.any():
        return nothing()
    markets = catalogue()["safety-vitk-vka"].numbers["markets"]
    asks = facts.market_is(lambda market: market.id in markets)  # type: ignore[operator]
    with_k = facts.products(product[first_of_product])
    told_by_label = facts.says("warnings", "safety-vitk-vka", with_k)
    for name in ("directions", "claims"):
        told_by_label |= facts.says(name, "safety-vitk-vka", asks & with_k)
    lacks = (asks & ~told_by_label)[product]
    mk4 = (
        (judged["form"] == "mk4") & (judged["daily_mcg_high"] >= number("safety-vitk-vka", "mk4_medicine_mcg"))
    ).to_numpy()
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


def statements_missing(facts: Facts) -> pd.DataFrame:
    """EU: a full label text that lacks one of the three compulsory statements."""
    patterns = catalogue()["safety-eu-statements-missing"].patterns
    names = ("do not exceed the stated dose", "no substitute for a varied diet", "keep away from young children")
    eu = facts.in_eu
    if not eu.any():
        return nothing()
    has = [facts.matching("warnings", pattern, eu) | facts.matching("directions", pattern, eu) for pattern in patterns]
    count = np.sum(has, axis=0)
    # Two of the three show that the record carries the label's full text.
    test = eu & (count == len(patterns) - 1)
    missing = objects(
        "; ".join(name for name, present in zip(names, said, strict=True) if not present)
        for said in np.column_stack(has)[test].tolist()
    )
    return on_products(facts.first, test, "safety-eu-statements-missing", value=lambda _: missing)


def near_names(facts: Facts) -> pd.DataFrame:
    """Lines that name only a vitamin D hormone or nattokinase and so gave no dose."""
    targets = facts.targets
    unused = np.ones(len(targets), dtype=bool)
    unused[facts.rows["source_line"].to_numpy()] = False
    if not unused.any():
        return nothing()
    part = targets[unused]
    codes, values = codes_of(part["ingredient"])
    told = [_near(text) for text in values]
    table = part.assign(
        product=facts.product_of_line[part.index.to_numpy()],
        nutrient="",
        label_text=part["ingredient"],
        _name=np.array([name for _, name in told], dtype=object)[codes],
    )
    code = np.array([found for found, _ in told], dtype=object)[codes]
    return together(
        *(
            on_rows(table, code == wanted, wanted, value=lambda hit: hit["_name"])
            for wanted in ("safety-hormone", "nattokinase-on-line")
        )
    )


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


def groups_at_risk(facts: Facts) -> pd.DataFrame:
    """Vitamin K2 above anything tested, with kidney disease, in pregnancy, for children; soy behind MK-7."""
    judged = facts.judged
    high, context = facts.sure_high, judged["context"]
    k2 = one_of(judged["nutrient"], ("vitamin_k2", "vitamin_k"))
    beyond = (
        (judged["nutrient"] == "vitamin_k2")
        & (judged["verdict"] == "high-dose")
        & (high > judged["band_high_mcg"])
        & (judged["form"] != "unstated")
    )
    pregnant = (
        one_of(judged["nutrient"], VITAMIN_K)
        & (context == "pregnancy")
        & (high > number("safety-vitk-pregnancy", "above_mcg"))
    )
    young = (judged["nutrient"] == "vitamin_k2") & context.str.startswith(("infant", "child")) & (high > 0)
    first = first_of_each(judged["product"].to_numpy(dtype=np.intp), young.to_numpy())
    return together(
        on_rows(judged, beyond, "safety-k2-untested", value=lambda hit: mcg(hit["daily_mcg_high"]), expected=lambda hit: mcg(hit["band_high_mcg"])),
        on_rows(judged, k2 & one_of(context, ("ckd", "dialysis")), "safety-k2-kidney"),
        on_rows(judged, pregnant, "safety-vitk-pregnancy", value=lambda hit: mcg(hit["daily_mcg_high"])),
        on_rows(judged, first, "safety-k2-child"),
        _soy(facts),
    )  # fmt: skip


def _soy(facts: Facts) -> pd.DataFrame:
    rows = facts.rows
    lines = facts.of_target("ingredient")
    test = lines.holding(any_pattern("safety-soy-natto"), one_of(rows["nutrient"], VITAMIN_K))
    pattern = "|".join(catalogue()["safety-soy-natto"].patterns)
    return on_rows(
        rows, test, "safety-soy-natto", value=lambda _: objects(first_match(text, pattern) for text in lines[test])
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
