"""Superpixels: every pixel in one, connected, along edges, the same every time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage
from skimage.draw import disk

from prep.annotate.regions import superpixels
from prep.annotate.regions.spans import mask_of
from prep.annotate.regions.superpixels import find_superpixels, pack_superpixels, superpixels_of

SIZES = [8, 13, 31, 32, 50, 400]


def noise(height: int, width: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def circle_on_noise(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A photo-like image and the mask of the round thing on it."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((240, 300), np.bool_)
    mask[disk((118.3, 151.7), 71.4)] = True
    image = np.where(mask[..., None], (150, 120, 60), (60, 90, 130)) + rng.normal(0, 6, (240, 300, 3))
    return image.clip(0, 255).astype(np.uint8), mask


@given(arrays(np.int32, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(1, 3)), st.data())
def test_the_part_of_a_superpixel_around_a_pixel_is_found(labels: np.ndarray, data: st.DataObject) -> None:
    height, width = labels.shape
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    parts, _ = ndimage.label(labels == labels[y, x])
    assert np.array_equal(mask_of(pack_superpixels(labels).at(x, y), height, width), parts == parts[y, x])


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 99), st.sampled_from(SIZES), st.data())
def test_a_superpixel_is_connected_and_the_same_from_all_its_pixels(
    height: int, width: int, seed: int, size: int, data: st.DataObject
) -> None:
    found = superpixels_of(noise(height, width, seed), size)
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    region = mask_of(found.at(x, y), height, width)
    assert region[y, x]
    assert ndimage.label(region)[1] == 1
    rows, columns = np.nonzero(region)
    other = data.draw(st.integers(0, len(rows) - 1))
    assert np.array_equal(found.at(int(columns[other]), int(rows[other])), found.at(x, y))


@pytest.mark.parametrize("size", [8, 32])
def test_superpixels_are_a_partition(size: int) -> None:
    height, width = 61, 90
    found = superpixels_of(noise(height, width, 5), size)
    count = np.zeros((height, width), int)
    while not count.all():
        y, x = np.argwhere(count == 0)[0]
        count += mask_of(found.at(int(x), int(y)), height, width)
    assert (count == 1).all()


@pytest.mark.parametrize("size", SIZES)
def test_number_and_size_are_about_as_asked(size: int) -> None:
    image, _ = circle_on_noise(0)
    areas = np.bincount(find_superpixels(image, size).ravel())[1:]
    expected = max(1, image.shape[0] * image.shape[1] / size**2)
    assert 0.5 * expected <= np.count_nonzero(areas) <= 1.5 * expected + 1


@pytest.mark.parametrize("size", [8, 16, 32, 40])
def test_outlines_follow_an_edge_to_the_pixel(size: int) -> None:
    accuracies, recalls = zip(*(quality(*circle_on_noise(seed), size) for seed in range(4)), strict=True)
    assert np.mean(accuracies) >= 0.995
    assert np.mean(recalls) >= 0.97


def quality(image: np.ndarray, mask: np.ndarray, size: int) -> tuple[float, float]:
    """Achievable segmentation accuracy, and the share of the mask's edge that is within 2 pixels of an outline."""
    labels = find_superpixels(image, size)
    inside = np.bincount(labels.ravel(), mask.ravel())
    total = np.bincount(labels.ravel())
    edge = mask ^ ndimage.binary_erosion(mask)
    borders = np.zeros(mask.shape, np.bool_)
    borders[:, :-1] |= labels[:, 1:] != labels[:, :-1]
    borders[:-1] |= labels[1:] != labels[:-1]
    near = ndimage.binary_dilation(borders, iterations=2)
    return np.maximum(inside, total - inside).sum() / mask.size, near[edge].mean()


@pytest.mark.parametrize("size", [12, 48])
def test_the_same_every_time(size: int) -> None:
    image, _ = circle_on_noise(2)
    assert np.array_equal(find_superpixels(image, size), find_superpixels(image.copy(), size))


@pytest.mark.parametrize("size", [8, 16, 32])
def test_strips_that_grow_by_themselves_fit_together(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    image, mask = circle_on_noise(4)
    whole = find_superpixels(image, size)  # less than one strip
    monkeypatch.setattr(superpixels, "_STRIP_ROWS", 32)
    labels = find_superpixels(image, size)
    assert np.array_equal(np.unique(labels), np.unique(whole))
    assert (labels == whole).mean() > 0.99
    accuracy, recall = quality(image, mask, size)
    assert accuracy >= 0.995
    assert recall >= 0.97


def test_contrast_does_not_change_the_weight_of_distance() -> None:
    """A single white pixel far away would change all superpixels if colours were stretched to the range they have."""
    image, _ = circle_on_noise(3)
    image = (image * 0.5).astype(np.uint8)
    lit = image.copy()
    lit[:8, :8] = 255
    before, after = find_superpixels(image, 40), find_superpixels(lit, 40)
    far = (slice(160, None), slice(160, None))
    borders = [np.diff(labels[far], axis=1) != 0 for labels in (before, after)]
    assert (borders[0] == borders[1]).mean() > 0.99
