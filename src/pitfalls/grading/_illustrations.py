"""Which cells of a rebuilt notebook need not run: the instructor's illustrations.

An author tags a cell ``illustration`` when it shows something (a picture, a measurement) and
changes nothing but the names it binds. Such a cell decides no score unless code that runs reads
one of those names; and in a finished lesson such cells are nearly all of the running time.
"""

from __future__ import annotations

import ast
import dis
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import CodeType

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

__all__ = ["ILLUSTRATION", "needless"]

ILLUSTRATION = "illustration"
# Whoever reads one of these may read any name: of IPython's own, `_` and its like hold outputs.
_READS_ALL = re.compile(
    r"eval|exec|globals|locals|vars|dir|get_ipython|__main__|In|Out|_+|_(i+|[iod]h|i?\d+)"
)
_AT_ONCE = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")  # run where they stand
_LOADS = ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS", "DELETE_NAME")


def needless(cells: Sequence[NotebookNode]) -> set[int]:
    r"""The positions of the illustrations that no cell that runs reads from, wherever it stands.

    Parameters
    ----------
    cells : sequence of NotebookNode
        As `rebuild` returns them: a tag among them is the instructor's, on unchanged text.

    Returns
    -------
    set of int
        Empty where some code may read names that its text does not tell (``eval``, a magic).

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell
    >>> shown = {"tags": ["illustration"]}
    >>> picture = new_code_cell("figure = draw(x)", metadata=shown)
    >>> sample = new_code_cell("sample = draw(x)", metadata=shown)
    >>> needless([picture, sample, new_code_cell("def mean():\n    return sum(sample) / 9")])
    {0}
    """
    code = {i: cell for i, cell in enumerate(cells) if cell.cell_type == "code"}
    names = {i: _names(cell.source) for i, cell in code.items()}
    resting = {i for i, cell in code.items() if ILLUSTRATION in cell.metadata.get("tags", [])}
    while True:
        read = set().union(*(names[i].read for i in names.keys() - resting))
        if any(_READS_ALL.fullmatch(name) for name in read):
            return set()
        wanted = {i for i in resting if names[i].bound & read}
        if not wanted:
            return resting
        resting -= wanted


@dataclass
class _Names:
    """The names that a cell binds, or changes a part of, and those it needs from other cells."""

    bound: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)


@lru_cache(1000)  # a class hands in the same instructor's cells
def _names(source: str) -> _Names:
    names = _Names()
    try:
        tree = ast.parse(TransformerManager().transform_cell(source))  # type: ignore[no-untyped-call]
        _follow(compile(tree, "cell", "exec"), names, late=False)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        names.read.add("eval")  # it may be code that only IPython can run
    else:
        names.bound |= set(_changed(tree))
    return names


def _follow(code: CodeType, names: _Names, *, late: bool) -> None:
    """Note what code binds and reads, in the order of its instructions.

    What a cell has bound before it reads it there, it needs from no other cell; but a function
    runs late, when another cell may have bound the name anew.
    """
    for step in dis.get_instructions(code):
        if isinstance(step.argval, CodeType):
            _follow(step.argval, names, late=late or step.argval.co_name not in _AT_ONCE)
        elif step.opname in _LOADS and (late or step.argval not in names.bound):
            names.read.add(step.argval)
        elif step.opname == ("STORE_GLOBAL" if late else "STORE_NAME"):
            names.bound.add(step.argval)


def _changed(tree: ast.AST) -> Iterator[str]:
    """Whose parts are assigned to, as in ``table["rank"] = 1``: as good as bound anew."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            part: ast.expr = node
            while isinstance(part, ast.Attribute | ast.Subscript):
                part = part.value
            if isinstance(part, ast.Name):
                yield part.id
