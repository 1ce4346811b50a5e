"""A label typed or pasted as plain text: which of its lines are what.

Only sorts lines into serving, directions and ingredients; amounts, forms and directions are read by the audit itself.
"""

from __future__ import annotations

import re

from auditor.labels import Label, LabelLine

_SERVING = re.compile(r"^(serving size|portion size|taille de la portion|portionsgröße|verzehrmenge)\b\s*[:.]?\s*", re.IGNORECASE)
_SERVINGS = re.compile(r"^(servings per container|servings)\b\s*[:.]?\s*", re.IGNORECASE)
_DIRECTIONS = re.compile(
    r"^(directions?( for use)?|suggested use|recommended (use|dose|dosage|daily dose)|dosage|how to use|usage|verzehrempfehlung|dosierung|mode d'emploi)"
    r"\b\s*[:.-]?\s*",
    re.IGNORECASE,
)
_TAKE = re.compile(r"^(take|chew|dissolve|spray|place|adults?\b.*\btake|as a dietary supplement)\b", re.IGNORECASE)
_WARNING = re.compile(r"^(warnings?|cautions?|consult)\b\s*[:.]?\s*", re.IGNORECASE)
_NO_LINE = re.compile(
    r"^(supplement facts|nutrition information|nutrition facts|amount per serving|% ?(daily value|dv|nrv)\b.*|\*+.*|†.*|other ingredients\b.*)$", re.IGNORECASE
)
_BULLET = re.compile(r"^[\s•·▪*\-–—]+(?=\S)")


def read_typed_label(text: str, product_id: str = "typed-label", **printed: str) -> Label:
    """Sort a pasted label's lines into a `Label`.

    Lines are parted by line breaks or semicolons.  A line is directions, serving size, servings in the package or a warning if it begins
    with such words (or follows a heading that is nothing else); headings and footnotes of the panel are left out; all
    others are ingredient lines.

    Args:
        text: the label as typed or pasted.
        product_id: id of the label.
        printed: fields of `Label` typed apart, which win over what the text says.
    """
    found: dict[str, str] = {}
    lines: list[LabelLine] = []
    waiting = ""
    for raw in re.split(r"[\n;]", text.replace("\r", "\n")):
        line = _BULLET.sub("", raw).strip()
        if not line:
            continue
        name, rest = _kind(line)
        if name and not rest:
            waiting = name
        elif name or waiting:
            target = name or waiting
            found[target] = f"{found[target]} {rest or line}" if target in found else rest or line
            waiting = ""
        elif not _NO_LINE.match(line):
            lines.append(LabelLine(ingredient=line))
    found |= {name: value for name, value in printed.items() if value}
    return Label(product_id=product_id, lines=tuple(lines), **found)  # type: ignore[arg-type]


def _kind(line: str) -> tuple[str, str]:
    """The field a line fills and its text; an empty name for an ingredient line."""
    for name, heading in (("servings_per_container", _SERVINGS), ("serving_size", _SERVING), ("directions", _DIRECTIONS), ("warnings", _WARNING)):
        match = heading.match(line)
        if match and (name != "servings_per_container" or "per container" in match[0].lower()):
            return name, line[match.end() :].strip()
    return ("directions", line) if _TAKE.match(line) else ("", "")
