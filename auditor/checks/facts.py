"""What the checks look at, and how they tell what they found.

Every check takes :class:`Facts` and gives :data:`Findings`; texts are made for hits only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import tomli as tomllib

from auditor.barcodes import Barcodes, read_codes
from auditor.checks import DATA, catalogue
from auditor.checks.tables import Floats, Hits, Mask, Objects, Positions, Table, objects
from auditor.distinct import arrow_texts
from auditor.evidence import Evidence
from auditor.limits import Limit
from auditor.markets import Market, market_named
from auditor.searching import Texts

IU_WORDS = r"(?:i\.? ?u\.?|i\.? ?e\.?|u\.? ?i\.?|j\.m\.|ius?|units?|usp)"
"""Spellings of the international unit, wherever they stand; a search for them takes the fast automaton."""
IU = rf"(?<![a-z]){IU_WORDS}(?![a-z])"
"""Spellings of the international unit."""
VITAMIN_K = ("vitamin_k2", "vitamin_k1", "vitamin_k")
WITHHELD = "withheld"
"""Severity of a finding that holds under one reading of a doubtful label only: never told, but named by the finding on the doubt."""


@dataclass(frozen=True)
class Facts:
    """One audit in one context, as the checks see it.

    `lines` is the line table of what is needed (see :mod:`auditor.needed`), `firsts` the first line of each product,
    `product_of_line` its position among the products, `line_counts` how many lines each product has in all, `targets` the lines that name a vitamin, `rows` the rows of the doses (see
    :class:`auditor.dose.LineDoses`; `source_line` points into `targets`), `problems` what the readers of text
    reported, `judged` the judged doses.  `today` is only set where stale rules are to be told.
    """

    lines: Table
    firsts: Positions
    product_of_line: Positions
    line_counts: Positions
    targets: Table
    rows: Table
    problems: Table
    judged: Table
    contexts: Objects
    evidence: Evidence
    limits: tuple[Limit, ...] = ()
    today: date | None = None

    @cached_property
    def first(self) -> Table:
        """First line of every product, which carries what is printed once per product."""
        return Table(self.lines.frame.iloc[self.firsts].reset_index(drop=True))

    @cached_property
    def ids(self) -> pa.Array:
        """Id of every product."""
        return arrow_texts(self.first.array("product_id"))

    def texts(self, name: str) -> Texts:
        """A column of :attr:`first`, ready to be searched."""
        return self.first.texts(name)

    @cached_property
    def barcodes(self) -> Barcodes:
        """The distinct barcodes of the products, in the order of `texts("upc").values`."""
        return read_codes(self.texts("upc").arrow)

    def matching(self, name: str, pattern: str, among: Mask | None = None) -> Mask:
        """Products whose column of that name holds the pattern, letters of either case; only `among` some, if given."""
        return self.texts(name).holding(pattern, among)

    def by_text(self, name: str, numbers: Mapping[str, float], other: float) -> npt.NDArray[np.float64]:
        """For every product the number of its text in the column of that name, `other` where the text has none."""
        texts = self.texts(name)
        return np.array([numbers.get(value, other) for value in texts.values], dtype=float)[texts.codes]

    def has(self, name: str) -> Mask:
        """Products with a text in the column of that name."""
        return ~self.texts(name).are("")

    def products(self, of: Positions) -> Mask:
        """Some products, given by their positions, as a mask."""
        found = np.zeros(len(self.firsts), dtype=bool)
        found[of] = True
        return found

    @cached_property
    def with_row(self) -> Mask:
        """Products of which a line names a vitamin; few checks concern others."""
        return self.products(self.row_products)

    @cached_property
    def _contexts(self) -> Texts:
        return Texts(pd.Series(self.contexts, dtype=object))

    def in_context(self, prefixes: tuple[str, ...]) -> Mask:
        """Products judged in a context whose id begins with one of the prefixes."""
        contexts = self._contexts
        return np.array([value.startswith(prefixes) for value in contexts.values], dtype=bool)[contexts.codes]

    def says(self, name: str, check_id: str, among: Mask | None = None) -> Mask:
        """Products whose column of that name holds one of the patterns of a check's entry."""
        return self.matching(name, any_pattern(check_id), among)

    @cached_property
    def markets(self) -> Objects:
        """Market of every product."""
        market = self.texts("market")
        return objects([market_named(value) for value in market.values])[market.codes]

    @cached_property
    def market_ids(self) -> Objects:
        """Id of every product's market, '' where it is not known."""
        market = self.texts("market")
        return objects([market_named(value).id for value in market.values])[market.codes]

    def market_is(self, test: Callable[[Market], bool]) -> Mask:
        """Products whose market passes a test."""
        market = self.texts("market")
        return np.array([test(market_named(value)) for value in market.values], dtype=bool)[market.codes]

    @cached_property
    def known_markets(self) -> set[str]:
        """Ids of the markets there are."""
        return {market_named(value).id for value in self.texts("market").values}

    @cached_property
    def in_us(self) -> Mask:
        """Products made for the United States."""
        return self.market_is(lambda market: market.id == "us")

    @cached_property
    def in_eu(self) -> Mask:
        """Products under the food supplement law of the EU, which the UK and Norway share."""
        return self.market_is(
            lambda market: bool(market.daily_values) and set(market.daily_values) <= {"eu", "uk"} and market.id != "ch"
        )

    @cached_property
    def is_medicine(self) -> Mask:
        """Products whose record says that they are medicines, which the law on supplements does not concern."""
        return self._noted("medicine")

    def _noted(self, rule: str) -> Mask:
        """Products of which a column of the record says one of a rule's words."""
        found = np.zeros(len(self.first), dtype=bool)
        words = words_of_records(rule)
        for name in words["columns"]:
            if name in self.first:
                found |= self.matching(name, "|".join(words["words"]))
        return found

    @cached_property
    def sure_high(self) -> Floats:
        """Highest daily dose (mcg) of every judged dose that holds under every reading of the label.

        Where two figures contradict each other, or a vitamin stands on two lines that may be one, a limit counts as
        passed only if the smaller reading passes it: one root cause, one finding.
        """
        judged = self.judged
        high = np.where(judged["repeated"], judged["daily_mcg_low"], judged["daily_mcg_high"])
        return np.fmin(high, judged["other_mcg_high"])

    @cached_property
    def any_high(self) -> Floats:
        """Highest daily dose (mcg) of every judged dose that holds under some reading of the label."""
        return np.fmax(self.judged["daily_mcg_high"], self.judged["other_mcg_high"])

    @property
    def row_products(self) -> Positions:
        """Product of every row."""
        return self.rows["product"]

    @property
    def dose_products(self) -> Positions:
        """Product of every judged dose."""
        return self.judged["product"]

    @cached_property
    def daily_value_groups(self) -> Objects:
        """Daily value group of every product."""
        group = {context: entry.daily_value_group for context, entry in self.evidence.contexts.items()}
        contexts = self._contexts
        return objects([group[value] for value in contexts.values])[contexts.codes]

    def of_target(self, name: str) -> Texts:
        """A column of the line table, for every row, ready to be searched."""
        if name not in self._of_target:
            self._of_target[name] = Texts(self.targets.array(name).take(self.rows["source_line"]))
        return self._of_target[name]

    @cached_property
    def _of_target(self) -> dict[str, Texts]:
        return {}

    def cells(self, where: Positions) -> Objects:
        """Amount and unit of some rows as the line has them: '5 mg'."""
        amount, unit = self.of_target("amount")[where], self.of_target("unit")[where]
        return objects(f"{number} {of}".strip() for number, of in zip(amount, unit, strict=True))

    def rows_with(self, *codes: str) -> Mask:
        """Rows on which a reader of text reported one of the codes."""
        return self.are_rows(self.rows.index, self.problems["row"][self.problems.are("code", *codes)])

    def are_rows(self, labels: Positions, among: Positions) -> Mask:
        """Which of some index labels in `rows` are among others."""
        found = np.zeros(int(max(labels.max(initial=-1), among.max(initial=-1))) + 1, dtype=bool)
        found[among] = True
        return found[labels]

    @cached_property
    def is_panel(self) -> Mask:
        """Products whose record transcribes a panel: a line carries a percent or its symbol, or a serving size is given and the note names no other source."""
        told = self.products(self.product_of_line[~self.lines.are("percent_dv", "")])
        return told | (self.has("serving_size") & ~self._noted("not_a_panel"))

    @cached_property
    def label_dates(self) -> Objects:
        """Label date of every product as ISO text, '' if unknown."""
        dates = self.texts("label_date")
        return objects([value[:10] if re.match(r"\d{4}-\d{2}-\d{2}", value) else "" for value in dates.values])[
            dates.codes
        ]

    def directions_of(self, wanted: Mask) -> list[str]:
        """The distinct directions of some products."""
        texts = self.texts("directions")
        return texts.at(texts.used(wanted))


