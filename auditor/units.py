"""Numbers and units on labels: exact reading of amounts, and the one pint registry that converts them.

Numbers are read by a strict grammar into decimals; a unit is looked up in a table of label spellings and
only the registry's own unit names ever reach pint, so `MG` is no megagauss and `U` no enzyme unit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import tomli as tomllib

from auditor.patterns import late_pattern
from auditor.remembering import remembered
from auditor.text import alternation

if TYPE_CHECKING:
    import pint

DATA = Path(__file__).parent / "data"

IU = "iu"
NOT_PROVIDED = "not-provided"

SUBSTANCES_WITH_IU = {"vitamin_d": "iu_vitamin_d"}
"""Nutrients that have an international unit, and the registry's name for it."""


@cache
def registry() -> pint.UnitRegistry[Any]:
    """The registry: built from nothing but `data/units.txt`, exact decimals throughout."""
    import pint

    ureg: pint.UnitRegistry[Any] = pint.UnitRegistry(None, non_int_type=Decimal)
    ureg.load_definitions(str(DATA / "units.txt"))
    return ureg


MCG_PER_UNIT = {"gram": Decimal(1_000_000), "milligram": Decimal(1000), "microgram": Decimal(1), "nanogram": Decimal("0.001"),
                "iu_vitamin_d": Decimal("0.025")}  # fmt: skip
"""What the registry says of its units, kept because importing pint takes as long as importing pandas; a test compares them."""


@cache
def mcg_per_unit(unit: str, nutrient: str) -> Decimal | None:
    """Micrograms in one unit of a nutrient, exact; `None` where the unit does not exist for it.

    An international unit exists for vitamin D2 and D3 only (0.025 mcg).
    """
    if unit == IU:
        if nutrient not in SUBSTANCES_WITH_IU:
            return None
        unit = SUBSTANCES_WITH_IU[nutrient]
    return MCG_PER_UNIT[unit] if unit in MCG_PER_UNIT else asked_of_registry(unit)


def asked_of_registry(unit: str) -> Decimal:
    """Micrograms in one of the registry's units, as pint converts it."""
    return Decimal(registry().Quantity(Decimal(1), unit).m_as("microgram"))


@cache
def _spellings() -> dict[str, str]:
    table = tomllib.loads((DATA / "spellings.toml").read_text(encoding="utf-8"))
    return {_fold_unit(spelling): unit for unit, entry in table.items() for spelling in entry["spellings"]}


def _fold_unit(text: str) -> str:
    return re.sub(r"[.\s]", "", text.casefold().replace("μ", "µ"))


@remembered(4_096)
def unit_named(text: str) -> str | None:
    """Registry name of a unit as spelled on a label, `iu` or `not-provided`; `None` if it is not in the table."""
    return _spellings().get(_fold_unit(text))


class Number(NamedTuple):
    """A printed number: its readings in order of likelihood, and why there is more or less than one.

    `problem` is empty for one clear reading, `separator-ambiguous` for '1.000' (two readings) and
    `number-malformed` for digits that follow no convention ('1,5000'; no reading).
    """

    readings: tuple[Decimal, ...]
    problem: str = ""


