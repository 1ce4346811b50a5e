"""The README says what the software does: its table of checks is the catalogue's, its commands exist."""

from __future__ import annotations

import re
from pathlib import Path

from auditor.checks import catalogue, markdown_table
from auditor.cli import cli

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_table_of_checks_is_made_from_the_catalogue() -> None:
    found = re.search(r"markdown_table\(\) -->\n(.*?)\n<!-- end of checks -->", README, re.DOTALL)
    assert found is not None
    assert found[1].strip() == markdown_table().strip()
    assert f"All {len(catalogue())} checks" in README


def test_every_command_the_readme_names_exists() -> None:
    named = set(re.findall(r"^(?:\.venv/bin/)?auditor ([a-z]+)", README, re.MULTILINE))
    assert named >= {"check", "explain", "compare", "dashboard", "audit", "diff", "evidence", "checks"}
    assert named <= set(cli.commands)


def test_both_commands_of_the_first_screen_are_those_of_ci() -> None:
    script = (Path(__file__).parent.parent / ".ci" / "run").read_text(encoding="utf-8")
    commands = re.findall(r"^python3 -m venv .*$", README, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        assert command in script
