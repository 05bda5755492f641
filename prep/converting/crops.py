"""See what photos show where a raw label has a value, so that a person can tell water from road."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from prep.converting.placement import drawn_on
from prep.core.classes import Color, format_color
from prep.core.errors import SegError
from prep.core.jobs import run_jobs
from prep.core.progress import Progress, silent
from prep.core.workers import threads
from prep.images.finding import FoundFile
from prep.images.imageio import ImageRGB
from prep.images.resample import resize_image, upright
from prep.labels.reader import Codes, LabelReader, RawLabel, code_strips, read_codes
from prep.labels.registry import reader_named
from prep.photos.photoio import RawPhoto, decode_photo, open_photo, photo_strips
from prep.photos.record import TURNED

CROPS = 4
"""Of each value, each from another photo: those that hold most of it."""

CROP = 180
"""Sides of a crop as it is shown, in pixels."""

_LONGEST = 1024
"""Photos are looked at in this size."""

_LARGE = 1 << 24
"""Pixels of a photo; the label of a larger one is read twice rather than held whole."""

_SMALLEST, _LARGEST = 40, 360
"""Sides of the part of a photo that a crop shows."""

_ENOUGH = 0.7
"""A crop need not hold more of its value than this share: what lies around helps to recognise it."""

_DIMMED = 0.35
_OUTLINE = (255, 255, 0)

_GAP, _SWATCH, _TEXT_WIDTH = 10, 44, 250
_INK, _MUTED, _PAPER, _FRAME = (31, 35, 40), (107, 116, 128), (255, 255, 255), (216, 221, 227)


@dataclass(frozen=True)
class PairedLabel:
    """A raw label, the photo that it belongs to, and its pixels by value."""

    label: RawLabel
    photo: FoundFile
    pixels: Mapping[int, int]


@dataclass(frozen=True)
class Appearance:
    """What lies under one value: mean colour of the photos there (3,), 0..255, and crops (CROP, CROP, 3)."""

    mean: NDArray[np.float64]
    crops: tuple[ImageRGB, ...]

    @property
    def color(self) -> str:
        """The mean as #rrggbb."""
        red, green, blue = self.mean.round().astype(int).tolist()
        return format_color((red, green, blue))


def value_appearances(
    pairs: Sequence[PairedLabel],
    codes: Sequence[int],
    reader: LabelReader,
    workers: int | None = None,
    progress: Progress = silent,
) -> dict[int, Appearance]:
    """Look at the photos that hold most of each value, a few for each; values without a photo are left out.

    Photos that cannot be read or have another shape than their label are skipped: others say what is wrong with them.
    """
    wanted: dict[int, list[int]] = defaultdict(list)
    for code in codes:
        order = sorted(range(len(pairs)), key=lambda number: (-pairs[number].pixels.get(code, 0), number))
        for number in order[:CROPS]:
            if pairs[number].pixels.get(code):
                wanted[number].append(code)
    jobs = [(pairs[number].label, pairs[number].photo, tuple(at)) for number, at in sorted(wanted.items())]
    with threads(workers) as pool:
        glimpses = [one for found in run_jobs(_Look(reader.name), jobs, workers, progress, pool) for one in found]
    return {code: _together(mine) for code in codes if (mine := [one for one in glimpses if one.code == code])}


@dataclass(frozen=True)
class _Glimpse:
    """One value in one photo: its pixels there, their mean colour, a crop."""

    code: int
    pixels: float
    mean: NDArray[np.float64]
    crop: ImageRGB


def _together(glimpses: list[_Glimpse]) -> Appearance:
    most_first = sorted(glimpses, key=lambda one: -one.pixels)
    total = sum(one.pixels for one in glimpses)
    mean = np.sum([one.mean * one.pixels for one in glimpses], axis=0) / total
    return Appearance(mean, tuple(one.crop for one in most_first))


@dataclass(frozen=True)
class _Look:
    reader: str

    def __call__(self, job: tuple[RawLabel, FoundFile, tuple[int, ...]]) -> list[_Glimpse]:
        label, file, codes = job
        try:
            photo = open_photo(file.path, page=file.page)
            thinned = _thinned(reader_named(self.reader), label, photo)
            if thinned is None:
                return []
            small, scale = thinned
            pixels = _decoded(photo, small.shape[1], small.shape[0])
        except SegError:
            return []
        places = {code: (small == code).astype(np.uint8) for code in codes}
        return [
            _Glimpse(code, where.sum() / scale**2, np.array(cv2.mean(pixels, where)[:3]), _crop(pixels, where))
            for code, where in places.items()
            if where.any()
        ]


