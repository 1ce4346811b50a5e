"""Forms of the vitamins: not said, unusual for the dose, not permitted, or another one in the product's name."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.checks import catalogue, number
from auditor.checks.facts import Facts, Mask, first_match, matching, mcg, nothing, on_rows, together
from auditor.ingredients import read_ingredient

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


def unstated(facts: Facts) -> pd.DataFrame:
    """Forms the line does not say, and D2; a form that only the product's name says is no form of the line, but told."""
    judged = facts.judged
    nutrient, form = judged["nutrient"], judged["form"]
    product = judged["product"].to_numpy(dtype=np.intp)
    no_d = ((nutrient == "vitamin_d") & (form == "unstated") & (judged["forms"] == "")).to_numpy()
    no_k = (nutrient.isin(["vitamin_k2", "vitamin_k"]) & (form == "unstated")).to_numpy()
    no_d = no_d & ~_name_says(facts, product[no_d], "vitd-form-missing")[product]
    by_name = np.full(len(facts.first), "", dtype=object)
    said = np.flatnonzero(_name_says(facts, product[no_k], "vitk-form-missing"))
    words = first_match(facts.first["name"].iloc[said].astype("str"), _pattern("vitk-form-missing"))
    by_name[said] = [f" (the product's name says {word.upper()})" for word in words]
    return together(
        on_rows(judged, no_d, "vitd-form-missing"),
        on_rows(judged, form == "d2", "vitd-form-d2"),
        on_rows(
            judged.assign(_by_name=by_name[product]), no_k, "vitk-form-missing", detail=lambda hit: hit["_by_name"]
        ),
    )


def _pattern(check_id: str) -> str:
    return "|".join(catalogue()[check_id].patterns)


def _name_says(facts: Facts, products: npt.NDArray[np.intp], check_id: str) -> Mask:
    """Of some products those whose name holds a pattern of a check."""
    wanted = np.zeros(len(facts.first), dtype=bool)
    wanted[products] = True
    return matching(facts.first["name"], _pattern(check_id), wanted) if len(products) else wanted


def unusual_for_form(facts: Facts) -> pd.DataFrame:
    """MK-7 in the amounts of MK-4, or the reverse."""
    judged = facts.judged
    high, form = judged["daily_mcg_high"], judged["form"]
    plain_k2 = (
        (judged["nutrient"] == "vitamin_k2").to_numpy()
        & ~judged["share"].to_numpy(dtype=bool)
        & judged["other_mcg_high"].isna().to_numpy()
    )
    large = plain_k2 & ((form == "mk7") & (high > number("vitk-form-dose-implausible", "mk7_above_mcg"))).to_numpy()
    large &= (high <= number("amount-implausible-vitk", "largest_mcg")).to_numpy()
    small = (
        plain_k2
        & ((form == "mk4") & (high > 0) & (high < number("vitk-form-dose-implausible", "mk4_below_mcg"))).to_numpy()
    )
    return together(
        on_rows(
            judged,
            large,
            "vitk-form-dose-implausible",
            value=lambda hit: mcg(hit["daily_mcg_high"]),
            expected="MK-7",
            detail="MK-4",
        ),
        on_rows(
            judged,
            small,
            "vitk-form-dose-implausible",
            value=lambda hit: mcg(hit["daily_mcg_high"]),
            expected="MK-4",
            detail="MK-7",
        ),
    )


def not_listed_in_eu(facts: Facts) -> pd.DataFrame:
    """Forms that Directive 2002/46/EC does not name."""
    form = facts.judged["form"]
    eu = (facts.in_eu & ~facts.is_medicine)[facts.judged["product"].to_numpy(dtype=np.intp)]
    return on_rows(
        facts.judged,
        eu & form.isin(["mk4", "calcifediol", "k3"]).to_numpy(),
        "form-not-listed-eu",
        value=lambda hit: hit["form"].map(FORM_WORDS),
    )


def other_form_in_name(facts: Facts) -> pd.DataFrame:
    """A product name that says another form than its panel."""
    judged = facts.judged
    if judged.empty:
        return nothing()
    label = keyed_forms(judged, len(facts.first))
    product = judged["product"].to_numpy(dtype=np.intp)
    return together(*(_named_otherwise(facts, product, label, *pair) for pair in PAIRS))


PAIRS = (
    ("vitamin_d", "d3", "d2"),
    ("vitamin_d", "d2", "d3"),
    ("vitamin_k2", "mk7", "mk4"),
    ("vitamin_k2", "mk4", "mk7"),
)
SAID = {"d3": r"\bd-? ?3|calciferol", "d2": r"\bd-? ?2|calciferol", "mk7": r"\bmk-? ?7|menaq", "mk4": r"\bmk-? ?4|mena"}
"""Words without which a name does not say the form; the name is then read by the grammar."""


def _named_otherwise(
    facts: Facts,
    product: npt.NDArray[np.intp],
    label: dict[tuple[str, str], Mask],
    nutrient: str,
    form: str,
    other: str,
) -> pd.DataFrame:
    """Doses of one form whose product name says only the other one, which the panel lacks."""
    judged = facts.judged
    lacks = ~label[(nutrient, other)] & ~label[(nutrient, "unstated")] & ~label[(nutrient, "mixed")]
    test = ((judged["nutrient"] == nutrient) & (judged["form"] == form)).to_numpy() & lacks[product]
    where = np.flatnonzero(test)
    test[where] = matching(facts.first["name"].iloc[product[where]], SAID[other])
    where = np.flatnonzero(test)
    codes, names = pd.factorize(facts.first["name"].to_numpy(dtype=object)[product[where]])
    says = [
        {found for piece in read_ingredient(name).pieces if piece.nutrient == nutrient for found in piece.forms}
        & {form, other}
        == {other}
        for name in names
    ]
    test[where] = np.array(says, dtype=bool)[codes] if len(names) else False
    return on_rows(judged, test, "name-form-mismatch", value=FORM_WORDS[other], expected=FORM_WORDS[form])


def keyed_forms(judged: pd.DataFrame, n: int) -> dict[tuple[str, str], Mask]:
    """For each nutrient and form, which products have a dose of it."""
    found: dict[tuple[str, str], Mask] = {}
    for nutrient, form in (("vitamin_d", "d3"), ("vitamin_d", "d2"), ("vitamin_d", "unstated"), ("vitamin_d", "mixed"), ("vitamin_k2", "mk7"),
                           ("vitamin_k2", "mk4"), ("vitamin_k2", "unstated"), ("vitamin_k2", "mixed")):  # fmt: skip
        has = np.zeros(n, dtype=bool)
        has[
            judged["product"].to_numpy(dtype=np.intp)[
                ((judged["nutrient"] == nutrient) & (judged["form"] == form)).to_numpy()
            ]
        ] = True
        found[(nutrient, form)] = has
    return found


CHECKS = {
    ("vitd-form-missing", "vitd-form-d2", "vitk-form-missing"): unstated,
    ("vitk-form-dose-implausible",): unusual_for_form,
    ("form-not-listed-eu",): not_listed_in_eu,
    ("name-form-mismatch",): other_form_in_name,
}
"""Ids and the function that raises them."""
