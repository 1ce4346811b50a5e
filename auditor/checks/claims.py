"""Claims of a label against its amounts, and claims on vitamin K that the evidence or the law does not carry."""

from __future__ import annotations

import numpy as np
import pandas as pd

from auditor.checks import catalogue, number
from auditor.checks.facts import (
    Facts,
    Hits,
    Mask,
    first_match,
    matching,
    nothing,
    on_distinct,
    on_products,
    says,
    together,
)
from auditor.checks.percents import _own_value

D_WORDS = r"(?:vitamin[ae]? ?d\b|\bd-? ?[23]\b|calciferol)"
K_WORDS = r"(?:vitamin[ae]? ?k\b|\bk-? ?[12]\b|mk-? ?[47]|menaqu)"


def _texts(facts: Facts) -> pd.Series:
    return facts.first["claims"].astype("str") + " . " + facts.first["name"].astype("str")


def _share(facts: Facts, family: str) -> pd.Series:
    """Percent of its daily value that one serving of each product holds; missing where unknown or not one plain line."""
    rows = facts.rows
    mine = (
        ((rows["nutrient"] == "vitamin_d") == (family == "d"))
        & rows["amount_mcg"].notna()
        & rows["amount_other_mcg"].isna()
        & ~rows["share"].astype(bool)
    )
    part = rows[mine.to_numpy()]
    found = pd.Series(np.nan, index=facts.first.index)
    share = (100 * part["amount_mcg"] / _own_value(facts, part)).groupby(part["product"]).max()
    found[share.index.to_numpy()] = share.to_numpy()
    return found


def high_potency(facts: Facts) -> pd.DataFrame:
    """US: 'high potency' with less than the daily value, or of K2, which has none."""
    if not facts.in_us.any():
        return nothing()
    texts = _texts(facts)
    claimed = says(texts, "claim-high-potency", facts.in_us)
    if not claimed.any():
        return nothing()
    phrase = "|".join(catalogue()["claim-high-potency"].patterns)
    small = facts.line_counts <= number("claim-high-potency", "lines")
    d, k = _share(facts, "d"), _share(facts, "k")
    near = {
        family: matching(texts, rf"(?:{phrase})[^.;]{{0,40}}{words}|{words}[^.;]{{0,40}}(?:{phrase})", claimed)
        for family, words in (("d", D_WORDS), ("k", K_WORDS))
    }
    low = claimed & (near["d"] | small) & (d < number("claim-high-potency", "percent")).to_numpy()
    no_base = claimed & d.isna().to_numpy() & _only_k2(facts) & (near["k"] | small)
    shown = facts.first.assign(_share=d)
    return together(
        on_products(shown, low, "claim-high-potency", value=lambda hit: on_distinct(hit["_share"].round(0), lambda value: f"{value:g} % for vitamin D"), nutrient="vitamin_d"),
        on_products(shown, no_base & k.notna().to_numpy(), "claim-high-potency", value="no daily value of its own for K2", nutrient="vitamin_k2"),
    )  # fmt: skip


def _only_k2(facts: Facts) -> Mask:
    has_k2, has_other = np.zeros(len(facts.first), dtype=bool), np.zeros(len(facts.first), dtype=bool)
    k2 = (facts.rows["nutrient"] == "vitamin_k2").to_numpy()
    has_k2[facts.row_products[k2]] = True
    has_other[facts.row_products[~k2]] = True
    return has_k2 & ~has_other


def source_levels(facts: Facts) -> pd.DataFrame:
    """'Good source of', 'rich in', 'source of' beside too little, or too much, of the vitamin."""
    texts = facts.first["claims"].astype("str")
    claimed = says(texts, "claim-source-level")
    if not claimed.any():
        return nothing()
    parts = []
    us, eu = facts.in_us, facts.in_eu
    slack = number("claim-source-level", "slack")
    for family, words, nutrient in (("d", D_WORDS, "vitamin_d"), ("k", K_WORDS, "vitamin_k")):
        share = _share(facts, family)
        rich = matching(
            texts,
            rf"(?:excellent source of|rich in|high in|rich source of|reich an|riche en)[^.;]{{0,30}}{words}",
            claimed,
        )
        good = matching(texts, rf"good source of[^.;]{{0,30}}{words}", claimed & ~rich)
        source = matching(
            texts, rf"(?:source of|quelle (?:für|von)|source de|fonte di)[^.;]{{0,30}}{words}", claimed & ~rich & ~good
        )
        rules = (
            (
                rich & us & (share < number("claim-source-level", "us_high") - slack).to_numpy(),
                "'rich' or 'excellent source'",
                "20 %",
            ),
            (
                good
                & us
                & (
                    (share < number("claim-source-level", "us_good_from") - slack)
                    | (share > number("claim-source-level", "us_good_to") + slack)
                ).to_numpy(),
                "'good source'",
                "10 to 19 %",
            ),
            (
                rich & eu & (share < number("claim-source-level", "eu_high") - slack).to_numpy(),
                "'rich' or 'high'",
                "30 %",
            ),
            (
                source & eu & (share < number("claim-source-level", "eu_source") - slack).to_numpy(),
                "'source of'",
                "15 %",
            ),
        )
        shown = facts.first.assign(_share=share)
        parts += [
            on_products(shown, test, "claim-source-level", value=claim, expected=needed, nutrient=nutrient,
                        detail=lambda hit: on_distinct(hit["_share"].round(0), lambda value: f"{value:g} %"))
            for test, claim, needed in rules
        ]  # fmt: skip
    return together(*parts)


MACRONUTRIENTS = r"calorie|energy|\bfat\b|carbohydrate|protein|sugar|fib(?:er|re)|cholesterol|sodium"
"""What the footnote on a diet of 2,000 calories belongs to."""


def calorie_footnote(facts: Facts) -> pd.DataFrame:
    """US: the footnote on a 2,000 calorie diet on a panel without calories, fat, carbohydrate or protein."""
    printed = np.zeros(len(facts.first), dtype=bool)
    for name in ("claims", "warnings", "directions"):
        printed |= facts.says(name, "calorie-footnote-needless", facts.in_us)
    if not printed.any():
        return nothing()
    here = printed[facts.product_of_line]
    macro = matching(facts.lines["ingredient"][here], MACRONUTRIENTS)
    with_macro = np.zeros(len(facts.first), dtype=bool)
    with_macro[facts.product_of_line[here][macro]] = True
    return on_products(facts.first, printed & ~with_macro, "calorie-footnote-needless")


def health_claims(facts: Facts) -> pd.DataFrame:
    """Heart and disease claims on vitamin K."""
    judged = facts.judged
    with_k = np.zeros(len(facts.first), dtype=bool)
    with_k[judged["product"].to_numpy(dtype=np.intp)[(judged["nutrient"] != "vitamin_d").to_numpy()]] = True
    table = facts.first.assign(_text=facts.first["claims"].astype("str"))

    def told(code: str) -> pd.DataFrame:
        def words(hit: Hits) -> pd.Series:
            return first_match(hit["_text"], "|".join(catalogue()[code].patterns))

        return on_products(table, with_k & says(table["_text"], code), code, value=words)

    return together(told("claim-vitk-heart"), told("claim-bone-disease"))


CHECKS = {
    ("claim-high-potency",): high_potency,
    ("claim-source-level",): source_levels,
    ("calorie-footnote-needless",): calorie_footnote,
    ("claim-vitk-heart", "claim-bone-disease"): health_claims,
}
"""Ids and the function that raises them."""
