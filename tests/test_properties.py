"""What holds for every label: more is never less, spelling does not matter, nothing is lost, neighbours do not matter."""

from __future__ import annotations

import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from label_builder import ONE_A_DAY, label

from auditor.amounts import read_line
from auditor.classify import outcomes
from auditor.pipeline import audit_lines
from auditor.text import clean
from auditor.units import find_quantities, read_number

# An audit costs a fraction of a second whatever its size, so its properties take few examples with many labels each.
of_audits = settings(deadline=None, derandomize=True, database=None, max_examples=5)
of_texts = settings(deadline=None, derandomize=True, database=None, max_examples=150)

ORDER = {"sub-therapeutic": 0, "studied-range": 1, "high-dose": 2}


def one_line_each(lines: list[str], **columns: str) -> pd.DataFrame:
    return pd.concat(
        [label(line, product_id=f"{number:04}", **{**ONE_A_DAY, **columns}) for number, line in enumerate(lines)]
    )


# ---- doses and verdicts ------------------------------------------------------------------------------------------------

tenths_of_mcg = st.lists(st.integers(1, 600_000), min_size=12, max_size=40, unique=True).map(sorted)


@of_audits
@given(
    tenths=tenths_of_mcg,
    line=st.sampled_from(["Vitamin D3", "Vitamin D2", "MK-7", "MK-4", "Vitamin K1"]),
    context=st.sampled_from(["adult", "bone"]),
)
def test_more_of_one_form_never_lowers_the_verdict(tenths: list[int], line: str, context: str) -> None:
    audit = audit_lines(one_line_each([f"{line} {Decimal(tenth) / 10} mcg" for tenth in tenths]), context=context)
    ranks = [ORDER[verdict] for verdict in audit.doses["verdict"]]
    assert len(ranks) == len(tenths)
    assert ranks == sorted(ranks)


@of_audits
@given(tenths=tenths_of_mcg, beside=st.sampled_from(["MK-7 100 mcg", "MK-7 45 mcg", "MK-7 500 mcg"]))
def test_more_vitamin_d_raises_the_class_except_from_below_the_band(tenths: list[int], beside: str) -> None:
    # Sub-therapeutic outweighs studied-range in the fold, so the class follows the verdict only where K2 does not outweigh it.
    frames = [
        label(f"Vitamin D3 {Decimal(tenth) / 10} mcg", beside, product_id=str(number), **ONE_A_DAY)
        for number, tenth in enumerate(tenths)
    ]
    products = audit_lines(pd.concat(frames), context="adult").products
    for product in products.to_dict("records"):
        verdicts = {product["vitamin_d_verdict"], product["vitamin_k2_verdict"]}
        worst = next(verdict for verdict in ("high-dose", "sub-therapeutic", "studied-range") if verdict in verdicts)
        assert product["class"] == worst
    ranks = [ORDER[verdict] for verdict in products["vitamin_d_verdict"]]
    assert ranks == sorted(ranks)


@of_audits
@given(
    amounts=st.lists(st.integers(1, 60_000), min_size=10, max_size=40),
    context=st.sampled_from(["adult", "bone", "infant-0-6m"]),
)
def test_international_units_and_their_micrograms_are_the_same_dose(amounts: list[int], context: str) -> None:
    in_iu = audit_lines(one_line_each([f"Vitamin D3 {iu} IU" for iu in amounts]), context=context).doses
    # Four decimals, because three after a point may be thousands: "1.025 mcg" has two readings.
    in_mcg = audit_lines(
        one_line_each([f"Vitamin D3 {Decimal(iu) / 40:.4f} mcg" for iu in amounts]), context=context
    ).doses
    for column in ("daily_mcg_low", "daily_mcg_high", "daily_iu_high", "verdict", "over_upper_level"):
        assert in_iu[column].tolist() == in_mcg[column].tolist()
    assert in_iu["daily_iu_high"].tolist() == amounts


