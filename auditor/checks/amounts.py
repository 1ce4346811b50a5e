"""Numbers, units and double declarations: amounts outside label practice, units the market asks for, copied lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.amounts import LineReading, Style, read_line
from auditor.checks import number
from auditor.checks.facts import (
    IU,
    VITAMIN_K,
    Facts,
    Mask,
    any_pattern,
    mcg,
    nothing,
    objects,
    on_rows,
    plain,
    together,
)
from auditor.distinct import as_text, codes_of, distinct, one_of, words
from auditor.dose import IU_PER_MCG, style_of
from auditor.patterns import late_pattern

MASS_UNIT = r"(?:m?c?g|[µμu]g|㎍|mkg|mcgs|micro\w*|mikro\w*|milli[- ]?g\w*|мкг|マイクロ\w*)\b"
MASS = rf"(?<![a-z]){MASS_UNIT}"
LABELS_OF = {"us": "since 2021 US", "ca": "Canadian", "au": "Australian", "nz": "New Zealand", "uk": "UK"}
ASKING = ("us", "ca", "au", "nz")
"""Markets that ask for micrograms, besides those of the EU."""
ROUNDING_MCG = 0.0125
"""Half an international unit of vitamin D."""


def implausible_days(facts: Facts) -> pd.DataFrame:
    """Daily doses far outside label practice; a single amount outside it is told by the line's reader."""
    judged = facts.judged
    high = judged["daily_mcg_high"]
    implausible = facts.problems["code"].str.startswith("amount-implausible").to_numpy(dtype=bool)
    told = facts.are_rows(judged["source_rows"].to_numpy(dtype=np.intp), facts.reported(implausible))
    known = (
        judged["amount_mcg"].notna().to_numpy()
        & ~told
        & judged["other_mcg_high"].isna().to_numpy()
        & ~judged["share"].to_numpy(dtype=bool)
    )
    is_d = (judged["nutrient"] == "vitamin_d").to_numpy() & (judged["form"] != "calcifediol").to_numpy()
    is_k = one_of(judged["nutrient"], VITAMIN_K)
    small_d = known & is_d & ((high > 0) & (high < number("amount-implausible-vitd", "smallest_mcg"))).to_numpy()
    small_k = known & is_k & ((high > 0) & (high < number("amount-implausible-vitk", "smallest_mcg"))).to_numpy()
    huge_k = known & is_k & (high > number("amount-implausible-vitk", "largest_mcg")).to_numpy()
    large_k2 = known & ~huge_k & ((judged["nutrient"] == "vitamin_k2") & (judged["form"] == "unstated")).to_numpy()
    large_k2 &= (high > number("amount-implausible-vitk", "large_mcg")).to_numpy()
    return together(
        on_rows(judged, small_d, "amount-implausible-vitd", value=lambda hit: mcg(hit["daily_mcg_high"]), expected="at least 0.1 mcg a day", severity="warning"),
        on_rows(judged, small_k, "amount-implausible-vitk", value=lambda hit: mcg(hit["daily_mcg_high"]), expected="at least 1 mcg a day"),
        on_rows(judged, huge_k, "amount-implausible-vitk", value=lambda hit: mcg(hit["daily_mcg_high"]), expected="at most 45,000 mcg a day", severity="error"),
        on_rows(judged, large_k2, "amount-implausible-vitk", value=lambda hit: mcg(hit["daily_mcg_high"]), expected="over 1,000 mcg a day only as MK-4"),
    )  # fmt: skip


