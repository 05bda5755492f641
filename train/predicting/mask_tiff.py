"""Masks as tiled TIFF files, written strip by strip; of a raster with a place on the earth as GeoTIFF."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX, ClassMap
from prep.core.files import replacing
from prep.geo.georeference import DOUBLE, SHORT, TEXT, GeoReference
from prep.images.imageio import IndexMask

if TYPE_CHECKING:
    from tifffile import TiffPage

Strips = Iterator[tuple[int, IndexMask]]
"""(first row, labels (n, W)) from the top down."""

_TILE = 256
_BUFFER_BYTES = 8 << 20
"""Tiles that wait for the threads which compress them; tifffile takes 512 MB where there are four cores or more."""

_CLASSIC_BYTES = 3_500_000_000
"""Above about this size, offsets need BigTIFF."""

_GDAL_METADATA, _NO_DATA = 42112, 42113
_GREATER = 257
"""A colour of 8 bits times this has 16."""


def write_mask(path: Path, strips: Strips, height: int, width: int) -> None:
    """Write a mask as a tiled TIFF with Deflate, grey, atomically."""
    _write(path, strips, height, width, {"photometric": "minisblack", "software": "seg-prep"})


def write_map(path: Path, strips: Strips, height: int, width: int, place: GeoReference, classes: ClassMap) -> None:
    """Write a mask as GeoTIFF, atomically: tiled, with Deflate, the geo tags of the raster as they are, the colours of
    the classes as colour table, their names, 255 as the number of pixels without data, and overviews.

    The number for no data is not that of the raster, which is a class here. An overview has every second pixel of the
    one before, until one tile holds it all. Memory does not grow with the height.
    """
    options: dict[str, Any] = {
        "photometric": "palette",
        "colormap": np.ascontiguousarray(classes.palette().T.astype(np.uint16) * _GREATER),
    }
    tags = [_extra(tag, values) for tag, values in sorted(place.tags.items())]
    tags += [_extra(_GDAL_METADATA, _metadata(classes)), _extra(_NO_DATA, f"{IGNORE_INDEX}".encode())]
    _write(path, strips, height, width, {**options, "extratags": tags, "software": "seg-prep"}, overviews=options)


def _write(
    path: Path,
    strips: Strips,
    height: int,
    width: int,
    options: dict[str, Any],
    *,
    overviews: dict[str, Any] | None = None,
) -> None:
    from tifffile import TiffFile, TiffWriter

    is_big = height * width > _CLASSIC_BYTES
    with replacing(path) as part:
        with TiffWriter(part, bigtiff=is_big) as writer:
            _add_page(writer.write, strips, height, width, options)
        level = 0
        while overviews is not None and max(height, width) > _TILE:
            with TiffFile(part) as file, TiffWriter(part, append=True) as writer:
                page = file.pages[level].aspage()
                height, width, level = -(-height // 2), -(-width // 2), level + 1
                _add_page(writer.write, _halved(page), height, width, {**overviews, "subfiletype": 1})


def _add_page(write: Callable[..., object], strips: Strips, height: int, width: int, options: dict[str, Any]) -> None:
    write(
        _tiles(strips, height, width), shape=(height, width), dtype="uint8", tile=(_TILE, _TILE), compression="zlib",
        metadata=None, buffersize=_BUFFER_BYTES, **options,
    )  # fmt: skip


def _tiles(strips: Strips, height: int, width: int) -> Iterator[IndexMask]:
    """Cut strips of any height into tiles, row by row; beyond the border tiles hold zeros."""
    held = np.empty((0, width), np.uint8)
    for top, strip in strips:
        held = np.concatenate([held, strip])
        is_last = top + len(strip) == height
        while len(held) >= _TILE or (is_last and len(held)):
            band = np.zeros((_TILE, -(-width // _TILE) * _TILE), np.uint8)
            taken, held = held[:_TILE], held[_TILE:]
            band[: len(taken), :width] = taken
            for left in range(0, width, _TILE):
                yield np.ascontiguousarray(band[:, left : left + _TILE])


def _halved(page: "TiffPage") -> Strips:
    """Every second pixel of every second row of a page that was written here, a row of tiles at a time."""
    across = -(-page.imagewidth // _TILE)
    for top in range(0, page.imagelength, _TILE):
        tiles: list[NDArray[np.uint8]] = []
        for number in range(top // _TILE * across, (top // _TILE + 1) * across):
            page.parent.filehandle.seek(page.dataoffsets[number])
            data = page.parent.filehandle.read(page.databytecounts[number])
            decoded, _, _ = page.decode(data, number)
            assert decoded is not None, "no tile is left out"
            tiles.append(decoded[0, :, :, 0])
        rows = np.concatenate(tiles, axis=1)[: page.imagelength - top, : page.imagewidth]
        yield top // 2, rows[::2, ::2]


def _extra(tag: int, values: bytes | tuple[float, ...]) -> tuple[int, int, int, Any, bool]:
    """A tag as tifffile takes it."""
    if isinstance(values, bytes):
        text = values if values.endswith(b"\0") else values + b"\0"
        return tag, TEXT, len(text), text, True
    kind = DOUBLE if isinstance(values[0], float) else SHORT
    return tag, kind, len(values), values, True


def _metadata(classes: ClassMap) -> bytes:
    """GDAL's own XML: the band's description, and a name for each class."""
    items = ['<Item name="DESCRIPTION" sample="0" role="description">class</Item>']
    for index, name in enumerate(classes.names):
        items.append(f'<Item name="class_{index}" sample="0">{escape(name)}</Item>')
    return "\n".join(["<GDALMetadata>", *items, "</GDALMetadata>", ""]).encode()
