"""Images that show the same in the same places, though they are nearly of one colour, and those that do not."""

import cv2
import numpy as np
import pytest
import simplejpeg

from prep.images.imageio import ImageRGB
from prep.images.likeness.same_content import shows_the_same

SIDE = 256


def ground(seed: int, light: int = 245, noise: float = 2) -> ImageRGB:
    return np.clip(np.random.default_rng(seed).normal(light, noise, (SIDE, SIDE, 3)), 0, 255).astype(np.uint8)


def cells(seed: int, count: int = 2, light: int = 245, dark: int = 60, radius: int = 8) -> ImageRGB:
    """Dark discs on a light ground."""
    image = ground(seed, light)
    for x, y in np.random.default_rng(seed).integers(10, SIDE - 10, (count, 2)).tolist():
        cv2.circle(image, (x, y), radius, (dark,) * 3, -1)
    return image


def crack(seed: int) -> ImageRGB:
    """A dark line, one pixel wide, from side to side of concrete."""
    image, random = cv2.GaussianBlur(ground(seed, 170, 24), (0, 0), 1), np.random.default_rng(seed)
    steps = np.clip(SIDE // 2 + np.cumsum(random.integers(-20, 21, SIDE // 16 + 1)), 0, SIDE - 1)
    line = np.stack([np.arange(0, SIDE + 1, 16), steps], axis=1).astype(np.int32)
    return np.asarray(cv2.polylines(np.asarray(image), [line], False, (60, 60, 60)), np.uint8)


KINDS = {
    "two cells": cells,
    "specks": lambda seed: cells(seed, 3, radius=3),
    "faint": lambda seed: cells(seed, 8, 200, 175),
    "hardly to be seen": lambda seed: cells(seed, 5, 200, 190),
    "crack": crack,
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_few_things_elsewhere_are_another_image(kind: str) -> None:
    images = [KINDS[kind](seed) for seed in range(6)]
    found = [shows_the_same(one, other) for place, one in enumerate(images) for other in images[:place]]
    assert not any(found)
    assert not any(shows_the_same(one, one[:, ::-1]) for one in images)


def changed(image: ImageRGB, how: str) -> ImageRGB:
    if how == "noisy":
        return np.clip(image + np.random.default_rng(9).normal(0, 12, image.shape), 0, 255).astype(np.uint8)
    if how == "half as large":
        return np.asarray(cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    return simplejpeg.decode_jpeg(simplejpeg.encode_jpeg(np.ascontiguousarray(image), quality=10))


@pytest.mark.parametrize("how", ["noisy", "half as large", "of poor quality"])
@pytest.mark.parametrize("kind", KINDS)
def test_they_stay_the_same_image(kind: str, how: str) -> None:
    images = [KINDS[kind](seed) for seed in range(6)]
    assert all(shows_the_same(image, changed(image, how)) for image in images)


@pytest.mark.parametrize("how", ["noisy", "half as large", "of poor quality"])
def test_images_that_show_nothing_are_the_same(how: str) -> None:
    assert shows_the_same(ground(1, 180), changed(ground(2, 180), how))
