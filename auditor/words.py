"""The words people read: doses with their units, names of vitamins and forms, a sentence for every code.

Sentences are data (`auditor/data/wording/reasons.toml`); explanations, comparisons, summaries and the dashboard take
them from here, so that one thing is said in one way.
"""

from __future__ import annotations

import math
import unicodedata
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import tomli as tomllib

from auditor.dose import IU_PER_MCG

WORDING = Path(__file__).parent / "data" / "wording" / "reasons.toml"
SPACED_DOSE = "spaced-dose"


@cache
def wording() -> dict[str, Any]:
    """The wording table as it stands in its file."""
    return tomllib.loads(WORDING.read_text(encoding="utf-8"))


def reason_sentence(code: str, nutrient: str, form: str = "") -> str:
    """Sentence for one reason code; the code itself if a newer audit knows one that has no words yet."""
    entry = wording()["reason"].get(code.partition(":")[0])
    name = form_name(nutrient, form) if form else nutrient_name(nutrient)
    return capital(str(entry["sentence"]).format(name=name)) if entry else code


def reason_short(code: str) -> str:
    """Few words for one reason code, to stand in a table."""
    entry = wording()["reason"].get(code.partition(":")[0])
    return str(entry["short"]) if entry else code


def nutrient_name(nutrient: str) -> str:
    """'vitamin D' for `vitamin_d`."""
    return str(wording()["nutrient"].get(nutrient, nutrient))


def form_name(nutrient: str, form: str) -> str:
    """'vitamin K2 as MK-7' for `vitamin_k2`, `mk7`; for a market's form without words its code in brackets."""
    return str(
        wording()["form"].get(
            f"{nutrient} {form}", f"{nutrient_name(nutrient)} ({form})" if form else nutrient_name(nutrient)
        )
    )


def short_form(form: str) -> str:
    """'D3', 'MK-7', 'not said' for the code of a form."""
    if form.startswith("mk"):
        return f"MK-{form[2:]}"
    return {"unstated": "not said", "mixed": "several forms", "d3": "D3", "d2": "D2", "k1": "K1", "k3": "K3"}.get(
        form, form
    )


def number(value: float) -> str:
    """A number to read: at most two decimals and no trailing zeros, thousands apart; below one it keeps three digits."""
    if not math.isfinite(value):
        return ""
    if abs(value) < 1:
        return f"{value:.3g}"
    text = f"{value:,.2f}"
    return text.rstrip("0").rstrip(".")


def count(value: float) -> str:
    """A count of servings or pieces; a fraction of one as a fraction where it is a simple one (1/3)."""
    near = Fraction(value).limit_denominator(30)
    if near.denominator > 1 and abs(float(near) - value) < 1e-6 and (near < 1 or near.denominator > 4):
        return str(near)
    return number(value)


def span(low: float, high: float) -> str:
    """'25', or '25 to 50' where the ends differ; 'up to 50' from nothing."""
    if low == high or math.isnan(low):
        return number(high)
    return f"up to {number(high)}" if low == 0 else f"{number(low)} to {number(high)}"


def dose(low: float, high: float, nutrient: str, form: str = "") -> str:
    """A dose in both units: '125 mcg (5,000 IU)', '45,000 mcg (45 mg)'; calcifediol and vitamin K have no IU."""
    if math.isnan(high):
        return ""
    text = f"{span(low, high)} mcg"
    if nutrient == "vitamin_d" and form != "calcifediol":
        return f"{text} ({span(_whole(low * IU_PER_MCG), _whole(high * IU_PER_MCG))} IU)"
    if high >= 1000:
        return f"{text} ({span(low / 1000, high / 1000)} mg)"
    return text


def _whole(units: float) -> float:
    """International units without decimals, which no label prints, unless there are but a few."""
    return round(units) if units >= 10 else units


def listed(parts: list[str] | tuple[str, ...], word: str = "and") -> str:
    """'a', 'a and b', 'a, b and c'."""
    return f" {word} ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) if parts else ""


def plural(amount: float, one: str, many: str) -> str:
    """The word for an amount."""
    return one if amount <= 1 else many


def printable(text: str) -> str:
    """Label text on one line without control or format characters, safe to print in a terminal."""
    shown = "".join(" " if letter in "\t\r\n" else letter for letter in text)
    return " ".join(
        "".join(letter for letter in shown if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co")).split()
    )


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]
