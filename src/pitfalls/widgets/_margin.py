"""The margin explorer: points to move, and the support vector machine that they make."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from ._static import script, styles

__all__ = ["MarginExplorer"]

_MOST_POINTS = 40  # the browser solves it anew while a point is dragged

# x1, x2, class; both coordinates between -4 and 4
_EXAMPLES: dict[str, list[list[float]]] = {
    "two clouds": [
        *([-2.6, 1.2, -1], [-1.4, 2.6, -1], [-3.0, -0.4, -1], [-1.0, 1.0, -1], [-2.0, -1.6, -1]),
        *([-0.6, -0.8, -1], [2.4, -1.0, 1], [1.2, 0.6, 1], [2.8, 1.4, 1], [1.6, -2.4, 1]),
        *([3.2, -2.6, 1], [1.0, 2.4, 1]),
    ],
    "overlap": [
        *([-2.4, 1.0, -1], [-1.6, -1.4, -1], [-2.8, -2.2, -1], [-0.8, 2.2, -1], [-0.4, 0.2, -1]),
        *([1.4, -0.6, -1], [0.2, -2.0, -1], [2.2, 1.2, 1], [1.2, 2.6, 1], [2.8, -1.6, 1]),
        *([0.6, 0.8, 1], [-1.2, 0.6, 1], [3.2, 0.2, 1], [1.8, -2.8, 1]),
    ],
    "ring": [
        *([0.2, 0.4, -1], [-0.8, 0.6, -1], [0.6, -0.8, -1], [-0.4, -0.6, -1], [0.9, 0.9, -1]),
        *([2.6, 0.4, 1], [1.8, 2.2, 1], [-0.2, 2.8, 1], [-2.2, 1.6, 1], [-2.8, -0.6, 1]),
        *([-1.6, -2.4, 1], [0.4, -2.8, 1], [2.2, -1.8, 1]),
    ],
    "corners": [
        *([-2.2, 2.0, -1], [-1.2, 1.2, -1], [-2.8, 0.9, -1], [2.0, -2.2, -1], [1.2, -1.0, -1]),
        *([2.8, -1.2, -1], [2.2, 1.8, 1], [1.0, 1.4, 1], [2.6, 0.8, 1], [-2.0, -2.0, 1]),
        *([-1.0, -1.4, 1], [-2.8, -1.0, 1]),
    ],
}


class MarginExplorer(anywidget.AnyWidget):
    """Points to move in the browser, with the margin that they make at once.

    The browser trains the machine and draws it; Python holds what was chosen, so that the same
    points can be handed to scikit-learn. Without a browser it does nothing.

    Parameters
    ----------
    example : str, default="two clouds"
        The points to begin with: "two clouds", "overlap", "ring" or "corners".
    **settings
        The attributes below; `points` takes the place of the example.

    Attributes
    ----------
    points : list of [x1, x2, label]
        At most 40, coordinates between -4 and 4, labels -1 and 1.
    C : float, default=1
        The price of a violation.
    kernel : {"linear", "poly", "rbf"}
        As in scikit-learn; "poly" is (x·z + 1)^degree.
    degree : int, default=2
    gamma : float, default=0.5
    figures : dict
        What the browser has found: the width of the margin, the objective, and the indices of the
        support vectors. Empty until it has drawn.

    Raises
    ------
    ValueError
        When there is no such example, or the points are not as above.

    Examples
    --------
    >>> explorer = MarginExplorer("ring", kernel="rbf")
    >>> len(explorer.points), explorer.C, explorer.figures
    (13, 1.0, {})
    """

    _esm = script("margin")
    _css = styles("margin")
    examples = traitlets.Dict(_EXAMPLES, read_only=True).tag(sync=True)
    points: traitlets.List[list[float]] = traitlets.List().tag(sync=True)
    C = traitlets.Float(1.0, min=1e-3, max=1e4).tag(sync=True)
    kernel = traitlets.Enum(["linear", "poly", "rbf"], "linear").tag(sync=True)
    degree = traitlets.Int(2, min=1, max=6).tag(sync=True)
    gamma = traitlets.Float(0.5, min=1e-3, max=1e2).tag(sync=True)
    figures = traitlets.Dict().tag(sync=True)

    def __init__(self, example: str = "two clouds", **settings: Any) -> None:
        if example not in _EXAMPLES:
            raise ValueError(f"There is no example {example!r}; there are {', '.join(_EXAMPLES)}.")
        super().__init__(**{"points": _EXAMPLES[example], **settings})

    def __repr__(self) -> str:
        """What a page without its kernel can say."""
        return f"Margin explorer with {len(self.points)} points: run this cell to open it."

    @traitlets.validate("points")
    def _check_points(self, proposal: Any) -> list[list[float]]:
        try:
            points = [[float(entry) for entry in point] for point in proposal["value"]]
        except (TypeError, ValueError):
            points = []
        if not 1 <= len(points) <= _MOST_POINTS or not all(map(_fits, points)):
            raise ValueError(
                f"The points of a MarginExplorer must be 1 to {_MOST_POINTS} rows [x1, x2, label] "
                f"with -4 ≤ x1, x2 ≤ 4 and label -1 or 1. Got {proposal['value']!s:.80}."
            )
        return points


def _fits(point: list[float]) -> bool:
    return len(point) == 3 and max(map(abs, point[:2])) <= 4 and point[2] in (-1, 1)
