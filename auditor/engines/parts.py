"""The parts of a run, audited: what is known of each stands in a folder until all are compared and finished.

A part is a group of a reader's batches, whose labels may be audited in several shares.  Only a few numbers for each part
are kept in memory.  Labels whose lines come in several parts are audited once more, all their lines together, and take
their place where their first line stands.
"""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.collecting import collect_new
from auditor.engines.groups import Group
from auditor.engines.spill import Folder
from auditor.evidence import Evidence
from auditor.labels import reject_table
from auditor.needed import Needed
from auditor.pipeline import PLACE, Part, audit_part

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


def extras_of(records: Iterable[PartRecord]) -> tuple[str, ...]:
    """Passed-through columns of a run."""
    return tuple(dict.fromkeys(itertools.chain.from_iterable(record.extras for record in records)))


def unread_rows(records: Iterable[PartRecord], folder: Folder) -> Iterator[pd.DataFrame]:
    """The rejects of the readers, part by part."""
    for record in records:
        if record.rejects:
            yield folder.get(f"{record.number:06d}-unread")


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
    collect_new()
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
