"""The catalogue of checks walks itself: every entry fires on its own label and is silent on its counter-example."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import auditor
from auditor.checks import FAMILIES, Check, catalogue, in_full, listed, markdown_table
from auditor.checks.doses import open_end
from auditor.checks.facts import Facts
from auditor.checks.findings import ACROSS, ALIASES, FUNCTIONS, MESSAGE_LENGTH, find_all, message
from auditor.evidence import load_evidence
from auditor.labels import as_line_table
from auditor.limits import Limit, load_limits, stale_limits
from auditor.pipeline import audit_lines

PRODUCT = {"product_id": "p", "market": "us", "serving_size": "1 softgel", "directions": "Take 1 softgel daily"}
OPTIONS = ("context", "today", "lines", "also")
ENTRIES = [check for check in catalogue().values() if check.raised_by != "overrides"]


def frame_of(*labels: dict[str, Any]) -> pd.DataFrame:
    """Line table of labels written as in the catalogue."""
    rows = []
    for label in labels:
        product = PRODUCT | {name: cell for name, cell in label.items() if name not in OPTIONS}
        rows += [product | ({"ingredient": line} if isinstance(line, str) else dict(line)) for line in label["lines"]]
    return as_line_table(pd.DataFrame(rows).fillna(""))


def findings_of(label: dict[str, Any]) -> pd.DataFrame:
    """Findings of the first label of an example."""
    audit = audit_lines(frame_of(label, *label.get("also", ())), context=label.get("context", "auto"))
    first = label.get("product_id", PRODUCT["product_id"])
    return audit.findings[audit.findings["product_id"] == first]


def stale_findings(label: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Findings of an example whose day is given; the audit itself never asks what day it is."""
    from auditor import pipeline

    def dated(facts: Facts) -> pd.DataFrame:
        return find_all(replace(facts, today=label["today"]))

    monkeypatch.setattr(pipeline, "find_all", dated)
    return set(findings_of(label)["finding_id"])


ALONE = ("also", "today", "product_id", "context")
"""An example with one of these is audited by itself, the others together: one label never changes another's findings."""


@pytest.fixture(scope="module")
def together() -> pd.DataFrame:
    """Findings of all examples that can share an audit, under the product ids `<check>:fires` and `<check>:silent`."""
    labels = [dict(example) | {"product_id": f"{check.id}:{side}"} for check in ENTRIES
              for side, example in (("fires", check.fires), ("silent", check.silent)) if not set(example) & set(ALONE)]  # fmt: skip
    return audit_lines(frame_of(*labels)).findings


@pytest.mark.parametrize("check", ENTRIES, ids=lambda check: check.id)
def test_check_fires_on_its_example_and_is_silent_on_the_other(
    check: Check, together: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "today" in check.fires:
        assert check.id in stale_findings(dict(check.fires), monkeypatch)
        assert check.id not in stale_findings(dict(check.silent), monkeypatch)
        return

    def of(side: str, example: dict[str, Any]) -> pd.DataFrame:
        return (
            findings_of(example)
            if set(example) & set(ALONE)
            else together[together["product_id"] == f"{check.id}:{side}"]
        )

    found = of("fires", dict(check.fires))
    assert check.id in set(found["finding_id"])
    assert check.id not in set(of("silent", dict(check.silent))["finding_id"])
    told = found[found["finding_id"] == check.id]
    assert (told["message"].str.len() <= MESSAGE_LENGTH).all(), told["message"].tolist()
    assert not told["message"].str.contains(r"\bnan\b|None|\{|  ", regex=True).any(), told["message"].tolist()


def test_ids_are_kebab_case_and_entries_complete() -> None:
    for check in catalogue().values():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", check.id), check.id
        assert check.severity in ("error", "warning", "note"), check.id
        assert check.status in ("verified", "secondary", "derived", "unverified"), check.id
        assert check.raised_by in ("check", "line", "directions", "overrides"), check.id
        assert all((check.title, check.trigger, check.tolerance, check.template, check.why, check.source)), check.id
        assert check.fires["lines"] or check.raised_by == "overrides", check.id
        assert set(re.findall(r"{(\w*)}", check.template)) <= {"name", "value", "expected", "detail"}, check.id


def test_templates_fill_and_long_label_texts_are_cut() -> None:
    for check in catalogue().values():
        assert "{" not in message(check.id, "vitamin_d", "1 mcg", "2 mcg", "detail", "percent")
        assert len(message(check.id, "vitamin_k2", "x" * 400, "y" * 80, "")) <= MESSAGE_LENGTH


def test_what_was_left_aside_is_said_after_the_longest_label_texts() -> None:
    for check in catalogue().values():
        names = check.hides + check.hides_on_label + check.withholds
        others = [other for other in catalogue().values() if {other.id, other.family} & set(names)]
        words = ", ".join(sorted({other.left_aside for other in others if other.family != check.family} - {""}))
        if words:
            told = message(check.id, "vitamin_k2", "x" * 400, "y" * 400, "z" * 400, words)
            assert told.endswith(f" Left aside: {words}."), told
            assert len(told) <= MESSAGE_LENGTH, told


def test_templates_state_and_do_not_advise() -> None:
    words = re.compile(r"\b(?:should|must|ought|please|ask|avoid|consult|take care|make sure)\b", re.IGNORECASE)
    assert [check.id for check in catalogue().values() if words.search(check.template)] == []


def test_borderline_notes_fit_a_message_uncut() -> None:
    for band in load_evidence().bands.values():
        if band.borderline_note:
            told = message(
                "dose-borderline-low", band.nutrient, "1,200 mcg", f"from {band.low_mcg:,} mcg", band.borderline_note
            )
            assert told.endswith(band.borderline_note), told


def test_a_severity_other_than_the_usual_is_said() -> None:
    """A check that a function tells with another severity says so in its entry."""
    told = {check.id for check in catalogue().values() if check.otherwise}
    assert {
        "gtin-duplicate",
        "safety-vitd-over-ul",
        "dose-range",
        "vitd-iu-only",
        "dv-percent-old-dv",
        "dv-percent-mismatch",
    } <= told


def test_names_in_hides_are_ids_or_families() -> None:
    known = set(catalogue()) | set(FAMILIES)
    assert {
        name for check in catalogue().values() for name in check.hides + check.hides_on_label + check.withholds
    } <= known


def test_every_id_is_raised_by_a_function_or_a_reader_and_by_no_one_else() -> None:
    by_function = {check_id for ids in FUNCTIONS for check_id in ids} | set(ACROSS)
    by_reader = codes_of_readers()
    assert by_function <= set(catalogue())
    assert by_reader <= set(catalogue())
    for check in catalogue().values():
        raised = (
            check.id in by_function
            if check.raised_by == "check"
            else check.raised_by == "overrides" or check.id in by_reader
        )
        assert raised, f"{check.id} is raised by nobody"


def codes_of_readers() -> set[str]:
    """Codes of `Problem(...)` and of the pieces' problems in the modules that read text, aliases resolved."""
    package = Path(auditor.__file__).parent
    codes: set[str] = set()
    for name in ("amounts", "ingredients", "schedules"):
        tree = ast.parse((package / f"{name}.py").read_text(encoding="utf-8"))
        codes |= {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node.value in set(catalogue()) | set(ALIASES)
        }
        codes |= {call.args[0].value for call in ast.walk(tree) if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Problem"
                  and call.args and isinstance(call.args[0], ast.Constant)}  # fmt: skip
        flags = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "_FLAGGED"
        ]
        codes |= {f"dose-{ast.literal_eval(element)}" for node in flags for element in node.elts}  # type: ignore[attr-defined]
    return {ALIASES.get(code, code) for code in codes if code}


