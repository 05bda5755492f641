"""Details of small grey images: whether two show the same, wherever they lie a little moved or scaled."""

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from prep.images.likeness.low_frequencies import ORIENTATIONS, UPRIGHT, Orientation

Thumbnail = NDArray[np.float32]
"""(64, 64) grey values, or details of them."""

Half = NDArray[np.int8]
"""(32, 32) details at half the size, in 1/32."""

DETAIL_SIDE = 64
"""Images are compared as squares of so many pixels; two images of one shape are squeezed alike."""

# Chosen together with how many bits of the low frequencies may differ (low_frequencies.py).
_LEAST_CORRELATION = 0.65
_LEAST_CORRELATION_TURNED = 0.8

_MARGIN = 6
"""Thumbnails are moved against each other by up to so many pixels, 9 % of the side."""

_MIDDLE = DETAIL_SIDE // 2 - 2 * (_MARGIN // 2)
"""Side, at half the size, of what is moved."""

_SIDES = (DETAIL_SIDE, 61, 67)
"""They are also laid over each other 5 % smaller and larger, as after a crop."""

_HOPELESS = 0.3
"""Pairs that correlate less than this in their own size are not tried in others."""

# At half the size, where it is found out for many pairs at once. Of 9,771 pairs that fit, of photos of ten sets and
# their copies (cropped, scaled, turned, relighted, blurred, noisy up to the limits), none has less than 0.33 and 0.53.
_HOPELESS_HALF = 0.25
_LEAST_CORRELATION_HALF = 0.45
"""In their own size, and in that of `_SIDES` in which they fit best."""

_SMOOTHNESS = 4.0
"""Standard deviation, in pixels, of the blur that tells light and shade from details."""

_NOISE = 2.0
"""Contrast, in grey values, below which details are not amplified."""

_LEAST_DETAIL = 0.5
"""Standard deviation of the details, in grey values: flatter images have nothing to be recognised by."""

_DARK = 16
"""Grey value up to which what reaches the border may be no part of the picture: around the disc of a retina, of an
endoscope or a microscope. Its outline is that of all pictures of the camera, and would make near-duplicates of them."""

_LEAST_INSIDE = 1 / 3
"""Share of the pixels that the disc has; where it has less, the dark is a background, with small things on it."""

_STEPS = 32
"""Of a unit, in the half size."""

_AT_ONCE = 6
"""Products of so few are made by one thread: several would wait for each other longer than they work."""


def details_of(grey: Thumbnail) -> Thumbnail:
    """Details divided by the contrast around them: one dark edge does not outweigh all the rest."""
    return _even(raw_details(grey))


def oriented(grey: Thumbnail, orientation: Orientation) -> Thumbnail:
    """Turn and flip (S, S)."""
    transposed, down, across = orientation
    grey = grey.T if transposed else grey
    grey = grey[::-1] if down else grey
    return np.ascontiguousarray(grey[:, ::-1] if across else grey)


def details_fit(details: Thumbnail, other: Thumbnail, orientation: Orientation) -> bool:
    """Whether details correlate with those of other grey values, brought into this orientation already.

    Where they fit best, in one of a few sizes.
    """
    least = _LEAST_CORRELATION if orientation == UPRIGHT else _LEAST_CORRELATION_TURNED
    for side in _SIDES:
        scaled = other if side == DETAIL_SIDE else cv2.resize(other, (side, side), interpolation=cv2.INTER_LINEAR)
        edge = (side - DETAIL_SIDE) // 2 + _MARGIN
        size = DETAIL_SIDE - 2 * _MARGIN
        middle = np.ascontiguousarray(details_of(np.asarray(scaled))[edge : edge + size, edge : edge + size])
        found = float(cv2.matchTemplate(details, middle, cv2.TM_CCOEFF_NORMED).max())
        if found >= least:
            return True
        if found < _HOPELESS:
            return False
    return False


