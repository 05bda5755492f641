"""Masks as spans and back, exactly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from prep.annotate.regions.spans import mask_of, spans_of, to_bytes

MASKS = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=12))


@given(MASKS)
def test_back_and_forth_changes_nothing(mask: NDArray[np.bool_]) -> None:
    assert np.array_equal(mask_of(spans_of(mask), *mask.shape), mask)


@given(MASKS, st.integers(0, 50), st.integers(0, 50))
def test_spans_are_those_that_a_loop_finds(mask: NDArray[np.bool_], left: int, top: int) -> None:
    expected = []
    for y, row in enumerate(mask.tolist()):
        x = 0
        while x < len(row):
            start = x
            while x < len(row) and row[x]:
                x += 1
            if x > start:
                expected.append((y + top, start + left, x + left))
            x += 1
    spans = spans_of(mask, left, top)
    assert [tuple(span) for span in spans.tolist()] == expected
    assert spans.dtype == np.int32
    assert spans.shape == (len(expected), 3)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_spans_may_touch_and_overlap(spans: list[tuple[int, int, int]]) -> None:
    ordered = [(y, min(a, b), max(a, b)) for y, a, b in spans]
    expected = np.zeros((6, 9), np.bool_)
    for y, x0, x1 in ordered:
        expected[y, x0:x1] = True
    assert np.array_equal(mask_of(np.array(ordered, np.int32).reshape(-1, 3), 6, 9), expected)


@pytest.mark.parametrize("span", [(-1, 0, 1), (6, 0, 1), (0, -1, 1), (0, 0, 10), (0, 5, 4)])
def test_spans_outside_are_refused(span: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"leaves an image of 9 x 6 pixels"):
        mask_of(np.array([span], np.int32), 6, 9)


def test_bytes_are_little_endian() -> None:
    assert to_bytes(np.array([[1, 2, 258]], np.int32)) == bytes([1, 0, 0, 0, 2, 0, 0, 0, 2, 1, 0, 0])
