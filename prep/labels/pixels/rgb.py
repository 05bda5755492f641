"""RGB masks: every class is a colour."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX, ClassMap, Color, format_color
from prep.labels.archive import label_bytes
from prep.labels.labelio import as_colors, label_pixel_strips
from prep.labels.pixels.palettes import refuse_one_color
from prep.labels.reader import Codes, RawLabel, array_strips

TRANSPARENT = 1 << 24
"""Code of pixels with alpha 0, whatever colour lies beneath."""

HALF_TRANSPARENT = TRANSPARENT + 1
"""Code of pixels that are hardly seen: of soft brushes and erasers, which leave a trace of their colour."""

NO_COLORS = {TRANSPARENT: "transparent", HALF_TRANSPARENT: "half-transparent"}

_HALF, _HARDLY_SEEN = 128, 26
"""Alpha from which a pixel is more seen than not, and below which nobody sees an overlay: a tenth."""


class RgbReader:
    """Code = red + 256 green + 65536 blue; transparent and half-transparent pixels have codes of their own."""

    name = "rgb"
    size = HALF_TRANSPARENT + 1

    def read(self, label: RawLabel) -> Codes:
        """(H, W) codes of a colour, palette or grey label file."""
        return np.concatenate(list(self.strips(label)))

    def strips(self, label: RawLabel) -> Iterator[Codes]:
        """Strips (n, W) of the same codes, which take four times the memory of a grey file."""
        path, data = Path(label.name), label_bytes(label)
        refuse_one_color(path, data)
        limit: int | None = None
        for pixels in label_pixel_strips(path, data):
            for rows in array_strips(pixels):
                colors, alpha = as_colors(pixels[rows])
                codes = color_codes(colors)
                if alpha is not None and alpha.min() < _HALF:
                    limit = opaque_from(path, data) if limit is None else limit
                    codes[alpha < limit] = HALF_TRANSPARENT
                    codes[alpha == 0] = TRANSPARENT
                yield codes

    def table(self, classes: ClassMap) -> dict[int, int]:
        """Colours of each class, and the colours that are ignored."""
        known = {_code(color): index for color, index in classes.index_of_color().items()}
        return known | {_code(color): IGNORE_INDEX for color in classes.ignored}

    def describe(self, code: int) -> str:
        """The code as #rrggbb."""
        return NO_COLORS.get(code) or format_color(_color(code))

    def distance(self, code: int, classes: ClassMap) -> list[float]:
        """Euclidean distances in RGB, 0 .. 441.7, to the nearest colour of a class; infinite for transparent pixels."""
        distances = [math.inf] * len(classes)
        if code not in NO_COLORS:
            for color, index in classes.index_of_color().items():
                distances[index] = min(distances[index], math.dist(_color(code), color))
        return distances

    def propose(self, codes: Sequence[int]) -> ClassMap:
        """Made-up names for these colours."""
        colors = tuple(_color(code) for code in codes if code not in NO_COLORS)
        return ClassMap(tuple(f"class{number}" for number in range(len(colors))), colors)


def opaque_from(path: Path, data: bytes) -> int:
    """The alpha from which pixels of a label file are painted: half; of an overlay, all of which is less, half of that.

    Of a file that nobody sees only several colours, or black, under one alpha are believed: some programs write 1 for
    opaque, and an eraser leaves its one colour.
    """
    alphas, codes = set[int](), set[int]()
    for pixels in label_pixel_strips(path, data):
        for rows in array_strips(pixels):
            colors, alpha = as_colors(pixels[rows])
            if alpha is None or alpha.max() >= _HALF:
                return _HALF
            alphas |= {*np.unique(alpha).tolist()}
            held = color_codes(colors)
            codes |= {int(held.min()), int(held.max())}
    if max(alphas) >= _HARDLY_SEEN or (len(alphas) == 1 and (len(codes) > 1 or codes == {0})):
        return max(alphas) // 2 + 1
    return _HALF


def color_codes(colors: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """(H, W, 3) colours -> (H, W) codes: the three bytes and a zero, read as one little-endian number."""
    four_bytes = cv2.cvtColor(colors, cv2.COLOR_RGB2RGBA)
    codes = np.asarray(four_bytes, np.uint8).view("<u4")[..., 0].astype(np.uint32, copy=False)
    codes &= 0xFFFFFF  # without the alpha that OpenCV adds
    return codes


def _code(color: Color) -> int:
    return int.from_bytes(bytes(color), "little")


def _color(code: int) -> Color:
    red, green, blue = code.to_bytes(3, "little")
    return red, green, blue
