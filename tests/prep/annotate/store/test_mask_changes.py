"""Bodies of saves: every true one is laid over the mask, every other one is refused."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep.annotate.store.mask_changes import changed, read_changes
from prep.web.guard import Refusal
from tests.prep.annotate.store.storing import block, change

WIDTH, HEIGHT = 9, 6


@st.composite
def rectangles(draw: st.DrawFn) -> tuple[int, int, int, int, bytes]:
    """x, y, width, height and pixels of a change within the mask."""
    x, y = draw(st.integers(0, WIDTH - 1)), draw(st.integers(0, HEIGHT - 1))
    width, height = draw(st.integers(1, WIDTH - x)), draw(st.integers(1, HEIGHT - y))
    values = st.sampled_from([0, 1, 2, 255])
    return x, y, width, height, bytes(draw(st.lists(values, min_size=width * height, max_size=width * height)))


@given(st.lists(rectangles(), min_size=1, max_size=5), st.integers(0, 2))
def test_changes_are_laid_over_the_mask_by_pixel(changes: list[tuple[int, int, int, int, bytes]], start: int) -> None:
    before = np.full((HEIGHT, WIDTH), start, np.uint8)
    expected = {(x, y): start for x in range(WIDTH) for y in range(HEIGHT)}
    for x, y, width, height, pixels in changes:
        for number, value in enumerate(pixels):
            assert number < width * height
            expected[x + number % width, y + number // width] = value
    body = b"".join(struct.pack("<4I", *place) + pixels for *place, pixels in changes)
    after = changed(before, read_changes(body, WIDTH, HEIGHT, 3))
    assert {(x, y): after[y, x] for x, y in expected} == expected
    assert (before == start).all()


GOOD = block(1, 2, 3, 4, 2)
WRONG = {
    "nothing": (b"", "no change"),
    "half a header": (GOOD[:10], "within the header of change 0"),
    "half the pixels": (GOOD[:-1], "within the pixels of change 0"),
    "a byte too many": (GOOD + b"\0", "within the header of change 1"),
    "a second change cut off": (GOOD + GOOD[:20], "within the pixels of change 1"),
    "no class": (block(0, 0, 1, 1, 3), "The value 3 is no class"),
    "no class, deep inside": (GOOD + change(0, 0, np.array([[0, 254]], np.uint8)), "The value 254 is no class"),
    "beyond the right": (block(7, 0, 3, 1, 0), "does not lie in the image of 9 x 6"),
    "beyond the bottom": (block(0, 5, 1, 2, 0), "does not lie"),
    "no width": (struct.pack("<4I", 0, 0, 0, 1), "does not lie"),
    "no height": (struct.pack("<4I", 0, 0, 1, 0), "does not lie"),
    "sums that overflow 32 bits": (struct.pack("<4I", 2**32 - 1, 0, 2, 1) + b"\0\0", "does not lie"),
    "areas that overflow": (struct.pack("<4I", 0, 0, 2**31, 2**31), "does not lie"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_bodies_are_refused(case: str) -> None:
    body, text = WRONG[case]
    with pytest.raises(Refusal, match=text) as refusal:
        read_changes(body, WIDTH, HEIGHT, 3)
    assert refusal.value.status == 400
    assert str(refusal.value).endswith("nothing was saved.")


@given(st.binary(max_size=60))
def test_any_bytes_are_tiles_of_the_mask_or_refused(body: bytes) -> None:
    try:
        changes = read_changes(body, WIDTH, HEIGHT, 3)
    except Refusal as refusal:
        assert refusal.status == 400
        return
    assert sum(16 + change.pixels.size for change in changes) == len(body)
