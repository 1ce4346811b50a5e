"""What `auditor check` imports: nothing that one typed label does not need, or the answer takes several times as long."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys

import numpy as np
import pytest

import auditor
from auditor.checks import catalogue
from auditor.checks.facts import any_pattern
from auditor.patterns import Late
from auditor.searching import holds

LABEL = "D3 5,000 IU, K2 (MK-7) 100 mcg"

HEAVY = (
    "pydantic", "pint", "streamlit", "rich", "jinja2", "xlsxwriter", "python_calamine", "orjson", "dask", "distributed", "fsspec",
    "multiprocessing", "asyncio", "pyarrow.parquet", "pyarrow.csv", "pyarrow.dataset", "tomllib",
)  # fmt: skip
"""Libraries with a home elsewhere in the package."""

ELSEWHERE = (
    "accuracy", "compare", "comparison_page", "console", "datapackage", "diff", "dots", "engines", "evidence_text", "evidence_views",
    "export", "filters", "kept", "label_records", "market", "matrix", "overrides", "panel", "photo", "preview", "readers", "report", "summary", "writers", "written",
)  # fmt: skip
"""Parts of the package that read files, write them or serve other commands."""

ASK = """
import sys
sys.argv = ["auditor", {arguments}]
from auditor.__main__ import main
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
print("\\n".join(sorted(sys.modules)), file=sys.stderr)
"""


def modules_after(*arguments: str) -> set[str]:
    """Modules that are loaded when the command has answered."""
    program = ASK.format(arguments=", ".join(map(repr, arguments)))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout
    return set(done.stderr.split())


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    return modules_after("check", LABEL)


def test_check_judges_what_it_is_given(loaded: set[str]) -> None:
    assert {"pandas", "auditor.pipeline", "auditor.explain"} <= loaded


@pytest.mark.parametrize("name", HEAVY)
def test_check_imports_no_library_that_it_does_not_use(name: str, loaded: set[str]) -> None:
    assert name not in loaded


@pytest.mark.parametrize("name", ELSEWHERE)
def test_check_imports_no_part_of_other_commands(name: str, loaded: set[str]) -> None:
    assert f"auditor.{name}" not in loaded


def test_help_imports_no_pandas() -> None:
    assert "pandas" not in modules_after("--help")


@pytest.mark.parametrize("check_id", [check.id for check in catalogue().values() if check.patterns])
def test_empty_text_holds_no_pattern(check_id: str) -> None:
    """Columns that no label fills are not searched; see `Texts` in :mod:`auditor.searching`."""
    assert not holds(np.array([""], dtype=object), any_pattern(check_id)).any()


def late_patterns() -> list[tuple[str, Late]]:
    names = [
        found.name
        for found in pkgutil.walk_packages(auditor.__path__, "auditor.")
        if not found.name.endswith("__main__")
    ]
    modules = [importlib.import_module(name) for name in names]
    return [
        (f"{module.__name__}.{name}", late)
        for module in modules
        for name, value in vars(module).items()
        for late in (value if isinstance(value, tuple) else (value,))
        if isinstance(late, Late)
    ]


def test_every_late_pattern_is_one() -> None:
    found = late_patterns()
    assert len(found) > 30
    for name, late in found:
        assert re.compile(late.pattern, late.flags), name


def test_late_pattern_does_what_the_compiled_one_does() -> None:
    late = Late(r"(\d+) MCG", re.IGNORECASE)
    assert late.search("25 mcg")[1] == "25"
    assert late.sub(r"\1 units", "25 mcg") == "25 units"
    assert late.groups == 1
