from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitfalls.build._work import lay

NAME = "1_fundamentals/svm.ipynb"
BESIDE = "1_fundamentals/svm.new.ipynb"


def notebook(text: str, outputs: tuple[str, ...] = ()) -> bytes:
    """A notebook of one cell, perhaps run."""
    printed = [nbformat.v4.new_output("stream", text=output) for output in outputs]
    cell = nbformat.v4.new_code_cell(text, id="one", outputs=printed)
    return nbformat.writes(nbformat.v4.new_notebook(cells=[cell])).encode()


def texts(path: Path) -> list[str]:
    """The cells' texts; the file must be a notebook."""
    nb = nbformat.read(path, as_version=4)
    nbformat.validate(nb)
    return [cell.source for cell in nb.cells]


class Kit:
    """The notebooks of the kit and a learner's copies."""

    def __init__(self, folder: Path) -> None:
        self.source, self.work = folder / "notebooks", folder / "work"
        self.mine = self.work / NAME
        self.beside = self.work / BESIDE

    def publish(self, text: str, name: str = NAME) -> None:
        """A new version comes with the kit."""
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(notebook(text) if name.endswith(".ipynb") else text.encode())

    def lay(self) -> list[tuple[str, str]]:
        """Bring the copies up to date: what was done, file by file."""
        done = lay(self.source, self.work)
        return [(laid.path.relative_to(self.work).as_posix(), laid.what) for laid in done]


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    """A kit whose first version lies in the work folder."""
    kit = Kit(tmp_path)
    kit.publish("one")
    assert [(NAME, "new")] == kit.lay()
    return kit


def test_an_untouched_copy_is_brought_up_to_date(kit: Kit) -> None:
    """A copy that nobody changed becomes the newer version, byte for byte."""
    assert [] == kit.lay()
    kit.publish("two")
    assert [(NAME, "updated")] == kit.lay()
    assert (kit.source / NAME).read_bytes() == kit.mine.read_bytes()
    assert [] == kit.lay()


def test_running_is_no_change(kit: Kit) -> None:
    """Outputs and metadata that JupyterLab writes do not keep a newer version away."""
    kit.mine.write_bytes(notebook("one", outputs=("printed",)))
    kit.publish("two")
    assert [(NAME, "updated")] == kit.lay()


def test_a_changed_copy_stays_and_the_newer_lies_beside(kit: Kit) -> None:
    """The learner's bytes stay; the newer version lies beside them with a note on top, once."""
    mine = notebook("my own work")
    kit.mine.write_bytes(mine)
    assert [] == kit.lay()  # nothing newer has come
    kit.publish("two")
    assert [(BESIDE, "beside")] == kit.lay()
    assert mine == kit.mine.read_bytes()
    note, text = texts(kit.beside)
    assert "two" == text
    assert "newer version of `svm.ipynb`" in note
    assert [] == kit.lay()


def test_the_one_beside_is_brought_up_to_date_too(kit: Kit) -> None:
    """An untouched newer version makes room for a still newer one; a changed one stays as well."""
    kit.mine.write_bytes(notebook("my own work"))
    kit.publish("two")
    kit.lay()
    kit.publish("three")
    assert [(BESIDE, "beside")] == kit.lay()
    assert "three" == texts(kit.beside)[1]
    kit.beside.write_bytes(notebook("my second work"))
    kit.publish("four")
    assert [("1_fundamentals/svm.new-2.ipynb", "beside")] == kit.lay()
    assert ["my second work"] == texts(kit.beside)


def test_a_dismissed_version_stays_away(kit: Kit) -> None:
    """A newer version that the learner deleted does not come back, but the next one does."""
    kit.mine.write_bytes(notebook("my own work"))
    kit.publish("two")
    kit.lay()
    kit.beside.unlink()
    assert [] == kit.lay()
    kit.publish("three")
    assert [(BESIDE, "beside")] == kit.lay()


def test_taking_the_newer_version_over(kit: Kit) -> None:
    """Renamed over the old copy, the newer version counts as unchanged again."""
    kit.mine.write_bytes(notebook("my own work"))
    kit.publish("two")
    kit.lay()
    kit.beside.replace(kit.mine)
    assert [] == kit.lay()
    kit.publish("three")
    assert [(NAME, "updated")] == kit.lay()


def test_a_deleted_copy_is_laid_anew(kit: Kit) -> None:
    """Deleting a copy is how a learner begins anew."""
    kit.mine.unlink()
    assert [(NAME, "new")] == kit.lay()


@pytest.mark.parametrize("memory", ["", "[1, 2]", '{"half a'])
def test_without_its_memory_nothing_is_overwritten(kit: Kit, memory: str) -> None:
    """When it is not known what was laid, a copy that differs counts as the learner's."""
    (kit.work / ".pitfalls" / "laid.json").write_text(memory)
    kit.mine.write_bytes(notebook("my own work"))
    kit.publish("two")
    assert [(BESIDE, "beside")] == kit.lay()
    assert ["my own work"] == texts(kit.mine)


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b'{"cells": 3}', b"\xff\xfe", b"<svg/>"])
def test_what_is_no_notebook_is_kept(kit: Kit, broken: bytes) -> None:
    """A copy that cannot be read as a notebook counts as changed."""
    kit.mine.write_bytes(broken)
    kit.publish("two")
    assert [(BESIDE, "beside")] == kit.lay()
    assert broken == kit.mine.read_bytes()


def test_other_files_go_along(kit: Kit) -> None:
    """A picture is laid by the same rules; hidden files stay where they are."""
    kit.publish("<svg/>", "1_fundamentals/plane.svg")
    kit.publish("x", ".ipynb_checkpoints/svm-checkpoint.ipynb")
    assert [("1_fundamentals/plane.svg", "new")] == kit.lay()
    (kit.work / "1_fundamentals" / "plane.svg").write_text("<svg>mine</svg>")
    kit.publish("<svg>newer</svg>", "1_fundamentals/plane.svg")
    assert [("1_fundamentals/plane.new.svg", "beside")] == kit.lay()


words = st.sampled_from(["one", "two", "three", "four"])
move = st.one_of(
    st.tuples(st.just("publish"), words),
    st.tuples(st.just("edit mine"), words),
    st.tuples(st.just("edit beside"), words),
    st.tuples(st.just("forget"), words),
)


@settings(deadline=None)
@given(st.lists(move, max_size=12))
def test_no_edit_is_ever_lost(moves: list[tuple[str, str]]) -> None:
    """Whatever comes in whatever order, the learner's bytes stay, and each new version is laid."""
    with TemporaryDirectory() as folder:
        kit = Kit(Path(folder))
        kit.publish("one")
        kit.lay()
        edited: dict[Path, bytes] = {}
        for n, (what, word) in enumerate(moves):
            if what == "publish":
                kit.publish(f"{word} {n}")
            elif what == "forget":
                (kit.work / ".pitfalls" / "laid.json").write_text("")
            else:
                path = kit.mine if what == "edit mine" else kit.beside
                edited[path] = notebook(f"{word}, and mine {n}")
                path.write_bytes(edited[path])
            kit.lay()
            assert edited == {path: path.read_bytes() for path in edited}
            if what == "publish":
                assert f"{word} {n}" in [texts(path)[-1] for path in kit.work.rglob("*.ipynb")]
