"""The steps of a run that is done in parts: audit a part, find what labels of different parts share, finish a part.

A part is a group of a reader's batches, whose labels may be audited in several shares.  What is known of it between the
steps stands in a folder; only a few numbers for each part are kept in memory.  Labels whose lines come in several parts are
audited once more, all their lines together, and take their place where their first line stands.
"""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from auditor.checks.across import KEYS, LabelKeys, find_sharers, shared
from auditor.checks.facts import COLUMNS
from auditor.engines.counts import Counts
from auditor.engines.groups import Group
from auditor.engines.memory import give_back
from auditor.engines.spill import Folder, frame_of
from auditor.engines.whole import reject_table
from auditor.evidence import Evidence
from auditor.needed import Needed
from auditor.pipeline import BLOCK, PLACE, Part, audit_part, finished, located, without_places
from auditor.schema import PRODUCTS, TABLES
from auditor.writers import RowsFormat

PART_BITS = 32
"""The place of a line is its part's number, then its position there in so many bits."""

Places = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Rules:
    """Under which rules labels are audited; can be sent to another process, which then keeps one copy of the evidence."""

    context: str
    market: str
    authority: str
    sent_evidence: Evidence
    today: date | None = None
    token: str = field(default_factory=lambda: uuid4().hex)

    def audit(self, found: Needed) -> Part:
        """Audit some labels; see :func:`auditor.pipeline.audit_part`."""
        return audit_part(
            found, context=self.context, market=self.market, authority=self.authority, evidence=self.evidence, today=self.today
        )  # fmt: skip

    @property
    def evidence(self) -> Evidence:
        """The edition: the same object for all parts, because readings are remembered by it."""
        return _EDITIONS.setdefault(self.token, self.sent_evidence)


_EDITIONS: dict[str, Evidence] = {}


@dataclass(frozen=True)
class Labels:
    """The labels of one step, how many, and the number of contexts that they were audited in.

    `key` names their frames in the folder; :meth:`numbers` gives what one of these holds of every label.
    """

    key: str
    count: int
    contexts: int

    def numbers(self, name: str, folder: Folder) -> npt.NDArray[Any]:
        """Of every label its 'place', the hash of its id ('id_hash') or the number of its 'lines'."""
        return folder.get(f"{self.key}-labels", [name])[name].to_numpy()


@dataclass(frozen=True)
class PartRecord:
    """What is known of an audited part, or of one of its shares."""

    number: int
    lines: int
    rows_in: int
    rows_held: int
    rejects: int
    inputs: tuple[str, ...]
    extras: tuple[str, ...]
    labels: Labels


class Waiting(NamedTuple):
    """A share of a group that waits in the folder, as file `key`, to be audited as part `number`."""

    number: int
    share: int
    needed_lines: int

    @property
    def key(self) -> str:
        """Name of the file."""
        return f"{self.number:06d}-{self.share}.lines"


def set_aside(share: Group, number: int, folder: Folder) -> Waiting:
    """Let a share wait in the folder, where it takes no memory and every process of the run finds it."""
    waiting = Waiting(number, share.share, len(share.found))
    with folder.file(waiting.key) as file:
        pickle.dump(share, file, protocol=pickle.HIGHEST_PROTOCOL)
    return waiting


def audit_waiting(waiting: Waiting, rules: Rules, folder: Folder) -> PartRecord:
    """Audit a share that waits in the folder; its file stays, for the case that this process does not live to tell."""
    return audit_group(taken(waiting, folder), waiting.number, rules, folder)


def taken(waiting: Waiting, folder: Folder) -> Group:
    """The share that waits."""
    with folder.opened(waiting.key) as file:
        share: Group = pickle.load(file)
    return share


def audit_group(group: Group, number: int, rules: Rules, folder: Folder) -> PartRecord:
    """Audit a group, or one share of it, as part `number` and keep the result in the folder."""
    part = rules.audit(group.found.needed(number << PART_BITS))
    key = f"{number:06d}-{group.share}"
    labels = _keep_labels(part, key, folder)
    give_back()
    # To keep a table takes as much memory again: the largest comes last, when the others are gone.
    while part.tables:
        name, table = part.tables.popitem()
        folder.put(f"{key}-{name}", table)
        del table
    unread = reject_table(group.rejects)
    if len(unread):
        folder.put(f"{number:06d}-unread", unread)
    rejected = len(unread.drop_duplicates(["source", "row"]))
    if group.rows_held + rejected != group.rows_in:
        raise AssertionError(
            f"{group.rows_in} rows were read, {group.rows_held} held and {rejected} rejected: rows were lost"
        )
    return PartRecord(number, group.lines, group.rows_in, group.rows_held, rejected, group.inputs, group.extras, labels)


