"""The doctor's word decides whether an instructor can start."""

from __future__ import annotations

import os

import pytest
from click.testing import CliRunner

from pitfalls.cli import main
from pitfalls.grading import _sandbox


@pytest.mark.sandbox
@pytest.mark.kernel
def test_machine_that_can_grade() -> None:
    """Where a sandboxed kernel starts, the doctor names its parts and ends with 0."""
    result = CliRunner().invoke(main, ["doctor"])
    assert 0 == result.exit_code, result.output
    assert "bubblewrap" in result.output
    assert f"{os.cpu_count()} processors" in result.output
    assert result.output.endswith("Submissions can be graded here.\n")


def test_machine_that_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no sandbox can be had, the doctor ends with 1 and says what to do."""
    monkeypatch.setattr(_sandbox.sys, "platform", "darwin")
    result = CliRunner().invoke(main, ["doctor"])
    assert 1 == result.exit_code
    assert "Error: The sandbox needs Linux: grade inside a Linux container" in result.output
    assert "NOT ISOLATED" in result.output
    assert "can be graded here" not in result.output
