"""Line tables for tests: one label from its lines, with one serving a day unless a test says otherwise."""

from __future__ import annotations

from typing import Any

import pandas as pd

from auditor.pipeline import Audit, audit_lines

ONE_A_DAY = {"serving_size": "1 softgel", "directions": "Take 1 softgel daily"}


def label(*lines: str | dict[str, str], product_id: str = "P1", **columns: str) -> pd.DataFrame:
    """Line table of one label; a line is its text, or a dict with columns of its own; `columns` stand on every line."""
    rows = [{"ingredient": line} if isinstance(line, str) else line for line in lines]
    return pd.DataFrame([{"product_id": product_id, **columns, **row} for row in rows])


def audit_of(*lines: str | dict[str, str], context: str = "adult", authority: str = "", **columns: str) -> Audit:
    """Audit of one label that is taken once a day, with one softgel as its serving, unless `columns` say otherwise."""
    return audit_lines(label(*lines, **{**ONE_A_DAY, **columns}), context=context, authority=authority)


def only(frame: pd.DataFrame) -> dict[str, Any]:
    """The one row of a frame."""
    (row,) = frame.to_dict("records")
    return row
