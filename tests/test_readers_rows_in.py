"""Rows in = rows in the lines + rows rejected, whatever the file holds."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from dsld_builder import amount, label, row
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.batches import Batch
from auditor.readers import read_batches

ONE_FILE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
CELL = st.sampled_from(
    ["", " ", "1", "0007", "Vitamin D3", "25 mcg", "a,b", 'say "D"', "two\nlines", "µ", "x" * 20_001]
)
HEADERS = st.sampled_from([("product_id", "ingredient", "amount"), ("product_id", "d3_amount", "k2_form")])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False, allow_infinity=False) | CELL,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "quantity", "id"]), inner, max_size=2)
    ),
    max_leaves=6,
)
DSLD = st.builds(
    lambda changes, rows: label(*rows) | changes,
    st.dictionaries(
        st.sampled_from(["id", "ingredientRows", "statements", "servingSizes", "userGroups"]), JSON, max_size=2
    ),
    st.lists(st.builds(lambda value: row("D3", amount(value), amount(1)), JSON), max_size=2),
)
FLAT = st.dictionaries(st.sampled_from(["product_id", "ingredient", "d3_amount", "lines", "shelf"]), JSON, max_size=4)


def rows_found(batches: Iterable[Batch]) -> set[tuple[str, str]]:
    """Places of all rows in lines and rejects; each batch has to account for its own rows."""
    found: set[tuple[str, str]] = set()
    for batch in batches:
        lines = set(zip(batch.lines["input"].astype(str), batch.lines["row"], strict=True))
        rejects = {(reject.source, reject.row) for reject in batch.rejects}
        assert len(rejects) == len(batch.rejects)
        assert not lines & rejects
        assert batch.rows_in == len(lines | rejects)
        assert not found & (lines | rejects)
        found |= lines | rejects
    return found


@ONE_FILE
@given(header=HEADERS, rows=st.lists(st.lists(CELL, min_size=2, max_size=4), max_size=12), chunk_rows=st.integers(1, 5))
def test_csv(tmp_path: Path, header: tuple[str, ...], rows: list[list[str]], chunk_rows: int) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    path = tmp_path / "labels.csv"
    path.write_text(text.getvalue(), newline="")
    # A row of the right width without any text is a blank row, which is no row at all.
    expected = {number for number, cells in enumerate(rows, start=2) if len(cells) != 3 or any(map(str.strip, cells))}
    found = rows_found(read_batches(path, chunk_rows=chunk_rows))
    assert found == {(str(path), str(number)) for number in expected}


@ONE_FILE
@given(records=st.lists(DSLD | FLAT | JSON, max_size=8), chunk_rows=st.integers(1, 5))
def test_json_lines(tmp_path: Path, records: list[Any], chunk_rows: int) -> None:
    path = tmp_path / "labels.jsonl"
    # The first record is usable, so that the file is not refused as a whole.
    path.write_text("\n".join(map(json.dumps, [label(), *records])))
    found = rows_found(read_batches(path, chunk_rows=chunk_rows))
    assert found == {(str(path), str(number)) for number in range(1, len(records) + 2)}


@pytest.mark.parametrize("name", ["good-lines.csv", "good-products.csv", "unusable-rows.csv", "rows.json"])
def test_fixtures(name: str) -> None:
    path = Path(__file__).parent / "fixtures" / "labels" / name
    assert rows_found(read_batches(path, chunk_rows=1)) == rows_found(read_batches(path))
