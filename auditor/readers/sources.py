"""Which files are read, in which order and as which format: paths and folders become a list of sources."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auditor.batches import Batch
from auditor.errors import InputError

STDIN = "-"
COMPRESSION_EXTENSIONS = frozenset({".gz", ".zst", ".bz2", ".xz"})
NOT_DATA = frozenset({"datapackage.json", "package.json", "package-lock.json"})
"""File names in a folder that look like data by their extension and are not label records."""


@dataclass
class Meter:
    """How far a source has been read; readers set it."""

    position: Callable[[], int] = int


@dataclass(frozen=True)
class Source:
    """One file to read; `name` is the path as given, and what `input` says of its rows."""

    name: str
    format: str
    path: Path | None = None
    data: bytes | None = None
    in_folder: bool = False
    """Whether it was found in a folder and not named itself."""
    url: str = ""
    """Its address, where it is opened through fsspec."""
    meter: Meter = field(default_factory=Meter, compare=False, repr=False)

    @property
    def size(self) -> int:
        """Bytes as stored, 0 where nobody knows."""
        if self.data is not None:
            return len(self.data)
        if self.path is not None:
            return self.path.stat().st_size
        return int(remote_files(self.url)[0].size(remote_files(self.url)[1]) or 0)

    @property
    def bytes_read(self) -> int:
        """Bytes as stored that have been read."""
        return self.meter.position()


URL = re.compile(r"(?!file:)[A-Za-z][A-Za-z0-9+.-]+://")
"""A path with a scheme; `C:` is none."""


def remote_files(url: str) -> tuple[Any, str]:
    """The fsspec file system of an address and the path on it.

    Raises:
        InputError: fsspec or the package for this kind of storage is not installed.
    """
    try:
        import fsspec

        found: tuple[Any, str] = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise InputError(
            f"{url}: {error}; addresses are opened with fsspec and its package for this storage, install them"
        ) from None
    except ValueError as error:
        raise InputError(f"{url}: {error}") from None
    return found


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
        if URL.match(str(given)):
            found_there = _remote_sources(str(given), format, extensions)
            sources += found_there
            if not found_there:
                problems.append(f"{given}: no label file there; files read are {', '.join(sorted(extensions))}")
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


def _remote_sources(url: str, format: str | None, extensions: Mapping[str, str]) -> list[Source]:
    """The file at an address, or the label files of the folder at it, sorted; a pattern (`*`) stands for all it fits."""
    files, path = remote_files(url)
    if "*" in path:
        names = sorted(map(str, files.glob(path)))
    elif files.isdir(path):
        names = [
            name
            for name in sorted(map(str, files.find(path)))
            if _extension(Path(name)) in extensions and Path(name).name not in NOT_DATA
        ]
    elif not files.exists(path):
        raise InputError(f"{url}: there is no such file or folder")
    else:
        extension = _extension(Path(path))
        if format is None and extension not in extensions:
            raise InputError(
                f"{url}: the extension {extension or '(none)'} tells no format; say --format {_any(extensions)}"
            )
        return [Source(url, format or extensions[extension], url=url)]
    return [Source(address, format or extensions[_extension(Path(name))], in_folder=True, url=address)
            for name in names if (address := files.unstrip_protocol(name)) and (format or _extension(Path(name)) in extensions)]  # fmt: skip


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


def _any(readers: Mapping[str, object]) -> str:
    return "|".join(readers)
