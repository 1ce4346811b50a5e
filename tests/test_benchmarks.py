"""The benchmark takes functions of the package by their names; these have to be there."""

from __future__ import annotations

from pathlib import Path

import pytest

import auditor.pipeline
from auditor import audit
from auditor.labels import Label, LabelLine


def test_the_clock_finds_every_function_and_leaves_it_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1]))
    from benchmarks import stages

    judge = auditor.pipeline.judge
    with stages._clocked() as clock:
        assert auditor.pipeline.judge is not judge
        audit(Label(product_id="a", lines=[LabelLine(ingredient="Vitamin D3", amount="25 mcg")]))
    assert auditor.pipeline.judge is judge
    assert clock.seconds["checks"] > 0
