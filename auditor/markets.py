"""How each market writes labels: decimal mark, what a printed amount stands for, whose percents apply."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import tomli as tomllib

MARKETS_FILE = Path(__file__).parent / "data" / "markets.toml"


class Market(NamedTuple):
    """One market; `amount_basis` is what an amount stands for when the label does not say."""

    id: str
    title: str
    decimal_mark: str
    amount_basis: str
    daily_values: tuple[str, ...]


UNKNOWN = Market("", "market not stated", "", "per_serving", ("us", "eu", "ca"))
"""A label whose market nobody knows: nothing is read into its separators, every percent table is tried."""


@cache
def markets() -> dict[str, Market]:
    """Markets by id; the countries a market lists are there under their own codes."""
    table = tomllib.loads(MARKETS_FILE.read_text(encoding="utf-8"))
    found: dict[str, Market] = {}
    for market_id, entry in table.items():
        if not isinstance(entry, dict):
            continue
        for code in (market_id, *entry.get("countries", ())):
            found[code] = Market(
                code, entry["title"], entry["decimal_mark"], entry["amount_basis"], tuple(entry["daily_values"])
            )
    return found


def market_named(text: str) -> Market:
    """Market of a record's market cell ('us', 'DE', 'eu-de'); :data:`UNKNOWN` when empty, without percent tables when
    the code is not in the table."""
    code = text.strip().lower().replace("_", "-").removeprefix("eu-")
    code = {"usa": "us", "gb": "uk", "canada": "ca"}.get(code, code)
    # A market of which no percent table is known is not tried against other countries' tables.
    return markets().get(code, UNKNOWN._replace(id=code, daily_values=()) if code else UNKNOWN)
