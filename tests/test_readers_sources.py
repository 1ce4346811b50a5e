"""Paths, folders, standard input and compression."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest

from auditor.errors import InputError, UsageError
from auditor.readers import READERS, open_reading, read_batches

CSV = b"product_id,ingredient\n1,Vitamin D3\n"


def zstd(data: bytes) -> bytes:
    return bytes(pa.compress(data, codec="zstd", asbytes=True))


@pytest.mark.parametrize(
    ("extension", "compress"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress), (".zst", zstd)]
)
def test_compressed_files(tmp_path: Path, extension: str, compress: object) -> None:
    path = tmp_path / f"labels.csv{extension}"
    path.write_bytes(compress(CSV))  # type: ignore[operator]
    (batch,) = read_batches(path)
    assert list(batch.lines["product_id"]) == ["1"]
    whole = bytearray(compress(bytes(range(65, 91)) * 9 + CSV * 1000))  # type: ignore[operator]
    whole[len(whole) // 2] ^= 0x55
    for damaged in (whole[:-9], whole):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"labels\.csv"):
            list(read_batches(path))


def test_file_unpacked_by_a_browser_keeps_its_name(tmp_path: Path) -> None:
    (tmp_path / "labels.csv.gz").write_bytes(CSV)
    (batch,) = read_batches(tmp_path / "labels.csv.gz")
    assert batch.rows_in == 1


def test_folder_is_read_in_order_without_what_is_no_data(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_bytes(CSV)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.jsonl").write_text('{"product_id": "2", "ingredient": "D3"}')
    for name in (".hidden.csv", "README.md", "datapackage.json", "notes"):
        (tmp_path / name).write_text("{}")
    batches = list(read_batches(tmp_path))
    assert [batch.inputs for batch in batches] == [(str(tmp_path / "a" / "x.jsonl"),), (str(tmp_path / "b.csv"),)]


def test_all_path_problems_at_once(tmp_path: Path) -> None:
    (tmp_path / "notes.doc").write_text("x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError) as caught:
        read_batches([tmp_path / "none.csv", tmp_path / "notes.doc", tmp_path / "empty", "-"])
    assert len(caught.value.problems) == 4


def test_standard_input_needs_a_format(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(CSV)))
    (batch,) = read_batches("-", format="csv")
    assert list(batch.lines["input"]) == ["-"]
    with pytest.raises(InputError, match="--format csv"):
        read_batches("-")


def test_usage() -> None:
    with pytest.raises(UsageError, match="no such format"):
        read_batches("x", format="doc")
    with pytest.raises(InputError, match="no input"):
        read_batches([])


def test_extensions_tell_one_format_each() -> None:
    extensions = [extension for reader in READERS.values() for extension in reader.extensions]
    assert len(extensions) == len(set(extensions))


def test_files_that_are_read_count_as_read_whoever_closed_them(tmp_path: Path) -> None:
    table = "product_id,ingredient,amount\na,Vitamin D3,25 mcg\n"
    (tmp_path / "a.csv").write_text(table, encoding="utf-8")
    (tmp_path / "b.csv").write_text(table, encoding="utf-8")
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(table.encode()))
    reading = open_reading([tmp_path])
    for _ in range(2):
        assert sum(batch.table.num_rows for batch in reading.batches()) == 3
        assert reading.bytes_done == reading.bytes_total > 2 * len(table)
