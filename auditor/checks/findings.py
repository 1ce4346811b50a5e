"""All findings of an audit: what the readers of text saw and what the checks found, one per root cause, in order."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.checks import (
    Check,
    amounts,
    catalogue,
    claims,
    doses,
    forms,
    maxima,
    number,
    percents,
    records,
    safety,
)
from auditor.checks.facts import COLUMNS, WITHHELD, Facts, keys_of, nothing, together
from auditor.distinct import distinct
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
SHORTEST_CELL = 16
"""Label texts are not cut shorter than this."""

BOTH_JUDGED = "nothing settles it, so both were judged"
"""How the reader of amounts says it; a message has less room."""

MEASURES = {"serving": "doses", "piece": "pieces", "drop": "drops"}
"""What directions count, as a message says it."""

_UNITS_FOLDED = re.compile(r"(?<=\d )(?:iu|i\.u\.|i\.e\.|ie|ui|u\.i\.)(?![a-z])")
"""International units as the reader of amounts folds them; a message has them as printed."""

FUNCTIONS: dict[tuple[str, ...], Callable[[Facts], pd.DataFrame]] = {
    **records.CHECKS, **amounts.CHECKS, **percents.CHECKS, **forms.CHECKS, **doses.CHECKS, **claims.CHECKS, **safety.CHECKS, **maxima.CHECKS,
}  # fmt: skip
"""Every check that is more than the reading of one line, with the ids it raises."""


ON_A_DOSE = ("dose-open-ended", "dose-loading-phase", "dose-with-meals-uncounted", "dose-number-words-differ")
"""Findings that say which number was used; where no dose came out another finding says why."""

ON_AN_AMOUNT = (
    "dose-basis-unknown",
    "dose-basis-assumed",
    "dose-drops-without-volume",
    "vitk-mixed-total",
    "vitd-forms-mixed",
)
"""Findings on what the amount is for or is the amount of; where no amount is known another finding says so."""

OF_THE_LINE = ("amount-not-assignable", "vitk-mixed-total")
"""Findings on a line that names several vitamins: told once, for the first of them."""

ACROSS = ("id-duplicate", "gtin-duplicate", "gtin-conflicting-records", "record-duplicate")
"""Checks on what several labels share, raised by :mod:`auditor.checks.across`."""


def find_all(facts: Facts) -> pd.DataFrame:
    """Findings with `product` (position), `finding_id`, `severity`, `nutrient`, `message`, `value`, `expected`, `label_text`.

    Ordered by product, then severity, then place on the label; each finding once per product and nutrient.  A finding
    that only follows from another one is left out.  With `today`, rules of long ago are told as stale.
    """
    found = together(_from_reading(facts), *(function(facts) for function in FUNCTIONS.values()))
    return finished(found[list(COLUMNS)])


def _from_reading(facts: Facts) -> pd.DataFrame:
    """What the line and directions grammars reported, for the rows that made it into a dose."""
    rows, problems = facts.rows, facts.problems
    kept = problems[problems["row"].isin(rows.index)]
    near = (kept["code"] == "near-name").to_numpy()
    harmless = [name for name in kept["value"][near].unique() if not safety.near_code(name)]
    kept = kept[~(near & kept["value"].isin(harmless).to_numpy())]
    undosed = kept["code"].isin(ON_A_DOSE) & rows["factor_high"].reindex(kept["row"]).isna().to_numpy()
    undosed |= kept["code"].isin(ON_AN_AMOUNT) & rows["amount_mcg"].reindex(kept["row"]).isna().to_numpy()
    one_word = (kept["code"] == "serving-unread") & kept["value"].str.fullmatch(r"[^\W\d]+")
    kept = kept[~(undosed | one_word)]
    if kept.empty:
        return nothing()
    row = rows[ASKED_OF_A_ROW].loc[kept["row"]]
    code = kept["code"].replace(ALIASES).to_numpy(dtype=object)
    of_directions = np.isin(code, [check.id for check in catalogue().values() if check.raised_by == "directions"])
    huge = (code == "amount-implausible-vitk") & (
        row["amount_mcg"] > number("amount-implausible-vitk", "largest_mcg")
    ).to_numpy()
    assumed = np.isin(code, ("dose-directions-missing", "dose-directions-unparsed"))
    day = np.where(
        row["factor_high"].isna(),
        "no daily dose was computed",
        np.where(row["basis"] == "per_unit", "one unit a day was assumed", "one serving a day was assumed"),
    )
    as_needed = code == "dose-as-needed"
    day = np.where(as_needed & row["factor_high"].notna().to_numpy(), "the stated number was used", day)
    assumed |= as_needed
    unclear = code == "dose-basis-unknown"
    told = distinct(kept, ["code", "value"])
    value = np.array([*told.map(_as_printed), ""], dtype=object)[told.codes]
    expected = np.where(
        unclear & (kept["expected"] == ""), _portions(facts, kept["row"]) if unclear.any() else "", kept["expected"]
    )
    suspect = np.flatnonzero(code == "unit-mg-mcg-suspect")
    if len(suspect):
        expected[suspect] = _weights_suspected(facts, rows.loc[kept["row"].iloc[suspect]], expected[suspect])
    day = np.where(
        unclear,
        np.where(
            row["factor_high"].isna() | row["amount_mcg"].isna(), "no daily dose was computed", "both were judged"
        ),
        day,
    )
    assumed |= unclear
    detail = np.where(assumed, day, kept["detail"].str.replace(BOTH_JUDGED, "both were judged", regex=False))
    return pd.DataFrame(
        {
            "product": row["product"].to_numpy(), "order": kept["row"].to_numpy(), "code": code,
            "nutrient": np.where(of_directions, "", row["nutrient"]), "value": value, "expected": expected,
            "detail": detail, "label_text": row["label_text"].to_numpy(), "severity": np.where(huge, "error", np.where((code == "vitd-form-calcifediol") & row["declared_iu"].isna().to_numpy(), "note", "")),
        }
    )  # fmt: skip


ASKED_OF_A_ROW = ["product", "nutrient", "label_text", "basis", "amount_mcg", "factor_high", "declared_iu"]
"""Columns of a dose's row that its findings ask for; taking all would cost more than the findings."""


