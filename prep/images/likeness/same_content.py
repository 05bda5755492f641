"""Whether two images show the same in the same places, whatever became of their light, colours and quality."""

import cv2
import numpy as np

from prep.images.imageio import ImageRGB
from prep.images.likeness.details import DETAIL_SIDE, Thumbnail, details_of

# Of 140 photos of ten sets, at JPEG quality 20, twice as bright or dark, with another gamma, noisy, blurred, or a sixth
# of them painted over, nearly all keep 0.5 and more; of two photos of a set few pairs have more than 0.3.
_LEAST_CORRELATION = 0.4
"""Of details in the same places: a scene that moved by a hundredth is another one for a mask."""

_HARDLY_ANY = 4.0
"""Mean difference, in grey values of thumbnails: flat images have no details that could correlate."""

_NO_DETAILS = 1e-3


def shows_the_same(image: ImageRGB, other: ImageRGB) -> bool:
    """Whether what lies at a place of an image lies there in the other one, too; they may be of different sizes."""
    one, two = _thumbnail(image), _thumbnail(other)
    if float(np.abs(one - two).mean()) <= _HARDLY_ANY:
        return True
    own, others = (details - details.mean() for details in map(details_of, (one, two)))
    return float((own * others).sum()) >= max(
        _LEAST_CORRELATION * float(np.sqrt((own**2).sum() * (others**2).sum())), _NO_DETAILS
    )


def _thumbnail(image: ImageRGB) -> Thumbnail:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (DETAIL_SIDE, DETAIL_SIDE), interpolation=cv2.INTER_AREA), np.float32)
