"""Verdicts and classes as sets: a dose against the bands of its form, and the fold to one class per product.

Everything is a small set of possible outcomes, kept as bits, so that an interval, an unstated form or two
contradicting figures are judged by one rule: collect every outcome the label allows.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

SUB, STUDIED, HIGH, NOT_ESTABLISHED = 1, 2, 4, 8
ANY = SUB | STUDIED | HIGH
BIT_NAMES = {SUB: "sub-therapeutic", STUDIED: "studied-range", HIGH: "high-dose", NOT_ESTABLISHED: "not-established"}
NOT_COMPUTABLE, DEPENDS, ABSENT = "not-computable", "depends", "absent"


def outcomes(low: Floats, high: Floats, band_low: Floats, band_high: Floats) -> Bits:
    """Possible verdicts of doses `low`..`high` against a band whose two edges belong to the studied range."""
    found = np.zeros(len(low), dtype=np.uint8)
    found |= np.where(low < band_low, SUB, 0).astype(np.uint8)
    found |= np.where((high >= band_low) & (low <= band_high), STUDIED, 0).astype(np.uint8)
    found |= np.where(high > band_high, HIGH, 0).astype(np.uint8)
    return found


@cache
def names_of(bits: int) -> tuple[str, ...]:
    """Verdicts in a set, in the order sub-therapeutic, studied-range, high-dose, not-established."""
    return tuple(name for bit, name in BIT_NAMES.items() if bits & bit)


@cache
def verdict_of(bits: int) -> str:
    """The verdict of a set: its only member, `depends` for several, `not-computable` for none."""
    names = names_of(bits)
    return names[0] if len(names) == 1 else DEPENDS if names else NOT_COMPUTABLE


def _worst(one: int, other: int) -> int:
    """Worse of two single verdicts for the fold: high, then sub, then studied; not-established takes no part."""
    for bit in (HIGH, SUB, STUDIED):
        if bit in (one, other):
            return bit
    return NOT_ESTABLISHED


def _fold_sets(one: int, other: int) -> int:
    singles = (SUB, STUDIED, HIGH, NOT_ESTABLISHED)
    found = 0
    for a in singles:
        for b in singles:
            if one & a and other & b:
                found |= _worst(a, b)
    return found


FOLD = np.array([[_fold_sets(one, other) for other in range(16)] for one in range(16)], dtype=np.uint8)
"""`FOLD[a, b]` is the set of classes that two sets of verdicts allow together; associative and commutative."""


def fold(product: npt.NDArray[np.intp], bits: Bits, n_products: int) -> Bits:
    """Fold the sets of each product's doses into its set of possible classes.

    A dose that could not be computed enters as every verdict at once (:data:`ANY`).  Products without doses keep
    {not-established}, which takes no part.
    """
    folded = np.full(n_products, NOT_ESTABLISHED, dtype=np.uint8)
    order = np.argsort(product, kind="stable")
    product, bits = product[order], bits[order]
    position = np.arange(len(product)) - np.searchsorted(product, product)
    for step in range(int(position.max(initial=-1)) + 1):
        chosen = position == step
        where = product[chosen]
        folded[where] = FOLD[folded[where], bits[chosen]]
    return folded
