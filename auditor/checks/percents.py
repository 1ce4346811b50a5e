"""Percent of daily value against the amount: which table, group and era a printed percent fits."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

import numpy as np
import pandas as pd

from auditor.evidence import DailyValue, Evidence
from auditor.markets import UNKNOWN, market_named

FORMS_WITH_PERCENT = ("vitamin_d", "vitamin_k1", "vitamin_k2", "vitamin_k")


def find(rows: pd.DataFrame, targets: pd.DataFrame, contexts: list[str], problems: pd.DataFrame, evidence: Evidence) -> pd.DataFrame:
    """Findings of this family.

    Rows whose units or figures already contradict each other are left out: one root cause, one finding.
    """
    doubted = set(problems.loc[problems["code"].isin(_ROOT_CAUSES), "row"])
    usable = rows["declared_percent_dv"].notna() & rows["amount_mcg"].notna() & (rows["amount_mcg"] > 0) & (rows["amount_low_mcg"] == rows["amount_mcg"])
    usable &= ~rows.index.isin(list(doubted)) & rows["amount_other_mcg"].isna() & (rows["form"] != "calcifediol")
    chosen = rows[usable]
    group = [evidence.contexts[contexts[position]].daily_value_group for position in chosen["product"]]
    market = targets["market"].to_numpy()[chosen["source_line"].to_numpy()] if len(chosen) else np.array([], dtype=object)
    keys = list(zip(chosen["nutrient"], chosen["amount_mcg"], chosen["declared_percent_dv"], market, group, strict=True))
    verdicts = {key: _explain(*key, evidence=evidence) for key in dict.fromkeys(keys)}
    found = [(position, *verdicts[key]) for position, key in enumerate(keys) if verdicts[key][0]]
    picked = chosen.iloc[[item[0] for item in found]]
    return pd.DataFrame(
        {
            "product": picked["product"].to_numpy(), "order": picked.index.to_numpy(), "code": [item[1] for item in found],
            "nutrient": picked["nutrient"].to_numpy(), "value": [item[2] for item in found], "expected": [item[3] for item in found],
            "detail": [item[4] for item in found], "label_text": picked["label_text"].to_numpy(),
        }
    )  # fmt: skip


_ROOT_CAUSES = ("dual-vitd-mismatch", "unit-mg-mcg-suspect", "vitk-declared-twice-conflict", "vitk-raw-material-weight", "vitd-raw-material-weight",
                "number-separator-ambiguous", "amount-upper-bound")  # fmt: skip


def _fits(amount: Decimal, percent: Decimal, value: DailyValue) -> bool:
    """Whether a percent is the amount's share of a daily value.

    Tolerance: half a point for the whole percent, plus the permitted rounding of the amount (0.1 mcg below 25 mcg RDI,
    else 1 mcg: label rules study 1.3), plus food-label steps of 2, 5 and 10, which are a harmless habit.
    """
    share = 100 * amount / value.value_mcg
    slack = Decimal("0.5") + 100 * (Decimal("0.05") if value.value_mcg < 25 else Decimal("0.5")) / value.value_mcg
    if abs(share - percent) <= slack:
        return True
    step = 2 if share <= 10 else 5 if share <= 50 else 10
    return percent % step == 0 and abs(share - percent) <= Decimal(step) / 2


@lru_cache(maxsize=65_536)
def _explain(nutrient: str, amount_mcg: float, percent_dv: float, market: str, group: str, *, evidence: Evidence) -> tuple[str, str, str, str]:
    """Finding id, value, expected, detail for one declaration; an empty id when it fits its own table."""
    amount, percent = Decimal(str(amount_mcg)), Decimal(str(percent_dv))
    known = market_named(market)
    key = "vitamin_d" if nutrient == "vitamin_d" else "vitamin_k"
    values = [value for value in evidence.daily_values.values() if value.nutrient == key]
    home = [value for value in values if value.market in known.daily_values]
    current = [value for value in home if value.era == "current"]
    own = [value for value in current if value.group == group] or [value for value in current if value.group == "adult"]
    printed = f"{percent.normalize():f} %"
    if not own or any(_fits(amount, percent, value) for value in own):
        return "", "", "", ""
    expected = f"{float(100 * amount / own[0].value_mcg):.3g} %"
    for value in home:
        if value.era == "former" and value.group in (group, "adult") and _fits(amount, percent, value):
            return "dv-percent-old-dv", printed, expected, ""
    for value in current:
        if value.group != group and _fits(amount, percent, value):
            return "dv-percent-wrong-audience", printed, expected, _GROUPS[value.group]
    if known is not UNKNOWN:
        for value in values:
            if value.market not in known.daily_values and value.group == "adult" and _fits(amount, percent, value):
                return "dv-percent-other-market", printed, expected, value.market.upper()
    candidates = dict.fromkeys(f"{float(100 * amount / value.value_mcg):.3g} %" for value in own)
    return "dv-percent-mismatch", printed, " or ".join(candidates), ""


_GROUPS = {"adult": "adults", "child-1-3": "children of 1 to 3 years", "infant": "infants", "pregnancy": "pregnant and lactating women"}
