"""The page Audit a file from foreign headers to the data package, against the bytes of the command line."""

from __future__ import annotations

import csv
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from browser_steps import settle

from auditor.written import table_files

Visit = Callable[[str], Any]
MEANINGS = {
    "Item no": "product_id",
    "Product Name": "name",
    "Supplement Fact": "ingredient",
    "How to take": "directions",
}
ROWS = [
    [*MEANINGS, "Shelf"],
    ["A-1", "Sun, strong", "Vitamin D3 (as cholecalciferol) 125 mcg (5,000 IU)", "Take 1 softgel daily", "top"],
    ["A-1", "Sun, strong", "Vitamin K2 (as MK-7) 100 mcg", "Take 1 softgel daily", "top"],
    ["B-2", "=HYPERLINK(1)", "Vitamin K2 45 mcg", "Take 1 to 2 capsules daily", "ÄÖ\ntwo lines"],
    ["C-3", "Bare", "Vitamin D3", "Take 1 capsule daily", ""],
    ["", "Lost", "Vitamin D3 25 mcg", "Take 1 capsule daily", "low"],
    ["D-4", "Empty", "", "Take 1 capsule daily", "low"],
]


def mean(page: Any, row: int, meaning: str) -> None:
    """Choose the meaning of a column of the file in the grid of columns."""
    box = page.get_by_test_id("stDataFrame").first.bounding_box()
    page.mouse.click(box["x"] + 20, box["y"] + 36 + 35 * row + 17)
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.get_by_role("combobox").last.wait_for()
    page.wait_for_timeout(250)
    page.keyboard.type(meaning)
    page.wait_for_timeout(250)
    page.keyboard.press("Enter")
    settle(page)


def cells(page: Any, words: str) -> list[list[str]]:
    """Cells of the grid with these words, as a screen reader finds them beside the canvas."""
    grid = page.get_by_test_id("stDataFrame").filter(has=page.locator(f"[aria-label='{words}']"))
    rows = grid.locator("tbody tr")
    rows.first.wait_for(state="attached")
    return [[str(cell.text_content()) for cell in row.locator("td").all()] for row in rows.all()]


def downloaded(page: Any, button: str) -> bytes:
    with page.expect_download() as told:
        page.get_by_role("button", name=button).click()
    return Path(told.value.path()).read_bytes()


def test_foreign_headers_are_mapped_audited_and_taken_away_as_on_the_command_line(visit: Visit, tmp_path: Path) -> None:
    file = tmp_path / "market.csv"
    with file.open("w", newline="", encoding="utf-8") as opened:
        csv.writer(opened).writerows(ROWS)

    page = visit("audit_file")
    page.locator("input[type=file]").first.set_input_files(str(file))
    page.get_by_text("no column is the product_id").wait_for()
    settle(page)
    assert ["Item no", "A-1", ""] in [
        row[:3] for row in cells(page, "Columns of the file, their first value and their meaning")
    ]
    assert ROWS[1] in [row[:5] for row in cells(page, "First rows of the file")]
    for row, meaning in enumerate(MEANINGS.values()):
        mean(page, row, meaning)
    page.get_by_text("6 rows in = 4 audited + 2 rejected").wait_for()
    settle(page)

    rename = [part for pair in MEANINGS.items() for part in ("--rename", "=".join(pair))]
    command = [sys.executable, "-m", "auditor", "audit", "market.csv", "-o", "out/", "--quiet", *rename]
    subprocess.run(command, cwd=tmp_path, check=True, env={"PYTHONPATH": str(Path(__file__).parents[2])})
    written = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}

    told = cells(page, "Rejected rows by reason with an example")
    reasons = {row["reason"] for row in csv.DictReader(written["rejects.csv"].decode("utf-8-sig").splitlines())}
    assert len(reasons) == 2
    assert {row[0] for row in told} == reasons
    assert ["vitamin D", "computed"] in [row[:2] for row in cells(page, "Doses computed and reasons why not")]
    for name in table_files("csv").values():
        assert downloaded(page, name) == written[name], name
    (tmp_path / "audit.zip").write_bytes(downloaded(page, "Data package (zip)"))
    with zipfile.ZipFile(tmp_path / "audit.zip") as package:
        assert {name: package.read(name) for name in package.namelist()} == written
    assert b"A-1" in downloaded(page, "Report to print (HTML)")
