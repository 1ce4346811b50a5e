"""Numbers, units and double declarations: amounts outside label practice, units the market asks for, copied lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from auditor.amounts import LineReading, Style, read_line
from auditor.checks import number
from auditor.checks.facts import (
    IU,
    VITAMIN_K,
    Facts,
    Findings,
    a_day,
    any_pattern,
    divided,
    first_of_each,
    keys_of,
    mcg,
    on_rows,
    plain,
)
from auditor.checks.tables import Floats, Hits, Mask, Objects, Positions, objects
from auditor.distinct import distinct
from auditor.dose import IU_PER_MCG, style_of
from auditor.patterns import late_pattern
from auditor.remembering import remembered

MASS_UNIT = r"(?:m?c?g|[µμu]g|㎍|mkg|mcgs|micro\w*|mikro\w*|milli[- ]?g\w*|мкг|マイクロ\w*)\b"
MASS = rf"(?<![a-z]){MASS_UNIT}"
LABELS_OF = {"us": "since 2021 US", "ca": "Canadian", "au": "Australian", "nz": "New Zealand", "uk": "UK"}
ASKING = ("us", "ca", "au", "nz")
"""Markets that ask for micrograms, besides those of the EU."""
ROUNDING_MCG = 0.0125
"""Half an international unit of vitamin D."""


def implausible_days(facts: Facts) -> Findings:
    """Daily doses far outside label practice; a single amount outside it is told by the line's reader."""
    judged = facts.judged
    high = judged["daily_mcg_high"]
    implausible = facts.problems["row"][facts.problems.texts("code").holding("^amount-implausible")]
    known = ~np.isnan(judged["amount_mcg"]) & np.isnan(judged["other_mcg_high"]) & ~judged["share"]
    known &= ~facts.are_rows(judged["source_rows"], implausible)
    is_d = known & judged.are("nutrient", "vitamin_d") & ~judged.are("form", "calcifediol")
    is_k = known & judged.are("nutrient", *VITAMIN_K)
    small_d = is_d & (high > 0) & (high < number("amount-implausible-vitd", "smallest_mcg"))
    small_k = is_k & (high > 0) & (high < number("amount-implausible-vitk", "smallest_mcg"))
    huge_k = is_k & (high > number("amount-implausible-vitk", "largest_mcg"))
    large_k2 = known & ~huge_k & judged.are("nutrient", "vitamin_k2") & judged.are("form", "unstated")
    large_k2 &= high > number("amount-implausible-vitk", "large_mcg")
    return [
        *on_rows(judged, small_d, "amount-implausible-vitd", value=a_day, expected="at least 0.1 mcg a day", severity="warning"),
        *on_rows(judged, small_k, "amount-implausible-vitk", value=a_day, expected="at least 1 mcg a day"),
        *on_rows(judged, huge_k, "amount-implausible-vitk", value=a_day, expected="at most 45,000 mcg a day", severity="error"),
        *on_rows(judged, large_k2, "amount-implausible-vitk", value=a_day, expected="over 1,000 mcg a day only as MK-4"),
    ]  # fmt: skip


def units_of_market(facts: Facts) -> Findings:
    """Vitamin D in international units alone, or before the micrograms, where the market asks for micrograms."""
    rows = facts.rows
    declared = rows.are("nutrient", "vitamin_d") & ~rows.are("form", "calcifediol")
    declared &= ~np.isnan(rows["declared_iu"]) & ~np.isnan(rows["amount_mcg"])
    asking = facts.market_is(lambda market: market.id in ASKING) | facts.in_eu
    asking &= facts.is_panel & ~facts.is_medicine
    asked = declared & asking[facts.row_products]
    if not asked.any():
        return []
    # 'Take 6 drops daily (400 IU/10 mcg)' states the micrograms too.
    concerned = facts.products(facts.row_products[asked])
    asked &= ~facts.matching("directions", rf"\d ?{MASS_UNIT}", concerned)[facts.row_products]
    if not asked.any():
        return []
    order = _printed_order(facts, asked)
    market, dates = facts.market_ids[facts.row_products], facts.label_dates[facts.row_products]
    us = facts.in_us[facts.row_products]
    # Before the 2016 rule US labels had to print IU; until 2021 they might.
    alone = (order == _IU_ONLY) & ~(us & (dates != "") & (dates < "2016-07-26"))
    severity = np.select(
        [us & (dates >= "2021-01-01"), (us & (dates != "")) | (market == "ca")], ["error", "note"], "warning"
    )

    def declared_iu(hit: Hits) -> Objects:
        return plain(hit["declared_iu"]) + " IU"

    return [
        *on_rows(rows, alone, "vitd-iu-only", value=declared_iu, expected=lambda hit: mcg(hit["amount_mcg"]),
                 detail=lambda hit: [LABELS_OF.get(code, "EU") for code in market[hit.where]], severity=lambda hit: severity[hit.where]),
        *on_rows(rows, (order == _IU_FIRST) & us & ~((dates != "") & (dates < "2021-01-01")), "vitd-iu-first-us", value=declared_iu,
                 expected=lambda hit: mcg(hit["amount_mcg"])),
    ]  # fmt: skip


