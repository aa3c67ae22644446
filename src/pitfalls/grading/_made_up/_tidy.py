"""What a made-up notebook needs of the lesson: the rest is cleared away, so a class grades fast."""

from __future__ import annotations

import ast

import numpy as np

from pitfalls.checks import Named
from pitfalls.grading._function_text import function_text, names_around

from ._draft import RIGHT, Draft

__all__ = ["stand_alone", "tidy_up"]


def tidy_up(draft: Draft) -> None:
    """Keep of the lesson's own cells the statements that answers and checks rest on."""
    cases = [
        case
        for exercise in draft.lesson.exercises
        for part in exercise.parts
        for case in part.cases(np.random.default_rng(0))
    ]
    needed = {it.name for case in cases for it in case.args if isinstance(it, Named)}
    for cell in reversed(draft.cells):
        tagged = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] != "code" or tagged.get("grade"):
            continue
        source = "".join(cell["source"])
        try:
            statements = ast.parse(source).body
        except SyntaxError:
            continue
        own = cell["id"].startswith("own-")  # a part of the story
        if not (own or tagged.get("solution") or tagged.get("locked")):
            kept = []
            for statement in reversed(statements):
                if _touched(statement) & needed:
                    kept.append(statement)
                    needed |= set(names_around(statement))
            statements = kept[::-1]
            cell["source"] = "\n".join(map(ast.unparse, statements))
        needed |= {name for statement in statements for name in names_around(statement)}


def _touched(statement: ast.stmt) -> set[str]:
    """The names that a statement binds, or changes through an item, an attribute or a method."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.split(".")[0] for alias in statement.names}
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return _root(statement.value.func)
    stored = [
        node
        for node in ast.walk(statement)
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript)
        and isinstance(node.ctx, ast.Store)
    ]
    return set().union(*map(_root, stored))


def _root(node: ast.expr) -> set[str]:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def stand_alone(draft: Draft) -> None:
    """Let one mistake cost one exercise.

    A solution that calls another exercise's answer, which is not right here, gives way to a right
    answer that brings all it needs.
    """
    right = {name for name, earned in draft.earns.items() if earned == RIGHT}
    for name in right:
        if draft.cell(name)["source"] != draft.right[name]:
            continue
        statements = ast.parse(draft.right[name]).body
        read = {it for statement in statements for it in names_around(statement)}
        if read & set(draft.names) - right:
            draft.write(name, function_text(draft.others[name][0], name))
