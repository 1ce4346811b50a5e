"""Which figure on a line belongs to which name: neighbouring names and figures become groups.

Knows the layouts labels use (name first, amount first, lists, totals with their parts, weights of carriers), not what a name means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from auditor.figures import AMOUNT, DAILY_VALUE, RAW, STRENGTH
from auditor.names import TARGET, TRADE, NameHit
from auditor.patterns import late_pattern
from auditor.units import Quantity, mcg_per_unit


@dataclass(slots=True)
class Group:
    """Neighbouring names of one vitamin and the figures given to them."""

    hits: list[NameHit]
    quantities: list[Quantity]
    unassignable: bool = False

    @property
    def family(self) -> str:
        """'D', 'K', or the name of something else."""
        return family_of(self.hits[0])


def family_of(hit: NameHit) -> str:
    """Vitamin D, vitamin K or something else: figures never cross families."""
    if hit.name.kind not in (TARGET, TRADE):
        return f"other:{hit.text}"
    return "D" if hit.name.nutrient == "vitamin_d" else "K"


def group_figures(text: str, hits: tuple[NameHit, ...], quantities: tuple[Quantity, ...]) -> list[Group]:
    """Groups of vitamin D and K on a line, each with the figures given to it, in label order.

    Args:
        text: the cleaned, lower-cased line.
        hits: every name found on it, other nutrients and sources included.
        quantities: its figures with their roles.
    """
    owners = [hit for hit in hits if hit.name.kind not in ("source", "near-name") or hit.text.startswith("natto")]
    owners = [hit for hit in owners if hit.name.kind != "source"]
    groups = _group(text, owners, hits, quantities)
    if any(group.family == "K" and any(q.unit == "iu" for q in group.quantities) for group in groups):
        # 'D3 + K2 drops 1000 IU D3 25 mcg K2': the names in front are a title, the amounts stand before their names.
        turned = _group(text, owners, hits, quantities, amounts_first=True)
        if not any(group.family == "K" and any(q.unit == "iu" for q in group.quantities) for group in turned):
            groups = turned
    _pair_lists(text, groups)
    return _settle([group for group in groups if group.family in ("D", "K")])


def _group(
    text: str,
    owners: list[NameHit],
    hits: tuple[NameHit, ...],
    quantities: tuple[Quantity, ...],
    *,
    amounts_first: bool = False,
) -> list[Group]:
    amounts = [quantity for quantity in quantities if quantity.role not in (DAILY_VALUE, STRENGTH)]
    first_target = next(hit for hit in owners if hit.name.kind in (TARGET, TRADE))
    name_first = not amounts or owners[0].start < amounts[0].start or first_target.start < amounts[0].start
    if amounts and not name_first and amounts[-1].start > owners[-1].start:
        # 'Cod liver oil 1000 mg; vitamin A 2500 IU; vitamin D 250 IU': the first weight is of something without a name here.
        name_first = bool(re.search("[;,:(]", text[amounts[0].end : owners[0].start]))
    tokens: list[NameHit | Quantity] = _parts_turned(
        text, sorted([*owners, *quantities], key=lambda token: token.start)
    )
    groups: list[Group] = []
    leading: list[Quantity] = []
    if name_first and not amounts_first:
        for position, token in enumerate(tokens):
            if isinstance(token, Quantity):
                if _is_carriers(text, token, hits, amounts):
                    continue
                if groups and _belongs_to_next(text, token, groups[-1], tokens[position + 1 : position + 3]):
                    leading.append(token)
                elif groups:
                    _owner_of(text, token, groups).quantities.append(token)
                elif token.role == STRENGTH:
                    leading.append(token)
            elif groups and not groups[-1].quantities and family_of(token) == groups[-1].family:
                groups[-1].hits.append(token)
            else:
                groups.append(Group([token], leading))
                leading = []
        return groups
    waiting: list[Quantity] = []
    for token in tokens:
        if isinstance(token, Quantity):
            # A percent right after a name closes that name's figures: "25 mcg vitamin D3 125 %, 100 mcg K2".
            if token.unit == "%" and groups and not waiting:
                groups[-1].quantities.append(token)
            else:
                waiting.append(token)
        elif groups and not waiting and family_of(token) == groups[-1].family:
            groups[-1].hits.append(token)
        else:
            groups.append(Group([token], waiting))
            waiting = []
    if waiting and groups:
        groups[-1].quantities += waiting
    return groups


_PARTS = late_pattern(r"[(:]|(?<!\w)(?:of which|as|davon|dont|di cui|de los cuales|waarvan|varav|w tym)(?!\w)")
_AS = late_pattern(r"[ ]?\(?(?:as|als|come|como|comme|en tant que|som|jako|in the form of)[ ]")
_BEFORE_NAME = late_pattern(r"[ ]?(?:of |as |from |de |d'|di |von |an |à )?")


def _parts_turned(text: str, tokens: list[NameHit | Quantity]) -> list[NameHit | Quantity]:
    """The tokens with the parts of a total name first: 'K2 200 mcg (100 mcg MK-4, 100 mcg MK-7)' prints amounts first there."""
    title = next((n for n, token in enumerate(tokens) if isinstance(token, Quantity)), 0)
    parts = _figure_then_names(text, tokens[title:]) if title else []
    if len(parts) >= 2 and all(_is_form_of(text, part, tokens[0]) for part in parts):
        # 'K2 1000 mcg as MK-4 and 100 mcg as MK-7'
        return [*tokens[:title], *(token for part in parts for token in (*part[1:], part[0]))]
    for opening in _PARTS.finditer(text):
        closed = text.find(")", opening.end()) if opening[0] == "(" else -1
        first = next((n for n, token in enumerate(tokens) if token.start >= opening.end()), len(tokens))
        inside = [token for token in tokens[first:] if closed < 0 or token.start < closed]
        parts = _figure_then_names(text, inside)
        if len(parts) >= 2 and first > 0:
            turned = [token for part in parts for token in (*part[1:], part[0])]
            return [*tokens[:first], *turned, *tokens[first + len(inside) :]]
    return tokens


def _is_form_of(text: str, part: list[NameHit | Quantity], title: NameHit | Quantity) -> bool:
    """Whether a figure and what follows it are '100 mcg as MK-7', a form of what the title names."""
    figure, *names = part
    if not isinstance(figure, Quantity) or not isinstance(title, NameHit) or len(names) != 1:
        return False
    (name,) = names
    alike = isinstance(name, NameHit) and family_of(name) == family_of(title)
    return alike and _AS.fullmatch(text[figure.end : name.start]) is not None


def _figure_then_names(text: str, tokens: list[NameHit | Quantity]) -> list[list[NameHit | Quantity]]:
    """The tokens cut before each figure, if each figure stands straight before a name; else nothing."""
    parts: list[list[NameHit | Quantity]] = []
    for token in tokens:
        if isinstance(token, Quantity):
            parts.append([token])
        elif parts:
            parts[-1].append(token)
        else:
            return []
    fits = all(len(part) > 1 and _BEFORE_NAME.fullmatch(text[part[0].end : part[1].start]) for part in parts)
    return parts if fits else []


_LISTED = late_pattern(r"[ ()\[\]:]*(?:[/+&,]|and|und|et|e|y|plus|with|mit|avec|con|og|och|en|i|＋)?[ (\[]*")


def _pair_lists(text: str, groups: list[Group]) -> None:
    """Give each of several listed names its own figure: 'D3 + K2: 5,000 IU + 100 mcg' (changes the groups).

    One figure for a list belongs to vitamin D if it is in IU; otherwise nobody can tell whose it is.
    """
    last = next((n for n, group in enumerate(groups) if amounts_of(group)), 0)
    listed = groups[: last + 1]
    families = [group.family for group in listed]
    if len(listed) < 2 or len(set(families)) < len(families) or not {"D", "K"} & set(families):
        return
    gaps = [text[one.hits[-1].end : other.hits[0].start] for one, other in pairwise(listed)]
    if not all(_LISTED.fullmatch(gap) for gap in gaps) or listed[-1].quantities[0].start < listed[-1].hits[-1].end:
        return
    slots = slots_of(listed[-1].quantities)
    if len(slots) == len(listed):
        for group, slot in zip(listed, slots, strict=True):
            group.quantities = slot
    elif {"D", "K"} <= set(families):
        whose = listed[families.index("D")] if len(slots) == 1 and any(q.unit == "iu" for q in slots[0]) else None
        for group in listed:
            group.quantities = slots[0] if group is whose else []
            group.unassignable = whose is None


def slots_of(quantities: list[Quantity]) -> list[list[Quantity]]:
    """Figures of a list, parted where the next one says another amount; micrograms beside their IU are one."""
    slots: list[list[Quantity]] = []
    for quantity in quantities:
        amounts = [known for known in slots[-1] if _weighs(known)] if slots else []
        new = _weighs(quantity) and bool(amounts) and not any(_same_dose(known, quantity) for known in amounts)
        if new or not slots:
            slots.append([])
        slots[-1].append(quantity)
    return slots


def _weighs(quantity: Quantity) -> bool:
    return quantity.role in (AMOUNT, RAW) and quantity.unit not in ("%", "ppm")


def _same_dose(one: Quantity, other: Quantity) -> bool:
    """Whether one figure in IU and one by weight say the same amount of vitamin D."""
    if (one.unit == "iu") == (other.unit == "iu") or not one.readings or not other.readings:
        return False
    mcg = {quantity.unit == "iu": {reading * (mcg_per_unit(quantity.unit, "vitamin_d") or 0) for reading in quantity.readings} for quantity in (one, other)
           if quantity.unit in ("iu", "microgram", "milligram")}  # fmt: skip
    return len(mcg) == 2 and any(abs(weight - units) <= weight / 20 for weight in mcg[False] for units in mcg[True])


def _belongs_to_next(text: str, quantity: Quantity, last: Group, following: list[NameHit | Quantity]) -> bool:
    """'Fish oil 1000 mg with 1000 IU of vitamin D3': a further amount straight before a name without one of its own."""
    if last.family in ("D", "K") or not amounts_of(last) or not _weighs(quantity) or not following:
        return False
    name = following[0]
    alone = len(following) < 2 or not isinstance(following[1], Quantity) or not _weighs(following[1])
    return isinstance(name, NameHit) and alone and _BEFORE_NAME.fullmatch(text[quantity.end : name.start]) is not None


def _owner_of(text: str, quantity: Quantity, groups: list[Group]) -> Group:
    """The group a figure belongs to: the last one, unless that is a remark in brackets about another ingredient
    ('Calcium (with D3) 250 mg')."""
    last = groups[-1]
    if _is_remark(text, quantity, groups):
        return groups[-2]
    opened, closed = text.rfind("(", 0, last.hits[0].start), text.find(")", last.hits[-1].end, quantity.start)
    if (
        len(groups) < 2
        or quantity.unit == "iu"
        or last.quantities
        or opened < 0
        or closed < 0
        or ")" in text[opened : last.hits[0].start]
    ):
        return last
    head = groups[-2]
    return head if head.family not in ("D", "K") and not head.quantities and head.hits[-1].start < closed else last


def _is_remark(text: str, quantity: Quantity, groups: list[Group]) -> bool:
    """Whether the last name is a carrier in brackets between a vitamin and its figure: 'D3 (in 250 mg fish oil) 50 mcg'."""
    if (
        len(groups) < 2
        or groups[-1].quantities
        or groups[-1].family in ("D", "K")
        or groups[-2].family not in ("D", "K")
    ):
        return False
    name = groups[-1].hits[-1]
    opened = text.rfind("(", groups[-2].hits[-1].end, name.start)
    closed = text.find(")", name.end, quantity.start)
    return opened >= 0 and closed >= 0 and not any(known.start < opened for known in groups[-2].quantities)


_IN_CARRIER = late_pattern(r"(?<!\w)(?:in|from|aus|dans|en|da|di|af|av|base of|with|mit)(?: an?)? $")


def _is_carriers(text: str, quantity: Quantity, hits: tuple[NameHit, ...], amounts: list[Quantity]) -> bool:
    """Whether a weight is that of a carrier: '(8 mg; S. cerevisiae)' is yeast, 'in 300 mg olive oil' is oil."""
    if quantity.unit not in ("milligram", "gram"):
        return _bracketed_carrier(text, quantity, hits) is not None
    if _IN_CARRIER.search(text[: quantity.start]) and any(other is not quantity for other in amounts):
        nearest = next((hit for hit in hits if hit.start >= quantity.end), None)
        strong = nearest is not None and nearest.name.kind == TARGET and nearest.start - quantity.end <= 4
        return not strong
    return _bracketed_carrier(text, quantity, hits) is not None


def _bracketed_carrier(text: str, quantity: Quantity, hits: tuple[NameHit, ...]) -> NameHit | None:
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


def _settle(groups: list[Group]) -> list[Group]:
    """Join groups that speak of the same amount; keep parts, drop the total they are parts of."""
    parts = {
        _forms_named(group) for group in groups if group.family == "D" and amounts_of(group) and is_specific(group)
    }
    settled: list[Group] = []
    for group in groups:
        last = settled[-1] if settled else None
        alike = last is not None and last.family == group.family
        same = (
            last is not None
            and _same_name(last, group)
            and (len(parts) < 2 or (is_specific(last) and is_specific(group)))
        )
        yielded = (
            last is not None and bool(amounts_of(last)) and all(quantity.role == RAW for quantity in amounts_of(last))
        )
        if (
            last is not None
            and alike
            and (yielded or not amounts_of(group) or not amounts_of(last) or same)
            and not (len(parts) > 1 and not is_specific(last))
        ):
            if yielded and amounts_of(group):
                # 'Vitamin K 60 µg (75 %), of which K2 20 µg': the percent is that of the whole.
                last.quantities = [quantity for quantity in last.quantities if quantity.role != DAILY_VALUE]
            last.hits += group.hits
            last.quantities += group.quantities
        else:
            settled.append(group)
    settled = _join_titles(settled)
    _drop_total_behind(settled)
    return [group for group in settled if is_specific(group) or not any(_is_part(other, group) for other in settled)]


def _drop_total_behind(groups: list[Group]) -> None:
    """Drop the total behind its parts: 'K2 (as MK-4 1000 mcg and MK-7 100 mcg) 1100 mcg' (changes the last group)."""
    if len(groups) < 2 or len({group.family for group in groups}) > 1:
        return
    parts = [amounts_of(group) for group in groups]
    if any(len(part) != 1 for part in parts[:-1]) or len(parts[-1]) != 2:
        return
    *single, total = [quantity for part in parts for quantity in part]
    alike = {quantity.unit for quantity in (*single, total)} == {total.unit} and all(
        q.readings for q in (*single, total)
    )
    if alike and sum(quantity.readings[0] for quantity in single) == total.readings[0]:
        groups[-1].quantities = [q for q in groups[-1].quantities if q is not total and q.role != DAILY_VALUE]


def _join_titles(groups: list[Group]) -> list[Group]:
    """Give names without a figure to the one group of their vitamin that has one: 'D3 + K2 MK7 drops, 25 mcg K2'."""
    kept = []
    for group in groups:
        withs = [other for other in groups if other.family == group.family and amounts_of(other)]
        if amounts_of(group) or len(withs) != 1:
            kept.append(group)
        else:
            withs[0].hits += group.hits
    return kept


def _is_part(part: Group, whole: Group) -> bool:
    """Whether a group with an amount of its own is a part of a vaguer one ('Vitamin K2 180 mcg (MK-7 135 mcg, ...)')."""
    if part is whole or part.family != whole.family or not amounts_of(part) or not is_specific(part):
        return False
    nutrients = {hit.name.nutrient for hit in whole.hits}
    return "vitamin_k2" not in nutrients or any(hit.name.nutrient == "vitamin_k2" for hit in part.hits)


def amounts_of(group: Group) -> list[Quantity]:
    """The group's figures that weigh something: amounts and raw materials, no percents."""
    return [quantity for quantity in group.quantities if quantity.role in (AMOUNT, RAW)]


def is_specific(group: Group) -> bool:
    """Whether the group names a form, not only 'vitamin D', 'vitamin K' or 'vitamin K2'."""
    return any(hit.name.form != "unstated" for hit in group.hits)


def _forms_named(group: Group) -> str:
    return "|".join(sorted({hit.name.form for hit in group.hits if hit.name.form != "unstated"}))


def _same_name(one: Group, other: Group) -> bool:
    def names(group: Group) -> set[tuple[str, str]]:
        return {(hit.name.nutrient, hit.name.form) for hit in group.hits if hit.name.form != "unstated"}

    if one.family == "D":
        return len(names(one) | names(other)) <= 1
    return bool(names(one)) and names(one) == names(other)
