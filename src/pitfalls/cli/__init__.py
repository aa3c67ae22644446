"""The `pitfalls` command: one private module a subcommand, imported when it is called."""

from importlib import import_module

import click

__all__ = ["main"]

_COMMANDS = {
    "audit": "check every exercise against its pitfalls and its right answers",
    "build": "rebuild the learner notebooks from their sources",
    "course": "make and keep an nbgrader course",
    "demo": "grade a class of made-up submissions, from hand-out to report",
    "doctor": "say what this machine can do",
    "export": "write the scores for Canvas, Moodle or a spreadsheet",
    "grade": "grade the submissions of a chapter",
    "interview": "check the cases of the interviewer",
    "lab": "open JupyterLab on the start page",
    "report": "write the class report of a chapter",
}


class _LazyGroup(click.Group):
    """A group that imports `pitfalls.cli._<command>` only when that command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"pitfalls.cli._{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pitfalls")
def main() -> None:
    """Pitfalls: a hands-on kit for machine-learning interviews."""
