"""A market of labels made up for measuring: as many as asked, always the same from the same seed.

Its vitamin D and K lines are those of the shipped catalogue and of the gold set's kinds, its other lines are what else
stands on such labels.  What matters for speed is how often texts repeat.  Counted in 644 DSLD labels (28 % of which list
vitamin D or K, 3.4 % of their lines) and in the sample of 101: texts repeat by a skewed law, the number of distinct
directions grows with about the 0.9th power of the number of labels, and most labels come in several versions (sizes, new
images, flavours) with the same texts, on average three.  The market is built by the same rules.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

CATALOGUE = Path(__file__).parent.parent / "products"
LINES_PER_LABEL = 10
BROKEN_SHARE = 0.01
VITAMIN_SHARE = 0.28
VERSIONS = 3
"""Labels that share their texts, on average."""

COLUMNS = (
    "product_id", "brand", "name", "upc", "ingredient", "amount", "unit", "percent_dv", "serving_size", "directions",
    "servings_per_container", "price", "currency", "market", "audience", "dosage_form",
)  # fmt: skip

Rng = np.random.Generator
Texts = npt.NDArray[np.object_]

_NUTRIENTS = (
    ("Vitamin C (as ascorbic acid)", "mg"), ("Vitamin A (as retinyl palmitate)", "mcg RAE"), ("Thiamin (as thiamin mononitrate)", "mg"),
    ("Riboflavin", "mg"), ("Niacin (as niacinamide)", "mg NE"), ("Vitamin B6 (as pyridoxine hydrochloride)", "mg"), ("Folate", "mcg DFE"),
    ("Vitamin B12 (as methylcobalamin)", "mcg"), ("Biotin", "mcg"), ("Pantothenic Acid (as d-calcium pantothenate)", "mg"), ("Choline (as choline bitartrate)", "mg"),
    ("Calcium (as calcium carbonate)", "mg"), ("Iron (as ferrous fumarate)", "mg"), ("Iodine (from kelp)", "mcg"), ("Magnesium (as magnesium oxide)", "mg"),
    ("Zinc (as zinc citrate)", "mg"), ("Selenium (as selenomethionine)", "mcg"), ("Copper (as copper gluconate)", "mg"), ("Manganese", "mg"),
    ("Chromium (as chromium picolinate)", "mcg"), ("Molybdenum", "mcg"), ("Potassium", "mg"), ("Sodium", "mg"), ("Boron", "mg"), ("Vitamin E (as d-alpha tocopherol)", "mg"),
    ("Calories", "{Calories}"), ("Total Carbohydrates", "Gram(s)"), ("Sugars", "Gram(s)"), ("Protein", "Gram(s)"), ("Total Fat", "Gram(s)"),
    ("Fish Oil", "mg"), ("EPA (Eicosapentaenoic Acid)", "mg"), ("DHA (Docosahexaenoic Acid)", "mg"), ("Proprietary Blend", "mg"), ("Caffeine", "mg"),
)  # fmt: skip
_HERBS = ("Ashwagandha", "Turmeric", "Ginger", "Milk Thistle", "Green Tea", "Rhodiola", "Maca", "Ginkgo biloba", "Panax Ginseng", "Elderberry",
          "Echinacea", "Saw Palmetto", "Garlic", "Boswellia", "Bacopa", "Hawthorn", "Dandelion", "Astragalus", "Reishi", "Cordyceps")  # fmt: skip
_PARTS = ("Root", "Leaf", "Seed", "Bark", "Flower", "Fruit", "Extract", "Powder", "Whole Plant", "Rhizome")
_FORMS = ("softgel", "capsule", "tablet", "gummy", "drop", "lozenge", "vegetarian capsule", "chewable tablet")
_NUMBERS = ("one (1)", "1", "two (2)", "2", "one", "two", "1-2", "three (3)", "4")
_VERBS = (
    "Take",
    "As a dietary supplement, take",
    "Suggested use: Take",
    "Adults take",
    "Chew",
    "For adults, take",
    "Directions: Take",
    "Recommended: take",
)
_TIMES = (
    "daily",
    "per day",
    "once daily",
    "twice daily",
    "a day",
    "each day",
    "1 time daily",
    "two times a day",
    "every morning",
    "in the morning",
)
_MEALS = (
    "",
    " with food",
    " with a meal",
    ", preferably with a meal",
    " with your largest meal",
    " with water",
    " on an empty stomach",
    " before bedtime",
)
_TAILS = (
    "",
    " or as directed by your healthcare professional",
    " or as recommended by a physician",
    ", or as directed by a qualified health care practitioner",
)
_ENDS = ("", " Keep out of reach of children.", " Do not exceed the recommended dose.", " Store in a cool, dry place.", " Shake well before use.",
         " Consult your physician before use if you are pregnant or nursing.", " Best taken consistently for 90 days.", " Do not chew.")  # fmt: skip
_BRAND_WORDS = ("Pure", "Nature", "Vital", "Green", "Sun", "Life", "Bio", "Prime", "True", "North", "Harbor", "Meadow", "Summit", "Clear", "Golden", "Nova",
                "Cedar", "River", "Stone", "Bright", "Alpine", "Ocean", "Terra", "Silver", "Maple", "Olive", "Atlas", "Aurora", "Delta", "Ember")  # fmt: skip
_IU = (400, 600, 800, 1000, 1000, 2000, 2000, 2000, 2500, 4000, 5000, 5000, 5000, 10000, 50000)
_K2_MCG = (45, 50, 75, 80, 90, 100, 100, 100, 120, 150, 180, 200, 320, 1500, 5000, 15000)
_BROKEN = (
    "id",
    "ingredient",
    "negative",
    "word",
    "glued",
    "wrong unit",
    "mojibake",
    "barcode",
    "control",
    "odd number",
)


@dataclass(frozen=True)
class _Template:
    """One label as far as vitamin D and K go: its lines and what is printed once."""

    lines: tuple[tuple[str, str, str, str], ...]
    product: dict[str, str]


@dataclass(frozen=True)
class Market:
    """A market of `lines` lines; about ten stand on a label."""

    lines: int
    seed: int = 2026

    @property
    def labels(self) -> int:
        """Number of labels."""
        return max(1, self.lines // LINES_PER_LABEL)

    def tables(self, labels_at_a_time: int = 20_000) -> Iterator[pa.Table]:
        """The lines in blocks of whole labels, all columns text, a label's lines together."""
        for start in range(0, self.labels, labels_at_a_time):
            yield self._block(start, min(labels_at_a_time, self.labels - start))

    @cached_property
    def _catalogue(self) -> list[_Template]:
        templates: list[_Template] = []
        for path in sorted(CATALOGUE.glob("*.csv")):
            groups: dict[str, list[dict[str, str]]] = {}
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    groups.setdefault(row["product_id"], []).append(row)
            for rows in groups.values():
                lines = tuple((row["ingredient"], row["amount"], row["unit"], row["percent_dv"]) for row in rows)
                templates.append(_Template(lines, rows[0]))
        return templates

    def _block(self, start: int, count: int) -> pa.Table:
        rng = np.random.default_rng([self.seed, start])
        # Versions of a label have the same texts: labels are drawn from as many originals as there are versions fewer.
        original = rng.integers(0, max(1, self.labels // VERSIONS), count)
        vitamin = _uniform(original, 1) < VITAMIN_SHARE
        sizes = np.clip(4 + (_uniform(original, 2) * 13).astype(np.int64), 1, None)
        sizes += LINES_PER_LABEL - (4 + 6)
        columns: dict[str, list[str]] = {name: [] for name in COLUMNS}
        per_label: dict[str, list[str]] = {
            name: [] for name in COLUMNS if name not in ("ingredient", "amount", "unit", "percent_dv")
        }
        counts: list[int] = []
        others = self._other_lines(rng, int(sizes.sum()) + count)
        used = 0
        for position in range(count):
            own = np.random.default_rng([self.seed, 7, int(original[position])])
            label = self._label(start + position, own, rng, bool(vitamin[position]))
            lines = list(label.lines)
            for line in others[used : used + max(1, int(sizes[position]) - len(lines))]:
                lines.append(line)
            used += max(1, int(sizes[position]) - len(label.lines))
            product = label.product
            if rng.random() < BROKEN_SHARE * 3:
                lines, product = _broken(lines, dict(product), rng)
            counts.append(len(lines))
            for name, cell in per_label.items():
                cell.append(product.get(name, ""))
            for name, cell in zip(
                ("ingredient", "amount", "unit", "percent_dv"), zip(*lines, strict=True), strict=True
            ):
                columns[name] += cell
        repeat = pa.array(np.repeat(np.arange(count), counts))
        return pa.table(
            {
                name: pa.array(per_label[name], pa.string()).take(repeat)
                if name in per_label
                else pa.array(columns[name], pa.string())
                for name in COLUMNS
            }
        )

    def _label(self, number: int, own: Rng, rng: Rng, vitamin: bool) -> _Template:
        brand = _brand(int(own.zipf(1.35)) % max(30, self.labels // 60))
        form = _FORMS[int(own.integers(len(_FORMS)))]
        product = {
            "product_id": f"m{number:08d}", "brand": brand, "upc": _barcode(number, own, rng), "directions": _directions(own, form), "market": "us",
            "servings_per_container": str(int(rng.choice((30, 60, 90, 120, 180, 250)))), "dosage_form": form, "audience": "",
            "serving_size": f"{own.integers(1, 4)} {form}(s)", "price": f"{rng.integers(399, 5999) / 100:.2f}", "currency": "USD",
        }  # fmt: skip
        if not vitamin:
            return _Template((), product | {"name": f"{brand} {_herb(own)}"})
        if own.random() < 0.25:
            template = self._catalogue[int(own.integers(len(self._catalogue)))]
            kept = {
                name: template.product[name]
                for name in COLUMNS
                if name in template.product and name not in ("product_id", "brand", "upc")
            }
            if own.random() < 0.5 and kept["directions"]:
                kept["directions"] += f" {_ENDS[int(own.integers(1, len(_ENDS)))]}"
            return _Template(template.lines, product | kept)
        lines = _vitamin_lines(own)
        return _Template(lines, product | {"name": f"{brand} {lines[0][0].split(' (')[0]} {lines[0][1]}"})

    def _other_lines(self, rng: Rng, count: int) -> list[tuple[str, str, str, str]]:
        kinds = rng.zipf(1.25, count) % (len(_NUTRIENTS) * 700)
        amounts = rng.zipf(1.2, count) % 4000
        found = []
        for kind, amount in zip(kinds.tolist(), amounts.tolist(), strict=True):
            base, unit = _NUTRIENTS[kind % len(_NUTRIENTS)]
            step = kind // len(_NUTRIENTS)
            if step:
                base = (
                    f"{_HERBS[step % len(_HERBS)]} {_PARTS[kind % len(_PARTS)]} ({1 + step}:1)"
                    if step % 3
                    else f"{base.split(' (')[0]} (as {_HERBS[step % len(_HERBS)]} complex {step})"
                )
                unit = "mg"
            quantity = (amount + 1) * (5 if amount % 2 else 0.5)
            found.append((base, f"{quantity:g}", unit, f"{(amount * 7) % 400}%" if kind % 3 else ""))
        return found


def _uniform(values: npt.NDArray[np.int64], salt: int) -> npt.NDArray[np.float64]:
    mixed = values.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt * 0x5851F42D)
    mixed ^= mixed >> np.uint64(31)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(29)
    return mixed.astype(np.float64) / 2.0**64


def _pick(rng: Rng, options: tuple[Any, ...]) -> Any:
    # Skewed: the first options are the frequent ones.
    return options[min(int(rng.exponential(len(options) / 4)), len(options) - 1)]


def _brand(rank: int) -> str:
    size = len(_BRAND_WORDS)
    return f"{_BRAND_WORDS[rank % size]}{_BRAND_WORDS[(rank // size) % size].lower()}{'' if rank < size * size else f' {rank // size // size}'}"


def _herb(rng: Rng) -> str:
    return f"{_pick(rng, _HERBS)} {_pick(rng, _PARTS)} {int(rng.integers(1, 40)) * 50} mg"


def _directions(rng: Rng, form: str) -> str:
    several = "s" if rng.random() < 0.5 else ""
    return (
        f"{_pick(rng, _VERBS)} {_pick(rng, _NUMBERS)} {form}{several} {_pick(rng, _TIMES)}{_pick(rng, _MEALS)}{_pick(rng, _TAILS)}."
        f"{_pick(rng, _ENDS)}{_pick(rng, _ENDS) if rng.random() < 0.3 else ''}"
    )


def _vitamin_lines(rng: Rng) -> tuple[tuple[str, str, str, str], ...]:
    iu = int(rng.choice(_IU)) if rng.random() < 0.85 else int(rng.integers(2, 400)) * 25
    mcg = iu / 40
    name = _pick(
        rng,
        (
            "Vitamin D3 (as cholecalciferol)",
            "Vitamin D",
            "Vitamin D3",
            "Vitamin D (as cholecalciferol)",
            "Vitamin D-3",
            "Vitamin D (as D3)",
            "Vitamin D2 (ergocalciferol)",
            "vit. D3",
        ),
    )
    percent = f"{mcg / 20 * 100:.0f}%"
    style = int(rng.integers(6))
    lines = [
        (name, f"{mcg:g}", "mcg", percent), (name, f"{iu:,} IU", "", percent), (name, f"{mcg:g} mcg ({iu:,} IU)", "", percent),
        (f"{name} {mcg:g} mcg ({iu:,} IU)", "", "", percent), (name, str(iu), "IU", f"{iu / 4:.0f}%"), (name, f"{mcg:g} mcg ({iu} IU)", "", ""),
    ][style : style + 1]  # fmt: skip
    if rng.random() < 0.35:
        k2 = int(rng.choice(_K2_MCG))
        kind = _pick(
            rng,
            (
                "Vitamin K2 (as menaquinone-7)",
                "Vitamin K2 (MK-7)",
                "Vitamin K2",
                "Vitamin K",
                "Vitamin K2 (as MenaQ7)",
                "Vitamin K2 (as MK-4)",
                "Vitamin K1 (phytonadione)",
            ),
        )
        lines.append((kind, f"{k2:,}", "mcg", "" if rng.random() < 0.3 else f"{k2 / 120 * 100:.0f}%"))
    return tuple(lines)


def _barcode(number: int, own: Rng, rng: Rng) -> str:
    kind = rng.random()
    if kind < 0.08:
        return ""
    body = f"{own.integers(0, 10**11):011d}" if kind < 0.12 else f"{(number * 7919 + 12345) % 10**11:011d}"
    digits = [int(char) for char in body]
    check = -(3 * sum(digits[::2]) + sum(digits[1::2])) % 10
    return body + str(check)


def _broken(
    lines: list[tuple[str, str, str, str]], product: dict[str, str], rng: Rng
) -> tuple[list[tuple[str, str, str, str]], dict[str, str]]:
    """A label with one fault of those that tables of labels have."""
    kind = _BROKEN[int(rng.integers(len(_BROKEN)))]
    where = 0
    ingredient, amount, unit, percent = lines[where]
    if kind == "id":
        product["product_id"] = ""
    elif kind == "barcode":
        code = product["upc"] or "012345678905"
        product["upc"] = code[:-1] + str((int(code[-1]) + 1) % 10)
    elif kind == "control":
        product["directions"] = f"\u200b{product['directions']}\ufeff"
    else:
        lines[where] = {
            "ingredient": ("", amount, unit, percent), "negative": (ingredient, f"-{rng.integers(1, 999)}", unit or "mcg", percent),
            "word": (ingredient, f"about {rng.integers(1, 999)} or so", unit, percent), "glued": (f"{ingredient}{rng.integers(1, 999)}", "", "", percent),
            "wrong unit": (ingredient, amount or "5", "mg", percent), "mojibake": (ingredient, f"{rng.integers(1, 999)} Âµg", "", percent),
            "odd number": (ingredient, f"1,{rng.integers(1000, 99999)}", unit, percent),
        }[kind]  # fmt: skip
    return lines, product
