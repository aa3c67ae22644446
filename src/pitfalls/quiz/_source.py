"""Quizzes as their authors write them: one TOML file a quiz, held to a schema."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

from ._key import ChoiceKey, Key, Mistake, NumericKey, OrderKey
from ._question import Option, Question
from ._quiz import Quiz, QuizError

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, ValidationError

__all__ = ["find", "load"]

_ENDING = ".quiz.toml"
_WANTED = {"string": "a text", "number": "a number", "boolean": "true or false", "array": "a list"}


def find(exercises_dir: Path) -> dict[str, Path]:
    """Every quiz in a folder of exercises, by name.

    Examples
    --------
    >>> find(Path("no/such/folder"))
    {}
    """
    paths = sorted(exercises_dir.glob(f"*/*{_ENDING}"))
    return {path.name.removesuffix(_ENDING): path for path in paths}


def load(path: Path) -> Quiz:
    r"""Read a quiz from its source.

    Options and steps get the letters a, b, c, … for ids, in the order of the file.

    Parameters
    ----------
    path : pathlib.Path
        ``autograder/exercises/<chapter>/<notebook>.quiz.toml``; the fields are described in
        ``quiz.schema.json`` beside this module.

    Returns
    -------
    Quiz
        With its key.

    Raises
    ------
    QuizError
        When the file does not hold together; the message names the file, the question, and what
        to do.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "sums.quiz.toml")
    ...     _ = path.write_text('title = "Sums"\ngraded = false\nquestions = []')
    ...     load(path)
    Traceback (most recent call last):
        ...
    pitfalls.quiz._quiz.QuizError: sums.quiz.toml: questions must have at least 1. Got 0.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise QuizError(f"{path.name} cannot be read: {error.strerror or error}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise QuizError(f"{path.name} is not TOML: {error}.") from None
    if fault := min(_schema().iter_errors(data), key=_weight, default=None):
        raise QuizError(f"{path.name}{_place(data, fault)}: {_complaint(fault)}")
    for place, complaint in _faults(data):
        raise QuizError(f"{path.name}{place}: {complaint}")
    parted = [_question(written) for written in data["questions"]]
    return Quiz(
        path.name.removesuffix(_ENDING),
        data["title"],
        data["graded"],
        tuple(question for question, _ in parted),
        data.get("about", "").strip(),
        {question.id: key for question, key in parted},
    )


@cache
def _schema() -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # a tenth of a second, so only for authors

    text = files("pitfalls.quiz").joinpath("quiz.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))


def _weight(error: ValidationError) -> tuple[Any, ...]:
    """The first error of a file comes first, and what is there before what is missing."""
    path = [item if isinstance(item, int) else -1 for item in error.absolute_path]
    return (path[1:2], error.validator in ("required", "anyOf"), path)


def _place(data: Mapping[str, Any], error: ValidationError) -> str:
    """Where an error is, for an author who looks at the file."""
    path = list(error.absolute_path)
    if len(path) < 2:
        return ""
    words = _named(data["questions"][path[1]], int(path[1]) + 1)
    if len(path) > 3:
        words += f", {str(path[2]).removesuffix('s')} {int(path[3]) + 1}"
    return words


def _named(question: object, number: int) -> str:
    name = question.get("id") if isinstance(question, dict) else None
    return f", question {number}" + (f" ({name})" if isinstance(name, str) else "")


def _complaint(error: ValidationError) -> str:
    """What is wrong, in one sentence."""
    field = next((part for part in reversed(error.absolute_path) if isinstance(part, str)), "file")
    got, wanted = error.instance, error.validator_value
    match error.validator:
        case "required":
            missing = next(name for name in wanted if name not in got)
            return f"{missing} is missing; add it."
        case "anyOf":
            return "a tolerance is missing; add absolute or relative."
        case "additionalProperties":
            there = error.schema["properties"]
            unknown = next(name for name in got if name not in there)
            return f"there is no field {unknown!r} here; there are {', '.join(there)}."
        case "type":
            return f"{field} must be {_WANTED.get(wanted, wanted)}. Got {got!r}."
        case "enum":
            return f"{field} must be one of {', '.join(wanted)}. Got {got!r}."
        case "pattern" if "a-z" in wanted:
            return f"{field} must be small letters, digits and _. Got {got!r}."
        case "pattern":
            return f"{field} must not be empty, nor begin or end with a space. Got {got!r}."
        case "minItems" | "maxItems":
            bound = "at least" if error.validator == "minItems" else "at most"
            return f"{field} must have {bound} {wanted}. Got {len(got)}."
    return f"{field}: {error.message}."


def _faults(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a schema cannot say: a place and a complaint each."""
    seen: set[str] = set()
    for number, written in enumerate(data["questions"], 1):
        place = _named(written, number)
        if written["id"] in seen:
            yield place, "another question has this id; give it one of its own."
        seen.add(written["id"])
        parts = written.get("options", written.get("steps", ()))
        texts = [part["text"].strip() for part in parts]
        for text in texts:
            if texts.count(text) > 1:
                yield place, f"{text!r} stands there twice; change one of them."
        yield from ((place, complaint) for complaint in _kind_faults(written))


def _kind_faults(written: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the key of one question."""
    kind = written["kind"]
    if kind in ("single", "multiple"):
        right = sum(option.get("right", False) for option in written["options"])
        if kind == "single" and right != 1:
            yield f"exactly one option of a single choice is right. Got {right}."
        if kind == "multiple" and not 0 < right < len(written["options"]):
            yield (
                f"at least one option must be right and at least one wrong. Got {right} right "
                f"of {len(written['options'])}."
            )
    elif kind == "order":
        places = [step["place"] for step in written["steps"]]
        if sorted(places) != list(range(1, len(places) + 1)):
            yield f"place must count 1 to {len(places)}, each once. Got {places}."
        elif places == sorted(places):
            yield "the steps stand in the right order already; list them as they shall be shown."
    else:
        key = _numeric_key(written)
        values = [key.answer, *(mistake.value for mistake in key.mistakes)]
        if not all(math.isfinite(value) for value in [*values, key.absolute, key.relative]):
            yield "answer, tolerance and mistakes must be finite."
        for one, other in combinations(values, 2):
            if abs(one - other) <= key.tolerance(one) + key.tolerance(other):
                yield (
                    f"{one:g} and {other:g} cannot be told apart within the tolerance; make the "
                    "tolerance smaller or choose other numbers."
                )


def _question(written: Mapping[str, Any]) -> tuple[Question, Key]:
    """One question, parted into what is handed out and its key."""
    parts = written.get("options", written.get("steps", ()))
    options = tuple(
        Option(id, part["text"].strip()) for id, part in zip(ascii_lowercase, parts, strict=False)
    )
    question = Question(
        written["id"],
        written["kind"],
        written["title"],
        written["text"].strip(),
        written["points"],
        options,
        written.get("unit", ""),
    )
    if question.kind == "numeric":
        return question, _numeric_key(written)
    why = {option.id: part["why"].strip() for option, part in zip(options, parts, strict=True)}
    if question.kind == "order":
        places = {option.id: part["place"] for option, part in zip(options, parts, strict=True)}
        return question, OrderKey(tuple(sorted(places, key=places.__getitem__)), why)
    right = [option.id for option, part in zip(options, parts, strict=True) if part.get("right")]
    return question, ChoiceKey(tuple(right), why)


def _numeric_key(written: Mapping[str, Any]) -> NumericKey:
    return NumericKey(
        written["answer"],
        written.get("absolute", 0.0),
        written.get("relative", 0.0),
        written["why"].strip(),
        tuple(
            Mistake(mistake["value"], mistake["why"].strip())
            for mistake in written.get("mistakes", ())
        ),
    )
