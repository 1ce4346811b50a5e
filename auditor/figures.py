"""What each figure on a line means: an amount, the weight of a raw material, a strength, a percent of a daily value."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path

from auditor.units import IU, Quantity

WORDING = Path(__file__).parent / "data" / "wording" / "figures.toml"

AMOUNT, RAW, STRENGTH, DAILY_VALUE, OTHER_BASIS = "amount", "raw", "strength", "daily-value", "other-basis"

BASES = ("per_day", "per_drop", "per_ml", "per_100g", "per_unit", "per_serving")


@cache
def _wording() -> tuple[re.Pattern[str], re.Pattern[str], dict[str, re.Pattern[str]]]:
    table = tomllib.loads(WORDING.read_text(encoding="utf-8"))
    yields = re.compile(rf"(?<!\w)(?:{'|'.join(table['yields'])})(?!\w)")
    strength = re.compile("|".join(table["strength"]))
    return yields, strength, {basis: re.compile("|".join(table["basis"][basis])) for basis in BASES}


@lru_cache(maxsize=16_384)
def basis_of(text: str) -> str:
    """What the amounts of a cleaned text refer to ('per drop', 'pro Tagesdosis'), or '' if it does not say."""
    lowered = text.lower()
    return next((basis for basis, pattern in _wording()[2].items() if pattern.search(lowered)), "")


def with_roles(lowered: str, quantities: tuple[Quantity, ...]) -> tuple[Quantity, ...]:
    """The figures with their roles; `lowered` is the text in which names are blanked out by '§'."""
    if not quantities:
        return ()
    yields, strength, _ = _wording()
    masses = [quantity for quantity in quantities if quantity.unit not in ("%", "ppm")]
    turn = next((match.start() for match in yields.finditer(lowered)), None)
    parted = turn is not None and any(q.start < turn for q in masses) and any(q.start > turn for q in masses)
    read = []
    for quantity in quantities:
        if quantity.unit == "ppm" or quantity.per in ("g", "gram", "gramm", "kg", "mg"):
            role = STRENGTH
        elif quantity.unit == "%":
            role = STRENGTH if _is_strength(lowered, quantity, strength, bool(masses)) else DAILY_VALUE
        elif parted and turn is not None and quantity.start < turn and quantity.unit != IU:
            role = RAW
        else:
            role = AMOUNT
        read.append(replace(quantity, role=role))
    return _one_basis(lowered, read)


# "25 mcg per softgel (50 mcg per 2-softgel serving)": figures for different bases are no contradiction.
_PER = re.compile(r"[ )\],;:]{0,3}(?:per|each|/|pro|je|par|por)[ ]?((?:\d+|two|three|four)?[ -]?[a-zà-ÿ]{3,}(?: [a-zà-ÿ]{3,})?)")


def _one_basis(lowered: str, quantities: list[Quantity]) -> tuple[Quantity, ...]:
    """Keep as amounts the figures of the first basis named on the line; the others are marked `other-basis`."""
    amounts = [n for n, quantity in enumerate(quantities) if quantity.role == AMOUNT]
    if len(amounts) < 2:
        return tuple(quantities)
    waiting: list[int] = []
    for n in amounts:
        waiting.append(n)
        following = lowered[quantities[n].end : quantities[n].end + 40]
        named = _PER.match(following)
        if named:
            for position in waiting:
                quantities[position] = replace(quantities[position], basis=named[1].strip())
            waiting = []
    bases = {quantities[n].basis for n in amounts if quantities[n].basis}
    if len(bases) > 1:
        first = quantities[amounts[0]].basis
        for n in amounts:
            if quantities[n].basis not in ("", first):
                quantities[n] = replace(quantities[n], role=OTHER_BASIS)
    return tuple(quantities)


def _is_strength(lowered: str, quantity: Quantity, strength: re.Pattern[str], has_mass: bool) -> bool:
    after = lowered[quantity.end : quantity.end + 14].lstrip(" )")
    before = lowered[max(0, quantity.start - 16) : quantity.start]
    if re.match(r"(?:dv|daily|nrv|rda|rdi|vnr|vrn|rws|ri\b|ar\b|ajr|der|d\.v)", after):
        return False
    if re.search(r"standardi[sz]ed|titr|purity|potency|(?<!\w)as $|>$|≥$", before):
        return True
    found = strength.match(after)
    if found and found[0] == "§":
        # '80 % Vitamin K1' is a strength; '... 625 % Vitamin K2 100 mcg' closes the line before it.
        return has_mass is False or not re.search(r"\d[^§]*$", lowered[: quantity.start].rstrip()) or before.rstrip().endswith("(")
    if found:
        return True
    # '(1 %) 10 mg': a small percent in brackets straight before a weight is the strength of that weight.
    return bool(
        before.rstrip().endswith("(")
        and quantity.readings
        and quantity.readings[0] <= 10
        and re.match(r"\)? ?[\d.,]+ ?m?g\b", lowered[quantity.end : quantity.end + 14])
    )
