"""What the checks look at, and how they tell what they found.

Every check takes :class:`Facts` and gives findings as a frame with :data:`COLUMNS`; texts are made for hits only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import tomli as tomllib

from auditor.barcodes import Barcodes, read_codes
from auditor.checks import DATA, catalogue
from auditor.distinct import codes_of, one_of
from auditor.evidence import Evidence
from auditor.limits import Limit
from auditor.markets import Market, market_named
from auditor.searching import Texts, arrow_texts

COLUMNS = ("product", "order", "code", "nutrient", "value", "expected", "detail", "label_text", "severity")

Mask = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]


class Hits:
    """The rows of a table that a check hit; a column is taken when it is asked for, for most checks ask for one or two of fifty."""

    def __init__(self, table: pd.DataFrame, where: npt.NDArray[np.intp]) -> None:
        self._table = table
        self.where = where
        self.index: pd.Index[Any] = table.index[where]

    def __getitem__(self, name: str) -> pd.Series:
        column = self._table[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            return pd.Series(self.texts(name), index=self.index, dtype=object)
        return column.iloc[self.where]

    def texts(self, name: str) -> Objects:
        """The texts of a column."""
        array = self._table[name].array
        if not isinstance(array, pd.Categorical):
            return array.take(self.where).to_numpy(dtype=object)
        if array.categories.dtype == object:
            return array.categories.to_numpy()[array.codes[self.where]]
        codes, values = codes_of(self._table[name], self.where)
        return values[codes]

    def __contains__(self, name: str) -> bool:
        return name in self._table


Cells = str | Callable[[Any], object]
"""A cell of a finding: the same text for all, or what the :class:`Hits` say."""

IU_WORDS = r"(?:i\.? ?u\.?|i\.? ?e\.?|u\.? ?i\.?|j\.m\.|ius?|units?|usp)"
"""Spellings of the international unit, wherever they stand; a search for them takes the fast automaton."""
IU = rf"(?<![a-z]){IU_WORDS}(?![a-z])"
"""Spellings of the international unit."""
VITAMIN_K = ("vitamin_k2", "vitamin_k1", "vitamin_k")
WITHHELD = "withheld"
"""Severity of a finding that holds under one reading of a doubtful label only: never told, but named by the finding on the doubt."""
ON_RECORD = -1
"""Place of a finding that concerns the record and no line."""


@dataclass(frozen=True)
class Facts:
    """One audit in one context, as the checks see it.

    `lines` is the line table of what is needed (see :mod:`auditor.needed`), `firsts` the first line of each product,
    `product_of_line` its position among the products, `line_counts` how many lines each product has in all, `targets` the lines that name a vitamin, `rows` the rows of the doses (see
    :class:`auditor.dose.LineDoses`; `source_line` points into `targets`), `problems` what the readers of text
    reported, `judged` the judged doses.  `today` is only set where stale rules are to be told.
    """

    lines: pd.DataFrame
    firsts: Positions
    product_of_line: Positions
    line_counts: Positions
    targets: pd.DataFrame
    rows: pd.DataFrame
    problems: pd.DataFrame
    judged: pd.DataFrame
    contexts: Objects
    evidence: Evidence
    limits: tuple[Limit, ...] = ()
    today: date | None = None

    @cached_property
    def first(self) -> pd.DataFrame:
        """First line of every product, which carries what is printed once per product."""
        return self.lines.iloc[self.firsts].reset_index(drop=True)

    @cached_property
    def ids(self) -> pa.Array:
        """Id of every product."""
        return arrow_texts(self.first["product_id"])

    def texts(self, name: str) -> Texts:
        """A column of :attr:`first`, ready to be searched."""
        if name not in self._texts:
            self._texts[name] = Texts(self.first[name])
        return self._texts[name]

    @cached_property
    def _texts(self) -> dict[str, Texts]:
        return {}

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
    def sure_high(self) -> pd.Series:
        """:func:`sure_high` of every judged dose."""
        return sure_high(self.judged)

    @cached_property
    def row_products(self) -> Positions:
        """Product of every row."""
        return self.rows["product"].to_numpy(dtype=np.intp)

    @cached_property
    def daily_value_groups(self) -> Objects:
        """Daily value group of every product."""
        group = {context: entry.daily_value_group for context, entry in self.evidence.contexts.items()}
        contexts = self._contexts
        return objects([group[value] for value in contexts.values])[contexts.codes]

    def of_target(self, name: str) -> Texts:
        """A column of the line table, for every row, ready to be searched."""
        if name not in self._of_target:
            self._of_target[name] = Texts(self.targets[name].iloc[self.rows["source_line"].to_numpy()])
        return self._of_target[name]

    @cached_property
    def _of_target(self) -> dict[str, Texts]:
        return {}

    def cells(self, where: Mask) -> Objects:
        """Amount and unit of some rows as the line has them: '5 mg'."""
        amount, unit = self.of_target("amount")[where], self.of_target("unit")[where]
        return objects(f"{number} {of}".strip() for number, of in zip(amount, unit, strict=True))

    def rows_with(self, *codes: str) -> Mask:
        """Rows on which a reader of text reported one of the codes."""
        return self.are_rows(self.rows.index.to_numpy(), self.reported(one_of(self.problems["code"], codes)))

    def reported(self, where: Mask) -> Positions:
        """Index labels in `rows` of some of the problems."""
        return self.problems["row"].to_numpy(dtype=np.intp)[where]

    def are_rows(self, labels: Positions, among: Positions) -> Mask:
        """Which of some index labels in `rows` are among others."""
        found = np.zeros(int(max(labels.max(initial=-1), among.max(initial=-1))) + 1, dtype=bool)
        found[among] = True
        return found[labels]

    @cached_property
    def is_panel(self) -> Mask:
        """Products whose record transcribes a panel: a line carries a percent or its symbol, or a serving size is given and the note names no other source."""
        told = self.products(self.product_of_line[(self.lines["percent_dv"] != "").to_numpy()])
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


def objects(values: Iterable[object]) -> Objects:
    """Some things as a column."""
    items = list(values)
    found = np.empty(len(items), dtype=object)
    found[:] = items
    return found


@cache
def nothing() -> pd.DataFrame:
    """No findings; one shared frame, for most checks find nothing."""
    return pd.DataFrame({name: [] for name in COLUMNS}, dtype=object)


def on_rows(
    table: pd.DataFrame, test: pd.Series | Mask, code: str, *, value: Cells = "", expected: Cells = "", detail: Cells = "", severity: Cells = "",
    whole_label: bool = False,
) -> pd.DataFrame:  # fmt: skip
    """One finding for each row (or judged dose) that meets the test; `whole_label` findings concern no one vitamin."""
    where = np.flatnonzero(np.asarray(test, dtype=bool))
    if not len(where):
        return nothing()
    hit = Hits(table, where)
    order = hit["source_rows"].to_numpy() if "source_rows" in hit else hit.index.to_numpy()
    return _told(
        hit,
        code,
        hit["product"].to_numpy(),
        order,
        value,
        expected,
        detail,
        severity,
        "" if whole_label else hit.texts("nutrient"),
        hit.texts("label_text"),
    )


def on_products(
    first: pd.DataFrame, test: pd.Series | Mask, code: str, *, value: Cells = "", expected: Cells = "", detail: Cells = "", severity: Cells = "",
    nutrient: Cells = "",
) -> pd.DataFrame:  # fmt: skip
    """One finding for each product that meets the test; `first` has one row per product, in their order."""
    where = np.flatnonzero(np.asarray(test, dtype=bool))
    if not len(where):
        return nothing()
    hit = Hits(first, where)
    return _told(hit, code, where, np.full(len(where), ON_RECORD), value, expected, detail, severity, nutrient, "")


def _told(
    hit: Hits, code: str, product: Positions, order: Positions, value: Cells, expected: Cells, detail: Cells, severity: Cells,
    nutrient: object, label_text: object,
) -> pd.DataFrame:  # fmt: skip
    def cells(source: object) -> object:
        found = source(hit) if callable(source) else source
        return found.to_numpy() if isinstance(found, pd.Series) else found

    return pd.DataFrame(
        {
            "product": product, "order": order, "code": code, "nutrient": cells(nutrient), "value": cells(value), "expected": cells(expected),
            "detail": cells(detail), "label_text": cells(label_text), "severity": cells(severity),
        },
        dtype=object,  # the few columns of many small frames: typing each would cost more than the checks
    )  # fmt: skip


def together(*parts: pd.DataFrame) -> pd.DataFrame:
    """Several findings as one frame."""
    some = [part for part in parts if len(part)]
    return pd.concat(some, ignore_index=True) if some else nothing()


# -- texts ---------------------------------------------------------------------------------------------------------------


def on_distinct(values: pd.Series, text: Callable[[float], str]) -> pd.Series:
    """Text of numbers, made once for each; missing numbers give ''."""
    codes, found = pd.factorize(values.to_numpy(dtype=float))
    shown = objects([*(text(value) for value in found.tolist()), ""])
    return pd.Series(shown[codes], index=values.index, dtype=object)


def mcg(values: pd.Series) -> pd.Series:
    """'62.5 mcg' for every amount."""
    return on_distinct(values, lambda value: f"{value:,.10g} mcg")


def plain(values: pd.Series) -> pd.Series:
    """'62.5' for every number."""
    return on_distinct(values, lambda value: f"{value:,.6g}")


def span(low: pd.Series, high: pd.Series) -> pd.Series:
    """'25 to 50 mcg' for every interval."""
    return plain(low) + " to " + mcg(high)


def matching(texts: pd.Series, pattern: str, among: Mask | None = None) -> Mask:
    """Whether each text holds the pattern, searched once per distinct text, letters of either case; only `among` some, if given."""
    if among is not None:
        hit = np.zeros(len(texts), dtype=bool)
        hit[among] = matching(texts[among], pattern)
        return hit
    return Texts(texts).holding(pattern)


@cache
def any_pattern(check_id: str) -> str:
    """One pattern for all of a check's entry."""
    return "|".join(f"(?:{pattern})" for pattern in catalogue()[check_id].patterns)


