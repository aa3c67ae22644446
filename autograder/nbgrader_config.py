"""The configuration of an nbgrader course that Pitfalls grades.

All of nbgrader's own settings can stand here; what comes after `configure` wins over it.
"""

from pathlib import Path

from pitfalls.grading import configure

c = get_config()  # noqa: F821 - nbgrader defines it

c.CourseDirectory.course_id = "pitfalls"
configure(c, Path(__file__).parent)

# What one notebook may use while it is graded (see autograder/README.md for all limits):
# c.Pitfalls.limits = {"cell_seconds": 60, "memory_bytes": 2 * 2**30}

# What a late submission costs:
# c.LateSubmissionPlugin.penalty_method = "zero"

# Where students fetch and submit, if they use nbgrader's exchange:
# c.Exchange.root = "/srv/nbgrader/exchange"
