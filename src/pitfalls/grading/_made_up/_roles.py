"""What made-up students hand in: right answers, pitfalls, interviews, odd and broken things."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence

from pitfalls import interview
from pitfalls.checks import Lesson
from pitfalls.grading._function_text import function_text

from . import _talks
from ._draft import RIGHT, AnswerFunction, Draft, Role
from ._talks import Talk

__all__ = ["honest", "in_one", "odd", "talks", "wrong"]

SMALLEST_WRONG = 12  # students who fall into pitfalls, at least


def _all_right(draft: Draft) -> None:
    draft.solve(*draft.names)
    draft.answered = 1.0
    draft.talk = _talks.strong


def _whole(role: Role) -> Role:
    """The role, with all of the lesson's own cells left in."""

    def whole(draft: Draft) -> None:
        role(draft)
        draft.tidy = False

    return whole


def honest(
    kept: Sequence[Mapping[str, Sequence[AnswerFunction]]],
) -> Iterator[tuple[str, str, Role]]:
    yield "right", "the solution", _whole(_all_right)
    most = max((len(answers) for others in kept for answers in others.values()), default=0)
    for k in range(most):
        yield f"other-{k + 1}", f"other right answers, {k + 1}", _other(k)


def _other(k: int) -> Role:
    def role(draft: Draft) -> None:
        for name in draft.names:
            answers = draft.others[name]
            draft.write(name, function_text(answers[k % len(answers)], name))
            draft.earns[name] = RIGHT

    return role


def wrong(chapter: Sequence[Lesson]) -> Iterator[tuple[str, str, Role]]:
    for k in range(max(map(_students_for, chapter))):
        yield f"pitfalls-{k + 1}", f"pitfalls, {k + 1}", _pitfalls(k)


def _students_for(lesson: Lesson) -> int:
    """How many students it takes for each pitfall of a lesson to be somebody's."""
    return max([SMALLEST_WRONG, *(len(exercise.pitfalls) for exercise in lesson.exercises)])


def _pitfalls(k: int) -> Role:
    """Student k: of each exercise one pitfall or the solution; nothing where all have been."""

    def role(draft: Draft) -> None:
        size = _students_for(draft.lesson)
        if k >= size:
            draft.leave_out()
            return
        draft.answered = k / size
        for place, exercise in enumerate(draft.lesson.exercises):
            mine = (k + 5 * place) % size  # spread, so that nobody has all of them wrong
            if mine >= len(exercise.pitfalls):
                draft.solve(exercise.name)
                continue
            pitfall = exercise.pitfalls[mine]
            draft.write(exercise.name, function_text(pitfall.answer, exercise.name))
            draft.earns[exercise.name] = (pitfall.answer, pitfall.name)

    return role


def talks() -> Iterator[tuple[str, str, Role]]:
    for key, story, talk in (
        ("talk-unmarked", "a strong interview, not marked as handed in", _talks.unmarked),
        ("talk-eager", "the large model first, then a strong interview", _talks.eager),
        ("talk-cut-off", "the large model first, and nothing else", _talks.blunt),
        ("talk-forged", "forged: moves that no interview has", _talks.forged),
        ("talk-longer", "forged: a weak interview, with a strong one after its end", _talks.longer),
        ("talk-absent", "forged: hands in an interview that is not there", _talks.absent),
    ):
        yield key, story, _talking(talk)


def _talking(talk: Callable[[interview.Case, int], Talk]) -> Role:
    def role(draft: Draft) -> None:
        _all_right(draft)
        draft.talk = talk

    return role


def in_one(role: Role, turn: int, notebooks: Sequence[str]) -> Role:
    """The role in one notebook of the chapter, by turns; the others are not handed in."""

    def in_one(draft: Draft) -> None:
        if draft.lesson.notebook == notebooks[turn % len(notebooks)]:
            role(draft)
        else:
            draft.leave_out()

    return in_one


def odd() -> Iterator[tuple[str, str, Role]]:
    yield "untouched", "not attempted", _whole(lambda draft: None)
    yield "half", "the first half", _half
    yield "raises", "every answer raises", _raises
    yield "syntax", "a cell that is not Python", _syntax
    yield "loop", "an answer that never ends", _endless_answer
    yield "loop-cell", "a cell that never ends; all else right", _endless_cell
    yield "warns", "right, with warnings on stderr", _warns
    yield "loud", "right, with prints and junk on the way", _loud
    yield "twice", "right, a check and an answer duplicated", _duplicated
    yield "retyped", "right, checks retyped or deleted", _retyped
    yield "exit", "leaves after the first exercise", _leaves
    yield "misnamed", "right, under another file name", _misnamed
    yield "broken", "not JSON", _broken(b'{"cells": [')
    yield "empty", "an empty file", _broken(b"")
    yield "deep", "JSON nested 200,000 deep", _broken(b"[" * 200_000)


def _half(draft: Draft) -> None:
    draft.solve(*draft.names[: len(draft.names) // 2])


def _raises(draft: Draft) -> None:
    for name in draft.names:
        draft.write(
            name,
            "class Stuck(Exception):\n    pass\n\n"
            f"def {name}(*args):\n    raise Stuck('this is as far as I got')",
        )


def _syntax(draft: Draft) -> None:
    draft.solve(*draft.names[1:])
    draft.write(draft.names[0], f"def {draft.names[0]}(:\n    return 1")


def _endless_answer(draft: Draft) -> None:
    *others, last = draft.names
    draft.solve(*others)
    draft.write(last, f"def {last}(*args):\n    while True:\n        pass")


def _endless_cell(draft: Draft) -> None:
    _all_right(draft)
    draft.add(None, "while True:\n    pass")


def _warns(draft: Draft) -> None:
    _all_right(draft)
    for name in draft.names:
        draft.cell(name)["source"] += (
            f"\n\n_right_{name} = {name}\n\ndef {name}(*args):\n    import sys, warnings\n"
            "    warnings.warn('this may be slow')\n    print('working', file=sys.stderr)\n"
            f"    return _right_{name}(*args)"
        )
    draft.add(None, "import warnings\nwarnings.warn('from the top')")


def _loud(draft: Draft) -> None:
    _all_right(draft)
    draft.add(
        None,
        "from IPython.display import HTML, Javascript, display\n"
        "display(HTML('<script>document.title = \"stolen\"</script><b>bold</b>'))\n"
        "display(Javascript('alert(1)'))\nprint('x' * 10_000)\nundefined_name",
    )


def _duplicated(draft: Draft) -> None:
    _all_right(draft)
    name = draft.names[0]
    for grade_id in (name, f"check_{name}"):
        draft.cells.append(copy.deepcopy(draft.cell(grade_id)))


def _retyped(draft: Draft) -> None:
    _all_right(draft)
    for place, name in enumerate(draft.names):
        check = draft.cell(f"check_{name}")
        if place % 3 == 0:
            draft.cells.remove(check)
        elif place % 3 == 1:
            check["cell_type"] = "markdown"
            del check["outputs"], check["execution_count"]
        else:
            check["metadata"]["nbgrader"] |= {"grade": False, "solution": True, "locked": False}


def _leaves(draft: Draft) -> None:
    _all_right(draft)
    first = draft.names[0]
    draft.add(f"check_{first}", "import os\nos._exit(0)")
    draft.earns = {first: RIGHT}


def _misnamed(draft: Draft) -> None:
    _all_right(draft)
    draft.earns.clear()
    draft.file = f"final_{draft.file}"
    draft.status = "missing"


def _broken(content: bytes) -> Role:
    def role(draft: Draft) -> None:
        draft.content = content
        draft.status = "failed"

    return role
