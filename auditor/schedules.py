"""From serving size, directions and stated servings to how often a printed amount is taken in a day.

The result is a pair of factors: amount x factor = micrograms a day, for the least and the most the label allows.
Called once per distinct combination of texts; nothing here knows of nutrients.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from typing import NamedTuple

import tomli as tomllib

from auditor.amounts import Problem
from auditor.directions import Directions, Regimen, read_directions
from auditor.figures import says_spaced
from auditor.markets import market_named
from auditor.patterns import late_pattern
from auditor.remembering import remembered
from auditor.servings import Serving, read_serving
from auditor.text import clean, shorten
from auditor.units import DATA
from auditor.wording.counts import exact

ONE = exact(Decimal(1))


class Schedule(NamedTuple):
    """How an amount becomes a day.

    `factor_low`, `factor_high` multiply the amount of the basis into a daily amount (the mean over `interval_days`);
    `single_factor` gives the most taken at once.  `servings_low`, `servings_high` are servings a day, or units a day
    where the amount is per unit.  All factors are `None` and `reason` is set when the day cannot be computed.
    `amounts_told` are the amounts in which the directions tell the doses ("400 IU daily"), with their unit: how many
    servings they are takes the amount of one (`known_amount` of :func:`schedule`).
    """

    factor_low: Fraction | None
    factor_high: Fraction | None
    single_factor: Fraction | None
    servings_low: Fraction | None
    servings_high: Fraction | None
    servings_source: str
    interval_days: Fraction
    basis: str
    units_per_serving: Fraction | None
    reason: str = ""
    problems: tuple[Problem, ...] = ()
    amounts_told: tuple[tuple[Decimal, str], ...] = ()


def read_number_cell(text: str) -> Fraction | None:
    """A count from a record's own cell ('2', '0.5', '1/3'); `None` for empty, zero, negative or unreadable."""
    text = text.strip().replace(",", ".")
    if not text:
        return None
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        return None
    return value if 0 < value < 1_000_000 else None


