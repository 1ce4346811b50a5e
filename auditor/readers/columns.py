"""Which column of a table means what: header names, `--rename`, and the two table layouts."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from auditor.errors import InputError, UsageError
from auditor.labels import LINE_COLUMNS, PRODUCT_LAYOUT_COLUMNS

OWN_COLUMNS = ("input", "row")
"""Columns the readers fill themselves; a file's column of that name is kept under another."""

LINE_ONLY_COLUMNS = ("amount", "unit", "form", "percent_dv", "operator", "line", "parent")
"""Columns that describe one label line and therefore have no place in the `products` layout."""

ALIASES = {"k2_form": "form"}
"""Second names of columns in the `lines` layout."""


@dataclass(frozen=True)
class Layout:
    """How a table is read: `kind` is `lines` or `products`, `targets` names each column of the file in order."""

    kind: str
    targets: tuple[str, ...]


def check_rename(rename: Mapping[str, str]) -> None:
    """Raise UsageError if a target of `--rename` is no column of ours."""
    accepted = [name for name in (*LINE_COLUMNS, *PRODUCT_LAYOUT_COLUMNS) if name not in OWN_COLUMNS]
    problems = [
        f"--rename {foreign!r}={target!r}: no such column; {_nearest(target, accepted)}"
        f"accepted are {', '.join(accepted)}"
        for foreign, target in rename.items()
        if target not in accepted
    ]
    if problems:
        raise UsageError(problems)


def match_columns(header: Sequence[str], rename: Mapping[str, str], where: str) -> Layout:
    """The layout of a table with this header.

    Names are compared without case, blanks, underscores and hyphens; an exact name wins over such a match.
    Columns we do not know keep their own name.

    Args:
        header: column names of the file, in order.
        rename: foreign header -> our column.
        where: the file (and sheet), for messages.

    Raises:
        InputError: with all problems of the header at once.
    """
    problems = [_rename_problem(name, header, where) for name in rename if _position(name, header) is None]
    known = (*LINE_COLUMNS, *PRODUCT_LAYOUT_COLUMNS)
    renamed = {position: target for name, target in rename.items() if (position := _position(name, header)) is not None}
    taken: dict[str, int] = {}
    for position, target in _claims(header, renamed, known):
        if target in taken:
            problems.append(
                f"{where}: columns {taken[target] + 1} ({header[taken[target]]!r}) and {position + 1} "
                f"({header[position]!r}) both mean {target!r}; keep one, or give the other a name of its own"
            )
        else:
            taken[target] = position
    kind = _kind(taken)
    problems += _layout_problems(kind, taken, header, where)
    if problems:
        raise InputError(problems)
    if kind == "lines":
        taken |= {alias: taken.pop(name) for name, alias in ALIASES.items() if name in taken and alias not in taken}
    return Layout(kind, _targets(header, taken))


def our_name(name: str, rename: Mapping[str, str]) -> str:
    """Our column for a name that stands alone, as the keys of a label record do; unknown names stay as they are."""
    known = {_key(column): column for column in (*LINE_COLUMNS, *PRODUCT_LAYOUT_COLUMNS)}
    renamed = {_key(foreign): target for foreign, target in rename.items()}
    target = renamed.get(_key(name)) or known.get(_key(name), name)
    return f"{name} (in file)" if target in OWN_COLUMNS else target


def renames_present(rename: Mapping[str, str], header: Sequence[str]) -> dict[str, str]:
    """The renames whose header is there; records need not all have the same keys."""
    return {name: target for name, target in rename.items() if _position(name, header) is not None}


def _claims(header: Sequence[str], renamed: Mapping[int, str], known: Sequence[str]) -> list[tuple[int, str]]:
    """(position, our column) for each column of the file that has a meaning for us."""
    exact = {name for position, name in enumerate(header) if name in known and position not in renamed} | set(
        renamed.values()
    )
    by_key = {_key(name): name for name in known}
    claims = list(renamed.items())
    for position, name in enumerate(header):
        if position in renamed or name in OWN_COLUMNS:
            continue
        if name in known:
            claims.append((position, name))
        elif (target := by_key.get(_key(name))) and target not in exact and target not in OWN_COLUMNS:
            claims.append((position, target))
    return claims


def _kind(taken: Mapping[str, int]) -> str:
    has_product_column = any(name in taken for name in PRODUCT_LAYOUT_COLUMNS if name != "k2_form")
    return "products" if "ingredient" not in taken and (has_product_column or "k2_form" in taken) else "lines"


def _layout_problems(kind: str, taken: Mapping[str, int], header: Sequence[str], where: str) -> list[str]:
    missing = [
        name
        for name in ("product_id", "ingredient")
        if name not in taken and (kind, name) != ("products", "ingredient")
    ]
    free = [name for position, name in enumerate(header) if position not in taken.values()]
    problems = [
        f"{where}: no column {name!r}; found are {', '.join(map(repr, header)) or 'none'}. "
        "Needed are 'product_id' and 'ingredient' (a row per label line), or 'product_id' and one of "
        f"{', '.join(map(repr, PRODUCT_LAYOUT_COLUMNS))} (a row per product). {_hint(name, free)}"
        for name in missing
    ]
    if kind == "products":
        problems += [
            f"{where}: column {header[taken[name]]!r} says nothing in a table with a row per product, whose amounts "
            f"stand in {', '.join(map(repr, PRODUCT_LAYOUT_COLUMNS))}; rename it in the file or with --rename"
            for name in LINE_ONLY_COLUMNS
            if name in taken
        ]
    return problems


def _hint(missing: str, free: Sequence[str]) -> str:
    keys = {_key(name): name for name in free if name}
    close = [keys[key] for key in difflib.get_close_matches(_key(missing), list(keys), n=3, cutoff=0.5)]
    close += [name for key, name in keys.items() if key in _key(missing) and len(key) > 1 and name not in close]
    example = close[0] if close else "Header In File"
    nearest = f"Nearest: {', '.join(map(repr, close))}. " if close else ""
    return f'{nearest}Map a column with --rename "{example}={missing}"'


def _targets(header: Sequence[str], taken: Mapping[str, int]) -> tuple[str, ...]:
    ours = {position: name for name, position in taken.items()}
    targets: list[str] = []
    for position, name in enumerate(header):
        target = ours.get(position) or name or f"column {position + 1}"
        if position not in ours and (target in LINE_COLUMNS or target in ours.values()):
            target = f"{target} (in file)"
        while target in targets:
            target = f"{target} (column {position + 1})"
        targets.append(target)
    return tuple(targets)


def _position(name: str, header: Sequence[str]) -> int | None:
    if name in header:
        return header.index(name)
    keys = [_key(column) for column in header]
    return keys.index(_key(name)) if _key(name) in keys else None


def _rename_problem(name: str, header: Sequence[str], where: str) -> str:
    found = ", ".join(map(repr, header))
    return f"{where}: --rename names the column {name!r}, which is not there; {_nearest(name, header)}found are {found}"


def _nearest(name: str, accepted: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, accepted, n=1)
    return f"did you mean {close[0]!r}? " if close else ""


def _key(name: str) -> str:
    return re.sub(r"[\s_\-]+", "", name).casefold()
