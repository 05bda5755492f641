"""Marks of pixels that are kept until they are taken."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep.photos.rows import kept_rows
from prep.photos.rows.kept_rows import KeptRows


@given(
    st.integers(1, 20),
    st.lists(st.integers(1, 5), min_size=1, max_size=6),
    st.sampled_from([1, 5, 1000]),
    st.integers(0, 2**32 - 1),
)
def test_what_is_kept_is_taken_in_other_ranges(width: int, lengths: list[int], block: int, seed: int) -> None:
    marks = np.random.default_rng(seed).random((sum(lengths), width)) < 0.5
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(kept_rows, "_BLOCK_BYTES", block)
        kept, row = KeptRows(width), 0
    for _ in range(2):  # a second pass begins anew
        row = 0
        for length in lengths:
            kept.add(row, marks[row : row + length])
            row += length
        middle = row // 2
        np.testing.assert_array_equal(kept.seen(middle, row), marks[middle:])
        found = np.concatenate([kept.taken(0, middle), kept.taken(middle, len(marks))])
        assert found.dtype == np.bool_
        np.testing.assert_array_equal(found, marks)


def test_taking_few_rows_touches_few_of_those_that_are_kept() -> None:
    """Of the widest rasters many megabytes are kept, and a few rows of them are taken thousands of times."""
    kept, marks = KeptRows(8000), np.zeros((50, 8000), np.bool_)
    for first in range(0, 1000, 50):
        kept.add(first, marks)
    tracemalloc.start()
    try:
        found = kept.taken(0, 2)
        assert tracemalloc.get_traced_memory()[1] < 100_000 < 1000 * 8000 / 8
    finally:
        tracemalloc.stop()
    assert found.shape == (2, 8000)
