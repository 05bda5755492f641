"""Seeded pictures to measure on: masks of blobs as people paint them, and photos with such content."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prep.core.classes import ClassMap

WIDTH, HEIGHT = 1000, 800
CLASSES = ClassMap(
    ("building", "land", "road", "vegetation", "water", "unlabelled"),
    ((60, 16, 152), (132, 41, 246), (110, 193, 228), (254, 221, 58), (226, 169, 41), (155, 155, 155)),
)

_CELL_PX = 40
"""Size of a blob, roughly: aerial masks of people have regions of this size."""


def blob_mask(seed: int, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """(H, W) class indices: in every place the class whose smooth random field is highest."""
    random = np.random.default_rng(seed)
    shape = (height // _CELL_PX + 2, width // _CELL_PX + 2)
    fields = [
        cv2.resize(random.standard_normal(shape, np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
        for _ in CLASSES.colors
    ]
    mask: NDArray[np.uint8] = np.argmax(np.stack(fields), axis=0).astype(np.uint8)
    return mask


def color_mask(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W) class indices as (H, W, 3) colours."""
    return CLASSES.palette()[mask]


def photo(mask: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """(H, W, 3) with the colours of the classes, uneven light and sensor noise."""
    random = np.random.default_rng(seed)
    height, width = mask.shape
    light = cv2.resize(random.uniform(0.6, 1.2, (4, 4)).astype(np.float32), (width, height))
    noise = random.normal(0, 8, (height, width, 3)).astype(np.float32)
    pixels: NDArray[np.uint8] = np.clip(color_mask(mask) * light[..., None] + noise, 0, 255).astype(np.uint8)
    return pixels


def write_color_masks(folder: Path, number: int) -> list[Path]:
    """Write RGB masks mask_000.png, ... as a paint program does: with Pillow's defaults."""
    folder.mkdir(parents=True)
    paths = [folder / f"mask_{seed:03d}.png" for seed in range(number)]
    for seed, path in enumerate(paths):
        Image.fromarray(color_mask(blob_mask(seed))).save(path)
    return paths
