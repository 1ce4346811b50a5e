"""Whether texts hold a pattern, for many texts at once.

Patterns are Python's.  Texts of printable ASCII, nearly all there are, are searched by Arrow's automaton, which is many
times faster and means the same there; other texts and the few patterns it does not know are searched by Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from auditor.distinct import TextColumn, factors_of
from auditor.patterns import late_pattern

Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]

_PLAIN = r"\A[\t\n -~]*\z"
"""Texts in which both engines agree on what a space, a digit, a letter and a word are."""
_MEANS_OTHERWISE = late_pattern(r"\$|\{,|\[\[:")
"""What the automaton takes without a word but reads in its own way."""


class Texts:
    """A column of texts, taken apart once for all that is searched in it: each distinct text is searched once.

    An empty text holds no pattern: a column that no label fills is not searched, nor is a pattern made ready for it.
    """

    def __init__(self, column: TextColumn) -> None:
        self.codes, self._distinct = factors_of(column)

    @cached_property
    def values(self) -> npt.NDArray[np.object_]:
        """The distinct texts."""
        return self._distinct.to_numpy(zero_copy_only=False) if isinstance(self._distinct, pa.Array) else self._distinct

    def __getitem__(self, where: Positions | Mask | slice) -> npt.NDArray[np.object_]:
        """The texts of some rows."""
        return self.values[self.codes[where]]

    def used(self, among: Mask) -> Positions:
        """Positions in `values` of the texts of some rows."""
        found = np.zeros(len(self.arrow), dtype=bool)
        found[self.codes[among]] = True
        return np.flatnonzero(found)

    def are(self, text: str) -> Mask:
        """Rows that have this text."""
        return np.asarray(pc.equal(self.arrow, text).to_numpy(zero_copy_only=False)[self.codes])

    def at(self, used: Positions) -> list[str]:
        """Some of the distinct texts."""
        texts: list[str] = self.arrow.take(pa.array(used)).to_pylist()
        return texts

    def one_of(self, accepted: Collection[str], among: Mask) -> Mask:
        """Of some rows those that have one of some texts."""
        found = np.zeros(len(self.arrow), dtype=bool)
        used = self.used(among)
        found[used] = [value in accepted for value in self.at(used)]
        return found[self.codes] & among

    def numbers(self, reader: Callable[[str], float], among: Mask) -> npt.NDArray[np.float64]:
        """The number that a reader finds in the texts of some rows, each read once; missing for the other rows."""
        used = self.used(among)
        found = np.full(len(self.arrow), np.nan)
        found[used] = [reader(text) for text in self.at(used)]
        return np.where(among, found[self.codes], np.nan)

    def holding(self, pattern: str, among: Mask | None = None) -> Mask:
        """Whether the text of each row holds the pattern, letters of either case; only `among` some rows, if given."""
        if self._empty:
            return np.zeros(len(self.codes), dtype=bool)
        if among is None:
            return self._search(pattern, None)[self.codes]
        used = self.used(among)
        found = np.zeros(len(self.arrow), dtype=bool)
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
        return is_plain(self.arrow)

    @cached_property
    def arrow(self) -> pa.Array:
        """The distinct texts as Arrow has them."""
        return self._distinct if isinstance(self._distinct, pa.Array) else pa.array(self._distinct, pa.large_string())

    def _search(self, pattern: str, used: Positions | None) -> Mask:
        if used is None:
            return holds(self.arrow, pattern, self._plain)
        return holds(self.arrow.take(pa.array(used)), pattern, self._plain[used])


def holds(texts: pa.Array | npt.NDArray[np.object_], pattern: str, plain: Mask | None = None) -> Mask:
    """Whether each text holds the pattern, letters of either case.

    Args:
        texts: the texts.
        pattern: a pattern of Python's.
        plain: which of them :func:`is_plain`, if that is known.
    """
    if not len(texts):
        return np.zeros(0, dtype=bool)
    if not _is_shared(pattern):
        search = re.compile(pattern, re.IGNORECASE).search
        values = texts.to_pylist() if isinstance(texts, pa.Array) else texts
        return np.fromiter((search(value) is not None for value in values), dtype=bool, count=len(values))
    texts = texts if isinstance(texts, pa.Array) else pa.array(texts, type=pa.large_string())
    found: Mask = pc.match_substring_regex(texts, pattern, ignore_case=True).to_numpy(zero_copy_only=False)
    others = np.flatnonzero(~(is_plain(texts) if plain is None else plain))
    if len(others):
        search = re.compile(pattern, re.IGNORECASE).search
        found = found.copy()
        found[others] = [search(value) is not None for value in texts.take(pa.array(others)).to_pylist()]
    return found


def is_plain(texts: pa.Array | npt.NDArray[np.object_]) -> Mask:
    """Whether each text has only characters that an English keyboard prints, tabs and line ends."""
    if not isinstance(texts, pa.Array):
        texts = pa.array(texts, type=pa.large_string())
    plain: Mask = pc.ascii_is_printable(texts).to_numpy(zero_copy_only=False)
    others = np.flatnonzero(~plain)
    if not len(others):
        return plain
    # The search takes ten times as long, for the few that have a tab or a line end.
    plain = plain.copy()
    plain[others] = pc.match_substring_regex(texts.take(pa.array(others)), _PLAIN).to_numpy(zero_copy_only=False)
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
