"""The naive way, for comparison: a pydantic model and pint for every row, one row after the other."""

from __future__ import annotations

import csv
import itertools
import re
import time
from pathlib import Path

import pint
from pydantic import BaseModel

AMOUNT = re.compile(r"([\d.,]+)\s*(mcg|µg|mg|g|IU)?", re.IGNORECASE)


class Line(BaseModel):
    """One row of the table."""

    product_id: str
    brand: str
    name: str
    upc: str
    ingredient: str
    amount: str
    unit: str
    percent_dv: str
    serving_size: str
    directions: str


def seconds_of(path: Path, count: int) -> float:
    """Seconds for the first rows: parse the amount of each, convert it, compare it with a band.  No checks, no directions."""
    units = pint.UnitRegistry()
    units.define("IU = 0.025 microgram")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(itertools.islice(csv.DictReader(file), count))
    start = time.perf_counter()
    high = 0
    for row in rows:
        line = Line(**{name: row[name] for name in Line.model_fields})
        found = AMOUNT.search(f"{line.amount} {line.unit}" if line.amount else line.ingredient)
        if found is None or not found[1].strip(".,"):
            continue
        try:
            quantity = units.Quantity(float(found[1].strip(".,").replace(",", "")), found[2] or "mg").to("microgram")
        except (ValueError, pint.PintError):
            continue
        high += quantity > units.Quantity(100, "microgram")
    return time.perf_counter() - start
