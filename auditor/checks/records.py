"""Integrity of records: ids, barcodes, amounts without a number, odd characters."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from auditor.checks import catalogue, number
from auditor.checks.facts import (
    Facts,
    Hits,
    Mask,
    Objects,
    Positions,
    first_match,
    keys_of,
    nothing,
    objects,
    on_products,
    on_rows,
    says,
    together,
)
from auditor.distinct import codes_of, one_of
from auditor.searching import holds
from auditor.text import clean

HIDDEN = r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
"""Format and control characters that no label prints (label rules study 7.1): zero width, direction marks, byte order mark."""
ODD_NUMBER = r"\d?[¼-¾⅐-⅞]|[０-９]+|\d[\u00a0\u202f\u2009]\d{3}"
TEXTS = ("name", "brand", "directions", "serving_size")


def missing_id(facts: Facts) -> pd.DataFrame:
    """A record without an id cannot be pointed at."""
    blank = ~holds(facts.ids, r"\S")
    return on_products(
        facts.first,
        blank,
        "id-missing",
        value=lambda hit: (" (row " + hit["row"].astype("str") + ")").where(hit["row"] != "", ""),
    )


def repeated_id(facts: Facts) -> pd.DataFrame:
    """One id on two records that stand together: each place of the label comes from two input rows."""
    twice = facts.products(_products_with_lines_twice(facts))
    return on_products(
        facts.first, twice, "id-duplicate", value=lambda hit: hit["product_id"], expected="records of the input"
    )


def _products_with_lines_twice(facts: Facts) -> Positions:
    """Products of which two different input rows claim the same place on the label."""
    numbered = (facts.targets["line"] != "").to_numpy()
    lines = facts.targets[numbered]
    if lines.empty:
        return np.array([], dtype=np.intp)
    product = facts.product_of_line[lines.index.to_numpy()]
    place = keys_of([product, lines["line"], lines["serving_order"], lines["audience"]])
    with_row = keys_of([place, lines["input"], lines["row"]])
    several = np.bincount(place[np.unique(with_row, return_index=True)[1]], minlength=place.max() + 1) > 1
    return np.unique(product[several[place]])


# -- barcodes ------------------------------------------------------------------------------------------------------------


def barcodes(facts: Facts) -> pd.DataFrame:
    """Barcodes that are damaged or fail their check digit; what stands on several products is for :mod:`auditor.checks.across`."""
    if not facts.has("upc").any():
        return nothing()
    own, codes = facts.texts("upc").codes, facts.barcodes

    def cells(values: pd.Series) -> Callable[[Hits], Objects]:
        return lambda hit: values.iloc[own[hit.index.to_numpy()]].to_numpy(dtype=object)

    return together(
        on_products(facts.first, codes.mangled[own], "gtin-mangled", value=cells(codes.texts), expected=cells(codes.repaired.where(codes.repaired != "", "known only to its source"))),
        on_products(facts.first, codes.wrong[own], "gtin-check-digit", value=cells(codes.texts), expected=cells(pd.Series(codes.digit).astype("str"))),
    )  # fmt: skip


# -- amounts and rows ----------------------------------------------------------------------------------------------------


def zero_amounts(facts: Facts) -> pd.DataFrame:
    """A vitamin listed with nothing of it."""
    rows = facts.rows
    bounds = facts.rows_with("amount-upper-bound")
    return on_rows(
        rows, (rows["amount_mcg"] == 0).to_numpy() & ~rows["share"].to_numpy(dtype=bool) & ~bounds, "amount-zero"
    )


def not_assignable(facts: Facts) -> pd.DataFrame:
    """One amount column for several vitamins."""
    test = (facts.rows["amount_reason"] == "amount-not-assignable").to_numpy()
    return on_rows(facts.rows, test, "amount-not-assignable", value=lambda _: facts.cells(test))


def repeated_rows(facts: Facts) -> pd.DataFrame:
    """One vitamin on several lines of one column."""
    judged = facts.judged
    of_d = ((judged["nutrient"] == "vitamin_d") & (judged["form"] != "calcifediol")).to_numpy(dtype=bool)
    # D2 and D3 on two rows are two sources of one vitamin; the forms of vitamin K are different substances.
    product = judged["product"].to_numpy(dtype=np.intp)
    several = of_d & (np.bincount(product[of_d], minlength=len(facts.firsts))[product] > 1)
    test = judged["repeated"].to_numpy(dtype=bool) | several
    if not test.any():
        return nothing()
    where = np.flatnonzero(test)
    codes, texts = codes_of(judged["label_text"], where)
    # All of a product's vitamin D is told at once, of other vitamins each dose.
    label, _ = pd.factorize(np.where(of_d[where], product[where], -1 - where))
    lines: list[list[str]] = [[] for _ in range(int(label.max()) + 1)]
    for own, text in zip(label.tolist(), texts[codes], strict=True):
        lines[own].append(text)
    once = test.copy()
    once[where] = ~(pd.Series(product[where]).duplicated().to_numpy() & of_d[where])
    told = objects("; ".join(lines[own]) for own in label[once[where]].tolist())
    return on_rows(judged, once, "nutrient-row-repeated", value=lambda _: told)


def _basis_in_doubt(facts: Facts) -> Mask:
    """Rows of which another finding tells what the lack of a serving size or of an interval leaves open."""
    rows = facts.rows
    large = (rows["amount_mcg"] > number("dose-interval-needed", "above_mcg")) & (rows["nutrient"] == "vitamin_d")
    large &= rows["servings_source"] == "assumed"
    return np.asarray(large | facts.rows_with("dose-basis-unknown", "dose-basis-assumed"), dtype=bool)


def missing_fields(facts: Facts) -> pd.DataFrame:
    """A record without market, or a US panel without serving size."""
    no_market = facts.with_row & facts.market_is(lambda market: not market.id) & ~facts.has("market")
    of_a_serving = (facts.rows["basis"] == "per_serving") & facts.rows["amount_mcg"].notna()
    per_serving = facts.products(facts.row_products[of_a_serving.to_numpy()])
    counted = facts.has("serving_size") | facts.has("units_per_serving")
    no_serving = per_serving & facts.in_us & ~counted
    if no_serving.any():
        no_serving &= facts.has("directions")
    no_serving[facts.row_products[_basis_in_doubt(facts)]] = False
    no_serving &= ~facts.matching("directions", r"\bservings?\b", no_serving)
    return together(
        on_products(facts.first, no_market, "required-field-missing", value="market", detail="no country's percents, units and maxima were applied", severity="note"),
        on_products(facts.first, no_serving, "required-field-missing", value="serving size", detail="one unit was taken as the serving"),
    )  # fmt: skip


def hidden_characters(facts: Facts) -> pd.DataFrame:
    """Invisible characters in any text of the record; those of a vitamin's line are told by its reader."""
    return together(*(_hidden_in(facts, name) for name in TEXTS))


