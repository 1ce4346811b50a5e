"""Bytes of a source: decompression, encodings, and what a file looks like that is not what its name says.

Knows nothing of label records.
"""

from __future__ import annotations

import codecs
import contextlib
import lzma
from collections.abc import Iterator

import pyarrow as pa

from auditor.errors import InputError, UsageError
from auditor.readers.sources import Source, remote_files

COMPRESSION_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz"}
BINARY_MAGIC = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive or an XLSX workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel (.xls) or password-protected workbook",
    b"PAR1": "a Parquet file",
    b"SQLite format 3": "an SQLite database",
    b"\x7fELF": "a program",
    b"ARROW1": "an Arrow file",
}
BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
SAMPLE_BYTES = 1 << 16
CHECKED_BYTES = 1 << 16
"""How much is decoded at a time where bytes are only checked."""


@contextlib.contextmanager
def opened(source: Source) -> Iterator[pa.NativeFile]:
    """Decompressed bytes of the source as a stream.

    The compression is told by the first bytes, since servers and browsers unpack `.gz` files and keep the name.

    Raises:
        InputError: if the file cannot be opened, or its compressed data is cut short or damaged.
    """
    try:
        with contextlib.ExitStack() as stack:
            yield stack.enter_context(_decompressed(source, stack))
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise InputError(f"{source.name}: cannot be read: {_one_line(error)}") from None


def _decompressed(source: Source, stack: contextlib.ExitStack) -> pa.NativeFile:
    raw = stack.enter_context(_stored(source, stack))
    position = _Position(raw, source.size)
    source.meter.position = position
    stack.callback(position.finish)
    start = raw.read(6)
    raw.seek(0)
    compression = next((name for magic, name in COMPRESSION_MAGIC.items() if start.startswith(magic)), None)
    if compression is None:
        return raw
    if compression == "xz":
        return pa.PythonFile(stack.enter_context(lzma.open(raw)), "r")
    return pa.CompressedInputStream(raw, compression)


def _stored(source: Source, stack: contextlib.ExitStack) -> pa.NativeFile:
    if source.url:
        files, path = remote_files(source.url)
        return pa.PythonFile(stack.enter_context(files.open(path, "rb")), "r")
    return pa.BufferReader(source.data or b"") if source.path is None else pa.OSFile(str(source.path), "rb")


class _Position:
    """Tells how far a file has been read, also after it was closed."""

    def __init__(self, raw: pa.NativeFile, size: int) -> None:
        self._raw: pa.NativeFile | None = raw
        self._size = size
        self._last = 0

    def __call__(self) -> int:
        if self._raw is not None:
            with contextlib.suppress(ValueError, OSError):
                self._last = int(self._raw.tell())
        return self._last

    def finish(self) -> None:
        """Remember the position; the file is about to be closed, or was by a reader that came to its end."""
        if self._raw is not None and self._raw.closed:
            self._last = self._size
        self()
        self._raw = None


def read_all(source: Source) -> bytes:
    """All decompressed bytes of the source.

    Raises:
        InputError: as :func:`opened`.
    """
    with opened(source) as stream:
        return bytes(stream.read())


@contextlib.contextmanager
def opened_text(source: Source, encoding: str | None) -> Iterator[pa.NativeFile]:
    """The text of the source as a stream of UTF-8 bytes without byte-order mark.

    A byte-order mark decides the encoding, then `encoding`, then UTF-8.  UTF-8 is passed on as it is, unchecked.

    Raises:
        UsageError: if Python knows no such encoding.
        InputError: if the file is empty, is binary, or cannot be decoded.
    """
    sample = _sample(source)
    mark = next((mark for mark in BYTE_ORDER_MARKS if sample.startswith(mark)), None)
    chosen = BYTE_ORDER_MARKS[mark] if mark else encoding or "utf-8"
    try:
        codec = codecs.lookup(chosen).name
    except LookupError:
        raise UsageError(f"--encoding {chosen}: no such encoding; common ones are utf-8, cp1252, utf-16") from None
    refuse_binary(source, sample, wide=codec.startswith(("utf-16", "utf-32")))
    try:
        with opened(source) as stream:
            if mark == codecs.BOM_UTF8:
                stream.read(len(mark))
            yield stream if codec == "utf-8" else pa.transcoding_input_stream(stream, codec, "utf-8")
    except UnicodeDecodeError as error:
        found = error.object[error.start : error.start + 1].hex()
        raise InputError(
            f"{source.name}: byte 0x{found} cannot be read as {chosen} ({error.reason}); save the file as UTF-8, "
            "or name its --encoding"
        ) from None


def _sample(source: Source) -> bytes:
    with opened(source) as stream:
        return bytes(stream.read(SAMPLE_BYTES))


def refuse_binary(source: Source, sample: bytes, wide: bool = False) -> None:
    """Raise InputError if the first bytes of a text file are empty or no text.

    Args:
        source: the file, for the message.
        sample: its first bytes.
        wide: whether the encoding writes zero bytes into plain text.
    """
    if not sample.removeprefix(codecs.BOM_UTF8).strip(b" \t\r\n"):
        raise InputError(f"{source.name}: the file is empty; a header row or a record is needed")
    looks_like = next((name for magic, name in BINARY_MAGIC.items() if sample.startswith(magic)), None)
    if looks_like is None and not wide and b"\x00" in sample:
        zeros = sample.count(b"\x00")
        looks_like = "UTF-16 text without byte-order mark" if zeros * 3 > len(sample) else "binary data (zero bytes)"
    if looks_like:
        raise InputError(
            f"{source.name}: this is {looks_like}, not text as the format {source.format} needs; "
            "name the right --format (or --encoding utf-16-le), or save the file again"
        )


class CheckedUtf8:
    """A stream that stops with ArrowInvalid before bytes that are not UTF-8, for Arrow's CSV reader.

    Arrow itself would check the cells it keeps, but prints a traceback where it hands out the text of an unusable row.
    """

    closed = False

    def __init__(self, stream: pa.NativeFile) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def read(self, size: int = -1) -> bytes:
        """At most so many bytes; none at the end."""
        block = bytes(self._stream.read(size))
        if not block.isascii() or self._decoder.getstate()[0]:
            try:
                # In slices: a decoded block is larger than the block, and memory for it is slow to come back.
                for start in range(0, max(1, len(block)), CHECKED_BYTES):
                    self._decoder.decode(block[start : start + CHECKED_BYTES], final=not block)
            except UnicodeDecodeError as error:
                raise pa.ArrowInvalid(error.reason) from None
        return block


def undecodable_byte(source: Source, encoding: str | None) -> str | None:
    """Where the source stops being UTF-8, as a sentence, or None if it is UTF-8 throughout."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset, line = 0, 1
    with opened_text(source, encoding) as stream:
        while True:
            block = bytes(stream.read(1 << 20))
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                line += error.object[: error.start].count(b"\n")
                found = error.object[error.start : error.start + 1].hex()
                return (
                    f"{source.name}, line {line}: byte 0x{found} at offset {offset - pending + error.start} "
                    "is not UTF-8; save it as UTF-8, or say --encoding cp1252 if it comes from an older Windows program"
                )
            if not block:
                return None
            offset += len(block)
            line += block.count(b"\n")


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
