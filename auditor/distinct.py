"""Do the work once per distinct text: split columns into codes and distinct values, map results back.

A market of millions of lines holds few distinct texts; every grammar of this package is called through here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.types as pt

Codes = npt.NDArray[np.intp]
Objects = npt.NDArray[np.object_]
TextColumn: TypeAlias = "pd.Series | pd.api.extensions.ExtensionArray | pa.ChunkedArray"
Result = TypeVar("Result")


class Distinct(NamedTuple):
    """`codes[i]` is the position in `values` of the i-th row's combination of cells."""

    codes: Codes
    values: list[tuple[str, ...]]

    def map(self, function: Callable[..., Result]) -> list[Result]:
        """Result of the function for each distinct combination, given as positional arguments."""
        return [function(*value) for value in self.values]


def distinct(table: pd.DataFrame | Mapping[str, TextColumn], columns: Sequence[str]) -> Distinct:
    """Distinct combinations of the cells of some columns, one at least, in order of first appearance."""
    codes = np.zeros(len(table[columns[0]]), dtype=np.intp)
    factors: list[tuple[Codes, Objects]] = []
    size = 1
    for name in columns:
        own, values = codes_of(table[name])
        if size * max(len(values), 1) > 2**60:
            codes, _ = pd.factorize(codes)
            size = int(codes.max(initial=0)) + 1
        codes = codes * max(len(values), 1) + own
        size *= max(len(values), 1)
        factors.append((own, values))
    codes, firsts = _renumber(codes)
    cells = [values[own[firsts]].tolist() for own, values in factors]
    return Distinct(codes, list(zip(*cells, strict=True)))


def combined(frame: pd.DataFrame, columns: Sequence[str]) -> Codes:
    """Number of each row's combination of cells, in order of first appearance; the cells are texts or whole numbers."""
    codes = np.zeros(len(frame), dtype=np.intp)
    for name in columns:
        own, values = factors_of(frame[name])
        codes, _ = pd.factorize(codes * max(len(values), 1) + own)
    return codes


def codes_of(column: TextColumn, where: Codes | None = None) -> tuple[Codes, Objects]:
    """Codes and distinct values of one text column, of pandas or Arrow, or of some of its rows."""
    codes, values = factors_of(column, where)
    return codes, values.to_numpy(zero_copy_only=False) if isinstance(values, pa.Array) else values


def factors_of(column: TextColumn, where: Codes | None = None) -> tuple[Codes, Objects | pa.Array]:
    """What :func:`codes_of` gives, the values as the column has them; next to free for categoricals and dictionaries."""
    if isinstance(column, pa.ChunkedArray):
        return _factors_of_arrow(column if where is None else column.take(pa.array(where)))
    array = column.array if isinstance(column, pd.Series) else column
    if isinstance(array, pd.Categorical):
        values = array.categories.to_numpy(dtype=object)
        own, used = _used(array.codes if where is None else array.codes[where], len(values))
        return own, values[used]
    codes, found = pd.factorize(array if where is None else array.take(where))
    return codes, arrow_texts(found) if isinstance(found, pd.arrays.ArrowStringArray) else np.asarray(found)


def numbers_of(column: TextColumn) -> Codes:
    """The codes of :func:`codes_of` without the values, which cost more than the codes where a column is a dictionary."""
    return _numbers_of_arrow(column)[0] if isinstance(column, pa.ChunkedArray) else factors_of(column)[0]


def any_numbers_of(column: TextColumn) -> npt.NDArray[np.integer[Any]]:
    """A number for each row, the same where the text is the same, in no order; free where a column is a dictionary."""
    if isinstance(column, pa.ChunkedArray) and pt.is_dictionary(column.type) and column.num_chunks == 1:
        codes: npt.NDArray[np.integer[Any]] = column.chunk(0).indices.to_numpy()
        return codes
    array = column.array if isinstance(column, pd.Series) else column
    return array.codes if isinstance(array, pd.Categorical) else numbers_of(column)


def _factors_of_arrow(column: pa.ChunkedArray) -> tuple[Codes, pa.Array]:
    own, used, values = _numbers_of_arrow(column)
    return own, values.take(pa.array(used)).cast(pa.large_string())


def _numbers_of_arrow(column: pa.ChunkedArray) -> tuple[Codes, Codes, pa.Array]:
    """Codes, the place in the dictionary of the text of each, and the dictionary."""
    column = column.unify_dictionaries() if pt.is_dictionary(column.type) else column.dictionary_encode()
    if not column.num_chunks:
        none = np.zeros(0, dtype=np.intp)
        return none, none, pa.array([], pa.large_string())
    values = column.chunk(0).dictionary
    return *_used(np.concatenate([chunk.indices.to_numpy() for chunk in column.chunks]), len(values)), values


