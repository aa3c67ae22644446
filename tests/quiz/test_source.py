import copy
import json
from pathlib import Path
from typing import Any

import pytest

from pitfalls.quiz import ChoiceKey, OrderKey, QuizError, find, load

GOOD = """
title = "Sums"
graded = true

[[questions]]
id = "parity"
kind = "multiple"
title = "Even numbers"
points = 2
text = "Which are even?"

[[questions.options]]
text = "2"
right = true
why = "It is twice 1."

[[questions.options]]
text = "3"
why = "It leaves 1."

[[questions]]
id = "half"
kind = "numeric"
title = "A half"
points = 1
text = "What is 1 / 2?"
answer = 0.5
absolute = 0.01
why = "By definition."
mistakes = [{ value = 2, why = "The wrong way up." }]

[[questions]]
id = "grow"
kind = "order"
title = "By size"
points = 1
text = "Put the smallest first."

[[questions.steps]]
text = "three"
place = 3
why = "The largest."

[[questions.steps]]
text = "one"
place = 1
why = "The smallest."

[[questions.steps]]
text = "two"
place = 2
why = "Between them."
"""


def write(folder: Path, text: str) -> Path:
    """Lay a quiz where an author would."""
    path = folder / "1_fundamentals" / "sums.quiz.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def complaint(folder: Path, old: str, new: str) -> str:
    """What `load` says when one piece of the good file is replaced."""
    assert 1 == GOOD.count(old)
    with pytest.raises(QuizError) as caught:
        load(write(folder, GOOD.replace(old, new)))
    return str(caught.value)


def test_load(tmp_path: Path) -> None:
    """Options and steps go by letters, in the order of the file; the key knows what is right."""
    quiz = load(write(tmp_path, GOOD))
    assert ("sums", "Sums", True, 4) == (quiz.name, quiz.title, quiz.graded, quiz.points)
    assert ChoiceKey(("a",), {"a": "It is twice 1.", "b": "It leaves 1."}) == quiz.key["parity"]
    grow = quiz.key["grow"]
    assert isinstance(grow, OrderKey)
    assert ("b", "c", "a") == grow.order
    assert ["three", "one", "two"] == [option.text for option in quiz.questions[2].options]


def test_find(tmp_path: Path) -> None:
    """Quizzes go by the names of their notebooks."""
    assert {"sums": write(tmp_path, GOOD)} == find(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('why = "It leaves 1."', "", "question 1 (parity), option 2: why is missing; add it."),
        ('why = "Between them."', "", "question 3 (grow), step 3: why is missing; add it."),
        ('why = "The wrong way up."', 'why = ""', "(half), mistake 1: why must not be empty"),
        ("points = 2", 'points = "two"', "(parity): points must be a number. Got 'two'."),
        ('kind = "numeric"', 'kind = "number"', "(half): kind must be one of single, multiple,"),
        ('kind = "numeric"', "", "question 2 (half): kind is missing; add it."),
        ("graded = true", "", "sums.quiz.toml: graded is missing; add it."),
        ("graded = true", "graded = 1", "graded must be true or false. Got 1."),
        ("place = 1", "place = 1\nhint = 3", "(grow), step 2: there is no field 'hint' here"),
        ("absolute = 0.01", "", "(half): a tolerance is missing; add absolute or relative."),
        ('id = "half"', 'id = "Half!"', "id must be small letters, digits and _. Got 'Half!'."),
        ('id = "half"', 'id = "parity"', "question 2 (parity): another question has this id"),
        ("right = true", "", "at least one option must be right and at least one wrong. Got 0"),
        ('text = "3"', 'text = "3"\nright = true', "at least one wrong. Got 2 right of 2."),
        ('text = "3"', 'text = "2"', "(parity): '2' stands there twice"),
        ('kind = "multiple"', 'kind = "single"\npoint = 1', "no field 'point' here; there are id,"),
        ("value = 2", "value = 0.51", "0.5 and 0.51 cannot be told apart within the tolerance"),
        ("answer = 0.5", "answer = inf", "answer, tolerance and mistakes must be finite."),
        ("place = 2", "place = 4", "place must count 1 to 3, each once. Got [3, 1, 4]."),
        ('title = "Sums"', "title = Sums", "sums.quiz.toml is not TOML"),
    ],
)
def test_faults_are_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    """A fault is told with the file, the question and the option, and what to do."""
    message = complaint(tmp_path, old, new)
    assert message.startswith("sums.quiz.toml")
    assert said in message
    assert "\n" not in message


def test_single_has_one_key(tmp_path: Path) -> None:
    """A single choice has exactly one right option."""
    text = GOOD.replace('kind = "multiple"', 'kind = "single"')
    load(write(tmp_path, text))
    with pytest.raises(QuizError, match=r"exactly one option of a single choice is right\. Got 2"):
        load(write(tmp_path, text.replace('text = "3"', 'text = "3"\nright = true')))


def test_order_has_three_steps_and_is_shuffled(tmp_path: Path) -> None:
    """Two steps are too few, and steps in the right order give the answer away."""
    head, *steps = GOOD.split("[[questions.steps]]")
    steps = [f"[[questions.steps]]{step}" for step in steps]
    with pytest.raises(QuizError, match=r"steps must have at least 3\. Got 2"):
        load(write(tmp_path, head + steps[1] + steps[2]))
    with pytest.raises(QuizError, match="stand in the right order already"):
        load(write(tmp_path, head + steps[1] + steps[2] + steps[0]))


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(QuizError, match=r"^none.quiz.toml cannot be read: No such file"):
        load(tmp_path / "none.quiz.toml")


def test_schema_is_a_schema() -> None:
    """The schema itself is valid, and it forbids what it does not know at every level."""
    from jsonschema import Draft202012Validator

    path = Path(__file__).parents[2] / "src" / "pitfalls" / "quiz" / "quiz.schema.json"
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    open_objects = copy.deepcopy(schema)
    del open_objects["properties"]["questions"]  # by kind: each kind's own part is closed

    def objects(node: Any) -> list[Any]:
        if isinstance(node, list):
            return [found for item in node for found in objects(item)]
        if not isinstance(node, dict):
            return []
        inner = [found for item in node.values() for found in objects(item)]
        return [node, *inner] if isinstance(node.get("properties"), dict) else inner

    assert all(node["additionalProperties"] is False for node in objects(open_objects))
