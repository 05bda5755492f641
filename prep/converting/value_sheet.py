"""One picture of all values of raw labels: what the photos show where each of them lies."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from prep.converting.seen import CROP, CROPS, Seen
from prep.core.classes import Color
from prep.images.imageio import ImageRGB

_GAP, _SWATCH, _TEXT_WIDTH = 10, 44, 250
_INK, _MUTED, _PAPER, _FRAME = (31, 35, 40), (107, 116, 128), (255, 255, 255), (216, 221, 227)


@dataclass(frozen=True)
class SheetRow:
    """One value. color: of the mask, None where values are ids.  lines: what is written beside its crops."""

    color: Color | None
    lines: tuple[str, ...]
    seen: Seen | None


def draw_sheet(rows: Sequence[SheetRow]) -> ImageRGB:
    """Draw a row of crops for each value, (H, W, 3): its colour and text on the left; nothing seen leaves a gap."""
    height = _GAP + len(rows) * (CROP + _GAP)
    width = _GAP + _SWATCH + _GAP + _TEXT_WIDTH + CROPS * (CROP + _GAP)
    sheet = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, row in enumerate(rows):
        top = _GAP + number * (CROP + _GAP)
        _describe(draw, row, top)
        for place, crop in enumerate(row.seen.crops[:CROPS] if row.seen else ()):
            left = _GAP + _SWATCH + _GAP + _TEXT_WIDTH + place * (CROP + _GAP)
            sheet.paste(Image.fromarray(crop), (left, top))
    return np.asarray(sheet, np.uint8)


def _describe(draw: ImageDraw.ImageDraw, row: SheetRow, top: int) -> None:
    """The value's colour over the mean colour of the photo, and the lines beside them."""
    left, middle = _GAP, top + CROP // 2
    if row.color is not None:
        draw.rectangle((left, top, left + _SWATCH, middle - 4), fill=row.color, outline=_FRAME)
    if row.seen is not None:
        red, green, blue = row.seen.mean.round().astype(int).tolist()
        draw.rectangle((left, middle + 4, left + _SWATCH, top + CROP - 1), fill=(red, green, blue), outline=_FRAME)
    for number, line in enumerate(row.lines):
        large = number == 0
        font = ImageFont.load_default(20 if large else 15)
        draw.text(
            (left + _SWATCH + _GAP, top + 2 + 26 * number),
            _fitted(line, font),
            _INK if large else _MUTED,
            font,
        )


def _fitted(line: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """The beginning of a line that has room."""
    while font.getlength(line) > _TEXT_WIDTH - _GAP:
        line = line[:-2].rstrip(".") + "."
    return line
