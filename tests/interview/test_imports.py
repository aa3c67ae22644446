import subprocess
import sys


def test_it_costs_no_library() -> None:
    """Playing and scoring bring neither NumPy nor the schema's validator nor a widget along."""
    program = """
import sys
from pitfalls.interview import begin, draft, get_case, score, search
interview = begin(get_case("video"), 1).make("ask_users")
score(interview), draft(interview), search(interview.case, "users")
heavy = {"numpy", "pandas", "jsonschema", "anywidget", "IPython", "click", "pitfalls.checks"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ("[]\n", "") == (done.stdout, done.stderr)


def test_a_mere_import_costs_nothing() -> None:
    """Names are imported when they are first asked for."""
    program = (
        "import sys, pitfalls.interview as i; print('pitfalls.interview._case' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "False\n" == done.stdout


def test_every_name_is_there() -> None:
    """What the package lists can be imported from it, and nothing else."""
    from pitfalls import interview

    assert sorted(interview.__all__) == sorted(interview._HOME)
    for name in interview.__all__:
        assert getattr(interview, name) is not None
    assert not hasattr(interview, "offer")
