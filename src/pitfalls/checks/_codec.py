"""Plain data as bytes: JSON with exact types, arrays as dtype + shape + raw bytes.

Nothing here can build an arbitrary object: a reader of untrusted bytes gets numbers, text,
containers, arrays, tables and the request markers, or a `FrameError`. A marker says what to make
and stays data here; it is made in `_respond`, beside the answer.
"""

from __future__ import annotations

import json
import math
import struct
import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = [
    "MAX_FRAME_BYTES",
    "Clock",
    "FrameError",
    "Named",
    "NotPlainError",
    "Recipe",
    "Seeded",
    "decode",
    "encode",
]

MAX_FRAME_BYTES = 64 * 2**20
_MAX_NODES = 2_000_000
_ARRAY_KINDS = frozenset("biufcSUmM")
_LENGTH = struct.Struct("<Q")


class NotPlainError(TypeError):
    """Raised by `encode` for a value that is not plain data; the message names its type."""


class FrameError(ValueError):
    """Raised by `decode` for bytes that are not a frame, or for one over its limits."""


@dataclass(frozen=True)
class Seeded:
    """Stands for ``numpy.random.default_rng(seed)``, made fresh where the call is performed."""

    seed: int


@dataclass(frozen=True)
class Named:
    """Stands for a variable of the learner's notebook, looked up where the call is performed."""

    name: str


@dataclass(frozen=True)
class Recipe:
    """Stands for an estimator, made and fitted where the call is performed.

    Attributes
    ----------
    estimator : str
        Where it lives, ``"sklearn.linear_model.Ridge"``; besides scikit-learn only
        ``"pitfalls.probes.Suspect"``.
    parameters : dict
        Its keyword arguments, plain data.
    fit : tuple
        The arguments of its ``fit``, plain data; empty for an estimator that is not fitted.
    """

    estimator: str
    parameters: dict[str, Any] = field(default_factory=dict)
    fit: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Clock:
    """Stands for a ``predict`` whose calls last as long as it is written here.

    No time passes: the function moves the clocks that the calling thread reads from `time` and
    `timeit`. So a measured latency is the same on every machine.

    Attributes
    ----------
    durations : tuple of float
        Of the first call, the second, ..., in seconds; after the last one it starts again.
    per_row : float
        Seconds that each row adds to its call.
    wall_step : float
        Seconds by which the wall clock (``time.time``) is set in every tenth call, as a
        synchronised clock is; the clocks made for measuring never are.
    cpu_share : float
        The part of a call in which the processor works (``time.process_time``).
    new_size : float
        Seconds that a call adds whose number of rows has not come before, as for a model that is
        compiled for each shape.
    """

    durations: tuple[float, ...]
    per_row: float = 0.0
    wall_step: float = 0.0
    cpu_share: float = 1.0
    new_size: float = 0.0


def encode(value: Any) -> bytes:
    """Turn plain data into one frame of bytes.

    Parameters
    ----------
    value : plain data
        None, bool, int, float, complex, str, bytes, list, tuple, dict, set, NumPy scalars and
        arrays (not of objects other than plain ones), pandas Series, Index, DataFrame,
        Timestamp and Timedelta, SciPy sparse matrices, `Seeded`, `Named`, `Recipe`, `Clock`.

    Raises
    ------
    NotPlainError
        For anything else, named by its type.

    Examples
    --------
    >>> decode(encode({"beta": (1, 2.0), "seen": {3}}))
    {'beta': (1, 2.0), 'seen': {3}}
    >>> encode(print)
    Traceback (most recent call last):
    pitfalls.checks._codec.NotPlainError: builtin_function_or_method
    """
    buffers: list[bytes] = []
    try:
        header = json.dumps(_node(value, buffers), separators=(",", ":")).encode()
    except RecursionError:
        raise NotPlainError(f"{type(value).__name__} that is nested too deep") from None
    sizes = [len(header), *map(len, buffers)]
    prefix = b"".join(map(_LENGTH.pack, [len(sizes), *sizes]))
    return b"".join([prefix, header, *buffers])


