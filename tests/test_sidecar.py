import json
from pathlib import Path

import pytest

from pitfalls._sidecar import FILE_NAME, parse, save


def test_sections_leave_each_other_alone(tmp_path: Path) -> None:
    """Who writes one section changes no other, whatever stands there."""
    path = tmp_path / FILE_NAME
    path.write_text('{"version": 1, "quizzes": {"svm": [1]}, "mine": "é", "interviews": 3}')
    assert "" == save(tmp_path, "interviews", lambda section: section.update(plays={}))
    assert {
        "version": 1,
        "quizzes": {"svm": [1]},
        "mine": "é",
        "interviews": {"plays": {}},
    } == json.loads(path.read_text())


def test_a_section_is_changed_where_it_is(tmp_path: Path) -> None:
    """What a section holds besides is still there."""
    save(tmp_path, "quizzes", lambda section: section.update(svm=1))
    save(tmp_path, "quizzes", lambda section: section.update(trees=2))
    data, problem = parse((tmp_path / FILE_NAME).read_bytes())
    assert ({"svm": 1, "trees": 2}, "") == (data["quizzes"], problem)


def test_a_change_that_fails_changes_nothing(tmp_path: Path) -> None:
    """The old file stays whole, and no half-written one stays beside it."""
    save(tmp_path, "quizzes", lambda section: section.update(svm=1))
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(ValueError, match="JSON"):
        save(tmp_path, "quizzes", lambda section: section.update(svm=float("inf")))
    assert before == (tmp_path / FILE_NAME).read_bytes()
    assert [FILE_NAME] == [path.name for path in tmp_path.iterdir()]
