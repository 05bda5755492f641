"""Tell colours that are classes from those that blended edges and JPEG leave behind, and which class one could be."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prep.converting.crops import Appearance
from prep.core.classes import ClassMap, format_color
from prep.core.words import counted, verb
from prep.labels.reader import LabelReader


@dataclass(frozen=True)
class NoiseLimits:
    """What counts as noise.

    fewer: it has so many times fewer pixels than the colours it comes from.  near: distance in RGB (0 .. 441) within
    which a rare colour is a trace of a frequent one.  between: the same, from the line between two frequent colours,
    within which it is their blend.  same: distance within which any rarer colour is noise, however frequent.
    """

    fewer: int
    near: float
    between: float
    same: float


EXACT = NoiseLimits(fewer=20, near=40, between=12, same=0)
LOSSY = NoiseLimits(fewer=4, near=110, between=90, same=24)
"""Of masks in JPEG, which blurs colour over blocks of 16 pixels."""

_DARKEST = 32
"""Ids of a few classes are greys that nobody sees; blends of black and a colour are no greys."""

_MIN_SHARE = 1e-3
"""Colours of fewer pixels are slips and blended edges rather than classes."""

_MOST_CLASSES = 64
_MANY = 1000
_MOST_OTHERS = 0.3

VALUES_OF_PHOTOS = (
    "so many values are those of photos, not of masks: name the folder that holds the masks alone, or say with "
    "--match and two patterns, for example '{}' '{}_mask', how their names differ from those of the photos"
)
"""What to say of values that look_like_photos."""


def look_like_photos(pixels: Mapping[int, int], total: int) -> bool:
    """Whether values are too many for masks: thousands, and all but the 64 most frequent hold a third of the pixels.

    pixels: by value.  total: of all values, also of those that are classes.
    """
    rest = sorted(pixels.values(), reverse=True)[_MOST_CLASSES:]
    return len(pixels) > _MANY and sum(rest) > _MOST_OTHERS * total


def are_cut_out(opaque: Mapping[int, int]) -> bool:
    """Whether what is not transparent holds so many values that it is a photo cut out of its background.

    opaque: pixels by value, without transparent ones.
    """
    rest = sorted(opaque.values(), reverse=True)[_MOST_CLASSES:]
    return len(rest) > _MOST_CLASSES and sum(rest) > _MOST_OTHERS * sum(opaque.values())


def noise_among(pixels: Mapping[int, int], known: Collection[int] = (), limits: NoiseLimits = EXACT) -> frozenset[int]:
    """Colour codes (red + 256 green + 65536 blue) that are rare and near to, or between, frequent ones.

    pixels: by code.  known: codes that a class map names; they are never noise.
    """
    order = sorted(pixels, key=lambda code: (-pixels[code], code))
    real = [code for code in order if code in known]
    noise = set()
    for code in order:
        if code in known or code >= 1 << 24:
            continue
        frequent = np.array([_color(other) for other in real if pixels[other] >= limits.fewer * pixels[code]]).reshape(
            -1, 3
        )
        is_same = any(math.dist(_color(other), _color(code)) <= limits.same for other in real)
        if len(real) >= _MOST_CLASSES or is_same or _comes_from(_color(code), np.array(frequent), limits):
            noise.add(code)
        else:
            real.append(code)
    return frozenset(noise)


def numbers_among(pixels: Mapping[int, int]) -> frozenset[int]:
    """Colour codes of dark greys that are rather numbers of classes: #010101, #020202; none where white may fade so.

    pixels: by code, of masks that were stored without loss.
    """
    greys = {code & 255 for code in pixels if code < 1 << 24 and len({*_color(code)}) == 1}
    if any(grey > _DARKEST for grey in greys):
        return frozenset()
    return frozenset(grey * 0x10101 for grey in greys if grey)


def _comes_from(color: tuple[float, float, float], frequent: NDArray[np.float64], limits: NoiseLimits) -> bool:
    if not len(frequent):
        return False
    if np.linalg.norm(frequent - color, axis=1).min() <= limits.near:
        return True
    starts, ends = (frequent[index] for index in np.triu_indices(len(frequent), 1))
    if not len(starts):
        return False
    along = ends - starts
    share = np.clip(((color - starts) * along).sum(axis=1) / np.maximum((along**2).sum(axis=1), 1), 0, 1)
    return bool(np.linalg.norm(starts + share[:, None] * along - color, axis=1).min() <= limits.between)


def _color(code: int) -> tuple[float, float, float]:
    return float(code & 255), float(code >> 8 & 255), float(code >> 16 & 255)


def proposed_colors(
    unknown: Mapping[int, int], total: int, absent: Sequence[int], reader: LabelReader, classes: ClassMap
) -> list[tuple[int, int]]:
    """(class index, code) for classes that no mask holds, by the smallest sum of colour distances.

    unknown: pixels by code.  total: pixels of all masks.  absent: indices of classes without a pixel.
    """
    from scipy.optimize import linear_sum_assignment  # a quarter of a second, for this error only

    codes = [code for code, pixels in unknown.items() if pixels >= _MIN_SHARE * total]
    distances = np.array([[reader.distance(code, classes)[index] for code in codes] for index in absent])
    if not distances.size or not np.isfinite(distances).all():
        return []
    rows, columns = linear_sum_assignment(distances)
    return [(absent[row], codes[column]) for row, column in zip(rows.tolist(), columns.tolist(), strict=True)]


def proposal_text(
    proposed: Sequence[tuple[int, int]], reader: LabelReader, classes: ClassMap, seen: Mapping[int, Appearance]
) -> str:
    """Show the proposal as a table and as the options that accept it."""
    rows = [
        [
            classes.names[index],
            format_color(classes.colors[index]),
            "->",
            reader.describe(code),
            f"(photo {seen[code].color})" if code in seen else "",
        ]
        for index, code in proposed
    ]
    options = " \\\n".join(f"  --color '{classes.names[index]}={reader.describe(code)}'" for index, code in proposed)
    return (
        f"\n\n{counted(len(proposed), 'class', 'classes')} of the class map "
        f"{verb(len(proposed), 'occurs', 'occur')} in no mask; perhaps its colours are wrong. By nearness of mask "
        "colours alone they could be\n\n"
        f"{align(rows)}\n\n"
        "This is a guess that knows nothing of the photos and can be wrong for every class: compare it with them. The "
        "same command accepts it, or what you make of it, with\n"
        f"{options}"
    )


def align(rows: list[list[str]]) -> str:
    """Write rows as a table: the first and last column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    last = len(widths) - 1
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in (0, last) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
