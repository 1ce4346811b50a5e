"""An audit finds the same on the lines it needs as on all of them."""

from __future__ import annotations

from pathlib import Path

import market
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from auditor import needed as module
from auditor.batches import TEXT, encoded
from auditor.engines import read_everything
from auditor.labels import LINE_COLUMNS
from auditor.needed import kept, needed, together
from auditor.pipeline import audit_lines
from auditor.schema import TABLES

CATALOGUE = Path(__file__).parent.parent / "products"


def table(*rows: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame([{"product_id": "a", "ingredient": "Zinc 5 mg"} | row for row in rows])


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The catalogue and a market with all odd cases."""
    path = market.write_csv(tmp_path_factory.mktemp("market") / "market.csv", market.rows_of(8_000, seed=11))
    return read_everything([path, CATALOGUE]).lines


@pytest.mark.parametrize("context", ["auto", "all"])
def test_what_is_left_aside_changes_nothing(
    everything: pd.DataFrame, context: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = len(needed(everything))
    assert kept < 0.5 * len(everything)
    found = audit_lines(everything, context=context)
    monkeypatch.setattr(module, "_kept", lambda _, product: np.ones(len(product), dtype=bool))
    assert len(needed(everything)) == len(everything)
    of_all = audit_lines(everything, context=context)
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(found, name), getattr(of_all, name))


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        pytest.param([{}, {}, {}], [0], id="a label without the vitamins by its first line"),
        pytest.param([{}, {"ingredient": "Vitamin D3"}, {}, {"ingredient": "K2 (MK-7)"}], [0, 1, 3], id="the vitamins"),
        pytest.param([{}, {"ingredient": "Nattokinase"}], [0, 1], id="what is easily taken for them"),
        pytest.param([{}, {"audience": "Children"}, {"audience": "Children"}], [0, 1], id="a line for others"),
        pytest.param(
            [{"percent_dv": "5 %"}, {"percent_dv": "10 %"}, {"percent_dv": "†"}], [0, 2], id="a symbol beside percents"
        ),
        pytest.param([{}, {"ingredient": "Calories"}, {"ingredient": "Total Fat"}], [0, 1], id="the first of calories and fat"),
        pytest.param(
            [{}, {"ingredient": "Bone Blend", "line": "2"}, {}, {"ingredient": "Vitamin K2", "parent": "2"}], [0, 1, 2, 3],
            id="all of a label with a blend",
        ),
        pytest.param([{}, {"product_id": "b"}, {}, {"product_id": "b"}], [0, 1], id="two labels in turns"),
    ],
)  # fmt: skip
def test_lines_that_are_kept(rows: list[dict[str, str]], kept: list[int]) -> None:
    found = needed(table(*rows))
    assert found.places.tolist() == kept
    assert int(found.counts.sum()) == len(rows)
    assert list(found.lines.columns)[: len(LINE_COLUMNS)] == list(LINE_COLUMNS)


def test_a_kept_line_stands_for_those_of_its_label_behind_it() -> None:
    frame = table({}, {}, {"product_id": "b"}, {"ingredient": "Vitamin D3"}, {"product_id": "b"}, {})
    found = needed(frame, np.arange(10, 16), np.arange(100, 106))
    assert found.places.tolist() == [10, 12, 13]
    assert found.counts.tolist() == [2, 2, 2]
    assert found.lasts.tolist() == [101, 104, 105]


@pytest.mark.parametrize("as_dictionaries", [False, True])
def test_parts_of_a_reader_one_after_the_other_are_the_whole(as_dictionaries: bool) -> None:
    frame = table(
        {}, {"ingredient": "Vitamin D3"}, {"name": "b"}, {}, {"product_id": "b"}, {"product_id": "b", "parent": "1"},
        {"product_id": "b", "ingredient": "K2", "parent": "1"}, {}, {"product_id": "c"}, {"percent_dv": "†"},
    ).fillna("").assign(row=range(10), input="x")  # fmt: skip
    whole = needed(frame)
    rows = pa.table({name: pa.array(frame[name], pa.int64() if name == "row" else TEXT) for name in frame})
    for cut in range(11):
        parts = [encoded(part) if as_dictionaries else part for part in (rows.slice(0, cut), rows.slice(cut))]
        first, second = kept(parts[0]), kept(parts[1]).moved(cut)
        joined = together([first, second]).needed(0)
        if not set(frame["product_id"][:cut]) & set(frame["product_id"][cut:]):
            pd.testing.assert_frame_equal(joined.lines.astype("str"), whole.lines.astype("str"))
            assert isinstance(joined.lines["ingredient"].dtype, pd.CategoricalDtype)
            for name in ("places", "input_places", "counts", "lasts"):
                assert getattr(joined, name).tolist() == getattr(whole, name).tolist()
        assert joined.counts.sum() == 10


def test_texts_that_no_kept_line_has_are_not_carried_along() -> None:
    rows = encoded(
        pa.table({"product_id": ["a", "a"], "ingredient": ["Zinc 5 mg", "Iron"], "input": ["x", "x"], "row": [1, 2]})
    )
    assert kept(rows).table["ingredient"].chunk(0).dictionary.to_pylist() == ["Zinc 5 mg"]


def test_nothing_is_needed_of_nothing() -> None:
    found = needed(table().reindex(columns=["product_id", "ingredient"]))
    assert len(found) == 0
    assert found.counts.tolist() == found.lasts.tolist() == []
