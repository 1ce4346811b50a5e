"""The lines of labels that an audit looks at; most lines of a market name neither vitamin and tell nothing of the label.

They are left aside before anything is computed.  What counts them, or asks whether a label's lines stand together,
finds in :class:`Needed` for how many lines each kept one stands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from auditor.batches import encoded, in_one_piece, line_frame, rows_of
from auditor.checks.claims import MACRONUTRIENTS
from auditor.distinct import TextColumn, any_numbers_of, codes_of, numbers_of
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


@dataclass(frozen=True)
class Kept:
    """The same of what a reader yields, which is not made into a line table before it is audited.

    `table` has columns as those of a :class:`~auditor.batches.Batch`; `places` and `lasts` count from its first line.
    """

    table: pa.Table
    places: Places
    counts: Places
    lasts: Places

    def __len__(self) -> int:
        return len(self.places)

    def moved(self, lines: int) -> Kept:
        """The same lines so many lines further on."""
        return replace(self, places=self.places + lines, lasts=self.lasts + lines)

    def needed(self, first_place: int) -> Needed:
        """The lines as an audit takes them, their places counted from a number; in the input they stand where they did."""
        return Needed(line_frame(self.table), self.places + first_place, self.places, self.counts, self.lasts)


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
    places = np.arange(len(lines)) if places is None else places
    input_places = places if input_places is None else input_places
    where, counts, lasts = _chosen(lines.get, len(lines), input_places)
    return Needed(lines.iloc[where].reset_index(drop=True), places[where], input_places[where], counts, lasts)


def kept(table: pa.Table) -> Kept:
    """What an audit needs of the lines of a :class:`~auditor.batches.Batch`; chosen as :func:`needed` does."""
    columns = {name: in_one_piece(table[name]) for name in table.column_names}
    where, counts, lasts = _chosen(columns.get, table.num_rows, np.arange(table.num_rows))
    lines = pa.table({name: rows_of(column, where) for name, column in columns.items()})
    return Kept(encoded(lines), where.astype(np.int64), counts, lasts)


def _chosen(
    column: Callable[[str], TextColumn | None], count: int, input_places: Places
) -> tuple[npt.NDArray[np.intp], Places, Places]:
    """Which lines are kept, for how many each stands, and the last input place of these."""
    products = column("product_id")
    assert products is not None
    product = numbers_of(products).astype(np.int64)
    keep = _kept(column, product)
    where = np.flatnonzero(keep)
    if len(product) and (product[1:] >= product[:-1]).all():
        # Codes count up: the lines of each label stand together.
        ends = np.append(where[1:], count)
        return where, (ends - where).astype(np.int64), input_places[ends - 1]
    # A line left aside belongs to the kept line of its label before it; the first one is always kept.
    order = np.argsort(product, kind="stable")
    kept_so_far = np.cumsum(keep[order]) - 1
    owner = order[keep[order]][kept_so_far] if count else order
    counts = np.bincount(owner, minlength=count)[where] if count else np.zeros(0, dtype=np.int64)
    lasts = np.full(count, -1, dtype=np.int64)
    np.maximum.at(lasts, owner, input_places[order])
    return where, counts.astype(np.int64), lasts[where]


def _kept(column: Callable[[str], TextColumn | None], product: Places) -> Mask:
    texts = Texts(column("ingredient"))
    target = np.fromiter(map(is_target, texts.values), dtype=bool, count=len(texts.values))[texts.codes]
    keep: Mask = target.copy()
    keep[_firsts([product, *(_telling(own, name) for name in TELLING if (own := column(name)) is not None)])] = True
    macro = np.flatnonzero(texts.holding(MACRONUTRIENTS))
    keep[macro[_firsts([product[macro]])]] = True
    parents = column("parent")
    if parents is not None:
        codes, values = codes_of(parents)
        nested = target & (values != "")[codes]
        if nested.any():
            keep |= np.isin(product, product[nested])
    return keep


def _telling(column: TextColumn, name: str) -> npt.NDArray[np.integer[Any]]:
    if name != "percent_dv":
        return any_numbers_of(column)
    codes, values = codes_of(column)
    if not len(values):
        return codes
    shapes, _ = pd.factorize(np.array([_FIGURES.sub("0", value) for value in values], dtype=object))
    return shapes[codes]


def _firsts(columns: list[npt.NDArray[Any]]) -> npt.NDArray[np.intp]:
    """The row where each combination of codes stands first."""
    # A row like the one before it is none; lines of a label say mostly the same.
    differs = np.ones(len(columns[0]), dtype=bool)
    differs[1:] = np.logical_or.reduce([own[1:] != own[:-1] for own in columns])
    rows = np.flatnonzero(differs)
    codes = columns[0][rows]
    for own in columns[1:]:
        if own.any():
            codes = pd.factorize(codes)[0].astype(np.int64) * (int(own.max()) + 1) + own[rows]
    return rows[~pd.Series(codes).duplicated().to_numpy()]


def together(parts: Sequence[Kept]) -> Kept:
    """The lines of several parts, one after the other, which have the same columns; each distinct text is held once."""
    table = encoded(pa.concat_tables([part.table for part in parts]))
    return Kept(
        table, *(np.concatenate([getattr(part, name) for part in parts]) for name in ("places", "counts", "lasts"))
    )
