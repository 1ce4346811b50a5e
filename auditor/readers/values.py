"""Values of typed sources (JSON, workbooks, Parquet) as the text a label would print."""

from __future__ import annotations

import datetime
from decimal import Decimal

import orjson


def value_text(value: object) -> str:
    """The value as text: numbers as short as possible, dates as ISO, nothing as '', lists and objects as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, datetime.datetime):
        midnight = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
        return value.date().isoformat() if midnight else value.isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, list | tuple | dict):
        return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    return str(value)


def number_text(number: float) -> str:
    """The shortest plain decimal text of a number: `5000.0` is `5000`, `1e-05` is `0.00001`, NaN is ''."""
    if isinstance(number, float):
        if number != number:
            return ""
        if number.is_integer() and abs(number) < 1e15:
            return str(int(number))
        text = repr(number)
        return format(Decimal(text), "f") if "e" in text else text
    return str(number)
