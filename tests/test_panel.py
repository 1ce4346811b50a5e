"""Pasted labels: what each line is understood as, that none is lost, and that the dose comes out right end to end."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.labels import label_frame
from auditor.panel import ROLES, PanelReading, panel_lines, read_panel
from auditor.pipeline import audit_lines

PANELS = Path(__file__).parent / "fixtures" / "panels"

# Panel -> market, daily micrograms of each vitamin in an adult, written by reading the panel.
DOSES = {
    "au-equivalent-on-next-line": ("au", {("vitamin_d", "d3"): 25, ("vitamin_k2", "mk7"): 90}),
    "ca-each-softgel-contains": ("ca", {("vitamin_d", "d3"): 25}),
    "de-daily-portion-in-tabs": ("eu", {("vitamin_d", "d3"): 125, ("vitamin_k2", "mk7"): 100}),
    "de-per-capsule-and-per-day": ("eu", {("vitamin_d", "d3"): 50, ("vitamin_k2", "mk7"): 100}),
    "es-dosis-diaria": ("eu", {("vitamin_d", "d3"): 50, ("vitamin_k2", "mk7"): 75}),
    "fr-percent-without-sign": ("eu", {("vitamin_d", "d3"): 25, ("vitamin_k2", "unstated"): 37.5}),
    "it-compressa": ("eu", {("vitamin_d", "d3"): 50, ("vitamin_k2", "unstated"): 75}),
    "jp-direction-with-serving": ("jp", {("vitamin_d", "unstated"): 50, ("vitamin_k2", "unstated"): 45}),
    "jp-per-grain": ("jp", {("vitamin_d", "unstated"): 25, ("vitamin_k2", "unstated"): 45}),
    "nl-dagdosering": ("eu", {("vitamin_d", "d3"): 75, ("vitamin_k2", "mk7"): 100}),
    "pl-pipes": ("eu", {("vitamin_d", "d3"): 50, ("vitamin_k2", "mk7"): 100}),
    "pt-dose-diaria": ("eu", {("vitamin_d", "d3"): 25, ("vitamin_k2", "mk7"): 75}),
    "se-dagsdos": ("", {("vitamin_d", "d3"): 50, ("vitamin_k2", "mk7"): 75}),
    "uk-per-drop": ("eu", {("vitamin_d", "d3"): 50}),
    "us-amount-below-the-name": ("us", {("vitamin_d", "d3"): 50, ("vitamin_k2", "mk7"): 90}),
    "us-indented-parts": ("", {("vitamin_k1", "k1"): 1000, ("vitamin_k2", "mk4"): 500, ("vitamin_k2", "mk7"): 100}),
    "us-supplement-facts": ("us", {("vitamin_d", "d3"): 125, ("vitamin_k2", "mk7"): 100}),
    "us-two-audiences": ("us", {("vitamin_d", "d3"): 20}),
    "zh-amount-in-panel-heading": ("", {("vitamin_d", "d3"): 20}),
    "zh-several-nutrients-in-heading": ("", {("vitamin_d", "d3"): 10, ("vitamin_k2", "unstated"): 45}),
}


def reading_of(name: str) -> PanelReading:
    return read_panel((PANELS / f"{name}.txt").read_text(encoding="utf-8"))


def doses_of(reading: PanelReading, context: str = "auto") -> dict[tuple[str, str], float]:
    doses = audit_lines(label_frame([reading.label]), context=context).doses
    assert (doses["daily_mcg_low"] == doses["daily_mcg_high"]).all()
    return dict(zip(zip(doses["nutrient"], doses["form"], strict=True), doses["daily_mcg_high"], strict=True))


def roles_of(reading: PanelReading) -> list[str]:
    return [line.role for line in reading.account]


def test_every_panel_has_its_doses_in_the_table() -> None:
    assert {path.stem for path in PANELS.glob("*.txt")} == set(DOSES)


@pytest.mark.parametrize("name", DOSES)
def test_daily_dose_of_a_pasted_label(name: str) -> None:
    reading = reading_of(name)
    assert (reading.label.market, doses_of(reading)) == DOSES[name]


def test_us_panel_line_by_line() -> None:
    reading = reading_of("us-supplement-facts")
    assert roles_of(reading) == [
        "name", "claim", "heading", "serving size", "heading", "ingredient", "ingredient", "footnote", "other", "directions", "directions",
        "warning", "warning", "warning",
    ]  # fmt: skip
    label = reading.label
    assert (label.serving_size, label.servings_per_container) == ("1 Softgel", "120")
    assert label.directions == "Take one (1) softgel daily with food,\nor as directed by your healthcare professional."
    assert "blood thinners such as warfarin" in label.warnings
    assert [line.text for line in reading.left_alone] == ["Other ingredients: olive oil, gelatin, glycerin."]


def test_amounts_and_percents_below_the_name_join_it() -> None:
    lines = reading_of("us-amount-below-the-name").label.lines
    assert [line.ingredient for line in lines[:2]] == [
        "Vitamin D (as cholecalciferol) 50 mcg (2,000 IU) 250%",
        "Vitamin K2 (as menaquinone-7 from natto) 90 mcg",
    ]


def test_two_audiences_give_a_line_each_and_their_own_dose() -> None:
    reading = reading_of("us-two-audiences")
    lines = [line for line in reading.label.lines if "D3" in line.ingredient]
    assert [line.audience for line in lines] == [
        "Children 2-3 years (1 gummy)",
        "Adults and children 4 years and older (2 gummies)",
    ]
    assert doses_of(reading, "child-1-3") == {("vitamin_d", "d3"): 10}
    assert doses_of(reading, "adult") == {("vitamin_d", "d3"): 20}


def test_column_of_the_day_is_used_and_the_other_is_named() -> None:
    reading = reading_of("de-per-capsule-and-per-day")
    assert reading.label.lines[0].ingredient == "Vitamin D3 50 µg"
    assert reading.label.lines[0].percent_dv == "1000%"
    assert any("'pro Kapsel'" in note for note in reading.notes)


def test_market_comes_from_a_mark_on_the_label_and_is_told() -> None:
    reading = reading_of("ca-each-softgel-contains")
    assert reading.notes == ("market ca taken from 'NPN 80012345' on the label",)
    assert read_panel("Supplement Facts\nVitamin D3 25 mcg", market="ca").label.market == "ca"


def test_indented_lines_are_parts() -> None:
    assert [line.parent for line in panel_lines(["Vitamin K 600 mcg", "  K1 500 mcg", "  MK-7 100 mcg"])] == [
        "",
        "1",
        "1",
    ]


def test_audience_in_brackets_of_a_line() -> None:
    (line,) = panel_lines(["Vitamin D 200 IU (children 2 to 3 years, 1 gummy) 50%"])
    assert (line.audience, line.serving_size) == ("children 2 to 3 years, 1 gummy",) * 2


def test_one_line_label_is_parted_at_semicolons() -> None:
    label = read_panel("Vitamin D3 125 mcg (5,000 IU); Vitamin K2 (MK-7) 100 mcg; Take 1 softgel daily").label
    assert [line.ingredient for line in label.lines] == ["Vitamin D3 125 mcg (5,000 IU)", "Vitamin K2 (MK-7) 100 mcg"]
    assert label.directions == "Take 1 softgel daily"


def test_claim_about_a_vitamin_is_no_ingredient() -> None:
    reading = read_panel(
        "Supplement Facts\nVitamin D3 25 mcg (1,000 IU)\nVitamin D contributes to the maintenance of normal bones."
    )
    assert roles_of(reading)[-1] == "claim"
    assert len(reading.label.lines) == 1


def test_vitamin_named_only_among_the_other_ingredients_is_still_read() -> None:
    reading = read_panel("Ingredients: oil, cholecalciferol 25 mcg")
    assert "25 mcg" in reading.label.lines[0].ingredient


def test_empty_text_is_a_label_without_lines() -> None:
    reading = read_panel("")
    assert (reading.account, reading.label.lines[0].ingredient) == ((), "")


def test_account_as_text_names_each_role() -> None:
    told = reading_of("us-supplement-facts").as_text()
    assert "ingredient" in told
    assert "note: market us" in told


_PIECES = st.sampled_from([
    "Supplement Facts", "Serving Size: 1 softgel", "Vitamin D3 (as cholecalciferol)    125 mcg    625%", "100 mcg", "(as MK-7", "Take one daily", "Warning: keep out",
    "  * Not established", "|", "Amount | %DV", "Children 1-3 | Adults", "   Vitamin K2 45 mcg", "Zutaten: Wasser", "????", "- ", "60 servings per container", "1日1粒",
])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(_PIECES, st.text(max_size=40)), max_size=12))
def test_no_line_is_lost_and_each_has_a_known_role(lines: list[str]) -> None:
    text = "\n".join(lines)
    account = read_panel(text).account
    printed = [line.strip() for line in text.replace("\r", "\n").replace("\f", "\n").split("\n") if line.strip()]
    if len(printed) > 1:
        assert [line.text for line in account] == printed
    assert {line.role for line in account} <= set(ROLES)


def test_sentence_with_a_serving_is_a_direction_and_no_head_of_columns() -> None:
    reading = reading_of("jp-direction-with-serving")
    assert roles_of(reading)[-2:] == ["directions", "warning"]
    assert reading.label.directions.startswith("1日2粒を目安に")


ONE_LINE = {
    "us": "Supplement Facts Serving Size 1 Softgel Servings Per Container 120 Amount Per Serving % Daily Value Vitamin D3 (as cholecalciferol) 125 mcg (5,000 IU) 625% Vitamin K2 (as menaquinone-7) 100 mcg † † Daily Value not established. Other Ingredients: Extra virgin olive oil, gelatin. Suggested Use: Take 1 softgel daily with food. Warning: Keep out of reach of children.",
    "de": "Nahrungsergänzungsmittel mit Vitamin D3 und K2. Nährwerte pro Tagesdosis (1 Kapsel): Vitamin D3 125 µg (5000 I.E.) 2500 % NRV*, Vitamin K2 (MK-7) 100 µg 133 % NRV*. *NRV = Nährstoffbezugswerte. Zutaten: Kokosöl. Verzehrempfehlung: täglich 1 Kapsel unzerkaut mit Wasser. Hinweise: Die angegebene Verzehrmenge nicht überschreiten.",
    "ca": "Each softgel contains: Vitamin D3 1000 IU (25 mcg), Vitamin K2 (MK-7) 90 mcg. Non-medicinal ingredients: soybean oil. Recommended dose: Adults: Take 1 softgel daily. NPN 80012345",
    "jp": "栄養成分表示(1日2粒あたり) ビタミンD 25μg、ビタミンK2 100μg 召し上がり方 1日2粒を目安に水などでお召し上がりください。 ご注意 ワルファリンを服用の方は医師にご相談ください。",
    "fr": "Informations nutritionnelles pour 2 gouttes : Vitamine D3 25 µg soit 1000 UI (500 % VNR). Ingrédients : huile de tournesol, vitamine D3. Conseils d'utilisation : 2 gouttes par jour. Précautions d'emploi : ne pas dépasser la dose recommandée.",
}
SAID_ON_ONE_LINE = {
    "us": ("1 Softgel", "Take 1 softgel daily with food.", 2),
    "de": ("Tagesdosis (1 Kapsel)", "täglich 1 Kapsel unzerkaut mit Wasser.", 1),
    "ca": ("Each softgel contains", "Adults: Take 1 softgel daily.", 1),
    "jp": ("栄養成分表示(1日2粒あたり)", "1日2粒を目安に水などでお召し上がりください。", 1),
    "fr": ("pour 2 gouttes", "2 gouttes par jour.", 1),
}


@pytest.mark.parametrize("label", ONE_LINE)
def test_whole_label_on_one_line_is_parted_at_its_headings(label: str) -> None:
    read = read_panel(ONE_LINE[label]).label
    assert (read.serving_size, read.directions, len(read.lines)) == SAID_ON_ONE_LINE[label]


def test_one_line_without_headings_is_left_whole() -> None:
    assert len(read_panel("Vitamin D3 125 mcg (5,000 IU) 625% and K2 (MK-7) 100 mcg").label.lines) == 1
