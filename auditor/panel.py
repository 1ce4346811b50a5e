"""A whole label pasted as text: which of its lines are ingredients, serving, directions, warnings, and which were left alone.

Only sorts what is printed into a :class:`auditor.labels.Label`; amounts, forms and directions are read by the audit
itself.  Every line of the text is in the account with what became of it: nothing is dropped silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from auditor.audiences import read_audience
from auditor.directions import read_directions
from auditor.figures import basis_of
from auditor.grouping import slots_of
from auditor.ingredients import read_ingredient
from auditor.labels import MAX_CELL_CHARACTERS, Label, LabelLine
from auditor.servings import read_serving
from auditor.text import clean, shorten
from auditor.units import Quantity, find_quantities
from auditor.wording.one_line import parted
from auditor.wording.panel_words import (
    begins_as,
    counted_servings,
    heading_of,
    is_claim,
    is_column_head,
    market_of,
    split_headings,
)

SERVING, SERVINGS, INGREDIENT, CONTINUED, HEADING = (
    "serving size",
    "servings per container",
    "ingredient",
    "continued",
    "heading",
)
DIRECTIONS, WARNING, CLAIM, FOOTNOTE, NAME, OTHER = "directions", "warning", "claim", "footnote", "name", "other"
ROLES = (SERVING, SERVINGS, INGREDIENT, CONTINUED, HEADING, DIRECTIONS, WARNING, CLAIM, FOOTNOTE, NAME, OTHER)
"""What a line can be understood as; `other` is what was left alone."""

MAX_LINES = 2_000
MAX_NAME_CHARACTERS = 120


class PanelLine(NamedTuple):
    """One line of the text: its number from 1, its words as printed, its role, and what was made of it."""

    number: int
    text: str
    role: str
    understood: str


@dataclass(frozen=True)
class PanelReading:
    """A pasted label as a record, and the account of its lines.

    `notes` say what holds for the whole reading (where the market was taken from, columns that were not used).
    """

    label: Label
    account: tuple[PanelLine, ...]
    notes: tuple[str, ...] = ()

    @property
    def left_alone(self) -> tuple[PanelLine, ...]:
        """The lines that took no part in the record."""
        return tuple(line for line in self.account if line.role == OTHER)

    def as_text(self) -> str:
        """The account for a terminal: line number, role, and the line as printed or what was made of it."""
        rows = [f"{line.number:4}  {line.role:22}  {shorten(line.understood or line.text)}" for line in self.account]
        return "\n".join([*rows, *(f"      note: {note}" for note in self.notes)]) + "\n"


class Column(NamedTuple):
    """A column of amounts: its head as printed, and for whom or for what it is."""

    head: str
    audience: str
    basis: str


_GAPS = re.compile(r"\t+|\s*\|\s*|\s{2,}|\s?[.·…_]{3,}\s?")
_BULLET = re.compile(r"^[\s>•·▪●◦■*–—-]*[>•·▪●◦■–—-]\s*(?=\S)")
_WORDS = re.compile(r"[^\W\d_]{2,}")
_BARE_PERCENT = re.compile(r"\d{1,5}(?:[.,]\d+)?[ *†‡]*")


@dataclass
class _Entry:
    """One ingredient line while the text is read."""

    number: int
    text: str
    indent: int
    parent: int = 0
    cells: tuple[str, ...] = ()
    serving: str = ""
    basis: str = ""

    def extend(self, text: str) -> None:
        self.text = f"{self.text} {text}"
        self.cells = ()


@dataclass
class _Reading:
    """What has been read so far, line by line."""

    roles: dict[int, tuple[str, str]] = field(default_factory=dict)
    entries: list[_Entry] = field(default_factory=list)
    texts: dict[str, list[str]] = field(
        default_factory=lambda: {SERVING: [], SERVINGS: [], DIRECTIONS: [], WARNING: [], CLAIM: [], NAME: []}
    )
    columns: list[Column] = field(default_factory=list)
    section: str = ""
    contains: str = ""
    blank: bool = False
    following: str = ""

    def note(self, number: int, role: str, understood: str = "") -> None:
        """Set what became of a line; of one with two parts both are told."""
        before = self.roles.get(number)
        if before is None or before[0] in (role, HEADING):
            self.roles[number] = (role, understood)
        else:
            self.roles[number] = (before[0], f"{before[1]}; {role}: {understood}")


def read_panel(text: str, *, market: str = "", product_id: str = "pasted-label", source: str = "text") -> PanelReading:
    """Read a pasted label.

    Args:
        text: the label as printed, line by line; columns parted by tabs, pipes or several spaces.
        market: market the label is for; if empty, a mark on the label may tell ('Supplement Facts', 'NPN', '% NRV').
        product_id: id of the record.
        source: `source` of the record.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").split("\n")
    if len([line for line in lines if line.strip()]) == 1:
        lines = parted(text.strip()) or re.split(r"\s*;\s*", text)
    reading = _Reading()
    for number, line in enumerate(lines[:MAX_LINES], start=1):
        reading.following = next((after.strip() for after in lines[number : number + 3] if after.strip()), "")
        _read(reading, number, line)
    _settle(reading, lines)
    marked, mark = ("", "") if market else market_of(text)
    label, notes = _label(reading, market or marked, product_id, source)
    if mark:
        notes = (f"market {marked} taken from {mark!r} on the label", *notes)
    if len(lines) > MAX_LINES:
        notes = (*notes, f"only the first {MAX_LINES:,} of {len(lines):,} lines were read")
    account = tuple(
        PanelLine(number, line.strip(), *reading.roles.get(number, (OTHER, "")))
        for number, line in enumerate(lines, start=1)
        if line.strip()
    )
    return PanelReading(label, account, notes)


