"""The tables of a part as they are written: whole, in order, with what its labels share with those of other parts."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from auditor.batches import TEXT, in_one_piece, rows_of
from auditor.checks.facts import COLUMNS
from auditor.collecting import collect_new
from auditor.engines.counts import COUNTED, Counts
from auditor.engines.parts import PART_BITS, PartRecord, Places, extras_of
from auditor.engines.sharers import Across
from auditor.engines.spill import Folder, frame_of, table_of
from auditor.pipeline import BLOCK, PLACE, finished, located
from auditor.products import FINDING_COLUMNS
from auditor.schema import PRODUCTS, TABLES

if TYPE_CHECKING:  # a helper writes no files
    from auditor.export import AuditWriter
    from auditor.writers import RowsFormat


class ToFinish(NamedTuple):
    """What it takes to finish part `number`.

    `pieces` and `buckets` are the keys of its frames: of its shares, and of the buckets that have labels whose first line
    stands in it.  `dropped` are places of labels that do not count in the pieces, because a bucket has them; `across` the
    findings across labels on its labels, from :func:`~auditor.engines.sharers.by_part`; `extras` passed-through columns of the whole run.
    """

    number: int
    pieces: tuple[str, ...]
    buckets: tuple[str, ...]
    dropped: Places
    across: Across
    extras: tuple[str, ...]


def parts_to_finish(
    records: Sequence[PartRecord], dropped: Places, buckets: Mapping[int, Sequence[int]], across: Mapping[int, Across]
) -> list[ToFinish]:
    """The parts of a run in their order; `buckets` are the numbers of those that have labels of a part."""
    extras = extras_of(records)
    pieces: dict[int, list[str]] = {}
    for record in records:
        pieces.setdefault(record.number, []).append(record.labels.key)
    return [
        ToFinish(
            number, tuple(pieces[number]), tuple(f"bucket{bucket:06d}-{number:06d}" for bucket in buckets.get(number, ())),
            dropped[dropped >> PART_BITS == number], across.get(number, ()), extras,
        )
        for number in sorted(pieces)
    ]  # fmt: skip


def _told_across(across: Across, folder: Folder) -> dict[int, pd.DataFrame]:
    """The findings across labels on labels of one part in their final words, by context."""
    told = {}
    for block in dict.fromkeys(block for block, _ in across):
        found = pd.concat([folder.get(key) for own, key in across if own == block], ignore_index=True)
        places, product = np.unique(found[PLACE].to_numpy(dtype=np.int64), return_inverse=True)
        labels = pd.DataFrame({PLACE: places}).assign(product_id="")
        labels["product_id"] = labels["product_id"].astype(object)
        labels.loc[product, "product_id"] = found["product_id"].to_numpy(dtype=object)
        told[block] = located(found.assign(product=product)[list(COLUMNS)], labels)
    return told


def finish_part(part: ToFinish, folder: Folder) -> Iterator[tuple[str, pa.Table]]:
    """The tables of a part as they are written, whole and in order; one after the other, for they are large."""
    whole = _rows_of("products", part, folder)
    # What is shared with other parts changes these columns only; the others stay as they were kept.
    of_findings = [PLACE, BLOCK, *FINDING_COLUMNS]
    own = finished(
        {"products": frame_of(whole.select(of_findings)), "findings": frame_of(_rows_of("findings", part, folder))},
        _told_across(part.across, folder),
    )
    yield "products", _products(whole, table_of(own.pop("products")), part.extras)
    del whole
    yield "findings", table_of(own.pop("findings"))
    for name in TABLES:
        if name not in ("products", "findings"):
            yield name, _without(_rows_of(name, part, folder), (PLACE, BLOCK))


def _without(table: pa.Table, names: tuple[str, ...]) -> pa.Table:
    return table.select([name for name in table.column_names if name not in names])


def _products(whole: pa.Table, of_findings: pa.Table, extras: tuple[str, ...]) -> pa.Table:
    """The products with their columns of findings and the passed-through columns of the run; one that this part lacks is empty."""
    columns = {
        column.name: (of_findings if column.name in FINDING_COLUMNS else whole)[column.name] for column in PRODUCTS
    }
    for name in extras:
        found = name in whole.column_names
        columns[name] = (
            pc.fill_null(whole[name].cast(TEXT), "") if found else pa.repeat(pa.scalar("", TEXT), len(whole))
        )
    return pa.table(columns)


@dataclass
class Finished:
    """What the summary tells of the tables of a part, how many labels and rejected rows."""

    counts: Counts = field(default_factory=Counts)
    labels: int = 0
    rejected: int = 0

    def add(self, table: str, rows: pa.Table) -> None:
        """Count the rows of a table."""
        frame = frame_of(rows.select(COUNTED[table]))
        self.counts.add(table, frame)
        if table == "products":
            self.labels = frame["product_id"].nunique()
        if table == "rejects":
            self.rejected = len(frame.drop_duplicates(["source", "row"]))


def make_ready(part: ToFinish, formats: Iterable[RowsFormat], folder: Folder) -> Finished:
    """Finish a part and keep in the folder, as files, the rows of the tables that are written: see :func:`rows_key`."""
    told = Finished()
    format_of = {each.table: each for each in formats}
    for name, rows in finish_part(part, folder):
        told.add(name, rows)
        if name in format_of and len(rows):
            with folder.file(rows_key(part, format_of[name])) as file:
                format_of[name].make_ready(rows, file)
        del rows
        collect_new()
    return told


def rows_key(part: ToFinish, of: RowsFormat) -> str:
    """Where the rows of a table of a part stand that were made ready; there is no file where there are none."""
    return f"{part.number:06d}-{of.table}.rows"


def add_rows(part: ToFinish, writer: AuditWriter, folder: Folder) -> None:
    """Take the rows of a part, which :func:`make_ready` has kept in the folder, into the files."""
    for each in writer.formats:
        if folder.has_file(key := rows_key(part, each)):
            with folder.opened(key) as rows:
                writer.add(each.table, rows)
            folder.drop(key)


def _rows_of(name: str, part: ToFinish, folder: Folder) -> pa.Table:
    """One table of a part, from all its pieces and buckets."""
    tables = [folder.table(f"{piece}-{name}") for piece in part.pieces]
    gone = [_stands_at(table, part, name, folder) for table in tables]
    tables += [folder.table(key) for bucket in part.buckets if folder.has(key := f"{bucket}-{name}")]
    whole = pa.concat_tables(_alike(tables), promote_options="default")
    counts = np.ones(whole.num_rows, dtype=bool)
    counts[np.flatnonzero(np.concatenate(gone))] = False
    rows = np.flatnonzero(counts)
    if len(tables) > 1:
        by = [whole[key].to_numpy()[rows] for key in (BLOCK, PLACE) if key in whole.column_names]
        rows = rows[np.lexsort(by)]
    if len(tables) > 1 or not counts.all():
        whole = pa.table({key: rows_of(in_one_piece(whole[key]), rows) for key in whole.column_names})
    return whole


def _alike(tables: list[pa.Table]) -> list[pa.Table]:
    """Tables with the same columns of words: one that is text in any of them is text in all."""
    for name in dict.fromkeys(itertools.chain.from_iterable(table.column_names for table in tables)):
        columns = [table[name] for table in tables if name in table.column_names]
        if len({pt.is_dictionary(column.type) for column in columns}) > 1:
            tables = [_with_text(table, name) for table in tables]
    return tables


def _with_text(table: pa.Table, name: str) -> pa.Table:
    place = table.schema.get_field_index(name)
    return table if place < 0 else table.set_column(place, name, table[name].cast(TEXT))


def _stands_at(table: pa.Table, part: ToFinish, name: str, folder: Folder) -> npt.NDArray[np.bool_]:
    """Rows of labels that a bucket has."""
    places = table[PLACE].to_numpy()
    if not len(part.dropped) or not len(places):
        return np.zeros(len(places), dtype=bool)
    if name != "rejects":
        return np.isin(places, part.dropped)
    # The rejects of a scattered label are rejects of its bucket; they stand at their own lines.
    return np.isin(places, folder.get(f"{part.number:06d}-scattered")["_place"].to_numpy(dtype=np.int64))
