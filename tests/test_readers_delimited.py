"""CSV and TSV: every cell as printed, every unusable row with its place."""

from __future__ import annotations

import codecs
from pathlib import Path

import pandas as pd
import pytest

from auditor.batches import Batch
from auditor.errors import InputError, UsageError
from auditor.labels import LINE_COLUMNS, MAX_CELL_CHARACTERS, as_line_table
from auditor.readers import read_batches

LABELS = Path(__file__).parent / "fixtures" / "labels"


def read(path: Path, **options: object) -> Batch:
    """The file as one batch."""
    (batch,) = read_batches(path, **options)  # type: ignore[arg-type]
    return batch


def problem(path: Path, **options: object) -> str:
    """The message with which the file is refused."""
    with pytest.raises(InputError) as caught:
        read(path, **options)
    return str(caught.value)


def written(folder: Path, text: str | bytes, name: str = "labels.csv") -> Path:
    """A file with this text."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_cells_are_kept_as_printed() -> None:
    lines = read(LABELS / "good-lines.csv").lines
    assert list(lines["product_id"]) == ["0001", "0001", "0002"]
    assert list(lines["upc"]) == ["012345678905", "012345678905", ""]
    assert list(lines["amount"]) == ["2,000", "45", ""]
    assert list(lines["brand"]) == ["Plain", "Plain", "NA"]
    assert list(lines["name"])[2] == "None"
    assert lines["directions"][0] == "Take one softgel daily,\nwith food."
    assert list(lines["shelf"]) == ["A4", "A4", ""]


def test_batch_is_a_line_table_already() -> None:
    lines = read(LABELS / "good-lines.csv").lines
    assert list(lines)[: len(LINE_COLUMNS)] == list(LINE_COLUMNS)
    pd.testing.assert_frame_equal(as_line_table(lines), lines)


def test_row_is_the_spreadsheet_row_and_input_the_path() -> None:
    batch = read(LABELS / "good-lines.csv")
    assert list(batch.lines["row"]) == ["2", "3", "4"]
    assert set(batch.lines["input"]) == {str(LABELS / "good-lines.csv")} == set(batch.inputs)
    assert batch.rows_in == 3


def test_product_row_becomes_a_line_for_each_nutrient() -> None:
    batch = read(LABELS / "good-products.csv")
    columns = ["product_id", "ingredient", "amount", "unit", "form", "price", "row"]
    assert batch.lines[columns].values.tolist() == [
        ["0001", "Vitamin D3", "2000", "IU", "", "9.90", "2"],
        ["0001", "Vitamin K2", "100", "mcg", "MK-7", "9.90", "2"],
        ["0002", "Vitamin D3", "0,025 mg", "", "", "12", "3"],
        ["0003", "", "", "", "", "5", "4"],
        ["0004", "Vitamin K2", "", "", "MK-4", "", "5"],
    ]
    assert batch.rows_in == 4


def test_unusable_rows_are_rejected_with_place_and_reason() -> None:
    batch = read(LABELS / "unusable-rows.csv")
    assert list(batch.lines["row"]) == ["2", "9"]
    assert [(reject.row, reject.column, reject.reason) for reject in batch.rejects] == [
        ("3", "", "too-many-fields"),
        ("5", "", "too-few-fields"),
        ("6", "product_id", "id-missing"),
        ("7", "ingredient", "ingredient-missing"),
    ]
    assert batch.rejects[0].value == "2,Vitamin D3,1,000 IU"
    assert batch.rows_in == 6


@pytest.mark.parametrize(
    ("name", "ingredients"),
    [
        ("semicolons.csv", ["Vitamin D3"]),
        ("excel-separator-line.csv", ["Vitamin D3"]),
        ("utf8-mark-and-crlf.csv", ["Vitamin D3"]),
        ("header-only.csv", []),
        ("header-without-line-end.csv", []),
    ],
)
def test_other_dialects(name: str, ingredients: list[str]) -> None:
    assert list(read(LABELS / name).lines["ingredient"]) == ingredients


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_with_mark(tmp_path: Path, encoding: str) -> None:
    mark = codecs.BOM_UTF16_LE if encoding == "utf-16-le" else codecs.BOM_UTF16_BE
    path = written(tmp_path, mark + "product_id\tingredient\n1\tVitamin D3 25 µg\n".encode(encoding))
    assert list(read(path).lines["ingredient"]) == ["Vitamin D3 25 µg"]


def test_blank_lines_above_the_header_count_as_rows(tmp_path: Path) -> None:
    assert list(read(written(tmp_path, "\n\nproduct_id,ingredient\n1,Vitamin D3\n")).lines["row"]) == ["4"]


def test_windows_encoding_has_to_be_named() -> None:
    message = problem(LABELS / "windows-1252.csv")
    assert "line 3" in message
    assert "0xb5 at offset 51" in message
    assert "--encoding cp1252" in message
    lines = read(LABELS / "windows-1252.csv", encoding="cp1252").lines
    assert lines["ingredient"][1] == "Vitamin D3 25 µg"


def test_encoding_fault_far_into_the_file(tmp_path: Path) -> None:
    rows = b"1,Vitamin D3\n" * 100_000
    assert "line 100002" in problem(written(tmp_path, b"product_id,ingredient\n" + rows + b"2,\xb5\n"))


def test_encoding_fault_in_an_unusable_row(tmp_path: Path) -> None:
    assert "0xb5" in problem(written(tmp_path, b"product_id,ingredient\n1,D3,25 \xb5g\n" + b"1,D3\n" * 100_000))


def test_text_cut_inside_a_character(tmp_path: Path) -> None:
    assert "cannot be read as utf-16" in problem(
        written(tmp_path, "\ufeffproduct_id,ingredient\n".encode("utf-16-le")[:-1])
    )
    assert "0xc2" in problem(written(tmp_path, b"product_id,ingredient\n" + b"1,D3\n" * 100_000 + b"1,25 \xc2"))


def test_unknown_encoding_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no such encoding"):
        read(LABELS / "semicolons.csv", encoding="latin-99")


@pytest.mark.parametrize(("name", "row"), [("quote-never-closed.csv", 3), ("quote-closed-rows-later.csv", 2)])
def test_unclosed_quote_never_swallows_rows(name: str, row: int) -> None:
    assert f"row {row}: a double quote opens a field" in problem(LABELS / name)


def test_unclosed_quote_in_a_file_larger_than_a_block(tmp_path: Path) -> None:
    rows = "1,Vitamin D3,25 mcg\n" * 300_000
    text = 'product_id,ingredient,amount\n9,"Vitamin D3,25 mcg\n' + rows
    assert "row 2: a double quote" in problem(written(tmp_path, text))


def test_quote_inside_a_field_is_text(tmp_path: Path) -> None:
    batch = read(written(tmp_path, 'product_id,ingredient,name\n1,Vitamin D3,Omega 5" long\n2,"Vitamin ""D""",x\n'))
    assert list(batch.lines["name"]) == ['Omega 5" long', "x"]
    assert batch.lines["ingredient"][1] == 'Vitamin "D"'


