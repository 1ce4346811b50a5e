"""The command line as its users meet it: results on stdout, the rest on stderr, exit codes, no traceback for bad input."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from auditor.__main__ import main

ROOT = Path(__file__).parent.parent

LINES = """product_id,ingredient,amount,unit,percent_dv,serving_size,directions,market
a,Vitamin D3 (as cholecalciferol),125,mcg,625%,1 softgel,Take 1 softgel daily,us
a,Vitamin K2 (as MK-7),100,mcg,83%,1 softgel,Take 1 softgel daily,us
b,Vitamin D3,400 IU,,,1 tablet,1 tablet daily,us
"""


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Exit code of the console script with these arguments."""
    monkeypatch.setattr("sys.argv", ["auditor", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.fixture
def labels(tmp_path: Path) -> str:
    path = tmp_path / "labels.csv"
    path.write_text(LINES, encoding="utf-8")
    return str(path)


def test_audit_writes_the_tables_and_prints_the_sum(labels: str, tmp_path: Path, monkeypatch, capsys) -> None:
    assert run(monkeypatch, "audit", labels, "-o", str(tmp_path / "out")) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "rows: 3 in = 3 audited + 0 rejected" in told.err
    products = list(csv.DictReader(io.StringIO((tmp_path / "out" / "products.csv").read_text(encoding="utf-8"))))
    assert [(row["product_id"], row["class"]) for row in products] == [("a", "high-dose"), ("b", "studied-range")]
    package = json.loads((tmp_path / "out" / "datapackage.json").read_text(encoding="utf-8"))
    assert [resource["name"] for resource in package["resources"]] == ["products", "doses", "findings", "rejects"]


def test_audit_as_parquet_writes_all_tables_so_and_diff_reads_them(
    labels: str, tmp_path: Path, monkeypatch, capsys
) -> None:
    assert run(monkeypatch, "audit", labels, "-o", str(tmp_path / "csv"), "--quiet", "--as", "csv") == 0
    assert run(monkeypatch, "audit", labels, "-o", str(tmp_path / "parquet"), "--quiet", "--as", "parquet") == 0
    assert sorted(path.name for path in (tmp_path / "parquet").iterdir()) == [
        "datapackage.json", "doses.parquet", "findings.parquet", "products.parquet", "rejects.parquet",
    ]  # fmt: skip
    assert run(monkeypatch, "diff", str(tmp_path / "csv"), str(tmp_path / "parquet")) == 0
    assert capsys.readouterr().out == "2 products in both; 0 changed class, 0 added, 0 removed\n"


def test_tables_are_csv_if_nothing_is_said(labels: str, tmp_path: Path, monkeypatch) -> None:
    for name, said in (("silent", ()), ("said", ("--as", "csv"))):
        assert run(monkeypatch, "audit", labels, "-o", str(tmp_path / name), "--quiet", *said) == 0
    silent, said = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("silent", "said")
    )
    assert silent == said
    assert "products.csv" in silent


def test_the_same_input_gives_the_same_bytes(labels: str, tmp_path: Path, monkeypatch) -> None:
    for extension in ("csv", "parquet", "xlsx", "jsonl", "html"):
        first, second = tmp_path / f"one.{extension}", tmp_path / f"two.{extension}"
        assert run(monkeypatch, "audit", labels, "-o", str(first), "--quiet") == 0
        assert run(monkeypatch, "audit", labels, "-o", str(second), "--quiet") == 0
        assert first.read_bytes() == second.read_bytes(), extension


def test_fail_on_ends_with_one_only_for_that_severity(labels: str, tmp_path: Path, monkeypatch) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(
        "product_id,ingredient,serving_size,directions\na,Vitamin K2 (MK-7) 100 IU,1 capsule,1 capsule daily\n",
        encoding="utf-8",
    )
    assert run(monkeypatch, "audit", str(bad), "-o", str(tmp_path / "x.csv"), "--quiet", "--fail-on", "error") == 1
    assert run(monkeypatch, "audit", str(bad), "-o", str(tmp_path / "x.csv"), "--quiet") == 0


@pytest.mark.parametrize(
    ("name", "content", "code", "said"),
    [
        ("missing.csv", b"sku,amount\n1,25 mcg\n", 3, "product_id"),
        ("latin.csv", "product_id,ingredient\np,Vitamin D3 25 µg\n".encode("cp1252"), 3, "not UTF-8"),
        ("broken.json", b'[{"product_id": "a", "ingredient": "Vitamin D3 25 mcg"},', 3, "not JSON"),
        ("image.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 3, "PNG image"),
        ("empty.csv", b"", 3, "empty"),
        (
            "quote.csv",
            b'product_id,ingredient\np,"Vitamin D3 25 mcg\n' + b"q,Vitamin D3 25 mcg\n" * 400,
            3,
            "double quote",
        ),
    ],
)
def test_unreadable_input_is_told_in_words_and_ends_with_three(
    name, content, code, said, tmp_path, monkeypatch, capsys
) -> None:
    (tmp_path / name).write_bytes(content)
    assert run(monkeypatch, "audit", str(tmp_path / name), "-o", str(tmp_path / "out")) == code
    told = capsys.readouterr().err
    assert name in told
    assert said in told
    assert "Traceback" not in told
    assert not (tmp_path / "out").exists()


def test_bad_rows_are_rejected_with_their_reason_and_the_rest_is_audited(tmp_path: Path, monkeypatch, capsys) -> None:
    path = tmp_path / "rows.csv"
    long_cell = "x" * 1_000_000
    path.write_text(
        "product_id,ingredient,amount,unit\n"
        "good,Vitamin D3,25,mcg\n"
        "nan,Vitamin D3,NaN,mcg\n"
        "negative,Vitamin D3,-25,mcg\n"
        ",Vitamin D3,25,mcg\n"
        "nameless,,25,mcg\n"
        f"long,{long_cell},25,mcg\n"
        "wide,Vitamin D3,25,mcg,oops\n",
        encoding="utf-8",
    )
    assert run(monkeypatch, "audit", str(path), "-o", str(tmp_path / "out")) == 0
    assert "rows: 7 in = 1 audited + 6 rejected" in capsys.readouterr().err
    rejects = list(csv.DictReader(io.StringIO((tmp_path / "out" / "rejects.csv").read_text(encoding="utf-8"))))
    assert {(row["row"], row["reason"]) for row in rejects} == {
        ("3", "amount-not-a-number"), ("4", "amount-negative"), ("5", "id-missing"), ("6", "ingredient-missing"), ("7", "cell-too-long"),
        ("8", "too-many-fields"),
    }  # fmt: skip
    products = list(csv.DictReader(io.StringIO((tmp_path / "out" / "products.csv").read_text(encoding="utf-8"))))
    verdicts = {row["product_id"]: row["vitamin_d_verdict"] for row in products}
    assert verdicts == {"good": "studied-range", "nan": "not-computable", "negative": "not-computable"}


def test_a_header_without_rows_is_an_empty_audit(tmp_path: Path, monkeypatch, capsys) -> None:
    (tmp_path / "header.csv").write_text("product_id,ingredient\n", encoding="utf-8")
    assert run(monkeypatch, "audit", str(tmp_path / "header.csv"), "-o", str(tmp_path / "out")) == 0
    assert "rows: 0 in = 0 audited + 0 rejected" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("audit", "{labels}", "-o", "{tmp}/x.csv", "--context", "athletes"), 2, "postmenopausal"),
        (("audit", "{labels}", "-o", "{tmp}/x.csv", "--market", "mars"), 2, "market 'mars'"),
        (("audit", "{labels}", "-o", "{tmp}/x.doc"), 2, "unknown extension"),
        (
            ("audit", "{labels}", "-o", "{tmp}/x.csv", "--as", "parquet"),
            2,
            "'.csv' is not the extension of a parquet file",
        ),
        (("audit", "{labels}", "-o", "{tmp}/x.parquet", "--as", "csv"), 2, "a file needs no --as"),
        (("audit", "{labels}", "-o", "{tmp}/out", "--as", "xlsx"), 2, "'csv', 'parquet'"),
        (("audit", "{labels}", "-o", "{tmp}/out", "--engine", "dask", "--as", "csv"), 2, "accepted is parquet"),
        (("audit", "{tmp}/nowhere.csv", "-o", "{tmp}/x.csv"), 3, "no such file"),
        (("audit", "{labels}", "-o", "{tmp}/x.csv", "--rename", "nonsense"), 2, "--rename"),
        (("explain", "{labels}", "--id", "aa"), 2, "'aa'"),
        (("check", " ; "), 2, "empty"),
        (("evidence", "validate", "{tmp}"), 4, "[edition]"),
        (("evidence", "show", "K2-MK7-adlut"), 2, "K2-MK7-adult"),
    ],
)
def test_mistakes_are_told_with_what_is_accepted(arguments, code, said, labels, tmp_path, monkeypatch, capsys) -> None:
    filled = [argument.format(labels=labels, tmp=tmp_path) for argument in arguments]
    assert run(monkeypatch, *filled) == code
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told


