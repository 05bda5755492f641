"""Tiled TIFF files written strip by strip, with overviews, and with a place on the earth where there is one."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from numpy.typing import NDArray

from prep.core.files import replacing
from prep.geo.georeference import DOUBLE, SHORT, TEXT, GeoReference

if TYPE_CHECKING:
    from tifffile import TiffPage

Strips = Iterator[tuple[int, NDArray[np.uint8]]]
"""(first row, pixels (n, W) or (n, W, bands)) from the top down."""

TILE, _TILE_OF_BANDS = 256, 128
"""Sides of tiles: a row of those with several bands takes memory."""

_BUFFER_BYTES = 8 << 20
"""Tiles that wait for the threads which compress them; tifffile takes 512 MB where there are four cores or more."""

_CLASSIC_BYTES = 3_500_000_000
"""Above about this size, offsets need BigTIFF."""

_GDAL_METADATA, _NO_DATA = 42112, 42113


def write_tiff(
    path: Path, strips: Strips, shape: tuple[int, ...], options: dict[str, Any], *, overviews: bool = False
) -> None:
    """Write 8-bit pixels of `shape`, (H, W) or (H, W, bands), tiled with Deflate, atomically.

    options: of tifffile, photometric among them.  overviews: each has every second pixel of the one before, until one
    tile holds it all. Memory does not grow with the height.
    """
    from tifffile import TiffFile, TiffWriter

    is_big = int(np.prod(shape, dtype=np.int64)) > _CLASSIC_BYTES
    with replacing(path) as part:
        with TiffWriter(part, bigtiff=is_big) as writer:
            _add_page(writer.write, strips, shape, {**options, "software": "seg-prep"})
        smaller = {name: value for name, value in options.items() if name != "extratags"}
        level = 0
        while overviews and max(shape[:2]) > _side(shape):
            with TiffFile(part) as file, TiffWriter(part, append=True) as writer:
                page = file.pages[level].aspage()
                shape, level = (-(-shape[0] // 2), -(-shape[1] // 2), *shape[2:]), level + 1
                _add_page(writer.write, _halved(page, shape[2:]), shape, {**smaller, "subfiletype": 1})


def geo_tags(place: GeoReference, no_data: int, items: Sequence[tuple[str, int, str, str]]) -> list[Any]:
    """Tags as tifffile takes them: those of the raster as they are, the number of pixels without data, and GDAL's XML.

    items: (name, band from 0, role or "", text) of that XML.
    """
    lines = []
    for name, band, role, text in items:
        what = f" role={quoteattr(role)}" if role else ""
        lines.append(f'<Item name={quoteattr(name)} sample="{band}"{what}>{escape(text)}</Item>')
    metadata = "\n".join(["<GDALMetadata>", *lines, "</GDALMetadata>", ""]).encode()
    tags = [_extra(tag, values) for tag, values in sorted(place.tags.items())]
    return [*tags, _extra(_GDAL_METADATA, metadata), _extra(_NO_DATA, f"{no_data}".encode())]


def _add_page(write: Callable[..., object], strips: Strips, shape: tuple[int, ...], options: dict[str, Any]) -> None:
    side, planes = _side(shape), {"planarconfig": "contig"} if len(shape) > 2 else {}
    write(
        _tiles(strips, shape, side), shape=shape, dtype="uint8", tile=(side, side), compression="zlib", metadata=None,
        buffersize=_BUFFER_BYTES, **planes, **options,
    )  # fmt: skip


def _side(shape: tuple[int, ...]) -> int:
    return _TILE_OF_BANDS if len(shape) > 2 else TILE


def _tiles(strips: Strips, shape: tuple[int, ...], side: int) -> Iterator[NDArray[np.uint8]]:
    """Cut strips of any height into tiles, row by row; beyond the border tiles hold zeros."""
    height, width, *bands = shape
    band, held = np.zeros((side, -(-width // side) * side, *bands), np.uint8), 0
    for top, strip in strips:
        done = 0
        while done < len(strip):
            rows = strip[done : done + side - held]
            band[held : held + len(rows), :width] = rows
            held, done = held + len(rows), done + len(rows)
            if held < side and top + done < height:
                break
            band[held:] = 0
            for left in range(0, width, side):
                yield band[:, left : left + side].copy()  # which wait for the threads that compress them
            held = 0


def _halved(page: "TiffPage", bands: tuple[int, ...]) -> Strips:
    """Every second pixel of every second row of a page that was written here, a row of tiles at a time."""
    side = page.tilelength
    across = -(-page.imagewidth // side)
    for top in range(0, page.imagelength, side):
        tiles: list[NDArray[np.uint8]] = []
        for number in range(top // side * across, (top // side + 1) * across):
            page.parent.filehandle.seek(page.dataoffsets[number])
            data = page.parent.filehandle.read(page.databytecounts[number])
            decoded, _, _ = page.decode(data, number)
            assert decoded is not None, "no tile is left out"
            tiles.append(decoded[0, ::2, ::2].reshape(side // 2, side // 2, *bands))
        rows = np.concatenate(tiles, axis=1)
        yield top // 2, rows[: -(-(page.imagelength - top) // 2), : -(-page.imagewidth // 2)]


def _extra(tag: int, values: bytes | tuple[float, ...]) -> tuple[int, int, int, Any, bool]:
    """A tag as tifffile takes it."""
    if isinstance(values, bytes):
        text = values if values.endswith(b"\0") else values + b"\0"
        return tag, TEXT, len(text), text, True
    kind = DOUBLE if isinstance(values[0], float) else SHORT
    return tag, kind, len(values), values, True
