import pytest
from click.testing import CliRunner

from pitfalls import build
from pitfalls.cli import main


@pytest.fixture
def run(monkeypatch, tmp_path, twice_lesson):
    """Run `pitfalls build` in the checkout that `tmp_path` plays."""
    monkeypatch.setattr(build, "checkout", lambda: tmp_path)

    def run(*args):
        result = CliRunner().invoke(main, ["build", *args])
        return result.exit_code, result.output

    return run


def test_build_then_check(run, write, twice):
    """A build names what it did; a check fails on a stale notebook and names the way out."""
    write(twice)
    assert (
        0,
        "notebooks/1_numbers/twice.ipynb: added\n0 notebooks already current.\n",
    ) == run()
    assert (0, "1 notebook already current.\n") == run("--check")
    write(twice.replace("$x$", "$y$"))
    code, output = run("--check")
    assert 1 == code
    assert "notebooks/1_numbers/twice.ipynb: stale\n" in output
    assert "run `pitfalls build`" in output
    assert (0, "notebooks/1_numbers/twice.ipynb: updated\n0 notebooks already current.\n") == run(
        "1_numbers/twice"
    )


def test_faults_are_sentences(run, write, twice, monkeypatch):
    """A fault of a source, an unknown name, an installed copy: one line, exit code 1."""
    write(twice.replace("points=6", "points=7"))
    answers = [run(), run("nowhere")]
    monkeypatch.setattr(build, "checkout", lambda: None)
    answers.append(run())
    for (code, output), part in zip(
        answers, ("twice.py, line 12: ", "'nowhere'", "run the command in a checkout"), strict=True
    ):
        assert 1 == code
        assert part in output
        assert ("Error: ", 1) == (output[:7], output.count("\n"))
