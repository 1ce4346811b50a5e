"""A reviewer's overrides: refused when they do not fit the record, told when they were used."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from auditor.checks.findings import MESSAGE_LENGTH
from auditor.engines import audit, run_to
from auditor.errors import InputError, UsageError
from auditor.labels import as_line_table
from auditor.market import read_written_audit
from auditor.overrides import Override, apply, load_overrides, suppress
from auditor.pipeline import audit_lines

SIGNED = {"who": "A. Reviewer", "when": "2026-11-20", "why": "checked on the package"}


def lines() -> pd.DataFrame:
    return as_line_table(pd.DataFrame([
        {"product_id": "a", "market": "us", "ingredient": "Vitamin D3", "amount": "25 mcg (4,000 IU)", "directions": "Take 1 softgel daily", "serving_size": "1 softgel", "line": "1"},
        {"product_id": "a", "market": "us", "ingredient": "Vitamin K2", "amount": "100 mcg", "directions": "Take 1 softgel daily", "serving_size": "1 softgel", "line": "2"},
        {"product_id": "b", "market": "us", "ingredient": "Vitamin D3", "amount": "25 mcg", "directions": "Take 1 softgel daily", "serving_size": "1 softgel", "line": "1"},
    ]))  # fmt: skip


def accept(**cells: str) -> Override:
    return Override.model_validate(
        {"product_id": "a", "kind": "accept-finding", "finding_id": "vitk-form-missing"} | SIGNED | cells
    )


def correct(**cells: str) -> Override:
    return Override.model_validate(
        {
            "product_id": "a",
            "kind": "correct",
            "column": "amount",
            "replaces": "25 mcg (4,000 IU)",
            "value": "100 mcg (4,000 IU)",
        }
        | SIGNED
        | cells
    )


def test_tables_of_a_run_with_overrides_are_written_as_asked_for(tmp_path: Path) -> None:
    lines().to_csv(tmp_path / "labels.csv", index=False)
    run = run_to(tmp_path / "labels.csv", tmp_path / "out", overrides=[correct()], tables_as="parquet")
    assert run.written[0] == tmp_path / "out" / "products.parquet"
    assert "override-used" in read_written_audit(tmp_path / "out").findings["finding_id"].tolist()


def test_a_correction_is_applied_before_the_audit_and_told_after_it() -> None:
    before = audit_lines(lines()).findings
    assert "dual-vitd-mismatch" in before["finding_id"].tolist()
    found = audit_lines(apply(lines(), [correct()]))
    told = suppress(found.findings, [correct()])
    of_a = told[told["product_id"] == "a"]
    assert "dual-vitd-mismatch" not in of_a["finding_id"].tolist()
    assert of_a.iloc[-1]["finding_id"] == "override-used"
    assert of_a.iloc[-1]["severity"] == "note"
    assert of_a.iloc[-1]["message"] == (
        "A reviewer's correction was used: amount '25 mcg (4,000 IU)' read as '100 mcg (4,000 IU)' (A. Reviewer, 2026-11-20: checked on the package)."
    )
    assert told["product_id"].tolist() == sorted(told["product_id"])


def test_an_accepted_finding_stays_as_a_note_with_who_and_why() -> None:
    findings = audit_lines(lines()).findings
    told = suppress(findings, [accept()])
    row = told[told["finding_id"] == "vitk-form-missing"].iloc[0]
    assert row["severity"] == "note"
    assert row["message"].endswith("Accepted by A. Reviewer, 2026-11-20: checked on the package.")
    assert len(told) == len(findings)


@pytest.mark.parametrize(
    ("override", "reason"),
    [
        (correct(product_id="nobody"), "no such product"),
        (correct(replaces="30 mcg"), "but the record says '25 mcg (4,000 IU)', '100 mcg'"),
        (correct(replaces="x", value="100 mcg"), "no longer differs"),
        (correct(column="no_column"), "no such column"),
        (correct(line="2"), "but the record says"),
    ],
)
def test_a_correction_that_does_not_fit_is_refused(override: Override, reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        apply(lines(), [override])
    assert reason in caught.value.problems[0]


def test_all_misfits_are_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        apply(lines(), [correct(product_id="x"), correct(product_id="y"), accept(product_id="z")])
    assert len(caught.value.problems) == 3


def test_acceptance_of_a_finding_that_is_gone_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        suppress(audit_lines(lines()).findings, [accept(finding_id="unit-missing"), accept(nutrient="vitamin_d")])
    assert len(caught.value.problems) == 2


TOML = """
[[override]]
product_id = "a"
kind = "accept-finding"
finding_id = "vitk-form-missing"
who = "A. Reviewer"
when = 2026-11-20
why = "the maker wrote to us"
"""


def test_toml_and_csv_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "o.toml").write_text(TOML, encoding="utf-8")
    header = "product_id,kind,column,finding_id,replaces,value,who,when,why\n"
    (tmp_path / "o.csv").write_text(
        header + "a,accept-finding,,vitk-form-missing,,,A. Reviewer,2026-11-20,the maker wrote to us\n",
        encoding="utf-8",
    )
    assert load_overrides(tmp_path / "o.toml") == load_overrides(tmp_path / "o.csv")


def test_every_broken_entry_of_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_text(
        "product_id,kind,column,finding_id,replaces,value,who,when,why\n"
        "a,accept-finding,,no-such-check,,,R,2026-11-20,because\n"
        "a,correct,product_id,,a,b,R,2026-11-20,because\n"
        "a,correct,amount,,1,1,R,2026-11-20,because\n"
        "a,correct,amount,,1,2,,yesterday,because\n",
        encoding="utf-8",
    )
    with pytest.raises(UsageError) as caught:
        load_overrides(tmp_path / "o.csv")
    text = "\n".join(caught.value.problems)
    assert all(part in text for part in ("no-such-check", "cannot be corrected", "is what it replaces", "who", "when"))


@pytest.mark.parametrize("name", ["missing.toml", "broken.toml"])
def test_an_unreadable_file_is_an_input_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "broken.toml").write_text("[[override", encoding="utf-8")
    with pytest.raises(InputError):
        load_overrides(tmp_path / name)


def test_messages_of_overrides_fit_a_line() -> None:
    why = "the maker's letter of 12 November names the form, " * 4
    findings = audit_lines(lines()).findings
    told = suppress(findings, [accept(why=why, who="A reviewer with a very long name and two titles")])
    row = told[told["finding_id"] == "vitk-form-missing"].iloc[0]
    assert "Accepted by A reviewer" in row["message"]
    found = audit_lines(apply(lines(), [correct(why=why)]))
    used = suppress(found.findings, [correct(why=why)])
    assert max(map(len, [*told["message"], *used["message"]])) <= MESSAGE_LENGTH


def test_the_data_package_holds_the_decisions_uncut(tmp_path: Path) -> None:
    why = "the maker's letter of 12 November names the form, " * 4
    item = accept(why=why)
    audit(lines(), overrides=[item]).write(tmp_path / "out")
    package = json.loads((tmp_path / "out" / "datapackage.json").read_bytes())
    assert package["overrides"] == [item.entry]
    assert package["overrides"][0]["why"] == item.why
    audit(lines()).write(tmp_path / "none")
    assert json.loads((tmp_path / "none" / "datapackage.json").read_bytes())["overrides"] == []
