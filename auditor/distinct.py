"""Do the work once per distinct text: split columns into codes and distinct values, map results back.

A market of millions of lines holds few distinct texts; every grammar of this package is called through here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

Codes = npt.NDArray[np.intp]
Result = TypeVar("Result")


class Distinct(NamedTuple):
    """`codes[i]` is the position in `values` of the i-th row's combination of cells."""

    codes: Codes
    values: list[tuple[str, ...]]

    def map(self, function: Callable[..., Result]) -> list[Result]:
        """Result of the function for each distinct combination, given as positional arguments."""
        return [function(*value) for value in self.values]


def distinct(frame: pd.DataFrame, columns: Sequence[str]) -> Distinct:
    """Distinct combinations of the columns' cells, in order of first appearance."""
    codes = np.zeros(len(frame), dtype=np.intp)
    factors: list[tuple[Codes, npt.NDArray[np.object_]]] = []
    size = 1
    for name in columns:
        own, values = codes_of(frame[name])
        if size * max(len(values), 1) > 2**60:
            codes, _ = pd.factorize(codes)
            size = int(codes.max(initial=0)) + 1
        codes = codes * max(len(values), 1) + own
        size *= max(len(values), 1)
        factors.append((own, values))
    codes, firsts = _renumber(codes)
    cells = [values[own[firsts]].tolist() for own, values in factors]
    return Distinct(codes, list(zip(*cells, strict=True)) if cells else [()] * len(firsts))


def codes_of(column: pd.Series) -> tuple[Codes, npt.NDArray[np.object_]]:
    """Codes and distinct values of one text column; free for categoricals."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        own, used = pd.factorize(column.cat.codes.to_numpy())
        return own, column.cat.categories.take(used).to_numpy(dtype=object)
    codes, values = pd.factorize(column)
    return codes, np.asarray(values, dtype=object)


def joined_texts(
    groups: Codes, texts: pd.Series | npt.NDArray[np.object_], n: int, separator: str
) -> npt.NDArray[np.object_]:
    """Texts of each group 0..n-1 in their order, each once, joined; '' for a group without any."""
    found = np.full(n, "", dtype=object)
    if not len(groups):
        return found
    order = np.argsort(groups, kind="stable")
    group = groups[order]
    cells = np.asarray(texts, dtype=object)[order]
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    ends = np.append(starts[1:], len(group))
    found[group[starts]] = cells[starts]
    several = ends - starts > 1
    items = cells.tolist()
    for start, end in zip(starts[several].tolist(), ends[several].tolist(), strict=True):
        found[group[start]] = separator.join(dict.fromkeys(items[start:end]))
    return found


def _renumber(codes: Codes) -> tuple[Codes, Codes]:
    """Codes renumbered by first appearance, and the row where each appears first."""
    renumbered, values = pd.factorize(codes)
    firsts = np.full(len(values), len(codes), dtype=np.intp)
    np.minimum.at(firsts, renumbered, np.arange(len(codes)))
    return renumbered, firsts
