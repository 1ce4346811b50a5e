"""Whole, streamed and clustered runs give the same tables; an interrupted one leaves what was there."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import market
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from auditor import directions, dose, schedules, writers
from auditor.engines import Done, ReadSettings, audit, finishing, helpers, memory, parts, run_to, sharers
from auditor.engines import run as engines_run
from auditor.engines.groups import divided, grouped
from auditor.engines.helpers import Pace
from auditor.errors import InputError, UsageError
from auditor.market import read_written_audit
from auditor.pipeline import audit_lines
from auditor.schema import TABLES, arrow_schema

Files = dict[str, bytes]
ROW_GROUP = 700


@pytest.fixture(scope="module")
def rows() -> list[market.Row]:
    return market.rows_of(20_000)


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory, rows: list[market.Row]) -> Path:
    return market.write_csv(tmp_path_factory.mktemp("market") / "market.csv", rows)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return market.write_files(tmp_path_factory.mktemp("files"), market.rows_of(2_000, seed=7), 5)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, big: Path) -> Files:
    folder = tmp_path_factory.mktemp("whole")
    audit(big).write(folder)
    return files_of(folder)


@pytest.fixture(scope="module")
def whole_parquet(tmp_path_factory: pytest.TempPathFactory, big: Path) -> Files:
    """The Parquet folder of the whole run, in row groups so small that every table but the rejects has several."""
    folder = tmp_path_factory.mktemp("whole-parquet")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(writers, "ROW_GROUP_ROWS", ROW_GROUP)
        audit(big).write(folder, tables_as="parquet")
    return files_of(folder)


def files_of(folder: Path) -> Files:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def streamed(source: Path | list[Path], target: Path, lines: int, **options: Any) -> Files:
    run_to(
        [source] if isinstance(source, Path) else list(source),
        target,
        settings=ReadSettings(chunk_rows=lines),
        **options,
    )
    return files_of(target)


@pytest.mark.parametrize("lines", [1_500, 7_000, 1_000_000])
def test_stream_gives_the_bytes_of_the_whole_run(tmp_path: Path, big: Path, whole: Files, lines: int) -> None:
    found = streamed(big, tmp_path / "out", lines)
    assert found.keys() == whole.keys()
    assert [name for name in whole if found[name] != whole[name]] == []


@pytest.mark.parametrize("lines", [1_500, 7_000, 1_000_000])
def test_stream_gives_the_parquet_bytes_of_the_whole_run(
    tmp_path: Path, big: Path, whole_parquet: Files, lines: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "ROW_GROUP_ROWS", ROW_GROUP)
    found = streamed(big, tmp_path / "out", lines, tables_as="parquet")
    assert {*found} == {*whole_parquet} == {*(f"{table}.parquet" for table in TABLES), "datapackage.json"}
    assert [name for name in found if found[name] != whole_parquet[name]] == []
    groups = {table: pq.read_metadata(tmp_path / "out" / f"{table}.parquet").num_row_groups for table in TABLES}
    assert min(groups["products"], groups["doses"], groups["findings"]) > 1


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[helpers.Helper]:
    """The helpers that a run starts, which are worth it from the first line here."""
    found: list[helpers.Helper] = []

    class Noted(helpers.Helper):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            found.append(self)

    monkeypatch.setattr(helpers, "Helper", Noted)
    monkeypatch.setattr(engines_run, "LONG_LINES", 0)
    monkeypatch.setattr(helpers, "LEAST_DIVIDED", 0)
    return found


def test_helpers_make_no_difference(
    tmp_path: Path, big: Path, whole: Files, started: list[helpers.Helper], monkeypatch: pytest.MonkeyPatch
) -> None:
    beside: list[int] = []
    do = helpers.Helper.do

    def noted(self: helpers.Helper, work: str, *arguments: Any) -> Any:
        if work == "audit":
            beside.append(arguments[0].number)
        return do(self, work, *arguments)

    monkeypatch.setattr(helpers.Helper, "do", noted)
    found = streamed(big, tmp_path / "out", 1_500, workers=3)
    assert [name for name in whole if found[name] != whole[name]] == []
    assert len(started) == 2
    assert beside
    assert all(helper._process.poll() is not None for helper in started)


@pytest.mark.parametrize(("lines", "workers"), [(700, 2), (1_500, 3)])
def test_helpers_make_no_difference_to_parquet(
    tmp_path: Path, big: Path, whole_parquet: Files, started: list[helpers.Helper], lines: int, workers: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(writers, "ROW_GROUP_ROWS", ROW_GROUP)
    found = streamed(big, tmp_path / "out", lines, workers=workers, tables_as="parquet")
    assert [name for name in whole_parquet if found[name] != whole_parquet[name]] == []
    assert len(started) == workers - 1


def test_a_helper_that_dies_loses_nothing(
    tmp_path: Path, big: Path, whole: Files, started: list[helpers.Helper], monkeypatch: pytest.MonkeyPatch
) -> None:
    do = helpers.Helper.do

    def dying(self: helpers.Helper, *asked: Any) -> Any:
        self._process.kill()
        return do(self, *asked)

    monkeypatch.setattr(helpers.Helper, "do", dying)
    with pytest.warns(UserWarning, match="a helper process ended before its time"):
        found = streamed(big, tmp_path / "out", 1_500, workers=2)
    assert [name for name in whole if found[name] != whole[name]] == []
    assert started


def test_a_small_group_is_not_shared_out(
    tmp_path: Path, big: Path, whole: Files, started: list[helpers.Helper], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []
    set_aside = parts.set_aside

    def noted(share: Any, number: int, *others: Any) -> Any:
        given.append(number)
        return set_aside(share, number, *others)

    monkeypatch.setattr(parts, "set_aside", noted)
    # Two processes read in pieces half as long as a group.
    sizes = [len(group.found) for group in grouped(ReadSettings(chunk_rows=350).open([big]).batches(), 700)]
    assert len(set(sizes)) > 1
    monkeypatch.setattr(helpers, "LEAST_DIVIDED", max(sizes))
    found = streamed(big, tmp_path / "out", 700, workers=2)
    assert [name for name in whole if found[name] != whole[name]] == []
    assert set(given) == {number for number, size in enumerate(sizes) if size == max(sizes)}


def test_helpers_compare_labels_too(
    tmp_path: Path, big: Path, whole: Files, started: list[helpers.Helper], monkeypatch: pytest.MonkeyPatch
) -> None:
    beside: list[str] = []
    compare, do = sharers.compare, helpers.Helper.do
    begun = threading.Event()

    def waiting(*arguments: Any) -> Any:
        assert begun.wait(60)
        return compare(*arguments)

    def noted(self: helpers.Helper, work: str, *arguments: Any) -> Any:
        if work == "compare":
            beside.append(arguments[3])
            begun.set()
        return do(self, work, *arguments)

    monkeypatch.setattr(sharers, "compare", waiting)
    monkeypatch.setattr(helpers.Helper, "do", noted)
    found = streamed(big, tmp_path / "out", 1_500, workers=2)
    assert [name for name in whole if found[name] != whole[name]] == []
    assert beside


def test_helpers_finish_parts_too(
    tmp_path: Path, big: Path, whole: Files, started: list[helpers.Helper], monkeypatch: pytest.MonkeyPatch
) -> None:
    beside: list[int] = []
    do = helpers.Helper.do

    def noted(self: helpers.Helper, work: str, *arguments: Any) -> Any:
        if work == "finish":
            beside.append(arguments[0].number)
            # What waited to be audited waits no longer.
            assert not list(tmp_path.glob(".auditor-parts-*/*.lines"))
        return do(self, work, *arguments)

    monkeypatch.setattr(helpers.Helper, "do", noted)
    found = streamed(big, tmp_path / "out", 700, workers=2)
    assert [name for name in whole if found[name] != whole[name]] == []
    assert len(beside) >= 3


def test_what_a_slow_helper_does_not_get_to_is_finished_here(
    tmp_path: Path, big: Path, whole: Files, started: list[helpers.Helper], monkeypatch: pytest.MonkeyPatch
) -> None:
    here: list[int] = []
    beside: list[int] = []
    make_ready, do = finishing.make_ready, helpers.Helper.do
    several_done, one_begun = threading.Event(), threading.Event()

    def noted(part: finishing.ToFinish, *others: Any) -> Any:
        assert one_begun.wait(60)
        here.append(part.number)
        if len(here) == 3:
            several_done.set()
        return make_ready(part, *others)

    def slow(self: helpers.Helper, work: str, *arguments: Any) -> Any:
        if work == "finish":
            beside.append(arguments[0].number)
            one_begun.set()
            assert several_done.wait(60)
        return do(self, work, *arguments)

    monkeypatch.setattr(finishing, "make_ready", noted)
    monkeypatch.setattr(helpers.Helper, "do", slow)
    found = streamed(big, tmp_path / "out", 700, workers=2)
    assert [name for name in whole if found[name] != whole[name]] == []
    assert beside[0] in (0, 1)
    assert sorted([*here, *beside]) == list(range(len(here) + len(beside)))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_fails_while_it_writes_begins_nothing_more(
    tmp_path: Path, big: Path, started: list[helpers.Helper], workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    failed = threading.Event()
    make_ready, do = finishing.make_ready, helpers.Helper.do

    def noted(part: finishing.ToFinish, *others: Any) -> Any:
        assert not part.number or failed.wait(60)
        begun.append(part.number)
        return make_ready(part, *others)

    def counted(self: helpers.Helper, work: str, *arguments: Any) -> Any:
        assert work != "finish" or not arguments[0].number or failed.wait(60)
        return do(self, work, *arguments)

    def full(*_: Any) -> None:
        failed.set()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(finishing, "make_ready", noted)
    monkeypatch.setattr(helpers.Helper, "do", counted)
    monkeypatch.setattr(engines_run, "add_rows", full)
    with pytest.raises(UsageError, match="No space left"):
        streamed(big, tmp_path / "out", 700, workers=workers)
    assert len(begun) <= 2
    assert not list(tmp_path.iterdir())
    assert all(helper._process.poll() is not None for helper in started)


def test_no_rows_are_added_to_files_that_are_given_up(
    tmp_path: Path, big: Path, started: list[helpers.Helper], monkeypatch: pytest.MonkeyPatch
) -> None:
    adding = threading.Event()
    steps: list[str] = []
    add_rows, close = engines_run.add_rows, writers.CsvWriter.close

    def slow(*arguments: Any) -> None:
        adding.set()
        time.sleep(0.5)
        add_rows(*arguments)
        steps.append("added")

    def closed(self: writers.CsvWriter) -> None:
        steps.append("closed")
        close(self)

    first_done = finishing.make_ready
    calls: list[int] = []

    def make_ready(part: finishing.ToFinish, *others: Any) -> Any:
        calls.append(part.number)
        if len(calls) > 1:
            assert adding.wait(60)
            steps.clear()
            raise KeyboardInterrupt
        return first_done(part, *others)

    monkeypatch.setattr(writers.CsvWriter, "close", closed)
    monkeypatch.setattr(engines_run, "add_rows", slow)
    monkeypatch.setattr(finishing, "make_ready", make_ready)
    with pytest.raises(KeyboardInterrupt):
        streamed(big, tmp_path / "out", 700, workers=1)
    assert len(calls) == 2
    assert steps[0] == "added"
    assert steps.count("added") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("stage", ["compare", "finish"])
def test_a_helper_that_dies_after_the_audit_loses_nothing(
    tmp_path: Path, big: Path, whole: Files, started: list[helpers.Helper], stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    do = helpers.Helper.do

    def dying(self: helpers.Helper, work: str, *arguments: Any) -> Any:
        if work == stage:
            self._process.kill()
        return do(self, work, *arguments)

    monkeypatch.setattr(helpers.Helper, "do", dying)
    with pytest.warns(UserWarning, match="a helper process ended before its time"):
        found = streamed(big, tmp_path / "out", 1_500, workers=2)
    assert [name for name in whole if found[name] != whole[name]] == []


def test_what_a_slow_helper_does_not_get_to_is_audited_here(
    tmp_path: Path, big: Path, whole: Files, started: list[helpers.Helper], monkeypatch: pytest.MonkeyPatch
) -> None:
    here: list[tuple[int, int]] = []
    beside: list[tuple[int, int]] = []
    audit_here, do = parts.audit_group, helpers.Helper.do
    many_done = threading.Event()

    def noted(group: Any, number: int, *others: Any) -> Any:
        here.append((number, group.share))
        if len(here) == 12:
            assert len(beside) == 1
            many_done.set()
        return audit_here(group, number, *others)

    def slow(self: helpers.Helper, work: str, *arguments: Any) -> Any:
        if work == "audit":
            beside.append((arguments[0].number, arguments[0].share))
            assert many_done.wait(60)
        return do(self, work, *arguments)

    monkeypatch.setattr(parts, "audit_group", noted)
    monkeypatch.setattr(helpers.Helper, "do", slow)
    found = streamed(big, tmp_path / "out", 700, workers=2)
    assert [name for name in whole if found[name] != whole[name]] == []
    assert {share for _, share in here} == {0, 1}
    assert sorted([*here, *beside]) == sorted({*here, *beside})


def test_a_divided_group_loses_nothing_and_deals_labels_out_by_their_directions(big: Path) -> None:
    first, second, *_ = grouped(ReadSettings(chunk_rows=5_000).open([big]).batches(), 5_000)
    shares_of: dict[str, set[int]] = {}
    for group in (first, second):
        shares = divided(group, [0.2, 0.5, 0.3])
        assert [share.share for share in shares] == [0, 1, 2]
        assert [(share.lines, share.rows_in, share.rows_held) for share in shares[1:]] == [(0, 0, 0)] * 2
        assert (shares[0].lines, shares[0].rejects) == (group.lines, group.rejects)
        places = np.concatenate([share.found.places for share in shares])
        assert sorted(places) == group.found.places.tolist()
        assert all(
            0.4 < len(share.found) / size / len(places) < 2 for share, size in zip(shares, [0.2, 0.5, 0.3], strict=True)
        )
        ids = [set(share.found.table["product_id"].to_pylist()) for share in shares]
        assert len(ids[0] | ids[1] | ids[2]) == sum(map(len, ids))
        for share in shares:
            lines = share.found.needed(0).lines.drop_duplicates("product_id")
            for text in lines["directions"]:
                shares_of.setdefault(text, set()).add(share.share)
    assert all(len(found) == 1 for text, found in shares_of.items() if text)
    assert sum(len(found) for text, found in shares_of.items() if not text) in (0, 3)


def test_the_process_that_reads_audits_less() -> None:
    assert Pace().shares(1) == pytest.approx([0.45, 0.55])
    # At first the audit of a line is taken for 45 microseconds.
    assert Pace(1_000_000, 15.0).shares(1) == pytest.approx([0.3, 0.7])
    busy = Pace(lines_read=100, reading_seconds=1.0, lines_audited=100, audit_seconds=2.0)
    # Reading takes 1, auditing 2: at a quarter of the audit both are busy for 1.5; a tenth of that is left to the helper.
    assert busy.shares(1) == pytest.approx([0.225, 0.775])
    assert busy.shares(3) == pytest.approx([0.05, *[0.95 / 3] * 3])
    assert Pace(100, 0.0, 100, 2.0).shares(3) == pytest.approx([0.225, *[0.775 / 3] * 3])
    # Helpers that have a fifth of a group to do yet get less of this one, and never less than half of it.
    assert busy.shares(1, 0.2) == pytest.approx([0.315, 0.685])
    assert busy.shares(1, 2.0) == pytest.approx([0.5, 0.5])


def test_two_processes_audit_where_nothing_is_said_and_there_are_two_cores(
    tmp_path: Path, big: Path, whole: Files, started: list[helpers.Helper], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines_run, "usable_cores", lambda: 8)
    found = streamed(big, tmp_path / "out", 4_000)
    assert len(started) == 1
    assert [name for name in whole if found[name] != whole[name]] == []
    monkeypatch.setattr(engines_run, "usable_cores", lambda: 1)
    streamed(big, tmp_path / "out", 4_000)
    assert len(started) == 1


def test_a_run_leaves_garbage_collection_as_it_found_it(tmp_path: Path, small: list[Path]) -> None:
    for is_on in (False, True):
        (gc.enable if is_on else gc.disable)()
        try:
            run_to(small, tmp_path / "out")
            assert gc.isenabled() == is_on
        finally:
            gc.enable()


def test_readings_are_let_go_when_a_long_input_is_read(
    tmp_path: Path, small: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_to(small, tmp_path / "short", workers=1)
    assert directions.read_directions.cache_info().currsize
    monkeypatch.setattr(engines_run, "LONG_LINES", 0)
    run_to(small, tmp_path / "long", workers=1)
    assert not directions.read_directions.cache_info().currsize
    assert not schedules.schedule.cache_info().currsize


def test_what_goes_wrong_in_a_helper_is_raised(
    tmp_path: Path, small: list[Path], started: list[helpers.Helper], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_aside = parts.set_aside

    def with_rows_lost(share: Any, *others: Any) -> Any:
        return set_aside(replace(share, rows_in=share.rows_in + 1), *others)

    monkeypatch.setattr(parts, "set_aside", with_rows_lost)
    with pytest.raises(AssertionError, match="rows were lost"):
        run_to(small, tmp_path / "out", settings=ReadSettings(chunk_rows=300), workers=2)
    assert list(tmp_path.iterdir()) == []
    assert all(helper._process.poll() is not None for helper in started)


def test_short_inputs_start_no_helper(tmp_path: Path, small: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise AssertionError("a helper was started")

    monkeypatch.setattr(helpers, "Helper", refused)
    run_to(small, tmp_path / "out", settings=ReadSettings(chunk_rows=300), workers=0)
    with pytest.raises(UsageError, match="workers -1"):
        run_to(small, tmp_path / "out", workers=-1)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_a_run_that_is_told_to_end_clears_its_parts_away(tmp_path: Path, big: Path) -> None:
    paths = os.pathsep.join(filter(None, sys.path))
    run = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "auditor", "audit", str(big), "-o", str(tmp_path / "out"), "--quiet"],
        env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while run.poll() is None and not list(tmp_path.glob(".auditor-parts-*")):
        time.sleep(0.01)
    assert list(tmp_path.glob(".auditor-parts-*"))
    run.terminate()
    assert run.wait(60) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def test_labels_compared_a_few_at_a_time_give_the_same(
    tmp_path: Path, big: Path, whole: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharers, "SHARERS_AT_ONCE", 20)
    found = streamed(big, tmp_path / "out", 7_000)
    assert [name for name in whole if found[name] != whole[name]] == []


def test_market_holds_the_odd_cases(whole: Files) -> None:
    findings = whole["findings.csv"].decode()
    for check in (
        "id-duplicate",
        "gtin-duplicate",
        "gtin-conflicting-records",
        "record-duplicate",
        "gtin-check-digit",
        "dose-non-daily",
    ):
        assert f'"{check}"' in findings, check
    rejects = whole["rejects.csv"].decode()
    for reason in ("id-missing", "ingredient-missing", "cell-too-long", "amount-negative"):
        assert f'"{reason}"' in rejects, reason
    assert whole["products.csv"].count(b'"scattered"') == 1


def test_rows_in_are_rows_audited_and_rejected(tmp_path: Path, big: Path, rows: list[market.Row]) -> None:
    run = run_to([big], tmp_path / "out", settings=ReadSettings(chunk_rows=5_000))
    summary = run.summary
    assert summary.rows_in == summary.rows_audited + summary.rows_rejected == len(rows)
    package = json.loads((tmp_path / "out" / "datapackage.json").read_bytes())
    assert package["rows"] == {
        "in": summary.rows_in,
        "audited": summary.rows_audited,
        "rejected": summary.rows_rejected,
    }
    assert len(package["inputs"][0]["sha256"]) == 64


def test_counts_are_those_of_the_tables(tmp_path: Path, small: list[Path]) -> None:
    found = audit(small)
    counts = run_to(small, tmp_path / "out", settings=ReadSettings(chunk_rows=300)).counts
    assert counts.classes == Counter(found.products["class"])
    assert sum(counts.doses.values()) == len(found.doses)
    assert counts.findings == Counter(zip(found.findings["severity"], found.findings["finding_id"], strict=True))
    assert counts.products_with["errors"] == (found.products["errors"] > 0).sum()
    assert counts.reject_reasons == Counter(found.rejects["reason"])
    by_id = found.findings.groupby(["severity", "finding_id"])["product_id"].nunique()
    assert counts.finding_products == Counter(by_id.to_dict())


@pytest.mark.parametrize("context", ["all", "bone"])
def test_stream_is_whole_in_other_contexts(tmp_path: Path, small: list[Path], context: str) -> None:
    audit(small, context).write(tmp_path / "whole")
    assert streamed(small, tmp_path / "out", 700, context=context) == files_of(tmp_path / "whole")


def test_every_line_out_of_place_is_still_whole(tmp_path: Path) -> None:
    rows = market.rows_of(400, seed=3)
    rows = [row for start in range(7) for row in rows[start::7]]
    path = market.write_csv(tmp_path / "mixed.csv", rows)
    audit(path).write(tmp_path / "whole")
    assert streamed(path, tmp_path / "out", 90) == files_of(tmp_path / "whole")


def test_label_that_goes_on_in_the_next_file_is_one_label_and_not_split(tmp_path: Path) -> None:
    lines = (
        market.label("x", "Vitamin D3 25 mcg")
        + market.label("y", "Vitamin D3 25 mcg", "Vitamin K2 (MK-7) 100 mcg")
        + market.label("z", "Zinc 5 mg")
    )
    paths = [market.write_csv(tmp_path / "1.csv", lines[:2]), market.write_csv(tmp_path / "2.csv", lines[2:])]
    run_to(paths, tmp_path / "out")
    products = pd.read_csv(tmp_path / "out" / "products.csv")
    assert products["product_id"].tolist() == ["x", "y", "z"]
    assert products.loc[1, "vitamin_k2_daily_mcg_high"] == 100
    assert "id-duplicate" not in (tmp_path / "out" / "findings.csv").read_text(encoding="utf-8")


def test_single_tables_and_formats_are_those_of_the_whole_run(tmp_path: Path, small: list[Path]) -> None:
    found = audit(small)
    for name, table in (("products.parquet", "products"), ("doses.jsonl", "doses"), ("findings.csv", "findings")):
        found.write(tmp_path / f"whole-{name}", table)
        run_to(small, tmp_path / name, table=table, settings=ReadSettings(chunk_rows=500))
        assert (tmp_path / name).read_bytes() == (tmp_path / f"whole-{name}").read_bytes()


@pytest.mark.parametrize("tables_as", ["csv", "parquet"])
def test_interrupted_run_leaves_the_previous_output(tmp_path: Path, small: list[Path], tables_as: str) -> None:
    target = tmp_path / "out"
    before = streamed(small[:1], target, 1_000)

    def interrupt_in(stage: str) -> Callable[[Done], None]:
        def interrupt(done: Done) -> None:
            if done.stage == stage:
                raise KeyboardInterrupt

        return interrupt

    settings = ReadSettings(chunk_rows=300)
    for stage in ("audit", "write"):
        with pytest.raises(KeyboardInterrupt):
            run_to(small, target, settings=settings, progress=interrupt_in(stage), tables_as=tables_as)
        assert files_of(target) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_later_run_as_the_other_kind_takes_the_place_of_the_earlier(tmp_path: Path, small: list[Path]) -> None:
    fresh = streamed(small, tmp_path / "fresh", 1_000, tables_as="parquet")
    streamed(small[:1], tmp_path / "out", 1_000)
    (tmp_path / "out" / "notes.csv").write_text("mine")
    assert streamed(small, tmp_path / "out", 1_000, tables_as="parquet") == fresh | {"notes.csv": b"mine"}


def test_what_tables_are_written_as_is_checked_before_anything_is_read(tmp_path: Path) -> None:
    for target, engine, tables_as, said in (
        ("x.csv", "stream", "parquet", "'.csv' is not the extension of a parquet file"),
        ("out", "stream", "xlsx", "accepted are csv, parquet"),
        ("out", "dask", "csv", "engine dask: writes Parquet files"),
    ):
        with pytest.raises(UsageError, match=said):
            run_to(tmp_path / "nowhere.csv", tmp_path / target, engine=engine, tables_as=tables_as)


def test_unreadable_second_file_leaves_the_previous_output(tmp_path: Path, small: list[Path]) -> None:
    before = streamed(small[:1], tmp_path / "out", 1_000)
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and nothing else")
    with pytest.raises(InputError):
        run_to([*small, broken], tmp_path / "out")
    assert files_of(tmp_path / "out") == before


def test_progress_reaches_the_end(tmp_path: Path, small: list[Path]) -> None:
    seen: list[Done] = []
    run = run_to(small, tmp_path / "out", settings=ReadSettings(chunk_rows=300), progress=seen.append)
    assert [done.stage for done in seen] == sorted(done.stage for done in seen)
    assert seen[-1].bytes_done == seen[-1].bytes_total == sum(path.stat().st_size for path in small)
    assert (seen[-1].labels, seen[-1].rejects) == (run.summary.labels, run.summary.rows_rejected)


def test_texts_are_parsed_once_each(tmp_path: Path, big: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: Counter[str] = Counter()
    texts: dict[str, set[Any]] = {"line": set(), "directions": set()}
    read_line, read_directions = dose.read_line, directions.read_directions

    def counted_line(*cells: Any) -> Any:
        calls["line"] += 1
        texts["line"].add(cells)
        return read_line(*cells)

    def counted_directions(text: str) -> Any:
        calls["directions"] += 1
        texts["directions"].add(text)
        return read_directions(text)

    monkeypatch.setattr(dose, "read_line", counted_line)
    for module in (dose, schedules):
        monkeypatch.setattr(module, "read_directions", counted_directions, raising=False)
    frame = audit_frame(big)
    schedules.schedule.cache_clear()
    audit_lines(frame)
    assert calls["line"] <= frame[["ingredient", "amount", "unit", "percent_dv", "market"]].drop_duplicates().shape[0]
    assert len(texts["directions"]) <= frame["directions"].nunique()
    # Once for whom a text is meant, and once for each combination of texts that a schedule is read from.
    combined = frame[["serving_size", "directions", "market", "dosage_form", "audience"]].drop_duplicates().shape[0]
    assert calls["directions"] <= frame["directions"].nunique() + combined


def audit_frame(path: Path) -> pd.DataFrame:
    from auditor.engines import read_everything

    return read_everything([path]).lines


def test_unknown_engine_is_refused(tmp_path: Path, small: list[Path]) -> None:
    with pytest.raises(UsageError, match="stream, dask"):
        run_to(small, tmp_path / "out", engine="spark")


def test_labels_without_vitamins_and_no_labels_at_all(tmp_path: Path) -> None:
    for context in ("auto", "all"):
        found = audit_lines(pd.DataFrame({"product_id": ["a"], "ingredient": ["Zinc 5 mg"]}), context=context)
        assert found.doses.empty
        assert set(found.products["vitamin_d_verdict"]) == {"absent"}
        assert audit_lines(pd.DataFrame({"product_id": [], "ingredient": []}), context=context).products.empty
    empty = tmp_path / "empty.csv"
    empty.write_text("product_id,ingredient\n", encoding="utf-8")
    assert run_to([empty], tmp_path / "out").summary.rows_in == 0


def test_addresses_are_read_through_fsspec(tmp_path: Path, small: list[Path]) -> None:
    fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")
    files = fsspec.filesystem("memory")
    for path in small:
        files.pipe(f"/labels/{path.name}", path.read_bytes())
    try:
        found = audit(["memory://labels"])
        run = run_to("memory://labels", tmp_path / "out", settings=ReadSettings(chunk_rows=400))
    finally:
        files.rm("/labels", recursive=True)
    here = audit(small)
    assert run.summary.rows_in == found.summary.rows_in == here.summary.rows_in
    assert [digest for _, digest in run.summary.inputs] == [digest for _, digest in here.summary.inputs]
    pd.testing.assert_frame_equal(found.doses, here.doses)


# -- Dask ------------------------------------------------------------------------------------------------------------------


def tables_of(folder: Path) -> dict[str, pa.Table]:
    return {
        name: pa.concat_tables([pq.read_table(path) for path in sorted((folder / name).glob("*.parquet"))])
        for name in TABLES
    }


@pytest.mark.filterwarnings("ignore")
def test_cluster_gives_the_tables_of_the_stream_though_a_worker_is_lost(tmp_path: Path, rows: list[market.Row]) -> None:
    files = market.write_files(tmp_path / "market", rows, 5)
    distributed = pytest.importorskip(
        "distributed", reason="dask is not installed; pip install supplement-label-auditor[dask]"
    )
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, worker_dashboard_address=None
    ) as cluster:
        stopped: list[str] = []

        def stop_one(done: Done) -> None:
            if not stopped:
                worker = next(iter(cluster.workers.values()))
                stopped.append(worker.worker_address)
                cluster.sync(worker.kill)

        # A task for each file, so that the second worker has something to take over.
        from auditor.engines import cluster as engine

        whole_files = engine.TASK_BYTES
        engine.TASK_BYTES = 1
        try:
            run = run_to(
                files,
                tmp_path / "dask",
                engine="dask",
                tables_as="parquet",
                scheduler=cluster.scheduler_address,
                settings=ReadSettings(chunk_rows=3_000),
                progress=stop_one,
            )
        finally:
            engine.TASK_BYTES = whole_files
    assert stopped
    found = tables_of(tmp_path / "dask")
    for name in TABLES:
        run_to(files, tmp_path / f"{name}.parquet", table=name, settings=ReadSettings(chunk_rows=7_000))
        expected = pq.read_table(tmp_path / f"{name}.parquet")
        assert found[name].schema.equals(arrow_schema(name, (market.EXTRA,) if name == "products" else ()))
        assert found[name].equals(expected), name
    here = run_to(files, tmp_path / "stream", settings=ReadSettings(chunk_rows=7_000))
    assert run.summary == here.summary
    assert run.counts == here.counts
    of_cluster, of_stream = (read_written_audit(tmp_path / name) for name in ("dask", "stream"))
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(of_cluster, name), getattr(of_stream, name))
    # The parts of the cluster go with their data package.
    assert streamed(files, tmp_path / "dask", 7_000) == files_of(tmp_path / "stream")
    assert not [path for path in (tmp_path / "dask").iterdir() if path.is_dir()]


@pytest.mark.parametrize(("held", "given"), [(memory.MUCH, []), (memory.MUCH + 1, ["back"])])
def test_memory_is_given_back_by_a_process_that_holds_much(
    held: int, given: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(memory, "held_bytes", lambda: held)
    monkeypatch.setattr(memory, "give_back", lambda: told.append("back"))
    memory.tidy_up()
    assert told == given


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not tell")
def test_what_a_process_holds_grows_by_what_it_takes() -> None:
    before = memory.held_bytes()
    taken = bytearray(b"1" * 50_000_000)
    assert memory.held_bytes() - before > 40_000_000
    assert len(taken) == 50_000_000
