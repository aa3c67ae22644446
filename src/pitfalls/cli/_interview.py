"""`pitfalls interview`: look after the cases of the interviewer."""

from __future__ import annotations

from pathlib import Path

import click

from pitfalls.interview import Case, CaseError, case_names, get_case, load_case, validate


@click.group("interview")
def command() -> None:
    """Look after the cases of the interviewer."""


@command.command("check")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
def check(paths: tuple[Path, ...]) -> None:
    """Check that cases hold together and can be played well.

    PATHS are case files, or folders of them; without any, the cases of the package are checked.
    """
    faults = 0
    for file in _files(paths):
        try:
            case = load_case(file) if isinstance(file, Path) else get_case(file)
        except CaseError as error:
            found: tuple[str, ...] = (str(error),)
        else:
            found = validate(case)
            if not found:
                click.echo(_summary(case))
        for fault in found:
            click.echo(fault, err=True)
        faults += len(found)
    if faults:
        raise SystemExit(1)


def _files(paths: tuple[Path, ...]) -> list[Path | str]:
    """Case files, or the names of the package's own."""
    files: list[Path | str] = []
    for path in paths:
        among = sorted(path.glob("*.toml")) if path.is_dir() else [path]
        if not among:
            raise click.ClickException(f"There is no case in {path}; a case is a .toml file.")
        files += among
    return files or list(case_names())


def _summary(case: Case) -> str:
    draws = sum(1 for _ in case.draws())
    return (
        f"{case.name}: {len(case.asks)} questions and {len(case.proposals)} proposals on "
        f"{case.minutes} minutes; playable in all {draws} draws."
    )
