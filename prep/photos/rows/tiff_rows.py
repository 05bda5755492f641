"""Very large TIFF files, read from the top down, a few rows at a time."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.files import explained, open_to_read
from prep.core.words import counted
from prep.geo.extra import INSTALL_GEO, has_geo
from prep.geo.no_data import Empty, empty_pixels, has_mask, masked_rows, with_true_alpha
from prep.images.bands import choose_bands
from prep.images.imageio import ImageRGB, damaged
from prep.images.tiff_pixels import WHOLE_BITS, tiff_layout
from prep.photos.ranges import NumberCounts, Range, eight_bits
from prep.photos.rendering import OWN_RANGES, Rendering
from prep.photos.rows.kept_rows import KeptRows
from prep.photos.rows.tiff_pieces import TiffPieces, is_read_here, opened_page
from prep.photos.srgb import to_srgb

if TYPE_CHECKING:
    from tifffile import TiffPage

LARGE_MEGAPIXELS = 64
"""TIFFs above this are read, labelled and written strip by strip; cameras make smaller ones."""

_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""Of TIFF and BigTIFF, either byte order."""

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK, _YCBCR = 0, 1, 2, 3, 5, 6
"""Photometric interpretations (TIFF 6.0, section 8); the first two are grey."""

_KINDS = ("bool", "uint8", "uint16", "int16", "uint32", "int32", "float32", "float64")

_FEW_BITS = (1, 2, 4)
"""Of grey; all ones are white."""

_ORIENTATION = 274


def is_large_tiff(path: Path) -> bool:
    """Whether the file is a TIFF with more than LARGE_MEGAPIXELS, by its header. SegError if that is damaged."""
    with explained(path), open_to_read(path) as file:
        if file.read(4) not in _STARTS:
            return False
    with opened_page(path) as page:
        return page.imagewidth * page.imagelength > LARGE_MEGAPIXELS * 1e6


