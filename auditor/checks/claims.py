"""Claims of a label against its amounts and sources, and claims that the evidence or the law does not carry.

The words are data: `auditor/data/wording/claims.toml`, read by :mod:`auditor.checks.claim_words`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from auditor.checks import number
from auditor.checks.claim_words import animal_source, any_of, diet_claim, disease_claim, hint_of, vitamin_words
from auditor.checks.facts import (
    Facts,
    Mask,
    Objects,
    first_match,
    matching,
    nothing,
    objects,
    on_distinct,
    on_products,
    together,
)
from auditor.checks.percents import _own_value
from auditor.distinct import codes_of, one_of

VITAMINS = {family: vitamin_words(family) for family in ("d", "k")}
"""Names of vitamins D and K in all languages."""


def _claimed(facts: Facts, pattern: str, among: Mask) -> Mask:
    """Some products whose statements or name hold a pattern."""
    return facts.matching("claims", pattern, among) | facts.matching("name", pattern, among)


def _share(facts: Facts, family: str) -> pd.Series:
    """Percent of its daily value that one serving of each product holds; missing where unknown or not one plain line."""
    rows = facts.rows
    mine = (
        ((rows["nutrient"] == "vitamin_d") == (family == "d"))
        & rows["amount_mcg"].notna()
        & rows["amount_other_mcg"].isna()
        & ~rows["share"].astype(bool)
    )
    part = rows.loc[mine.to_numpy(), ["product", "nutrient", "amount_mcg"]]
    found = pd.Series(np.nan, index=facts.first.index)
    share = (100 * part["amount_mcg"] / _own_value(facts, part)).groupby(part["product"]).max()
    found[share.index.to_numpy()] = share.to_numpy()
    return found


def high_potency(facts: Facts) -> pd.DataFrame:
    """US: 'high potency' with less than the daily value, or of K2, which has none."""
    phrase = any_of("potency")
    claimed = _claimed(facts, phrase, facts.in_us & facts.with_row)
    if not claimed.any():
        return nothing()
    small = facts.line_counts <= number("claim-high-potency", "lines")
    d, k = _share(facts, "d"), _share(facts, "k")
    near = {
        family: _claimed(facts, rf"(?:{phrase})[^.;]{{0,40}}{words}|{words}[^.;]{{0,40}}(?:{phrase})", claimed)
        for family, words in VITAMINS.items()
    }
    low = claimed & (near["d"] | small) & (d < number("claim-high-potency", "percent")).to_numpy()
    no_base = claimed & d.isna().to_numpy() & _only_k2(facts) & (near["k"] | small)
    shown = facts.first.assign(_share=d)
    return together(
        on_products(shown, low, "claim-high-potency", value=lambda hit: on_distinct(hit["_share"].round(0), lambda value: f"{value:g} % for vitamin D"), nutrient="vitamin_d"),
        on_products(shown, no_base & k.notna().to_numpy(), "claim-high-potency", value="no daily value of its own for K2", nutrient="vitamin_k2"),
    )  # fmt: skip


def _only_k2(facts: Facts) -> Mask:
    k2 = (facts.rows["nutrient"] == "vitamin_k2").to_numpy()
    return facts.products(facts.row_products[k2]) & ~facts.products(facts.row_products[~k2])


def source_levels(facts: Facts) -> pd.DataFrame:
    """'Good source of', 'rich in', 'source of' beside too little, or too much, of the vitamin."""
    concerned = (facts.in_us | facts.in_eu) & facts.with_row
    claimed = facts.matching("claims", any_of("rich", "good", "source"), concerned)
    if not claimed.any():
        return nothing()
    parts = []
    us, eu = facts.in_us, facts.in_eu
    slack = number("claim-source-level", "slack")
    for family, words in VITAMINS.items():
        share, nutrient = _share(facts, family), "vitamin_d" if family == "d" else "vitamin_k"
        rich = facts.matching("claims", rf"(?:{any_of('rich')})[^.;]{{0,30}}{words}", claimed)
        good = facts.matching("claims", rf"(?:{any_of('good')})[^.;]{{0,30}}{words}", claimed & ~rich)
        source = facts.matching("claims", rf"(?:{any_of('source')})[^.;]{{0,30}}{words}", claimed & ~rich & ~good)
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
    with_macro = facts.products(facts.product_of_line[here][macro])
    return on_products(facts.first, printed & ~with_macro, "calorie-footnote-needless")


def _read(facts: Facts, name: str, kinds: tuple[str, ...], reader: Callable[[str], object], among: Mask) -> Objects:
    """What a reader says of a column of some products; only texts with a word of some kinds are read, each distinct one once."""
    texts = facts.texts(name)
    told = np.full(len(texts.arrow), None, dtype=object)
    used = texts.used(among)
    hinted = pc.match_substring_regex(texts.arrow.take(pa.array(used)), hint_of(*kinds), ignore_case=True)
    asked = used[hinted.to_numpy(zero_copy_only=False)]
    told[asked] = [reader(text) for text in texts.at(asked)]
    return told[texts.codes]


def heart_claims(facts: Facts, diseases: Objects) -> pd.DataFrame:
    """The heart or its vessels in the same sentence as vitamin K; a claim on a disease of theirs is told as that."""
    with_k = _with(facts, "vitamin_k2", "vitamin_k1", "vitamin_k")
    k, heart = VITAMINS["k"], f"(?:{any_of('heart')})"
    pattern = rf"{k}[^.;。；]{{0,80}}{heart}[^\W\d_]*|{heart}[^.;。；]{{0,60}}{k}"
    claimed = facts.matching("claims", pattern, with_k)
    if not claimed.any():
        return nothing()
    words = np.full(len(claimed), "", dtype=object)
    words[claimed] = objects(first_match(text, pattern) for text in facts.texts("claims")[claimed])
    for place in np.flatnonzero(claimed & diseases.astype(bool)):
        claimed[place] = words[place] not in diseases[place].sentence
    return on_products(facts.first, claimed, "claim-vitk-heart", value=lambda _: words[claimed])


def _with(facts: Facts, *nutrients: str) -> Mask:
    """Products with a dose of one of some vitamins."""
    judged = facts.judged
    return facts.products(judged["product"].to_numpy(dtype=np.intp)[one_of(judged["nutrient"], nutrients)])


def health_claims(facts: Facts) -> pd.DataFrame:
    """Claims on diseases, in the statements or else in the name or directions, and claims on vitamin K and the heart."""
    stated, *others = (
        _read(facts, name, ("diseases", "illness"), disease_claim, ~facts.is_medicine)
        for name in ("claims", "name", "directions")
    )
    claims = stated
    for found in others:
        claims = np.where(claims.astype(bool), claims, found)
    told = claims.astype(bool)
    if not told.any():
        return heart_claims(facts, stated)
    whose = np.select([facts.in_us[told], facts.in_eu[told]], ["us", "eu"], "")
    words = objects(claim.words for claim in claims[told])
    rules = objects(DISEASE_RULES[market] for market in whose)
    return together(
        on_products(facts.first, told, "claim-disease", value=lambda _: words, detail=lambda _: rules,
                    severity=lambda _: np.where(whose != "", "", "note")),
        heart_claims(facts, stated),
    )  # fmt: skip


DISEASE_RULES = {
    "us": ", which a supplement may not make (21 CFR 101.93(g))",
    "eu": ", which a food may not make (Regulation (EU) 1169/2011 art. 7(3))",
    "": "; most markets keep such claims for medicines",
}
"""What the law of a market says of a claim on a disease; the statutes stand in the entry too."""


def diets(facts: Facts) -> pd.DataFrame:
    """'Vegan' beside lanolin, wool or fish, 'vegetarian' beside fish."""
    claims = [
        _read(facts, name, ("vegan", "vegetarian"), diet_claim, ~facts.is_medicine) for name in ("name", "claims")
    ]
    claimed = np.logical_or(*(told.astype(bool) for told in claims))
    if not claimed.any():
        return nothing()
    here = claimed[facts.product_of_line]
    codes, lines = codes_of(facts.lines["ingredient"][here])
    found = [animal_source(line) for line in lines]
    product = facts.product_of_line[here]
    sources: dict[int, list[tuple[str, bool]]] = {}
    for place in np.flatnonzero(np.array([source != "" for source, _ in found] or [False], dtype=bool)[codes]):
        sources.setdefault(int(product[place]), []).append(found[codes[place]])
    words, source = (np.full(len(claimed), "", dtype=object) for _ in range(2))
    for found_in, named in sources.items():
        said = [diet for told in claims if (diet := told[found_in])]
        vegan = next((diet.vegan for diet in said if diet.vegan), "")
        vegetarian = next((diet.vegetarian for diet in said if diet.vegetarian), "")
        refused = [name for name, by_vegetarians in named if vegan or by_vegetarians]
        if refused:
            words[found_in], source[found_in] = vegan or vegetarian, refused[0]
    told = words != ""
    return on_products(
        facts.first, told, "claim-vegan-source", value=lambda _: words[told], expected=lambda _: source[told]
    )


CHECKS = {
    ("claim-high-potency",): high_potency,
    ("claim-source-level",): source_levels,
    ("calorie-footnote-needless",): calorie_footnote,
    ("claim-vitk-heart", "claim-disease"): health_claims,
    ("claim-vegan-source",): diets,
}
"""Ids and the function that raises them."""
