from pathlib import Path
from types import ModuleType

import pytest

from pitfalls.progress import source_hash


def defined(tmp_path: Path, name: str, text: str) -> object:
    """The function f of a text, with its source where `inspect` finds it."""
    path = tmp_path / f"{name}.py"
    path.write_text(text)
    module = ModuleType(name)
    exec(compile(text, str(path), "exec"), vars(module))
    found: object = module.f
    return found


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("def f(x):\n\n    # twice\n    return (x + x)\n", True),
        ("def f(x):\n    return x * x\n", False),
    ],
)
def test_layout_is_no_change(tmp_path: Path, other: str, same: bool) -> None:
    """Comments, blank lines and brackets leave the fingerprint alone; another answer does not."""
    one = source_hash(defined(tmp_path, "one", "def f(x):\n    return x + x\n"))
    assert one
    assert same == (one == source_hash(defined(tmp_path, "other", other)))


@pytest.mark.parametrize("answer", [None, 3, len, "text"])
def test_no_source_is_no_fingerprint(answer: object) -> None:
    """What has no Python source has an empty fingerprint and raises nothing."""
    assert source_hash(answer) == ""
