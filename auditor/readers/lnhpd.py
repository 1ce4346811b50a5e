"""Reads Health Canada's Licensed Natural Health Products Database (LNHPD), API `natural-licences`, as label lines.

Accepted are records merged per product (a licence with `medicinalingredient`, `productdose`, `productrisk` lists in it) and
the endpoints' own files side by side, one or several in a folder; answers in `{"metadata": ..., "data": [...]}` as well.

What was verified (public code that calls the API, read November 2026): the field names of `productlicence`,
`medicinalingredient`, `productdose`, `productrisk`; that amounts are per dosage unit; that 0.0 means "not set"; units such
as 'tablet', 'Capsule, soft', 'Drop(s)' and frequencies such as 'daily'; that several brand names share one `lnhpd_id`.
No record of the API was at hand, so ours are written in that shape (`tests/fixtures/labels/lnhpd-*`).  Units of a dose may be parts
('1/2 teaspoon') or weigh by the body ('Drop(s)/kg BW'); an ingredient may stand again for another source material, or restated
in another unit (a public list of the units in use and public code, read 27 November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from auditor.batches import Batch
from auditor.errors import InputError
from auditor.labels import MAX_CELL_CHARACTERS
from auditor.readers.json_text import Record, records
from auditor.readers.records import Flattened, LineBuffer, Unusable
from auditor.readers.sources import ReadOptions, Source
from auditor.readers.values import value_text

TABLES = (
    "productlicence",
    "medicinalingredient",
    "productdose",
    "productrisk",
    "productroute",
    "productpurpose",
    "nonmedicinalingredient",
)
"""Endpoints of the API; the first four take part in the record."""

COLUMNS = ("ingredient", "amount", "line", "parent")
PLACEHOLDERS = frozenset({"", "-", "dosage form", "quantity unit tba", "unit", "each"})
"""Units that name no thing that is taken; the licence's dosage form stands in for them."""

RATES = {
    **dict.fromkeys(("day", "days", "jour", "jours"), "per day"), **dict.fromkeys(("week", "weeks", "semaine", "semaines"), "per week"),
    **dict.fromkeys(("month", "months", "mois"), "per month"),
}  # fmt: skip
"""Bare units of time in the frequency's column, as words of directions."""
PARTS_OF_UNITS = {
    "1/2": Decimal("0.5"),
    "half": Decimal("0.5"),
    "1/4": Decimal("0.25"),
    "quarter": Decimal("0.25"),
    "3/4": Decimal("0.75"),
}
"""Beginnings of units such as '1/2 teaspoon', 'quarter teaspoon'."""
_PART_OF_UNIT = re.compile(r"(1/2|1/4|3/4|half|quarter)[ -]", re.IGNORECASE)
_PER_WEIGHT = re.compile(r"/ ?kg\b.*", re.IGNORECASE)


@dataclass
class _Product:
    """What the tables say of one `lnhpd_id`, and where it was first met."""

    source: str
    row: int
    licences: list[Mapping[str, Any]] = field(default_factory=list)
    ingredients: list[Mapping[str, Any]] = field(default_factory=list)
    doses: list[Mapping[str, Any]] = field(default_factory=list)
    risks: list[Mapping[str, Any]] = field(default_factory=list)

    def add(self, table: str, record: Mapping[str, Any]) -> None:
        """Keep a record of one of the tables that take part."""
        kept = {
            "productlicence": self.licences,
            "medicinalingredient": self.ingredients,
            "productdose": self.doses,
            "productrisk": self.risks,
        }.get(table)
        if kept is not None and record not in kept:
            kept.append(record)


def read_lnhpd(sources: Iterable[Source], options: ReadOptions) -> Iterator[Batch]:
    """Batches of LNHPD files; the tables of all files are joined by `lnhpd_id`.

    A row of the run is a product: its ingredients, doses and further brand names are parts of it.

    Raises:
        InputError: for a file that is no JSON, or when no file holds a record of the database.
    """
    products: dict[str, _Product] = {}
    buffer = LineBuffer()
    seen = 0
    for source in sources:
        buffer.inputs[source.name] = None
        for row, value in _numbered(records(source, options)):
            if isinstance(value, Unusable):
                buffer.rejects.append(value.as_reject(source.name, row))
                continue
            seen += 1
            _collect(products, buffer, source.name, row, value)
    if not products and not any(reject.reason == "id-missing" for reject in buffer.rejects):
        names = ", ".join(buffer.inputs)
        raise InputError(
            f"{names}: no record of the LNHPD among {seen:,}; needed are records with 'lnhpd_id', as the API natural-licences gives them"
        )
    emitted = False
    for lnhpd_id, product in products.items():
        try:
            buffer.add(_flattened(lnhpd_id, product), product.source, product.row)
        except Unusable as unusable:
            buffer.rejects.append(unusable.as_reject(product.source, product.row))
        if len(buffer.lines.cells) >= options.chunk_rows:
            yield buffer.take()
            emitted = True
    if buffer.counts or buffer.rejects or not emitted:
        yield buffer.take()


