"""Forms of the vitamins: not said, unusual for the dose, not permitted, or another one in the product's name."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.checks import number
from auditor.checks.facts import Facts, Hits, Mask, mcg, nothing, on_rows, together
from auditor.distinct import codes_of, one_of
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
    """Forms the label does not say, and D2."""
    judged = facts.judged
    nutrient, form = judged["nutrient"], judged["form"]

    def named(hit: Hits) -> pd.Series:
        product = hit["product"].to_numpy(dtype=np.intp)
        texts = [facts.texts(column)[product] for column in TELLERS]
        words = [_told_elsewhere(texts, vitamin) for *texts, vitamin in zip(*texts, hit["nutrient"], strict=True)]
        return pd.Series(words, index=hit.index, dtype=object)

    return together(
        on_rows(
            judged,
            (nutrient == "vitamin_d") & (form == "unstated") & (judged["forms"] == ""),
            "vitd-form-missing",
            detail=named,
        ),
        on_rows(judged, form == "d2", "vitd-form-d2"),
        on_rows(
            judged,
            one_of(nutrient, ("vitamin_k2", "vitamin_k")) & (form == "unstated"),
            "vitk-form-missing",
            detail=named,
        ),
    )


TELLERS = {"name": "the product's name", "claims": "a statement on the label"}
"""Columns that may say a form which the line does not, and what a finding calls them."""


def _told_elsewhere(texts: list[str], nutrient: str) -> str:
    """', though the product's name says D3' of the first of the tellers that says a form, or ''."""
    for teller, text in zip(TELLERS.values(), texts, strict=True):
        said = _form_said(text, nutrient)
        if said:
            return f", though {teller} says {FORM_WORDS[said]}"
    return ""


@lru_cache(maxsize=16_384)
def _form_said(text: str, nutrient: str) -> str:
    """The one form of a vitamin that a text says, '' where it says none or several."""
    family = ("vitamin_k2", "vitamin_k") if nutrient != "vitamin_d" else (nutrient,)
    said = {form for piece in read_ingredient(text).pieces if piece.nutrient in family for form in piece.forms}
    return next(iter(said)) if len(said) == 1 and said <= FORM_WORDS.keys() else ""


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
    unlisted = one_of(facts.judged["form"], ("mk4", "calcifediol", "k3"))
    if not unlisted.any():
        return nothing()
    eu = (facts.in_eu & ~facts.is_medicine)[facts.judged["product"].to_numpy(dtype=np.intp)]
    return on_rows(
        facts.judged,
        eu & unlisted,
        "form-not-listed-eu",
        value=lambda hit: hit["form"].map(FORM_WORDS),
    )


def other_form_in_name(facts: Facts) -> pd.DataFrame:
    """A product name, or else a statement on the label, that says another form than the panel."""
    judged = facts.judged
    if judged.empty:
        return nothing()
    label = keyed_forms(judged, len(facts.first))
    product = judged["product"].to_numpy(dtype=np.intp)
    return together(*(_named_otherwise(facts, product, label, column, *pair) for column in TELLERS for pair in PAIRS))


PAIRS = (
    ("vitamin_d", "d3", "d2"),
    ("vitamin_d", "d2", "d3"),
    ("vitamin_k2", "mk7", "mk4"),
    ("vitamin_k2", "mk4", "mk7"),
)
SAID = {"d3": r"\bd-? ?3|calciferol", "d2": r"\bd-? ?2|calciferol", "mk7": r"\bmk-? ?7|menaq", "mk4": r"\bmk-? ?4|mena"}
"""Words without which a text does not say the form; the text is then read by the grammar."""


def _named_otherwise(
    facts: Facts,
    product: npt.NDArray[np.intp],
    label: dict[tuple[str, str], Mask],
    column: str,
    nutrient: str,
    form: str,
    other: str,
) -> pd.DataFrame:
    """Doses of one form where a text of the label says only the other one, which the panel lacks."""
    judged = facts.judged
    lacks = ~label[(nutrient, other)] & ~label[(nutrient, "unstated")] & ~label[(nutrient, "mixed")]
    test = ((judged["nutrient"] == nutrient) & (judged["form"] == form)).to_numpy() & lacks[product]
    if not test.any():
        return nothing()
    test &= facts.matching(column, SAID[other], facts.products(product[test]))[product]
    where = np.flatnonzero(test)
    codes, names = codes_of(facts.first[column], product[where])
    says = [
        {found for piece in read_ingredient(name).pieces if piece.nutrient == nutrient for found in piece.forms}
        & {form, other}
        == {other}
        for name in names
    ]
    test[where] = np.array(says, dtype=bool)[codes] if len(names) else False
    teller = TELLERS[column]
    return on_rows(
        judged,
        test,
        "name-form-mismatch",
        value=FORM_WORDS[other],
        expected=FORM_WORDS[form],
        detail=teller[:1].upper() + teller[1:],
    )


def keyed_forms(judged: pd.DataFrame, n: int) -> dict[tuple[str, str], Mask]:
    """For each nutrient and form, which products have a dose of it."""
    found: dict[tuple[str, str], Mask] = {}
    product = judged["product"].to_numpy(dtype=np.intp)
    is_of = {nutrient: (judged["nutrient"] == nutrient).to_numpy() for nutrient in ("vitamin_d", "vitamin_k2")}
    for nutrient, form in (("vitamin_d", "d3"), ("vitamin_d", "d2"), ("vitamin_d", "unstated"), ("vitamin_d", "mixed"), ("vitamin_k2", "mk7"),
                           ("vitamin_k2", "mk4"), ("vitamin_k2", "unstated"), ("vitamin_k2", "mixed")):  # fmt: skip
        has = np.zeros(n, dtype=bool)
        has[product[is_of[nutrient] & (judged["form"] == form).to_numpy()]] = True
        found[(nutrient, form)] = has
    return found


CHECKS = {
    ("vitd-form-missing", "vitd-form-d2", "vitk-form-missing"): unstated,
    ("vitk-form-dose-implausible",): unusual_for_form,
    ("form-not-listed-eu",): not_listed_in_eu,
    ("name-form-mismatch",): other_form_in_name,
}
"""Ids and the function that raises them."""
