"""Open Food Facts products (our own, in the shape of the export and the API) as label lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.batches import Batch
from auditor.errors import InputError
from auditor.pipeline import audit_lines
from auditor.readers import read_batches

FIXTURES = Path(__file__).parent / "fixtures" / "openfoodfacts"


def read(name: str) -> Batch:
    (batch,) = read_batches(FIXTURES / name, format="openfoodfacts")
    return batch


def amounts_of(batch: Batch) -> dict[tuple[str, str], tuple[str, str, str]]:
    table = batch.lines.astype("str")
    keys = zip(table["product_id"], table["ingredient"], strict=True)
    return dict(zip(keys, zip(table["amount"], table["unit"], table["basis"], strict=True), strict=True))


def test_json_gives_what_was_entered() -> None:
    assert amounts_of(read("products.jsonl")) == {
        ("off-2000000000015", "Vitamin D"): ("50", "µg", "per_serving"),
        ("off-2000000000015", "Vitamin K"): ("75", "µg", "per_serving"),
        ("off-2000000000022", "Vitamin D3"): ("1000", "IU", "per_serving"),
        ("off-2000000000039", "Vitamin D"): ("7.5", "µg", "per_100g"),
        ("off-2000000000046", ""): ("", "", ""),
    }


def test_export_prefers_the_serving_and_gives_grams_as_mcg() -> None:
    assert amounts_of(read("export.csv")) == {
        ("off-0000000000017", "Vitamin D"): ("125", "mcg", "per_serving"),
        ("off-2000000000053", "Vitamin D3"): ("500", "mcg", "per_100g"),
        ("off-2000000000053", "Vitamin K"): ("2000", "mcg", "per_100g"),
        ("off-2000000000060", ""): ("", "", ""),
    }


def test_daily_doses() -> None:
    doses = audit_lines(read("export.csv").lines).doses.set_index(["product_id", "nutrient"])["daily_mcg_high"]
    assert doses[("off-0000000000017", "vitamin_d")] == 125
    # 500 mcg in 100 g, 5 g a serving: the per-100-g trap.
    assert doses[("off-2000000000053", "vitamin_d")] == 25


def test_product_columns() -> None:
    table = read("products.jsonl").lines.astype("str").drop_duplicates("product_id").set_index("product_id")
    assert table["market"].to_dict() == {
        "off-2000000000015": "de",
        "off-2000000000022": "uk",
        "off-2000000000039": "",
        "off-2000000000046": "",
    }
    assert table["is_supplement"].tolist() == ["1", "1", "0", "0"]
    assert table.loc["off-2000000000015", ["upc", "serving_size", "source"]].tolist() == [
        "2000000000015",
        "1 capsule (0.4 g)",
        "openfoodfacts",
    ]


@pytest.mark.parametrize(
    ("name", "rows", "reasons"),
    [("products.jsonl", 5, ["id-missing"]), ("export.csv", 5, ["id-missing", "too-few-fields"])],
)
def test_no_row_is_lost(name: str, rows: int, reasons: list[str]) -> None:
    batch = read(name)
    assert sorted(reject.reason for reject in batch.rejects) == reasons
    assert batch.rows_in == rows == len(batch.lines[["input", "row"]].drop_duplicates()) + len(batch.rejects)


def test_leading_zeros_of_codes_stay() -> None:
    assert "off-0000000000017" in set(read("export.csv").lines["product_id"])


def test_table_without_code_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("name\tvitamin-d_100g\nx\t1\n")
    with pytest.raises(InputError, match="no column 'code'"):
        list(read_batches(path, format="openfoodfacts"))
