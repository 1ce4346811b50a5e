"""A market for the tests of engines: the benchmark's, and beside it every odd case that a cut into parts could spoil."""

from __future__ import annotations

import csv
from pathlib import Path

from benchmarks.market import COLUMNS, Market

EXTRA = "shelf"
"""A column of the input's own."""

Row = dict[str, str]


def label(product_id: str, *lines: str, **cells: str) -> list[Row]:
    """Rows of a label whose lines hold their amounts."""
    return [{"product_id": product_id, "ingredient": line, "market": "us"} | cells for line in lines]


def odd_labels() -> list[list[Row]]:
    """Groups of rows; the groups are spread over the market, far from one another."""
    twin = {"brand": "Twin", "name": "D3 + K2", "upc": "012345678905"}
    return [
        # One id in three places: with other products between, its lines far apart.
        label("scattered", "Vitamin D3 25 mcg (1,000 IU)", **twin),
        label("upc-a", "Vitamin D3 25 mcg", upc="4006381333931", brand="A"),
        label("scattered", "Vitamin K2 (MK-7) 100 mcg", "Zinc 5 mg", **twin),
        label("upc-b", "Vitamin D3 50 mcg", upc="4006381333931", brand="B"),
        label("Case-1", "Vitamin D3 10 mcg"),
        label("record-a", "Vitamin D3 25 mcg", brand="Same", name="Same D3"),
        label("case-1", "Vitamin D3 10 mcg"),
        label("record-b", "Vitamin D3 25 mcg", brand="SAME", name="same d3"),
        label("scattered", "Vitamin D3 -5 mcg", **twin),
        label("record-c", "Vitamin D3 25 mcg", brand="Same", name="Same D3"),
        label("negative", "Vitamin D3", amount="-25", unit="mcg"),
        label("", "Vitamin D3 25 mcg"),
        label("no-ingredient", ""),
        label("too-long", "Vitamin D3 25 mcg", directions="x" * 20_001),
        label("formula", "Vitamin D3 25 mcg", name="=1+1", brand="@cmd"),
        label("broken-lines", "Vitamin D3\n25 mcg", directions='Take "one" daily,\nwith food'),
        label("prenatal", "Vitamin D 15 mcg", audience="Pregnant and Lactating Women"),
        label("two-ages", "Vitamin D3 10 mcg", audience="Children 1-3 years")
        + label("two-ages", "Vitamin D3 20 mcg", audience="Adults"),
        label("nested", "Bone Blend", amount="NP", line="1") + label("nested", "Vitamin K2", line="2", parent="1"),
        label("weekly", "Vitamin D3 1,250 mcg (50,000 IU)", directions="Take one capsule once a week."),
        label("none", "Nattokinase 100 mg", "Annatto extract"),
        label("umlaut", "Vitamin D₃ 25 µg (1.000 I.E.)", market="de", directions="Täglich 1 Tablette zum Essen"),
        label("shelved", "Vitamin D3 25 mcg", **{EXTRA: "top, left"}),
        label("upc-c", "Vitamin D3 25 mcg", upc="4006381333931", brand="A"),
        label(" scattered-blank ", "Vitamin D3 25 mcg"),
        label("scattered-blank", "Zinc 3 mg"),
    ]


def rows_of(lines: int, seed: int = 2026) -> list[Row]:
    """The market's rows with the odd groups spread evenly among its labels."""
    rows: list[Row] = [row for table in Market(lines, seed).tables() for row in table.to_pylist()]
    groups = odd_labels()
    starts = [
        position for position in range(1, len(rows)) if rows[position]["product_id"] != rows[position - 1]["product_id"]
    ]
    for number, group in reversed(list(enumerate(groups))):
        place = starts[len(starts) * number // len(groups)]
        rows[place:place] = group
    return rows


def write_csv(path: Path, rows: list[Row], with_extra: bool = True) -> Path:
    """The rows as a CSV file with all columns that the odd cases need."""
    names = [*COLUMNS, "line", "parent", *([EXTRA] if with_extra else [])]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_files(folder: Path, rows: list[Row], count: int) -> list[Path]:
    """The rows in several files, cut without regard for labels; only the files that need it have the extra column."""
    folder.mkdir(parents=True, exist_ok=True)
    step = -(-len(rows) // count)
    paths = []
    for number in range(count):
        own = rows[number * step : (number + 1) * step]
        path = folder / f"market-{number:02d}.csv"
        paths.append(write_csv(path, own, with_extra=any(row.get(EXTRA) for row in own)))
    return paths
