"""The ways that are measured, each in a process of its own: `python -m benchmarks.ways WAY ARGUMENTS`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def read(source: str) -> None:
    """The reference."""
    import pandas as pd

    start = time.perf_counter()
    pd.read_csv(source)
    _tell(start)


def stream(source: str, target: str) -> None:
    """Read, audit and write all tables."""
    from auditor.engines import run_to

    _warm(target)
    start = time.perf_counter()
    run_to([source], target)
    _tell(start)


def parquet(source: str, target: str) -> None:
    """Read, audit and write all tables, Parquet on both ends."""
    from auditor.engines import run_to

    _warm(target)
    start = time.perf_counter()
    run_to([source], target, tables_as="parquet")
    _tell(start)


def dask(source: str, target: str) -> None:
    """The same on a cluster of two workers on this machine; starting it is left out."""
    from distributed import Client, LocalCluster

    from auditor.engines import run_to

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        client.run(_import_engines)
        start = time.perf_counter()
        run_to([source], target, engine="dask", scheduler=cluster.scheduler_address)
        _tell(start)


def naive(source: str, lines: str) -> None:
    """Row after row with pydantic and pint."""
    from benchmarks.naive import seconds_of

    _say(seconds_of(Path(source), int(lines)), int(lines))


def labels(source: str, count: str) -> None:
    """The whole audit, one label after the other."""
    from benchmarks.naive import seconds_of_audits

    _say(*seconds_of_audits(Path(source), int(count)))


def _import_engines() -> None:
    import auditor.engines  # noqa: F401


def _warm(target: str) -> None:
    """Audit a few labels, so that tables are loaded and patterns compiled: what every run pays once is told by `auditor check`."""
    import pandas as pd

    from auditor.pipeline import audit_lines

    del target
    audit_lines(
        pd.DataFrame(
            {
                "product_id": ["a", "a"],
                "ingredient": ["Vitamin D 1,000 IU", "Vitamin K2 (MK-7) 100 mcg"],
                "directions": ["Take 1 daily"] * 2,
            }
        )
    )


def _tell(start: float) -> None:
    _say(time.perf_counter() - start, 0)


def _say(seconds: float, lines: int) -> None:
    from benchmarks.__main__ import peak_mb

    print(json.dumps({"seconds": seconds, "lines": lines, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    ways = {"read": read, "stream": stream, "parquet": parquet, "dask": dask, "naive": naive, "labels": labels}
    ways[sys.argv[1]](*sys.argv[2:])
