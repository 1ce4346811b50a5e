"""Where the time of a run goes: read, parse, dose, checks, classify, keep, write."""

from __future__ import annotations

import cProfile
import pstats
import tempfile
from pathlib import Path

STAGES = {
    "parse texts (distinct ones)": ("distinct.py", "map"),
    "contexts": ("dose.py", "contexts_of"),
    "find vitamin lines": ("dose.py", "targets_of"),
    "doses": ("dose.py", "line_doses"),
    "join": ("joining.py", "join_rows"),
    "classify (bands, verdicts, limits)": ("judging.py", "judge"),
    "checks": ("findings.py", "find_all"),
    "products table": ("products.py", "products_table"),
    "keys across labels": ("across.py", "label_keys"),
    "line table": ("labels.py", "as_line_table"),
    "keep parts": ("spill.py", "put"),
    "across labels": ("parts.py", "across_parts"),
    "finish and write": ("run.py", "_write"),
    "wait for the reader": ("run.py", "ahead"),
    "whole run": ("run.py", "run_to"),
}


def main(source: Path) -> None:
    """Profile one streamed run and print the share of each stage; parsing stands in several others."""
    from auditor.engines import run_to

    with tempfile.TemporaryDirectory() as folder:
        profile = cProfile.Profile()
        profile.runcall(run_to, [source], f"{folder}/out/")
    stats = pstats.Stats(profile)
    seconds = {
        name: sum(
            times[3] for (path, _, function), times in stats.stats.items() if (Path(path).name, function) == place
        )  # type: ignore[attr-defined]
        for name, place in STAGES.items()
    }
    print("\n| stage (profiled, so slower than measured above) | seconds | share |\n| --- | --- | --- |")
    for name, taken in sorted(seconds.items(), key=lambda item: -item[1]):
        print(f"| {name} | {taken:.2f} | {taken / seconds['whole run']:.0%} |")
