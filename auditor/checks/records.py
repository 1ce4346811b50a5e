"""Integrity of records: ids, barcodes, amounts without a number, odd characters."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from auditor.checks import catalogue, number
from auditor.checks.facts import (
    Cells,
    Facts,
    Findings,
    any_pattern,
    first_match,
    first_of_each,
    keys_of,
    on_products,
    on_rows,
)
from auditor.checks.tables import Hits, Mask, Objects, Positions, objects
from auditor.distinct import factors_of
from auditor.patterns import late_pattern
from auditor.searching import holds
from auditor.text import clean

HIDDEN = r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
"""Format and control characters that no label prints (label rules study 7.1): zero width, direction marks, byte order mark."""
_HIDDEN = late_pattern(HIDDEN)
ODD_NUMBER = r"\d?[¼-¾⅐-⅞]|[０-９]+|\d[\u00a0\u202f\u2009]\d{3}"
TEXTS = ("name", "brand", "directions", "serving_size")


def missing_id(facts: Facts) -> Findings:
    """A record without an id cannot be pointed at."""
    blank = ~holds(facts.ids, r"\S")
    return on_products(
        facts.first, blank, "id-missing", value=lambda hit: [f" (row {row})" if row else "" for row in hit["row"]]
    )


def repeated_id(facts: Facts) -> Findings:
    """One id on two records that stand together: each place of the label comes from two input rows."""
    twice = facts.products(_products_with_lines_twice(facts))
    return on_products(
        facts.first, twice, "id-duplicate", value=lambda hit: hit["product_id"], expected="records of the input"
    )


def _products_with_lines_twice(facts: Facts) -> Positions:
    """Products of which two different input rows claim the same place on the label."""
    targets = facts.targets
    numbered = np.flatnonzero(~targets.are("line", ""))
    if not len(numbered):
        return numbered
    product = facts.product_of_line[targets.index[numbered]]
    line, order, audience, source = (
        targets.texts(name).codes[numbered] for name in ("line", "serving_order", "audience", "input")
    )
    place = keys_of(product, line, order, audience)
    row = factors_of(targets.array("row"), numbered)[0]
    with_row = keys_of(place, source, row)
    several = np.bincount(place[np.unique(with_row, return_index=True)[1]], minlength=place.max() + 1) > 1
    return np.unique(product[several[place]])


# -- barcodes ------------------------------------------------------------------------------------------------------------


def barcodes(facts: Facts) -> Findings:
    """Barcodes that are damaged or fail their check digit; what stands on several products is for :mod:`auditor.checks.across`."""
    if not facts.has("upc").any():
        return []
    own, codes = facts.texts("upc").codes, facts.barcodes

    def printed(hit: Hits) -> list[str]:
        found: list[str] = codes.texts.take(pa.array(own[hit.where])).to_pylist()
        return found

    def meant(hit: Hits) -> list[str]:
        return [code or "known only to its source" for code in codes.repaired[own[hit.where]]]

    return [
        *on_products(facts.first, codes.mangled[own], "gtin-mangled", value=printed, expected=meant),
        *on_products(
            facts.first,
            codes.wrong[own],
            "gtin-check-digit",
            value=printed,
            expected=lambda hit: codes.digit[own[hit.where]].astype(str),
        ),
    ]


# -- amounts and rows ----------------------------------------------------------------------------------------------------


def zero_amounts(facts: Facts) -> Findings:
    """A vitamin listed with nothing of it."""
    rows = facts.rows
    test = (rows["amount_mcg"] == 0) & ~rows["share"] & ~facts.rows_with("amount-upper-bound")
    return on_rows(rows, test, "amount-zero")


def not_assignable(facts: Facts) -> Findings:
    """One amount column for several vitamins."""
    test = facts.rows.are("amount_reason", "amount-not-assignable")
    return on_rows(facts.rows, test, "amount-not-assignable", value=lambda hit: facts.cells(hit.where))


def repeated_rows(facts: Facts) -> Findings:
    """One vitamin on several lines of one column."""
    judged, product = facts.judged, facts.dose_products
    of_d = judged.are("nutrient", "vitamin_d") & ~judged.are("form", "calcifediol")
    # D2 and D3 on two rows are two sources of one vitamin; the forms of vitamin K are different substances.
    several = of_d & (np.bincount(product[of_d], minlength=len(facts.firsts))[product] > 1)
    test = judged["repeated"] | several
    where = np.flatnonzero(test)
    # All of a product's vitamin D is told at once, of other vitamins each dose.
    label = np.where(of_d, product, len(facts.firsts) + np.arange(len(product)))
    lines: dict[int, list[str]] = {}
    for own, text in zip(label[where].tolist(), judged.texts("label_text")[where], strict=True):
        lines.setdefault(own, []).append(text)
    once = np.flatnonzero(first_of_each(label, test))
    return on_rows(
        judged, once, "nutrient-row-repeated", value=lambda _: ["; ".join(lines[own]) for own in label[once].tolist()]
    )


def _basis_in_doubt(facts: Facts) -> Mask:
    """Rows of which another finding tells what the lack of a serving size or of an interval leaves open."""
    rows = facts.rows
    large = rows.are("nutrient", "vitamin_d") & (rows["amount_mcg"] > number("dose-interval-needed", "above_mcg"))
    return (large & rows.are("servings_source", "assumed")) | facts.rows_with(
        "dose-basis-unknown", "dose-basis-assumed"
    )


def missing_fields(facts: Facts) -> Findings:
    """A record without market, or a US panel without serving size."""
    no_market = facts.with_row & facts.market_is(lambda market: not market.id) & ~facts.has("market")
    of_a_serving = facts.rows.are("basis", "per_serving") & ~np.isnan(facts.rows["amount_mcg"])
    counted = facts.has("serving_size") | facts.has("units_per_serving")
    no_serving = facts.products(facts.row_products[of_a_serving]) & facts.in_us & ~counted
    if no_serving.any():
        no_serving &= facts.has("directions")
    no_serving[facts.row_products[_basis_in_doubt(facts)]] = False
    no_serving &= ~facts.matching("directions", r"\bservings?\b", no_serving)
    return [
        *on_products(facts.first, no_market, "required-field-missing", value="market", detail="no country's percents, units and maxima were applied", severity="note"),
        *on_products(facts.first, no_serving, "required-field-missing", value="serving size", detail="one unit was taken as the serving"),
    ]  # fmt: skip


def hidden_characters(facts: Facts) -> Findings:
    """Invisible characters in any text of the record; those of a vitamin's line are told by its reader."""
    return [finding for name in TEXTS for finding in _hidden_in(facts, name)]


