"""The products table: both vitamins of a product in one row, its class, its findings counted, its price per day."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.classify import ANY, FOLD, NOT_ESTABLISHED, fold, names_of, outcomes, verdict_of
from auditor.distinct import as_text, codes_of, joined_texts, one_of, words
from auditor.dose import IU_PER_MCG
from auditor.evidence import Evidence
from auditor.labels import LINE_COLUMNS
from auditor.schema import PRODUCTS, SEVERITIES, typed

Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

_VERDICTS = words([*map(verdict_of, range(16)), "absent", "not-computable", "not-established"])
_ABSENT, _STUCK, _OPEN = 16, 17, 18
"""A set of verdicts as its word, and the places of the words that are no set."""
_POSSIBLE = words([*(";".join(names_of(bits)) for bits in range(16)), "", "not-computable", "not-established"])


def products_table(
    first: pd.DataFrame, contexts: list[str], judged: pd.DataFrame, findings: pd.DataFrame, evidence: Evidence
) -> pd.DataFrame:
    """One row per product, in input order, with the columns of the contract and the input's own extra columns.

    `first` holds the first line of every product, `judged` the doses of :func:`auditor.judging.judge`, `findings` the
    findings with a `product` position.
    """
    n = len(first)
    table = first.assign(context=words(contexts))
    vitamin_d = _vitamin_d(judged[(judged["nutrient"] == "vitamin_d").to_numpy()], n, contexts, evidence)
    vitamin_k2 = _vitamin_k2(judged[(judged["nutrient"] == "vitamin_k2").to_numpy()], n)
    for name, vitamin in (("vitamin_d", vitamin_d), ("vitamin_k2", vitamin_k2)):
        table = table.assign(**{f"{name}_{part}": cells for part, cells in vitamin.columns().items()})
    _add_class(table, vitamin_d, vitamin_k2)
    _add_upper_level(table, judged)
    add_findings(table, findings)
    _add_price(table, first, judged)
    extras = [
        name for name in first.columns if name not in LINE_COLUMNS and name not in {column.name for column in PRODUCTS}
    ]
    return typed(table, "products").assign(**{name: as_text(first[name]) for name in extras})


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


def _is_judged(doses: pd.DataFrame) -> npt.NDArray[np.bool_]:
    return ~one_of(doses["verdict"], ("not-computable", "not-established"))


def _vitamin_d(doses: pd.DataFrame, n: int, contexts: list[str], evidence: Evidence) -> _Vitamin:
    """Vitamin D of each product.  D2, D3 and unstated D share a band: several rows are one dose between the larger
    alone and all together, unless they print the same dose twice."""
    table = _Vitamin(n)
    product = doses["product"].to_numpy(dtype=np.intp)
    low = np.fmin(doses["daily_mcg_low"].to_numpy(), doses["other_mcg_low"].to_numpy())
    high = np.fmax(doses["daily_mcg_high"].to_numpy(), doses["other_mcg_high"].to_numpy())
    table.low[product], table.high[product], table.bits[product] = low, high, doses["bits"].to_numpy()
    table.form = joined_texts(product, doses["form"], n, ";")
    table.judged[product[_is_judged(doses)]] = True
    several = np.bincount(product, minlength=n)[product] > 1
    if several.any():
        _join(table, product[several], low[several], high[several])
        where = np.unique(product[several])
        bits = fold(product[several], doses["bits"].to_numpy()[several], n)[where]
        table.bits[where] = _bits_together(table, where, bits, contexts, evidence)
    unknown = np.unique(product[(doses["verdict"] == "not-computable").to_numpy()])
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


def _vitamin_k2(doses: pd.DataFrame, n: int) -> _Vitamin:
    """Vitamin K2 of each product: every form by its own band, the worst verdict counts, its form is named first."""
    table = _Vitamin(n)
    product = doses["product"].to_numpy(dtype=np.intp)
    table.bits = fold(product, doses["bits"].to_numpy(), n)
    table.judged[product[_is_judged(doses)]] = True
    table.verdict[product] = _OPEN
    table.verdict[product[(doses["verdict"] == "not-computable").to_numpy()]] = _STUCK
    table.verdict[table.judged] = table.bits[table.judged]
    codes, verdicts = codes_of(doses["verdict"])
    own = _VERDICTS.categories.get_indexer(verdicts)[codes]
    decides = own == _VERDICTS.codes[table.verdict[product]]
    order = np.lexsort((~decides, product))
    table.form = joined_texts(product[order], doses["form"].iloc[order], n, ";")
    # The last that is written stands: the first of each product.
    last = order[::-1]
    table.low[product[last]] = np.fmin(doses["daily_mcg_low"].to_numpy(), doses["other_mcg_low"].to_numpy())[last]
    table.high[product[last]] = np.fmax(doses["daily_mcg_high"].to_numpy(), doses["other_mcg_high"].to_numpy())[last]
    return table


def _add_class(table: pd.DataFrame, *vitamins: _Vitamin) -> None:
    """Class of each product: the fold of both vitamins; with nothing to fold, why."""
    one, other = vitamins
    stuck = (one.verdict == _STUCK) | (other.verdict == _STUCK)
    both = np.where(one.judged | other.judged, FOLD[one.bits, other.bits], np.where(stuck, _STUCK, _OPEN))
    table["class"] = _VERDICTS.take(both)
    table["possible_classes"] = _POSSIBLE.take(both)


def _add_upper_level(table: pd.DataFrame, judged: pd.DataFrame) -> None:
    """Whether any dose of the product passes its upper level; missing where none could be compared."""
    product = judged["product"].to_numpy(dtype=np.intp)
    known = judged["over_upper_level"].notna().to_numpy()
    passed = known & judged["over_upper_level"].fillna(False).to_numpy(dtype=bool)
    unknown, over = np.ones(len(table), dtype=bool), np.zeros(len(table), dtype=bool)
    unknown[product[known]] = False
    over[product[passed]] = True
    table["over_upper_level"] = pd.arrays.BooleanArray(over, unknown)


def add_findings(table: pd.DataFrame, findings: pd.DataFrame) -> None:
    """Count the findings of each product by severity and name them; `product` of a finding is a row of the table."""
    n = len(table)
    for severity in SEVERITIES:
        chosen = findings["product"].to_numpy(dtype=np.intp)[(findings["severity"] == severity).to_numpy()]
        table[f"{severity}s"] = np.bincount(chosen, minlength=n)
    ids = joined_texts(findings["product"].to_numpy(dtype=np.intp), findings["finding_id"], n, ";")
    table["finding_ids"] = ids


def _numbers(texts: pd.Series, decimal_comma: bool = False) -> npt.NDArray[np.float64]:
    """Texts that are a number as that number, others missing; read once per distinct text."""
    codes, values = codes_of(texts)
    found = pd.Series(values, dtype="str")
    found = found.str.replace(",", ".", regex=False) if decimal_comma else found
    return pd.to_numeric(found.replace("", np.nan), errors="coerce").to_numpy(dtype=float)[codes]


def _add_price(table: pd.DataFrame, first: pd.DataFrame, judged: pd.DataFrame) -> None:
    """Price of the highest labelled daily use: price x servings a day / servings in the package."""
    product = judged["product"].to_numpy(dtype=np.intp)
    dose = np.flatnonzero(~pd.Series(product).duplicated().to_numpy())
    whose = product[dose]

    def of_first_dose(cells: npt.NDArray[Any], missing: object) -> npt.NDArray[Any]:
        found = np.full(len(table), missing, dtype=cells.dtype)
        found[whose] = cells[dose]
        return found

    for name in ("servings_per_day_low", "servings_per_day_high"):
        table[name] = of_first_dose(judged[name].to_numpy(dtype=float), np.nan)
    per_unit = of_first_dose((judged["basis"] == "per_unit").to_numpy(), False)
    units = of_first_dose(judged["units_per_serving"].to_numpy(dtype=float), np.nan)
    servings = table["servings_per_day_high"].to_numpy() / np.where(per_unit & ~np.isnan(units), units, 1.0)
    price = _numbers(first["price"], decimal_comma=True)
    package = _numbers(first["servings_per_container"])
    with np.errstate(divide="ignore", invalid="ignore"):
        per_day = np.round(price * servings / package, 4)
    table["price"] = price
    table["servings_per_container"] = package
    table["price_per_day"] = np.where(np.isfinite(per_day) & (package > 0), per_day, np.nan)
