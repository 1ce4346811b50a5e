"""Claims of a label against its amounts and sources, and claims that the evidence or the law does not carry.

The words are data: `auditor/data/wording/claims.toml`, read by :mod:`auditor.checks.claim_words`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.checks import catalogue, number
from auditor.checks.claim_words import animal_source, any_of, diet_claim, disease_claim, hint_of, vitamin_words
from auditor.checks.facts import VITAMIN_K, Facts, Findings, first_match, on_distinct, on_products
from auditor.checks.percents import share_of_daily_value
from auditor.checks.tables import Floats, Mask, Objects, objects

VITAMINS = {family: vitamin_words(family) for family in ("d", "k")}
"""Names of vitamins D and K in all languages."""


def _claimed(facts: Facts, pattern: str, among: Mask) -> Mask:
    """Some products whose statements or name hold a pattern."""
    return facts.matching("claims", pattern, among) | facts.matching("name", pattern, among)


def _share(facts: Facts, family: str) -> Floats:
    """Percent of its daily value that one serving of each product holds; missing where unknown or not one plain line."""
    rows = facts.rows
    mine = (rows.are("nutrient", "vitamin_d") == (family == "d")) & ~rows["share"]
    where = np.flatnonzero(mine & ~np.isnan(rows["amount_mcg"]) & np.isnan(rows["amount_other_mcg"]))
    found = np.full(len(facts.first), np.nan)
    np.fmax.at(found, facts.row_products[where], share_of_daily_value(facts, where))
    return found


def high_potency(facts: Facts) -> Findings:
    """US: 'high potency' with less than the daily value, or of K2, which has none."""
    phrase = any_of("potency")
    claimed = _claimed(facts, phrase, facts.in_us & facts.with_row)
    if not claimed.any():
        return []
    small = facts.line_counts <= number("claim-high-potency", "lines")
    d, k = _share(facts, "d"), _share(facts, "k")
    near = {
        family: _claimed(facts, rf"(?:{phrase})[^.;]{{0,40}}{words}|{words}[^.;]{{0,40}}(?:{phrase})", claimed)
        for family, words in VITAMINS.items()
    }
    low = claimed & (near["d"] | small) & (d < number("claim-high-potency", "percent"))
    no_base = claimed & np.isnan(d) & ~np.isnan(k) & _only_k2(facts) & (near["k"] | small)
    return [
        *on_products(facts.first, low, "claim-high-potency", value=lambda hit: on_distinct(d[hit.where].round(0), lambda value: f"{value:g} % for vitamin D"), nutrient="vitamin_d"),
        *on_products(facts.first, no_base, "claim-high-potency", value="no daily value of its own for K2", nutrient="vitamin_k2"),
    ]  # fmt: skip


def _only_k2(facts: Facts) -> Mask:
    k2 = facts.rows.are("nutrient", "vitamin_k2")
    return facts.products(facts.row_products[k2]) & ~facts.products(facts.row_products[~k2])


def source_levels(facts: Facts) -> Findings:
    """'Good source of', 'rich in', 'source of' beside too little, or too much, of the vitamin."""
    us, eu = facts.in_us, facts.in_eu
    claimed = facts.matching("claims", any_of("rich", "good", "source"), (us | eu) & facts.with_row)
    if not claimed.any():
        return []
    found: Findings = []
    numbers = catalogue()["claim-source-level"].numbers
    slack = numbers["slack"]
    for family, words in VITAMINS.items():
        share, nutrient = _share(facts, family), "vitamin_d" if family == "d" else "vitamin_k"
        rich = facts.matching("claims", rf"(?:{any_of('rich')})[^.;]{{0,30}}{words}", claimed)
        good = facts.matching("claims", rf"(?:{any_of('good')})[^.;]{{0,30}}{words}", claimed & ~rich)
        source = facts.matching("claims", rf"(?:{any_of('source')})[^.;]{{0,30}}{words}", claimed & ~rich & ~good)
        not_good = (share < numbers["us_good_from"] - slack) | (share > numbers["us_good_to"] + slack)
        rules = (
            (rich & us & (share < numbers["us_high"] - slack), "'rich' or 'excellent source'", "20 %"),
            (good & us & not_good, "'good source'", "10 to 19 %"),
            (rich & eu & (share < numbers["eu_high"] - slack), "'rich' or 'high'", "30 %"),
            (source & eu & (share < numbers["eu_source"] - slack), "'source of'", "15 %"),
        )
        for test, claim, needed in rules:
            percent = on_distinct(share[test].round(0), lambda value: f"{value:g} %")
            found += on_products(facts.first, test, "claim-source-level", value=claim, expected=needed, nutrient=nutrient,
                                 detail=percent)  # fmt: skip
    return found


MACRONUTRIENTS = r"calorie|energy|\bfat\b|carbohydrate|protein|sugar|fib(?:er|re)|cholesterol|sodium"
"""What the footnote on a diet of 2,000 calories belongs to."""


def calorie_footnote(facts: Facts) -> Findings:
    """US: the footnote on a 2,000 calorie diet on a panel without calories, fat, carbohydrate or protein."""
    printed = np.zeros(len(facts.first), dtype=bool)
    for name in ("claims", "warnings", "directions"):
        printed |= facts.says(name, "calorie-footnote-needless", facts.in_us)
    if not printed.any():
        return []
    macro = facts.lines.texts("ingredient").holding(MACRONUTRIENTS, printed[facts.product_of_line])
    with_macro = facts.products(facts.product_of_line[macro])
    return on_products(facts.first, printed & ~with_macro, "calorie-footnote-needless")


def _read(
    facts: Facts, names: tuple[str, ...], kinds: tuple[str, ...], reader: Callable[[str], object], among: Mask
) -> list[Objects]:
    """What a reader says of some columns of some products; only texts with a word of some kinds are read, each distinct one once."""
    columns = [(texts, texts.used(among)) for texts in map(facts.texts, names)]
    asked = pa.concat_arrays([texts.arrow.take(pa.array(used)) for texts, used in columns])
    hinted = pc.match_substring_regex(asked, hint_of(*kinds), ignore_case=True).to_numpy(zero_copy_only=False)
    found = []
    for texts, used in columns:
        mine, hinted = used[hinted[: len(used)]], hinted[len(used) :]
        told = np.full(len(texts.arrow), None, dtype=object)
        told[mine] = [reader(text) for text in texts.at(mine)]
        found.append(told[texts.codes])
    return found


def heart_claims(facts: Facts, diseases: Objects) -> Findings:
    """The heart or its vessels in the same sentence as vitamin K; a claim on a disease of theirs is told as that."""
    with_k = facts.products(facts.dose_products[facts.judged.are("nutrient", *VITAMIN_K)])
    k, heart = VITAMINS["k"], f"(?:{any_of('heart')})"
    pattern = rf"{k}[^.;。；]{{0,80}}{heart}[^\W\d_]*|{heart}[^.;。；]{{0,60}}{k}"
    claimed = facts.matching("claims", pattern, with_k)
    if not claimed.any():
        return []
    words = np.full(len(claimed), "", dtype=object)
    words[claimed] = objects(first_match(text, pattern) for text in facts.texts("claims")[claimed])
    for place in np.flatnonzero(claimed & diseases.astype(bool)):
        claimed[place] = words[place] not in diseases[place].sentence
    return on_products(facts.first, claimed, "claim-vitk-heart", value=lambda hit: words[hit.where])


def health_claims(facts: Facts) -> Findings:
    """Claims on diseases, in the statements or else in the name or directions, and claims on vitamin K and the heart."""
    stated, *others = _read(
        facts, ("claims", "name", "directions"), ("diseases", "illness"), disease_claim, ~facts.is_medicine
    )
    claims = stated
    for found in others:
        claims = np.where(claims.astype(bool), claims, found)
    told = claims.astype(bool)
    if not told.any():
        return heart_claims(facts, stated)
    whose = np.select([facts.in_us[told], facts.in_eu[told]], ["us", "eu"], "")
    words = [claim.words for claim in claims[told]]
    rules = [DISEASE_RULES[market] for market in whose]
    return [
        *on_products(
            facts.first, told, "claim-disease", value=words, detail=rules, severity=np.where(whose != "", "", "note")
        ),
        *heart_claims(facts, stated),
    ]


DISEASE_RULES = {
    "us": ", which a supplement may not make (21 CFR 101.93(g))",
    "eu": ", which a food may not make (Regulation (EU) 1169/2011 art. 7(3))",
    "": "; most markets keep such claims for medicines",
}
"""What the law of a market says of a claim on a disease; the statutes stand in the entry too."""


def diets(facts: Facts) -> Findings:
    """'Vegan' beside lanolin, wool or fish, 'vegetarian' beside fish."""
    claims = _read(facts, ("name", "claims"), ("vegan", "vegetarian"), diet_claim, ~facts.is_medicine)
    claimed = np.logical_or(*(told.astype(bool) for told in claims))
    if not claimed.any():
        return []
    here = claimed[facts.product_of_line]
    texts = facts.lines.texts("ingredient")
    animals = {text: found for text in texts.at(texts.used(here)) if (found := animal_source(text))[0]}
    where = np.flatnonzero(texts.one_of(animals, here))
    sources: dict[int, list[tuple[str, bool]]] = {}
    for product, text in zip(facts.product_of_line[where].tolist(), texts[where], strict=True):
        sources.setdefault(product, []).append(animals[text])
    words, source = (np.full(len(claimed), "", dtype=object) for _ in range(2))
    for found_in, named in sources.items():
        said = [diet for told in claims if (diet := told[found_in])]
        vegan = next((diet.vegan for diet in said if diet.vegan), "")
        vegetarian = next((diet.vegetarian for diet in said if diet.vegetarian), "")
        refused = [name for name, by_vegetarians in named if vegan or by_vegetarians]
        if refused:
            words[found_in], source[found_in] = vegan or vegetarian, refused[0]
    told = words != ""
    return on_products(facts.first, told, "claim-vegan-source", value=words[told], expected=source[told])


CHECKS = {
    ("claim-high-potency",): high_potency,
    ("claim-source-level",): source_levels,
    ("calorie-footnote-needless",): calorie_footnote,
    ("claim-vitk-heart", "claim-disease"): health_claims,
    ("claim-vegan-source",): diets,
}
"""Ids and the function that raises them."""
