"""A comparison as one HTML page to print; every text is escaped, nothing runs and nothing is fetched."""

from __future__ import annotations

from jinja2 import Environment

from auditor.compare import Comparison
from auditor.pipeline import RunSummary

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Comparison of supplement labels</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>body{font:14px/1.45 system-ui,sans-serif;margin:2rem;color:#1b1f24}table{border-collapse:collapse;width:100%}
th,td{border:1px solid #c8d0d8;padding:.4rem .6rem;text-align:left;vertical-align:top}thead th{background:#eef2f6}
tr.differs th::before{content:"\\2260\\00a0"}small{color:#5c6670}@media print{body{margin:0}}</style></head><body>
<h1>Supplement labels side by side</h1>
<table><thead><tr><th></th>{% for id in table.columns %}<th>{{ table.loc["Product", id] or id }}<br><small>{{ id }}</small></th>{% endfor %}</tr></thead><tbody>
{% for name in table.index if name != "Product" %}<tr{% if differs[name] %} class="differs"{% endif %}><th>{{ name }}</th>
{%- for id in table.columns %}<td>{{ table.loc[name, id] }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table>
<p>&ne; marks what differs. studied-range means a daily dose that trials used, not one that works.
Label claims, not contents. Not medical advice. Evidence edition {{ summary.evidence_edition }}, judged for {{ summary.context }}.</p>
</body></html>
"""


def comparison_page(comparison: Comparison, summary: RunSummary) -> bytes:
    """The page as UTF-8."""
    template = Environment(autoescape=True).from_string(_PAGE)
    return template.render(table=comparison.table, differs=comparison.differs, summary=summary).encode(
        "utf-8", "replace"
    )
