"""Every page of the dashboard, started with Streamlit's own harness: one control used, a number looked at."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
testing = pytest.importorskip("streamlit.testing.v1", reason="streamlit is not installed")

ROOT = Path(__file__).parents[1]
DASHBOARDS = ROOT / "dashboards"
K2, D3 = "ca-bioclinic-k2-100", "ca-bioclinic-d3-2500-softgel"
HOSTILE = "<script>alert(1)</script> [x](javascript:alert(1)) :smile: $a$"
FILE = f"""product_id,name,ingredient,directions
a,"{HOSTILE}",Vitamin D3 25 mcg,Take 1 tablet daily
b,K,Vitamin K2 (MK-7) 45 mcg,Take 1 tablet daily
"""


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The dashboard on the shipped products."""
    monkeypatch.setenv("AUDITOR_DATA", "")
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(DASHBOARDS))
    # Streamlit runs a script as __main__, which processes started later would run again.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    yield testing.AppTest.from_file(str(DASHBOARDS / "app.py"), default_timeout=120)
    for name in [name for name in sys.modules if name == "parts" or name.startswith("parts.")]:
        del sys.modules[name]


def shown(app: Any) -> dict[str, str]:
    """Metrics by name; the page must have run without an error."""
    assert not app.exception
    assert not app.error
    return {metric.label: metric.value for metric in app.metric}


def opened(app: Any, page: str, **address: Any) -> Any:
    """The app on a page, reached by an address."""
    app.run()
    for name, value in address.items():
        app.query_params[name] = value
    return app.switch_page(page).run()


def button(app: Any, label: str) -> Any:
    return next(item for item in app.button if label in item.label)


def test_uploads_are_gone_when_the_server_ends(tmp_path: Path) -> None:
    keeping = (
        "from parts.session import kept_file; print(kept_file('labels.csv', b'product_id', 'digest').read_bytes())"
    )
    paths = os.pathsep.join([str(DASHBOARDS), *filter(None, sys.path)])
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", keeping], env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": paths},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ended.stdout.strip() == "b'product_id'"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("page", sorted(path.name for path in DASHBOARDS.glob("*.py") if path.name != "app.py"))
def test_every_page_starts_without_a_product_or_file(app: Any, page: str) -> None:
    opened(app, page)
    assert not shown(app).get("error")
    assert len(app.title) == 1


def test_explore_counts_follow_the_class_filter_and_the_address(app: Any) -> None:
    everything = int(shown(app.run())["Products shown"])
    app.button_group(key="class").set_value(["high-dose"]).run()
    high = int(shown(app)["Products shown"])
    assert 0 < high < everything
    assert app.query_params["class"] == "high-dose"


def test_explore_takes_filters_and_rules_from_the_address(app: Any) -> None:
    app.query_params["q"] = K2
    app.query_params["context"] = "bone"
    assert shown(app.run())["Products shown"] == "1"
    assert app.selectbox(key="context").value == "bone"
    assert shown(app)["In the studied range"] == "0"


@pytest.mark.parametrize("tab", ["Market map", "Doses and trials", "Counts", "What changes class"])
def test_explore_draws_every_tab(app: Any, tab: str) -> None:
    app.session_state["tab"] = tab
    numbers = shown(app.run())
    if tab == "What changes class":
        assert int(numbers["Products that change class"]) > 0
        app.selectbox(key="other-context").set_value("dialysis").run()
        assert int(shown(app)["Products that change class"]) > int(numbers["Products that change class"])


def test_explore_says_so_when_nothing_passes(app: Any) -> None:
    app.query_params["q"] = "no such product"
    assert shown(app.run())["Products shown"] == "0"
    assert "No product passes these filters" in " ".join(text.value for text in app.markdown)


def test_product_tells_class_and_steps(app: Any) -> None:
    opened(app, "product.py", id=K2)
    shown(app)
    assert app.title[0].value == "Vitamin K2 100 mcg"
    told = " ".join(text.value for text in app.markdown)
    assert "100 mcg a day" in told
    button(app, "Add to the comparison").click().run()
    assert app.session_state["basket"] == [K2]


def test_product_that_is_not_there_is_said_in_words(app: Any) -> None:
    opened(app, "product.py", id="nobody")
    shown(app)
    assert "is not in this data" in " ".join(text.value for text in app.markdown)


