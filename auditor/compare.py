"""Products side by side, every cell in words ready to show."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from auditor.errors import UsageError
from auditor.evidence import Evidence, load_evidence
from auditor.explain import closest_ids
from auditor.headline import bands_of, dose_of, either_of, headline, spaced_rule
from auditor.pipeline import Audit
from auditor.words import capital, count, dose, listed, number, plural, printable, short_form
from auditor.writers import neutralised

FEWEST, MOST = 2, 6
CAUTIONS = {"safety-vitk-vka": "ask first if on warfarin or another vitamin K antagonist", "dose-bolus-single-large": "large spaced dose",
            "safety-hormone": "names a vitamin D hormone", "nattokinase-on-line": "holds nattokinase",
            "vitd-form-calcifediol": "calcifediol, not vitamin D3"}  # fmt: skip
"""Findings that a buyer is cautioned of, in few words; the finding itself says more."""


@dataclass(frozen=True)
class Comparison:
    """Attributes (index, in reading order) by product (columns, ids); `differs` tells where the products part."""

    table: pd.DataFrame
    differs: pd.Series

    def as_csv_bytes(self) -> bytes:
        """The table as a CSV file that is safe to open in a spreadsheet."""
        rows = [
            ["", *self.table.columns],
            *([name, *cells] for name, cells in zip(self.table.index, self.table.to_numpy().tolist(), strict=True)),
        ]
        safe = pd.DataFrame([[neutralised(str(cell)) for cell in row] for row in rows])
        return str(safe.to_csv(index=False, header=False, lineterminator="\n")).encode()


def compare(
    audit: Audit,
    product_ids: Sequence[str],
    *,
    prices: Mapping[str, float] | None = None,
    evidence: Evidence | None = None,
) -> Comparison:
    """Compare two to six products of an audit.

    Args:
        audit: where the products are; of an audit in every context each product's first row is shown.
        product_ids: the products, in the order of the columns.
        prices: prices of whole packages typed by the buyer, which replace those of the record.
        evidence: the edition of the audit; the shipped one by default.

    Raises:
        UsageError: too few, too many, repeated or unknown products, or a price that is not a positive number.
    """
    prices = prices or {}
    evidence = evidence or load_evidence()
    rows = _products(audit.products, list(product_ids))
    _check_prices(prices, list(product_ids))
    columns = {}
    for product_id in product_ids:
        product = rows[product_id]
        here = (audit.doses["product_id"] == product_id) & (audit.doses["context"] == product["context"])
        doses: list[dict[str, Any]] = audit.doses[here].to_dict("records")
        findings = audit.findings[audit.findings["product_id"] == product_id]
        columns[product_id] = _cells(product, doses, findings, prices.get(product_id), evidence)
    table = pd.DataFrame(columns).rename_axis(index=None, columns=None).astype("str")
    return Comparison(table, pd.Series(table.nunique(axis=1) > 1, name="differs"))


def prices_as_words(prices: Mapping[str, float]) -> list[str]:
    """Typed prices as words of an address, `id:price`; :func:`prices_from_words` reads them back."""
    return [f"{product_id}:{price:.10g}" for product_id, price in prices.items()]


def prices_from_words(words: Sequence[str]) -> dict[str, float]:
    """Prices by product id from words of an address; a word that tells no price above 0 is left out."""
    found = {}
    for word in words:
        product_id, _, text = word.rpartition(":")
        try:
            price = float(text)
        except ValueError:
            continue
        if product_id and math.isfinite(price) and price > 0:
            found[product_id] = price
    return found


def _products(products: pd.DataFrame, product_ids: list[str]) -> dict[str, dict[str, Any]]:
    problems = []
    if not FEWEST <= len(product_ids) <= MOST:
        problems.append(
            f"{len(product_ids)} {plural(len(product_ids), 'product', 'products')} to compare; accepted are {FEWEST} to {MOST}"
        )
    repeated = [product_id for product_id in dict.fromkeys(product_ids) if product_ids.count(product_id) > 1]
    if repeated:
        problems.append(f"product {listed([repr(name) for name in repeated])} is named twice; name each product once")
    chosen = products[products["product_id"].isin(product_ids)].drop_duplicates("product_id")
    found: dict[str, dict[str, Any]] = {row["product_id"]: row for row in chosen.to_dict("records")}
    for product_id in dict.fromkeys(product_ids):
        if product_id not in found:
            close = closest_ids(product_id, products["product_id"].drop_duplicates().tolist())
            hint = f"; the closest are {', '.join(close)}" if close else ""
            problems.append(f"product {printable(product_id)!r} is not in the audit{hint}")
    if problems:
        raise UsageError(problems)
    return found


def _check_prices(prices: Mapping[str, float], product_ids: list[str]) -> None:
    problems = [f"a price is given for {name!r}, which is not compared" for name in prices if name not in product_ids]
    problems += [
        f"price {price!r} of {name!r}: accepted are numbers above 0"
        for name, price in prices.items()
        if not (math.isfinite(price) and price > 0)
    ]
    if problems:
        raise UsageError(problems)


def _cells(
    product: dict[str, Any],
    doses: list[dict[str, Any]],
    findings: pd.DataFrame,
    price: float | None,
    evidence: Evidence,
) -> dict[str, str]:
    vitamin_d = [row for row in doses if row["nutrient"] == "vitamin_d"]
    vitamin_k2 = [row for row in doses if row["nutrient"] == "vitamin_k2"]
    per_day = _price_per_day(product, price)
    currency = str(product["currency"])
    cells = {
        "Product": " ".join(filter(None, (product["brand"], product["name"]))),
        "Class": product["class"],
        "In plain words": headline(product, doses, evidence),
        "Judged for": evidence.contexts[product["context"]].title,
        "Vitamin D per day": _vitamin_d(product, vitamin_d),
        "Vitamin D form": _forms(product["vitamin_d_form"]),
        "Vitamin D verdict": product["vitamin_d_verdict"],
        "Vitamin K2 per day": _by_form(vitamin_k2),
        "Vitamin K2 form": _forms(product["vitamin_k2_form"]),
        "Vitamin K2 verdict": product["vitamin_k2_verdict"],
        "Servings a day": _servings(doses),
        "Over upper level": _over(product["over_upper_level"]),
        "Price per day": _money(per_day, currency),
        "Price per studied vitamin D dose": _money(_price_of_studied(vitamin_d, per_day, evidence), currency),
        "Price per studied vitamin K2 dose": _money(_price_of_studied(vitamin_k2, per_day, evidence), currency),
        "Findings": f"{product['errors']} {plural(product['errors'] or 2, 'error', 'errors')}, {product['warnings']} {plural(product['warnings'] or 2, 'warning', 'warnings')}",
        "Cautions": "; ".join(CAUTIONS[name] for name in CAUTIONS if name in set(findings["finding_id"])) or "none",
    }
    return {name: printable(str(text)) for name, text in cells.items()}


def _vitamin_d(product: dict[str, Any], doses: list[dict[str, Any]]) -> str:
    if not doses:
        return "not listed"
    if len(doses) == 1:
        return _with_spacing(doses[0])
    return (
        dose(
            float(product["vitamin_d_daily_mcg_low"]),
            float(product["vitamin_d_daily_mcg_high"]),
            "vitamin_d",
            product["vitamin_d_form"],
        )
        or "unknown"
    )


def _by_form(doses: list[dict[str, Any]]) -> str:
    if len(doses) < 2:
        return _with_spacing(doses[0]) if doses else "not listed"
    return "; ".join(f"{short_form(row['form'])} {_with_spacing(row)}" for row in doses)


def _with_spacing(row: dict[str, Any]) -> str:
    daily = dose_of(row)
    if not daily:
        return "unknown"
    if row["interval_days"] <= 1:
        return daily
    single = dose(math.nan, row["single_intake_mcg"], row["nutrient"], row["form"])
    return f"{daily} on average; {single} every {number(row['interval_days'])} days"


def _forms(forms: str) -> str:
    return listed([short_form(form) for form in forms.split(";")]) if forms else "not listed"


def _servings(doses: list[dict[str, Any]]) -> str:
    known = [row for row in doses if not math.isnan(row["servings_per_day_high"])]
    if not known:
        return "unknown"
    first = known[0]
    low, high = count(first["servings_per_day_low"]), count(first["servings_per_day_high"])
    told = low if low == high else f"{low} to {high}"
    if first["interval_days"] > 1:
        told = f"1 every {number(first['interval_days'])} days"
    return f"{told} (assumed)" if first["servings_source"] == "assumed" else told


def _over(value: Any) -> str:
    return "not compared" if pd.isna(value) else "yes" if value else "no"


def _price_per_day(product: dict[str, Any], price: float | None) -> float:
    """Price of the highest labelled daily use; a typed package price takes the place of the record's."""
    known, per_day = float(product["price"]), float(product["price_per_day"])
    if price is None:
        return per_day
    return per_day * price / known if known > 0 and not math.isnan(per_day) else math.nan


