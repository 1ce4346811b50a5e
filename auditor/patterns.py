"""Regular expressions that are compiled when they are first used: most labels need few of them."""

from __future__ import annotations

import re
from typing import Any, cast


def late_pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """What `re.compile` gives, made on first use."""
    return cast("re.Pattern[str]", Late(text, flags))


class Late:
    """Stands in for a compiled pattern; what was asked of it once is kept, so that a later call costs no more than the pattern's own."""

    def __init__(self, text: str, flags: int) -> None:
        self.pattern, self.flags = text, flags

    def __getattr__(self, name: str) -> Any:
        # re keeps the compiled patterns itself, so that this compiles once.
        found = getattr(re.compile(self.pattern, self.flags), name)
        setattr(self, name, found)
        return found