def units_of_market(facts: Facts) -> pd.DataFrame:
    """Vitamin D in international units alone, or before the micrograms, where the market asks for micrograms."""
    rows = facts.rows
    declared = (
        (rows["nutrient"] == "vitamin_d")
        & rows["declared_iu"].notna()
        & rows["amount_mcg"].notna()
        & (rows["form"] != "calcifediol")
    ).to_numpy()
    asking = facts.market_is(lambda market: market.id in ASKING) | facts.in_eu
    asking &= facts.is_panel & ~facts.is_medicine
    asks = asking[facts.row_products]
    if not (declared & asks).any():
        return nothing()
    # 'Take 6 drops daily (400 IU/10 mcg)' states the micrograms too.
    concerned = facts.products(facts.row_products[declared & asks])
    asks &= ~facts.matching("directions", rf"\d ?{MASS_UNIT}", concerned)[facts.row_products]
    if not (declared & asks).any():
        return nothing()
    order = _printed_order(facts, declared & asks)
    market, dates = facts.market_ids[facts.row_products], facts.label_dates[facts.row_products]
    us = facts.in_us[facts.row_products]
    # Before the 2016 rule US labels had to print IU; until 2021 they might.
    alone = (order == _IU_ONLY) & ~(us & (dates != "") & (dates < "2016-07-26"))
    severity = np.select(
        [us & (dates >= "2021-01-01"), (us & (dates != "")) | (market == "ca")], ["error", "note"], "warning"
    )
    return together(
        on_rows(rows, alone, "vitd-iu-only", value=lambda hit: plain(hit["declared_iu"]) + " IU", expected=lambda hit: mcg(hit["amount_mcg"]),
                detail=lambda hit: objects(LABELS_OF.get(code, "EU") for code in market[hit.where]), severity=lambda hit: severity[hit.where]),
        on_rows(rows, (order == _IU_FIRST) & us & ~((dates != "") & (dates < "2021-01-01")), "vitd-iu-first-us", value=lambda hit: plain(hit["declared_iu"]) + " IU",
                expected=lambda hit: mcg(hit["amount_mcg"])),
    )  # fmt: skip


_IU_ONLY, _IU_FIRST, _MASS_FIRST = 1, 2, 3


def _printed_order(facts: Facts, wanted: Mask) -> npt.NDArray[np.int64]:
    """For each wanted row whether IU stand alone, before or after the mass unit."""
    where = np.flatnonzero(wanted)
    lines = facts.targets[["amount", "unit"]].iloc[facts.rows["source_line"].to_numpy()[where]]
    texts = distinct(lines.assign(_text=facts.rows["label_text"].array.take(where)), ["amount", "unit", "_text"])
    mass, iu = re.compile(MASS, re.IGNORECASE), re.compile(IU, re.IGNORECASE)

    def order(amount: str, unit: str, text: str) -> int:
        printed = f"{amount} {unit}" if amount else text
        first_mass, first_iu = mass.search(printed), iu.search(printed)
        if amount and not first_mass and not first_iu:
            return 0
        if not first_mass:
            return _IU_ONLY if not amount or not mass.search(text) else 0
        return _IU_FIRST if first_iu and first_iu.start() < first_mass.start() else _MASS_FIRST

    found = np.zeros(len(facts.rows), dtype=np.int64)
    found[wanted] = np.array(texts.map(order), dtype=np.int64)[texts.codes]
    return found


def per_unit_and_serving(facts: Facts) -> pd.DataFrame:
    """mcg for one unit beside IU for the whole serving, or the reverse."""
    rows = facts.rows
    units = rows["units_per_serving"]
    iu_mcg = rows["declared_iu"] * 0.025
    mass = rows["amount_mcg"].where((rows["amount_mcg"] - iu_mcg).abs() > ROUNDING_MCG, rows["amount_other_mcg"])
    ratio = iu_mcg / mass.where(mass > 0)
    near = number("dual-vitd-per-unit-vs-serving", "within")
    more, less = (ratio / units - 1).abs() <= near, (ratio * units - 1).abs() <= near
    test = facts.rows_with("dual-vitd-mismatch") & ((units > 1) & (more | less)).to_numpy()
    return on_rows(
        rows, test, "dual-vitd-per-unit-vs-serving", value=lambda hit: mcg(mass[test]) + " and " + plain(hit["declared_iu"]) + " IU",
        expected=lambda hit: plain(hit["units_per_serving"]), detail=lambda _: np.where(more[test], "mcg per unit, IU per serving", "mcg per serving, IU per unit"),
    )  # fmt: skip


