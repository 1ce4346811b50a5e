"""The derivation of one product, step by step, with its findings, references and caveats.

The product's own lines go through :func:`auditor.pipeline.audit_lines`, the one path; nothing is judged here.
"""

from __future__ import annotations

import difflib
import textwrap
from typing import Any, NamedTuple

import pandas as pd

from auditor.derivation import Step, read_case, short_row, steps
from auditor.errors import UsageError
from auditor.evidence import Evidence, ReferenceValue, Trial, load_evidence
from auditor.headline import bands_of, headline, spaced_rule
from auditor.labels import as_line_table
from auditor.patterns import late_pattern
from auditor.pipeline import Audit, audit_lines
from auditor.words import dose, printable, wording

__all__ = ["Citation", "Explanation", "Step", "caveats_on", "citations", "explain", "headline", "verdict_matrix"]

MAX_IDS_COMPARED = 20_000


class Citation(NamedTuple):
    """A row of the evidence that the verdicts rest on: what it says, which way it points, how far it was checked."""

    row_id: str
    text: str
    direction: str
    status: str
    link: str


class Explanation(NamedTuple):
    """How one product got its class.  `findings` are (severity, id, message), the gravest first."""

    product_id: str
    brand: str
    name: str
    klass: str
    headline: str
    steps: tuple[Step, ...]
    findings: tuple[tuple[str, str, str], ...]
    references: tuple[Citation, ...]
    caveats: tuple[str, ...]

    def as_text(self, width: int = 100) -> str:
        """Plain text, wrapped; free of control characters."""
        blocks = [_wrapped(self._title(), width), _wrapped(self.headline, width)]
        for position, step in enumerate(self.steps, start=1):
            lines = [f"{position}. {step.title}", *_text_rows(step.rows, width)]
            blocks.append("\n".join([*lines, *(_wrapped(sentence, width, "   ") for sentence in step.sentences)]))
        if self.findings:
            blocks.append(
                "\n".join(
                    [
                        "Findings",
                        *(
                            _wrapped(f"{severity}: {message} [{finding_id}]", width, "   ")
                            for severity, finding_id, message in self.findings
                        ),
                    ]
                )
            )
        if self.references:
            told = (_wrapped(f"{cited.row_id}: {cited.text}{f' {cited.link}' if cited.link else ''} [{cited.direction}; {wording()['status'][cited.status]}]", width, "   ")
                    for cited in self.references)  # fmt: skip
            blocks.append("\n".join(["References", *told]))
        blocks.append("\n".join(["Bear in mind", *(_wrapped(caveat, width, "   ") for caveat in self.caveats)]))
        return "\n\n".join(blocks) + "\n"

    def as_markdown(self) -> str:
        """Markdown with one heading per step; label text is escaped, so it can neither format nor link."""
        parts = [f"## {_escaped(self._title())}", f"**{_escaped(self.headline)}**"]
        for position, step in enumerate(self.steps, start=1):
            parts.append(f"### {position}. {step.title}")
            if step.rows:
                parts.append(
                    "\n".join(
                        [
                            "| | |",
                            "| --- | --- |",
                            *(f"| {_escaped(label)} | {_escaped(value)} |" for label, value in step.rows),
                        ]
                    )
                )
            if step.sentences:
                parts.append("\n".join(f"- {_escaped(sentence)}" for sentence in step.sentences))
        if self.findings:
            parts += [
                "### Findings",
                "\n".join(
                    f"- **{severity}** {_escaped(message)} `{finding_id}`"
                    for severity, finding_id, message in self.findings
                ),
            ]
        if self.references:
            parts += ["### References", "\n".join(_cited(cited) for cited in self.references)]
        parts += ["### Bear in mind", "\n".join(f"- {caveat}" for caveat in self.caveats)]
        return "\n\n".join(parts) + "\n"

    def _title(self) -> str:
        return (
            " ".join(filter(None, (self.brand, self.name))) + f" ({self.product_id})"
            if self.brand or self.name
            else self.product_id
        )


def explain(
    lines: pd.DataFrame, product_id: str, *, audit: Audit | None = None, context: str = "auto", evidence: Evidence | None = None,
    authority: str = "", market: str = "",
) -> Explanation:  # fmt: skip
    """Explain one product of a line table.

    Args:
        lines: line table; only the product's own lines are audited.
        product_id: the product.
        audit: the run the product was seen in: its context, market and authority hold where none is given here, and in that
            context its findings are told, which include those that only a look at all products can make.
        context: 'auto' or one context id.
        evidence: the edition the audit used; the shipped one by default.
        authority: whose upper levels to compare with.
        market: market of labels that do not say theirs.

    Raises:
        UsageError: no such product (the closest ids are named), or an option that is not known.
    """
    evidence = evidence or load_evidence()
    if context == "all":
        raise UsageError("context 'all': one context is explained at a time; verdict_matrix() shows all of them")
    if audit is not None:
        context = audit.summary.context if context == "auto" and audit.summary.context != "all" else context
        market, authority = market or audit.summary.market, authority or audit.summary.authority
    own = lines_of(lines, product_id)
    found = audit_lines(own, context=context, market=market, evidence=evidence, authority=authority)
    table = as_line_table(own).reset_index(drop=True)
    if market:
        table["market"] = table["market"].where(table["market"] != "", market)
    product: dict[str, Any] = found.products.iloc[0].to_dict()
    doses: list[dict[str, Any]] = found.doses.to_dict("records")
    findings = found.findings
    if audit is not None and audit.summary.context == context:
        findings = audit.findings[audit.findings["product_id"] == product_id]
    case = read_case(table, product, doses, findings, evidence, context, authority)
    return Explanation(
        product_id=printable(product_id), brand=printable(product["brand"]), name=printable(product["name"]), klass=product["class"],
        headline=headline(product, doses, evidence), steps=steps(case),
        findings=tuple(dict.fromkeys(zip(findings["severity"], findings["finding_id"], map(printable, findings["message"]), strict=True))),
        references=citations(doses, evidence), caveats=caveats_on(doses),
    )  # fmt: skip


