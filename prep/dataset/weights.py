"""Loss weights that make up for rare classes, from the pixels that each class has; 0 for a class without pixels."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def median_frequency_weights(pixels: NDArray[np.int64], beside: NDArray[np.int64]) -> list[float]:
    """Weight rare classes up: median of all f, divided by f of the class.

    f = pixels of the class / labelled pixels of the images that hold it (`beside`), both (C,).
    Source: Eigen and Fergus 2015, section 6.3.2, https://arxiv.org/abs/1411.4734
    """
    frequencies = [int(own) / int(all_) if own else 0.0 for own, all_ in zip(pixels, beside, strict=True)]
    present = sorted(value for value in frequencies if value)
    if not present:
        return frequencies
    middle = len(present) // 2
    median = present[middle] if len(present) % 2 else (present[middle - 1] + present[middle]) / 2
    return [median / value if value else 0.0 for value in frequencies]


def inverse_frequency_weights(pixels: NDArray[np.int64]) -> list[float]:
    """1 / pixels of the class (C,), scaled so that the classes with pixels have the mean weight 1."""
    return _mean_one([1 / int(own) if own else 0.0 for own in pixels])


def effective_number_weights(pixels: NDArray[np.int64], beta: float) -> list[float]:
    """1 / effective number of pixels of the class (C,), scaled so that the classes with pixels have the mean weight 1.

    Effective number of n pixels: (1 - beta**n) / (1 - beta), which is n for a rare class and 1 / (1 - beta) at most.
    Source: Cui et al. 2019, equation 2, https://arxiv.org/abs/1901.05555
    """
    if beta <= 0:
        return _mean_one([1.0 if own else 0.0 for own in pixels])
    # 1 - beta**n loses all its digits where beta is next to 1; expm1 keeps them.
    return _mean_one([(1 - beta) / -math.expm1(int(own) * math.log(beta)) if own else 0.0 for own in pixels])


def effective_beta(pixels: NDArray[np.int64]) -> float:
    """The beta that we take for effective numbers: 1 - 1 / N, where N is the mean pixels of a class with pixels.

    The paper's 0.9 to 0.9999 are for numbers of images. Classes have millions of pixels, for which they all give the
    same weight; the N of the paper has to grow with the dataset. With ours, classes below the mean are weighted
    nearly as by inverse frequency, and classes far above it all alike. 0 if there are no pixels.
    """
    present = int(np.count_nonzero(pixels))
    return 1 - present / int(pixels.sum()) if present else 0.0


def _mean_one(weights: Sequence[float]) -> list[float]:
    present = sum(1 for weight in weights if weight)
    total = math.fsum(weights)
    return [weight * present / total for weight in weights] if present else list(weights)
