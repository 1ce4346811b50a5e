"""Checks that look at more than one label: one id, one barcode or one text on several records.

They work on small keys, a few numbers for each label, so that a market that is audited in parts is compared as a
whole: every part gives its keys, and :func:`find_across` gets those of all labels, or of all that share one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from auditor.checks import number
from auditor.checks.facts import Facts, Findings, as_frame, divided, mcg, on_products, on_rows
from auditor.checks.tables import Hits, Mask, Objects, Positions, Table
from auditor.distinct import text_array
from auditor.searching import Texts

KEYS = ("id_key", "gtin", "record")
"""Columns of :attr:`LabelKeys.labels` that are compared; 0 is no key."""
COMPARED = {"id_key": ("split",), "gtin": ("upc", "brand_and_doses"), "record": ()}
"""What else of :attr:`LabelKeys.labels`, besides the id, is looked at where labels are compared by a key."""
WITH_STRENGTHS = ("gtin",)
"""Keys whose sharers are also compared by :attr:`LabelKeys.strengths`; for the others nobody looks at these."""

Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class LabelKeys:
    """What labels are compared by.

    `labels` has one row per product: `product_id`, `upc` (blanks and hyphens left out), `split` (its lines do not stand
    together in the input), `brand_and_doses` and :data:`KEYS`.  `strengths` has one row per computed dose of a product with a barcode:
    `product` (row in `labels`), `nutrient`, `strength` (mcg in one unit or serving), `source_rows`, `label_text`.
    """

    labels: pd.DataFrame
    strengths: pd.DataFrame


def label_keys(facts: Facts, split: npt.NDArray[np.bool_]) -> LabelKeys:
    """Keys of the products of one audit; `split` says of which the lines do not stand together in the input."""
    own, codes = facts.texts("upc").codes, facts.barcodes
    known = codes.numbers[own]
    labels = pd.DataFrame(
        {
            "product_id": text_array(facts.first.array("product_id")), "upc": pd.array(codes.texts.take(pa.array(own)), dtype="str"), "split": split,
            "id_key": _hashes_of(facts.ids.to_pylist()), "gtin": known, **_record_keys(facts),
        }
    )  # fmt: skip
    return LabelKeys(labels, _strengths(facts, known != 0))


def _record_keys(facts: Facts) -> dict[str, Hashes]:
    """One number for brand and doses of every product, and one for brand, name and doses where it names brand and name."""
    judged, product = facts.judged, facts.dose_products
    doses = np.zeros(len(facts.first), dtype=np.uint64)
    if len(judged):
        nutrient, form = judged.texts("nutrient"), judged.texts("form")
        pairs = nutrient.codes * len(form.values) + form.codes
        names = [f"{one}|{other}" for one in nutrient.values for other in form.values]
        high = pd.util.hash_array(judged["daily_mcg_high"])
        np.add.at(doses, product, _hashes_of(names)[pairs] * np.uint64(31) + high)
    brand = _hashes(facts.texts("brand")) * np.uint64(31) + doses
    key = np.maximum(brand * np.uint64(31) + _hashes(facts.texts("name")), np.uint64(1))
    # No doses are no same doses.
    named = facts.has("name") & facts.has("brand") & facts.products(product)
    return {"brand_and_doses": brand, "record": np.where(named, key, np.uint64(0))}


def _hashes(texts: Texts) -> Hashes:
    """A number for each text, the same for texts that differ only in case or in blanks around them."""
    return _hashes_of(texts.arrow.to_pylist())[texts.codes]


def _hashes_of(texts: list[str]) -> Hashes:
    """What :func:`_hashes` gives, text by text; the same in every process."""
    plain = np.array([text.strip().lower() for text in texts], dtype=object)
    return pd.util.hash_array(plain, categorize=False) if texts else np.zeros(0, dtype=np.uint64)


def _strengths(facts: Facts, with_code: Mask) -> pd.DataFrame:
    judged = facts.judged
    usable = with_code[facts.dose_products] & ~np.isnan(judged["amount_mcg"]) & judged.are("reason", "")
    where = np.flatnonzero(usable)
    dose = Hits(judged, where)
    units = np.where(judged.are("basis", "per_serving")[where], dose["units_per_serving"], 1.0)
    return pd.DataFrame(
        {
            "product": dose["product"], "nutrient": text_array(judged.array("nutrient").take(where)), "source_rows": dose["source_rows"],
            "label_text": text_array(judged.array("label_text").take(where)),
            "strength": divided(dose["amount_mcg"], np.where(np.isnan(units), 1.0, units)),
        }
    )  # fmt: skip


def shared(keys: pd.DataFrame, name: str) -> npt.NDArray[np.bool_]:
    """Products that stand with another one under a key of :data:`KEYS`; for ids also those whose own lines are split."""
    column = keys[name]
    found = (column != 0).to_numpy() & column.duplicated(keep=False).to_numpy()
    return found | keys["split"].to_numpy(dtype=bool) if name == "id_key" else found


def find_across(keys: LabelKeys) -> pd.DataFrame:
    """Findings on products that share something; `keys` are in the order of the input and hold every sharer of a key.

    `product` is the row in `keys.labels`.
    """
    return as_frame([found for name in KEYS for found in _sharers(keys, name)])


def find_sharers(keys: LabelKeys, name: str) -> pd.DataFrame:
    """Findings on products that share one key, as :func:`find_across`; every product that has one of these keys is there.

    Of the keys only the columns :data:`COMPARED` are needed, and strengths for :data:`WITH_STRENGTHS`.
    """
    return as_frame(_sharers(keys, name))


def _sharers(keys: LabelKeys, name: str) -> Findings:
    labels = keys.labels.reset_index(drop=True)
    if labels.empty:
        return []
    if name == "gtin":
        return _barcodes(labels, keys.strengths)
    return _ids(labels) if name == "id_key" else _records(labels)


def _ids(labels: pd.DataFrame) -> Findings:
    """One id on several records: differing in case or blanks only, or with lines of another product in between."""
    alike = labels["id_key"].duplicated(keep=False).to_numpy() & (labels["product_id"].str.strip() != "").to_numpy()
    split = labels["split"].to_numpy(dtype=bool)
    told = np.where(split, "records of the input", "ids that differ only in case or blanks")
    return on_products(
        Table(labels),
        alike | split,
        "id-duplicate",
        value=lambda hit: hit["product_id"],
        expected=lambda hit: told[hit.where],
    )


def _barcodes(labels: pd.DataFrame, strengths: pd.DataFrame) -> Findings:
    """One barcode on several products; and those of them that differ in the strength of a vitamin by more than printed rounding."""
    group, _ = pd.factorize(labels["gtin"])
    count = np.bincount(group)[group]
    repeated = (labels["gtin"] != 0).to_numpy() & (count > 1)
    differ = pd.Series(labels["brand_and_doses"].to_numpy()).groupby(group).transform("nunique").to_numpy() > 1
    other, _ = _others(group)
    ids = labels["product_id"].to_numpy(dtype=object)
    same = on_products(
        Table(labels), repeated, "gtin-duplicate", value=lambda hit: hit["upc"], expected=lambda hit: count[hit.where].astype(str),
        detail=lambda hit: _with_more(ids[other[hit.where]], count[hit.where] - 2), severity=lambda hit: np.where(differ[hit.where], "warning", "note"),
    )  # fmt: skip
    shared = strengths[repeated[strengths["product"].to_numpy(dtype=np.intp)]]
    if shared.empty:
        return same
    product = shared["product"].to_numpy(dtype=np.intp)
    by_code = shared["strength"].groupby([group[product], shared["nutrient"].astype("str")], sort=False)
    low, high = by_code.transform("min").to_numpy(), by_code.transform("max").to_numpy()
    codes = labels["upc"].to_numpy(dtype=object)
    differing = on_rows(
        Table(shared), high - low > number("gtin-conflicting-records", "rounding_mcg"), "gtin-conflicting-records",
        value=lambda hit: codes[hit["product"]], expected=lambda hit: mcg(low[hit.where]) + " and " + mcg(high[hit.where]),
    )  # fmt: skip
    return [*same, *differing]


def _others(group: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """For each member of a group the first other member (itself where it is alone), and the group's size."""
    order = np.argsort(group, kind="stable")
    begins = np.flatnonzero(np.diff(group[order], prepend=-1))
    size = np.diff(np.append(begins, len(order)))
    leader, second = order[begins], order[np.minimum(begins + 1, len(order) - 1)]
    other = np.where(leader[group] == np.arange(len(group)), second[group], leader[group])
    return np.where(size[group] > 1, other, np.arange(len(group))), size[group]


def _with_more(others: Objects, more: Positions) -> list[str]:
    """'other-id and 2 more' for some others."""
    return [f"{other} and {count} more" if count > 0 else other for other, count in zip(others, more, strict=True)]


def _records(labels: pd.DataFrame) -> Findings:
    """Products that print the same brand, name and doses as another one; the first other one is named."""
    named = np.flatnonzero((labels["record"] != 0).to_numpy())
    if len(named) < 2:
        return []
    label, _ = pd.factorize(labels["record"].to_numpy()[named])
    other, size = _others(label)
    several = size > 1
    ids = labels["product_id"].to_numpy(dtype=object)[named]
    test = np.zeros(len(labels), dtype=bool)
    test[named[several]] = True
    return on_products(
        Table(labels), test, "record-duplicate", value=_with_more(ids[other[several]], size[several] - 2)
    )
