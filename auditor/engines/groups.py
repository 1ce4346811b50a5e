"""What a reader yields, made smaller: of several batches the lines that an audit needs, to be audited as one part.

An audit has a price for each part, whatever its size, and a batch is mostly lines that no audit looks at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from auditor.labels import LINE_COLUMNS, Batch, Reject
from auditor.needed import Needed, needed, together
from auditor.schema import PRODUCTS

FULL = 0.6
"""Share of the lines of a batch at which the needed lines of a group are enough."""


@dataclass(frozen=True)
class Group:
    """Batches that are audited together.

    `lines` counts all lines read, `rows_held` the input rows behind them; places of `found` are positions among the
    lines of the group.  `extras` are the columns that the products table passes through.
    """

    found: Needed
    lines: int
    rows_in: int
    rows_held: int
    rejects: tuple[Reject, ...]
    inputs: tuple[str, ...]
    extras: tuple[str, ...]


def grouped(batches: Iterable[Batch], chunk_rows: int) -> Iterator[Group]:
    """Groups of batches that have the same columns, each of about `chunk_rows` lines.

    A group takes batches until its needed lines are :data:`FULL` as many, and holds at least one.
    """
    open_group: list[Group] = []
    for batch in batches:
        own = _alone(batch)
        del batch
        if open_group and list(open_group[0].found.lines.columns) != list(own.found.lines.columns):
            yield _joined(open_group)
            open_group = []
        open_group.append(own)
        if sum(len(group.found) for group in open_group) >= FULL * chunk_rows:
            yield _joined(open_group)
            open_group = []
    if open_group:
        yield _joined(open_group)


def extra_columns(lines: pd.DataFrame) -> tuple[str, ...]:
    """Columns of the input that the products table passes through."""
    own = {column.name for column in PRODUCTS}
    return tuple(name for name in lines.columns if name not in LINE_COLUMNS and name not in own)


def _alone(batch: Batch) -> Group:
    held = _rows_held(batch.lines)
    return Group(
        needed(batch.lines), len(batch.lines), batch.rows_in, held, batch.rejects, batch.inputs, extra_columns(batch.lines)
    )  # fmt: skip


def _rows_held(lines: pd.DataFrame) -> int:
    """Input rows behind the lines of a batch, whose rows stand together."""
    if lines.empty:
        return 0
    row, source = lines["row"].to_numpy(), lines["input"]
    changes = row[1:] != row[:-1]
    if source.nunique() > 1:
        names = source.astype("str").to_numpy()
        changes |= names[1:] != names[:-1]
    return int(changes.sum()) + 1


def _joined(groups: list[Group]) -> Group:
    """Groups that follow one another as one."""
    if len(groups) == 1:
        return groups[0]
    moved, start = [], 0
    for group in groups:
        moved.append(group.found.moved(start))
        start += group.lines
    return Group(
        together(moved), start, sum(group.rows_in for group in groups), sum(group.rows_held for group in groups),
        tuple(reject for group in groups for reject in group.rejects),
        tuple(dict.fromkeys(name for group in groups for name in group.inputs)), groups[0].extras,
    )  # fmt: skip
