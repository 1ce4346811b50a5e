"""First rows of a file and the mapping of its headers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from auditor.errors import InputError
from auditor.preview import column_meanings, first_rows, mapping_problems, renames


def test_known_headers_are_recognised_without_case_and_blanks(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("Product ID,Ingredient,Zutat\n007,Vitamin D3 25 mcg,x\n")
    preview = first_rows(path)
    assert preview is not None
    told = column_meanings(preview)
    assert told["meaning"].tolist() == ["product_id", "ingredient", ""]
    assert told["example"].tolist() == ["007", "Vitamin D3 25 mcg", "x"]
    assert mapping_problems(told) == []
    assert renames(told) == {}


def test_mapping_names_what_is_missing_and_what_is_there_twice() -> None:
    told = pd.DataFrame({"column": ["Code", "Zutat", "Name"], "example": "", "meaning": ["", "name", "name"]})
    assert mapping_problems(told)[0] == "two columns mean name"
    assert len(mapping_problems(told)) == 3
    told["meaning"] = ["product_id", "ingredient", "name"]
    assert renames(told) == {"Code": "product_id", "Zutat": "ingredient"}


def test_products_layout_needs_no_ingredient() -> None:
    told = pd.DataFrame({"column": ["product_id", "d3_amount"], "example": "", "meaning": ["product_id", "d3_amount"]})
    assert mapping_problems(told) == []


def test_records_need_no_mapping_and_damage_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_text("[]")
    assert first_rows(path) is None
    broken = tmp_path / "labels.parquet"
    broken.write_bytes(b"no parquet")
    with pytest.raises(InputError, match="cannot be read"):
        first_rows(broken)
