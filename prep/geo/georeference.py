"""What an image file says of its place on the earth: GeoTIFF tags, or files beside it: world file, .prj, .aux.xml.

Sources: GeoTIFF 1.1 (OGC 19-008r4); the two numbers for GDAL's own tags are those of its GTiff driver.
"""

import html
import math
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from prep.core.errors import SegError
from prep.core.files import explained, open_to_read, read_bytes
from prep.images.imageio import damaged
from prep.images.tiff_pages import ORIENTATION, TiffPage, first_page

Transform = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f): the place of a corner (x, y) of pixels is (a * x + b * y + c, d * x + e * y + f); (0, 0) is the
upper left corner of the upper left pixel."""

PIXEL_SCALE, TIE_POINTS, MATRIX = 33550, 33922, 34264
GEO_KEYS, GEO_DOUBLES, GEO_TEXTS = 34735, 34736, 34737
GEO_TAGS = (PIXEL_SCALE, TIE_POINTS, MATRIX, GEO_KEYS, GEO_DOUBLES, GEO_TEXTS)
SHORT, DOUBLE, TEXT = 3, 12, 2

_RASTER_TYPE, _PIXEL_IS_POINT = 1025, 2
_MOST_BYTES = 1 << 20
"""Of a world file or .prj file; theirs have a few hundred."""


@dataclass(frozen=True)
class GeoReference:
    """The place of a raster on the earth: of its pixels as they are stored.

    tags: values of GEO_TAGS as they stand in the file: bytes of texts, numbers of others.
    transform: from pixels to map units; None where only control points say it.
    world, projection: content of a world file and of a .prj file that lie beside it, or that would say the same as the
    .aux.xml file (GDAL's PAM) there.
    orientation: of a TIFF, as EXIF has it, 1..8.
    """

    path: Path
    tags: Mapping[int, bytes | tuple[float, ...]] = field(default_factory=dict)
    transform: Transform | None = None
    world: bytes | None = None
    projection: bytes | None = None
    orientation: int = 1

    def side_files(self, suffix: str) -> list[tuple[str, bytes]]:
        """Endings and contents of the files that say the same beside a raster with this ending, as theirs does."""
        world = [] if self.world is None else [(world_suffixes(Path(f"a{suffix}"))[0], self.world)]
        return world + ([] if self.projection is None else [(".prj", self.projection)])


def read_georeference(path: Path) -> GeoReference | None:
    """What a TIFF, JPEG or PNG file says of its place; None if that is nothing. SegError if it is damaged."""
    with explained(path), open_to_read(path) as file:
        own = georeference_in(path, file) or GeoReference(path)
    world = _beside(path, world_suffixes(path)) if own.transform is None else None
    transform = own.transform if world is None else _of_world(path, world)
    if transform is None and (transform := _of_pam(path)) is not None:
        a, b, c, d, e, f = transform
        world = "".join(f"{value!r}\n" for value in (a, d, b, e, c + (a + b) / 2, f + (d + e) / 2)).encode()
    projection = None
    if GEO_KEYS not in own.tags and transform is not None:
        projection = _beside(path, (".prj",)) or _in_pam(path, "SRS")
    if transform is None and TIE_POINTS not in own.tags:
        return None
    return replace(own, transform=transform, world=world, projection=projection)


def georeference_in(path: Path, file: BinaryIO) -> GeoReference | None:
    """What an open TIFF file itself says of its place; None for other files. path: stands for it in errors."""
    page = first_page(path, file)
    if page is None:
        return None
    tags = {tag: _values(page, tag) for tag in GEO_TAGS if tag in page.fields}
    return GeoReference(path, tags, _of_tags(tags), orientation=page.value(ORIENTATION, 1))


def world_suffixes(path: Path) -> tuple[str, ...]:
    """Endings of world files for such a file, the usual one first: .jgw, .jpgw and .wld of .jpg."""
    suffix = path.suffix
    return tuple(dict.fromkeys((f".{suffix[1:2]}{suffix[-1:]}w", f"{suffix}w", ".wld")))


def companions(path: Path) -> list[Path]:
    """The files beside a raster, or a Shapefile, that say something of it: its place, coordinate system, attributes."""
    endings = (".dbf", ".shx", ".cpg") if path.suffix.lower() == ".shp" else world_suffixes(path)
    names = [path.with_suffix(ending) for suffix in (*endings, ".prj") for ending in (suffix, suffix.upper())]
    return [name for name in [*names, _pam_file(path)] if name.is_file()]


def _beside(path: Path, suffixes: tuple[str, ...]) -> bytes | None:
    """The content of the first file with such an ending beside a file, in small letters or in capitals."""
    for suffix in suffixes:
        for each in (path.with_suffix(suffix), path.with_suffix(suffix.upper())):
            if each.is_file():
                if each.stat().st_size > _MOST_BYTES:
                    raise damaged(each)
                return read_bytes(each)
    return None


def _pam_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.aux.xml")


def _in_pam(path: Path, element: str) -> bytes | None:
    """What an element of the .aux.xml file beside a file holds, near its beginning; None if there is none."""
    if not _pam_file(path).is_file():
        return None
    with explained(_pam_file(path)), open_to_read(_pam_file(path)) as file:
        text = file.read(_MOST_BYTES).decode("utf-8", "replace")
    found = re.search(rf"<{element}(?:\s[^>]*)?>([^<]*)</{element}>", text)
    return html.unescape(found[1]).strip().encode() if found else None


def _of_pam(path: Path) -> Transform | None:
    """The transform in the .aux.xml file: c, a, b, f, d, e."""
    content = _in_pam(path, "GeoTransform")
    if content is None:
        return None
    try:
        c, a, b, f, d, e = map(float, content.decode("ascii").split(","))
        if not all(map(math.isfinite, (a, b, c, d, e, f))) or a * e == b * d:
            raise ValueError("pixels without a size")  # told below
    except ValueError as error:
        raise SegError(
            f"{path}: the file beside it ({_pam_file(path).name}) does not hold six numbers that give pixels a size; "
            "restore or remove it"
        ) from error
    return a, b, c, d, e, f


def _values(page: TiffPage, tag: int) -> bytes | tuple[float, ...]:
    kind, count, _ = page.fields[tag]
    content = page.content(tag)
    if kind == TEXT:
        return content
    if kind == DOUBLE:
        return struct.unpack(f"{page.order}{count}d", content)
    values = page.values(tag)
    if not values:
        raise damaged(page.path)
    return values


def _of_tags(tags: Mapping[int, bytes | tuple[float, ...]]) -> Transform | None:
    """The transform as GDAL reads it: scale and one tie point, else the matrix; moved where places are of centres."""
    scale, tie, matrix = (_numbers(tags, tag) for tag in (PIXEL_SCALE, TIE_POINTS, MATRIX))
    if len(scale) >= 2 and scale[0] and scale[1] and len(tie) >= 6:
        a, b, d, e = scale[0], 0.0, 0.0, -abs(scale[1])
        c, f = tie[3] - tie[0] * a, tie[4] - tie[1] * e
    elif len(matrix) == 16:
        a, b, _, c, d, e, _, f = matrix[:8]
    else:
        return None
    if _raster_type(tags) == _PIXEL_IS_POINT:
        c, f = c - (a + b) / 2, f - (d + e) / 2
    return a, b, c, d, e, f


def _numbers(tags: Mapping[int, bytes | tuple[float, ...]], tag: int) -> tuple[float, ...]:
    values = tags.get(tag, ())
    return () if isinstance(values, bytes) else values


def _raster_type(tags: Mapping[int, bytes | tuple[float, ...]]) -> int:
    """Whether a place is that of a pixel's area (1) or of its centre (2)."""
    keys = _numbers(tags, GEO_KEYS)
    entries = (keys[at : at + 4] for at in range(4, len(keys) - 3, 4))
    return next((int(value) for key, _, _, value in entries if key == _RASTER_TYPE), 1)


def _of_world(path: Path, content: bytes) -> Transform:
    """A world file: six numbers, one a line, of which the last two are the centre of the upper left pixel."""
    try:
        a, d, b, e, c, f = map(float, content.decode("ascii").replace(",", ".").split()[:6])
        if not all(map(math.isfinite, (a, b, c, d, e, f))) or a * e == b * d:
            raise ValueError("pixels without a size")  # told below
    except ValueError as error:
        suffix = world_suffixes(path)[0]
        raise SegError(
            f"{path}: the world file beside it ({path.stem}{suffix}) does not hold six numbers that give pixels a "
            "size; restore or remove it"
        ) from error
    return a, b, c - (a + b) / 2, d, e, f - (d + e) / 2