@remembered(8_192)
def schedule(
    serving_size: str, units_per_serving: str, servings_min: str, servings_max: str, directions: str, line_basis: str, basis: str,
    market: str, dosage_form: str, context: str, name_says_spaced: str = "",
    known_amount: str = "",
) -> Schedule:  # fmt: skip
    """Schedule of a line from its texts as printed.

    `line_basis` is what the line itself says its amount is for ('per_drop'), `basis` what the record says; else the
    market's habit decides.  Servings stated as data win over directions; a product taken less than daily keeps the
    directions' interval, because records cannot express one.  `name_says_spaced` is 'yes' where the product's name says
    "weekly", "Depot" or the like: such a product is never judged as a daily one for lack of readable directions.
    `known_amount` is the amount of one unit of the basis in the unit of the doses that the directions tell as amounts.
    """
    if _is_not_oral(dosage_form):
        return _Builder(Serving((), False, ""), "per_unit", False, [Problem("dose-not-oral", dosage_form)]).stuck(
            "not-taken-by-mouth", "directions"
        )
    serving = read_serving(serving_size, units_per_serving)
    told = read_directions(directions)
    problems: list[Problem] = [Problem(f"dose-{flag}", shorten(directions)) for flag in told.flags if flag in _FLAGGED]
    if serving.problem in ("serving-conflict", "serving-unread") and serving_size:
        problems.append(Problem(serving.problem, shorten(serving_size), units_per_serving))
    if told.within_limit and _limit_of_one(told.within_limit, known_amount):
        told = told._replace(status="read", regimens=told.within_limit, problem="")
    regimens = _for_context(told, context, problems, directions)
    chosen_basis = line_basis or _known_basis(basis) or ("per_day" if serving.per_day else "")
    assumed_basis = not chosen_basis
    if not chosen_basis:
        chosen_basis = "per_serving" if serving.counts else market_named(market).amount_basis
    stated = _stated(servings_min, servings_max, problems)
    builder = _Builder(serving, chosen_basis, assumed_basis, problems)
    if serving.problem == "serving-range" and chosen_basis == "per_serving":
        problems.append(Problem("serving-range", shorten(serving_size)))
        return builder.stuck("serving-range", "label" if stated else "directions" if regimens else "assumed")
    if not regimens:
        spaced_words = says_spaced(clean(directions).text)
        if spaced_words or name_says_spaced:
            words = shorten(directions) if spaced_words else "the product's name"
            problems.append(Problem("dose-interval-unread", words))
            return builder.stuck("interval-not-read", "directions")
    if name_says_spaced and regimens and not any(regimen.interval_days > 1 for regimen in regimens):
        problems.append(Problem("dose-depot-conflict", shorten(directions)))
    if stated and not any(regimen.interval_days > 1 for regimen in regimens):
        _compare(stated, regimens, serving, problems)
        return builder.from_servings(*stated, "label")
    if regimens:
        builder.tell_amounts(regimens, read_number_cell(known_amount))
        if told.status == "ambiguous":
            problems.append(Problem("dose-frequency-ambiguous", shorten(told.problem or directions)))
        elif told.problem:
            problems.append(Problem("dose-directions-partly-read", shorten(told.problem)))
        if "frequency-unsaid" in told.flags:
            problems.append(Problem("dose-frequency-unsaid", shorten(directions)))
            return builder.from_regimens(regimens, "assumed")
        return builder.from_regimens(regimens)
    if told.status == "absent":
        problems.append(Problem("dose-directions-missing"))
    else:
        problems.append(Problem("dose-directions-unparsed", shorten(told.problem or directions)))
        builder.amounts_told = _amounts_of(told.within_limit)
        if any(char.isdigit() for char in clean(directions).text):
            # A number that could not be read may be the dose; "as directed by your physician" holds none.
            return builder.stuck("directions-not-read", "directions")
    if assumed_basis and chosen_basis == "per_unit" and not serving.counts and _UNCOUNTED.search(dosage_form.lower()):
        return builder.stuck("serving-not-stated", "assumed")
    return builder.from_servings(ONE, ONE, "assumed")


def _limit_of_one(regimens: tuple[Regimen, ...], known_amount: str) -> bool:
    """Whether the limit of a day is the amount of one unit, so that one is what may be taken."""
    known = read_number_cell(known_amount)
    return all(Fraction(amount) == known for amount, _ in _amounts_of(regimens))


def _amounts_of(regimens: tuple[Regimen, ...]) -> tuple[tuple[Decimal, str], ...]:
    return tuple((amount, regimen.amount_unit) for regimen in regimens for amount in regimen.amount or ())


@lru_cache(maxsize=1_024)
def _is_not_oral(dosage_form: str) -> bool:
    return bool(_not_oral().search(dosage_form.lower()))


@cache
def _not_oral() -> re.Pattern[str]:
    words = tomllib.loads((DATA / "plausibility.toml").read_text(encoding="utf-8"))["not_oral"]["words"]
    return re.compile(rf"\b(?:{'|'.join(words)})")


_UNCOUNTED = late_pattern(r"liquid|drop|oil|syrup|solution|powder|granul")
"""Dosage forms that have no unit of their own: an amount 'per unit' of a liquid is an amount of nothing known."""
_FLAGGED = (
    "open-ended",
    "loading-phase",
    "limited-course",
    "supervised-range",
    "as-needed",
    "body-weight",
    "number-words-differ",
    "with-meals-uncounted",
)
BASES = ("per_serving", "per_unit", "per_day", "per_ml", "per_drop", "per_100g")


def _known_basis(text: str) -> str:
    basis = text.strip().lower().replace(" ", "_")
    return basis if basis in BASES else ""