def decode(frame: bytes, *, max_bytes: int = MAX_FRAME_BYTES) -> Any:
    """Turn a frame back into plain data.

    Parameters
    ----------
    frame : bytes
        What `encode` made, or what an untrusted process sent in its place.
    max_bytes : int, default=64 MiB
        The largest frame that is looked at, in bytes.

    Raises
    ------
    FrameError
        When the bytes are no frame or exceed a limit.
    """
    if len(frame) > max_bytes:
        raise FrameError(f"a frame of {len(frame)} bytes is over the limit of {max_bytes}")
    try:
        header, *buffers = _split(memoryview(frame))
        reader = _Reader(buffers)
        return reader.value(json.loads(bytes(header)))
    except FrameError:
        raise
    except Exception as error:  # noqa: BLE001 - untrusted bytes may trip any library below
        raise FrameError(f"not a frame of plain data ({type(error).__name__})") from None


def _split(view: memoryview) -> list[memoryview]:
    (count,) = _LENGTH.unpack_from(view, 0)
    start = _LENGTH.size * (count + 1)
    if not 1 <= count or start > len(view):
        raise FrameError("a frame with a wrong count of parts")
    sizes = [_LENGTH.unpack_from(view, _LENGTH.size * (i + 1))[0] for i in range(count)]
    if start + sum(sizes) != len(view):
        raise FrameError("a frame whose parts do not add up to its length")
    parts = []
    for size in sizes:
        parts.append(view[start : start + size])
        start += size
    return parts


# --- writing ---------------------------------------------------------------------------------


def _node(value: Any, buffers: list[bytes]) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, np.generic) and not isinstance(value, np.void):
        return {"scalar": _array(np.asarray(value), buffers)}
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, list):
        return [_node(item, buffers) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [_node(item, buffers) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[_node(k, buffers), _node(v, buffers)] for k, v in value.items()]}
    if isinstance(value, (set, frozenset)):
        return {"set": [_node(item, buffers) for item in sorted(value, key=repr)]}
    if isinstance(value, np.ndarray):
        return {"array": _array(value, buffers)}
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    if isinstance(value, (bytes, bytearray)):
        buffers.append(bytes(value))
        return {"bytes": len(buffers) - 1}
    if isinstance(value, Seeded):
        return {"seeded": value.seed}
    if isinstance(value, Named):
        return {"named": value.name}
    if isinstance(value, Recipe):
        given = [_node(part, buffers) for part in (value.parameters, value.fit)]
        return {"recipe": value.estimator, "given": given}
    if isinstance(value, Clock):
        rest = [value.per_row, value.wall_step, value.cpu_share, value.new_size]
        return {"clock": [list(value.durations), *rest]}
    if isinstance(value, range):
        return {"range": [value.start, value.stop, value.step]}
    return _library_node(value, buffers)


def _library_node(value: Any, buffers: list[bytes]) -> Any:
    """Tables and sparse matrices; a library that is not loaded cannot have made the value."""
    pd = sys.modules.get("pandas")
    if pd is not None:
        if value is pd.NA:
            return {"na": 0}
        if value is pd.NaT:
            return {"nat": 0}
        if isinstance(value, pd.Timestamp):
            return {"timestamp": _column(pd.Index([value]), buffers)}
        if isinstance(value, pd.Timedelta):
            return {"timedelta": _column(pd.Index([value]), buffers)}
        if isinstance(value, pd.DataFrame):
            columns = [_column(value.iloc[:, i], buffers) for i in range(value.shape[1])]
            return {
                "frame": columns,
                "columns": _index(value.columns, buffers),
                "index": _index(value.index, buffers),
            }
        if isinstance(value, pd.Series):
            name = _node(value.name, buffers)
            return {
                "series": _column(value, buffers),
                "name": name,
                "index": _index(value.index, buffers),
            }
        if isinstance(value, pd.Index):
            return {"index": _index(value, buffers)}
        if isinstance(value, pd.api.extensions.ExtensionArray):
            return {"extension": _column(pd.Series(value), buffers)}
    sparse = sys.modules.get("scipy.sparse")
    if sparse is not None and sparse.issparse(value):
        csr = sparse.csr_array(value)
        parts = [_array(part, buffers) for part in (csr.data, csr.indices, csr.indptr)]
        return {"sparse": parts, "shape": list(csr.shape)}
    raise NotPlainError(type(value).__name__)


