"""All findings of an audit, from what the reading saw and from tests over the dose and product tables."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.checks import catalogue
from auditor.checks import doses as dose_checks
from auditor.checks import percents, records
from auditor.distinct import distinct
from auditor.evidence import Evidence
from auditor.schema import SEVERITIES

NUTRIENT_NAMES = {"vitamin_d": "vitamin D", "vitamin_k2": "vitamin K2", "vitamin_k1": "vitamin K1", "vitamin_k": "vitamin K", "": "the label"}

ALIASES = {"hidden-characters": "text-hidden-characters", "look-alike-letters": "text-repaired", "mojibake": "text-repaired",
           "near-name": "safety-hormone"}  # fmt: skip
"""Codes of the readers that are told under a catalogue id of another name."""

COLUMNS = ("product", "order", "code", "nutrient", "value", "expected", "detail", "label_text")


def find_all(
    lines: pd.DataFrame, targets: pd.DataFrame, rows: pd.DataFrame, problems: pd.DataFrame, judged: pd.DataFrame, contexts: list[str],
    firsts: npt.NDArray[np.intp], evidence: Evidence,
) -> pd.DataFrame:  # fmt: skip
    """Findings with `product` (position), `finding_id`, `severity`, `nutrient`, `message`, `value`, `expected`, `label_text`.

    Ordered by product, then severity, then place on the label; each finding once per product and nutrient.
    """
    parts = [
        _from_reading(rows, problems),
        dose_checks.find(judged, evidence),
        percents.find(rows, targets, contexts, problems, evidence),
        records.find(lines, firsts, targets, rows, judged),
    ]
    found = pd.concat([part[list(COLUMNS)] for part in parts if len(part)] or [_nothing()], ignore_index=True)
    return _finished(found)


def _nothing() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series([], dtype="int64" if name in ("product", "order") else "str") for name in COLUMNS})


def _from_reading(rows: pd.DataFrame, problems: pd.DataFrame) -> pd.DataFrame:
    """What the line and directions grammars reported, for the rows that made it into a dose."""
    kept = problems[problems["row"].isin(rows.index)]
    if kept.empty:
        return _nothing()
    row = rows.loc[kept["row"]]
    return pd.DataFrame(
        {
            "product": row["product"].to_numpy(), "order": kept["row"].to_numpy(), "code": kept["code"].replace(ALIASES).to_numpy(),
            "nutrient": np.where(kept["code"].str.startswith(("dose-directions", "dose-frequency", "dose-open", "dose-min", "serving-")), "", row["nutrient"]),
            "value": kept["value"].to_numpy(), "expected": kept["expected"].to_numpy(), "detail": kept["detail"].to_numpy(),
            "label_text": row["label_text"].to_numpy(),
        }
    )  # fmt: skip


def _finished(found: pd.DataFrame) -> pd.DataFrame:
    found = found.astype({"product": "int64", "order": "int64"})
    checks = catalogue()
    unknown = set(found["code"]) - set(checks)
    if unknown:
        raise AssertionError(f"findings without a catalogue entry: {', '.join(sorted(unknown))}")
    severity = found["code"].map({check.id: check.severity for check in checks.values()})
    rank = severity.map({name: position for position, name in enumerate(SEVERITIES)})
    found = found.assign(severity=severity, rank=rank).sort_values(["product", "rank", "order"], kind="stable")
    found = found.drop_duplicates(["product", "code", "nutrient", "value"], ignore_index=True)
    texts = distinct(found.astype({"code": "str"}), ["code", "nutrient", "value", "expected", "detail"])
    messages = np.array(texts.map(_message) or [""], dtype=object)
    found["message"] = messages[texts.codes] if len(found) else pd.Series([], dtype="str")
    return found.rename(columns={"code": "finding_id"}).astype({"severity": "str", "message": "str"})


def _message(code: str, nutrient: str, value: str, expected: str, detail: str) -> str:
    text = catalogue()[code].template.format(name=NUTRIENT_NAMES[nutrient], value=value, expected=expected, detail=detail)
    return text[:1].upper() + text[1:]