def verdict_matrix(
    lines: pd.DataFrame, product_id: str, evidence: Evidence | None = None, *, market: str = ""
) -> pd.DataFrame:
    """Verdict of each vitamin and form (rows, in words) in each context (columns, ids), and the class in the last row.

    An empty cell means that the label has no dose of that form for that context.
    """
    from auditor.matrix import verdicts_by_context

    return verdicts_by_context(lines_of(lines, product_id), evidence, market=market)


def lines_of(lines: pd.DataFrame, product_id: str) -> pd.DataFrame:
    """The product's own lines.

    Raises:
        UsageError: there are none; the message names the closest ids.
    """
    ids = lines["product_id"]
    if not isinstance(ids.dtype, pd.StringDtype | pd.CategoricalDtype):
        ids = as_line_table(lines[["product_id"]])["product_id"]
    own = lines[(ids == product_id).to_numpy()]
    if own.empty:
        close = closest_ids(product_id, ids.drop_duplicates().astype("str").tolist())
        hint = f"; the closest are {', '.join(close)}" if close else ""
        raise UsageError(
            f"product {printable(product_id)!r} is not among the {ids.nunique():,} products of the input{hint}"
        )
    return own


def closest_ids(product_id: str, known: list[str]) -> list[str]:
    """Up to five ids that look like the one asked for; in a whole market only those that share its letters."""
    asked = product_id.lower()
    inside = [other for other in known if asked and asked in other.lower()][:5]
    pool = (
        known
        if len(known) <= MAX_IDS_COMPARED
        else [other for other in known if other[:4].lower() == asked[:4]][:MAX_IDS_COMPARED]
    )
    return list(dict.fromkeys([*inside, *difflib.get_close_matches(product_id, pool, n=5)]))[:5]


def citations(doses: list[dict[str, Any]], evidence: Evidence) -> tuple[Citation, ...]:
    """The rows of the evidence that the bands and rules of some doses rest on, each once."""
    rows: list[str] = []
    for row in doses:
        if row["verdict"] == "not-computable":
            continue
        rows += [row_id for band in bands_of(row, evidence) for row_id in band.rows]
        rule = spaced_rule(row)
        rows += evidence.spaced_dose_rules[rule].rests_on if rule else ()
    return tuple(_citation(evidence, row_id) for row_id in dict.fromkeys(rows))


def _citation(evidence: Evidence, row_id: str) -> Citation:
    row = evidence.rows[row_id]
    reference = evidence.references[row.reference]
    amount = (
        dose(float(row.low_mcg), float(row.high_mcg), row.nutrient)
        if row.low_mcg is not None and row.high_mcg is not None
        else ""
    )
    if isinstance(row, Trial):
        people = f"{row.participants:,} people, " if row.participants else ""
        said = f"{short_row(evidence, row_id)} ({people}{row.population}, {row.duration}): {row.result}"
        direction = row.direction
    elif isinstance(row, ReferenceValue):
        said = f"{short_row(evidence, row_id)}, {row.life_stage}" + (f": {amount}." if amount else f": {row.note}")
        direction = "recommendation"
    else:
        said, direction = f"Starting document: {row.claim}", row.direction
    return Citation(row_id, f"{said.rstrip('.')}. {reference.citation}", direction, row.status, reference.link)


def caveats_on(doses: list[dict[str, Any]]) -> tuple[str, ...]:
    """What to bear in mind about some doses."""
    words = wording()["caveats"]
    return (*words["always"], *((words["upper_level"],) if any(row["upper_level_authority"] for row in doses) else ()))


def _wrapped(text: str, width: int, indent: str = "") -> str:
    hanging = indent + "  " if indent else ""
    return textwrap.fill(
        printable(text),
        max(width, 30),
        initial_indent=indent,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _text_rows(rows: tuple[tuple[str, str], ...], width: int) -> list[str]:
    """Label and value in two columns; a label too long for its column gets a line of its own."""
    column = min(max((len(label) for label, _ in rows), default=0), max(width // 3, 12))
    lines = []
    for label, value in rows:
        start = "   " + label.ljust(column) + "  "
        if len(label) > column:
            lines.append("   " + label)
            start = " " * (column + 5)
        text = textwrap.fill(
            printable(value),
            max(width, 40),
            initial_indent=start,
            subsequent_indent=" " * (column + 5),
            break_long_words=False,
            break_on_hyphens=False,
        )
        lines.append(text)
    return lines


_MARKDOWN = late_pattern(r"([\\`*_{}\[\]<>#|~$&:])")


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", printable(text))


def _cited(cited: Citation) -> str:
    link = f" [{_escaped(cited.link)}](<{cited.link}>)" if cited.link else ""
    return f"- `{cited.row_id}` {_escaped(cited.text)}{link} ({cited.direction}; {wording()['status'][cited.status]})"
