"""A log per submission: what the engine did with it, and when; for the instructor alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ._records import Result

__all__ = ["LOGS", "log_results"]

LOGS = "logs"


def log_results(root: Path, student: str, chapter: str, results: list[Result]) -> None:
    """Append to ``logs/<chapter>/<student>.log`` what a run came to.

    An entry has the time, the notebook, how it went, its score and its seconds, then a line for
    each exercise and for each note. The gradebook is what counts; this tells how it came about.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> failed = Result("svm", "failed", "", notes=("The file is empty.",))
    >>> with TemporaryDirectory() as root:
    ...     log_results(Path(root), "ann", "1_fundamentals", [failed])
    ...     text = Path(root, "logs", "1_fundamentals", "ann.log").read_text()
    >>> print(text.partition(" ")[2])
    svm: failed in 0.00 s
        The file is empty.
    """
    path = root / LOGS / chapter / f"{student}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    with path.open("a", encoding="utf-8") as log:
        log.writelines(f"{now} {_entry(result)}" for result in results)


def _entry(result: Result) -> str:
    verdicts = result.verdicts.items()
    earned = f", {sum(v.points for _, v in verdicts):g} points" if verdicts else ""
    lines = [f"{result.notebook}: {result.status}{earned} in {result.seconds:.2f} s"]
    for name, verdict in verdicts:
        pitfall = f" ({verdict.pitfall})" if verdict.pitfall else ""
        got = f"{verdict.points:g} of {verdict.max_points:g}"
        lines.append(f"    {name}: {verdict.state}{pitfall}, {got}")
    lines += [f"    {note}" for note in result.notes]
    return "\n".join(lines) + "\n"