def test_catalogue_helpers_are_plain_data() -> None:
    assert len(listed()) == len(catalogue())
    assert listed("safety-vitd-over-ul") == [
        {"id": "safety-vitd-over-ul", "family": "safety", "severity": "warning", "title": "Above the upper level"}
    ]
    assert in_full("reg-be-vitd")["fires on"] == "Vitamin D3 100 µg (market: be)"
    table = markdown_table()
    assert table.count("\n") == len(catalogue()) + len(FAMILIES) + 2
    assert "| `unit-missing` | error |" in table


# -- the two worked records (label rules study 7.10) --------------------------------------------------------------------------


def test_first_worked_record_comes_out_exactly() -> None:
    audit = audit_lines(frame_of({
        "name": "D3 5000 + K2",
        "lines": ["Vitamin D3 (as cholecalciferol) 125 mcg (5,000 IU) 625 %", "Vitamin K2 (as MK-7) 100 mcg 83 %"],
    }))  # fmt: skip
    assert audit.doses["daily_mcg_high"].tolist() == [125, 100]
    assert audit.doses["form"].tolist() == ["d3", "mk7"]
    assert dict(zip(audit.findings["finding_id"], audit.findings["severity"], strict=True)) == {
        "safety-vitd-over-ul": "warning", "dv-k2-percent-us": "note", "safety-vitk-vka": "note",
    }  # fmt: skip


def test_second_worked_record_comes_out_exactly() -> None:
    audit = audit_lines(frame_of({
        "market": "au", "name": "K2 + D3 spray", "serving_size": "0.3 mL dose (2 sprays)", "directions": "", "dosage_form": "spray",
        "lines": ["Vitamin D3 25 µg (1000 IU)", "Vitamin K2 (as menaquinone-7) 25 µg (1000 IU)"],
    }))  # fmt: skip
    assert audit.doses["daily_mcg_high"].tolist()[0] == 25
    assert audit.doses["verdict"].tolist()[1] == "not-computable"
    assert dict(zip(audit.findings["finding_id"], audit.findings["severity"], strict=True)) == {
        "unit-iu-on-vitamin-k": "error", "row-copied-between-nutrients": "error", "dose-directions-missing": "warning",
    }  # fmt: skip


# -- one root cause, one finding ----------------------------------------------------------------------------------------------


def ids_of(**label: Any) -> list[str]:
    return findings_of(label)["finding_id"].tolist()


def told_by(finding_id: str, **label: Any) -> str:
    """The message of one finding."""
    found = findings_of(label)
    return str(found.loc[found["finding_id"] == finding_id, "message"].item())


def test_a_contradiction_is_told_without_the_findings_it_would_cause() -> None:
    found = findings_of({"lines": ["Vitamin D3 12.5 mcg (10,000 IU) 700%"]})
    assert found["finding_id"].tolist() == ["dual-vitd-mismatch"]
    assert found["message"].iloc[0].endswith(" Left aside: limits, percent.")


def test_a_dose_over_the_upper_level_under_both_readings_is_told() -> None:
    label = {"lines": ["Vitamin D3 125 mcg (10,000 IU)"]}
    assert "safety-vitd-over-ul" in ids_of(**label)
    assert "Left aside" not in told_by("dual-vitd-mismatch", **label)


