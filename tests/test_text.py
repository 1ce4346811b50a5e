"""Cleaning of label text: what a person sees stays, what nobody sees goes, and repairs are told."""

from __future__ import annotations

import pytest

from auditor.text import MAX_READ_CHARACTERS, clean, shorten


@pytest.mark.parametrize(
    ("printed", "text"),
    [
        ("Vitamin D3 25 mcg", "Vitamin D3 25 mcg"),
        ("  Vitamin   D3\t25\nmcg ", "Vitamin D3 25 mcg"),
        ("Vitamin D3\u00a025\u202fmcg", "Vitamin D3 25 mcg"),
        ("25 µg", "25 µg"),
        ("25 μg", "25 µg"),
        ("25 ㎍", "25 µg"),
        ("MK‑7", "MK-7"),
        ("MK–7", "MK-7"),
        ("−25 mcg", "-25 mcg"),
        ("K₂ and D₃", "K2 and D3"),
        ("K² (MK-7)", "K2 (MK-7)"),
        ("２５ｍｃｇ", "25mcg"),
        ("MenaQ7® 45 mcg", "MenaQ7 45 mcg"),
        ("K2VITAL(tm) 75 mcg", "K2VITAL 75 mcg"),
        ("1’500 IU", "1'500 IU"),
        # A raised figure after an amount is a footnote, not a digit of it.
        ("25 mcg¹", "25 mcg"),
        ("625 %²", "625 %"),
        ("Vitamine D3&nbsp;25 mcg", "Vitamine D3 25 mcg"),
    ],
)
def test_spelling_is_made_one_without_a_repair(printed: str, text: str) -> None:
    assert clean(printed) == (text, ())


@pytest.mark.parametrize(
    ("printed", "text", "repair"),
    [
        ("Vitamin\u200b D3", "Vitamin D3", "hidden-characters"),
        ("\u202eD3 25 mcg", "D3 25 mcg", "hidden-characters"),
        ("\ufeffVitamin D3", "Vitamin D3", "hidden-characters"),
        ("Vita\u00admin D3", "Vitamin D3", "hidden-characters"),
        ("25 Âµg", "25 µg", "mojibake"),
        ("25 Î¼g", "25 µg", "mojibake"),
        ("25 &#181;g", "25 µg", "mojibake"),
        ("МК-7", "MK-7", "look-alike-letters"),
        ("Vitamin К2", "Vitamin K2", "look-alike-letters"),
        # NFKC alone would read eleven halves.
        ("1½ tablets", "1 1/2 tablets", "fraction-sign"),
        ("½ tablet", "1/2 tablet", "fraction-sign"),
        ("2¼", "2 1/4", "fraction-sign"),
    ],
)
def test_damage_is_repaired_and_told(printed: str, text: str, repair: str) -> None:
    assert clean(printed) == (text, (repair,))


def test_cyrillic_words_are_no_look_alikes() -> None:
    assert clean("Кальций 600 мг, для детей") == ("Кальций 600 мг, для детей", ())


def test_very_long_text_is_read_no_further_than_the_limit() -> None:
    assert len(clean("x" * (MAX_READ_CHARACTERS + 500)).text) == MAX_READ_CHARACTERS


def test_shorten_keeps_short_text_and_cuts_long_text_with_an_ellipsis() -> None:
    assert shorten("Take 1\n daily") == "Take 1 daily"
    assert shorten("abcdefgh", 5) == "abcd…"
    assert shorten("abcde", 5) == "abcde"
