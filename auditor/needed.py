"""The lines of labels that an audit looks at; most lines of a market name neither vitamin and tell nothing of the label.

They are left aside before anything is computed.  What counts them, or asks whether a label's lines stand together,
finds in :class:`Needed` for how many lines each kept one stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.types import union_categoricals

from auditor.checks.claims import MACRONUTRIENTS
from auditor.distinct import codes_of
from auditor.dose import is_target
from auditor.labels import as_line_table
from auditor.patterns import late_pattern
from auditor.searching import Texts

Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]

TELLING = ("audience", "name", "directions", "percent_dv")
"""Columns of which any line of a label may tell something of the whole label; of a percent only its shape does."""
_FIGURES = late_pattern(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True)
class Needed:
    """Some lines of labels, in their order.

    `lines` is a line table; `places` says where each line stood, ascending; `input_places` where in the whole input.
    Each line stands for `counts` lines of its label, itself and those left aside, of which `lasts` is the greatest of
    the `input_places`.
    """

    lines: pd.DataFrame
    places: Places
    input_places: Places
    counts: Places
    lasts: Places

    def __len__(self) -> int:
        return len(self.lines)

    def moved(self, lines: int) -> Needed:
        """The same lines so many lines further on."""
        return Needed(self.lines, self.places + lines, self.input_places + lines, self.counts, self.lasts + lines)

    def from_place(self, base: int) -> Needed:
        """The same lines, their places counted from another number; where they stand in the input stays."""
        return replace(self, places=self.places + base)


def needed(frame: pd.DataFrame, places: Places | None = None, input_places: Places | None = None) -> Needed:
    """What an audit needs of a line table: it finds the same on these lines as on all.

    Kept are the lines that name one of the vitamins (or what is easily taken for one); the first line of each label; the
    first of each label that differs from those before in a column of :data:`TELLING`, or that names calories and the
    like; and all lines of a label one of whose vitamins is a part of another line.

    Args:
        frame: see :mod:`auditor.labels`; missing columns are added.
        places: position of each line, ascending; in the frame by default.
        input_places: position of each line in the whole input; `places` by default.
    """
    lines = as_line_table(frame)
    count = len(lines)
    places = np.arange(count) if places is None else places
    input_places = places if input_places is None else input_places
    product = pd.factorize(lines["product_id"])[0].astype(np.int64)
    keep = _kept(lines, product)
    where = np.flatnonzero(keep)
    # A line left aside belongs to the kept line of its label before it; the first one is always kept.
    order = np.argsort(product, kind="stable")
    kept_so_far = np.cumsum(keep[order]) - 1
    owner = order[keep[order]][kept_so_far] if count else order
    counts = np.bincount(owner, minlength=count)[where] if count else np.zeros(0, dtype=np.int64)
    lasts = np.full(count, -1, dtype=np.int64)
    np.maximum.at(lasts, owner, input_places[order])
    return Needed(
        lines.iloc[where].reset_index(drop=True), places[where], input_places[where], counts.astype(np.int64), lasts[where]
    )  # fmt: skip


def _kept(lines: pd.DataFrame, product: npt.NDArray[np.int64]) -> Mask:
    texts = Texts(lines["ingredient"])
    target = np.fromiter(map(is_target, texts.values), dtype=bool, count=len(texts.values))[texts.codes]
    keep: Mask = target.copy()
    keep[_firsts([product, *(_telling(lines, name) for name in TELLING)])] = True
    macro = np.flatnonzero(texts.holding(MACRONUTRIENTS))
    keep[macro[_firsts([product[macro]])]] = True
    nested = target & (lines["parent"] != "").to_numpy()
    if nested.any():
        keep |= np.isin(product, product[nested])
    return keep


def _telling(lines: pd.DataFrame, name: str) -> npt.NDArray[np.intp]:
    codes, values = codes_of(lines[name])
    if name != "percent_dv" or not len(values):
        return codes
    shapes, _ = pd.factorize(np.array([_FIGURES.sub("0", value) for value in values], dtype=object))
    return shapes[codes]


def _firsts(columns: list[npt.NDArray[np.intp]]) -> npt.NDArray[np.intp]:
    """The row where each combination of codes stands first."""
    codes = columns[0]
    for own in columns[1:]:
        if own.any():
            codes = pd.factorize(codes)[0] * (int(own.max()) + 1) + own
    return np.flatnonzero(~pd.Series(codes).duplicated().to_numpy())


def together(parts: Sequence[Needed]) -> Needed:
    """The lines of several parts, one after the other, which have the same columns."""
    if len(parts) == 1:
        return parts[0]
    lines = pd.DataFrame(
        {name: _joined([part.lines[name] for part in parts]) for name in parts[0].lines.columns}, copy=False
    )
    return Needed(lines, *(np.concatenate([getattr(part, name) for part in parts]) for name in ("places", "input_places", "counts", "lasts")))  # fmt: skip


def _joined(columns: list[pd.Series]) -> pd.Series:
    """Columns one below the other; dictionaries stay dictionaries."""
    if all(isinstance(column.dtype, pd.CategoricalDtype) for column in columns):
        return pd.Series(union_categoricals(columns, ignore_order=True))
    return pd.concat([column.astype("str") for column in columns], ignore_index=True)
