"""Explanations: what each step says, that every reason code has its words, and that labels cannot break the page."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pandas as pd
import pytest

import auditor
from auditor.errors import UsageError
from auditor.evidence import Evidence, load_evidence
from auditor.explain import Explanation, explain, verdict_matrix
from auditor.labels import Label, LabelLine, label_frame
from auditor.pipeline import audit_lines
from auditor.schedules import BASES
from auditor.words import count, dose, listed, number, reason_sentence, wording

DAILY = {"serving_size": "1 softgel", "directions": "Take 1 softgel daily", "market": "us"}


def label(*texts: str, product_id: str = "p1", **cells: str) -> Label:
    return Label(product_id=product_id, lines=tuple(LabelLine(ingredient=text) for text in texts), **{**DAILY, **cells})


def told(*texts: str, context: str = "auto", **cells: str) -> Explanation:
    return explain(label_frame([label(*texts, **cells)]), "p1", context=context)


def step(explanation: Explanation, title: str) -> str:
    """Rows and sentences of one step as text."""
    (found,) = [part for part in explanation.steps if part.title == title]
    return "\n".join([*(f"{name}: {value}" for name, value in found.rows), *found.sentences])


def test_steps_follow_the_label_to_its_class() -> None:
    found = told("Vitamin D3 (as cholecalciferol) 125 mcg (5,000 IU) 625%", "Vitamin K2 (as MK-7) 100 mcg")
    assert [part.title for part in found.steps] == [
        "What the label prints", "How it was read", "How much a day", "What it was compared with", "Verdict", "Class",
    ]  # fmt: skip
    assert found.klass == "high-dose"
    assert found.headline == (
        "High dose: vitamin D3, 125 mcg (5,000 IU) a day, is above the studied range for adults in general, 10 to 100 mcg (400 to 4,000 IU). "
        "It is also above the upper level of 100 mcg (4,000 IU) set by EFSA and NASEM. Vitamin K2 as MK-7, 100 mcg a day, is in its studied range."
    )
    assert "Line 1: Vitamin D3 (as cholecalciferol) 125 mcg (5,000 IU) 625%" in step(found, "What the label prints")
    read = step(found, "How it was read")
    assert "Line 1: vitamin D3: 125 mcg (5,000 IU) per serving" in read
    assert "Micrograms and IU agree: 5,000 IU x 0.025 = 125 mcg." in read
    assert "The printed 625 % fits a daily value of 20 mcg." in read
    assert "Vitamin D3: 125 mcg per serving x 1 serving = 125 mcg (5,000 IU) a day" in step(found, "How much a day")
    compared = step(found, "What it was compared with")
    assert (
        "Studied range, vitamin D: 10 to 100 mcg (400 to 4,000 IU) a day, both edges included (band D-adult)"
        in compared
    )
    assert (
        "100 mcg (4,000 IU) a day from all sources (EFSA 2023, MHLW 2025 and NASEM 2011); the most the label allows is above it"
        in compared
    )
    assert "no effect" in compared
    assert "harm: " in compared
    assert "Vitamin D3, 125 mcg (5,000 IU) a day: high-dose, above 100 mcg (4,000 IU)." in step(found, "Verdict")
    assert "Any vitamin that is high-dose makes the product high-dose." in step(found, "Class")


def test_studied_range_is_explained_as_a_dose_that_trials_used() -> None:
    found = told("Vitamin D3 25 mcg (1,000 IU)")
    assert "It does not mean that the dose works." in step(found, "Verdict")
    assert found.headline.endswith("lies in the range that trials used, which does not say that it works.")


def test_dose_between_two_studied_doses_is_not_called_a_dose_that_trials_used() -> None:
    found = told("Vitamin K2 (as MK-4) 15 mg")
    assert found.klass == "studied-range"
    assert (
        "lies between the doses that trials used, 1,500 mcg (1.5 mg) and 45,000 mcg (45 mg); nothing between them was tested"
        in found.headline
    )


def test_unstated_k2_is_told_for_each_form_it_may_be() -> None:
    found = told("Vitamin K2 200 mcg")
    verdict = step(found, "Verdict")
    assert "if it is MK-7: studied-range, within 90 to 375 mcg" in verdict
    assert "if it is MK-4: sub-therapeutic, below 1,500 mcg (1.5 mg)" in verdict
    assert "does not say which form" in verdict
    assert (
        found.headline
        == "Depends: sub-therapeutic or studied-range. Vitamin K2 (form not said) at 200 mcg a day: the form is not said."
    )


def test_unstated_k2_names_a_form_without_a_range() -> None:
    verdict = step(told("Vitamin K2 45 mcg", audience="Children 4-8"), "Verdict")
    assert "if it is MK-7: studied-range, exactly 45 mcg" in verdict
    assert "if it is MK-4: no studied range in this context" in verdict


def test_contradicting_figures_are_told_as_two_doses_not_as_a_range() -> None:
    found = told("Vitamin D3 25 mcg (10,000 IU)")
    assert "25 mcg (1,000 IU) or 250 mcg (10,000 IU) a day" in found.headline
    verdict = step(found, "Verdict")
    assert "if 25 mcg (1,000 IU) a day is right: studied-range" in verdict
    assert "if 250 mcg (10,000 IU) a day is right: high-dose" in verdict
    assert "contradict each other" in verdict


def test_dose_every_20_days_tells_single_intake_average_and_rule() -> None:
    found = told("Vitamin D3 500 mcg (20,000 IU)", serving_size="1 tablet", directions="Take 1 tablet every 20 days")
    assert "500 mcg at a time / 20 days = 25 mcg (1,000 IU) a day on average" in step(found, "How much a day")
    verdict = step(found, "Verdict")
    assert "500 mcg (20,000 IU) at a time every 20 days: high-dose." in verdict
    assert "(rule D-spaced-bolus)" in verdict
    assert any(cited.row_id == "D-T21" for cited in found.references)


def test_weekly_dose_is_judged_by_its_average_and_says_so() -> None:
    verdict = step(told("Vitamin D3 140 mcg (5,600 IU)", directions="Take 1 softgel weekly"), "Verdict")
    assert "judged by the daily average" in verdict
    assert "Vitamin D3, 20 mcg (800 IU) a day on average: studied-range" in verdict


def test_range_of_daily_use_is_told_at_both_ends() -> None:
    found = told("Vitamin D3 62.5 mcg (2,500 IU)", directions="Take 1-2 softgels daily")
    assert "62.5 mcg per serving x 1 to 2 servings = 62.5 to 125 mcg (2,500 to 5,000 IU) a day" in step(
        found, "How much a day"
    )
    assert "studied-range, within 10 to 100 mcg (400 to 4,000 IU); or high-dose, above 100 mcg (4,000 IU)" in step(
        found, "Verdict"
    )


def test_missing_directions_are_said_to_be_assumed() -> None:
    assert "so one serving or unit a day was assumed" in step(
        told("Vitamin D3 25 mcg", directions=""), "How much a day"
    )


def test_column_for_other_people_is_told_as_left_out() -> None:
    cells = {"serving_size": "1 gummy", "directions": "Chew 1 gummy daily", "market": "us"}
    lines = pd.DataFrame(
        [
            {"product_id": "p1", "ingredient": "Vitamin D3 10 mcg", "audience": "Children 2-3", "line": "1", **cells},
            {"product_id": "p1", "ingredient": "Vitamin D3 20 mcg", "audience": "Children 4-8", "line": "2", **cells},
        ]
    )
    left_out = "is for other people than this context and was left out."
    assert f"Line 2 (Children 4-8) {left_out}" in step(explain(lines, "p1", context="child-1-3"), "How it was read")
    found = explain(lines.iloc[:1], "p1")
    assert left_out not in step(found, "How it was read")
    assert "Why: the label names them: 'Children 2-3'" in step(found, "What it was compared with")


def test_part_of_a_total_is_told_as_not_added() -> None:
    cells = {"product_id": "p1", "serving_size": "1 softgel", "directions": "1 softgel daily"}
    lines = pd.DataFrame(
        [
            {"ingredient": "Vitamin K2 (as MK-7) 100 mcg", "line": "1", "parent": "", **cells},
            {"ingredient": "Vitamin K2 (as MK-7) 50 mcg", "line": "2", "parent": "1", **cells},
        ]
    )
    assert "Line 2 (vitamin K2 as MK-7) is a part of line 1; it was not added again." in step(
        explain(lines, "p1"), "How it was read"
    )


def test_k1_is_shown_and_takes_no_part_in_the_class() -> None:
    found = told("Vitamin D3 25 mcg", "Vitamin K1 300 mcg")
    assert found.klass == "studied-range"
    assert "Vitamin K1 is shown but takes no part in the class" in step(found, "Verdict")


def test_label_without_vitamin_d_or_k_is_told_plainly() -> None:
    found = told("Magnesium 200 mg", "Zinc 5 mg")
    assert found.headline == "Not established: the label lists neither vitamin D nor vitamin K2."
    assert "None of the record's 2 lines names vitamin D or vitamin K." in step(found, "What the label prints")
    assert found.references == ()


def test_unknown_dose_is_compared_with_nothing_and_cites_nothing() -> None:
    found = told("Vitamin K2 (as MK-7)")
    assert found.klass == "not-computable"
    assert "was compared with nothing, because its dose is unknown" in step(found, "What it was compared with")
    assert found.references == ()


def test_context_asked_for_is_said_and_band_of_a_wider_context_named() -> None:
    compared = step(told("Vitamin D3 25 mcg", context="cardiovascular"), "What it was compared with")
    assert "Why: asked for" in compared
    assert "from the wider context 'Adults in general'" in compared


def test_references_carry_direction_status_and_link() -> None:
    found = {cited.row_id: cited for cited in told("Vitamin K2 (as MK-7) 100 mcg").references}
    assert found["K-T4"].direction == "null"
    assert found["K-T4"].status == "verified"
    assert found["K-T4"].link == "https://doi.org/10.1007/s00198-020-05638-z"
    assert "375" not in found["K-T1"].text


def test_upper_level_caveat_stands_only_where_a_level_was_compared() -> None:
    with_level, without = told("Vitamin D3 25 mcg").caveats, told("Vitamin K2 (as MK-7) 100 mcg").caveats
    assert set(with_level) - set(without) == {wording()["caveats"]["upper_level"]}


def test_unknown_product_is_an_error_that_names_the_closest_ids() -> None:
    lines = label_frame(
        [label("Vitamin D3 25 mcg", product_id="dsld-1872"), label("Vitamin D3 25 mcg", product_id="other")]
    )
    with pytest.raises(
        UsageError, match=r"'dsld-1873' is not among the 2 products of the input; the closest are dsld-1872"
    ):
        explain(lines, "dsld-1873")


def test_every_context_at_once_is_refused_with_advice() -> None:
    with pytest.raises(UsageError, match="verdict_matrix"):
        told("Vitamin D3 25 mcg", context="all")


def test_numeric_product_ids_are_found_as_text() -> None:
    lines = pd.DataFrame({"product_id": [17, 18], "ingredient": ["Vitamin D3 25 mcg", "Vitamin D3 50 mcg"]})
    assert explain(lines, "18").product_id == "18"


def test_findings_of_the_whole_run_are_told() -> None:
    lines = label_frame(
        [
            label("Vitamin D3 25 mcg", product_id="p1", upc="012345678905"),
            label("Vitamin D3 50 mcg", product_id="p2", upc="012345678905"),
        ]
    )
    alone = {finding_id for _, finding_id, _ in explain(lines, "p1").findings}
    together = {finding_id for _, finding_id, _ in explain(lines, "p1", audit=audit_lines(lines)).findings}
    assert any(finding_id.startswith("gtin-") for finding_id in together - alone)


def test_run_settings_are_taken_over() -> None:
    lines = label_frame([label("Vitamin D3 75 mcg")])
    assert explain(lines, "p1", audit=audit_lines(lines, context="bone")).klass == "high-dose"


def test_text_is_wrapped_and_free_of_control_characters() -> None:
    text = told(
        "Vitamin D3 25 mcg", name="Evil\x1b[31m\u202e name", directions="Take 1 softgel daily\x07 " + "with food " * 40
    ).as_text(width=90)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\x07" not in text
    assert max(len(line) for line in text.splitlines() if "http" not in line) <= 90
    assert "1. What the label prints" in text


def test_markdown_shows_label_text_as_text() -> None:
    page = told("Vitamin D3 25 mcg", name="# [x](http://evil) | <b>*bold*</b>").as_markdown()
    assert r"\# \[x\](http\://evil) \| \<b\>\*bold\*\</b\>" in page
    assert "### 6. Class" in page


def test_matrix_has_a_row_per_form_and_a_column_per_context() -> None:
    lines = label_frame([label("Vitamin D3 75 mcg (3,000 IU)", "Vitamin K2 (as MK-7) 100 mcg")])
    matrix = verdict_matrix(lines, "p1", load_evidence())
    assert list(matrix.columns) == list(load_evidence().contexts)
    assert list(matrix.index) == ["Vitamin D3", "Vitamin K2 as MK-7", "Class"]
    assert matrix.loc["Vitamin D3", "adult"] == "studied-range"
    assert matrix.loc["Vitamin D3", "bone"] == "high-dose"
    assert matrix.loc["Vitamin K2 as MK-7", "pregnancy"] == "not-established"
    assert matrix.loc["Class", "infant-0-6m"] == "high-dose"


REASONS: dict[str, dict[str, object]] = {
    "amount-missing": {"texts": ["Vitamin K2 (as MK-7)"]},
    "amount-not-provided": {"amount": "0", "unit": "NP", "ingredient": "Vitamin D3"},
    "amount-unreadable": {"amount": "plenty", "ingredient": "Vitamin D3"},
    "amount-not-a-number": {"amount": "nan", "ingredient": "Vitamin D3"},
    "amount-negative": {"amount": "-5", "unit": "mcg", "ingredient": "Vitamin D3"},
    "amount-not-assignable": {"amount": "100 mcg", "ingredient": "Vitamin D3 and Vitamin K2"},
    "number-malformed": {"amount": "1,5000 IU", "ingredient": "Vitamin D3"},
    "unit-missing": {"amount": "25", "ingredient": "Vitamin D3"},
    "unit-unknown": {"amount": "25", "unit": "furlong", "ingredient": "Vitamin D3"},
    "unit-micro-sign-lost": {"amount": "62.5 g", "ingredient": "Vitamin D3"},
    "unit-iu-on-vitamin-k": {"amount": "100 IU", "ingredient": "Vitamin K2 (MK-7)"},
    "calcifediol-has-no-iu": {"texts": ["Calcifediol 400 IU"]},
    "amount-per-drop-without-quantity": {"texts": ["Vitamin D3 25 mcg per drop"], "serving_size": "", "directions": ""},
    "amount-per-ml-without-quantity": {"texts": ["Vitamin D3 25 mcg per mL"], "serving_size": "", "directions": ""},
    "amount-per-100g-without-quantity": {"texts": ["Vitamin D3 25 mcg per 100 g"], "serving_size": "", "directions": ""},
    "unit-of-directions-not-in-serving": {"texts": ["Vitamin D3 25 mcg"], "serving_size": "1 mL", "directions": "Take 5 drops daily"},
    "form-unstated": {"texts": ["Vitamin K2 200 mcg"]},
    "share-of-total-unknown": {"texts": ["Vitamin K2 (as MK-4 and MK-7) 2000 mcg"]},
    "figures-contradict": {"texts": ["Vitamin D3 25 mcg (10,000 IU)"]},
    "daily-use-is-a-range": {"texts": ["Vitamin D3 62.5 mcg"], "directions": "Take 1-2 softgels daily"},
    "no-band": {"texts": ["Vitamin K2 (as MK-9) 100 mcg"]},
    "spaced-dose": {"texts": ["Vitamin D3 140 mcg"], "directions": "Take 1 softgel weekly"},
    "serving-range": {"texts": ["Vitamin D3 25 mcg"], "serving_size": "1-5 mL", "directions": "Take 1-5 mL daily"},
    "interval-not-read": {"texts": ["Vitamin D3 500 mcg"], "directions": "Depot"},
    "not-taken-by-mouth": {"texts": ["Vitamin D3 25 mcg"], "dosage_form": "patch"},
}  # fmt: skip
"""A label for each reason code."""


def reason_label(cells: dict[str, object]) -> Label:
    line = {name: str(cells[name]) for name in ("ingredient", "amount", "unit") if name in cells}
    texts = cells.get("texts", ())
    lines = [LabelLine(**line)] if line else [LabelLine(ingredient=str(text)) for text in texts]  # type: ignore[attr-defined]
    rest = {name: str(cells[name]) for name in cells if name not in ("texts", "ingredient", "amount", "unit")}
    return Label(product_id="p1", lines=tuple(lines), **{**DAILY, **rest})


@pytest.mark.parametrize("code", REASONS)
def test_reason_is_told_in_words(code: str) -> None:
    lines = label_frame([reason_label(REASONS[code])])
    doses = audit_lines(lines).doses
    codes = {part.partition(":")[0] for reason in doses["reason"] for part in reason.split(";")}
    assert code in codes
    text = explain(lines, "p1").as_text()
    assert code not in text.replace(f"[{code}]", "").replace("(rule", "")
    row = doses[doses["reason"].str.contains(code)].iloc[0]
    said = " ".join(text.split())
    if code != "spaced-dose":
        assert reason_sentence(code, row["nutrient"], row["form"]) in said or wording()["reason"][code]["short"] in said


def _codes_in_source() -> set[str]:
    """Reason codes that the core can give, as they stand in its source."""
    folder = Path(auditor.__file__).parent
    found = {
        f"amount-{basis.replace('_', '-')}-without-quantity"
        for basis in BASES
        if basis not in ("per_day", "per_serving")
    }
    wanted = {"_obstacle", "_why_none", "_reading", "_Column", "_stuck", "stuck", "read", "verdict"}
    for name in ("amounts.py", "schedules.py"):
        for node in ast.walk(ast.parse((folder / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = (
                    node.func.attr
                    if isinstance(node.func, ast.Attribute)
                    else node.func.id
                    if isinstance(node.func, ast.Name)
                    else ""
                )
                if called in wanted:
                    found |= _codes(node.args) | _codes([word.value for word in node.keywords if word.arg == "reason"])
            elif isinstance(node, ast.FunctionDef) and node.name in ("_obstacle", "_why_none"):
                found |= _codes([part.value for part in ast.walk(node) if isinstance(part, ast.Return) and part.value])
    for node in ast.walk(ast.parse((folder / "judging.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name == "_reasons":
            found |= _codes(list(ast.walk(node)), plain_words={"depends", "not-computable", "not-established"})
    return found


def _codes(nodes: list[ast.AST] | list[ast.expr], plain_words: set[str] | None = None) -> set[str]:
    constants = [
        part.value
        for node in nodes
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]
    known = plain_words or set()
    return {text.partition(":")[0] for text in constants if re.fullmatch(r"[a-z]+(-[a-z0-9]+)+:?", text)} - known


def test_every_reason_code_of_the_core_has_words() -> None:
    missing = (
        _codes_in_source()
        - set(wording()["reason"])
        - {"text-hidden-characters", "hidden-characters", "look-alike-letters"}
    )
    assert not missing


def test_words_of_evidence_cover_every_value() -> None:
    words = wording()
    evidence: Evidence = load_evidence()
    assert {band.grade for band in evidence.bands.values()} <= set(words["grade"])
    assert {band.direction for band in evidence.bands.values()} <= set(words["direction"])
    assert {row.status for row in evidence.rows.values()} <= set(words["status"])


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (125.0, "125"),
        (1250.0, "1,250"),
        (89.285714, "89.29"),
        (0.025, "0.025"),
        (0.0, "0"),
        (45000.0, "45,000"),
        (float("nan"), ""),
    ],
)
def test_number_is_short_and_readable(value: float, shown: str) -> None:
    assert number(value) == shown


def test_dose_shows_both_units() -> None:
    assert dose(25, 50, "vitamin_d", "d3") == "25 to 50 mcg (1,000 to 2,000 IU)"
    assert dose(1500, 1500, "vitamin_k2", "mk4") == "1,500 mcg (1.5 mg)"
    assert dose(10, 10, "vitamin_d", "calcifediol") == "10 mcg"
    assert dose(0, 100, "vitamin_k2", "mixed") == "up to 100 mcg"


def test_counts_and_lists_read_well() -> None:
    assert (count(0.5), count(1 / 3), count(2.0), count(1.5)) == ("1/2", "1/3", "2", "1.5")
    assert (listed([]), listed(["a"]), listed(["a", "b", "c"], "or")) == ("", "a", "a, b or c")
