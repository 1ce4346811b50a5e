"""The opened data and the rules it is judged by: what the sidebar chooses, and the caches behind it.

A cached audit is one shared object that no page changes.  It is found again by what was read (path, size and time of
every file; content of an upload) and by the rules.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

import pandas as pd
import streamlit as st

import auditor
from auditor.engines import Progress
from auditor.evidence import Evidence, load_evidence
from auditor.market import Market, open_market, stamp
from auditor.pipeline import Audit

SHIPPED = "shipped products"
OPEN_MARKETS = 4
PLENTY = 250_000
"""From this many products on, other rules are tried only when asked for."""


@dataclass(frozen=True)
class Source:
    """Data that can be opened: a path, when it last changed, foreign headers, and the name its rows carry."""

    title: str
    path: str
    stamp: str
    rename: tuple[tuple[str, str], ...] = ()
    shown_as: str = ""


@dataclass(frozen=True)
class Rules:
    """What a dose is judged by.  `edition` is a folder, empty for the shipped evidence."""

    context: str = "auto"
    authority: str = ""
    edition: str = ""

    @property
    def evidence(self) -> Evidence:
        """The edition, loaded and checked."""
        return load_evidence(self.edition or None)


@dataclass(frozen=True)
class View:
    """The data as it is judged now; what every page works on."""

    source: Source
    rules: Rules
    market: Market
    audit: Audit

    @property
    def evidence(self) -> Evidence:
        """The edition in use."""
        return self.rules.evidence

    @property
    def fixed(self) -> bool:
        """Whether this is a finished audit that no other rules can judge."""
        return self.market.lines is None

    @property
    def key(self) -> str:
        """Names data and rules, for the keys of widgets that must start afresh when either changes."""
        return hashlib.sha256(repr((self.source, self.rules)).encode()).hexdigest()[:12]


def sources() -> dict[str, Source]:
    """Data on offer by title: what was handed over at the start first, then the shipped products, then uploads."""
    given = os.environ.get("AUDITOR_DATA", "")
    shipped = _shipped_folder()
    found = [on_disk(PurePath(given).name or given, given)] if given else []
    found += [on_disk(SHIPPED, shipped)] if shipped else []
    found += st.session_state.get("uploads", {}).values()
    return {source.title: source for source in found}


def _shipped_folder() -> str:
    for root in (Path(__file__).parents[2], Path(auditor.__file__).parent):
        if (root / "products").is_dir():
            folder = root / "products"
            return "products" if Path("products").resolve() == folder.resolve() else str(folder)
    return ""


def on_disk(title: str, path: str) -> Source:
    """A file or folder of this machine as a source."""
    return Source(title, path, stamp(path))


def add_upload(name: str, content: bytes, rename: Mapping[str, str]) -> Source:
    """Keep an upload for this session as a source; it is found again by its content."""
    digest = hashlib.sha256(content).hexdigest()[:16]
    file = kept_file(name, content, digest)
    return Source(file.name, str(file), digest, tuple(sorted(rename.items())), file.name)


@st.cache_resource
def _upload_folder() -> Path:
    """A folder of this server that only its user can read, and that is gone when the server ends."""
    folder = tempfile.mkdtemp(prefix="auditor-uploads-")
    # Not a TemporaryDirectory: clearing Streamlit's caches would take the files from sessions that are open.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def kept_file(name: str, content: bytes, digest: str) -> Path:
    """Write an upload where the readers can open it."""
    folder = _upload_folder() / digest
    folder.mkdir(exist_ok=True)
    file = folder / (PurePath(name.replace("\\", "/")).name or "upload")
    file.write_bytes(content)
    return file


def keep(source: Source) -> None:
    """Offer a source in the sidebar for the rest of the session."""
    st.session_state.setdefault("uploads", {})[source.title] = source


@st.cache_resource
def _shelf() -> OrderedDict[Source, Market]:
    """Opened markets; kept by hand, since a cached function cannot draw its progress."""
    return OrderedDict()


def opened(source: Source, progress: Progress | None = None) -> Market:
    """The source's labels, read once; the last few sources stay open."""
    shelf = _shelf()
    if source not in shelf:
        shelf[source] = open_market(
            source.path, rename=dict(source.rename), shown_as=source.shown_as, progress=progress
        )
    shelf.move_to_end(source)
    while len(shelf) > OPEN_MARKETS:
        shelf.popitem(last=False)
    return shelf[source]


@st.cache_resource(max_entries=6, show_spinner=False)
def audited(source: Source, rules: Rules) -> Audit:
    """The source judged by the rules, once."""
    return opened(source).judged(rules.context, rules.authority, rules.evidence)


def view(source: Source, rules: Rules) -> View:
    """The data under the rules; says what it waits for."""
    with st.spinner(f"Reading and judging {source.title} …", show_time=True):
        return View(source, rules, opened(source), audited(source, rules))


def current() -> View:
    """What the sidebar chose; set by the entry script before any page runs."""
    return st.session_state["view"]


def label_lines(product_id: str) -> pd.DataFrame | None:
    """Printed lines of a product of the data or of a label typed in this session; `None` if they are not at hand."""
    typed = st.session_state.get("typed", {})
    if product_id in typed:
        return typed[product_id]
    return current().market.lines
