"""``pitfalls build``: the learner notebooks from their sources."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command("build")
@click.argument("names", nargs=-1, metavar="[CHAPTER/NOTEBOOK]...")
@click.option("--check", is_flag=True, help="Write nothing; fail when a notebook is stale.")
def command(names: tuple[str, ...], check: bool) -> None:
    """Rebuild the learner notebooks in notebooks/ from autograder/exercises/.

    Without a name all are rebuilt, and those whose source is gone are removed.
    """
    from pitfalls import build

    root = build.checkout()
    if root is None:
        raise click.ClickException(
            "This copy of pitfalls has no autograder/exercises to build from; run the command in "
            "a checkout, where `make setup` installs it."
        )
    try:
        changes = build.build(root, names, check=check)
    except build.SourceError as error:
        raise click.ClickException(str(error)) from None
    words = {
        "added": ("missing", changes.added),
        "updated": ("stale", changes.updated),
        "removed": ("without a source", changes.removed),
    }
    for done, (found, paths) in words.items():
        for path in paths:
            click.echo(f"{path}: {found if check else done}")
    if check and changes:
        raise click.ClickException("notebooks/ is not what its sources make; run `pitfalls build`.")
    current = changes.current
    click.echo(f"{current} notebook{'s' * (current != 1)} already current.")
