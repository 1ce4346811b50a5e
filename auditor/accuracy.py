"""How often labels are read right: the gold set against the readers, counted and listed.

Run as `python -m auditor.accuracy [tests/gold]`.  The gold set was written by reading, in parts that are reported apart:
A was tuned on from the start, B was blind until 27 November 2026 and then tuned on, C is blind.  Failures of the blind
part are counted and not listed unless asked for.  An amount that is off with no word of doubt beside it is counted apart
as *silent*: that is the error a reader of an audit cannot see.

Conventions of the comparison: amounts agree within a thousandth (printed rounding); a figure that the reader doubts and
shows beside a second one counts as its printed reading where only the unit is doubted ('MK-7 10 mg'), and as "unreadable"
where the gold set says so; whole labels that name several audiences are audited once for each.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import tomli as tomllib

from auditor.amounts import LineReading, read_line
from auditor.directions import Directions, Regimen, read_directions
from auditor.dose import style_of
from auditor.errors import AuditorError, UsageError
from auditor.evidence import load_evidence
from auditor.labels import Label, label_frame
from auditor.panel import panel_lines

PARTS = ("a", "b", "c")
TUNED_ON = ("a", "b")
"""Parts whose failures may be looked at; the others only measure."""

GOLD = Path("tests/gold")
ROUNDING = Fraction(1, 1000)
"""How far two amounts may lie apart, as a share of the larger, and still be the same print."""

OF_THE_FORM = ("vitd-form", "vitk-form", "form-column", "vitk-percent", "vitk-menadione", "near-name", "nattokinase-on-line", "safety-hormone", "look-alike",
               "hidden-characters", "mojibake", "number-separator-read", "text-repaired")  # fmt: skip
"""Beginnings of problem codes that raise no doubt of the amount, and so do not excuse a wrong one."""

ABOUT_THE_DOSE = ("integrity", "numbers and units", "double declaration", "dose and serving")
"""Families of findings that do raise it on a whole label."""

Case = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """How one gold entry was read: `marks` tells for each field that the entry states whether it is right.

    `numbers` counts the amounts (or schedules) the reader gave, `silent` those of them that are wrong without a sign.
    """

    part: str
    group: str
    kind: str
    id: str
    text: str
    marks: tuple[tuple[str, bool], ...]
    numbers: int
    silent: int
    read_as: str

    @property
    def right(self) -> bool:
        """Whether every field is right."""
        return all(good for _, good in self.marks)


def measure(folder: Path = GOLD) -> list[Outcome]:
    """Read every entry of the gold set and compare.

    A part that is not tuned on may be missing, or lack one of its files: it is written last.

    Raises:
        UsageError: a file of a part that is tuned on is missing, or a file is no TOML.
    """
    groups: tuple[tuple[str, str, Callable[[Case], _Compared]], ...] = (
        ("lines", "line", compare_line), ("directions", "directions", compare_directions), ("labels", "label", compare_label)
    )  # fmt: skip
    found: list[Outcome] = []
    for part in PARTS:
        for group, table, compare in groups:
            path = folder / f"{group}_{part}.toml"
            if part not in TUNED_ON and not path.exists():
                continue
            for case in _entries(path, table):
                told = compare(case)
                found.append(
                    Outcome(part, group, case["kind"], case["id"], _text(case), tuple(told.marks), told.numbers, told.silent, told.read_as)
                )  # fmt: skip
    return found


def _text(case: Case) -> str:
    return case.get("text") or " / ".join(
        [*case.get("panel", ()), case.get("serving_size", ""), case.get("directions", "")]
    )


def _entries(path: Path, table: str) -> list[Case]:
    try:
        return list(tomllib.loads(path.read_text(encoding="utf-8"))[table])
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise UsageError(
            f"{path}: no gold file ({error}); accepted is a folder with lines_a.toml, lines_b.toml (lines_c.toml where it exists) and the same for directions and labels"
        ) from None


@dataclass
class _Compared:
    marks: list[tuple[str, bool]]
    numbers: int = 0
    silent: int = 0
    read_as: str = ""


# -- lines -------------------------------------------------------------------------------------------------------------


def compare_line(case: Case) -> _Compared:
    """One ingredient line: substance, form, amount, IU and percent of each nutrient it names."""
    readings = list(read_line(case["text"], style=style_of(case.get("market", ""), load_evidence())))
    told = _Compared(
        [], sum(reading.mcg_high is not None for reading in readings), 0, "; ".join(map(_shown, readings)) or "nothing"
    )
    left = list(readings)
    for expected in case["reads"]:
        reading = _best(expected, left)
        if reading is not None:
            left.remove(reading)
        told.marks.append(("substance", reading is not None and reading.nutrient == expected["nutrient"]))
        told.marks.append(("form", reading is not None and reading.form == expected["form"]))
        amount_right = reading is not None and _amount_right(expected, reading)
        told.marks.append(("amount", amount_right))
        told.silent += (
            reading is not None and reading.mcg_high is not None and not amount_right and not _doubted(reading)
        )
        for field, value in (("IU", reading and reading.iu), ("%DV", reading and reading.percent)):
            name = {"IU": "iu", "%DV": "percent"}[field]
            if name in expected:
                told.marks.append((field, value is not None and _close(value, expected[name])))
    if not case["reads"] or left:
        told.marks.append(("substance", not left))
        told.silent += sum(reading.mcg_high is not None and not _doubted(reading) for reading in left)
    return told


def _best(expected: Case, readings: Iterable[LineReading]) -> LineReading | None:
    """The reading meant by an expected one: same nutrient and form, else same nutrient, else same family."""

    def likeness(reading: LineReading) -> int:
        same = reading.nutrient == expected["nutrient"]
        return 4 * same + 2 * (reading.form == expected["form"]) + (reading.nutrient[:9] == expected["nutrient"][:9])

    return max((reading for reading in readings if likeness(reading)), key=likeness, default=None)


def _amount_right(expected: Case, reading: LineReading) -> bool:
    mcg, given = expected["mcg"], [value for value in (reading.mcg_high, reading.other_mcg) if value is not None]
    if mcg == "unreadable":
        candidates = expected.get("candidates", ())
        return not given or (len(given) > 1 and all(any(_close(value, one) for one in candidates) for value in given))
    if reading.mcg_high is None or reading.mcg_low is None:
        return False
    low, high = mcg if isinstance(mcg, list) else (mcg, mcg)
    unit_doubted = any(problem.code == "unit-mg-mcg-suspect" for problem in reading.problems)
    if reading.other_mcg is not None and not unit_doubted:
        return False
    return _close(Fraction(0) if reading.share else reading.mcg_low, low) and _close(reading.mcg_high, high)


def _doubted(reading: LineReading) -> bool:
    return (
        bool(reading.reason)
        or reading.other_mcg is not None
        or any(not problem.code.startswith(OF_THE_FORM) for problem in reading.problems)
    )


def _close(one: Any, other: Any) -> bool:
    first, second = Fraction(str(one)), Fraction(str(other))
    return abs(first - second) <= max(abs(first), abs(second)) * ROUNDING


def _shown(reading: LineReading) -> str:
    amount = (
        "no amount"
        if reading.mcg_high is None
        else f"{reading.mcg_low} to {reading.mcg_high} mcg"
        if reading.mcg_low != reading.mcg_high
        else f"{reading.mcg_high} mcg"
    )
    other = f" or {reading.other_mcg} mcg" if reading.other_mcg is not None else ""
    notes = ", ".join(dict.fromkeys(filter(None, (reading.reason, *(problem.code for problem in reading.problems)))))
    return f"{reading.nutrient} {reading.form} {amount}{other}, IU {reading.iu}, {reading.percent} %{f' ({notes})' if notes else ''}"


# -- directions --------------------------------------------------------------------------------------------------------


def compare_directions(case: Case) -> _Compared:
    """One directions text: how many units a day, of what, at what interval, for whom, and what is flagged."""
    read = read_directions(case["text"])
    wanted = case.get("status", "read")
    numbers_right = (
        _parts_right(case, read)
        if "parts" in case
        else _units_right(case, read)
        if "units" in case
        else not read.regimens
    )
    printed_twice = read.status == "ambiguous" and "number-words-differ" in case.get("flags", ()) and numbers_right
    marks = [
        ("status", printed_twice or _status_right(wanted, read)),
        ("servings", numbers_right),
        ("flags", set(case.get("flags", ())) <= set(read.flags)),
    ]
    silent = read.status == "read" and not numbers_right and "quantity-unsaid" not in read.flags
    shown = "; ".join(
        f"{regimen.units_per_day_low}..{regimen.units_per_day_high} {regimen.unit} a day {' '.join(regimen.contexts)}"
        for regimen in read.regimens
    )
    return _Compared(
        marks, bool(read.regimens), int(silent), f"{read.status}: {shown or 'no dose'} {' '.join(read.flags)}"
    )


def _status_right(wanted: str, read: Directions) -> bool:
    """`unread` and `ambiguous` without a number both give no dose, which is what matters."""
    return read.status == wanted or (wanted != "read" and read.status in ("unread", "ambiguous") and not read.regimens)


def _units_right(case: Case, read: Directions) -> bool:
    if case.get("status") == "ambiguous" and not read.regimens:
        return True
    if not read.regimens or {regimen.unit for regimen in read.regimens} != {case["unit"]}:
        return False
    # Phases of a cure and alternatives are regimens of their own; the gold set states the span of them.
    low, high = (Fraction(str(value)) / Fraction(str(case["interval_days"])) for value in case["units"])
    return _close(min(regimen.units_per_day_low for regimen in read.regimens), low) and _close(
        max(regimen.units_per_day_high for regimen in read.regimens), high
    )


def _parts_right(case: Case, read: Directions) -> bool:
    return all(
        any(_regimen_right(part, regimen) and set(_listed(part["who"])) & set(regimen.contexts) for regimen in read.regimens)
        for part in case["parts"]
    )  # fmt: skip


def _regimen_right(expected: Case, regimen: Regimen) -> bool:
    days = Fraction(str(expected["interval_days"]))
    low, high = (Fraction(str(value)) / days for value in expected["units"])
    return (
        regimen.unit == expected["unit"]
        and _close(regimen.units_per_day_low, low)
        and _close(regimen.units_per_day_high, high)
    )


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


# -- whole labels ------------------------------------------------------------------------------------------------------


def compare_label(case: Case) -> _Compared:
    """One whole label: the daily dose of each nutrient and form, in the context of each audience it names."""
    contexts = list(
        dict.fromkeys(who for expected in case["expected"] for who in _listed(expected.get("who", "auto")))
    ) or ["auto"]
    told = _Compared([], 0, 0, "")
    for context in contexts:
        wanted = [expected for expected in case["expected"] if context in _listed(expected.get("who", "auto"))]
        _compare_in(case, context, wanted, told)
    return told


def _compare_in(case: Case, context: str, wanted: list[Case], told: _Compared) -> None:
    from auditor.checks import catalogue
    from auditor.pipeline import audit_lines

    audit = audit_lines(label_frame([_label(case)]), context=context)
    families = {check.id: check.family for check in catalogue().values()}
    doubted = {
        nutrient
        for finding, nutrient in zip(audit.findings["finding_id"], audit.findings["nutrient"], strict=True)
        if families[finding] in ABOUT_THE_DOSE
    }
    left = audit.doses.to_dict("records")
    for dose in left:
        told.read_as += f"{context}: {dose['nutrient']} {dose['form']} {dose['daily_mcg_low']} to {dose['daily_mcg_high']} mcg {dose['verdict']} {dose['reason']}; "
    told.read_as += " ".join(audit.findings["finding_id"])
    for expected in wanted:
        dose = next(
            (dose for dose in left if (dose["nutrient"], dose["form"]) == (expected["nutrient"], expected["form"])),
            None,
        )
        told.marks.append(("substance and form", dose is not None))
        if dose is not None:
            left.remove(dose)
        good = dose is not None and _daily_right(expected, dose)
        told.marks.append(("daily dose", good))
        told.numbers += dose is not None and _has_dose(dose)
        told.silent += dose is not None and _has_dose(dose) and not good and not doubted & {"", dose["nutrient"]}
    told.marks.append(("substance and form", not left))
    told.numbers += sum(map(_has_dose, left))
    told.silent += sum(_has_dose(dose) and not doubted & {"", dose["nutrient"]} for dose in left)


def _label(case: Case) -> Label:
    served = case.get("servings_per_day", "")
    low, high = served if isinstance(served, list) else (served, served)
    return Label(
        product_id=case["id"], name=case["name"], market=case["market"], lines=panel_lines(case["panel"]),
        serving_size=case["serving_size"], directions=case["directions"], servings_per_day_min=low, servings_per_day_max=high,
        audience=case.get("audience", ""),
    )  # fmt: skip


def _has_dose(dose: Mapping[str, Any]) -> bool:
    return dose["daily_mcg_high"] == dose["daily_mcg_high"] and dose["daily_mcg_high"] is not None


def _daily_right(expected: Case, dose: Mapping[str, Any]) -> bool:
    if expected["daily_mcg"] == "not-computable":
        candidates = expected.get("candidates", ())
        both = (
            len(candidates) > 1
            and _has_dose(dose)
            and _close(dose["daily_mcg_low"], min(candidates))
            and _close(dose["daily_mcg_high"], max(candidates))
        )
        return not _has_dose(dose) or both
    low, high = expected["daily_mcg"]
    return (
        _has_dose(dose)
        and _close(dose["daily_mcg_low"], low)
        and _close(dose["daily_mcg_high"], high)
        and dose["interval_days"] == expected.get("interval_days", 1)
    )


# -- the report --------------------------------------------------------------------------------------------------------


Column = tuple[str, tuple[str, ...]]
"""Title of a column of the report and the parts it counts."""


def report(outcomes: list[Outcome], listed: Iterable[str] = TUNED_ON) -> str:
    """The figures as text: by field, by group, by kind, the silent errors, and the failures of the parts in `listed`."""
    parts = tuple(part for part in PARTS if any(outcome.part == part for outcome in outcomes))
    columns: tuple[Column, ...] = (*((part.upper(), (part,)) for part in parts), ("all", parts))
    titles = _row("", *(title for title, _ in columns))
    lines = [
        "Right of all that the gold set states (A tuned on, B blind until 27 November 2026 and then tuned on, C blind)",
        "",
        titles,
    ]
    for group in ("lines", "directions", "labels"):
        lines += _of_group(group, [outcome for outcome in outcomes if outcome.group == group], columns)
    lines += ["", "By kind", titles]
    for group, kind in dict.fromkeys((outcome.group, outcome.kind) for outcome in outcomes):
        of_kind = [outcome for outcome in outcomes if (outcome.group, outcome.kind) == (group, kind)]
        lines.append(_row(f"{group}: {kind}", *(_share(o.right for o in of_kind if o.part in of) for _, of in columns)))
    for part in listed:
        failed = [outcome for outcome in outcomes if outcome.part == part and not outcome.right]
        lines += [
            "",
            f"Not right in part {part.upper()}: {len(failed)}",
            *(line for outcome in failed for line in _failure(outcome)),
        ]
    return "\n".join(lines) + "\n"


_SILENT = {
    "lines": "  silent wrong amounts",
    "directions": "  silent wrong schedules",
    "labels": "  silent wrong doses",
}


def _of_group(group: str, outcomes: list[Outcome], columns: tuple[Column, ...]) -> Iterator[str]:
    """Rows of one group: all fields together, each field, and what is wrong in silence."""
    yield _row(f"{group}, all fields right", *(_share(o.right for o in outcomes if o.part in of) for _, of in columns))
    for field in dict.fromkeys(name for outcome in outcomes for name, _ in outcome.marks):
        marks = [(o.part, good) for o in outcomes for name, good in o.marks if name == field]
        yield _row(f"  {field}", *(_share(good for part, good in marks if part in of) for _, of in columns))
    yield _row(_SILENT[group], *(
        f"{sum(o.silent for o in outcomes if o.part in of)} of {sum(o.numbers for o in outcomes if o.part in of)}" for _, of in columns
    ))  # fmt: skip


def _row(title: str, *cells: str) -> str:
    return f"{title:42}" + "".join(f"{cell:>20}" for cell in cells)


def _share(marks: Iterable[bool]) -> str:
    found = list(marks)
    return f"{sum(found)}/{len(found)} {100 * sum(found) / len(found):6.2f} %" if found else "-"


def _failure(outcome: Outcome) -> Iterator[str]:
    yield f"{outcome.id} ({outcome.kind}){' SILENT' if outcome.silent else ''}: {', '.join(dict.fromkeys(name for name, good in outcome.marks if not good))}"
    yield f"    text {outcome.text!r}"
    yield f"    read {outcome.read_as}"


def main(arguments: list[str] | None = None) -> int:
    """Print the report; exit code 0, or 2 where the gold set cannot be read."""
    parser = argparse.ArgumentParser(
        prog="python -m auditor.accuracy", description="Measure the readers on the gold set."
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, default=GOLD, help="folder of the gold set (default: tests/gold)"
    )
    parser.add_argument(
        "--show-blind",
        action="store_true",
        help="list the failures of the blind part as well; whoever tunes the parser must not",
    )
    chosen = parser.parse_args(arguments)
    try:
        print(report(measure(chosen.folder), PARTS if chosen.show_blind else TUNED_ON))
    except AuditorError as error:
        print(error)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