def half_details(grey: Thumbnail) -> Half | None:
    """Details at half the size; None of an image that has too few to be recognised by."""
    details = raw_details(grey)
    if details.std() < _LEAST_DETAIL:
        return None
    small = cv2.resize(_even(details), (DETAIL_SIDE // 2, DETAIL_SIDE // 2), interpolation=cv2.INTER_AREA)
    return np.clip(np.rint(small * _STEPS), -127, 127).astype(np.int8)


def turned_halves(halves: NDArray[np.int8], turns: NDArray[np.int32]) -> NDArray[np.float32]:
    """(P, 32, 32), each brought into the orientation of its turn."""
    turned = np.empty(halves.shape, np.float32)
    for turn in np.unique(turns).tolist():
        transposed, down, across = ORIENTATIONS[turn]
        mine = halves[turns == turn]
        mine = mine.swapaxes(1, 2) if transposed else mine
        mine = mine[:, ::-1] if down else mine
        turned[turns == turn] = mine[:, :, ::-1] if across else mine
    return turned


def may_fit(half: Half, others: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(P,) which of the halves of others, as `turned_halves` gives them, may fit the half; all at once.

    Their middles are laid over it wherever they fit best, in each of `_SIDES`.
    """
    windows = sliding_window_view(half.astype(np.float32), (_MIDDLE, _MIDDLE)).reshape(-1, _MIDDLE * _MIDDLE)
    sums = windows.sum(axis=1)
    lengths = np.sqrt(np.maximum(np.einsum("ij,ij->i", windows, windows) - sums * sums / windows.shape[1], 1))
    own, *scaled = _MIDDLES
    best = _best_correlations(windows, lengths, others, own)
    likely = np.flatnonzero(best >= _HOPELESS_HALF)
    for middle in scaled if len(likely) else ():
        best[likely] = np.maximum(best[likely], _best_correlations(windows, lengths, others[likely], middle))
    return best >= _LEAST_CORRELATION_HALF


def _middle_of_side(side: int) -> NDArray[np.float32]:
    """(26, 32) which values of a half make those of its middle once it is scaled by side / 64: weights, linear."""
    half = DETAIL_SIDE // 2
    steps = np.arange(_MIDDLE) - (_MIDDLE - 1) / 2
    places = steps * DETAIL_SIDE / side + (half - 1) / 2
    return np.asarray(np.maximum(1 - np.abs(places[:, None] - np.arange(half)), 0), np.float32)


_MIDDLES = tuple(map(_middle_of_side, _SIDES))


def _best_correlations(
    windows: NDArray[np.float32], lengths: NDArray[np.float32], others: NDArray[np.float32], middle: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(P,) correlation of the middles of others with the window that each fits best.

    lengths: of the windows without their means, which add nothing: the middles have none.
    """
    rows = (middle @ others @ middle.T).reshape(len(others), -1)
    rows -= rows.mean(axis=1, keepdims=True)
    rows /= np.maximum(np.sqrt(np.einsum("ij,ij->i", rows, rows)), 1)[:, None]
    pieces = (rows[first : first + _AT_ONCE] @ windows.T / lengths for first in range(0, len(rows), _AT_ONCE))
    return np.concatenate([piece.max(axis=1) for piece in pieces])


def raw_details(grey: Thumbnail) -> Thumbnail:
    """Details in grey values: what differs from the light around it, within the field of view of the camera."""
    inside = _inside(grey)
    if inside is None:
        return np.asarray(grey - cv2.GaussianBlur(grey, (0, 0), _SMOOTHNESS), np.float32)
    light, share = (cv2.GaussianBlur(each, (0, 0), _SMOOTHNESS) for each in (grey * inside, inside))
    return np.asarray((grey - light / np.maximum(share, np.finfo(np.float32).tiny)) * inside, np.float32)


def _inside(grey: Thumbnail) -> Thumbnail | None:
    """(S, S) 1 where the field of view of the camera is, 0 in the dark around it and on its edge; None without one."""
    dark = (grey <= _DARK).astype(np.uint8)
    if not dark.any():
        return None
    _, regions = cv2.connectedComponents(dark, connectivity=4)
    at_border = np.unique(np.concatenate([regions[0], regions[-1], regions[:, 0], regions[:, -1]]))
    around = np.isin(regions, at_border[at_border > 0]).astype(np.uint8)
    inside = np.asarray(cv2.dilate(around, np.ones((3, 3), np.uint8)) == 0, np.float32)
    return inside if around.any() and inside.mean() >= _LEAST_INSIDE else None


def _even(details: Thumbnail) -> Thumbnail:
    contrast = np.sqrt(cv2.GaussianBlur(details * details, (0, 0), _SMOOTHNESS) + _NOISE * _NOISE)
    return np.asarray(details / contrast, np.float32)
