import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pitfalls.build import SourceError
from pitfalls.build._source import find, parse

PIECES = st.text("abx=[]{}\"'%# ", max_size=12).map("# %% {}".format) | st.sampled_from(
    [
        "# %% tags=[1]",
        "# %% run_control=3",
        '# %% active="py"',
        '# %% cell_type="x"',
        "# %%",
        "#%% a title",
        "# %% [markdown]",
        '# %% ex="a" points=1',
        '# %% task="b" points=2 locked=true',
        "# %% [raw] nonsense= ]",
        "# In[3]:",
        "# <codecell>",
        "# ---",
        "# ```mermaid",
        "# %% in a fence",
        '"""',
        "    ### BEGIN SOLUTION",
        "    ### END SOLUTION",
        "x = 1 at_line=",
        "%matplotlib inline",
        "def f(:",
        "# text é ●",
        "",
    ]
)


def test_tags_and_lines(write):
    """A cell has its kind, its text, its tags, and the line of its marker."""
    path = write(
        '# %% [markdown] locked=true\n# hello\n\n# %% a title\nx = 1\n\n# %% tags=["a", "b"]\ny\n'
    )
    assert [
        ("markdown", "hello", {"locked": True}, 1),
        ("code", "x = 1", {}, 4),
        ("code", "y", {"tags": ["a", "b"]}, 7),
    ] == [(cell.kind, cell.source, cell.tags, cell.line) for cell in parse(path)]


def test_marker_in_text_is_text(write):
    """A marker in a string or in a fenced block starts no cell, and the text stays as written."""
    string = '"""\n# %% in a string\n"""'
    path = write(f"# %%\n{string}\n# %% [markdown]\n# ```mermaid\n# %% in a fence\n# ```\n")
    assert [string, "```mermaid\n%% in a fence\n```"] == [cell.source for cell in parse(path)]


@pytest.mark.parametrize(
    ("text", "line", "complaint"),
    [
        ("import x\n# %%\n", 1, "begins with # %%"),
        ("\n# ---\n# jupyter:\n# ---\n", 2, "begins with # %%"),
        ("", 1, "begins with # %%"),
        ("# %%\n\n# %% [markdwn]\n# text\n", 3, "[markdown], [raw] or plain code"),
        ('# %%\n# %% ex="a\n', 2, "cannot be read"),
        ('# %%\n# %% [markdown] hide="x"\n', 2, "no tag 'hide'"),
        ('# %%\n# %% ex="a b" points=1\n', 2, "ex wants a name"),
        ('# %%\n# %% ex="a" points=0\n', 2, "points wants a number above 0. Got 0."),
        ("# %% points=1\n", 1, "points go with ex, task or interview"),
        ('# %% ex="a"\n', 1, "points go with ex, task or interview"),
        ('# %% interview="a"\n', 1, "points go with ex, task or interview"),
        ('# %% interview="a b" points=1\n', 1, "interview wants a name"),
        ('# %%\n# %% interview="a" points=1\nx = 1\n', 2, "an interview stands alone"),
        ('# %% [markdown] interview="a" points=1\n', 1, "an interview stands alone"),
        ('# %% interview="a" points=1 fold=true\n', 1, "an interview stands alone"),
        ("# %% locked=false\n", 1, "locked wants true. Got False."),
        ('# %% tags="a"\n', 1, """the tags of '# %% tags="a"' cannot be read"""),
        ("# %% tags=[1]\n", 1, "cannot be read"),
        ('# %%\n# %% name="a"\n', 2, "no tag 'name'"),
        ('# %% ex="a" task="b" points=1\n', 1, "either an exercise (ex) or a task"),
        ('# %% task="b" points=1 locked=true\n', 1, "'b' cannot be locked"),
        ('# %% [markdown] ex="a" points=1\n', 1, "must be a code cell"),
        ('# %% ex="a" points=1\nx = 1\n', 1, "needs a ### BEGIN SOLUTION"),
        ('# %% ex="a" points=1\n\n### BEGIN SOLUTION\n', 3, "its ### END SOLUTION"),
        ('# %% ex="a" points=1\n### END SOLUTION\n', 2, "where BEGIN SOLUTION is due"),
        ("# %%\n### BEGIN SOLUTION\n### END SOLUTION\n", 2, "outside an exercise"),
        ("# %%\nx = 1\n### BEGIN HIDDEN TESTS\n", 3, "'BEGIN HIDDEN TESTS' has no place here"),
        (
            '# %% ex="a" points=1\n### BEGIN SOLUTION\ndef f(:\n### END SOLUTION\n',
            3,
            "'a' is not Python",
        ),
    ],
)
def test_fault_names_its_line(write, text, line, complaint):
    """What is wrong in a source is said in one line that names the file and the line."""
    path = write(text)
    with pytest.raises(SourceError) as caught:
        parse(path)
    assert str(caught.value).startswith(f"{path}, line {line}: ")
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unreadable_file(tmp_path):
    """A file that is not there, or no text, is named."""
    binary = tmp_path / "binary.py"
    binary.write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "none.py", binary):
        with pytest.raises(SourceError, match=f"{path.name} cannot be read"):
            parse(path)


@given(st.lists(PIECES, max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text_is_read_or_refused(write, lines):
    """Whatever the text: its cells come without our line numbers, or a SourceError names a line."""
    path = write("# %%\n" + "\n".join(lines))
    try:
        cells = parse(path)
    except SourceError as error:
        said = str(error)
        cells = []
    else:
        said = f"{path}, line 1: read"
    assert said.startswith(f"{path}, line ")
    assert [] == [cell for cell in cells if re.search("at_line=[0-9]", cell.source)]
    assert sorted(cell.line for cell in cells) == [cell.line for cell in cells]


def test_find_reads_chapters_in_order(write):
    """Sources are found on top and in chapters; an editor's leftovers are not sources."""
    for key in ("2_b/y", "00_start", "1_a/z", "1_a/.#z", "1_a/.ipynb_checkpoints/z", ".x/z"):
        path = write("# %%\n", key)
    exercises = next(parent for parent in path.parents if parent.name == "exercises")
    assert ["00_start", "1_a/z", "2_b/y"] == list(find(exercises))
