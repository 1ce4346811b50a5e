"""The parts of a run, audited by this process and by helpers beside it on the machine's other cores."""

from __future__ import annotations

import contextlib
import functools
import os
import pickle
import subprocess
import sys
import time
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

from auditor.engines import parts
from auditor.engines.groups import Group, divided
from auditor.engines.memory import tidy_up
from auditor.engines.parts import PartRecord, Rules, Waiting
from auditor.engines.spill import Folder
from auditor.engines.works import works

WAITING = 2
"""Shares given to each helper: that of one group and of the next, so that it never waits."""
LEAST_SHARE = 0.05
"""This process audits at least so much of a group, however long it takes to read one."""
LEAST_DIVIDED = 8_000
"""Lines of a group that is shared out; each share has a price, and the last group may be a small rest."""
FIRST_PACE = 45e-6
"""Seconds that the audit of a line is taken for as long as none is measured."""
AT_FIRST = 2.0
"""The first group takes so many times as long as others of its size, for no text of it has been read before."""
MEANT_FOR_HELPERS = 0.1
"""Part of its share that this process leaves to the helpers, so that these rather than it have something waiting."""

Long = Callable[[], bool]
NOTHING = object()
"""What comes of a work that a helper did not live to do."""
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

    def do(self, work: str, *arguments: object) -> Any:
        """What comes of one of the :func:`~auditor.engines.works.works`; :data:`NOTHING` when the helper has ended before it was done."""
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
            return NOTHING
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
class Pace:
    """How long reading and auditing take, by which the lines of a group are shared out."""

    lines_read: int = 0
    reading_seconds: float = 0.0
    lines_audited: int = 0
    audit_seconds: float = 0.0

    def audited(self, number: int, lines: int, start: float) -> None:
        """Count lines of a group whose audit began at `start`, of :func:`time.perf_counter`, and has ended now."""
        self.audit_seconds += (time.perf_counter() - start) / (1.0 if number else AT_FIRST)
        self.lines_audited += lines

    def shares(self, helpers: int, waiting: float = 0.0) -> list[float]:
        """The share of this process, which also reads, and that of each helper, so that all are done at one time.

        Args:
            helpers: how many there are.
            waiting: what the helpers have not done of the groups before, as a share of this one.
        """
        even = 1 / (1 + helpers)
        reading = self.reading_seconds / max(self.lines_read, 1)
        audit = self.audit_seconds / self.lines_audited if self.lines_audited else FIRST_PACE
        own = (1 - MEANT_FOR_HELPERS) * even * (1 + waiting - helpers * reading / audit)
        own = min(max(own, LEAST_SHARE), even)
        return [own, *([(1 - own) / helpers] * helpers)]


def _nothing_more(place: int, found: Any) -> None:
    pass


