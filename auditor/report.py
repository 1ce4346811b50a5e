"""The printable HTML report: what was found, what could not be judged and why, and what the words mean.

The page is one file without scripts or remote parts.  It shows the worst rows and says how many it leaves out;
the tables themselves are the full record.
"""

from __future__ import annotations

import math
import unicodedata
from pathlib import Path
from typing import Any

import pandas as pd

from auditor.datapackage import CAVEATS, AuditTables, age_of_limits, input_name
from auditor.schema import SEVERITIES

MAX_ROWS = 500
MAX_REASONS = 20
MAX_CELL_CHARACTERS = 400

CLASS_MEANINGS = {
    "high-dose": "above the range of daily doses that trials used",
    "sub-therapeutic": "below the range of daily doses that trials used",
    "studied-range": "a daily dose that trials used, not one that works",
    "depends": "the label leaves more than one of these open",
    "not-established": "no trial supports a range for this form and context",
    "not-computable": "amount, unit or basis is unknown",
}
"""The classes, worst first, in plain words."""

_CLASSES_WORST_FIRST = ("high-dose", "sub-therapeutic", "depends", "not-computable", "not-established", "studied-range")
_OPEN_VERDICTS = ("not-computable", "not-established", "depends")
_TEMPLATE = Path(__file__).parent / "data" / "templates" / "report.html"


def render_report(audit: AuditTables) -> str:
    """The report as one HTML page; every text of a label is escaped and printed without control characters."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATE.parent), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, finalize=_printable,
    )  # fmt: skip
    environment.filters |= {"number": _number, "interval": _interval}
    classes = _count_classes(audit.products)
    products = _worst_products(audit.products)
    findings = _worst_findings(audit.findings)
    return environment.get_template(_TEMPLATE.name).render(
        caveats=CAVEATS,
        summary=audit.summary,
        limits=age_of_limits(),
        overrides=audit.summary.overrides,
        inputs=[(input_name(name), sha256) for name, sha256 in audit.summary.inputs],
        every_context=audit.summary.context == "all",
        classes=classes,
        class_counts={row["name"]: row["count"] for row in classes},
        product_rows=len(audit.products),
        over_upper_level=int(audit.products["over_upper_level"].fillna(False).sum()),
        severities={name: int((audit.findings["severity"] == name).sum()) for name in SEVERITIES},
        reasons=_count_reasons(audit),
        max_reasons=MAX_REASONS,
        products=_records(products.head(MAX_ROWS)),
        products_left_out=max(len(products) - MAX_ROWS, 0),
        finding_kinds=_count_findings(findings),
        findings=_records(findings.head(MAX_ROWS)),
        findings_left_out=max(len(findings) - MAX_ROWS, 0),
        rejects=_records(audit.rejects.head(MAX_ROWS)),
        rejects_left_out=max(len(audit.rejects) - MAX_ROWS, 0),
    )


def _count_classes(products: pd.DataFrame) -> list[dict[str, Any]]:
    counts = products["class"].value_counts()
    return [
        {"name": name, "meaning": meaning, "count": int(counts.get(name, 0)),
         "percent": 100 * int(counts.get(name, 0)) / max(len(products), 1)}
        for name, meaning in CLASS_MEANINGS.items()
    ]  # fmt: skip


def _count_reasons(audit: AuditTables) -> list[dict[str, Any]]:
    """Rows of the products table without a settled class, by class and reason, the most frequent reason first.

    A product with several reasons counts under each of them, so the counts may add up to more than the class has.
    """
    key = ["product_id", "context"] if audit.summary.context == "all" else ["product_id"]
    names = [*key, "class", "vitamin_d_verdict", "vitamin_k2_verdict"]
    unsettled = audit.products.loc[audit.products["class"].isin(_OPEN_VERDICTS), names].astype("str")
    told = audit.doses.loc[audit.doses["verdict"].isin(_OPEN_VERDICTS), [*key, "reason"]].astype("str")
    table = unsettled.merge(told.drop_duplicates(), on=key, how="left")
    neither = (table["vitamin_d_verdict"] == "absent") & (table["vitamin_k2_verdict"] == "absent")
    table["reason"] = table["reason"].mask(table["reason"] == "")
    table.loc[neither, "reason"] = "the label lists neither vitamin D nor vitamin K2"
    table["reason"] = table["reason"].fillna("no reason recorded")
    counts = table.drop_duplicates([*key, "reason"]).groupby(["class", "reason"], sort=True).size()
    counts = counts.sort_values(ascending=False, kind="stable")
    return [{"class": name, "reason": reason, "count": int(count)} for (name, reason), count in counts.items()]


def _count_findings(findings: pd.DataFrame) -> list[dict[str, Any]]:
    names = findings[["severity", "finding_id", "product_id"]].astype("str")
    kinds = names.groupby(["severity", "finding_id"], sort=False)["product_id"].agg(["size", "nunique"])
    return [
        {"severity": severity, "finding_id": finding_id, "findings": int(row["size"]), "products": int(row["nunique"])}
        for (severity, finding_id), row in kinds.sort_values("size", ascending=False, kind="stable").iterrows()
    ]


def _worst_products(products: pd.DataFrame) -> pd.DataFrame:
    """The products above an upper level first, then by class, errors and warnings, else as they came."""
    keys = pd.DataFrame(
        {
            "over": ~products["over_upper_level"].fillna(False).astype(bool),
            "class": products["class"].map(_CLASSES_WORST_FIRST.index),
            "errors": -products["errors"],
            "warnings": -products["warnings"],
        }
    )
    return products.loc[keys.sort_values(list(keys), kind="stable").index] if len(products) else products


def _worst_findings(findings: pd.DataFrame) -> pd.DataFrame:
    order = findings["severity"].map(SEVERITIES.index)
    return findings.loc[order.sort_values(kind="stable").index] if len(findings) else findings


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    cells = frame.astype(object).where(frame.notna(), None)
    return [dict(zip(frame.columns, row, strict=True)) for row in cells.itertuples(index=False, name=None)]


def _printable(value: Any) -> Any:
    """Nothing for a missing value; text without control characters, cut if it is very long."""
    if value is None:
        return ""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    shown = "".join("\N{REPLACEMENT CHARACTER}" if _is_control(letter) else letter for letter in value)
    return shown if len(shown) <= MAX_CELL_CHARACTERS else shown[:MAX_CELL_CHARACTERS] + " [cut]"


def _is_control(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\t\n\r"


def _number(value: float | None) -> str:
    """At most three decimals, thousands apart; a smaller number keeps three digits.  Nothing for `None`."""
    if value is None:
        return ""
    if not math.isfinite(value) or 0 < abs(value) < 0.001:
        return f"{value:.3g}"
    text = f"{value:,.3f}"
    return text.rstrip("0").rstrip(".")


def _interval(low: float | None, high: float | None) -> str:
    """`25`, or `25 to 50` where the ends differ."""
    ends = dict.fromkeys(text for text in (_number(low), _number(high)) if text)
    return " to ".join(ends)