def _numbered(found: Iterable[Record]) -> Iterator[Record]:
    """Records with their places; those of pages are counted through the file."""
    paged = 0
    for record in found:
        value = record.value
        if isinstance(value, dict) and isinstance(value.get("data"), list) and "lnhpd_id" not in value:
            for part in value["data"]:
                paged += 1
                yield Record(paged, part)
        else:
            yield record


def _collect(products: dict[str, _Product], buffer: LineBuffer, source: str, row: int, value: object) -> None:
    """Put a record under the product it belongs to."""
    if not isinstance(value, dict):
        buffer.rejects.append(
            Unusable(
                "", value_text(value), "not-an-object", "the record is no object with the fields of a licence"
            ).as_reject(source, row)
        )
        return
    nested = {
        table: part for name, part in value.items() if (table := _table_named(name)) and isinstance(part, list | dict)
    }
    own = {name: part for name, part in value.items() if not _table_named(name)}
    identity = value_text(own.get("lnhpd_id")) or _nested_id(nested)
    if not re.fullmatch(r"[1-9]\d*", identity):
        message = "the record has no lnhpd_id; it cannot be joined to its licence"
        buffer.rejects.append(
            Unusable("lnhpd_id", value_text(own.get("product_name")), "id-missing", message).as_reject(source, row)
        )
        return
    product = products.setdefault(identity, _Product(source, row))
    if table := _table_of(own):
        product.add(table, own)
    for table, part in nested.items():
        for record in part if isinstance(part, list) else part.get("data", [part]):
            if isinstance(record, dict):
                product.add(table, record)


def _nested_id(nested: Mapping[str, Any]) -> str:
    for part in nested.values():
        for record in part if isinstance(part, list) else [part]:
            if isinstance(record, dict) and record.get("lnhpd_id"):
                return value_text(record["lnhpd_id"])
    return ""


def _table_named(name: str) -> str:
    """The endpoint a key names: 'medicinal_ingredients' is `medicinalingredient`."""
    plain = re.sub(r"[^a-z]", "", name.lower())
    return next(
        (
            table
            for table in TABLES
            if plain
            in (table, f"{table}s", table.removeprefix("product") + "s" if table.startswith("product") else table)
        ),
        "",
    )


def _table_of(record: Mapping[str, Any]) -> str:
    """The endpoint a record comes from, told by its fields."""
    marks = {
        "productdose": ("population_type_desc", "uom_type_desc_quantity_dose", "dose_id"), "productrisk": ("risk_text",),
        "medicinalingredient": ("potency_amount", "quantity_unit_of_measure"), "productlicence": ("licence_number", "product_name", "dosage_form"),
    }  # fmt: skip
    return next((table for table, names in marks.items() if any(name in record for name in names)), "")


# -- one product ---------------------------------------------------------------------------------------------------------


def _flattened(lnhpd_id: str, product: _Product) -> Flattened:
    if not product.ingredients:
        message = (
            f"licence {lnhpd_id} has no medicinal ingredient here; give the endpoint's file medicinalingredient as well"
        )
        raise Unusable("medicinalingredient", lnhpd_id, "no-lines", message)
    primary = next(
        (licence for licence in product.licences if value_text(licence.get("flag_primary_name")) == "1"),
        product.licences[0] if product.licences else {},
    )
    names = [value_text(licence.get("product_name")).strip() for licence in product.licences]
    name = value_text(primary.get("product_name")).strip()
    form = value_text(primary.get("dosage_form")).strip()
    cells = {
        "product_id": f"lnhpd-{lnhpd_id}",
        "brand": value_text(primary.get("company_name")).strip(),
        "name": name,
        "directions": "\n".join(filter(None, (_direction(dose, form) for dose in product.doses))),
        "market": "ca",
        "dosage_form": form,
        "basis": "per_unit",
        "warnings": " ".join(
            dict.fromkeys(filter(None, (value_text(risk.get("risk_text")).strip() for risk in product.risks)))
        )[:MAX_CELL_CHARACTERS],
        "label_date": value_text(primary.get("revised_date") or primary.get("licence_date")),
        "source": "lnhpd",
        "source_id": value_text(primary.get("licence_number")).zfill(8) if primary.get("licence_number") else lnhpd_id,
        "other_names": "; ".join(dict.fromkeys(other for other in names if other and other != name)),
        "licence_active": {"1": "1", "0": "0"}.get(value_text(primary.get("flag_product_status")), ""),
    }
    return Flattened(cells, COLUMNS, list(_lines(product.ingredients)))