def _used(codes: npt.NDArray[np.integer[Any]], kinds: int) -> tuple[Codes, Codes]:
    """Codes below a number renumbered by first appearance, and the old number of each."""
    first = np.full(kinds, len(codes), dtype=np.intp)
    # The last that is written stands: the first row of each code.
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    used = np.flatnonzero(first < len(codes))
    used = used[np.argsort(first[used])]
    number = np.empty(kinds, dtype=np.intp)
    number[used] = np.arange(len(used))
    return number[codes], used


def words(texts: Iterable[str]) -> pd.Categorical:
    """Texts as codes and distinct words.

    The words are plain objects: to compare, take and read back such a column costs a tenth of what it costs as Arrow text.
    """
    codes, values = pd.factorize(_objects(texts))
    return words_at(codes, values)


def words_of(column: TextColumn) -> pd.Categorical:
    """A column of texts, in whatever form, as :func:`words` has it."""
    return words_at(*codes_of(column))


def words_at(codes: Codes, values: Iterable[str]) -> pd.Categorical:
    """Column of :func:`words` that has `values[code]` in each row; the values are distinct."""
    kinds = pd.CategoricalDtype(pd.Index(_objects(values), dtype=object))
    return pd.Categorical.from_codes(codes, dtype=kinds, validate=False)


def _objects(texts: Iterable[str]) -> Objects:
    return texts if isinstance(texts, np.ndarray) else np.array(list(texts), dtype=object)


def either(column: TextColumn, other: TextColumn) -> pd.Categorical:
    """Texts of one column, and those of the other where it has none."""
    (own, values), (others, more) = codes_of(column), codes_of(other)
    found = words([*values, *more])
    codes = found.codes.astype(np.intp)
    blank = np.array([value == "" for value in values], dtype=bool)[own]
    return words_at(np.where(blank, codes[len(values) + others], codes[own]), found.categories.to_numpy())


def as_text(column: pd.Series) -> pd.Series:
    """A column of texts, in whatever form, as Arrow text."""
    return pd.Series(text_array(column.array), index=column.index, name=column.name)


def text_array(cells: pd.api.extensions.ExtensionArray | Objects) -> pd.api.extensions.ExtensionArray:
    """What :func:`as_text` gives, of an array of texts in whatever form."""
    if not isinstance(cells, pd.Categorical):
        return (
            cells.astype("str") if isinstance(cells, pd.api.extensions.ExtensionArray) else pd.array(cells, dtype="str")
        )
    values = pa.array(cells.categories, pa.large_string())
    return pd.array(values.take(pa.array(cells.codes)), dtype="str")


def arrow_texts(cells: pd.api.extensions.ExtensionArray) -> pa.Array:
    """An array of texts, in whatever form, as Arrow has it."""
    texts = pa.array(cells)
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    texts = texts.dictionary_decode() if pt.is_dictionary(texts.type) else texts
    return texts.cast(pa.large_string())


def joined_texts(groups: Codes, texts: TextColumn, n: int, separator: str) -> pd.Categorical:
    """Texts of each group 0..n-1 in their order, each once, joined; '' for a group without any."""
    codes, values = codes_of(texts)
    order = np.argsort(groups, kind="stable")
    group = groups[order]
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    # Few sequences of codes occur; each is known by its bytes, and joined once.
    code = codes[order].astype(np.int64)
    raw, edges = code.tobytes(), (np.append(starts, len(group)) * code.itemsize).tolist()
    known: dict[bytes, int] = {b"": 0}
    found = np.zeros(n, dtype=np.intp)
    found[group[starts]] = [known.setdefault(raw[start:end], len(known)) for start, end in pairwise(edges)]
    sequences = (values[np.frombuffer(sequence, dtype=np.int64)].tolist() for sequence in known)
    return words(separator.join(dict.fromkeys(sequence)) for sequence in sequences).take(found)


def _renumber(codes: Codes) -> tuple[Codes, Codes]:
    """Codes renumbered by first appearance, and the row where each appears first."""
    renumbered, values = pd.factorize(codes)
    firsts = np.full(len(values), len(codes), dtype=np.intp)
    np.minimum.at(firsts, renumbered, np.arange(len(codes)))
    return renumbered, firsts