def test_an_implausible_amount_hides_limits_and_says_so() -> None:
    found = findings_of({"market": "be", "lines": ["Vitamin D3 5000 µg"]})
    assert not {"safety-vitd-over-ul", "reg-be-vitd"} & set(found["finding_id"])
    assert found["message"].iloc[0].endswith(" Left aside: limits.")


@pytest.mark.parametrize(
    ("finding_id", "label", "words"),
    [
        ("dual-vitd-mismatch", {"lines": ["Vitamin D3 0.625 mcg (1,000 IU)"]}, ""),
        ("dual-vitd-mismatch", {"lines": ["Vitamin D3 12.5 mcg (5,000 IU) 63%"]}, ""),
        ("dual-vitd-mismatch", {"lines": ["Vitamin D3 50 mcg (10,000 IU)"], "market": "be"}, "limits"),
        ("dual-vitd-mismatch", {"lines": ["Vitamin D3 12.5 mcg (10,000 IU)"], "directions": "Take 1-2 softgels daily"}, "limits, range"),
        ("unit-mg-mcg-suspect", {"lines": ["Vitamin D3 25 mg"]}, "limits"),
        ("unit-mg-mcg-suspect", {"lines": ["Vitamin D3 25 mg 125%"]}, ""),
        ("unit-iu-on-vitamin-k", {"lines": ["Vitamin K2 (MK-7) 100 IU 83%"]}, "percent"),
        ("unit-iu-on-vitamin-k", {"lines": ["Vitamin K2 (MK-7) 100 IU"]}, ""),
        ("number-separator-ambiguous", {"lines": ["Vitamin D3 1.250 mcg 700%"], "market": ""}, "limits, percent"),
        ("vitk-declared-twice-conflict", {"name": "K2 200 mcg", "lines": ["Vitamin K2 (MK-7) 100 mcg 10%"]}, "percent"),
        ("dual-vitd-per-unit-vs-serving", {"serving_size": "2 softgels", "directions": "Take 2 softgels daily", "lines": ["Vitamin D3 62.5 mcg (5,000 IU)"]}, "limits"),
        ("nutrient-row-repeated", {"lines": ["Vitamin D3 75 mcg", "Vitamin D3 50 mcg"]}, "limits"),
        ("nutrient-row-repeated", {"lines": ["Vitamin D3 25 mcg", "Vitamin D3 50 mcg"]}, ""),
        ("dv-percent-mismatch", {"lines": ["Vitamin D3 25 mcg 300%"]}, ""),
        ("dv-percent-mismatch", {"name": "D3 5000 IU", "lines": ["Vitamin D3 25 mcg 300%"]}, "product name"),
    ],
)  # fmt: skip
def test_what_is_left_aside_is_named_when_and_only_when_there_is_some(
    finding_id: str, label: dict[str, Any], words: str
) -> None:
    told = told_by(finding_id, **label)
    assert told.partition(" Left aside: ")[2].removesuffix(".") == words, told


def test_findings_are_ordered_by_severity_then_place() -> None:
    found = findings_of({"lines": ["Vitamin K2 100 mcg", "Vitamin D 125 mcg (5,000 IU) 200%"]})
    order = {"error": 0, "warning": 1, "note": 2}
    assert found["severity"].map(order).is_monotonic_increasing
    assert found["finding_id"].iloc[0] == "dv-percent-mismatch"


def test_a_label_with_neither_vitamin_has_no_findings() -> None:
    assert ids_of(lines=["Magnesium 100 mg"]) == []
    assert ids_of(lines=["Nattokinase 100 mg", "Annatto 1 mg"]) == ["nattokinase-on-line"]
    assert audit_lines(frame_of({"lines": ["Magnesium 100 mg"]}).iloc[:0]).findings.empty


def test_upper_level_becomes_an_error_above_the_lowest_adverse_level() -> None:
    assert findings_of({"lines": ["Vitamin D3 250 mcg 1250%"]})["severity"].tolist() == ["warning"]
    assert findings_of({"lines": ["Vitamin D3 300 mcg 1500%"]})["severity"].tolist() == ["error"]


def test_toddlers_limit_is_compared_exactly() -> None:
    toddler = {"audience": "children 1-3 years", "serving_size": "1 mL", "directions": "Give 1 mL daily"}
    at, above = (
        {**toddler, "lines": [f"Vitamin D3 {amount} (as cholecalciferol)"]}
        for amount in ("62.5 mcg (2,500 IU)", "63 mcg (2,520 IU)")
    )
    us = [audit_lines(frame_of(label), authority="NASEM").findings["finding_id"].tolist() for label in (at, above)]
    assert "safety-vitd-over-ul" not in us[0]
    assert "safety-vitd-over-ul" in us[1]


def test_a_vitamin_on_several_lines_is_told_once_with_all_its_lines() -> None:
    told = told_by("nutrient-row-repeated", lines=["Vitamin D3 25 mcg", "Vitamin D2 10 mcg"])
    assert told.startswith("Vitamin D stands on several lines (Vitamin D3 25 mcg; Vitamin D2 10 mcg)")


def test_vitamin_d_on_several_lines_is_told_beside_another_vitamin_that_is() -> None:
    lines = ["Vitamin K2 (as MK-7) 45 mcg", "Vitamin K2 (as MK-7) 45 mcg", "Vitamin D3 25 mcg", "Vitamin D2 10 mcg"]
    found = findings_of({"lines": lines})
    told = found[found["finding_id"] == "nutrient-row-repeated"].set_index("nutrient")["value"].to_dict()
    assert told == {
        "vitamin_k2": "Vitamin K2 (as MK-7) 45 mcg",
        "vitamin_d": "Vitamin D3 25 mcg; Vitamin D2 10 mcg",
    }


