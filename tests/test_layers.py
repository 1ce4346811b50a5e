"""Imports point one way, and every outside library that reads or shows has one home."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "auditor"

# Lowest first; a module may import from the lines above its own, never from its own line.
LAYERS = (
    ("barcodes", "errors", "distinct", "rows", "patterns", "label_records", "remembering"),
    ("searching", "schema"),
    ("text",),
    ("units",),
    ("labels", "evidence", "markets", "wording"),
    ("limits", "batches"),
    ("names", "figures"),
    ("grouping",),
    ("ingredients",),
    ("amounts", "audiences"),
    ("servings", "directions"),
    ("schedules",),
    ("dose",),
    ("joining", "classify"),
    ("judging",),
    ("checks",),
    ("products", "needed"),
    ("pipeline",),
)
CORE = {module: level for level, modules in enumerate(LAYERS) for module in modules}
UPWARD = {("pipeline", "export")}
"""Imports that may go up: `Audit.write` of the contract hands itself to the exporter when it is called."""

READERS = "readers"
READERS_MAY_USE = {"errors", "distinct", "schema", "text", "units", "labels", "batches", "markets", "panel"}
"""Plain text is the one format whose columns are found by reading it: :mod:`auditor.panel`."""

HOMES = {
    "pint": {"units"},
    "pydantic": {"label_records", "overrides"},
    "pydantic_core": {"rows"},
    "streamlit": set(),
    "click": {"cli", "__main__"},
    "python_calamine": {"readers"},
    "jinja2": {"report", "comparison_page"},
    "xlsxwriter": {"export"},
}
"""Which part of the package may import a library; streamlit has its home in `dashboards`, outside the package."""


def module_files() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts)


def part_of(path: Path) -> str:
    """'units' for units.py, 'checks' for everything in checks/."""
    inside = path.relative_to(PACKAGE)
    return inside.parts[0] if len(inside.parts) > 1 else inside.stem


def for_types_only(tree: ast.AST) -> set[ast.AST]:
    """Nodes below `if TYPE_CHECKING:`, which import nothing when the program runs."""
    return {
        below for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for statement in node.body for below in ast.walk(statement)
    }  # fmt: skip


def imports_of(path: Path, typing: bool = False, at_import: bool = False) -> Iterator[str]:
    """Dotted names a module imports, wherever the import stands; or only those of the module's own level."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = set() if typing else for_types_only(tree)
    for node in tree.body if at_import else ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            base = node.module or ""
            yield from (
                (f"{base}.{alias.name}" for alias in node.names) if base in ("auditor", "auditor.checks") else [base]
            )


def parts_imported(path: Path, at_import: bool = False) -> set[str]:
    """Parts of this package that a module imports."""
    names = (name.split(".") for name in imports_of(path, at_import=at_import))
    found = {name[1] for name in names if name[0] == "auditor" and len(name) > 1}
    return {part for part in found if (PACKAGE / part).is_dir() or (PACKAGE / f"{part}.py").exists()}


FILES = [pytest.param(path, id=str(path.relative_to(PACKAGE))) for path in module_files()]
CORE_FILES = [pytest.param(path, id=str(path.relative_to(PACKAGE))) for path in module_files() if part_of(path) in CORE]
READER_FILES = [
    pytest.param(path, id=str(path.relative_to(PACKAGE))) for path in module_files() if part_of(path) == READERS
]


def test_every_module_of_the_core_is_there() -> None:
    assert set(CORE) <= {part_of(path) for path in module_files()}


@pytest.mark.parametrize("path", CORE_FILES)
def test_core_imports_only_from_layers_below(path: Path) -> None:
    own = part_of(path)
    for part in parts_imported(path) - {own}:
        if (own, part) in UPWARD:
            assert part not in parts_imported(path, at_import=True), (
                f"{own} imports {part} at once, not when it is needed"
            )
            continue
        assert part in CORE, f"{own} imports {part}, which stands above the core"
        assert CORE[part] < CORE[own], f"{own} imports {part}, which does not stand below it"


@pytest.mark.parametrize("path", READER_FILES)
def test_readers_know_labels_and_no_evidence(path: Path) -> None:
    assert parts_imported(path) - {READERS} <= READERS_MAY_USE


@pytest.mark.parametrize("path", FILES)
def test_outside_libraries_stay_in_their_homes(path: Path) -> None:
    used = {name.split(".")[0] for name in imports_of(path)}
    for library, homes in HOMES.items():
        assert library not in used or part_of(path) in homes, f"{library} is imported by {part_of(path)}"


@pytest.mark.parametrize("library", [library for library, homes in HOMES.items() if homes])
def test_a_home_is_lived_in(library: str) -> None:
    lived = {
        part_of(path)
        for path in module_files()
        if library in {name.split(".")[0] for name in imports_of(path, typing=True)}
    }
    assert lived


def test_nothing_in_the_package_imports_the_dashboards() -> None:
    assert not any(name.split(".")[0] == "dashboards" for path in module_files() for name in imports_of(path))


def cycles(graph: dict[str, set[str]]) -> Iterator[tuple[str, ...]]:
    """Paths that lead back to where they began."""

    def walk(trail: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for following in sorted(graph.get(trail[-1], ())):
            if following == trail[0]:
                yield trail
            elif following not in trail:
                yield from walk((*trail, following))

    for start in sorted(graph):
        yield from (trail for trail in walk((start,)) if trail[0] == min(trail))


def test_no_part_imports_itself_round_about() -> None:
    graph: dict[str, set[str]] = {}
    for path in module_files():
        if part_of(path) not in ("__init__", "__main__"):
            graph.setdefault(part_of(path), set()).update(parts_imported(path) - {part_of(path)})
    assert list(cycles(graph)) == []


def test_cycles_are_found() -> None:
    assert list(cycles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == [("a", "b", "c")]
