"""A label as records, for those who have one label and no table."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class LabelLine(BaseModel):
    """One line of a label for the one-label API; every field is text as printed.

    `audience` and `serving_size` are filled where they are the line's own (two-column panels); else the label's hold.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)
    ingredient: str
    amount: str = ""
    unit: str = ""
    percent_dv: str = ""
    form: str = ""
    parent: str = ""
    audience: str = ""
    serving_order: str = ""
    serving_size: str = ""


class Label(BaseModel):
    """One label for the one-label API: its lines and what is printed once per product."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)
    product_id: str
    lines: tuple[LabelLine, ...]
    brand: str = ""
    name: str = ""
    upc: str = ""
    serving_size: str = ""
    units_per_serving: str = ""
    servings_per_day_min: str = ""
    servings_per_day_max: str = ""
    directions: str = ""
    servings_per_container: str = ""
    price: str = ""
    currency: str = ""
    market: str = ""
    audience: str = ""
    dosage_form: str = ""
    basis: str = ""
    warnings: str = ""
    claims: str = ""
    label_date: str = ""
    source: str = ""
    source_id: str = ""