@given(
    ends=st.tuples(*[st.integers(0, 1_000)] * 4).map(sorted), edges=st.tuples(*[st.integers(1, 1_000)] * 2).map(sorted)
)
@of_texts
def test_wider_interval_keeps_every_possible_verdict(ends: list[int], edges: list[int]) -> None:
    outer_low, low, high, outer_high = (np.array([float(end)]) for end in ends)
    band = np.array([float(edges[0])]), np.array([float(edges[1])])
    inner, outer = outcomes(low, high, *band)[0], outcomes(outer_low, outer_high, *band)[0]
    assert inner
    assert inner & outer == inner


@of_audits
@given(counts=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=8, max_size=16))
def test_directions_of_n_units_hold_n_times_the_dose(counts: list[tuple[int, int]]) -> None:
    frames = [
        label(
            "Vitamin D3 10 mcg",
            product_id=str(number),
            serving_size="1 softgel",
            directions=f"Take {least} to {least + more} softgels daily",
        )
        for number, (least, more) in enumerate(counts)
    ]
    doses = audit_lines(pd.concat(frames), context="adult").doses
    assert doses["daily_mcg_low"].tolist() == [10 * least for least, _ in counts]
    assert doses["daily_mcg_high"].tolist() == [10 * (least + more) for least, more in counts]


# ---- spelling ------------------------------------------------------------------------------------------------------------

SPACES = (" ", "  ", "\u00a0", "\u2009", "\u202f", "\t")
DASHES = ("-", "\u2010", "\u2011", "\u2012", "\u2013", "\u2212", "")
space, dash = st.sampled_from(SPACES), st.sampled_from(DASHES)
cased = st.sampled_from([str, str.lower, str.upper, str.title])


@st.composite
def printed_numbers(draw: st.DrawFn, most: int = 50_000) -> tuple[int, str]:
    """A whole number and one way to print it; separators only where they cannot be a decimal mark."""
    value = draw(st.integers(1, most))
    if value < 1000:
        return value, str(value)
    plain = f"{value:,}"
    return value, draw(
        st.sampled_from(
            [
                str(value),
                plain,
                plain.replace(",", "'"),
                plain.replace(",", "’"),
                plain.replace(",", "\u00a0"),
                plain.replace(",", " "),
            ]
        )
    )


@of_texts
@given(
    name=st.sampled_from(["Vitamin D{dash}3", "vit. D{dash}3", "D{dash}3", "cholecalciferol", "vitamin D{dash}3 (as cholecalciferol)"]),
    number=printed_numbers(), unit=st.sampled_from(["IU", "I.U.", "iu", "I. U.", "UI", "international units"]),
    dash=dash, between=space, before_unit=st.sampled_from([*SPACES, ""]), case=cased,
)  # fmt: skip
def test_spelling_of_vitamin_d_in_iu_does_not_matter(
    name: str, number: tuple[int, str], unit: str, dash: str, between: str, before_unit: str, case: type[str]
) -> None:
    text = case(f"{name.format(dash=dash)}{between}{number[1]}{before_unit}{unit}")
    (reading,) = read_line(text)
    assert (reading.nutrient, reading.form, reading.mcg_high, reading.iu) == (
        "vitamin_d",
        "d3",
        Decimal(number[0]) / 40,
        number[0],
    ), text


@of_texts
@given(
    name=st.sampled_from(["Vitamin K2 (MK{dash}7)", "MK{dash}7", "menaquinone{dash}7", "vitamin K{dash}2 (as menaquinone 7)"]),
    number=printed_numbers(900), unit=st.sampled_from(["mcg", "µg", "μg", "ug", "㎍", "mcg.", "micrograms", "Mikrogramm", "мкг"]),
    dash=dash, between=space, before_unit=st.sampled_from([*SPACES, ""]), case=cased,
)  # fmt: skip
def test_spelling_of_mk7_in_micrograms_does_not_matter(
    name: str, number: tuple[int, str], unit: str, dash: str, between: str, before_unit: str, case: type[str]
) -> None:
    text = case(f"{name.format(dash=dash)}{between}{number[1]}{before_unit}{unit}")
    (reading,) = read_line(text)
    assert (reading.nutrient, reading.form, reading.mcg_low, reading.mcg_high) == (
        "vitamin_k2",
        "mk7",
        number[0],
        number[0],
    ), text


