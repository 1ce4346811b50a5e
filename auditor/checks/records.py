"""Checks across lines and products: copied lines, near names, barcodes, the same label twice."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.checks.doses import _mcg
from auditor.ingredients import read_ingredient


def find(lines: pd.DataFrame, firsts: npt.NDArray[np.intp], targets: pd.DataFrame, rows: pd.DataFrame, judged: pd.DataFrame) -> pd.DataFrame:
    """Findings of this family."""
    first = lines.iloc[firsts].reset_index(drop=True)
    parts = [_copied_rows(rows, targets), _near_names(lines, targets, firsts), _barcodes(first), _same_label(first, judged)]
    return pd.concat(parts, ignore_index=True)


def _table(product: object, code: object, value: object = "", expected: object = "", nutrient: object = "", order: object = 0, text: object = "") -> pd.DataFrame:
    columns = {"product": product, "order": order, "code": code, "nutrient": nutrient, "value": value, "expected": expected, "detail": "", "label_text": text}
    return pd.DataFrame(columns, index=pd.RangeIndex(len(product)))  # type: ignore[arg-type]


def _copied_rows(rows: pd.DataFrame, targets: pd.DataFrame) -> pd.DataFrame:
    """Vitamin K lines that repeat the product's vitamin D amount, international units included."""
    if rows.empty:
        return _table([], [])
    source = rows["source_line"].to_numpy()
    printed = (targets["amount"].astype("str") + " " + targets["unit"].astype("str")).str.strip().to_numpy()[source]
    told = np.where(printed == "", rows["label_text"].str.replace(r"^\D*(?:[dDkK]\s?-?\d)?\D*", "", regex=True), printed)
    is_d = (rows["nutrient"] == "vitamin_d").to_numpy()
    wrong_k = ~is_d & rows["declared_iu"].notna().to_numpy()
    known = set(zip(rows["product"].to_numpy()[is_d], told[is_d], strict=True))
    copies = [n for n in np.flatnonzero(wrong_k) if (rows["product"].iat[n], told[n]) in known]
    picked = rows.iloc[copies]
    return _table(picked["product"].to_numpy(), "row-copied-between-nutrients", told[copies], "", picked["nutrient"].to_numpy(), picked.index.to_numpy(),
                  picked["label_text"].to_numpy())  # fmt: skip


def _near_names(lines: pd.DataFrame, targets: pd.DataFrame, firsts: npt.NDArray[np.intp]) -> pd.DataFrame:
    """Lines that name only a hormone or nattokinase and so gave no dose."""
    found = []
    product_of = {product_id: position for position, product_id in enumerate(lines["product_id"].to_numpy()[firsts])}
    for product_id, text in zip(targets["product_id"], targets["ingredient"], strict=True):
        reading = read_ingredient(text)
        if reading.pieces:
            continue
        for name in reading.near_names:
            code = "nattokinase-on-line" if name.startswith("natto") else "safety-hormone" if name not in ("annatto", "annatto extract", "teprenone") else ""
            if code:
                found.append((product_of[product_id], code, name, text))
    return _table([f[0] for f in found], [f[1] for f in found], [f[2] for f in found], text=[f[3] for f in found])


def check_digit(codes: pd.Series) -> pd.Series:
    """Expected last digit of GTINs of 8, 12, 13 or 14 digits given as text (weights 3 and 1 from the right)."""
    padded = codes.str.zfill(14)
    digits = np.array([[int(char) for char in code] for code in padded], dtype=np.int64).reshape(len(codes), 14)
    return pd.Series((-(digits[:, :13] * np.array([3, 1] * 6 + [3])).sum(axis=1)) % 10, index=codes.index)


def _barcodes(first: pd.DataFrame) -> pd.DataFrame:
    codes = first["upc"].astype("str").str.replace(r"[\s-]", "", regex=True)
    whole = codes[codes.str.fullmatch(r"\d{8}|\d{12,14}")]
    if whole.empty:
        return _table([], [])
    expected = check_digit(whole)
    wrong = whole.str[-1].astype("int64") != expected
    bad = whole[wrong]
    shared = whole.str.zfill(14)
    counts = shared.map(shared.value_counts())
    repeated = whole[counts > 1]
    return pd.concat(
        [
            _table(bad.index.to_numpy(), "gtin-check-digit", bad.to_numpy(), expected[wrong].astype("str").to_numpy()),
            _table(repeated.index.to_numpy(), "gtin-duplicate", repeated.to_numpy(), counts[counts > 1].astype("str").to_numpy()),
        ],
        ignore_index=True,
    )


def _same_label(first: pd.DataFrame, judged: pd.DataFrame) -> pd.DataFrame:
    """Products that print the same brand, name and doses as another one."""
    named = first[(first["name"] != "") & (first["brand"] != "")]
    if len(named) < 2:
        return _table([], [])
    doses = (judged["nutrient"] + " " + judged["form"] + " " + _mcg(judged["daily_mcg_high"])).groupby(judged["product"]).agg("; ".join)
    key = named["brand"].astype("str").str.lower() + "|" + named["name"].astype("str").str.lower() + "|" + doses.reindex(named.index).fillna("")
    twins = key[key.duplicated(keep=False)]
    others = [
        "; ".join(first["product_id"].iat[other] for other in group if other != own)[:200]
        for own, group in ((own, twins.index[twins == value]) for own, value in twins.items())
    ]
    return _table(twins.index.to_numpy(), "record-duplicate", others)
