"""All findings of an audit: what the readers of text saw and what the checks found, one per root cause, in order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.checks import amounts, catalogue, claims, doses, forms, maxima, number, percents, records, safety
from auditor.checks.facts import COLUMNS, Facts, nothing, sure_high, together
from auditor.distinct import distinct
from auditor.evidence import Evidence
from auditor.limits import Limit, load_limits
from auditor.schema import SEVERITIES
from auditor.text import shorten

NUTRIENT_NAMES = {
    "vitamin_d": "vitamin D",
    "vitamin_k2": "vitamin K2",
    "vitamin_k1": "vitamin K1",
    "vitamin_k": "vitamin K",
    "": "the label",
}

ALIASES = {"hidden-characters": "text-hidden-characters", "look-alike-letters": "text-repaired", "mojibake": "text-repaired",
           "near-name": "safety-hormone"}  # fmt: skip
"""Codes of the readers that are told under a catalogue id of another name."""

MESSAGE_LENGTH = 160
"""A message fits a screen line and a spreadsheet cell; longer label texts inside it are cut."""

FUNCTIONS: dict[tuple[str, ...], Callable[[Facts], pd.DataFrame]] = {
    **records.CHECKS, **amounts.CHECKS, **percents.CHECKS, **forms.CHECKS, **doses.CHECKS, **claims.CHECKS, **safety.CHECKS, **maxima.CHECKS,
}  # fmt: skip
"""Every check that is more than the reading of one line, with the ids it raises."""


ACROSS = ("id-duplicate", "gtin-duplicate", "gtin-conflicting-records", "record-duplicate")
"""Checks on what several labels share, raised by :mod:`auditor.checks.across`."""


def find_all(
    lines: pd.DataFrame, targets: pd.DataFrame, rows: pd.DataFrame, problems: pd.DataFrame, judged: pd.DataFrame, contexts: list[str],
    firsts: npt.NDArray[np.intp], evidence: Evidence, *, product_of_line: npt.NDArray[np.intp] | None = None,
    limits: tuple[Limit, ...] | None = None, today: date | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Findings with `product` (position), `finding_id`, `severity`, `nutrient`, `message`, `value`, `expected`, `label_text`.

    Ordered by product, then severity, then place on the label; each finding once per product and nutrient.  A finding
    that only follows from another one is left out.  With `today`, rules of long ago are told as stale.
    """
    product = product_of_line if product_of_line is not None else pd.factorize(lines["product_id"])[0]
    facts = Facts(
        lines, firsts, np.asarray(product, dtype=np.intp), targets, rows, problems, judged, np.array(contexts, dtype=object), evidence,
        load_limits() if limits is None else limits, today,
    )  # fmt: skip
    found = together(_from_reading(facts), *(function(facts) for function in FUNCTIONS.values()))
    return finished(found[list(COLUMNS)])


def _from_reading(facts: Facts) -> pd.DataFrame:
    """What the line and directions grammars reported, for the rows that made it into a dose."""
    rows, problems = facts.rows, facts.problems
    kept = problems[problems["row"].isin(rows.index)]
    near = (kept["code"] == "near-name").to_numpy()
    harmless = [name for name in kept["value"][near].unique() if not safety.near_code(name)]
    kept = kept[~(near & kept["value"].isin(harmless).to_numpy())]
    if kept.empty:
        return nothing()
    row = rows.loc[kept["row"]]
    code = kept["code"].replace(ALIASES).to_numpy(dtype=object)
    of_directions = np.isin(code, [check.id for check in catalogue().values() if check.raised_by == "directions"])
    huge = (code == "amount-implausible-vitk") & (
        row["amount_mcg"] > number("amount-implausible-vitk", "largest_mcg")
    ).to_numpy()
    contradicted = code == "dual-vitd-mismatch"
    assumed = np.isin(code, ("dose-directions-missing", "dose-directions-unparsed"))
    day = np.where(
        row["factor_high"].isna(),
        "no daily dose was computed",
        np.where(row["basis"] == "per_unit", "one unit a day was assumed", "one serving a day was assumed"),
    )
    unclear = code == "dose-basis-unknown"
    expected = np.where(unclear & (kept["expected"] == ""), "per unit or per portion", kept["expected"])
    day = np.where(unclear, np.where(row["factor_high"].isna(), "no daily dose was computed", "both were judged"), day)
    assumed |= unclear
    detail = np.where(
        contradicted & _one_passes(facts, kept["row"]),
        "one is over the upper level; " + kept["detail"],
        np.where(assumed, day, kept["detail"]),
    )
    return pd.DataFrame(
        {
            "product": row["product"].to_numpy(), "order": kept["row"].to_numpy(), "code": code,
            "nutrient": np.where(of_directions, "", row["nutrient"]), "value": kept["value"].to_numpy(), "expected": expected,
            "detail": detail, "label_text": row["label_text"].to_numpy(), "severity": np.where(huge, "error", ""),
        }
    )  # fmt: skip


