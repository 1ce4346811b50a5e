"""The products table: both vitamins of a product in one row, its class, its findings counted, its price per day."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.classify import ANY, FOLD, NOT_ESTABLISHED, fold, names_of, outcomes, verdict_of
from auditor.distinct import codes_of, joined_texts
from auditor.dose import IU_PER_MCG
from auditor.evidence import Evidence
from auditor.labels import LINE_COLUMNS
from auditor.schema import PRODUCTS, SEVERITIES, typed

_VERDICTS = np.array([verdict_of(bits) for bits in range(16)], dtype=object)
_POSSIBLE = np.array([";".join(names_of(bits)) for bits in range(16)], dtype=object)


def products_table(
    first: pd.DataFrame, contexts: list[str], judged: pd.DataFrame, findings: pd.DataFrame, evidence: Evidence
) -> pd.DataFrame:
    """One row per product, in input order, with the columns of the contract and the input's own extra columns.

    `first` holds the first line of every product, `judged` the doses of :func:`auditor.judging.judge`, `findings` the
    findings with a `product` position.
    """
    n = len(first)
    nutrient = judged["nutrient"]
    vitamin_d = _vitamin_d(judged[(nutrient == "vitamin_d").to_numpy()], n, contexts, evidence)
    vitamin_k2 = _vitamin_k2(judged[(nutrient == "vitamin_k2").to_numpy()], n)
    table = first.assign(
        context=pd.Series(contexts, dtype="str"),
        **{f"vitamin_d_{name}": _cells(column) for name, column in vitamin_d.items()},
        **{f"vitamin_k2_{name}": _cells(column) for name, column in vitamin_k2.items()},
    )
    _add_class(table)
    _add_upper_level(table, judged)
    add_findings(table, findings)
    _add_price(table, first, judged)
    extras = [
        name for name in first.columns if name not in LINE_COLUMNS and name not in {column.name for column in PRODUCTS}
    ]
    return pd.concat([typed(table, "products"), first[extras].astype("str")], axis=1)


def _cells(column: npt.NDArray[Any]) -> pd.Series:
    return pd.Series(column, dtype="str" if column.dtype == object else None)


Columns = dict[str, npt.NDArray[Any]]
"""Columns of one row per product; a vitamin's are put into the table once they are all there."""


def _blank(n: int) -> Columns:
    """A vitamin the label does not list."""
    numbers = ("daily_mcg_low", "daily_mcg_high", "daily_iu_low", "daily_iu_high")
    return {
        "form": np.full(n, "", dtype=object), **{name: np.full(n, np.nan) for name in numbers},
        "verdict": np.full(n, "absent", dtype=object), "bits": np.full(n, NOT_ESTABLISHED, dtype=np.uint8), "judged": np.zeros(n, dtype=bool),
    }  # fmt: skip


def _any(product: npt.NDArray[np.intp], test: npt.NDArray[np.bool_], n: int) -> npt.NDArray[np.bool_]:
    """Products with a dose that passes the test."""
    found = np.zeros(n, dtype=bool)
    found[product[test]] = True
    return found


def _is_judged(doses: pd.DataFrame) -> npt.NDArray[np.bool_]:
    return ~doses["verdict"].isin(["not-computable", "not-established"]).to_numpy()


