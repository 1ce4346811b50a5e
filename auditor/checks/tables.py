"""Tables as the checks read them: columns are taken apart once for all checks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.searching import Texts

Mask = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]


class Table:
    """A frame, column by column: numbers and truths as arrays, texts as :class:`~auditor.searching.Texts`.

    Every column and every mask is made when it is first asked for and kept for whoever asks next, so none may be written to.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self.index: Positions = frame.index.to_numpy()
        self._arrays: dict[str, Any] = {}
        self._columns: dict[str, npt.NDArray[Any]] = {}
        self._texts: dict[str, Texts] = {}
        self._masks: dict[tuple[str, ...], Mask] = {}

    def __len__(self) -> int:
        return len(self.index)

    def __contains__(self, name: str) -> bool:
        return name in self.frame.columns

    def array(self, name: str) -> Any:
        """A column as pandas holds it."""
        # To ask a frame for a column takes as long as many a check.
        if name not in self._arrays:
            self._arrays[name] = self.frame[name].array
        return self._arrays[name]

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """The cells of a column; texts as objects."""
        if name not in self._columns:
            found = np.asarray(self.array(name)).view()
            found.flags.writeable = False
            self._columns[name] = found
        return self._columns[name]

    def texts(self, name: str) -> Texts:
        """A column of texts, ready to be searched."""
        if name not in self._texts:
            self._texts[name] = Texts(self.array(name))
        return self._texts[name]

    def are(self, name: str, *accepted: str) -> Mask:
        """Rows that have one of some texts in a column."""
        key = (name, *accepted)
        if key not in self._masks:
            texts = self.texts(name)
            found = np.array([value in accepted for value in texts.values], dtype=bool)[texts.codes]
            found.flags.writeable = False
            self._masks[key] = found
        return self._masks[key]

    def cells(self, name: str, where: Positions) -> npt.NDArray[Any]:
        """The cells of some rows; texts as objects."""
        array = self.array(name)
        if isinstance(array, pd.Categorical):
            return self.texts(name)[where]
        return np.asarray(array.take(where))


class Hits:
    """The rows of a table that a check hit; a column is taken when it is asked for, for most checks ask for one or two of fifty."""

    def __init__(self, table: Table, where: Positions) -> None:
        self._table = table
        self.where = where

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return self._table.cells(name, self.where)

    def __contains__(self, name: str) -> bool:
        return name in self._table


def objects(values: Iterable[object]) -> Objects:
    """Some things as a column."""
    items = list(values)
    found = np.empty(len(items), dtype=object)
    found[:] = items
    return found
