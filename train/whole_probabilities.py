"""Class probabilities of a whole image in memory."""

import numpy as np
import torch
from numpy.typing import NDArray

from prep.geometry import reflected
from prep.imageio import ImageRGB
from train.predictor import Predictor


def whole_probabilities(predictor: Predictor, image: ImageRGB) -> NDArray[np.float32]:
    """(H, W, 3) -> (C, H, W) float32: the mean over overlapping windows; beyond the borders the image is mirrored."""
    height, width = image.shape[:2]
    size = predictor.window
    margin = size // 4
    rows, columns = (_starts(side + 2 * margin, size) for side in (height, width))
    padded = image[
        np.ix_(
            reflected(-margin, rows[-1] + size, height),
            reflected(-margin, columns[-1] + size, width),
        )
    ]
    total = np.zeros((len(predictor.classes), *padded.shape[:2]), np.float32)
    times = np.zeros(padded.shape[:2], np.float32)
    for top in rows:
        windows = np.stack([padded[top : top + size, left : left + size] for left in columns])
        for left, scores in zip(columns, predictor.model(torch.from_numpy(windows).to(predictor.device)), strict=True):
            total[:, top : top + size, left : left + size] += scores.cpu().numpy()
            times[top : top + size, left : left + size] += 1
    inside = slice(margin, margin + height), slice(margin, margin + width)
    mean: NDArray[np.float32] = total[:, *inside]
    mean /= times[inside]
    return mean


def _starts(length: int, size: int) -> list[int]:
    """Windows half over each other, the last one flush with the end."""
    last = max(length - size, 0)
    return sorted({*range(0, last, max(1, size // 2)), last})
