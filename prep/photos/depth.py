"""Photos whose numbers are not those of 0 to 255: 10 to 16 bits, or floating point; of each the numbers it holds."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.words import counted
from prep.geo.raster import read_any_tiff
from prep.images.bands import BandChoice, Bands, choose_bands
from prep.images.imageio import decode, jpeg2000_bits, loaded, open_image, quiet_pillow
from prep.images.kinds.png_chunks import PNG_START
from prep.images.kinds.pnm import pnm_is_deep, read_pnm
from prep.images.tiff_pages import TIFF_STARTS
from prep.images.tiff_pixels import TiffLayout, tiff_layout

_SIXTEEN = "uint16"
_PNG_BITS = 24
"""Where the header of a PNG states the bits a channel (PNG standard, 11.2.1)."""

_HEADER_BYTES = 1 << 12
_PLAIN_BANDS = 4
"""Of 8 bits Pillow reads grey, RGB, and what of RGB has one more."""

_GREY, _COLOR, _CMYK, _YCBCR = (0, 1), (2,), 5, 6


@dataclass(frozen=True)
class Depth:
    """How the numbers of a photo are stored.

    kind: their type in NumPy, empty where they are those of 0 to 255.  more_bands: besides grey, RGB or CMYK.
    layout: of a TIFF that is read here rather than by Pillow.  choice: of its bands, where some were chosen.
    """

    kind: str = ""
    more_bands: int = 0
    layout: TiffLayout | None = None
    choice: BandChoice | None = None


PLAIN = Depth()


def depth_of(path: Path, file: BinaryIO) -> Depth:
    """Tell from the header of an open file; SegError if that is a damaged TIFF."""
    start = file.read(_HEADER_BYTES)
    if start[:4] in TIFF_STARTS:
        layout = tiff_layout(path, file)
        return Depth() if layout is None else _of_tiff(path, layout)
    if start[:8] == PNG_START:
        return Depth(_SIXTEEN if start[_PNG_BITS : _PNG_BITS + 1] == b"\x10" else "")
    return Depth(_SIXTEEN if pnm_is_deep(start) or jpeg2000_bits(start) > 8 else "")


def depth_of_bands(path: Path, data: bytes, bands: Bands) -> Depth | None:
    """Depth of these bands of a TIFF; None of any other kind of file. SegError if it has no such bands."""
    layout = tiff_layout(path, data) if data[:4] in TIFF_STARTS else None
    if layout is None:
        return None
    choice = choose_bands(path, layout, bands)
    return Depth(layout.kind if layout.is_deep else "", 0, choice.layout, choice)


def _of_tiff(path: Path, layout: TiffLayout) -> Depth:
    more = layout.bands - layout.colors
    is_plain = layout.photometric not in _GREY and layout.bands <= _PLAIN_BANDS
    if layout.unusual and layout.kind and layout.photometric in (*_GREY, *_COLOR, _CMYK, _YCBCR):
        return Depth(layout.kind if layout.is_deep else "", more, layout)
    if not layout.is_deep and (not layout.kind or is_plain or layout.bands <= 2):
        return Depth("", more)
    if layout.photometric not in (*_GREY, *_COLOR, _CMYK):
        raise SegError(
            f"{path}: colours of a kind that is not read with {counted(layout.bits, 'bit')}; save the photo as RGB"
        )
    return Depth(layout.kind if layout.is_deep else "", more, layout)


def stored_numbers(path: Path, data: bytes, depth: Depth) -> NDArray[Any]:
    """Decode a photo as (H, W) grey, (H, W, 3) RGB or (H, W, 4) CMYK in the type in which it is stored.

    For photos of a `kind` or a `layout`. Raises SegError if it is damaged.
    """
    if depth.layout is not None:
        values = read_any_tiff(path, data)
        return _bands_of(values if depth.choice is None else depth.choice.of(values), depth.layout)
    if pnm_is_deep(data):
        return read_pnm(path, data)
    if jpeg2000_bits(data) and (picture := open_image(path, data, np.inf)).mode != "RGB":
        with quiet_pillow:
            return np.asarray(loaded(path, picture)).astype(np.uint16)
    values = decode(path, data, cv2.IMREAD_UNCHANGED)
    return values if values.ndim == 2 else np.ascontiguousarray(values[..., 2::-1])


def _bands_of(values: NDArray[Any], layout: TiffLayout) -> NDArray[Any]:
    if values.ndim == 3:
        values = values[..., 0] if layout.colors == 1 else values[..., : layout.colors]
    return np.ascontiguousarray(values)
