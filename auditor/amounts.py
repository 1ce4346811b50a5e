"""One label line, read whole: its vitamins with amounts in micrograms, and what its figures say of each other.

The figures of a line are witnesses: micrograms, international units and the percent of a daily value.  Where they
agree the most exact one is used; where they contradict each other and no third settles it, both stand and the
verdict will say so.  Everything is exact decimals; this is called once per distinct line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, lru_cache
from typing import NamedTuple

import tomli as tomllib

from auditor.figures import AMOUNT, DAILY_VALUE, OTHER_BASIS, STRENGTH, basis_of, serving_of, with_roles
from auditor.ingredients import GLUED, UNASSIGNABLE, Piece, read_ingredient
from auditor.names import is_hormone
from auditor.patterns import late_pattern
from auditor.remembering import remembered
from auditor.text import clean, shorten
from auditor.units import DATA, IU, NOT_PROVIDED, Quantity, find_quantities, mcg_per_unit, read_number, unit_named
from auditor.wording.number_words import with_figures

MASS_UNITS = ("microgram", "milligram", "gram", "nanogram")
CALCIFEDIOL_EU_FACTOR = Decimal("2.5")
"""Micrograms of declared vitamin D per microgram of calcifediol on EU labels (EFSA 2023, doi 10.2903/j.efsa.2023.8145)."""
IU_STEP_MCG = Decimal("0.0125")
"""Half an international unit of vitamin D, the rounding of a printed IU figure."""


class Style(NamedTuple):
    """How the label's market writes: its decimal mark ('point', 'comma' or '' if unknown), and the amounts
    its percents may refer to, by nutrient."""

    decimal_mark: str = ""
    percent_bases: tuple[tuple[str, tuple[Decimal, ...]], ...] = ()

    def bases(self, nutrient: str) -> tuple[Decimal, ...]:
        """Amounts (mcg) that 100 % may stand for."""
        return dict(self.percent_bases).get("vitamin_d" if nutrient == "vitamin_d" else "vitamin_k", ())


NO_STYLE = Style()


class Problem(NamedTuple):
    """Something found on a line; `code` is a finding id or a reason code, the rest fills its message."""

    code: str
    value: str = ""
    expected: str = ""
    detail: str = ""


class LineReading(NamedTuple):
    """One nutrient of one line.

    `basis` and `serving` are what the line itself says its amount is for ('per_drop'; '5 drops').

    Amounts are mcg for the line's basis: `mcg_low`..`mcg_high` (equal for a plain figure), and `other_mcg` as a second
    reading where the figures contradict each other.  All are `None` when nothing can be computed, and `reason` says
    why.  `share` marks a total of several nutrients, of which this one has at most `mcg_high`.
    """

    nutrient: str
    form: str
    forms: tuple[str, ...]
    form_source: str
    text: str
    mcg_low: Decimal | None = None
    mcg_high: Decimal | None = None
    other_mcg: Decimal | None = None
    iu: Decimal | None = None
    percent: Decimal | None = None
    basis: str = ""
    serving: str = ""
    share: bool = False
    reason: str = ""
    problems: tuple[Problem, ...] = ()


_DECIMAL_COMMA = late_pattern(r"\d{1,3},\d{1,2}")
_LAST_NUMBER = late_pattern(r"^[ |)\]]*(\d{1,5})[ *†‡]*$")
_SYMBOL_ONLY = late_pattern(r"[*†‡§#^~\-–—. ]*|n/?a|not (?:stated|declared|disclosed|present|provided)", re.IGNORECASE)
_NOT_NUMBERS = late_pattern(r"[+-]?(?:nan|inf(?:inity)?|null|none|na|<na>|#n/a|#value!|#ref!)", re.IGNORECASE)
_SPREADSHEET_NUMBER = late_pattern(r"\d[eE][+-]?\d|\d_\d")
_BARE_NUMBER = late_pattern(r"[<>≤≥~]?\s*[+-]?\s*[\d.,' ]+")
_TWO_STRENGTHS = late_pattern(r"^(\d{2,}) ?/ ?(\d{2,})(?= ?[^\d\s/])")
"""'400/800 IU' in the cell of one vitamin: two strengths in one figure, and no fraction."""
_NUMBER_AND_WORD = late_pattern(r"[<>]?\s*-?[\d.,' ]+\s*([^\d\s(%].*)?")


@remembered(4_096)
def read_line(
    ingredient: str,
    amount: str = "",
    unit: str = "",
    percent_dv: str = "",
    form: str = "",
    operator: str = "",
    style: Style = NO_STYLE,
) -> tuple[LineReading, ...]:
    """Read one line of a label; all arguments are text as printed.

    `amount` with `unit`, or `amount` holding its units, wins over figures inside `ingredient`, which then count as a
    second declaration.  With an empty `amount` the figures are read from `ingredient`.  Returns one reading per
    nutrient named, none if the line names neither vitamin D nor K.
    """
    found = read_ingredient(ingredient)
    if not found.pieces:
        return ()
    column = _Column.read(amount, unit or _unit_beside_name(ingredient, amount), operator)
    percent, percent_problem = _read_percent(percent_dv)
    families = {piece.nutrient == "vitamin_d" for piece in found.pieces}
    unassignable = (
        bool(column.figures) and len(found.pieces) > 1 and (len(families) > 1 or not all(p.share for p in found.pieces))
    )
    printed = clean(ingredient).text
    said = basis_of(column.text) or basis_of(printed)
    serving = serving_of(column.text) or serving_of(printed)
    extra = tuple(
        Problem(code, shorten(ingredient))
        for code in found.repairs
        if code in ("hidden-characters", "look-alike-letters", "mojibake")
    )
    extra += tuple(
        Problem(_NEAR_NAMES.get(name, "near-name"), name)
        for name in found.near_names
        if name in _NEAR_NAMES or is_hormone(name)
    )
    readings = []
    for piece in found.pieces:
        piece = _with_form_column(piece, form)
        of_figure = _basis_in_words(piece)
        said, serving = (basis_of(of_figure), serving_of(of_figure)) if of_figure else (said, serving)
        if column.text:
            piece = piece._replace(text=f"{piece.text} {column.text}")
        if unassignable or UNASSIGNABLE in piece.problems:
            piece = piece._replace(problems=tuple(code for code in piece.problems if code != UNASSIGNABLE))
            readings.append(_reading(piece, said, reason="amount-not-assignable", problems=extra))
            continue
        reading = _Witnesses(piece, column, percent, style, found.bare_number).verdict(said, extra + percent_problem)
        readings.append(reading._replace(serving=serving, basis="per_serving") if serving else reading)
    if any(GLUED in piece.problems for piece in found.pieces):
        confirmed = [reading for reading in readings if not reading.reason]
        return (
            (confirmed[0],) if len({(r.nutrient, r.mcg_high) for r in confirmed}) == 1 else (_unconfirmed(readings[0]),)
        )
    return tuple(readings)


_UNIT_OF_COLUMN = late_pattern(r"[(\[,] ?(mcg|µg|μg|ug|mg|i\.?u\.?|u\.?i\.?|i\.?e\.?)[)\]]?\s*$", re.IGNORECASE)


def _unit_beside_name(ingredient: str, amount: str) -> str:
    """The unit that a table prints beside the name, where the amount is a number by itself ('Vitamin D (µg)', '5')."""
    found = _UNIT_OF_COLUMN.search(ingredient) if amount and _BARE_NUMBER.fullmatch(amount) else None
    return found[1] if found else ""


def _basis_in_words(piece: Piece) -> str:
    """What the figure that is used refers to, in the label's words, where the line gives figures for several."""
    if all(figure.role != OTHER_BASIS for figure in piece.quantities):
        return ""
    return next((figure.basis for figure in piece.quantities if figure.role == AMOUNT and figure.basis), "")