def copied_rows(facts: Facts) -> pd.DataFrame:
    """Vitamin K lines that repeat the product's vitamin D amount, international units included."""
    rows = facts.rows
    is_d = (rows["nutrient"] == "vitamin_d").to_numpy()
    wrong_k = ~is_d & rows["declared_iu"].notna().to_numpy()
    if not wrong_k.any():
        return nothing()
    here = np.isin(facts.row_products, facts.row_products[wrong_k])
    part = rows[here]
    cell = pd.Series(facts.cells(here), index=part.index, dtype="str")
    printed = cell.where(
        cell != "",
        as_text(part["label_text"]).str.replace(
            r"^.*?(?=\d[\d.,]* ?(?:m?cg|[µμu]g|mg|i\.?[ue]|ui))", "", regex=True, case=False
        ),
    )
    told = printed.str.replace(r"[\s()%*]+|\d+ ?%", "", regex=True).str.lower()
    key = pd.MultiIndex.from_arrays([part["product"], told])
    copies = wrong_k[here] & key.isin(key[is_d[here]])
    return on_rows(
        part.assign(_told=printed),
        copies,
        "row-copied-between-nutrients",
        value=lambda hit: hit["_told"],
    )


# -- the strength in the product's name ------------------------------------------------------------------------------------


class _Named(NamedTuple):
    """Strengths a product name gives: for vitamin D and vitamin K the amounts (mcg) it can mean."""

    d: tuple[float, ...] = ()
    k: tuple[float, ...] = ()


_STRENGTH_IN_NAME = r"(?:\bd-? ?[23]?|\bk-? ?[127]|mk-? ?[47]|menaq|cholecalc|colecalc|vit).*\d{2}|\d{2}.*(?:\bd-? ?[23]?\b|\bk-? ?[12]|mk-? ?[47]|vit)"


def strength_in_name(facts: Facts) -> pd.DataFrame:
    """A strength in the product's name that is neither the amount per serving, per unit nor per day."""
    wanted = facts.matching("name", _STRENGTH_IN_NAME, facts.with_row)
    if not wanted.any():
        return nothing()
    wanted &= ~facts.matching("name", r"(?:/|per) ?(?:1 ?)?(?:ml|millilit|drop|g\b)", wanted)
    return together(*(_compared(facts, wanted, family) for family in ("d", "k")))


def strength_in_directions(facts: Facts) -> pd.DataFrame:
    """A strength of the piece in the directions ('one 10mcg tablet') that is no vitamin's amount per serving or per piece."""
    judged = facts.judged
    said = facts.says("directions", "name-amount-mismatch", facts.with_row)
    if not said.any():
        return nothing()
    product = judged["product"].to_numpy(dtype=np.intp)
    part = judged[said[product] & judged["amount_mcg"].notna().to_numpy() & ~judged["share"].to_numpy(dtype=bool)]
    product = part["product"].to_numpy(dtype=np.intp)
    codes, texts = codes_of(facts.first["directions"], product)
    strengths = [_strength_of_piece(text) for text in texts]
    given = np.array([mcg for _, mcg in strengths], dtype=float)[codes]
    amount, units = part["amount_mcg"].to_numpy(), part["units_per_serving"].fillna(1.0).to_numpy()
    meant = np.column_stack([amount, amount / units, part["other_mcg_high"].fillna(part["amount_mcg"]).to_numpy()])
    slack = np.maximum(number("name-amount-mismatch", "rounding_mcg"), number("name-amount-mismatch", "within") * meant)
    agrees = (np.abs(given[:, None] - meant) <= slack).any(axis=1)
    open_to_doubt = ~np.isin(product, product[agrees]) & ~np.isnan(given) & (part["nutrient"] == "vitamin_d").to_numpy()
    open_to_doubt &= ~part["product"].where(open_to_doubt).duplicated().to_numpy()
    table = part.assign(_words=np.array([words for words, _ in strengths], dtype=object)[codes])
    return on_rows(table, open_to_doubt, "name-amount-mismatch", value=lambda hit: hit["_words"],
                   expected=lambda hit: mcg(hit["amount_mcg"]), detail="The directions say")  # fmt: skip


