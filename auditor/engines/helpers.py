"""The parts of a run, audited by this process and by helpers beside it on the machine's other cores."""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from auditor.engines import parts
from auditor.engines.groups import Group
from auditor.engines.memory import give_back
from auditor.engines.parts import PartRecord, Rules
from auditor.engines.spill import Folder

WAITING = 2
"""Parts given to each helper: the one it audits and the next one, so that it never waits."""

Long = Callable[[], bool]


def usable_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Helper:
    """One helper process, which audits one part at a time."""

    def __init__(self, rules: Rules, folder: Folder) -> None:
        # It has to find what this process finds, wherever that was started.
        paths = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "auditor.engines.beside"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths},
        )
        self._first: tuple[Rules, str] | None = (rules, folder.name)

    def audit(self, group: Group, number: int) -> PartRecord | None:
        """The record of an audited part; None when the helper has ended before it was done."""
        heard, said = self._process.stdin, self._process.stdout
        assert heard is not None
        assert said is not None
        try:
            if self._first is not None:
                pickle.dump(self._first, heard, protocol=pickle.HIGHEST_PROTOCOL)
                self._first = None
            pickle.dump((group, number), heard, protocol=pickle.HIGHEST_PROTOCOL)
            heard.flush()
            answer = pickle.load(said)
        except (EOFError, OSError, pickle.UnpicklingError):
            return None
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, PartRecord)
        return answer

    def end(self) -> None:
        """End the process, at once."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


@dataclass
class Crew:
    """This process and its helpers; they are started when the input turns out to be long.

    Which process audits a part makes no difference to the result.  A helper that ends before its time is done without:
    its parts are audited here.
    """

    rules: Rules
    folder: Folder
    helpers: int
    """How many helpers there may be."""
    is_long: Long
    """Whether the input is worth starting them, asked before each part until it is."""
    finished: Callable[[PartRecord], None]
    """Called with each audited part, in no order."""
    _idle: queue.SimpleQueue[Helper] = field(default_factory=queue.SimpleQueue)
    _started: list[Helper] = field(default_factory=list)
    _given: dict[Future[PartRecord | None], tuple[Group, int]] = field(default_factory=dict)

    def audit(self, groups: Iterator[Group]) -> None:
        """Audit all groups, the first as part 0."""
        with ThreadPoolExecutor(max(self.helpers, 1)) as pool:
            try:
                for number, group in enumerate(groups):
                    self._collect()
                    if self._have_helpers() and len(self._given) < WAITING * len(self._started):
                        self._given[pool.submit(self._beside, group, number)] = group, number
                    else:
                        self._here(group, number)
                    del group
                while self._given:
                    self._take_back()
                    self._collect(wait_for_one=True)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                # What still waits for a helper's answer hears that it is gone.
                for helper in self._started:
                    helper.end()

    def _have_helpers(self) -> bool:
        if self.helpers and not self._started and self.is_long():
            self._started = [Helper(self.rules, self.folder) for _ in range(self.helpers)]
            for helper in self._started:
                self._idle.put(helper)
        return bool(self._started)

    def _beside(self, group: Group, number: int) -> PartRecord | None:
        helper = self._idle.get()
        try:
            return helper.audit(group, number)
        finally:
            self._idle.put(helper)

    def _here(self, group: Group, number: int) -> None:
        self.finished(parts.audit_group(group, number, self.rules, self.folder))
        give_back()

    def _collect(self, *, wait_for_one: bool = False) -> None:
        """Count what the helpers have done; a part that a helper did not live to finish is audited here."""
        if wait_for_one and self._given:
            wait(self._given, return_when=FIRST_COMPLETED)
        for future in [future for future in self._given if future.done()]:
            group, number = self._given.pop(future)
            record = future.result()
            if record is not None:
                self.finished(record)
                continue
            warnings.warn("a helper process ended before its time; its parts are audited without it", stacklevel=2)
            self._here(group, number)

    def _take_back(self) -> None:
        """Audit here what no helper has begun."""
        for future in list(self._given):
            if future.cancel():
                self._here(*self._given.pop(future))
