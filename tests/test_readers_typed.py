"""XLSX and Parquet: typed cells become the text a label prints."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from auditor.errors import InputError
from auditor.readers import read_batches


def workbook(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    """A workbook with these sheets."""
    with xlsxwriter.Workbook(path) as book:
        date = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, datetime.date):
                        sheet.write_datetime(number, column, cell, date)
                    else:
                        sheet.write(number, column, cell)
    return path


def test_xlsx_cells_as_shortest_text(tmp_path: Path) -> None:
    rows = [
        ["product_id", "ingredient", "amount", "price", "label_date", "organic"],
        [12345.0, "Vitamin D3", 0.025, 9.9, datetime.date(2024, 5, 1), True],
        ["007", "Vitamin K2", "2,000", None, None, None],
    ]
    (batch,) = read_batches(workbook(tmp_path / "labels.xlsx", {"Sheet": rows}))
    columns = ["product_id", "amount", "price", "label_date", "organic", "row"]
    assert batch.lines[columns].values.tolist() == [
        ["12345", "0.025", "9.9", "2024-05-01", "true", "2"],
        ["007", "2,000", "", "", "", "3"],
    ]


def test_first_sheet_with_the_columns_is_read_and_rows_count_from_the_top(tmp_path: Path) -> None:
    sheets = {
        "Notes": [["read me"]],
        "Labels": [[], [], ["product_id", "ingredient"], ["1", "D3"], [], ["", "K2"]],
        "Other": [["product_id", "ingredient"], ["2", "K2"]],
    }
    path = workbook(tmp_path / "labels.xlsx", sheets)
    (batch,) = read_batches(path)
    assert batch.lines[["product_id", "row"]].values.tolist() == [["1", "4"]]
    assert [(reject.row, reject.reason) for reject in batch.rejects] == [("6", "id-missing")]
    (other,) = read_batches(path, sheet="Other")
    assert list(other.lines["product_id"]) == ["2"]


def test_xlsx_problems_name_sheets(tmp_path: Path) -> None:
    path = workbook(tmp_path / "labels.xlsx", {"A": [["x"]], "B": []})
    with pytest.raises(InputError, match="no sheet 'C'; sheets are 'A', 'B'"):
        list(read_batches(path, sheet="C"))
    with pytest.raises(InputError, match=r"sheet 'A': no column(.|\n)*sheet 'B': the sheet is empty"):
        list(read_batches(path))


@pytest.mark.parametrize("name", ["labels.xlsx", "labels.parquet"])
@pytest.mark.parametrize("content", [b"", b"product_id,ingredient\n", b"PK\x03\x04 cut short", b"PAR1 cut short PAR1"])
def test_broken_files_are_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=name):
        list(read_batches(tmp_path / name))


def test_parquet_columns_of_any_type_become_text(tmp_path: Path) -> None:
    table = pa.table(
        {
            "product_id": pa.array([7, 8, None], pa.int64()),
            "ingredient": pa.array(["D3", "D3", "K2"]).dictionary_encode(),
            "amount": pa.array([0.025, 5000.0, None]),
            "label_date": pa.array([datetime.date(2024, 5, 1), None, None]),
            "seen": pa.array([datetime.datetime(2024, 5, 1, 12, 30), None, None]),
            "tags": pa.array([["a"], None, []]),
            "nothing": pa.nulls(3),
        }
    )
    pq.write_table(table, tmp_path / "labels.parquet")
    (batch,) = read_batches(tmp_path / "labels.parquet")
    columns = ["product_id", "ingredient", "amount", "label_date", "seen", "tags", "nothing", "row"]
    assert batch.lines[columns].values.tolist() == [
        ["7", "D3", "0.025", "2024-05-01", "2024-05-01T12:30:00", '["a"]', "", "2"],
        ["8", "D3", "5000", "", "", "", "", "3"],
    ]
    assert isinstance(batch.lines["ingredient"].dtype, pd.CategoricalDtype)
    assert [(reject.row, reject.value, reject.reason) for reject in batch.rejects] == [("4", "K2", "id-missing")]


def test_parquet_batches_with_different_dictionaries(tmp_path: Path) -> None:
    ids = [str(number // 3) for number in range(30)]
    table = pa.table({"product_id": ids, "ingredient": pa.array([f"D{name}" for name in ids]).dictionary_encode()})
    pq.write_table(table, tmp_path / "labels.parquet", row_group_size=4)
    batches = list(read_batches(tmp_path / "labels.parquet", chunk_rows=4))
    lines = pd.concat([batch.lines.astype("str") for batch in batches])
    assert list(lines["ingredient"]) == [f"D{name}" for name in ids]
    assert list(lines["row"]) == [str(number) for number in range(2, 32)]
