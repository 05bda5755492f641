"""Scenes with structure of all sizes, as photos have it, and copies of them."""

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


def scene(seed: int, height: int = 240, width: int = 320) -> Image:
    """A scene with structure of all sizes, as a photo has, (H, W, 3)."""
    random = np.random.default_rng(seed)
    image = np.zeros((height, width, 3), np.float32)
    for side in (4, 8, 16, 32, 64):
        noise = random.normal(0, 1, (side, side, 3)).astype(np.float32)
        image += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC) * 60 / np.sqrt(side)
    return np.clip(128 + image * 1.5, 0, 255).astype(np.uint8)


def reencoded(image: Image) -> Image:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 60])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
