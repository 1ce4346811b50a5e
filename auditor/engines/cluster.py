"""The same run on a Dask cluster: every worker audits files of its own, partitioned Parquet comes out.

A task is a pure function of its files and writes files that appear whole, so that the work of a worker that is lost is
done again by another.  All workers need to see the input and the output folder under the same names.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
import pyarrow as pa

from auditor.datapackage import partitioned_package
from auditor.engines import parts
from auditor.engines.counts import Counts
from auditor.engines.finishing import Finished, ToFinish, finish_part, parts_to_finish
from auditor.engines.groups import grouped
from auditor.engines.parts import PartRecord, Rules, Scattered
from auditor.engines.run import MAX_BUCKETS, Done, Run
from auditor.engines.sharers import by_part, compare, comparisons
from auditor.engines.spill import Folder, file_system, is_url
from auditor.engines.whole import BATCH_LINES, ReadSettings, sha256_of
from auditor.errors import UsageError
from auditor.pipeline import RunSummary
from auditor.readers import Reading
from auditor.schema import TABLES, arrow_schema
from auditor.writers import ParquetWriter, Rows

if TYPE_CHECKING:
    from auditor.readers.sources import Source

TASK_BYTES = 1 << 26
"""Small files are read together until they reach this size; a larger file is one task."""
BATCHES_OF_A_TASK = 4096


@dataclass(frozen=True)
class _Task:
    """Files that one worker reads; its parts are numbered from `number` on."""

    number: int
    reading: Reading


def run_on_cluster(
    paths: str | Path | Sequence[str | Path],
    target: str | Path,
    rules: Rules,
    settings: ReadSettings,
    scheduler: str,
    progress: Callable[[Done], None] | None,
) -> Run:
    """Audit files on a cluster and write a folder of Parquet files; see :func:`auditor.engines.run.run_to`.

    Raises:
        UsageError: Dask is not installed, the scheduler cannot be reached, or the target is no folder.
    """
    name = str(target)
    if not is_url(name) and (Path(name).suffix or Path(name).is_file()):
        raise UsageError(
            f"{target}: the engine dask writes a folder of Parquet files; accepted is a path without extension"
        )
    tasks = list(_tasks(settings.open(paths)))
    with _client(scheduler) as client, _output(name) as place:
        return _ClusterRun(client, place, rules, tasks, progress).run()


@contextlib.contextmanager
def _client(scheduler: str) -> Iterator[Any]:
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise UsageError("engine dask: Dask is not installed; `pip install supplement-label-auditor[dask]`") from error
    with contextlib.ExitStack() as stack:
        try:
            cluster = scheduler or stack.enter_context(LocalCluster(threads_per_worker=1, dashboard_address=None))
            client = stack.enter_context(Client(cluster, set_as_default=False))
            stack.enter_context(client.as_current())
        except (OSError, TimeoutError) as error:
            raise UsageError(
                f"scheduler {scheduler}: cannot be reached ({error}); accepted is an address such as tcp://host:8786"
            ) from error
        yield client


def _tasks(reading: Reading) -> Iterator[_Task]:
    """Files that stand together and have one format, joined while they are small."""
    group: list[Source] = []
    size = number = 0
    for source in reading.sources:
        if group and (size + source.size > TASK_BYTES or source.format != group[0].format):
            yield _Task(number * BATCHES_OF_A_TASK, Reading(tuple(group), reading.options))
            group, size, number = [], 0, number + 1
        group.append(source)
        size += source.size
    yield _Task(number * BATCHES_OF_A_TASK, Reading(tuple(group), reading.options))


@dataclass(frozen=True)
class _Place:
    """Where a run writes: `tables` becomes the output, `parts` is for what is needed between the steps."""

    tables: str
    parts: str
    final: str


@contextlib.contextmanager
def _output(target: str) -> Iterator[_Place]:
    """A folder that takes the place of the target when the block ends without an exception.

    Object stores cannot rename folders: there a run writes into the target and its data package comes last.
    """
    mark = f".auditor-{uuid4().hex[:12]}"
    if is_url(target):
        folder = target.rstrip("/")
        place = _Place(folder, f"{folder}/{mark}-parts", folder)
        try:
            yield place
        finally:
            Folder(place.parts).remove()
        return
    final = Path(target).absolute()
    final.parent.mkdir(parents=True, exist_ok=True)
    place = _Place(str(final.parent / f"{mark}.new"), str(final.parent / f"{mark}.parts"), str(final))
    old = final.parent / f"{mark}.old"
    try:
        yield place
        if final.exists():
            final.rename(old)
        try:
            Path(place.tables).rename(final)
        except BaseException:
            if old.exists():
                old.rename(final)
            raise
    finally:
        for left in (place.tables, place.parts, old):
            shutil.rmtree(left, ignore_errors=True)


# -- what the workers do ---------------------------------------------------------------------------------------------------


def audit_files(task: _Task, rules: Rules, folder: str) -> list[PartRecord]:
    """Audit the files of a task batch by batch."""
    place = Folder(folder)
    return [
        parts.audit_group(group, task.number + position, rules, place)
        for position, group in enumerate(grouped(task.reading.batches(), task.reading.options.chunk_rows))
    ]


def gather_lines(
    task: _Task, scattered: Scattered, offsets: dict[int, int], buckets: int, folder: str
) -> list[tuple[int, str]]:
    """Keep the lines of scattered labels by bucket; returns bucket and name of each frame."""
    place, kept = Folder(folder), []
    for position, group in enumerate(grouped(task.reading.batches(), task.reading.options.chunk_rows)):
        number = task.number + position
        found = parts.lines_of(group, number, offsets[number], scattered)
        if found.empty:
            continue
        place.put(f"{number:06d}-scattered", found[["_place"]])
        for bucket, own in found.groupby(found["_hash"].to_numpy() % np.uint64(buckets)):
            key = f"gathered-{int(bucket):06d}-{number:06d}"
            place.put(key, own)
            kept.append((int(bucket), key))
    return kept


def audit_gathered(bucket: int, keys: list[str], rules: Rules, folder: str) -> tuple[parts.Labels, tuple[int, ...]]:
    """Audit the labels of a bucket, each whole."""
    place = Folder(folder)
    return parts.audit_bucket(parts.filled([place.get(key) for key in keys]), bucket, rules, place)


@dataclass(frozen=True)
class _Written:
    counts: Counts
    labels: int
    rejected: int
    files: dict[str, list[dict[str, Any]]]


def write_part(
    part: ToFinish,
    unread: int,
    folder: str,
    tables: str,
) -> _Written:
    """Finish a part and write its rows of every table as Parquet with the declared schema."""
    place = Folder(folder)
    number, extras = part.number, part.extras
    told = Finished()
    files: dict[str, list[dict[str, Any]]] = {}
    for name, rows in finish_part(part, place):
        told.add(name, rows)
        # Rejects of the readers go before those of the audit, as in a stream.
        key = f"part-1-{number:09d}" if name == "rejects" else f"part-{number:09d}"
        files[name] = [_put_parquet(rows, name, extras if name == "products" else (), tables, f"{name}/{key}.parquet")]
    if unread:
        frame = place.get(f"{number:06d}-unread")
        told.counts.add("rejects", frame)
        files["rejects"].append(_put_parquet(frame, "rejects", (), tables, f"rejects/part-0-{number:09d}.parquet"))
    return _Written(told.counts, told.labels, told.rejected + unread, files)


def declared_schema(table: str, extras: tuple[str, ...] = ()) -> pa.Schema:
    """Schema that all partitions of a table have."""
    return arrow_schema(table, extras)


def _put_parquet(rows: Rows, table: str, extras: tuple[str, ...], folder: str, name: str) -> dict[str, Any]:
    buffer = io.BytesIO()
    writer = ParquetWriter(buffer, table, extras)
    writer.append(rows)
    writer.close()
    content = buffer.getvalue()
    _put_bytes(content, f"{folder}/{name}")
    return {"path": name, "bytes": len(content), "hash": f"sha256:{hashlib.sha256(content).hexdigest()}"}


def _put_bytes(content: bytes, name: str) -> None:
    if is_url(name):
        files, path = file_system(name)
        files.makedirs(path.rpartition("/")[0], exist_ok=True)
        with files.open(path, "wb") as file:
            file.write(content)
        return
    local = Path(name)
    local.parent.mkdir(parents=True, exist_ok=True)
    draft = local.with_name(f".{local.name}.{uuid4().hex[:8]}")
    draft.write_bytes(content)
    draft.replace(local)


# -- the run ---------------------------------------------------------------------------------------------------------------


@dataclass
class _ClusterRun:
    client: Any
    place: _Place
    rules: Rules
    tasks: list[_Task]
    progress: Callable[[Done], None] | None

    def run(self) -> Run:
        """Audit, find what labels share, write."""
        sums = self._map(sha256_of, [source.name for task in self.tasks for source in task.reading.sources])
        records = self._audited()
        scattered = parts.find_scattered(records, Folder(self.place.parts))
        buckets, labels = self._gathered(records, scattered)
        dropped = scattered.places
        place = Folder(self.place.parts)
        compared = [
            self.client.submit(compare, *each, place, pure=False)
            for each in comparisons([record.labels for record in records] + labels, dropped)
        ]
        across = by_part(self._results(compared))
        unread = {record.number: record.rejects for record in records}
        futures = [
            self.client.submit(write_part, part, unread[part.number], self.place.parts, self.place.tables, pure=False)
            for part in parts_to_finish(records, dropped, buckets, across)
        ]
        written = self._results(futures)
        return self._told(records, written, self._results(sums), parts.extras_of(records))

    def _map(self, function: Callable[..., Any], *arguments: list[Any]) -> list[Any]:
        # Not pure for Dask: it would keep results of an earlier run whose files are gone.
        return list(self.client.map(function, *arguments, pure=False))

    def _results(self, futures: list[Any]) -> list[Any]:
        return list(self.client.gather(futures))

    def _audited(self) -> list[PartRecord]:
        from distributed import as_completed

        futures = [
            self.client.submit(audit_files, task, self.rules, self.place.parts, pure=False) for task in self.tasks
        ]
        total = sum(task.reading.bytes_total for task in self.tasks)
        sizes = {future.key: task.reading.bytes_total for future, task in zip(futures, self.tasks, strict=True)}
        lines = labels = rejects = done = 0
        if self.progress is not None:
            for future in as_completed(futures):
                for record in future.result():
                    lines, labels, rejects = (
                        lines + record.lines,
                        labels + record.labels.count,
                        rejects + record.rejects,
                    )
                done += sizes[future.key]
                self.progress(Done(lines, labels, rejects, done, total, "audit"))
        return list(itertools.chain.from_iterable(self._results(futures)))

    def _gathered(
        self, records: list[PartRecord], scattered: Scattered
    ) -> tuple[dict[int, tuple[int, ...]], list[parts.Labels]]:
        """Audit labels whose lines came in several parts; returns the buckets of each part and the labels of all."""
        homes: dict[int, tuple[int, ...]] = {}
        labels: list[parts.Labels] = []
        if not len(scattered.ids):
            return homes, labels
        starts = np.cumsum([0, *(record.lines for record in records)])
        offsets = {record.number: int(start) for record, start in zip(records, starts[:-1], strict=True)}
        count = min(MAX_BUCKETS, -(-scattered.lines // BATCH_LINES))
        kept = self._results(
            [
                self.client.submit(gather_lines, task, scattered, offsets, count, self.place.parts, pure=False)
                for task in self.tasks
            ]
        )
        keys: dict[int, list[str]] = {}
        for bucket, key in itertools.chain.from_iterable(kept):
            keys.setdefault(bucket, []).append(key)
        audited = self._results(
            [
                self.client.submit(audit_gathered, bucket, own, self.rules, self.place.parts, pure=False)
                for bucket, own in sorted(keys.items())
            ]
        )
        for bucket, (found, parts_of_it) in zip(sorted(keys), audited, strict=True):
            labels.append(found)
            for number in parts_of_it:
                homes[number] = (*homes.get(number, ()), bucket)
        return homes, labels

    def _told(
        self, records: list[PartRecord], written: list[_Written], sums: list[str], extras: tuple[str, ...]
    ) -> Run:
        counts = Counts()
        for part in written:
            counts.join(part.counts)
        names = [source.name for task in self.tasks for source in task.reading.sources]
        known = dict(zip(names, sums, strict=True))
        rows_in, rejected = sum(record.rows_in for record in records), sum(part.rejected for part in written)
        labels = sum(part.labels for part in written)
        summary = RunSummary(
            rows_in=rows_in, rows_audited=rows_in - rejected, rows_rejected=rejected, labels=labels, context=self.rules.context,
            market=self.rules.market, authority=self.rules.authority, evidence_edition=self.rules.evidence.edition.id, today=self.rules.today,
            inputs=tuple((name, known[name]) for name in dict.fromkeys(itertools.chain.from_iterable(record.inputs for record in records))),
        )  # fmt: skip
        if self.progress is not None:
            total = sum(task.reading.bytes_total for task in self.tasks)
            self.progress(Done(sum(record.lines for record in records), labels, rejected, total, total, "write"))
        files = {
            table: sorted((file for part in written for file in part.files[table]), key=lambda file: str(file["path"]))
            for table in TABLES
        }
        _put_bytes(partitioned_package(summary, files, extras), f"{self.place.tables}/datapackage.json")
        paths = tuple(Path(self.place.final) / str(file["path"]) for table in TABLES for file in files[table])
        return Run(summary, counts, (*paths, Path(self.place.final) / "datapackage.json"))
