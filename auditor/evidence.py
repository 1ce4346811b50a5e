"""The evidence edition: dose statements, trials, reference values, bands, upper levels, daily values.

An edition is a folder of TOML files.  Each file holds any of the tables below, so a band or a paper is
added by writing one table in one file.  Loading checks everything and reports every problem at once, with
file and key.  All amounts are micrograms per day of the nutrient itself unless a key says otherwise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import tomli as tomllib

from auditor.errors import EvidenceError
from auditor.rows import FileRow, Limited, ValidationError

SHIPPED_EVIDENCE = Path(__file__).parent / "data" / "evidence"

Nutrient = Literal["vitamin_d", "vitamin_k2", "vitamin_k1", "vitamin_k"]
Status = Literal["verified", "secondary", "partial", "unverified"]
"""How far a row was checked: read in the primary item, read on another public page, seen without its
figure, or from memory only."""
Integrity = Literal["sound", "superseded", "disputed", "retracted"]
Direction = Literal[
    "benefit", "marker", "null", "harm", "mixed", "association", "recommendation", "caution", "pending", "none"
]
Grade = Literal["strong", "moderate", "limited", "conflicting", "none"]
Amount = Annotated[Decimal, Limited(ge=0)]

CARRYING_STATUS = ("verified", "secondary")
"""A band edge needs at least one row of this status."""


class Row(FileRow):
    """What every table of an edition has: an id of its own."""

    table: ClassVar[str]

    id: Annotated[str, Limited(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$")]


class Reference(Row):
    """One document that somebody can look up."""

    table = "reference"
    title: Annotated[str, Limited(min_length=3)]
    authors: str = ""
    year: Annotated[int, Limited(ge=1900, le=2100)]
    kind: Literal[
        "trial", "meta-analysis", "review", "cohort", "guideline", "authority", "regulation", "case-report",
        "laboratory", "medicine-label", "source-document", "notice", "protocol",
    ]  # fmt: skip
    citation: Annotated[str, Limited(min_length=3)]
    doi: Annotated[str, Limited(pattern=r"^(10\.\d{4,}/\S+)?$")] = ""
    pmid: Annotated[str, Limited(pattern=r"^(\d{4,9})?$")] = ""
    url: Annotated[str, Limited(pattern=r"^(https?://\S+)?$")] = ""
    registry: str = ""
    status: Status
    checked: date
    checked_note: str = ""
    integrity: Integrity = "sound"
    integrity_note: str = ""
    funding: str = ""

    @property
    def link(self) -> str:
        """Best public address: DOI, then PubMed, then the page itself, else empty."""
        if self.doi:
            return f"https://doi.org/{self.doi}"
        if self.pmid:
            return f"https://pubmed.ncbi.nlm.nih.gov/{self.pmid}/"
        return self.url

    def check(self) -> None:
        if self.integrity != "sound" and not self.integrity_note:
            raise ValueError("integrity_note must say who found what when integrity is not 'sound'")


class _Claim(Row):
    """What statements, trials and reference values share: a dose said of somebody by a reference."""

    nutrient: Nutrient
    form: str = "any"
    reference: str
    contexts: tuple[str, ...] = ()
    low_mcg: Amount | None = None
    high_mcg: Amount | None = None
    note: str = ""

    def check(self) -> None:
        if self.low_mcg is not None and self.high_mcg is not None and self.low_mcg > self.high_mcg:
            raise ValueError(f"low_mcg {self.low_mcg} is above high_mcg {self.high_mcg}")


class Statement(_Claim):
    """One dose claim of one of the documents the project started from, kept with its contradictions."""

    table = "statement"
    section: str
    claim: Annotated[str, Limited(min_length=5)]
    population: str
    outcome: str
    direction: Direction
    strength: str
    source_numbers: str = ""
    regimen: str = ""
    companion: str = ""

    @property
    def status(self) -> Status:
        """A document of the starting set was read, but is no primary source."""
        return "secondary"


class Trial(_Claim):
    """One trial, cohort or pooled analysis; `low_mcg`/`high_mcg` span the tested daily (or averaged) doses."""

    table = "trial"
    name: str
    year: int
    design: Literal["rct", "open-rct", "single-arm", "meta-analysis", "review", "cohort", "pharmacokinetic",
                    "protocol", "case"]  # fmt: skip
    participants: Annotated[int, Limited(ge=1)] | None = None
    population: str
    doses_mcg: tuple[Amount, ...] = ()
    regimen: str = ""
    interval_days: Annotated[Decimal, Limited(gt=0)] = Decimal(1)
    single_intake_mcg: Amount | None = None
    duration: str
    outcome: str
    result: str
    direction: Direction
    status: Status
    integrity: Integrity = "sound"
    co_intervention: str = ""


class ReferenceValue(_Claim):
    """A value an authority or guideline states for a life stage (RDA, AI, RNI, guideline dose, ...)."""

    table = "reference_value"
    authority: str
    year: int
    kind: str
    life_stage: str
    status: Status


class UpperLevel(Row):
    """A tolerable upper intake level: all sources together, an exceeding dose is strictly above it."""

    table = "upper_level"
    nutrient: Nutrient
    authority: str
    year: int
    life_stage: str
    contexts: Annotated[tuple[str, ...], Limited(min_length=1)]
    value_mcg: Annotated[Decimal, Limited(gt=0)]
    printed_mcg: Amount | None = None
    reference: str
    status: Status
    note: str = ""


class DailyValue(Row):
    """The amount that a printed 100 % stands for, in one market, for one group, in one era."""

    table = "daily_value"
    nutrient: Nutrient
    market: str
    group: Literal["adult", "child-1-3", "infant", "pregnancy"]
    era: Literal["current", "former"]
    value_mcg: Annotated[Decimal, Limited(gt=0)]
    label: str
    valid_from: date | None = None
    valid_to: date | None = None
    reference: str
    status: Status
    note: str = ""


class Context(Row):
    """For whom a dose is judged."""

    table = "context"
    title: str
    who: str
    parent: str = ""
    daily_value_group: Literal["adult", "child-1-3", "infant", "pregnancy"] = "adult"
    age_from_years: Decimal | None = None
    age_to_years: Decimal | None = None


class Band(Row):
    """The edges that judge one form in one context; both edges belong to the studied range.

    `not-established` bands carry no edges and say why nothing can be judged.
    """

    table = "band"
    nutrient: Nutrient
    form: str
    context: str
    status: Literal["established", "not-established"] = "established"
    low_mcg: Amount | None = None
    high_mcg: Amount | None = None
    core_low_mcg: Amount | None = None
    core_high_mcg: Amount | None = None
    studied_points_mcg: tuple[Amount, ...] = ()
    borderline_from_mcg: Amount | None = None
    borderline_note: str = ""
    grade: Grade
    direction: Direction
    low_rests_on: tuple[str, ...] = ()
    high_rests_on: tuple[str, ...] = ()
    supports: tuple[str, ...] = ()
    reason: Annotated[str, Limited(min_length=10)]
    note: str = ""
    reviewed: date

    @property
    def rows(self) -> tuple[str, ...]:
        """Ids of all rows the band names, edges first, each once."""
        return tuple(dict.fromkeys(self.low_rests_on + self.high_rests_on + self.supports))

    def check(self) -> None:
        edges = (self.low_mcg, self.high_mcg, self.core_low_mcg, self.core_high_mcg)
        if self.status == "not-established":
            if any(edge is not None for edge in edges):
                raise ValueError("a not-established band has no edges")
            return
        if self.low_mcg is None or self.high_mcg is None:
            raise ValueError("low_mcg and high_mcg are both needed unless status is 'not-established'")
        if self.low_mcg > self.high_mcg:
            raise ValueError(f"low_mcg {self.low_mcg} is above high_mcg {self.high_mcg}")
        core_low = self.low_mcg if self.core_low_mcg is None else self.core_low_mcg
        core_high = self.high_mcg if self.core_high_mcg is None else self.core_high_mcg
        if not self.low_mcg <= core_low <= core_high <= self.high_mcg:
            raise ValueError(f"core {core_low}..{core_high} must lie inside {self.low_mcg}..{self.high_mcg}")
        if not self.low_rests_on or not self.high_rests_on:
            raise ValueError("low_rests_on and high_rests_on must each name at least one row")


class SpacedDoseRule(Row):
    """How a dose that is not taken daily is judged; the first rule that fits applies.

    `interval_over_days` and `single_over_mcg` are exclusive, `interval_to_days` and `single_to_mcg` inclusive.
    """

    table = "spaced_dose_rule"
    nutrient: Nutrient
    interval_over_days: Annotated[Decimal, Limited(ge=0)]
    interval_to_days: Decimal | None = None
    single_over_mcg: Amount = Decimal(0)
    single_to_mcg: Amount | None = None
    judged: Literal["by-average", "never-studied-range", "high-dose"]
    rests_on: Annotated[tuple[str, ...], Limited(min_length=1)]
    reason: Annotated[str, Limited(min_length=10)]


class Contradiction(Row):
    """A conflict between rows that is shown, not smoothed over."""

    table = "contradiction"
    topic: str
    between: Annotated[tuple[str, ...], Limited(min_length=2)]
    conflict: str
    resolution: str


class Edition(FileRow):
    """Head of an evidence folder (`edition.toml`)."""

    id: str
    title: str
    released: date
    note: str = ""


ROW_TYPES: tuple[type[Row], ...] = (
    Reference, Statement, Trial, ReferenceValue, UpperLevel, DailyValue, Context, Band, SpacedDoseRule,
    Contradiction,
)  # fmt: skip
EvidenceRow = Statement | Trial | ReferenceValue


@dataclass(frozen=True, eq=False)
class Evidence:
    """A whole, checked edition.  Built by :func:`load_evidence`, read by everything else; equal only to itself."""

    edition: Edition
    references: dict[str, Reference]
    statements: dict[str, Statement]
    trials: dict[str, Trial]
    reference_values: dict[str, ReferenceValue]
    upper_levels: dict[str, UpperLevel]
    daily_values: dict[str, DailyValue]
    contexts: dict[str, Context]
    bands: dict[str, Band]
    spaced_dose_rules: dict[str, SpacedDoseRule]
    contradictions: dict[str, Contradiction]

    @cached_property
    def rows(self) -> dict[str, EvidenceRow]:
        """Statements, trials and reference values by id: everything a band can rest on."""
        return {**self.statements, **self.trials, **self.reference_values}

    @cached_property
    def _band_index(self) -> dict[tuple[str, str, str], Band]:
        return {(band.nutrient, band.form, band.context): band for band in self.bands.values()}

    def band_for(self, nutrient: str, form: str, context: str) -> Band | None:
        """Band of a form in a context, following the context's declared parents; `None` if there is none."""
        seen = context
        while seen:
            band = self._band_index.get((nutrient, form, seen))
            if band is not None:
                return band
            seen = self.contexts[seen].parent
        return None

    def upper_levels_for(self, nutrient: str, context: str, authority: str = "") -> list[UpperLevel]:
        """Upper levels for a nutrient and context, strictest first; of one authority when given."""
        found = [
            level for level in self.upper_levels.values()
            if level.nutrient == nutrient and context in level.contexts and authority in ("", level.authority)
        ]  # fmt: skip
        return sorted(found, key=lambda level: (level.value_mcg, level.authority))


