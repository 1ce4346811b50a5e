"""Two written audits: what moved, why, and folders that are no audit."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import market
import pandas as pd
import pytest

from auditor.diff import diff
from auditor.engines import audit as run_audit
from auditor.errors import InputError
from auditor.labels import Label, LabelLine, label_frame
from auditor.pipeline import Audit, audit_lines

D = {"a": "Vitamin D3 75 mcg (3,000 IU)", "b": "Vitamin D3 25 mcg (1,000 IU)"}


def audit_of(texts: dict[str, str], context: str = "adult", directions: str = "Take 1 softgel daily") -> Audit:
    labels = [
        Label(
            product_id=name,
            lines=(LabelLine(ingredient=text),),
            serving_size="1 softgel",
            directions=directions,
            name=f"Product {name}",
        )
        for name, text in texts.items()
    ]
    return audit_lines(label_frame(labels), context=context)


def moved(tmp_path: Path, old: Audit, new: Audit) -> list[list[str]]:
    old.write(tmp_path / "old")
    new.write(tmp_path / "new")
    return diff(tmp_path / "old", tmp_path / "new").changed[["product_id", "old", "new", "cause"]].to_numpy().tolist()


def test_label_moved_when_the_dose_differs(tmp_path: Path) -> None:
    assert moved(tmp_path, audit_of(D), audit_of(D | {"a": "Vitamin D3 125 mcg (5,000 IU)"})) == [
        ["a", "studied-range", "high-dose", "label"]
    ]


def test_evidence_moved_when_only_the_context_differs(tmp_path: Path) -> None:
    assert moved(tmp_path, audit_of(D), audit_of(D, "bone")) == [["a", "studied-range", "high-dose", "evidence"]]


def test_both_moved_when_dose_and_context_differ(tmp_path: Path) -> None:
    assert moved(tmp_path, audit_of(D), audit_of(D | {"a": "Vitamin D3 60 mcg (2,400 IU)"}, "bone")) == [
        ["a", "studied-range", "high-dose", "both"]
    ]


def test_rules_moved_when_nothing_else_differs(tmp_path: Path) -> None:
    old = audit_of(D)
    judged_otherwise = replace(old, products=old.products.assign(**{"class": ["high-dose", "studied-range"]}))
    assert moved(tmp_path, old, judged_otherwise) == [["a", "studied-range", "high-dose", "rules"]]


def test_label_moved_when_only_the_spacing_differs(tmp_path: Path) -> None:
    old = audit_of({"a": "Vitamin D3 25 mcg"})
    new = audit_of({"a": "Vitamin D3 500 mcg"}, directions="Take 1 softgel every 20 days")
    assert moved(tmp_path, old, new) == [["a", "studied-range", "high-dose", "label"]]


def test_rules_moved_when_the_same_files_are_read_otherwise(tmp_path: Path) -> None:
    old, new = (replace(found, summary=replace(found.summary, inputs=(("labels.csv", "ab" * 32),)))
                for found in (audit_of(D), audit_of(D | {"a": "Vitamin D3 125 mcg (5,000 IU)"})))  # fmt: skip
    assert moved(tmp_path, old, new) == [["a", "studied-range", "high-dose", "rules"]]


def test_added_and_removed_products_and_settings_are_listed(tmp_path: Path) -> None:
    audit_of(D).write(tmp_path / "old")
    audit_of({"b": D["b"], "c": D["a"]}, "bone").write(tmp_path / "new")
    found = diff(tmp_path / "old", tmp_path / "new")
    assert list(found.added["product_id"]) == ["c"]
    assert list(found.removed["product_id"]) == ["a"]
    assert found.products_in_both == 1
    settings = found.settings.set_index("setting")
    assert tuple(settings.loc["context"]) == ("adult", "bone")


def test_audits_in_every_context_are_compared_context_by_context(tmp_path: Path) -> None:
    texts = {"a": "Vitamin D3 25 mcg, Vitamin K2 (MK-7) 100 mcg"}
    changed = {"a": "Vitamin D3 75 mcg, Vitamin K2 (MK-7) 100 mcg"}
    audit_of(texts, "all").write(tmp_path / "old")
    audit_of(changed, "all").write(tmp_path / "new")
    found = diff(tmp_path / "old", tmp_path / "new").changed
    assert "adult" not in set(found["context"])
    assert {"teen", "glucocorticoid"} <= set(found["context"])


def test_nothing_moved_gives_empty_tables(tmp_path: Path) -> None:
    assert moved(tmp_path, audit_of(D), audit_of(D)) == []


@pytest.fixture(scope="module")
def both_kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One audit of many labels, some with names that a spreadsheet would run, as CSV and as Parquet."""
    folder = tmp_path_factory.mktemp("kinds")
    found = run_audit(market.write_csv(folder / "market.csv", market.rows_of(3_000)))
    odd = found.products["product_id"].replace("formula", "=1+1")
    found = replace(
        found,
        products=found.products.assign(product_id=odd),
        doses=found.doses.assign(product_id=found.doses["product_id"].replace("formula", "=1+1")),
    )
    assert "=1+1" in set(found.products["product_id"]) & set(found.doses["product_id"])
    for kind in ("csv", "parquet"):
        found.write(folder / kind, tables_as=kind)
    return folder


