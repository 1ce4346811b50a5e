"""What goes wrong for a person, and the exit code it ends with.

Every error carries all problems of its kind at once, each as one sentence of the form
*where, what was found, what is accepted, what to do*.  Nothing here prints.
"""

from __future__ import annotations

from collections.abc import Iterable


class AuditorError(Exception):
    """Base of all errors that are shown to the user without a traceback."""

    exit_code = 2

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class UsageError(AuditorError):
    """An option or argument that cannot be used (exit code 2)."""

    exit_code = 2


class InputError(AuditorError):
    """A file that cannot be read at all (exit code 3).

    A single unusable row is no error: it goes to the rejects and the rest is audited.
    """

    exit_code = 3


class EvidenceError(AuditorError):
    """An evidence folder that breaks its own rules (exit code 4); each problem names file and key."""

    exit_code = 4
