"""Columns of readers joined and taken apart: the texts stay what they are, and each distinct one is held once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor import batches
from auditor.batches import TEXT, in_one_piece, rows_of
from auditor.distinct import any_numbers_of, numbers_of
from auditor.schema import shaped, typed, with_texts

WORDS = [f"word {number}" for number in range(60)]
pieces = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=60), min_size=1, max_size=5)


def chunked(texts: list[list[str]]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(own, TEXT).dictionary_encode() for own in texts])


@pytest.fixture(autouse=True)
def _little_is_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MANY_TEXTS", 20)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces)
def test_chunks_become_one_with_one_dictionary(texts: list[list[str]]) -> None:
    whole = [text for own in texts for text in own]
    column = in_one_piece(chunked(texts))
    assert column.num_chunks == 1
    assert column.to_pylist() == whole
    dictionary = column.chunk(0).dictionary.to_pylist()
    assert len(dictionary) == len(set(dictionary))
    assert set(dictionary) == set(whole)


def test_a_label_held_back_takes_the_texts_of_the_next_piece() -> None:
    following = [*WORDS, "Vitamin D3"]
    column = in_one_piece(chunked([["Vitamin D3", "word 1", "held back", "held back"], following])).chunk(0)
    assert column.dictionary.to_pylist() == [*following, "held back"]
    assert column.to_pylist() == ["Vitamin D3", "word 1", "held back", "held back", *following]


def test_many_chunks_of_few_texts_are_made_one_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CSV file comes in a thousand pieces; to look for the units of each among those before took a second and more."""
    monkeypatch.setattr(batches, "_with_one_dictionary", None)
    texts = [["mcg", "IU"], ["IU", "mg"]] * 50
    assert in_one_piece(chunked(texts)).to_pylist() == [text for own in texts for text in own]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces)
def test_rows_of_a_column_keep_only_their_texts(texts: list[list[str]]) -> None:
    column = in_one_piece(chunked(texts))
    rows = np.arange(0, len(column), 2)
    found = rows_of(column, rows)
    assert found.to_pylist() == column.to_pylist()[::2]
    assert found.chunk(0).dictionary.to_pylist() == list(dict.fromkeys(found.to_pylist()))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces)
def test_any_numbers_tell_equal_texts_from_others(texts: list[list[str]]) -> None:
    whole = pd.Series([text for own in texts for text in own], dtype="str")
    for column in (in_one_piece(chunked(texts)), chunked(texts), whole, whole.astype("category")):
        pairs = set(zip(any_numbers_of(column).tolist(), numbers_of(column).tolist(), strict=True))
        assert len(pairs) == whole.nunique()


def test_a_table_keeps_words_until_they_are_asked_for_as_texts() -> None:
    words = pd.Categorical(["a", "b", "a"])
    cells: dict[str, object] = dict.fromkeys(
        ("source", "row", "column", "value", "reason"), np.array(["x"] * 3, dtype=object)
    )
    table = shaped(cells | {"message": words}, "rejects")
    assert isinstance(table["message"].dtype, pd.CategoricalDtype)
    pd.testing.assert_frame_equal(with_texts(table), typed(cells | {"message": words}, "rejects"))
    assert with_texts(table)["message"].tolist() == ["a", "b", "a"]
    assert with_texts(table[["source"]])["source"].tolist() == ["x", "x", "x"]
