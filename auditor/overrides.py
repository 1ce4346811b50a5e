"""A reviewer's file of overrides: findings that were looked at and accepted, and transcriptions that were corrected.

Every entry names who decided, when and why, and what it replaces.  A file with an entry that matches no record, no
longer differs or replaces another value than the record's is refused as a whole: an override never works silently.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import tomli as tomllib
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from auditor.checks import catalogue
from auditor.checks.findings import MESSAGE_LENGTH, message
from auditor.errors import InputError, UsageError
from auditor.labels import LINE_COLUMNS
from auditor.text import shorten

PROTECTED = ("product_id", "input", "row")
"""Columns by which a record is found; a correction never changes them."""


class Override(BaseModel):
    """One decision of a reviewer.

    `accept-finding`: `finding_id` of the product becomes a note; with `nutrient` only for that one.
    `correct`: `column` holds `value` instead of `replaces`, on line `line` or on every line of the product that holds it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
    product_id: str = Field(min_length=1)
    kind: Literal["accept-finding", "correct"]
    finding_id: str = ""
    nutrient: str = ""
    column: str = ""
    line: str = ""
    replaces: str = ""
    value: str = ""
    who: str = Field(min_length=1)
    when: date
    why: str = Field(min_length=3)

    @model_validator(mode="after")
    def _says_what(self) -> Override:
        if self.kind == "accept-finding":
            if self.finding_id not in catalogue():
                raise ValueError(f"finding_id {self.finding_id!r} is no check; `auditor checks` lists them")
            if self.column or self.value or self.replaces:
                raise ValueError("column, replaces and value belong to kind 'correct'")
        else:
            if self.finding_id:
                raise ValueError("finding_id belongs to kind 'accept-finding'")
            if not self.column or self.column in PROTECTED:
                raise ValueError(
                    f"column {self.column!r} cannot be corrected; any column of the record but {', '.join(PROTECTED)} can"
                )
            if self.value == self.replaces:
                raise ValueError(f"value {self.value!r} is what it replaces")
        return self

    @property
    def entry(self) -> dict[str, str]:
        """What was decided, by whom, when and why, uncut and without empty keys: for the data package."""
        return {name: str(cell) for name, cell in self if cell != ""}


