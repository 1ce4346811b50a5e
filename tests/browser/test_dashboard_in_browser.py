"""What a reader does with the dashboard, done in a real browser."""

from __future__ import annotations

import csv
import importlib.util
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browser_steps import settle
from PIL import Image, ImageDraw, ImageFont

from auditor.engines import audit
from auditor.export import csv_bytes

Visit = Callable[[str], Any]
ROOT = Path(__file__).parents[2]
HOSTILE = "<img src=x onerror=\"document.title='pwned'\"> [click](javascript:alert(1)) :material/home: =HYPERLINK(1)"
D3 = "Vitamin D3 (as cholecalciferol) 125 mcg (5,000 IU)"


@pytest.fixture
def label_file(tmp_path: Path) -> Path:
    """Two labels, one of them with a name that would like to be markup, script and formula."""
    path = tmp_path / "labels.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(
            [
                ["product_id", "brand", "name", "ingredient", "directions"],
                ["one", "Good", HOSTILE, D3, "Take 1 softgel daily"],
                ["two", "Fine", "Plain K2", "Vitamin K2 (as MK-7) 100 mcg", "Take 1 capsule daily"],
            ]
        )
    return path


def metric(page: Any, name: str) -> str:
    """The number of a metric."""
    box = page.get_by_test_id("stMetric").filter(has_text=name)
    return str(box.get_by_test_id("stMetricValue").inner_text()).strip()


def select_row(page: Any, row: int, position: int = -1) -> None:
    """Tick the box before a row of a grid of the page, which is drawn on a canvas."""
    grid = page.get_by_test_id("stDataFrame").nth(position)
    grid.scroll_into_view_if_needed()
    settle(page)
    box = grid.bounding_box()
    page.mouse.click(box["x"] + 18, box["y"] + 36 + 35 * row + 17)


def test_filter_stands_in_the_address_and_gives_the_same_view(visit: Visit) -> None:
    page = visit("")
    everything = metric(page, "Products shown")
    page.get_by_test_id("stMain").get_by_role("button", name="high-dose").click()
    settle(page)
    high = metric(page, "Products shown")
    assert 0 < int(high) < int(everything)
    assert "class=high-dose" in page.url
    again = visit(page.url.split("/", 3)[3])
    assert metric(again, "Products shown") == high


def test_selected_row_opens_the_product(visit: Visit) -> None:
    page = visit("?q=ca-bioclinic-k2-100")
    assert metric(page, "Products shown") == "1"
    select_row(page, 0)
    page.wait_for_url("**/product?*id=ca-bioclinic-k2-100*")
    settle(page)
    assert page.locator("h1").inner_text() == "Vitamin K2 100 mcg"


def test_rules_and_filters_outlive_a_change_of_page(visit: Visit) -> None:
    page = visit("?context=bone&class=sub-therapeutic")
    shown = metric(page, "Products shown")
    page.get_by_role("link", name="Evidence").click()
    settle(page)
    page.get_by_role("link", name="Explore").click()
    settle(page)
    assert "context=bone" in page.url
    assert metric(page, "Products shown") == shown


def test_two_products_are_compared_by_link(visit: Visit) -> None:
    page = visit("compare?id=ca-bioclinic-k2-100&id=ca-bioclinic-d3-2500-softgel")
    table = page.get_by_test_id("stTable").first.inner_text()
    assert "62.5 mcg (2,500 IU)" in table
    assert "100 mcg" in table


def test_typed_price_stands_in_the_link(visit: Visit) -> None:
    page = visit("compare?id=ca-bioclinic-k2-100&id=ca-bioclinic-d3-2500-softgel")
    page.get_by_text("Type the prices you pay").click()
    field = page.get_by_role("spinbutton").first
    field.fill("12.5")
    field.press("Enter")
    page.wait_for_url("**price=ca-bioclinic-k2-100%3A12.5*")
    settle(page)
    table = page.get_by_test_id("stTable").first.inner_text()
    again = visit(page.url.split("/", 3)[3])
    assert again.get_by_test_id("stTable").first.inner_text() == table
    again.get_by_text("Type the prices you pay").click()
    assert again.get_by_role("spinbutton").first.input_value() == "12.50"


@pytest.mark.parametrize("width", [390])
def test_comparison_on_a_phone_keeps_readable_columns_beside_the_names_of_its_rows(visit: Visit, width: int) -> None:
    ids = ("dsld-279473", "ca-bioclinic-k2-100", "ca-bioclinic-d3-2500-softgel", "ca-bioclinic-d3-1000-softgel")
    page = visit("compare?" + "&".join(f"id={product_id}" for product_id in ids))
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth") <= width
    table = page.get_by_role("table", name="The products side by side")
    cells = table.locator("tbody tr").first.locator("td")
    assert [cell.bounding_box()["width"] >= 150 for cell in cells.all()] == [True] * len(ids)
    name = table.locator("tbody th").first
    before = name.bounding_box()
    page.mouse.move(before["x"] + 200, before["y"] + 10)
    page.mouse.wheel(1000, 0)
    page.wait_for_timeout(300)
    assert name.bounding_box() == before
    last = cells.last.bounding_box()
    assert before["x"] + before["width"] <= last["x"]
    assert last["x"] + last["width"] <= width


