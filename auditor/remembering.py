"""Readings of texts are remembered, for labels repeat their texts; in bounds, and only as long as texts come in."""

from __future__ import annotations

from collections.abc import Callable
from functools import _lru_cache_wrapper, lru_cache
from typing import Any, TypeVar

Result = TypeVar("Result")

_READERS: list[_lru_cache_wrapper[Any]] = []


def remembered(size: int) -> Callable[[Callable[..., Result]], _lru_cache_wrapper[Result]]:
    """Keep the results of a reader for so many texts, those asked for last; all of them are let go by :func:`forget`."""

    def keeping(reader: Callable[..., Result]) -> _lru_cache_wrapper[Result]:
        kept = lru_cache(maxsize=size)(reader)
        _READERS.append(kept)
        return kept

    return keeping


def forget() -> None:
    """Let go all that readers remember: some forty megabytes once they have read a market."""
    for reader in _READERS:
        reader.cache_clear()
