from collections.abc import Callable
from pathlib import Path

import pytest

from pitfalls import lessons
from pitfalls.checks import Case, Exercise, Lesson, Part

TWICE = '''\
# %% [markdown]
# # Twice and half
#
# Two exercises, $x$ and a story.

# %% what we need
import math

# %% [markdown] locked=true
# ### Twice

# %% ex="twice" points=6
def twice(x):
    """Twice x.

# %% looks like a cell, and stands in a string
    """
    ### BEGIN SOLUTION
    the_number_that_doubles = 2
    return the_number_that_doubles * x
    ### END SOLUTION

# %% fold=true tags=["scratch"]
four = twice(2)

# %% ex="half" points=4
### BEGIN SOLUTION
def half(x):
    return x / math.sqrt(4)
### END SOLUTION

# %% [markdown] task="story" points=10
# Tell us of a number that you halved.
#
# ### BEGIN SOLUTION
# Once there was an even number, and nobody had asked it.
# ### END SOLUTION
'''


@pytest.fixture
def twice() -> str:
    """A source with two exercises and a task; its lesson is `twice_lesson`."""
    return TWICE


@pytest.fixture
def twice_lesson(monkeypatch: pytest.MonkeyPatch) -> Lesson:
    """The lesson of `twice`, registered as the only one."""

    def part(title: str, points: float) -> Part:
        return Part(title, points, lambda rng: [Case(1.0)], lambda x: x)

    found = Lesson(
        chapter="1_numbers",
        notebook="twice",
        title="Twice and half",
        exercises=(
            Exercise("twice", "(x)", "Twice", 1, 5, (part("value", 4), part("sign kept", 2))),
            Exercise("half", "(x)", "Half", 3, 10, (part("value", 2), part("zero", 2))),
        ),
    )
    monkeypatch.setattr(lessons, "names", lambda: ["twice"])
    monkeypatch.setattr(lessons, "get", {"twice": found}.__getitem__)
    return found


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a source into the checkout that `tmp_path` plays; gives its path."""

    def write(text: str, key: str = "1_numbers/twice") -> Path:
        path = tmp_path / "autograder" / "exercises" / f"{key}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write
