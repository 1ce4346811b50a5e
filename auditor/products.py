"""The products table: both vitamins of a product in one row, its class, its findings counted, its price per day."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.checks.facts import first_of_each
from auditor.checks.tables import Floats, Hits, Table
from auditor.classify import ANY, FOLD, NOT_ESTABLISHED, fold, names_of, outcomes, verdict_of
from auditor.distinct import codes_of, joined_texts, words
from auditor.dose import IU_PER_MCG
from auditor.evidence import Evidence
from auditor.labels import LINE_COLUMNS
from auditor.schema import PRODUCTS, SEVERITIES, shaped

Positions = npt.NDArray[np.intp]

_VERDICTS = words([*map(verdict_of, range(16)), "absent", "not-computable", "not-established"])
_ABSENT, _STUCK, _OPEN = 16, 17, 18
"""A set of verdicts as its word, and the places of the words that are no set."""
_POSSIBLE = words([*(";".join(names_of(bits)) for bits in range(16)), "", "not-computable", "not-established"])


def products_table(
    first: pd.DataFrame, contexts: list[str], judged: Table, findings: pd.DataFrame, evidence: Evidence
) -> pd.DataFrame:
    """One row per product, in input order, with the columns of the contract and the input's own extra columns; see :func:`~auditor.schema.shaped`.

    `first` holds the first line of every product, `judged` the doses of :func:`auditor.judging.judge`, `findings` the
    findings with a `product` position.
    """
    n = len(first)
    vitamin_d = _vitamin_d(judged, n, contexts, evidence)
    vitamin_k2 = _vitamin_k2(judged, n)
    own = {column.name for column in PRODUCTS}
    columns: dict[str, Any] = {name: first[name] for name in first.columns if name in own}
    columns["context"] = words(contexts)
    for name, vitamin in (("vitamin_d", vitamin_d), ("vitamin_k2", vitamin_k2)):
        columns |= {f"{name}_{part}": cells for part, cells in vitamin.columns().items()}
    columns |= _class(vitamin_d, vitamin_k2)
    columns["over_upper_level"] = _over_upper_level(judged, n)
    columns |= finding_columns(findings, n) | _price(first, judged)
    extras = {name: first[name].array for name in first.columns if name not in LINE_COLUMNS and name not in own}
    return shaped(columns, "products").assign(**extras)


class _Vitamin:
    """What is known of one vitamin of every product; of a product whose label does not list it, nothing.

    `verdict` has places in the list of verdicts, `bits` sets of possible ones.
    """

    def __init__(self, n: int) -> None:
        self.form = words([""]).take(np.zeros(n, dtype=np.intp))
        self.low = np.full(n, np.nan)
        self.high = np.full(n, np.nan)
        self.verdict = np.full(n, _ABSENT, dtype=np.intp)
        self.bits = np.full(n, NOT_ESTABLISHED, dtype=np.uint8)
        self.judged = np.zeros(n, dtype=bool)

    def columns(self) -> dict[str, object]:
        """Columns of the products table, the vitamin's name to be put before theirs."""
        converts = ~np.array(["calcifediol" in name for name in self.form.categories], dtype=bool)[self.form.codes]
        return {
            "form": self.form, "verdict": _VERDICTS.take(self.verdict), "daily_mcg_low": self.low, "daily_mcg_high": self.high,
            "daily_iu_low": np.round(np.where(converts, self.low * IU_PER_MCG, np.nan), 6),
            "daily_iu_high": np.round(np.where(converts, self.high * IU_PER_MCG, np.nan), 6),
        }  # fmt: skip


def _is_judged(judged: Table) -> npt.NDArray[np.bool_]:
    return ~judged.are("verdict", "not-computable", "not-established")


def _ends(doses: Hits) -> tuple[Floats, Floats]:
    """Lowest and highest daily dose (mcg) under any reading."""
    low, high = (doses[f"daily_mcg_{end}"] for end in ("low", "high"))
    return np.fmin(low, doses["other_mcg_low"]), np.fmax(high, doses["other_mcg_high"])


def _vitamin_d(judged: Table, n: int, contexts: list[str], evidence: Evidence) -> _Vitamin:
    """Vitamin D of each product.  D2, D3 and unstated D share a band: several rows are one dose between the larger
    alone and all together, unless they print the same dose twice."""
    table = _Vitamin(n)
    mine = np.flatnonzero(judged.are("nutrient", "vitamin_d"))
    doses = Hits(judged, mine)
    product, own_bits = doses["product"], doses["bits"]
    low, high = _ends(doses)
    table.low[product], table.high[product], table.bits[product] = low, high, own_bits
    table.form = joined_texts(product, judged.array("form").take(mine), n, ";")
    table.judged[product[_is_judged(judged)[mine]]] = True
    several = np.bincount(product, minlength=n)[product] > 1
    if several.any():
        _join(table, product[several], low[several], high[several])
        where = np.unique(product[several])
        bits = fold(product[several], own_bits[several], n)[where]
        table.bits[where] = _bits_together(table, where, bits, contexts, evidence)
    unknown = np.unique(product[judged.are("verdict", "not-computable")[mine]])
    table.low[unknown], table.high[unknown], table.judged[unknown] = np.nan, np.nan, False
    table.bits[unknown] = ANY
    table.verdict[product] = table.bits[product]
    table.verdict[unknown] = _STUCK
    return table


def _join(table: _Vitamin, product: Positions, low: Floats, high: Floats) -> None:
    """The daily doses of products with several rows of vitamin D."""
    spans = pd.DataFrame({"low": low, "high": high}).groupby(product, sort=True)
    most, least = spans.max(), spans.min()
    same = (most["high"] == least["high"]) & (most["low"] == least["low"])
    where = most.index.to_numpy()
    table.low[where] = most["low"]
    table.high[where] = most["high"].where(same, spans["high"].sum(min_count=1))