def _plural(table: str) -> str:
    return table + "s"


def _tables(folder: Path, problems: list[str]) -> Iterator[tuple[Path, str, Any]]:
    for path in sorted(folder.rglob("*.toml")):
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            problems.append(f"{path.name}: is not readable TOML: {error}")
            continue
        for key, value in content.items():
            yield path, key, value


def _explain(error: ValidationError) -> Iterator[tuple[str, str]]:
    for item in error.errors():
        key = ".".join(str(part) for part in item["loc"]) or "table"
        if item["type"] == "extra_forbidden":
            yield key, "is not a known key; check its spelling"
        elif item["type"] == "missing":
            yield key, "is missing"
        else:
            yield key, f"{item['msg'].removeprefix('Value error, ')} (found {item['input']!r})"[:300]


def load_evidence(folder: Path | str | None = None) -> Evidence:
    """Read and check an evidence folder; the shipped edition when no folder is given.

    Raises:
        EvidenceError: the folder is missing, a file is no TOML, or any table breaks a rule: unknown keys,
            edges in the wrong order, missing or unused references, an edge that rests on unverified rows
            alone, a retracted or disputed row used as support, two bands for one form and context.
    """
    return _load(str(folder or SHIPPED_EVIDENCE))


@cache
def _load(name: str) -> Evidence:
    folder = Path(name)
    if not folder.is_dir():
        raise EvidenceError(f"{folder}: no such folder; an evidence edition is a folder of .toml files")
    problems: list[str] = []
    by_table = {row_type.table: row_type for row_type in ROW_TYPES}
    collected: dict[str, dict[str, Row]] = {_plural(table): {} for table in by_table}
    origin: dict[str, str] = {}
    edition: Edition | None = None
    for path, key, value in _tables(folder, problems):
        if key == "edition":
            try:
                edition = Edition.read(value)
            except ValidationError as error:
                problems += [f"{path.name}: edition: {part} {text}" for part, text in _explain(error)]
            continue
        row_type = by_table.get(key)
        if row_type is None or not isinstance(value, list):
            accepted = ", ".join(f"[[{table}]]" for table in by_table)
            problems.append(f"{path.name}: {key}: is not a known table; accepted are [edition], {accepted}")
            continue
        for position, raw in enumerate(value, start=1):
            if not isinstance(raw, dict):
                problems.append(
                    f"{path.name}: {key} number {position}: {raw!r} is no table; accepted is [[{key}]] and its keys below it"
                )
                continue
            where = f"{path.name}: {key} {raw.get('id', f'number {position}')!r}"
            try:
                row = row_type.read(raw)
            except ValidationError as error:
                problems += [f"{where}: {part} {text}" for part, text in _explain(error)]
                continue
            if row.id in origin:
                problems.append(f"{where}: the id is already used in {origin[row.id]}; ids are unique in an edition")
                continue
            origin[row.id] = where
            collected[_plural(key)][row.id] = row
    if edition is None:
        problems.append(f"{folder}: no [edition] table with id, title and released was found")
    if problems:
        raise EvidenceError(problems)
    evidence = Evidence(edition=edition, **collected)  # type: ignore[arg-type]
    problems += [f"{origin[row_id]}: {text}" for row_id, text in _broken_rules(evidence)]
    if problems:
        raise EvidenceError(problems)
    return evidence