def _unconfirmed(reading: LineReading) -> LineReading:
    """A glued line that no other figure settles."""
    return reading._replace(mcg_low=None, mcg_high=None, other_mcg=None, reason=GLUED)


_NEAR_NAMES = {"nattokinase": "nattokinase-on-line", "natto kinase": "nattokinase-on-line"}


def _reading(piece: Piece, basis: str, **rest: object) -> LineReading:
    problems = tuple(Problem(code, shorten(piece.text)) for code in piece.problems)
    rest["problems"] = problems + tuple(rest.get("problems", ()))  # type: ignore[arg-type]
    return LineReading(
        piece.nutrient,
        piece.form,
        piece.forms,
        piece.form_source,
        piece.text,
        basis=basis,
        share=piece.share,
        **rest,  # type: ignore[arg-type]
    )


def _with_form_column(piece: Piece, form: str) -> Piece:
    """The piece with the form that a column of its own states, where the line says none."""
    if not form.strip():
        return piece
    named = [other for other in read_ingredient(_column_name(piece.nutrient, form)).pieces if other.form != "unstated"]
    if not named:
        return piece
    told = named[0]
    same_family = (told.nutrient == "vitamin_d") == (piece.nutrient == "vitamin_d")
    if not same_family:
        return piece
    if piece.form == "unstated" and not piece.forms:
        nutrient = told.nutrient if piece.nutrient in ("vitamin_k", told.nutrient) else piece.nutrient
        if nutrient == told.nutrient:
            return Piece(
                nutrient, told.form, told.forms, "column", piece.text, piece.quantities, piece.share, piece.problems
            )
    if set(told.forms) != set(piece.forms):
        return Piece(piece.nutrient, piece.form, piece.forms, piece.form_source, piece.text, piece.quantities, piece.share,
                     (*piece.problems, "form-column-conflict"))  # fmt: skip
    return piece


