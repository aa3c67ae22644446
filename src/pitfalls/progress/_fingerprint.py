"""Tell one try from another."""

from __future__ import annotations

import ast
import hashlib
import inspect
import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pitfalls.checks import Verdict

__all__ = ["outcome_hash", "source_hash"]


def source_hash(answer: Any) -> str:
    """A fingerprint of an answer's source that comments and layout leave unchanged.

    Parameters
    ----------
    answer : object
        A function or class; of anything else, or where the source is gone, it is "".

    Examples
    --------
    >>> source_hash(3)
    ''
    """
    try:
        source = textwrap.dedent(inspect.getsource(answer))
        source = ast.dump(ast.parse(source))
    except (OSError, TypeError, SyntaxError):
        return ""
    return _hash(source)


def outcome_hash(verdict: Verdict) -> str:
    """A fingerprint of what a verdict says."""
    got = verdict.evidence.got if verdict.evidence else ""
    return _hash("\n".join((verdict.state, verdict.pitfall or "", verdict.message, got)))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]
