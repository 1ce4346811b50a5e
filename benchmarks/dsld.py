"""Labels of the market as DSLD records, with the fields that an API record carries beside those we read."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import orjson
import pyarrow as pa

_FILLER = [{"type": "FDA Disclaimer Statement", "notes": "These statements have not been evaluated by the Food and Drug Administration. " * 3},
           {"type": "General Statements: All Other Content", "notes": "Quality and purity you can trust, made with care in our own laboratories. " * 12},
           {"type": "Precautions re: All Other", "notes": "Keep out of reach of children. Store in a cool, dry place. Do not use if seal is broken. " * 3},
           {"type": "Formulation re: Does NOT Contain", "notes": "No yeast, wheat, gluten, soy, milk, egg, fish, shellfish or tree nuts. " * 4}]  # fmt: skip


def record_lines(table: pa.Table) -> Iterator[bytes]:
    """One JSON object a line for every label of the table; lines without a number have no quantity."""
    rows = table.to_pylist()
    ids = table["product_id"].to_numpy(zero_copy_only=False)
    starts = [0, *(np.flatnonzero(ids[1:] != ids[:-1]) + 1).tolist(), len(rows)]
    for start, end in itertools.pairwise(starts):
        first = rows[start]
        if not first["product_id"].startswith("m"):
            continue
        yield orjson.dumps(_record(first, rows[start:end]), option=orjson.OPT_APPEND_NEWLINE)


def _record(first: dict[str, str], rows: list[dict[str, str]]) -> dict[str, object]:
    return {
        "id": int(first["product_id"][1:]), "fullName": first["name"], "brandName": first["brand"], "upcSku": first["upc"], "entryDate": "2020-05-17", "offMarket": 0,
        "src": f"01-raw/2020/data/label_{first['product_id']}.json", "servingsPerContainer": first["servings_per_container"], "pdf": "", "thumbnail": "",
        "physicalState": {"langualCode": "E0161", "langualCodeDescription": first["dosage_form"]}, "targetGroups": ["Adult (18 - 50 Years)", "Vegan"],
        "userGroups": [{"dailyValueTargetGroupName": "Adults and children 4 or more years of age"}], "netContents": [{"order": 1, "quantity": 60, "unit": "Count", "display": "60 Count"}],
        "servingSizes": [{"order": 1, "minQuantity": 1, "maxQuantity": 1, "minDailyServings": 1, "maxDailyServings": 1, "unit": "Softgel(s)", "notes": "", "inSFB": True}],
        "statements": [{"type": "Suggested/Recommended/Usage/Directions", "notes": first["directions"]}, *_FILLER],
        "ingredientRows": [_row(order, row) for order, row in enumerate(rows, start=1)],
        "otheringredients": {"text": None, "ingredients": [{"order": 1, "name": "Gelatin"}, {"order": 2, "name": "Glycerin"}, {"order": 3, "name": "Purified Water"}]},
    }  # fmt: skip


def _row(order: int, row: dict[str, str]) -> dict[str, object]:
    try:
        quantity, unit = float(row["amount"].replace(",", "")), row["unit"] or "mg"
    except ValueError:
        quantity, unit = 0.0, "NP"
    percent = row["percent_dv"].rstrip("%")
    name = row["ingredient"] if unit != "NP" else f"{row['ingredient']} {row['amount']}".strip()
    return {
        "order": order, "ingredientId": 280000 + order, "name": name, "description": None, "notes": "", "category": "vitamin", "ingredientGroup": name.split(" (")[0],
        "uniiCode": "0", "alternateNames": ["A", "B"], "forms": [], "nestedRows": [],
        "quantity": [{"servingSizeOrder": 1, "servingSizeQuantity": 1, "servingSizeUnit": "Softgel(s)", "operator": "=", "quantity": quantity, "unit": unit,
                      "dailyValueTargetGroup": [{"name": "Adults and children 4 or more years of age", "operator": "=", "percent": float(percent) if percent.replace(".", "").isdigit() else None, "footnote": None}]}],
    }  # fmt: skip