def test_check_tells_the_derivation_of_a_typed_label(monkeypatch, capsys) -> None:
    assert run(monkeypatch, "check", "D3 5,000 IU, K2 (MK-7) 100 mcg", "--directions", "1-2 softgels daily") == 0
    told = capsys.readouterr().out
    for part in ("125 mcg", "250 mcg", "MK-7", "high-dose", "D-adult", "K2-MK7-adult", "not medical advice"):
        assert part in told, part


def test_explain_and_compare_tell_the_same_class(labels: str, monkeypatch, capsys) -> None:
    assert run(monkeypatch, "explain", labels, "--id", "a") == 0
    assert "High dose" in capsys.readouterr().out
    assert run(monkeypatch, "compare", labels, "--id", "a", "--id", "b", "--csv") == 0
    table = {row[0]: row for row in csv.reader(io.StringIO(capsys.readouterr().out))}
    assert table["Class"][1:3] == ["high-dose", "studied-range"]


def test_diff_tells_what_moved_a_class(labels: str, tmp_path: Path, monkeypatch, capsys) -> None:
    assert run(monkeypatch, "audit", labels, "-o", str(tmp_path / "old"), "--quiet") == 0
    assert run(monkeypatch, "audit", labels, "-o", str(tmp_path / "new"), "--quiet", "--context", "bone") == 0
    assert run(monkeypatch, "diff", str(tmp_path / "old"), str(tmp_path / "new")) == 0
    told = capsys.readouterr().out
    assert "b  bone: studied-range -> sub-therapeutic" in told
    assert "context: auto -> bone" in told


