"""The tradeoff explorer: four sliders, and what they do to bias, variance and noise."""

from __future__ import annotations

import anywidget
import traitlets

from ._static import script, styles

__all__ = ["TradeoffExplorer"]


class TradeoffExplorer(anywidget.AnyWidget):
    """A hundred fits to a hundred samples, their mean, the truth, and the terms of the test error.

    The browser draws the samples, fits a ridge polynomial to each and takes the test error apart;
    Python holds the settings. Without a browser it does nothing.

    Attributes
    ----------
    degree : int, default=3
        Of the polynomial, 0 to 15; its basis are the Chebyshev polynomials.
    noise : float, default=0.3
        Standard deviation of the labels around the truth, 0 to 1.
    rows : int, default=30
        Rows of a sample, 20 to 200.
    lam : float, default=0
        The penalty: each fit minimises RSS + lam · (sum of its squared coefficients, without the
        constant's).
    seed : int, default=0
        Which samples are drawn.
    figures : dict
        What the browser has found: ``bias2``, ``variance``, ``noise``, their sum ``error``, and
        ``measured``, the error on fresh labels. Empty until it has drawn.

    Examples
    --------
    >>> explorer = TradeoffExplorer(degree=9, lam=0.1)
    >>> explorer.degree, explorer.rows, explorer.figures
    (9, 30, {})
    """

    _esm = script("tradeoff")
    _css = styles("tradeoff")
    degree = traitlets.Int(3, min=0, max=15).tag(sync=True)
    noise = traitlets.Float(0.3, min=0, max=1).tag(sync=True)
    rows = traitlets.Int(30, min=20, max=200).tag(sync=True)
    lam = traitlets.Float(0.0, min=0, max=1000).tag(sync=True)
    seed = traitlets.Int(0, min=0, max=2**20).tag(sync=True)
    figures = traitlets.Dict().tag(sync=True)

    def __repr__(self) -> str:
        """What a page without its kernel can say."""
        return f"Tradeoff explorer at degree {self.degree}: run this cell to open it."
