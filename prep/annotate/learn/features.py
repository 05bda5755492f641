"""Colour and texture of the pieces of a photo at several scales, as numbers that a classifier learns from.

Gaussian, Laplacian, gradient, structure tensor and the curvatures of ridges in CIELAB, as ilastik has them (Berg et al.
2019), on an image pyramid: each halving doubles the scale and quarters the work.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.images.imageio import ImageRGB

Features = NDArray[np.float32]
"""(N, F), a row for each piece."""

COLORS = 3
"""The first of them: mean lightness, red against green, yellow against blue."""

Plane = NDArray[np.float32]

LEVELS = 5
"""Halvings: of a photo of 1,600 pixels the last one has 50, and sees a thirtieth of the photo at once."""

_RIDGES = (1.0, 2.0)
"""Standard deviations, in pixels, at which lines are looked for in the photo itself: a crack, a vessel, a stalk."""

_LINES = 3
"""Halvings in which they are looked for, too."""

_COLUMNS = 256
"""Of the table of places that OpenCV reads from a plane at once: it takes no side of more than 32,767."""


def features_of(image: ImageRGB, pieces: NDArray[np.int32], number: int) -> Features:
    """Describe the pieces of a photo, from the finest to the coarsest.

    image: (h, w, 3).  pieces: (h, w), number of the piece of every pixel, 0 to `number` - 1; each has a pixel.
    """
    lab = np.asarray(cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)
    counts = np.bincount(pieces.ravel(), minlength=number)
    own, places = _pooled(lab, pieces, counts)
    light = np.ascontiguousarray(lab[..., 0])
    fine = [plane for sigma in _RIDGES for plane in _ridges(light, sigma)] + _texture(light)
    found = [*own.T, *(_mean(plane, pieces, counts).astype(np.float32) for plane in fine)]
    level = lab
    around: list[Plane] = []
    for halvings in range(1, LEVELS + 1):
        level = np.asarray(cv2.pyrDown(level), np.float32)
        scale = np.array([level.shape[1] / image.shape[1], level.shape[0] / image.shape[0]], np.float32)
        light = np.ascontiguousarray(level[..., 0])
        lines = _ridges(light, _RIDGES[0]) if halvings <= _LINES else []
        planes = [*cv2.split(level), *_texture(light), *lines]
        values = [_at(np.asarray(plane, np.float32), (places + 0.5) * scale - 0.5) for plane in planes]
        found += values
        around += values[:3]
    # Whether it is lighter, redder, yellower than what is around it.
    found += [own[:, place % 3] - value for place, value in enumerate(around)]
    return np.stack(found, axis=1)


def _mean(plane: Plane, pieces: NDArray[np.int32], counts: NDArray[np.intp]) -> NDArray[np.float64]:
    """(N,) of a plane (h, w) in each piece of so many pixels (N,)."""
    return np.asarray(np.bincount(pieces.ravel(), plane.ravel(), len(counts)) / counts)


def _pooled(lab: Plane, pieces: NDArray[np.int32], counts: NDArray[np.intp]) -> tuple[Plane, Plane]:
    """Mean and standard deviation of each channel in each piece (N, 6), and its middle (N, 2), x and y."""
    channels = [np.asarray(channel, np.float32) for channel in cv2.split(lab)]
    means = [_mean(channel, pieces, counts) for channel in channels]
    spreads = [
        np.sqrt(np.maximum(_mean(channel * channel, pieces, counts) - middle**2, 0))
        for channel, middle in zip(channels, means, strict=True)
    ]
    height, width = lab.shape[:2]
    columns = _mean(np.broadcast_to(np.arange(width, dtype=np.float32), (height, width)), pieces, counts)
    rows = _mean(np.broadcast_to(np.arange(height, dtype=np.float32)[:, None], (height, width)), pieces, counts)
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


def _ridges(light: Plane, sigma: float) -> list[Plane]:
    """The larger and the smaller curvature of the lightness (h, w) at a scale: of a dark line the first is high."""
    smooth = cv2.GaussianBlur(light, (0, 0), sigma)
    xx, yy, xy = (
        np.asarray(cv2.Sobel(smooth, cv2.CV_32F, *order, scale=0.25), np.float32) for order in ((2, 0), (0, 2), (1, 1))
    )
    apart = np.sqrt((xx - yy) ** 2 + 4 * xy * xy)
    weight = np.float32(sigma * sigma / 2)
    return [(xx + yy + apart) * weight, (xx + yy - apart) * weight]


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
