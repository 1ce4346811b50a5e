"""Small DSLD label records of our own: defaults in the shape of the API, and only what a test is about."""

from __future__ import annotations

from typing import Any

ADULTS = "Adults and children 4 or more years of age"
SMALL_CHILDREN = "Children less than 4 years of age"


def amount(quantity: Any = 25, unit: str | None = "mcg", percent: Any = 125, **changes: Any) -> dict[str, Any]:
    """One entry of `quantity[]`; `group`, `percent_operator` and `footnote` go into its daily value group."""
    group = {
        "name": changes.pop("group", ADULTS),
        "operator": changes.pop("percent_operator", "="),
        "percent": percent,
        "footnote": changes.pop("footnote", None),
    }
    entry = {
        "servingSizeOrder": 1,
        "servingSizeQuantity": 1,
        "servingSizeUnit": "Softgel(s)",
        "operator": "=",
        "quantity": quantity,
        "unit": unit,
        "dailyValueTargetGroup": [group],
    }
    return entry | changes


def row(name: str = "Vitamin D3", *quantity: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """One entry of `ingredientRows[]`."""
    empty = {"description": None, "notes": None, "uniiCode": "0", "alternateNames": [], "forms": [], "nestedRows": []}
    return empty | {"name": name, "quantity": list(quantity or (amount(),))} | changes


def form(name: str, prefix: str | None = None, percent: Any = None) -> dict[str, Any]:
    """One entry of `forms[]`."""
    return {"order": 1, "prefix": prefix, "percent": percent, "name": name}


def serving(
    fewest: Any = 1, most: Any = None, daily: Any = (1, 1), unit: str = "Softgel(s)", order: int = 1
) -> dict[str, Any]:
    """One entry of `servingSizes[]`; `most` None means as many as `fewest`."""
    return {
        "order": order,
        "minQuantity": fewest,
        "maxQuantity": fewest if most is None else most,
        "minDailyServings": daily[0],
        "maxDailyServings": daily[1],
        "unit": unit,
    }


def label(*rows: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """One label record."""
    record = {
        "id": 900001,
        "fullName": "D3 1000",
        "brandName": "Plain",
        "upcSku": "0 12345 67890 5",
        "entryDate": "2024-05-01",
        "offMarket": 0,
        "servingsPerContainer": "60",
        "physicalState": {"langualCode": "E0161", "langualCodeDescription": "Softgel Capsule"},
        "netContents": [{"order": 1, "display": "60 Softgel(s)"}, {"order": 2, "display": "1.2 oz"}],
        "servingSizes": [serving()],
        "targetGroups": ["Adult (18 - 50 Years)", "Vegan"],
        "userGroups": [{"dailyValueTargetGroupName": ADULTS}],
        "statements": [],
        "ingredientRows": list(rows or (row(),)),
        "otheringredients": {"text": None, "ingredients": []},
    }
    return record | changes