def _for_context(told: Directions, context: str, problems: list[Problem], directions: str) -> tuple[Regimen, ...]:
    """Regimens meant for the context; several that all fit are alternatives the label allows."""
    if not told.regimens:
        return ()
    exact = tuple(regimen for regimen in told.regimens if context in regimen.contexts)
    if exact:
        return exact
    open_to_all = tuple(regimen for regimen in told.regimens if not regimen.contexts)
    if open_to_all:
        return open_to_all
    adults = tuple(regimen for regimen in told.regimens if "adult" in regimen.contexts) if _is_grown_up(context) else ()
    if adults:
        return adults
    problems.append(Problem("dose-directions-other-audience", shorten(directions)))
    return told.regimens


def _is_grown_up(context: str) -> bool:
    return not context.startswith(("infant", "child", "teen"))


def _stated(low: str, high: str, problems: list[Problem]) -> tuple[Fraction, Fraction] | None:
    """Servings a day stated as data; a swapped pair is sorted, an unset maximum means the minimum."""
    least, most = read_number_cell(low), read_number_cell(high)
    if least is None and most is None:
        return None
    least, most = least or most or ONE, most or least or ONE
    if least > most:
        problems.append(Problem("dose-min-max-swapped", f"{low} to {high}", f"{high} to {low}"))
        least, most = most, least
    return least, most


def _compare(
    stated: tuple[Fraction, Fraction], regimens: tuple[Regimen, ...], serving: Serving, problems: list[Problem]
) -> None:
    """Report directions that say another number of servings than the record states."""
    counts = dict(serving.counts)
    for regimen in regimens:
        per_serving = (
            ONE if regimen.unit == "serving" else Fraction(counts[regimen.unit]) if regimen.unit in counts else None
        )
        if per_serving is None or len(regimens) > 1:
            return
        low, high = regimen.units_per_day_low / per_serving, regimen.units_per_day_high / per_serving
        if (low, high) != stated:
            problems.append(Problem("dose-servings-vs-directions", f"{_show(low)} to {_show(high)} a day" if low != high else f"{_show(low)} a day",
                                    _show(stated[0]) if stated[0] == stated[1] else f"{_show(stated[0])} to {_show(stated[1])}"))  # fmt: skip


def _show(value: Fraction) -> str:
    return f"{float(value):g}"


