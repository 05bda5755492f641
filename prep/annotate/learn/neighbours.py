"""Neighbouring pieces of like colour are of one class: a stroke reaches what it lies on, and single pieces give in."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Probability = NDArray[np.float32]
"""(N, C) of each class for each piece, rows that add up to 1."""

_HEED = 0.9
"""Weight of a like neighbour, against what a piece is by itself."""

_ROUNDS = 20
"""So many pieces far an agreement reaches, at the most."""

_ALIKE = 1.5
"""Squared distance of colours, in medians of all neighbours, at which a neighbour weighs a third."""


@dataclass(frozen=True)
class Neighbours:
    """How much of a piece its neighbours decide.

    others: (N, N) weight of each neighbour.  own: (N, 1) of the piece itself; they add up to 1.
    """

    others: "csr_array"
    own: NDArray[np.float32]

    def even(self, probability: Probability, painted: NDArray[np.intp], classes: NDArray[np.intp]) -> Probability:
        """What pieces are with their neighbours; those that are painted (K,) are of their classes (K,), and stay so."""
        fixed = np.zeros((len(painted), probability.shape[1]), np.float32)
        fixed[np.arange(len(painted)), classes] = 1
        alone = probability.copy()
        alone[painted] = fixed
        found, alone = alone, alone * self.own
        for _ in range(_ROUNDS):
            found = alone + self.others @ found
            found[painted] = fixed
        return found


def neighbours_of(labels: NDArray[np.int32], colors: NDArray[np.float32]) -> Neighbours:
    """Of pieces (h, w), by their colours (N, 3)."""
    from scipy.sparse import csr_array

    number = len(colors)
    first, second = _touching(labels, number)
    distance = ((colors[first] - colors[second]) ** 2).sum(axis=1)
    weight = np.exp(-distance / (_ALIKE * np.median(distance) + 1e-6)) if len(distance) else distance
    rows, columns = np.concatenate([first, second]), np.concatenate([second, first])
    total = np.bincount(rows, np.concatenate([weight, weight]), number)
    # With unlike neighbours only, a piece is what it is by itself.
    heed = _HEED * total / (_HEED * total + 1 - _HEED)
    scale = heed / np.maximum(total, 1e-9)
    values = (np.concatenate([weight, weight]) * scale[rows]).astype(np.float32)
    others = csr_array((values, (rows.astype(np.int32), columns.astype(np.int32))), shape=(number, number))
    return Neighbours(others, (1 - heed).astype(np.float32)[:, None])


def _touching(labels: NDArray[np.int32], number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs (M,), (M,) of pieces that have a side of a pixel in common, each pair once."""
    found = []
    for one, other in ((labels[:, 1:], labels[:, :-1]), (labels[1:], labels[:-1])):
        apart = one != other
        a, b = one[apart].astype(np.int64), other[apart].astype(np.int64)
        found.append(np.unique(np.minimum(a, b) * number + np.maximum(a, b)))
    first, second = np.divmod(np.unique(np.concatenate(found)), number)
    return first, second
