"""One printed ingredient line: which vitamins it names, in which form, and which figures belong to each.

Nothing is converted or judged here.  A line that names several nutrients gives several pieces; a figure is
given to the name it stands beside; what cannot be told apart is said by a problem code, never guessed.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from auditor.figures import AMOUNT, OTHER_BASIS, RAW, with_roles
from auditor.grouping import Group, group_figures
from auditor.names import TARGET, TRADE, NameHit, find_names, may_name_target
from auditor.patterns import late_pattern
from auditor.remembering import remembered
from auditor.text import clean
from auditor.units import Quantity, find_quantities
from auditor.wording.number_words import with_figures

K_NUTRIENTS = ("vitamin_k", "vitamin_k1", "vitamin_k2")
UNASSIGNABLE = "amount-not-assignable"
"""Problem code of a piece whose figure may belong to another name of the line."""


class Piece(NamedTuple):
    """One nutrient on a line.

    `forms` are the forms named; `form` is the single one, `mixed` for several under one figure, `unstated`
    for none.  `share` is true where a figure covers several nutrients ("K1 and K2 91 mcg") and so is only
    an upper end for this one.  `tail` is what the line says after its last figure.  `quantities` are the figures beside it, percents included, as printed.
    """

    nutrient: str
    form: str
    forms: tuple[str, ...]
    form_source: str
    text: str
    quantities: tuple[Quantity, ...] = ()
    share: bool = False
    problems: tuple[str, ...] = ()
    tail: str = ""


class Ingredient(NamedTuple):
    """Reading of one ingredient text: its pieces, near names seen (calcitriol, nattokinase, ...), repairs made.

    `bare_number` is a number without any unit, where the line has no other figure ("Vitamin D3 5000").
    """

    pieces: tuple[Piece, ...] = ()
    near_names: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()
    bare_number: str = ""


NOTHING = Ingredient()
GLUED = "number-glued-to-name"
"""Problem code of pieces that are only possible readings; at most one of them holds."""

_BARE_NUMBER = late_pattern(r"(?<![\w.,])\d[\d.,]*\d(?![\w%])")
_GLUED = (
    late_pattern(r"(?<![a-z0-9])((?:vit(?:amin)?\.? ?)?(?:d ?-?3|k ?-?[12]))(?=\d)"),
    late_pattern(r"(?<![a-z0-9])(vit(?:amin)?\.? ?[dk])(?=\d[\d.,])"),
)
"""A name with an amount stuck to it may be parted in two places: 'K18' is K 18 or K1 8."""


# "Vitamins A & D", "vitamine D, K": the word stands once for both letters.
_SHARED_WORD = late_pattern(r"vit(?<!\wvit)[a-zé]*s? [a-ek]\d?\d? ?(?:&|,|/|\+|and|und|et|e|y|en|og|och|i) ?(?=[dk]\b)")


_LISTED_LETTER = late_pattern(r"([,;&] ?)(?=[dk] ?:? ?\d)")
"""'Vitamins A 5000 IU, C 60 mg, D 400 IU'."""


_STUCK_BRAND = late_pattern(r"([a-zà-ÿ])(?=Vit(?:amine?|amina)?[ -]?[DK])")
"""'BabyVitD3': a brand's word stuck to the vitamin's name."""


@remembered(8_192)
def read_ingredient(text: str) -> Ingredient:
    """Read an ingredient text as printed.  A text that names neither vitamin gives :data:`NOTHING`."""
    if "Vit" in text:
        text = _STUCK_BRAND.sub(r"\1 ", text)
    lowered = text.lower()
    tested = lowered.isascii()
    if tested and not may_name_target(lowered):
        return NOTHING
    cleaned, repairs = clean(text)
    if not tested or cleaned != text:
        lowered = cleaned.lower()
        if not may_name_target(lowered):
            return NOTHING
    if "vitamins " in lowered:
        lowered = _LISTED_LETTER.sub(r"\1vitamin ", lowered)
    lowered = _SHARED_WORD.sub(r"\g<0>vitamin ", lowered)
    hits = find_names(lowered)
    if not any(hit.name.kind in (TARGET, TRADE) for hit in hits):
        glued = _glued(lowered, repairs)
        if glued is not None:
            return glued
    near = tuple(dict.fromkeys(hit.text for hit in hits if hit.name.kind in ("hormone", "near-name")))
    if not any(hit.name.kind in (TARGET, TRADE) for hit in hits):
        return Ingredient((), near, repairs) if near else NOTHING
    masked = _mask(lowered, hits)
    quantities = with_roles(masked, find_quantities(masked))
    if all(quantity.unit == "%" for quantity in quantities):
        masked = with_figures(masked)
        quantities = with_roles(masked, find_quantities(masked))
    if all(quantity.unit == "%" for quantity in quantities):
        masked, quantities = _unit_first(masked, quantities)
    # lower() keeps positions for nearly all texts, so that pieces show the label's own capitals.
    printed = cleaned if len(cleaned) == len(lowered) else lowered
    pieces = _pieces(lowered, printed, hits, quantities)
    bare = None if quantities else _BARE_NUMBER.search(masked)
    return Ingredient(tuple(pieces), near, repairs, bare[0] if bare else "")


_UNIT_THEN_NUMBER = late_pattern(
    r"(?<![a-z0-9])[(\[]?(?P<unit>mcg|µg|ug|mg|i\.?u\.?|u\.?i\.?|i\.?e\.?)[)\]]?[ :=]{1,3}(?P<number>\d[\d.,]*)(?![\w%/.,]|[ ]?[-/]|[ ]\d[\d.,]*(?![\d.,]| ?%))"
)
"""'Vitamin D3 (µg) 25', 'IE 1000': tables and Nordic labels print the unit before its number."""


def _unit_first(masked: str, quantities: tuple[Quantity, ...]) -> tuple[str, tuple[Quantity, ...]]:
    """The text and its figures with a unit that stands before the only number put behind it; positions stay."""
    found = list(_UNIT_THEN_NUMBER.finditer(masked))
    if len(found) != 1:
        return masked, quantities
    start, end = found[0].span()
    turned = masked[:start] + f"{found[0]['number']} {found[0]['unit']}".ljust(end - start) + masked[end:]
    figures = with_roles(turned, find_quantities(turned))
    return (turned, figures) if any(figure.unit != "%" for figure in figures) else (masked, quantities)


def _glued(lowered: str, repairs: tuple[str, ...]) -> Ingredient | None:
    """Readings of a line whose amount is stuck to the name; the caller keeps the one another figure confirms."""
    variants: list[list[Piece]] = []
    for pattern in _GLUED:
        parted = pattern.sub(r"\1 ", lowered)
        if parted == lowered:
            continue
        hits = find_names(parted)
        if not any(hit.name.kind == TARGET for hit in hits):
            continue
        masked = _mask(parted, hits)
        variants.append(_pieces(parted, parted, hits, with_roles(masked, find_quantities(masked))))
    if not variants:
        return None
    if len(variants) == 1:
        return Ingredient(tuple(variants[0]), (), repairs)
    return Ingredient(
        tuple(p._replace(problems=(*p.problems, GLUED)) for found in variants for p in found), (), repairs
    )


def _mask(text: str, hits: tuple[NameHit, ...]) -> str:
    """The text with every name blanked out, so that the 7 of MK-7 is no figure; positions stay."""
    masked = text
    for hit in hits:
        masked = masked[: hit.start] + "§" * (hit.end - hit.start) + masked[hit.end :]
    return masked


def _pieces(text: str, printed: str, hits: tuple[NameHit, ...], quantities: tuple[Quantity, ...]) -> list[Piece]:
    pieces = [
        piece._replace(problems=(*piece.problems, UNASSIGNABLE)) if group.unassignable else piece
        for group in group_figures(text, hits, quantities) for piece in _read_group(text, printed, group)
    ]  # fmt: skip
    if quantities and len(pieces) == 1:
        pieces[0] = pieces[0]._replace(tail=printed[quantities[-1].end :])
    return pieces


def _read_group(text: str, printed_text: str, group: Group) -> list[Piece]:
    tokens: list[NameHit | Quantity] = [*group.hits, *group.quantities]
    start, end = min(token.start for token in tokens), max(token.end for token in tokens)
    printed = printed_text[start:end]
    printed += "".join(close for open_, close in ("()", "[]") if printed.count(open_) > printed.count(close))
    figures = tuple(group.quantities)
    trades = [hit for hit in group.hits if hit.name.kind == TRADE]
    names = [hit for hit in group.hits if hit.name.kind == TARGET]
    if group.family == "D":
        return [_vitamin_d(text, names, trades, printed, figures)]
    return _vitamin_k(text, names, trades, printed, figures)


def _vitamin_d(
    text: str, names: list[NameHit], trades: list[NameHit], printed: str, figures: tuple[Quantity, ...]
) -> Piece:
    forms = _forms(names)
    source = "line" if forms else "trade-name" if _forms(trades) else "unstated"
    forms = forms or _forms(trades)
    problems: tuple[str, ...] = ()
    form = forms[0] if len(forms) == 1 else "unstated"
    if len(forms) > 1:
        if "calcifediol" in forms and _says_as(text, names):
            form, problems = "calcifediol", ("vitd-form-calcifediol",)
        else:
            problems = ("vitd-form-conflict" if _says_as(text, names) else "vitd-forms-mixed",)
    elif form == "calcifediol":
        problems = ("vitd-form-calcifediol",)
    if form == "calcifediol":
        figures = _without_equivalent(figures)
    return Piece("vitamin_d", form, forms, source, printed, figures, problems=problems)


def _without_equivalent(figures: tuple[Quantity, ...]) -> tuple[Quantity, ...]:
    """'Calcifediol 10 mcg (equivalent to 30 mcg vitamin D3)': the weight of calcifediol is the amount, not what it is set equal to."""
    weighed = [figure for figure in figures if figure.unit in ("microgram", "milligram")]
    if not any(figure.role == RAW and (figure.unit == "microgram" or len(weighed) == 1) for figure in figures):
        return figures
    roles = {AMOUNT: OTHER_BASIS, RAW: AMOUNT}
    return tuple(
        replace(figure, role=roles.get(figure.role, figure.role))
        if figure.unit in ("microgram", "milligram")
        else figure
        for figure in figures
    )


def _vitamin_k(
    text: str, names: list[NameHit], trades: list[NameHit], printed: str, figures: tuple[Quantity, ...]
) -> list[Piece]:
    k1 = [hit for hit in names if hit.name.nutrient == "vitamin_k1"]
    k2 = [hit for hit in names if hit.name.nutrient == "vitamin_k2"]
    other = [hit for hit in names if hit.name.form == "k3"]
    forms, source = _forms(k2), "line"
    if not forms:
        forms = _forms(trades)
        source = "trade-name" if forms else "unstated"
    if k1 and (k2 or trades):
        if (
            len(names) >= 2
            and _says_as(text, names)
            and len({hit.name.nutrient for hit in names}) == 2
            and names[0].name.nutrient != "vitamin_k"
        ):
            return [_contradicting_k(names, forms, printed, figures)]
        shared = [Piece("vitamin_k1", "k1", ("k1",), "line", printed, figures, True, ("vitk-mixed-total",))]
        form = forms[0] if len(forms) == 1 else "mixed" if forms else "unstated"
        shared.append(Piece("vitamin_k2", form, forms, source, printed, figures, True, ("vitk-mixed-total",)))
        return shared
    if k1:
        return [Piece("vitamin_k1", "k1", ("k1",), "line", printed, figures)]
    if "contradictory" in forms or _excludes_itself(text, k2):
        return [
            Piece("vitamin_k2", "unstated", (), "unstated", printed, figures, problems=("vitk-form-contradictory",))
        ]
    if len(forms) > 1 or forms == ("mixed",):
        return [Piece("vitamin_k2", "mixed", forms, source, printed, figures, problems=("vitk-mixed-total",))]
    if forms:
        return [Piece("vitamin_k2", forms[0], forms, source, printed, figures)]
    if k2 or trades:
        return [Piece("vitamin_k2", "unstated", (), "unstated", printed, figures)]
    if other:
        return [Piece("vitamin_k", "k3", ("k3",), "line", printed, figures, problems=("vitk-menadione",))]
    return [Piece("vitamin_k", "unstated", (), "unstated", printed, figures)]


def _excludes_itself(text: str, names: list[NameHit]) -> bool:
    """Menatetrenone (MK-4) given as another name of MK-7, side by side and not as a second form."""
    for one, other in pairwise(names):
        if {one.name.form, other.name.form} == {"mk4", "mk7"} and "tren" in one.text + other.text:
            gap = text[one.end : other.start]
            if len(gap) <= 4 and not _BOTH.search(gap) and not any(char.isdigit() for char in gap):
                return True
    return False


def _contradicting_k(
    names: list[NameHit], forms: tuple[str, ...], printed: str, figures: tuple[Quantity, ...]
) -> Piece:
    """'Vitamin K2 (as phytonadione)': the chemical name tells what is inside, the vitamin's name is wrong."""
    if names[-1].name.nutrient == "vitamin_k1":
        return Piece("vitamin_k1", "k1", ("k1",), "line", printed, figures, problems=("vitk-k1-as-k2",))
    form = forms[0] if len(forms) == 1 else "mixed" if forms else "unstated"
    return Piece(
        "vitamin_k2", form, forms, "line" if forms else "unstated", printed, figures, problems=("vitk-k1-as-k2",)
    )


def _forms(hits: list[NameHit]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(hit.name.form for hit in hits if hit.name.form not in ("unstated", "k3")))


_AS = late_pattern(r"[ ,:]*(?:\(|\[)?[ ]*(?:as|als|comme|come|como|aus|from|=|i\.e\.)?[ ]*$")
_BOTH = late_pattern(r"\b(?:and|und|et|e|y|plus)\b|[&+/,;]")


def _says_as(text: str, names: list[NameHit]) -> bool:
    """Whether the second name explains the first ('D3 (as ergocalciferol)') rather than standing beside it."""
    if len(names) < 2:
        return False
    between = [text[one.end : other.start] for one, other in pairwise(names)]
    return any("(" in gap or re.search(r"\bas\b|\bals\b", gap) for gap in between) and not any(
        _BOTH.search(gap) for gap in between
    )
