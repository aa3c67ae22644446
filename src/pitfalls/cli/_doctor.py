"""`pitfalls doctor`: say what this machine can do."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import metadata

import click

__all__ = ["command"]

_GB = 2**30


@click.command("doctor")
def command() -> None:
    """Say whether this machine can grade, and how much at once.

    Tries a sandbox and starts a kernel in it. Ends with 0 if submissions can be graded here, else
    with 1 and the sentence that says what is missing.
    """
    from pitfalls.grading._limits import Limits
    from pitfalls.grading._sandbox import sandbox_problem

    _tell("Python", f"{platform.python_version()} ({sys.executable})")
    _tell("system", f"{platform.system()} {platform.release()}, {os.cpu_count()} processors")
    for line in _memory(Limits().memory_bytes):
        _tell("memory", line)
    _tell("nbgrader", metadata.version("nbgrader"))
    problem = sandbox_problem()
    if problem is not None:
        _tell("sandbox", "none")
        if sys.platform != "win32":
            problem += " Until then, only 'pitfalls grade --no-sandbox' runs here: NOT ISOLATED."
        raise click.ClickException(problem)
    _tell("sandbox", f"{_bubblewrap()}, as {_user()}; a trial went well")
    _tell("kernel", _kernel())
    click.echo("Submissions can be graded here.")


def _tell(what: str, how: str) -> None:
    click.echo(f"{what:<10}{how}")


def _memory(notebook: int) -> Iterator[str]:
    import psutil

    memory = psutil.virtual_memory()
    room = int(memory.available // notebook)
    yield f"{memory.total / _GB:.1f} GB, {memory.available / _GB:.1f} GB of it free"
    yield f"room for {room} notebooks at once, should each use the {notebook / _GB:g} GB it may"


def _bubblewrap() -> str:
    from pitfalls.grading._sandbox import SYSTEM_PATH

    env = {"PATH": SYSTEM_PATH}
    return subprocess.run(
        ["bwrap", "--version"], env=env, capture_output=True, text=True
    ).stdout.strip()


def _user() -> str:
    return "a user without rights" if os.geteuid() == 0 else "this user"


def _kernel() -> str:
    from pitfalls.grading._kernel import Kernel
    from pitfalls.grading._limits import Limits
    from pitfalls.grading._sandbox import SandboxError

    started = time.monotonic()
    try:
        with Kernel(Limits()) as kernel:
            seconds = time.monotonic() - started
            run = kernel.run("import numpy, pandas, scipy, sklearn, matplotlib.pyplot")
    except SandboxError as error:
        raise click.ClickException(str(error)) from None
    if run.status != "ok":
        said = run.reason or f"{run.outputs[-1].ename}: {run.outputs[-1].evalue}"
        raise click.ClickException(
            f"A kernel runs in the sandbox, but the packages that lessons use do not: {said}"
        )
    return f"starts in the sandbox in {seconds:.1f} s and has the packages that lessons use"