@pytest.mark.parametrize(("old", "new"), [("csv", "parquet"), ("parquet", "csv"), ("parquet", "parquet")])
def test_same_audit_as_csv_and_as_parquet_differs_in_nothing(both_kinds: Path, old: str, new: str) -> None:
    found = diff(both_kinds / old, both_kinds / new)
    assert (len(found.changed), len(found.added), len(found.removed)) == (0, 0, 0)
    assert found.products_in_both > 300
    assert (found.settings["old"] == found.settings["new"]).all()


def test_cause_is_told_across_kinds(both_kinds: Path, tmp_path: Path) -> None:
    """Every class is moved by hand: none of the doses differs, so the label moved nothing."""
    products = pd.read_csv(both_kinds / "csv" / "products.csv", dtype="str", keep_default_na=False)
    shutil.copytree(both_kinds / "csv", tmp_path / "moved")
    products.assign(**{"class": "moved"}).to_csv(tmp_path / "moved" / "products.csv", index=False)
    package = tmp_path / "moved" / "datapackage.json"
    # Other input files: now doses are compared to tell the cause.
    package.write_text(re.sub(r'"sha256": "\w+"', '"sha256": "other"', package.read_text("utf-8")), "utf-8")
    found = diff(both_kinds / "parquet", tmp_path / "moved")
    assert set(found.changed["cause"]) == {"rules"}
    assert len(found.changed) == found.products_in_both == len(products)


def test_label_is_told_as_the_cause_across_kinds(tmp_path: Path) -> None:
    audit_of(D).write(tmp_path / "old", tables_as="parquet")
    audit_of(D | {"a": "Vitamin D3 125 mcg (5,000 IU)"}).write(tmp_path / "new")
    found = diff(tmp_path / "old", tmp_path / "new").changed
    assert found[["product_id", "old", "new", "cause"]].to_numpy().tolist() == [
        ["a", "studied-range", "high-dose", "label"]
    ]


def test_folders_that_are_no_audit_are_all_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError) as caught:
        diff(tmp_path / "empty", tmp_path / "gone")
    assert [problem.split(": ")[1] for problem in caught.value.problems] == [
        "holds no products table and no doses table and no datapackage.json; accepted is a folder written by 'auditor audit -o DIR'",
        "is not there; accepted is a folder written by 'auditor audit -o DIR'",
    ]


@pytest.mark.parametrize("text", ["", "[]", '{"auditor": 3}', "not json"])
def test_package_that_says_nothing_of_an_audit_is_refused(tmp_path: Path, text: str) -> None:
    audit_of(D).write(tmp_path / "old")
    audit_of(D).write(tmp_path / "new")
    (tmp_path / "new" / "datapackage.json").write_text(text)
    with pytest.raises(InputError, match="says nothing of an audit"):
        diff(tmp_path / "old", tmp_path / "new")


def test_table_without_its_columns_is_refused(tmp_path: Path) -> None:
    audit_of(D).write(tmp_path / "old")
    audit_of(D).write(tmp_path / "new")
    for table in ("products", "doses"):
        pd.DataFrame({"product_id": ["a"]}).to_csv(tmp_path / "new" / f"{table}.csv", index=False)
    with pytest.raises(InputError) as caught:
        diff(tmp_path / "old", tmp_path / "new")
    of_products, of_doses = caught.value.problems
    assert "products.csv: the products table of an audit lacks name, class, context" in of_products
    assert "doses.csv: the doses table of an audit lacks context, nutrient, form" in of_doses