def test_cell_too_long_for_a_label_is_rejected(tmp_path: Path) -> None:
    longest = "x" * MAX_CELL_CHARACTERS
    batch = read(written(tmp_path, f"product_id,ingredient,name\n1,Vitamin D3,{longest}\n2,Vitamin D3,{longest}x\n"))
    assert list(batch.lines["product_id"]) == ["1"]
    (reject,) = batch.rejects
    assert (reject.row, reject.column, reject.reason, len(reject.value)) == ("3", "name", "cell-too-long", 80)


def test_empty_file_and_picture_are_refused(tmp_path: Path) -> None:
    assert "the file is empty" in problem(LABELS / "empty.csv")
    assert "the file is empty" in problem(written(tmp_path, codecs.BOM_UTF8 + b"\n"))
    assert "a PNG image" in problem(LABELS / "picture-named.csv")


def test_missing_columns_name_what_is_there_and_how_to_rename() -> None:
    message = problem(LABELS / "foreign-headers.csv")
    assert message.count("\n") == 1
    assert "'Product', 'Ingredients', 'Amount'" in message
    assert '--rename "Product=product_id"' in message
    assert '--rename "Ingredients=ingredient"' in message


def test_rename_maps_foreign_headers() -> None:
    rename = {"Product": "product_id", "ingredients": "ingredient"}
    lines = read(LABELS / "foreign-headers.csv", rename=rename).lines
    assert lines[["product_id", "ingredient", "amount"]].values.tolist() == [["1", "Vitamin D3", "25 mcg"]]


def test_rename_to_no_column_or_from_no_header() -> None:
    with pytest.raises(UsageError, match="did you mean 'ingredient'"):
        read(LABELS / "foreign-headers.csv", rename={"Ingredients": "ingredeint"})
    assert "'Ingrediens', which is not there" in problem(LABELS / "good-lines.csv", rename={"Ingrediens": "ingredient"})


def test_all_problems_of_a_header_at_once() -> None:
    message = problem(LABELS / "column-twice-and-ingredient-missing.csv")
    assert "both mean 'amount'" in message
    assert "no column 'ingredient'" in message


def test_line_column_in_product_rows_is_no_silent_loss() -> None:
    assert "column 'form' says nothing" in problem(LABELS / "product-rows-with-line-column.csv")
    lines = read(LABELS / "product-rows-with-line-column.csv", rename={"form": "dosage_form"}).lines
    assert list(lines["dosage_form"]) == ["softgel"]


def test_exact_header_wins_over_a_similar_one(tmp_path: Path) -> None:
    lines = read(written(tmp_path, "Product ID,product_id,ingredient,row\nx,1,Vitamin D3,77\n")).lines
    assert lines[["product_id", "Product ID", "row", "row (in file)"]].values.tolist() == [["1", "x", "2", "77"]]


def test_a_product_is_never_split(tmp_path: Path) -> None:
    ids = ["a"] * 3 + ["b"] * 5 + ["c"] + ["d"] * 2
    path = written(tmp_path, "product_id,ingredient\n" + "".join(f"{product},Vitamin D3\n" for product in ids))
    batches = list(read_batches(path, chunk_rows=2))
    products = [list(dict.fromkeys(batch.lines["product_id"])) for batch in batches]
    assert products == [["a"], ["b", "c"], ["d"]]
    assert sum(batch.rows_in for batch in batches) == len(ids)


def test_row_numbers_stay_right_over_blocks_with_bad_rows(tmp_path: Path) -> None:
    rows = [f"{number},Vitamin D3" if number % 1000 else f"{number}" for number in range(2, 500_000)]
    path = written(tmp_path, "product_id,ingredient\n" + "\n".join(rows) + "\n")
    batches = list(read_batches(path, chunk_rows=50_000))
    assert all((batch.lines["row"] == batch.lines["product_id"]).all() for batch in batches)
    rejects = [reject for batch in batches for reject in batch.rejects]
    assert [reject.row for reject in rejects] == [reject.value for reject in rejects]
    assert sum(batch.rows_in for batch in batches) == len(rows)
