"""Words of a directions sentence that set a limit, forbid, or speak of another use: no dose stands in them."""

from __future__ import annotations

from itertools import pairwise

from auditor.wording.tokens import Token, says


def without_limits(sentence: list[Token], flags: set[str]) -> tuple[list[Token], bool]:
    """The sentence without limits, prohibitions and intensive uses; and whether its doses are for other cases only."""
    if not says(sentence, "limits"):
        return sentence, False
    secondary = False
    kept: list[Token] = []
    index = 0
    while index < len(sentence):
        token = sentence[index]
        means = token.means
        course = _course_end(sentence, index)
        if course:
            flags.add("limited-course")
            index = course
            continue
        if "ceiling_number" in means and _is_time(kept, len(kept) - 2):
            flags.add("limited-course")  # "4 semaines maximum"
            kept, index = kept[:-2], index + 1
            continue
        if "ceiling_after" in means or _closes_limit(sentence, index):
            flags.add("ceiling")
            kept = _before_last_comma(kept)
            index = _clause_end(sentence, index)
            continue
        if _opens_limit(sentence, index):
            end = _clause_end(sentence, index)
            limit = sentence[index:end]
            if any(_course_end(sentence, position) for position in range(index, end)):
                flags.add("limited-course")
            if any(not other.means.keys().isdisjoint(("ceiling", "ceiling_number")) for other in limit):
                flags.add("ceiling")
            elif any("ceiling_after" in other.means for other in limit):  # "... nicht überschreiten"
                flags.add("ceiling")
                kept = _before_last_comma(kept)
            index = end
            continue
        if "aside" in means:
            flags.add("supervised-range")
            rest = sentence[index:]
            return (kept if any(other.number is not None for other in rest) else _before_last_comma(kept)), secondary
        if "supervised" in means and "not_supervised" not in means:
            flags.add("supervised-range")
            own = _before_supervised(kept)
            if own:
                kept, index = kept[:own], _clause_end(sentence, index)
                continue
            secondary = True
        if "titration" in means:
            flags.add("loading-phase")
            secondary = True
        kept.append(token)
        index += 1
    return kept, secondary


_LIMITS_TIME = frozenset(("course_limit", "ceiling", "ceiling_number", "up_to"))


def _course_end(sentence: list[Token], index: int) -> int:
    """Index after a limit of the time that a product is taken ("at most 6 weeks"); 0 where none begins here."""
    if _LIMITS_TIME.isdisjoint(sentence[index].means):
        return 0
    position = index + 1
    while position < min(len(sentence), index + 4) and not sentence[position].means.keys().isdisjoint(
        ("stop", "articles", "per", "course_limit")
    ):
        position += 1
    if position + 2 < len(sentence) and sentence[position].number is not None and _spans(sentence[position + 1]):
        position += 2
    return position + 2 if _is_time(sentence, position) else 0


def _spans(token: Token) -> bool:
    return token.text == "-" or "joins" in token.means


def _is_time(tokens: list[Token], index: int) -> bool:
    """Whether a number of days, weeks or months stands here."""
    if index < 0 or index + 1 >= len(tokens) or tokens[index].number is None:
        return False
    return tokens[index + 1].means.get("time_unit", 0) >= 1


def _before_supervised(kept: list[Token]) -> int:
    """Where the label's own dose ends in "1 capsule daily, or 2 capsules daily under supervision"; 0 where there is none."""
    for position in range(len(kept) - 2, 2, -1):
        if "or" in kept[position].means or "phase" in kept[position].means:
            doses = any(token.number is not None for token in kept[position + 1 :])
            timed = any("period" in token.means for token in kept[:position])
            return position if doses and timed and any(token.number is not None for token in kept[:position]) else 0
    return 0


def _opens_limit(sentence: list[Token], index: int) -> bool:
    means = sentence[index].means
    following = sentence[index + 1 : index + 5]
    if "negation" in means:
        if "strength" in means and index and sentence[index - 1].number is not None:
            return False  # "2000 NE" is a Hungarian strength
        return not (following and following[0].text == "-")
    if "ceiling" in means:
        return True
    if "ceiling_number" in means:
        for token, second in pairwise([*following, sentence[index]]):
            if token.text == ",":
                return False
            if (
                token.number is not None
                or "count" in token.means
                or ("articles" in token.means and "unit" in second.means)
            ):
                return True
    return False


def _closes_limit(sentence: list[Token], index: int) -> bool:
    """ "2 capsules a day maximum", "2 gélules maximum par jour": the number before is the limit."""
    if "ceiling_number" not in sentence[index].means or all(token.number is None for token in sentence[:index]):
        return False
    following = sentence[index + 1] if index + 1 < len(sentence) else None
    return (
        following is None
        or following.text in (",", ")")
        or not following.means.keys().isdisjoint(("period", "per", "per_unit"))
    )


def limited_to_several(sentence: list[Token], kept: list[Token]) -> bool:
    """Whether the words taken out as a limit count more than one unit ("not more than 5 tablets")."""
    if len(kept) == len(sentence):
        return False
    return any(
        token.number is not None and token.number > 1 and "unit" in following.means and token not in kept
        for token, following in pairwise(sentence)
    )


def _clause_end(sentence: list[Token], index: int) -> int:
    """Index where a limit ends: a comma followed by a verb, else the end of the sentence."""
    for position in range(index + 1, len(sentence) - 1):
        if sentence[position].text == "," and "verbs" in sentence[position + 1].means:
            return position
    return len(sentence)


def _before_last_comma(tokens: list[Token]) -> list[Token]:
    for position in range(len(tokens) - 1, -1, -1):
        if tokens[position].text == ",":
            return tokens[:position]
    return []