def panel_lines(texts: Iterable[str]) -> tuple[LabelLine, ...]:
    """Ingredient lines of a record's printed panel, one text each: indented ones are parts, an audience in brackets is told.

    For records that hold the panel as a list; a whole text is for :func:`read_panel`.
    """
    reading = _Reading(section=INGREDIENT)
    for number, text in enumerate(texts, start=1):
        _add_entry(reading, number, text, text.strip())
    return tuple(line for entry in reading.entries for line in _label_lines(entry, [], _positions(reading.entries)))


# -- line by line --------------------------------------------------------------------------------------------------------


def _read(reading: _Reading, number: int, raw: str) -> None:
    if not raw.strip():
        reading.blank = True
        return
    for part in [raw] if counted_servings(raw) else split_headings(raw.rstrip()):
        _read_part(reading, number, part)
    reading.blank = False


def _read_part(reading: _Reading, number: int, raw: str) -> None:
    line = _BULLET.sub("", raw).strip()
    if _is_column_heads(reading, number, raw):
        return
    if begins_as("footnote", line) and not _names_vitamin_with_amount(line):
        reading.note(number, FOOTNOTE)
        return
    servings = counted_servings(line)
    if servings:
        reading.texts[SERVINGS].append(servings)
        reading.note(number, SERVINGS, servings)
        return
    heading = heading_of(line)
    if heading is not None and not (heading.kind == "warning" and _is_ingredient(line)):
        _open_part(reading, number, raw, heading.kind, heading.title, heading.rest)
    elif (
        begins_as("take", line)
        and not _is_row(line)
        and (read_directions(line).status in ("read", "ambiguous") or len(line.split()) > 4)
    ):
        reading.section = DIRECTIONS
        _keep(reading, number, DIRECTIONS, line)
    elif _continues(reading, line):
        reading.entries[-1].extend(line)
        reading.note(number, CONTINUED, f"with line {reading.entries[-1].number}: {reading.entries[-1].text}")
    elif reading.section in (DIRECTIONS, WARNING) and not reading.blank and not _is_row(line):
        _keep(reading, number, reading.section, line)
    elif reading.section != OTHER and _is_ingredient(line) and not (is_claim(line) and not _is_row(line)):
        _add_entry(reading, number, raw, line)
    elif is_claim(line):
        _keep(reading, number, CLAIM, line)
    elif (
        reading.section == INGREDIENT
        and _WORDS.search(line)
        and len(line) < MAX_NAME_CHARACTERS
        and _is_figures(reading.following)
    ):
        _add_entry(reading, number, raw, line)
    else:
        reading.note(number, OTHER)


