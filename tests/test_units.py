"""Numbers by a strict grammar, units by a table, conversions by one exact registry."""

from __future__ import annotations

from decimal import Decimal

import pytest

from auditor.units import IU, NOT_PROVIDED, Quantity, find_quantities, mcg_per_unit, read_number, registry, unit_named


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("25", "25"), ("62.5", "62.5"), ("0.025", "0.025"), (".025", "0.025"), ("2,5", "2.5"), ("0,025", "0.025"), ("2·5", "2.5"), ("5·0", "5.0"),
        ("1 000", "1000"), ("200 000", "200000"), ("1'500", "1500"), ("1,000.5", "1000.5"), ("1.000,5", "1000.5"), ("1,000,000", "1000000"),
        ("1.000.000", "1000000"), ("12,50", "12.50"), ("1/2", "0.5"), ("1 1/2", "1.5"), ("3/4", "0.75"),
    ],
)  # fmt: skip
def test_number_with_one_reading(printed: str, value: str) -> None:
    assert read_number(printed) == ((Decimal(value),), "")


@pytest.mark.parametrize(
    ("printed", "likely", "other"),
    [
        ("5,000", "5000", "5.000"),
        ("1.000", "1.000", "1000"),
        ("50.000", "50.000", "50000"),
        ("125,000", "125000", "125.000"),
    ],
)
def test_one_separator_before_three_digits_has_two_readings(printed: str, likely: str, other: str) -> None:
    assert read_number(printed) == ((Decimal(likely), Decimal(other)), "separator-ambiguous")


def test_three_decimals_after_a_zero_are_no_thousands() -> None:
    assert read_number("0,025") == ((Decimal("0.025"),), "")


@pytest.mark.parametrize(
    "printed",
    [
        "",
        "1,5000",
        "1.2.3",
        "1,00,000",
        "12,34,567",
        "1e3",
        "1_000",
        "nan",
        "inf",
        "+5",
        "-5",
        "0x10",
        "٢٥",
        "1/0",
        "five",
        "1 00",
    ],
)
def test_what_follows_no_convention_has_no_reading(printed: str) -> None:
    assert read_number(printed) == ((), "number-malformed")


@pytest.mark.parametrize(
    ("spelled", "unit"),
    [
        ("mcg", "microgram"), ("MCG", "microgram"), ("mcg.", "microgram"), ("µg", "microgram"), ("μg", "microgram"), ("ug", "microgram"), ("mkg", "microgram"),
        ("Mikrogramm", "microgram"), ("microgrammes", "microgram"), ("мкг", "microgram"), ("マイクログラム", "microgram"), ("mg", "milligram"), ("MG", "milligram"),
        ("g", "gram"), ("Gram(s)", "gram"), ("ng", "nanogram"), ("IU", IU), ("I.U.", IU), ("I. U.", IU), ("I.E.", IU), ("ie", IU), ("UI", IU), ("U.I.", IU),
        ("j.m.", IU), ("m.j.", IU), ("МЕ", IU), ("国際単位", IU), ("USP units", IU), ("NP", NOT_PROVIDED), ("not provided", NOT_PROVIDED),
    ],
)  # fmt: skip
def test_unit_spelling_is_known(spelled: str, unit: str) -> None:
    assert unit_named(spelled) == unit


@pytest.mark.parametrize("spelled", ["mgc", "", "FU", "kg", "CFU", "mcg RAE", "capsule", "megagram", "enzyme_unit"])
def test_unit_that_is_not_in_the_table_is_not_known(spelled: str) -> None:
    assert unit_named(spelled) is None


@pytest.mark.parametrize(
    ("unit", "nutrient", "mcg"),
    [
        ("microgram", "vitamin_d", "1"), ("milligram", "vitamin_k2", "1000"), ("gram", "vitamin_k1", "1000000"), ("nanogram", "vitamin_d", "0.001"),
        (IU, "vitamin_d", "0.025"),
    ],
)  # fmt: skip
def test_conversion_to_micrograms_is_exact(unit: str, nutrient: str, mcg: str) -> None:
    assert mcg_per_unit(unit, nutrient) == Decimal(mcg)


@pytest.mark.parametrize("nutrient", ["vitamin_k", "vitamin_k1", "vitamin_k2"])
def test_vitamin_k_has_no_international_unit(nutrient: str) -> None:
    assert mcg_per_unit(IU, nutrient) is None


def test_registry_knows_nothing_but_label_units() -> None:
    assert not any(name in registry() for name in ("meter", "second", "enzyme_unit", "kelvin"))


def found_in(text: str) -> list[tuple[str, str]]:
    return [(quantity.number, quantity.unit) for quantity in find_quantities(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("125 mcg (5,000 iu) 625%", [("125", "microgram"), ("5,000", IU), ("625", "%")]),
        ("25mcg(1000iu)", [("25", "microgram"), ("1000", IU)]),
        ("1 000 ui", [("1 000", IU)]),
        ("1500 ppm 100 mg", [("1500", "ppm"), ("100", "milligram")]),
        ("25?g", [("25", "micro-sign-lost")]),
        ("25 \ufffdg", [("25", "micro-sign-lost")]),
        ("2 capsules", []),
        ("25 mgc", []),
        ("vitamin d3", []),
        ("100 gummies", []),
        ("", []),
    ],
)
def test_quantities_of_a_text(text: str, found: list[tuple[str, str]]) -> None:
    assert found_in(text) == found


def one(text: str) -> Quantity:
    (quantity,) = find_quantities(text)
    return quantity


def test_quantity_keeps_sign_range_and_divisor() -> None:
    assert (one("<1 mcg").sign, one("less than 2 mcg").sign, one("-25 mcg").sign, one("25 mcg").sign) == (
        "<",
        "<",
        "-",
        "",
    )
    assert (one("10-20 mcg").readings, one("10-20 mcg").high) == ((Decimal(10),), Decimal(20))
    assert one("100,000 iu/g").per == "g"
    assert one("1000 iu per ml").per == "ml"


def test_quantity_says_where_it_stands() -> None:
    quantity = one("vitamin d3: 25 mcg")
    assert "vitamin d3: 25 mcg"[quantity.start : quantity.end] == "25 mcg"


def test_kept_factors_are_those_of_the_registry() -> None:
    from auditor.units import MCG_PER_UNIT, asked_of_registry, registry

    assert {unit: asked_of_registry(unit) for unit in MCG_PER_UNIT} == MCG_PER_UNIT
    assert set(MCG_PER_UNIT) == {"gram", "milligram", "microgram", "nanogram", "iu_vitamin_d"}
    assert registry().Quantity("1 iu_vitamin_d").m_as("microgram") == MCG_PER_UNIT["iu_vitamin_d"]
