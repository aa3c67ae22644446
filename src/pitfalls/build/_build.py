"""Keep `notebooks/` equal to what its sources make."""

from __future__ import annotations

import json
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from ._expand import expand
from ._handouts import handouts
from ._release import release
from ._source import SourceError, find

__all__ = ["Changes", "build"]


@dataclass
class Changes:
    """What a build found different.

    Attributes
    ----------
    added, updated, removed : list of str
        Learner notebooks relative to the root, such as ``notebooks/1_fundamentals/svm.ipynb``.
    current : int
        How many were as they should be.
    """

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    current: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.updated or self.removed)


def build(root: Path, names: Sequence[str] = (), *, check: bool = False) -> Changes:
    """Make the learner notebooks from their sources, and remove those whose source is gone.

    Parameters
    ----------
    root : pathlib.Path
        The checkout: ``autograder/exercises`` is read, ``notebooks`` is written.
    names : sequence of str, optional
        Chapters (``"1_fundamentals"``) or notebooks (``"1_fundamentals/svm"``); by default all.
    check : bool, default=False
        Only compare; write nothing.

    Returns
    -------
    Changes

    Raises
    ------
    SourceError
        When a source does not hold together or a name is not known; then nothing is written.
    """
    sources = find(root / "autograder" / "exercises")
    quizzes = handouts(root / "autograder" / "exercises")
    target = root / "notebooks"
    changes = Changes()
    with TemporaryDirectory() as folder:
        made = Path(folder)
        chosen = _choose(list(sources), names)
        release({key: expand(sources[key]) for key in chosen}, made)
        texts = {f"{key}.ipynb": (made / f"{key}.ipynb").read_bytes() for key in chosen}
    texts |= {f"{key}.quiz.json": text for key, text in quizzes.items() if key in chosen}
    for name, text in texts.items():
        path = target / name
        if path.exists() and path.read_bytes() == text:
            changes.current += 1
            continue
        (changes.updated if path.exists() else changes.added).append(_shown(path, root))
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
    if not names:
        for path in _orphans(target, {*sources, *quizzes}):
            changes.removed.append(_shown(path, root))
            if not check:
                path.unlink()
                if path.parent != target and not any(path.parent.iterdir()):
                    path.parent.rmdir()
    return changes


def _choose(keys: Sequence[str], names: Sequence[str]) -> list[str]:
    """The keys that the names ask for."""
    wanted = [name.strip("/").removesuffix(".ipynb").removesuffix(".py") for name in names]
    for name in wanted:
        if not any(key == name or key.startswith(f"{name}/") for key in keys):
            raise SourceError(
                f"There is no notebook or chapter {name!r}; there are {', '.join(keys) or 'none'}."
            )
    return [
        key
        for key in keys
        if not wanted or any(key == name or key.startswith(f"{name}/") for name in wanted)
    ]


def _orphans(target: Path, keys: Set[str]) -> list[Path]:
    """What a build made and whose source is gone; anyone else's notebooks are left alone."""
    orphans = [
        path
        for path in sorted(target.glob("*/*.quiz.json"))
        if f"{path.parent.name}/{path.name.removesuffix('.quiz.json')}" not in keys
    ]
    for path in sorted([*target.glob("*.ipynb"), *target.glob("*/*.ipynb")]):
        key = path.relative_to(target).with_suffix("").as_posix()
        if key not in keys and not path.parent.name.startswith(".") and _ours(path):
            orphans.append(path)
    return orphans


def _ours(path: Path) -> bool:
    try:
        return "source" in json.loads(path.read_bytes())["metadata"]["pitfalls"]
    except (ValueError, KeyError, TypeError):
        return False


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
