"""What the processes of a run do for it, by name, so that any of them can be asked for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from auditor.collecting import collect_new
from auditor.engines import finishing, parts, sharers
from auditor.engines.memory import give_back
from auditor.engines.parts import Rules
from auditor.engines.spill import Folder
from auditor.remembering import forget

Work = Callable[..., Any]


def works(rules: Rules, folder: Folder) -> dict[str, Work]:
    """The works of one run; what they take and give can be sent to another process.

    'audit' takes a share of a group that waits in the folder and gives its record; 'forget' lets go what is remembered of
    texts; 'compare' takes one of :func:`~auditor.engines.sharers.comparisons`; 'finish' takes a
    :class:`~auditor.engines.finishing.ToFinish` and the formats of the tables that are written, and gives what is told
    of the part.
    """

    def compare(labels: Any, dropped: Any, block: int, name: str) -> Any:
        found = sharers.compare(labels, dropped, block, name, folder)
        give_back()  # unlike the parts before and after it, this looks at all labels of the run
        return found

    return {
        "audit": lambda waiting: parts.audit_waiting(waiting, rules, folder),
        "forget": _let_go,
        "compare": compare,
        "finish": lambda part, formats: finishing.make_ready(part, formats, folder),
    }


def _let_go() -> None:
    forget()
    collect_new()
    give_back()
