"""All findings of an audit: what the readers of text saw and what the checks found, one per root cause, in order."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
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
from auditor.checks.facts import COLUMNS, WITHHELD, Facts, Findings, Told, as_frame, first_of_each, keys_of
from auditor.checks.tables import Hits, Mask, Objects, Positions, objects
from auditor.distinct import codes_of, distinct, either, words, words_of
from auditor.patterns import late_pattern
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

_UNITS_FOLDED = late_pattern(r"(?<=\d )(?:iu|i\.u\.|i\.e\.|ie|ui|u\.i\.)(?![a-z])")
"""International units as the reader of amounts folds them; a message has them as printed."""

FUNCTIONS: dict[tuple[str, ...], Callable[[Facts], Findings]] = {
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
    found = _from_reading(facts)
    for function in FUNCTIONS.values():
        found += function(facts)
    return finished(as_frame(found))


def _from_reading(facts: Facts) -> Findings:
    """What the line and directions grammars reported, for the rows that made it into a dose."""
    rows, problems = facts.rows, facts.problems
    place = np.full(problems["row"].max(initial=rows.index.max(initial=-1)) + 1, -1, dtype=np.intp)
    place[rows.index] = np.arange(len(rows))
    row = place[problems["row"]]
    said = problems.texts("value")

    def of_value(test: Callable[[str], object], among: Mask) -> Mask:
        return said.one_of({value for value in said.at(said.used(among)) if test(value)}, among)

    kept = row >= 0
    kept &= ~of_value(lambda name: not safety.near_code(name), problems.are("code", "near-name") & kept)
    kept &= ~(problems.are("code", *ON_A_DOSE) & np.isnan(rows["factor_high"])[row])
    kept &= ~(problems.are("code", *ON_AN_AMOUNT) & np.isnan(rows["amount_mcg"])[row])
    kept &= ~of_value(_ONE_WORD.fullmatch, problems.are("code", "serving-unread") & kept)
    where = np.flatnonzero(kept)
    return [_told_by_readers(facts, where, row[where])] if len(where) else []


_ONE_WORD = late_pattern(r"[^\W\d]+")


def _told_by_readers(facts: Facts, where: Positions, place: Positions) -> Told:
    """Findings on some problems, each with the row it was found on, by their positions."""
    problems, problem, row = facts.problems, Hits(facts.problems, where), Hits(facts.rows, place)
    given, reported = codes_of(problems.array("code"), where)
    named = [ALIASES.get(name, name) for name in reported]
    code = objects(named)[given]
    of_directions = np.array([catalogue()[name].raised_by == "directions" for name in named], dtype=bool)[given]

    def are(*wanted: str) -> Mask:
        return problems.are("code", *wanted)[where]

    amount, no_day = row["amount_mcg"], np.isnan(row["factor_high"])
    huge = (code == "amount-implausible-vitk") & (amount > number("amount-implausible-vitk", "largest_mcg"))
    by_weight = are("vitd-form-calcifediol") & np.isnan(row["declared_iu"])
    told = distinct({name: problems.array(name).take(where) for name in ("code", "value")}, ["code", "value"])
    unclear, as_needed = are("dose-basis-unknown"), are("dose-as-needed")
    assumed = are("dose-directions-missing", "dose-directions-unparsed")
    uncomputed = (no_day & (unclear | as_needed | assumed)) | (unclear & np.isnan(amount))
    expected = problem["expected"]
    portion = unclear & (expected == "")
    expected[portion] = _portions(facts, row["source_line"][portion])
    suspect = np.flatnonzero(are("unit-mg-mcg-suspect"))
    if len(suspect):
        expected[suspect] = _weights_suspected(facts, place[suspect], expected[suspect])
    details, texts = codes_of(problems.array("detail"), where)
    detail = np.select(
        [uncomputed, unclear, as_needed, assumed & (row["basis"] == "per_unit"), assumed],
        ["no daily dose was computed", "both were judged", "the stated number was used", "one unit a day was assumed", "one serving a day was assumed"],
        objects(text.replace(BOTH_JUDGED, "both were judged") for text in texts)[details],
    )  # fmt: skip
    return Told(
        row["product"], problem["row"], code, np.where(of_directions, "", row["nutrient"]), objects(told.map(_as_printed))[told.codes], expected,
        detail, row["label_text"], np.select([huge, by_weight], ["error", "note"], ""),
    )  # fmt: skip


def _as_printed(code: str, value: str) -> str:
    """What a reader of text quotes, as a message says it."""
    value = _UNITS_FOLDED.sub(lambda unit: unit[0].upper(), value)
    if code == "dose-open-ended":
        return doses.open_end(value)
    return MEASURES.get(value, value) if code == "dose-drops-without-volume" else value


def _portions(facts: Facts, source: Positions) -> Objects:
    """What an amount on some lines may be for where the directions count something that the serving does not."""
    texts = facts.targets.texts("serving_size")
    told = (f"for one of them (serving: '{size}')" if size else "per unit or per portion" for size in texts.values)
    return objects(told)[texts.codes[source]]


def _weights_suspected(facts: Facts, rows: Positions, expected: Objects) -> list[str]:
    """What may be meant instead of milligrams: micrograms, or the weight that the percent is the share of."""
    meant = percents.weights_meant(facts, rows, least=-2)
    shares = facts.rows["declared_percent_dv"][rows].tolist()
    return [
        f"{mcg}, or {mg} by its {share:g} %" if mg else mcg
        for mcg, mg, share in zip(expected, meant, shares, strict=True)
    ]


def finished(found: pd.DataFrame) -> pd.DataFrame:
    """Findings with severity and message, without those another one makes void, in the order of the contract."""
    product, place = (found[name].to_numpy(dtype=np.int64) for name in ("product", "order"))
    texts = {name: words_of(found[name].array) for name in COLUMNS if name not in ("product", "order")}
    checks = catalogue()
    unknown = set(texts["code"].categories) - set(checks)
    if unknown:
        raise AssertionError(f"findings without a catalogue entry: {', '.join(sorted(unknown))}")
    void, texts["voided"] = _caused(product, texts)
    codes, ids = codes_of(texts["code"])
    usual = words(checks[check_id].severity for check_id in ids).take(codes)
    texts["severity"] = either(texts["severity"], usual)
    rank = pd.Index(SEVERITIES).get_indexer(texts["severity"].categories)[texts["severity"].codes]
    order = np.lexsort((place, rank, product))
    order = order[~void[order]]
    of_line = np.isin(ids, OF_THE_LINE)[codes]
    once = np.where(of_line, -1, texts["nutrient"].codes)
    same = keys_of(product, codes, once, texts["value"].codes)[order]
    order = order[first_of_each(same, np.ones(len(same), dtype=bool))]
    told = {name: cells.take(order) for name, cells in texts.items()}
    said = distinct(told, ["code", "nutrient", "value", "expected", "detail", "voided"])
    told["finding_id"] = told.pop("code")
    told["message"] = words(said.map(message)).take(said.codes)
    return pd.DataFrame({"product": product[order], "order": place[order], **told}, copy=False)


# -- one root cause, one finding -------------------------------------------------------------------------------------------


def _caused(label: Positions, texts: dict[str, pd.Categorical]) -> tuple[Mask, pd.Categorical]:
    """Findings that another finding of the same vitamin, or of the same label, makes void.

    Also, of each finding that made others void, what was left aside.  A finding of severity
    :data:`~auditor.checks.facts.WITHHELD` holds under one reading of the label only: it is never told itself, and named
    where a finding doubts the reading.
    """
    codes, ids = codes_of(texts["code"])
    nutrients, names = codes_of(texts["nutrient"])
    vitamin = label * (len(NUTRIENT_NAMES) + 1) + pd.Index(list(NUTRIENT_NAMES)).get_indexer(names)[nutrients]
    withheld = texts["severity"] == WITHHELD
    void = withheld.copy()
    ends = np.cumsum(np.bincount(codes, minlength=len(ids)))
    rows = dict(zip(ids, np.split(np.argsort(codes, kind="stable"), ends)[:-1], strict=True))
    said: dict[str, list[Positions]] = {}
    for check_id, own in rows.items():
        check, mine = catalogue()[check_id], own[~withheld[own]]
        for key, listed, which in (
            (vitamin, check.hides, None),
            (label, check.hides_on_label, None),
            (vitamin, check.withholds, withheld),
        ):
            others = [other for other in _ids_of(listed) if other in rows]
            if not others or not len(mine):
                continue
            hiding = np.zeros(key.max() + 1, dtype=bool)
            hiding[key[mine]] = True
            for other in others:
                among = rows[other] if which is None else rows[other][which[rows[other]]]
                caused = among[hiding[key[among]]]
                if which is None and other == check_id:
                    caused = caused[withheld[caused]]
                void[caused] = True
                word = _consequence(check, other)
                if word and len(caused):
                    said.setdefault(word, []).append(mine[np.isin(key[mine], key[caused])])
    voided = np.zeros(len(label), dtype=np.int64)
    for bit, word in enumerate(sorted(said)):
        voided[np.concatenate(said[word])] |= 1 << bit
    told, asides = pd.factorize(voided)
    named = words(
        ", ".join(word for bit, word in enumerate(sorted(said)) if aside >> bit & 1) for aside in asides.tolist()
    )
    return void, named.take(told)


def _consequence(cause: Check, check_id: str) -> str:
    """The word for what is left aside; '' where the cause is a closer telling of the same thing."""
    check = catalogue()[check_id]
    return check.left_aside if check.family != cause.family else ""


@cache
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