class TiffRows:
    """The first picture of a TIFF file as ImageRows: 8 bits, sRGB, as prep.photos.photoio reads photos.

    Holds the rows asked for and one row of tiles, or one strip.
    rendering: of a kind of numbers that has no range there, what is in use in the file decides, which takes one more
    reading, and `own_range` says it.
    keeps_empty: keep, of the rows that were read, which pixels hold no data, until `taken_empty` takes them.
    Raises SegError if the file is damaged, or if its pixels or its compression are of a kind that cannot be read in
    pieces, or needs the extra `geo`, which is missing; and if it lacks a band that is chosen.
    """

    def __init__(self, path: Path, rendering: Rendering = OWN_RANGES, *, keeps_empty: bool = False) -> None:
        self._path = path
        with explained(path), open_to_read(path) as file:
            layout = tiff_layout(path, file)
        if layout is None:
            raise damaged(path)
        choice = None if rendering.bands is None else choose_bands(path, layout, rendering.bands)
        self._layout = layout if choice is None else choice.layout
        self._empty = KeptRows(layout.width) if keeps_empty else None
        self._has_mask = has_mask(path)
        with opened_page(path) as page:
            _refuse_unreadable(path, page)
            self.height, self.width = page.imagelength, page.imagewidth
            self._colormap = page.colormap if page.photometric == _PALETTE else None
            bands = range(page.samplesperpixel) if choice is None else choice.numbers
        self._pieces = TiffPieces(path, bands)
        self._range = rendering.ranges.get(layout.kind)
        if self._layout.alpha is not None and not self._has_mask:
            looked_at = self._pieces.piece(0), self._pieces.piece(self._pieces.middle(self.height))
            self._layout = with_true_alpha(self._layout, np.concatenate(looked_at))

    @property
    def kind(self) -> str:
        """Type of the numbers in NumPy, empty where they are those of 0 to 255."""
        return self._layout.kind if self._layout.is_deep else ""

    @property
    def bands_left_out(self) -> int:
        """How many bands are neither colours nor opacity: of near infrared, for example."""
        return self._layout.bands - self._layout.colors - (self._layout.alpha is not None)

    @cached_property
    def own_range(self) -> Range | None:
        """What is in use in the file, where the numbers are deep and no range of their kind is known."""
        return self.in_use().range() if self.kind and self._range is None else None

    def rows(self, first: int, last: int) -> ImageRGB:
        """Rows first to last - 1, (n, W, 3). Fastest from the top down, without gaps."""
        pixels, empty = self.rows_with_empty(first, last)
        if self._empty is not None:
            self._empty.add(first, empty)
        return pixels

    def rows_with_empty(self, first: int, last: int) -> tuple[ImageRGB, Empty]:
        """The same rows, and which of their pixels hold no data, (n, W)."""
        stored = self._stored(first, last)
        empty = masked_rows(self._path, first, last) if self._has_mask else empty_pixels(stored, self._layout)
        numbers, span = self._numbers(stored), self._range or self.own_range
        pixels = eight_bits(numbers, span, self._layout.no_data) if span and self._layout.is_deep else numbers
        shown = np.invert(pixels) if self._layout.is_inverted else pixels
        return to_srgb(self._path, shown, self._layout.profile), empty

    def empty(self, first: int, last: int) -> Empty:
        """Which pixels of rows first to last - 1 hold no data, (n, W). These rows, read before, stay kept."""
        assert self._empty is not None
        return self._empty.seen(first, last)

    def taken_empty(self, first: int, last: int) -> Empty:
        """Which pixels of rows first to last - 1 hold no data, (n, W). These rows, read before, are kept no longer."""
        assert self._empty is not None
        return self._empty.taken(first, last)

    def in_use(self) -> NumberCounts:
        """How often each number occurs, which takes one reading."""
        in_use = NumberCounts(self._layout.kind)
        for top in range(0, self.height, self._pieces.rows):
            stored = self._stored(top, min(self.height, top + self._pieces.rows))
            in_use.add(self._numbers(stored), self._layout.no_data)
        return in_use

    def _stored(self, first: int, last: int) -> NDArray[Any]:
        """Rows as they are stored, (n, W, samples)."""
        size, piece = self._pieces.rows, self._pieces.piece
        wanted = range(first // size, -(-last // size))
        # Copies, so that a piece is let go before the next one is decoded.
        parts = [piece(each)[max(0, first - each * size) : last - each * size].copy() for each in wanted]
        return np.concatenate(parts) if len(parts) > 1 else parts[0]

    def _numbers(self, stored: NDArray[Any]) -> NDArray[Any]:
        """Rows as they are stored -> grey (n, W), RGB (n, W, 3) or CMYK (n, W, 4) of the same type."""
        if self._colormap is not None:
            return np.asarray(self._colormap.T[stored[..., 0]] >> 8, np.uint8)
        bits = self._layout.bits
        pixels = stored * np.uint8(255 // (2**bits - 1)) if bits in _FEW_BITS else stored
        colors = self._layout.colors
        return np.ascontiguousarray(pixels[..., 0] if colors == 1 else pixels[..., :colors])


def _refuse_unreadable(path: Path, page: "TiffPage") -> None:
    is_ours = is_read_here(page)
    if not is_ours and not has_geo():
        compression = f"compressed by {getattr(page.compression, 'name', page.compression)}"
        how = compression if page.bitspersample in WHOLE_BITS else f"numbers of {counted(page.bitspersample, 'bit')}"
        raise SegError(
            f"{path}: {how}, which needs one more package; type: {INSTALL_GEO} "
            "(or save the file again with Deflate, or without compression)"
        )
    tag = page.tags.get(_ORIENTATION)
    if tag is not None and tag.value != 1:
        raise SegError(f"{path}: stored turned or mirrored (orientation {tag.value}); save it again upright")
    is_grey = page.photometric in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _PALETTE)
    least = 1 if is_grey else {_RGB: 3, _CMYK: 4}.get(page.photometric)
    if page.photometric == _YCBCR and not is_ours:  # which GDAL turns into RGB
        least = 3
    if least is None or page.samplesperpixel < least or page.dtype not in _KINDS:
        kind = getattr(page.photometric, "name", page.photometric)
        raise SegError(f"{path}: pixels of the kind {kind}, {page.dtype}; save it as grey or RGB")
