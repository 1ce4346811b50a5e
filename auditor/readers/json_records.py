"""Reads JSON and JSON Lines: DSLD labels, label objects with their `lines`, and rows of our two table layouts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from auditor.batches import Batch
from auditor.errors import InputError
from auditor.labels import MAX_CELL_CHARACTERS, PRODUCT_LAYOUT_COLUMNS
from auditor.readers.columns import Layout, match_columns, our_name, renames_present
from auditor.readers.dsld import flatten_label, is_dsld_label
from auditor.readers.json_text import Record, records
from auditor.readers.records import Flatten, Flattened, LineBuffer, Unusable
from auditor.readers.sources import ReadOptions, Source
from auditor.readers.values import value_text

GIVE_UP_AFTER = 1_000
"""A named file whose first records are all of no known kind is the wrong file."""

MAX_LAYOUTS = 10_000
"""Key orders remembered; hostile input must not fill the memory."""


def read_json(sources: Iterable[Source], options: ReadOptions) -> Iterator[Batch]:
    """Batches of JSON and JSON Lines files; each record is told by its keys.

    Raises:
        InputError: for a file that is no JSON or holds no label record at all.
    """
    rows = TableRows(options.rename)

    def flatten(record: Mapping[str, Any]) -> Flattened:
        if is_dsld_label(record):
            return flatten_label(record)
        return label_lines(record, options.rename) if isinstance(record.get("lines"), list) else rows.flatten(record)

    return _batches(sources, options, flatten)


def read_dsld(sources: Iterable[Source], options: ReadOptions) -> Iterator[Batch]:
    """Batches of files all whose records are DSLD labels.

    Raises:
        InputError: for a file that is no JSON or holds no DSLD label at all.
    """
    return _batches(sources, options, flatten_label)


def _batches(sources: Iterable[Source], options: ReadOptions, flatten: Flatten) -> Iterator[Batch]:
    buffer = LineBuffer()
    strays: list[str] = []
    emitted = any_usable = False
    for source in sources:
        buffer.inputs[source.name] = None
        wrong: list[str] = []
        usable = False
        for row, value in _records(source, options):
            try:
                record = _flattened(value, flatten)
            except Unusable as unusable:
                buffer.rejects.append(unusable.as_reject(source.name, row))
                if unusable.wrong_shape:
                    wrong.append(f"{source.name}, record {row}: {unusable.message}")
                else:
                    usable = True
                if len(wrong) >= GIVE_UP_AFTER and not usable and not source.in_folder:
                    break
                continue
            usable = True
            if len(buffer.lines.cells) >= options.chunk_rows and buffer.last_product != record.product["product_id"]:
                yield buffer.take()
                emitted = True
            buffer.add(record, source.name, row)
        if wrong and not usable:
            # One stray file among the thousands of a folder is a reject; a file that was named is an error.
            strays += wrong[:1]
            if not source.in_folder:
                raise InputError(f"{source.name}: no label among {len(wrong):,} records. {wrong[0]}")
        any_usable |= usable
    if strays and not any_usable:
        raise InputError(strays[:5])
    if buffer.counts or buffer.rejects or not emitted:
        yield buffer.take()


def _records(source: Source, options: ReadOptions) -> Iterator[Record]:
    try:
        yield from records(source, options)
    except InputError as error:
        if not source.in_folder:
            raise
        yield Record(1, Unusable("", "", "not-json", str(error), wrong_shape=True))


def _flattened(value: object, flatten: Flatten) -> Flattened:
    if isinstance(value, Unusable):
        raise value
    if not isinstance(value, dict):
        kind = "a list" if isinstance(value, list) else repr(value)[:40]
        message = f"the record is {kind}; an object with the fields of a label is needed"
        raise Unusable("", value_text(value), "not-an-object", message, wrong_shape=True)
    try:
        record = flatten(value)
    except orjson.JSONEncodeError as error:
        message = (
            f"a field holds lists or objects that are nested too deeply ({error}); label fields are text or numbers"
        )
        raise Unusable("", ", ".join(value), "unexpected-shape", message) from None
    for cells in (record.product.values(), *record.lines):
        if cells and max(map(len, cells)) > MAX_CELL_CHARACTERS:
            names = record.columns if isinstance(cells, tuple) else record.product
            name, cell = max(zip(names, cells, strict=True), key=lambda item: len(item[1]))
            message = f"{len(cell):,} characters in one field; a label text has at most {MAX_CELL_CHARACTERS:,}"
            raise Unusable(name, cell, "cell-too-long", message)
    return record


def label_lines(record: Mapping[str, Any], rename: Mapping[str, str]) -> Flattened:
    """A label object with its `lines`, as `Label.model_dump()` writes it.

    Raises:
        Unusable: if it has no product_id or no lines, or a line is no object or names no ingredient.
    """
    product = {our_name(name, rename): value_text(value) for name, value in record.items() if name != "lines"}
    if not product.get("product_id", "").strip():
        raise Unusable("product_id", product.get("name", ""), "id-missing", "the label has no product_id")
    product["product_id"] = product["product_id"].strip()
    if not record["lines"]:
        raise Unusable("lines", product["product_id"], "no-lines", "the label has no lines")
    lines: list[dict[str, str]] = []
    for number, line in enumerate(record["lines"], start=1):
        cells = (
            {our_name(name, rename): value_text(value) for name, value in line.items()}
            if isinstance(line, dict)
            else {}
        )
        if not cells.get("ingredient", "").strip():
            message = f"line {number} of the label is no object with an 'ingredient'"
            raise Unusable("ingredient", value_text(line), "ingredient-missing", message)
        lines.append({"line": str(number)} | cells)
    columns = tuple(dict.fromkeys(name for line in lines for name in line))
    return Flattened(product, columns, [tuple(line.get(name, "") for name in columns) for line in lines])


class TableRows:
    """Rows of a table written as JSON objects, in either layout; the keys may differ from row to row."""

    def __init__(self, rename: Mapping[str, str]) -> None:
        self._rename = rename
        self._layouts: dict[tuple[str, ...], Layout | str] = {}

    def flatten(self, record: Mapping[str, Any]) -> Flattened:
        """The label lines of one row.

        Raises:
            Unusable: if the keys are no table of ours, or the row names no product or no ingredient.
        """
        layout = self._layout(tuple(record))
        cells = dict(zip(layout.targets, map(value_text, record.values()), strict=True))
        cells["product_id"] = cells["product_id"].strip()
        if not cells["product_id"]:
            shown = next(filter(None, cells.values()), "")
            raise Unusable(
                "product_id", shown, "id-missing", "the row has no product_id; give every row the id of its product"
            )
        if layout.kind == "products":
            return _nutrient_lines(cells)
        if not cells["ingredient"].strip():
            message = "the row names no ingredient; give the line of the label it stands for"
            raise Unusable("ingredient", cells["product_id"], "ingredient-missing", message)
        return Flattened(cells, (), [()])

    def _layout(self, keys: tuple[str, ...]) -> Layout:
        layout = self._layouts.get(keys)
        if layout is None:
            try:
                layout = match_columns(keys, renames_present(self._rename, keys), "its keys")
            except InputError as error:
                layout = str(error)
            if len(self._layouts) < MAX_LAYOUTS:
                self._layouts[keys] = layout
        if isinstance(layout, str):
            message = (
                f"neither a DSLD label ('ingredientRows'), nor a label with 'lines', nor a row of a table. {layout}"
            )
            raise Unusable("", ", ".join(keys), "unknown-record", message, wrong_shape=True)
        return layout


def _nutrient_lines(cells: dict[str, str]) -> Flattened:
    """A row of the `products` layout as its vitamin D3 and K2 lines, or one empty line if it lists neither."""
    d3_amount, d3_unit, k2_amount, k2_unit, k2_form = (cells.pop(name, "") for name in PRODUCT_LAYOUT_COLUMNS)
    lines: list[tuple[str, ...]] = []
    if d3_amount.strip() or d3_unit.strip():
        lines.append(("Vitamin D3", d3_amount, d3_unit, ""))
    if k2_amount.strip() or k2_unit.strip() or k2_form.strip():
        lines.append(("Vitamin K2", k2_amount, k2_unit, k2_form))
    return Flattened(cells, ("ingredient", "amount", "unit", "form"), lines or [("", "", "", "")])
