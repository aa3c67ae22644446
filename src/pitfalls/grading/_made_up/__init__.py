"""A class of made-up students, each with the score and the pitfalls that grading must find."""

from ._class import Expected, MadeUp, made_up_class

__all__ = ["Expected", "MadeUp", "made_up_class"]