def says(texts: pd.Series, check_id: str, among: Mask | None = None) -> Mask:
    """Whether each text holds one of the patterns of a check's entry; only `among` some, if given."""
    return matching(texts, any_pattern(check_id), among)


def first_match(text: str, pattern: str) -> str:
    """The words of a text that match; for hits only."""
    found = re.search(pattern, text, re.IGNORECASE)
    return found[0].strip() if found else ""


def keys_of(columns: Mapping[str, object] | list[object]) -> Positions:
    """One code for each distinct combination of some columns."""
    parts = list(columns.values()) if isinstance(columns, Mapping) else columns
    codes: npt.NDArray[np.intp] | None = None
    for part in parts:
        own, values = pd.factorize(part, use_na_sentinel=False)  # type: ignore[call-overload]
        codes = (
            own.astype(np.intp) if codes is None else pd.factorize(codes * max(len(values), 1) + own)[0].astype(np.intp)
        )
    return codes if codes is not None else np.array([], dtype=np.intp)


def first_of_each(product: Positions, among: Mask) -> Mask:
    """Of some rows the first one of each product."""
    found = np.zeros(len(product), dtype=bool)
    where = np.flatnonzero(among)
    found[where[~pd.Series(product[where]).duplicated().to_numpy()]] = True
    return found


def sure_high(judged: pd.DataFrame) -> pd.Series:
    """Highest daily dose (mcg) that holds under every reading of the label.

    Where two figures contradict each other, or a vitamin stands on two lines that may be one, a limit counts as passed
    only if the smaller reading passes it: one root cause, one finding.
    """
    high = judged["daily_mcg_high"].where(~judged["repeated"].astype(bool), judged["daily_mcg_low"])
    return pd.Series(np.fmin(high, judged["other_mcg_high"]), index=judged.index)


def any_high(judged: pd.DataFrame) -> pd.Series:
    """Highest daily dose (mcg) that holds under some reading of the label."""
    return pd.Series(np.fmax(judged["daily_mcg_high"], judged["other_mcg_high"]), index=judged.index)