@pytest.mark.parametrize(
    ("finding_id", "line"),
    [("vitk-mixed-total", "Vitamin K (as K1 and K2 MK-7) 100 mcg"), ("amount-not-assignable", {"ingredient": "Vitamin D3 and K2", "amount": "100 mcg"})],
)  # fmt: skip
def test_a_line_of_several_vitamins_is_told_once(finding_id: str, line: str | dict[str, str]) -> None:
    assert ids_of(lines=[line]).count(finding_id) == 1


def test_a_weekly_name_with_daily_directions_is_told_once() -> None:
    label = {"name": "Weekly D3 50,000 IU", "directions": "Take 1 softgel daily", "lines": ["Vitamin D3 1250 mcg"]}
    assert ids_of(**label).count("dose-depot-conflict") == 1


def test_as_needed_is_one_finding_that_says_what_was_used() -> None:
    open_ended = {"lines": ["Vitamin D3 25 mcg 125%"], "directions": "Take 1 softgel as needed"}
    assert ids_of(**open_ended) == ["dose-as-needed"]
    assert told_by("dose-as-needed", **open_ended).endswith("; no daily dose was computed.")


def test_a_copied_row_is_shown_by_its_amount() -> None:
    told = told_by("row-copied-between-nutrients", lines=["Vitamin D3 25 µg (1000 IU)", "Vitamin K2 (as menaquinone-7) 25 µg (1000 IU)"])  # fmt: skip
    assert "vitamin D's '25 µg (1000 IU)'" in told


# -- what a reader of eighty labels disagreed with ------------------------------------------------------------------------------

DEPOT = {"market": "de", "serving_size": "Kapsel", "directions": "1 Kapsel alle 20 Tage", "lines": ["Vitamin D3 500 µg (20.000 I.E.)", "Vitamin K2 (MK-7) 200 µg"]}  # fmt: skip
UNDATED = {"directions": "", "lines": ["Witamina D3 30 000 j.m."], "market": "pl"}


@pytest.mark.parametrize(
    ("silent", "label"),
    [
        ("vitd-iu-only", {"market": "uk", "serving_size": "1 drop", "directions": "Take 6 drops daily (400 IU/10 mcg)", "lines": ["Vitamin D3 67 IU"]}),
        ("vitd-iu-only", {"market": "fr", "note": "Medicine.", "lines": ["Vitamine D3 300 UI"]}),
        ("reg-uk-industry", {"market": "uk", "note": "Licensed medicine", "lines": ["Vitamin D3 100 µg"]}),
        ("reg-au-vitd", {"market": "au", "note": "Medicine. compounded", "lines": ["Vitamin D3 250 µg"]}),
        ("form-not-listed-eu", {"market": "es", "lines": ["Calcifediol 266 µg"]}),
        ("serving-unread", DEPOT),
        ("reg-eu-min-15", DEPOT),
        ("reg-pl-gis", UNDATED),
        ("safety-vitd-over-ul", UNDATED),
        ("required-field-missing", {"serving_size": "", "directions": "", "lines": ["Vitamin D3 50,000 IU capsule"]}),
        ("safety-vitk-vka", {"audience": "infants", "lines": ["Vitamin K1 1 mg"]}),
        ("dose-open-ended", {"serving_size": "1-5 mL", "directions": "Take 1 serving daily or as directed by your doctor", "lines": ["Vitamin D3 7.5 mcg"]}),
    ],
)  # fmt: skip
def test_a_finding_that_does_not_hold_there_is_not_told(silent: str, label: dict[str, Any]) -> None:
    assert silent not in ids_of(**label)


def test_a_spaced_dose_is_one_finding_for_all_vitamins() -> None:
    assert ids_of(**DEPOT).count("dose-non-daily") == 1
    assert told_by("dose-non-daily", **DEPOT) == (
        "500 mcg of vitamin D and 200 mcg of vitamin K2 at a time, every 20 days, averages 25 mcg and 10 mcg a day."
    )


def test_a_dose_without_interval_says_that_limits_were_left_aside() -> None:
    assert told_by("dose-interval-needed", **UNDATED).endswith("over the upper level. Left aside: limits.")


def test_calcifediol_is_an_error_only_beside_its_own_units() -> None:
    def severity(line: str) -> str:
        found = findings_of({"lines": [line]})
        return str(found.loc[found["finding_id"] == "vitd-form-calcifediol", "severity"].item())

    assert severity("Calcifediol 30 mcg") == "note"
    assert severity("Calcifediol 10 mcg (400 IU)") == "error"


def test_the_caution_on_antagonists_knows_the_labels_own() -> None:
    line = {"lines": ["Vitamin K2 (MK-4) 15 mg"]}
    assert told_by("safety-vitk-vka", **line, warnings="Contraindicated with warfarin").endswith("; the label has a caution of its own.")  # fmt: skip
    assert told_by("safety-vitk-vka", **line, market="pl").endswith("; this market's caution is not on the record.")


def test_an_amount_printed_as_a_range_is_told_as_such() -> None:
    label = {"serving_size": "4 softgels", "directions": "Take 4 softgels daily", "lines": ["Vitamin D3 1-4 IU"]}
    assert told_by("dose-range", **label).endswith("; the printed amount is a range.")
    assert "dv-below-two-percent" in ids_of(**label)


