"""The evidence edition: the shipped one keeps its promises, and a folder that breaks a rule is refused with file and key."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from label_builder import ONE_A_DAY, label, only

from auditor.errors import EvidenceError
from auditor.evidence import CARRYING_STATUS, Evidence, Statement, load_evidence, rows_by_context
from auditor.pipeline import audit_lines

FOLDERS = Path(__file__).parent / "fixtures" / "evidence"
SOUND = FOLDERS / "sound"


def broken(name: str, tmp_path: Path) -> Path:
    """The sound edition with the files of one fixture in place of its own; a fixture holds only what is wrong."""
    folder = tmp_path / name
    shutil.copytree(SOUND, folder)
    shutil.copytree(FOLDERS / name, folder, dirs_exist_ok=True)
    return folder


def problems_of(name: str, tmp_path: Path) -> tuple[str, ...]:
    with pytest.raises(EvidenceError) as refused:
        load_evidence(broken(name, tmp_path))
    assert refused.value.exit_code == 4
    return refused.value.problems


# What each broken folder must be told: file, table row, and the words that name what is wrong.
REFUSED = {
    "unknown-key": ("bands.toml", "'B1'", "hihg_mcg", "not a known key"),
    "swapped-edges": ("bands.toml", "'B1'", "low_mcg 40 is above high_mcg 20"),
    "missing-edge": ("bands.toml", "'B1'", "low_mcg and high_mcg"),
    "core-outside-edges": ("bands.toml", "'B1'", "core 20..50", "20..40"),
    "edges-on-not-established": ("bands.toml", "'B1'", "not-established", "no edges"),
    "amount-negative": ("rows.toml", "'T2'", "low_mcg", "-15"),
    "integrity-unexplained": ("references.toml", "'smith-2020'", "integrity_note"),
    "missing-reference": ("rows.toml", "'T1'", "reference", "'smith-2021'"),
    "unused-reference": ("references.toml", "'nobody-2018'", "used by no row"),
    "edge-on-unverified-alone": ("bands.toml", "'B1'", "low_rests_on", "unverified"),
    "edge-on-starting-document-alone": ("bands.toml", "'B1'", "high_rests_on", "starting documents"),
    "retracted-support": ("bands.toml", "'B1'", "supports", "'T2'", "retracted"),
    "disputed-reference": ("bands.toml", "'B1'", "high_rests_on", "'T1'", "disputed"),
    "support-that-does-not-exist": ("bands.toml", "'B1'", "supports", "'T9'"),
    "spacing-rule-on-nothing": ("limits.toml", "'P1'", "rests_on", "'T9'"),
    "contradiction-of-nothing": ("limits.toml", "'C1'", "between", "'S9'"),
    "duplicate-id": ("rows.toml", "'T1'", "already used"),
    "two-bands-for-one-form": ("bands.toml", "'B2'", "'B1'"),
    "unknown-context": ("bands.toml", "'B1'", "'elderly'", "adult, bone"),
    "parent-loop": ("edition.toml", "'adult'", "parent", "leads back"),
    "unknown-table": ("bands.toml", "bands", "[[band]]"),
    "list-of-no-tables": ("more.toml", "trial number 1", "is no table", "[[trial]]"),
    "not-toml": ("bands.toml", "not readable TOML", "line 8"),
    "no-edition": ("no-edition", "[edition]"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_broken_folder_is_refused_with_file_and_key(name: str, tmp_path: Path) -> None:
    problems = problems_of(name, tmp_path)
    assert any(all(word in problem for word in REFUSED[name]) for problem in problems), problems


def test_every_fixture_folder_is_tested() -> None:
    assert {path.name for path in FOLDERS.iterdir()} == {*REFUSED, "sound", "many-problems", "many-broken-rules"}


def test_one_fault_gives_one_problem(tmp_path: Path) -> None:
    # These faults touch a second row too: the reference nobody cites any more, the support that is not loaded.
    several = {"disputed-reference", "parent-loop"}
    assert {name: len(problems_of(name, tmp_path)) for name in REFUSED if name not in several} == {
        name: 1 for name in REFUSED if name not in several
    }


def test_all_faults_of_form_are_told_at_once(tmp_path: Path) -> None:
    problems = problems_of("many-problems", tmp_path)
    for words in (
        ("bands.toml", "hihg_mcg"),
        ("bands.toml", "grade", "excellent"),
        ("rows.toml", "'T1'", "year", "missing"),
    ):
        assert sum(all(word in problem for word in words) for problem in problems) == 1, words
    assert len(problems) == 3


def test_all_broken_rules_are_told_at_once(tmp_path: Path) -> None:
    problems = problems_of("many-broken-rules", tmp_path)
    for words in (
        ("bands.toml", "'elderly'"),
        ("bands.toml", "'T9'"),
        ("rows.toml", "'smith-2021'"),
        ("edition.toml", "'bone'", "'children'"),
    ):
        assert sum(all(word in problem for word in words) for problem in problems) == 1, words


def test_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="nowhere"):
        load_evidence(tmp_path / "nowhere")


def test_empty_folder_has_no_edition(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"\[edition\]"):
        load_evidence(tmp_path)


# ---- an edition of one's own -------------------------------------------------------------------------------------------


def test_sound_folder_loads_with_exact_decimals() -> None:
    evidence = load_evidence(SOUND)
    band = evidence.bands["B1"]
    assert (evidence.edition.id, band.low_mcg, band.high_mcg) == ("test.1", Decimal(20), Decimal(40))
    assert band.rows == ("R1", "T1", "T2", "S1")


def test_audit_judges_by_the_edition_it_is_given_and_names_it() -> None:
    frame = label("Vitamin D3 50 mcg", **ONE_A_DAY)
    own, shipped = (
        audit_lines(frame, context="adult", evidence=load_evidence(SOUND)),
        audit_lines(frame, context="adult"),
    )
    assert (only(own.doses)["verdict"], only(shipped.doses)["verdict"]) == ("high-dose", "studied-range")
    assert only(own.doses)["upper_level_mcg"] == 90
    assert (own.summary.evidence_edition, shipped.summary.evidence_edition) == ("test.1", "2026.1")


def test_form_without_a_band_in_the_edition_is_not_established() -> None:
    audit = audit_lines(label("Vitamin K2 (MK-7) 100 mcg", **ONE_A_DAY), context="adult", evidence=load_evidence(SOUND))
    assert (only(audit.doses)["verdict"], only(audit.products)["class"]) == ("not-established", "not-established")


def test_context_follows_its_parents_to_a_band() -> None:
    evidence = load_evidence(SOUND)
    assert evidence.band_for("vitamin_d", "d3", "bone") is evidence.bands["B1"]
    assert evidence.band_for("vitamin_k2", "mk7", "bone") is None


# ---- the shipped edition -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> Evidence:
    return load_evidence()


def test_shipped_edition_is_the_first() -> None:
    assert load_evidence().edition.id == "2026.1"


# Decisions of the design on top of the study tables.
@pytest.mark.parametrize(
    ("nutrient", "form", "context", "low", "high"),
    [
        ("vitamin_d", "d3", "adult", 10, 100),
        ("vitamin_d", "d3", "bone", 20, 50),
        ("vitamin_k2", "mk7", "adult", 90, 375),
        ("vitamin_k2", "mk4", "adult", 1500, 45000),
        ("vitamin_k2", "mk4", "postmenopausal", 1500, 45000),
        ("vitamin_d", "d3", "infant-0-6m", "8.5", 25),
    ],
)
def test_shipped_band_has_the_edges_of_the_design(
    shipped: Evidence, nutrient: str, form: str, context: str, low: object, high: object
) -> None:
    band = shipped.band_for(nutrient, form, context)
    assert band is not None
    assert (band.low_mcg, band.high_mcg) == (Decimal(str(low)), Decimal(str(high)))


def test_calcifediol_has_no_band_with_edges(shipped: Evidence) -> None:
    bands = [shipped.band_for("vitamin_d", "calcifediol", context) for context in shipped.contexts]
    assert all(band is None or band.status == "not-established" for band in bands)


def test_contexts_of_the_contract_are_there(shipped: Evidence) -> None:
    assert list(shipped.contexts) == [
        "adult", "bone", "postmenopausal", "cardiovascular", "ckd", "dialysis", "deficiency", "glucocorticoid", "pregnancy",
        "infant-0-6m", "infant-6-12m", "child-1-3", "child-4-8", "child-9-10", "teen",
    ]  # fmt: skip


def test_every_shipped_edge_is_carried_by_a_row_that_was_read(shipped: Evidence) -> None:
    for band in shipped.bands.values():
        for edge in (band.low_rests_on, band.high_rests_on):
            rows = [shipped.rows[row] for row in edge]
            assert band.status == "not-established" or any(
                row.status in CARRYING_STATUS and not isinstance(row, Statement) for row in rows
            ), band.id


def test_no_shipped_band_rests_on_a_retracted_or_disputed_row(shipped: Evidence) -> None:
    for band in shipped.bands.values():
        for row_id in band.rows:
            row = shipped.rows[row_id]
            own = getattr(row, "integrity", "sound")
            assert {own, shipped.references[row.reference].integrity} <= {"sound", "superseded"}, (band.id, row_id)


def test_retracted_trials_are_kept_and_marked(shipped: Evidence) -> None:
    assert any(reference.integrity == "retracted" for reference in shipped.references.values())


def test_five_starting_documents_speak_in_the_statements(shipped: Evidence) -> None:
    documents = {reference.id for reference in shipped.references.values() if reference.kind == "source-document"}
    assert len(documents) == 5
    assert {statement.reference for statement in shipped.statements.values()} == documents


def test_statement_above_the_trials_is_told_as_a_contradiction(shipped: Evidence) -> None:
    # One document calls more than 200 mcg MK-7 high, another allows 600: shown, not smoothed over.
    between = {row for contradiction in shipped.contradictions.values() for row in contradiction.between}
    assert {"K-S001-11", "K-S003-4"} <= between


def test_every_claim_of_the_shipped_edition_can_be_looked_up(shipped: Evidence) -> None:
    lost = [
        reference.id
        for reference in shipped.references.values()
        if not (reference.link or reference.registry or reference.citation)
    ]
    assert lost == []


@pytest.mark.parametrize(
    ("context", "authority", "first", "value"),
    [
        ("adult", "", "EFSA", 100),
        ("child-1-3", "NASEM", "NASEM", "62.5"),
        ("child-4-8", "NASEM", "NASEM", 75),
        ("infant-6-12m", "EFSA", "EFSA", 35),
    ],
)
def test_upper_levels_come_strictest_first(
    shipped: Evidence, context: str, authority: str, first: str, value: object
) -> None:
    levels = shipped.upper_levels_for("vitamin_d", context, authority)
    assert [level.value_mcg for level in levels] == sorted(level.value_mcg for level in levels)
    known = {level.authority: level.value_mcg for level in levels}
    assert known[first] == Decimal(str(value))


def test_vitamin_k_has_no_upper_level(shipped: Evidence) -> None:
    assert {level.nutrient for level in shipped.upper_levels.values()} == {"vitamin_d"}


@pytest.mark.parametrize(
    ("nutrient", "market", "group", "era", "value"),
    [
        ("vitamin_d", "us", "adult", "current", 20), ("vitamin_d", "us", "adult", "former", 10), ("vitamin_d", "us", "child-1-3", "current", 15),
        ("vitamin_d", "us", "infant", "current", 10), ("vitamin_d", "us", "pregnancy", "current", 15), ("vitamin_k", "us", "adult", "current", 120),
        ("vitamin_k", "us", "adult", "former", 80), ("vitamin_k", "us", "pregnancy", "current", 90), ("vitamin_d", "eu", "adult", "current", 5),
        ("vitamin_k", "eu", "adult", "current", 75), ("vitamin_d", "jp", "adult", "current", "5.5"),
        ("vitamin_d", "us", "infant", "former", 10), ("vitamin_d", "us", "child-1-3", "former", 10), ("vitamin_d", "us", "pregnancy", "former", 10),
        ("vitamin_d", "ca", "infant", "current", 10), ("vitamin_d", "ca", "child-1-3", "current", 15), ("vitamin_k", "ca", "infant", "current", "2.5"),
        ("vitamin_k", "ca", "child-1-3", "current", 30), ("vitamin_d", "au", "adult", "current", 10), ("vitamin_k", "au", "adult", "current", 80),
    ],
)  # fmt: skip
def test_daily_values_of_the_markets(
    shipped: Evidence, nutrient: str, market: str, group: str, era: str, value: object
) -> None:
    found = [
        row.value_mcg
        for row in shipped.daily_values.values()
        if (row.nutrient, row.market, row.group, row.era) == (nutrient, market, group, era)
    ]
    assert found == [Decimal(str(value))]


def test_reference_links_prefer_the_doi(shipped: Evidence) -> None:
    sound = load_evidence(SOUND).references
    assert (sound["smith-2020"].link, sound["authority-2019"].link, sound["page-2026"].link) == (
        "https://doi.org/10.1000/test",
        "https://example.org/intakes",
        "",
    )


def test_rows_by_context_speak_of_that_context(shipped: Evidence) -> None:
    found = rows_by_context(shipped)
    assert all(context in row.contexts for context, rows in found.items() for row in rows)
    assert {"D-R17"} <= {row.id for row in found["adult"]}