def _as_printed(code: str, value: str) -> str:
    """What a reader of text quotes, as a message says it."""
    value = _UNITS_FOLDED.sub(lambda unit: unit[0].upper(), value)
    if code == "dose-open-ended":
        return doses.open_end(value)
    return MEASURES.get(value, value) if code == "dose-drops-without-volume" else value


def _portions(facts: Facts, rows: pd.Series) -> npt.NDArray[np.object_]:
    """What an amount may be for where the directions count something that the serving does not."""
    size = facts.of_target("serving_size").astype("str").loc[rows].to_numpy(dtype=object)
    return np.where(size == "", "per unit or per portion", "for one of them (serving: '" + size + "')")


def _weights_suspected(facts: Facts, rows: pd.DataFrame, expected: npt.NDArray[np.object_]) -> list[str]:
    """What may be meant instead of milligrams: micrograms, or the weight that the percent is the share of."""
    meant = percents.weights_meant(facts, rows.reset_index(drop=True), least=-2)
    shares = rows["declared_percent_dv"]
    return [
        f"{mcg}, or {mg} by its {share:g} %" if mg else mcg
        for mcg, mg, share in zip(expected, meant, shares, strict=True)
    ]


def finished(found: pd.DataFrame) -> pd.DataFrame:
    """Findings with severity and message, without those another one makes void, in the order of the contract."""
    found = found.astype({"product": "int64", "order": "int64"})
    checks = catalogue()
    unknown = set(found["code"].unique()) - set(checks)
    if unknown:
        raise AssertionError(f"findings without a catalogue entry: {', '.join(sorted(unknown))}")
    found = _without_caused(found)
    codes, ids = pd.factorize(found["code"])
    usual = np.array([*(checks[check_id].severity for check_id in ids), ""], dtype=object)[codes]
    own = found["severity"].to_numpy(dtype=object)
    severity = np.where(own == "", usual, own)
    rank = pd.Categorical(severity, categories=list(SEVERITIES)).codes
    order = np.lexsort((found["order"].to_numpy(), rank, found["product"].to_numpy()))
    of_line = np.isin(codes, np.flatnonzero(np.isin(np.asarray(ids, dtype=object), OF_THE_LINE)))
    once = np.where(of_line, "", found["nutrient"].to_numpy(dtype=object))
    same = keys_of([found["product"].to_numpy(), codes, once, found["value"].to_numpy(dtype=object)])[order]
    order = order[~pd.Series(same).duplicated().to_numpy()]
    found = found.assign(severity=severity).iloc[order].reset_index(drop=True)
    texts = distinct(found, ["code", "nutrient", "value", "expected", "detail", "voided"])
    found["message"] = np.array([*texts.map(message), ""], dtype=object)[texts.codes]
    return found.rename(columns={"code": "finding_id"}).astype({"severity": "str", "message": "str"})


