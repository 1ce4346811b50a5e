"""Reads one DSLD label, a record of `GET https://api.ods.od.nih.gov/dsld/v9/label/{id}`, as label lines.

The record is flattened, not judged: what is printed is kept as printed, and what DSLD marks as not present stays empty.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from auditor.readers.dsld_servings import Serving, serving_of
from auditor.readers.dsld_wording import blood_thinner_cautions, forms_of, ingredient_text, vitamin_claims
from auditor.readers.records import Flattened, Unusable
from auditor.readers.values import value_text

DIRECTIONS = "Suggested/Recommended/Usage/Directions"
PRECAUTIONS = "Precautions"
CLAIMS = "Formula re: Contains"


class AmountCells(NamedTuple):
    """Columns of the line table that hold an amount as text."""

    amount: str
    unit: str
    percent_dv: str
    operator: str


COLUMNS = ("ingredient", "line", "parent", "audience", "serving_order", *AmountCells._fields, *Serving._fields)
NO_QUANTITY: tuple[Mapping[str, Any], ...] = ({},)
NOT_PRESENT = frozenset({"NP", "Not Present"})
GENERAL_AUDIENCE = frozenset({"", "Adults and children 4 or more years of age"})
"""Group names that tell nothing beyond the general public."""
SPECIAL_AUDIENCE = re.compile(
    r"infant|(?:less|younger) than 4|under 4|(?<!not )pregnan|^lactat|and lactat", re.IGNORECASE
)


def is_dsld_label(record: Mapping[str, Any]) -> bool:
    """Whether the record is a DSLD label, or means to be one (a copy that another program has changed)."""
    return "ingredientRows" in record or ("fullName" in record and "id" in record)


def flatten_label(record: Mapping[str, Any]) -> Flattened:
    """Lines of a DSLD label: one for each amount, nested rows after the row that holds them.

    Raises:
        Unusable: if the record has no id or no ingredient rows, or is built otherwise than the API's records.
    """
    label_id = value_text(record.get("id")).strip()
    if not label_id:
        raise Unusable("id", value_text(record.get("fullName")), "id-missing", "the label has no DSLD id")
    if not record.get("ingredientRows"):
        raise _without_rows(record, label_id)
    try:
        return Flattened(_product(record, label_id), COLUMNS, list(_lines(record)))
    except (AttributeError, TypeError, ValueError, KeyError) as error:
        raise Unusable(
            "ingredientRows",
            label_id,
            "unexpected-shape",
            f"label {label_id} is built otherwise than the records of the DSLD API v9 ({error}); fetch it anew",
        ) from None


def _without_rows(record: Mapping[str, Any], label_id: str) -> Unusable:
    if "ingredientRows" in record:
        return Unusable("ingredientRows", label_id, "no-lines", f"label {label_id} has no ingredient rows")
    others = [name for name in record if "ngredient" in name]
    return Unusable(
        "ingredientRows",
        label_id,
        "not-a-dsld-label",
        f"label {label_id} has no 'ingredientRows' and is no record of the DSLD API v9"
        + (f" (it has {', '.join(map(repr, others))}, as copies changed by other programs do)" if others else "")
        + f"; fetch it from https://api.ods.od.nih.gov/dsld/v9/label/{label_id}",
        wrong_shape=True,
    )


def _product(record: Mapping[str, Any], label_id: str) -> dict[str, str]:
    """What is printed once per label."""
    statements = _statements(record)
    return {
        "product_id": f"dsld-{label_id}",
        "brand": value_text(record.get("brandName")),
        "name": value_text(record.get("fullName")),
        "upc": _barcode(value_text(record.get("upcSku"))),
        "directions": "\n".join(filter(None, statements[DIRECTIONS])),
        "servings_per_container": value_text(record.get("servingsPerContainer")),
        "market": "us",
        "dosage_form": value_text((record.get("physicalState") or {}).get("langualCodeDescription")),
        "warnings": blood_thinner_cautions(statements[PRECAUTIONS]),
        "claims": vitamin_claims(statements[CLAIMS]),
        "label_date": value_text(record.get("entryDate")),
        "source": "dsld",
        "source_id": label_id,
        "off_market": _flag(value_text(record.get("offMarket"))),
        "net_contents": "; ".join(value_text(entry.get("display")) for entry in record.get("netContents") or ()),
        "target_groups": "; ".join(map(value_text, record.get("targetGroups") or ())),
    }


def _statements(record: Mapping[str, Any]) -> dict[str, list[str]]:
    """Texts of the statements that matter here, by the beginning of their type."""
    texts: dict[str, list[str]] = {DIRECTIONS: [], PRECAUTIONS: [], CLAIMS: []}
    for entry in record.get("statements") or ():
        kind = entry.get("type") or ""
        for beginning, found in texts.items():
            if kind.startswith(beginning):
                found.append(value_text(entry.get("notes")).replace("\r\n", "\n").strip())
    return texts


def _lines(record: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The label's lines from top to bottom, as `COLUMNS`; two serving columns give two of the same `line`."""
    rows = list(_depth_first(record["ingredientRows"]))
    servings = record.get("servingSizes") or []
    label_audience = _label_audience(record, rows)
    known_servings: dict[tuple[Any, Any, Any], Serving] = {}
    for number, (row, parent) in enumerate(rows, start=1):
        ingredient = ingredient_text((row.get("name") or "").strip(), row.get("notes") or "", forms_of(row))
        for quantity in row.get("quantity") or NO_QUANTITY:
            order = quantity.get("servingSizeOrder")
            size = (order, quantity.get("servingSizeQuantity"), quantity.get("servingSizeUnit"))
            if size not in known_servings:
                known_servings[size] = serving_of(quantity, servings)
            groups = quantity.get("dailyValueTargetGroup")
            group = groups[0] if groups else {}
            cells = _amount_cells(
                quantity.get("quantity"),
                quantity.get("unit"),
                quantity.get("operator"),
                group.get("percent"),
                group.get("operator"),
                group.get("footnote"),
            )
            audience = label_audience or group.get("name") or ""
            yield (ingredient, str(number), parent, audience, value_text(order), *cells, *known_servings[size])


