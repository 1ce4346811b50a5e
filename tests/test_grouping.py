"""Whose figure is it: lists of names, lists of figures, carriers, blends, parts printed amount first.  Lines that once went wrong stay here."""

from __future__ import annotations

import pytest

from auditor.amounts import read_line
from auditor.dose import style_of
from auditor.evidence import load_evidence

# line, market, and (nutrient, form, micrograms or reason) of each reading.
LINES = [
    ("Vitamin D3/K2 125mcg/100mcg", "us", [("vitamin_d", "d3", 125), ("vitamin_k2", "unstated", 100)]),
    ("Vitamin D3 + K2: 5,000 IU + 100 mcg", "us", [("vitamin_d", "d3", 125), ("vitamin_k2", "unstated", 100)]),
    ("Vitamines D3 et K2 : 25 µg et 75 µg", "fr", [("vitamin_d", "d3", 25), ("vitamin_k2", "unstated", 75)]),
    (
        "Vitamin D3 + K2 100 mcg",
        "us",
        [("vitamin_d", "d3", "amount-not-assignable"), ("vitamin_k2", "unstated", "amount-not-assignable")],
    ),
    ("Vitamin D3 K2 5000 IU", "us", [("vitamin_d", "d3", 125), ("vitamin_k2", "unstated", "amount-missing")]),
    ("Vitamin A & D 10,000 IU/400 IU", "us", [("vitamin_d", "unstated", 10)]),
    ("Vitamins A 5000 IU, C 60 mg, D 400 IU", "us", [("vitamin_d", "unstated", 10)]),
    ("Vitamin K2 200 mcg (100 mcg MK-4, 100 mcg MK-7)", "us", [("vitamin_k2", "mk4", 100), ("vitamin_k2", "mk7", 100)]),
    ("Vitamin K 100 mcg (50 mcg K1, 50 mcg K2 as MK-7)", "us", [("vitamin_k1", "k1", 50), ("vitamin_k2", "mk7", 50)]),
    ("Fish oil 1000 mg with 1000 IU of Vitamin D3", "us", [("vitamin_d", "d3", 25)]),
    ("Cod Liver Oil 1000 mg; Vitamin A 2500 IU; Vitamin D 250 IU", "us", [("vitamin_d", "unstated", 6.25)]),
    ("Calcium (as calcium citrate, D3 enriched) 250 mg", "us", [("vitamin_d", "d3", "amount-missing")]),
    ("Vitamin K2 100 mcg (from 5 mg MenaQ7 powder)", "us", [("vitamin_k2", "mk7", 100)]),
    ("Vitamin D3 in 300 mg olive oil 125 mcg", "us", [("vitamin_d", "d3", 125)]),
    ("Proprietary Blend 250 mg: Vitamin K2 (MK-7), Boron, Silica", "us", [("vitamin_k2", "mk7", "amount-missing")]),
    ("natto extract (standardized to 0.1% MK-7) 100 mg", "us", [("vitamin_k2", "mk7", 100)]),
    ("MenaquinGold 0.2% 50 mg", "us", [("vitamin_k2", "mk7", 100)]),
    ("Vitamina K2 0,2% 22,5 mg apporto di K2 45 mcg", "it", [("vitamin_k2", "unstated", 45)]),
    ("huile de vitamine D3 (1 M UI/g) 1 mg", "fr", [("vitamin_d", "d3", 25)]),
    ("Vitamin D3 5k IU", "us", [("vitamin_d", "d3", 125)]),
    ("Calcifediol 10 mcg (equivalent to 30 mcg vitamin D3)", "us", [("vitamin_d", "calcifediol", 10)]),
    ("25 mcg vitamin D3 per softgel (50 mcg per 2 softgels)", "us", [("vitamin_d", "d3", 25)]),
    ("Vitamin D3 je Kapsel 50 µg, je Tagesdosis (2 Kapseln) 100 µg", "de", [("vitamin_d", "d3", 50)]),
    ("Vitamin D3 not less than 1000 IU", "us", [("vitamin_d", "d3", 25)]),
    ("Vitamin D3 50 00 IU", "us", [("vitamin_d", "d3", "number-malformed")]),
    ("Vitamin D3 (5.000 1U) 125 mcg", "us", [("vitamin_d", "d3", 125)]),
    ("Vitamin K2 1OO mcg", "us", [("vitamin_k2", "unstated", 100)]),
    ("비타민D 25 μg (1,000 IU)", "", [("vitamin_d", "unstated", 25)]),
    ("K2-vitamiini (menakinoni-7) 75 mikrogrammaa", "fi", [("vitamin_k2", "mk7", 75)]),
    ("GeniQ7 100 mcg", "us", [("vitamin_k2", "unstated", 100)]),
    ("Nattokinase 100 mg, vitamin K removed", "us", []),
]


@pytest.mark.parametrize(
    ("text", "market", "expected"), LINES, ids=[text.encode("unicode_escape").decode() for text, _, _ in LINES]
)
def test_figure_goes_to_its_name(text: str, market: str, expected: list[tuple[str, str, object]]) -> None:
    readings = read_line(text, style=style_of(market, load_evidence()))
    assert [
        (reading.nutrient, reading.form, reading.reason or float(reading.mcg_high or 0)) for reading in readings
    ] == expected
    assert all(reading.other_mcg is None for reading in readings)


def test_torn_thousands_are_doubted() -> None:
    (reading,) = read_line("Vitamin D3 5,00 IU", style=style_of("us", load_evidence()))
    assert (float(reading.mcg_high or 0), float(reading.other_mcg or 0)) == (0.125, 125)


def test_bare_percent_is_read_only_where_it_fits_a_daily_value() -> None:
    style = style_of("fr", load_evidence())
    assert [read_line(text, style=style)[0].percent for text in ("Vitamine D3 25 µg 500", "Vitamine D3 25 µg 60")] == [
        500,
        None,
    ]