def _thinned(reader: LabelReader, label: RawLabel, photo: RawPhoto) -> tuple[Codes, float] | None:
    """Every so many-th value, turned as a person sees the photo, and how many that is as a scale up to 1.

    None if the label is of another shape than the photo. A large one is never held whole.
    """
    strips = partial(code_strips, reader, label)
    if photo.width * photo.height <= _LARGE:
        strips = partial(iter, [read_codes(reader, label)])
    shapes = [strip.shape for strip in strips()]
    height, width = sum(rows for rows, _ in shapes), shapes[0][1]
    drawn = drawn_on((width, height), photo)
    if drawn is None:
        return None
    orientation = photo.orientation if drawn == "stored" else 1
    scale = min(1.0, _LONGEST / max(width, height))
    rows = _picked(upright(np.arange(height)[:, None], orientation), scale)
    columns = _picked(upright(np.arange(width)[None], orientation), scale)
    parts, top = [], 0
    for strip in strips():
        here = np.sort(rows[(top <= rows) & (rows < top + len(strip))])
        parts.append(strip[here - top][:, columns])
        top += len(strip)
    small = np.concatenate(parts)[:: 1 if rows[0] <= rows[-1] else -1]
    return (small.T if orientation in TURNED else small), scale


def _picked(places: NDArray[np.int64], scale: float) -> NDArray[np.int64]:
    """So many of these places, one row or column of them, as evenly as whole numbers are."""
    number = max(1, round(places.size * scale))
    return places.ravel()[np.arange(number) * places.size // number]


def _decoded(photo: RawPhoto, width: int, height: int) -> ImageRGB:
    """As decode_photo; a huge PNG is never held whole: its rows are averaged before its columns."""
    strips = photo_strips(photo)
    if strips is None:
        return decode_photo(photo, width, height)
    narrow = np.concatenate([resize_image(strip, width, len(strip)) for strip in strips])
    return resize_image(narrow, width, height)


def _crop(pixels: ImageRGB, where: NDArray[np.uint8]) -> ImageRGB:
    """The part of a photo (H, W, 3) where the marked pixels (H, W) lie densest; dimmed beside them, with an outline."""
    height, width = where.shape
    side = min(width, height, _LARGEST, max(_SMALLEST, round(2 * math.sqrt(float(where.sum())))))
    density = cv2.boxFilter(where, cv2.CV_32F, (side, side), borderType=cv2.BORDER_CONSTANT)
    enough = np.minimum(density, np.float32(_ENOUGH))
    half = max(1, side // 2)
    centred = cv2.blur(enough, (half, half), borderType=cv2.BORDER_CONSTANT)
    row, column = np.unravel_index(int(np.argmax(enough + np.float32(0.01) * centred)), density.shape)
    top, left = min(max(0, int(row) - side // 2), height - side), min(max(0, int(column) - side // 2), width - side)
    part, mark = (array[top : top + side, left : left + side] for array in (pixels, where))
    part = np.asarray(cv2.resize(part, (CROP, CROP), interpolation=cv2.INTER_CUBIC), np.uint8)
    mark = np.asarray(cv2.resize(mark, (CROP, CROP), interpolation=cv2.INTER_NEAREST), np.uint8)
    shown = np.where(mark[..., None] > 0, part, (part * _DIMMED).astype(np.uint8))
    shown[cv2.dilate(mark, np.ones((3, 3), np.uint8)) != mark] = _OUTLINE
    return shown


@dataclass(frozen=True)
class SheetRow:
    """One value. color: of the mask, None where values are ids.  lines: what is written beside its crops."""

    color: Color | None
    lines: tuple[str, ...]
    appearance: Appearance | None


def draw_sheet(rows: Sequence[SheetRow]) -> ImageRGB:
    """Draw a row of crops for each value, (H, W, 3): its colour and text on the left; nothing seen leaves a gap."""
    height = _GAP + len(rows) * (CROP + _GAP)
    width = _GAP + _SWATCH + _GAP + _TEXT_WIDTH + CROPS * (CROP + _GAP)
    sheet = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, row in enumerate(rows):
        top = _GAP + number * (CROP + _GAP)
        _describe(draw, row, top)
        for place, crop in enumerate(row.appearance.crops[:CROPS] if row.appearance else ()):
            left = _GAP + _SWATCH + _GAP + _TEXT_WIDTH + place * (CROP + _GAP)
            sheet.paste(Image.fromarray(crop), (left, top))
    return np.asarray(sheet, np.uint8)


def _describe(draw: ImageDraw.ImageDraw, row: SheetRow, top: int) -> None:
    """The value's colour over the mean colour of the photo, and the lines beside them."""
    left, middle = _GAP, top + CROP // 2
    if row.color is not None:
        draw.rectangle((left, top, left + _SWATCH, middle - 4), fill=row.color, outline=_FRAME)
    if row.appearance is not None:
        red, green, blue = row.appearance.mean.round().astype(int).tolist()
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
