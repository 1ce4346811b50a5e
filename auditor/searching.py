"""Whether texts hold a pattern, for many texts at once.

Patterns are Python's.  Texts of printable ASCII, nearly all there are, are searched by Arrow's automaton, which is many
times faster and means the same there; other texts and the few patterns it does not know are searched by Python.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]

_PLAIN = r"\A[\t\n -~]*\z"
"""Texts in which both engines agree on what a space, a digit, a letter and a word are."""
_MEANS_OTHERWISE = re.compile(r"\$|\{,|\[\[:")
"""What the automaton takes without a word but reads in its own way."""


def holds(values: npt.NDArray[np.object_], pattern: str) -> Mask:
    """Whether each text holds the pattern, letters of either case."""
    if not len(values):
        return np.zeros(0, dtype=bool)
    if not _is_shared(pattern):
        search = re.compile(pattern, re.IGNORECASE).search
        return np.fromiter((search(value) is not None for value in values), dtype=bool, count=len(values))
    texts = pa.array(values, type=pa.large_string())
    found: Mask = pc.match_substring_regex(texts, pattern, ignore_case=True).to_numpy(zero_copy_only=False)
    found = found.copy()
    others = np.flatnonzero(~is_plain(texts)).tolist()
    if others:
        search = re.compile(pattern, re.IGNORECASE).search
        found[others] = [search(values[position]) is not None for position in others]
    return found


def is_plain(texts: pa.Array | npt.NDArray[np.object_]) -> Mask:
    """Whether each text has only characters that an English keyboard prints, tabs and line ends."""
    if not isinstance(texts, pa.Array):
        texts = pa.array(texts, type=pa.large_string())
    plain: Mask = pc.match_substring_regex(texts, _PLAIN).to_numpy(zero_copy_only=False)
    return plain


@cache
def _is_shared(pattern: str) -> bool:
    """Whether the automaton takes the pattern (it has no look-around) and reads it as Python does."""
    if _MEANS_OTHERWISE.search(pattern):
        return False
    try:
        pc.match_substring_regex(pa.array([""], pa.large_string()), pattern, ignore_case=True)
    except pa.ArrowInvalid:
        return False
    return True
