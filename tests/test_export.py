"""What stands in the files: the contract's columns, every value, safe cells, whole files, the same bytes."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import itertools
import json
import os
import re
import unicodedata
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import frictionless
import pandas as pd
import pyarrow.csv
import pyarrow.parquet
import pytest
from audit_builder import DOSE, PRODUCT, Audit, Summary, full_audit, products_of, table_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from auditor import export, writers
from auditor.errors import UsageError
from auditor.export import csv_bytes, data_dictionary, write_audit
from auditor.schema import TABLES, arrow_schema
from auditor.writers import neutralised, open_table_writer

FILES = ("products.csv", "doses.csv", "findings.csv", "rejects.csv", "datapackage.json")
PARQUET_FILES = ("products.parquet", "doses.parquet", "findings.parquet", "rejects.parquet", "datapackage.json")
EXTENSIONS = (".csv", ".csv.gz", ".parquet", ".jsonl", ".xlsx", ".html")

# Written out from section 4 of the design, not taken from the schema.
CONTRACT = {
    "products": "product_id, brand, name, class, possible_classes, context, vitamin_d_form, vitamin_d_daily_mcg_low, "
    "vitamin_d_daily_mcg_high, vitamin_d_daily_iu_low, vitamin_d_daily_iu_high, vitamin_d_verdict, vitamin_k2_form, "
    "vitamin_k2_daily_mcg_low, vitamin_k2_daily_mcg_high, vitamin_k2_verdict, over_upper_level, errors, warnings, "
    "notes, finding_ids, price_per_day, currency",
    "doses": "product_id, nutrient, form, form_source, label_text, amount_mcg, declared_iu, declared_percent_dv, "
    "basis, units_per_serving, servings_per_day_low, servings_per_day_high, servings_source, interval_days, "
    "single_intake_mcg, daily_mcg_low, daily_mcg_high, daily_iu_low, daily_iu_high, context, band_id, band_low_mcg, "
    "band_high_mcg, verdict, possible_verdicts, reason, upper_level_mcg, upper_level_authority, "
    "percent_of_upper_level, over_upper_level, grade, direction, references",
    "findings": "product_id, finding_id, severity, nutrient, message, value, expected, label_text",
    "rejects": "source, row, column, value, reason, message",
}

HOSTILE = (
    "=1+1", "+1", "-1", "@SUM(A1)", "|calc", "%0A", "\t=1", "\r=1", "\n1", "\0=1", "  =1", "\u00a0=1", "\ufeff=1",
    "\u200b@x", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff201", "=\u03381", "'=1", "''=1", '=1+2";=1+2',
    '=HYPERLINK("http://x","y")', "\x1b=1",
)  # fmt: skip
HARMLESS = ("", "D3", "5 - 10", "'", "'quoted'", "\u2212 5", "(=1)", "a=b", "0123", "é", "\u00b5g", "#REF!", " x")


def folder_bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def read_back(data: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(data), dtype="str", keep_default_na=False)


def restored(text: str) -> str:
    """The rule of the data package undone, in words of its own."""
    if not text.startswith("'"):
        return text
    for character in text.lstrip("'"):
        if character in "\t\r\n\0":
            return text[1:]
        if character.isspace() or unicodedata.category(character) in {"Cc", "Cf"}:
            continue
        return text[1:] if unicodedata.normalize("NFKC", character)[0] in "=+-@|%" else text
    return text


# The contract


@pytest.mark.parametrize("table", CONTRACT)
def test_file_starts_with_contract_columns_in_order(tmp_path: Path, table: str) -> None:
    write_audit(full_audit(), tmp_path / "out")
    header = (tmp_path / "out" / f"{table}.csv").read_text("utf-8").splitlines()[0].split(",")
    contract = CONTRACT[table].split(", ")
    assert header[: len(contract)] == contract
    assert header == [column.name for column in TABLES[table]]


def test_folder_holds_the_five_files_and_leaves_others_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "products.csv").write_text("old")
    written = write_audit(full_audit(), tmp_path)
    assert written == tuple(tmp_path / name for name in FILES)
    assert {path.name for path in tmp_path.iterdir()} == {*FILES, "notes.txt"}
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (tmp_path / "products.csv").read_text("utf-8").startswith("product_id,")


@pytest.mark.parametrize("target", ["out", "new/deep/out", "out.2026/"])
def test_target_without_extension_or_with_slash_is_a_folder(tmp_path: Path, target: str) -> None:
    written = write_audit(full_audit(), f"{tmp_path}/{target}")
    assert written[-1] == tmp_path / target / "datapackage.json"


def test_existing_folder_with_a_point_in_its_name_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "audit.v2").mkdir()
    assert len(write_audit(full_audit(), tmp_path / "audit.v2")) == 5


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("extension", [".csv", ".CSV", ".csv.gz", ".parquet", ".jsonl"])
def test_single_file_holds_the_table_asked_for(tmp_path: Path, extension: str, table: str) -> None:
    path = tmp_path / f"x{extension}"
    assert write_audit(full_audit(), path, table) == (path,)
    match extension.lower():
        case ".parquet":
            names = pyarrow.parquet.read_schema(path).names
        case ".jsonl":
            names = list(json.loads(path.read_text("utf-8")))
        case _:
            names = list(pd.read_csv(path).columns)
    assert names == [column.name for column in TABLES[table]]


def test_unknown_extension_names_the_accepted_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        write_audit(full_audit(), tmp_path / "out.ods")
    assert "'.ods'" in str(caught.value)
    assert all(extension in str(caught.value) for extension in EXTENSIONS)
    assert not list(tmp_path.iterdir())


def test_unknown_table_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="products, doses, findings, rejects"):
        write_audit(full_audit(), tmp_path / "x.csv", "dose")


def test_dictionary_explains_every_column() -> None:
    dictionary = data_dictionary()
    assert list(dictionary.columns) == ["table", "column", "type", "unit", "values", "meaning"]
    assert len(dictionary) == sum(map(len, TABLES.values()))
    assert (dictionary["meaning"] != "").all()
    assert (dictionary.loc[dictionary["type"] == "number", "unit"] != "").all()


# Cells


def test_csv_cells_are_written_as_promised() -> None:
    row = {"brand": 'A "B", C', "over_upper_level": True, "vitamin_d_daily_mcg_low": 125.0,
           "vitamin_d_daily_mcg_high": 0.1, "vitamin_d_daily_iu_low": None, "name": "", "upc": "0012"}  # fmt: skip
    data = csv_bytes(products_of(row), "products")
    header, line = data.decode().splitlines()
    assert data.endswith(b"\n") and b"\r" not in data and not data.startswith(b"\xef\xbb\xbf") and '"' not in header
    assert line.startswith(
        '"dsld-1","A ""B"", C",,"studied-range","studied-range","adult","d3",125,0.1,,2000,"studied-range","mk7",'
        '100,100,"studied-range",true,0,0,0,,0.25,"USD","0012","us"'
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [(125.0, "125"), (0.1, "0.1"), (1 / 3, "0.3333333333333333"), (0.00001, "0.00001"), (1250000.0, "1250000"),
     (123456789.125, "123456789.125"), (-0.5, "-0.5")],
)  # fmt: skip
def test_number_is_shortest_without_exponent(value: float, written: str) -> None:
    cell = csv_bytes(products_of({"price_per_day": value}), "products").decode().splitlines()[1].split(",")[21]
    assert cell == written


def test_leading_zeros_of_an_id_are_kept(tmp_path: Path) -> None:
    audit = full_audit(product_id="000123", upc="00012345")
    write_audit(audit, tmp_path / "x.xlsx")
    write_audit(audit, tmp_path / "x.csv")
    sheet = CalamineWorkbook.from_path(tmp_path / "x.xlsx").get_sheet_by_name("products").to_python()
    assert (sheet[1][0], sheet[1][sheet[0].index("upc")]) == ("000123", "00012345")
    assert read_back((tmp_path / "x.csv").read_bytes()).loc[0, ["product_id", "upc"]].tolist() == ["000123", "00012345"]


def test_passed_through_columns_follow_the_declared_ones(tmp_path: Path) -> None:
    audit = full_audit(shelf="A, 1", **{"=evil,": "x"})
    write_audit(audit, tmp_path)
    header = next(csv.reader(io.StringIO((tmp_path / "products.csv").read_text("utf-8"))))
    assert header[-2:] == ["shelf", "'=evil,"]
    package = json.loads((tmp_path / "datapackage.json").read_text("utf-8"))
    assert [field["name"] for field in package["resources"][0]["schema"]["fields"]][-2:] == ["shelf", "'=evil,"]
    assert frictionless.validate(str(tmp_path / "datapackage.json")).valid
    for extension in EXTENSIONS:
        write_audit(audit, tmp_path / f"x{extension}")
    assert pyarrow.parquet.read_table(tmp_path / "x.parquet")["shelf"].to_pylist() == ["A, 1"]


def test_undeclared_column_is_never_lost_in_silence(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="shelf"),
        open_table_writer(tmp_path / "x", ".csv", "products") as writer,
    ):
        writer.append(products_of({"shelf": "A"}))


@pytest.mark.parametrize("kind", ["str", "category", "object"])
def test_any_storage_of_text_gives_the_same_bytes(tmp_path: Path, kind: str) -> None:
    rows = products_of({"brand": "=x"}, {"brand": ""}, {"brand": "B"}, {"brand": "=x"})
    expected = csv_bytes(rows, "products")
    texts = [column.name for column in TABLES["products"] if column.type == "string"]
    stored = rows.astype(dict.fromkeys(texts, kind))
    if kind == "object":
        stored["brand"] = stored["brand"].where(stored["brand"] != "", None)
    assert csv_bytes(stored, "products") == expected
    write_audit(Audit(stored), tmp_path / "x.parquet")
    assert pyarrow.parquet.read_table(tmp_path / "x.parquet").schema.equals(arrow_schema("products"))


# Formula injection


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_gets_an_apostrophe(text: str) -> None:
    assert neutralised(text) == "'" + text
    assert restored(neutralised(text)) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_is_untouched(text: str) -> None:
    assert neutralised(text) == text
    assert restored(text) == text


def test_text_columns_are_neutralised_and_numbers_are_not() -> None:
    frame = products_of(*({"name": name, "price_per_day": -1.5} for name in HOSTILE))
    cells = list(csv.DictReader(io.StringIO(csv_bytes(frame, "products").decode(), newline="")))
    assert [cell["name"] for cell in cells] == ["'" + name for name in HOSTILE]
    assert {cell["price_per_day"] for cell in cells} == {"-1.5"}


def test_machine_formats_keep_hostile_text_as_it_is(tmp_path: Path) -> None:
    audit = full_audit(name="=1+1")
    write_audit(audit, tmp_path / "x.jsonl")
    write_audit(audit, tmp_path / "x.parquet")
    assert json.loads((tmp_path / "x.jsonl").read_text("utf-8"))["name"] == "=1+1"
    assert pyarrow.parquet.read_table(tmp_path / "x.parquet")["name"].to_pylist() == ["=1+1"]


def test_workbook_has_text_cells_and_no_formula_or_link(tmp_path: Path) -> None:
    names = [*HOSTILE, "https://example.org", "1e5", "2/1", "_x0041_"]
    write_audit(Audit(products_of(*({"name": name} for name in names))), tmp_path / "x.xlsx")
    rows = CalamineWorkbook.from_path(tmp_path / "x.xlsx").get_sheet_by_name("products").to_python()
    column = rows[0].index("name")
    # XML knows no line end but LF.
    assert [row[column].replace("\r", "\n") for row in rows[1:]] == [name.replace("\r", "\n") for name in names]
    with zipfile.ZipFile(tmp_path / "x.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
        assert b"<f>" not in sheet and b"<hyperlink" not in sheet


# Workbook


def test_workbook_has_all_tables_and_the_dictionary(tmp_path: Path) -> None:
    write_audit(full_audit(), tmp_path / "x.xlsx")
    workbook = CalamineWorkbook.from_path(tmp_path / "x.xlsx")
    assert workbook.sheet_names == ["products", "doses", "findings", "rejects", "dictionary"]
    sheets = {name: workbook.get_sheet_by_name(name).to_python() for name in workbook.sheet_names}
    product = dict(zip(sheets["products"][0], sheets["products"][1], strict=True))
    assert product["vitamin_d_daily_mcg_high"] == 50.0
    assert product["over_upper_level"] is False
    assert product["finding_ids"] == ""
    assert len(sheets["dictionary"]) == len(data_dictionary()) + 1


def test_too_many_rows_for_a_sheet_are_refused_before_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MAX_SHEET_ROWS", 200)
    with pytest.raises(UsageError, match="products: 200 rows"):
        write_audit(Audit(products_of(*[{}] * 200)), tmp_path / "x.xlsx")
    assert not list(tmp_path.iterdir())
    write_audit(Audit(products_of(*[{}] * 199)), tmp_path / "x.xlsx")


@pytest.mark.parametrize("letter", ["a", "\N{GRINNING FACE}"])
def test_text_too_long_for_a_cell_is_cut_with_a_mark(tmp_path: Path, letter: str) -> None:
    write_audit(full_audit(name=letter * 40_000), tmp_path / "x.xlsx")
    rows = CalamineWorkbook.from_path(tmp_path / "x.xlsx").get_sheet_by_name("products").to_python()
    cell = rows[1][2]
    assert cell.startswith(letter * 100) and cell.endswith(" [cut]")
    assert 32_760 <= len(cell.encode("utf-16-le")) // 2 <= 32_767


def test_workbook_holds_no_time_of_writing(tmp_path: Path) -> None:
    write_audit(full_audit(), tmp_path / "x.xlsx")
    with zipfile.ZipFile(tmp_path / "x.xlsx") as archive:
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
        assert b"2000-01-01T00:00:00Z" in archive.read("docProps/core.xml")


# The same bytes


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_repeated_file_is_byte_identical(tmp_path: Path, extension: str) -> None:
    first, second = tmp_path / f"a{extension}", tmp_path / f"other name{extension}"
    write_audit(full_audit(name="é"), first)
    write_audit(full_audit(name="é"), second)
    assert first.read_bytes() == second.read_bytes()


def test_repeated_folder_is_byte_identical(tmp_path: Path) -> None:
    write_audit(full_audit(), tmp_path / "a")
    write_audit(full_audit(), tmp_path / "b")
    assert folder_bytes(tmp_path / "a") == folder_bytes(tmp_path / "b")


def test_gzip_holds_neither_name_nor_time(tmp_path: Path) -> None:
    write_audit(full_audit(), tmp_path / "x.csv.gz")
    data = (tmp_path / "x.csv.gz").read_bytes()
    assert data[3] == 0 and data[4:8] == b"\0\0\0\0"
    assert gzip.decompress(data) == csv_bytes(full_audit().products, "products")


def test_download_is_what_the_command_line_writes(tmp_path: Path) -> None:
    audit = full_audit(name="=1", shelf="A")
    write_audit(audit, tmp_path)
    for table in TABLES:
        assert csv_bytes(getattr(audit, table), table) == (tmp_path / f"{table}.csv").read_bytes()


@pytest.mark.parametrize("extension", [".csv", ".csv.gz", ".parquet", ".jsonl"])
def test_frames_of_any_size_give_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extension: str) -> None:
    monkeypatch.setattr(writers, "ROW_GROUP_ROWS", 64)
    monkeypatch.setattr(writers, "CSV_BLOCK_ROWS", 50)
    # Texts so long that a row group of Parquet has several pages.
    long = [f"{i} " * 20_000 for i in range(200)]
    rows = table_of(
        "doses",
        [DOSE | {"product_id": f"p{i}", "amount_mcg": i / 7, "label_text": text} for i, text in enumerate(long)],
    )
    contents = []
    for size in (200, 64, 7):
        path = tmp_path / f"{size}"
        with open_table_writer(path, extension, "doses") as writer:
            for start in range(0, len(rows), size):
                writer.append(rows.iloc[start : start + size])
        contents.append(path.read_bytes())
    assert len(set(contents)) == 1


# Whole or not at all


@pytest.mark.parametrize(
    ("target", "step", "call"),
    [
        ("", (writers, "_arrow_columns"), 3),
        ("", (export, "data_package"), 1),
        ("x.csv", (writers, "_neutralised_column"), 2),
        ("x.csv.gz", (writers, "_neutralised_column"), 2),
        ("x.parquet", (writers, "_declared_table"), 1),
        ("x.jsonl", (writers, "_declared_table"), 1),
        ("x.xlsx", (export, "_write_sheet"), 2),
        ("x.html", (export, "render_report"), 1),
    ],
)
def test_failure_while_writing_leaves_the_old_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, step: tuple[Any, str], call: int
) -> None:
    write_audit(full_audit(), tmp_path / target)
    before = folder_bytes(tmp_path)
    real = getattr(*step)
    calls = itertools.count(1)

    def fail_at_call(*arguments: Any) -> Any:
        if next(calls) == call:
            raise RuntimeError("in the middle")
        return real(*arguments)

    monkeypatch.setattr(*step, fail_at_call)
    with pytest.raises(RuntimeError, match="in the middle"):
        write_audit(full_audit(name="new"), tmp_path / target)
    assert folder_bytes(tmp_path) == before


def test_failure_leaves_no_new_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(export, "data_package", fail)
    with pytest.raises(KeyboardInterrupt):
        write_audit(full_audit(), tmp_path / "new" / "out")
    assert not list(tmp_path.iterdir())


# Each of five files is one rename, or two where an old one is put aside first; four tables of the other kind are only put aside.
@pytest.mark.parametrize(
    ("existing", "failing"),
    [
        *(("", call) for call in range(1, 6)),
        *(("csv", call) for call in range(1, 11)),
        *(("parquet", call) for call in range(1, 11)),
    ],
)
def test_failing_rename_takes_the_others_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, existing: str, failing: int
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    if existing:
        write_audit(full_audit(), tmp_path, tables_as=existing)
    before = folder_bytes(tmp_path)
    real = os.replace
    calls = itertools.count(1)

    def fail_once(source: Path, target: Path) -> None:
        if next(calls) == failing:
            raise PermissionError(13, "open in another program")
        real(source, target)

    monkeypatch.setattr(os, "replace", fail_once)
    with pytest.raises(UsageError, match="open in another program"):
        write_audit(full_audit(name="new"), tmp_path)
    assert folder_bytes(tmp_path) == before


def test_folder_in_the_way_of_a_file_is_a_usage_error(tmp_path: Path) -> None:
    write_audit(full_audit(), tmp_path / "out")
    (tmp_path / "out" / "findings.csv").unlink()
    (tmp_path / "out" / "findings.csv").mkdir()
    old = (tmp_path / "out" / "products.csv").read_bytes()
    with pytest.raises(UsageError, match="in the way"):
        write_audit(full_audit(name="new"), tmp_path / "out")
    assert (tmp_path / "out" / "products.csv").read_bytes() == old


def test_file_in_the_place_of_the_folder_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UsageError, match="cannot be written"):
        write_audit(full_audit(), tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


# Parquet in a folder


def test_folder_as_parquet_holds_the_five_files_and_leaves_others_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "products.csv").write_text("named by no package")
    written = write_audit(full_audit(), tmp_path, tables_as="parquet")
    assert written == tuple(tmp_path / name for name in PARQUET_FILES)
    assert {path.name for path in tmp_path.iterdir()} == {*PARQUET_FILES, "notes.txt", "products.csv"}


def test_table_of_a_parquet_folder_is_the_single_file(tmp_path: Path) -> None:
    audit = full_audit(name="=1", **{"=evil,": "x"})
    write_audit(audit, tmp_path / "out", tables_as="parquet")
    for table in TABLES:
        write_audit(audit, tmp_path / "x.parquet", table)
        assert (tmp_path / "out" / f"{table}.parquet").read_bytes() == (tmp_path / "x.parquet").read_bytes()


@pytest.mark.parametrize(("old", "new"), [("csv", "parquet"), ("parquet", "csv")])
def test_tables_of_the_other_kind_go_with_their_package(tmp_path: Path, old: str, new: str) -> None:
    write_audit(full_audit(), tmp_path, tables_as=old)
    (tmp_path / f"notes.{old}").write_text("mine")
    write_audit(full_audit(), tmp_path, tables_as=new)
    files = {"csv": FILES, "parquet": PARQUET_FILES}[new]
    assert {path.name for path in tmp_path.iterdir()} == {*files, f"notes.{old}"}


def package_of_audit(**paths: Any) -> str:
    return json.dumps({"auditor": {}, "resources": [{"name": name, "path": path} for name, path in paths.items()]})


@pytest.mark.parametrize(
    "package",
    [
        package_of_audit(),
        package_of_audit(products="../products.csv"),
        package_of_audit(doses="products.csv", products="notes.csv"),
        package_of_audit(products=["out/../../products.csv", {}, 3]),
        # The package of somebody else's data.
        json.dumps({"resources": [{"name": "products", "path": "products.csv"}]}),
        json.dumps({"auditor": {}, "resources": [None, [], {"name": [], "path": {}}]}),
        "[]",
        "no JSON",
    ],
)
def test_only_tables_that_the_package_of_an_audit_names_are_removed(tmp_path: Path, package: str) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    mine = [tmp_path / "products.csv", folder / "products.csv", folder / "notes.csv"]
    for path in mine:
        path.write_text("mine")
    (folder / "datapackage.json").write_text(package)
    write_audit(full_audit(), folder, tables_as="parquet")
    assert [path.read_text() for path in mine] == ["mine"] * 3
    assert {path.name for path in folder.iterdir()} == {*PARQUET_FILES, "products.csv", "notes.csv"}


def test_parts_of_a_cluster_go_with_their_package(tmp_path: Path) -> None:
    for name in ("a.parquet", "b.parquet", "mine.parquet"):
        for table in ("products", "doses"):
            (tmp_path / table).mkdir(exist_ok=True)
            (tmp_path / table / name).write_text(name)
    (tmp_path / "doses" / "mine.parquet").unlink()
    parts = {table: [f"{table}/a.parquet", f"{table}/b.parquet"] for table in ("products", "doses")}
    (tmp_path / "datapackage.json").write_text(package_of_audit(**parts))
    write_audit(full_audit(), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*FILES, "products"}
    assert [path.name for path in (tmp_path / "products").iterdir()] == ["mine.parquet"]


@pytest.mark.parametrize(
    ("target", "tables_as", "said"),
    [
        ("x.csv", "parquet", "'.csv' is not the extension of a parquet file; accepted"),
        ("x.parquet", "csv", "'.parquet' is not the extension of a csv file; accepted"),
        ("x.xlsx", "csv", "'.xlsx'"),
        ("x.jsonl", "parquet", "'.jsonl'"),
        ("out", "xlsx", "'xlsx': is not known; accepted are csv, parquet"),
    ],
)
def test_what_tables_are_written_as_has_to_fit_the_target(
    tmp_path: Path, target: str, tables_as: str, said: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        write_audit(full_audit(), tmp_path / target, tables_as=tables_as)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("target", "tables_as"), [("x.csv", "csv"), ("x.csv.gz", "csv"), ("x.parquet", "parquet")])
def test_extension_and_what_tables_are_written_as_may_agree(tmp_path: Path, target: str, tables_as: str) -> None:
    assert write_audit(full_audit(), tmp_path / target, tables_as=tables_as) == (tmp_path / target,)


# Nothing in it


def test_empty_tables_are_readable_in_every_format(tmp_path: Path) -> None:
    for tables_as in ("parquet", "csv"):
        write_audit(Audit(), tmp_path, tables_as=tables_as)
        assert frictionless.validate(str(tmp_path / "datapackage.json")).valid
    for extension in EXTENSIONS:
        write_audit(Audit(), tmp_path / f"x{extension}")
    assert pd.read_csv(tmp_path / "x.csv").empty
    assert (tmp_path / "x.jsonl").read_bytes() == b""
    assert pyarrow.parquet.read_table(tmp_path / "x.parquet").schema.equals(arrow_schema("products"))
    assert len(CalamineWorkbook.from_path(tmp_path / "x.xlsx").get_sheet_by_name("doses").to_python()) == 1


# Data package


def test_package_is_valid_and_tells_what_the_files_are(tmp_path: Path) -> None:
    summary = Summary(inputs=(("data/labels.csv", "ab" * 32), ("/home/someone/more.csv", "cd" * 32)))
    write_audit(replace(full_audit(name="=1"), summary=summary), tmp_path)
    report = frictionless.validate(str(tmp_path / "datapackage.json"))
    assert report.valid, report.flatten(["type", "message"])
    text = (tmp_path / "datapackage.json").read_text("utf-8")
    package = json.loads(text)
    assert list(package)[:4] == ["name", "title", "description", "resources"]
    assert package["description"] == "An audit of label claims, not of contents. Not medical advice."
    assert package["auditor"] == {
        "version": "0.1.0", "evidence_edition": "2026.1", "context": "auto", "market": "us", "authority": "", "today": "",
    }  # fmt: skip
    assert package["inputs"] == [
        {"name": "data/labels.csv", "sha256": "ab" * 32}, {"name": "more.csv", "sha256": "cd" * 32},
    ]  # fmt: skip
    assert package["rows"] == {"in": 3, "audited": 2, "rejected": 1}
    assert package["neutralised"]["files"] == list(FILES[:4])
    assert "home" not in text and str(tmp_path) not in text
    for resource in package["resources"]:
        data = (tmp_path / resource["path"]).read_bytes()
        assert resource["bytes"] == len(data)
        assert resource["hash"] == "sha256:" + hashlib.sha256(data).hexdigest()


def test_package_schema_has_units_words_and_keys(tmp_path: Path) -> None:
    write_audit(full_audit(), tmp_path)
    products, doses, findings, rejects = json.loads((tmp_path / "datapackage.json").read_text("utf-8"))["resources"]
    fields = {field["name"]: field for field in products["schema"]["fields"]}
    assert fields["vitamin_d_daily_mcg_low"]["unit"] == "mcg/day"
    assert fields["class"]["constraints"] == {
        "required": True,
        "enum": ["sub-therapeutic", "studied-range", "high-dose", "depends", "not-established", "not-computable"],
    }
    assert fields["upc"]["type"] == "string"
    assert products["schema"]["primaryKey"] == ["product_id"]
    assert doses["schema"]["foreignKeys"] == findings["schema"]["foreignKeys"]
    assert doses["schema"]["foreignKeys"][0]["reference"] == {"resource": "products", "fields": ["product_id"]}
    assert "primaryKey" not in rejects["schema"] and rejects["schema"]["missingValues"] == [""]


def test_package_key_has_the_context_when_every_context_is_audited(tmp_path: Path) -> None:
    products = products_of({"context": "adult"}, {"context": "bone"})
    audit = replace(full_audit(), products=products, summary=Summary(context="all"))
    write_audit(audit, tmp_path)
    package = json.loads((tmp_path / "datapackage.json").read_text("utf-8"))
    assert package["resources"][0]["schema"]["primaryKey"] == ["product_id", "context"]
    assert frictionless.validate(str(tmp_path / "datapackage.json")).valid


def test_package_of_parquet_is_valid_and_says_nothing_of_csv(tmp_path: Path) -> None:
    write_audit(full_audit(name="=1", over_upper_level=None, **{"=evil,": ""}), tmp_path, tables_as="parquet")
    report = frictionless.validate(str(tmp_path / "datapackage.json"))
    assert report.valid, report.flatten(["type", "message"])
    assert [task.stats["rows"] for task in report.tasks] == [1, 1, 1, 1]
    package = json.loads((tmp_path / "datapackage.json").read_text("utf-8"))
    assert "neutralised" not in package
    for resource, name in zip(package["resources"], PARQUET_FILES, strict=False):
        data = (tmp_path / name).read_bytes()
        assert (resource["path"], resource["format"]) == (name, "parquet")
        assert resource["mediatype"] == "application/vnd.apache.parquet"
        sha256 = hashlib.sha256(data).hexdigest()
        assert resource["parts"] == [{"path": name, "bytes": len(data), "hash": f"sha256:{sha256}"}]
        assert "encoding" not in resource and "missingValues" not in resource["schema"]
    fields = [field["name"] for field in package["resources"][0]["schema"]["fields"]]
    assert fields == pyarrow.parquet.read_schema(tmp_path / "products.parquet").names
    assert fields[-1] == "=evil,"


def test_packages_of_both_kinds_differ_only_in_how_tables_are_stored(tmp_path: Path) -> None:
    write_audit(full_audit(), tmp_path / "csv")
    write_audit(full_audit(), tmp_path / "parquet", tables_as="parquet")
    packages = [json.loads((tmp_path / kind / "datapackage.json").read_text("utf-8")) for kind in ("csv", "parquet")]
    for package in packages:
        package.pop("neutralised", None)
        for resource in package["resources"]:
            resource["schema"].pop("missingValues", None)
            for name in ("path", "format", "mediatype", "encoding", "bytes", "hash", "parts"):
                resource.pop(name, None)
    assert packages[0] == packages[1]


@pytest.mark.parametrize("tables_as", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("product", "error"),
    [({"class": "fine"}, "constraint-error"), ({"product_id": "other"}, "foreign-key")],
)
def test_package_finds_a_table_that_breaks_its_schema(
    tmp_path: Path, product: dict[str, str], error: str, tables_as: str
) -> None:
    write_audit(full_audit(**product), tmp_path, tables_as=tables_as)
    report = frictionless.validate(str(tmp_path / "datapackage.json"))
    assert {row[0] for row in report.flatten(["type"])} == {error}


# Read back

# Lone surrogates cannot be written as UTF-8; the readers never let one in.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(HOSTILE + HARMLESS)
numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
product_rows = st.lists(
    st.fixed_dictionaries(
        {"product_id": texts, "name": texts, "vitamin_d_daily_mcg_low": numbers, "price_per_day": numbers,
         "over_upper_level": st.none() | st.booleans(), "errors": st.integers(0, 2**53), "shelf": texts}
    ),
    min_size=1, max_size=8,
)  # fmt: skip


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(product_rows)
def test_csv_read_back_keeps_every_value(rows: list[dict[str, Any]]) -> None:
    data = csv_bytes(products_of(*rows), "products")
    by_pandas = read_back(data)
    by_arrow = pyarrow.csv.read_csv(
        io.BytesIO(data),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=arrow_schema("products", ("shelf",)), strings_can_be_null=False
        ),
    ).to_pylist()
    for row, (_, cells), record in zip(rows, by_pandas.iterrows(), by_arrow, strict=True):
        for name in ("product_id", "name", "shelf"):
            assert restored(cells[name]) == restored(record[name]) == row[name]
        for name in ("vitamin_d_daily_mcg_low", "price_per_day"):
            assert (float(cells[name]) if cells[name] else None) == record[name] == row[name]
        assert record["errors"] == int(cells["errors"]) == row["errors"]
        assert record["over_upper_level"] == row["over_upper_level"]
        assert cells["over_upper_level"] == {None: "", True: "true", False: "false"}[row["over_upper_level"]]
        assert record["brand"] == PRODUCT["brand"]


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(product_rows)
def test_parquet_and_json_lines_read_back_keep_every_value(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    audit = Audit(products_of(*rows))
    write_audit(audit, tmp_path / "x.parquet")
    write_audit(audit, tmp_path / "x.jsonl")
    records = pyarrow.parquet.read_table(tmp_path / "x.parquet").to_pylist()
    assert [{name: record[name] for name in rows[0]} for record in records] == rows
    lines = (tmp_path / "x.jsonl").read_bytes().split(b"\n")[:-1]
    assert [json.loads(line) for line in lines] == records
