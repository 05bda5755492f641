"""Labels the pieces of a photo by the strokes on it and on others, and expects of it what the others tell.

A first stroke on a photo shows only its own class in this light: learnt from as it is, it can take a whole proposal
with it. So pieces that the strokes on other photos are sure about are learnt from as well, a little.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from prep.annotate.learn.pieces import Pieces
from prep.annotate.learn.samples import Samples, learn

PieceLabels = tuple[NDArray[np.uint8], NDArray[np.uint8]]
"""The class of each piece, and its probability in percent; (N,) each."""

_SURE = 70
"""Percent from which a piece is expected to be what the others tell."""

_MOST = 1_500
"""Pieces that are expected to be something, evenly from all classes."""


class Labeller:
    """Remembers what the others tell of the photo that it was asked about last; not for several threads at once."""

    def __init__(self) -> None:
        self._told: tuple[Pieces, list[Samples], PieceLabels | None] | None = None

    def __call__(self, pieces: Pieces, own: Samples, others: Sequence[Samples]) -> PieceLabels | None:
        """The labels of all pieces; None while fewer than two classes are painted.

        own: samples of this photo.  others: those of other photos; the same objects again are the same strokes.
        """
        told = self._told_by(pieces, others)
        if not len(own):
            return told
        learnt = learn(own, others, None if told is None else _expected(pieces, own, *told))
        return None if learnt is None else learnt(pieces, own)

    def _told_by(self, pieces: Pieces, others: Sequence[Samples]) -> PieceLabels | None:
        """The labels before anything is painted on this photo."""
        known = self._told
        if known is not None and known[0] is pieces and list(map(id, known[1])) == list(map(id, others)):
            return known[2]
        none = Samples.none(pieces)
        learnt = learn(none, others)
        self._told = pieces, list(others), None if learnt is None else learnt(pieces, none)
        return self._told[2]


def _expected(pieces: Pieces, own: Samples, classes: NDArray[np.uint8], percent: NDArray[np.uint8]) -> Samples:
    sure = percent >= _SURE
    sure[own.places] = False  # what is painted is known
    places = np.flatnonzero(sure)
    return Samples(pieces.features[places], classes[places].astype(np.intp), places).thinned(_MOST, 0)
