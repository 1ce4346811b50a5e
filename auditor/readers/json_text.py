"""JSON and JSON Lines as records with their places; a broken line is told from a broken file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import orjson
import pyarrow as pa

from auditor.errors import InputError
from auditor.readers.opening import opened_text
from auditor.readers.records import Unusable
from auditor.readers.sources import ReadOptions, Source

BLOCK_BYTES = 1 << 22
KEY = re.compile(rb'"\s*:')
NO_JSON_NUMBER = re.compile(rb"[:\[,]\s*-?(NaN|Infinity)\b")


class Record(NamedTuple):
    """A parsed record or why it could not be parsed, with its place: line of JSON Lines, position in an array."""

    row: int
    value: Any


def records(source: Source, options: ReadOptions) -> Iterator[Record]:
    """Records of a file that holds one record, an array of them, or one on each line; the content tells which.

    Raises:
        InputError: if a single record or an array is no JSON, with line and column.
    """
    with opened_text(source, options.encoding) as stream:
        lines = _lines(stream)
        first = next(((number, line) for number, line in lines if line.strip()), None)
        if first is None:
            return
        if _is_record_on_one_line(first[1], source):
            yield _parse_line(*first)
            yield from (_parse_line(number, line) for number, line in lines if line.strip())
            return
    yield from _document(source, options)


def _is_record_on_one_line(line: bytes, source: Source) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return source.format == "jsonl" and len(line.strip()) > 1 and not line.lstrip().startswith(b"[")


def _lines(stream: pa.NativeFile) -> Iterator[tuple[int, bytes]]:
    number, rest = 0, b""
    while block := bytes(stream.read(BLOCK_BYTES)):
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            number += 1
            yield number, line
    if rest:
        yield number + 1, rest


def _parse_line(number: int, line: bytes) -> Record:
    try:
        value = orjson.loads(line)
        if repeated := repeated_key(line, value):
            message = f"the key {repeated!r} stands twice in one object; keep one"
            return Record(number, Unusable(repeated, _start(line), "not-json", message, wrong_shape=True))
        return Record(number, value)
    except orjson.JSONDecodeError as error:
        message = f"not JSON at column {error.colno}: {error.msg}{_hint(line)}; a record has to stand on one line"
        return Record(number, Unusable("", _start(line), "not-json", message, wrong_shape=True))


def _document(source: Source, options: ReadOptions) -> Iterator[Record]:
    with opened_text(source, options.encoding) as stream:
        text = bytes(stream.read())
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InputError(
            f"{source.name}, line {error.lineno}, column {error.colno}: not JSON: {error.msg}{_hint(text)}; accepted "
            "are one record, an array of records, or one record on each line"
        ) from None
    if repeated := repeated_key(text, value):
        raise InputError(f"{source.name}: the key {repeated!r} stands twice in one object; keep one")
    del text
    for position, record in enumerate(value if isinstance(value, list) else [value], start=1):
        yield Record(position, record)


def repeated_key(text: bytes, value: object) -> str | None:
    """A key that stands twice in one object, which parsers silently resolve by dropping one; None if there is none.

    Records of the DSLD are not looked at: they are written by a program, and looking would cost as much as parsing.
    """
    sample = value[0] if isinstance(value, list) and value else value
    if (isinstance(sample, dict) and "ingredientRows" in sample) or len(KEY.findall(text)) <= _count_keys(value):
        return None
    found: list[str] = []

    def note(pairs: Iterable[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                found.append(key)
            seen.add(key)

    try:
        json.loads(text, object_pairs_hook=note)
    except RecursionError:
        return None
    return found[0] if found else None


def _count_keys(value: object) -> int:
    count, stack = 0, [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            count += len(item)
            stack += item.values()
        elif isinstance(item, list):
            stack += item
    return count


def _hint(text: bytes) -> str:
    match = NO_JSON_NUMBER.search(text)
    return f" ({match[1].decode()} is no JSON; write null)" if match else ""


def _start(line: bytes) -> str:
    return line[:400].decode("utf-8", errors="replace").strip()
