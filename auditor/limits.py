"""Market maxima: amounts a country's law, authority or trade sets for the daily dose of a supplement, dated and sourced.

Upper levels, which count all sources and judge health, stand in the evidence edition; these are facts about markets.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import tomli as tomllib

from auditor.errors import EvidenceError
from auditor.markets import markets
from auditor.rows import FileRow, Limited, ValidationError

SHIPPED_LIMITS = Path(__file__).parent / "data" / "limits"

STALE_AFTER_DAYS = 365
"""A rule that was last checked longer ago than this is told as stale."""


class Limit(FileRow):
    """One maximum (or minimum) in one market.

    `forms` empty: every form.  `contexts` empty: everybody; `audience` says it in words.  `per` is 'day' or 'unit'.
    `place` and `authority` are the words of the message.  A dose equal to the value keeps it.  `finding` is the check that tells it.
    """

    id: Annotated[str, Limited(pattern=r"^[A-Z0-9][A-Za-z0-9.-]*$")]
    finding: Annotated[str, Limited(pattern=r"^reg-[a-z0-9-]+$")]
    market: str
    place: Annotated[str, Limited(min_length=2)]
    authority: Annotated[str, Limited(min_length=2)]
    nutrients: Annotated[
        tuple[Literal["vitamin_d", "vitamin_k2", "vitamin_k1", "vitamin_k"], ...], Limited(min_length=1)
    ]
    forms: tuple[str, ...] = ()
    audience: str
    contexts: tuple[str, ...] = ()
    kind: Literal["law", "guidance", "industry"]
    bound: Literal["maximum", "minimum"] = "maximum"
    per: Literal["day", "unit"] = "day"
    value_mcg: Annotated[Decimal, Limited(gt=0)]
    in_force_from: date | None = None
    in_force_to: date | None = None
    source: Annotated[str, Limited(min_length=5)]
    status: Literal["verified", "secondary", "unverified"]
    last_checked: date
    note: str = ""

    def check(self) -> None:
        if self.market not in markets() and self.market != "eu-all":
            raise ValueError(f"market {self.market!r} is not in markets.toml")
        if self.in_force_from and self.in_force_to and self.in_force_from > self.in_force_to:
            raise ValueError(f"in_force_from {self.in_force_from} is after in_force_to {self.in_force_to}")

    def is_stale(self, today: date) -> bool:
        """Whether the rule was last checked over a year before `today`."""
        return (today - self.last_checked).days > STALE_AFTER_DAYS


@cache
def load_limits(folder: str = "") -> tuple[Limit, ...]:
    """Read and check a folder of limits, the shipped one by default; ids are unique over all files.

    Raises:
        EvidenceError: every table that breaks a rule, with file and key.
    """
    problems: list[str] = []
    found: dict[str, Limit] = {}
    for path in sorted(Path(folder or SHIPPED_LIMITS).glob("*.toml")):
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            problems.append(f"{path.name}: is not readable TOML: {error}")
            continue
        for raw in table.get("limit", ()):
            where = f"{path.name}: limit {raw.get('id', '')!r}"
            try:
                limit = Limit.read(raw)
            except ValidationError as error:
                problems += [
                    f"{where}: {'.'.join(map(str, item['loc'])) or 'table'}: {item['msg']}" for item in error.errors()
                ]
                continue
            if limit.id in found:
                problems.append(f"{where}: the id stands twice")
            found[limit.id] = limit
    if problems:
        raise EvidenceError(problems)
    return tuple(found.values())


def stale_limits(today: date, limits: tuple[Limit, ...] | None = None) -> tuple[Limit, ...]:
    """The limits last checked over a year before `today`."""
    return tuple(limit for limit in (load_limits() if limits is None else limits) if limit.is_stale(today))