@cache
def words_of_records(rule: str) -> dict[str, list[str]]:
    """Columns and words by which a record says what it is of: 'medicine' or 'not_a_panel'."""
    table: dict[str, list[str]] = tomllib.loads((DATA / "plausibility.toml").read_text(encoding="utf-8"))[rule]
    return table


Cells: TypeAlias = str | Sequence[str] | npt.NDArray[Any]
"""Cells of findings: one text for all of them, or a text for each."""
Source: TypeAlias = Cells | Callable[[Hits], Cells]
"""Cells, or what makes them of the hits."""


class Told(NamedTuple):
    """Findings of one check: the positions of their products, their places on the label, and their cells."""

    product: Positions
    order: Positions
    code: Cells
    nutrient: Cells
    value: Cells
    expected: Cells
    detail: Cells
    label_text: Cells
    severity: Cells


Findings: TypeAlias = list[Told]
COLUMNS = Told._fields

ON_RECORD = -1
"""Place of a finding that concerns the record and no line."""


def on_rows(
    table: Table, test: Mask | Positions, code: str, *, value: Source = "", expected: Source = "", detail: Source = "", severity: Source = "",
    whole_label: bool = False,
) -> Findings:  # fmt: skip
    """One finding for each row (or judged dose) that meets the test, a mask or positions; `whole_label` findings concern no one vitamin."""
    where: Positions = np.flatnonzero(test) if test.dtype == bool else test.astype(np.intp, copy=False)
    if not len(where):
        return []
    hit = Hits(table, where)
    order = hit["source_rows"] if "source_rows" in table else table.index[where]
    nutrient: Cells = "" if whole_label else hit["nutrient"]
    shown, wanted, more, grave = (_made(source, hit) for source in (value, expected, detail, severity))
    return [Told(hit["product"], order, code, nutrient, shown, wanted, more, hit["label_text"], grave)]


