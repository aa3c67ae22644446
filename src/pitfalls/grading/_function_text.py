"""A function as text that defines it anywhere: with its helpers, its imports and its closure."""

from __future__ import annotations

import ast
import builtins
import copy
import dis
import functools
import importlib.util
import inspect
import math
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["NoTextError", "function_text", "names_around"]


_LESSONS = "pitfalls.lessons."  # which a sandbox does not have


class NoTextError(ValueError):
    """Raised for a function that cannot be written down; the message is one sentence."""


def function_text(function: Callable[..., Any], name: str) -> str:
    """Python text that defines `name` as this function, and nothing else.

    Helpers of the function's own module (and of modules that it imports with a dot) come along;
    everything is wrapped in one function, so two such texts never meet.

    Parameters
    ----------
    function : callable
        A function, a lambda, a closure or a partial of one, whose module lies on disk.
    name : str

    Raises
    ------
    NoTextError
        When it depends on a value that has no text.

    Examples
    --------
    >>> function_text(iter(()).__next__, "next_one")
    Traceback (most recent call last):
    pitfalls.grading._function_text.NoTextError: A method-wrapper has no text.
    >>> scope = {}
    >>> exec(function_text(_parameters, "listed"), scope)
    >>> [argument.arg for argument in scope["listed"](_expression("lambda a, *b: 0").args)]
    ['a', 'b']
    """
    writer = _Writer()
    value = writer.value(function)
    body = [*writer.statements, ast.Return(value)]
    maker = f"_make_{name}"
    call = ast.Call(ast.Name(maker, ast.Load()), [], [])
    module = ast.Module(
        [_def(maker, [], body), ast.Assign([ast.Name(name, ast.Store())], call)], []
    )
    return ast.unparse(ast.fix_missing_locations(module))


class _Writer:
    """Collects the statements that a value needs."""

    def __init__(self) -> None:
        self.statements: list[ast.stmt] = []
        self._written: dict[str, str] = {}
        self._closures = 0

    def value(self, it: Any) -> ast.expr:
        """An expression for a value, once the statements before it have run."""
        if isinstance(it, functools.partial):
            words = [ast.keyword(key, self.value(value)) for key, value in it.keywords.items()]
            partial = _expression("__import__('functools').partial")
            return ast.Call(partial, [self.value(it.func), *map(self.value, it.args)], words)
        if isinstance(it, types.FunctionType):
            return self._function(it)
        if isinstance(it, types.ModuleType):
            return _expression(f"__import__('importlib').import_module({it.__name__!r})")
        if isinstance(it, np.ndarray) and it.dtype != object:
            array = _expression("__import__('numpy').array")
            return ast.Call(array, [self.value(it.tolist()), ast.Constant(it.dtype.str)], [])
        if isinstance(it, float) and not math.isfinite(it):
            return _expression(f"float({str(float(it))!r})")
        if isinstance(it, list | tuple):
            made = ast.List if isinstance(it, list) else ast.Tuple
            return made([self.value(item) for item in it], ast.Load())
        if isinstance(it, dict):
            return ast.Dict([self.value(key) for key in it], [self.value(it[key]) for key in it])
        if isinstance(it, set | frozenset):
            return ast.Call(ast.Name(type(it).__name__, ast.Load()), [self.value(sorted(it))], [])
        if callable(it):
            return self._named(it)
        try:
            ast.literal_eval(repr(it))
        except (ValueError, SyntaxError):
            raise NoTextError(f"A {type(it).__name__} has no text.") from None
        return _expression(repr(it))

    def _named(self, it: Any) -> ast.expr:
        """A class of the function's own modules, or what a library has under a name."""
        home, name = getattr(it, "__module__", None), getattr(it, "__qualname__", "")
        module = sys.modules.get(home or "")
        if module is None or functools.reduce(_member, name.split("."), module) is not it:
            raise NoTextError(f"A {type(it).__name__} has no text.")
        if module.__name__.startswith(_LESSONS):
            self._need(Path(str(module.__file__)), name)
            return ast.Name(name, ast.Load())
        return _expression(f"__import__('importlib').import_module({home!r}).{name}")

    def _function(self, function: types.FunctionType) -> ast.expr:
        path = Path(function.__code__.co_filename)
        node = copy.deepcopy(_node_of(function, path))
        for argument in _parameters(node.args):
            argument.annotation = None
        self._defaults(function, node.args)
        cells = function.__closure__ or ()
        free = dict(zip(function.__code__.co_freevars, map(_contents, cells), strict=True))
        free.pop(function.__name__, None)  # it calls itself
        for name in names_around(node):
            if name not in free and name != function.__name__:
                self._need(path, name)
        if isinstance(node, ast.Lambda):
            made: list[ast.stmt] = [ast.Return(node)]
        else:
            node = _bare(node)
            made = [node, ast.Return(ast.Name(node.name, ast.Load()))]
        self._closures += 1
        maker = f"_closure_{self._closures}"
        values = [self.value(value) for value in free.values()]
        self.statements.append(_def(maker, list(free), made))
        return ast.Call(ast.Name(maker, ast.Load()), values, [])

    def _defaults(self, function: types.FunctionType, args: ast.arguments) -> None:
        """What the defaults are, not how they were written: that may name a loop's variable."""
        if function.__defaults__:
            args.defaults = [self.value(value) for value in function.__defaults__]
        words = function.__kwdefaults__ or {}
        args.kw_defaults = [
            self.value(words[argument.arg]) if argument.arg in words else None
            for argument in args.kwonlyargs
        ]

    def _need(self, path: Path, name: str) -> None:
        """Write the statement of a module that defines a name, after those that it needs."""
        statement = _statement(path, name)
        if statement is None:
            if hasattr(builtins, name):
                return
            raise NoTextError(f"Nothing in {path.name} says what {name} is.")
        if isinstance(statement, ast.ImportFrom) and (home := _home(statement, path)):
            alias = next(a for a in statement.names if (a.asname or a.name) == name)
            self._need(home, alias.name)
            if alias.asname and alias.asname != alias.name:
                self._write(name, _assign(name, alias.name))
            return
        if isinstance(statement, ast.Import | ast.ImportFrom):
            alias = next(a for a in statement.names if (a.asname or a.name.split(".")[0]) == name)
            statement = copy.copy(statement)
            statement.names = [alias]
        bare = _bare(copy.deepcopy(statement))
        if name not in self._written:
            self._written[name] = ast.unparse(bare)  # before its helpers: they may call it
            for other in names_around(bare):
                if other != name:
                    self._need(path, other)
            del self._written[name]
        self._write(name, bare)

    def _write(self, name: str, statement: ast.stmt) -> None:
        text = ast.unparse(ast.fix_missing_locations(statement))
        if name not in self._written:
            self._written[name] = text
            self.statements.append(statement)
        elif self._written[name] != text:
            raise NoTextError(f"{name} means two things where it is needed.")


