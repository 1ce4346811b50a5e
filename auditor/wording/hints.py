"""Quick, safe tests that spare most texts the grammar: false only where the grammar cannot find anything."""

from __future__ import annotations

import re
from functools import cache

from auditor.audiences import _AUDIENCE_KINDS as AUDIENCE_KINDS
from auditor.wording.tokens import fold, readable, vocabulary


def may_name_audience(text: str) -> bool:
    """Whether a text may name for whom something is; false only if :func:`auditor.audiences.read_audience` gives ()."""
    return _audience_words().search(fold(readable(text))) is not None


@cache
def _audience_words() -> re.Pattern[str]:
    """The first words of all phrases that begin an audience or belong to an age; an age alone needs one of them, or '>'."""
    words, phrases = vocabulary().words, vocabulary().phrases
    found = {word for word, means in words.items() if not means.keys().isdisjoint(AUDIENCE_KINDS)}
    for word, seconds in phrases.items():
        if any(not means.keys().isdisjoint(AUDIENCE_KINDS) for rest in seconds.values() for _, means in rest):
            found.add(word)
    spelled = sorted(found, key=len, reverse=True)
    # A word of letters has to begin where a word begins; in scripts without spaces it may stand anywhere.
    whole = "|".join(re.escape(word) for word in spelled if word[0].isalpha() and word < "\u3000")
    rest = "|".join(re.escape(word) for word in spelled if not (word[0].isalpha() and word < "\u3000"))
    return re.compile(rf"(?<![^\W\d_])(?:{whole})(?![^\W\d_])|>" + (f"|{rest}" if rest else ""))
