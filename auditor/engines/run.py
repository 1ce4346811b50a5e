"""A run from files to files in bounded memory: read ahead, audit part by part, keep what is ready, write it in order."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from auditor.batches import Batch
from auditor.collecting import without_collector
from auditor.engines import parts
from auditor.engines.counts import Counts
from auditor.engines.finishing import add_rows, parts_to_finish
from auditor.engines.groups import Group, grouped
from auditor.engines.helpers import Crew, usable_cores
from auditor.engines.memory import give_back, hold_little
from auditor.engines.parts import Labels, PartRecord, Rules, Scattered
from auditor.engines.sharers import by_part, comparisons
from auditor.engines.spill import Folder
from auditor.engines.whole import BATCH_LINES, DEFAULT_SETTINGS, ReadSettings, audit, sha256_of
from auditor.errors import UsageError
from auditor.evidence import Evidence, load_evidence
from auditor.export import check_target, is_streamable, open_output
from auditor.overrides import Override
from auditor.pipeline import RunSummary, check_options
from auditor.schema import TABLES

if TYPE_CHECKING:
    from auditor.readers import Reading

ENGINES = ("stream", "dask")
USUAL_WORKERS = 2
"""Processes that audit side by side where nothing else is asked: with them a run stays below 600 MB."""
LONG_LINES = 3 * BATCH_LINES
"""An input of fewer lines is audited by one process."""
MAX_BUCKETS = 64
"""Files in which scattered lines are gathered."""


@dataclass(frozen=True)
class Done:
    """How far a run is.  `stage` is 'audit', then 'write'; bytes are those of the input files, 0 of 0 if unknown."""

    lines: int
    labels: int
    rejects: int
    bytes_done: int
    bytes_total: int
    stage: str


@dataclass(frozen=True)
class Run:
    """A finished run: its summary, its counts, and the files written, the data package last."""

    summary: RunSummary
    counts: Counts
    written: tuple[Path, ...]


def run_to(
    paths: str | Path | Sequence[str | Path],
    target: str | Path,
    *,
    context: str = "auto",
    market: str = "",
    evidence: Evidence | str | Path | None = None,
    authority: str = "",
    table: str = "products",
    tables_as: str | None = None,
    settings: ReadSettings = DEFAULT_SETTINGS,
    engine: str = "stream",
    scheduler: str = "",
    progress: Callable[[Done], None] | None = None,
    overrides: Sequence[Override] = (),
    workers: int | None = None,
    today: date | None = None,
) -> Run:
    """Audit files and write the tables, in memory that does not grow with the files.

    The tables are those of :func:`auditor.engines.whole.audit` on the same files, whatever the size of the chunks.
    What stood at the target before is unchanged until the run is complete.

    Args:
        paths: files and folders, also addresses with a scheme.
        target: a folder, or a file by its extension; see :func:`auditor.export.write_audit`.
        context: 'auto', a context id, or 'all'.
        market: market of the labels that do not say theirs.
        evidence: an edition, or the folder of one; the shipped one by default.
        authority: whose upper levels to compare with.
        table: which table a csv, parquet or jsonl file holds.
        tables_as: what the tables of a folder are written as, 'csv' or 'parquet'; if nothing is said, 'csv' by the engine
            'stream' and 'parquet' by the engine 'dask', which writes nothing else.
        settings: how files are read.
        engine: 'stream' on this machine, 'dask' on a cluster.
        scheduler: address of a Dask scheduler; a cluster on this machine by default.
        progress: called after each part.
        overrides: a reviewer's decisions on single products; with them everything is audited in memory.
        workers: processes that audit side by side under the engine 'stream', where the input is long enough to gain by
            it; 0 for as many as there are cores, :data:`USUAL_WORKERS` of these if nothing is said.  The tables are the
            same whatever their number.
        today: the day by which market limits count as stale; without one nothing is told of it.

    Raises:
        UsageError: an option that is not known, or a place that cannot be written to.
        InputError: a file that cannot be read at all.
        EvidenceError: an evidence folder that breaks its rules.
    """
    edition = evidence if isinstance(evidence, Evidence) else load_evidence(evidence)
    check_options(edition, context, market, authority)
    if engine not in ENGINES:
        raise UsageError(f"engine {engine!r} is not known; accepted are {', '.join(ENGINES)}")
    if workers is not None and workers < 0:
        raise UsageError(
            f"workers {workers} is not possible; accepted are 1 and more, or 0 for as many as there are cores"
        )
    if engine == "dask" and tables_as not in (None, "parquet"):
        raise UsageError(
            f"engine dask: writes Parquet files, and the tables were asked for as {tables_as}; accepted is parquet; "
            "leave --as out, or take the engine stream"
        )
    if engine != "dask" or overrides:
        check_target(target, table, tables_as)
    rules = Rules(context, market, authority, edition, today)
    if overrides or not (engine == "dask" or is_streamable(target)):
        return _run_in_memory(paths, target, rules, table, tables_as, settings, progress, overrides)
    if engine == "dask":
        from auditor.engines.cluster import run_on_cluster

        return run_on_cluster(paths, target, rules, settings, scheduler, progress)
    helpers = (min(USUAL_WORKERS, usable_cores()) if workers is None else workers or usable_cores()) - 1
    # Read in pieces that leave room for what others audit at the same time; a group of them is shared out again.
    reading = replace(settings, chunk_rows=max(1, settings.chunk_rows // (1 + helpers))).open(paths)
    return _Stream(rules, reading, settings.chunk_rows, progress, helpers).run(target, table, tables_as)


def _run_in_memory(
    paths: str | Path | Sequence[str | Path], target: str | Path, rules: Rules, table: str, tables_as: str | None,
    settings: ReadSettings, progress: Callable[[Done], None] | None, overrides: Sequence[Override],
) -> Run:  # fmt: skip
    found = audit(
        paths,
        rules.context,
        market=rules.market,
        evidence=rules.evidence,
        authority=rules.authority,
        settings=settings,
        overrides=overrides,
        today=rules.today,
    )
    if progress is not None:
        progress(Done(found.summary.rows_audited, found.summary.labels, len(found.rejects), 0, 0, "write"))
    counts = Counts()
    for name in TABLES:
        counts.add(name, getattr(found, name))
    return Run(found.summary, counts, found.write(target, table, tables_as))


def ahead(groups: Iterator[Group], pool: ThreadPoolExecutor) -> Iterator[Group]:
    """The groups, the next one being read while one is worked on: Arrow reads without the interpreter's lock."""
    waiting = pool.submit(next, groups, None)
    while (group := waiting.result()) is not None:
        waiting = pool.submit(next, groups, None)
        yield group
        del group


