"""A photo of a label, read by machine on this computer: its lines with their confidence, and the panel they make.

Needs the extra `ocr` (RapidOCR; its models lie in the wheel, nothing is fetched).  What comes out is a draft: digits are
where such reading errs, so every result is marked as machine-read and lines read with little confidence are named.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from auditor.errors import InputError, UsageError
from auditor.labels import Label, label_frame
from auditor.panel import HEADING, INGREDIENT, PanelReading, read_panel
from auditor.text import shorten

if TYPE_CHECKING:
    import pandas as pd
    from PIL import Image

SOURCE = "photo"
"""`source` of every record that was read from a photo."""
MACHINE_COLUMN = "machine_read"
"""Extra column of the line table that says how surely the photo was read; not empty exactly for photos."""

SURE = 0.90
"""Lines with a lower confidence are named; RapidOCR gives 0.97 and more on clean print."""

LONGEST_SIDE = 3_000
INSTALL = "pip install 'supplement-label-auditor[ocr]'"


class Box(NamedTuple):
    """A piece of text as found: its place (left, top, right, bottom after straightening) and confidence from 0 to 1."""

    text: str
    confidence: float
    left: float
    top: float
    right: float
    bottom: float


class PhotoLine(NamedTuple):
    """A line in reading order; `confidence` is that of its least sure piece."""

    text: str
    confidence: float


@dataclass(frozen=True)
class PhotoReading:
    """What was read from a photo: the lines, and the panel made of them.  Marked as machine-read by its `source`."""

    lines: tuple[PhotoLine, ...]
    panel: PanelReading

    @property
    def label(self) -> Label:
        """The record, with `source` = 'photo'."""
        return self.panel.label

    @property
    def unsure(self) -> tuple[PhotoLine, ...]:
        """The lines that a person should compare with the photo first."""
        return tuple(line for line in self.lines if line.confidence < SURE)

    @property
    def summary(self) -> str:
        """How surely the photo was read, in one sentence for a finding and the extra column."""
        least = min((line.confidence for line in self.lines), default=0.0)
        doubtful = "; ".join(f"'{shorten(line.text, 60)}' ({line.confidence:.0%})" for line in self.unsure[:5])
        return f"{len(self.lines)} lines read by machine, least confidence {least:.0%}" + (
            f"; compare with the photo: {doubtful}" if doubtful else ""
        )

    def frame(self) -> pd.DataFrame:
        """The line table of the label with the column `machine_read`."""
        return label_frame([self.label]).assign(**{MACHINE_COLUMN: self.summary})

    def as_text(self) -> str:
        """The text that was read with its confidence, then what each line was understood as."""
        read = [f"{line.confidence:6.1%}{' ?' if line.confidence < SURE else '  '} {line.text}" for line in self.lines]
        return "\n".join(
            ["Read by machine; compare with the photo:", *read, "", "Understood as:", self.panel.as_text()]
        )


def read_photo(path: str | Path, *, market: str = "", product_id: str = "") -> PhotoReading:
    """Read a photo of a label.

    Args:
        path: an image file (JPEG, PNG, WebP, TIFF, ...).
        market: market the label is for, if known.
        product_id: id of the record; the file's name by default.

    Raises:
        UsageError: the extra `ocr` is not installed.
        InputError: the file cannot be read as an image, or no text was found on it.
    """
    engine = _engine()
    image = _image(Path(path))
    image, boxes = _upright(engine, image)
    if not boxes:
        raise InputError(f"{path}: no text was found on the picture; a sharp photo of the flat panel is needed")
    identity = product_id or Path(path).stem
    upright, turned = (_reading(found, market, identity) for found in (boxes, _turned_over(boxes)))
    if _sense(turned) <= _sense(upright):
        return upright
    # Upside down: single pieces are read worse that way, so the picture is read again.
    return _reading(_found(engine, image.rotate(180))[1], market, identity)


def _reading(boxes: list[Box], market: str, product_id: str) -> PhotoReading:
    lines = reading_order(boxes)
    return PhotoReading(
        lines, read_panel("\n".join(line.text for line in lines), market=market, product_id=product_id, source=SOURCE)
    )


def _turned_over(boxes: list[Box]) -> list[Box]:
    """The pieces of a photo held upside down: the engine reads each piece all the same, only their order is wrong."""
    return [box._replace(left=-box.right, right=-box.left, top=-box.bottom, bottom=-box.top) for box in boxes]


def _sense(reading: PhotoReading) -> tuple[int, int]:
    """How much sense the order of the lines makes: ingredients understood, and the heading before them."""
    roles = [line.role for line in reading.panel.account]
    ingredients = roles.count(INGREDIENT)
    return ingredients, int(ingredients > 0 and HEADING in roles and roles.index(HEADING) < roles.index(INGREDIENT))


@cache
def _engine() -> Any:
    try:
        from rapidocr import RapidOCR
    except ImportError as error:
        raise UsageError(
            f"reading photos needs the extra 'ocr' ({error.name} is not installed); install it with {INSTALL}"
        ) from None
    return RapidOCR(params={"Global.log_level": "error"})


def _image(path: Path) -> Image.Image:
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(path) as opened:
            image = ImageOps.exif_transpose(opened).convert("RGB")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError) as error:
        raise InputError(
            f"{path}: cannot be read as a picture: {' '.join(str(error).split())}; accepted are JPEG, PNG, WebP, TIFF"
        ) from None
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return image


def _upright(engine: Any, image: Image.Image) -> tuple[Image.Image, list[Box]]:
    """The picture and its pieces of text; a photo that lies on its side is turned first."""
    from PIL import Image as Pictures

    corners, boxes = _found(engine, image)
    if (
        not boxes
        or statistics.median(_length(box[1], box[2]) / max(_length(box[0], box[1]), 1) for box in corners) <= 1.2
    ):
        return image, boxes
    turned = [image.transpose(turn) for turn in (Pictures.Transpose.ROTATE_90, Pictures.Transpose.ROTATE_270)]
    readings = [(image, boxes), *((picture, _found(engine, picture)[1]) for picture in turned)]
    return max(readings, key=lambda reading: sum(box.confidence * len(box.text) for box in reading[1]))


def _found(engine: Any, image: Image.Image) -> tuple[list[Any], list[Box]]:
    import numpy as np

    result = engine(np.asarray(image)[:, :, ::-1])
    if result.boxes is None or result.txts is None:
        return [], []
    corners = [[(float(x), float(y)) for x, y in box] for box in result.boxes]
    angle = statistics.median(math.atan2(box[1][1] - box[0][1], box[1][0] - box[0][0]) for box in corners)
    return corners, [
        _straight(box, text, float(score), angle)
        for box, text, score in zip(corners, result.txts, result.scores, strict=True)
        if text.strip()
    ]


def _straight(corners: Sequence[tuple[float, float]], text: str, confidence: float, angle: float) -> Box:
    """The box turned back by the slant of the whole text."""
    cosine, sine = math.cos(-angle), math.sin(-angle)
    turned = [(x * cosine - y * sine, x * sine + y * cosine) for x, y in corners]
    xs, ys = [x for x, _ in turned], [y for _, y in turned]
    return Box(text.strip(), confidence, min(xs), min(ys), max(xs), max(ys))


def _length(one: tuple[float, float], other: tuple[float, float]) -> float:
    return math.dist(one, other)


# -- reading order -------------------------------------------------------------------------------------------------------


def reading_order(boxes: Sequence[Box]) -> tuple[PhotoLine, ...]:
    """Lines from top to bottom; pieces of one line are parted by a gap, blocks of prose side by side are read one after the other."""
    if not boxes:
        return ()
    gutter = _gutter(boxes)
    if gutter is not None:
        left = [box for box in boxes if box.right <= gutter]
        return (*reading_order(left), *reading_order([box for box in boxes if box.right > gutter]))
    rows: list[list[Box]] = []
    for box in sorted(boxes, key=lambda box: (box.top + box.bottom) / 2):
        middle = (box.top + box.bottom) / 2
        row = next((row for row in reversed(rows[-3:]) if _on_line(row, middle, box)), None)
        if row is None:
            rows.append([box])
        else:
            row.append(box)
    return tuple(
        PhotoLine(
            "    ".join(box.text for box in sorted(row, key=lambda box: box.left)), min(box.confidence for box in row)
        )
        for row in rows
    )


def _on_line(row: list[Box], middle: float, box: Box) -> bool:
    """Whether the middle of a box lies in the height of the row, and it overlaps none of its pieces sideways."""
    top, bottom = statistics.mean(other.top for other in row), statistics.mean(other.bottom for other in row)
    slack = (bottom - top) * 0.15
    apart = all(box.left >= other.right - slack * 3 or box.right <= other.left + slack * 3 for other in row)
    return top + slack <= middle <= bottom - slack and apart


def _gutter(boxes: Sequence[Box]) -> float | None:
    """Where two blocks of text stand side by side: an empty strip with prose, not only figures, on both sides."""
    left, right = min(box.left for box in boxes), max(box.right for box in boxes)
    edges = sorted(boxes, key=lambda box: box.left)
    reach = edges[0].right
    for box in edges[1:]:
        if box.left > reach and left + (right - left) * 0.25 < (reach + box.left) / 2 < left + (right - left) * 0.75:
            middle = (reach + box.left) / 2
            sides = [[other for other in boxes if (other.right <= middle) is side] for side in (True, False)]
            if all(
                len(side) >= 3 and sum(len(other.text.split()) >= 4 for other in side) * 2 >= len(side)
                for side in sides
            ):
                return middle
        reach = max(reach, box.right)
    return None
