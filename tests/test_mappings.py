"""Remembered mappings: what a file may say, what it may not, and that saving keeps it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import UsageError
from auditor.readers import READERS, read_batches
from auditor.readers.mappings import TARGETS, VALUE_TARGETS, Mapping, load_mapping, save_mapping

GOOD = """
format = "csv"
[columns]
"Product Name" = "name"
"SKU" = "product_id"
"Line" = "ingredient"
[values]
market = "de"
servings_per_day_min = 2
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "shop.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_good_file(tmp_path: Path) -> None:
    mapping = load_mapping(written(tmp_path, GOOD), READERS)
    assert mapping.columns == {"Product Name": "name", "SKU": "product_id", "Line": "ingredient"}
    assert mapping.values == {"market": "de", "servings_per_day_min": "2"}
    assert mapping.format == "csv"


def test_mapping_reads_a_foreign_table_and_fills_what_is_empty(tmp_path: Path) -> None:
    table = tmp_path / "shop.csv"
    table.write_text("SKU,Product Name,Line,market\n1,Sun,Vitamin D3 25 mcg,\n2,Moon,Vitamin D3 25 mcg,fr\n")
    mapping = load_mapping(written(tmp_path, GOOD))
    (batch,) = read_batches(table, format=mapping.format, rename=mapping.columns)
    filled = mapping.filled(batch).lines
    assert filled["market"].astype("str").tolist() == ["de", "fr"]
    assert filled["servings_per_day_min"].tolist() == ["2", "2"]
    assert batch.lines["market"].astype("str").tolist() == ["", "fr"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("columns = 5", r"'columns' has to be a table"),
        ('[columns]\n"A" = "ingrediant"', "did you mean 'ingredient'"),
        ('[columns]\n"A" = "name"\n"B" = "name"', "'name' stands for several headers"),
        ('[values]\nproduct_id = "x"', "no column that may be the same on every row"),
        ('format = "pdf"', "format 'pdf' is not known; accepted are csv"),
        ('colums = "x"', "'colums' is not known; accepted are format, columns"),
        ("[columns\n", "no TOML"),
        ("[values]\nmarket = true", "a text or a number is needed"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        load_mapping(written(tmp_path, text), READERS)


def test_all_problems_come_together(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load_mapping(written(tmp_path, 'x = 1\nformat = "pdf"\n[columns]\n"A" = "nothing"'), READERS)
    assert len(caught.value.problems) == 3


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load_mapping(tmp_path / "none.toml")


def test_mapping_that_could_not_be_read_back_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such column"):
        save_mapping(Mapping({"A": "nothing"}), tmp_path / "out.toml")
    assert not list(tmp_path.iterdir())


@given(
    st.dictionaries(
        st.text(min_size=1).filter(lambda text: not any("\ud800" <= char <= "\udfff" for char in text)),
        st.sampled_from(TARGETS),
        max_size=5,
    ),
    st.dictionaries(
        st.sampled_from(VALUE_TARGETS),
        st.text().filter(lambda text: not any("\ud800" <= char <= "\udfff" for char in text)),
        max_size=3,
    ),
)
def test_saved_mapping_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, columns: dict[str, str], values: dict[str, str]
) -> None:
    unique = {
        header: target
        for position, (header, target) in enumerate(columns.items())
        if target not in list(columns.values())[:position]
    }
    mapping = Mapping(unique, values, "csv", "cp1252", "Sheet 1")
    path = save_mapping(mapping, tmp_path_factory.mktemp("mapping") / "saved.toml")
    assert load_mapping(path) == mapping
