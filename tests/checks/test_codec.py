"""Frames: what is plain comes back exactly; what is not plain, or forged, never gets through."""

import json
import struct
from contextlib import suppress

import hypothesis.extra.numpy as arrays
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitfalls.checks import FrameError, NotPlainError, Seeded, decode, encode

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
)
HASHABLE = st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]))
PLAIN = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(HASHABLE, inner, max_size=4)
    ),
    max_leaves=12,
)
DTYPES = (
    arrays.boolean_dtypes()
    | arrays.integer_dtypes()
    | arrays.floating_dtypes(sizes=(16, 32, 64))
    | arrays.complex_number_dtypes(sizes=(64, 128))
    | arrays.unicode_string_dtypes(max_len=4)
    | arrays.datetime64_dtypes(min_period="ns", max_period="D")
)


@given(PLAIN)
def test_plain_data_comes_back_equal_and_of_the_same_type(value):
    """A value survives the journey with its exact type (repr tells 1 from 1.0 and from True)."""
    assert repr(value) == repr(decode(encode(value)))


@given(st.sets(HASHABLE))
def test_sets_come_back_equal(members):
    """A set survives the journey."""
    assert members == decode(encode(members))


@given(arrays.arrays(DTYPES, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)))
def test_arrays_come_back_to_the_bit(array):
    """Dtype, shape and bytes of an array are kept, NaN payloads and byte order included."""
    back = decode(encode(array))
    assert (array.dtype, array.shape, array.tobytes()) == (back.dtype, back.shape, back.tobytes())


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1, 2, 2]),
        pd.Series(["a", None, "b"]),
        pd.Series(["a", 1, None], dtype=object),
        pd.Series([1, None, 3], dtype="Int64"),
        pd.Series([True, None, False], dtype="boolean"),
        pd.Series([1.5, None, 3], dtype="Float64"),
        pd.Series(pd.Categorical(["lo", "hi", None], ["lo", "hi"], ordered=True)),
        pd.Series(pd.to_datetime(["2013-01-01", None, "2013-07-04"])),
        pd.Series(pd.date_range("2013-03-09", periods=3, tz="America/New_York")),
        pd.Series(pd.to_timedelta([1, None, 3], unit="h")),
    ],
    ids=lambda column: str(column.dtype),
)
def test_tables_come_back_with_dtypes_and_index(column):
    """Every kind of column of a table is kept, under a plain and under a two-level index."""
    index = pd.MultiIndex.from_tuples([(1, "x"), (1, "y"), (2, "x")], names=["i", None])
    for frame in (column.to_frame("v"), column.set_axis(index).to_frame("v")):
        pd.testing.assert_frame_equal(frame, decode(encode(frame)))


def test_two_columns_of_one_name_are_kept_apart():
    """A table with a repeated column name keeps both columns."""
    frame = pd.DataFrame([[1, "a"], [2, "b"]], columns=["v", "v"])
    pd.testing.assert_frame_equal(frame, decode(encode(frame)))


@pytest.mark.parametrize("value", [print, object(), np.ma.masked_array([1]), [1, {2: lambda: 0}]])
def test_objects_are_refused_by_name(value):
    """What is not plain data is refused."""
    with pytest.raises(NotPlainError):
        encode(value)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_frame_or_refused(data):
    """Bytes from an untrusted process either are a frame or raise FrameError: nothing else."""
    with suppress(FrameError):
        decode(data)


@given(st.data())
def test_a_frame_with_one_byte_changed_decodes_or_is_refused(data):
    """One flipped byte anywhere never raises anything but FrameError."""
    frame = bytearray(encode({"x": np.arange(3.0), "t": pd.Series(["a", "b"]), "s": Seeded(1)}))
    position = data.draw(st.integers(0, len(frame) - 1))
    frame[position] = data.draw(st.integers(0, 255))
    with suppress(FrameError):
        decode(bytes(frame))


@pytest.mark.parametrize(
    "header",
    [
        {"array": ["|O", [1], 0]},
        {"array": ["<f8", [1 << 40, 1 << 40], 0]},
        {"array": ["<f8", [-1], 0]},
        {"array": ["V8", [1], 0]},
        {"array": ["<f8", [1], -1]},
        {"__class__": 1},
        {"frame": [["plain", ["<f8", [2], 0]]], "columns": 0, "index": 0},
    ],
)
def test_forged_headers_are_refused(header):
    """Object arrays, impossible shapes and unknown kinds are refused, whatever bytes follow."""
    text, body = json.dumps(header).encode(), b"\0" * 16
    frame = struct.pack("<QQQ", 2, len(text), len(body)) + text + body
    with pytest.raises(FrameError):
        decode(frame)


def test_a_deep_frame_is_refused():
    """Nesting 200,000 deep is refused, not a crash."""
    text = b"[" * 200_000 + b"]" * 200_000
    with pytest.raises(FrameError):
        decode(struct.pack("<QQ", 1, len(text)) + text)