def _hidden_in(facts: Facts, name: str) -> Findings:
    hidden = facts.matching(name, HIDDEN, facts.texts(name).unusual)
    where = name.replace("_", " ")
    return on_products(
        facts.first,
        hidden,
        "text-hidden-characters",
        value=lambda hit: [f"{where}: {_HIDDEN.sub('', text[:60])}" for text in hit[name]],
    )


def odd_glyphs(facts: Facts) -> Findings:
    """Fraction signs, full-width digits and hard blanks inside numbers, with how they were read."""
    columns = [facts.of_target(name) for name in ("ingredient", "amount")]
    odd = np.logical_or(*(column.holding(ODD_NUMBER, column.unusual) for column in columns))
    lines = [" ".join(cells) for cells in zip(*(column[odd] for column in columns), strict=True)]
    return [
        *_odd_in(facts, "directions"),
        *_odd_in(facts, "serving_size"),
        *on_rows(facts.rows, odd, "number-odd-glyphs", value=lambda _: _odd(lines), expected=lambda _: _read(_odd(lines))),
    ]  # fmt: skip


def _odd_in(facts: Facts, name: str) -> Findings:
    texts = facts.texts(name)
    odd = texts.holding(ODD_NUMBER, texts.unusual)
    return on_products(facts.first, odd, "number-odd-glyphs", value=lambda _: _odd(texts[odd]), expected=lambda _: _read(_odd(texts[odd])))  # fmt: skip


def _odd(texts: Iterable[str]) -> Objects:
    return objects(first_match(text, ODD_NUMBER) for text in texts)


def _read(texts: Iterable[str]) -> Objects:
    return objects(clean(text).text for text in texts)


def hidden_in_blend(facts: Facts) -> Findings:
    """A vitamin without amount that is a member of a blend."""
    rows, lines = facts.rows, facts.lines
    nested = np.flatnonzero(~rows.are("parent", "") & np.isnan(rows["amount_mcg"]))
    if not len(nested):
        return []
    product = facts.row_products[nested]
    nearby = np.flatnonzero(facts.products(product)[facts.product_of_line])
    line_at: dict[tuple[int, str], int] = {}
    places = zip(facts.product_of_line[nearby].tolist(), lines.texts("line")[nearby], strict=True)
    for place, line in zip(places, nearby.tolist(), strict=True):
        line_at.setdefault(place, line)
    parents = zip(product.tolist(), rows.texts("parent")[nested], strict=True)
    parent = np.array([line_at.get(place, -1) for place in parents], dtype=np.intp)
    asked = np.zeros(len(lines), dtype=bool)
    asked[parent[parent >= 0]] = True
    blends = lines.texts("ingredient").holding(any_pattern("blend-hides-amount"), asked)
    hidden = (parent >= 0) & blends[parent]
    ingredient, amount, unit = (lines.texts(name)[parent[hidden]] for name in ("ingredient", "amount", "unit"))
    totals = [f"{number} {of}".strip() if of != "NP" else "" for number, of in zip(amount, unit, strict=True)]
    return on_rows(rows, nested[hidden], "blend-hides-amount", value=ingredient,
                   expected=[total or "no stated amount" for total in totals])  # fmt: skip


def read_by_machine(facts: Facts) -> Findings:
    """Records whose text a machine read from a photo, with what it says of its own sureness."""
    by_machine = facts.first.are("source", *catalogue()["machine-read"].patterns)
    return on_products(facts.first, by_machine, "machine-read", detail=_sureness)


def _sureness(hit: Hits) -> Cells:
    return [f" {text}." for text in hit["machine_read"]] if "machine_read" in hit else ""


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