@of_texts
@given(
    number=printed_numbers().filter(lambda number: not re.search(r"\s", number[1])),
    letter=st.sampled_from("DK"),
    unit=st.sampled_from(["mcg", "µg", "micrograms"]),
)
def test_figure_after_a_plain_vitamin_is_its_amount(number: tuple[int, str], letter: str, unit: str) -> None:
    # Thousands parted by a space are left out: "Vitamin D 2 100 mcg" is 100 mcg of D2.
    (reading,) = read_line(f"Vitamin {letter} {number[1]} {unit}")
    assert (reading.nutrient, reading.form) == ("vitamin_d" if letter == "D" else "vitamin_k", "unstated")
    assert reading.mcg_high == number[0]


@of_texts
@given(number=printed_numbers(), unit=st.sampled_from(["IU", "mcg"]))
def test_amount_in_a_column_reads_as_in_the_text(number: tuple[int, str], unit: str) -> None:
    (in_text,), (in_column,) = read_line(f"Vitamin D3 {number[1]} {unit}"), read_line("Vitamin D3", number[1], unit)
    (in_one_cell,) = read_line("Vitamin D3", f"{number[1]} {unit}")
    assert (
        in_text.mcg_high
        == in_column.mcg_high
        == in_one_cell.mcg_high
        == (Decimal(number[0]) / 40 if unit == "IU" else number[0])
    )


# ---- any text at all -----------------------------------------------------------------------------------------------------

SCRAPS = ["Vitamin D3", "vitamin K2", "MK-7", "K", "D", "2,000", "1.000", "5", "µg", "mcg", "mg", "IU", "%", "(", ")", "as", "625%", ".", ",", "-", "<", "and",
          "/", "½", "\u200b", "¹", "natto", "g", "ppm", "per", "drop", "1 000", "0", "NP", "to", "‐", "Д3"]  # fmt: skip
label_like = st.lists(st.one_of(st.sampled_from(SCRAPS), st.text(max_size=4)), max_size=12).map(" ".join)


@of_texts
@given(text=label_like, amount=st.one_of(st.just(""), label_like), unit=st.sampled_from(["", "mcg", "IU", "NP", "??"]))
def test_no_text_breaks_the_reading_and_no_amount_is_negative(text: str, amount: str, unit: str) -> None:
    for reading in read_line(text, amount, unit):
        amounts = [value for value in (reading.mcg_low, reading.mcg_high, reading.other_mcg) if value is not None]
        assert all(value.is_finite() and value >= 0 for value in amounts)
        assert (reading.mcg_high is None) == bool(reading.reason)
        if reading.mcg_low is not None and reading.mcg_high is not None:
            assert reading.mcg_low <= reading.mcg_high


@of_texts
@given(text=label_like)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = clean(text).text
    assert clean(once).text == once


@of_texts
@given(text=label_like)
def test_quantities_stand_where_they_say(text: str) -> None:
    cleaned = clean(text).text.lower()
    for quantity in find_quantities(cleaned):
        assert cleaned[quantity.start :].startswith(quantity.number)


@of_texts
@given(value=st.decimals(min_value=0, max_value=99_999, places=2, allow_nan=False, allow_infinity=False))
def test_plain_decimal_reads_as_itself(value: Decimal) -> None:
    assert read_number(str(value)).readings == (value,)
    assert read_number(str(value).replace(".", ",")).readings == (value,)


# ---- nothing is lost, neighbours do not matter ---------------------------------------------------------------------------

TARGETS = ["Vitamin D3 25 mcg", "Vitamin D 400 IU", "Vitamin D2 10 mcg", "Vitamin K2 (MK-7) 100 mcg", "MK-4 5 mg", "Vitamin K2 45 mcg", "Vitamin K1 100 mcg",
           "Vitamin K 80 mcg", "Vitamin D3", "Vitamin D3 1000 mcg (1000 IU)", "Calcifediol 10 mcg", "MK-9 50 mcg", "Vitamin K2 100 IU", "Vitamin D3 25"]  # fmt: skip
OTHERS = ["Magnesium 100 mg", "Zinc 10 mg", "Vitamin C 500 mg", "Annatto extract 5 mg"]
lines_of_label = st.lists(st.sampled_from(TARGETS + OTHERS), min_size=1, max_size=5)
markets = st.sampled_from(["us", "de", ""])
directions = st.sampled_from(
    ["Take 1 softgel daily", "Take 1-2 softgels daily", "Take 1 softgel weekly", "", "As directed"]
)


