"""The dashboard without a mouse: what is needed is reached by Tab, and one sees where the keyboard is."""

from __future__ import annotations

import io
import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from browser_steps import settle
from PIL import Image

Visit = Callable[[str], Any]
ENOUGH = 3.0
"""Contrast that WCAG asks of a focus mark against what was there before."""
MOST_STOPS = 80


def luminance(colour: bytes) -> float:
    parts = [part / 255 for part in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: bytes, other: bytes) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def picture(page: Any, box: dict[str, float]) -> Image.Image:
    """The page around a box, cut at whole pixels."""
    place = {"x": math.floor(box["x"]) - 6, "y": math.floor(box["y"]) - 6}
    size = {"width": math.ceil(box["width"]) + 12, "height": math.ceil(box["height"]) + 12}
    return Image.open(io.BytesIO(page.screenshot(clip=place | size))).convert("RGB")


def clearly_changed(before: Image.Image, after: Image.Image) -> int:
    """Pixels whose contrast with what was there before is enough."""
    assert before.size == after.size
    changed = Counter(pair for pair in zip(_pixels(before), _pixels(after), strict=True) if pair[0] != pair[1])
    return sum(count for pair, count in changed.items() if contrast(*pair) >= ENOUGH)


def _pixels(picture: Image.Image) -> list[bytes]:
    raw = picture.tobytes()
    return [raw[at : at + 3] for at in range(0, len(raw), 3)]


def reach(page: Any, target: Any, size: int = 0) -> None:
    """Press Tab until the target has the focus, and see a mark of at least half its outline (or of that many pixels).

    Args:
        page: the page.
        target: what must get the focus.
        size: length of the mark in pixels, if it is not drawn around the whole.
    """
    target.scroll_into_view_if_needed()
    before = picture(page, target.bounding_box())
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if target.evaluate("one => one === document.activeElement || one.contains(document.activeElement)"):
            break
    else:
        pytest.fail(f"{target}: not reached with {MOST_STOPS} stops")
    page.wait_for_timeout(400)
    box = target.bounding_box()
    seen = clearly_changed(before, picture(page, box))
    assert seen >= (size or box["width"] + box["height"]), f"{target}: focus is hardly seen ({seen} pixels)"


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
    settle(page)


def write(page: Any, text: str) -> None:
    page.keyboard.type(text)
    page.wait_for_timeout(100)


def shown(page: Any) -> int:
    box = page.get_by_test_id("stMetric").filter(has_text="Products shown")
    return int(box.get_by_test_id("stMetricValue").inner_text())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_filter_product_and_label_check_are_reached_by_keyboard_alone(visit: Visit, scheme: str) -> None:
    page = visit("evidence")
    reach(page, page.get_by_role("link", name="Explore"))
    press(page, "Enter")
    page.get_by_role("heading", name="Explore").wait_for()
    everything = shown(page)

    reach(page, page.get_by_role("textbox", name="Search"))
    write(page, "bioclinic")
    press(page, "Enter")
    found = shown(page)
    assert 0 < found < everything

    reach(page, page.get_by_role("button", name="More filters"))
    press(page, "Enter")
    markets = page.get_by_role("combobox", name="Vitamin D verdict")
    reach(page, markets)
    write(page, "absent")
    press(page, "Enter")
    press(page, "Escape", "Escape")
    assert "d_verdict=absent" in page.url
    assert 0 < (narrowed := shown(page)) < found

    pills = page.get_by_test_id("stButtonGroup").first
    reach(page, pills.get_by_role("button").first)
    press(page, "ArrowRight", "Space")
    assert "class=studied-range" in page.url
    assert 0 < shown(page) <= narrowed

    grid = page.get_by_test_id("stDataFrame").last
    reach(page, grid.get_by_test_id("data-grid-canvas"), size=100)
    press(page, "Shift+Space")
    page.wait_for_url("**/product?*id=ca-bioclinic-k2-100*")
    settle(page)
    assert page.locator("h1").inner_text() == "Vitamin K2 100 mcg"

    reach(page, page.get_by_role("link", name="Check a label"))
    press(page, "Enter")
    page.get_by_role("heading", name="Check a label").wait_for()
    settle(page)
    reach(page, page.get_by_label("What the label prints"))
    write(page, "D3 5,000 IU\nK2 (MK-7) 100 mcg")
    reach(page, page.get_by_role("textbox", name="Directions").first)
    write(page, "1 softgel daily")
    reach(page, page.get_by_role("button", name="Check this label"))
    press(page, "Enter")
    page.get_by_text("125 mcg (5,000 IU) a day").first.wait_for()


def test_table_lets_the_keyboard_go(visit: Visit) -> None:
    page = visit("?q=bioclinic")
    reach(page, page.get_by_test_id("data-grid-canvas").last, size=100)
    page.keyboard.press("Escape")
    reach(page, page.get_by_role("button", name="products as CSV"))


@pytest.mark.parametrize("width", [390])
def test_wide_comparison_is_pushed_sideways_by_keyboard(visit: Visit, width: int) -> None:
    page = visit("compare?id=dsld-279473&id=ca-bioclinic-k2-100&id=ca-bioclinic-d3-2500-softgel")
    table = page.get_by_role("table", name="The products side by side")
    reach(page, table.locator("xpath=.."))
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(500)
    last = table.locator("tbody tr").first.locator("td").last.bounding_box()
    assert last["x"] + last["width"] <= width