def _open_part(reading: _Reading, number: int, raw: str, kind: str, title: str, rest: str) -> None:
    """A line with a heading: its text is kept under it, or the next lines are."""
    if kind in ("serving", "servings"):
        role = SERVING if kind == "serving" else SERVINGS
        if rest:
            _keep(reading, number, role, rest)
        else:
            reading.note(number, HEADING, title)
            reading.section = role
    elif kind == "contains":
        reading.contains = title.strip()
        reading.section = INGREDIENT
        reading.columns = []
        reading.note(number, HEADING, f"amounts are for: {title}")
        if rest and _is_ingredient(rest):
            _add_entry(reading, number, rest, rest)
    elif kind == "directions" and is_claim(rest) and read_directions(rest).status == "unread":
        _keep(reading, number, CLAIM, rest)  # "Recommended use: helps in the development of bones"
    elif kind in ("directions", "warning"):
        reading.section = DIRECTIONS if kind == "directions" else WARNING
        # A direction may lie in its heading ("Tagesdosis: 1 Kapsel"), a warning in its first words.
        whole = raw.strip() if kind == "warning" or _says_daily(title) else rest
        if rest or kind == "warning":
            _keep(reading, number, reading.section, whole)
        else:
            reading.note(number, HEADING, title)
    elif kind == "panel":
        reading.section = INGREDIENT
        reading.note(number, HEADING, raw.strip())
        for cell in _GAPS.split(raw.strip()):
            if _states_serving(cell):
                reading.contains = cell.strip()
        if rest and _is_ingredient(rest):
            _add_entry(reading, number, rest, rest)
    else:
        reading.section = OTHER
        reading.note(number, OTHER)


def _keep(reading: _Reading, number: int, role: str, text: str) -> None:
    reading.texts[role].append(text)
    reading.note(number, role, text)
    if role in (SERVING, SERVINGS):
        reading.section = ""


def _add_entry(reading: _Reading, number: int, raw: str, line: str) -> None:
    indent = len(raw.expandtabs(4)) - len(raw.expandtabs(4).lstrip())
    parent = 0
    for before in reversed(reading.entries):
        if before.indent < indent or (begins_as("part", line) and not before.parent):
            parent = before.number
            break
    cells = tuple(cell for cell in _GAPS.split(line) if cell)
    reading.entries.append(_Entry(number, line, indent, parent, cells, reading.contains))
    reading.section = INGREDIENT
    reading.note(number, INGREDIENT, f"part of line {parent}: {line}" if parent else "")


# -- what a line looks like ----------------------------------------------------------------------------------------------


def _quantities(text: str) -> tuple[Quantity, ...]:
    return find_quantities(clean(text).text.lower())


def _is_row(line: str) -> bool:
    """Whether a line is a row of a table rather than a sentence: short, with an amount or percent near its end."""
    found = _quantities(line)
    cleaned = clean(line).text
    return (
        bool(found)
        and len(cleaned) - found[-1].end <= 14
        and len(cleaned) < MAX_NAME_CHARACTERS + 60
        and not cleaned.endswith(".")
    )


def _is_ingredient(line: str) -> bool:
    return bool(read_ingredient(line).pieces) or (_is_row(line) and _WORDS.search(line) is not None)


def _names_vitamin_with_amount(line: str) -> bool:
    return any(piece.quantities for piece in read_ingredient(line).pieces)


def _continues(reading: _Reading, line: str) -> bool:
    """Whether a line goes on with the ingredient above: figures alone, an open bracket, or '(as ...)' before any amount."""
    if reading.section != INGREDIENT or not reading.entries:
        return False
    last = reading.entries[-1].text
    if _is_figures(line) or begins_as("equal", line):
        return True
    if last.count("(") > last.count(")") and not (_names_vitamin_with_amount(line) and _quantities(last)):
        return True
    return not _quantities(last) and (
        line.startswith("(") or (begins_as("part", line) and not _names_vitamin_with_amount(line))
    )


def _is_figures(line: str) -> bool:
    """Whether a line is figures with units, percents and footnote signs only."""
    rest = clean(line).text
    quantities = find_quantities(rest.lower())
    for quantity in reversed(quantities):
        rest = rest[: quantity.start] + rest[quantity.end :]
    return bool(line) and not _WORDS.search(rest) and (bool(quantities) or not re.search(r"\d", rest))


def _says_daily(title: str) -> bool:
    return read_serving(title).per_day or "daily" in title.lower()