def test_clicked_dot_of_the_map_lists_its_products(visit: Visit) -> None:
    page = visit("?q=ca-bioclinic-k2-100")
    page.locator("[data-testid=stVegaLiteChart] g.mark-symbol path").last.click(force=True)
    page.get_by_text("1 at the chosen dot").wait_for()
    settle(page)
    select_row(page, 0, position=0)
    page.wait_for_url("**/product?*id=ca-bioclinic-k2-100*")


def test_row_of_a_product_that_changes_class_opens_it(visit: Visit) -> None:
    page = visit("?tab=What+changes+class&q=ca-bioclinic-k2-100")
    assert metric(page, "Products that change class") == "1"
    select_row(page, 0, position=1)
    page.wait_for_url("**/product?*id=ca-bioclinic-k2-100*")


def test_pasted_label_gets_class_and_dose(visit: Visit) -> None:
    page = visit("check_label")
    page.get_by_label("What the label prints").fill("D3 5,000 IU, K2 (MK-7) 100 mcg")
    page.get_by_role("textbox", name="Directions").first.fill("1 softgel daily")
    page.get_by_role("button", name="Check this label").click()
    page.get_by_text("125 mcg (5,000 IU) a day").first.wait_for()
    settle(page)
    assert page.get_by_text("high-dose", exact=True).count() >= 1


HAS_OCR = all(importlib.util.find_spec(name) for name in ("rapidocr", "onnxruntime"))


def test_photo_fills_the_label_or_says_what_is_missing(visit: Visit, tmp_path: Path) -> None:
    page = visit("check_label")
    page.get_by_text("Read a photo of the label").click()
    if not HAS_OCR:
        page.get_by_text("Photos cannot be read yet on this machine.").wait_for()
        return
    drawn = Image.new("RGB", (900, 260), "white")
    words = "Serving Size 1 softgel\nVitamin D3 125 mcg (5,000 IU)\nVitamin K2 (as MK-7) 100 mcg"
    ImageDraw.Draw(drawn).text((40, 40), words, fill="black", font=ImageFont.load_default(34), spacing=24)
    drawn.save(tmp_path / "label.png")
    page.locator("input[type=file]").first.set_input_files(str(tmp_path / "label.png"))
    settle(page)
    page.get_by_role("button", name="Read the photo").click()
    page.get_by_text("Compare every number with the photo").wait_for()
    settle(page)
    page.get_by_role("button", name="Check this label").click()
    page.get_by_text("125 mcg (5,000 IU) a day").first.wait_for()


def test_upload_is_audited_and_downloads_the_bytes_of_the_command_line(
    visit: Visit, label_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit("audit_file")
    page.locator("input[type=file]").first.set_input_files(str(label_file))
    page.get_by_text("2 rows in = 2 audited + 0 rejected").wait_for()
    settle(page)
    monkeypatch.chdir(label_file.parent)
    for table in ("products", "doses", "findings"):
        with page.expect_download() as told:
            page.get_by_role("button", name=f"{table}.csv").click()
        written = audit(["labels.csv"])
        assert Path(told.value.path()).read_bytes() == csv_bytes(getattr(written, table), table)


def test_explore_downloads_the_bytes_of_the_command_line(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    page = visit("?d_verdict=high-dose")
    with page.expect_download() as told:
        page.get_by_role("button", name="products as CSV").click()
    monkeypatch.chdir(ROOT)
    products = audit(["products"]).products
    chosen = products[products["vitamin_d_verdict"] == "high-dose"]
    assert Path(told.value.path()).read_bytes() == csv_bytes(chosen, "products")


def test_hostile_name_shows_as_text_on_every_page(visit: Visit, label_file: Path) -> None:
    page = visit("audit_file")
    page.locator("input[type=file]").first.set_input_files(str(label_file))
    page.get_by_role("button", name="Open in Explore").click()
    page.wait_for_url("**data=labels.csv*")
    settle(page)
    select_row(page, 0)
    page.wait_for_url("**/product?*")
    settle(page)
    heading = page.locator("h1").inner_text().replace("\N{WORD JOINER}", "")
    assert heading == HOSTILE
    page.get_by_role("button", name="Add to the comparison").click()
    settle(page)
    page.get_by_test_id("stMain").get_by_role("link", name="Compare 1").click()
    settle(page)
    assert page.locator("h1").inner_text() == "Compare"
    assert page.get_by_test_id("stMain").locator("img[src=x], a[href^=javascript]").count() == 0
    assert "pwned" not in page.title()


def test_upload_without_known_headers_says_what_is_missing(visit: Visit, tmp_path: Path) -> None:
    path = tmp_path / "foreign.csv"
    rows = io.StringIO()
    csv.writer(rows).writerows([["Code", "Zutat"], ["1", D3]])
    path.write_text(rows.getvalue())
    page = visit("audit_file")
    page.locator("input[type=file]").first.set_input_files(str(path))
    page.get_by_text("no column is the product_id").wait_for()
