"""`pitfalls lab`: lay out the learner's copies and open JupyterLab on the start page."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

__all__ = ["command"]

START = "00_start_here.ipynb"


@click.command(
    "lab",
    context_settings={"ignore_unknown_options": True},
    help="""Open JupyterLab on the start page.

    The notebooks are copied into a work folder first. A copy that you changed is never
    overwritten: a newer version is laid beside it as NAME.new.ipynb.

    All further options go to `jupyter lab`, such as --no-browser or --port 8899.""",
)
@click.option("--prepare-only", is_flag=True, help="Lay out the copies and stop.")
@click.option(
    "--work",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("work"),
    show_default=True,
    help="The folder of your copies and your progress.",
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def command(prepare_only: bool, work: Path, options: tuple[str, ...]) -> None:
    """Lay out the copies, then start JupyterLab in this process."""
    from pitfalls.build._work import lay

    work = work.absolute()
    try:
        laid = lay(_notebooks(), work)
    except OSError as error:
        raise click.ClickException(
            f"The copies in {work} cannot be laid out ({error}); choose another folder with --work."
        ) from None
    for done in laid:
        path = done.path.relative_to(work)
        note = ": you had changed yours, which stays as it is" if done.what == "beside" else ""
        click.echo(f"  {done.what:<8} {path}{note}")
    click.echo(f"Your copies are in {work}")
    if not prepare_only:
        _open_lab(work, options)


def _notebooks() -> Path:
    """The notebooks of the checkout: the one that the package runs from, else the one here."""
    from pitfalls.build import checkout

    roots = [root for root in (checkout(), Path.cwd()) if root is not None]
    for root in roots:
        if (root / "notebooks" / START).is_file():
            return root / "notebooks"
    if roots[0] != Path.cwd():
        raise click.ClickException(
            f"{roots[0]} has no notebooks/{START}: build the notebooks with `pitfalls build`."
        )
    raise click.ClickException(
        "This installation holds the package without the notebooks: get the kit's repository and "
        f"run `pitfalls lab` in it, where notebooks/{START} is."
    )


def _defaults(work: Path) -> Path:
    """A folder of Lab's settings: no question about news, no advice to update what is locked."""
    folder = work / ".pitfalls" / "jupyter"
    path = folder / "labconfig" / "default_setting_overrides.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    quiet = {"checkForUpdates": False, "fetchNews": "false"}
    path.write_text(json.dumps({"@jupyterlab/apputils-extension:notification": quiet}))
    return folder


def _put_first(variable: str, folder: str) -> None:
    os.environ[variable] = os.pathsep.join(filter(None, [folder, os.environ.get(variable)]))


def _open_lab(work: Path, options: tuple[str, ...]) -> None:
    from jupyterlab.labapp import LabApp  # type: ignore[import-untyped]

    # nbgrader and the kernels start programs of this environment by their bare names
    _put_first("PATH", str(Path(sys.executable).parent))
    _put_first("JUPYTER_CONFIG_PATH", str(_defaults(work)))
    os.environ["PITFALLS_WORK"] = str(work)
    os.chdir(work)
    ours = [
        f"--ServerApp.root_dir={work}",
        f"--LabApp.default_url=/lab/tree/{START}",
        "--ServerApp.answer_yes=True",  # one Ctrl-C ends it
    ]
    LabApp.launch_instance(argv=[*ours, *_allowed(options), *options])


def _allowed(options: tuple[str, ...]) -> list[str]:
    """What lets root start Lab, which refuses it otherwise: in a container root is the user."""
    said = any(option.startswith(("--allow-root", "--ServerApp.allow_root")) for option in options)
    if said or getattr(os, "geteuid", lambda: -1)() != 0:  # Windows knows no root
        return []
    click.echo("You are root, and so is all that runs in Lab: start it as a user where you can.")
    return ["--allow-root"]
