import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitfalls.quiz import FILE_NAME, Sheet, load_answers, read_answers, save_answers

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
SHEET = Sheet({"q": ["a", "b"], "r": "1/4"}, "2030-01-01T00:00:00+00:00", {"q": "checked"})


def document(quizzes: Any) -> bytes:
    """A file with some quizzes."""
    return json.dumps({"version": 1, "quizzes": quizzes}).encode()


def test_round_trip(tmp_path: Path) -> None:
    """What was answered is there again, several quizzes in one file."""
    assert "" == save_answers(tmp_path, "svm", SHEET)
    assert "" == save_answers(tmp_path, "bias_variance", Sheet({"q": "c"}))
    answers = load_answers(tmp_path)
    assert (SHEET, {"q": "c"}, Sheet()) == (
        answers.sheet("svm"),
        answers.sheet("bias_variance").answers,
        answers.sheet("other"),
    )
    assert [FILE_NAME] == [path.name for path in tmp_path.iterdir()]  # nothing is left behind


def test_what_others_wrote_stays(tmp_path: Path) -> None:
    """Entries that no quiz wrote are kept as they are."""
    path = tmp_path / FILE_NAME
    path.write_text('{"version": 1, "quizzes": {"svm": [1]}, "interviews": {"ads": "é"}}')
    save_answers(tmp_path, "trees", SHEET)
    written = json.loads(path.read_text())
    assert ({"ads": "é"}, [1]) == (written["interviews"], written["quizzes"]["svm"])


@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"version": 2}', b"\xff\xfe", b"[" * 200_000])
def test_a_damaged_file_is_kept_aside(tmp_path: Path, raw: bytes) -> None:
    """A file that cannot be read is neither believed nor lost."""
    path = tmp_path / FILE_NAME
    path.write_bytes(raw)
    answers = load_answers(tmp_path)
    assert answers.problem.startswith("answers.json cannot be read: ")
    assert not answers.sheets
    said = save_answers(tmp_path, "svm", SHEET)
    assert "It was kept as answers.damaged-1.json" in said
    assert raw == (tmp_path / "answers.damaged-1.json").read_bytes()
    assert SHEET == load_answers(tmp_path).sheet("svm")


def test_a_write_that_fails_changes_nothing(tmp_path: Path) -> None:
    """The old file stays whole when the new one cannot be written."""
    save_answers(tmp_path, "svm", SHEET)
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(ValueError, match="JSON"):
        save_answers(tmp_path, "svm", Sheet({"q": float("nan")}))
    with pytest.raises(FileNotFoundError):
        save_answers(tmp_path / "nowhere", "svm", SHEET)
    assert before == (tmp_path / FILE_NAME).read_bytes()
    assert [FILE_NAME] == [path.name for path in tmp_path.iterdir()]


@given(JSON)
def test_any_json_is_read(data: Any) -> None:
    """Whatever a file holds, reading it gives answers, perhaps none, and no exception."""
    for raw in (json.dumps(data).encode(), document(data), document({"svm": data})):
        sheet = read_answers(raw).sheet("svm")
        assert isinstance(sheet.answers, dict)
        assert isinstance(sheet.opened, dict)


@given(st.binary(max_size=200))
def test_any_bytes_are_read(raw: bytes) -> None:
    """Bytes that are no JSON are a problem that is told, not an exception."""
    assert read_answers(raw).problem or not read_answers(raw).sheets


def test_numbers_that_are_none(tmp_path: Path) -> None:
    """NaN and infinities, written out or overflowing, are no answers and can be saved over."""
    raw = b'{"version": 1, "quizzes": {"svm": {"answers": {"a": NaN, "b": 1e999, "c": -Infinity}}}}'
    (tmp_path / FILE_NAME).write_bytes(raw)
    assert {"a": None, "b": None, "c": None} == load_answers(tmp_path).sheet("svm").answers
    assert "" == save_answers(tmp_path, "trees", SHEET)


def test_size_is_capped() -> None:
    """A file beyond a mebibyte is not parsed."""
    raw = document({"svm": {"answers": {"q": "x" * (1 << 20)}}})
    answers = read_answers(raw)
    assert f"it has {len(raw)} bytes, more than 1048576." in answers.problem
    assert not answers.sheets


def test_an_integer_of_many_digits() -> None:
    """Python's own limit on digits is met without an exception."""
    assert "it is not JSON" in read_answers(b'{"version": ' + b"1" * 10_000 + b"}").problem
