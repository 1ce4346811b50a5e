"""Products side by side: cells, prices, what differs, and requests that cannot be met."""

from __future__ import annotations

import pytest

from auditor.compare import compare, prices_as_words, prices_from_words
from auditor.errors import UsageError
from auditor.labels import Label, LabelLine, label_frame
from auditor.pipeline import Audit, audit_lines

DAILY = {
    "serving_size": "1 softgel",
    "directions": "Take 1 softgel daily",
    "servings_per_container": "100",
    "price": "20",
    "currency": "USD",
    "market": "us",
}


def audit_of(**labels: dict[str, object]) -> Audit:
    """Audit of labels given as id -> cells, with their lines under `lines`."""
    records = []
    for product_id, cells in labels.items():
        texts = cells.get("lines", ("Vitamin D3 25 mcg (1,000 IU)",))
        rest = {name: str(value) for name, value in cells.items() if name != "lines"}
        lines = tuple(LabelLine(ingredient=text) for text in texts)  # type: ignore[attr-defined]
        records.append(Label(product_id=product_id, lines=lines, **{**DAILY, **rest}))
    return audit_lines(label_frame(records))


def cell(audit: Audit, product_id: str, name: str, **options: dict[str, float]) -> str:
    ids = list(audit.products["product_id"])
    return str(compare(audit, ids, **options).table.loc[name, product_id])


def test_cells_are_words_in_reading_order() -> None:
    audit = audit_of(
        one={"lines": ["Vitamin D3 125 mcg (5,000 IU)", "Vitamin K2 (MK-7) 100 mcg"], "brand": "Acme", "name": "Plus"},
        two={},
    )
    table = compare(audit, ["one", "two"]).table
    assert list(table.index[:3]) == ["Product", "Class", "In plain words"]
    assert table["one"].to_dict() | {"In plain words": "", "Findings": ""} == {
        "Product": "Acme Plus", "Class": "high-dose", "In plain words": "", "Judged for": "Adults in general",
        "Vitamin D per day": "125 mcg (5,000 IU)", "Vitamin D form": "D3", "Vitamin D verdict": "high-dose",
        "Vitamin K2 per day": "100 mcg", "Vitamin K2 form": "MK-7", "Vitamin K2 verdict": "studied-range", "Servings a day": "1",
        "Over upper level": "yes", "Price per day": "0.20 USD", "Price per studied vitamin D dose": "0.20 USD",
        "Price per studied vitamin K2 dose": "0.20 USD", "Findings": "",
        "Cautions": "ask first if on warfarin or another vitamin K antagonist",
    }  # fmt: skip
    assert table.loc["Vitamin K2 per day", "two"] == "not listed"


def test_what_differs_is_marked() -> None:
    differs = compare(audit_of(one={}, two={"lines": ["Vitamin D3 50 mcg (2,000 IU)"]}), ["one", "two"]).differs
    assert differs["Vitamin D per day"]
    assert not differs["Class"]


def test_price_per_studied_dose_counts_the_fewest_servings_that_reach_the_range() -> None:
    audit = audit_of(one={"lines": ["Vitamin D3 4 mcg (160 IU)"], "directions": "Take 1-4 softgels daily"}, two={})
    assert cell(audit, "one", "Price per day") == "0.80 USD"
    assert cell(audit, "one", "Price per studied vitamin D dose") == "0.60 USD"


@pytest.mark.parametrize(
    "cells",
    [
        {"lines": ["Vitamin D3 5 mcg (200 IU)"]},
        {"price": ""},
        {"lines": ["Vitamin D3 140 mcg (5,600 IU)"], "directions": "Take 1 softgel weekly"},
        {"lines": ["Vitamin D3 25 mcg (10,000 IU)"]},
        {"lines": ["Vitamin D3"]},
    ],
    ids=["not reachable", "no price", "spaced", "contradicting figures", "no amount"],
)
def test_price_per_studied_dose_is_unknown(cells: dict[str, object]) -> None:
    assert cell(audit_of(one=cells, two={}), "one", "Price per studied vitamin D dose") == "unknown"


def test_price_per_studied_dose_of_an_unstated_form_is_unknown() -> None:
    audit = audit_of(one={"lines": ["Vitamin K2 200 mcg"]}, two={})
    assert cell(audit, "one", "Price per studied vitamin K2 dose") == "unknown"


def test_typed_price_takes_the_place_of_the_record() -> None:
    assert cell(audit_of(one={}, two={}), "one", "Price per day", prices={"one": 30.0}) == "0.30 USD"


def test_spaced_dose_shows_average_and_intake() -> None:
    audit = audit_of(
        one={"lines": ["Vitamin D3 500 mcg (20,000 IU)"], "directions": "Take 1 softgel every 20 days"}, two={}
    )
    assert cell(audit, "one", "Vitamin D per day") == "25 mcg (1,000 IU) on average; 500 mcg (20,000 IU) every 20 days"
    assert cell(audit, "one", "Servings a day") == "1 every 20 days"
    assert cell(audit, "one", "Cautions") == "large spaced dose"


def test_csv_is_safe_in_a_spreadsheet() -> None:
    text = compare(audit_of(one={"name": "=cmd()"}, two={}), ["one", "two"]).as_csv_bytes().decode()
    assert text.splitlines()[0] == ",one,two"
    assert "Product,'=cmd()," in text


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (["one"], "1 product to compare; accepted are 2 to 6"),
        (["one", "one"], "named twice"),
        (["one", "twoo"], "'twoo' is not in the audit; the closest are two"),
        (["one", *"abcdefg"], "8 products to compare"),
    ],
)
def test_request_that_cannot_be_met_is_refused(ids: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        compare(audit_of(one={}, two={}), ids)


@pytest.mark.parametrize("prices", [{"one": 0.0}, {"one": float("nan")}, {"other": 5.0}])
def test_price_that_is_none_is_refused(prices: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="price"):
        compare(audit_of(one={}, two={}), ["one", "two"], prices=prices)


def test_audit_in_every_context_shows_one_context_of_each_product() -> None:
    lines = label_frame(
        [
            Label(
                product_id=name, lines=(LabelLine(ingredient="Vitamin D3 25 mcg, Vitamin K2 (MK-7) 100 mcg"),), **DAILY
            )
            for name in ("one", "two")
        ]
    )
    table = compare(audit_lines(lines, context="all"), ["one", "two"]).table
    assert table.loc["Judged for", "one"] == "Adults in general"


def test_typed_prices_go_into_a_link_and_come_back() -> None:
    prices = {"dsld-1": 12.5, "a:b": 7.0}
    assert prices_as_words(prices) == ["dsld-1:12.5", "a:b:7"]
    assert prices_from_words(prices_as_words(prices)) == prices


@pytest.mark.parametrize("word", ["", "one", "one:", "one:cheap", "one:-3", "one:0", "one:nan", "one:inf", ":5"])
def test_words_that_tell_no_price_are_left_out(word: str) -> None:
    assert prices_from_words([word]) == {}
