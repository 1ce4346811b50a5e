"""Reads Open Food Facts: product JSON, JSON Lines and the tab-separated CSV export, as label lines of vitamin D and K.

Every product is kept, food or supplement; the column `is_supplement` tells which by the categories.

What was verified (the project's own field documentation and public code that reads it, November 2026): `<nutrient>_100g`
and `<nutrient>_serving` are in grams for 100 g and for a serving; `<nutrient>_value` with `<nutrient>_unit` is what somebody
entered, for what `nutrition_data_per` says; `serving_size` is text, `serving_quantity` its weight in g.  Products are records of
their own (`code`, `nutriments`), or wrapped as `{"product": {...}}` and `{"products": [...]}`.

Traps.  What was entered is preferred, since conversions of IU and of forgotten units went wrong in the database.  A supplement's
value per 100 g is useless without the weight of what is taken: then the serving's value is used where there is one.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.csv as pa_csv

from auditor.batches import TEXT, Batch
from auditor.errors import InputError
from auditor.labels import MAX_CELL_CHARACTERS, Reject
from auditor.markets import markets
from auditor.readers.json_text import records
from auditor.readers.opening import CheckedUtf8, opened_text, undecodable_byte
from auditor.readers.records import Flattened, LineBuffer, Unusable
from auditor.readers.sources import ReadOptions, Source
from auditor.readers.tables import shorten
from auditor.readers.values import value_text

NUTRIENTS = {
    "vitamin-d": "Vitamin D", "vitamin-d2": "Vitamin D2", "vitamin-d3": "Vitamin D3", "vitamin-k": "Vitamin K", "vitamin-k1": "Vitamin K1",
    "vitamin-k2": "Vitamin K2", "phylloquinone": "Vitamin K1 (phylloquinone)", "menaquinone-7": "Vitamin K2 (menaquinone-7)",
}  # fmt: skip
"""Nutrient of Open Food Facts -> name of the label line."""

FIGURES = ("value", "unit", "serving", "100g")
PRODUCT_FIELDS = (
    "code", "product_name", "brands", "serving_size", "serving_quantity", "nutrition_data_per", "countries_tags", "categories_tags", "quantity",
    "last_modified_datetime",
)  # fmt: skip
COLUMNS = ("ingredient", "amount", "unit", "basis", "line")
COUNTRIES = {
    "united-states": "us", "canada": "ca", "australia": "au", "new-zealand": "nz", "united-kingdom": "uk", "ireland": "ie", "japan": "jp", "india": "in",
    "germany": "de", "austria": "at", "switzerland": "ch", "france": "fr", "belgium": "be", "netherlands": "nl", "luxembourg": "lu", "spain": "es",
    "portugal": "pt", "italy": "it", "poland": "pl", "czech-republic": "cz", "slovakia": "sk", "hungary": "hu", "sweden": "se", "denmark": "dk",
    "norway": "no", "finland": "fi", "greece": "gr", "romania": "ro",
}  # fmt: skip
SUPPLEMENT = re.compile(r"supplement|nahrungsergänzung|complement", re.IGNORECASE)
BLOCK_BYTES = 1 << 22


class Figure(NamedTuple):
    """An amount with its unit and what it is for."""

    amount: str
    unit: str
    basis: str


def read_openfoodfacts(sources: Iterable[Source], options: ReadOptions) -> Iterator[Batch]:
    """Batches of Open Food Facts files; JSON is told from the CSV export by its first sign.

    Raises:
        InputError: for a file that is neither, or has no column `code`.
    """
    buffer = LineBuffer()
    emitted = False
    for source in sources:
        buffer.inputs[source.name] = None
        found = False
        rows = (
            _json_rows(source, options)
            if _is_json(source, options)
            else _csv_rows(source, options, buffer.rejects.append)
        )
        for row, value in rows:
            found = True
            try:
                flattened = _flattened(value)
            except Unusable as unusable:
                buffer.rejects.append(unusable.as_reject(source.name, row))
                continue
            if len(buffer.lines.cells) >= options.chunk_rows and buffer.last_product != flattened.product["product_id"]:
                yield buffer.take()
                emitted = True
            buffer.add(flattened, source.name, row)
        if not found and not source.in_folder and not buffer.rejects:
            raise InputError(
                f"{source.name}: no product of Open Food Facts; needed are records with 'code' and 'nutriments', or the CSV export"
            )
    if buffer.counts or buffer.rejects or not emitted:
        yield buffer.take()


def _is_json(source: Source, options: ReadOptions) -> bool:
    with opened_text(source, options.encoding) as stream:
        return bytes(stream.read(1 << 12)).lstrip()[:1] in (b"{", b"[")


def _json_rows(source: Source, options: ReadOptions) -> Iterator[tuple[int, Any]]:
    """Products of a JSON file with their places; those of a wrapped list are numbered in it."""
    paged = 0
    for row, value in records(source, options):
        if isinstance(value, dict) and isinstance(value.get("products"), list):
            for product in value["products"]:
                paged += 1
                yield paged, product
        elif isinstance(value, dict) and isinstance(value.get("product"), dict):
            yield row, {"code": value.get("code")} | value["product"]
        else:
            yield row, value


def _flattened(value: object) -> Flattened:
    if isinstance(value, Unusable):
        raise value
    if not isinstance(value, dict):
        raise Unusable("", value_text(value), "not-an-object", "the record is no object with the fields of a product")
    nutriments = value.get("nutriments")
    figures = nutriments if isinstance(nutriments, dict) else value
    product = {name: _joined(value.get(name)) for name in PRODUCT_FIELDS}
    # Records call it by the language of the page as well.
    product["product_name"] = product["product_name"] or next(
        (_joined(value[name]) for name in value if name.startswith("product_name_") and value[name]), ""
    )
    code = product["code"].strip()
    if not code:
        raise Unusable("code", product["product_name"], "id-missing", "the product has no code")
    if any(len(cell) > MAX_CELL_CHARACTERS for cell in product.values()):
        raise Unusable("", code, "cell-too-long", f"a field has more than {MAX_CELL_CHARACTERS:,} characters")
    per = product["nutrition_data_per"].strip().lower()
    lines = list(
        _lines({name: value_text(cell) for name, cell in figures.items() if name.split("_")[0] in NUTRIENTS}, per)
    )
    return Flattened(_product(code, product), COLUMNS, lines or [("", "", "", "", "")])


def _joined(value: object) -> str:
    return ",".join(map(value_text, value)) if isinstance(value, list) else value_text(value)


def _product(code: str, product: Mapping[str, str]) -> dict[str, str]:
    categories = product["categories_tags"]
    return {
        "product_id": f"off-{code}",
        "brand": product["brands"],
        "name": product["product_name"],
        "upc": code,
        "serving_size": product["serving_size"]
        or (f"{product['serving_quantity']} g" if product["serving_quantity"] else ""),
        "market": _market(product["countries_tags"]),
        "label_date": product["last_modified_datetime"][:10],
        "source": "openfoodfacts",
        "source_id": code,
        "is_supplement": "1" if SUPPLEMENT.search(categories) else "0" if categories else "",
        "countries_tags": product["countries_tags"],
        "categories_tags": categories,
        "net_contents": product["quantity"],
    }


@functools.lru_cache(maxsize=10_000)
def _market(countries: str) -> str:
    """Market of a product sold in one country we know; several countries say nothing of the label's own."""
    tags = [tag.strip().removeprefix("en:").casefold() for tag in countries.split(",") if tag.strip()]
    market = COUNTRIES.get(tags[0], "") if len(tags) == 1 else ""
    return market if market in markets() else ""