def _array(array: np.ndarray[Any, Any], buffers: list[bytes]) -> list[Any]:
    if type(array) is not np.ndarray and not isinstance(array, np.memmap):
        raise NotPlainError(type(array).__name__)
    shape = list(array.shape)
    if array.dtype.kind == "O":
        return ["O", shape, [_node(item, buffers) for item in array.ravel().tolist()]]
    if array.dtype.kind not in _ARRAY_KINDS:
        raise NotPlainError(f"array of {array.dtype}")
    buffers.append(np.ascontiguousarray(array).tobytes())
    return [array.dtype.str, shape, len(buffers) - 1]


def _index(index: Any, buffers: list[bytes]) -> Any:
    pd = sys.modules["pandas"]
    names = [_node(name, buffers) for name in index.names]
    if isinstance(index, pd.MultiIndex):
        levels = [_column(index.get_level_values(i), buffers) for i in range(index.nlevels)]
        return {"levels": levels, "names": names}
    if isinstance(index, pd.RangeIndex):
        return {"range": [index.start, index.stop, index.step], "names": names}
    return {"levels": [_column(index, buffers)], "names": names, "flat": True}


def _column(values: Any, buffers: list[bytes]) -> list[Any]:
    """One column: a kind, and what that kind needs to be rebuilt."""
    pd = sys.modules["pandas"]
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        codes = np.asarray(values.cat.codes if hasattr(values, "cat") else values.codes)
        categories = _column(dtype.categories, buffers)
        return ["categorical", _array(codes, buffers), categories, bool(dtype.ordered)]
    if isinstance(dtype, pd.DatetimeTZDtype):
        ticks = values.dt.tz_convert("UTC") if hasattr(values, "dt") else values.tz_convert("UTC")
        naive = ticks.dt.tz_localize(None) if hasattr(ticks, "dt") else ticks.tz_localize(None)
        return ["zoned", _array(naive.to_numpy(), buffers), str(dtype.tz)]
    if isinstance(dtype, np.dtype) and dtype.kind in _ARRAY_KINDS:
        return ["plain", _array(values.to_numpy(), buffers)]
    if isinstance(dtype, pd.SparseDtype):
        return ["plain", _array(np.asarray(values), buffers)]
    if getattr(dtype, "na_value", None) is pd.NA and getattr(dtype, "kind", "O") in "biuf":
        missing = np.asarray(values.isna())
        filled = values.fillna(False if dtype.kind == "b" else 0).to_numpy(dtype=dtype.numpy_dtype)
        return ["masked", _array(filled, buffers), _array(missing, buffers), str(dtype)]
    if getattr(dtype, "kind", "") == "O" or isinstance(dtype, pd.StringDtype):
        return ["items", [_node(item, buffers) for item in values.tolist()], str(dtype)]
    raise NotPlainError(f"column of {dtype}")


# --- reading ---------------------------------------------------------------------------------


