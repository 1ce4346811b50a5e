"""Forms of the vitamins: not said, unusual for the dose, not permitted, or another one in the product's name."""

from __future__ import annotations

import numpy as np

from auditor.checks import number
from auditor.checks.facts import Facts, Findings, a_day, on_rows
from auditor.checks.tables import Hits, Mask, Objects, objects
from auditor.ingredients import read_ingredient
from auditor.remembering import remembered

FORM_WORDS = {
    "mk7": "MK-7",
    "mk4": "MK-4",
    "mk9": "MK-9",
    "d3": "D3",
    "d2": "D2",
    "k3": "menadione (K3)",
    "calcifediol": "calcifediol",
    "k1": "K1",
}


def unstated(facts: Facts) -> Findings:
    """Forms the label does not say, and D2."""
    judged = facts.judged
    no_form = judged.are("form", "unstated")

    def named(hit: Hits) -> Objects:
        texts = [facts.texts(column)[hit["product"]] for column in TELLERS]
        return objects(_told_elsewhere(texts, vitamin) for *texts, vitamin in zip(*texts, hit["nutrient"], strict=True))

    no_d = judged.are("nutrient", "vitamin_d") & no_form & judged.are("forms", "")
    no_k = judged.are("nutrient", "vitamin_k2", "vitamin_k") & no_form
    return [
        *on_rows(judged, no_d, "vitd-form-missing", detail=named),
        *on_rows(judged, judged.are("form", "d2"), "vitd-form-d2"),
        *on_rows(judged, no_k, "vitk-form-missing", detail=named),
    ]


TELLERS = {"name": "the product's name", "claims": "a statement on the label"}
"""Columns that may say a form which the line does not, and what a finding calls them."""


def _told_elsewhere(texts: list[str], nutrient: str) -> str:
    """', though the product's name says D3' of the first of the tellers that says a form, or ''."""
    for teller, text in zip(TELLERS.values(), texts, strict=True):
        said = _form_said(text, nutrient)
        if said:
            return f", though {teller} says {FORM_WORDS[said]}"
    return ""


@remembered(4_096)
def _form_said(text: str, nutrient: str) -> str:
    """The one form of a vitamin that a text says, '' where it says none or several."""
    family = ("vitamin_k2", "vitamin_k") if nutrient != "vitamin_d" else (nutrient,)
    said = {form for piece in read_ingredient(text).pieces if piece.nutrient in family for form in piece.forms}
    return next(iter(said)) if len(said) == 1 and said <= FORM_WORDS.keys() else ""


def unusual_for_form(facts: Facts) -> Findings:
    """MK-7 in the amounts of MK-4, or the reverse."""
    judged = facts.judged
    high = judged["daily_mcg_high"]
    plain_k2 = judged.are("nutrient", "vitamin_k2") & ~judged["share"] & np.isnan(judged["other_mcg_high"])
    large = plain_k2 & judged.are("form", "mk7") & (high > number("vitk-form-dose-implausible", "mk7_above_mcg"))
    large &= high <= number("amount-implausible-vitk", "largest_mcg")
    small = plain_k2 & judged.are("form", "mk4") & (high > 0)
    small &= high < number("vitk-form-dose-implausible", "mk4_below_mcg")
    return [
        *on_rows(judged, large, "vitk-form-dose-implausible", value=a_day, expected="MK-7", detail="MK-4"),
        *on_rows(judged, small, "vitk-form-dose-implausible", value=a_day, expected="MK-4", detail="MK-7"),
    ]


def not_listed_in_eu(facts: Facts) -> Findings:
    """Forms that Directive 2002/46/EC does not name."""
    eu = (facts.in_eu & ~facts.is_medicine)[facts.dose_products]
    return on_rows(
        facts.judged,
        eu & facts.judged.are("form", "mk4", "calcifediol", "k3"),
        "form-not-listed-eu",
        value=lambda hit: [FORM_WORDS[form] for form in hit["form"]],
    )


def other_form_in_name(facts: Facts) -> Findings:
    """A product name, or else a statement on the label, that says another form than the panel."""
    label = keyed_forms(facts)
    return [
        finding for column in TELLERS for pair in PAIRS for finding in _named_otherwise(facts, label, column, *pair)
    ]


PAIRS = (
    ("vitamin_d", "d3", "d2"),
    ("vitamin_d", "d2", "d3"),
    ("vitamin_k2", "mk7", "mk4"),
    ("vitamin_k2", "mk4", "mk7"),
)
SAID = {"d3": r"\bd-? ?3|calciferol", "d2": r"\bd-? ?2|calciferol", "mk7": r"\bmk-? ?7|menaq", "mk4": r"\bmk-? ?4|mena"}
"""Words without which a text does not say the form; the text is then read by the grammar."""


def _named_otherwise(
    facts: Facts, label: dict[tuple[str, str], Mask], column: str, nutrient: str, form: str, other: str
) -> Findings:
    """Doses of one form where a text of the label says only the other one, which the panel lacks."""
    judged, product = facts.judged, facts.dose_products
    lacks = ~label[(nutrient, other)] & ~label[(nutrient, "unstated")] & ~label[(nutrient, "mixed")]
    test = judged.are("nutrient", nutrient) & judged.are("form", form) & lacks[product]
    if not test.any():
        return []
    saying = facts.matching(column, SAID[other], facts.products(product[test]))
    if not saying.any():
        return []
    texts = facts.texts(column)
    only_other = {text for text in texts.at(texts.used(saying)) if _forms_in(text, nutrient) & {form, other} == {other}}
    teller = TELLERS[column]
    return on_rows(
        judged,
        test & texts.one_of(only_other, saying)[product],
        "name-form-mismatch",
        value=FORM_WORDS[other],
        expected=FORM_WORDS[form],
        detail=teller[:1].upper() + teller[1:],
    )


def _forms_in(text: str, nutrient: str) -> set[str]:
    """The forms of a vitamin that a text says."""
    return {form for piece in read_ingredient(text).pieces if piece.nutrient == nutrient for form in piece.forms}


def keyed_forms(facts: Facts) -> dict[tuple[str, str], Mask]:
    """For vitamin D and K2 and each of their forms, which products have a dose of it."""
    judged = facts.judged
    return {
        (nutrient, form): facts.products(
            facts.dose_products[judged.are("nutrient", nutrient) & judged.are("form", form)]
        )
        for nutrient, own in (("vitamin_d", ("d3", "d2")), ("vitamin_k2", ("mk7", "mk4")))
        for form in (*own, "unstated", "mixed")
    }


CHECKS = {
    ("vitd-form-missing", "vitd-form-d2", "vitk-form-missing"): unstated,
    ("vitk-form-dose-implausible",): unusual_for_form,
    ("form-not-listed-eu",): not_listed_in_eu,
    ("name-form-mismatch",): other_form_in_name,
}
"""Ids and the function that raises them."""