@dataclass(slots=True)
class _Builder:
    """Turns servings or units a day into factors for one basis."""

    serving: Serving
    basis: str
    assumed_basis: bool
    problems: list[Problem]
    amounts_told: tuple[tuple[Decimal, str], ...] = ()
    known_amount: Fraction | None = None

    def tell_amounts(self, regimens: tuple[Regimen, ...], known_amount: Fraction | None) -> None:
        """Take in the amounts that regimens tell, and the amount of one unit of the basis where it makes a count of each."""
        self.amounts_told = _amounts_of(regimens)
        if not self.amounts_told:
            return
        counts = {Fraction(amount) / known_amount for amount, _ in self.amounts_told} if known_amount else set()
        if self.basis == "per_day" and not self.assumed_basis and counts == {ONE}:
            return
        if counts and all(map(self._is_count, counts)):
            self.known_amount = known_amount
        else:
            words = ", ".join(
                dict.fromkeys(
                    f"{amount:f} {unit.upper() if unit == 'iu' else unit}" for amount, unit in self.amounts_told
                )
            )
            self.problems.append(Problem("dose-directions-partly-read", words))

    def _is_count(self, count: Fraction) -> bool:
        """Whether so many units may be taken: any share of a liquid, of pieces whole numbers, halves and quarters."""
        if self.basis == "per_day" and not self.assumed_basis:
            return False
        if self.basis in ("per_drop", "per_ml"):
            return Fraction(1, 100) <= count <= _MOST_TAKEN
        return count <= _MOST_TAKEN and (count.denominator == 1 or count in (Fraction(1, 2), Fraction(1, 4)))

    def _units(self) -> Fraction | None:
        """Countable units in a serving; a volume or a weight is no count ('1 drop (0.03 mL)')."""
        counts = dict(self.serving.counts)
        return next((exact(counts[unit]) for unit in _COUNTABLE if unit in counts), None)

    def from_servings(self, low: Fraction, high: Fraction, source: str) -> Schedule:
        """Factors when the count is of servings."""
        units = self._units()
        if self.basis == "per_day":
            return self._built(ONE, ONE, ONE, low, high, source, ONE)
        if self.basis == "per_serving":
            return self._built(low, high, high, low, high, source, ONE)
        per_serving = self._per_serving(self.basis)
        if per_serving is None and self.basis == "per_unit":
            per_serving = ONE if units is None else units
        if per_serving is None:
            return self.stuck(f"amount-{self.basis.replace('_', '-')}-without-quantity", source)
        return self._built(
            low * per_serving, high * per_serving, per_serving, low * per_serving, high * per_serving, source, ONE
        )

    def _per_serving(self, basis: str) -> Fraction | None:
        """How many of the basis's unit make a serving."""
        counts = {unit: exact(count) for unit, count in self.serving.counts}
        if basis == "per_unit":
            return self._units()
        unit = {"per_drop": "drop", "per_ml": "ml"}.get(basis)
        if unit:
            return counts.get(unit)
        weight = counts.get("gram") or counts.get("ml")
        return weight / 100 if weight is not None else None

    def from_regimens(self, regimens: tuple[Regimen, ...], source: str = "directions") -> Schedule:
        """Factors when the count is of units, from one regimen or from alternatives the label allows."""
        parts = [self._one(regimen) for regimen in regimens]
        if any(part is None for part in parts):
            unit = next(
                regimen.word or regimen.unit for regimen, part in zip(regimens, parts, strict=True) if part is None
            )
            self.problems.append(
                Problem(
                    "dose-drops-without-volume"
                    if self.basis in ("per_drop", "per_ml") or unit.startswith("drop")
                    else "dose-basis-unknown",
                    unit,
                )
            )
            return self.stuck("unit-of-directions-not-in-serving", source)
        known = [part for part in parts if part is not None]
        if len(known) == 1:
            low, high, single = known[0]
            return self._built(low, high, single, low, high, source, exact(regimens[0].interval_days))
        interval = max(regimen.interval_days for regimen in regimens)
        # One intake of the spaced part: the tablets of a daily loading phase are not taken at once with it.
        single = max(
            part[2] for part, regimen in zip(known, regimens, strict=True) if regimen.interval_days == interval
        )
        return self._built(
            min(part[0] for part in known), max(part[1] for part in known), single,
            min(part[0] for part in known), max(part[1] for part in known), source, exact(interval),
        )  # fmt: skip

    def _one(self, regimen: Regimen) -> tuple[Fraction, Fraction, Fraction] | None:
        """Lowest and highest factor a day and the factor of one intake, or `None` if the units do not meet."""
        quantity = (exact(regimen.quantity_low), exact(regimen.quantity_high))
        if regimen.amount and self.known_amount:
            least, most = (Fraction(amount) / self.known_amount for amount in regimen.amount)
            often = (
                Fraction(regimen.times_low) / Fraction(regimen.interval_days),
                Fraction(regimen.times_high) / Fraction(regimen.interval_days),
            )
            return least * often[0], most * often[1], most
        low, high = regimen.units_per_day_low, regimen.units_per_day_high
        if self.basis == "per_day":
            if regimen.interval_days <= 1:
                return self._per_portion(quantity, low, high, regimen)
            if self.assumed_basis and regimen.unit != "serving":
                # A market's habit of declaring the daily portion cannot hold where there is no daily portion.
                return low, high, quantity[1]
            return ONE / Fraction(regimen.interval_days), ONE / Fraction(regimen.interval_days), ONE
        per = self._units_per_basis(regimen, quantity)
        if per is None:
            return None
        least, most = per
        if least is most is ONE:
            return low, high, quantity[1]
        return low / most, high / least, quantity[1] / least

    def _per_portion(
        self, quantity: tuple[Fraction, Fraction], low: Fraction, high: Fraction, regimen: Regimen
    ) -> tuple[Fraction, Fraction, Fraction]:
        """An amount for the daily portion is the day; if that basis is only the market's habit, both readings stand."""
        if not self.assumed_basis or (low == high == 1) or regimen.unit == "serving":
            return ONE, ONE, ONE
        self.problems.append(
            Problem(
                "dose-basis-unknown",
                f"{_show(high)} {regimen.word or regimen.unit} a day",
                "per daily portion or per unit",
            )
        )
        return min(ONE, low), max(ONE, high), max(ONE, high)

    def _units_per_basis(
        self, regimen: Regimen, quantity: tuple[Fraction, Fraction]
    ) -> tuple[Fraction, Fraction] | None:
        """How many units of the regimen hold one printed amount: least and most."""
        counts = {unit: exact(count) for unit, count in self.serving.counts}
        unit = regimen.unit
        if self.basis in ("per_drop", "per_ml", "per_100g"):
            target = {"per_drop": "drop", "per_ml": "ml", "per_100g": "gram"}[self.basis]
            size = Fraction(100) if self.basis == "per_100g" else ONE
            if unit == target or (self.basis == "per_100g" and unit == "ml"):
                return size, size
            if unit in _ML_OF and target == "ml":
                return size / _ML_OF[unit], size / _ML_OF[unit]
            if unit == "serving" and target in counts:
                return size / counts[target], size / counts[target]
            if unit in counts and target in counts:
                each = counts[target] / counts[unit]
                return size / each, size / each
            return None
        if unit == "serving":
            return (ONE, ONE) if self.basis == "per_serving" else (ONE / (self._units() or ONE),) * 2
        if self.basis == "per_unit":
            return ONE, ONE
        if unit in counts:
            return counts[unit], counts[unit]
        if not counts:
            return self._unsaid_serving(quantity, regimen)
        if unit in _ML_OF and "ml" in counts:
            return counts["ml"] / _ML_OF[unit], counts["ml"] / _ML_OF[unit]
        if len(counts) == 1 and unit in _PIECES and next(iter(counts)) in _PIECES:
            only = next(iter(counts.values()))
            return only, only
        return None

    def _unsaid_serving(self, quantity: tuple[Fraction, Fraction], regimen: Regimen) -> tuple[Fraction, Fraction]:
        """No serving size on the record: by the piece an amount is taken to be for one piece, and that is said;
        drops, mL and scoops differ too much for that, so one unit and all that is taken at once are both judged."""
        if quantity[1] <= 1:
            return ONE, ONE
        taken = f"{_show(quantity[1])} {regimen.word or regimen.unit}"
        if regimen.unit == "piece":
            self.problems.append(Problem("dose-basis-assumed", taken, "one unit"))
            return ONE, ONE
        self.problems.append(Problem("dose-basis-unknown", taken, "per unit or per intake"))
        return ONE, quantity[1]

    def _built(
        self,
        low: Fraction,
        high: Fraction,
        single: Fraction,
        servings_low: Fraction,
        servings_high: Fraction,
        source: str,
        interval: Fraction,
    ) -> Schedule:
        return Schedule(
            low,
            high,
            single,
            servings_low,
            servings_high,
            source,
            interval,
            self.basis,
            self._units(),
            "",
            tuple(self.problems),
            self.amounts_told,
        )

    def stuck(self, reason: str, source: str) -> Schedule:
        return Schedule(
            None, None, None, None, None, source, ONE, self.basis, self._units(), reason, tuple(self.problems), self.amounts_told
        )  # fmt: skip


_MOST_TAKEN = 60
"""No label tells a dose of more units at once by its amount; a larger amount is that of another substance."""
_ML_OF = {"tsp": Fraction(5), "tbsp": Fraction(15)}
"""Kitchen measures with a legal volume (21 CFR 101.9(b)(5)(viii)); a drop, dropper or scoop has none."""
_COUNTABLE = ("piece", "spray", "drop", "sachet", "ampoule", "dropper", "scoop", "pump", "capful")
_PIECES = ("piece", "sachet", "ampoule", "scoop", "dropper", "spray")
