"""Marks of pixels that are kept until they are taken."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from prep.photos.rows.kept_rows import KeptRows


@given(st.integers(1, 20), st.lists(st.integers(1, 5), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
def test_what_is_kept_is_taken_in_other_ranges(width: int, lengths: list[int], seed: int) -> None:
    marks = np.random.default_rng(seed).random((sum(lengths), width)) < 0.5
    kept, row = KeptRows(width), 0
    for _ in range(2):  # a second pass begins anew
        for length in lengths:
            kept.add(row, marks[row : row + length])
            row += length
        middle, row = row // 2, 0
    found = np.concatenate([kept.taken(0, middle), kept.taken(middle, len(marks))])
    assert found.dtype == np.bool_
    np.testing.assert_array_equal(found, marks)
