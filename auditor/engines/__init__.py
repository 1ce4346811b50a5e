"""From files to an audit: in memory, as a stream of bounded memory, or on a cluster; always the same pure function."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.engines.counts import Counts as Counts
    from auditor.engines.run import Done as Done
    from auditor.engines.run import Run as Run
    from auditor.engines.run import run_to as run_to
    from auditor.engines.whole import Everything as Everything
    from auditor.engines.whole import Progress as Progress
    from auditor.engines.whole import ReadSettings as ReadSettings
    from auditor.engines.whole import accounted as accounted
    from auditor.engines.whole import audit as audit
    from auditor.engines.whole import read_everything as read_everything

_PUBLIC = {
    "Counts": "auditor.engines.counts",
    "Done": "auditor.engines.run",
    "Run": "auditor.engines.run",
    "run_to": "auditor.engines.run",
    "Everything": "auditor.engines.whole",
    "Progress": "auditor.engines.whole",
    "ReadSettings": "auditor.engines.whole",
    "accounted": "auditor.engines.whole",
    "audit": "auditor.engines.whole",
    "read_everything": "auditor.engines.whole",
}

__all__ = [*_PUBLIC]


def __getattr__(name: str) -> object:
    """Import the public names on first use: a helper of a run reads no files and needs none of the readers."""
    if name in _PUBLIC:
        from importlib import import_module

        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'auditor.engines' has no attribute {name!r}")
