"""The HTML report: what it counts, what it leaves out, and that a label cannot break it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest
from audit_builder import DOSE, FINDING, Audit, Summary, full_audit, products_of, table_of

from auditor import report
from auditor.report import render_report

VOID = {"meta", "br"}


class Page(HTMLParser):
    """Checks that tags are closed in order, and keeps tags, attributes, and the text of each section."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.sections: dict[str, str] = {}
        self._open: list[str] = []
        self._section = ""
        self.feed(html)
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self._open.append(tag)
        if tag == "section":
            self._section = str(dict(attrs)["id"])

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            text = self.sections.get(self._section, "")
            self.sections[self._section] = " ".join(f"{text} {data}".split())


def page_of(audit: Audit) -> Page:
    return Page(render_report(audit))


def test_page_says_what_it_is_and_is_not() -> None:
    top = page_of(full_audit()).sections[""]
    assert "An audit of label claims, not of contents. Not medical advice." in top
    assert "a daily dose that trials used, not one that works" in top
    assert "Context auto, market us, evidence edition 2026.1, auditor 0.1.0." in top


def test_page_is_self_contained_and_has_light_dark_and_print() -> None:
    html = render_report(full_audit())
    page = Page(html)
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(page.tags)
    assert not re.search(r"https?://|@import|url\(|\son\w+=", html)
    assert "prefers-color-scheme: dark" in html and "@media print" in html
    assert "default-src 'none'" in html


def test_classes_are_counted_with_their_share() -> None:
    classes = ["high-dose", "high-dose", "studied-range", "not-computable"]
    text = page_of(Audit(products_of(*({"class": name} for name in classes)))).sections["classes"]
    assert re.search(r"high-dose above the range of daily doses that trials used 2 50\.0 %", text)
    assert re.search(r"sub-therapeutic below [a-z ]+ 0 0\.0 %", text)
    assert re.search(r"not-computable [a-z, ]+ 1 25\.0 %", text)


def test_products_that_could_not_be_judged_are_counted_with_reasons() -> None:
    products = products_of(
        {"product_id": "a", "class": "not-computable"},
        {"product_id": "b", "class": "not-computable"},
        {"product_id": "c", "class": "not-computable", "vitamin_d_verdict": "absent", "vitamin_k2_verdict": "absent"},
        {"product_id": "d", "class": "depends"},
        {"product_id": "e", "class": "not-established"},
        {"product_id": "f"},
    )
    reasons = {"a": "unit unknown", "b": "unit unknown", "d": "K2 form unstated", "f": "of no interest"}
    doses = table_of(
        "doses",
        [DOSE | {"product_id": key, "verdict": "not-computable", "reason": text} for key, text in reasons.items()],
    )
    text = page_of(Audit(products, doses)).sections["not-judged"]
    assert "4 of 6 products could not be judged: 3 not computable, 1 without an established range." in text
    assert "For 1 the class depends" in text
    assert "not-computable unit unknown 2" in text
    assert "not-computable the label lists neither vitamin D nor vitamin K2 1" in text
    assert "depends K2 form unstated 1" in text
    assert "not-established no reason recorded 1" in text
    assert "of no interest" not in text


def test_reason_counts_the_context_it_belongs_to() -> None:
    products = products_of(
        {"product_id": "a", "context": "adult"}, {"product_id": "a", "context": "ckd", "class": "not-established"}
    )
    doses = table_of(
        "doses", [DOSE | {"product_id": "a", "context": "ckd", "verdict": "not-established", "reason": "no band"}]
    )
    page = page_of(Audit(products, doses, summary=Summary(context="all")))
    assert "1 of 2 products, each in each context could not be judged" in page.sections["not-judged"]
    assert "not-established no band 1" in page.sections["not-judged"]
    assert " ckd " in page.sections["products"]