def test_compare_by_link_with_a_typed_price(app: Any) -> None:
    opened(app, "compare.py", id=[K2, D3])
    shown(app)
    table = app.table[0].value
    assert "62\\.5 mcg \\(2\\,500 IU\\)" in table.to_string()
    app.number_input(key=f"price-{K2}").set_value(12.5).run()
    shown(app)


def test_check_label_judges_what_was_typed_and_what_was_corrected(app: Any) -> None:
    opened(app, "check_label.py")
    app.text_area(key="label-text").set_value("D3 5,000 IU, K2 (MK-7) 100 mcg")
    app.text_input(key="label-directions").set_value("1 softgel daily")
    button(app, "Check this label").click().run()
    shown(app)
    table = next(item.value for item in app.dataframe if "daily dose" in item.value.columns)
    assert list(table["daily dose"]) == ["125 mcg (5,000 IU)", "100 mcg"]
    app.text_input(key="directions-typed-1").set_value("2 softgels daily")
    app.text_input(key="serving_size-typed-1").set_value("1 softgel")
    button(app, "Judge the corrected label").click().run()
    shown(app)
    table = next(item.value for item in app.dataframe if "daily dose" in item.value.columns)
    assert list(table["daily dose"]) == ["250 mcg (10,000 IU)", "200 mcg"]


def test_typed_label_joins_the_comparison(app: Any) -> None:
    opened(app, "check_label.py")
    app.text_area(key="label-text").set_value("D3 5,000 IU, K2 (MK-7) 100 mcg")
    app.text_input(key="label-name").set_value("My bottle")
    button(app, "Check this label").click().run()
    button(app, "Add to the comparison").click().run()
    assert app.session_state["basket"] == ["typed-1"]
    app.session_state["basket"] = ["typed-1", K2]
    app.switch_page("compare.py").run()
    shown(app)
    table = app.table[0].value
    assert list(table.columns) == ["My bottle", "Bioclinic Naturals Vitamin K2 100 mcg"]
    assert "125 mcg \\(5\\,000 IU\\)" in table["My bottle"].to_list()


def test_compare_finds_a_product_by_words(app: Any) -> None:
    opened(app, "compare.py", id=[K2])
    app.text_input(key="compare-1-text").set_value("bioclinic 2500").run()
    match = next(item for item in app.selectbox if item.label.startswith("Matches"))
    match.set_value(D3).run()
    shown(app)
    assert len(app.table[0].value.columns) == 2


def test_check_label_asks_for_text_when_there_is_none(app: Any) -> None:
    opened(app, "check_label.py")
    button(app, "Check this label").click().run()
    assert "The label is empty" in app.warning[0].value


def test_audit_file_accounts_for_every_row(app: Any) -> None:
    opened(app, "audit_file.py")
    app.file_uploader(key="upload").set_value(("labels.csv", FILE.encode(), "text/csv")).run()
    assert shown(app)["Labels"] == "2"
    assert app.success[0].value == "2 rows in = 2 audited + 0 rejected"


def test_audit_file_by_path_says_when_it_is_missing(app: Any) -> None:
    opened(app, "audit_file.py")
    app.text_input(key="path").set_value("/no/such/file.csv").run()
    assert not app.exception
    assert "no such file" in app.error[0].value


def test_hostile_name_is_escaped_wherever_markdown_is_read(app: Any) -> None:
    opened(app, "audit_file.py")
    app.file_uploader(key="upload").set_value(("labels.csv", FILE.encode(), "text/csv")).run()
    button(app, "Open in Explore").click().run()
    opened(app, "product.py", id="a")
    title = app.title[0].value
    assert "\\<script\\>" in title
    assert "\\[x\\]" in title
    assert ":smile:" not in title


def test_evidence_shows_a_band_and_finds_words(app: Any) -> None:
    opened(app, "evidence.py")
    shown(app)
    app.button_group(key="band-form").set_value("vitamin_k2.mk7").run()
    assert "90 to 375 mcg" in app.table[0].value.to_string()
    app.session_state["part"] = "Search all rows"
    app.run()
    app.text_input(key="words").set_value("VITAL falls").run()
    shown(app)
    assert any(text.value.endswith(" rows") and text.value != "0 rows" for text in app.caption)


def test_finished_audit_opens_with_its_own_rules(app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from auditor.engines import audit

    audit(["products"], "bone").write(tmp_path / "out")
    monkeypatch.setenv("AUDITOR_DATA", str(tmp_path / "out"))
    numbers = shown(app.run())
    assert int(numbers["Products shown"]) > 100
    assert "finished audit" in app.info[0].value
    opened(app, "product.py", id=K2)
    shown(app)
