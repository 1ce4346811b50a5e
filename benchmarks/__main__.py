"""`python -m benchmarks`: what an audit costs beside reading the file, measured side by side in one run.

Every figure is the median of several rounds that take turns, so that what else the machine does falls on all alike; the
ratio is to reading the same CSV with pandas' default `read_csv` in the same round.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa

from benchmarks import stages
from benchmarks.market import Market
from benchmarks.memory import run_watched

SIZES = {"20k": 20_000, "200k": 200_000, "2M": 2_000_000, "6M": 6_000_000}
NAIVE = {
    "pydantic and pint row by row, amounts only (4,000 lines, scaled)": ("naive", "4000"),
    "the same audit one label after the other (60 labels as pydantic records, scaled)": ("labels", "60"),
}
FILES = {"parquet": "parquet", "jsonl": "jsonl", "dask": "folder"}
"""What a part reads besides the CSV that all are compared with."""
LOOKS_AT_MEMORY = 3
"""Runs, of those that are timed as many again, of which the highest memory is told."""
PARTS = ("csv", "parquet", "naive", "jsonl", "dask", "one", "stages")


def main() -> None:
    """Measure and print the table."""
    options = _options()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else every process that is started compiles all modules anew
    folder = Path(options.data)
    folder.mkdir(parents=True, exist_ok=True)
    print(f"# {os.cpu_count()} cores, Python {sys.version.split()[0]}, {options.rounds} rounds, seed {options.seed}\n")
    print(
        "| lines | what | seconds | ratio to read_csv | spread of the ratio | peak MB |\n| --- | --- | --- | --- | --- | --- |"
    )
    for size in options.sizes.split(","):
        _measure(size, SIZES.get(size) or int(size), folder, options)
    if "one" in options.parts:
        _one_label(options.rounds)
    if "stages" in options.parts:
        stages.main(folder / f"market-{options.sizes.split(',')[-1]}.csv")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--sizes", default="20k,200k,2M", help="lines: 20k, 200k, 2M, 6M or a number, joined by commas")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured")
    parser.add_argument(
        "--parts", default=",".join(PARTS), type=lambda text: text.split(","), help=f"of {', '.join(PARTS)}"
    )
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument(
        "--data",
        default=str(Path(tempfile.gettempdir()) / "auditor-benchmark"),
        help="folder for the markets, kept between runs",
    )
    return parser.parse_args()


def _measure(size: str, lines: int, folder: Path, options: argparse.Namespace) -> None:
    kinds = {"csv"} | {kind for part, kind in FILES.items() if part in options.parts}
    files = make_market(Market(lines, options.seed), folder, size, kinds)
    ways: dict[str, list[str]] = {"read_csv, the reference": ["read", str(files["csv"])]}
    if "csv" in options.parts:
        ways["CSV in, three tables out"] = ["stream", str(files["csv"]), str(folder / "out-csv/")]
    if "parquet" in options.parts:
        ways["Parquet in, three Parquet tables out"] = ["parquet", str(files["parquet"]), str(folder / "out-parquet")]
    if "jsonl" in options.parts:
        ways["DSLD JSON lines in, three tables out"] = ["stream", str(files["jsonl"]), str(folder / "out-jsonl/")]
    if "dask" in options.parts:
        ways["Dask, 2 workers, 8 Parquet files"] = ["dask", str(files["folder"]), str(folder / "out-dask")]
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    # Before the rounds that are timed: who looks on takes time.  Processes meet differently in every run.
    looks = min(options.rounds, LOOKS_AT_MEMORY)
    peaks = {name: max(_peak_of(command) for _ in range(looks)) for name, command in ways.items()}
    for _ in range(options.rounds):
        for name, command in ways.items():
            seconds[name].append(_in_child(command)["seconds"])
    reference = seconds["read_csv, the reference"]
    for name, taken in seconds.items():
        _print_row(size, name, taken, reference, f"{peaks[name]:.0f}")
    if "naive" in options.parts:
        for name, command in NAIVE.items():
            # In processes of their own: what this one once held would count as the peak of all it starts.
            found = [_in_child([command[0], str(files["csv"]), command[1]]) for _ in range(max(1, options.rounds // 2))]
            taken = [one["seconds"] * lines / one["lines"] for one in found]
            _print_row(size, name, taken, [statistics.median(reference)] * len(taken))


def _print_row(size: str, name: str, taken: list[float], reference: list[float], peak: str = "") -> None:
    ratios = [one / other for one, other in zip(taken, reference, strict=True)]
    print(
        f"| {size} | {name} | {statistics.median(taken):.2f} | {statistics.median(ratios):.2f} | {min(ratios):.2f} to {max(ratios):.2f} | {peak} |",
        flush=True,
    )


def _in_child(command: list[str]) -> dict[str, float]:
    """Run one way in a process of its own, which tells its seconds (imports left out) and its own peak memory."""
    done = subprocess.run([*_WAY, *command], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _peak_of(command: list[str]) -> float:
    """Peak memory of one way, in MB: of its process and all that it started together."""
    printed, highest = run_watched([*_WAY, *command])
    return max(highest, json.loads(printed.splitlines()[-1])["peak_mb"])


_WAY = [sys.executable, "-W", "ignore", "-m", "benchmarks.ways"]


def make_market(
    market: Market, folder: Path, size: str, kinds: Collection[str] = ("csv", *FILES.values())
) -> dict[str, Path]:
    """The market in some of the kinds CSV, Parquet, DSLD JSON lines and a folder of Parquet files; each made once."""
    import pyarrow.csv
    import pyarrow.parquet

    from benchmarks.dsld import record_lines

    name = f"market-{size}" if market.seed == 2026 else f"market-{size}-{market.seed}"
    files = {kind: folder / f"{name}.{kind}" for kind in ("csv", "parquet", "jsonl")} | {
        "folder": folder / f"{name}-files"
    }
    missing = {kind for kind in kinds if not files[kind].exists()}
    if not missing:
        return files
    with ExitStack() as stack:
        writers: dict[str, Callable[[pa.Table], object]] = {}
        for number, table in enumerate(market.tables(max(200, market.labels // 8))):
            if not number:
                if "csv" in missing:
                    writers["csv"] = stack.enter_context(pyarrow.csv.CSVWriter(files["csv"], table.schema)).write
                if "parquet" in missing:
                    written = pyarrow.parquet.ParquetWriter(files["parquet"], table.schema, compression="zstd")
                    writers["parquet"] = stack.enter_context(written).write_table
                if "jsonl" in missing:
                    jsonl = stack.enter_context(files["jsonl"].open("wb"))
                    writers["jsonl"] = lambda rows, to=jsonl: to.writelines(record_lines(rows))  # type: ignore[misc]
            for write in writers.values():
                write(table)
            if "folder" in missing:
                files["folder"].mkdir(exist_ok=True)
                pyarrow.parquet.write_table(table, files["folder"] / f"{number:03d}.parquet", compression="zstd")
    return files


def _one_label(rounds: int) -> None:
    commands = {
        "importing pandas": ["-c", "import pandas"],
        "auditor check, one label": ["-m", "auditor", "check", "D3 5,000 IU, K2 (MK-7) 100 mcg"],
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds * 2):
        for name, command in commands.items():
            taken[name].append(
                _timed(
                    lambda command=command: subprocess.run([sys.executable, *command], check=True, capture_output=True)
                )
            )  # type: ignore[misc]
    for name, own in taken.items():
        ratios = [one / other for one, other in zip(own, taken["importing pandas"], strict=True)]
        print(
            f"| 1 | {name} | {statistics.median(own):.2f} | {statistics.median(ratios):.2f} (to importing pandas) | {min(ratios):.2f} to {max(ratios):.2f} | |"
        )


def _timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def peak_mb() -> float:
    """Peak memory of this process so far, in MB; not that of the process that started it, which the usage of resources counts too."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