_IU_ONLY, _IU_FIRST, _MASS_FIRST = 1, 2, 3


def _printed_order(facts: Facts, wanted: Mask) -> Positions:
    """For each wanted row whether IU stand alone, before or after the mass unit."""
    where = np.flatnonzero(wanted)
    source = facts.rows["source_line"][where]
    cells = {name: facts.targets.array(name).take(source) for name in ("amount", "unit")}
    cells["text"] = facts.rows.array("label_text").take(where)
    texts = distinct(cells, ["amount", "unit", "text"])
    mass, iu = re.compile(MASS, re.IGNORECASE), re.compile(IU, re.IGNORECASE)

    def order(amount: str, unit: str, text: str) -> int:
        printed = f"{amount} {unit}" if amount else text
        first_mass, first_iu = mass.search(printed), iu.search(printed)
        if amount and not first_mass and not first_iu:
            return 0
        if not first_mass:
            return _IU_ONLY if not amount or not mass.search(text) else 0
        return _IU_FIRST if first_iu and first_iu.start() < first_mass.start() else _MASS_FIRST

    found = np.zeros(len(facts.rows), dtype=np.intp)
    found[where] = np.array(texts.map(order), dtype=np.intp)[texts.codes]
    return found


def per_unit_and_serving(facts: Facts) -> Findings:
    """mcg for one unit beside IU for the whole serving, or the reverse."""
    rows = facts.rows
    where = np.flatnonzero(facts.rows_with("dual-vitd-mismatch") & (rows["units_per_serving"] > 1))
    row = Hits(rows, where)
    amount, units, iu_mcg = row["amount_mcg"], row["units_per_serving"], row["declared_iu"] * 0.025
    mass = np.where(np.abs(amount - iu_mcg) > ROUNDING_MCG, amount, row["amount_other_mcg"])
    ratio = iu_mcg / np.where(mass > 0, mass, np.nan)
    near = number("dual-vitd-per-unit-vs-serving", "within")
    more, less = np.abs(ratio / units - 1) <= near, np.abs(ratio * units - 1) <= near
    test = more | less
    return on_rows(
        rows, where[test], "dual-vitd-per-unit-vs-serving", value=lambda hit: mcg(mass[test]) + " and " + plain(hit["declared_iu"]) + " IU",
        expected=lambda hit: plain(hit["units_per_serving"]), detail=np.where(more[test], "mcg per unit, IU per serving", "mcg per serving, IU per unit"),
    )  # fmt: skip


_BEFORE_AMOUNT = late_pattern(r"^.*?(?=\d[\d.,]* ?(?:m?cg|[µμu]g|mg|i\.?[ue]|ui))", re.IGNORECASE)
_BESIDE_AMOUNT = late_pattern(r"[\s()%*]+|\d+ ?%", re.ASCII)


def copied_rows(facts: Facts) -> Findings:
    """Vitamin K lines that repeat the product's vitamin D amount, international units included."""
    rows = facts.rows
    is_d = rows.are("nutrient", "vitamin_d")
    wrong_k = ~is_d & ~np.isnan(rows["declared_iu"])
    if not wrong_k.any():
        return []
    here = np.flatnonzero(facts.products(facts.row_products[wrong_k])[facts.row_products])
    texts = rows.texts("label_text")[here]
    printed = objects(cell or _BEFORE_AMOUNT.sub("", text) for cell, text in zip(facts.cells(here), texts, strict=True))
    told = objects(_BESIDE_AMOUNT.sub("", text).lower() for text in printed)
    key = keys_of(facts.row_products[here], told)
    copies = wrong_k[here] & np.isin(key, key[is_d[here]])
    return on_rows(rows, here[copies], "row-copied-between-nutrients", value=printed[copies])


# -- the strength in the product's name ------------------------------------------------------------------------------------


class _Named(NamedTuple):
    """Strengths a product name gives: for vitamin D and vitamin K the amounts (mcg) it can mean."""

    d: tuple[float, ...] = ()
    k: tuple[float, ...] = ()


_STRENGTH_IN_NAME = r"(?:\bd-? ?[23]?|\bk-? ?[127]|mk-? ?[47]|menaq|cholecalc|colecalc|vit).*\d{2}|\d{2}.*(?:\bd-? ?[23]?\b|\bk-? ?[12]|mk-? ?[47]|vit)"


