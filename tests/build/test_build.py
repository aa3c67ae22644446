import pytest

from pitfalls.build import SourceError, build


@pytest.fixture
def root(write, twice, twice_lesson, tmp_path):
    """A checkout with two notebooks, built."""
    write(twice)
    write("# %% [markdown]\n# # Welcome\n", "00_start_here")
    build(tmp_path)
    return tmp_path


def files(root):
    """Every file under `notebooks`, with its bytes."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in (root / "notebooks").rglob("*")
        if path.is_file()
    }


def test_first_and_second_build(write, twice, twice_lesson, tmp_path):
    """The first build adds every notebook, the second changes no byte."""
    write(twice)
    write("# %%\n1\n", "00_start_here")
    added = ["notebooks/00_start_here.ipynb", "notebooks/1_numbers/twice.ipynb"]
    assert added == build(tmp_path).added
    before = files(tmp_path)
    assert sorted(before) == added
    again = build(tmp_path)
    assert (False, 2) == (bool(again), again.current)
    assert before == files(tmp_path)


def test_check_writes_nothing(root, write, twice):
    """A check names what is stale, missing or left over, and writes nothing."""
    write(twice.replace("$x$", "$y$"))
    write("# %%\n1\n", "2_letters/new")
    (root / "autograder" / "exercises" / "00_start_here.py").unlink()
    before = files(root)
    found = build(root, check=True)
    assert ["notebooks/1_numbers/twice.ipynb"] == found.updated
    assert ["notebooks/2_letters/new.ipynb"] == found.added
    assert ["notebooks/00_start_here.ipynb"] == found.removed
    assert before == files(root)
    assert found == build(root)
    assert ["notebooks/1_numbers/twice.ipynb", "notebooks/2_letters/new.ipynb"] == sorted(
        files(root)
    )


def test_edited_notebook_is_stale(root):
    """A notebook that somebody edited is built anew."""
    path = root / "notebooks" / "1_numbers" / "twice.ipynb"
    text = path.read_bytes()
    path.write_bytes(text.replace(b"Twice and half", b"Half and twice"))
    assert ["notebooks/1_numbers/twice.ipynb"] == build(root).updated
    assert text == path.read_bytes()


def test_source_gone(root):
    """The notebook of a source that is gone goes, with its folder; what others put there stays."""
    foreign = {"mine.ipynb": b"{}", "notes.md": b"#", "1_numbers/broken.ipynb": b"not JSON"}
    for name, text in foreign.items():
        (root / "notebooks" / name).write_bytes(text)
    (root / "autograder" / "exercises" / "1_numbers" / "twice.py").unlink()
    assert ["notebooks/1_numbers/twice.ipynb"] == build(root).removed
    assert {*foreign, "00_start_here.ipynb"} == {
        name.removeprefix("notebooks/") for name in files(root)
    }
    (root / "notebooks" / "1_numbers" / "broken.ipynb").unlink()
    assert not build(root)


def test_names_choose(root, write, twice):
    """With names only those notebooks or chapters are built, and none is removed."""
    write(twice.replace("$x$", "$y$"))
    (root / "autograder" / "exercises" / "00_start_here.py").unlink()
    write("# %%\n1\n", "2_letters/new")
    assert ["notebooks/2_letters/new.ipynb"] == build(root, ["2_letters/new"]).added
    assert ["notebooks/1_numbers/twice.ipynb"] == build(root, ["1_numbers"]).updated
    assert "notebooks/00_start_here.ipynb" in files(root)
    with pytest.raises(SourceError, match="'3_none'; there are 1_numbers/twice, 2_letters/new"):
        build(root, ["3_none"])


def test_fault_in_one_source(root, write, twice):
    """When one source is at fault nothing is written, the right ones included."""
    write(twice.replace("points=6", "points=7"))
    write("# %%\n2\n", "00_start_here")
    before = files(root)
    with pytest.raises(SourceError, match=r"twice\.py, line 12"):
        build(root)
    assert before == files(root)