@dataclass
class _Stream:
    """One streamed run."""

    rules: Rules
    reading: Reading
    group_lines: int
    """Lines of a group; of it each process audits a share."""
    progress: Callable[[Done], None] | None
    helpers: int
    """How many processes may audit beside this one."""
    records: list[PartRecord] = field(default_factory=list)
    scattered: Scattered | None = None
    buckets: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """Part -> buckets that have labels of it."""
    lines_read: int = 0
    bucket_labels: list[Labels] = field(default_factory=list)

    def run(self, target: str | Path, table: str, tables_as: str | None) -> Run:
        """Read, audit and write."""
        hold_little()
        inside = Path(target).absolute().parent
        while not inside.is_dir():
            inside = inside.parent
        # Beside the target, where there is room for the tables anyway; the system's place may be memory.
        place = tempfile.mkdtemp(prefix=".auditor-parts-", dir=inside)
        try:
            folder = Folder(place)
            with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as hasher, without_collector():
                sums: dict[str, Future[str]] = {
                    source.name: hasher.submit(sha256_of, source.name) for source in self.reading.sources
                }
                try:
                    with Crew(self.rules, folder, self.helpers, self._is_long) as crew:
                        self._audit(crew, reader)
                        self._gather(folder, reader)
                        if self.lines_read > LONG_LINES:
                            crew.forget()
                        return self._write(crew, folder, target, table, tables_as, sums)
                finally:
                    hasher.shutdown(wait=False, cancel_futures=True)
        finally:
            shutil.rmtree(place, ignore_errors=True)
            give_back()

    def _audit(self, crew: Crew, reader: ThreadPoolExecutor) -> None:
        groups = self._groups(crew.prepare)
        # Helpers have groups waiting; without any, the next group is read while one is audited.
        crew.audit(groups if self.helpers else ahead(groups, reader), self._audited)
        self.records.sort(key=lambda record: (record.number, record.labels.key))

    def _groups(self, told: Callable[[], None] = lambda: None) -> Iterator[Group]:
        """The same groups whenever the input is read; `told` is called when more lines are counted."""

        def counted(batch: Batch) -> Batch:
            self.lines_read += batch.table.num_rows
            told()
            return batch

        return grouped(map(counted, self.reading.batches()), self.group_lines)

    def _is_long(self) -> bool:
        """Whether helpers are worth the second that each takes to begin: by the lines there are, as far as that is known."""
        share = self.reading.bytes_done / self.reading.bytes_total if self.reading.bytes_total else 1.0
        return self.lines_read > LONG_LINES * min(max(share, 0.01), 1.0)

    def _audited(self, record: PartRecord) -> None:
        self.records.append(record)
        lines = sum(part.lines for part in self.records)
        labels = sum(part.labels.count for part in self.records)
        self._tell(lines, labels, sum(part.rejects for part in self.records), "audit")

    def _gather(self, folder: Folder, reader: ThreadPoolExecutor) -> None:
        """Read the lines of labels that came in several parts once more, and audit each label whole."""
        scattered = parts.find_scattered(self.records, folder)
        if not len(scattered.ids):
            return
        self.scattered = scattered
        count = min(MAX_BUCKETS, -(-scattered.lines // BATCH_LINES))
        pieces: dict[int, list[str]] = {bucket: [] for bucket in range(count)}
        offset = 0
        for number, group in enumerate(ahead(self._groups(), reader)):
            found = parts.lines_of(group, number, offset, scattered)
            offset += group.lines
            if found.empty:
                continue
            folder.put(f"{number:06d}-scattered", found[["_place"]])
            for bucket, own in found.groupby(found["_hash"].to_numpy() % np.uint64(count)):
                key = f"gathered-{int(bucket):06d}-{number:06d}"
                folder.put(key, own)
                pieces[int(bucket)].append(key)
        for bucket, keys in pieces.items():
            if not keys:
                continue
            lines = parts.filled([folder.get(key) for key in keys])
            labels, homes = parts.audit_bucket(lines, bucket, self.rules, folder)
            self.bucket_labels.append(labels)
            for home in homes:
                self.buckets[home] = (*self.buckets.get(home, ()), bucket)

    def _write(
        self, crew: Crew, folder: Folder, target: str | Path, table: str, tables_as: str | None, sums: dict[str, Future[str]]
    ) -> Run:  # fmt: skip
        dropped = np.array([], dtype=np.int64) if self.scattered is None else self.scattered.places
        labels_of_parts = [record.labels for record in self.records] + self.bucket_labels
        across = by_part(crew.share_out("compare", comparisons(labels_of_parts, dropped)))
        lines_of: Counter[int] = Counter()
        for record in self.records:
            lines_of[record.number] += record.lines
        counts = Counts()
        labels = lines = 0
        rejected = sum(record.rejects for record in self.records)
        extras = parts.extras_of(self.records)
        with open_output(target, table, extras, tables_as) as (writer, written):
            for frame in parts.unread_rows(self.records, folder):
                counts.add("rejects", frame)
                writer.append("rejects", frame)
            to_finish = parts_to_finish(self.records, dropped, self.buckets, across)
            tasks = [(part, writer.formats) for part in to_finish]
            with closing(
                crew.share_out("finish", tasks, lambda place, _: add_rows(to_finish[place], writer, folder))
            ) as finished:
                for part, told in zip(to_finish, finished, strict=True):
                    counts.join(told.counts)
                    rejected += told.rejected
                    labels += told.labels
                    lines += lines_of[part.number]
                    self._tell(lines, labels, rejected, "write")
            rows_in = sum(record.rows_in for record in self.records)
            summary = RunSummary(
                rows_in=rows_in, rows_audited=rows_in - rejected, rows_rejected=rejected, labels=labels, context=self.rules.context,
                market=self.rules.market, authority=self.rules.authority, evidence_edition=self.rules.evidence.edition.id, today=self.rules.today,
                inputs=tuple((name, sums[name].result()) for name in dict.fromkeys(itertools.chain.from_iterable(record.inputs for record in self.records))),
            )  # fmt: skip
            writer.finish(summary)
        return Run(summary, counts, written)

    def _tell(self, lines: int, labels: int, rejects: int, stage: str) -> None:
        if self.progress is not None:
            total = self.reading.bytes_total
            # Everything has been read when writing begins.
            self.progress(
                Done(lines, labels, rejects, total if stage == "write" else self.reading.bytes_done, total, stage)
            )