def _strength_of_piece(directions: str) -> tuple[str, float]:
    """The one strength of a piece that directions print, and its micrograms of vitamin D; missing where none or several."""
    found = list(re.finditer(any_pattern("name-amount-mismatch"), directions, re.IGNORECASE))
    if len(found) != 1:
        return "", float("nan")
    numbers = _numbers_of(found[0]["number"].rstrip(".,"))
    in_units = re.fullmatch(IU, found[0]["unit"], re.IGNORECASE) is not None
    return found[0][0], numbers[0] / (IU_PER_MCG if in_units else 1) if len(numbers) == 1 else float("nan")


_BARE = late_pattern(
    r"(?<![\w.,])(\d{1,3}(?:,\d{3})+|\d{3,6})(?![\w%.,])(?! ?(?:m?l|oz|fl|g|kg|ct|count|caps?|capsules?|tab\w*|soft\w*|gumm\w*|drops?|days?|x|pieces?|pearls?|serv\w*|veg\w*)\b)",
    re.IGNORECASE,
)
_VITAMIN = late_pattern(r"(?:vitamin[ae]? ?|\b)(d|k)-? ?[123]?\b|\b(m)k-? ?\d", re.IGNORECASE)


def _owner_of_bare(name: str) -> str:
    """'d' or 'k', whose name stands last before the bare number: 'D3 5000 + K2' is 5000 of D."""
    number = _BARE.search(name)
    before = (
        [("k" if found[2] else found[1].lower()) for found in _VITAMIN.finditer(name[: number.start()])]
        if number
        else []
    )
    return before[-1] if before else ""


@lru_cache(maxsize=16_384)
def _named(name: str, style: Style) -> _Named:
    def amounts(reading: LineReading) -> tuple[float, ...]:
        if reading.mcg_high is not None and not reading.share:
            return tuple(float(value) for value in (reading.mcg_high, reading.other_mcg) if value is not None)
        bare = _BARE.search(name) if reading.reason == "unit-missing" else None
        digits = bare[1].replace(",", "") if bare else ""
        if not digits or _owner_of_bare(name) != ("d" if reading.nutrient == "vitamin_d" else "k"):
            return ()
        return (float(digits), float(digits) * 0.025) if reading.nutrient == "vitamin_d" else (float(digits),)

    readings = read_line(name, style=style)
    found = {
        "d": [r for r in readings if r.nutrient == "vitamin_d"],
        "k": [r for r in readings if r.nutrient != "vitamin_d"],
    }
    one = {family: of[0] for family, of in found.items() if len(of) == 1}
    d, k = (amounts(one[family]) if family in one else () for family in ("d", "k"))
    return _Named(d, k)


_NUMBERS = late_pattern(
    r"(?<![\d.,])\d++(?:[.,]\d++)*+(?! ?(?:ct|count|caps?|capsules?|kaps\w*|tab\w*|cpr|compr\w*|soft\w*|gumm\w*|days?|pieces?|pearls?|serv\w*)\b)",
    re.IGNORECASE,
)
"""A number that does not count pieces: the 100 of '1000 UI 100tabs' is no strength."""


@lru_cache(maxsize=16_384)
def _numbers_of(name: str) -> tuple[float, ...]:
    """Every number of a name, thousands and decimals both tried."""
    found: list[float] = []
    for text in _NUMBERS.findall(name):
        found += [
            float(digits)
            for digits in {text.replace(",", "").replace(".", ""), text.replace(",", ".")}
            if digits.count(".") < 2
        ]
    return tuple(found)


COMPARED = [
    "product",
    "source_rows",
    "nutrient",
    "label_text",
    "amount_mcg",
    "basis",
    "units_per_serving",
    "daily_mcg_low",
    "daily_mcg_high",
    "single_intake_mcg",
]
"""What is asked of a dose that is compared with the product's name."""