def on_products(
    first: Table, test: Mask, code: str, *, value: Source = "", expected: Source = "", detail: Source = "", severity: Source = "", nutrient: str = "",
) -> Findings:  # fmt: skip
    """One finding for each product that meets the test; `first` has one row per product, in their order."""
    where = np.flatnonzero(test)
    if not len(where):
        return []
    hit = Hits(first, where)
    shown, wanted, more, grave = (_made(source, hit) for source in (value, expected, detail, severity))
    return [Told(where, np.full(len(where), ON_RECORD), code, nutrient, shown, wanted, more, "", grave)]


def _made(source: Source, hit: Hits) -> Cells:
    return source(hit) if callable(source) else source


def as_frame(found: Findings) -> pd.DataFrame:
    """Findings as a frame with :data:`COLUMNS`: two of whole numbers, the others of texts as objects."""
    ends = np.cumsum([len(told.product) for told in found]).tolist()
    columns = {}
    for place, name in enumerate(COLUMNS):
        cells = np.empty(ends[-1] if ends else 0, dtype=np.int64 if name in ("product", "order") else object)
        for told, end in zip(found, ends, strict=True):
            cells[end - len(told.product) : end] = told[place]
        columns[name] = cells
    return pd.DataFrame(columns, copy=False)


# -- texts ---------------------------------------------------------------------------------------------------------------


def on_distinct(values: Floats, text: Callable[[float], str]) -> Objects:
    """Text of numbers, made once for each; missing numbers give ''."""
    codes, found = pd.factorize(values)
    return objects([*(text(value) for value in found.tolist()), ""])[codes]


def mcg(values: Floats) -> Objects:
    """'62.5 mcg' for every amount."""
    return on_distinct(values, lambda value: f"{value:,.10g} mcg")


def a_day(hit: Hits) -> Objects:
    """'62.5 mcg', the highest daily dose, for every hit."""
    return mcg(hit["daily_mcg_high"])


def plain(values: Floats) -> Objects:
    """'62.5' for every number."""
    return on_distinct(values, lambda value: f"{value:,.6g}")


def span(low: Floats, high: Floats) -> Objects:
    """'25 to 50 mcg' for every interval."""
    return plain(low) + " to " + mcg(high)


@cache
def any_pattern(check_id: str) -> str:
    """One pattern for all of a check's entry."""
    return "|".join(f"(?:{pattern})" for pattern in catalogue()[check_id].patterns)


def first_match(text: str, pattern: str) -> str:
    """The words of a text that match; for hits only."""
    found = re.search(pattern, text, re.IGNORECASE)
    return found[0].strip() if found else ""


def divided(numbers: Floats, by: Floats) -> Floats:
    """Quotients; infinite or missing where the divisor is zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return numbers / by


def keys_of(*columns: npt.NDArray[Any]) -> Positions:
    """One code for each distinct combination of some columns, in order of first appearance."""
    codes: Positions | None = None
    for column in columns:
        own, values = pd.factorize(column, use_na_sentinel=False)
        codes = own if codes is None else pd.factorize(codes * max(len(values), 1) + own)[0]
    return codes if codes is not None else np.array([], dtype=np.intp)


def first_of_each(product: Positions, among: Mask) -> Mask:
    """Of some rows the first one of each product."""
    where = np.flatnonzero(among)[::-1]
    first = np.full(product.max(initial=-1) + 1, -1, dtype=np.intp)
    # The last that is written stands.
    first[product[where]] = where
    found = np.zeros(len(product), dtype=bool)
    found[first[first >= 0]] = True
    return found
