"""Whether two images show the same in the same places, whatever became of their light, colours and quality."""

import cv2
import numpy as np

from prep.images.imageio import ImageRGB
from prep.images.likeness.details import DETAIL_SIDE, Thumbnail, details_of, raw_details

# Of 140 photos of ten sets, at JPEG quality 20, twice as bright or dark, with another gamma, noisy, blurred, or a sixth
# of them painted over, nearly all keep 0.5 and more; of two photos of a set few pairs have more than 0.3.
_LEAST_CORRELATION = 0.4
"""Of details in the same places: a scene that moved by a hundredth is another one for a mask."""

_HARDLY_ANY = 4.0
"""Mean difference, in grey values of thumbnails: flat images have no details that could correlate."""

# Of photos of ten sets, and of drawn cells, specks and hairline cracks, what stands out is at most 2.4 deviations where
# noise or JPEG of quality 10 came to an image (1.5 grey values in flat ones), and 4.3 and more in two images of a set.
_OUTSTANDING, _LEAST_OUTSTANDING = 3.0, 2.0
"""Deviations by which a detail of one of two images is missing in the other one, and grey values, at least."""

_HALF, _DEVIATIONS = 0.5, 1.4826
"""A detail that has half its contrast is there; what makes standard deviations of median ones."""

_NO_DETAILS = 1e-3


def shows_the_same(image: ImageRGB, other: ImageRGB) -> bool:
    """Whether what lies at a place of an image lies there in the other one, too; they may be of different sizes."""
    one, two = _thumbnail(image), _thumbnail(other)
    if float(np.abs(one - two).mean()) <= _HARDLY_ANY and not _any_stands_out(*map(raw_details, (one, two))):
        return True
    own, others = (details - details.mean() for details in map(details_of, (one, two)))
    return float((own * others).sum()) >= max(
        _LEAST_CORRELATION * float(np.sqrt((own**2).sum() * (others**2).sum())), _NO_DETAILS
    )


def _any_stands_out(own: Thumbnail, others: Thumbnail) -> bool:
    """Whether a detail of one is missing in the other, among differences that are of noise else.

    A few cells on a light ground, and a hairline crack, are everything that a mask shows, and hardly any pixels.
    """
    apart = own - others
    missing = np.abs(apart) - _HALF * np.maximum(np.abs(own), np.abs(others))
    noise = _DEVIATIONS * float(np.median(np.abs(apart - np.median(apart))))
    return float(missing.max()) > max(_OUTSTANDING * noise, _LEAST_OUTSTANDING)


def _thumbnail(image: ImageRGB) -> Thumbnail:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (DETAIL_SIDE, DETAIL_SIDE), interpolation=cv2.INTER_AREA), np.float32)
