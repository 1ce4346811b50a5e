"""What a reader yields, made smaller: of several batches the lines that an audit needs, to be audited as one part.

An audit has a price for each part, whatever its size, and a batch is mostly lines that no audit looks at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from auditor.batches import Batch
from auditor.distinct import codes_of
from auditor.labels import LINE_COLUMNS, Reject
from auditor.needed import Kept, kept, together
from auditor.schema import PRODUCTS

FULL = 0.6
"""Share of the lines of a batch at which the needed lines of a group are enough."""


@dataclass(frozen=True)
class Group:
    """Batches that are audited together.

    `lines` counts all lines read, `rows_held` the input rows behind them; `found` is what is needed of them, its places
    are positions among the lines of the group.  `share` is which of its shares it is, if it is one of a divided group.
    """

    found: Kept
    lines: int
    rows_in: int
    rows_held: int
    rejects: tuple[Reject, ...]
    inputs: tuple[str, ...]
    share: int = 0

    @property
    def extras(self) -> tuple[str, ...]:
        """Columns of the input that the products table passes through."""
        return tuple(name for name in self.found.table.column_names if name not in LINE_COLUMNS and name not in _OWN)


_OWN = {column.name for column in PRODUCTS}


def grouped(batches: Iterable[Batch], chunk_rows: int) -> Iterator[Group]:
    """Groups of batches that have the same columns, each of about `chunk_rows` lines.

    A group takes batches until its needed lines are :data:`FULL` as many, and holds at least one.
    """
    open_group: list[Group] = []
    for batch in batches:
        own = _alone(batch)
        del batch  # what is not held while a group is out takes no memory beside its audit
        if open_group and open_group[0].found.table.column_names != own.found.table.column_names:
            yield _emptied(open_group)
        open_group.append(own)
        del own
        if sum(len(group.found) for group in open_group) >= FULL * chunk_rows:
            yield _emptied(open_group)
    if open_group:
        yield _emptied(open_group)


def _emptied(open_group: list[Group]) -> Group:
    """The groups as one; none is left in the list."""
    groups = open_group.copy()
    open_group.clear()
    return _joined(groups)


def _alone(batch: Batch) -> Group:
    return Group(
        kept(batch.table), batch.table.num_rows, batch.rows_in, _rows_held(batch.table), batch.rejects, batch.inputs
    )


def _rows_held(table: pa.Table) -> int:
    """Input rows behind the lines of a batch, whose rows stand together."""
    if not table.num_rows:
        return 0
    changes = np.zeros(table.num_rows - 1, dtype=bool)
    for name in ("row", "input"):
        column = table[name]
        codes = column.to_numpy() if pa.types.is_integer(column.type) else codes_of(column)[0]
        changes |= codes[1:] != codes[:-1]
    return int(changes.sum()) + 1


def _joined(groups: list[Group]) -> Group:
    """Groups that follow one another as one."""
    moved, start = [], 0
    for group in groups:
        moved.append(group.found.moved(start))
        start += group.lines
    return Group(
        together(moved), start, sum(group.rows_in for group in groups), sum(group.rows_held for group in groups),
        tuple(reject for group in groups for reject in group.rejects),
        tuple(dict.fromkeys(name for group in groups for name in group.inputs)),
    )  # fmt: skip


def divided(group: Group, shares: Sequence[float]) -> list[Group]:
    """The labels of a group dealt out in shares of about the given sizes, which add up to 1.

    A label goes by the directions on its first line, and by its id if it has none.  Labels with the same directions come
    into the same share of every group that is divided alike, so that who audits the same share of all groups reads few
    texts that another reads too.  The first share has all that is counted of the group.
    """
    edges = np.array(list(accumulate(shares))[:-1])
    share_of = np.searchsorted(edges, _standing(group.found.table), side="right")
    found = [_lines_at(group.found, np.flatnonzero(share_of == share)) for share in range(len(shares))]
    return [
        replace(group, found=found[0]),
        *(Group(own, 0, 0, 0, (), (), share) for share, own in enumerate(found[1:], start=1)),
    ]


def _standing(table: pa.Table) -> npt.NDArray[np.float64]:
    """For every line a number from 0 to 1 by the directions of its label; everywhere and always the same for the same text."""
    product, ids = codes_of(table["product_id"])
    number = _numbers(ids)
    if "directions" in table.column_names:
        codes, texts = codes_of(table["directions"])
        firsts = np.full(len(ids), len(product), dtype=np.intp)
        np.minimum.at(firsts, product, np.arange(len(product)))
        told = codes[firsts]
        number = np.where((texts != "")[told], _numbers(texts)[told], number)
    return number[product]


def _numbers(texts: npt.NDArray[np.object_]) -> npt.NDArray[np.float64]:
    return pd.util.hash_array(texts, categorize=False) / 2.0**64


def _lines_at(found: Kept, rows: npt.NDArray[np.intp]) -> Kept:
    return Kept(found.table.take(pa.array(rows)), found.places[rows], found.counts[rows], found.lasts[rows])