def _price_of_studied(doses: list[dict[str, Any]], per_day: float, evidence: Evidence) -> float:
    """Price a day of the fewest whole servings the label allows that reach the band's low edge.

    Not a number where that is unknown or not reachable: no single form, no band, a spaced or doubtful dose, or too little
    even at the highest labelled use.
    """
    if math.isnan(per_day) or len(doses) != 1:
        return math.nan
    row = doses[0]
    bands = [band for band in bands_of(row, evidence) if band.status == "established"]
    high, least, most = row["daily_mcg_high"], row["servings_per_day_low"], row["servings_per_day_high"]
    doubtful = (
        (row["form"] in ("unstated", "mixed") and row["nutrient"] != "vitamin_d")
        or either_of(row)
        or spaced_rule(row)
        or row["interval_days"] > 1
    )
    if len(bands) != 1 or doubtful or math.isnan(high) or not most > 0:
        return math.nan
    linear = abs(row["daily_mcg_low"] * most - high * least) < 1e-6 * high
    edge = float(bands[0].low_mcg or 0)
    if not linear or high < edge or high == 0:
        return math.nan
    needed = min(max(math.ceil(round(edge / (high / most), 9)), least), most)
    return float(per_day * needed / most)


def _money(value: float, currency: str) -> str:
    return "unknown" if math.isnan(value) else capital(f"{value:.2f} {currency}".strip())
