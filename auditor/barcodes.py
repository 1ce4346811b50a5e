"""Barcodes as they stand in records: blanks and hyphens in them, what a spreadsheet does to them, their check digit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

Mask = npt.NDArray[np.bool_]


class Barcodes(NamedTuple):
    """Barcodes without blanks and hyphens; whether a spreadsheet has damaged each, and what it was where that can be
    told; whether it has the length of a whole one, and the check digit it then should have ('' else)."""

    texts: pd.Series
    mangled: Mask
    repaired: pd.Series
    whole: Mask
    digit: pd.Series


def read_codes(printed: npt.NDArray[np.object_]) -> Barcodes:
    """Read distinct barcodes."""
    texts = pd.Series(["".join(code.split()).replace("-", "") for code in printed.tolist()], dtype="str")
    mangled, repaired = _mangled(texts)
    whole = texts.str.fullmatch(r"\d{8}|\d{12,14}").to_numpy(dtype=bool) & ~mangled
    digit = pd.Series("", index=texts.index, dtype="str")
    digit[whole] = check_digits(texts[whole]).astype("str")
    return Barcodes(texts, mangled, repaired, whole, digit)


def _mangled(codes: pd.Series) -> tuple[Mask, pd.Series]:
    """Codes a spreadsheet has damaged, and what they were where the check digit tells."""
    damaged = codes.str.fullmatch(r"\d(?:[.,]\d+)?[eE]\+?\d+|\d+[.,]0|\d{10,11}|\d{10,}0{5,}").to_numpy(dtype=bool)
    repaired = pd.Series("", index=codes.index, dtype="str")
    if not damaged.any():
        return damaged, repaired
    damaged = damaged & ~codes.str.fullmatch(r"\d{12,14}").to_numpy(dtype=bool)
    digits = codes.str.replace(r"[.,]0$", "", regex=True)
    short = digits.str.fullmatch(r"\d{10,11}").to_numpy(dtype=bool) & damaged
    padded = digits[short].str.zfill(12)
    right = padded[padded.str[-1] == check_digits(padded).astype("str")]
    repaired[right.index] = right
    unexplained = codes.str.fullmatch(r"\d{10,11}").to_numpy(dtype=bool) & (repaired == "").to_numpy()
    return damaged & ~unexplained, repaired


def check_digits(codes: pd.Series) -> pd.Series:
    """Expected last digit of GTINs of 8 to 14 digits given as text (weights 3 and 1 from the right)."""
    padded = "".join([code.zfill(14) for code in codes.tolist()])
    digits = np.frombuffer(padded.encode("ascii"), dtype=np.uint8).reshape(len(codes), 14).astype(np.int64) - ord("0")
    return pd.Series((-(digits[:, :13] * np.array([3, 1] * 6 + [3])).sum(axis=1)) % 10, index=codes.index)
