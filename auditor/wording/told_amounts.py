"""Doses told in the amount of a substance and not in units: "400 IU daily", "30 mcg daily, then 60 mcg".

Knows when the strengths of a sentence are its doses; how many units that makes is for who knows the amount of one.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from auditor.patterns import late_pattern
from auditor.units import unit_named
from auditor.wording.cells import Cell, read_cells
from auditor.wording.counts import Item
from auditor.wording.frequency import FREQUENCY_KINDS

IU, MCG = "iu", "mcg"
AMOUNT_UNITS = frozenset((IU, MCG))
"""Units of an intake that is told as an amount."""

_MCG_IN = {"microgram": Decimal(1), "milligram": Decimal(1000)}
_OF_SOMETHING_ELSE = frozenset(("dose", "unit", "number", "time", "amount", "defines", "each_share", "relative"))
_HOW_OFTEN = frozenset(("period", "bound", "rate"))
_MAY_PART = ("phase", "audience", "or")


def cells_of_amounts(items: list[Item], contexts: tuple[str, ...], text: str) -> list[Cell]:
    """The cells of a sentence whose doses are amounts; [] where its strengths are none, or not plainly one dose each."""
    kinds = {item.kind for item in items}
    if "strength" not in kinds or not kinds.isdisjoint(_OF_SOMETHING_ELSE):
        return []
    frequent = not kinds.isdisjoint(_HOW_OFTEN) or (not kinds.isdisjoint(FREQUENCY_KINDS) and "meals" not in kinds)
    if not frequent and items[0].kind != "phase":
        return []
    if "divided" in kinds and "rate" in kinds:
        return []  # "45 mg three times daily in divided doses": of the whole or each time
    cells = read_cells([_as_dose(item, text) if item.kind == "strength" else item for item in items], contexts)
    plain = all(cell.dose is None or cell.dose.value in AMOUNT_UNITS for cell in cells)
    parted = all(cell.joined in _MAY_PART or cell.contexts != before.contexts for before, cell in pairwise(cells))
    return cells if plain and parted else []


def amount_of_limit(items: list[Item], text: str) -> tuple[Decimal, str] | None:
    """The amount that a limit names beside its count ("4000 IE (5 tabletter)"), with its unit."""
    doses = [_as_dose(item, text) for item in items if item.kind == "strength"]
    return (doses[0].high, doses[0].value) if len(doses) == 1 and doses[0].value in AMOUNT_UNITS else None


def _as_dose(item: Item, text: str) -> Item:
    """The strength as a dose in IU or mcg; one in another unit, or whose number may be two, is no dose."""
    named = unit_named(text[slice(*item.word)]) or ""
    factor = _MCG_IN.get(named, Decimal(1))
    unit = IU if named == "iu" else MCG if named in _MCG_IN else "other"
    doubtful = [bool(found[1]) for found in _NUMBERS.finditer(text[item.start : item.word[0]])]
    if any(doubtful):  # '20.000 I.E.' are thousands, '1.250 mcg' may be either
        factor, unit = Decimal(1000), IU if unit == IU and all(doubtful) else "other"
    return Item("dose", item.start, item.end, unit, item.low * factor, item.high * factor, item.word)


_NUMBERS = late_pattern(r"([1-9]\d{0,2}\.\d{3}(?!\d))|\d[\d.,]*")