def _is_column_heads(reading: _Reading, number: int, raw: str) -> bool:
    """Take a line as the heads of the table's columns if all its cells are such heads or name an audience."""
    cells = [cell.strip() for cell in _GAPS.split(_BULLET.sub("", raw).strip()) if cell.strip()]
    if not cells or _names_vitamin_with_amount(raw):
        return False
    if len(cells) == 1 and begins_as("take", cells[0]) and read_directions(cells[0]).status in ("read", "ambiguous"):
        return False  # "1日2粒を目安に": a serving, but in a sentence that tells what to take
    audiences = [
        cell
        for cell in cells
        if read_audience(cell) and len(cell) < MAX_NAME_CHARACTERS and not re.search(r"[.!]$", cell)
    ]
    bases = [cell for cell in cells if not is_percent_head(cell) and _column_basis(cell)]
    first = heading_of(cells[0])
    others = cells[1:] if first and first.kind == "panel" and not first.rest and len(cells) > 1 else cells
    if len(audiences) > 1 and all(cell in audiences or is_column_head(cell) for cell in others):
        percents_only = all("%" in cell for cell in audiences)
        reading.columns = [Column(cell, cell, "percent" if percents_only else "") for cell in audiences]
    elif len(bases) > 1 and all(is_column_head(cell) or cell in bases for cell in others):
        reading.columns = [Column(cell, "", _column_basis(cell)) for cell in bases]
    elif all(is_column_head(cell) or cell in bases for cell in others) and (len(cells) > 1 or first is None):
        if len(bases) == 1 and _states_serving(bases[0]):
            reading.contains = bases[0]
    else:
        return False
    reading.section = INGREDIENT
    reading.note(number, HEADING, "columns: " + " | ".join(cells))
    return True


def is_percent_head(cell: str) -> bool:
    """Whether a column is one of percents."""
    return "%" in cell or re.search(r"\b(?:nrv|vnr|vrn|rws|ajr|dv|rda|ri)\b", cell.lower()) is not None


def _states_serving(cell: str) -> bool:
    """Whether the words say what the amounts are for: 'pro Tagesdosis (2 Kapseln)'."""
    serving = read_serving(cell)
    return bool(serving.counts) or serving.per_day


def _column_basis(cell: str) -> str:
    return basis_of(clean(cell).text) or (
        "per_serving" if read_serving(cell).counts and re.search(r"(?i)\b(?:per|pro|je|par|por|pour)\b", cell) else ""
    )


# -- the record ----------------------------------------------------------------------------------------------------------


def _settle(reading: _Reading, lines: list[str]) -> None:
    """Second look with the whole text in view: the title above the panel, and vitamins named only where none were expected."""
    with_amount = [entry for entry in reading.entries if _names_vitamin_with_amount(entry.text)]
    first_heading = next(
        (number for number, (role, _) in sorted(reading.roles.items()) if role in (HEADING, SERVING)), 0
    )
    for entry in list(reading.entries):
        title = entry.number < first_heading and any(other.number >= first_heading for other in with_amount)
        bare = (
            entry is reading.entries[0]
            and entry.number == min(reading.roles)
            and not _quantities(entry.text)
            and bool(with_amount)
        )
        if (title or bare) and not entry.parent:
            reading.entries.remove(entry)
            reading.texts[NAME].append(entry.text)
            reading.roles[entry.number] = (NAME, "")
    if not with_amount:
        for number, (role, _) in sorted(reading.roles.items()):
            if role in (OTHER, CLAIM) and _names_vitamin_with_amount(lines[number - 1]):
                _add_entry(reading, number, lines[number - 1], lines[number - 1].strip())
    first = min(reading.roles, default=0)
    if (
        reading.roles.get(first, ("",))[0] == OTHER
        and len(lines[first - 1].strip()) <= MAX_NAME_CHARACTERS
        and not reading.texts[NAME]
        and len(reading.roles) > 1
    ):
        reading.texts[NAME].append(lines[first - 1].strip())
        reading.roles[first] = (NAME, "")


_PREFERRED = ("per_day", "per_serving", "per_unit", "per_drop", "per_ml", "per_100g", "")


def _label(reading: _Reading, market: str, product_id: str, source: str) -> tuple[Label, tuple[str, ...]]:
    notes = []
    columns = reading.columns
    if columns and not any(column.audience for column in columns):
        best = min(columns, key=lambda column: _PREFERRED.index(column.basis))
        notes.append(
            f"the column {best.head!r} was used; not used: {', '.join(repr(column.head) for column in columns if column is not best)}"
        )
    positions = _positions(reading.entries)
    made = {entry.number: _label_lines(entry, columns, positions) for entry in reading.entries}
    for entry in reading.entries:
        shown = " / ".join(
            " | ".join(filter(None, (line.audience, line.ingredient, line.amount, line.percent_dv)))
            for line in made[entry.number]
        )
        role, told = reading.roles[entry.number]
        reading.roles[entry.number] = (role, f"{told.split(':')[0]}: {shown}" if told.startswith("part of") else shown)
    serving = (
        _first(reading.texts[SERVING])
        or next((entry.serving for entry in reading.entries if entry.serving), "")
        or _column_serving(columns)
    )
    servings = _first(reading.texts[SERVINGS])
    counted = re.fullmatch(r"(?i)(?:about|approx\.?|ca\.?|env\.?)?\s*(\d+)\s*(?:\w+)?\.?", servings)
    lines = tuple(line for entry in reading.entries for line in made[entry.number]) or (LabelLine(ingredient=""),)
    label = Label(
        product_id=product_id, lines=lines, name=" ".join(reading.texts[NAME])[:MAX_CELL_CHARACTERS], serving_size=serving, market=market,
        servings_per_container=counted[1] if counted else servings, directions="\n".join(reading.texts[DIRECTIONS]),
        warnings=" ".join(reading.texts[WARNING]), claims=" ".join(reading.texts[CLAIM]), source=source,
    )  # fmt: skip
    return label, tuple(notes)