def _hidden_in(facts: Facts, name: str) -> pd.DataFrame:
    hidden = facts.matching(name, HIDDEN, facts.texts(name).unusual)

    def shown(hit: Hits) -> pd.Series:
        return (
            name.replace("_", " ") + ": " + hit[name].astype("str").str.slice(0, 60).str.replace(HIDDEN, "", regex=True)
        )

    return on_products(
        facts.first,
        hidden,
        "text-hidden-characters",
        value=shown,
    )


def odd_glyphs(facts: Facts) -> pd.DataFrame:
    """Fraction signs, full-width digits and hard blanks inside numbers, with how they were read."""
    columns = [facts.of_target(name) for name in ("ingredient", "amount")]
    odd = np.logical_or(*(column.holding(ODD_NUMBER, column.unusual) for column in columns))
    lines = [" ".join(cells) for cells in zip(*(column[odd] for column in columns), strict=True)]
    found = [_odd_in(facts, name) for name in ("directions", "serving_size")]
    return together(*found, on_rows(facts.rows, odd, "number-odd-glyphs", value=lambda _: _odd(lines), expected=lambda _: _read(_odd(lines))))  # fmt: skip


def _odd_in(facts: Facts, name: str) -> pd.DataFrame:
    texts = facts.texts(name)
    odd = texts.holding(ODD_NUMBER, texts.unusual)
    return on_products(facts.first, odd, "number-odd-glyphs", value=lambda _: _odd(texts[odd]), expected=lambda _: _read(_odd(texts[odd])))  # fmt: skip


def _odd(texts: Iterable[str]) -> Objects:
    return objects(first_match(text, ODD_NUMBER) for text in texts)


def _read(texts: Iterable[str]) -> Objects:
    return objects(clean(text).text for text in texts)


def hidden_in_blend(facts: Facts) -> pd.DataFrame:
    """A vitamin without amount that is a member of a blend."""
    rows = facts.rows
    nested = ((rows["parent"] != "") & rows["amount_mcg"].isna()).to_numpy()
    if not nested.any():
        return nothing()
    product = facts.row_products
    members = rows[nested]
    of_member = pd.MultiIndex.from_arrays([product[nested], members["parent"].astype("str")])
    nearby = np.isin(facts.product_of_line, np.unique(product[nested]))
    lines = facts.lines[nearby]
    index = pd.MultiIndex.from_arrays([facts.product_of_line[nearby], lines["line"].astype("str")])
    unique = ~index.duplicated()
    place = pd.Series(np.arange(len(lines)), index=index)[unique].reindex(of_member).to_numpy(dtype=float)
    whole = np.where(np.isnan(place), 0, place).astype(np.intp)
    parent = lines.iloc[whole]
    is_blend = ~np.isnan(place) & says(parent["ingredient"], "blend-hides-amount")
    total = (parent["amount"].astype("str") + " " + parent["unit"].astype("str")).str.strip().to_numpy()
    total = np.where((parent["unit"] == "NP").to_numpy() | (total == ""), "no stated amount", total)
    return on_rows(members.assign(_total=total, _blend=parent["ingredient"].to_numpy()), is_blend, "blend-hides-amount",
                   value=lambda hit: hit["_blend"], expected=lambda hit: hit["_total"])  # fmt: skip


def read_by_machine(facts: Facts) -> pd.DataFrame:
    """Records whose text a machine read from a photo, with what it says of its own sureness."""
    by_machine = one_of(facts.first["source"], catalogue()["machine-read"].patterns)
    return on_products(facts.first, by_machine, "machine-read", detail=_sureness)


def _sureness(hit: Hits) -> object:
    return " " + hit["machine_read"].astype("str") + "." if "machine_read" in hit else ""


CHECKS = {
    ("machine-read",): read_by_machine,
    ("id-missing",): missing_id,
    ("id-duplicate",): repeated_id,
    ("gtin-mangled", "gtin-check-digit"): barcodes,
    ("amount-zero",): zero_amounts,
    ("amount-not-assignable",): not_assignable,
    ("nutrient-row-repeated",): repeated_rows,
    ("required-field-missing",): missing_fields,
    ("text-hidden-characters",): hidden_characters,
    ("number-odd-glyphs",): odd_glyphs,
    ("blend-hides-amount",): hidden_in_blend,
}
"""Ids and the function that raises them."""