class _Reader:
    """Rebuilds values from nodes; every size is checked against what really came."""

    def __init__(self, buffers: list[memoryview]) -> None:
        self._buffers = buffers
        self._nodes = 0

    def value(self, node: Any) -> Any:
        self._nodes += 1
        if self._nodes > _MAX_NODES:
            raise FrameError(f"more than {_MAX_NODES} values in one frame")
        if node is None or isinstance(node, (bool, int, float, str)):
            return node
        if isinstance(node, list):
            return [self.value(item) for item in node]
        kind = next(iter(node))
        return getattr(self, f"_read_{kind}")(node)

    def _read_tuple(self, node: Any) -> Any:
        return tuple(self.value(item) for item in node["tuple"])

    def _read_dict(self, node: Any) -> Any:
        return {self.value(k): self.value(v) for k, v in node["dict"]}

    def _read_set(self, node: Any) -> Any:
        return {self.value(item) for item in node["set"]}

    def _read_complex(self, node: Any) -> Any:
        real, imag = node["complex"]
        return complex(float(real), float(imag))

    def _read_bytes(self, node: Any) -> Any:
        return bytes(self._buffer(node["bytes"]))

    def _read_seeded(self, node: Any) -> Any:
        return Seeded(int(node["seeded"]))

    def _read_named(self, node: Any) -> Any:
        return Named(str(node["named"]))

    def _read_recipe(self, node: Any) -> Any:
        parameters, fit = (self.value(part) for part in node["given"])
        return Recipe(str(node["recipe"]), dict(parameters), tuple(fit))

    def _read_clock(self, node: Any) -> Any:
        durations, *rest = node["clock"]
        return Clock(tuple(map(float, durations)), *map(float, rest))

    def _read_range(self, node: Any) -> Any:
        return range(*(int(part) for part in node["range"]))

    def _read_array(self, node: Any) -> Any:
        return self._array(node["array"])

    def _read_scalar(self, node: Any) -> Any:
        return self._array(node["scalar"])[()]

    def _read_na(self, node: Any) -> Any:
        import pandas as pd

        return pd.NA

    def _read_nat(self, node: Any) -> Any:
        import pandas as pd

        return pd.NaT

    def _read_timestamp(self, node: Any) -> Any:
        return self._column(node["timestamp"])[0]

    def _read_timedelta(self, node: Any) -> Any:
        return self._column(node["timedelta"])[0]

    def _read_frame(self, node: Any) -> Any:
        import pandas as pd

        index = self._index(node["index"])
        columns = [self._column(column) for column in node["frame"]]
        if any(len(column) != len(index) for column in columns):
            raise FrameError("a table whose columns differ in length")
        table = pd.DataFrame(dict(enumerate(columns)), index=range(len(index)))
        table.index = index
        table.columns = self._index(node["columns"])
        return table

    def _read_series(self, node: Any) -> Any:
        import pandas as pd

        values = self._column(node["series"])
        return pd.Series(values, index=self._index(node["index"]), name=self.value(node["name"]))

    def _read_index(self, node: Any) -> Any:
        return self._index(node["index"])

    def _read_extension(self, node: Any) -> Any:
        return self._column(node["extension"])

    def _read_sparse(self, node: Any) -> Any:
        from scipy.sparse import csr_array

        data, indices, indptr = (self._array(part) for part in node["sparse"])
        matrix = csr_array((data, indices, indptr), shape=tuple(map(int, node["shape"])))
        matrix.check_format(full_check=True)
        return matrix

    def _buffer(self, position: Any) -> memoryview:
        if not isinstance(position, int) or position < 0:
            raise FrameError("a value that names no part of its frame")
        return self._buffers[position]

    def _array(self, node: Any) -> np.ndarray[Any, Any]:
        dtype, shape, payload = node
        size = math.prod(shape)
        if any(not isinstance(length, int) or length < 0 for length in shape):
            raise FrameError("an array with an impossible shape")
        if dtype == "O":
            items = [self.value(item) for item in payload]
            array = np.empty(len(items), dtype=object)
            array[:] = items
            return array.reshape(shape)
        parsed = np.dtype(dtype)
        if parsed.kind not in _ARRAY_KINDS or parsed.str != dtype:
            raise FrameError("an array of a kind that is not plain")
        buffer = self._buffer(payload)
        if parsed.itemsize * size != len(buffer):
            raise FrameError("an array whose bytes do not fill its shape")
        if parsed.itemsize == 0:
            return np.zeros(shape, dtype=parsed)
        return np.frombuffer(buffer, dtype=parsed).reshape(shape).copy()

    def _index(self, node: Any) -> Any:
        import pandas as pd

        names = [self.value(name) for name in node["names"]]
        if "range" in node:
            start, stop, step = node["range"]
            return pd.RangeIndex(int(start), int(stop), int(step), name=names[0])
        levels = [self._column(level) for level in node["levels"]]
        if node.get("flat"):
            return pd.Index(levels[0], name=names[0])
        return pd.MultiIndex.from_arrays(levels, names=names)

    def _column(self, node: Any) -> Any:
        import pandas as pd

        kind = node[0]
        if kind == "plain":
            return pd.Series(self._array(node[1])).array
        if kind == "categorical":
            dtype = pd.CategoricalDtype(self._column(node[2]), ordered=bool(node[3]))
            return pd.Categorical.from_codes(self._array(node[1]), dtype=dtype)
        if kind == "zoned":
            naive = pd.Series(self._array(node[1]))
            return naive.dt.tz_localize("UTC").dt.tz_convert(str(node[2])).array
        if kind == "masked":
            values = pd.Series(self._array(node[1])).astype(str(node[3]))
            return values.mask(self._array(node[2])).array
        if kind == "items":
            return pd.Series([self.value(item) for item in node[1]], dtype=str(node[2])).array
        raise FrameError("a column of an unknown kind")
