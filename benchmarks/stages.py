"""Where the time of a run goes: read, parse, dose, classify, checks, keep, write.

Each stage's functions are wrapped by a clock of their thread's own time; what one stage calls of another counts for
the other, so a check that reads a product's name has that reading under parsing.
"""

from __future__ import annotations

import functools
import importlib
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

STAGES = {
    "read and leave aside what no audit looks at": ("auditor.engines.groups:_alone", "auditor.engines.groups:_joined"),
    "parse texts, each distinct one once": (
        "auditor.needed:is_target", "auditor.distinct:Distinct.map", "auditor.dose:read_audience", "auditor.dose:_directed_to",
        "auditor.dose:may_dose_others", "auditor.dose:may_name_anybody", "auditor.dose:_spaced_names",
        "auditor.checks.amounts:read_line", "auditor.checks.forms:read_ingredient", "auditor.checks.safety:read_ingredient",
        "auditor.checks.doses:read_audience", "auditor.checks.doses:audiences_of",
    ),
    "doses": ("auditor.pipeline:line_doses", "auditor.pipeline:contexts_of", "auditor.pipeline:targets_of", "auditor.pipeline:join_rows",
              "auditor.pipeline:chosen_rows", "auditor.pipeline:_doses"),
    "classify (bands, verdicts, limits, classes)": ("auditor.pipeline:judge", "auditor.pipeline:products_table"),
    "checks": ("auditor.pipeline:find_all", "auditor.pipeline:label_keys", "auditor.engines.sharers:compare", "auditor.engines.finishing:located"),
    "keep parts": ("auditor.engines.parts:_keep_labels", "auditor.engines.spill:Folder.put"),
    "write": ("auditor.engines.run:_Stream._write",),
}  # fmt: skip
"""Stage -> functions, each named by where it is looked up when it is called."""

_MESSAGES = "auditor.checks.findings"
"""What is made once per distinct finding is no parsing."""


class _Clock:
    """Seconds of each stage, of the thread that ran it, without what other stages took inside."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._own = threading.local()

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its time counted for the stage."""

        @functools.wraps(function)
        def wrapped(*given: Any, **named: Any) -> Any:
            inside: list[float] = self._own.__dict__.setdefault("inside", [])
            inside.append(0.0)
            start = time.thread_time()
            try:
                return function(*given, **named)
            finally:
                spent = time.thread_time() - start
                self.seconds[stage] += spent - inside.pop()
                if inside:
                    inside[-1] += spent

        return wrapped


@contextmanager
def _clocked() -> Iterator[_Clock]:
    clock = _Clock()
    replaced: list[tuple[Any, str, Any]] = []
    try:
        for stage, functions in STAGES.items():
            for address in functions:
                module, _, path = address.partition(":")
                owner: Any = importlib.import_module(module)
                *above, name = path.split(".")
                for part in above:
                    owner = getattr(owner, part)
                replaced.append((owner, name, getattr(owner, name)))
                setattr(owner, name, clock.timed(stage, getattr(owner, name)))
        findings: Any = importlib.import_module(_MESSAGES)
        replaced.append((findings, "message", findings.message))
        findings.message = clock.timed("checks", findings.message)
        yield clock
    finally:
        for owner, name, original in reversed(replaced):
            setattr(owner, name, original)


def main(source: Path) -> None:
    """Run once with clocks in it and print the seconds of each stage and its share of the run's processor time."""
    from auditor.engines import run_to

    with tempfile.TemporaryDirectory() as folder, _clocked() as clock:
        start = time.process_time()
        run_to([source], f"{folder}/out/", workers=1)  # the clocks of another process would not be seen
        whole = time.process_time() - start
    clock.seconds["the rest, mostly reading the file"] = whole - sum(clock.seconds.values())
    print("\n| stage | processor seconds | share |\n| --- | --- | --- |")
    for name, taken in clock.seconds.most_common():
        print(f"| {name} | {taken:.2f} | {taken / whole:.0%} |")
    print(f"| whole run | {whole:.2f} | 100% |")
