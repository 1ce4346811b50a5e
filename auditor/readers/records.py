"""Label records (one product with its lines) become batches; what a record looks like is not known here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.batches import TEXT, Batch
from auditor.labels import Reject
from auditor.readers.tables import shorten


class Flattened(NamedTuple):
    """A record as cells of the line table: what all its lines share, and each line under `columns`."""

    product: dict[str, str]
    columns: tuple[str, ...]
    lines: list[tuple[str, ...]]


Flatten = Callable[[Mapping[str, Any]], Flattened]


class Unusable(Exception):
    """A record that cannot be used: the facts of its reject."""

    def __init__(self, column: str, value: str, reason: str, message: str, wrong_shape: bool = False) -> None:
        super().__init__(message)
        self.column, self.value, self.reason, self.message = column, value, reason, message
        self.wrong_shape = wrong_shape
        """Whether the record is none of the kinds read here; a file of nothing else is an error."""

    def as_reject(self, source: str, row: int) -> Reject:
        """The reject of the record at this place."""
        return Reject(source, str(row), self.column, shorten(self.value), self.reason, self.message)


@dataclass
class Rows:
    """Rows of text whose columns are met on the way; a cell a row does not have is empty."""

    names: tuple[str, ...] = ()
    cells: list[tuple[str, ...]] = field(default_factory=list)

    def extend(self, names: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
        """Append rows with these columns; nearly always they are the columns of the rows before."""
        if names == self.names:
            self.cells += rows
            return
        new = tuple(name for name in names if name not in self.names)
        self.names += new
        if new:
            padding = ("",) * len(new)
            self.cells = [row + padding for row in self.cells]
        places = [names.index(name) if name in names else None for name in self.names]
        self.cells += [tuple("" if place is None else row[place] for place in places) for row in rows]

    def columns(self) -> dict[str, pa.Array]:
        """The columns as Arrow text."""
        columns = zip(*self.cells, strict=True) if self.cells else ((),) * len(self.names)
        return {name: pa.array(cells, TEXT) for name, cells in zip(self.names, columns, strict=True)}


@dataclass
class LineBuffer:
    """Collects flattened records until they make a batch; keeps text only, so that parsed objects can go."""

    products: Rows = field(default_factory=Rows)
    counts: list[int] = field(default_factory=list)
    lines: Rows = field(default_factory=Rows)
    rejects: list[Reject] = field(default_factory=list)
    inputs: dict[str, None] = field(default_factory=dict)
    last_product: str | None = None

    def add(self, record: Flattened, source: str, row: int) -> None:
        """Append the lines of the record that stands at `row` of `source`."""
        self.products.extend((*record.product, "input", "row"), [(*record.product.values(), source, str(row))])
        self.counts.append(len(record.lines))
        self.lines.extend(record.columns, record.lines)
        self.last_product = record.product["product_id"]

    def take(self) -> Batch:
        """The batch of all that was collected; the buffer is empty afterwards."""
        repeat = pa.array(np.repeat(np.arange(len(self.counts)), self.counts), pa.int64())
        columns = {name: column.take(repeat) for name, column in self.products.columns().items()}
        for name, column in self.lines.columns().items():
            # What a line says for itself goes before what its product says for all lines.
            shared = columns.get(name)
            columns[name] = column if shared is None else pc.if_else(pc.equal(column, ""), shared, column)
        rejects = tuple(self.rejects)
        table = pa.table(columns or {name: pa.array([], TEXT) for name in ("product_id", "input", "row")})
        batch = Batch(table, rejects, len(self.counts) + len(rejects), tuple(self.inputs))
        self.products, self.lines, self.counts, self.rejects = Rows(), Rows(), [], []
        self.inputs = dict.fromkeys(list(self.inputs)[-1:])
        return batch
