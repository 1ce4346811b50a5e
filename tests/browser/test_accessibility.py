"""Every page in light and dark, checked by axe: nothing serious or critical; and nothing wider than a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browser_steps import settle

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")

Visit = Callable[[str], Any]
PAGES = {
    "market map": "",
    "doses and trials": "?tab=Doses+and+trials",
    "counts": "?tab=Counts",
    "what changes class": "?tab=What+changes+class",
    "nothing passes": "?q=no+such+product",
    "no product": "product",
    "product": "product?id=dsld-279473",
    "nothing to compare": "compare",
    "compare": "compare?id=dsld-279473&id=ca-bioclinic-k2-100",
    "check a label": "check_label",
    "audit a file": "audit_file",
    "bands": "evidence",
    "search": "evidence?part=Search+all+rows",
    "conflicts": "evidence?part=Conflicts",
    "retracted": "evidence?part=Retracted+and+disputed",
}
LABELS = "product_id,name,ingredient\none,D3,Vitamin D3 125 mcg\n,Lost,Vitamin D3 25 mcg\n"


def grave(page: Any) -> list[str]:
    """Serious and critical violations as rule, impact and what stands there."""
    found = axe.Axe().run(page).response["violations"]
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:200]}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_grave_on_any_page(visit: Visit, scheme: str) -> None:
    found = {name: grave(visit(path)) for name, path in PAGES.items()}
    assert {name: told for name, told in found.items() if told} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_grave_on_results(visit: Visit, scheme: str, tmp_path: Path) -> None:
    page = visit("check_label")
    page.get_by_role("button", name="Fill in an example").click()
    settle(page)
    page.get_by_role("button", name="Check this label").click()
    page.get_by_text("What was understood").wait_for()
    settle(page)
    assert grave(page) == []
    file = tmp_path / "labels.csv"
    file.write_text(LABELS)
    page = visit("audit_file")
    page.locator("input[type=file]").first.set_input_files(str(file))
    page.get_by_text("2 rows in = 1 audited + 1 rejected").wait_for()
    settle(page)
    assert grave(page) == []


@pytest.mark.parametrize("width", [390])
def test_no_page_is_wider_than_a_phone(visit: Visit, width: int) -> None:
    for name, path in PAGES.items():
        page = visit(path)
        assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth") <= width, name


def test_every_chart_has_words_and_a_table(visit: Visit) -> None:
    for name in ("market map", "doses and trials", "counts", "product", "compare", "bands"):
        page = visit(PAGES[name])
        charts = page.locator("[data-testid=stVegaLiteChart]")
        assert charts.count() > 0, name
        assert page.get_by_text("The same as a table").count() == charts.count(), name
        for chart in charts.all():
            said = chart.get_attribute("aria-label") or ""
            assert len(said) > 20, f"{name}: a chart without a text"