def _lines(figures: Mapping[str, str], per: str) -> Iterator[tuple[str, ...]]:
    """One line for each nutrient that is given; of its figures the most trustworthy."""
    number = 0
    for nutrient, title in NUTRIENTS.items():
        figure = _figure({name: figures.get(f"{nutrient}_{name}", "").strip() for name in FIGURES}, per)
        if figure:
            number += 1
            yield title, figure.amount, figure.unit, figure.basis, str(number)


def _figure(cells: Mapping[str, str], per: str) -> Figure | None:
    """What was entered, with its unit; else the serving's grams; else the grams of 100 g.  Grams are given as mcg."""
    bases = {"serving": "per_serving", "100g": "per_100g", "100ml": "per_100g"}
    if cells["value"] and cells["unit"] and not _is_percent(cells["unit"]) and per in bases:
        return Figure(cells["value"], cells["unit"], bases[per])
    if cells["serving"]:
        return Figure(*_in_mcg(cells["serving"]), "per_serving")
    if cells["100g"]:
        return Figure(*_in_mcg(cells["100g"]), "per_100g")
    return None


def _is_percent(unit: str) -> bool:
    return "%" in unit


@functools.lru_cache(maxsize=100_000)
def _in_mcg(grams: str) -> tuple[str, str]:
    """Grams as mcg with the unit; text that is no number stays as it is, in g."""
    try:
        mcg = Decimal(grams) * 1_000_000
    except InvalidOperation:
        return grams, "g"
    # Floating-point dust of the database ('0.00002499999') is finer than any label.
    return (
        (format(mcg.quantize(Decimal("0.0001")).normalize(), "f"), "mcg")
        if mcg.is_finite() and abs(mcg) < 10**12
        else (grams, "g")
    )


# -- the CSV export ------------------------------------------------------------------------------------------------------


def _csv_rows(
    source: Source, options: ReadOptions, reject: Callable[[Reject], None]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of the export with their spreadsheet row; only the columns that matter are read."""
    with opened_text(source, options.encoding) as stream:
        header = _header(bytes(stream.read(1 << 16)), source)
    wanted = [name for name in header if name in PRODUCT_FIELDS or name.rpartition("_")[0] in NUTRIENTS]
    bad: list[Any] = []

    def note_bad_row(row: Any) -> str:
        bad.append(row)
        return "skip"

    row = 1
    try:
        with opened_text(source, options.encoding) as stream:
            reader = pa_csv.open_csv(
                pa.PythonFile(CheckedUtf8(stream), "r"),
                pa_csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES),
                pa_csv.ParseOptions(delimiter="\t", quote_char=False, invalid_row_handler=note_bad_row),
                pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(header, TEXT), include_columns=wanted, strings_can_be_null=False
                ),
            )
            for block in reader:
                for cells in block.to_pylist():
                    row += 1
                    yield row, cells
    except pa.ArrowInvalid as error:
        raise InputError(
            undecodable_byte(source, options.encoding)
            or f"{source.name}: not the CSV export of Open Food Facts: {' '.join(str(error).split())}"
        ) from None
    for broken in bad:
        message = f"{broken.actual_columns} fields where the header has {broken.expected_columns}; a tab inside a field or a torn line"
        reject(
            Reject(
                source.name,
                f"line {broken.number}",
                "",
                shorten(broken.text or ""),
                "too-many-fields" if broken.actual_columns > broken.expected_columns else "too-few-fields",
                message,
            )
        )


def _header(start: bytes, source: Source) -> list[str]:
    header = start.decode("utf-8", errors="replace").splitlines()[0].split("\t") if start.strip() else []
    if "code" not in header:
        raise InputError(
            f"{source.name}: not the CSV export of Open Food Facts: no column 'code' among {', '.join(map(repr, header[:8]))}; its columns are parted by tabs"
        )
    return header
