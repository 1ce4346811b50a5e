"""A whole label pasted as one line, parted again where its headings, rows and sentences begin.

Knows the headings of `auditor/data/wording/panel.toml`; what each part is, :mod:`auditor.panel` finds as for any line.
"""

from __future__ import annotations

import re
from itertools import pairwise

from auditor.wording.panel_words import heading_of, table_heads

_WORD = re.compile(r"(?:^|(?<=[\s.;:|,(]))(?=[^\W\d_])")
_SENTENCE = re.compile(
    r"(?<=[^\W\d_]{3}[.!?])\s+(?=[^\W\d_a-zß-ÿ])|(?<=[)%*†\d][.!?])\s+(?=[^\W\d_a-zß-ÿ])|(?<=[。！？])\s*"
)
_NAME = r"(?=[A-ZÀ-Þ][a-zß-ÿ]|[DK]-?\d|[A-ZÀ-Þ]{5})"
_ROW = re.compile(
    rf"(?<=[%†‡*])\s+(?=[*†‡]\s?[^\W\d_])|(?<=[†‡])\s+{_NAME}|(?<=\d%)[*†‡]*\s+{_NAME}|(?<=\d %)[*†‡]*\s+{_NAME}"
)
"""Where a row ends and another begins: behind a percent or its footnote sign, before a capital word."""
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_FEWEST_PARTS = 3


def parted(text: str) -> list[str]:
    """The parts of a label on one line; [] where the line is no whole label, with a heading and two more parts."""
    headings: set[int] = set()
    past = 0
    for word in _WORD.finditer(text):
        title = _heading(text, word.start()) if word.start() >= past else ""
        if title:
            past = word.start() + len(title)
            headings.add(word.start())
            if _CJK.match(title):
                headings.add(past)
    heads = [found.span() for found in table_heads().finditer(text.lower())] if len(text.lower()) == len(text) else []
    rows = {found.end() for pattern in (_SENTENCE, _ROW) for found in pattern.finditer(text)}
    inside = {place for start, end in heads for place in range(start + 1, end)}
    cuts = sorted({0, len(text), *(headings - inside), *(rows - inside), *(place for span in heads for place in span)})
    parts = [part for part in (text[start:end].strip(" ;|") for start, end in pairwise(cuts)) if part]
    return parts if headings and len(parts) >= _FEWEST_PARTS else []


def _heading(text: str, start: int) -> str:
    """The heading that stands here, plain enough to be one inside a line; '' where none does."""
    found = heading_of(text[start:])
    title = found.title.rstrip() if found else ""
    if found is None or not title:
        return ""
    if _CJK.match(title):
        whole = _CJK_TITLE.match(title)
        return whole[0] if whole else ""
    following = text[start + len(title) :].lstrip(" *†")[:1]
    if text[start].islower() and found.kind != "contains":
        return ""
    if following in (":", "："):
        return title
    counted = found.kind in ("serving", "servings", "panel") and not text[start].islower()
    return title if counted and (" " in title or (found.kind == "panel" and following == "(")) else ""


_CJK_TITLE = re.compile(r"[^\s:：(（]+(?:[(（][^)）]*[)）])?[:：]?")
