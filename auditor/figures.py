"""What each figure on a line means: an amount, the weight of a raw material, a strength, a percent of a daily value."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import tomli as tomllib

from auditor.patterns import late_pattern
from auditor.remembering import remembered
from auditor.units import IU, Quantity

WORDING = Path(__file__).parent / "data" / "wording" / "figures.toml"

AMOUNT, RAW, STRENGTH, DAILY_VALUE, OTHER_BASIS = "amount", "raw", "strength", "daily-value", "other-basis"

BASES = ("per_day", "per_drop", "per_ml", "per_100g", "per_unit", "per_serving")


_STRENGTH_PER = ("g", "gram", "gramm", "kg", "mg")


@cache
def _wording() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], dict[str, re.Pattern[str]]]:
    table = tomllib.loads(WORDING.read_text(encoding="utf-8"))
    yields = re.compile(rf"(?<!\w)(?:{'|'.join(table['yields'])})(?!\w)")
    strength = re.compile("|".join(table["strength"]))
    raw_before = re.compile(rf"(?:{'|'.join(table['raw_before'])})[ ,:(]*$")
    return yields, strength, raw_before, {basis: re.compile("|".join(table["basis"][basis])) for basis in BASES}


@cache
def _blend_words() -> re.Pattern[str]:
    words = tomllib.loads(WORDING.read_text(encoding="utf-8"))["blend"]["words"]
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)")


@cache
def _spaced_words() -> re.Pattern[str]:
    words = tomllib.loads(WORDING.read_text(encoding="utf-8"))["spaced"]["words"]
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})")


@remembered(8_192)
def says_spaced(text: str) -> bool:
    """Whether a cleaned text says that the product is not taken daily ('weekly', 'alle 20 Tage', 'Depot')."""
    return bool(_spaced_words().search(text.lower()))


_SERVING_ON_LINE = late_pattern(
    r"(?:(?:per|pro|je|par|por|each|in) |(?:(?<=[^\W\d])|(?<=\)))[ ]?/[ ]?|(?=\d[\d.,]*[ -]?[^\W\d]+ (?:contains?|provides?|enthalten|contiennent|contienen|contengono|bevatten|zawierają|=)))"
    r"(\d+(?:[.,]\d+)?[ -]?(?:drops?|tropfen|gouttes?|gotas?|gocce|kropli|druppels|droppar|dråper|ml|capsules?|softgels?|tablets?|"
    r"gummies|sprays?|kapseln?|tabletten?|gélules?|comprimés?|cápsulas?|capsule|compresse|scoops?|pumps?))(?!\w)"
)


@remembered(4_096)
def serving_of(text: str) -> str:
    """The serving a line states for its amount ('25 mcg per 5 drops' gives '5 drops'), or ''."""
    found = _SERVING_ON_LINE.search(text.lower())
    return found[1] if found and not found[1].startswith(("1 ", "1-")) else ""


@remembered(8_192)
def basis_of(text: str) -> str:
    """What the amounts of a cleaned text refer to ('per drop', 'pro Tagesdosis'), or '' if it does not say."""
    lowered = text.lower()
    return next((basis for basis, pattern in _wording()[3].items() if pattern.search(lowered)), "")


def with_roles(lowered: str, quantities: tuple[Quantity, ...]) -> tuple[Quantity, ...]:
    """The figures with their roles; `lowered` is the text in which names are blanked out by '§'."""
    if not quantities:
        return ()
    yields, strength, raw_before, _ = _wording()
    masses = [quantity for quantity in quantities if quantity.unit not in ("%", "ppm")]
    turn = next((match.start() for match in yields.finditer(lowered)), None)
    parted = turn is not None and any(q.start < turn for q in masses) and any(q.start > turn for q in masses)
    read = []
    for quantity in quantities:
        if quantity.unit == "ppm" or quantity.per in _STRENGTH_PER:
            role = STRENGTH
        elif quantity.unit == "%" and re.search(r"[+±] ?$", lowered[: quantity.start]):
            # '+ 20 %' is an overage the maker adds, neither a strength nor a daily value.
            role = OTHER_BASIS
        elif quantity.unit == "%":
            role = STRENGTH if _is_strength(lowered, quantity, strength, bool(masses)) else DAILY_VALUE
        elif (parted and turn is not None and quantity.start < turn and quantity.unit != IU) or (
            quantity.unit in ("milligram", "gram")
            and raw_before.search(lowered[max(0, quantity.start - 30) : quantity.start])
        ):
            role = RAW
        elif quantity.unit in ("milligram", "gram") and _blend_words().search(lowered):
            role = OTHER_BASIS
        else:
            role = AMOUNT
        read.append(quantity if quantity.role == role else replace(quantity, role=role))
    return _one_basis(lowered, read)


_PER_BEFORE = late_pattern(
    r"((?:per|each|pro|je|par|por)[ ](?:\d+ ?)?[a-zà-ÿ]{3,})(?: \([^()]*\)| contains| enthält)?[ :,§()\-]*$"
)
# "25 mcg per softgel (50 mcg per 2-softgel serving)": figures for different bases are no contradiction.
_PER = late_pattern(
    r"[ )\],;:§]{0,40}((?:per|each|/|pro|je|par|por)[ ]?(?:\d+|two|three|four)?[ -]?[a-zà-ÿ]{3,}(?: [a-zà-ÿ]{3,})?)"
)


def _one_basis(lowered: str, quantities: list[Quantity]) -> tuple[Quantity, ...]:
    """Keep as amounts the figures of the first basis named on the line; the others are marked `other-basis`."""
    amounts = [n for n, quantity in enumerate(quantities) if quantity.role == AMOUNT]
    if len(amounts) < 2:
        return tuple(quantities)
    bases = _bases_of(lowered, [quantities[n] for n in amounts])
    several = len({basis for basis in bases if basis}) > 1
    for n, basis in zip(amounts, bases, strict=True):
        role = OTHER_BASIS if several and basis not in ("", bases[0]) else AMOUNT
        if basis or role != AMOUNT:
            quantities[n] = replace(quantities[n], basis=basis, role=role)
    return tuple(quantities)


def _bases_of(lowered: str, amounts: list[Quantity]) -> list[str]:
    """What each amount refers to, in the label's words: before it ('je Kapsel 50 µg') or after it ('25 mcg per softgel')."""
    before = [_PER_BEFORE.search(lowered[: quantity.start]) for quantity in amounts]
    if before[0]:
        return [found[1] if found else "" for found in before]
    bases = [""] * len(amounts)
    waiting: list[int] = []
    for n, quantity in enumerate(amounts):
        waiting.append(n)
        named = _PER.match(lowered[quantity.end : quantity.end + 60])
        basis = (
            f"/{quantity.per}"
            if quantity.per and quantity.per not in _STRENGTH_PER
            else named[1].strip()
            if named
            else ""
        )
        if basis:
            bases = [basis if position in waiting else known for position, known in enumerate(bases)]
            waiting = []
    return bases


