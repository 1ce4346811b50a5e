"""Forms of the vitamins: not said, unusual for the dose, not permitted, or another one in the product's name."""

from __future__ import annotations

import numpy as np
import pandas as pd

from auditor.checks import number
from auditor.checks.facts import Facts, mcg, matching, nothing, on_rows, together
from auditor.distinct import codes_of
from auditor.ingredients import read_ingredient

FORM_WORDS = {"mk7": "MK-7", "mk4": "MK-4", "mk9": "MK-9", "d3": "D3", "d2": "D2", "k3": "menadione (K3)", "calcifediol": "calcifediol", "k1": "K1"}


def unstated(facts: Facts) -> pd.DataFrame:
    """Forms the label does not say, and D2."""
    judged = facts.judged
    nutrient, form = judged["nutrient"], judged["form"]
    return together(
        on_rows(judged, (nutrient == "vitamin_d") & (form == "unstated") & (judged["forms"] == ""), "vitd-form-missing"),
        on_rows(judged, form == "d2", "vitd-form-d2"),
        on_rows(judged, nutrient.isin(["vitamin_k2", "vitamin_k"]) & (form == "unstated"), "vitk-form-missing"),
    )


def unusual_for_form(facts: Facts) -> pd.DataFrame:
    """MK-7 in the amounts of MK-4, or the reverse."""
    judged = facts.judged
    high, form = judged["daily_mcg_high"], judged["form"]
    plain_k2 = (judged["nutrient"] == "vitamin_k2").to_numpy() & ~judged["share"].to_numpy(dtype=bool) & judged["other_mcg_high"].isna().to_numpy()
    large = plain_k2 & ((form == "mk7") & (high > number("vitk-form-dose-implausible", "mk7_above_mcg"))).to_numpy()
    large &= (high <= number("amount-implausible-vitk", "largest_mcg")).to_numpy()
    small = plain_k2 & ((form == "mk4") & (high > 0) & (high < number("vitk-form-dose-implausible", "mk4_below_mcg"))).to_numpy()
    return together(
        on_rows(judged, large, "vitk-form-dose-implausible", value=lambda hit: mcg(hit["daily_mcg_high"]), expected="MK-7", detail="MK-4"),
        on_rows(judged, small, "vitk-form-dose-implausible", value=lambda hit: mcg(hit["daily_mcg_high"]), expected="MK-4", detail="MK-7"),
    )


def not_listed_in_eu(facts: Facts) -> pd.DataFrame:
    """Forms that Directive 2002/46/EC does not name."""
    form = facts.judged["form"]
    eu = facts.in_eu[facts.judged["product"].to_numpy(dtype=np.intp)]
    return on_rows(facts.judged, eu & form.isin(["mk4", "calcifediol", "k3"]).to_numpy(), "form-not-listed-eu", value=lambda hit: hit["form"].map(FORM_WORDS))


def other_form_in_name(facts: Facts) -> pd.DataFrame:
    """A product name that says another form than its panel."""
    judged = facts.judged
    stated = judged["form"].isin(["d3", "d2", "mk7", "mk4", "k1"]).to_numpy()
    wanted = np.zeros(len(facts.first), dtype=bool)
    wanted[judged["product"].to_numpy(dtype=np.intp)[stated]] = True
    wanted[wanted] = matching(facts.first["name"][wanted], r"\bd-? ?[23]\b|\bmk-? ?[47]\b|calciferol|menaqu|\bk-? ?[12]\b")
    if not wanted.any():
        return nothing()
    codes, names = codes_of(facts.first["name"][wanted].astype("str"))
    named = [frozenset((piece.nutrient, form) for piece in read_ingredient(name).pieces for form in piece.forms) for name in names]
    of_product = np.full(len(facts.first), len(names), dtype=np.intp)
    of_product[wanted] = codes
    label = keyed_forms(judged, len(facts.first))
    vitamins = (("vitamin_d", ("d3", "d2")), ("vitamin_k2", ("mk7", "mk4")))
    parts = []
    for nutrient, forms in vitamins:
        for form, other in (forms, forms[::-1]):
            says = np.array([{found for of, found in name if of == nutrient and found in forms} == {other} for name in named] + [False], dtype=bool)
            lacks = ~label[(nutrient, other)] & ~label[(nutrient, "unstated")] & ~label[(nutrient, "mixed")]
            product = judged["product"].to_numpy(dtype=np.intp)
            test = ((judged["nutrient"] == nutrient) & (judged["form"] == form)).to_numpy() & says[of_product[product]] & lacks[product]
            parts.append(on_rows(judged, test, "name-form-mismatch", value=FORM_WORDS[other], expected=FORM_WORDS[form]))
    return together(*parts)


def keyed_forms(judged: pd.DataFrame, n: int) -> dict[tuple[str, str], np.ndarray]:
    """For each nutrient and form, which products have a dose of it."""
    found: dict[tuple[str, str], np.ndarray] = {}
    for nutrient, form in (("vitamin_d", "d3"), ("vitamin_d", "d2"), ("vitamin_d", "unstated"), ("vitamin_d", "mixed"), ("vitamin_k2", "mk7"),
                           ("vitamin_k2", "mk4"), ("vitamin_k2", "unstated"), ("vitamin_k2", "mixed")):  # fmt: skip
        has = np.zeros(n, dtype=bool)
        has[judged["product"].to_numpy(dtype=np.intp)[((judged["nutrient"] == nutrient) & (judged["form"] == form)).to_numpy()]] = True
        found[(nutrient, form)] = has
    return found


CHECKS = {
    ("vitd-form-missing", "vitd-form-d2", "vitk-form-missing"): unstated,
    ("vitk-form-dose-implausible",): unusual_for_form,
    ("form-not-listed-eu",): not_listed_in_eu,
    ("name-form-mismatch",): other_form_in_name,
}
"""Ids and the function that raises them."""