_GROUPED = late_pattern(r"\d{1,3}(?:([ '])\d{3})(?:\1\d{3})*(?:[.,]\d+)?", re.ASCII)
_BOTH = late_pattern(r"\d{1,3}(?:(?:,\d{3})+\.\d+|(?:\.\d{3})+,\d+)", re.ASCII)
_REPEATED = late_pattern(r"\d{1,3}(?:(?:,\d{3}){2,}|(?:\.\d{3}){2,})", re.ASCII)
_SINGLE = late_pattern(r"[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
_PLAIN_NUMBER = late_pattern(r"\d{1,15}(?:[.,·]\d{1,9})?|[.,·]\d{1,9}", re.ASCII)
_FRACTION = late_pattern(r"(?:(\d{1,3}) )?(\d{1,3})/(\d{1,3})", re.ASCII)
# The '00' of a torn '50 00 IU'; '025' may have lost its decimal mark.
_LEADING_ZERO = late_pattern(r"0\d+")
# '1,5000' follows no convention: a decimal comma is not followed by four figures after a whole number.
_ODD_COMMA = late_pattern(r"[1-9]\d*,\d{4,}", re.ASCII)

NUMBER_PATTERN = r"(?:\d{1,3}(?:[ ']\d{3})+(?!\d)(?:[.,]\d+)?|\d{1,3} \d/\d|\d/\d|\d[\d.,·']*\d|\d|[.,·]\d+)"
"""Where a number may stand in cleaned text; :func:`read_number` says what it is."""


@remembered(16_384)
def read_number(text: str) -> Number:
    """Read one printed number strictly (ASCII digits after cleaning).

    A comma followed by exactly three digits after one to three others has two readings, thousands first;
    a point likewise, decimal first.  Who calls decides with the unit, the market and the other figures.
    """
    text = text.strip()
    if _LEADING_ZERO.fullmatch(text):
        return Number((), "number-malformed")
    if _GROUPED.fullmatch(text):
        return Number((_decimal(text.replace(" ", "").replace("'", "").replace(",", ".")),))
    if _BOTH.fullmatch(text):
        thousands = "," if text.index(",") < text.rindex(".") else "."
        return Number((_decimal(text.replace(thousands, "").replace(",", ".")),))
    if _REPEATED.fullmatch(text):
        return Number((_decimal(text.replace(",", "").replace(".", "")),))
    if _SINGLE.fullmatch(text):
        joined, split = _decimal(re.sub(r"[.,]", "", text)), _decimal(text.replace(",", "."))
        return Number((joined, split) if "," in text else (split, joined), "separator-ambiguous")
    if _PLAIN_NUMBER.fullmatch(text) and not _ODD_COMMA.fullmatch(text):
        return Number((_decimal(text.replace(",", ".").replace("·", ".")),))
    fraction = _FRACTION.fullmatch(text)
    if fraction and fraction[3] != "0":
        whole, above, below = (int(part or 0) for part in fraction.groups())
        return Number((Decimal(whole) + Decimal(above) / Decimal(below),))
    return Number((), "number-malformed")


def _decimal(text: str) -> Decimal:
    return Decimal("0" + text if text.startswith(".") else text)


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number with its unit as found in a text.

    `number` is as printed, `readings` its possible values, `high` the upper end of a printed range
    ('1-4 IU', '400 or 800 IU'), `unit` a name of the unit table or `%` or `ppm`, `sign` one of '', '<', '>', '-'.
    `per` is the unit the text divides by ('g' in '100,000 IU/g'), `count` the number it is multiplied with ('2 x 25 mcg').  `role` and `basis` ('per softgel') are set by :mod:`auditor.figures`.
    """

    number: str
    readings: tuple[Decimal, ...]
    unit: str
    printed_unit: str
    start: int
    end: int
    sign: str = ""
    high: Decimal | None = None
    per: str = ""
    problem: str = ""
    count: int = 1
    role: str = "amount"
    basis: str = ""


@cache
def _quantity_pattern(any_case: bool) -> re.Pattern[str]:
    words = sorted({spelling for unit in _unit_table().values() for spelling in unit}, key=len, reverse=True)
    table = tomllib.loads((DATA / "wording" / "figures.toml").read_text(encoding="utf-8"))["bounds"]
    at_least, at_most, between, joins = ("|".join(table[kind]) for kind in ("at_least", "at_most", "between", "joins"))
    units = alternation(re.escape(word).replace(r"\ ", r" ?") for word in words)
    return re.compile(
        rf"(?:(?<![\w.,])(?P<count>[2-9]|1\d) ?[x×] ?)?(?P<sign><|>|≤|≥|\b(?:{at_most}) ?|(?P<least>\b(?:{at_least}) ?))?(?P<between>\b(?:{between}) )?[ ]?(?P<minus>(?<![\w)]) ?-)?"
        rf"(?P<number>(?!(?<=[a-zà-ÿ]-)\d[ ]\d)(?:(?<![a-zà-ÿ\d_.,])(?<!\d/)(?<!\de[+-])|(?<=\dx)|(?<=\d×)|(?<=mcg)|(?<=µg)|(?<=ug)|(?<=mg)|(?<=iu)){NUMBER_PATTERN})"
        rf"(?:(?:[ ]?(?:-|~|to|bis|à)[ ]?|[ ](?:or|oder|ou)[ ]|(?(between)[ ](?:{joins})[ ]|(?!)))(?P<high>{NUMBER_PATTERN})|[ ]?(?:±|\+/-)[ ]?{NUMBER_PATTERN}(?=[ ]?[a-zµ]))?"
        rf"(?:[ ]?(?P<multiple>{'|'.join(_MULTIPLES)})(?=[ ]?(?:iu|i\.u|ui|u\.i|ie|i\.e|usp|international|internat|int)))?"
        rf"[ ]?-?(?:(?P<unit>{units})(?![a-zà-ÿа-я])|(?P<percent>%|(?:prozent|procent|prosent|percent|per ?cent|pour ?cent|por ?ciento|por ?cento|per ?cento|パーセント)(?![a-zà-ÿ]))|(?P<ppm>ppm\b)|(?P<lost>(?:[?¿\ufffd]+|p)g\b))"
        rf"(?:[ ]?(?:/|per|pro|je|par)[ ]?(?P<per>100 ?g|100 ?ml|g|gram|gramm|kg|mg|ml|drop|drops|tropfen|goutte|gotas?|goccia)\b)?"
        rf"(?:[ ]?[x×][ ]?(?P<times>[2-9])(?=[ ]*(?:$|[),;])))?",
        re.IGNORECASE if any_case else 0,
    )


def unit_spellings() -> tuple[str, ...]:
    """All spellings of all units, lower case."""
    return tuple(spelling for spellings in _unit_table().values() for spelling in spellings)


@cache
def _unit_table() -> dict[str, tuple[str, ...]]:
    table = tomllib.loads((DATA / "spellings.toml").read_text(encoding="utf-8"))
    return {unit: tuple(entry["spellings"]) for unit, entry in table.items() if unit != NOT_PROVIDED}


_MULTIPLES = {
    "k": 1_000,
    "thousand": 1_000,
    "tsd\\.?": 1_000,
    "mille": 1_000,
    "millions?": 1_000_000,
    "millionen": 1_000_000,
    "mio\\.?": 1_000_000,
    "m": 1_000_000,
}
"""'5k IU', '1 MIU/g': words between a number and international units."""


def _multiplied(number: Number, word: str | None) -> Number:
    if not word:
        return number
    factor = next((value for pattern, value in _MULTIPLES.items() if re.fullmatch(pattern, word, re.IGNORECASE)), 1)
    return Number(tuple(reading * factor for reading in number.readings), number.problem)


_HAS_DIGIT = late_pattern(r"\d")


_UNIT_BEFORE = (
    r"(mcg|µg|μg|ug|mg|iu|i\.u\.|ui|u\.i\.)( ?)(\d{1,3}(?:[., ]\d{3})+|\d+(?:[.,]\d+)?)(?![\d.,]*\d)(?! \d{3}(?!\d))"
)
_MAY_BE_TURNED = re.compile(r"[giuGIUİı.] ?\d")
"""The end of a unit and a number: where it stands nowhere, no unit stands before its number."""
_NO_UNIT_BEHIND = r"(?! ?(?:mcg|µg|μg|ug|mg|g\b|iu|i\.u|ui|u\.i|ie\b|i\.e|%|ml|drops?|caps|tab|softg|gocc|x\b))"
_NO_NUMBER_BEFORE = r"(?<![\w.,)/-])(?<!\d )(?<!% )"
_UNIT_FIRST = (
    late_pattern(rf"{_NO_NUMBER_BEFORE}{_UNIT_BEFORE}([ ,;]{{1,2}}){_UNIT_BEFORE}{_NO_UNIT_BEHIND}", re.IGNORECASE),
    late_pattern(rf"{_NO_NUMBER_BEFORE}{_UNIT_BEFORE}{_NO_UNIT_BEHIND}", re.IGNORECASE),
)
"""'UI 1000 mcg 25' and 'mcg 25 (UI 1000)', as Italian labels print them."""


def _turned(text: str) -> tuple[str, dict[int, int]]:
    """The text with units behind their numbers, as long as before; and where the numbers stood, by where they are now."""
    places: dict[int, int] = {}
    if not _MAY_BE_TURNED.search(text):
        return text, places
    for pattern in _UNIT_FIRST:
        for match in pattern.finditer(text):
            for unit in range(1, len(match.groups()), 4):
                places[match.start(unit)] = match.start(unit + 2)
        text = pattern.sub(lambda found: "".join(_units_behind(found.groups())), text)
    return text, places


def _units_behind(groups: tuple[str, ...]) -> list[str]:
    unit, blank, number, *rest = groups
    return [number, blank, unit, *(rest[:1] + _units_behind(tuple(rest[1:])) if rest else [])]


def find_quantities(text: str) -> tuple[Quantity, ...]:
    """All numbers with a unit (behind or before them), percent sign or ppm in a cleaned text, in order of appearance."""
    if not _HAS_DIGIT.search(text):
        return ()
    text, turned = _turned(text)
    found = []
    # Texts come in lower case, and are found sooner so; a dotless i is taken for an i only without regard to case.
    any_case = "ı" in text or text != text.lower()
    for match in _quantity_pattern(any_case).finditer(text):
        number = _multiplied(read_number(match["number"]), match["multiple"])
        high = read_number(match["high"]) if match["high"] else None
        if match["lost"]:
            unit = "micro-sign-lost"
        elif match["percent"] or match["ppm"]:
            unit = "%" if match["percent"] else "ppm"
        else:
            unit = unit_named(match["unit"]) or ""
        sign = (
            "-"
            if match["minus"]
            else ">"
            if match["least"]
            else {"≤": "<", "≥": ">", "<": "<", ">": ">"}.get(
                (match["sign"] or "").strip(), "<" if match["sign"] else ""
            )
        )
        found.append(
            Quantity(
                number=match["number"], readings=number.readings, unit=unit,
                printed_unit=match["unit"] or match["lost"] or unit, start=turned.get(match.start("number"), match.start("number")), end=match.end(),
                sign=sign, high=high.readings[0] if high and high.readings else None, per=(match["per"] or "").lower(),
                problem=number.problem, count=int(match["count"] or match["times"] or 1),
            )
        )  # fmt: skip
    return tuple(found)
