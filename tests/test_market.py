"""Opening inputs, written audits and uploads, and packing an audit."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from auditor.engines import audit
from auditor.errors import InputError
from auditor.evidence import load_evidence
from auditor.export import csv_bytes
from auditor.market import is_written_audit, only, open_market, package_bytes, read_written_audit, stamp, together

FILE = """product_id,name,ingredient,directions,shelf
0042,=SUM(A1),Vitamin D3 25 mcg,Take 1 tablet daily,A
b,'quoted,Vitamin K2 (MK-7) 45 mcg,Take 1 tablet daily,
,nameless,Vitamin D3 -5 mcg,,
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "labels.csv"
    path.write_text(FILE)
    return path


def test_upload_shown_under_its_name_gives_the_bytes_of_the_plain_run(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = open_market(file, shown_as="labels.csv").judged("auto", "", load_evidence())
    monkeypatch.chdir(file.parent)
    plain = audit(["labels.csv"])
    for table in ("products", "doses", "findings", "rejects"):
        assert csv_bytes(getattr(found, table), table) == csv_bytes(getattr(plain, table), table)
    assert found.summary.rows_in == found.summary.rows_audited + found.summary.rows_rejected


def test_written_audit_reads_back_to_the_same_bytes(file: Path, tmp_path: Path) -> None:
    found = audit([file], "bone")
    found.write(tmp_path / "out")
    back = open_market(tmp_path / "out").judged("adult", "", load_evidence())
    assert back.summary.context == "bone"
    assert list(back.products["product_id"]) == list(found.products["product_id"])
    for table in ("products", "doses", "findings", "rejects"):
        assert csv_bytes(getattr(back, table), table) == csv_bytes(getattr(found, table), table)


def test_written_audit_reads_back_the_same_from_both_kinds(file: Path, tmp_path: Path) -> None:
    file.write_text(FILE.replace("shelf", "=shelf").replace(",A\n", ",@home\n"))
    found = audit([file], "bone")
    backs = []
    for kind in ("csv", "parquet"):
        found.write(tmp_path / kind, tables_as=kind)
        assert is_written_audit(tmp_path / kind)
        backs.append(read_written_audit(tmp_path / kind))
    from_csv, from_parquet = backs
    assert from_csv.summary == from_parquet.summary
    assert from_parquet.products["=shelf"].tolist() == ["@home", ""]
    assert from_parquet.products["name"].iloc[0] == "=SUM(A1)"
    for table in ("products", "doses", "findings", "rejects"):
        pd.testing.assert_frame_equal(getattr(from_csv, table), getattr(from_parquet, table))
        assert csv_bytes(getattr(from_parquet, table), table) == csv_bytes(getattr(found, table), table)


@pytest.mark.parametrize(("kind", "other"), [("csv", "parquet"), ("parquet", "csv")])
def test_files_that_the_package_names_are_read_and_no_others(file: Path, tmp_path: Path, kind: str, other: str) -> None:
    audit([file], "bone").write(tmp_path / "out", tables_as=kind)
    audit([file], "adult").write(tmp_path / "elsewhere", tables_as=other)
    for table in ("products", "doses", "findings", "rejects"):
        (tmp_path / "elsewhere" / f"{table}.{other}").rename(tmp_path / "out" / f"{table}.{other}")
    assert set(read_written_audit(tmp_path / "out").products["context"]) == {"bone"}
    (tmp_path / "out" / f"doses.{kind}").unlink()
    assert read_written_audit(tmp_path / "out").doses.empty
    (tmp_path / "out" / f"products.{kind}").unlink()
    assert not is_written_audit(tmp_path / "out")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_tables_without_a_package_are_told_by_their_names(file: Path, tmp_path: Path, kind: str) -> None:
    found = audit([file])
    found.write(tmp_path / "out", tables_as=kind)
    (tmp_path / "out" / "datapackage.json").unlink()
    back = read_written_audit(tmp_path / "out")
    assert csv_bytes(back.doses, "doses") == csv_bytes(found.doses, "doses")
    assert back.summary.inputs == ()


def test_labels_are_no_audit_though_their_file_is_called_products(file: Path, tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    pd.read_csv(file, dtype="str").to_parquet(tmp_path / "labels" / "products.parquet")
    assert not is_written_audit(tmp_path / "labels")
    assert open_market(tmp_path / "labels").lines is not None
    (tmp_path / "labels" / "products.parquet").write_bytes(b"PAR1 and nothing else")
    assert not is_written_audit(tmp_path / "labels")
    with pytest.raises(InputError, match=r"products\.parquet"):
        open_market(tmp_path / "labels")


def test_single_products_file_opens_without_doses(file: Path, tmp_path: Path) -> None:
    audit([file]).write(tmp_path / "products.parquet")
    back = open_market(tmp_path / "products.parquet")
    assert back.lines is None
    assert back.finished is not None
    assert back.finished.doses.empty


def test_damaged_parquet_table_is_named(file: Path, tmp_path: Path) -> None:
    audit([file]).write(tmp_path / "out", tables_as="parquet")
    doses = tmp_path / "out" / "doses.parquet"
    pd.DataFrame({"product_id": ["x"]}).to_parquet(doses)
    with pytest.raises(InputError, match=r"doses\.parquet: the doses table of an audit lacks nutrient, form"):
        read_written_audit(tmp_path / "out")
    doses.write_bytes(b"PAR1 and nothing else")
    with pytest.raises(InputError, match=r"doses\.parquet: is no doses table of an audit"):
        read_written_audit(tmp_path / "out")


def test_damaged_table_is_named(file: Path, tmp_path: Path) -> None:
    audit([file]).write(tmp_path / "out")
    (tmp_path / "out" / "doses.csv").write_text("product_id\nx\n")
    with pytest.raises(InputError, match=r"doses\.csv: the doses table of an audit lacks"):
        read_written_audit(tmp_path / "out")


def test_package_is_the_same_every_time_and_holds_all_files(file: Path) -> None:
    found = audit([file])
    packed = package_bytes(found)
    assert packed == package_bytes(found)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.namelist() == ["products.csv", "doses.csv", "findings.csv", "rejects.csv", "datapackage.json"]
        assert archive.read("products.csv") == csv_bytes(found.products, "products")


def test_chosen_products_stand_in_the_order_asked_for(file: Path) -> None:
    found = only(audit([file]), ["b", "nobody", "0042"])
    assert list(found.products["product_id"]) == ["b", "0042"]


def test_two_audits_together_keep_the_columns_of_the_first(file: Path) -> None:
    found = audit([file])
    lines = pd.DataFrame({"product_id": ["typed"], "ingredient": ["Vitamin D3 10 mcg"]})
    joined = together([found, audit(lines)])
    assert joined.products["product_id"].iloc[-1] == "typed"
    assert joined.products["shelf"].iloc[-1] == ""


def test_stamp_changes_with_the_file(file: Path) -> None:
    before = stamp(file.parent)
    file.write_text(FILE + "c,n,Vitamin D3 5 mcg,,\n")
    assert stamp(file.parent) != before