def hash_ids(ids: pd.Series) -> Hashes:
    """A number for each text, the same in every process."""
    codes, values = pd.factorize(ids)
    return (
        pd.util.hash_array(np.asarray(values, dtype=object), categorize=False)[codes]
        if len(values)
        else np.array([], dtype=np.uint64)
    )


def _keep_labels(part: Part, key: str, folder: Folder) -> Labels:
    first = part.keys[0].labels
    numbers = {
        "place": first[PLACE].to_numpy(dtype=np.int64),
        "id_hash": hash_ids(first["product_id"]),
        "lines": part.lines.astype(np.int32),
    }
    folder.put(f"{key}-labels", pd.DataFrame(numbers))
    for block, keys in enumerate(part.keys):
        folder.put(f"{key}-keys{block}", keys.labels)
        folder.put(f"{key}-strengths{block}", keys.strengths)
    return Labels(key, len(part.lines), len(part.keys))


# -- labels in several parts -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scattered:
    """Labels whose lines came in several parts: sorted hashes of their ids, their first places in each part, how many lines."""

    ids: Hashes
    places: Places
    lines: int


def find_scattered(records: Iterable[PartRecord], folder: Folder) -> Scattered:
    """Ids that stand in more than one part."""
    labels = [record.labels for record in records]
    hashes = [part.numbers("id_hash", folder) for part in labels]
    found, counts = np.unique(_joined(hashes, np.uint64), return_counts=True)
    ids = found[counts > 1]
    places, lines = [], 0
    for part, own in zip(labels, hashes, strict=True):
        mine = np.isin(own, ids)
        if mine.any():
            places.append(part.numbers("place", folder)[mine])
            lines += int(part.numbers("lines", folder)[mine].sum())
    return Scattered(ids, _joined(places, np.int64), lines)


def _joined(arrays: list[npt.NDArray[Any]], kind: Any) -> npt.NDArray[Any]:
    return np.concatenate(arrays) if arrays else np.array([], dtype=kind)


def lines_of(group: Group, number: int, line_offset: int, scattered: Scattered) -> pd.DataFrame:
    """Lines of the scattered labels in a group, with their places in their part and in the whole input."""
    found = group.found.needed(0)
    hashes = hash_ids(found.lines["product_id"])
    where = np.flatnonzero(np.isin(hashes, scattered.ids))
    lines = found.lines.iloc[where].astype(dict.fromkeys(found.lines, "str"))
    return lines.assign(
        _place=found.places[where] + (number << PART_BITS), _input_place=found.input_places[where] + line_offset,
        _count=found.counts[where], _last=found.lasts[where] + line_offset, _hash=hashes[where],
    )  # fmt: skip


