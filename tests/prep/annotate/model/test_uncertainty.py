"""How uncertain a model is of an image."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from prep.annotate.model.uncertainty import block_means, uncertainty

SIZES = st.tuples(st.integers(1, 50), st.integers(1, 50))
ENTROPIES = SIZES.flatmap(lambda size: arrays(np.uint8, size))


@given(ENTROPIES)
def test_blocks_are_means_of_16_by_16_pixels(entropy: np.ndarray) -> None:
    blocks = block_means(entropy)
    height, width = entropy.shape
    assert blocks.shape == (-(-height // 16), -(-width // 16))
    for (row, column), value in np.ndenumerate(blocks):
        exact = entropy[16 * row : 16 * row + 16, 16 * column : 16 * column + 16].mean()
        assert abs(float(value) - exact) <= 0.5 + 1e-9


@given(ENTROPIES)
def test_of_an_image_without_labels_it_is_the_mean_of_all_pixels(entropy: np.ndarray) -> None:
    found = uncertainty(block_means(entropy), np.full(entropy.shape, 255, np.uint8))
    assert found == pytest.approx(entropy.mean() / 255, abs=0.5 / 255 + 1e-9)
    assert 0 <= found <= 1


@given(st.data())
def test_labelled_pixels_do_not_count(data: st.DataObject) -> None:
    """Where whole blocks are labelled, and entropies are even within blocks, the mean is exact."""
    rows, columns = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
    blocks = data.draw(arrays(np.uint8, (rows, columns)))
    labelled = data.draw(arrays(np.bool_, (rows, columns)))
    height, width = 16 * rows - data.draw(st.integers(0, 15)), 16 * columns - data.draw(st.integers(0, 15))
    entropy, is_labelled = (np.kron(part, np.ones((16, 16), np.uint8))[:height, :width] for part in (blocks, labelled))
    mask = np.where(is_labelled, 3, 255).astype(np.uint8)
    left = entropy[mask == 255]
    expected = left.mean() / 255 if left.size else 0.0
    assert uncertainty(block_means(entropy), mask) == pytest.approx(expected)


def test_a_block_labelled_in_part_counts_for_its_other_part() -> None:
    mask = np.full((16, 32), 255, np.uint8)
    mask[:4, :16] = 0
    assert uncertainty(np.array([[255, 0]], np.uint8), mask) == pytest.approx(12 * 16 / (12 * 16 + 256))
