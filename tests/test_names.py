"""Which words name which vitamin and form, and which words only look like one."""

from __future__ import annotations

import tomllib

import pytest

from auditor.names import SUBSTANCES, TARGET, TRADE, VERIFIED_ENOUGH, find_names, may_name_target


def meant(text: str) -> list[tuple[str, str]]:
    return [(hit.name.nutrient, hit.name.form) for hit in find_names(text) if hit.name.kind in (TARGET, TRADE)]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("vitamin d3", "d3"), ("vitamin d-3", "d3"), ("vitamin-d 3", "d3"), ("vit. d3", "d3"), ("cholecalciferol", "d3"), ("ergocalciferol", "d2"), ("vitamin d", "unstated"),
        ("calcifediol", "calcifediol"), ("25-hydroxyvitamin d3", "calcifediol"), ("25(oh)d3", "calcifediol"),
    ],
)  # fmt: skip
def test_name_of_vitamin_d(text: str, form: str) -> None:
    assert meant(text) == [("vitamin_d", form)]


@pytest.mark.parametrize(
    ("text", "nutrient", "form"),
    [
        ("mk-7", "vitamin_k2", "mk7"), ("mk 7", "vitamin_k2", "mk7"), ("mk7", "vitamin_k2", "mk7"), ("k2-7", "vitamin_k2", "mk7"), ("menaquinone-4", "vitamin_k2", "mk4"),
        ("menatetrenone", "vitamin_k2", "mk4"), ("menatetrenone-7", "vitamin_k2", "contradictory"), ("mk-9", "vitamin_k2", "mk9"), ("vitamin k2", "vitamin_k2", "unstated"),
        ("vitamin k", "vitamin_k", "unstated"), ("phylloquinone", "vitamin_k1", "k1"), ("menadione", "vitamin_k", "k3"),
    ],
)  # fmt: skip
def test_name_of_vitamin_k(text: str, nutrient: str, form: str) -> None:
    assert meant(text) == [(nutrient, form)]


def test_longest_name_wins() -> None:
    assert [hit.text for hit in find_names("menaquinone-7 and 25-hydroxyvitamin d3")] == [
        "menaquinone-7",
        "25-hydroxyvitamin d3",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "annatto extract",
        "nattokinase",
        "potassium (k) 99 mg",
        "vitamin dha",
        "vitamin b6",
        "d-mannose",
        "calcitriol",
        "teprenone",
        "phytosterols",
        "kelp",
        "cod3",
        "xmk-7x",
    ],
)
def test_word_that_only_looks_like_a_name_names_neither_vitamin(text: str) -> None:
    assert meant(text) == []


def test_annatto_holds_no_natto() -> None:
    assert "natto extract" not in [hit.text for hit in find_names("annatto extract 5 mg")]


def tables() -> list[dict[str, object]]:
    return [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(SUBSTANCES.glob("*.toml"))]


SPELLINGS = [
    (spelling, entry)
    for table in tables()
    for entry in table.get("name", [])
    if entry.get("kind", TARGET) == TARGET
    for spelling in entry["spellings"]
]


def test_quick_look_passes_every_name_of_the_tables() -> None:
    missed = [spelling for spelling, _ in SPELLINGS if not may_name_target(spelling)]
    assert missed == []


def test_every_spelling_of_the_tables_is_found_with_its_own_meaning() -> None:
    wrong = [
        spelling for spelling, entry in SPELLINGS if [form for _, form in meant(spelling.lower())] != [entry["form"]]
    ]
    assert wrong == []


TRADES = [entry for table in tables() for entry in table.get("trade_name", [])]


@pytest.mark.parametrize("entry", TRADES, ids=[entry["id"] for entry in TRADES])
def test_trade_name_tells_its_form_only_when_it_was_read_somewhere(entry: dict[str, object]) -> None:
    for name in entry["names"]:
        forms = [hit.name.form for hit in find_names(name.lower()) if hit.name.kind == TRADE]
        assert forms == [entry["form"]] if entry["status"] in VERIFIED_ENOUGH else set(forms) <= {"unstated"}


def test_no_spelling_has_two_meanings() -> None:
    seen: dict[str, tuple[str, str]] = {}
    for table in tables():
        for entry in table.get("name", []):
            meaning = (
                entry.get("nutrient", table.get("nutrient", "")),
                entry.get("form", ""),
                entry.get("kind", TARGET),
            )
            for spelling in entry["spellings"]:
                folded = spelling.replace(" ", "").replace("-", "")
                assert seen.setdefault(folded, meaning) == meaning, spelling


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("vitamin d 3 mcg", ["vitamin d"]), ("vitamin d 3 2,000 iu", ["vitamin d 3"]), ("vitamin d 2,000 iu", ["vitamin d"]),
        ("vitamin k 1.5 mg, vitamin k 2 100 mcg", ["vitamin k", "vitamin k 2"]), ("vitamin d - 3 5000 iu", ["vitamin d - 3"]),
    ],
)  # fmt: skip
def test_a_number_that_goes_on_is_an_amount_and_no_part_of_the_name(text: str, names: list[str]) -> None:
    assert [hit.text for hit in find_names(text)] == names
