"""Palettes of raw masks: which colours their indices show, and whether these say anything of the indices."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from prep.core.classes import format_color
from prep.core.errors import SegError
from prep.core.words import list_some
from prep.labels.archive import label_bytes
from prep.labels.labelio import (
    as_colors,
    label_id_strips,
    label_kind,
    label_kind_and_palette,
    label_oddities,
    label_pixel_strips,
)
from prep.labels.reader import RawLabel

_BANDS = 3


def first_colors(path: Path, data: bytes) -> dict[int, tuple[int, ...]]:
    """The ids of a palette file from the smallest on, and the colour of the first pixel that has each."""
    found: dict[int, tuple[int, ...]] = {}
    for ids, pixels in zip(label_id_strips(path, data), label_pixel_strips(path, data), strict=True):
        for code in np.unique(ids):
            if int(code) not in found:
                row, column = np.unravel_index(np.argmax(ids == code), ids.shape)
                pixel = pixels[row : row + 1, column : column + 1]
                found[int(code)] = tuple(as_colors(pixel)[0].ravel().tolist())
    return dict(sorted(found.items()))


def palettes_agree(labels: Sequence[RawLabel]) -> bool:
    """Whether an index has the same colour in all palette files; where programs numbered colours as they came, not."""
    colors_of: dict[int, tuple[int, ...]] = {}
    for label in labels:
        path, data = Path(label.name), label_bytes(label)
        if label_kind(path, data) != "palette":
            continue
        try:
            colors = first_colors(path, data)
        except SegError:
            continue  # converting it will say what is wrong with it
        if len(colors) > 1 and len({*colors.values()}) == 1:
            continue  # says nothing
        for number, color in colors.items():
            if colors_of.setdefault(number, color) != color:
                return False
    return True


def show_one_color(labels: Sequence[RawLabel]) -> bool:
    """Whether several indices of palette files have one colour, and no file shows two: their program left colours out.

    Damaged files show nothing; where one shows what is transparent, that says something.
    """
    several = False
    for label in labels:
        path, data = Path(label.name), label_bytes(label)
        try:
            if "alpha" in label_oddities(path, data):
                return False
            colors = first_colors(path, data)
        except SegError:
            continue
        if len({*colors.values()}) > 1:
            return False
        several = several or len(colors) > 1
    return several


def refuse_one_color(path: Path, data: bytes) -> None:
    """SegError for a palette of one colour in all its places, of which a file has several indices."""
    kind, palette = label_kind_and_palette(path, data)
    color = palette[:_BANDS]
    if kind != "palette" or len(palette) <= _BANDS or palette != color * (len(palette) // _BANDS):
        return
    if "alpha" in label_oddities(path, data):
        return
    held = set[int]().union(*(np.unique(ids).tolist() for ids in label_id_strips(path, data)))
    if len(held) > 1:
        shown = format_color((color[0], color[1], color[2]))
        raise SegError(
            f"{path}: all colours of its palette are {shown}, which says nothing of its indices "
            f"({list_some([str(raw) for raw in sorted(held)])}); read the indices with '--from ids'"
        )