def test_columns_for_groups_are_named_in_words() -> None:
    columns = [{"ingredient": "Vitamin D3", "amount": "10 mcg", "audience": "Adults"}, {"ingredient": "Vitamin D3", "amount": "5 mcg", "audience": "Children 4-8 years"}]  # fmt: skip
    assert told_by("dose-multiple-audiences", lines=columns) == (
        "The label is for several groups (in columns of its panel); judged here for: Adults in general."
    )


def test_an_audience_of_pregnancy_and_children_is_told() -> None:
    label = {"lines": ["Vitamin D3 10 mcg 50%"], "audience": "only licensed in children, pregnancy and breastfeeding"}
    assert told_by("dose-multiple-audiences", **label) == (
        "The label is for several groups ('only licensed in children, pregnancy and breastfeeding'); judged here for: Pregnancy and lactation."
    )
    assert "dose-multiple-audiences" not in ids_of(lines=["Vitamin D3 10 mcg 50%"], audience="Ages 4+")


def test_directions_that_give_k2_to_children_are_told() -> None:
    directions = "Adultes: 3 gouttes par jour. Enfants à partir de 4 ans : 2 gouttes par jour"
    label = {"market": "fr", "serving_size": "3 gouttes", "lines": ["Vitamine K2 (MK-7) 37 µg 50%"]}
    assert ids_of(**label, directions=directions).count("safety-k2-child") == 1
    assert "safety-k2-child" not in ids_of(**label, directions="Adultes: 3 gouttes par jour")


def test_a_shared_barcode_names_the_other_records() -> None:
    others = [{"product_id": name, "upc": "31604026974", "lines": ["Vitamin D3 25 mcg"]} for name in "bcd"]
    label = {"product_id": "a", "upc": "031604026974", "lines": ["Vitamin D3 25 mcg"], "also": others}
    assert told_by("gtin-duplicate", **label) == "Barcode 031604026974 stands on 4 products: also on b and 2 more."


def test_digits_of_another_script_are_no_barcode() -> None:
    label = {
        "product_id": "a",
        "upc": "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667",
        "lines": ["Vitamin D3 25 mcg"],
    }
    assert not [found for found in ids_of(**label) if found.startswith("gtin-")]


# -- daily values: whose table a percent fits ------------------------------------------------------------------------------------

TODDLER = {"audience": "children 1-3 years"}


@pytest.mark.parametrize(
    ("label", "line", "expected"),
    [
        ({}, "Vitamin D3 25 mcg 125%", None),
        ({}, "Vitamin D3 25 mcg 250%", ("dv-percent-old-dv", "warning", "250 % of vitamin D fits the former US value of 10 mcg; the current value gives 125 %.")),
        ({}, "Vitamin K1 12 mcg 15%", ("dv-percent-old-dv", "warning", "15 % of vitamin K1 fits the former US value of 80 mcg (the EU and UK value of 75 mcg fits too); the current value gives 10 %.")),
        ({"label_date": "2018-05-01"}, "Vitamin D3 25 mcg 250%", ("dv-percent-old-dv", "note", "250 % of vitamin D fits the former US value of 10 mcg; the current value gives 125 %.")),
        ({}, "Vitamin D3 25 mcg 500%", ("dv-percent-other-market", "warning", "500 % of vitamin D fits the EU and UK value of 5 mcg; the label's own market gives 125 %.")),
        ({"market": "de"}, "Vitamin D3 25 mcg 125%", ("dv-percent-other-market", "warning", "125 % of vitamin D fits the US and CA value of 20 mcg; the label's own market gives 500 %.")),
        ({}, "Vitamin D3 15 mcg 100%", ("dv-percent-wrong-audience", "warning", "100 % of vitamin D fits the daily value of children of 1 to 3 years (15 mcg); the label's own group gives 75 %.")),
        ({"audience": "infants"}, "Vitamin D3 10 mcg 100%", None),
        ({"audience": "pregnant women"}, "Vitamin D3 10 mcg 100%", ("dv-percent-old-dv", "warning", "100 % of vitamin D fits the former US value of 10 mcg; the current value gives 67 %.")),
        (TODDLER, "Vitamin D3 10 mcg 100%", ("dv-percent-old-dv", "warning", "100 % of vitamin D fits the former US value of 10 mcg; the current value gives 67 %.")),
        (TODDLER | {"market": "ca"}, "Vitamin D3 15 mcg 100%", None),
        (TODDLER | {"market": "ca"}, "Vitamin K1 30 mcg 100%", None),
        ({"audience": "infants", "market": "ca"}, "Vitamin D3 10 mcg 100%", None),
        (TODDLER | {"market": "ca"}, "Vitamin D3 15 mcg 75%", ("dv-percent-wrong-audience", "note", "75 % of vitamin D fits the daily value of adults (20 mcg); the label's own group gives 100 %.")),
        ({"audience": "pregnant women", "market": "ca"}, "Vitamin D3 15 mcg 100%", ("dv-percent-other-market", "warning", "100 % of vitamin D fits the US value of 15 mcg for pregnant and lactating women; the label's own market gives 75 %.")),
        ({"market": "au"}, "Vitamin D3 25 mcg 250%", None),
        ({"market": "nz"}, "Vitamin K1 40 mcg 50%", None),
        ({"market": "nz"}, "Vitamin D3 25 mcg 125%", ("dv-percent-other-market", "note", "125 % of vitamin D fits the US and CA value of 20 mcg; the label's own market gives 250 %.")),
        ({"market": "au"}, "Vitamin D3 25 mcg 333%", ("dv-percent-mismatch", "note", "333 % fits no daily value known for vitamin D; expected 250 % for 25 mcg, which was used.")),
        ({}, "Vitamin D3 25 mcg 1250%", ("dv-percent-mismatch", "error", "1250 % fits no daily value known for vitamin D; expected 125 % for 25 mcg, which was used; the percent is ten times too high.")),
    ],
)  # fmt: skip
def test_a_percent_is_explained_by_the_table_it_fits(
    label: dict[str, Any], line: str, expected: tuple[str, str, str] | None
) -> None:
    """What rests on a value from memory alone (Canada's young, Australia) is no more than a note."""
    found = findings_of({**label, "lines": [line]})
    told = found[found["finding_id"].str.startswith("dv-percent")]
    assert told[["finding_id", "severity", "message"]].apply(tuple, axis=1).tolist() == ([expected] if expected else [])


