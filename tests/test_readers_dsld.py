"""DSLD labels: each quirk of its records, in a small record of our own.

Numbers in comments are the DSLD labels in which the quirk was met.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from dsld_builder import ADULTS, SMALL_CHILDREN, amount, form, label, row, serving

from auditor.batches import Batch
from auditor.errors import InputError
from auditor.readers import read_batches
from auditor.readers.dsld import flatten_label


def cells(record: dict[str, Any], *columns: str) -> list[tuple[str, ...]]:
    """These columns of the record's lines; product cells are repeated."""
    flat = flatten_label(record)
    return [
        tuple({**flat.product, **dict(zip(flat.columns, line, strict=True))}[name] for name in columns)
        for line in flat.lines
    ]


def cell(record: dict[str, Any], column: str) -> str:
    """This cell of the record's first line."""
    return cells(record, column)[0][0]


def read(folder: Path, *records: Any, name: str = "labels.jsonl", **options: Any) -> Batch:
    """The records as one batch, read from a file."""
    path = folder / name
    path.write_text("\n".join(json.dumps(record) for record in records))
    (batch,) = read_batches(path, **options)
    return batch


def test_product_cells() -> None:
    flat = flatten_label(label())
    assert flat.product == {
        "product_id": "dsld-900001",
        "brand": "Plain",
        "name": "D3 1000",
        "upc": "012345678905",
        "directions": "",
        "servings_per_container": "60",
        "market": "us",
        "dosage_form": "Softgel Capsule",
        "warnings": "",
        "claims": "",
        "label_date": "2024-05-01",
        "source": "dsld",
        "source_id": "900001",
        "off_market": "0",
        "net_contents": "60 Softgel(s); 1.2 oz",
        "target_groups": "Adult (18 - 50 Years); Vegan",
    }


