"""Pictures that people look at: prediction beside truth, and sheets of many with a line of text over each."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX, ClassMap
from prep.images.imageio import ImageRGB, IndexMask
from prep.images.overlay import overlay, shrink
from train.windows.resampling import ResizedRows

if TYPE_CHECKING:
    from PIL import ImageFont

SheetBlock = tuple[str, Sequence[ImageRGB]]
"""A line of text and the pictures below it, from left to right."""

_PANEL_PX = 640
"""Longer side of each picture of a comparison: a report of large photos stays small enough to send around."""

_GAP, _TEXT_PX, _LINE = 6, 14, 22
"""Space between pictures, size of the letters, and height of a line of text, in pixels."""


Paint = Callable[..., ImageRGB]
"""Paints a picture (H, W, 3) of an image (H, W, 3) and masks (H, W), each pixel of theirs alone."""


@dataclass(frozen=True)
class _PaintedRows:
    """A picture that is painted where its rows are asked for; of a large photo it would take as much as the photo."""

    paint: Paint
    parts: Sequence[NDArray[np.uint8]]

    @property
    def height(self) -> int:
        return int(self.parts[0].shape[0])

    @property
    def width(self) -> int:
        return int(self.parts[0].shape[1])

    def rows(self, first: int, last: int) -> ImageRGB:
        return self.paint(*(part[first:last] for part in self.parts))


def painted(paint: Paint, parts: Sequence[NDArray[np.uint8]], longest: int) -> ImageRGB:
    """A picture of these parts, whose longer side has at most `longest` pixels; the whole of it is never held."""
    picture = _PaintedRows(paint, parts)
    scale = longest / max(picture.height, picture.width)
    if scale >= 1:
        return picture.rows(0, picture.height)
    height, width = max(1, round(picture.height * scale)), max(1, round(picture.width * scale))
    return ResizedRows(picture, height, width).rows(0, height)


def panels(image: ImageRGB, truth: IndexMask, guess: IndexMask, classes: ClassMap) -> list[ImageRGB]:
    """The image, the true mask over it, the predicted mask over it, and wrong pixels in magenta, side by side.

    All (H, W, 3) and as large as the image, or as there is place for.
    """

    def errors(image: ImageRGB, truth: IndexMask, guess: IndexMask) -> ImageRGB:
        wrong = image // 2 + 64
        wrong[(truth != guess) & (truth != IGNORE_INDEX)] = (255, 0, 255)
        return wrong

    def labelled(image: ImageRGB, mask: IndexMask) -> ImageRGB:
        return overlay(image, mask, classes)

    return [
        painted(np.asarray, (image,), _PANEL_PX),
        painted(labelled, (image, truth), _PANEL_PX),
        painted(labelled, (image, guess), _PANEL_PX),
        painted(errors, (image, truth, guess), _PANEL_PX),
    ]


def captioned_sheet(rows: Sequence[SheetBlock], cell: int, columns: int = 1) -> ImageRGB:
    """Arrange blocks of text and pictures in columns, row by row; pictures are shrunk to `cell` pixels and centred.

    Every block has as many pictures. A row is as high as its highest picture, a column as wide as its widest.
    """
    shrunk = [(text, [shrink(picture, cell) for picture in pictures]) for text, pictures in rows]
    width = max(picture.shape[1] for _, pictures in shrunk for picture in pictures)
    blocks = [_block(text, pictures, width) for text, pictures in shrunk]
    lines = [blocks[first : first + columns] for first in range(0, len(blocks), columns)]
    return np.concatenate([_side_by_side(line, columns) for line in lines])


def _block(text: str, pictures: Sequence[ImageRGB], cell: int) -> ImageRGB:
    height = max(picture.shape[0] for picture in pictures)
    width = len(pictures) * (cell + _GAP) + _GAP
    block = np.full((_LINE + height + _GAP, width, 3), 255, np.uint8)
    block[:_LINE] = _text(text, width)
    for number, picture in enumerate(pictures):
        top = _LINE + (height - picture.shape[0]) // 2
        left = _GAP + number * (cell + _GAP) + (cell - picture.shape[1]) // 2
        block[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return block


def _side_by_side(blocks: Sequence[ImageRGB], columns: int) -> ImageRGB:
    height, width = max(block.shape[0] for block in blocks), blocks[0].shape[1]
    line = np.full((height, columns * width, 3), 255, np.uint8)
    for number, block in enumerate(blocks):
        line[: block.shape[0], number * width : (number + 1) * width] = block
    return line


def _text(text: str, width: int) -> ImageRGB:
    """(_LINE, width, 3) black text on white; what does not fit loses its middle, where names are alike."""
    from PIL import Image, ImageDraw

    font = _font()
    shown, cut = text, 0
    while font.getlength(shown) > width - 2 * _GAP and cut < len(text):
        cut += 1
        keep = len(text) - cut
        shown = f"{text[: keep // 2]}…{text[len(text) - (keep - keep // 2) :]}"
    line = Image.new("RGB", (width, _LINE), "white")
    ImageDraw.Draw(line).text((_GAP, 2), shown, fill="black", font=font)
    return np.asarray(line)


@functools.cache
def _font() -> "ImageFont.FreeTypeFont":
    """DejaVu Sans, which comes with matplotlib: stems may hold any letters."""
    import matplotlib
    from PIL import ImageFont

    return ImageFont.truetype(f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf", _TEXT_PX)
