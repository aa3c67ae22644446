import re

import pytest

from pitfalls.build import SourceError, dumps, expand


def by_id(notebook):
    """The cells, by their ids."""
    return {cell.id: cell for cell in notebook.cells}


def test_cells_of_a_notebook(write, twice, twice_lesson):
    """An exercise is a line about it, its solution and its check; the lesson follows the title."""
    ids = [cell.id for cell in expand(write(twice)).cells]
    hashed = re.compile("[0-9a-f]{12}")
    assert [
        "#", "lesson", "#", "#", "about_twice", "twice", "check_twice", "#",
        "about_half", "half", "check_half", "story",
    ] == ["#" if hashed.fullmatch(cell_id) else cell_id for cell_id in ids]  # fmt: skip


def test_exercise_cells(write, twice, twice_lesson):
    """Both nbgrader and the grader find in an exercise's cells what they need."""
    cells = by_id(expand(write(twice)))
    solution, check = cells["twice"], cells["check_twice"]
    assert "the_number_that_doubles = 2" in solution.source
    assert ("twice", True, False, False) == tuple(
        solution.metadata.nbgrader[key] for key in ("grade_id", "solution", "grade", "locked")
    )
    assert 'check("twice")' == check.source
    assert ("check_twice", False, True, True, 6) == tuple(
        check.metadata.nbgrader[key]
        for key in ("grade_id", "solution", "grade", "locked", "points")
    )
    assert {"exercise": "twice", "lesson": "twice"} == check.metadata.pitfalls
    assert 'lesson("twice")' in cells["lesson"].source


def test_line_above_an_exercise(write, twice, twice_lesson):
    """A learner reads which exercise this is, how hard, how long, its worth, and where help is."""
    cells = by_id(expand(write(twice)))
    assert (
        "**Exercise 1 of 2 · `twice(x)`** · difficulty ●○○○○ 1 of 5 · 5 min · "
        '6 points (4 for value; 2 for sign kept) · stuck? run `hint("twice")`'
    ) == cells["about_twice"].source
    assert (
        " · difficulty ●●●○○ 3 of 5 · 10 min · 4 points (2 each: value; zero) · "
        in cells["about_half"].source
    )


def test_other_tags(write, twice, twice_lesson):
    """A task is graded by hand, a locked cell is read-only, fold and tags change the look."""
    cells = list(by_id(expand(write(twice))).values())
    task = next(cell for cell in cells if cell.id == "story")
    locked = next(cell for cell in cells if cell.source == "### Twice")
    folded = next(cell for cell in cells if cell.source == "four = twice(2)")
    assert ("markdown", True, True, 10) == (
        task.cell_type,
        *(task.metadata.nbgrader[key] for key in ("solution", "grade", "points")),
    )
    assert (f"locked_{locked.id}", True) == (
        locked.metadata.nbgrader.grade_id,
        locked.metadata.nbgrader.locked,
    )
    assert {"tags": ["scratch"], "jupyter": {"source_hidden": True}} == folded.metadata


def test_interview(write, twice, twice_lesson):
    """An interview is a locked, graded cell of its own, and its widget is imported."""
    cells = by_id(expand(write(f'{twice}\n# %% interview="framing" points=14\n')))
    shown = cells["interview_framing"]
    assert 'interview(hand_in="framing")' == shown.source
    assert ("interview_framing", False, True, True, 14) == tuple(
        shown.metadata.nbgrader[key]
        for key in ("grade_id", "solution", "grade", "locked", "points")
    )
    assert {"interview": "framing"} == shown.metadata.pitfalls
    assert "from pitfalls.widgets import interview\n" in cells["lesson"].source


def test_ids_follow_the_text(write, twice, twice_lesson):
    """The same text gives the same bytes; an edit changes the id of no other cell."""
    before = expand(write(twice))
    assert dumps(before) == dumps(expand(write(twice)))
    after = expand(write(twice.replace("import math", "import math  # for the root")))
    ids = [[cell.id for cell in notebook.cells] for notebook in (before, after)]
    assert 1 == sum(old != new for old, new in zip(*ids, strict=True))


def test_same_text_twice(write):
    """Two cells of the same text are told apart, locked ones by nbgrader too."""
    cells = expand(write("# %% locked=true\nx\n# %% locked=true\nx\n", "top")).cells
    assert 2 == len({cell.id for cell in cells})
    assert 2 == len({cell.metadata.nbgrader.grade_id for cell in cells})


def test_notebook_without_a_lesson(write, twice_lesson):
    """A notebook without exercises is what its author wrote, and nothing is added."""
    notebook = expand(write("# %% [markdown]\n# # Welcome\n", "00_start_here"))
    assert ["# Welcome"] == [cell.source for cell in notebook.cells]


def test_lesson_first_without_a_title(write, twice, twice_lesson):
    """The lesson's cell comes first where no title stands above it."""
    text = twice[twice.index("# %% what we need") :]
    assert "lesson" == expand(write(text)).cells[0].id


@pytest.mark.parametrize(
    ("old", "new", "line", "complaint"),
    [
        ("points=6", "points=5", 12, "its parts in the lesson make 6 points (4 for"),
        ('ex="half"', 'ex="halve"', 26, "no exercise 'halve'; did you mean 'half'?"),
        ('task="story"', 'task="twice"', 32, "'twice' stands already in line 12"),
        ('ex="twice" points=6', 'task="other" points=6', 32, "exercise 'twice' has none"),
    ],
)
def test_text_and_lesson_disagree(write, twice, twice_lesson, old, new, line, complaint):
    """Where the text and the lesson disagree, the sentence names the file and the line."""
    path = write(twice.replace(old, new))
    with pytest.raises(SourceError) as caught:
        expand(path)
    assert str(caught.value).startswith(f"{path}, line {line}: ")
    assert complaint in str(caught.value)


def test_order_of_the_lesson(write, twice, twice_lesson):
    """Exercises stand in the order of the lesson."""
    start, half = twice.index('# %% ex="twice"'), twice.index('# %% ex="half"')
    end = twice.index("# %% [markdown] task")
    swapped = twice[:start] + twice[half:end] + twice[start:half] + twice[end:]
    with pytest.raises(SourceError, match=r"line 12: 'half' comes here, but .* 'twice' next"):
        expand(write(swapped))


def test_lesson_missing_or_elsewhere(write, twice, twice_lesson):
    """Exercises need a lesson of the notebook's name, in the notebook's chapter."""
    with pytest.raises(SourceError, match=r"line 12: 'twice' needs a lesson.*lessons/thrice\.py"):
        expand(write(twice, "1_numbers/thrice"))
    with pytest.raises(SourceError, match="lies in 2_letters, but its lesson says '1_numbers'"):
        expand(write(twice, "2_letters/twice"))