def _settle(result: Future[Any], found: Any = None, error: BaseException | None = None) -> None:
    """Set what came of a task, unless nobody asks for it any more."""
    if not result.set_running_or_notify_cancel():
        return
    if error is None:
        result.set_result(found)
    else:
        result.set_exception(error)


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
    _started: list[Helper] = field(default_factory=list)
    _waiters: list[ThreadPoolExecutor] = field(default_factory=list)
    """For each helper the thread that waits for its answers."""
    _given: dict[Future[PartRecord | object], tuple[int, Waiting]] = field(default_factory=dict)
    """Shares that helpers have: which helper, and the share."""
    _pace: Pace = field(default_factory=Pace)

    def __post_init__(self) -> None:
        self._works = works(self.rules, self.folder)
        self._follower = ThreadPoolExecutor(1)
        self._over = False

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        # A run that fails leaves tasks that nobody is to begin any more.
        self._over = True
        for waiter in self._waiters:
            waiter.shutdown(wait=False, cancel_futures=True)
        # What still waits for a helper's answer hears that it is gone.
        for helper in self._started:
            helper.end()
        self._follower.shutdown()

    def audit(self, groups: Iterator[Group], finished: Callable[[PartRecord], None]) -> None:
        """Audit all groups, the first as part 0; `finished` is called with each audited share, in no order."""
        for number, group in enumerate(self._clocked(groups)):
            if self._have_helpers() and len(group.found) >= LEAST_DIVIDED:
                shares = self._pace.shares(len(self._started), self._lines_waiting() / max(len(group.found), 1))
                own, *others = divided(group, shares)
                del group
                for helper, share in enumerate(others):
                    self._give(helper, share, number, finished)
                del others
            else:
                own = group
                del group
            self._here(own, number, finished)
            del own
            self._collect(finished)
        while self._given:
            for future in reversed(list(self._given)):
                # What no helper has begun is audited here, first what it would come to last.
                if future.cancel():
                    _, waiting = self._given.pop(future)
                    self._waiting_here(waiting, finished)
            self._collect(finished, wait_for_one=True)

    def forget(self) -> None:
        """Let all processes let go what they remember of texts: there are no more to be read."""
        for helper, waiter in zip(self._started, self._waiters, strict=True):
            waiter.submit(helper.do, "forget")
        self._works["forget"]()

    def share_out(
        self, work: str, tasks: Sequence[tuple[Any, ...]], then: Callable[[int, Any], object] = _nothing_more
    ) -> Generator[Any, None, None]:
        """Do one of the :func:`~auditor.engines.works.works` with the arguments of each task, by all processes.

        Every process takes the next task when it is done with one.

        Args:
            work: its name.
            tasks: arguments.
            then: called with the number of each task and what came of it, in order, by a thread beside those that work.

        Yields:
            what came of each, in order, after `then`; not before this process has done a task that it is about.  Who does
            not take all of them closes the generator: nothing follows after that.
        """
        results: list[Future[Any]] = [Future() for _ in tasks]
        waiting: SimpleQueue[int] = SimpleQueue()
        for place in range(len(tasks)):
            waiting.put(place)

        def do_one(do: Callable[..., Any]) -> None:
            place = waiting.get_nowait()
            try:
                found = do(work, *tasks[place])
            except Exception as error:  # whatever it is, it is raised where the result is asked for
                _settle(results[place], error=error)
            else:
                _settle(results[place], found)

        def serve(do: Callable[..., Any]) -> None:
            with contextlib.suppress(Empty):
                while not self._over:
                    do_one(do)

        def follow(place: int) -> Any:
            found = results[place].result()
            then(place, found)
            return found

        for helper, waiter in zip(self._started, self._waiters, strict=True):
            waiter.submit(serve, functools.partial(self._do_beside, helper))
        followed = deque(self._follower.submit(follow, place) for place in range(len(tasks)))
        try:
            with contextlib.suppress(Empty):
                while True:
                    do_one(self._do)
                    while followed and followed[0].done():
                        yield followed.popleft().result()
            while followed:
                yield followed.popleft().result()
        finally:
            # Whoever gives up is not to find that something follows still, say rows for a file that it closes.
            for future in (*results, *followed):
                future.cancel()
            wait(followed)

    def _do(self, work: str, *arguments: Any) -> Any:
        found = self._works[work](*arguments)
        tidy_up()
        return found

    def _do_beside(self, helper: Helper, work: str, *arguments: Any) -> Any:
        found = helper.do(work, *arguments)
        if found is NOTHING and not self._over:
            warnings.warn(ENDED, stacklevel=2)
            return self._do(work, *arguments)
        return found

    def prepare(self) -> None:
        """Start the helpers if, by what is known now, they are worth it: they take a second to begin."""
        self._have_helpers()

    def _have_helpers(self) -> bool:
        if self.helpers and not self._started and self.is_long():
            self._started = [Helper(self.rules, self.folder) for _ in range(self.helpers)]
            self._waiters = [ThreadPoolExecutor(1) for _ in self._started]
        return bool(self._started)

    def _clocked(self, groups: Iterator[Group]) -> Iterator[Group]:
        while True:
            start = time.perf_counter()
            group = next(groups, None)
            if group is None:
                return
            self._pace.reading_seconds += time.perf_counter() - start
            self._pace.lines_read += len(group.found)
            tidy_up()
            yield group
            del group

    def _lines_waiting(self) -> float:
        """Lines given to helpers that are not audited; of what a helper is about, half."""
        open_shares = [(future, waiting) for future, (_, waiting) in self._given.items() if not future.done()]
        return sum(waiting.needed_lines * (0.5 if future.running() else 1.0) for future, waiting in open_shares)

    def _give(self, helper: int, share: Group, number: int, finished: Callable[[PartRecord], None]) -> None:
        """Give a helper a share, or audit it here if the helper is far behind."""
        if sum(own == helper and not future.done() for future, (own, *_) in self._given.items()) >= WAITING:
            self._here(share, number, finished)
            return
        waiting = parts.set_aside(share, number, self.folder)
        future = self._waiters[helper].submit(self._beside, self._started[helper], waiting)
        self._given[future] = helper, waiting

    def _beside(self, helper: Helper, waiting: Waiting) -> PartRecord | object:
        start = time.perf_counter()
        record: PartRecord | object = helper.do("audit", waiting)
        if record is not NOTHING:
            self._pace.audited(waiting.number, waiting.needed_lines, start)
        return record

    def _here(self, share: Group, number: int, finished: Callable[[PartRecord], None]) -> None:
        start = time.perf_counter()
        finished(parts.audit_group(share, number, self.rules, self.folder))
        self._pace.audited(number, len(share.found), start)
        tidy_up()

    def _waiting_here(self, waiting: Waiting, finished: Callable[[PartRecord], None]) -> None:
        self._here(parts.taken(waiting, self.folder), waiting.number, finished)
        self.folder.drop(waiting.key)

    def _collect(self, finished: Callable[[PartRecord], None], *, wait_for_one: bool = False) -> None:
        """Count what the helpers have done; a share that a helper did not live to finish is audited here."""
        if wait_for_one and self._given:
            wait(self._given, return_when=FIRST_COMPLETED)
        for future in [future for future in self._given if future.done()]:
            _, waiting = self._given.pop(future)
            record = future.result()
            if isinstance(record, PartRecord):
                self.folder.drop(waiting.key)
                finished(record)
                continue
            warnings.warn(ENDED, stacklevel=2)
            self._waiting_here(waiting, finished)
