"""Barcodes as they stand in records: blanks and hyphens in them, what a spreadsheet does to them, their check digit."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]

LENGTHS = (8, 12, 13, 14)
"""How many digits a whole barcode may have."""

_DAMAGED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]+|[0-9]+[.,]0|[0-9]{10,11}|[0-9]{10,}0{5,}")
_BARE = re.compile(r"[0-9]{10,11}")
_SHORT = re.compile(r"([0-9]{10,11})(?:[.,]0)?")
_WEIGHTS = np.array([3, 1] * 6 + [3], dtype=np.int64)


class Barcodes(NamedTuple):
    """Barcodes without blanks and hyphens; whether a spreadsheet has damaged each, and what it was where that can be
    told ('' else); whether it has the length of a whole one, the check digit it then should have (-1 else) and whether
    it has another; and its number (that of the repaired one where it is damaged), 0 where it is not known."""

    texts: pa.Array
    mangled: Mask
    repaired: npt.NDArray[np.object_]
    whole: Mask
    digit: npt.NDArray[np.int64]
    wrong: Mask
    numbers: npt.NDArray[np.uint64]


def read_codes(printed: pa.Array) -> Barcodes:
    """Read distinct barcodes."""
    n = len(printed)
    sound = _has_length(printed)
    texts, repaired = printed, np.full(n, "", dtype=object)
    mangled = np.zeros(n, dtype=bool)
    others = np.flatnonzero(~sound)
    if len(others):
        cleaned = ["".join(code.split()).replace("-", "") for code in printed.take(pa.array(others)).to_pylist()]
        own = pa.array(cleaned, pa.large_string())
        texts = pc.replace_with_mask(printed, pa.array(~sound), own)
        mangled[others], repaired[others] = _mangled(cleaned)
        sound[others] = _has_length(own)
    digit = np.full(n, -1, dtype=np.int64)
    wrong, numbers = np.zeros(n, dtype=bool), np.zeros(n, dtype=np.uint64)
    digits = _digits(texts.filter(pa.array(sound)))
    digit[sound], numbers[sound] = _check_digits(digits), _numbers(digits)
    wrong[sound] = digits[:, -1] != digit[sound]
    mended = repaired != ""
    numbers[mended] = _numbers(_digits(pa.array(repaired[mended], pa.large_string())))
    return Barcodes(texts, mangled, repaired, sound, digit, wrong, numbers)


def _has_length(codes: pa.Array) -> Mask:
    """Codes of nothing but as many digits as a whole barcode has."""
    plain = pc.and_(pc.string_is_ascii(codes), pc.utf8_is_digit(codes)).to_numpy(zero_copy_only=False)
    return np.asarray(plain & np.isin(pc.binary_length(codes).to_numpy(), LENGTHS))


def _mangled(codes: list[str]) -> tuple[list[bool], list[str]]:
    """Codes a spreadsheet has damaged, and what they were where the check digit tells."""
    short = {place: found[1].zfill(12) for place, code in enumerate(codes) if (found := _SHORT.fullmatch(code))}
    digits = _digits(pa.array(list(short.values()), pa.large_string()))
    right = (digits[:, -1] == _check_digits(digits)).tolist()
    told = {place: code for (place, code), is_right in zip(short.items(), right, strict=True) if is_right}
    # Ten or eleven digits that no lost zero explains are some other number.
    damaged = [
        place in told or (_DAMAGED.fullmatch(code) is not None and not _BARE.fullmatch(code))
        for place, code in enumerate(codes)
    ]
    return damaged, [told.get(place, "") for place in range(len(codes))]


def _digits(codes: pa.Array) -> npt.NDArray[np.int64]:
    """Codes of up to 14 digits as a matrix of them, zeros in front."""
    padded = "".join(pc.utf8_lpad(codes, 14, "0").to_pylist())
    return np.frombuffer(padded.encode("ascii"), dtype=np.uint8).reshape(len(codes), 14).astype(np.int64) - ord("0")


def _check_digits(digits: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The last digit that GTINs should have (weights 3 and 1 from the right)."""
    return np.asarray(-(digits[:, :13] @ _WEIGHTS) % 10)


def _numbers(digits: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    return (digits @ 10 ** np.arange(13, -1, -1, dtype=np.int64)).astype(np.uint64)
