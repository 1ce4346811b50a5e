"""From files to an audit: in memory, as a stream of bounded memory, or on a cluster; always the same pure function."""

from auditor.engines.counts import Counts
from auditor.engines.run import Done, Run, run_to
from auditor.engines.whole import Everything, Progress, ReadSettings, accounted, audit, read_everything, reject_table

__all__ = [
    "Counts",
    "Done",
    "Everything",
    "Progress",
    "ReadSettings",
    "Run",
    "accounted",
    "audit",
    "read_everything",
    "reject_table",
    "run_to",
]