def _span(doses: pd.DataFrame) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The least and the most of each dose, whichever of two figures that contradict each other holds."""
    low, high, other_low, other_high = (
        doses[name].to_numpy(dtype=float) for name in ("daily_mcg_low", "daily_mcg_high", "other_mcg_low", "other_mcg_high")
    )  # fmt: skip
    return np.fmin(low, other_low), np.fmax(high, other_high)


def _vitamin_d(doses: pd.DataFrame, n: int, contexts: list[str], evidence: Evidence) -> Columns:
    """Vitamin D of each product.  D2, D3 and unstated D share a band: several rows are one dose between the larger
    alone and all together, unless they print the same dose twice."""
    table = _blank(n)
    if doses.empty:
        return table
    product = doses["product"].to_numpy(dtype=np.intp)
    low, high = _span(doses)
    listed = np.bincount(product, minlength=n) > 0
    several = np.bincount(product, minlength=n) > 1
    unknown = _any(product, (doses["verdict"] == "not-computable").to_numpy(), n)
    least, most, least_low, most_low = (np.full(n, np.nan) for _ in range(4))
    np.fmin.at(least, product, high)
    np.fmax.at(most, product, high)
    np.fmin.at(least_low, product, low)
    np.fmax.at(most_low, product, low)
    total = most.copy()
    apart = several & ~((most == least) & (most_low == least_low))
    if apart.any():
        # The sum of pandas, which carries what rounding loses.
        sums = pd.Series(high).groupby(product, sort=True).sum(min_count=1)
        total[apart] = sums.reindex(np.flatnonzero(apart)).to_numpy()
    forms = doses["form"].to_numpy(dtype=object)
    table["form"] = joined_texts(product, forms, n, ";")
    table["daily_mcg_low"] = np.where(unknown, np.nan, most_low)
    table["daily_mcg_high"] = np.where(unknown, np.nan, total)
    bits = fold(product, doses["bits"].to_numpy(), n)
    only = ~several[product]
    bits[product[only]] = doses["bits"].to_numpy()[only]
    joined = np.flatnonzero(several & ~unknown)
    bits[joined] = _bits_together(table, joined, bits[joined], contexts, evidence)
    bits[unknown] = ANY
    table["bits"] = bits
    table["judged"] = _any(product, _is_judged(doses), n) & ~unknown
    table["verdict"] = np.where(listed, np.where(unknown, "not-computable", _VERDICTS[bits]), "absent")
    converts = ~_any(product, forms == "calcifediol", n)
    for name in ("low", "high"):
        iu = np.round(table[f"daily_mcg_{name}"] * IU_PER_MCG, 6)
        table[f"daily_iu_{name}"] = np.where(converts, iu, np.nan)
    return table


def _bits_together(
    table: Columns, several: npt.NDArray[np.intp], bits: npt.NDArray[np.uint8], contexts: list[str], evidence: Evidence
) -> npt.NDArray[np.uint8]:
    """Possible verdicts of several rows of D2, D3 and unstated D judged as one dose; calcifediol stays apart."""
    found = bits.copy()
    joined = np.array([";" in form and "calcifediol" not in form for form in table["form"][several]], dtype=bool)
    low, high = table["daily_mcg_low"][several], table["daily_mcg_high"][several]
    context = np.array(contexts, dtype=object)[several]
    for name in dict.fromkeys(context[joined].tolist()):
        band = evidence.band_for("vitamin_d", "d3", name)
        if band is not None and band.low_mcg is not None and band.high_mcg is not None:
            here = joined & (context == name)
            edges = np.full(int(here.sum()), float(band.low_mcg)), np.full(int(here.sum()), float(band.high_mcg))
            found[here] = outcomes(low[here], high[here], *edges)
    return found


def _vitamin_k2(doses: pd.DataFrame, n: int) -> Columns:
    """Vitamin K2 of each product: every form by its own band, the worst verdict counts, its form is named first."""
    table = _blank(n)
    if doses.empty:
        return table
    product = doses["product"].to_numpy(dtype=np.intp)
    verdicts = doses["verdict"].to_numpy(dtype=object)
    listed = np.bincount(product, minlength=n) > 0
    judged = _any(product, _is_judged(doses), n)
    unknown = _any(product, verdicts == "not-computable", n)
    table["bits"] = bits = fold(product, doses["bits"].to_numpy(), n)
    table["judged"] = judged
    verdict = np.where(judged, _VERDICTS[bits], np.where(unknown, "not-computable", "not-established"))
    table["verdict"] = np.where(listed, verdict, "absent")
    order = np.lexsort((verdicts != table["verdict"][product], product))
    first = order[np.flatnonzero(np.diff(product[order], prepend=-1))]
    table["form"] = joined_texts(product[order], doses["form"].to_numpy(dtype=object)[order], n, ";")
    low, high = _span(doses)
    table["daily_mcg_low"][product[first]] = low[first]
    table["daily_mcg_high"][product[first]] = high[first]
    return table


def _add_class(table: pd.DataFrame) -> None:
    """Class of each product: the fold of both vitamins; with nothing to fold, why."""
    both = FOLD[table["vitamin_d_bits"].to_numpy(), table["vitamin_k2_bits"].to_numpy()]
    judged = table["vitamin_d_judged"].to_numpy() | table["vitamin_k2_judged"].to_numpy()
    stuck = (
        (table["vitamin_d_verdict"] == "not-computable") | (table["vitamin_k2_verdict"] == "not-computable")
    ).to_numpy()
    nothing = np.where(stuck, "not-computable", "not-established")
    table["class"] = np.where(judged, _VERDICTS[both], nothing)
    table["possible_classes"] = np.where(judged, _POSSIBLE[both], nothing)


def _add_upper_level(table: pd.DataFrame, judged: pd.DataFrame) -> None:
    """Whether any dose of the product passes its upper level; missing where none could be compared."""
    over = pd.array([pd.NA] * len(table), dtype="boolean")
    known = judged["over_upper_level"].notna().to_numpy()
    over[judged["product"].to_numpy()[known]] = False
    passed = known & judged["over_upper_level"].fillna(False).to_numpy(dtype=bool)
    over[judged["product"].to_numpy()[passed]] = True
    table["over_upper_level"] = over


def add_findings(table: pd.DataFrame, findings: pd.DataFrame) -> None:
    """Count the findings of each product by severity and name them; `product` of a finding is a row of the table."""
    n = len(table)
    for severity in SEVERITIES:
        chosen = findings.loc[findings["severity"] == severity, "product"].to_numpy(dtype=np.intp)
        table[f"{severity}s"] = np.bincount(chosen, minlength=n)
    ids = joined_texts(findings["product"].to_numpy(dtype=np.intp), findings["finding_id"], n, ";")
    table["finding_ids"] = pd.Series(ids, index=table.index, dtype="str")


def _numbers(texts: pd.Series, decimal_comma: bool = False) -> npt.NDArray[np.float64]:
    """Texts that are a number as that number, others missing; read once per distinct text."""
    codes, values = codes_of(texts)
    found = pd.Series(values, dtype="str")
    found = found.str.replace(",", ".", regex=False) if decimal_comma else found
    return pd.to_numeric(found.replace("", np.nan), errors="coerce").to_numpy(dtype=float)[codes]


def _add_price(table: pd.DataFrame, first: pd.DataFrame, judged: pd.DataFrame) -> None:
    """Price of the highest labelled daily use: price x servings a day / servings in the package."""
    daily = judged.drop_duplicates("product").set_index("product")
    for name in ("servings_per_day_low", "servings_per_day_high"):
        table[name] = daily[name].reindex(range(len(table))).to_numpy(dtype=float)
    per_unit = (daily["basis"] == "per_unit").reindex(range(len(table)), fill_value=False).to_numpy()
    units = daily["units_per_serving"].reindex(range(len(table))).to_numpy(dtype=float)
    servings = table["servings_per_day_high"].to_numpy() / np.where(per_unit & ~np.isnan(units), units, 1.0)
    price = _numbers(first["price"], decimal_comma=True)
    package = _numbers(first["servings_per_container"])
    with np.errstate(divide="ignore", invalid="ignore"):
        per_day = np.round(price * servings / package, 4)
    table["price"] = price
    table["servings_per_container"] = package
    table["price_per_day"] = np.where(np.isfinite(per_day) & (package > 0), per_day, np.nan)
