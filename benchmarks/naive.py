"""The naive ways, for comparison: row after row with pydantic and pint, and the whole audit one label after the other."""

from __future__ import annotations

import csv
import itertools
import re
import time
from collections.abc import Iterator
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
    rows = list(itertools.islice(_rows(path), count))
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


def seconds_of_audits(path: Path, labels: int) -> tuple[float, int]:
    """Seconds for the first labels, audited one by one as records: the same results as the run; and how many lines they have."""
    from auditor import audit
    from auditor.labels import Label, LabelLine

    records, lines = [], 0
    for _, rows in itertools.islice(itertools.groupby(_rows(path), key=lambda row: row["product_id"]), labels):
        own = list(rows)
        lines += len(own)
        cells = [LabelLine(**{name: row[name] for name in row if name in LabelLine.model_fields}) for row in own]
        records.append(Label(**{name: own[0][name] for name in own[0] if name in Label.model_fields and name != "lines"}, lines=cells))  # fmt: skip
    audit(records[:3])
    start = time.perf_counter()
    for record in records:
        audit(record)
    return time.perf_counter() - start, lines


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
