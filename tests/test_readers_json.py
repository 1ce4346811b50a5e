"""JSON and JSON Lines: rows of tables, labels with lines, and what is neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.errors import InputError
from auditor.labels import Label, LabelLine
from auditor.readers import read_batches
from auditor.readers.values import number_text

LABELS = Path(__file__).parent / "fixtures" / "labels"


def test_rows_and_labels_in_one_array() -> None:
    (batch,) = read_batches(LABELS / "rows.json")
    columns = ["product_id", "ingredient", "amount", "unit", "form", "price", "line", "row", "shelf"]
    assert batch.lines[columns].values.tolist() == [
        ["0001", "Vitamin D3", "0.025", "mg", "", "5000", "", "1", ""],
        ["7", "Vitamin K2", "0.001", "mg", "", "", "", "2", '["A",4]'],
        ["0009", "Vitamin D3", "1000", "IU", "", "", "", "3", ""],
        ["0009", "Vitamin K2", "", "", "MK-7", "", "", "3", ""],
        ["0010", "Vitamin D3", "25", "mcg", "", "", "1", "4", ""],
        ["0010", "Vitamin K2", "", "", "", "", "2", "4", ""],
    ]
    assert batch.rows_in == 4


def test_dumped_label_is_read_back(tmp_path: Path) -> None:
    label = Label(product_id="p", brand="B", market="uk", lines=(LabelLine(ingredient="Vitamin D3", amount="25 µg"),))
    path = tmp_path / "label.json"
    path.write_text(label.model_dump_json())
    (batch,) = read_batches(path)
    cells = ["product_id", "brand", "market", "ingredient", "amount"]
    assert batch.lines[cells].values.tolist() == [["p", "B", "uk", "Vitamin D3", "25 µg"]]


def test_unusable_records_are_rejected_by_line() -> None:
    (batch,) = read_batches(LABELS / "unusable-records.jsonl")
    assert list(batch.lines["row"]) == ["1", "14"]
    assert [(reject.row, reject.reason) for reject in batch.rejects] == [
        ("3", "not-json"),
        ("4", "not-an-object"),
        ("5", "not-json"),
        ("6", "not-json"),
        ("7", "id-missing"),
        ("8", "ingredient-missing"),
        ("9", "unknown-record"),
        ("10", "no-lines"),
        ("11", "no-lines"),
        ("12", "id-missing"),
        ("13", "unexpected-shape"),
    ]
    assert "NaN is no JSON" in batch.rejects[2].message
    assert "'amount' stands twice" in batch.rejects[3].message
    assert batch.rows_in == 13


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("infinity-in-array.json", ["line 3, column", "Infinity is no JSON"]),
        ("key-twice.json", ["'product_id' stands twice"]),
        ("dsld-cleaned-by-another-program.jsonl", ["'activeIngredients'", "api.ods.od.nih.gov/dsld/v9/label/501"]),
    ],
)
def test_file_without_usable_record_is_refused(name: str, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        list(read_batches(LABELS / name))
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize("name", ["labels.json", "labels.jsonl"])
def test_content_tells_lines_from_an_array(tmp_path: Path, name: str) -> None:
    lines = '{"product_id": "1", "ingredient": "D3"}\n{"product_id": "2", "ingredient": "D3"}\n'
    for text in (lines, f"[{lines.strip().replace(chr(10), ',')}]", '{\n"product_id": "1",\n"ingredient": "D3"}'):
        (tmp_path / name).write_text(text)
        (batch,) = read_batches(tmp_path / name)
        assert batch.lines["product_id"][0] == "1"


def test_deep_nesting_is_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "deep.jsonl"
    deep = "[" * 900 + "]" * 900
    path.write_text(
        '{"product_id": "1", "ingredient": "D3"}\n' + f'{{"product_id": "2", "ingredient": {deep}}}\n' + "[" * 5000
    )
    (batch,) = read_batches(path)
    assert [reject.row for reject in batch.rejects] == ["2", "3"]


def test_stray_file_in_a_folder_is_rejected_and_the_rest_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"product_id": "1", "ingredient": "D3"}')
    (tmp_path / "b.json").write_text('{"product_id": "2", ')
    (tmp_path / "c.json").write_text('{"settings": true}')
    (batch,) = read_batches(tmp_path)
    assert list(batch.lines["product_id"]) == ["1"]
    assert [reject.reason for reject in batch.rejects] == ["not-json", "unknown-record"]
    assert batch.rows_in == 3


def test_records_of_a_product_are_not_split(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(f'{{"product_id": "{product}", "ingredient": "D3"}}\n' for product in "aabbbc"))
    batches = list(read_batches(path, chunk_rows=1))
    assert ["".join(batch.lines["product_id"]) for batch in batches] == ["aa", "bbb", "c"]


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.025, "0.025"), (5000.0, "5000"), (1e-3, "0.001"), (1e-7, "0.0000001"), (12345678905, "12345678905"), (0, "0")],
)
def test_number_text(number: float, text: str) -> None:
    assert number_text(number) == text