def _bits_together(
    table: _Vitamin, where: Positions, bits: npt.NDArray[np.uint8], contexts: list[str], evidence: Evidence
) -> npt.NDArray[np.uint8]:
    """Possible verdicts of several rows of D2, D3 and unstated D judged as one dose; calcifediol stays apart."""
    found = bits.copy()
    joined = np.flatnonzero([";" in form and "calcifediol" not in form for form in table.form.take(where)])
    low, high = table.low[where[joined]], table.high[where[joined]]
    context = np.array([contexts[place] for place in where[joined]], dtype=object)
    for name in dict.fromkeys(context.tolist()):
        band = evidence.band_for("vitamin_d", "d3", name)
        if band is not None and band.low_mcg is not None and band.high_mcg is not None:
            here = context == name
            edges = np.full(int(here.sum()), float(band.low_mcg)), np.full(int(here.sum()), float(band.high_mcg))
            found[joined[here]] = outcomes(low[here], high[here], *edges)
    return found


def _vitamin_k2(judged: Table, n: int) -> _Vitamin:
    """Vitamin K2 of each product: every form by its own band, the worst verdict counts, its form is named first."""
    table = _Vitamin(n)
    mine = np.flatnonzero(judged.are("nutrient", "vitamin_k2"))
    doses = Hits(judged, mine)
    product = doses["product"]
    table.bits = fold(product, doses["bits"], n)
    table.judged[product[_is_judged(judged)[mine]]] = True
    table.verdict[product] = _OPEN
    table.verdict[product[judged.are("verdict", "not-computable")[mine]]] = _STUCK
    table.verdict[table.judged] = table.bits[table.judged]
    verdict = judged.texts("verdict")
    own = _VERDICTS.categories.get_indexer(verdict.values)[verdict.codes[mine]]
    decides = own == _VERDICTS.codes[table.verdict[product]]
    order = np.lexsort((~decides, product))
    table.form = joined_texts(product[order], judged.array("form").take(mine[order]), n, ";")
    # The last that is written stands: the first of each product.
    last = order[::-1]
    low, high = _ends(doses)
    table.low[product[last]], table.high[product[last]] = low[last], high[last]
    return table


def _class(one: _Vitamin, other: _Vitamin) -> dict[str, pd.Categorical]:
    """Class of each product: the fold of both vitamins; with nothing to fold, why."""
    stuck = (one.verdict == _STUCK) | (other.verdict == _STUCK)
    both = np.where(one.judged | other.judged, FOLD[one.bits, other.bits], np.where(stuck, _STUCK, _OPEN))
    return {"class": _VERDICTS.take(both), "possible_classes": _POSSIBLE.take(both)}


def _over_upper_level(judged: Table, n: int) -> pd.arrays.BooleanArray:
    """Whether any dose of the product passes its upper level; missing where none could be compared."""
    passed = judged.array("over_upper_level")
    known = ~np.asarray(passed.isna())
    unknown, over = np.ones(n, dtype=bool), np.zeros(n, dtype=bool)
    unknown[judged["product"][known]] = False
    over[judged["product"][passed.to_numpy(dtype=bool, na_value=False)]] = True
    return pd.arrays.BooleanArray(over, unknown)


FINDING_COLUMNS = (*(f"{severity}s" for severity in SEVERITIES), "finding_ids")
"""The columns of the table that :func:`finding_columns` makes."""


def finding_columns(findings: pd.DataFrame, n: int) -> dict[str, Any]:
    """The findings of each product counted by severity and named; `product` of a finding is one of `n` rows."""
    product = findings["product"].to_numpy(dtype=np.intp)
    codes, severities = codes_of(findings["severity"])
    counts = {
        f"{severity}s": np.bincount(product[np.isin(severities, severity)[codes]], minlength=n)
        for severity in SEVERITIES
    }
    return {**counts, "finding_ids": joined_texts(product, findings["finding_id"], n, ";")}


def _numbers(texts: pd.Series) -> Floats:
    """Texts that are a number as that number, others missing; read once per distinct text."""
    codes, values = codes_of(texts)
    return np.asarray(pd.to_numeric(values, errors="coerce"), dtype=float)[codes]


def _price(first: pd.DataFrame, judged: Table) -> dict[str, Floats]:
    """Price of the highest labelled daily use: price x servings a day / servings in the package."""
    n, product = len(first), judged["product"]
    dose = np.flatnonzero(first_of_each(product, np.ones(len(product), dtype=bool)))
    whose = product[dose]

    def of_first_dose(cells: npt.NDArray[Any], missing: object) -> npt.NDArray[Any]:
        found = np.full(n, missing, dtype=cells.dtype)
        found[whose] = cells[dose]
        return found

    low, high = (of_first_dose(judged[f"servings_per_day_{end}"], np.nan) for end in ("low", "high"))
    per_unit = of_first_dose(judged.are("basis", "per_unit"), False)
    units = of_first_dose(judged["units_per_serving"], np.nan)
    servings = high / np.where(per_unit & ~np.isnan(units), units, 1.0)
    prices, texts = codes_of(first["price"])
    price = _numbers(pd.Series([text.replace(",", ".") for text in texts], dtype=object))[prices]
    package = _numbers(first["servings_per_container"])
    with np.errstate(divide="ignore", invalid="ignore"):
        per_day = np.round(price * servings / package, 4)
    return {
        "servings_per_day_low": low, "servings_per_day_high": high, "price": price, "servings_per_container": package,
        "price_per_day": np.where(np.isfinite(per_day) & (package > 0), per_day, np.nan),
    }  # fmt: skip