def test_an_expected_percent_is_rounded_half_up_as_labels_do() -> None:
    assert told_by("dv-percent-missing-us", lines=["Vitamin D3 62.5 mcg (2,500 IU)"]).endswith("it would be 313 %.")


# -- market maxima ------------------------------------------------------------------------------------------------------------


def test_limits_load_and_name_checks_of_the_catalogue() -> None:
    limits = load_limits()
    assert {limit.finding for limit in limits} <= set(catalogue())
    assert all(limit.source and limit.last_checked for limit in limits)
    contexts = set(load_evidence().contexts)
    assert {context for limit in limits for context in limit.contexts} <= contexts


def test_sweden_and_the_united_states_have_no_maximum() -> None:
    assert not {"se", "us", "fi"} & {limit.market for limit in load_limits()}


def test_a_broken_limit_is_refused_with_file_and_key(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(
        '[[limit]]\nid = "X"\nfinding = "reg-x"\nmarket = "atlantis"\nvalue_mcg = -1\n', encoding="utf-8"
    )
    with pytest.raises(auditor.AuditorError) as caught:
        load_limits(str(tmp_path))
    assert any("value_mcg" in problem for problem in caught.value.problems)
    assert all(problem.startswith("bad.toml: limit 'X'") for problem in caught.value.problems)


def test_stale_limits_depend_on_the_day_given() -> None:
    assert stale_limits(date(2026, 12, 1)) == ()
    assert len(stale_limits(date(2028, 1, 1))) == len(load_limits())
    assert isinstance(load_limits()[0], Limit)


def test_a_limit_before_its_time_is_not_applied() -> None:
    canada = {"market": "ca", "lines": ["Vitamin D3 50 µg (2,000 IU)"]}
    assert "reg-ca-vitd-prescription" not in ids_of(**canada)
    assert "reg-ca-vitd-prescription" in ids_of(**canada, label_date="2019-05-01")


def test_rule_from_memory_alone_is_no_more_than_a_note() -> None:
    assert [
        entry.id for entry in catalogue().values() if entry.status == "unverified" and entry.severity != "note"
    ] == []


def test_a_form_that_only_the_name_says_is_told_as_such() -> None:
    # it-bioline-vitamin-d3-2000 and it-nutripure-d3-k2-1000ui: "Vitamin D3" above a line "vitamina D".
    told = findings_of({"name": "Vitamin D3 2000 UI", "lines": ["vitamina D 50 mcg"]})["message"]
    assert told.str.contains("though the product's name says D3").any()
    italian = {"name": "Vitamina D3 K2-MK7", "market": "it", "lines": ["Vitamina D 25 µg 500%", "Vitamina K2 100 µg 133%"]}  # fmt: skip
    assert findings_of(italian)["message"].str.contains("though the product's name says").sum() == 2
    k2 = findings_of({"name": "D3 + K2 MK-7", "lines": ["Vitamin K2 100 mcg"]})["message"]
    assert k2.str.contains("though the product's name says MK-7").any()
    both = findings_of({"name": "Vitamin D2 and D3", "lines": ["vitamin D 50 mcg"]})["message"]
    assert not both.str.contains("name says").any()


def test_a_statement_that_says_the_form_is_told() -> None:
    """DSLD 77665 prints 'Vitamin K (as Vitamin K-2)' on its panel and 'Vitamin K as K2 (MK7)' beside it."""
    label = {"lines": ["Vitamin K (as Vitamin K-2) 40 mcg"], "claims": "Vitamin D as D3 / Vitamin K as K2 (MK7)"}
    told = findings_of(label).set_index("finding_id")["message"]
    assert "though a statement on the label says MK-7" in told["vitk-form-missing"]
    both = findings_of(label | {"claims": "K2 as MK-4 and MK-7"}).set_index("finding_id")["message"]
    assert "though" not in both["vitk-form-missing"]


def test_a_statement_that_says_another_form_than_the_panel_is_told() -> None:
    """DSLD 12196: 'Contains: Vitamin D2 2000 IU per serving' beside cholecalciferol on the panel."""
    label = {"lines": ["Vitamin D (as Cholecalciferol) 2000 IU"], "claims": "Vitamin D2 2000 IU per serving"}
    told = findings_of(label).set_index("finding_id")["message"]
    assert told["name-form-mismatch"] == "A statement on the label says D2, the panel D3; the panel was judged."
    compared = label | {"claims": "Vitamin D3 that is regarded as superior to vitamin D2"}
    assert "name-form-mismatch" not in set(findings_of(compared)["finding_id"])


def test_a_percent_ten_times_the_former_one_is_told_as_such() -> None:
    """DSLD 8123, a label of 2012: 100 IU and 250 %, where the daily value of then gives 25 %."""
    told = findings_of({"market": "us", "lines": ["Vitamin D3 100 IU 250%"]}).set_index("finding_id")["message"]
    assert told["dv-percent-mismatch"].endswith(
        "expected 13 % for 2.5 mcg, which was used; the percent is ten times too high for the former US value of 10 mcg."
    )


def test_alternative_intervals_are_no_single_average() -> None:
    """hu-fresenius-d3-2000: every second day or daily; the longest interval has the lowest average."""
    label = {"directions": "1 tablet every other day or 1 tablet daily", "lines": ["Vitamin D3 50 mcg"]}
    told = findings_of(label).set_index("finding_id")["message"]
    assert told["dose-non-daily"] == (
        "50 mcg of vitamin D at a time, at most 2 days apart, averages 25 to 50 mcg a day."
    )


def test_a_part_of_the_directions_that_is_left_out_is_told() -> None:
    """ch-d3-vitacaps-24000 prints a monthly use for prevention before the weekly course."""
    directions = "1x par mois en préventif; 1x par semaine en curatif. 1 capsule par semaine pendant 2-6 semaines"
    told = findings_of({"directions": directions, "lines": ["Vitamin D3 600 mcg"]}).set_index("finding_id")["message"]
    assert "'1x par mois'" in told["dose-directions-partly-read"]


def test_a_quoted_list_is_no_panel() -> None:
    """ie-babyvitd3-drops stands on a hospital's list, which prints no percents though the label may."""
    label = {
        "market": "ie", "serving_size": "1 drop", "basis": "per_day", "note": "from a hospital list", "lines": ["Vitamin D3 5 mcg"]
    }  # fmt: skip
    assert "nrv-percent-missing-eu" not in set(findings_of(label)["finding_id"])
    assert "nrv-percent-missing-eu" in set(findings_of(label | {"note": ""})["finding_id"])


def test_what_was_done_about_a_missing_field_is_no_expected_value() -> None:
    """doc-p2 has no market."""
    told = (
        findings_of({"market": "", "lines": ["Vitamin D3 25 mcg"]})
        .set_index("finding_id")
        .loc["required-field-missing"]
    )
    assert told["expected"] == ""
    assert told["message"] == "The record lacks its market; no country's percents, units and maxima were applied."


def test_stale_limits_are_findings_on_the_day_that_is_given() -> None:
    frame = frame_of({"market": "be", "lines": ["Vitamin D3 25 mcg"]})
    newest = max(limit.last_checked for limit in load_limits())
    assert "rules-stale" not in set(audit_lines(frame).findings["finding_id"])
    assert "rules-stale" not in set(audit_lines(frame, today=newest).findings["finding_id"])
    assert "rules-stale" in set(audit_lines(frame, today=newest.replace(year=newest.year + 2)).findings["finding_id"])


@pytest.mark.parametrize(
    "directions",
    [
        "Felnőttek: 2 tabletta naponta. Serdülők: 1 tabletta naponta.",  # hu-fresenius-d3-2000
        "Vuxna: 2 tabletter dagligen. Barn 4-8 år: 1 tablett dagligen.",
        "成人每日2粒，儿童每日1粒",
    ],
)
def test_audiences_are_told_apart_in_other_languages(directions: str) -> None:
    told = findings_of({"directions": directions, "lines": ["Vitamin D3 25 mcg"]})
    assert "dose-multiple-audiences" in set(told["finding_id"])


def test_labels_without_doses_have_no_same_doses() -> None:
    """DSLD 302545 and 302548: coconut oil by the spoon and in softgels under one name, neither with vitamin D or K."""
    labels = [
        {"product_id": name, "brand": "Acme", "name": "Oil", "lines": ["Coconut oil 14 g"]} for name in ("a", "b")
    ]
    assert "record-duplicate" not in set(findings_of(labels[0] | {"also": labels[1:]})["finding_id"])


def test_a_strength_of_the_piece_in_the_directions_is_compared_with_the_panel() -> None:
    """uk-pharma-nord-bio-vitamin-d3-800: capsules of 800 IU whose directions speak of a 10mcg chewable tablet."""
    label = {"market": "uk", "directions": "one 10mcg chewable tablet per day", "lines": ["Vitamin D3 800 IU"]}
    assert told_by("name-amount-mismatch", **label) == (
        "The directions say '10mcg chewable tablet', the panel gives 20 mcg of vitamin D; the panel was used."
    )
    assert "name-amount-mismatch" not in ids_of(**{**label, "directions": "one 20mcg chewable tablet per day"})
    assert "name-amount-mismatch" not in ids_of(**{**label, "directions": "one 800 IU tablet per day"})
    with_k2 = {
        **label,
        "directions": "one 75mcg K2 tablet per day",
        "lines": ["Vitamin D3 800 IU", "Vitamin K2 75 mcg"],
    }
    assert "name-amount-mismatch" not in ids_of(**with_k2)


def test_milliliters_are_no_milligrams() -> None:
    """'Take 1 milliliter daily' states no micrograms beside the IU of the panel."""
    label = {"serving_size": "1 milliliter", "lines": ["Vitamin D3 1,000 IU 125%"]}
    assert "vitd-iu-only" in ids_of(**label, directions="Take 1 milliliter daily")
    assert "vitd-iu-only" not in ids_of(**label, directions="Take 1 milliliter (0.025 milligrams) daily")


def test_where_no_amount_is_known_its_basis_is_not_in_doubt() -> None:
    """be-nutripure-d3-k2 names K2 without an amount; us-dfh-liposomal-d-supreme K1 and K2 together."""
    told = set(ids_of(serving_size="", directions="Take 2 scoops daily", lines=["Vitamin K2 (MK-7)"]))
    assert "amount-missing" in told
    assert not told & {"dose-basis-unknown", "dose-basis-assumed", "required-field-missing"}
    assert "vitk-mixed-total" not in ids_of(lines=["vitamin K in the K1 and K2 forms"])


def test_of_an_old_label_both_marks_are_told() -> None:
    """DSLD 78779, of 2017: the former value, and IU alone, which since 2021 is an error of its own."""
    found = findings_of({"label_date": "2017-10-21", "lines": ["Vitamin D3 2000 IU 500%"]})
    assert found["finding_id"].tolist() == ["vitd-iu-only", "dv-percent-old-dv"]
    assert found["severity"].tolist() == ["note", "note"]


def test_a_missing_market_is_told_beside_a_missing_interval() -> None:
    """xx-c60-d3-k2-forte-pt: 140 mcg, neither market nor directions."""
    told = set(ids_of(market="", serving_size="", directions="", lines=["Vitamina D3 5600 IU"]))
    assert told >= {"dose-interval-needed", "required-field-missing"}


def test_the_open_end_of_a_range_quotes_its_own_words_only() -> None:
    """DSLD 81847."""
    told = told_by(
        "dose-open-ended",
        directions="Take 1 to 2 softgels daily with or without food, or as directed by your physician. Keep cool.",
        lines=["Vitamin D3 25 mcg"],
    )
    assert "('or as directed by your physician')" in told


@pytest.mark.parametrize(
    ("directions", "quoted"),
    [
        ("Una cápsula al día, tomando según indicaciones del médico.", "según indicaciones del médico"),
        ("1 comprimé par jour, ou selon avis médical; bien refermer", "ou selon avis médical"),
        ("1日1粒、医師の指示に従う", "医師の指示に従う"),
        ("Take 1 softgel daily.", "Take 1 softgel daily."),
    ],
)
def test_an_open_end_is_quoted_from_the_beginning_of_a_word(directions: str, quoted: str) -> None:
    """ "tomando según" ends in the letters of another phrase, "o según"."""
    assert open_end(directions) == quoted


def test_what_the_directions_count_is_told_in_words() -> None:
    """DSLD 241704: 8 grams a serving, directions in scoops; fr-nutriandco-vitamine-d-vegetale: an amount per drop."""
    scoops = told_by(
        "dose-basis-unknown", serving_size="8 grams", directions="Mix 1 scoop daily", lines=["Vitamin K 37 mcg"]
    )
    assert "whether the amount is for one of them (serving: '8 grams')" in scoops
    drops = told_by("dose-drops-without-volume", basis="per_drop", serving_size="1 drop (40 mg)", directions="1/d", lines=["Vitamin D3 25 mcg"])  # fmt: skip
    assert drops.startswith("The directions count ")


def test_a_disease_claim_is_graver_where_the_law_that_was_read_holds() -> None:
    label = {"claims": "Treats osteoporosis. Cures diabetes.", "lines": ["Vitamin D3 25 mcg"]}
    told = {
        market: findings_of({**label, "market": market}).set_index("finding_id").loc["claim-disease"]
        for market in ("us", "de", "ca")
    }
    assert {market: row["severity"] for market, row in told.items()} == {"us": "warning", "de": "warning", "ca": "note"}
    assert told["us"]["message"] == (
        "The label says 'Treats osteoporosis', a claim on a disease, which a supplement may not make (21 CFR 101.93(g))."
    )
    assert "1169/2011" in told["de"]["message"]
    assert "claim-disease" not in ids_of(**label, market="de", note="Medicine. Licensed")


def test_a_heart_claim_that_is_a_disease_claim_is_told_once() -> None:
    label = {"claims": "Vitamin K2 prevents heart disease.", "lines": ["Vitamin K2 (MK-7) 100 mcg"]}
    assert [name for name in ids_of(**label) if name.startswith("claim-")] == ["claim-disease"]
    apart = {**label, "claims": "Vitamin K2 supports the heart. Prevents the flu."}
    assert sorted(name for name in ids_of(**apart) if name.startswith("claim-")) == [
        "claim-disease",
        "claim-vitk-heart",
    ]


def test_directions_and_names_may_make_a_claim() -> None:
    assert "claim-disease" in ids_of(directions="For the treatment of osteoporosis take 1 softgel daily", lines=["Vitamin D3 25 mcg"])  # fmt: skip
    assert "claim-disease" in ids_of(name="Osteoporosis Relief D3", lines=["Vitamin D3 25 mcg"])
    assert "claim-disease" not in ids_of(name="Fracture Zone D3", lines=["Vitamin D3 25 mcg"])


def test_pieces_in_a_name_are_no_strength() -> None:
    """it-plus-power-vitamina-d3: half a tablet of 100 mcg would be the 100 of '100tabs'."""
    label = {"serving_size": "mezza (1/2) cpr", "market": "it", "lines": ["Vitamina D 50 µg (= 2000 UI) 1000%"]}
    assert "name-amount-mismatch" in ids_of(**label, name="Vitamina D3 1000 UI 100tabs")
    assert "name-amount-mismatch" not in ids_of(**label, name="Vitamina D3 4000 UI 60tabs")