def filled(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Frames of lines as one; a column that some of them lack is empty there."""
    together = pd.concat(frames, ignore_index=True)
    texts = [name for name in together.columns if not name.startswith("_")]
    return together.assign(**{name: together[name].astype("str").fillna("") for name in texts})


def audit_bucket(lines: pd.DataFrame, bucket: int, rules: Rules, folder: Folder) -> tuple[Labels, tuple[int, ...]]:
    """Audit the gathered lines of some labels; their tables are kept by the part of their first line.

    Returns:
        the labels, and the parts that get some.
    """
    lines = lines.sort_values("_place", kind="stable", ignore_index=True)
    numbers = [lines[name].to_numpy(dtype=np.int64) for name in ("_place", "_input_place", "_count", "_last")]
    part = rules.audit(Needed(lines.drop(columns=[name for name in lines if name.startswith("_")]), *numbers))
    labels = _keep_labels(part, f"bucket{bucket:06d}", folder)
    homes: set[int] = set()
    for name, table in part.tables.items():
        home = table[PLACE].to_numpy(dtype=np.int64) >> PART_BITS
        for number in np.unique(home).tolist():
            folder.put(f"bucket{bucket:06d}-{number:06d}-{name}", table[home == number])
            homes.add(number)
    return labels, tuple(sorted(homes))


# -- labels that share something -------------------------------------------------------------------------------------------


SHARERS_AT_ONCE = 50_000
"""Labels that are compared at a time; all that share one key are among them."""

Across = tuple[tuple[int, str], ...]
"""Findings across labels that stand in the folder for one part: number of the context, and key of the frame, in order."""


def across_parts(labels: list[Labels], dropped: Places, folder: Folder) -> dict[int, Across]:
    """Find what labels of different parts share and keep it in the folder; gives what there is for each part.

    Args:
        labels: of all parts and buckets.
        dropped: places of labels in their parts that do not count, because a bucket has them.
        folder: where the steps before kept their results.
    """
    found: dict[int, list[tuple[int, str]]] = {}
    for block in range(labels[0].contexts if labels else 0):
        counting = [np.isin(part.numbers("place", folder), dropped, invert=True) if len(dropped) and not part.key.startswith("bucket") else np.ones(part.count, dtype=bool)
                    for part in labels]  # fmt: skip
        ends = np.cumsum([int(mask.sum()) for mask in counting])
        for name in KEYS:
            every = pd.concat(
                [
                    folder.get(f"{part.key}-keys{block}", [name, "split"])[mask]
                    for part, mask in zip(labels, counting, strict=True)
                ],
                ignore_index=True,
            )
            sharing = shared(every, name)
            slices = -(-int(sharing.sum()) // SHARERS_AT_ONCE)
            # All that share a key come into one slice.
            slice_of = (every[name].to_numpy() % np.uint64(max(slices, 1))).astype(np.int64)
            for piece in range(slices):
                mine = sharing & (slice_of == piece)
                chosen = [
                    (part, rows)
                    for part, mask, end in zip(labels, counting, ends, strict=True)
                    if len(rows := np.flatnonzero(mask)[mine[end - int(mask.sum()) : end]])
                ]
                if not chosen:
                    continue
                keys = _keys_of(chosen, block, folder)
                for number, told in _by_part(find_sharers(keys, name), keys.labels):
                    key = f"{number:06d}-across{block}-{name}-{piece}"
                    folder.put(key, told)
                    found.setdefault(number, []).append((block, key))
    return {number: tuple(keys) for number, keys in found.items()}


def _by_part(found: pd.DataFrame, labels: pd.DataFrame) -> Iterator[tuple[int, pd.DataFrame]]:
    """Findings with the place and the id of their label, part by part."""
    product = found["product"].to_numpy(dtype=np.intp)
    place = labels[PLACE].to_numpy(dtype=np.int64)[product]
    texts = found.drop(columns="product").astype(dict.fromkeys(set(found) - {"product", "order"}, "str"))
    told = texts.astype({"order": "int64"}).assign(
        **{PLACE: place, "product_id": labels["product_id"].to_numpy()[product]}
    )
    home = place >> PART_BITS
    for number in np.unique(home).tolist():
        yield number, told[home == number]


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


def _keys_of(chosen: list[tuple[Labels, npt.NDArray[np.intp]]], block: int, folder: Folder) -> LabelKeys:
    """Keys of some labels in the order of the input."""
    labels, strengths, products, count = [], [], [], 0
    for part, rows in chosen:
        labels.append(folder.table(f"{part.key}-keys{block}").take(pa.array(rows)))
        doses = folder.table(f"{part.key}-strengths{block}")
        position = pd.Index(rows).get_indexer(doses["product"].to_numpy())
        strengths.append(doses.take(pa.array(np.flatnonzero(position >= 0))))
        products.append(position[position >= 0] + count)
        count += len(rows)
    # A part without any dose has columns without a type.
    together = pa.concat_tables(labels, promote_options="default")
    doses = pa.concat_tables(strengths, promote_options="default")
    order = np.argsort(together[PLACE].to_numpy(), kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    product = rank[np.concatenate(products)]
    in_order = np.argsort(product, kind="stable")
    return LabelKeys(
        frame_of(together.take(pa.array(order))),
        frame_of(doses.take(pa.array(in_order))).assign(product=product[in_order]),
    )


# -- the tables as they are written ----------------------------------------------------------------------------------------


class ToFinish(NamedTuple):
    """What it takes to finish part `number`.

    `pieces` and `buckets` are the keys of its frames: of its shares, and of the buckets that have labels whose first line
    stands in it.  `dropped` are places of labels that do not count in the pieces, because a bucket has them; `across` the
    findings across labels on its labels, from :func:`across_parts`; `extras` passed-through columns of the whole run.
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


def extras_of(records: Iterable[PartRecord]) -> tuple[str, ...]:
    """Passed-through columns of a run."""
    return tuple(dict.fromkeys(itertools.chain.from_iterable(record.extras for record in records)))


def finish_part(part: ToFinish, folder: Folder) -> Iterator[tuple[str, pd.DataFrame]]:
    """The tables of a part as they are written, whole and in order; one after the other, for they are large."""
    own = finished(
        {name: _rows_of(name, part, folder) for name in ("products", "findings")}, _told_across(part.across, folder)
    )
    yield "products", _with_extras(own.pop("products"), part.extras)
    yield "findings", own.pop("findings")
    for name in TABLES:
        if name not in ("products", "findings"):
            yield name, without_places(_rows_of(name, part, folder))


def _with_extras(products: pd.DataFrame, extras: tuple[str, ...]) -> pd.DataFrame:
    """The table with the passed-through columns of the run; one that this part lacks is empty."""
    if not extras:
        return products
    filled = {
        name: products[name].astype("str").fillna("")
        if name in products
        else pd.Series("", products.index, dtype="str")
        for name in extras
    }
    return products[[column.name for column in PRODUCTS]].assign(**filled)


@dataclass
class Finished:
    """What the summary tells of the tables of a part, how many labels and rejected rows."""

    counts: Counts = field(default_factory=Counts)
    labels: int = 0
    rejected: int = 0

    def add(self, table: str, frame: pd.DataFrame) -> None:
        """Count the rows of a table."""
        self.counts.add(table, frame)
        if table == "products":
            self.labels = frame["product_id"].nunique()
        if table == "rejects":
            self.rejected = len(frame.drop_duplicates(["source", "row"]))


def make_ready(part: ToFinish, formats: Iterable[RowsFormat], folder: Folder) -> Finished:
    """Finish a part and keep in the folder, as files, the rows of the tables that are written: see :func:`rows_key`."""
    told = Finished()
    format_of = {each.table: each for each in formats}
    for name, frame in finish_part(part, folder):
        told.add(name, frame)
        if name in format_of and len(frame):
            with folder.file(rows_key(part, format_of[name])) as file:
                format_of[name].make_ready(frame, file)
        del frame
        give_back()
    return told


def rows_key(part: ToFinish, of: RowsFormat) -> str:
    """Where the rows of a table of a part stand that were made ready; there is no file where there are none."""
    return f"{part.number:06d}-{of.table}.rows"


def _rows_of(name: str, part: ToFinish, folder: Folder) -> pd.DataFrame:
    """One table of a part, from all its pieces and buckets."""
    tables = [folder.table(f"{piece}-{name}") for piece in part.pieces]
    gone = [_stands_at(table, part, name, folder) for table in tables]
    tables += [folder.table(key) for bucket in part.buckets if folder.has(key := f"{bucket}-{name}")]
    whole = pa.concat_tables(tables, promote_options="default")
    counts = np.ones(whole.num_rows, dtype=bool)
    counts[np.flatnonzero(np.concatenate(gone))] = False
    rows = np.flatnonzero(counts)
    if len(tables) > 1:
        by = [whole[key].to_numpy()[rows] for key in (BLOCK, PLACE) if key in whole.column_names]
        rows = rows[np.lexsort(by)]
    if len(tables) > 1 or not counts.all():
        whole = whole.take(pa.array(rows))
    del tables
    return frame_of(whole)


def _stands_at(table: pa.Table, part: ToFinish, name: str, folder: Folder) -> npt.NDArray[np.bool_]:
    """Rows of labels that a bucket has."""
    places = table[PLACE].to_numpy()
    if not len(part.dropped) or not len(places):
        return np.zeros(len(places), dtype=bool)
    if name != "rejects":
        return np.isin(places, part.dropped)
    # The rejects of a scattered label are rejects of its bucket; they stand at their own lines.
    return np.isin(places, folder.get(f"{part.number:06d}-scattered")["_place"].to_numpy(dtype=np.int64))


def unread_rows(records: Iterable[PartRecord], folder: Folder) -> Iterator[pd.DataFrame]:
    """The rejects of the readers, part by part."""
    for record in records:
        if record.rejects:
            yield folder.get(f"{record.number:06d}-unread")
