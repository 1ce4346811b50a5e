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
from typing import BinaryIO

from auditor.collecting import without_collector
from auditor.engines.memory import hold_little, tidy_up
from auditor.engines.spill import Folder
from auditor.engines.works import works


def serve(heard: BinaryIO, said: BinaryIO) -> None:
    """Hear the rules and the name of the folder, then which of its :func:`~auditor.engines.works.works` to do with what;
    answer with what came of it, or with the error it ended in."""
    hold_little()
    rules, name = pickle.load(heard)
    known = works(rules, Folder(name))
    while True:
        try:
            work, arguments = pickle.load(heard)
        except EOFError:
            return
        try:
            answer = known[work](*arguments)
        except Exception as error:  # whatever it is, it is the run's to tell
            error.add_note(traceback.format_exc())
            answer = error
        del arguments
        pickle.dump(answer, said, protocol=pickle.HIGHEST_PROTOCOL)
        said.flush()
        del answer
        tidy_up()


if __name__ == "__main__":
    # Ctrl-C reaches every process of a terminal; the run itself ends its helpers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = sys.stdout.buffer
    sys.stdout = sys.stderr  # nothing else may stand among the answers
    with without_collector():
        serve(sys.stdin.buffer, answers)
