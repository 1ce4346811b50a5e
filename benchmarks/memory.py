"""Memory of a process and all that it started, while they run: what they share is counted once.

Of each page that several processes have mapped the system counts to each its share (PSS); the sum over the processes is
what they take together.  Read from `/proc`, where there is one.
"""

from __future__ import annotations

import contextlib
import subprocess
import time
from pathlib import Path

PROCESSES = Path("/proc")
SECONDS_BETWEEN = 0.2


def run_watched(command: list[str]) -> tuple[str, float]:
    """Run a command in a session of its own; what it printed, and the highest memory seen in MB, 0 if it cannot be seen.

    Looking takes processor time from what is looked at, so the run is not to be timed.

    Raises:
        subprocess.CalledProcessError: the command failed.
    """
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        highest = 0.0
        while process.poll() is None:
            highest = max(highest, _of_session(process.pid))
            time.sleep(SECONDS_BETWEEN)
        assert process.stdout is not None
        printed = process.stdout.read()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return printed, highest


def _of_session(leader: int) -> float:
    kilobytes = 0
    for status in PROCESSES.glob("[0-9]*/stat"):
        # Processes end while they are looked at.
        with contextlib.suppress(OSError):
            after_name = status.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if int(after_name[3]) == leader:
                rollup = status.with_name("smaps_rollup").read_text(encoding="ascii")
                kilobytes += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return kilobytes / 1024