def _broken_rules(evidence: Evidence) -> Iterator[tuple[str, str]]:
    yield from _broken_references(evidence)
    yield from _broken_contexts(evidence)
    yield from _broken_bands(evidence)
    for rule in evidence.spaced_dose_rules.values():
        for row_id in rule.rests_on:
            problem = _unfit_support(evidence, row_id)
            if problem:
                yield rule.id, f"rests_on names {row_id!r}, {problem}"
    for contradiction in evidence.contradictions.values():
        for row_id in contradiction.between:
            if row_id not in evidence.rows:
                yield contradiction.id, f"between names {row_id!r}, which is no statement, trial or reference value"


def _broken_references(evidence: Evidence) -> Iterator[tuple[str, str]]:
    used: set[str] = set()
    for row in (*evidence.rows.values(), *evidence.upper_levels.values(), *evidence.daily_values.values()):
        used.add(row.reference)
        if row.reference not in evidence.references:
            yield row.id, f"reference {row.reference!r} does not exist"
    for reference_id in evidence.references:
        if reference_id not in used:
            yield reference_id, "the reference is used by no row; remove it or cite it"


def _broken_contexts(evidence: Evidence) -> Iterator[tuple[str, str]]:
    known = evidence.contexts
    for context in known.values():
        trail, parent = [context.id], context.parent
        while parent:
            if parent not in known or parent in trail:
                yield context.id, f"parent {parent!r} does not exist or leads back to itself"
                break
            trail.append(parent)
            parent = known[parent].parent
    for row in (*evidence.rows.values(), *evidence.upper_levels.values()):
        for name in row.contexts:
            if name not in known:
                yield row.id, f"contexts names {name!r}; known are {', '.join(known)}"


