"""The case tables of `tests/cases`: TOML that a nutritionist can read, numbers kept as exact decimals."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

CASES = Path(__file__).parent / "cases"


def load_cases(name: str) -> dict[str, Any]:
    """A whole case file."""
    return tomllib.loads((CASES / name).read_text(encoding="utf-8"), parse_float=Decimal)


def grouped_cases(name: str, table: str = "group") -> list[tuple[str, dict[str, Any]]]:
    """(title of the group, case) for every case of a file; what a group says once holds for all its cases."""
    groups = load_cases(name)[table]
    return [
        (group["title"], {**{key: value for key, value in group.items() if key not in ("title", "cases")}, **case})
        for group in groups
        for case in group["cases"]
    ]
