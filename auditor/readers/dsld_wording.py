"""Words of a DSLD record in the order a label prints them: ingredient lines, and cautions about blood thinners."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from auditor.readers.values import value_text

NOTATION = re.compile(r"\((?:Form|Alt\. Name): |\b(?:Note|Genus|Species|PlantPart): ")
"""DSLD's own marks in `notes`; without one of them the notes are free text."""

BLOOD_THINNERS = re.compile(
    r"anti-?\s?coagula|warfarin|coumadin|blood[- ]?thin|thin(?:s|ning)? (?:the|your) blood|vitamin[- ]k[- ]antagonist"
    r"|coumarin|jantoven|marcumar|phenprocoumon|acenocoumarol",
    re.IGNORECASE,
)
VITAMINS_DK = re.compile(r"\bvitamin[- ]?[dk]|\b[dk]-?[123]\b|\bmk-?\d|menaquinone|calciferol", re.IGNORECASE)
SENTENCE_END = re.compile(r"(?<=[.!?])\s+|[\r\n]+")


class Form(NamedTuple):
    """One entry of `forms[]`: the word before it ('as', 'from', ...), its share of the line, its name."""

    prefix: str
    percent: str
    name: str


def forms_of(row: Mapping[str, Any]) -> tuple[Form, ...]:
    """The forms of an ingredient row, in the record's order."""
    forms = row.get("forms")
    if not forms:
        return ()
    return tuple(
        Form((form.get("prefix") or "").strip(), value_text(form.get("percent")), (form.get("name") or "").strip())
        for form in forms
    )


@functools.lru_cache(maxsize=100_000)
def ingredient_text(name: str, notes: str, forms: tuple[Form, ...]) -> str:
    """One label line: `Vitamin D (as Cholecalciferol, Vitamin D3) | [1,000 IU]`.

    The name and forms are DSLD's; its `notes` hold the label's own wording in DSLD's notation and stand for the forms
    if the record has none.  What they say beyond that follows the bar in brackets, with second amounts and remarks.
    """
    wording, remarks = read_notes(notes, name)
    if forms:
        line = f"{name} ({_forms_text(forms)})"
    elif wording.casefold().startswith(name.casefold()):
        line, wording = wording, ""
    else:
        line = name
    asides = [wording] if _words(wording) - _words(line) else []
    asides += [remark for remark in remarks if remark]
    return f"{line} | {' '.join(f'[{aside}]' for aside in asides)}" if asides else line


def _forms_text(forms: Sequence[Form]) -> str:
    """`as A, B, from C`: the substances first, since the record's order is not the label's."""
    plain = [form for form in forms if form.prefix.casefold() in ("", "as", "and", "&")]
    others = [form for form in forms if form not in plain]
    names = ", ".join(_share(form) for form in plain)
    return ", ".join([*([f"as {names}"] if names else []), *(f"{form.prefix} {_share(form)}" for form in others)])


def _share(form: Form) -> str:
    return f"{form.percent}% {form.name}" if form.percent else form.name


def read_notes(notes: str, name: str) -> tuple[str, list[str]]:
    """The label's wording of the line, and the remarks beside it.

    `Vitamin D (Form: as D3 (Alt. Name: Cholecalciferol)) Note: 1,000 IU` is `Vitamin D (as D3 (Cholecalciferol))` and
    `1,000 IU`.  Notes without DSLD's notation are one remark, unless they begin with the name of the line.
    """
    notes = " ".join(notes.split())
    if not NOTATION.search(notes):
        return (notes, []) if notes.casefold().startswith(name.casefold()) else ("", [notes])
    remarks: list[str] = []
    while (start := notes.find("Note: ")) >= 0:
        end = _end_of_remark(notes, start + len("Note: "))
        remarks.append(notes[start + len("Note: ") : end].strip())
        notes = f"{notes[:start].rstrip()}{notes[end:]}"
    return re.sub(r"\((?:Form|Alt\. Name): ", "(", notes).strip(), remarks


def _end_of_remark(notes: str, start: int) -> int:
    """A remark ends where the bracket around it closes, where the next begins, or with the notes."""
    depth = 0
    for position in range(start, len(notes)):
        depth += (notes[position] == "(") - (notes[position] == ")")
        if depth < 0 or (depth == 0 and notes.startswith(" Note: ", position)):
            return position
    return len(notes)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold())) - {"as", "from", "and"}


def blood_thinner_cautions(texts: Iterable[str]) -> str:
    """The sentences that name blood thinners, each once, joined by a blank."""
    return " ".join(dict.fromkeys(sentence for text in texts for sentence in _sentences_with(BLOOD_THINNERS, text)))


def vitamin_claims(texts: Iterable[str]) -> str:
    """The sentences that name vitamin D or K, each once, joined by a blank."""
    return " ".join(dict.fromkeys(sentence for text in texts for sentence in _sentences_with(VITAMINS_DK, text)))


# A brand prints the same statements on all its labels, so most have been searched before.
@functools.lru_cache(maxsize=50_000)
def _sentences_with(subject: re.Pattern[str], text: str) -> tuple[str, ...]:
    if not subject.search(text):
        return ()
    return tuple(sentence.strip() for sentence in SENTENCE_END.split(text) if subject.search(sentence))