def _one_passes(facts: Facts, rows: pd.Series) -> npt.NDArray[np.bool_]:
    """Rows of whose two readings one passes the upper level and the other does not."""
    judged = facts.judged
    high = np.fmax(judged["daily_mcg_high"], judged["other_mcg_high"])
    split = (
        judged["other_mcg_high"].notna()
        & (high > judged["upper_level_mcg"])
        & ~(sure_high(judged) > judged["upper_level_mcg"])
    )
    return np.asarray(rows.isin(judged.loc[split, "source_rows"]))


def finished(found: pd.DataFrame) -> pd.DataFrame:
    """Findings with severity and message, without those another one makes void, in the order of the contract."""
    found = found.astype(
        {
            "product": "int64",
            "order": "int64",
            "value": "str",
            "expected": "str",
            "detail": "str",
            "code": "str",
            "nutrient": "str",
        }
    )
    checks = catalogue()
    unknown = set(found["code"].unique()) - set(checks)
    if unknown:
        raise AssertionError(f"findings without a catalogue entry: {', '.join(sorted(unknown))}")
    found = _without_caused(found)
    usual = found["code"].map({check.id: check.severity for check in checks.values()}).astype("str")
    severity = found["severity"].astype("str").where(found["severity"] != "", usual)
    rank = severity.map({name: position for position, name in enumerate(SEVERITIES)})
    found = found.assign(severity=severity, rank=rank).sort_values(["product", "rank", "order"], kind="stable")
    found = found.drop_duplicates(["product", "code", "nutrient", "value"], ignore_index=True)
    texts = distinct(found, ["code", "nutrient", "value", "expected", "detail", "voided"])
    messages = np.array(texts.map(message) or [""], dtype=object)
    found["message"] = messages[texts.codes] if len(found) else pd.Series([], dtype="str")
    return found.rename(columns={"code": "finding_id"}).astype({"severity": "str", "message": "str"})


# -- one root cause, one finding -------------------------------------------------------------------------------------------


def _without_caused(found: pd.DataFrame) -> pd.DataFrame:
    """Findings without those that another finding of the same vitamin, or of the same label, makes void.

    Column `voided` is 'yes' on a finding that made others void.
    """
    codes, ids = pd.factorize(found["code"])
    label = found["product"].to_numpy()
    vitamin = (
        label * (len(NUTRIENT_NAMES) + 1) + pd.Categorical(found["nutrient"], categories=list(NUTRIENT_NAMES)).codes
    )
    position = {check_id: place for place, check_id in enumerate(ids)}
    void, causes = np.zeros(len(found), dtype=bool), np.zeros(len(found), dtype=bool)
    for check_id, place in position.items():
        check = catalogue()[check_id]
        for key, hidden in ((vitamin, check.hides), (label, check.hides_on_label)):
            wanted = [position[other] for other in _ids_of(hidden) if other in position and other != check_id]
            if not wanted:
                continue
            mine = codes == place
            candidates = np.flatnonzero(np.isin(codes, wanted))
            caused = candidates[np.isin(key[candidates], key[mine])]
            void[caused] = True
            causes |= mine & np.isin(key, key[caused])
    return found.assign(voided=np.where(causes, "yes", ""))[~void]


def _ids_of(names: tuple[str, ...]) -> list[str]:
    """Check ids of a list that may name families."""
    return [check.id for check in catalogue().values() for name in names if name in (check.id, check.family)]


def message(code: str, nutrient: str, value: str, expected: str, detail: str, voided: str = "") -> str:
    """The sentence of a finding; label texts inside it are cut so that it fits :data:`MESSAGE_LENGTH`."""
    check = catalogue()[code]
    cells = {"name": NUTRIENT_NAMES[nutrient], "value": value, "expected": expected, "detail": detail}
    text = check.template.format(**cells)
    while len(text) > MESSAGE_LENGTH and max(map(len, cells.values())) > 16:
        longest = max(cells, key=lambda name: len(cells[name]))
        cells[longest] = shorten(cells[longest], max(16, len(cells[longest]) - (len(text) - MESSAGE_LENGTH)))
        text = check.template.format(**cells)
    tail = " Percent and limits were left aside."
    if (
        voided
        and (set(check.hides) & {"percent daily value", "market maxima"})
        and len(text) + len(tail) <= MESSAGE_LENGTH
    ):
        text += tail
    return text[:1].upper() + text[1:]
