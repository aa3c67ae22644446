import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jupyterlab.labapp import LabApp

from pitfalls import build
from pitfalls.cli import main

START = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


@pytest.fixture
def kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kit with a start page, in which the learner stands."""
    monkeypatch.setattr(build, "checkout", lambda: None, raising=False)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "00_start_here.ipynb").write_text(START)
    monkeypatch.chdir(tmp_path)
    for name in ("PATH", "PITFALLS_WORK", "JUPYTER_CONFIG_PATH"):
        monkeypatch.setenv(name, os.environ.get(name, ""))  # to be put back in the end
    return tmp_path


def run(*args: str) -> Any:
    """`pitfalls lab`, as on the command line."""
    return CliRunner().invoke(main, ["lab", *args])


def test_prepare_only_lays_out_and_stops(kit: Path) -> None:
    """The copies lie in ./work, or where --work says, and no Lab is started."""
    result = run("--prepare-only")
    assert (0, START) == (result.exit_code, (kit / "work" / "00_start_here.ipynb").read_text())
    assert f"Your copies are in {kit / 'work'}" in result.output
    assert 0 == run("--prepare-only", "--work", "mine").exit_code
    assert START == (kit / "mine" / "00_start_here.ipynb").read_text()


def test_a_kept_copy_is_said(kit: Path) -> None:
    """Where the newer version lies beside, the line names it and says why."""
    run("--prepare-only")
    (kit / "work" / "00_start_here.ipynb").write_text("my own work")
    (kit / "notebooks" / "00_start_here.ipynb").write_text(START.replace("[]", "[{}]"))
    output = run("--prepare-only").output
    assert "00_start_here.new.ipynb: you had changed yours, which stays as it is" in output


def test_lab_opens_on_the_start_page(kit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lab gets the start page, the work folder and every further option; its programs are found."""
    launched: list[list[str]] = []
    monkeypatch.setattr(LabApp, "launch_instance", lambda argv: launched.append(argv))
    assert 0 == run("--no-browser", "--port", "8899").exit_code
    (argv,) = launched
    assert ["--no-browser", "--port", "8899"] == argv[-3:]
    assert "--LabApp.default_url=/lab/tree/00_start_here.ipynb" in argv
    assert f"--ServerApp.root_dir={kit / 'work'}" in argv
    assert os.environ["PATH"].startswith(str(Path(sys.executable).parent))
    assert str(kit / "work") == os.environ["PITFALLS_WORK"]
    settings = Path(os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep)[0], "labconfig")
    (quiet,) = json.loads((settings / "default_setting_overrides.json").read_text()).values()
    assert "false" == quiet["fetchNews"]


@pytest.mark.parametrize(
    ("user", "options", "allowed"),
    [(0, [], 1), (0, ["--allow-root"], 1), (0, ["--ServerApp.allow_root=False"], 0), (1000, [], 0)],
)
def test_root_may(
    kit: Path, monkeypatch: pytest.MonkeyPatch, user: int, options: list[str], allowed: int
) -> None:
    """Root, the user of a container, gets Lab as well, unless an option says otherwise."""
    launched: list[list[str]] = []
    monkeypatch.setattr(LabApp, "launch_instance", lambda argv: launched.append(argv))
    monkeypatch.setattr(os, "geteuid", lambda: user)
    result = run("--no-browser", *options)
    assert allowed == launched[0].count("--allow-root")
    assert ("You are root" in result.output) == (user == 0 and not options)


def test_without_notebooks_it_says_what_to_do(kit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package alone points to the repository; a bare checkout, to the build."""
    shutil.rmtree(kit / "notebooks")
    result = run("--prepare-only")
    assert 1 == result.exit_code
    assert "the package without the notebooks: get the kit's repository" in result.output
    monkeypatch.setattr(build, "checkout", lambda: kit / "kit", raising=False)
    result = run("--prepare-only")
    assert 1 == result.exit_code
    assert "build the notebooks with `pitfalls build`" in result.output
    assert not (kit / "work").exists()


def test_a_place_that_cannot_be_written_is_one_sentence(kit: Path) -> None:
    """A work folder that is a file is named, with the way out."""
    (kit / "taken").write_text("a file")
    result = run("--prepare-only", "--work", str(kit / "taken" / "work"))
    assert 1 == result.exit_code
    assert "choose another folder with --work" in " ".join(result.output.split())
