"""The serving a DSLD amount belongs to, and what the record says about servings a day.

Only data of the record is read here; directions are text and are read later.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from auditor.readers.values import number_text

MEASURES = frozenset(
    {"ml", "milliliter", "l", "liter", "g", "gram", "mg", "milligram", "mcg", "kg", "oz", "fl oz", "fluid ounce"}
)
"""Units of volume and weight: a serving of 22.7 g or 0.03 mL is one serving, not 22.7 or 0.03 of something."""


class Serving(NamedTuple):
    """Serving columns of the line table for one amount, as text; '' is what the record does not say."""

    serving_size: str = ""
    units_per_serving: str = ""
    servings_per_day_min: str = ""
    servings_per_day_max: str = ""


def serving_of(quantity: Mapping[str, Any], servings: Sequence[Mapping[str, Any]]) -> Serving:
    """The serving of one `quantity[]` entry, matched by its order and checked by its size.

    A label for 1-2 capsules has a panel for one number of them (`servingSizeQuantity`); the range then counts as
    servings a day of the panel's size, unless the unit is a volume or weight, where the daily servings stand as given.
    """
    panel = positive(quantity.get("servingSizeQuantity"))
    unit = quantity.get("servingSizeUnit") or ""
    serving = _matching(quantity, panel, unit, servings)
    if serving is None:
        return Serving(_size(panel, panel, unit), _text(panel))
    fewest, most = positive(serving.get("minQuantity")), positive(serving.get("maxQuantity"))
    fewest, most = fewest or most, most or fewest
    unit = unit or serving.get("unit") or ""
    # DSLD writes 0 for "not stated" and for "as needed"; neither is a number of servings.
    daily_min, daily_max = positive(serving.get("minDailyServings")), positive(serving.get("maxDailyServings"))
    if fewest == most or fewest is None or most is None:
        panel = panel or fewest
        return Serving(_size(panel, panel, unit), _text(panel), _text(daily_min), _text(daily_max))
    if panel is None:
        return Serving(_size(fewest, most, unit), "", _text(daily_min), _text(daily_max))
    if _is_measure(unit):
        return Serving(_size(panel, panel, unit), _text(panel), _text(daily_min), _text(daily_max))
    # "1-2 capsules daily" is stored as 1-2 capsules once a day, at times without the upper daily number.
    if daily_min is not None:
        daily_max = daily_max or daily_min
    return Serving(
        _size(panel, panel, unit),
        _text(panel),
        _text(daily_min and daily_min * fewest / panel),
        _text(daily_max and daily_max * most / panel),
    )


def _matching(
    quantity: Mapping[str, Any], panel: Fraction | None, unit: str, servings: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """The serving with the entry's order; another one if only that has the entry's size and unit."""
    order = quantity.get("servingSizeOrder")
    by_order = next((serving for serving in servings if order is not None and serving.get("order") == order), None)
    if panel is None or (by_order is not None and _holds(by_order, panel, unit)):
        return by_order if by_order is not None or len(servings) != 1 else servings[0]
    by_size = [serving for serving in servings if _holds(serving, panel, unit)]
    if len(by_size) == 1:
        return by_size[0]
    return by_order if by_order is not None or len(servings) != 1 else servings[0]


def _holds(serving: Mapping[str, Any], panel: Fraction, unit: str) -> bool:
    fewest, most = positive(serving.get("minQuantity")), positive(serving.get("maxQuantity"))
    sizes = [size for size in (fewest, most) if size is not None]
    same_unit = not unit or not serving.get("unit") or unit.casefold() == str(serving["unit"]).casefold()
    return same_unit and bool(sizes) and min(sizes) <= panel <= max(sizes)


@functools.lru_cache(maxsize=10_000, typed=True)
def positive(value: object) -> Fraction | None:
    """The number as written in the record, exactly; None if it is missing, no number, or not above zero."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Fraction(repr(value) if isinstance(value, float) else value)
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
    return number if number > 0 else None


@functools.lru_cache(maxsize=10_000)
def _text(number: Fraction | None) -> str:
    """Decimal text where it is exact, else `a/b`."""
    if number is None:
        return ""
    if number.denominator == 1:
        return str(number.numerator)
    decimal = number_text(float(number))
    return decimal if Fraction(decimal) == number else f"{number.numerator}/{number.denominator}"


def _size(fewest: Fraction | None, most: Fraction | None, unit: str) -> str:
    if fewest is None:
        return unit
    numbers = _text(fewest) if fewest == most else f"{_text(fewest)}-{_text(most)}"
    return f"{numbers} {unit}".strip()


def _is_measure(unit: str) -> bool:
    return unit.casefold().replace("(s)", "").strip(" .{}") in MEASURES