class _NoAnnotations(ast.NodeTransformer):
    """Annotations name types that the text need not know."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.returns = None
        self.generic_visit(node)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        self.generic_visit(node)
        if node.value is None:
            return ast.Pass()
        return ast.Assign([node.target], node.value)


def _bare(node: Any) -> Any:
    return ast.fix_missing_locations(_NoAnnotations().visit(node))


def _parameters(args: ast.arguments) -> Iterator[ast.arg]:
    yield from (*args.posonlyargs, *args.args, *args.kwonlyargs)
    yield from filter(None, (args.vararg, args.kwarg))


def names_around(node: ast.AST) -> list[str]:
    """The names that a statement or lambda takes from around it, in order."""
    bare = _bare(copy.deepcopy(node))
    if isinstance(bare, ast.expr):
        code = compile(ast.Expression(bare), "<names>", "eval")
    else:
        code = compile(ast.Module([bare], []), "<names>", "exec")
    found: dict[str, None] = {}
    _collect(code, found)
    return list(found)


def _collect(code: types.CodeType, found: dict[str, None]) -> None:
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            found.setdefault(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            _collect(constant, found)


@functools.cache
def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except OSError:
        raise NoTextError(f"There is no text at {path}.") from None


def _statement(path: Path, name: str) -> ast.stmt | None:
    """The last top-level statement of a module that binds a name."""
    for statement in reversed(_tree(path).body):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            names = [alias.asname or alias.name.split(".")[0] for alias in statement.names]
        elif isinstance(statement, ast.FunctionDef | ast.ClassDef):
            names = [statement.name]
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            names = [
                node.id
                for target in targets
                for node in ast.walk(target)
                if isinstance(node, ast.Name)
            ]
        else:
            continue
        if name in names:
            return statement
    return None


def _home(statement: ast.ImportFrom, path: Path) -> Path | None:
    """The file of a module whose text must come along: a neighbour, or another lesson."""
    if statement.level:
        folder = path.parents[statement.level - 1]
        place = folder.joinpath(*(statement.module or "").split("."))
        return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    if (statement.module or "").startswith(_LESSONS):
        spec = importlib.util.find_spec(str(statement.module))
        return Path(spec.origin) if spec and spec.origin else None
    return None


def _node_of(function: types.FunctionType, path: Path) -> ast.FunctionDef | ast.Lambda:
    """The syntax that made a function."""
    code = function.__code__
    if function.__name__ != "<lambda>":
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.FunctionDef) and node.name == function.__name__:
                lines = [node.lineno, *(decorator.lineno for decorator in node.decorator_list)]
                if code.co_firstlineno in lines:
                    return node
        raise NoTextError(f"{function.__qualname__} is not in {path.name}.")
    spans = [
        (line, column)
        for line, _, column, _ in code.co_positions()
        if line is not None and column is not None and (line, column) != (code.co_firstlineno, 0)
    ]
    around = [
        node
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Lambda)
        and node.lineno == code.co_firstlineno
        and len(list(_parameters(node.args))) == _count(code)
        and all(_within(span, node.body) for span in spans)
    ]
    if not around:
        raise NoTextError(f"A lambda of line {code.co_firstlineno} is not in {path.name}.")
    return min(around, key=lambda node: len(ast.unparse(node)))


def _count(code: types.CodeType) -> int:
    stars = bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return code.co_argcount + code.co_kwonlyargcount + stars


def _within(span: tuple[int, int], node: ast.expr) -> bool:
    end = (node.end_lineno or 0, node.end_col_offset or 0)
    return (node.lineno, node.col_offset) <= span <= end


def _member(it: Any, name: str) -> Any:
    return getattr(it, name, None)


def _contents(cell: types.CellType) -> Any:
    return cell.cell_contents


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _assign(name: str, value: str) -> ast.stmt:
    return ast.Assign([ast.Name(name, ast.Store())], ast.Name(value, ast.Load()))


def _def(name: str, parameters: list[str], body: list[ast.stmt]) -> ast.FunctionDef:
    args = ast.arguments([], [ast.arg(p) for p in parameters], None, [], [], None, [])
    return ast.FunctionDef(name, args, body, [])
