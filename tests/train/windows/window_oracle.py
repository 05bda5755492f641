"""Whole images from overlapping windows, computed plainly: the oracle of the tests of windows."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from prep.core.classes import ClassMap
from train.windows.blending import window_profile
from train.windows.predictor import Predictor
from train.windows.window_settings import Blend, WindowSettings
from train.windows.windows import Axis, Probabilities, place_windows

CLASSES = 3
CLASS_MAP = ClassMap(("a", "b", "c"), ((0, 0, 0), (255, 0, 0), (0, 255, 0)))


def predictor_of(model: Probabilities, windows: WindowSettings) -> Predictor:
    """A predictor of three classes on the CPU."""
    return Predictor(model, CLASS_MAP, windows, torch.device("cpu"))


def pointwise(windows: Tensor) -> Tensor:
    """Probabilities that depend on the pixel alone: its channels."""
    return windows.permute(0, 3, 1, 2).float().softmax(dim=1)


def position_dependent(windows: Tensor) -> Tensor:
    """Probabilities that also depend on where in the window a pixel lies, as those of real networks do.

    They rise from left to right and from top to bottom: no turned or mirrored window gives the same.
    """
    size = windows.shape[1]
    ramp = torch.arange(size * size, dtype=torch.float32).reshape(size, size) / (size * size)
    channels = windows.permute(0, 3, 1, 2).float() / 64
    return (channels * torch.stack([ramp, 1 - ramp, ramp**2])).softmax(dim=1)


def noise(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3)).astype(np.uint8)


def mirrored(image: NDArray[np.uint8], down: Axis, across: Axis) -> NDArray[np.uint8]:
    """All pixels that windows cover, also beyond the borders of the image."""
    rows = (-down.start, down.stop - image.shape[0])  # zeros where the image is no smaller than a window
    columns = (-across.start, across.stop - image.shape[1])
    # one axis at a time: np.pad mirrors no axis of one pixel
    taller = np.pad(image, (rows, (0, 0), (0, 0)), mode="reflect" if image.shape[0] > 1 else "edge")
    return np.pad(taller, ((0, 0), columns, (0, 0)), mode="reflect" if image.shape[1] > 1 else "edge")


def plain_scores(
    image: NDArray[np.uint8], probabilities: Probabilities, window: int, overlap: float, blend: Blend
) -> NDArray[np.float32]:
    """Everything in memory: pad, add up all weighted windows, divide by the sum of their weights. (C, H, W)."""
    height, width = image.shape[:2]
    down, across = place_windows(height, window, overlap), place_windows(width, window, overlap)
    padded = mirrored(image, down, across)
    weight = np.outer(window_profile(window, blend), window_profile(window, blend)).astype(np.float32)
    total = np.zeros((CLASSES, *padded.shape[:2]), np.float32)
    weights = np.zeros(padded.shape[:2], np.float32)
    for top in (start - down.start for start in down.starts):
        for left in (start - across.start for start in across.starts):
            crop = torch.from_numpy(padded[None, top : top + window, left : left + window].copy())
            total[:, top : top + window, left : left + window] += probabilities(crop)[0].numpy() * weight
            weights[top : top + window, left : left + window] += weight
    return (total / weights)[:, -down.start :, -across.start :][:, :height, :width]


def assert_best(labels: NDArray[np.uint8], scores: NDArray[np.float32], tolerance: float = 1e-5) -> None:
    """Every label is a class of the highest score; another one only where the two are equal but for rounding."""
    chosen = np.take_along_axis(scores, labels[None].astype(np.intp), axis=0)[0]
    assert (scores.max(axis=0) - chosen).max() <= tolerance