def _column_name(nutrient: str, form: str) -> str:
    text = form.strip()
    bare = re.fullmatch(r"(?i)(?:mk|menaquinone)?[ -]?(\d{1,2})", text)
    if bare and nutrient != "vitamin_d" and bare[1] not in ("1", "2"):
        return f"mk-{bare[1]}"
    return text if nutrient == "vitamin_d" else re.sub(r"(?i)^(?:as|vitamin)\s+", "", text)


@lru_cache(maxsize=1_024)
def _read_percent(text: str) -> tuple[Decimal | None, tuple[Problem, ...]]:
    cleaned = clean(text).text.replace("%", "").strip()
    if not cleaned or not any(char.isdigit() for char in cleaned):
        return None, ()
    if cleaned.startswith("<"):
        return None, ()
    number = re.match(r"[\d.,' ]+", cleaned)
    readings = read_number(number[0].strip()).readings if number else ()
    if not readings:
        return None, (Problem("percent-unread", shorten(text)),)
    return max(readings), ()


@dataclass(frozen=True, slots=True)
class _Column:
    """What the amount column says: its figures, or why it says none."""

    text: str
    figures: tuple[Quantity, ...] = ()
    reason: str = ""
    value: str = ""

    @staticmethod
    @lru_cache(maxsize=4_096)
    def read(amount: str, unit: str, operator: str) -> _Column:
        amount, unit = clean(amount).text, clean(unit).text
        if unit_named(unit) == NOT_PROVIDED:
            bare = amount in ("", "0", "0.0", "0,0")
            return _Column("", (), "amount-not-provided" if bare else "unit-missing", f"{amount} {unit}".strip())
        if not amount or _SYMBOL_ONLY.fullmatch(amount):
            return _Column("", (), "amount-not-provided" if amount else "", amount)
        text = (
            f"{operator.strip()}{amount} {unit}".strip()
            if operator.strip() in ("<", ">")
            else f"{amount} {unit}".strip()
        )
        lowered = _TWO_STRENGTHS.sub(r"\1 or \2", with_figures(text.lower()))
        if _NOT_NUMBERS.fullmatch(amount) or _SPREADSHEET_NUMBER.search(amount):
            return _Column(text, (), "amount-not-a-number", amount)
        figures = with_roles(lowered, find_quantities(lowered))
        amounts = [figure for figure in figures if figure.role not in (DAILY_VALUE, STRENGTH)]
        if any(figure.sign == "-" and figure.start <= 2 for figure in amounts):
            return _Column(text, (), "amount-negative", text)
        if amounts or (figures and not _BARE_NUMBER.fullmatch(amount)):
            return _Column(text, figures)
        if _BARE_NUMBER.fullmatch(amount):
            if "-" in amount and amount.lstrip("<>≤≥~ ").startswith("-"):
                return _Column(text, (), "amount-negative", text)
            if not read_number(amount.lstrip("<>≤≥~+ ").strip()).readings:
                return _Column(text, (), "number-malformed", text)
            return _Column(text, (), "unit-unknown" if unit else "unit-missing", text)
        word = _NUMBER_AND_WORD.fullmatch(amount)
        if word and any(char.isdigit() for char in amount):
            return _Column(text, (), "unit-unknown" if word[1] else "unit-missing", text)
        return _Column(text, (), "amount-unreadable", text)


class _Figure(NamedTuple):
    """One witness: its possible values in mcg, how far each may be rounded, and where it came from."""

    kind: str
    values: tuple[Decimal, ...]
    halves: tuple[Decimal, ...]
    quantity: Quantity

    @property
    def doubtful(self) -> bool:
        return len(self.values) > 1


