"""Cases as their authors write them: one TOML file a case, held to a schema."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._case import (
    CLOSE,
    KINDS,
    TOPICS,
    Ask,
    Case,
    CaseError,
    Hidden,
    InterviewError,
    Proposal,
    Rule,
    Ruling,
    Variant,
)

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, ValidationError

__all__ = ["case_names", "get_case", "load_case"]

_ENDING = ".toml"
_LOSES = 2.0  # points, what a wrong proposal costs unless its ruling says otherwise
_LARGEST = 1 << 20  # bytes
_WANTED = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a table",
}


def case_names() -> tuple[str, ...]:
    """The cases that come with the package.

    Examples
    --------
    >>> "video" in case_names()
    True
    """
    folder = files("pitfalls.interview").joinpath("cases")
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name.removesuffix(_ENDING) for name in names if name.endswith(_ENDING)))


@cache
def get_case(name: str) -> Case:
    """A case that comes with the package.

    Raises
    ------
    InterviewError
        When there is none of this name.

    Examples
    --------
    >>> get_case("video").title
    'Video recommendations'
    """
    if name not in case_names():
        there = ", ".join(case_names())
        raise InterviewError(f"There is no case {name!r}; there are {there}.")
    path = files("pitfalls.interview").joinpath("cases", name + _ENDING)
    # held to the schema by the tests, so that a notebook need not wait for it
    return _case(name, tomllib.loads(path.read_text(encoding="utf-8")))


def load_case(path: Path) -> Case:
    r"""Read a case from its file.

    Parameters
    ----------
    path : pathlib.Path
        ``<name>.toml``; the fields are described in ``case.schema.json`` beside this module. That
        a case can be played well is another matter, see `validate`.

    Returns
    -------
    Case

    Raises
    ------
    CaseError
        When the file does not hold together; the message names the file, the place, and what to
        do.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "chess.toml")
    ...     _ = path.write_text('title = "Chess"\nopening = "Build me a chess coach."\nminutes = 5')
    ...     load_case(path)
    Traceback (most recent call last):
        ...
    pitfalls.interview._case.CaseError: chess.toml: minutes must be at least 15. Got 5.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise CaseError(f"{path.name} is larger than {_LARGEST} bytes; that is no case.")
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CaseError(f"{path.name} cannot be read: {error.strerror or error}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise CaseError(f"{path.name} is not TOML: {error}.") from None
    if fault := min(_schema().iter_errors(data), key=_weight, default=None):
        raise CaseError(f"{path.name}{_place(data, fault.absolute_path)}: {_complaint(fault)}")
    for place, complaint in _faults(data):
        raise CaseError(f"{path.name}{_place(data, place)}: {complaint}")
    return _case(path.name.removesuffix(_ENDING), data)


@cache
def _schema() -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # a tenth of a second, so only for authors

    text = files("pitfalls.interview").joinpath("case.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))


def _weight(error: ValidationError) -> tuple[Any, ...]:
    """What is there comes before what is missing, then the first of a file."""
    path = [f"{item:04}" if isinstance(item, int) else item for item in error.absolute_path]
    return (error.validator == "required" and not path, path)


def _place(data: Mapping[str, Any], path: Sequence[Any]) -> str:
    """Where something is, for an author who looks at the file: ", ask 3 (ask_users)"."""
    words, here = "", data
    for step in path:
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            break
        if isinstance(step, int):
            name = here.get("id") if isinstance(here, dict) else None
            words += f" {step + 1}" + (f" ({name})" if isinstance(name, str) else "")
        elif isinstance(here, list) and here and isinstance(here[0], dict):
            words += f", {step.removesuffix('s')}"
    return words


def _complaint(error: ValidationError) -> str:
    """What is wrong, in one sentence."""
    field = next((part for part in reversed(error.absolute_path) if isinstance(part, str)), "file")
    got, wanted = error.instance, error.validator_value
    match error.validator:
        case "required":
            missing = next(name for name in wanted if name not in got)
            return f"{missing} is missing; add it."
        case "additionalProperties":
            there = error.schema["properties"]
            unknown = next(name for name in got if name not in there)
            return f"there is no field {unknown!r} here; there are {', '.join(there)}."
        case "type":
            return f"{field} must be {_WANTED.get(wanted, wanted)}. Got {got!r}."
        case "enum":
            return f"{field} must be one of {', '.join(wanted)}. Got {got!r}."
        case "minimum" | "maximum":
            bound = "at least" if error.validator == "minimum" else "at most"
            return f"{field} must be {bound} {wanted:g}. Got {got!r}."
        case "pattern" if "a-z" in wanted:
            return f"{field} must be small letters, digits and _. Got {got!r}."
        case "pattern":
            return f"{field} must not be empty, nor begin or end with a space. Got {got!r}."
        case "maxLength":
            return f"{field} must have at most {wanted} characters. Got {len(got)}."
        case "minItems" | "maxItems" | "minProperties":
            bound = "at most" if error.validator == "maxItems" else "at least"
            return f"{field} must have {bound} {wanted}. Got {len(got)}."
    return f"{field}: {error.message}."


def _faults(data: Mapping[str, Any]) -> Iterator[tuple[Sequence[Any], str]]:
    """What a schema cannot say: a place and a complaint each."""
    taken = {CLOSE.id, *TOPICS, *KINDS}
    for part in ("ask", "propose"):
        for number, written in enumerate(data[part]):
            if written["id"] in taken:
                yield (
                    (part, number),
                    f"{written['id']!r} names another move, a topic or a kind; choose another id.",
                )
            taken.add(written["id"])
    hidden: dict[str, set[str]] = {}
    for number, written in enumerate(data["hidden"]):
        if written["id"] in hidden:
            yield ("hidden", number), "another hidden constraint has this id; choose another."
        names = [variant["id"] for variant in written["variants"]]
        if len(set(names)) < len(names):
            yield ("hidden", number), "two variants have the same id; rename one."
        hidden[written["id"]] = set(names)
    for number, written in enumerate(data["ask"]):
        if written.get("reveals", next(iter(hidden))) not in hidden:
            yield (
                ("ask", number),
                f"reveals must be one of {', '.join(hidden)}. Got {written['reveals']!r}.",
            )
        if "reveals" in written and {"answer", "fact"} & set(written):
            yield (
                ("ask", number),
                "it has an answer of its own and reveals another; drop one of them.",
            )
    for number, written in enumerate(data["propose"]):
        for place, ruling in enumerate(written["rulings"]):
            for name, variants in ruling.get("when", {}).items():
                where = ("propose", number, "rulings", place)
                if name not in hidden:
                    there = ", ".join(hidden)
                    yield where, f"when speaks of {name!r}; there are {there}."
                for variant in variants:
                    if variant not in hidden.get(name, ()):
                        there = ", ".join(sorted(hidden.get(name, ())))
                        yield where, f"{name} has no variant {variant!r}; it has {there}."
            if ruling["fit"] != "wrong" and "loses" in ruling:
                yield ("propose", number, "rulings", place), "only what is wrong loses; drop loses."
    proposals = {written["id"] for written in data["propose"]}
    for number, written in enumerate(data["rule"]):
        for name in written["before"]:
            if name not in {*proposals, *KINDS}:
                yield ("rule", number), f"{name!r} is neither a kind nor a proposal; mend before."
        for name in written["needs"]:
            if name not in taken or name == CLOSE.id:
                yield ("rule", number), f"{name!r} is no topic, kind or move; mend needs."


def _case(name: str, data: Mapping[str, Any]) -> Case:
    return Case(
        name,
        data["title"],
        data["about"],
        _text(data["opening"]),
        data["minutes"],
        {written["id"]: _hidden(written) for written in data["hidden"]},
        tuple(_ask(written) for written in data["ask"]),
        tuple(_proposal(written) for written in data["propose"]),
        tuple(
            Rule(
                tuple(written["before"]),
                tuple(written["needs"]),
                _text(written["says"]),
                _text(written["why"]),
                float(written["loses"]),
            )
            for written in data["rule"]
        ),
        _digest(data),
    )


def _digest(data: Mapping[str, Any]) -> str:
    """Sixteen hex digits of what the file says."""
    text = json.dumps(_flat(data), ensure_ascii=False, sort_keys=True)
    return sha256(text.encode()).hexdigest()[:16]


def _flat(written: Any) -> Any:
    """The same with every text as one paragraph: where its lines break says nothing."""
    if isinstance(written, dict):
        return {key: _flat(value) for key, value in written.items()}
    if isinstance(written, list):
        return [_flat(value) for value in written]
    return _text(written) if isinstance(written, str) else written


def _hidden(written: Mapping[str, Any]) -> Hidden:
    variants = {
        variant["id"]: Variant(
            variant["id"],
            _text(variant["answer"]),
            _text(variant["fact"]),
            _text(variant["changes"]),
        )
        for variant in written["variants"]
    }
    return Hidden(written["id"], written["title"], _text(written["doubt"]), variants)


def _ask(written: Mapping[str, Any]) -> Ask:
    return Ask(
        written["id"],
        written["topic"],
        written["title"],
        tuple(written["words"]),
        written["minutes"],
        written.get("reveals", ""),
        _text(written.get("answer", "")),
        _text(written.get("fact", "")),
        _text(written.get("why", "")),
        written.get("weight", 1),
    )


def _proposal(written: Mapping[str, Any]) -> Proposal:
    rulings = tuple(
        Ruling(
            ruling["fit"],
            _text(ruling["says"]),
            _text(ruling["why"]),
            {hidden: tuple(variants) for hidden, variants in ruling.get("when", {}).items()},
            float(ruling.get("loses", _LOSES)) if ruling["fit"] == "wrong" else 0.0,
        )
        for ruling in written["rulings"]
    )
    return Proposal(
        written["id"],
        written["kind"],
        written["title"],
        tuple(written["words"]),
        written["minutes"],
        _text(written["pitch"]),
        rulings,
        written.get("heavy", False),
    )


def _text(written: str) -> str:
    """A text as one paragraph, however its author broke the lines."""
    return " ".join(written.split())
