"""Reads plain text files, each the whole text of one label, through :func:`auditor.panel.read_panel`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePath

from auditor.batches import Batch
from auditor.errors import InputError
from auditor.labels import MAX_CELL_CHARACTERS, Label, LabelLine
from auditor.panel import INGREDIENT, PanelReading, read_panel
from auditor.readers.opening import opened_text, undecodable_byte
from auditor.readers.records import Flattened, LineBuffer, Unusable
from auditor.readers.sources import ReadOptions, Source

MAX_CHARACTERS = 200_000
"""A longer file is no label."""

LINE_COLUMNS = tuple(LabelLine.model_fields)


def read_text(sources: Iterable[Source], options: ReadOptions) -> Iterator[Batch]:
    """Batches of text files; the file's name without its ending is the `product_id`.

    Raises:
        InputError: for a named file that is no text; in a folder it is a reject.
    """
    buffer = LineBuffer()
    emitted = False
    for source in sources:
        buffer.inputs[source.name] = None
        try:
            buffer.add(_flattened(source, options), source.name, 1)
        except Unusable as unusable:
            buffer.rejects.append(unusable.as_reject(source.name, 1))
        except InputError as error:
            if not source.in_folder:
                raise
            buffer.rejects.append(Unusable("", "", "not-text", str(error)).as_reject(source.name, 1))
        if len(buffer.lines.cells) >= options.chunk_rows:
            yield buffer.take()
            emitted = True
    if buffer.counts or buffer.rejects or not emitted:
        yield buffer.take()


def _flattened(source: Source, options: ReadOptions) -> Flattened:
    reading = read_panel(
        _text(source, options), product_id=PurePath(source.name).name.split(".")[0] or "label", source="text"
    )
    if not any(line.role == INGREDIENT for line in reading.account):
        message = "no ingredient line was found; a label text needs lines such as 'Vitamin D3 25 mcg (1,000 IU)'"
        raise Unusable("", " / ".join(line.text for line in reading.account[:3]), "no-lines", message)
    return flattened_label(reading)


def flattened_label(reading: PanelReading) -> Flattened:
    """The record of a panel reading, with how many lines were left alone in a column of its own."""
    return Flattened(
        product_cells(reading.label) | {"lines_left_alone": str(len(reading.left_alone))},
        ("line", *LINE_COLUMNS),
        [
            (str(number), *(getattr(line, name) for name in LINE_COLUMNS))
            for number, line in enumerate(reading.label.lines, start=1)
        ],
    )


def product_cells(label: Label) -> dict[str, str]:
    """What is printed once per product, each cell cut to the longest a cell may be."""
    return {name: str(value)[:MAX_CELL_CHARACTERS] for name, value in label.model_dump(exclude={"lines"}).items()}


def _text(source: Source, options: ReadOptions) -> str:
    with opened_text(source, options.encoding) as stream:
        data = bytes(stream.read(MAX_CHARACTERS * 4))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(undecodable_byte(source, options.encoding) or f"{source.name}: not UTF-8") from None
    if len(text) > MAX_CHARACTERS:
        raise Unusable(
            "", text[:80], "too-long", f"{len(text):,} characters; the text of a label has at most {MAX_CHARACTERS:,}"
        )
    return text
