"""The catalogue of label checks: what each finding means, how grave it is, and where its rule comes from.

Entries are data (`auditor/data/checks.toml`).  Findings that the reading of a line or of its directions already
knows carry the entry's id as their code; the others are tests over the dose and product tables.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

CATALOGUE_FILE = Path(__file__).parent.parent / "data" / "checks.toml"


class Check(NamedTuple):
    """One entry.  `template` may use {value}, {expected}, {detail} and {name} (the nutrient in words)."""

    id: str
    family: str
    severity: str
    title: str
    template: str
    why: str
    source: str
    status: str


@cache
def catalogue() -> dict[str, Check]:
    """All checks by id, in the order of the file."""
    table = tomllib.loads(CATALOGUE_FILE.read_text(encoding="utf-8"))
    return {entry["id"]: Check(**{name: entry.get(name, "") for name in Check._fields}) for entry in table["check"]}
