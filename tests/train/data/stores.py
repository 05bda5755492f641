"""Pixels as a training holds them, and numbers to cut them by."""

import numpy as np
import torch
from numpy.typing import NDArray

from train.data.data import PixelStore


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def store_of(images: list[NDArray[np.uint8]], masks: list[NDArray[np.uint8]], size: int, *, flips: bool) -> PixelStore:
    area = [mask.size for mask in masks]
    return PixelStore(
        torch.from_numpy(np.concatenate([image.reshape(-1, 3) for image in images])),
        torch.from_numpy(np.concatenate([mask.ravel() for mask in masks])),
        torch.tensor([sum(area[:number]) for number in range(len(area))]),
        torch.tensor([mask.shape[0] for mask in masks]),
        torch.tensor([mask.shape[1] for mask in masks]),
        size, crops=3, flips=flips,
    )  # fmt: skip
