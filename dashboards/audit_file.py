"""Audit a file: upload it or name its path, map its columns, see what was rejected and covered, take the tables away."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from parts.downloads import downloads
from parts.mapping import map_columns
from parts.pieces import empty, title
from parts.results import results
from parts.session import Source, add_upload, audited, current, keep, on_disk, opened

from auditor.errors import InputError

EXTENSIONS = ["csv", "tsv", "xlsx", "parquet", "json", "jsonl", "ndjson", "gz", "zst"]


def choose_source() -> tuple[Source | None, int]:
    """An uploaded file or a path on this machine, and about how many lines it has."""
    upload = st.file_uploader(
        "A file of labels",
        EXTENSIONS,
        key="upload",
        max_upload_size=200,
        help="CSV, TSV, XLSX, JSON, JSONL or Parquet, also compressed; up to 200 MB. Larger files: give the path, or use the command line.",
    )
    if upload is not None:
        content = upload.getvalue()
        return add_upload(upload.name, content, {}), content.count(b"\n")
    path = st.text_input(
        "Or a path on this machine",
        key="path",
        placeholder="/data/market.parquet or a folder",
        icon=":material/folder_open:",
    )
    if not path:
        return None, 0
    if not Path(path).exists():
        raise InputError(f"{path}: no such file or folder on this machine")
    return on_disk(Path(path).name or path, path), 0


title(
    "Audit a file",
    "Every row is either audited or listed among the rejects with its reason. The file stays on this machine.",
)
source, about = choose_source()
if source is None:
    empty(
        "No file yet.",
        "A table needs a product_id and an ingredient per row (one row per label line), or a product_id with d3_amount and k2_amount. Other headers can be mapped.",
    )
    st.stop()

source = map_columns(source)
if source is None:
    st.stop()

rules = current().rules
bar = st.progress(0.0, "Reading …")
try:
    opened(
        source,
        lambda lines, rejects: bar.progress(
            min(lines / max(about, lines, 1), 0.95), f"{lines:,} lines read, {rejects:,} rejected"
        ),
    )
    bar.progress(0.97, "Judging …")
    found = audited(source, rules)
finally:
    bar.empty()

keep(source)
results(source, found)
downloads(found)
