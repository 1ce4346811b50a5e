"""One printed ingredient line: which vitamins it names, in which form, and which figures belong to each.

Nothing is converted or judged here.  A line that names several nutrients gives several pieces; a figure is
given to the name it stands beside; what cannot be told apart is said by a problem code, never guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from auditor.figures import AMOUNT, DAILY_VALUE, RAW, STRENGTH, with_roles
from auditor.names import TARGET, TRADE, NameHit, find_names, may_name_target
from auditor.text import clean
from auditor.units import Quantity, find_quantities

K_NUTRIENTS = ("vitamin_k", "vitamin_k1", "vitamin_k2")


@dataclass(frozen=True, slots=True)
class Piece:
    """One nutrient on a line.

    `forms` are the forms named; `form` is the single one, `mixed` for several under one figure, `unstated`
    for none.  `share` is true where a figure covers several nutrients ("K1 and K2 91 mcg") and so is only
    an upper end for this one.  `quantities` are the figures beside it, percents included, as printed.
    """

    nutrient: str
    form: str
    forms: tuple[str, ...]
    form_source: str
    text: str
    quantities: tuple[Quantity, ...] = ()
    share: bool = False
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ingredient:
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

_BARE_NUMBER = re.compile(r"(?<![\w.,])\d[\d.,]*\d(?![\w%])")
_GLUED = (
    re.compile(r"(?<![a-z0-9])((?:vit(?:amin)?\.? ?)?(?:d ?-?3|k ?-?[12]))(?=\d)"),
    re.compile(r"(?<![a-z0-9])(vit(?:amin)?\.? ?[dk])(?=\d[\d.,])"),
)
"""A name with an amount stuck to it may be parted in two places: 'K18' is K 18 or K1 8."""


@lru_cache(maxsize=65_536)
def read_ingredient(text: str) -> Ingredient:
    """Read an ingredient text as printed.  A text that names neither vitamin gives :data:`NOTHING`."""
    lowered = text.lower()
    if lowered.isascii() and not may_name_target(lowered):
        return NOTHING
    cleaned, repairs = clean(text)
    lowered = cleaned.lower()
    if not may_name_target(lowered):
        return NOTHING
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
    # lower() keeps positions for nearly all texts, so that pieces show the label's own capitals.
    printed = cleaned if len(cleaned) == len(lowered) else lowered
    pieces = _pieces(lowered, printed, hits, quantities)
    bare = None if quantities else _BARE_NUMBER.search(masked)
    return Ingredient(tuple(pieces), near, repairs, bare[0] if bare else "")


def _glued(lowered: str, repairs: tuple[str, ...]) -> Ingredient | None:
    """Readings of a line whose amount is stuck to the name; the caller keeps the one another figure confirms."""
    variants: list[list[Piece]] = []
    for pattern in _GLUED:
        parted = pattern.sub(r"\1 ", lowered)
        hits = find_names(parted)
        if parted == lowered or not any(hit.name.kind == TARGET for hit in hits):
            continue
        masked = _mask(parted, hits)
        variants.append(_pieces(parted, parted, hits, with_roles(masked, find_quantities(masked))))
    if not variants:
        return None
    if len(variants) == 1:
        return Ingredient(tuple(variants[0]), (), repairs)
    return Ingredient(tuple(replace(p, problems=(*p.problems, GLUED)) for found in variants for p in found), (), repairs)


def _mask(text: str, hits: tuple[NameHit, ...]) -> str:
    """The text with every name blanked out, so that the 7 of MK-7 is no figure; positions stay."""
    masked = text
    for hit in hits:
        masked = masked[: hit.start] + "§" * (hit.end - hit.start) + masked[hit.end :]
    return masked


@dataclass(slots=True)
class _Group:
    """Neighbouring names of one vitamin and the figures given to them."""

    hits: list[NameHit]
    quantities: list[Quantity]

    @property
    def family(self) -> str:
        return _family(self.hits[0])


def _family(hit: NameHit) -> str:
    """Vitamin D, vitamin K or something else: figures never cross families."""
    if hit.name.kind not in (TARGET, TRADE):
        return f"other:{hit.text}"
    return "D" if hit.name.nutrient == "vitamin_d" else "K"


def _pieces(text: str, printed: str, hits: tuple[NameHit, ...], quantities: tuple[Quantity, ...]) -> list[Piece]:
    owners = [hit for hit in hits if hit.name.kind not in ("source", "near-name") or hit.text.startswith("natto")]
    owners = [hit for hit in owners if hit.name.kind != "source"]
    groups = _group(text, owners, hits, quantities)
    if any(group.family == "K" and any(q.unit == "iu" for q in group.quantities) for group in groups):
        # 'D3 + K2 drops 1000 IU D3 25 mcg K2': the names in front are a title, the amounts stand before their names.
        turned = _group(text, owners, hits, quantities, amounts_first=True)
        if not any(group.family == "K" and any(q.unit == "iu" for q in group.quantities) for group in turned):
            groups = turned
    wanted = [group for group in groups if group.family in ("D", "K")]
    return [piece for group in _settle(wanted) for piece in _read_group(text, printed, group)]


def _group(
    text: str, owners: list[NameHit], hits: tuple[NameHit, ...], quantities: tuple[Quantity, ...], *, amounts_first: bool = False
) -> list[_Group]:
    amounts = [quantity for quantity in quantities if quantity.role not in (DAILY_VALUE, STRENGTH)]
    first_target = next(hit for hit in owners if hit.name.kind in (TARGET, TRADE))
    name_first = not amounts or owners[0].start < amounts[0].start or first_target.start < amounts[0].start
    tokens = sorted([*owners, *quantities], key=lambda token: token.start)
    groups: list[_Group] = []
    if name_first and not amounts_first:
        for token in tokens:
            if isinstance(token, Quantity):
                owner = _carrier_of(text, token, hits)
                if owner is None and groups:
                    groups[-1].quantities.append(token)
            elif groups and not groups[-1].quantities and _family(token) == groups[-1].family:
                groups[-1].hits.append(token)
            else:
                groups.append(_Group([token], []))
        return groups
    waiting: list[Quantity] = []
    for token in tokens:
        if isinstance(token, Quantity):
            # A percent right after a name closes that name's figures: "25 mcg vitamin D3 125 %, 100 mcg K2".
            if token.unit == "%" and groups and not waiting:
                groups[-1].quantities.append(token)
            else:
                waiting.append(token)
        elif groups and not waiting and _family(token) == groups[-1].family:
            groups[-1].hits.append(token)
        else:
            groups.append(_Group([token], waiting))
            waiting = []
    if waiting and groups:
        groups[-1].quantities += waiting
    return groups


def _carrier_of(text: str, quantity: Quantity, hits: tuple[NameHit, ...]) -> NameHit | None:
    """The carrier a bracketed weight belongs to: '(8 mg; S. cerevisiae)' is yeast, not vitamin."""
    opened = text.rfind("(", 0, quantity.start)
    if opened < 0 or text.find(")", opened, quantity.start) >= 0:
        return None
    closed = text.find(")", quantity.end)
    closed = len(text) if closed < 0 else closed
    inside = [hit for hit in hits if opened < hit.start < closed]
    after = [hit for hit in inside if hit.start >= quantity.end]
    if after and after[0].name.kind in ("other", "source") and not any(hit.start < quantity.start for hit in inside):
        return after[0] if quantity.unit != "iu" else None
    return None


def _settle(groups: list[_Group]) -> list[_Group]:
    """Join groups that speak of the same amount; keep parts, drop the total they are parts of."""
    parts = {_forms_named(group) for group in groups if group.family == "D" and _amounts(group) and _specific(group)}
    settled: list[_Group] = []
    for group in groups:
        last = settled[-1] if settled else None
        alike = last is not None and last.family == group.family
        same = last is not None and _same_name(last, group) and (len(parts) < 2 or (_specific(last) and _specific(group)))
        if last is not None and alike and (not _amounts(group) or not _amounts(last) or same) and not (len(parts) > 1 and not _specific(last)):
            last.hits += group.hits
            last.quantities += group.quantities
        else:
            settled.append(group)
    settled = _join_titles(settled)
    return [group for group in settled if _specific(group) or not any(_is_part(other, group) for other in settled)]


def _join_titles(groups: list[_Group]) -> list[_Group]:
    """Give names without a figure to the one group of their vitamin that has one: 'D3 + K2 MK7 drops, 25 mcg K2'."""
    kept = []
    for group in groups:
        withs = [other for other in groups if other.family == group.family and _amounts(other)]
        if _amounts(group) or len(withs) != 1:
            kept.append(group)
        else:
            withs[0].hits += group.hits
    return kept


def _is_part(part: _Group, whole: _Group) -> bool:
    """Whether a group with an amount of its own is a part of a vaguer one ('Vitamin K2 180 mcg (MK-7 135 mcg, ...)')."""
    if part is whole or part.family != whole.family or not _amounts(part) or not _specific(part):
        return False
    nutrients = {hit.name.nutrient for hit in whole.hits}
    return "vitamin_k2" not in nutrients or any(hit.name.nutrient == "vitamin_k2" for hit in part.hits)


def _amounts(group: _Group) -> list[Quantity]:
    return [quantity for quantity in group.quantities if quantity.role in (AMOUNT, RAW)]


def _specific(group: _Group) -> bool:
    """Whether the group names a form, not only 'vitamin D', 'vitamin K' or 'vitamin K2'."""
    return any(hit.name.form != "unstated" for hit in group.hits)


def _forms_named(group: _Group) -> str:
    return "|".join(sorted({hit.name.form for hit in group.hits if hit.name.form != "unstated"}))


def _same_name(one: _Group, other: _Group) -> bool:
    def names(group: _Group) -> set[tuple[str, str]]:
        return {(hit.name.nutrient, hit.name.form) for hit in group.hits if hit.name.form != "unstated"}

    if one.family == "D":
        return len(names(one) | names(other)) <= 1
    return bool(names(one)) and names(one) == names(other)


def _read_group(text: str, printed_text: str, group: _Group) -> list[Piece]:
    start = min(token.start for token in (*group.hits, *group.quantities))
    end = max(token.end for token in (*group.hits, *group.quantities))
    printed = printed_text[start:end] + (")" if printed_text[start:end].count("(") > printed_text[start:end].count(")") else "")
    figures = tuple(group.quantities)
    trades = [hit for hit in group.hits if hit.name.kind == TRADE]
    names = [hit for hit in group.hits if hit.name.kind == TARGET]
    if group.family == "D":
        return [_vitamin_d(text, names, trades, printed, figures)]
    return _vitamin_k(text, names, trades, printed, figures)


def _vitamin_d(text: str, names: list[NameHit], trades: list[NameHit], printed: str, figures: tuple[Quantity, ...]) -> Piece:
    forms = _forms(names)
    source = "line" if forms else "trade-name" if trades else "unstated"
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
    return Piece("vitamin_d", form, forms, source, printed, figures, problems=problems)


def _vitamin_k(
    text: str, names: list[NameHit], trades: list[NameHit], printed: str, figures: tuple[Quantity, ...]
) -> list[Piece]:
    k1 = [hit for hit in names if hit.name.nutrient == "vitamin_k1"]
    k2 = [hit for hit in names if hit.name.nutrient == "vitamin_k2"]
    other = [hit for hit in names if hit.name.form == "k3"]
    forms, source = _forms(k2), "line"
    if not forms:
        forms, source = _forms(trades), "trade-name" if trades else "unstated"
    if k1 and (k2 or trades):
        if len(names) >= 2 and _says_as(text, names) and len({hit.name.nutrient for hit in names}) == 2 and names[0].name.nutrient != "vitamin_k":
            return [_contradicting_k(names, forms, printed, figures)]
        shared = [Piece("vitamin_k1", "k1", ("k1",), "line", printed, figures, True, ("vitk-mixed-total",))]
        form = forms[0] if len(forms) == 1 else "mixed" if forms else "unstated"
        shared.append(Piece("vitamin_k2", form, forms, source, printed, figures, True, ("vitk-mixed-total",)))
        return shared
    if k1:
        return [Piece("vitamin_k1", "k1", ("k1",), "line", printed, figures)]
    if "contradictory" in forms or _excludes_itself(text, k2):
        return [Piece("vitamin_k2", "unstated", (), "unstated", printed, figures, problems=("vitk-form-contradictory",))]
    if len(forms) > 1 or forms == ("mixed",):
        return [Piece("vitamin_k2", "mixed", forms, source, printed, figures, problems=("vitk-mixed-total",))]
    if forms:
        return [Piece("vitamin_k2", forms[0], forms, source, printed, figures)]
    if k2:
        return [Piece("vitamin_k2", "unstated", (), "unstated", printed, figures)]
    if other:
        return [Piece("vitamin_k", "k3", ("k3",), "line", printed, figures, problems=("vitk-menadione",))]
    return [Piece("vitamin_k", "unstated", (), "unstated", printed, figures)]


def _excludes_itself(text: str, names: list[NameHit]) -> bool:
    """Menatetrenone (MK-4) given as another name of MK-7, side by side and not as a second form."""
    for one, other in zip(names, names[1:], strict=False):
        if {one.name.form, other.name.form} == {"mk4", "mk7"} and "tren" in one.text + other.text:
            gap = text[one.end : other.start]
            if len(gap) <= 4 and not _BOTH.search(gap) and not any(char.isdigit() for char in gap):
                return True
    return False


def _contradicting_k(names: list[NameHit], forms: tuple[str, ...], printed: str, figures: tuple[Quantity, ...]) -> Piece:
    """'Vitamin K2 (as phytonadione)': the chemical name tells what is inside, the vitamin's name is wrong."""
    if names[-1].name.nutrient == "vitamin_k1":
        return Piece("vitamin_k1", "k1", ("k1",), "line", printed, figures, problems=("vitk-k1-as-k2",))
    form = forms[0] if len(forms) == 1 else "mixed" if forms else "unstated"
    return Piece("vitamin_k2", form, forms, "line" if forms else "unstated", printed, figures, problems=("vitk-k1-as-k2",))


def _forms(hits: list[NameHit]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(hit.name.form for hit in hits if hit.name.form not in ("unstated", "k3")))


_AS = re.compile(r"[ ,:]*(?:\(|\[)?[ ]*(?:as|als|comme|come|como|aus|from|=|i\.e\.)?[ ]*$")
_BOTH = re.compile(r"\b(?:and|und|et|e|y|plus)\b|[&+/,;]")


def _says_as(text: str, names: list[NameHit]) -> bool:
    """Whether the second name explains the first ('D3 (as ergocalciferol)') rather than standing beside it."""
    if len(names) < 2:
        return False
    between = [text[one.end : other.start] for one, other in zip(names, names[1:], strict=False)]
    return any("(" in gap or re.search(r"\bas\b|\bals\b", gap) for gap in between) and not any(_BOTH.search(gap) for gap in between)