def load_overrides(path: Path | str) -> tuple[Override, ...]:
    """Read a reviewer's file: TOML with `[[override]]` tables, or CSV with the same names as header.

    Raises:
        InputError: the file cannot be read.
        UsageError: every entry that breaks a rule, with its number and key.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
        entries = (
            list(csv.DictReader(text.splitlines()))
            if path.suffix.lower() == ".csv"
            else tomllib.loads(text).get("override", [])
        )
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, csv.Error) as error:
        raise InputError(f"{path}: is no readable TOML or CSV: {error}") from error
    found: list[Override] = []
    problems: list[str] = []
    for position, entry in enumerate(entries, start=1):
        try:
            found.append(
                Override.model_validate(
                    {key: cell for key, cell in entry.items() if cell not in (None, "")}
                    if path.suffix.lower() == ".csv"
                    else entry
                )
            )
        except ValidationError as error:
            problems += [
                f"{path.name}: override {position}: {'.'.join(map(str, item['loc'])) or 'entry'}: {item['msg'].removeprefix('Value error, ')}"
                for item in error.errors()
            ]
    keys = [
        (item.product_id, item.kind, item.finding_id, item.nutrient, item.column, item.line, item.replaces)
        for item in found
    ]
    problems += [
        f"{path.name}: {item.kind} of {item.product_id!r} stands twice ({item.finding_id or item.column})"
        for item, key in zip(found, keys, strict=True)
        if keys.count(key) > 1
    ]
    if not found and not problems:
        problems.append(
            f"{path.name}: holds no override; a TOML file has [[override]] tables, a CSV file one row for each"
        )
    if problems:
        raise UsageError(problems)
    return tuple(found)


def apply(lines: pd.DataFrame, overrides: Iterable[Override]) -> pd.DataFrame:
    """The line table with the corrections in place; call it before the audit.

    Raises:
        UsageError: every correction that matches no product, no column, no line with the value it replaces, or that
            no longer differs from the record; and every acceptance for a product that is not there.
    """
    overrides = tuple(overrides)
    ids = lines["product_id"].astype("str")
    known = set(ids.unique()) & {item.product_id for item in overrides}
    problems = [
        f"override of {item.product_id!r}: no such product" for item in overrides if item.product_id not in known
    ]
    corrected = lines
    for item in overrides:
        if item.kind != "correct" or item.product_id not in known:
            continue
        where = (ids == item.product_id).to_numpy()
        problem = _obstacle(item, lines, where)
        if problem:
            problems.append(f"override of {item.product_id!r}, {item.column}: {problem}")
            continue
        cells = corrected[item.column].astype("str").copy()
        cells[where & _holds(item, lines)] = item.value
        corrected = corrected.assign(**{item.column: cells})
    if problems:
        raise UsageError(problems)
    return corrected


def _holds(item: Override, lines: pd.DataFrame) -> np.ndarray:
    test = (lines[item.column].astype("str") == item.replaces).to_numpy()
    return np.asarray(test & (lines["line"].astype("str") == item.line).to_numpy() if item.line else test)


def _obstacle(item: Override, lines: pd.DataFrame, where: np.ndarray) -> str:
    """Why a correction cannot be applied, '' if it can."""
    if item.column not in lines:
        return f"no such column; the record has {', '.join(name for name in lines.columns if name in LINE_COLUMNS)}"
    if (where & _holds(item, lines)).any():
        return ""
    cells = lines.loc[where, item.column].astype("str")
    if (cells == item.value).any():
        return f"the record already says {shorten(item.value, 60)!r}; the override no longer differs, remove it"
    found = ", ".join(repr(shorten(cell, 40)) for cell in dict.fromkeys(cells)) or "no line"
    return f"replaces {shorten(item.replaces, 60)!r}, but the record says {found}"


def suppress(findings: pd.DataFrame, overrides: Iterable[Override]) -> pd.DataFrame:
    """The findings table after a reviewer's decisions; call it on the finished table, after the audit.

    An accepted finding stays, as a note that says who accepted it and why.  Each correction that was applied is told by
    a note `override-used`, placed behind the product's other findings.

    Raises:
        UsageError: every acceptance of a finding that the product does not have.
    """
    overrides = tuple(overrides)
    table = findings.copy()
    for name in ("severity", "message"):
        table[name] = table[name].astype("str")
    problems: list[str] = []
    ids, codes = findings["product_id"].astype("str").to_numpy(), findings["finding_id"].astype("str").to_numpy()
    for item in overrides:
        if item.kind != "accept-finding":
            continue
        hit = (ids == item.product_id) & (codes == item.finding_id)
        if item.nutrient:
            hit &= (findings["nutrient"].astype("str") == item.nutrient).to_numpy()
        if not hit.any():
            problems.append(
                f"override of {item.product_id!r}: it has no finding {item.finding_id}{f' on {item.nutrient}' if item.nutrient else ''} any more, remove the entry"
            )
            continue
        table.loc[hit, "message"] = [_accepted(message, item) for message in table.loc[hit, "message"]]
        table.loc[hit, "severity"] = "note"
    if problems:
        raise UsageError(problems)
    used = pd.DataFrame(
        [_used(item) for item in overrides if item.kind == "correct"],
        columns=["product_id", "finding_id", "severity", "message", "value", "expected"],
    )
    if used.empty:
        return table
    used = used.reindex(columns=table.columns, fill_value="").astype("str")
    last = pd.Series(np.arange(len(table)), index=ids).groupby(level=0).max()
    place = np.concatenate(
        [
            np.arange(len(table), dtype=float),
            used["product_id"].map(last).fillna(len(table)).to_numpy(dtype=float) + 0.5,
        ]
    )
    return pd.concat([table, used], ignore_index=True).iloc[np.argsort(place, kind="stable")].reset_index(drop=True)


SIGNATURE_LENGTH = 80
"""Characters of an accepted finding's message that are kept for who accepted it and why, if they need so many."""


def _accepted(told: str, item: Override) -> str:
    """The message of an accepted finding, of the length of any other; the data package holds the reason uncut."""
    end = f" Accepted by {shorten(item.who, 30)}, {item.when}: "
    why = shorten(item.why, max(MESSAGE_LENGTH - len(told) - len(end) - 1, SIGNATURE_LENGTH - len(end) - 1))
    end += f"{why.removesuffix('.')}."
    return shorten(told, MESSAGE_LENGTH - len(end)) + end


def _used(item: Override) -> tuple[str, str, str, str, str, str]:
    change = f"{item.column} {shorten(item.replaces, 30) or 'empty'!r} read as {shorten(item.value, 30)!r}"
    what = f"{change} ({shorten(item.who, 30)}, {item.when}: "
    room = MESSAGE_LENGTH - len(catalogue()["override-used"].template.format(value=what)) - 1
    what += f"{shorten(item.why, max(room, 1))})"
    return (
        item.product_id,
        "override-used",
        "note",
        message("override-used", "", what, "", ""),
        item.replaces,
        item.value,
    )