def test_all_contexts_give_a_row_each(labels: str, tmp_path: Path, monkeypatch) -> None:
    assert run(monkeypatch, "audit", labels, "-o", str(tmp_path / "all.csv"), "--quiet", "--context", "all") == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "all.csv").read_text(encoding="utf-8"))))
    assert len(rows) == 2 * 15
    assert [row["product_id"] for row in rows] == ["a"] * 15 + ["b"] * 15
    assert {row["context"] for row in rows} >= {"adult", "bone", "infant-0-6m", "teen"}


def test_evidence_and_checks_are_listed_and_shown(monkeypatch, capsys) -> None:
    assert run(monkeypatch, "evidence", "list") == 0
    assert "K2-MK7-adult" in capsys.readouterr().out
    assert run(monkeypatch, "evidence", "show", "D-bone") == 0
    assert "D-T27" in capsys.readouterr().out
    assert run(monkeypatch, "checks") == 0
    assert "safety-vitd-over-ul" in capsys.readouterr().out
    assert run(monkeypatch, "checks", "safety-vitd-over-ul") == 0
    assert "upper level" in capsys.readouterr().out
    assert run(monkeypatch, "checks", "safety-vitd-over") == 2
    assert "near it are safety-vitd-over-ul" in capsys.readouterr().err


def test_limits_of_long_ago_are_told_beside_the_summary(tmp_path: Path, monkeypatch, capsys) -> None:
    """The tables never depend on the day of the run."""
    from auditor import limits

    monkeypatch.setattr(limits, "stale_limits", lambda today: limits.load_limits())
    assert run(monkeypatch, "audit", str(ROOT / "products" / "special.csv"), "-o", str(tmp_path / "out")) == 0
    assert "market limits were last checked over a year ago" in capsys.readouterr().err
    assert "rules-stale" not in (tmp_path / "out" / "findings.csv").read_text(encoding="utf-8")


def test_the_shipped_catalogue_is_audited_whole(tmp_path: Path, monkeypatch, capsys) -> None:
    assert run(monkeypatch, "audit", str(ROOT / "products"), "-o", str(tmp_path / "out")) == 0
    told = capsys.readouterr().err
    assert "+ 0 rejected" in told
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "products.csv").read_text(encoding="utf-8"))))
    assert len(rows) >= 280
    classes = {row["product_id"]: row["class"] for row in rows}
    assert classes["doc-p1"] == "sub-therapeutic"
    assert classes["doc-p3"] == "high-dose"
    assert classes["doc-p5"] == "not-computable"
    assert classes["doc-p7"] == "studied-range"
