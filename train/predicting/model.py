"""A trained model for Python: the pixels of an image in, its mask out."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.images.imageio import ImageRGB, IndexMask
from train.windows.predictor import Predictor
from train.windows.whole_probabilities import whole_probabilities


@dataclass(frozen=True)
class Model:
    """The model of a run: `model(image)` is the mask of an image of any size.

    Images are (H, W, 3) uint8 in RGB order, upright, as `sample.image` and Pillow give them; OpenCV reads BGR, which
    nothing can tell. Everything else is a SegError that says how to make it fit.

        model = train.load()
        mask = model(sample.image)
        print(model.classes.names[mask[0, 0]])
    """

    run: Path
    predictor: Predictor = field(repr=False)

    @property
    def classes(self) -> ClassMap:
        """The classes; their number is the value in the mask."""
        return self.predictor.classes

    def __call__(self, image: ImageRGB) -> IndexMask:
        """(H, W, 3) uint8 RGB -> (H, W) uint8, the likeliest class of each pixel."""
        return self.predictor(rgb_pixels(image))

    def probabilities(self, image: ImageRGB) -> NDArray[np.float32]:
        """(H, W, 3) uint8 RGB -> (C, H, W) float32, 0..1, of each class; they add up to 1 in each pixel."""
        return whole_probabilities(self.predictor, rgb_pixels(image))


def rgb_pixels(image: object) -> ImageRGB:
    """The image, if it is (H, W, 3) uint8; else a SegError that says how to make it so."""
    wanted = "a model takes the pixels of an RGB image, (height, width, 3) uint8"
    if not isinstance(image, np.ndarray):
        remedy = "numpy.asarray(photo.convert('RGB')) of a Pillow image; train.predict takes files"
        raise SegError(f"{wanted}; this is {type(image).__name__}: {remedy}")
    this = f"{wanted}; this is {image.shape} {image.dtype}"
    if image.ndim != 3 or image.shape[2] != 3 or not all(image.shape):
        raise SegError(f"{this}: {_how_to_reshape(image)}")
    if image.dtype != np.uint8:
        raise SegError(f"{this}: {_how_to_convert(image)}")
    return np.ascontiguousarray(image)


def _how_to_reshape(image: NDArray[np.generic]) -> str:
    if image.ndim == 2:
        return "numpy.stack([image] * 3, axis=-1) makes a grey image RGB"
    if image.ndim == 3 and image.shape[2] == 4:
        return "image[..., :3] leaves the transparency out"
    if image.ndim == 3 and image.shape[0] == 3:
        return "image.transpose(1, 2, 0) puts the channels last"
    if not image.size:
        return "it has no pixels"
    return "one image at a time" if image.ndim == 4 else "other channels than red, green and blue are not known to it"


def _how_to_convert(image: NDArray[np.generic]) -> str:
    if np.issubdtype(image.dtype, np.floating):
        if float(np.nanmax(image.astype(np.float64))) <= 1:
            return "(image * 255).round().astype('uint8') brings 0..1 to 0..255"
        return "image.round().astype('uint8'), if its values are 0..255"
    if image.dtype == np.uint16:
        return "(image // 257).astype('uint8') brings 0..65535 to 0..255"
    return "image.astype('uint8'), if its values are 0..255"
