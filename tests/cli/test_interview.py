from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pitfalls.cli import main

COFFEE = Path(__file__).parents[1] / "interview" / "coffee.toml"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["interview", "check", *map(str, arguments)])


def test_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a path the package's own cases are checked, from wherever one is."""
    monkeypatch.chdir(tmp_path)
    result = run()
    assert 0 == result.exit_code
    assert 6 == len(result.output.splitlines())
    assert "video: 13 questions and 26 proposals on 45 minutes; playable in all 32 draws." in (
        result.output
    )


def test_files_and_folders() -> None:
    """A file is checked, or all in a folder."""
    line = "coffee: 5 questions and 8 proposals on 20 minutes; playable in all 4 draws.\n"
    assert (0, line) == (run(COFFEE).exit_code, run(COFFEE).output)
    assert line == run(COFFEE.parent).output


def test_faults(tmp_path: Path) -> None:
    """Each fault is a line on standard error, all files are gone through, and the end is 1."""
    text = COFFEE.read_text(encoding="utf-8")
    (tmp_path / "a.toml").write_text(text.replace("minutes = 20", "minutes = 5"))
    (tmp_path / "b.toml").write_text(text.replace("heavy = true", ""))
    (tmp_path / "c.toml").write_text(text)
    result = run(tmp_path)
    assert 1 == result.exit_code
    assert "c: 5 questions and 8 proposals on 20 minutes; playable in all 4 draws.\n" == (
        result.stdout
    )
    assert [
        "a.toml: minutes must be at least 15. Got 5.",
        "b.toml: no proposal is heavy; mark the model that nobody should begin with.",
    ] == result.stderr.splitlines()


def test_nothing_to_check(tmp_path: Path) -> None:
    """An empty folder and a missing file are told in a sentence."""
    assert (
        f"Error: There is no case in {tmp_path}; a case is a .toml file.\n" == run(tmp_path).output
    )
    result = run(tmp_path / "tea.toml")
    assert 2 == result.exit_code
    assert "does not exist" in result.output
