"""Which files are read, in which order and as which format: paths and folders become a list of sources."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from auditor.errors import InputError
from auditor.labels import Batch

STDIN = "-"
COMPRESSION_EXTENSIONS = frozenset({".gz", ".zst", ".bz2", ".xz"})
NOT_DATA = frozenset({"datapackage.json", "package.json", "package-lock.json"})
"""File names in a folder that look like data by their extension and are not label records."""


@dataclass(frozen=True)
class Source:
    """One file to read; `name` is the path as given, and what `input` says of its rows."""

    name: str
    format: str
    path: Path | None = None
    data: bytes | None = None
    in_folder: bool = False
    """Whether it was found in a folder and not named itself."""


@dataclass(frozen=True)
class ReadOptions:
    """What the user may say about how files are read."""

    rename: Mapping[str, str] = field(default_factory=dict)
    """Foreign header -> our column."""
    chunk_rows: int = 250_000
    """About how many lines a batch holds; a product is never split, so a batch can be longer."""
    encoding: str | None = None
    """Encoding of text files that are neither UTF-8 nor marked by a byte-order mark."""
    sheet: str | None = None
    """Name of the worksheet to read."""


@dataclass(frozen=True)
class Reader:
    """An input format: how its files are read, and the extensions that tell it.

    `read` gets neighbouring sources of the format together, so that a folder of one-label files makes few batches.
    """

    read: Callable[[Iterable[Source], ReadOptions], Iterator[Batch]]
    extensions: tuple[str, ...] = ()


def find_sources(paths: Iterable[str | Path], format: str | None, readers: Mapping[str, Reader]) -> list[Source]:
    """Sources of the paths, in the order given; a folder stands for its files, sorted by path.

    Args:
        paths: files, folders, or `-` for standard input, which needs `format`.
        format: name in `readers` for all files, or None to go by extension.
        readers: the known formats.

    Raises:
        InputError: listing every path that is missing, unreadable as any format, or an empty folder.
    """
    extensions = {extension: name for name, reader in readers.items() for extension in reader.extensions}
    sources: list[Source] = []
    problems: list[str] = []
    for given in paths:
        if str(given) == STDIN:
            if format is None:
                problems.append(f"-: standard input has no file name to tell its format; say --format {_any(readers)}")
            else:
                sources.append(Source("-", format, data=sys.stdin.buffer.read()))
            continue
        path = Path(given)
        if path.is_dir():
            found = [
                Source(str(file), format or extensions[_extension(file)], file, in_folder=True)
                for file in _data_files(path, extensions)
            ]
            sources += found
            if not found:
                problems.append(
                    f"{given}: no label file in this folder; files read are {', '.join(sorted(extensions))}"
                )
        elif not path.exists():
            problems.append(f"{given}: no such file or folder")
        elif format is None and _extension(path) not in extensions:
            problems.append(
                f"{given}: the extension {_extension(path) or '(none)'} tells no format; known are "
                f"{', '.join(sorted(extensions))} (each also .gz, .zst, .bz2, .xz); say --format {_any(readers)}"
            )
        else:
            sources.append(Source(str(given), format or extensions[_extension(path)], path))
    if problems:
        raise InputError(problems)
    if not sources:
        raise InputError("no input: give a file, a folder, or - for standard input")
    return sources


def _data_files(folder: Path, extensions: Mapping[str, str]) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and path.name not in NOT_DATA and _extension(path) in extensions:
            yield path


def _extension(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in COMPRESSION_EXTENSIONS:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _any(readers: Mapping[str, Reader]) -> str:
    return "|".join(readers)
