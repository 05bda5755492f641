"""Masks to be drawn around: every small one, and large ones with curved borders."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

MASKS = arrays.arrays(
    np.uint8, arrays.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 2), fill=st.nothing()
)


def smooth_mask(seed: int, side: int = 60, classes: int = 3) -> NDArray[np.uint8]:
    """Large regions with curved borders."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[0:side, 0:side] / side
    waves = [
        sum(np.sin(rng.uniform(3, 12) * down + rng.uniform(3, 12) * across + rng.uniform(0, 6)) for _ in range(4))
        for _ in range(classes)
    ]
    return np.argmax(waves, axis=0).astype(np.uint8)
