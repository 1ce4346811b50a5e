"""Memory that was freed but is kept: by the end of a run's reading it is a hundred megabytes and more that nobody uses.

Arrow's own allocator and the C library both hold on to what they are given back.  :func:`hold_little` makes them hand
large blocks to the system at once; it concerns the whole process and is therefore called where a run begins.

After a part nothing is given back by a process that holds little: the next part needs as much as the last, and to have it
taken and filled with zeros anew was a tenth of a run's time, for which the highest memory of a run was hardly lower.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pyarrow as pa

from auditor.collecting import collect_new

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""Parameters of glibc's `mallopt`."""
LARGE_BLOCK = 4_000_000
"""Bytes from which a block has pages of its own, which go back to the system when it is freed.

Pages that are taken anew have to be filled with zeros: with 400,000 a run spent a tenth of its time on that."""
UNUSED_AT_END = 60_000_000
"""Bytes of smaller blocks that may lie freed at the end of what is used before they go back, within a part."""

MUCH = 350_000_000
"""Bytes that a process holds, those it shares with others too, from which it gives back after each step what is unused."""
_RESIDENT = Path("/proc/self/statm")


@cache
def hold_little() -> None:
    """Take large blocks from the system and give them back to it; once per process, and only where glibc allocates."""
    set_option = _of_glibc("mallopt")
    if set_option is not None:
        set_option(M_ARENA_MAX, 2)
        set_option(M_MMAP_THRESHOLD, LARGE_BLOCK)
        set_option(M_TRIM_THRESHOLD, UNUSED_AT_END)
        pa.set_memory_pool(pa.system_memory_pool())


def give_back() -> None:
    """Return to the system what Arrow and the C library hold unused; takes some milliseconds, and more where it is soon
    wanted again."""
    pa.default_memory_pool().release_unused()
    trim = _of_glibc("malloc_trim")
    if trim is not None:
        trim(0)


def tidy_up() -> None:
    """After a step of a run: collect what became garbage, and :func:`give_back` where the process holds :data:`MUCH`."""
    collect_new()
    if held_bytes() > MUCH:
        give_back()


def held_bytes() -> int:
    """Memory of this process, in bytes; 0 where the system does not tell it."""
    try:
        pages = int(_RESIDENT.read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * mmap.PAGESIZE


@cache
def _of_glibc(name: str) -> Callable[..., object] | None:
    """A function of glibc; None elsewhere."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
