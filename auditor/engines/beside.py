"""A helper of a run: a process that audits the parts it is sent and keeps them in the folder of the run.

Started by :mod:`auditor.engines.helpers` as `python -m auditor.engines.beside`, so that the script of whoever called
is not imported again.  It hears pickled messages on its standard input and answers on its standard output; it ends when
there is nothing more to hear, also because the run is gone.
"""

from __future__ import annotations

import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from typing import BinaryIO

from auditor.collecting import without_collector
from auditor.engines import parts
from auditor.engines.memory import give_back, hold_little
from auditor.engines.spill import Folder
from auditor.remembering import forget


def serve(heard: BinaryIO, said: BinaryIO) -> None:
    """Hear the rules and the name of the folder, then what to do; answer with what came of it, or with the error it ended in.

    To do is 'audit' with a share of a group that waits in the folder, answered with its record; 'forget', which lets go what is remembered of
    texts; or 'finish' with a :class:`~auditor.engines.parts.ToFinish` and the formats of the tables that are written,
    answered with what is told of the part.
    """
    hold_little()
    rules, name = pickle.load(heard)
    folder = Folder(name)
    works: dict[str, Callable[..., object]] = {
        "audit": lambda waiting: parts.audit_waiting(waiting, rules, folder),
        "forget": forget,
        "finish": lambda part, formats: parts.make_ready(part, formats, folder),
    }
    while True:
        try:
            work, arguments = pickle.load(heard)
        except EOFError:
            return
        try:
            answer = works[work](*arguments)
        except Exception as error:  # whatever it is, it is the run's to tell
            error.add_note(traceback.format_exc())
            answer = error
        del arguments
        pickle.dump(answer, said, protocol=pickle.HIGHEST_PROTOCOL)
        said.flush()
        del answer
        give_back()


if __name__ == "__main__":
    # Ctrl-C reaches every process of a terminal; the run itself ends its helpers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = sys.stdout.buffer
    sys.stdout = sys.stderr  # nothing else may stand among the answers
    with without_collector():
        serve(sys.stdin.buffer, answers)
