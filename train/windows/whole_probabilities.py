"""Class probabilities of a whole image in memory."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from prep.images.imageio import ImageRGB
from train.windows.predictor import Predictor


def whole_probabilities(predictor: Predictor, image: ImageRGB) -> NDArray[np.float32]:
    """(H, W, 3) -> (C, H, W) float32, as the predictor labels the image with them."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "probabilities.npy"
        predictor.probabilities(image, path, "float32")
        return np.asarray(np.load(path), np.float32)
