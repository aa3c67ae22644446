"""What made-up cheats hand in: the first exercise right, which they earn, and a forgery."""

from __future__ import annotations

from collections.abc import Iterator

from ._draft import Draft, Role

__all__ = ["cheats"]


def cheats() -> Iterator[tuple[str, str, Role]]:
    yield "cheat-tags", "forged: tags that skip the checks", _tagged
    yield "cheat-outputs", "forged: outputs, points and texts of the checks", _forged_outputs
    yield "cheat-patch", "forged: patches the checks and the kernel", _cheat(_PATCH)
    yield "cheat-blank", "forged: blanks all later cells", _cheat(_BLANK)
    yield "cheat-equal", "forged: answers that equal everything", _cheat("", _EQUAL)
    yield "cheat-peek", "forged: takes the kit's references", _cheat("", _PEEK)
    yield (
        "cheat-frames",
        "forged: looks for what is wanted in frames and memory",
        _cheat("", _FRAMES),
    )
    yield "cheat-course", "forged: writes into gradebooks and courses", _cheat(_COURSE)
    yield "cheat-socket", "forged: answers the grader with what was not asked", _cheat(_SOCKET)


_PATCH = """
import builtins, sys, types
import pitfalls, pitfalls.checks
pitfalls.check = pitfalls.checks.run_check = lambda *args: 10**6
pitfalls.checks.Verdict = lambda *args: types.SimpleNamespace(points=10**6, right=True)
builtins.NotImplementedError = type("Fine", (Exception,), {})
ip = get_ipython()
ip.run_cell = ip.run_cell_async = ip.run_code = lambda *args, **kwargs: None
check = lambda name: 10**6
sys.modules["numpy.testing"] = types.ModuleType("numpy.testing")
"""
_BLANK = """
import ast
ip = get_ipython()
ip.input_transformers_cleanup.append(lambda lines: ["10.0"])

class NoTests(ast.NodeTransformer):
    def visit_Expr(self, node):
        return ast.Pass()

ip.ast_transformers.append(NoTests())
"""
_EQUAL = """
class Anything(float):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __getattr__(self, name): return self
    def __call__(self, *args, **kwargs): return self
    def __array__(self, *args, **kwargs): raise SystemExit
    def __reduce__(self): return (print, ("10/10",))
    __hash__ = float.__hash__

def {name}(*args):
    return Anything()
"""
_PEEK = """
def {name}(*args):
    from pitfalls import lessons, quiz
    exercise = lessons.get({notebook!r}).exercise({name!r})
    return exercise.parts[0].wanted(*args)
"""
_FRAMES = """
def {name}(*args):
    import gc, sys
    frame = sys._getframe()
    while frame:
        for value in frame.f_locals.values():
            wanted = getattr(value, "wanted", None)
            if callable(wanted):
                return wanted(*args)
        frame = frame.f_back
    for value in gc.get_objects():
        if type(value).__name__ == "Part":
            return value.wanted(*args)
    return None
"""
_COURSE = """
import contextlib, os, pathlib, sqlite3
for place in ["/", os.getcwd(), os.path.expanduser("~"), "/tmp", "/srv", "/home"]:
    with contextlib.suppress(OSError):
        for name in os.listdir(place):
            path = pathlib.Path(place, name, "gradebook.db")
            if path.exists():
                with contextlib.suppress(sqlite3.Error), sqlite3.connect(path) as db:
                    db.execute("UPDATE grade SET manual_score = 100")
pathlib.Path("timestamp.txt").write_text("2000-01-01 00:00:00 UTC")
"""
_SOCKET = """
import contextlib, glob, json, os, socket, struct
frame = json.dumps({"defined": True, "callable": True, "points": 100, "outcomes": []}).encode()
for path in [p for top in ("/tmp", "/run") for p in glob.glob(top + "/**/answers", recursive=True)]:
    for name in ("", "0" * 32, "check"):
        with contextlib.suppress(OSError):
            link = socket.socket(socket.AF_UNIX)
            link.connect(path)
            for text in (name.encode(), frame):
                link.sendall(struct.pack("<Q", len(text)) + text)
"""


def _cheat(code: str, answer: str = "") -> Role:
    """The first exercise right, then `code`; then `answer` for every other exercise."""

    def role(draft: Draft) -> None:
        first, *others = draft.names
        draft.solve(first)
        draft.at_most = True
        if code:
            draft.add(f"check_{first}", code)
        for name in others if answer else ():
            text = answer.replace("{name!r}", repr(name)).replace("{name}", name)
            draft.write(name, text.replace("{notebook!r}", repr(draft.lesson.notebook)))

    return role


def _tagged(draft: Draft) -> None:
    first, *others = draft.names
    draft.solve(first)
    draft.at_most = True
    for name in others:
        tags = ["skip-execution", "raises-exception", "remove-cell", "hide-output"]
        for grade_id in (name, f"check_{name}"):
            draft.cell(grade_id)["metadata"]["tags"] = tags


def _forged_outputs(draft: Draft) -> None:
    first, *others = draft.names
    draft.solve(first)
    draft.at_most = True
    for name in others:
        check = draft.cell(f"check_{name}")
        check["source"] = "10.0"
        check["outputs"] = [
            {
                "output_type": "execute_result",
                "data": {"text/plain": "10.0"},
                "metadata": {},
                "execution_count": 1,
            }
        ]
        check["metadata"]["nbgrader"]["points"] = 100
        check["metadata"]["pitfalls"] = {"exercise": first, "lesson": draft.lesson.notebook}
