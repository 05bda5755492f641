"""Pixels of a raster that hold nothing: the number of the file for no data, no opacity, or no number at all."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prep.core.files import explained, open_to_read, read_bytes
from prep.geo.extra import gdal, has_geo
from prep.geo.raster import read_any_tiff
from prep.images.bands import Bands, choose_bands
from prep.images.tiff_pages import mask_page
from prep.images.tiff_pixels import TiffLayout, tiff_layout

Empty = NDArray[np.bool_]
"""(H, W): where there is no data."""


_OPAQUE_OR_NOT = 0.9
"""Of opacity so large a share is all or nothing; a band of light, as near infrared is, takes all numbers between."""


def with_true_alpha(layout: TiffLayout, pixels: NDArray[Any]) -> TiffLayout:
    """The layout without its alpha where that is another band: GDAL's header says alpha of any fourth band of 8 bits.

    pixels: (H, W, bands) as stored, all of them or some rows.
    """
    if layout.alpha is None:
        return layout
    values = pixels[..., layout.alpha]
    extremes = (0.0, 1.0, 255.0) if values.dtype.kind == "f" else (0, 1, 255, np.iinfo(values.dtype).max)
    is_alpha = np.isin(values, extremes).mean() >= _OPAQUE_OR_NOT
    return layout if is_alpha else replace(layout, alpha=None)


def may_be_empty(layout: TiffLayout) -> bool:
    """Whether pixels of such a file can say that they hold nothing."""
    return layout.no_data is not None or layout.alpha is not None or layout.kind.startswith("float")


def empty_pixels(pixels: NDArray[Any], layout: TiffLayout) -> Empty:
    """(H, W, bands) as stored -> (H, W): all colours are the number for no data or no numbers, or alpha is 0."""
    colors = pixels[..., : layout.colors]
    empty = np.zeros(colors.shape[:2], np.bool_)
    if layout.no_data is not None:
        empty |= (colors == layout.no_data).all(axis=2)
    if layout.kind.startswith("float"):
        empty |= ~np.isfinite(colors).any(axis=2)
    if layout.alpha is not None:
        empty |= pixels[..., layout.alpha] == 0
    return empty


def read_empty(path: Path, bands: Bands | None = None) -> Empty | None:
    """Where a file of any kind holds no data; None if it says nothing of that. SegError if it is damaged.

    bands: of a TIFF, those that are its colours.
    """
    with explained(path), open_to_read(path) as file:
        layout = tiff_layout(path, file)
    if layout is None:
        return None
    if has_mask(path):
        return masked_rows(path, 0, layout.height)
    choice = None if bands is None else choose_bands(path, layout, bands)
    layout = layout if choice is None else choice.layout
    if not layout.kind or not may_be_empty(layout):
        return None
    pixels = read_any_tiff(path, read_bytes(path))
    if choice is not None:
        pixels = choice.of(pixels)
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    layout = with_true_alpha(layout, pixels)
    return empty_pixels(pixels, layout) if may_be_empty(layout) else None


def has_mask(path: Path) -> bool:
    """Whether a TIFF holds a page that says which pixels hold data, and can be read: that needs the extra `geo`."""
    return has_geo() and mask_page(path)


def masked_rows(path: Path, first: int, last: int) -> Empty:
    """Where rows first to last - 1 of such a file hold no data, (n, W)."""
    import rasterio
    from rasterio.windows import Window

    with gdal(path), rasterio.open(path.resolve(), driver="GTiff") as raster:
        empty: Empty = raster.read_masks(1, window=Window(0, first, raster.width, last - first)) == 0
    return empty
