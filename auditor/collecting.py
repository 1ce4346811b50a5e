"""Python's own garbage collection, left out where walking all objects costs more than it frees."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def collect_new() -> None:
    """Collect what became garbage since the last time; takes some milliseconds.

    It looks at each object once.  Python's own collections look again and again at the many thousands that stay, say what
    is remembered of texts: a tenth of a run's time.
    """
    gc.collect(0)


@contextmanager
def without_collector() -> Iterator[None]:
    """Leave cycles of objects lying within the block, unless somebody collects; then all is as it was before."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
