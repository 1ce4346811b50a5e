"""What the summary of a run tells of its tables."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pandas as pd

COUNTED = {
    "products": ["product_id", "class", "errors", "warnings", "notes"],
    "doses": ["nutrient", "verdict", "reason"],
    "findings": ["product_id", "finding_id", "severity"],
    "rejects": ["source", "row", "reason"],
}
"""The columns of each table by which a run is summed up."""


@dataclass
class Counts:
    """What the summary of a run tells, counted while the tables are written.

    `classes`: class -> products.  `doses`: (nutrient, first reason, '' where computed) -> doses.  `findings`:
    (severity, finding id) -> findings, and `finding_products` -> products.  `products_with`: 'errors', 'warnings',
    'notes' -> products.  `reject_reasons`: reason -> rejects.
    """

    classes: Counter[str] = field(default_factory=Counter)
    doses: Counter[tuple[str, str]] = field(default_factory=Counter)
    findings: Counter[tuple[str, str]] = field(default_factory=Counter)
    finding_products: Counter[tuple[str, str]] = field(default_factory=Counter)
    products_with: Counter[str] = field(default_factory=Counter)
    reject_reasons: Counter[str] = field(default_factory=Counter)

    def add(self, table: str, frame: pd.DataFrame) -> None:
        """Count rows of a table, of which :data:`COUNTED` are enough; all rows of a product have to come together."""
        if table == "products":
            self.classes.update(frame["class"].value_counts().to_dict())
            for name in ("errors", "warnings", "notes"):
                self.products_with[name] += int((frame[name] > 0).sum())
        elif table == "doses":
            told = frame[["nutrient", "verdict", "reason"]].value_counts().to_dict()
            for (nutrient, verdict, reasons), count in told.items():
                self.doses[nutrient, reasons.partition(";")[0] if verdict == "not-computable" else ""] += count
        elif table == "findings":
            names = frame[["severity", "finding_id"]]
            self.findings.update(names.value_counts().to_dict())
            self.finding_products.update(
                names[~frame[["product_id", "severity", "finding_id"]].duplicated()].value_counts().to_dict()
            )
        else:
            self.reject_reasons.update(frame["reason"].value_counts().to_dict())

    def join(self, other: Counts) -> None:
        """Add the counts of other products."""
        for name in vars(self):
            getattr(self, name).update(getattr(other, name))
