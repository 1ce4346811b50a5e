"""Label photos: rendered panels, straight, slanted, blurred, on their side; reading order by itself; and what is said without the extra."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from auditor import photo
from auditor.errors import InputError, UsageError
from auditor.photo import Box, read_photo, reading_order

needs_ocr = pytest.mark.skipif(
    importlib.util.find_spec("rapidocr") is None, reason="the extra 'ocr' (rapidocr, onnxruntime) is not installed"
)

PANEL = [
    [(40, "Supplement Facts")], [(40, "Serving Size 1 Softgel")], [(40, "Servings Per Container 120")], [(40, "Amount Per Serving"), (800, "% Daily Value")],
    [(40, "Vitamin D3 (as cholecalciferol)"), (540, "125 mcg (5,000 IU)"), (900, "625%")], [(40, "Vitamin K2 (as MK-7)"), (540, "100 mcg"), (900, "83%")],
    [(40, "Suggested use: Take one softgel daily with food.")], [(40, "Keep out of reach of children.")],
]  # fmt: skip


def drawn(path: Path, turn: float = 0, blur: float = 0) -> Path:
    picture = Image.new("RGB", (1060, 400), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(26)
    for number, row in enumerate(PANEL):
        for left, text in row:
            pen.text((left, 20 + 46 * number), text, font=font, fill="black")
    if turn:
        picture = picture.rotate(turn, expand=True, fillcolor="white")
    if blur:
        picture = picture.filter(ImageFilter.GaussianBlur(blur))
    picture.save(path)
    return path


@needs_ocr
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("turn", "blur"),
    [(0, 0), (3, 0.8), (0, 1.5), (90, 0), (180, 0)],
    ids=["straight", "slanted and blurred", "blurred", "on its side", "upside down"],
)
def test_rendered_panel(tmp_path: Path, turn: float, blur: float) -> None:
    reading = read_photo(drawn(tmp_path / "label.png", turn, blur))
    label = reading.label
    assert label.source == "photo"
    assert (label.serving_size.casefold(), label.servings_per_container) == ("1 softgel", "120")
    assert label.directions == "Take one softgel daily with food."
    d3, k2 = (line.ingredient for line in label.lines)
    assert d3.startswith("Vitamin D3 (as cholecalciferol) 125 mcg (5,000")
    assert k2 == "Vitamin K2 (as MK-7) 100 mcg 83%"
    assert reading.frame()[photo.MACHINE_COLUMN].str.startswith("8 lines read by machine, least confidence").all()
    assert "Read by machine" in reading.as_text()


@needs_ocr
@pytest.mark.filterwarnings("default")
def test_picture_without_text(tmp_path: Path) -> None:
    Image.new("RGB", (300, 200), "white").save(tmp_path / "white.png")
    with pytest.raises(InputError, match="no text was found"):
        read_photo(tmp_path / "white.png")


@needs_ocr
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [("a.png", b"no picture", "cannot be read as a picture"), ("none.png", None, "no such file")],
)
def test_file_that_is_no_picture(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_photo(tmp_path / name)


def test_without_the_extra_the_command_to_install_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    photo._engine.cache_clear()
    with pytest.raises(UsageError, match=r"pip install 'supplement-label-auditor\[ocr\]'"):
        read_photo(tmp_path / "any.png")
    photo._engine.cache_clear()


def box(text: str, left: float, top: float, confidence: float = 0.99) -> Box:
    return Box(text, confidence, left, top, left + 10 * len(text), top + 20)


def test_pieces_of_a_line_are_parted_by_a_gap_and_take_the_least_confidence() -> None:
    (line,) = reading_order([box("625%", 600, 103), box("Vitamin D3", 10, 100), box("125 mcg", 300, 97, 0.7)])
    assert line == ("Vitamin D3    125 mcg    625%", 0.7)


def test_blocks_of_prose_side_by_side_are_read_one_after_the_other() -> None:
    left = [box(f"left side line number {n}", 10, 40 * n) for n in range(3)]
    right = [box(f"right side line number {n}", 400, 40 * n + 5) for n in range(3)]
    texts = [line.text for line in reading_order([*right, *left])]
    assert texts == [
        *(f"left side line number {n}" for n in range(3)),
        *(f"right side line number {n}" for n in range(3)),
    ]


def test_table_of_figures_is_no_block_of_its_own() -> None:
    rows = [piece for n in range(4) for piece in (box(f"Vitamin number {n}", 10, 40 * n), box("100 mcg", 400, 40 * n))]
    assert [line.text for line in reading_order(rows)] == [f"Vitamin number {n}    100 mcg" for n in range(4)]


def test_unsure_lines_are_named() -> None:
    reading = photo._reading([box("Vitamin D3 125 mcg", 0, 0, 0.62), box("Take one daily", 0, 40)], "us", "x")
    assert [line.text for line in reading.unsure] == ["Vitamin D3 125 mcg"]
    assert "'Vitamin D3 125 mcg' (62%)" in reading.summary
