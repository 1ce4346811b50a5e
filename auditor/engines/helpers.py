"""The parts of a run, audited by this process and by helpers beside it on the machine's other cores."""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, cast

from auditor.engines import parts
from auditor.engines.groups import Group
from auditor.engines.memory import give_back
from auditor.engines.parts import Finished, PartRecord, Rules
from auditor.engines.spill import Folder

WAITING = 2
"""Parts given to each helper: the one it audits and the next one, so that it never waits."""

Long = Callable[[], bool]
ToFinish = tuple[int, parts.Places, tuple[int, ...], parts.Across, tuple[str, ...]]
"""What :func:`auditor.engines.parts.finish_part` takes besides the folder."""
ENDED = "a helper process ended before its time; its parts are done without it"


def usable_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Helper:
    """One helper process, which does one thing at a time."""

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
        return cast("PartRecord | None", self._done("audit", group, number))

    def finish(self, part: ToFinish) -> Finished | None:
        """A finished part; None when the helper has ended before it was done."""
        return cast("Finished | None", self._done("finish", *part))

    def _done(self, work: str, *arguments: object) -> object:
        heard, said = self._process.stdin, self._process.stdout
        assert heard is not None
        assert said is not None
        try:
            if self._first is not None:
                pickle.dump(self._first, heard, protocol=pickle.HIGHEST_PROTOCOL)
                self._first = None
            pickle.dump((work, arguments), heard, protocol=pickle.HIGHEST_PROTOCOL)
            heard.flush()
            answer = pickle.load(said)
        except (EOFError, OSError, pickle.UnpicklingError):
            return None
        if isinstance(answer, Exception):
            raise answer
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
    """This process and its helpers, which are started when the input turns out to be long and end with the block.

    Which process does what makes no difference to the result.  A helper that ends before its time is done without: what
    it did not finish is done here.
    """

    rules: Rules
    folder: Folder
    helpers: int
    """How many helpers there may be."""
    is_long: Long
    """Whether the input is worth starting them, asked before each part until it is."""
    _pool: ThreadPoolExecutor = field(init=False)
    """One thread for each helper waits for its answers."""
    _idle: queue.SimpleQueue[Helper] = field(default_factory=queue.SimpleQueue)
    _started: list[Helper] = field(default_factory=list)

    def __enter__(self) -> Crew:
        self._pool = ThreadPoolExecutor(max(self.helpers, 1))
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        # What still waits for a helper's answer hears that it is gone.
        for helper in self._started:
            helper.end()

    def audit(self, groups: Iterator[Group], finished: Callable[[PartRecord], None]) -> None:
        """Audit all groups, the first as part 0; `finished` is called with each audited part, in no order."""
        given: dict[Future[PartRecord | None], tuple[Group, int]] = {}
        for number, group in enumerate(groups):
            self._collect(given, finished)
            if self._have_helpers() and len(given) < WAITING * len(self._started):
                given[self._pool.submit(self._beside, Helper.audit, group, number)] = group, number
            else:
                self._here(group, number, finished)
            del group
        while given:
            for future in list(given):
                # What no helper has begun is audited here.
                if future.cancel():
                    self._here(*given.pop(future), finished)
            self._collect(given, finished, wait_for_one=True)

    def finish(self, to_finish: Sequence[ToFinish]) -> Iterator[Finished]:
        """The parts finished, in order; this process and its helpers take turns, each helper some parts in advance."""
        turns = len(self._started) + 1
        given: dict[int, Future[Finished | None]] = {}
        for place in range(len(to_finish)):
            # One more than there are processes: each has something to do while what is ready is written.
            for following in range(place, min(place + turns + 1, len(to_finish))):
                if following % turns and following not in given:
                    given[following] = self._pool.submit(self._beside, Helper.finish, to_finish[following])
            # Held by nobody here while it is written: tables are large.
            yield self._finished(to_finish[place], given.pop(place, None))

    def _finished(self, part: ToFinish, beside: Future[Finished | None] | None) -> Finished:
        if beside is not None:
            done = beside.result()
            if done is not None:
                return done
            warnings.warn(ENDED, stacklevel=2)
        return parts.finish_part(*part, self.folder)

    def prepare(self) -> None:
        """Start the helpers if, by what is known now, they are worth it: they take a second to begin."""
        self._have_helpers()

    def _have_helpers(self) -> bool:
        if self.helpers and not self._started and self.is_long():
            self._started = [Helper(self.rules, self.folder) for _ in range(self.helpers)]
            for helper in self._started:
                self._idle.put(helper)
        return bool(self._started)

    def _beside(self, work: Callable[..., Any], *arguments: object) -> Any:
        helper = self._idle.get()
        try:
            return work(helper, *arguments)
        finally:
            self._idle.put(helper)

    def _here(self, group: Group, number: int, finished: Callable[[PartRecord], None]) -> None:
        finished(parts.audit_group(group, number, self.rules, self.folder))
        give_back()

    def _collect(
        self,
        given: dict[Future[PartRecord | None], tuple[Group, int]],
        finished: Callable[[PartRecord], None],
        *,
        wait_for_one: bool = False,
    ) -> None:
        """Count what the helpers have done; a part that a helper did not live to finish is audited here."""
        if wait_for_one and given:
            wait(given, return_when=FIRST_COMPLETED)
        for future in [future for future in given if future.done()]:
            group, number = given.pop(future)
            record = future.result()
            if record is not None:
                finished(record)
                continue
            warnings.warn(ENDED, stacklevel=2)
            self._here(group, number, finished)