def _lines(ingredients: list[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    """A line for each ingredient, and one more, as its part, where the potency is that of another substance."""
    number = 0
    for record in ingredients:
        number += 1
        name, material = (
            value_text(record.get("ingredient_name")).strip(),
            value_text(record.get("source_material")).strip(),
        )
        title = f"{name} ({material})" if material and material.casefold() != name.casefold() else name
        quantity = _amount(record, "quantity", "quantity_unit_of_measure")
        potency, constituent = (
            _amount(record, "potency_amount", "potency_unit_of_measure"),
            value_text(record.get("potency_constituent")).strip(),
        )
        own_potency = potency and (not constituent or constituent.casefold() in title.casefold())
        if own_potency:
            yield (
                title,
                f"{quantity} providing {potency}" if quantity and quantity != potency else potency,
                str(number),
                "",
            )
            continue
        yield title, quantity, str(number), ""
        if potency:
            number += 1
            yield constituent, potency, str(number), str(number - 1)


def _amount(record: Mapping[str, Any], name: str, unit: str) -> str:
    """Amount with unit as text, a range where only its ends are set; 0 is "not set" in this database."""
    exact, low, high = (_number(record.get(field)) for field in (name, f"{name}_minimum", f"{name}_maximum"))
    printed = value_text(record.get(unit)).strip()
    number = exact or (f"{low}-{high}" if low and high and low != high else low or high)
    return f"{number} {printed}".strip() if number else ""


def _number(value: object) -> str:
    text = value_text(value).strip()
    return "" if not text or re.fullmatch(r"0*(?:\.0*)?", text) else text


# -- directions ----------------------------------------------------------------------------------------------------------


def _direction(dose: Mapping[str, Any], form: str) -> str:
    """A row of `productdose` as a sentence: 'Adults: 1-2 capsule, 2 times daily.'"""
    quantity = _span(dose, "quantity_dose")
    if not quantity:
        return ""
    unit = value_text(dose.get("uom_type_desc_quantity_dose")).strip()
    unit = form if unit.casefold() in PLACEHOLDERS and form else unit
    unit = re.sub(r",.*", "", unit)  # 'Capsule, soft'
    quantity, unit = _whole_units(quantity, unit)
    unit = _PER_WEIGHT.sub(" per kg of body weight", unit)
    times, rate = _span(dose, "frequency"), value_text(dose.get("uom_type_desc_frequency")).strip()
    rate = RATES.get(rate.casefold(), rate)
    often = f", {times} times {rate}" if times and rate else f" {rate}" if rate else ""
    whom = ", ".join(filter(None, (value_text(dose.get("population_type_desc")).strip(), _ages(dose))))
    return f"{whom}: {quantity} {unit}{often}.".removeprefix(": ")


def _whole_units(quantity: str, unit: str) -> tuple[str, str]:
    """'2' of '1/2 teaspoon' is 1 teaspoon; side by side they would read as two and a half."""
    part = _PART_OF_UNIT.match(unit)
    if not part:
        return quantity, unit
    share = PARTS_OF_UNITS[part[1].casefold()]
    return "-".join(format((Decimal(end) * share).normalize(), "f") for end in quantity.split("-")), unit[part.end() :]


def _span(dose: Mapping[str, Any], name: str) -> str:
    exact, low, high = (_number(dose.get(field)) for field in (name, f"{name}_minimum", f"{name}_maximum"))
    return f"{low}-{high}" if low and high and low != high else exact or low or high


def _ages(dose: Mapping[str, Any]) -> str:
    exact, low, high = (_number(dose.get(field)) for field in ("age", "age_minimum", "age_maximum"))
    unit = value_text(dose.get("uom_type_desc_age")).strip() or "years"
    if low and high:
        return f"{low} to {high} {unit}"
    if low or exact:
        return f"{low or exact} {unit} and over" if low else f"{exact} {unit}"
    return f"up to {high} {unit}" if high else ""
