"""From the line table to doses: every vitamin D and K line with its micrograms a day.

Texts are read once per distinct combination; the rest is arithmetic on columns.  A line that names several
nutrients becomes several rows; rows of one product, nutrient and form are then joined into one dose.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.amounts import LineReading, Problem, Style, read_line
from auditor.audiences import may_name_anybody, read_audience
from auditor.directions import audiences_of, may_dose_others
from auditor.distinct import Distinct, TextColumn, codes_of, distinct, either, words, words_at, words_of
from auditor.evidence import Evidence
from auditor.figures import says_spaced
from auditor.ingredients import read_ingredient
from auditor.markets import market_named
from auditor.remembering import remembered
from auditor.schedules import Schedule, schedule
from auditor.text import clean

IU_PER_MCG = 40.0
"""1 IU of vitamin D2 or D3 is exactly 0.025 mcg (see data/units.txt)."""

PICOGRAM_DECIMALS = 6
"""Daily doses are rounded to a picogram, so that 3 x 0.1 mcg is 0.3 mcg and meets an edge exactly."""

Floats = npt.NDArray[np.float64]
Columns: TypeAlias = dict[str, Any]
"""Columns by name: arrays of numbers, and categoricals of texts."""


@dataclass(frozen=True)
class LineDoses:
    """Rows of :func:`line_doses` and the problems found on them.

    `rows` has one row per nutrient named on a line, with columns `product` (position in the products frame), `nutrient`, `form`,
    `forms` (joined by '|'), `form_source`, `label_text`, `line`, `parent`, `serving_order`, `audience_fits`,
    `amount_mcg` (+ `_low`, `_other`), `declared_iu`, `declared_percent_dv`, `basis`, `share`, `reason`, `factor_*`,
    `servings_*`, `servings_source`, `interval_days`, `single_factor`, `units_per_serving`.
    `problems` has columns `row`, `code`, `value`, `expected`, `detail`, one row per finding on a row.
    """

    rows: pd.DataFrame
    problems: pd.DataFrame


@cache
def style_of(market: str, evidence: Evidence | None) -> Style:
    """Number style and percent bases of a market under an evidence edition."""
    known = market_named(market)
    bases: dict[str, dict[Decimal, None]] = {}
    if evidence is not None:
        for value in evidence.daily_values.values():
            if value.market in known.daily_values:
                bases.setdefault(value.nutrient, {})[value.value_mcg] = None
    return Style(known.decimal_mark, tuple((nutrient, tuple(amounts)) for nutrient, amounts in bases.items()))


@remembered(16_384)
def is_target(ingredient: str) -> bool:
    """Whether a line names vitamin D or K, or something that is easily taken for one."""
    found = read_ingredient(ingredient)
    return bool(found.pieces or found.near_names)


def targets_of(lines: pd.DataFrame) -> pd.DataFrame:
    """The lines that name vitamin D or K; the rest of a label takes no part in its doses."""
    codes, texts = codes_of(lines["ingredient"])
    wanted = np.fromiter((is_target(text) for text in texts), dtype=bool, count=len(texts))
    return lines[wanted[codes]] if len(texts) else lines


def contexts_of(
    lines: pd.DataFrame, product: npt.NDArray[np.intp], n_products: int, evidence: Evidence, asked: str
) -> tuple[list[str], npt.NDArray[np.bool_]]:
    """Context each product is judged in, and for each line whether its audience fits that context.

    With `asked` other than 'auto' every product gets it.  'auto' takes what the label names: adult where any line is
    for adults or for nobody in particular, else pregnancy, else the age of the oldest column ("ages 2-3" and "4 and over"
    on a children's label give the latter), and within a column the youngest age it names.
    """
    order = list(evidence.contexts)
    rank = {context: position for position, context in enumerate(order)}
    adult, pregnancy = len(order) + 1, len(order)
    if asked == "auto":
        ranks = _ranks_named(lines, rank, adult, pregnancy)
        top = np.full(n_products, -1, dtype=np.int64)
        low = np.full(n_products, adult, dtype=np.int64)
        np.maximum.at(top, product, ranks)
        np.minimum.at(low, product, ranks)
        settled = np.where((top == adult) & (low == pregnancy), pregnancy, top)
        names = {adult: "adult", pregnancy: "pregnancy", -1: "adult"}
        contexts = [names.get(value) or order[value] for value in settled.tolist()]
    else:
        contexts = [asked] * n_products
    own = np.array([rank.get(context, rank["adult"]) for context in contexts], dtype=np.int64)
    codes, audiences = codes_of(lines["audience"])
    meant = [read_audience(audience) for audience in audiences]
    member = np.array([[not names or context in names for context in order] for names in meant], dtype=bool)
    grown = np.array([[not names or "adult" in names for _ in order] for names in meant], dtype=bool)
    is_grown = np.array([not context.startswith(("infant", "child", "teen")) for context in order])
    fits = (member | (grown & is_grown))[codes, own[product]] if len(lines) else np.array([], dtype=bool)
    return contexts, fits


def _ranks_named(lines: pd.DataFrame, rank: dict[str, int], adult: int, pregnancy: int) -> npt.NDArray[np.int64]:
    """For each line the rank of the context that its label names; each text is read once and only the few readings are combined."""
    names = ("audience", "name", "directions")
    factors = [codes_of(lines[name]) for name in names]
    # The texts of all columns are searched together: to make the pattern ready takes longer than to search a thousand.
    may_name = may_name_anybody(np.concatenate([texts for _, texts in factors]))
    columns: list[tuple[npt.NDArray[np.intp], list[tuple[str, ...]]]] = []
    for name, (codes, texts) in zip(names, factors, strict=True):
        told, may_name = np.flatnonzero(may_name[: len(texts)]), may_name[len(texts) :]
        if name == "directions":
            # Those that dose adults only are not read: they change nothing in whom a label is for.
            told = told[may_dose_others(texts[told])]
        read = _directed_to if name == "directions" else read_audience
        found: dict[tuple[str, ...], int] = {(): 0}
        of_text = np.zeros(len(texts), dtype=np.intp)
        for position in told.tolist():
            of_text[position] = found.setdefault(read(texts[position]), len(found))
        columns.append((of_text[codes] if len(codes) else codes, list(found)))
    (said, said_values), (titled, titled_values), (directed, directed_values) = columns
    combined = (said * len(titled_values) + titled) * len(directed_values) + directed
    codes, combinations = pd.factorize(combined)
    ranks = []
    for value in combinations.tolist():
        rest, own = divmod(value, len(directed_values))
        audience, title = divmod(rest, len(titled_values))
        contexts = _label_contexts(said_values[audience], titled_values[title], directed_values[own])
        ranks.append(_rank(contexts, rank, adult, pregnancy))
    return np.array(ranks, dtype=np.int64)[codes] if len(codes) else np.array([], dtype=np.int64)


def _directed_to(directions: str) -> tuple[str, ...]:
    """Contexts that directions give their doses to; () where a dose is for nobody in particular."""
    named = audiences_of(directions)
    return tuple(dict.fromkeys(context for contexts in named for context in contexts)) if all(named) else ()


def _label_contexts(said: tuple[str, ...], titled: tuple[str, ...], directed: tuple[str, ...]) -> tuple[str, ...]:
    """Contexts a label names.  The audience column wins unless it names adults too, as the statutory "adults and
    children 4 or more" does on children's products: then a narrower name or direction tells whom the label is for."""
    for narrower in (titled, directed):
        if narrower and "adult" not in narrower and (not said or "adult" in said or set(narrower) & set(said)):
            return narrower
    return said or titled or directed


def _rank(contexts: tuple[str, ...], rank: dict[str, int], adult: int, pregnancy: int) -> int:
    if not contexts or "adult" in contexts:
        return adult
    if "pregnancy" in contexts:
        return pregnancy
    return min(rank[context] for context in contexts)


def line_doses(
    lines: pd.DataFrame,
    product: npt.NDArray[np.intp],
    contexts: list[str],
    fits: npt.NDArray[np.bool_],
    evidence: Evidence,
) -> LineDoses:
    """Read target lines (see :func:`targets_of`) into rows with amounts and day factors.

    `product` gives each line's position among the products, `contexts` the context of each product, `fits` whether the
    line's audience belongs to it.
    """
    texts = distinct(lines, ["ingredient", "amount", "unit", "percent_dv", "form", "operator", "market"])
    readings = texts.map(lambda i, a, u, p, f, o, m: read_line(i, a, u, p, f, o, style_of(m, evidence)))
    flat, starts, counts = _flatten(readings)
    line_of_row = np.repeat(np.arange(len(lines)), counts[texts.codes])
    reading_of_row = _ranges(starts[texts.codes], counts[texts.codes])
    product_of_row = product[line_of_row]
    rows = _taken(_reading_columns(flat), reading_of_row)
    rows |= _taken({name: words_of(lines[name]) for name in ("line", "parent", "serving_order")}, line_of_row)
    rows |= {"product": product_of_row, "audience_fits": fits[line_of_row], "source_line": line_of_row}
    day = _taken({name: lines[name].array for name in OF_A_DAY}, line_of_row)
    day["serving_size"] = either(day["serving_size"], rows["line_serving"])
    day |= {"line_basis": rows["line_basis"], "context": words(contexts).take(product_of_row)}
    day["spaced_name"] = _spaced_names(day.pop("name"))
    plans = distinct(day, ["serving_size", "units_per_serving", "servings_per_day_min", "servings_per_day_max", "directions", "line_basis", "basis",
                           "market", "dosage_form", "context", "spaced_name"])  # fmt: skip
    codes, schedules = _with_amounts_told(plans, plans.map(schedule), rows)
    rows |= _taken(_schedule_columns(schedules), codes)
    told = [reading.problems for reading in flat] + [plan.problems for plan in schedules]
    problems = _problem_table(told, np.concatenate([reading_of_row, len(flat) + codes]), len(line_of_row))
    return LineDoses(pd.DataFrame(rows | _of_a_day(rows), copy=False), problems)


def _taken(columns: Columns, where: npt.NDArray[np.intp]) -> Columns:
    """Some rows of some columns."""
    return {name: cells.take(where) for name, cells in columns.items()}


OF_A_DAY = [
    "serving_size",
    "units_per_serving",
    "servings_per_day_min",
    "servings_per_day_max",
    "directions",
    "basis",
    "market",
    "dosage_form",
    "name",
]
"""What is asked of a line besides its amount."""


def _with_amounts_told(
    plans: Distinct, schedules: list[Schedule], rows: Columns
) -> tuple[npt.NDArray[np.intp], list[Schedule]]:
    """The schedules with those whose directions tell a dose as an amount made again with the amount of one unit.

    Few labels do; the schedules made again are added behind the others, and the codes of their rows point to them.
    """
    telling = np.array([bool(plan.amounts_told) for plan in schedules], dtype=bool)
    where = np.flatnonzero(telling[plans.codes]) if len(schedules) else np.array([], dtype=np.intp)
    if not len(where):
        return plans.codes, schedules
    codes, schedules = plans.codes.copy(), schedules.copy()
    added: dict[tuple[int, str], int] = {}
    for product in _amounts_by_product(rows, where).values():
        for position in product:
            plan = int(plans.codes[position])
            if not telling[plan]:
                continue
            known = _known_amount(product, position, schedules[plan].amounts_told)
            if (plan, known) not in added:
                added[plan, known] = len(schedules)
                schedules.append(schedule(*plans.values[plan], known))
            codes[position] = added[plan, known]
    return codes, schedules


class _Amount(NamedTuple):
    """What a row says it holds; `sure` where that is one amount."""

    nutrient: str
    form: str
    mcg: float
    sure: bool


def _amounts_by_product(rows: Columns, where: npt.NDArray[np.intp]) -> dict[int, dict[int, _Amount]]:
    """The amounts of all rows of the products in which the rows `where` stand, by product and position."""
    related = np.flatnonzero(np.isin(rows["product"], np.unique(rows["product"][where])))
    part = {name: np.asarray(cells.take(related)) for name, cells in rows.items() if name in OF_AN_AMOUNT}
    sure = (part["amount_low_mcg"] == part["amount_mcg"]) & np.isnan(part["amount_other_mcg"])
    found: dict[int, dict[int, _Amount]] = {}
    amounts = (part[name].tolist() for name in ("nutrient", "form", "amount_mcg"))
    columns = (part["product"].tolist(), related.tolist(), *amounts, sure.tolist())
    for product, position, *amount in zip(*columns, strict=True):
        found.setdefault(product, {})[position] = _Amount(*amount)
    return found


OF_AN_AMOUNT = {"product", "nutrient", "form", "amount_low_mcg", "amount_mcg", "amount_other_mcg"}
"""What is asked of a row to say which amount its product holds."""


def _known_amount(product: dict[int, _Amount], position: int, told: tuple[tuple[Decimal, str], ...]) -> str:
    """Amount of the product's line that amounts told in the directions speak of, in their unit; '' where none is sure.

    International units are those of vitamin D.  Micrograms are those of the only nutrient, or of one that they equal.
    """
    unit = told[0][1]
    if any(other != unit for _, other in told):
        return ""
    spoken_of = {place: amount for place, amount in product.items() if amount.sure}
    if unit == "iu":
        spoken_of = {
            place: amount
            for place, amount in spoken_of.items()
            if amount.nutrient == "vitamin_d" and amount.form != "calcifediol"
        }
    elif len({amount.nutrient for amount in product.values()}) > 1:
        amounts = {float(amount) for amount, _ in told}
        spoken_of = {place: amount for place, amount in spoken_of.items() if amount.mcg in amounts}
    if not spoken_of:
        return ""
    mcg = spoken_of.get(position, next(iter(spoken_of.values()))).mcg
    return f"{round(mcg * IU_PER_MCG, 3) if unit == 'iu' else mcg:.12g}"


def _spaced_names(names: TextColumn) -> pd.Categorical:
    """'yes' where a product's name says that it is not taken daily."""
    codes, texts = codes_of(names)
    said = np.array([says_spaced(clean(text).text) for text in texts], dtype=np.intp)
    return words_at(said[codes], ("", "yes"))


def _flatten(
    readings: list[tuple[LineReading, ...]],
) -> tuple[list[LineReading], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    counts = np.array([len(found) for found in readings], dtype=np.intp)
    starts = (
        np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.intp) if len(counts) else np.array([], dtype=np.intp)
    )
    return [reading for found in readings for reading in found], starts, counts


def _ranges(starts: npt.NDArray[np.intp], counts: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Concatenation of start..start+count for every pair."""
    total = int(counts.sum())
    offsets = np.repeat(starts - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
    return (np.arange(total) + offsets).astype(np.intp)


def _float(value: object) -> float:
    return float("nan") if value is None else float(value)  # type: ignore[arg-type]


def _reading_columns(flat: list[LineReading]) -> Columns:
    return {
        "nutrient": words(r.nutrient for r in flat),
        "form": words(r.form for r in flat),
        "forms": words("|".join(r.forms) for r in flat),
        "form_source": words(r.form_source for r in flat),
        "label_text": words(r.text for r in flat),
        "amount_low_mcg": np.array([_float(r.mcg_low) for r in flat]),
        "amount_mcg": np.array([_float(r.mcg_high) for r in flat]),
        "amount_other_mcg": np.array([_float(r.other_mcg) for r in flat]),
        "declared_iu": np.array([_float(r.iu) for r in flat]),
        "declared_percent_dv": np.array([_float(r.percent) for r in flat]),
        "line_serving": words(r.serving for r in flat),
        "line_basis": words(r.basis for r in flat),
        "share": np.array([r.share for r in flat], dtype=bool),
        "amount_reason": words(r.reason for r in flat),
    }


def _schedule_columns(schedules: list[Schedule]) -> Columns:
    return {
        "factor_low": np.array([_float(s.factor_low) for s in schedules]),
        "factor_high": np.array([_float(s.factor_high) for s in schedules]),
        "single_factor": np.array([_float(s.single_factor) for s in schedules]),
        "servings_per_day_low": np.array([_float(s.servings_low) for s in schedules]),
        "servings_per_day_high": np.array([_float(s.servings_high) for s in schedules]),
        "servings_source": words(s.servings_source for s in schedules),
        "interval_days": np.array([float(s.interval_days) for s in schedules]),
        "basis": words(s.basis for s in schedules),
        "units_per_serving": np.array([_float(s.units_per_serving) for s in schedules]),
        "day_reason": words(s.reason for s in schedules),
    }


def _problem_table(problems: list[tuple[Problem, ...]], codes: npt.NDArray[np.intp], n_rows: int) -> pd.DataFrame:
    """One row per problem and row of the dose table: the distinct problems repeated by the codes.

    The codes go through the rows once for the readings and once for the schedules.
    """
    flat = [problem for found in problems for problem in found]
    cells = zip(*flat, strict=True) if flat else [()] * len(Problem._fields)
    columns = {name: words(texts) for name, texts in zip(Problem._fields, cells, strict=True)}
    counts = np.array([len(found) for found in problems], dtype=np.intp)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.intp)
    row = np.repeat(np.arange(len(codes)) % max(n_rows, 1), counts[codes])
    return pd.DataFrame({"row": row} | _taken(columns, _ranges(starts[codes], counts[codes])), copy=False)


def _of_a_day(rows: Columns) -> Columns:
    """The daily interval, the contradicting one beside it, and the reason where there is none."""
    amount, other, low = rows["amount_mcg"], rows["amount_other_mcg"], rows["amount_low_mcg"]
    low = np.where(rows["share"] & ~np.isnan(amount), 0.0, low)
    single = np.where(rows["interval_days"] > 1, np.fmax(amount, other) * rows["single_factor"], np.nan)
    return {
        "daily_mcg_low": _exact(low * rows["factor_low"]), "daily_mcg_high": _exact(amount * rows["factor_high"]),
        "other_mcg_low": _exact(other * rows["factor_low"]), "other_mcg_high": _exact(other * rows["factor_high"]),
        "single_intake_mcg": _exact(single), "reason": either(rows["amount_reason"], rows["day_reason"]),
    }  # fmt: skip


def _exact(values: Floats) -> Floats:
    return np.round(values, PICOGRAM_DECIMALS)