def _depth_first(rows: list[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Each row with the line number of the row it is nested in ('' at the top); the n-th yielded is line n."""
    # A stack and not recursion: nesting in a broken record must not exhaust the interpreter.
    stack = [(row, "") for row in reversed(rows)]
    number = 0
    while stack:
        row, parent = stack.pop()
        number += 1
        yield row, parent
        stack += [(nested, str(number)) for nested in reversed(row.get("nestedRows") or ())]


# The same amounts recur on thousands of labels; `typed`, because True and 1 are equal and not the same text.
@functools.lru_cache(maxsize=100_000, typed=True)
def _amount_cells(
    amount: object, unit: object, operator: object, percent: object, percent_operator: object, footnote: object
) -> AmountCells:
    """Amount, unit and percent as text; DSLD's `0 NP` is an amount that is not on the label, never zero."""
    amount_text, unit_text = value_text(amount), value_text(unit)
    if unit_text in NOT_PRESENT:
        unit_text = "NP"
        amount_text = "" if amount_text == "0" else amount_text
    percent_text = value_text(percent)
    if percent_text:
        percent_text = f"{percent_operator if percent_operator in ('<', '>') else ''}{percent_text}%"
    elif "not established" in value_text(footnote).casefold():
        percent_text = "**"
    return AmountCells(amount_text, "" if unit_text == "None" else unit_text, percent_text, value_text(operator))


def _label_audience(record: Mapping[str, Any], rows: Sequence[tuple[Mapping[str, Any], str]]) -> str:
    """For whom the whole label is, where its columns do not say: only if it names infants, small children or pregnancy.

    All user groups are given then, since a label for children under 4 is often one for older people as well.
    """
    users = [value_text(group.get("dailyValueTargetGroupName")) for group in record.get("userGroups") or ()]
    targets = [group for group in record.get("targetGroups") or () if _is_special(group)]
    if not targets and not any(map(_is_special, users)):
        return ""
    in_columns = {
        group.get("name") or ""
        for row, _ in rows
        for quantity in row.get("quantity") or ()
        for group in quantity.get("dailyValueTargetGroup") or ()
    }
    return "; ".join(dict.fromkeys([*filter(None, users), *targets])) if in_columns <= GENERAL_AUDIENCE else ""


@functools.lru_cache(maxsize=1_000)
def _is_special(group: str) -> bool:
    return bool(SPECIAL_AUDIENCE.search(group))


def _barcode(text: str) -> str:
    """The digits of a barcode printed in groups; other text ('Rev. 04') as it is."""
    digits = re.sub(r"[\s-]+", "", text)
    return digits if digits.isdecimal() else text.strip()


def _flag(text: str) -> str:
    return {"true": "1", "false": "0"}.get(text, text)