class _Witnesses:
    """The figures of one piece, heard together."""

    def __init__(self, piece: Piece, column: _Column, percent: Decimal | None, style: Style, bare_number: str) -> None:
        self.piece, self.column, self.style, self.bare_number = piece, column, style, bare_number
        own = piece.quantities
        everything = column.figures + own
        self.everything = everything
        # A percent never has three decimals: '1.250 %' and '1,250 %' are both 1250.
        dv = [
            max(figure.readings)
            for figure in everything
            if figure.role == DAILY_VALUE and figure.readings and figure.sign != "<"
        ]
        self.percent = percent if percent is not None else dv[0] if dv else None
        self.problems: list[Problem] = []

    def verdict(self, basis: str, extra: tuple[Problem, ...]) -> LineReading:
        self.problems += extra
        if self.percent is None:
            self.percent = self._bare_percent()
        reason = self._obstacle()
        if reason:
            return _reading(
                self.piece,
                basis,
                reason=reason,
                iu=self._declared_iu(),
                percent=self.percent,
                problems=tuple(self.problems),
            )
        figures = self._figures()
        if not figures:
            reason = self._why_none()
            return _reading(
                self.piece,
                basis,
                reason=reason,
                iu=self._declared_iu(),
                percent=self.percent,
                problems=tuple(self.problems),
            )
        low, high, other = self._settle(figures)
        if low is None:
            return _reading(self.piece, basis, reason=GLUED, percent=self.percent, problems=tuple(self.problems))
        return _reading(
            self.piece, basis, mcg_low=low, mcg_high=high, other_mcg=other, iu=self._declared_iu(), percent=self.percent,
            problems=tuple(self.problems),
        )  # fmt: skip

    # -- why nothing can be computed -------------------------------------------------------------------------------

    def _obstacle(self) -> str:
        """A reason code when the line cannot give an amount however its figures are read."""
        if self.column.reason in (
            "amount-not-a-number",
            "amount-negative",
            "number-malformed",
            "unit-unknown",
            "unit-missing",
            "amount-unreadable",
        ):
            self.problems.append(Problem(self.column.reason, shorten(self.column.value)))
            return self.column.reason
        if self.column.reason and not self._amounts(self.piece.quantities):
            self.problems.append(Problem("amount-not-provided", shorten(self.column.value)))
            return "amount-not-provided"
        ius = [figure for figure in self.everything if figure.unit == IU and figure.role != STRENGTH]
        if ius and mcg_per_unit(IU, self.piece.nutrient) is None:
            self.problems.append(Problem("unit-iu-on-vitamin-k", f"{ius[0].number} {ius[0].printed_unit.upper()}"))
            return "unit-iu-on-vitamin-k"
        amounts = self._amounts(self.everything)
        malformed = [figure for figure in amounts if not figure.readings]
        if malformed:
            self.problems.append(Problem("number-malformed", f"{malformed[0].number} {malformed[0].printed_unit}"))
        return "number-malformed" if malformed and len(malformed) == len(amounts) else ""

    def _why_none(self) -> str:
        if self.piece.form == "calcifediol" and self._declared_iu() is not None:
            return "calcifediol-has-no-iu"
        if any(figure.unit in ("micro-sign-lost", "gram") for figure in self.everything):
            figure = next(figure for figure in self.everything if figure.unit in ("micro-sign-lost", "gram"))
            self.problems.append(
                Problem(
                    "unit-micro-sign-lost",
                    f"{figure.number} {figure.printed_unit}",
                    detail="no second figure agrees, so no amount was used",
                )
            )
            return "unit-micro-sign-lost"
        code = "unit-missing" if self.bare_number else "amount-missing"
        self.problems.append(Problem(code, self.bare_number or shorten(self.piece.text)))
        return code

    # -- the figures in micrograms ---------------------------------------------------------------------------------

    @staticmethod
    def _amounts(quantities: tuple[Quantity, ...]) -> list[Quantity]:
        return [
            figure
            for figure in quantities
            if figure.role == AMOUNT and (figure.unit in MASS_UNITS or figure.unit in (IU, "micro-sign-lost"))
        ]

    def _declared_iu(self) -> Decimal | None:
        for figure in self.everything:
            if figure.unit == IU and figure.role == AMOUNT and figure.readings:
                return figure.readings[0] if not figure.problem or "," in figure.number else max(figure.readings)
        return None

    def _figures(self) -> list[_Figure]:
        strengths = [figure for figure in self.everything if figure.role == STRENGTH and figure.readings]
        found = []
        for quantity in self._amounts(self.everything):
            if self.piece.form == "calcifediol" and quantity.unit == IU:
                continue
            if quantity.unit in ("gram", "micro-sign-lost") and not (strengths and quantity.unit == "gram"):
                figure = self._lost_micro_sign(quantity)
            elif strengths and quantity.unit in ("milligram", "gram"):
                figure = self._from_raw_material(quantity, strengths[0])
            else:
                factor = mcg_per_unit(quantity.unit, self.piece.nutrient)
                figure = self._figure("iu" if quantity.unit == IU else "mass", quantity, factor) if factor else None
            if figure is not None:
                found.append(figure)
        return found

    @staticmethod
    def _figure(kind: str, quantity: Quantity, factor: Decimal) -> _Figure | None:
        if not quantity.readings:
            return None
        if quantity.unit == IU and _DECIMAL_COMMA.fullmatch(quantity.number):
            # '5,00 IU' is five, or a torn 5,000: nobody declares hundredths of a unit.
            quantity = replace(
                quantity,
                readings=(*quantity.readings, Decimal(quantity.number.replace(",", "") + "0")),
                problem="separator-ambiguous",
            )
        values = tuple(reading * factor for reading in quantity.readings)
        halves = tuple(
            factor * Decimal((0, (5,), int(reading.as_tuple().exponent) - 1)) for reading in quantity.readings
        )
        return _Figure(kind, values, halves, quantity)

    def _lost_micro_sign(self, quantity: Quantity) -> _Figure | None:
        """Grams of D or K do not exist; read as micrograms only where another figure of the line agrees."""
        figure = self._figure("mass", quantity, Decimal(1))
        if figure is None:
            return None
        others = [
            other for other in (self._figure("iu", q, Decimal("0.025")) for q in self._amounts(self.everything) if q.unit == IU) if other
        ] if self.piece.nutrient == "vitamin_d" else []  # fmt: skip
        value = figure.values[0]
        agreed = any(_agree(value, figure.halves[0], other.values[0]) for other in others) or self._percent_fits(
            value, figure.halves[0]
        )
        if not agreed:
            return None
        self.problems.append(
            Problem(
                "unit-micro-sign-lost",
                f"{quantity.number} {quantity.printed_unit}",
                f"{_plain(value)} mcg",
                "a second figure of the line agrees with micrograms",
            )
        )
        return _Figure("mass", (value,), (figure.halves[0],), quantity)

    def _from_raw_material(self, quantity: Quantity, strength: Quantity) -> _Figure | None:
        """Weight times strength, where the label prints both ('MK-7 (1 %) 10 mg' is 100 mcg)."""
        weight_mcg = (
            quantity.readings[0] * (mcg_per_unit(quantity.unit, self.piece.nutrient) or 0)
            if quantity.readings
            else None
        )
        if weight_mcg is None:
            return None
        share = strength.readings[0]
        if strength.unit == "%":
            active = weight_mcg * share / 100
        elif strength.unit == "ppm":
            active = weight_mcg * share / 1_000_000
        elif strength.unit == IU and self.piece.nutrient == "vitamin_d":
            active = weight_mcg / 1_000_000 * max(strength.readings) * Decimal("0.025")
        else:
            return None
        code = "vitd-raw-material-weight" if self.piece.nutrient == "vitamin_d" else "vitk-raw-material-weight"
        printed = f"{strength.number} {strength.printed_unit.upper() if strength.unit == IU else strength.unit}" + (
            f"/{strength.per}" if strength.per else ""
        )
        self.problems.append(
            Problem(code, f"{quantity.number} {quantity.printed_unit} at {printed}", f"{_plain(active)} mcg")
        )
        return _Figure("mass", (active,), (active / 100,), quantity)

    def _bare_percent(self) -> Decimal | None:
        """A last number without unit ('Vitamine D 10 µg 200'), if it is exactly the percent of a daily value of the market."""
        bare = _LAST_NUMBER.search(clean(self.piece.tail).text)
        masses = [figure for figure in self._amounts(self.everything) if figure.unit == "microgram" and figure.readings]
        if bare is None or not masses:
            return None
        value = Decimal(bare[1])
        fits = any(
            abs(100 * masses[0].readings[0] / base - value) <= Decimal("0.5")
            for base in self.style.bases(self.piece.nutrient)
        )
        return value if fits else None

    # -- agreement -------------------------------------------------------------------------------------------------

    def _percent_fits(self, value: Decimal, half: Decimal) -> bool:
        if self.percent is None or value == 0:
            return False
        return any(
            abs(100 * value / base - self.percent) <= Decimal("0.5") + 100 * min(half, Decimal("0.5")) / base
            for base in self.style.bases(self.piece.nutrient)
        )

    def _settle(self, figures: list[_Figure]) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
        """Low, high and contradicting amount in mcg; (None, None, None) when a glued number finds no witness."""
        figures = [self._one_reading(figure, figures) for figure in figures]
        first = figures[0]
        if GLUED in self.piece.problems:
            seconded = len(figures) > 1 and _all_agree(figures)
            if not seconded and not any(self._percent_fits(figure.values[0], figure.halves[0]) for figure in figures):
                return None, None, None
        if first.doubtful and len(figures) == 1:
            return first.values[0], first.values[0], first.values[1]
        counted = next((figure for figure in figures if figure.quantity.count > 1), None)
        if counted is not None and (len(figures) == 1 or _all_agree(figures)):
            return self._counted(counted, figures)
        values = [figure.values[0] for figure in figures]
        # "1-4 I.U." beside an amount of 4 IU: the label prints a range, the record kept its upper end.
        ranged = next((figure for figure in figures if _range_holds(figure, values[0], self.piece.nutrient)), first)
        if ranged.quantity.high is not None:
            factor = mcg_per_unit(ranged.quantity.unit, self.piece.nutrient) or Decimal(1)
            ends = (ranged.values[0], ranged.quantity.high * factor)
            return min(ends), max(ends), self._outside(ranged, min(ends), max(ends), figures)
        if len(figures) == 1 or _all_agree(figures):
            value, other = self._doubted_unit(self._most_exact(figures), figures)
            return (*self._signed(value, first.quantity), other)
        outvoted = self._outvoted(figures)
        if outvoted is not None:
            return self._most_exact(outvoted), self._most_exact(outvoted), None
        return self._contradiction(figures)

    def _outside(self, ranged: _Figure, low: Decimal, high: Decimal, figures: list[_Figure]) -> Decimal | None:
        """A further amount that a printed range does not hold ('1000-2000 IU (100 mcg)'); it is told."""
        for figure in figures:
            top = figure.quantity.high
            factor = mcg_per_unit(figure.quantity.unit, self.piece.nutrient) or Decimal(1)
            for value in (figure.values[0], *(() if top is None else (top * factor,))):
                if figure is not ranged and not (low - figure.halves[0] <= value <= high + figure.halves[0]):
                    code = (
                        "dual-vitd-mismatch" if self.piece.nutrient == "vitamin_d" else "vitk-declared-twice-conflict"
                    )
                    printed = [
                        f"{one.number}{f'-{_plain(one.high)}' if one.high else ''} {one.printed_unit}"
                        for one in (ranged.quantity, figure.quantity)
                    ]
                    expected = f"{_plain(low)} to {_plain(high)} mcg or {_plain(value)} mcg"
                    self.problems.append(
                        Problem(code, " and ".join(printed), expected, "nothing settles it, so both were judged")
                    )
                    return value
        return None

    def _counted(self, figure: _Figure, figures: list[_Figure]) -> tuple[Decimal, Decimal, Decimal | None]:
        """Amount and second reading of '2 x 1000 IU': of one piece, or of both together."""
        one, count = self._most_exact(figures), figure.quantity.count
        together = one * count
        fits = [value for value in (one, together) if self._percent_fits(value, figure.halves[0])]
        settled = f"the percent agrees with {_plain(fits[0])} mcg, which was used" if len(fits) == 1 else ""
        printed = f"{count} x {figure.quantity.number} {figure.quantity.printed_unit}"
        self.problems.append(
            Problem(
                "number-multiplied", printed, f"{_plain(one)} or {_plain(together)} mcg",
                settled or "nothing on the label settles it, so both were judged",
            )
        )  # fmt: skip
        return (fits[0], fits[0], None) if settled else (one, one, together)

    def _outvoted(self, figures: list[_Figure]) -> list[_Figure] | None:
        """The figures that agree, where a microgram and an IU figure stand against one weight in mg: that is a raw
        material ('10 mg concentrate (25 mcg = 1000 IU)')."""
        weights = [figure for figure in figures if figure.quantity.unit in ("milligram", "gram")]
        rest = [figure for figure in figures if figure not in weights]
        if len(weights) != 1 or {figure.kind for figure in rest} != {"mass", "iu"} or not _all_agree(rest):
            return None
        code = "vitd-raw-material-weight" if self.piece.nutrient == "vitamin_d" else "vitk-raw-material-weight"
        self.problems.append(
            Problem(
                code,
                f"{weights[0].quantity.number} {weights[0].quantity.printed_unit}",
                f"{_plain(rest[0].values[0])} mcg",
            )
        )
        return rest

    def _signed(self, value: Decimal, quantity: Quantity) -> tuple[Decimal, Decimal]:
        if quantity.sign == "<":
            self.problems.append(Problem("amount-upper-bound", f"<{quantity.number}"))
            return Decimal(0), value
        if quantity.sign == ">":
            self.problems.append(Problem("amount-lower-bound", f"at least {quantity.number} {quantity.printed_unit}"))
        return value, value

    def _one_reading(self, figure: _Figure, figures: list[_Figure]) -> _Figure:
        """The figure with its separator understood: by another figure, by the percent, by unit and market."""
        if not figure.doubtful:
            return figure
        for position, value in enumerate(figure.values):
            witnesses = [other for other in figures if other is not figure]
            if any(
                _agree(value, figure.halves[position], other_value)
                for other in witnesses
                for other_value in other.values
            ):
                return self._chosen(figure, position, "another figure on the line agrees")
        fitting = [n for n, value in enumerate(figure.values) if self._percent_fits(value, figure.halves[n])]
        if len(fitting) == 1:
            return self._chosen(figure, fitting[0], "the percent agrees")
        number, unit = figure.quantity.number, figure.quantity.unit
        thousands = 0 if "," in number else 1
        mark = self.style.decimal_mark
        torn = unit == IU and _DECIMAL_COMMA.fullmatch(number) is not None
        if "," in number and not torn and (unit == IU or mark == "point" or mark == ""):
            return figure._replace(values=figure.values[:1], halves=figure.halves[:1])
        if "." in number and not torn and mark == "comma":
            return self._chosen(figure, thousands, "the market writes thousands with a point")
        if (
            "." in number
            and unit == IU
            and mark == ""
            and figure.quantity.printed_unit.lower().replace(".", "").replace(" ", "") != "iu"
        ):
            return self._chosen(figure, thousands, "the unit is written as in markets that part thousands with a point")
        if "." in number and unit == "milligram":
            return figure._replace(values=figure.values[:1], halves=figure.halves[:1])
        readings = " or ".join(_plain(reading) for reading in figure.quantity.readings)
        self.problems.append(Problem("number-separator-ambiguous", number, readings, "nothing on the label settles it"))
        return figure

    def _chosen(self, figure: _Figure, position: int, why: str) -> _Figure:
        if not ("," in figure.quantity.number and position == 0):
            self.problems.append(
                Problem(
                    "number-separator-read", figure.quantity.number, _plain(figure.quantity.readings[position]), why
                )
            )
        return figure._replace(values=(figure.values[position],), halves=(figure.halves[position],))

    def _most_exact(self, figures: list[_Figure]) -> Decimal:
        """Of agreeing figures the one printed most finely; 63 mcg (2,500 IU) is 62.5 mcg."""
        best = min(figures, key=lambda figure: figure.halves[0])
        masses = [figure for figure in figures if figure.kind == "mass"]
        if masses and best.kind == "iu":
            gap = abs(best.values[0] - masses[0].values[0])
            if gap > Decimal("0.0625"):
                self.problems.append(
                    Problem("dual-vitd-rounded", f"{_plain(masses[0].values[0])} mcg", f"{_plain(best.values[0])} mcg")
                )
        return best.values[0]

    def _doubted_unit(self, value: Decimal, figures: list[_Figure]) -> tuple[Decimal, Decimal | None]:
        """The amount to use and a second reading: an amount printed in mg that no product holds may be mcg, and one in
        mcg of which the percent fits the same number of IU may be IU.

        A second unit that agrees leaves no doubt; a percent that fits the thousandth settles it.
        """
        limits = _plausibility()
        entry = limits.get((self.piece.nutrient, self.piece.form)) or limits[(self.piece.nutrient, "")]
        in_mg = [
            figure for figure in figures if figure.quantity.unit in ("milligram", "gram") and figure.kind == "mass"
        ]
        half = figures[0].halves[0]
        if (
            in_mg
            and len(in_mg) == len(figures)
            and value > entry.mg_doubted_above_mcg
            and not self._percent_fits(value, half)
        ):
            thousandth = value / 1000
            settled = self._percent_fits(thousandth, half / 1000)
            detail = (
                "the percent agrees with that, which was used" if settled else "nothing settles it, so both were judged"
            )
            printed = f"{figures[0].quantity.number} {figures[0].quantity.printed_unit}"
            self.problems.append(Problem("unit-mg-mcg-suspect", printed, f"{_plain(thousandth)} mcg", detail))
            return (thousandth, None) if settled else (value, thousandth)
        as_iu = value * (mcg_per_unit(IU, self.piece.nutrient) or Decimal(0))
        if (
            entry.mcg_doubted_from_mcg is not None
            and value >= entry.mcg_doubted_from_mcg
            and all(figure.quantity.unit == "microgram" for figure in figures)
            and not self._percent_fits(value, half)
            and self._percent_fits(as_iu, half * as_iu / value)
        ):
            number = _plain(value)
            self.problems.append(
                Problem(
                    "unit-iu-mcg-suspect", f"{number} mcg", f"{number} IU = {_plain(as_iu)} mcg",
                    f"{_plain(self.percent or Decimal(0))} % fits that; both were judged",
                )
            )  # fmt: skip
            return value, as_iu
        if value > entry.largest_mcg:
            code = "amount-implausible-vitd" if self.piece.nutrient == "vitamin_d" else "amount-implausible-vitk"
            self.problems.append(Problem(code, f"{_plain(value)} mcg", f"at most {_plain(entry.largest_mcg)} mcg"))
        return value, None

    def _contradiction(self, figures: list[_Figure]) -> tuple[Decimal, Decimal, Decimal | None]:
        values = list(dict.fromkeys(figure.values[0] for figure in figures))
        if self.piece.form == "calcifediol" and max(values) == min(values) * CALCIFEDIOL_EU_FACTOR:
            # '25 µg (as calcifediol 10 µg)': the EU declares calcifediol as vitamin D that way; its own weight is the smaller.
            return min(values), min(values), None
        fits = [figure.values[0] for figure in figures if self._percent_fits(figure.values[0], figure.halves[0])]
        fits = list(dict.fromkeys(fits))
        iu = next((figure for figure in figures if figure.kind == "iu"), None)
        mass = next((figure for figure in figures if figure.kind == "mass"), None)
        code = "dual-vitd-mismatch" if self.piece.nutrient == "vitamin_d" else "vitk-declared-twice-conflict"
        one, other = (
            (mass, iu) if iu and mass else (figures[0], next(f for f in figures if f.values[0] != figures[0].values[0]))
        )
        cause = _cause(one.values[0], other.values[0]) if iu and mass else ""
        in_mcg = f"the IU are {_plain(other.values[0])} mcg" if iu and mass else ""
        used = (
            f"the percent agrees with {_plain(fits[0])} mcg, which was used"
            if len(fits) == 1
            else "nothing settles it, so both were judged"
        )
        printed = " and ".join(f"{figure.quantity.number} {figure.quantity.printed_unit}" for figure in (one, other))
        self.problems.append(
            Problem(
                code,
                printed,
                " or ".join(f"{_plain(value)} mcg" for value in (fits if len(fits) == 1 else sorted(values))),
                "; ".join(filter(None, (in_mcg, cause, used))),
            )
        )
        if len(fits) == 1:
            return fits[0], fits[0], None
        return min(values), min(values), max(values)


