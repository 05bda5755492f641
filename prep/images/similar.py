"""Exact and near-duplicates among images: the same scene saved, scaled, cropped, turned, flipped or taken again.

Two steps: signs of low frequencies are compared for all pairs, which is fast and coarse; the pairs they propose are
then laid over each other as small grey images, and their details have to correlate.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.images.imageio import ImageRGB

_Thumbnail = NDArray[np.float32]
_Orientation = tuple[bool, bool, bool]
"""(transposed, upside down, left for right), done in this order."""

_SIDE = 64
"""Images are compared as squares of so many pixels; two images of one shape are squeezed alike."""

_FREQUENCIES = 12
_BITS = _FREQUENCIES * _FREQUENCIES - 1
"""Signs of the lowest 12 x 12 frequencies without the mean; different images differ in 72 +- 6 of them."""

_UPRIGHT: _Orientation = (False, False, False)
_ORIENTATIONS: tuple[_Orientation, ...] = tuple(
    (transposed, down, left) for transposed in (False, True) for down in (False, True) for left in (False, True)
)

# Chosen on 337 photos of cracks, 54 aerial, 20 campus and 100 synthetic images, with copies of known kind:
# every pair joined shows one scene, and of copies that are re-encoded, scaled or brightened none is missed.
_MOST_BITS, _LEAST_CORRELATION = 48, 0.65
# A turned or flipped image is a copy, never a second photo, so it has to fit better.
_MOST_BITS_TURNED, _LEAST_CORRELATION_TURNED = 30, 0.8

_MARGIN = 6
"""Thumbnails are moved against each other by up to so many pixels, 9 % of the side."""

_SIDES = (_SIDE, 61, 67)
"""They are also laid over each other 5 % smaller and larger, as after a crop."""

_HOPELESS = 0.3
"""Pairs that correlate less than this in their own size are not tried in others."""

_SMOOTHNESS = 4.0
"""Standard deviation, in pixels, of the blur that tells light and shade from details."""

_NOISE = 2.0
"""Contrast, in grey values, below which details are not amplified."""

_LEAST_DETAIL = 0.5
"""Standard deviation of the details, in grey values: flatter images have nothing to be recognised by."""

_BLOCK = 1024


@dataclass(frozen=True)
class Fingerprint:
    """What is kept of an image for comparison.

    pixels: hash of the pixels and their shape; equal means an exact duplicate.
    perceptual: the signs of its low frequencies, as the 143 bits of a number.
    thumbnail: 64 x 64 grey values, row by row.
    """

    pixels: str
    perceptual: int
    thumbnail: bytes = field(repr=False)


def fingerprint(image: ImageRGB) -> Fingerprint:
    """Fingerprint of an image (H, W, 3); such signs are the pHash of Zauner 2010, http://phash.org/docs/."""
    pixels = hashlib.sha256(repr(image.shape).encode("ascii"))
    pixels.update(np.ascontiguousarray(image).data)
    small = cv2.resize(image, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    frequencies = cv2.dct(grey.astype(np.float32))[:_FREQUENCIES, :_FREQUENCIES]
    bits = np.packbits(frequencies.ravel()[1:] > 0)
    return Fingerprint(pixels.hexdigest()[:32], int.from_bytes(bits.tobytes(), "big"), grey.tobytes())


def exact_duplicates(prints: Mapping[str, Fingerprint]) -> list[list[str]]:
    """Sets of at least two stems whose images have the same pixels, sorted."""
    first: dict[str, str] = {}
    return join_sets((first.setdefault(prints[stem].pixels, stem), stem) for stem in sorted(prints))


def near_duplicates(prints: Mapping[str, Fingerprint]) -> list[list[str]]:
    """Sets of at least two stems whose images show the same scene, exact duplicates among them, sorted.

    If A shows the same as B and B the same as C, the three are one set. Images without details (one colour) are
    only ever exact duplicates.
    """
    exact = exact_duplicates(prints)
    copies = {stem for same in exact for stem in same[1:]}
    thumbnails = {stem: _grey(prints[stem]) for stem in sorted(prints) if stem not in copies}
    stems = [stem for stem, grey in thumbnails.items() if _raw_details(grey).std() >= _LEAST_DETAIL]
    details = [_details(thumbnails[stem]) for stem in stems]
    pairs = [
        (stems[one], stems[other])
        for one, other, orientation in _candidates([prints[stem].perceptual for stem in stems])
        if _fits(details[one], _oriented(thumbnails[stems[other]], orientation), orientation)
    ]
    return join_sets([*((same[0], stem) for same in exact for stem in same[1:]), *pairs])


def join_sets(pairs: Iterable[tuple[str, str]], least: int = 2) -> list[list[str]]:
    """Sets that these pairs connect, directly or by others, with `least` members or more; all sorted."""
    parents: dict[str, str] = {}

    def root(stem: str) -> str:
        while parents.setdefault(stem, stem) != stem:
            parents[stem] = parents[parents[stem]]
            stem = parents[stem]
        return stem

    for one, other in pairs:
        low, high = sorted((root(one), root(other)))
        parents[high] = low
    sets: dict[str, list[str]] = {}
    for stem in sorted(parents):
        sets.setdefault(root(stem), []).append(stem)
    return sorted(found for found in sets.values() if len(found) >= least)


def _candidates(perceptual: Sequence[int]) -> Iterator[tuple[int, int, _Orientation]]:
    """Pairs (one < other) whose bits are alike when `other` is brought into this orientation."""
    if not perceptual:
        return
    signs = np.stack([_signs(number) for number in perceptual])
    rows = signs.reshape(len(signs), -1)
    for orientation in _ORIENTATIONS:
        turned = _turned_signs(signs, orientation).reshape(len(signs), -1)
        most = _MOST_BITS if orientation == _UPRIGHT else _MOST_BITS_TURNED
        for start in range(0, len(rows), _BLOCK):
            different = (_BITS - rows[start : start + _BLOCK] @ turned.T) / 2
            for one, other in np.argwhere(different <= most).tolist():
                if start + one < other:
                    yield start + one, other, orientation


def _signs(perceptual: int) -> NDArray[np.float32]:
    """(12, 12) of -1 and 1, and 0 for the mean."""
    data = perceptual.to_bytes(-(-_BITS // 8), "big")
    bits = np.unpackbits(np.frombuffer(data, np.uint8))[:_BITS].astype(np.float32)
    return np.concatenate([np.zeros(1, np.float32), bits * 2 - 1]).reshape(_FREQUENCIES, _FREQUENCIES)


def _turned_signs(signs: NDArray[np.float32], orientation: _Orientation) -> NDArray[np.float32]:
    """What (N, 12, 12) signs would be had the images been oriented so: a flip turns the sign of odd frequencies."""
    transposed, down, left = orientation
    odd = np.float32(1) - 2 * (np.arange(_FREQUENCIES, dtype=np.float32) % 2)
    turned = signs.swapaxes(1, 2) if transposed else signs
    turned = turned * odd[:, None] if down else turned
    return np.asarray(turned * odd if left else turned, np.float32)


def _grey(print_: Fingerprint) -> _Thumbnail:
    return np.frombuffer(print_.thumbnail, np.uint8).reshape(_SIDE, _SIDE).astype(np.float32)


def _oriented(grey: _Thumbnail, orientation: _Orientation) -> _Thumbnail:
    transposed, down, left = orientation
    grey = grey.T if transposed else grey
    grey = grey[::-1] if down else grey
    return np.ascontiguousarray(grey[:, ::-1] if left else grey)


def _raw_details(grey: _Thumbnail) -> _Thumbnail:
    return np.asarray(grey - cv2.GaussianBlur(grey, (0, 0), _SMOOTHNESS), np.float32)


def _details(grey: _Thumbnail) -> _Thumbnail:
    """Details divided by the contrast around them: one dark edge does not outweigh all the rest."""
    details = _raw_details(grey)
    contrast = np.sqrt(cv2.GaussianBlur(details * details, (0, 0), _SMOOTHNESS) + _NOISE * _NOISE)
    return np.asarray(details / contrast, np.float32)


def _fits(details: _Thumbnail, other: _Thumbnail, orientation: _Orientation) -> bool:
    """Whether the details of both correlate where they fit best, in one of a few sizes."""
    least = _LEAST_CORRELATION if orientation == _UPRIGHT else _LEAST_CORRELATION_TURNED
    for side in _SIDES:
        scaled = other if side == _SIDE else cv2.resize(other, (side, side), interpolation=cv2.INTER_LINEAR)
        edge = (side - _SIDE) // 2 + _MARGIN
        size = _SIDE - 2 * _MARGIN
        middle = np.ascontiguousarray(_details(np.asarray(scaled))[edge : edge + size, edge : edge + size])
        found = float(cv2.matchTemplate(details, middle, cv2.TM_CCOEFF_NORMED).max())
        if found >= least:
            return True
        if found < _HOPELESS:
            return False
    return False
