"""Rows of a table become label lines: checks of a row, the two layouts, and batches that split no product.

Works on Arrow tables whose columns are all text (or dictionaries of text), column by column and never row by row.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from auditor.batches import TEXT, Batch, always, compact
from auditor.labels import MAX_CELL_CHARACTERS, PRODUCT_LAYOUT_COLUMNS, Reject
from auditor.readers.columns import Layout

SHOWN_CHARACTERS = 80
"""How much of an unusable cell is shown among the rejects."""

Positions = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True)
class Piece:
    """Some usable rows of one file under our column names, with the number of each as `row`; and those not usable.

    `left_out` counts the rows read that are not among the usable ones.
    """

    rows: pa.Table
    rejects: tuple[Reject, ...] = ()
    left_out: int = 0


@dataclass
class _Pending:
    tables: list[pa.Table] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    count: int = 0
    left_out: int = 0
    last_product: str | None = None
    last_product_from: int = 0


def shorten(value: str) -> str:
    """The text as it is shown among the rejects: at most 80 characters."""
    return value if len(value) <= SHOWN_CHARACTERS else value[: SHOWN_CHARACTERS - 3] + "..."


def usable_rows(table: pa.Table, layout: Layout, row_numbers: Positions, source: str) -> Piece:
    """Sort the rows of a table into usable and rejected ones; rows without any text are no rows at all.

    Args:
        table: columns as in the file, text or dictionary of text, no nulls.
        layout: what they mean.
        row_numbers: spreadsheet row of each row.
        source: the file, for the rejects.
    """
    table = table.rename_columns(list(layout.targets))
    table = table.set_column(table.column_names.index("product_id"), "product_id", _trimmed(table["product_id"]))
    reasons: dict[int, tuple[str, str]] = {}
    for column, limit_broken in _too_long(table):
        for position in limit_broken.tolist():
            reasons.setdefault(position, (column, "cell-too-long"))
    empty = {
        column: _empty(table[column]).tolist()
        for column in (("product_id", "ingredient") if layout.kind == "lines" else ("product_id",))
    }
    cells = _cells(table, sorted({*reasons, *itertools.chain.from_iterable(empty.values())}))
    blank = {position for position, row in cells.items() if not any(map(str.strip, row))}
    for column, positions in empty.items():
        reason = "id-missing" if column == "product_id" else "ingredient-missing"
        for position in positions:
            if position not in blank:
                reasons.setdefault(position, (column, reason))
    rejects = tuple(
        _reject(
            dict(zip(table.column_names, cells[position], strict=True)), *reasons[position],
            row=str(row_numbers[position]), source=source,
        )
        for position in sorted(reasons)
    )  # fmt: skip
    table = table.append_column("row", pa.array(row_numbers))
    if reasons or blank:
        keep = np.ones(table.num_rows, dtype=bool)
        keep[[*reasons, *blank]] = False
        table = table.filter(pa.array(keep))
    return Piece(table, rejects, len(reasons) + len(blank))


def _too_long(table: pa.Table) -> Iterator[tuple[str, Positions]]:
    for name in table.column_names:
        column = table[name]
        if _longest_bytes(column) > MAX_CELL_CHARACTERS:
            too_long = pc.greater(pc.utf8_length(column.cast(TEXT)), MAX_CELL_CHARACTERS)
            yield name, np.flatnonzero(too_long.to_numpy(zero_copy_only=False))


def _longest_bytes(column: pa.ChunkedArray) -> int:
    return max(
        (
            pc.max(pc.binary_length(texts)).as_py() or 0
            for texts in _texts_of(column)
            if texts.nbytes > MAX_CELL_CHARACTERS
        ),
        default=0,
    )


def _texts_of(column: pa.ChunkedArray) -> list[pa.Array]:
    """The texts that stand in a column, those of a dictionary once."""
    return [chunk.dictionary if isinstance(chunk, pa.DictionaryArray) else chunk for chunk in column.chunks]


def _trimmed(ids: pa.ChunkedArray) -> pa.ChunkedArray:
    # Two products that differ by a trailing blank are one; looking first is ten times cheaper than trimming.
    texts = pa.chunked_array(_texts_of(ids), TEXT)
    edges = [test(texts, blank) for test in (pc.starts_with, pc.ends_with) for blank in (" ", "\t", "\u00a0")]
    if not any(pc.any(edge).as_py() for edge in edges):
        return ids
    trimmed = pc.utf8_trim_whitespace(ids.cast(TEXT))
    # Encoded anew, for two texts of the dictionary may have become one.
    return trimmed.dictionary_encode() if pa.types.is_dictionary(ids.type) else trimmed


def _empty(column: pa.ChunkedArray) -> Positions:
    return np.flatnonzero(np.concatenate([_empty_in(chunk) for chunk in column.chunks] or [np.zeros(0, dtype=bool)]))


def _empty_in(texts: pa.Array) -> npt.NDArray[np.bool_]:
    if isinstance(texts, pa.DictionaryArray):
        return _empty_in(texts.dictionary)[texts.indices.to_numpy()]
    empty: npt.NDArray[np.bool_] = pc.or_(pc.equal(pc.binary_length(texts), 0), pc.utf8_is_space(texts)).to_numpy(
        zero_copy_only=False
    )
    return empty


def _cells(table: pa.Table, positions: list[int]) -> dict[int, tuple[str, ...]]:
    """The texts of some rows; few rows are odd, and to ask for their cells one by one takes long."""
    if not positions:
        return {}
    rows = table.take(pa.array(positions))
    columns = [column.cast(TEXT).to_numpy().tolist() for column in rows.columns]
    return dict(zip(positions, zip(*columns, strict=True), strict=True))


def _reject(row_cells: dict[str, str], column: str, reason: str, *, row: str, source: str) -> Reject:
    if reason == "cell-too-long":
        value = row_cells[column]
        message = f"{len(value):,} characters in one cell; a label text has at most {MAX_CELL_CHARACTERS:,}"
    elif reason == "id-missing":
        value = next(filter(None, row_cells.values()), "")
        message = "the row has no product_id; give every row the id of its product"
    else:
        value = row_cells["product_id"]
        message = f"the row of product {shorten(value)!r} names no ingredient; give the line of the label it stands for"
    return Reject(source, row, column, shorten(value), reason, message)


def batches(pieces: Iterable[Piece], layout: Layout, source: str, chunk_rows: int) -> Iterator[Batch]:
    """Batches of about `chunk_rows` rows read; the last product of a batch is held back until it is complete.

    Yields at least one batch, so that a table without rows is an empty audit.
    """
    pending = _Pending()
    emitted = False
    for piece in pieces:
        pending.rejects += piece.rejects
        pending.left_out += piece.left_out
        for start in range(0, piece.rows.num_rows, chunk_rows):
            _append(pending, piece.rows.slice(start, chunk_rows))
            if pending.count + pending.left_out >= chunk_rows and pending.last_product_from:
                yield _cut(pending, layout, source)
                emitted = True
    if pending.count or pending.rejects or not emitted:
        pending.last_product_from = pending.count
        yield _cut(pending, layout, source)


def _append(pending: _Pending, rows: pa.Table) -> None:
    ids = rows["product_id"]
    last = ids[-1].as_py()
    different = _last_other(ids, last)
    if different is not None:
        pending.last_product_from = pending.count + different + 1
    elif last != pending.last_product:
        pending.last_product_from = pending.count
    pending.last_product = last
    pending.tables.append(rows)
    pending.count += rows.num_rows


def _last_other(ids: pa.ChunkedArray, last: str) -> int | None:
    """The last row with another id; None if there is none."""
    end = len(ids)
    for chunk in reversed(ids.chunks):
        end -= len(chunk)
        if isinstance(chunk, pa.DictionaryArray):
            others = chunk.indices.to_numpy() != chunk.dictionary.index(last).as_py()
        else:
            others = pc.not_equal(chunk, last).to_numpy(zero_copy_only=False)
        found = np.flatnonzero(others)
        if found.size:
            return end + int(found[-1])
    return None


def _cut(pending: _Pending, layout: Layout, source: str) -> Batch:
    whole = pa.concat_tables(pending.tables) if pending.tables else None
    rows = whole.slice(0, pending.last_product_from) if whole else None
    rejects = tuple(pending.rejects)
    # Made anew: the few rows held back would hold all of the batch with them.
    pending.tables = [compact(whole.slice(pending.last_product_from))] if whole else []
    pending.count -= pending.last_product_from
    pending.left_out = 0
    pending.last_product_from = 0
    pending.rejects = []
    lines = _as_lines(rows, layout) if rows else empty_table(layout)
    lines = lines.append_column("input", always(source, lines.num_rows))
    return Batch(lines, rejects, rows_in=(rows.num_rows if rows else 0) + len(rejects), inputs=(source,))


def empty_table(layout: Layout) -> pa.Table:
    """A table with the columns of the layout and no rows."""
    names = [name for name in layout.targets if layout.kind == "lines" or name not in PRODUCT_LAYOUT_COLUMNS]
    return pa.table({name: pa.array([], TEXT) for name in names} | {"row": pa.array([], pa.int64())})


def _as_lines(rows: pa.Table, layout: Layout) -> pa.Table:
    """Turn rows of the `products` layout into one row per nutrient; rows of the `lines` layout are lines already."""
    if layout.kind == "lines":
        return rows
    cells = {name: rows[name].cast(TEXT) if name in rows.column_names else None for name in PRODUCT_LAYOUT_COLUMNS}
    has_d = _filled(rows, "d3_amount", "d3_unit")
    has_k = _filled(rows, "k2_amount", "k2_unit", "k2_form")
    lines = [
        ("Vitamin D3", np.flatnonzero(has_d), cells["d3_amount"], cells["d3_unit"], None),
        ("Vitamin K2", np.flatnonzero(has_k), cells["k2_amount"], cells["k2_unit"], cells["k2_form"]),
        # A product that lists neither still has to appear in the audit.
        ("", np.flatnonzero(~has_d & ~has_k), None, None, None),
    ]
    tables = [
        rows.drop_columns([name for name in PRODUCT_LAYOUT_COLUMNS if name in rows.column_names])
        .take(pa.array(positions))
        .append_column("ingredient", pa.repeat(pa.scalar(ingredient, TEXT), len(positions)))
        .append_column("amount", _taken(amount, positions))
        .append_column("unit", _taken(unit, positions))
        .append_column("form", _taken(form, positions))
        for ingredient, positions, amount, unit, form in lines
    ]
    in_order = np.argsort(np.concatenate([positions for _, positions, *_ in lines]), kind="stable")
    return pa.concat_tables(tables).take(pa.array(in_order))


def _filled(rows: pa.Table, *names: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    filled = np.zeros(rows.num_rows, dtype=bool)
    for name in names:
        if name in rows.column_names:
            text = np.ones(rows.num_rows, dtype=bool)
            text[_empty(rows[name])] = False
            filled |= text
    return filled


def _taken(column: pa.ChunkedArray | None, positions: Positions) -> pa.ChunkedArray | pa.Array:
    return pa.repeat(pa.scalar("", TEXT), len(positions)) if column is None else column.take(pa.array(positions))
