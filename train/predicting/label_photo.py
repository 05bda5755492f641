"""One photo, from its file to the files that are written of it."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from prep.core.classes import IGNORE_INDEX
from prep.core.files import make_folder
from prep.geo.pixel_size import PixelSize
from prep.images.finding import FoundFile
from prep.photos.photoio import read_photo
from train.predicting.maps.places import Place
from train.predicting.maps.probability_map import keep_scores
from train.predicting.outputs import Output, Predicted
from train.windows.image_rows import ArrayRows
from train.windows.predictor import Predictor
from train.windows.rescaled import RescaledPhotos

TellPhoto = Callable[[str, int, int, PixelSize | None], None]
"""Is told name, height, width and size on the ground of a photo that is going to be labelled."""


def looking(predictor: Predictor, rescaled: RescaledPhotos) -> TellPhoto:
    """What tells people of photos that are labelled at another size than their own, and refuses what is unclear."""

    def look(name: str, height: int, width: int, pixel: PixelSize | None) -> None:
        rescaled.look(name, predictor.on_ground(pixel).scale, height, width)

    return look


def label_photo(
    predictor: Predictor, photo: FoundFile, outputs: Sequence[Output], scores: Path | None, place: Place | None,
    look: TellPhoto,
) -> None:  # fmt: skip
    """Label a photo, upright and in its full size, and write the outputs, and its probabilities to `scores`.

    Raises SegError if it cannot be read.
    """
    image = read_photo(photo.path, predictor.rendering, photo.page)
    height, width = image.shape[:2]
    pixel = None if place is None else place.pixel_size(height, width)
    look(str(photo.path), height, width, pixel)
    predictor = predictor.on_ground(pixel)
    empty = None if place is None else place.empty_pixels(predictor.rendering.bands)
    if scores is None:
        mask = predictor(image)
    else:
        make_folder(scores.parent)
        keep = keep_scores(scores, place, predictor.classes, None if empty is None else lambda top, end: empty[top:end])
        mask = np.concatenate([strip for _, strip in predictor.strips(ArrayRows(image), keep)])
    if empty is not None:
        mask = np.where(empty, np.uint8(IGNORE_INDEX), mask)
    predicted = Predicted(photo, image, mask)
    for each in outputs:
        each.write(predicted)
