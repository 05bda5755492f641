"""Near-duplicates found the plain way: signs of all pairs by matrix products, then every close pair laid over."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from prep.images.likeness.details import DETAIL_SIDE, details_fit, details_of, half_details, oriented
from prep.images.likeness.low_frequencies import ORIENTATIONS, UPRIGHT, Orientation
from prep.images.likeness.similar import ImageSigns, exact_duplicates, join_sets

_BITS, _MOST, _MOST_TURNED = 143, 48, 30


def near_duplicates_of_all_pairs(prints: Mapping[str, ImageSigns]) -> list[list[str]]:
    """What `near_duplicates` has to find."""
    exact = exact_duplicates(prints)
    copies = {stem for same in exact for stem in same[1:]}
    greys = {
        stem: np.frombuffer(prints[stem].thumbnail, np.uint8).reshape(DETAIL_SIDE, DETAIL_SIDE).astype(np.float32)
        for stem in sorted(prints)
        if stem not in copies
    }
    stems = [stem for stem, grey in greys.items() if half_details(grey) is not None]
    details = [details_of(greys[stem]) for stem in stems]
    near = [
        (stems[one], stems[other])
        for one, other, orientation in close_of_all_pairs([prints[stem].perceptual for stem in stems])
        if details_fit(details[one], oriented(greys[stems[other]], orientation), orientation)
    ]
    return join_sets([*((same[0], stem) for same in exact for stem in same[1:]), *near])


def close_of_all_pairs(perceptual: Sequence[int]) -> Iterator[tuple[int, int, Orientation]]:
    """Pairs (one < other) whose bits are alike when `other` is brought into this orientation."""
    if not perceptual:
        return
    signs = np.stack([_signs(number) for number in perceptual])
    rows = signs.reshape(len(signs), -1)
    for orientation in ORIENTATIONS:
        turned = _turned(signs, orientation).reshape(len(signs), -1)
        different = (_BITS - rows @ turned.T) / 2
        for one, other in np.argwhere(different <= (_MOST if orientation == UPRIGHT else _MOST_TURNED)).tolist():
            if one < other:
                yield one, other, orientation


def _signs(perceptual: int) -> NDArray[np.float32]:
    """(12, 12) of -1 and 1, and 0 for the mean."""
    bits = np.array([int(bit) for bit in f"{perceptual >> 1:0{_BITS}b}"], np.float32)  # the last bit fills the byte
    return np.concatenate([np.zeros(1, np.float32), bits * 2 - 1]).reshape(12, 12)


def _turned(signs: NDArray[np.float32], orientation: Orientation) -> NDArray[np.float32]:
    """What (N, 12, 12) signs would be had the images been oriented so: a flip turns the sign of odd frequencies."""
    transposed, down, left = orientation
    odd = np.float32(1) - 2 * (np.arange(12, dtype=np.float32) % 2)
    turned = signs.swapaxes(1, 2) if transposed else signs
    turned = turned * odd[:, None] if down else turned
    return np.asarray(turned * odd if left else turned, np.float32)