@st.composite
def shelves(draw: st.DrawFn) -> list[pd.DataFrame]:
    """Line tables of several products."""
    count = draw(st.integers(2, 8))
    return [
        label(
            *draw(lines_of_label),
            product_id=f"{number:03}",
            market=draw(markets),
            directions=draw(directions),
            serving_size="1 softgel",
        )
        for number in range(count)
    ]


@of_audits
@given(shelf=shelves())
def test_nothing_is_lost(shelf: list[pd.DataFrame]) -> None:
    frame = pd.concat(shelf)
    audit = audit_lines(frame)
    assert audit.products["product_id"].tolist() == [f"{number:03}" for number in range(len(shelf))]
    for product in shelf:
        texts = " + ".join(audit.doses.loc[audit.doses["product_id"] == product["product_id"].iloc[0], "label_text"])
        wanted = {line for line in product["ingredient"] if line in TARGETS}
        for line in wanted:
            assert read_line(line)[0].text in texts, line
        assert bool(texts) == bool(wanted)
    assert audit.summary.rows_in == len(frame) == audit.summary.rows_audited + audit.summary.rows_rejected


@of_audits
@given(shelf=shelves(), cut=st.integers(1, 7))
def test_audit_of_the_whole_is_the_audits_of_its_halves(shelf: list[pd.DataFrame], cut: int) -> None:
    cut = min(cut, len(shelf) - 1)
    whole = audit_lines(pd.concat(shelf))
    halves = [audit_lines(pd.concat(part)) for part in (shelf[:cut], shelf[cut:])]
    pd.testing.assert_frame_equal(whole.doses, pd.concat([half.doses for half in halves], ignore_index=True))
    # Findings may speak of two products (the same label twice), so their columns are left out here.
    alone = [name for name in whole.products if name not in ("errors", "warnings", "notes", "finding_ids")]
    pd.testing.assert_frame_equal(
        whole.products[alone], pd.concat([half.products[alone] for half in halves], ignore_index=True)
    )


@of_audits
@given(shelf=shelves(), data=st.data())
def test_order_of_other_products_does_not_matter(shelf: list[pd.DataFrame], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(shelf))
    one, other = audit_lines(pd.concat(shelf)), audit_lines(pd.concat(shuffled))
    by_product = [audit.doses.sort_values("product_id", kind="stable", ignore_index=True) for audit in (one, other)]
    pd.testing.assert_frame_equal(*by_product)
    classes = [audit.products.set_index("product_id")["class"].sort_index() for audit in (one, other)]
    pd.testing.assert_series_equal(*classes)


@of_audits
@given(shelf=shelves())
def test_lines_of_products_may_stand_between_each_other(shelf: list[pd.DataFrame]) -> None:
    frame = pd.concat(shelf, ignore_index=True)
    position = frame.groupby("product_id").cumcount()
    mixed = frame.iloc[np.lexsort((frame["product_id"], position))]
    one, other = audit_lines(frame), audit_lines(mixed)
    doses = [audit.doses.sort_values("product_id", kind="stable", ignore_index=True) for audit in (one, other)]
    pd.testing.assert_frame_equal(*doses)


def test_audit_leaves_its_input_alone_and_repeats_itself() -> None:
    frame = pd.concat([label(line, product_id=str(number), **ONE_A_DAY) for number, line in enumerate(TARGETS)])
    before = frame.copy(deep=True)
    one, other = audit_lines(frame), audit_lines(frame)
    pd.testing.assert_frame_equal(frame, before)
    for table in ("products", "doses", "findings", "rejects"):
        pd.testing.assert_frame_equal(getattr(one, table), getattr(other, table))


@pytest.mark.parametrize("context", ["auto", "adult"])
def test_columns_that_are_missing_are_columns_that_are_empty(context: str) -> None:
    frame = label("Vitamin D3 25 mcg", "MK-7 100 mcg")
    one, other = (
        audit_lines(frame, context=context),
        audit_lines(frame.assign(directions="", serving_size="", market="", amount=""), context=context),
    )
    pd.testing.assert_frame_equal(one.doses, other.doses)