@pytest.mark.parametrize(
    ("field", "value", "column", "text"),
    [
        ("brandName", None, "brand", ""),
        ("upcSku", "", "upc", ""),
        ("upcSku", "Rev. 04", "upc", "Rev. 04"),
        ("upcSku", "X003ABCDEF", "upc", "X003ABCDEF"),
        ("servingsPerContainer", None, "servings_per_container", ""),
        ("servingsPerContainer", 30, "servings_per_container", "30"),
        ("physicalState", None, "dosage_form", ""),
        ("offMarket", True, "off_market", "1"),
        ("netContents", None, "net_contents", ""),
        ("id", "900002", "product_id", "dsld-900002"),
    ],
)
def test_product_fields_of_other_types(field: str, value: object, column: str, text: str) -> None:
    assert cell(label(**{field: value}), column) == text


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (amount(25, "mcg", 125), ("25", "mcg", "=", "125%")),
        (amount(62.5, "mcg", 312), ("62.5", "mcg", "=", "312%")),
        (amount(1000.0, "IU", 2.5), ("1000", "IU", "=", "2.5%")),
        (amount(1, "mcg", 1, percent_operator="<"), ("1", "mcg", "=", "<1%")),
        (amount(5, "mcg", 25, operator="<"), ("5", "mcg", "<", "25%")),
        (amount(0, "NP", 25), ("", "NP", "=", "25%")),
        (amount(0, "Not Present", None), ("", "NP", "=", "")),
        (amount(0, "mcg", 0), ("0", "mcg", "=", "0%")),
        (amount(5, None, None), ("5", "", "=", "")),
        (amount(5, "None", None, operator=None), ("5", "", "", "")),
        (amount(5, "mg", None, footnote="Daily Value (DV) Not Established"), ("5", "mg", "=", "**")),
        (amount(5, "Nanogram(s)", None, dailyValueTargetGroup=[]), ("5", "Nanogram(s)", "=", "")),
    ],
)
def test_amounts_are_never_guessed(entry: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert cells(label(row("Vitamin D", entry)), "amount", "unit", "operator", "percent_dv") == [expected]


def test_row_without_quantity_is_a_line_without_amount() -> None:
    record = label(row("Vitamin K2", quantity=[]), row("Vitamin D", quantity=None))
    assert cells(record, "ingredient", "amount", "unit") == [("Vitamin K2", "", ""), ("Vitamin D", "", "")]


@pytest.mark.parametrize(
    ("name", "notes", "forms", "text"),
    [
        ("Vitamin D3", None, [], "Vitamin D3"),
        ("Vitamin D", "", [form("Cholecalciferol")], "Vitamin D (as Cholecalciferol)"),
        (
            "Vitamin D",
            "Vitamin D (Form: as Cholecalciferol) ",
            [form("Cholecalciferol")],
            "Vitamin D (as Cholecalciferol)",
        ),
        (
            "Vitamin D",
            "Vitamin D (Form: as D3 (Alt. Name: Cholecalciferol)) Note: 1,000 IU ",
            [form("Cholecalciferol"), form("Vitamin D3")],
            "Vitamin D (as Cholecalciferol, Vitamin D3) | [1,000 IU]",
        ),
        # The record's order is not the label's, and a form can be a source.
        (
            "Vitamin D",
            None,
            [form("Lichen", "from"), form("Vitamin D3", "as")],
            "Vitamin D (as Vitamin D3, from Lichen)",
        ),
        ("Vitamin K", "Vitamin K (Form: as MK-7) Note: 45 mcg ", [], "Vitamin K (as MK-7) | [45 mcg]"),
        # The alternative name is label text that the forms lack.
        (
            "Vitamin K",
            "Vitamin K (Form: as K2 (Alt. Name: MK-7)) ",
            [form("Vitamin K2")],
            "Vitamin K (as Vitamin K2) | [Vitamin K (as K2 (MK-7))]",
        ),
        ("Vitamin K2", "Vitamin K-2 Menaquinone-7 Note: USP ", [], "Vitamin K2 | [Vitamin K-2 Menaquinone-7] [USP]"),
        ("Vitamin D3", "1200 IU, Vegetarian", [], "Vitamin D3 | [1200 IU, Vegetarian]"),
        ("Vitamin D", "Vitamin D (Form: as Cholecalciferol Note: USP) ", [], "Vitamin D (as Cholecalciferol) | [USP]"),
        ("Vitamin D", "Vitamin D Note: 1-4 I.U. 0.25-1% ", [], "Vitamin D | [1-4 I.U. 0.25-1%]"),
        ("Turmeric", None, [form("Curcumin", "standardized to", 95)], "Turmeric (standardized to 95% Curcumin)"),
        ("K2 Vital Delta", None, [], "K2 Vital Delta"),
        ("Vitamin D", "Vitamin D (Form: as ((D3 Note: open", [], "Vitamin D (as ((D3 | [open]"),
    ],
)
def test_ingredient_in_label_style(name: str, notes: str | None, forms: list[dict[str, Any]], text: str) -> None:
    assert cell(label(row(name, notes=notes, forms=forms)), "ingredient") == text


def test_synonyms_of_the_database_and_unii_are_no_label_text() -> None:
    record = label(row("Vitamin K", alternateNames=["Vitamin K2", "MK-7"], uniiCode="A034SE7857"))
    assert cell(record, "ingredient") == "Vitamin K"


def test_same_substance_listed_twice_stays() -> None:
    record = label(row("Vitamin D", forms=[form("Vitamin D3"), form("Vitamin D3")]), row("Vitamin D"))
    assert [text for (text,) in cells(record, "ingredient")] == ["Vitamin D (as Vitamin D3, Vitamin D3)", "Vitamin D"]


def test_nested_rows_name_the_line_that_holds_them() -> None:
    inner = row("MK-7", nestedRows=[row("Natto")])
    record = label(row("Blend", nestedRows=[row("Vitamin D3"), inner]), row("Zinc"))
    assert cells(record, "ingredient", "line", "parent") == [
        ("Blend", "1", ""),
        ("Vitamin D3", "2", "1"),
        ("MK-7", "3", "1"),
        ("Natto", "4", "3"),
        ("Zinc", "5", ""),
    ]


def test_deep_nesting_is_no_crash() -> None:
    nested = row("Innermost")
    for _ in range(5000):
        nested = row("Blend", nestedRows=[nested])
    assert cells(label(nested), "ingredient", "parent")[-1] == ("Innermost", "5000")


SERVING = ("serving_size", "units_per_serving", "servings_per_day_min", "servings_per_day_max")


@pytest.mark.parametrize(
    ("size", "entry", "expected"),
    [
        (serving(2, daily=(1, 1)), {"servingSizeQuantity": 2}, ("2 Softgel(s)", "2", "1", "1")),
        # 183945: two servings a day are two, not one.
        (serving(2, daily=(2, 2)), {"servingSizeQuantity": 2}, ("2 Softgel(s)", "2", "2", "2")),
        # 60324, 259262: the smaller number stands second; it is kept as printed.
        (serving(daily=(3, 1)), {}, ("1 Softgel(s)", "1", "3", "1")),
        # 0 means as needed or not stated.
        (serving(daily=(1, 0)), {}, ("1 Softgel(s)", "1", "1", "")),
        (serving(daily=(0, 0)), {}, ("1 Softgel(s)", "1", "", "")),
        (serving(daily=(None, None)), {}, ("1 Softgel(s)", "1", "", "")),
        # "1-2 capsules daily": the panel is for one of them.
        (serving(1, 2), {}, ("1 Softgel(s)", "1", "1", "2")),
        (serving(1, 2), {"servingSizeQuantity": 2}, ("2 Softgel(s)", "2", "0.5", "1")),
        (serving(1, 2, daily=(1, 0)), {}, ("1 Softgel(s)", "1", "1", "2")),
        (serving(2, 4, daily=(1, 3)), {"servingSizeQuantity": 3}, ("3 Softgel(s)", "3", "2/3", "4")),
        (serving(1, 2), {"servingSizeQuantity": None}, ("1-2 Softgel(s)", "", "1", "1")),
        # 330331: a serving of 22.7 g is one serving, not 22.7 units.
        (
            serving(22.7, unit="Gram(s)"),
            {"servingSizeQuantity": 22.7, "servingSizeUnit": "Gram(s)"},
            ("22.7 Gram(s)", "22.7", "1", "1"),
        ),
        # 205006: neither does 0.03 mL divide anything.
        (
            serving(0.03, unit="mL"),
            {"servingSizeQuantity": 0.03, "servingSizeUnit": "mL"},
            ("0.03 mL", "0.03", "1", "1"),
        ),
        # 312859: a plausible result of such a division (0.5 to 2) is as wrong as an absurd one.
        (
            serving(5, 10, daily=(1, 2), unit="mL"),
            {"servingSizeQuantity": 5, "servingSizeUnit": "mL"},
            ("5 mL", "5", "1", "2"),
        ),
        # Odd units are kept as printed.
        (serving(unit="{Capsule(s)}"), {"servingSizeUnit": "{Capsule(s)}"}, ("1 {Capsule(s)}", "1", "1", "1")),
    ],
)
def test_servings(size: dict[str, Any], entry: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert cells(label(row("D3", amount(**entry)), servingSizes=[size]), *SERVING) == [expected]


def test_label_without_serving_sizes_has_the_panel_only() -> None:
    assert cells(label(servingSizes=None), *SERVING) == [("1 Softgel(s)", "1", "", "")]


def test_columns_are_matched_by_order_when_the_list_is_reversed() -> None:
    # 230207, 273629 have the amounts in the other order than the servings.
    child = amount(10, servingSizeOrder=2, servingSizeQuantity=1, group=SMALL_CHILDREN)
    adult = amount(20, servingSizeOrder=1, servingSizeQuantity=2)
    sizes = [serving(2, order=1, daily=(1, 1)), serving(1, order=2, daily=(3, 3))]
    record = label(row("D3", child, adult), servingSizes=sizes)
    assert cells(record, "amount", "line", "serving_order", "audience", *SERVING) == [
        ("10", "1", "2", SMALL_CHILDREN, "1 Softgel(s)", "1", "3", "3"),
        ("20", "1", "1", ADULTS, "2 Softgel(s)", "2", "1", "1"),
    ]


def test_child_amount_never_gets_the_adult_serving() -> None:
    # 317115, 246811: the child's row stands first; here the order of the amounts contradicts their size.
    child = amount(10, servingSizeOrder=1, servingSizeQuantity=1, servingSizeUnit="Teaspoon(s)")
    sizes = [serving(2, order=1, unit="Tablespoon(s)"), serving(1, order=2, unit="Teaspoon(s)", daily=(2, 2))]
    assert cells(label(row("D3", child), servingSizes=sizes), *SERVING) == [("1 Teaspoon(s)", "1", "2", "2")]


def test_amount_without_order_is_matched_by_size() -> None:
    sizes = [serving(2, order=1), serving(4, order=2, daily=(2, 2))]
    record = label(row("D3", amount(servingSizeOrder=None, servingSizeQuantity=4)), servingSizes=sizes)
    assert cells(record, "serving_order", *SERVING) == [("", "4 Softgel(s)", "4", "2", "2")]


@pytest.mark.parametrize(
    ("column_group", "users", "targets", "audience"),
    [
        (ADULTS, [ADULTS], ["Women (not pregnant or lactating)", "Vegan"], ADULTS),
        (None, [ADULTS], ["Adult (18 - 50 Years)"], ""),
        (SMALL_CHILDREN, [ADULTS, SMALL_CHILDREN], [], SMALL_CHILDREN),
        (ADULTS, [ADULTS, SMALL_CHILDREN], ["Vegan"], f"{ADULTS}; {SMALL_CHILDREN}"),
        (None, ["Infants"], [], "Infants"),
        (None, [ADULTS], ["Pregnant Women"], f"{ADULTS}; Pregnant Women"),
        (
            None,
            None,
            ["Lactating", "Children more than 1 but less than 4"],
            "Lactating; Children more than 1 but less than 4",
        ),
        ("Pregnant and Lactating", ["Pregnant and Lactating"], ["Pregnant Women"], "Pregnant and Lactating"),
    ],
)
def test_audience(column_group: str | None, users: list[str] | None, targets: list[str], audience: str) -> None:
    groups = users and [{"dailyValueTargetGroupName": user} for user in users]
    record = label(row("D3", amount(group=column_group)), userGroups=groups, targetGroups=targets)
    assert cell(record, "audience") == audience


def test_statements() -> None:
    directions = "Suggested/Recommended/Usage/Directions"
    record = label(
        statements=[
            {"type": directions, "notes": "Take one daily,\r\nwith food."},
            {"type": "Storage", "notes": "Keep cool. Blood thinner."},
            {"type": "Precautions re: Children", "notes": "Keep out of reach of children."},
            {"type": "Precautions re: All Other", "notes": "Shake well. Ask a doctor if you take warfarin. Seal it."},
            {"type": "Precautions re: Allergies", "notes": "Ask a doctor if you take warfarin."},
            {"type": "Precautions re: Allergies", "notes": "Not with BLOOD THINNERS\nor alcohol"},
            {"type": "Formula re: Contains", "notes": "2,000 IU vitamin D2 per serving. Contains soy."},
            {"type": directions, "notes": "Best if used within 3 months"},
            {"type": directions, "notes": None},
        ]
    )
    assert cell(record, "directions") == "Take one daily,\nwith food.\nBest if used within 3 months"
    assert cell(record, "warnings") == "Ask a doctor if you take warfarin. Not with BLOOD THINNERS"
    assert cell(record, "claims") == "2,000 IU vitamin D2 per serving."


@pytest.mark.parametrize(("name", "wrap"), [("labels.json", True), ("labels.json", False), ("labels.jsonl", False)])
def test_single_record_array_and_lines(tmp_path: Path, name: str, wrap: bool) -> None:
    batch = read(tmp_path, [label()] if wrap else label(), name=name)
    assert list(batch.lines["product_id"]) == ["dsld-900001"]
    assert batch.rows_in == 1


def test_folder_of_one_label_files_is_one_batch(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number:02}.json").write_text(json.dumps(label(id=number + 1)))
    (batch,) = read_batches(tmp_path)
    assert list(batch.lines["product_id"]) == [f"dsld-{number + 1}" for number in range(30)]
    assert len(batch.inputs) == batch.rows_in == 30


def test_named_format_refuses_other_records(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no record of the DSLD API v9"):
        read(tmp_path, {"id": 5, "product_id": "1", "ingredient": "D3"}, format="dsld")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": None}, "id-missing"),
        ({"id": ""}, "id-missing"),
        ({"ingredientRows": []}, "no-lines"),
        ({"ingredientRows": None}, "no-lines"),
        ({"ingredientRows": "Vitamin D"}, "unexpected-shape"),
        ({"ingredientRows": [None]}, "unexpected-shape"),
        ({"ingredientRows": [{"name": 5}]}, "unexpected-shape"),
        ({"ingredientRows": [{"name": "D", "quantity": [{"quantity": [1]}]}]}, "unexpected-shape"),
        ({"ingredientRows": {"name": "D"}}, "unexpected-shape"),
        ({"statements": ["take one"]}, "unexpected-shape"),
        ({"servingSizes": [7]}, "unexpected-shape"),
        ({"userGroups": 5}, "unexpected-shape"),
        ({"fullName": "x" * 20_001}, "cell-too-long"),
    ],
)
def test_unusable_record_is_a_reject_and_the_rest_is_read(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    batch = read(tmp_path, label(), label(id=2) | change)
    assert list(batch.lines["product_id"]) == ["dsld-900001"]
    assert [(reject.row, reject.reason) for reject in batch.rejects] == [("2", reason)]
    assert batch.rows_in == 2
