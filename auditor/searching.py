"""Whether texts hold a pattern, for many texts at once.

Patterns are Python's.  Texts of printable ASCII, nearly all there are, are searched by Arrow's automaton, which is many
times faster and means the same there; other texts and the few patterns it does not know are searched by Python.
"""

from __future__ import annotations

import re
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from auditor.distinct import codes_of
from auditor.patterns import late_pattern

Mask = npt.NDArray[np.bool_]

_PLAIN = r"\A[\t\n -~]*\z"
"""Texts in which both engines agree on what a space, a digit, a letter and a word are."""
_MEANS_OTHERWISE = late_pattern(r"\$|\{,|\[\[:")
"""What the automaton takes without a word but reads in its own way."""


class Texts:
    """A column of texts, taken apart once for all that is searched in it: each distinct text is searched once.

    An empty text holds no pattern: a column that no label fills is not searched, nor is a pattern made ready for it.
    """

    def __init__(self, column: pd.Series | pa.ChunkedArray) -> None:
        self.codes, self.values = codes_of(column)

    def holding(self, pattern: str, among: Mask | None = None) -> Mask:
        """Whether the text of each row holds the pattern, letters of either case; only `among` some rows, if given."""
        if self._empty:
            return np.zeros(len(self.codes), dtype=bool)
        if among is None:
            return self._search(pattern, None)[self.codes]
        used = np.unique(self.codes[among])
        found = np.zeros(len(self.values), dtype=bool)
        found[used] = self._search(pattern, used)
        return found[self.codes] & among

    @cached_property
    def _empty(self) -> bool:
        return not any(self.values)

    @cached_property
    def unusual(self) -> Mask:
        """Rows with a character that an English keyboard does not print."""
        return ~self._plain[self.codes]

    @cached_property
    def _plain(self) -> Mask:
        return is_plain(self._arrow)

    @cached_property
    def _arrow(self) -> pa.Array:
        return pa.array(self.values, type=pa.large_string())

    def _search(self, pattern: str, used: npt.NDArray[np.intp] | None) -> Mask:
        if used is None:
            return holds(self.values, pattern, self._arrow, self._plain)
        return holds(self.values[used], pattern, self._arrow.take(pa.array(used)), self._plain[used])


def holds(
    values: npt.NDArray[np.object_], pattern: str, texts: pa.Array | None = None, plain: Mask | None = None
) -> Mask:
    """Whether each text holds the pattern, letters of either case.

    Args:
        values: the texts.
        pattern: a pattern of Python's.
        texts: the same texts as Arrow has them, if they were made before.
        plain: which of them :func:`is_plain`, if that is known.
    """
    if not len(values):
        return np.zeros(0, dtype=bool)
    if not _is_shared(pattern):
        search = re.compile(pattern, re.IGNORECASE).search
        return np.fromiter((search(value) is not None for value in values), dtype=bool, count=len(values))
    texts = pa.array(values, type=pa.large_string()) if texts is None else texts
    found: Mask = pc.match_substring_regex(texts, pattern, ignore_case=True).to_numpy(zero_copy_only=False)
    found = found.copy()
    others = np.flatnonzero(~(is_plain(texts) if plain is None else plain)).tolist()
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