_OF_A_MATERIAL = late_pattern(
    r" ?§[§ -]*(?:powder|pulver|poudre|polvo|polvere|oil|öl|huile|extract|extrakt|premix|beadlets?|triturat\w*|concentrate)\b"
)


def _is_strength(lowered: str, quantity: Quantity, strength: re.Pattern[str], has_mass: bool) -> bool:
    after = lowered[quantity.end : quantity.end + 14].lstrip(" )")
    before = lowered[max(0, quantity.start - 32) : quantity.start]
    if re.match(r"(?:dv|daily|nrv|rda|rdi|vnr|vrn|rws|ri\b|ar\b|ajr|der|d\.v)", after):
        return False
    if re.search(r"(?:(?:standardi[sz]|titr|purity|potency)\w*(?: \w+){0,2} ?|(?<!\w)as |[>≥±] ?)$", before):
        return True
    if after.startswith("=") and quantity.readings and quantity.readings[0] <= 10 and has_mass:
        return True  # '10 mg (1 % = 100 mcg)'
    if re.match(r"as §", after) and before.rfind("(") > before.rfind(")"):
        return True  # '(25 % as K1, 75 % as K2)' parts the amount
    if _OF_A_MATERIAL.match(lowered, quantity.end):
        return True  # 'from 5 mg of 2% MK-7 powder'
    found = strength.match(after)
    if found and found[0] == "§":
        # '80 % Vitamin K1' is a strength; '... 625 % Vitamin K2 100 mcg' closes the line before it.
        return (
            has_mass is False
            or not re.search(r"\d[^§]*$", lowered[: quantity.start].rstrip())
            or before.rstrip().endswith("(")
        )
    if found:
        return True
    # '(1 %) 10 mg': a small percent straight before a weight is the strength of that weight; without brackets only
    # where no figure stands before it, since '83 % 5 mg' may close one line and open the next.
    return bool(
        (before.rstrip().endswith("(") or not re.search(r"\d[\d.,]* ?(?:[mµu]?c?g|iu)\b", lowered[: quantity.start]))
        and quantity.readings
        and quantity.readings[0] <= 10
        and re.match(r"\)? ?[\d.,]+ ?m?g\b", lowered[quantity.end : quantity.end + 14])
    )