def _all_agree(figures: list[_Figure]) -> bool:
    first = figures[0]
    return all(_agree(first.values[0], first.halves[0] + figure.halves[0], figure.values[0]) for figure in figures[1:])


def _range_holds(figure: _Figure, value: Decimal, nutrient: str) -> bool:
    """Whether a printed range ('1-4 I.U.') includes the amount, and so adds nothing to it."""
    high = figure.quantity.high
    return high is not None and figure.values[0] <= value <= high * (mcg_per_unit(figure.quantity.unit, nutrient) or 1)


def _agree(value: Decimal, half: Decimal, other: Decimal) -> bool:
    """Whether two amounts in mcg differ by printed rounding only, or by rounding to two figures as in the EU."""
    gap = abs(value - other)
    return gap <= half + IU_STEP_MCG or value == _two_figures(other) or other == _two_figures(value)


def _two_figures(value: Decimal) -> Decimal:
    if value == 0:
        return value
    return value.quantize(Decimal((0, (1,), value.adjusted() - 1)), rounding="ROUND_HALF_UP")


_CAUSES: tuple[tuple[Decimal, str], ...] = (
    (Decimal(1000), "mg and mcg are confused"),
    (Decimal("0.001"), "mg and mcg are confused"),
    (Decimal("0.025"), "the same number is printed with both units"),
    (Decimal("0.000625"), "the two numbers are swapped"),
    (Decimal(40), "the factor 40 was applied twice"),
    (Decimal(10), "a decimal slip"),
    (Decimal("0.1"), "a decimal slip"),
    (Decimal("0.0833"), "the factor of vitamin A was used"),
    (Decimal("0.0373"), "the factor of vitamin E was used"),
)


