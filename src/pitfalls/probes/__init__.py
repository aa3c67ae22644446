"""Behavioural leak probes, for any scikit-learn-compatible estimator and for plain functions.

A probe changes what must not matter and looks at what changes. It reads no source code, so it
works on anything that can be called; and it gives evidence (which rows, which columns, how much)
in a `Finding`, which is true when it leaks.

=============================================  ====================================================
Question                                       Probe
=============================================  ====================================================
Is something learned from the test rows?       `train_depends_on_test`, `fit_depends_on_test`,
                                               `use_changes_fit`
Do rows of a batch see one another?            `row_depends_on_batch`
Do targets reach where they must not?          `random_target_scores`, `row_depends_on_own_target`
Do related rows stand on both sides?           `groups_on_both_sides`, `days_on_both_sides`,
                                               `duplicates_on_both_sides`, `train_after_test`
Is a column known when one predicts?           `outcome_known_too_late`, `future_reaches_past`,
                                               `column_predicts_alone` (a suspicion only)
=============================================  ====================================================

`Suspect` makes pipelines with known leaks, to try a detector on.

No probe changes the data or the estimator that it is given. Silence is not proof of honesty: a
probe sees the leaks that it asks about, on the rows that it is given.
"""

from ._batch import row_depends_on_batch
from ._finding import Finding
from ._known import column_predicts_alone, future_reaches_past, outcome_known_too_late
from ._learned import fit_depends_on_test, train_depends_on_test, use_changes_fit
from ._split import (
    days_on_both_sides,
    duplicates_on_both_sides,
    groups_on_both_sides,
    train_after_test,
)
from ._suspect import Suspect
from ._target import random_target_scores, row_depends_on_own_target

__all__ = [
    "Finding",
    "Suspect",
    "column_predicts_alone",
    "days_on_both_sides",
    "duplicates_on_both_sides",
    "fit_depends_on_test",
    "future_reaches_past",
    "groups_on_both_sides",
    "outcome_known_too_late",
    "random_target_scores",
    "row_depends_on_batch",
    "row_depends_on_own_target",
    "train_after_test",
    "train_depends_on_test",
    "use_changes_fit",
]