def _compared(facts: Facts, wanted: Mask, family: str) -> pd.DataFrame:
    """Rows of the one line of a vitamin whose amounts all differ from the name's.

    A name of which any number is the amount, in whatever unit, agrees; only the others are read.
    """
    code = "name-amount-mismatch" if family == "d" else "vitk-declared-twice-conflict"
    judged = facts.judged
    mine = (judged["nutrient"] == "vitamin_d").to_numpy() == (family == "d")
    product = judged["product"].to_numpy(dtype=np.intp)
    alone = np.bincount(product[mine], minlength=len(facts.first))[product] == 1
    usable = (
        mine
        & wanted[product]
        & alone
        & judged["amount_mcg"].notna().to_numpy()
        & judged["other_mcg_high"].isna().to_numpy()
        & ~judged["repeated"].to_numpy(dtype=bool)
    )
    usable &= ~judged["share"].to_numpy(dtype=bool) & ~one_of(judged["basis"], ("per_drop", "per_ml", "per_100g"))
    part = judged.loc[usable, COMPARED]
    if part.empty:
        return nothing()
    codes, names = codes_of(facts.first["name"], product[usable])
    amount, units = part["amount_mcg"].to_numpy(), part["units_per_serving"].fillna(1.0).to_numpy()
    meant = np.column_stack(
        [
            amount,
            # The other way round it would be no amount of anything: half a half tablet.
            np.where(part["basis"] == "per_unit", amount * units, amount / units),
            part["daily_mcg_low"].to_numpy(),
            part["daily_mcg_high"].to_numpy(),
            part["single_intake_mcg"].to_numpy(),
        ]
    )
    slack = np.maximum(number(code, "rounding_mcg"), number(code, "within") * meant)
    tried = _padded([_numbers_of(name) for name in names])[codes]
    open_rows = ~_any_near(np.concatenate([tried * factor for factor in (1.0, 0.025, 1000.0)], axis=1), meant, slack)
    style = style_of("us", facts.evidence)
    wording = {
        position: getattr(_named(names[position], style), family) for position in np.unique(codes[open_rows]).tolist()
    }
    given = _padded([wording.get(position, ()) for position in range(len(names))])[codes]
    differs = open_rows & ~np.isnan(given).all(axis=1) & ~_any_near(given, meant, slack)
    named = words(name[:60] for name in names).take(codes)
    return on_rows(part.assign(_named=named), differs, code, value=lambda hit: "'" + hit["_named"] + "' in the product's name and " + mcg(hit["amount_mcg"]) + " on the panel" if family == "k" else hit["_named"],
                   expected=lambda hit: mcg(hit["amount_mcg"]), detail="the panel was used" if family == "k" else "The product's name says")  # fmt: skip


def _padded(values: Sequence[Sequence[float]]) -> npt.NDArray[np.float64]:
    """Lists of numbers as a matrix, missing numbers at the end."""
    counts = np.fromiter(map(len, values), dtype=np.intp, count=len(values))
    table = np.full((len(values), counts.max(initial=1)), np.nan)
    table[np.arange(table.shape[1]) < counts[:, None]] = list(chain.from_iterable(values))
    return table


def _any_near(values: npt.NDArray[np.float64], meant: npt.NDArray[np.float64], slack: npt.NDArray[np.float64]) -> Mask:
    """Rows in which any value is near any meaning of the amount."""
    near = np.zeros(len(values), dtype=bool)
    for column in values.T:
        near |= (np.abs(column[:, None] - meant) <= slack).any(axis=1)
    return near


CHECKS = {
    ("amount-implausible-vitd", "amount-implausible-vitk"): implausible_days,
    ("vitd-iu-only", "vitd-iu-first-us"): units_of_market,
    ("dual-vitd-per-unit-vs-serving",): per_unit_and_serving,
    ("row-copied-between-nutrients",): copied_rows,
    ("name-amount-mismatch", "vitk-declared-twice-conflict"): strength_in_name,
    ("name-amount-mismatch",): strength_in_directions,
}
"""Ids and the function that raises them."""