def _cause(mass_mcg: Decimal, iu_mcg: Decimal) -> str:
    """Probable cause from the ratio of the IU figure (in mcg) to the mcg figure, within 2 %."""
    if mass_mcg == 0:
        return ""
    ratio = iu_mcg / mass_mcg
    return next((cause for known, cause in _CAUSES if abs(ratio / known - 1) <= Decimal("0.02")), "")


def _plain(value: Decimal) -> str:
    """Shortest ordinary notation of a decimal: 62.5, 1000, 0.025."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class _Limits(NamedTuple):
    mg_doubted_above_mcg: Decimal
    largest_mcg: Decimal
    mcg_doubted_from_mcg: Decimal | None


def _limits_of(entry: dict[str, Decimal]) -> _Limits:
    doubted = entry.get("mcg_doubted_from_mcg")
    return _Limits(
        Decimal(entry["mg_doubted_above_mcg"]), Decimal(entry["largest_mcg"]), None if doubted is None else Decimal(doubted)
    )  # fmt: skip


@cache
def _plausibility() -> dict[tuple[str, str], _Limits]:
    table = tomllib.loads((DATA / "plausibility.toml").read_text(encoding="utf-8"), parse_float=Decimal)
    limits: dict[tuple[str, str], _Limits] = {}
    for nutrient, entry in table.items():
        if not isinstance(entry, dict) or "largest_mcg" not in entry:
            continue
        limits[(nutrient, "")] = _limits_of(entry)
        for form, special in entry.items():
            if isinstance(special, dict):
                limits[(nutrient, form)] = _limits_of(special)
    return limits