def test_worst_products_come_first_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "MAX_ROWS", 4)
    rows: list[dict[str, Any]] = [
        {"product_id": "fine"}, {"product_id": "open", "class": "not-computable"},
        {"product_id": "low", "class": "sub-therapeutic"}, {"product_id": "high", "class": "high-dose"},
        {"product_id": "bad", "class": "high-dose", "errors": 2}, {"product_id": "over", "over_upper_level": True},
    ]  # fmt: skip
    text = page_of(Audit(products_of(*rows))).sections["products"]
    assert [text.find(name) > 0 for name in ("over", "bad", "high", "low")] == [True] * 4
    assert text.index(" over ") < text.index(" bad ") < text.index(" high ") < text.index(" low ")
    assert " open " not in text and " fine " not in text
    assert "2 more rows are left out here" in text


def test_product_row_shows_both_units_intervals_and_price() -> None:
    text = page_of(full_audit()).sections["products"]
    assert "Acme D3 + K2 dsld-1" in text
    assert "25 to 50" in text and "1,000 to 2,000" in text
    assert "not above" in text and "0.25 USD" in text
    assert "none to compare" in page_of(full_audit(over_upper_level=None)).sections["products"]


def test_findings_are_counted_by_kind_and_listed_errors_first() -> None:
    findings = table_of(
        "findings",
        [FINDING, FINDING | {"product_id": "dsld-2"},
         FINDING | {"finding_id": "unit-slip", "severity": "error", "message": "1,000 mg is no vitamin D dose."}],
    )  # fmt: skip
    text = page_of(Audit(products_of({}), findings=findings)).sections["findings"]
    assert "note directions-missing 2 2" in text and "error unit-slip 1 1" in text
    assert text.index("1,000 mg is no vitamin D dose.") < text.index("The label gives no directions.")


def test_rejects_are_listed_and_the_rows_add_up() -> None:
    text = page_of(full_audit()).sections["rejects"]
    assert "3 rows read = 2 audited + 1 rejected." in text
    assert "labels.csv 7 amount many amount-unreadable 'many' is no amount" in text


def test_label_text_cannot_become_markup() -> None:
    html = render_report(full_audit(name="<script>alert('x')</script>", brand='"><img src=x onerror=y>'))
    assert "<script" not in html and "<img" not in html
    assert "&lt;script&gt;" in html


def test_control_characters_are_shown_as_replaced_and_long_text_is_cut() -> None:
    html = render_report(full_audit(name="a\x1b[31m\0b", brand="x" * 5000))
    assert "\x1b" not in html and "\0" not in html and "a\ufffd[31m\ufffdb" in html
    assert "x" * 400 + " [cut]" in html and "x" * 401 not in html


def test_missing_values_are_blank() -> None:
    html = render_report(full_audit(price_per_day=None, vitamin_d_daily_mcg_low=None, vitamin_d_daily_mcg_high=None))
    assert not re.search(r">\s*(None|nan|NaN|<NA>)", html)


def test_empty_audit_gives_a_page() -> None:
    page = page_of(Audit(summary=Summary(rows_in=0, rows_audited=0, rows_rejected=0, labels=0)))
    assert "No product was audited." in page.sections["products"]
    assert "Nothing was found." in page.sections["findings"]
    assert "0 of 0 products could not be judged" in page.sections["not-judged"]


def test_absolute_input_path_is_shown_by_its_name_only() -> None:
    audit = Audit(summary=Summary(inputs=(("/home/someone/labels.csv", "ab" * 32),)))
    html = render_report(audit)
    assert "labels.csv" in html and "/home/someone" not in html


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [(25.0, 25.0, "25"), (25.0, 50.0, "25 to 50"), (None, None, ""), (1250.0, 1250.0, "1,250"), (0.125, 0.125, "0.125"),
     (0.0001, 0.0001, "0.0001"), (0.0, 0.0, "0"), (33.33333, 66.66667, "33.333 to 66.667")],
)  # fmt: skip
def test_interval_reads_well(low: float | None, high: float | None, shown: str) -> None:
    assert report._interval(low, high) == shown


def test_categories_are_reported_as_text() -> None:
    audit = full_audit()
    stored = {name: frame.astype("category") for name, frame in vars(audit).items() if isinstance(frame, pd.DataFrame)}
    counts = {name: audit.products[name] for name in ("errors", "warnings", "notes", "over_upper_level")}
    plain = Audit(**(stored | {"products": stored["products"].assign(**counts)}))
    assert render_report(plain) == render_report(audit)