def _first(texts: list[str]) -> str:
    return texts[0] if texts else ""


def _positions(entries: list[_Entry]) -> dict[int, str]:
    """Line number in the text -> position among the ingredients, from 1."""
    return {entry.number: str(position) for position, entry in enumerate(entries, start=1)}


def _column_serving(columns: list[Column]) -> str:
    used = [column for column in columns if not column.audience]
    return min(used, key=lambda column: _PREFERRED.index(column.basis)).head if used else ""


def _label_lines(entry: _Entry, columns: list[Column], positions: dict[int, str]) -> list[LabelLine]:
    """The line or lines an entry stands for: one for each audience, else the one of the column that is used."""
    shared = {"parent": positions.get(entry.parent, "")}
    if len(columns) > 1:
        split = _split_columns(entry, columns)
        if split:
            return [LabelLine(**shared | cells) for cells in split]
    audience = _bracketed_audience(entry.text)
    if audience:
        serving = read_serving(audience)
        shared |= {"audience": audience} | ({"serving_size": audience} if serving.counts else {})
    cells = entry.cells
    if len(cells) > 2 and _BARE_PERCENT.fullmatch(cells[-1]) and _quantities(cells[-2]) and not _quantities(cells[-1]):
        return [LabelLine(ingredient=" ".join(cells[:-1]), percent_dv=f"{cells[-1].rstrip(' *†‡')}%", **shared)]
    return [LabelLine(ingredient=re.sub(r"\s+", " ", " ".join(cells) if cells else entry.text), **shared)]


_BRACKET = re.compile(r"\(([^()]*)\)")


def _bracketed_audience(text: str) -> str:
    """'(children 2 to 3 years, 1 gummy)' of an ingredient line."""
    return next(
        (
            found[1]
            for found in _BRACKET.finditer(text)
            if read_audience(found[1]) and not read_ingredient(found[1]).pieces
        ),
        "",
    )


def _split_columns(entry: _Entry, columns: list[Column]) -> list[dict[str, str]]:
    """Amount and percent of each column; empty if the figures of the row do not fit the columns."""
    cleaned = clean(entry.text).text
    quantities = find_quantities(cleaned.lower())
    slots = slots_of(list(quantities))
    if not slots:
        return []
    name = cleaned[: quantities[0].start].strip(" |.…")
    texts = [
        cleaned[slot[0].start : (slots[n + 1][0].start if n + 1 < len(slots) else len(cleaned))].strip(" |")
        for n, slot in enumerate(slots)
    ]
    if len(slots) == 1 and columns[0].audience:
        percents = [quantity for quantity in slots[0] if quantity.unit == "%"]
        amount = cleaned[slots[0][0].start : percents[0].start].strip(" |") if percents else texts[0]
        shares = (
            [f"{percent.number}%" for percent in percents]
            if len(percents) == len(columns)
            else [f"{percents[0].number}%" if len(percents) == 1 else ""] * len(columns)
        )
        texts = [f"{amount} {share}".strip() for share in shares]
    if len(texts) != len(columns):
        return []
    if columns[0].audience:
        return [
            _audience_cells(name, text, column, order)
            for order, (column, text) in enumerate(zip(columns, texts, strict=True), start=1)
        ]
    best = min(range(len(columns)), key=lambda n: _PREFERRED.index(columns[n].basis))
    *_, percent = texts[-1].rpartition("|")
    texts[-1] = texts[-1].partition("|")[0].strip()
    return [
        {"ingredient": f"{name} {texts[best]}"}
        | ({"percent_dv": f"{percent.strip(' *†‡')}%"} if _BARE_PERCENT.fullmatch(percent.strip()) else {})
    ]


def _audience_cells(name: str, text: str, column: Column, order: int) -> dict[str, str]:
    serving = {"serving_size": column.head} if read_serving(column.head).counts else {}
    return {"ingredient": f"{name} {text}", "audience": column.audience, "serving_order": str(order)} | serving
