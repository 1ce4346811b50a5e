"""The dashboard on what an audit wrote: every page stands, and the product page says what is kept and what is not."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditor.engines import audit
from auditor.market import read_written_audit

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
testing = pytest.importorskip("streamlit.testing.v1", reason="streamlit is not installed")

DASHBOARDS = Path(__file__).parents[1] / "dashboards"
LABELS = """product_id,name,ingredient,directions,serving_size
both,Both,Vitamin D3 125 mcg (5000 IU),Take 1 softgel daily,1 softgel
both,Both,Vitamin K2 (as MK-7) 100 mcg,Take 1 softgel daily,1 softgel
weekly,Weekly,Vitamin D3 1250 mcg,Take 1 capsule once a week,1 capsule
open,Open,Vitamin K2 60 mcg,Take 1 to 2 capsules daily,1 capsule
drops,=Drops,Vitamin D3 400 IU per drop,As advised,
wrong,Wrong,Vitamin D3 25 mcg (400 IU),Take 1 tablet daily,1 tablet
none,None of it,Vitamin C 80 mg,Take 1 tablet daily,1 tablet
"""
IDS = ("both", "weekly", "open", "drops", "wrong", "none")


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(DASHBOARDS))
    # Streamlit runs a script as __main__, which processes started later would run again.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    yield testing.AppTest.from_file(str(DASHBOARDS / "app.py"), default_timeout=120)
    for name in [name for name in sys.modules if name == "parts" or name.startswith("parts.")]:
        del sys.modules[name]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The output folder of an audit; the label file is gone."""
    file = tmp_path / "labels.csv"
    file.write_text(LABELS)
    audit([file]).write(tmp_path / "out")
    file.unlink()
    return tmp_path / "out"


def product(app: Any, product_id: str) -> str:
    """The product's page as text; it must have run without an error."""
    app.query_params["id"] = product_id
    app.switch_page("product.py").run()
    assert not app.exception
    assert not app.error
    assert len(app.title) == 1
    texts = [item.value for kind in (app.markdown, app.caption, app.info) for item in kind]
    tables = [item.value.to_csv() for kind in (app.table, app.dataframe) for item in kind]
    return " ".join([*texts, *tables]).replace("\\", "")


def started(app: Any, monkeypatch: pytest.MonkeyPatch, path: Path) -> Any:
    monkeypatch.setenv("AUDITOR_DATA", str(path))
    app.run()
    assert not app.exception
    return app


def test_product_shows_doses_findings_and_evidence_of_the_folder(
    app: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(app, monkeypatch, folder)
    told = product(app, "both")
    assert "125 mcg (5,000 IU) per serving" in told
    assert "Vitamin D3 125 mcg (5000 IU)" in told
    assert "The daily use was read from the directions." in told
    assert "is above the studied range" in told
    assert "For and against, as counted" in told
    assert "the derivation and the verdicts for other contexts cannot be shown" in told
    assert "1,250 mcg (50,000 IU), every 7 days" in product(app, "weekly")
    assert "The label does not say which form of vitamin K it holds." in product(app, "open")
    assert "not known" in product(app, "drops")
    assert "The audit found no vitamin D or K on this label." in product(app, "none")


def test_findings_are_those_of_the_folder(app: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = list(csv.DictReader((folder / "findings.csv").read_text().splitlines()))
    own = [row for row in rows if row["product_id"] == "wrong"]
    assert {row["severity"] for row in own} > {"error"}
    for number, row in enumerate(own):
        row["message"] = f"as written {number}"
    with (folder / "findings.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    started(app, monkeypatch, folder)
    told = product(app, "wrong")
    for row in own:
        assert row["message"] in told
        assert f"({row['finding_id']})" in told


def test_audit_in_all_contexts_offers_each(app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "labels.csv"
    file.write_text(LABELS)
    audit([file], "all").write(tmp_path / "out")
    started(app, monkeypatch, tmp_path / "out")
    product(app, "both")
    choice = next(item for item in app.selectbox if item.key == "kept-context-both")
    assert "bone" in choice.options
    choice.set_value("bone").run()
    assert not app.exception
    assert any("bone" in item.value.index for item in app.table)


def other_edition(folder: Path) -> Path:
    file = folder / "datapackage.json"
    told = json.loads(file.read_text())
    told["auditor"]["evidence_edition"] = "1999.1"
    file.write_text(json.dumps(told))
    return folder


def without(name: str) -> Any:
    def taken(folder: Path) -> Path:
        (folder / name).unlink()
        return folder

    return taken


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (other_edition, "edition 1999.1, which is not the one in use"),
        (without("datapackage.json"), "does not tell which evidence"),
        (without("doses.csv"), "Its doses table is not here."),
        (without("findings.csv"), "Its findings table is not here."),
        (lambda folder: folder / "products.csv", "Its doses table is not here."),
    ],
)
def test_what_is_missing_is_said(
    app: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, change: Any, said: str
) -> None:
    started(app, monkeypatch, change(folder))
    for product_id in IDS:
        assert said in product(app, product_id), product_id
    assert "125 mcg (5,000 IU)" in product(app, "both")


def as_parquet(folder: Path) -> Path:
    """The same audit with its tables as Parquet."""
    read_written_audit(folder).write(folder, tables_as="parquet")
    assert not list(folder.glob("*.csv"))
    return folder


@pytest.mark.parametrize("context", ["auto", "all"])
@pytest.mark.parametrize("change", [Path, as_parquet, other_edition, lambda folder: folder / "products.csv"])
def test_every_page_stands_on_a_finished_audit(
    app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, context: str, change: Any
) -> None:
    file = tmp_path / "labels.csv"
    file.write_text(LABELS)
    audit([file], context).write(tmp_path / "out")
    started(app, monkeypatch, change(tmp_path / "out"))
    for tab in ("Market map", "Doses and trials", "Counts", "What changes class"):
        app.session_state["tab"] = tab
        app.switch_page("explore.py").run()
        assert not app.exception, tab
        assert not app.error, tab
    app.query_params["id"] = ["both", "weekly", "open"]
    for page in ("compare.py", "check_label.py", "audit_file.py", "evidence.py"):
        app.switch_page(page).run()
        assert not app.exception, page
        assert not app.error, page
