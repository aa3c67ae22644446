"""nbgrader's own commands in a course: the same engine, the same scores, and no way around it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from nbgrader.apps.api import NbGraderAPI
from nbgrader.utils import parse_utc

from .conftest import CHAPTER, NOTEBOOK, RIGHT, LittleCourse, grade_here
from .test_coordinator import snapshot

# nbgrader adds a submission to its session in a way that SQLAlchemy 2.1 warns of
pytestmark = pytest.mark.filterwarnings("ignore:Object of type <")


@pytest.fixture
def api(little: LittleCourse, monkeypatch: pytest.MonkeyPatch) -> NbGraderAPI:
    """What the formgrader's buttons call; `nbgrader autograde` runs the same converter."""
    from pitfalls.grading._nbgrader import EngineExporter

    monkeypatch.setattr(EngineExporter, "step", staticmethod(grade_here))
    monkeypatch.chdir(little.root)
    course = little.course
    return NbGraderAPI(course.directory, config=course.config)


def _autograde(api: NbGraderAPI, *students: str) -> None:
    for student in students:
        done = api.autograde(CHAPTER, student)
        assert done["success"], done["log"]


def test_the_same_both_ways(little: LittleCourse, api: NbGraderAPI) -> None:
    """Scores, verdicts, comments, graded pages and fingerprints do not tell who graded."""
    little.submit("ann", timestamp="2030-01-02 03:04:05 UTC", **RIGHT)
    little.submit("bob", double="def double(x):\n    return x * x")
    little.submit("cyd")
    little.submit_bytes("dan", b"not JSON")
    _autograde(api, "ann", "bob", "cyd", "dan")
    by_nbgrader = snapshot(little)
    assert "squares" in {row[2].pitfall for row in by_nbgrader["verdicts"]}
    assert ["dan"] == [it.student for it in little.grade()]  # what is graded counts as graded
    little.grade(force=True)
    ours = snapshot(little)
    stamp = f"ann/{CHAPTER}/timestamp.txt"  # the same moment, written in two ways
    assert parse_utc(by_nbgrader.pop(stamp).decode()) == parse_utc(ours.pop(stamp).decode().strip())
    assert by_nbgrader == ours


def test_what_aborts_nbgrader_does_not_abort_here(little: LittleCourse, api: NbGraderAPI) -> None:
    """A graded cell twice, one retyped, one without metadata: the honest work earns its points."""
    path = little.submit("ann", **RIGHT)
    notebook = json.loads(path.read_text())
    tagged = [cell for cell in notebook["cells"] if "nbgrader" in cell["metadata"]]
    by_name = {cell["metadata"]["nbgrader"]["grade_id"]: cell for cell in tagged}
    notebook["cells"].append(dict(by_name["check_double"]))
    by_name["check_triple"]["cell_type"] = "markdown"
    by_name["story"]["metadata"] = {"nbgrader": {"grade_id": 7, "grade": "yes"}}
    path.write_text(json.dumps(notebook))
    _autograde(api, "ann")
    assert (5.0, 0.0) == snapshot(little)["totals"]["ann"]


def test_a_link_is_not_followed_into_the_feedback(little: LittleCourse, api: NbGraderAPI) -> None:
    """nbgrader copies a submission's files to where its feedback is made; a secret stays out."""
    secret = little.root / ".pitfalls" / "seed"
    little.submit("ann")
    (little.folder("ann") / "data.txt").symlink_to(secret)
    (little.folder("ann") / "more").symlink_to(secret.parent)
    os.mkfifo(little.folder("ann") / "pipe")
    (little.folder("ann") / "own.txt").write_text("mine")
    _autograde(api, "ann")
    assert api.generate_feedback(CHAPTER, "ann")["success"]
    pages = [p for step in ("autograded", "feedback") for p in (little.root / step).rglob("*")]
    assert {f"{NOTEBOOK}.ipynb", f"{NOTEBOOK}.html"} == {p.name for p in pages if p.is_file()}
    assert secret.exists()


def test_a_linked_notebook_is_not_graded(little: LittleCourse, api: NbGraderAPI) -> None:
    """Another student's work, linked in, earns nothing, and the reason is kept."""
    little.submit("ann", **RIGHT)
    path = little.submit("bob")
    path.unlink()
    path.symlink_to(little.folder("ann") / path.name)
    _autograde(api, "bob")
    kept = snapshot(little)
    assert (0.0, 0.0) == kept["totals"]["bob"]
    why = "twice.ipynb is a symbolic link; hand in the file itself."
    assert [("bob", NOTEBOOK, "failed", [why])] == kept["notes"]


def test_an_unreadable_timestamp_stops_nobody(little: LittleCourse, api: NbGraderAPI) -> None:
    """nbgrader ends over it; here it is laid aside, and kept."""
    little.submit("ann", timestamp="yesterday, I swear", **RIGHT)
    _autograde(api, "ann")
    assert (5.0, 0.0) == snapshot(little)["totals"]["ann"]
    assert "yesterday, I swear" == (little.folder("ann") / "timestamp.unreadable").read_text()


def test_instructors_files_win_and_students_files_stay_out(
    little: LittleCourse, api: NbGraderAPI
) -> None:
    """A data file that a student replaced is the instructor's again, both ways."""
    source = little.root / "source" / CHAPTER / "data.csv"
    source.write_text("true\n")
    seen: list[dict[str, bytes]] = []

    def step(job: Any) -> Any:
        seen.append(dict(job.files))
        return grade_here(job)

    from pitfalls.grading._nbgrader import EngineExporter

    EngineExporter.step = staticmethod(step)  # the fixture takes it back
    little.submit("ann")
    (little.folder("ann") / "data.csv").write_text("forged\n")
    _autograde(api, "ann")
    little.grade(step, force=True)
    assert [{"data.csv": b"true\n"}] * 2 == seen
    assert "true\n" == (little.root / "autograded" / "ann" / CHAPTER / "data.csv").read_text()


def test_the_configuration_names_what_there_is(little: LittleCourse) -> None:
    """Every dotted name in it can be imported, and every folder is there."""
    from traitlets.utils.importstring import import_item

    config = little.course.config
    assert "EngineExporter" == import_item(config.Autograde.exporter_class).__name__
    assert callable(import_item(config.Autograde.pre_convert_hook))
    assert callable(import_item(config.HTMLExporter.filters["markdown2html"]))
    ours, theirs = map(Path, config.HTMLExporter.extra_template_basedirs)
    assert (ours / "feedback" / "index.html.j2").is_file()
    assert (theirs / "formgrade" / "index.html.j2").is_file()