def strength_in_name(facts: Facts) -> Findings:
    """A strength in the product's name that is neither the amount per serving, per unit nor per day."""
    wanted = facts.matching("name", _STRENGTH_IN_NAME, facts.with_row)
    if not wanted.any():
        return []
    wanted &= ~facts.matching("name", r"(?:/|per) ?(?:1 ?)?(?:ml|millilit|drop|g\b)", wanted)
    return [*_compared(facts, wanted, "d"), *_compared(facts, wanted, "k")]


def strength_in_directions(facts: Facts) -> Findings:
    """A strength of the piece in the directions ('one 10mcg tablet') that is no vitamin's amount per serving or per piece."""
    judged = facts.judged
    said = facts.says("directions", "name-amount-mismatch", facts.with_row)
    if not said.any():
        return []
    where = np.flatnonzero(said[facts.dose_products] & ~np.isnan(judged["amount_mcg"]) & ~judged["share"])
    dose = Hits(judged, where)
    product, amount, units, other = (
        dose[name] for name in ("product", "amount_mcg", "units_per_serving", "other_mcg_high")
    )
    directions = facts.texts("directions")
    strengths = {place: _strength_of_piece(directions.values[place]) for place in directions.used(said).tolist()}
    told = [strengths[place] for place in directions.codes[product].tolist()]
    given = np.array([mcg for _, mcg in told], dtype=float)
    per_piece = divided(amount, np.where(np.isnan(units), 1.0, units))
    meant = np.column_stack([amount, per_piece, np.where(np.isnan(other), amount, other)])
    slack = np.maximum(number("name-amount-mismatch", "rounding_mcg"), number("name-amount-mismatch", "within") * meant)
    agrees = (np.abs(given[:, None] - meant) <= slack).any(axis=1)
    open_to_doubt = ~np.isin(product, product[agrees]) & ~np.isnan(given) & judged.are("nutrient", "vitamin_d")[where]
    open_to_doubt = first_of_each(product, open_to_doubt)
    words = objects(words for words, _ in told)
    return on_rows(judged, where[open_to_doubt], "name-amount-mismatch", value=words[open_to_doubt],
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


@remembered(4_096)
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


@remembered(4_096)
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


def _compared(facts: Facts, wanted: Mask, family: str) -> Findings:
    """Rows of the one line of a vitamin whose amounts all differ from the name's.

    A name of which any number is the amount, in whatever unit, agrees; only the others are read.
    """
    code = "name-amount-mismatch" if family == "d" else "vitk-declared-twice-conflict"
    judged, product = facts.judged, facts.dose_products
    mine = judged.are("nutrient", "vitamin_d") == (family == "d")
    alone = np.bincount(product[mine], minlength=len(facts.first))[product] == 1
    usable = mine & wanted[product] & alone & ~np.isnan(judged["amount_mcg"]) & np.isnan(judged["other_mcg_high"])
    usable &= ~judged["repeated"] & ~judged["share"] & ~judged.are("basis", "per_drop", "per_ml", "per_100g")
    where = np.flatnonzero(usable)
    if not len(where):
        return []
    dose = Hits(judged, where)
    name = facts.texts("name")
    own, codes = np.unique(name.codes[dose["product"]], return_inverse=True)
    names = name.values[own]
    amount, units = dose["amount_mcg"], np.where(np.isnan(dose["units_per_serving"]), 1.0, dose["units_per_serving"])
    meant = np.column_stack(
        [
            amount,
            # The other way round it would be no amount of anything: half a half tablet.
            np.where(judged.are("basis", "per_unit")[where], amount * units, divided(amount, units)),
            dose["daily_mcg_low"],
            dose["daily_mcg_high"],
            dose["single_intake_mcg"],
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
    named = objects(name[:60] for name in names[codes[differs]])
    if family == "d":
        return on_rows(
            judged,
            where[differs],
            code,
            value=named,
            expected=lambda hit: mcg(hit["amount_mcg"]),
            detail="The product's name says",
        )
    return on_rows(judged, where[differs], code, value=lambda hit: "'" + named + "' in the product's name and " + mcg(hit["amount_mcg"]) + " on the panel",
                   expected=lambda hit: mcg(hit["amount_mcg"]), detail="the panel was used")  # fmt: skip


def _padded(values: Sequence[Sequence[float]]) -> Floats:
    """Lists of numbers as a matrix, missing numbers at the end."""
    counts = np.fromiter(map(len, values), dtype=np.intp, count=len(values))
    table = np.full((len(values), counts.max(initial=1)), np.nan)
    table[np.arange(table.shape[1]) < counts[:, None]] = list(chain.from_iterable(values))
    return table


def _any_near(values: Floats, meant: Floats, slack: Floats) -> Mask:
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