def _broken_bands(evidence: Evidence) -> Iterator[tuple[str, str]]:
    seen: dict[tuple[str, str, str], str] = {}
    for band in evidence.bands.values():
        if band.context not in evidence.contexts:
            yield band.id, f"context {band.context!r} does not exist; known are {', '.join(evidence.contexts)}"
        key = (band.nutrient, band.form, band.context)
        if key in seen:
            yield band.id, f"judges the same form and context as band {seen[key]!r}"
        seen[key] = band.id
        for name in ("low_rests_on", "high_rests_on", "supports"):
            for row_id in getattr(band, name):
                problem = _unfit_support(evidence, row_id)
                if problem:
                    yield band.id, f"{name} names {row_id!r}, {problem}"
        if band.status == "established":
            for name in ("low_rests_on", "high_rests_on"):
                if not any(_carries(evidence, row_id) for row_id in getattr(band, name)):
                    yield (
                        band.id,
                        (
                            f"{name}: the edge rests on unverified rows or starting documents alone; at least one trial "
                            "or reference value with status 'verified' or 'secondary' must carry it"
                        ),
                    )


def _unfit_support(evidence: Evidence, row_id: str) -> str:
    row = evidence.rows.get(row_id)
    if row is None:
        return "which is no statement, trial or reference value"
    integrity = getattr(row, "integrity", "sound")
    reference = evidence.references.get(row.reference)
    for found in (integrity, reference.integrity if reference else "sound"):
        if found in ("retracted", "disputed"):
            return f"which is {found} and supports nothing"
    return ""


def _carries(evidence: Evidence, row_id: str) -> bool:
    row = evidence.rows.get(row_id)
    return not isinstance(row, Statement) and row is not None and row.status in CARRYING_STATUS


def rows_by_context(evidence: Evidence) -> dict[str, list[EvidenceRow]]:
    """Rows that speak about each context, in file order."""
    found: dict[str, list[EvidenceRow]] = defaultdict(list)
    for row in evidence.rows.values():
        for context in row.contexts:
            found[context].append(row)
    return dict(found)
