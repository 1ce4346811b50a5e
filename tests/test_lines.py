"""Label lines read as a nutritionist reads them: the table `tests/cases/lines.toml`, and what it must cover."""

from __future__ import annotations

import ast
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from case_tables import grouped_cases

from auditor import amounts
from auditor.amounts import LineReading, read_line
from auditor.checks import catalogue
from auditor.checks.findings import ALIASES
from auditor.dose import style_of
from auditor.evidence import load_evidence

PACKAGE = Path(amounts.__file__).parent
LINES = grouped_cases("lines.toml")
EXPECTED_KEYS = (
    "nutrient",
    "form",
    "source",
    "mcg",
    "either",
    "at_most",
    "iu",
    "percent",
    "reason",
    "problems",
    "basis",
)
INPUT_KEYS = ("text", "amount", "unit", "percent_dv", "form_column", "operator", "market")


def shown(case: dict[str, Any]) -> str:
    return " | ".join(case[key] for key in INPUT_KEYS if key in case).encode("unicode_escape").decode()


def readings_of(case: dict[str, Any]) -> tuple[LineReading, ...]:
    style = style_of(case.get("market", ""), load_evidence())
    columns = (case.get(key, "") for key in ("text", "amount", "unit", "percent_dv", "form_column", "operator"))
    return read_line(*columns, style)


def expected_of(case: dict[str, Any]) -> list[dict[str, Any]]:
    """What the table says of each nutrient of the line, in the words of :func:`said_of`."""
    if case.get("nothing"):
        return []
    return [
        one_expected(piece)
        for piece in case.get("pieces") or [{key: case[key] for key in EXPECTED_KEYS if key in case}]
    ]


def one_expected(piece: dict[str, Any]) -> dict[str, Any]:
    assert set(piece) <= set(EXPECTED_KEYS), f"unknown key in {piece}"
    expected = {
        "nutrient": piece["nutrient"], "form": piece["form"],
        "source": piece.get("source", "unstated" if piece["form"] == "unstated" else "line"),
        "amount": amount_of(piece), "percent": piece.get("percent"), "reason": piece.get("reason", ""),
        "problems": sorted({*piece.get("problems", [])} - {piece.get("reason", "")}), "basis": piece.get("basis", ""),
    }  # fmt: skip
    if "iu" in piece or "either" not in piece:
        expected["iu"] = piece.get("iu")
    return expected


def amount_of(piece: dict[str, Any]) -> tuple[Any, ...]:
    if "either" in piece:
        return ("either", *sorted(map(Decimal, piece["either"])))
    if "at_most" in piece:
        return ("at most", Decimal(piece["at_most"]))
    if "mcg" not in piece:
        return ("none",)
    edges = piece["mcg"] if isinstance(piece["mcg"], list) else [piece["mcg"]] * 2
    return ("from", Decimal(edges[0]), "to", Decimal(edges[1]))


def said_of(reading: LineReading) -> dict[str, Any]:
    """What the code read, in the words of the table; a reason need not be repeated among the problems."""
    problems = {ALIASES.get(problem.code, problem.code) for problem in reading.problems}
    return {
        "nutrient": reading.nutrient, "form": reading.form, "source": reading.form_source, "amount": read_amount(reading),
        "percent": reading.percent, "reason": reading.reason, "problems": sorted(problems - {reading.reason}),
        "basis": reading.basis, "iu": reading.iu,
    }  # fmt: skip


def read_amount(reading: LineReading) -> tuple[Any, ...]:
    if reading.mcg_high is None:
        return ("none",)
    if reading.other_mcg is not None:
        return ("either", *sorted((reading.mcg_high, reading.other_mcg)))
    return ("at most", reading.mcg_high) if reading.share else ("from", reading.mcg_low, "to", reading.mcg_high)


@pytest.mark.parametrize(("title", "case"), LINES, ids=[shown(case) for _, case in LINES])
def test_line_is_read_as_printed(title: str, case: dict[str, Any]) -> None:
    expected = expected_of(case)
    said = [{key: value for key, value in said_of(reading).items() if key in expected[0]} if expected else said_of(reading)
            for reading in readings_of(case)]  # fmt: skip
    assert said == expected, title


def test_reading_keeps_the_words_of_the_label() -> None:
    (reading,) = read_line("Vitamin D3 (as Cholecalciferol) 25 mcg (1,000 IU) 125%")
    assert reading.text == "Vitamin D3 (as Cholecalciferol) 25 mcg (1,000 IU) 125%"


def test_every_reason_and_problem_of_the_table_is_known_to_the_catalogue() -> None:
    own_words = {"number-glued-to-name", "calcifediol-has-no-iu"}
    codes = {
        code
        for _, case in LINES
        for piece in expected_of(case)
        for code in (piece["reason"], *piece["problems"])
        if code
    }
    assert codes - own_words <= set(catalogue())


def codes_in_the_line_readers() -> set[str]:
    """Catalogue ids that stand in the source of the modules that read a line."""
    told: set[str] = set()
    for module in ("text", "figures", "grouping", "ingredients", "amounts"):
        tree = ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))
        words = {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        told |= {ALIASES.get(word, word) for word in words} & set(catalogue())
    return told


def test_every_finding_a_line_can_give_occurs_in_the_table() -> None:
    occurring = {
        code for _, case in LINES for piece in expected_of(case) for code in (piece["reason"], *piece["problems"])
    }
    # A percent that nobody can read has the test below.
    assert codes_in_the_line_readers() - {"percent-unread"} <= occurring


def test_percent_that_cannot_be_read_is_told() -> None:
    (reading,) = read_line("Vitamin D3", "25", "mcg", "1,2,5 %")
    assert ([problem.code for problem in reading.problems], reading.percent, reading.mcg_high) == (
        ["percent-unread"],
        None,
        25,
    )
