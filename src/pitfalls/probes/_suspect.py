"""Pipelines to be audited: a plan of whole numbers becomes a function that hides it."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["Suspect"]

Floats = np.ndarray[Any, Any]


class Suspect:
    """A pipeline to practise on: ``suspect(X, y, train, test)`` predicts the test rows.

    It may leak, in ways that its plan says and its looks do not: a ridge regression on
    standardised columns, pressed together by tanh.

    Parameters
    ----------
    plan : list of int
        Five whole numbers:

        - how it scales: 0 with the training rows, 1 with all rows, 2 the rows to predict by
          themselves, 3 not at all;
        - whether it adds up the columns, weighted by their correlation with the target: 0 no, 1
          with that of the training rows, 2 with that of all rows;
        - which rows it fits: 0 the training rows, 1 the rows to predict as well;
        - whether it fits a trend to the rows' places in the table: 0 no, 1 yes;
        - whether it wobbles: 0 no, 1 by at most 0.00002 either way.

    Examples
    --------
    >>> X, y = np.arange(12.0).reshape(6, 2), np.array([0, 1, 0, 1, 0, 1])
    >>> Suspect([0, 0, 0, 0, 0])(X, y, [0, 1, 2, 3], [4, 5]).shape
    (2,)
    """

    def __init__(self, plan: Any = (0, 0, 0, 0, 0)) -> None:
        self.plan = plan

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The plan, as scikit-learn asks for parameters."""
        return {"plan": self.plan}

    def __repr__(self) -> str:
        return "a pipeline"

    def __call__(self, X: Any, y: Any, train: Any, test: Any) -> Floats:
        """Predict the rows `test` after learning from the rows `train`."""
        scaling, choosing, targets, number, wobble = (int(step) for step in self.plan)
        X, y = np.array(X, dtype=float), np.array(y, dtype=float)  # copies: the caller's stay
        fit, ask = np.asarray(train, dtype=int), np.asarray(test, dtype=int)
        rows = np.arange(len(X))
        known = {0: fit, 1: rows, 2: fit, 3: fit}[scaling]
        middle, spread = X[known].mean(axis=0), X[known].std(axis=0) + 1e-9
        if scaling == 3:
            middle, spread = 0 * middle, 1 + 0 * spread
        Z, A = (X[fit] - middle) / spread, (X[ask] - middle) / spread
        if scaling == 2:
            A = (X[ask] - X[ask].mean(axis=0)) / (X[ask].std(axis=0) + 1e-9)
        Z, A = np.tanh(Z), np.tanh(A)
        if choosing:
            seen = fit if choosing == 1 else rows
            lift = np.corrcoef(X[seen].T, y[seen])[-1, :-1]
            Z, A = (Z @ lift)[:, None], (A @ lift)[:, None]
        goal, place = y[fit], (rows / len(X)) ** 3
        trend = np.polyfit(place[fit], goal, 1) if number else np.zeros(2)
        goal = goal - np.polyval(trend, place[fit])
        if targets == 1:
            Z, goal = np.vstack([Z, A]), np.r_[goal, y[ask] - np.polyval(trend, place[ask])]
        centre, middle = Z.mean(axis=0), goal.mean()
        weights = np.linalg.solve(
            (Z - centre).T @ (Z - centre) + 0.5 * len(Z) * np.eye(Z.shape[1]),
            (Z - centre).T @ (goal - middle),
        )
        said = middle + (A - centre) @ weights + np.polyval(trend, place[ask])
        if wobble:
            said = said + np.random.default_rng().uniform(-2e-5, 2e-5, len(said))
        return np.asarray(said)
