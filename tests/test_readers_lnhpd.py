"""Health Canada records (our own, in the shape of the API) as label lines, from merged records and from the endpoints' files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditor.batches import Batch
from auditor.directions import read_directions
from auditor.errors import InputError
from auditor.pipeline import audit_lines
from auditor.readers import read_batches

FIXTURES = Path(__file__).parent / "fixtures" / "lnhpd"


def read(path: Path) -> Batch:
    (batch,) = read_batches(path, format="lnhpd")
    return batch


def rows_of(batch: Batch, product_id: str) -> list[dict[str, Any]]:
    table = batch.lines.astype("str")
    return [
        {name: text for name, text in row.items() if text}
        for row in table[table["product_id"] == product_id].to_dict("records")
    ]


def test_merged_record() -> None:
    first, second = rows_of(read(FIXTURES / "merged.json"), "lnhpd-1000001")
    assert (first["ingredient"], first["amount"]) == ("Vitamin D3 (Cholecalciferol)", "25 mcg providing 1000 IU")
    assert (second["ingredient"], second["amount"]) == ("Menaquinone-7 (Vitamin K2)", "90-110 mcg")
    assert (first["name"], first["other_names"], first["brand"]) == (
        "Example Sun D3",
        "Example D3 Private Label",
        "Example Naturals Inc.",
    )
    assert (first["source_id"], first["basis"], first["market"], first["label_date"]) == (
        "80000001",
        "per_unit",
        "ca",
        "2024-05-06",
    )
    assert first["directions"] == "Adults, 18 Years and over: 1-2 Capsule, 1 times daily."
    assert "blood thinners" in first["warnings"]


def test_doses_of_the_merged_record() -> None:
    doses = audit_lines(read(FIXTURES / "merged.json").lines).doses.set_index(["product_id", "nutrient"])
    assert doses.loc[("lnhpd-1000001", "vitamin_d"), ["daily_mcg_low", "daily_mcg_high"]].tolist() == [25, 50]
    assert doses.loc[("lnhpd-1000001", "vitamin_k2"), ["daily_mcg_low", "daily_mcg_high"]].tolist() == [90, 220]


def test_potency_of_another_substance_is_a_part_of_its_own() -> None:
    oil, vitamin = rows_of(read(FIXTURES / "merged.json"), "lnhpd-1000002")
    assert (oil["ingredient"], oil["amount"]) == ("Cod liver oil (Gadus morhua)", "5 ml")
    assert (vitamin["ingredient"], vitamin["amount"], vitamin["parent"]) == ("Vitamin D", "400 IU", "1")
    assert (
        vitamin["directions"]
        == "Children, 4 to 8 Years: 1 teaspoons, 1 times daily.\nAdults: 2 teaspoons, 1 times daily."
    )


def test_zero_is_not_set_never_an_amount() -> None:
    assert not any(
        row.get("amount", "").startswith("0") for row in rows_of(read(FIXTURES / "merged.json"), "lnhpd-1000001")
    )


def test_rows_in_are_products_and_none_is_lost() -> None:
    batch = read(FIXTURES / "merged.json")
    held = batch.lines[["input", "row"]].drop_duplicates()
    assert {(reject.reason, reject.row) for reject in batch.rejects} == {("no-lines", "3"), ("id-missing", "4")}
    assert batch.rows_in == len(held) + len(batch.rejects) == 4


def test_endpoint_files_of_a_folder_are_joined() -> None:
    batch = read(FIXTURES / "tables")
    rows = rows_of(batch, "lnhpd-1000001")
    assert [row["ingredient"] for row in rows] == [
        "Vitamin D3 (Cholecalciferol)",
        "Cod liver oil (Gadus morhua)",
        "Vitamin D",
    ]
    assert {row["name"] for row in rows} == {"Sun D3 1000 IU"}
    assert (batch.rows_in, batch.rejects) == (1, ())


def test_foreign_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text('["text", 5]')
    with pytest.raises(InputError, match="no record of the LNHPD among 2"):
        read(path)


def test_pages_are_counted_through_the_file(tmp_path: Path) -> None:
    path = tmp_path / "pages.jsonl"
    page = '{"metadata": {}, "data": [{"lnhpd_id": %d, "ingredient_name": "Vitamin D3", "quantity": 10.0, "quantity_unit_of_measure": "mcg"}]}'
    path.write_text("\n".join(page % number for number in (1, 2, 3)))
    assert read(path).lines["row"].astype("str").tolist() == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("quantity", "unit", "frequency", "rate", "sentence"),
    [
        (2.0, "1/2 teaspoon", 1, "daily", "Adults: 1 teaspoon, 1 times daily."),
        (3.0, "quarter teaspoon", 0, "day", "Adults: 0.75 teaspoon per day."),
        (1.0, "Softchews", 2, "day", "Adults: 1 Softchews, 2 times per day."),
        (1.0, "Vcapsules", 1, "week", "Adults: 1 Vcapsules, 1 times per week."),
        (1.0, "Drop(s)/kg BW", 1, "daily", "Adults: 1 Drop(s) per kg of body weight, 1 times daily."),
    ],
)
def test_units_and_rates_of_doses(
    tmp_path: Path, quantity: float, unit: str, frequency: int, rate: str, sentence: str
) -> None:
    record = {
        "lnhpd_id": 7,
        "population_type_desc": "Adults",
        "quantity_dose": quantity,
        "uom_type_desc_quantity_dose": unit,
        "frequency": frequency,
        "uom_type_desc_frequency": rate,
    }
    medicinal = {"lnhpd_id": 7, "ingredient_name": "Vitamin D3", "quantity": 10.0, "quantity_unit_of_measure": "mcg"}
    path = tmp_path / "doses.json"
    path.write_text(json.dumps([medicinal, record]), "utf-8")
    (row,) = rows_of(read(path), "lnhpd-7")
    assert row["directions"] == sentence


def test_dose_by_body_weight_is_no_schedule() -> None:
    read_text = read_directions("Adults: 1 Drop(s) per kg of body weight, 1 times daily.")
    assert (read_text.status, read_text.regimens, read_text.flags) == ("unread", (), ("body-weight",))
    (regimen,) = read_directions("Adults: 1 Softchews, 2 times per day.").regimens
    assert (regimen.unit, regimen.units_per_day_high) == ("piece", 2)
