"""Tables of data files as rows: read whole, checked by their annotations, left as they are."""

from __future__ import annotations

import pickle
from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

import pytest

from auditor.evidence import load_evidence
from auditor.rows import FileRow, Limited, ValidationError


class Shelf(FileRow):
    """A row with a cell of every kind."""

    table: ClassVar[str] = "shelf"
    id: Annotated[str, Limited(pattern="^[a-z]+$")]
    width: Annotated[Decimal, Limited(gt=0)]
    kind: Literal["open", "closed"] = "open"
    bought: date | None = None
    books: tuple[Annotated[int, Limited(ge=1)], ...] = ()

    def check(self) -> None:
        if self.kind == "closed" and not self.books:
            raise ValueError("a closed shelf holds books")


SOUND = {"id": "a", "width": Decimal("80.5")}


def test_missing_cells_have_their_defaults() -> None:
    assert Shelf.read(SOUND).cells() == SOUND | {"kind": "open", "bought": None, "books": ()}


def test_lists_and_whole_numbers_become_what_the_class_says() -> None:
    shelf = Shelf.read(SOUND | {"width": 80, "books": [1, 2], "bought": date(2026, 1, 2)})
    assert (shelf.width, shelf.books, shelf.bought) == (Decimal(80), (1, 2), date(2026, 1, 2))


@pytest.mark.parametrize(
    ("cells", "place", "kind"),
    [
        ({"colour": "red"}, ("colour",), "extra_forbidden"),
        ({"id": "A"}, ("id",), "string_pattern_mismatch"),
        ({"id": 5}, ("id",), "string_type"),
        ({"width": 0}, ("width",), "greater_than"),
        ({"kind": "shut"}, ("kind",), "literal_error"),
        ({"bought": "yesterday"}, ("bought",), "date_from_datetime_parsing"),
        ({"books": [1, 0]}, ("books", 1), "greater_than_equal"),
        ({"kind": "closed"}, (), "value_error"),
    ],
)
def test_every_fault_is_told_with_its_place(cells: dict[str, object], place: tuple[object, ...], kind: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Shelf.read(SOUND | cells)
    assert [(error["loc"], error["type"]) for error in refused.value.errors()] == [(place, kind)]


def test_missing_keys_are_told() -> None:
    with pytest.raises(ValidationError, match="2 validation errors"):
        Shelf.read({})


def test_a_row_stays_as_it_is() -> None:
    shelf = Shelf.read(SOUND)
    with pytest.raises(AttributeError, match="width cannot be set"):
        shelf.width = Decimal(1)


def test_rows_are_equal_by_their_cells() -> None:
    one, other = Shelf.read(SOUND), Shelf.read(SOUND)
    assert one == other and hash(one) == hash(other) and one != Shelf.read(SOUND | {"id": "b"})
    assert repr(one).startswith("Shelf(id='a', width=Decimal('80.5')")


def test_rows_travel_to_other_processes() -> None:
    evidence = load_evidence()
    assert pickle.loads(pickle.dumps(evidence.bands)) == evidence.bands
