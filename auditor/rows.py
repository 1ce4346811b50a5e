"""Tables of the data files as frozen rows: plain classes whose annotations say what a table may hold.

Pydantic's core reads and checks them, told by the annotations.  Its models would do the same, but importing and building
them takes longer than judging a label, and no command gets by without the evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from inspect import get_annotations
from types import UnionType
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self, Union, get_args, get_origin

from pydantic_core import SchemaValidator, ValidationError

__all__ = ["FileRow", "Limited", "ValidationError"]

_TYPES = {str: "str", int: "int", Decimal: "decimal", date: "date"}


class Limited(NamedTuple):
    """Bounds of a cell, for `Annotated`: of a number, of the length of a text or a list, and a text's pattern."""

    ge: int | None = None
    gt: int | None = None
    le: int | None = None
    min_length: int | None = None
    pattern: str | None = None

    def told(self) -> dict[str, Any]:
        """The bounds that are set."""
        return {name: bound for name, bound in self._asdict().items() if bound is not None}


class FileRow:
    """One table of a data file; a class attribute is the default of a key that may be missing.  Built by :meth:`read` alone."""

    def check(self) -> None:
        """Raise `ValueError` where cells that are sound by themselves do not go together."""

    @classmethod
    def read(cls, table: object) -> Self:
        """The row of a table as it stands in the file.

        Raises:
            ValidationError: unknown or missing keys, cells of the wrong kind or out of bounds, cells that contradict each other.
        """
        return _validator(cls).validate_python(table)  # type: ignore[arg-type]  # a class is hashable

    def cells(self) -> dict[str, Any]:
        """Every cell by its key, in the order of the class."""
        return dict(vars(self))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is read from a file and stays as it is: {name} cannot be set")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    def __hash__(self) -> int:
        return hash(tuple(vars(self).values()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


@cache
def _validator(row_type: type[FileRow]) -> SchemaValidator:
    hints = {name: hint for base in reversed(row_type.__mro__) for name, hint in _own_hints(base).items()}
    keys = {name: _key(row_type, name, hint) for name, hint in hints.items() if get_origin(hint) is not ClassVar}
    table = {"type": "typed-dict", "fields": keys, "extra_behavior": "forbid"}
    return SchemaValidator({"type": "function-after", "function": {"type": "no-info", "function": _maker(row_type)}, "schema": table})  # type: ignore[arg-type,misc]  # fmt: skip


@cache
def _own_hints(row_type: type) -> dict[str, Any]:
    """Annotations of one class; those it shares with others are read once."""
    return get_annotations(row_type, eval_str=True)


def _maker(row_type: type[FileRow]) -> Callable[[Mapping[str, Any]], FileRow]:
    def made(cells: Mapping[str, Any]) -> FileRow:
        row = object.__new__(row_type)
        vars(row).update(cells)
        row.check()
        return row

    return made


def _key(row_type: type[FileRow], name: str, hint: object) -> dict[str, Any]:
    schema = _schema(hint)
    if hasattr(row_type, name):
        schema = {"type": "default", "schema": schema, "default": getattr(row_type, name)}
    return {"type": "typed-dict-field", "schema": schema, "required": not hasattr(row_type, name)}


def _schema(hint: Any) -> dict[str, Any]:
    """What pydantic's core calls an annotation."""
    kind, inside = get_origin(hint), get_args(hint)
    if kind is Annotated:
        return _schema(inside[0]) | inside[1].told()
    if kind is Literal:
        return {"type": "literal", "expected": list(inside)}
    if kind is tuple:
        return {"type": "tuple", "items_schema": [_schema(inside[0])], "variadic_item_index": 0}
    if kind in (Union, UnionType):
        return {"type": "nullable", "schema": _schema(inside[0])}
    return {"type": _TYPES[hint]}
