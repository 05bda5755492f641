"""Colour and texture of the pieces of a photo at several scales, as numbers that a classifier learns from.

Gaussian, Laplacian, gradient and structure tensor in CIELAB, as ilastik has them (Berg et al. 2019), on an image
pyramid: each halving doubles the scale and quarters the work.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.images.imageio import ImageRGB

Features = NDArray[np.float32]
"""(N, F), a row for each piece."""

Plane = NDArray[np.float32]

LEVELS = 5
"""Halvings: of a photo of 1,600 pixels the last one has 50, and sees a thirtieth of the photo at once."""

_NEAR, _FAR = 2, 4
"""Halvings whose colours are taken from a piece's own: whether it is lighter than what is around it."""

_COLUMNS = 256
"""Of the table of places that OpenCV reads from a plane at once: it takes no side of more than 32,767."""


def features_of(image: ImageRGB, pieces: NDArray[np.int32], number: int) -> Features:
    """Describe the pieces of a photo, from the finest to the coarsest.

    image: (h, w, 3).  pieces: (h, w), number of the piece of every pixel, 0 to `number` - 1; each has a pixel.
    """
    lab = np.asarray(cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)
    own, places = _pooled(lab, pieces.ravel(), number)
    found = list(own.T)
    level = lab
    around: list[Plane] = []
    for halvings in range(1, LEVELS + 1):
        level = np.asarray(cv2.pyrDown(level), np.float32)
        scale = np.array([level.shape[1] / image.shape[1], level.shape[0] / image.shape[0]], np.float32)
        planes = [*cv2.split(level), *_texture(np.ascontiguousarray(level[..., 0]))]
        values = [_at(np.asarray(plane, np.float32), (places + 0.5) * scale - 0.5) for plane in planes]
        found += values
        if halvings in (_NEAR, _FAR):
            around += values[:3]
    found += [own[:, place % 3] - value for place, value in enumerate(around)]
    return np.stack(found, axis=1)


def _pooled(lab: Plane, pieces: NDArray[np.int32], number: int) -> tuple[Plane, Plane]:
    """Mean and standard deviation of each channel in each piece (N, 6), and its middle (N, 2), x and y."""
    counts = np.bincount(pieces, minlength=number)

    def mean(values: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.bincount(pieces, values.ravel(), number) / counts

    channels = [np.asarray(channel, np.float32) for channel in cv2.split(lab)]
    means = [mean(channel) for channel in channels]
    spreads = [
        np.sqrt(np.maximum(mean(channel * channel) - middle**2, 0))
        for channel, middle in zip(channels, means, strict=True)
    ]
    height, width = lab.shape[:2]
    columns = mean(np.broadcast_to(np.arange(width, dtype=np.float32), (height, width)))
    rows = mean(np.broadcast_to(np.arange(height, dtype=np.float32)[:, None], (height, width)))
    return np.stack([*means, *spreads], axis=1).astype(np.float32), np.stack([columns, rows], axis=1).astype(np.float32)


def _texture(light: Plane) -> list[Plane]:
    """Of the lightness (h, w): Laplacian, steepness, roughness, and how much the slopes of a place agree."""
    across, down = (
        np.asarray(cv2.Sobel(light, cv2.CV_32F, *step, scale=0.25), np.float32) for step in ((1, 0), (0, 1))
    )
    xx, yy, xy = (_blurred(product) for product in (across * across, down * down, across * down))
    apart = np.sqrt((xx - yy) ** 2 + 4 * xy * xy)
    mean = _blurred(light)
    rough = np.sqrt(np.maximum(_blurred(light * light) - mean * mean, 0))
    laplacian = np.asarray(cv2.Laplacian(light, cv2.CV_32F, ksize=3), np.float32)
    return [laplacian, np.sqrt(xx + yy), rough, apart / (xx + yy + 1)]


def _blurred(plane: Plane) -> Plane:
    return np.asarray(cv2.GaussianBlur(plane, (7, 7), 1.5), np.float32)


def _at(plane: Plane, places: Plane) -> NDArray[np.float32]:
    """The values of a plane (h, w) at places (N, 2) between its pixels, x and y."""
    rows = -(-len(places) // _COLUMNS)
    table = np.zeros((rows * _COLUMNS, 2), np.float32)
    table[: len(places)] = places
    x, y = (np.ascontiguousarray(table[:, axis].reshape(rows, _COLUMNS)) for axis in (0, 1))
    read = cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(read, np.float32).ravel()[: len(places)]
