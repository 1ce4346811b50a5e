"""`python -m auditor` and the console script: run the command line, turn known errors into messages and exit codes."""

from __future__ import annotations

import gc
import os
import signal
import sys


def main() -> None:
    """Entry point; exit codes are 0 done, 1 findings at the level of --fail-on, 2 usage, 3 input, 4 evidence."""
    # Nothing here is linear algebra; numpy would start a thread for every core to be ready for it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from auditor.cli import cli
    from auditor.errors import AuditorError

    # Whoever ends a service or a container asks first: then what a run keeps beside its output is cleared away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        cli(standalone_mode=True)
    except AuditorError as error:
        for problem in error.problems:
            print(f"auditor: {problem}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output went away (`auditor evidence list | head`); nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    finally:
        # The interpreter walks all objects again and again while it ends; the memory goes back to the system anyway.
        gc.freeze()


if __name__ == "__main__":
    main()
