"""The products table: both vitamins of a product in one row, its class, its findings counted, its price per day."""

from __future__ import annotations

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
    table = first.assign(context=pd.Series(contexts, dtype="str"))
    vitamin_d = _vitamin_d(judged[judged["nutrient"] == "vitamin_d"], n, contexts, evidence)
    vitamin_k2 = _vitamin_k2(judged[judged["nutrient"] == "vitamin_k2"], n)
    table = pd.concat([table, vitamin_d.add_prefix("vitamin_d_"), vitamin_k2.add_prefix("vitamin_k2_")], axis=1)
    _add_class(table)
    _add_upper_level(table, judged)
    add_findings(table, findings)
    _add_price(table, first, judged)
    extras = [
        name for name in first.columns if name not in LINE_COLUMNS and name not in {column.name for column in PRODUCTS}
    ]
    return pd.concat([typed(table, "products"), first[extras].astype("str")], axis=1)


def _blank(n: int) -> pd.DataFrame:
    """A vitamin the label does not list."""
    return pd.DataFrame(
        {
            "form": pd.Series([""] * n, dtype="str"), "daily_mcg_low": np.nan, "daily_mcg_high": np.nan, "daily_iu_low": np.nan,
            "daily_iu_high": np.nan, "verdict": pd.Series(["absent"] * n, dtype="str"),
            "bits": np.full(n, NOT_ESTABLISHED, dtype=np.uint8), "judged": np.zeros(n, dtype=bool),
        },
        index=pd.RangeIndex(n),
    )  # fmt: skip


def _is_judged(doses: pd.DataFrame) -> pd.Series:
    return ~doses["verdict"].isin(["not-computable", "not-established"])


def _vitamin_d(doses: pd.DataFrame, n: int, contexts: list[str], evidence: Evidence) -> pd.DataFrame:
    """Vitamin D of each product.  D2, D3 and unstated D share a band: several rows are one dose between the larger
    alone and all together, unless they print the same dose twice."""
    table = _blank(n)
    if doses.empty:
        return table
    grouped = doses.groupby("product", sort=True)
    where = grouped.size().index.to_numpy()
    low, high = (
        np.fmin(doses["daily_mcg_low"], doses["other_mcg_low"]),
        np.fmax(doses["daily_mcg_high"], doses["other_mcg_high"]),
    )
    spans = pd.DataFrame({"product": doses["product"], "low": low, "high": high}).groupby("product", sort=True)
    same = (spans["high"].max() == spans["high"].min()) & (spans["low"].max() == spans["low"].min())
    total = spans["high"].max().where(same, spans["high"].sum(min_count=1))
    unknown = (doses["verdict"] == "not-computable").groupby(doses["product"], sort=True).any()
    alone = grouped.size() == 1
    table["form"] = pd.Series(
        joined_texts(doses["product"].to_numpy(dtype=np.intp), doses["form"], n, ";"), dtype="str"
    )
    table.loc[where, "daily_mcg_low"] = spans["low"].max().where(~unknown).to_numpy()
    table.loc[where, "daily_mcg_high"] = total.where(~unknown).to_numpy()
    bits = fold(doses["product"].to_numpy(), doses["bits"].to_numpy(), n)[where]
    bits = np.where(alone, grouped["bits"].first(), bits)
    bits = np.where(~alone & ~unknown, _bits_together(table.loc[where], bits, contexts, evidence), bits).astype(
        np.uint8
    )
    table.loc[where, "bits"] = np.where(unknown, ANY, bits).astype(np.uint8)
    table.loc[where, "judged"] = (
        _is_judged(doses).groupby(doses["product"], sort=True).any().to_numpy() & ~unknown.to_numpy()
    )
    table.loc[where, "verdict"] = np.where(unknown, "not-computable", _VERDICTS[table.loc[where, "bits"]])
    converts = ~table["form"].str.contains("calcifediol")
    table["daily_iu_low"] = np.round((table["daily_mcg_low"] * IU_PER_MCG).where(converts), 6)
    table["daily_iu_high"] = np.round((table["daily_mcg_high"] * IU_PER_MCG).where(converts), 6)
    return table


def _bits_together(
    several: pd.DataFrame, bits: npt.NDArray[np.uint8], contexts: list[str], evidence: Evidence
) -> npt.NDArray[np.uint8]:
    """Possible verdicts of several rows of D2, D3 and unstated D judged as one dose; calcifediol stays apart."""
    found = bits.copy()
    form = several["form"].astype("str")
    joined = np.flatnonzero(
        (form.str.contains(";", regex=False) & ~form.str.contains("calcifediol", regex=False)).to_numpy()
    )
    low, high = several["daily_mcg_low"].to_numpy()[joined], several["daily_mcg_high"].to_numpy()[joined]
    context = np.array(contexts, dtype=object)[several.index.to_numpy()[joined]]
    for name in dict.fromkeys(context.tolist()):
        band = evidence.band_for("vitamin_d", "d3", name)
        if band is not None and band.low_mcg is not None and band.high_mcg is not None:
            here = context == name
            edges = np.full(int(here.sum()), float(band.low_mcg)), np.full(int(here.sum()), float(band.high_mcg))
            found[joined[here]] = outcomes(low[here], high[here], *edges)
    return found


def _vitamin_k2(doses: pd.DataFrame, n: int) -> pd.DataFrame:
    """Vitamin K2 of each product: every form by its own band, the worst verdict counts, its form is named first."""
    table = _blank(n)
    if doses.empty:
        return table
    judged = _is_judged(doses)
    any_judged = judged.groupby(doses["product"], sort=True).any()
    any_unknown = (doses["verdict"] == "not-computable").groupby(doses["product"], sort=True).any()
    where = any_judged.index.to_numpy()
    bits = fold(doses["product"].to_numpy(), doses["bits"].to_numpy(), n)[where]
    verdict = np.where(any_judged, _VERDICTS[bits], np.where(any_unknown, "not-computable", "not-established"))
    table.loc[where, "bits"], table.loc[where, "judged"], table.loc[where, "verdict"] = (
        bits,
        any_judged.to_numpy(),
        verdict,
    )
    decides = doses["verdict"].to_numpy() == table["verdict"].to_numpy()[doses["product"].to_numpy()]
    ordered = doses.assign(_decides=decides).sort_values(
        ["product", "_decides"], ascending=[True, False], kind="stable"
    )
    table["form"] = pd.Series(
        joined_texts(ordered["product"].to_numpy(dtype=np.intp), ordered["form"], n, ";"), dtype="str"
    )
    first = ordered.drop_duplicates("product").set_index("product")
    table.loc[where, "daily_mcg_low"] = np.fmin(first["daily_mcg_low"], first["other_mcg_low"]).loc[where].to_numpy()
    table.loc[where, "daily_mcg_high"] = np.fmax(first["daily_mcg_high"], first["other_mcg_high"]).loc[where].to_numpy()
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
