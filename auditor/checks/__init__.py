"""The catalogue of label checks: what each finding means, how grave it is, where its rule comes from, and an example.

Entries are data (`auditor/data/checks/*.toml`, one file per family).  A finding is raised either by the reading of a
line or of its directions, which knows the entry's id, or by the one function of this package that names the id.
Numbers and words that judge stand in the entries, never in Python.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import tomli as tomllib

DATA = Path(__file__).parent.parent / "data"
CATALOGUE_FOLDER = DATA / "checks"

NO_MAPPING: MappingProxyType[str, Any] = MappingProxyType({})


class Check(NamedTuple):
    """One entry.

    `template` may use {value}, {expected}, {detail} and {name} (the nutrient in words).  `severity` is the usual one,
    `otherwise` says when it is another.  `raised_by` is 'line' or 'directions' where a reader of text raises it.
    `hides` names ids or families that this finding makes void for the same vitamin, `hides_on_label` for the whole
    label, `withholds` those that hold under only one reading of what it doubts.  `left_aside` is the word by which such
    a finding names this one, '' where it need not be named.  `numbers` and `patterns` are what the function judges by.  `fires` and `silent` are small labels.
    """

    id: str
    family: str
    severity: str
    title: str
    trigger: str
    tolerance: str
    template: str
    why: str
    source: str
    status: str
    otherwise: str = ""
    raised_by: str = "check"
    hides: tuple[str, ...] = ()
    hides_on_label: tuple[str, ...] = ()
    withholds: tuple[str, ...] = ()
    left_aside: str = ""
    numbers: MappingProxyType[str, Any] = NO_MAPPING
    patterns: tuple[str, ...] = ()
    fires: MappingProxyType[str, Any] = NO_MAPPING
    silent: MappingProxyType[str, Any] = NO_MAPPING


_LISTS = ("hides", "hides_on_label", "withholds", "patterns")
_TABLES = ("numbers", "fires", "silent")


@cache
def catalogue() -> dict[str, Check]:
    """All checks by id, family by family in the order of :data:`FAMILIES`.

    Raises:
        ValueError: an id stands twice or an entry has a key that is not known; a mistake of ours, found by the tests.
    """
    found: dict[str, Check] = {}
    tables = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(CATALOGUE_FOLDER.glob("*.toml"))]
    for table in sorted(tables, key=lambda table: FAMILIES.index(table["family"])):
        for entry in table["check"]:
            if entry["id"] in found or set(entry) - set(Check._fields):
                raise ValueError(
                    f"check {entry['id']!r} stands twice or has unknown keys: {sorted(set(entry) - set(Check._fields))}"
                )
            found[entry["id"]] = _check({"left_aside": table.get("left_aside", "")} | entry, table["family"])
    return found


def _check(entry: dict[str, Any], family: str) -> Check:
    shaped = {"family": family} | entry
    shaped |= {name: tuple(entry[name]) for name in _LISTS if name in entry}
    shaped |= {name: MappingProxyType(entry[name]) for name in _TABLES if name in entry}
    return Check(**shaped)


FAMILIES = (
    "integrity", "numbers and units", "double declaration", "percent daily value", "forms", "dose and serving", "claims", "safety",
    "market maxima",
)  # fmt: skip
"""Families of checks in the order in which they are listed."""


def number(check_id: str, name: str) -> float:
    """A number an entry judges by, from its `numbers` table."""
    return float(catalogue()[check_id].numbers[name])


def listed(check_id: str = "") -> list[dict[str, str]]:
    """Id, family, severity and title of every check, or of one: plain data for a list."""
    return [
        {"id": check.id, "family": check.family, "severity": check.severity, "title": check.title}
        for check in catalogue().values()
        if check_id in ("", check.id)
    ]


def in_full(check_id: str) -> dict[str, str]:
    """One check as label and text, in reading order, empty parts left out.

    Raises:
        KeyError: no check has that id.
    """
    check = catalogue()[check_id]
    severity = f"{check.severity}; {check.otherwise}" if check.otherwise else check.severity
    parts = {
        "id": check.id, "title": check.title, "family": check.family, "severity": severity, "trigger": check.trigger,
        "tolerance": check.tolerance, "message": check.template, "why": check.why, "source": f"{check.source} ({check.status})" if check.source else "",
        "makes void": ", ".join(check.hides + check.hides_on_label), "withholds": ", ".join(check.withholds), "numbers": ", ".join(f"{name} {value}" for name, value in check.numbers.items()),
        "fires on": _example(check.fires), "silent on": _example(check.silent),
    }  # fmt: skip
    return {name: text for name, text in parts.items() if text}


def _example(example: MappingProxyType[str, Any]) -> str:
    lines = "; ".join(
        line if isinstance(line, str) else " | ".join(f"{name}: {cell}" for name, cell in line.items())
        for line in example.get("lines", ())
    )
    rest = ", ".join(f"{name}: {cell}" for name, cell in example.items() if name not in ("lines", "also") and cell)
    others = " + another label: ".join(["", *(_example(MappingProxyType(other)) for other in example.get("also", ()))])
    return (f"{lines} ({rest})" if rest else lines) + others


def markdown_table() -> str:
    """The catalogue as a markdown table for the README: id, severity, what triggers it, source and how far it was checked."""
    rows = ["| check | severity | what triggers it | source |", "| --- | --- | --- | --- |"]
    for family in FAMILIES:
        rows.append(f"| **{family}** | | | |")
        rows += [
            f"| `{check.id}` | {check.severity} | {_cell(check.trigger)} | {_cell(check.source)} ({check.status}) |"
            for check in catalogue().values()
            if check.family == family
        ]
    return "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