# -- one root cause, one finding -------------------------------------------------------------------------------------------


def _without_caused(found: pd.DataFrame) -> pd.DataFrame:
    """Findings without those that another finding of the same vitamin, or of the same label, makes void.

    Column `voided` names, on the finding that made others void, what was left aside.  A finding of severity
    :data:`~auditor.checks.facts.WITHHELD` holds under one reading of the label only: it is never told itself, and named
    where a finding doubts the reading.
    """
    codes, ids = pd.factorize(found["code"])
    label = found["product"].to_numpy()
    vitamin = (
        label * (len(NUTRIENT_NAMES) + 1) + pd.Categorical(found["nutrient"], categories=list(NUTRIENT_NAMES)).codes
    )
    withheld = (found["severity"] == WITHHELD).to_numpy(dtype=bool)
    void = withheld.copy()
    position = {check_id: place for place, check_id in enumerate(ids)}
    said: dict[str, npt.NDArray[np.bool_]] = {}
    for check_id, place in position.items():
        check = catalogue()[check_id]
        mine = (codes == place) & ~withheld
        for key, names, among in (
            (vitamin, check.hides, ~mine),
            (label, check.hides_on_label, ~mine),
            (vitamin, check.withholds, withheld),
        ):
            wanted = {position[other]: _consequence(check, other) for other in _ids_of(names) if other in position}
            if not wanted:
                continue
            candidates = np.flatnonzero(np.isin(codes, list(wanted)) & among)
            caused = candidates[np.isin(key[candidates], key[mine])]
            void[caused] = True
            for word in set(wanted.values()) - {""}:
                named = caused[np.isin(codes[caused], [other for other, told in wanted.items() if told == word])]
                said[word] = said.get(word, np.zeros(len(found), dtype=bool)) | mine & np.isin(key, key[named])
    voided = np.full(len(found), "", dtype=object)
    for word in sorted(said):
        voided[said[word]] += f", {word}"
    named = np.flatnonzero(voided != "")
    voided[named] = [words.removeprefix(", ") for words in voided[named]]
    return found.assign(voided=voided)[~void]


def _consequence(cause: Check, check_id: str) -> str:
    """The word for what is left aside; '' where the cause is a closer telling of the same thing."""
    check = catalogue()[check_id]
    return check.left_aside if check.family != cause.family else ""


def _ids_of(names: tuple[str, ...]) -> list[str]:
    """Check ids of a list that may name families."""
    return [check.id for check in catalogue().values() for name in names if name in (check.id, check.family)]


def message(code: str, nutrient: str, value: str, expected: str, detail: str, voided: str = "") -> str:
    """The sentence of a finding; label texts inside it are cut so that it fits :data:`MESSAGE_LENGTH`.

    `voided` names what was left aside because of this finding; room for saying so is always kept.
    """
    check = catalogue()[code]
    tail = f" Left aside: {voided}." if voided else ""
    room = MESSAGE_LENGTH - len(tail)
    cells = {"name": NUTRIENT_NAMES[nutrient], "value": value, "expected": expected, "detail": detail}
    text = check.template.format(**cells)
    while len(text) > room and max(map(len, cells.values())) > SHORTEST_CELL:
        longest = max(cells, key=lambda name: len(cells[name]))
        cells[longest] = shorten(cells[longest], max(SHORTEST_CELL, len(cells[longest]) - (len(text) - room)))
        text = check.template.format(**cells)
    return text[:1].upper() + text[1:].replace("\u2026.", "\u2026") + tail
