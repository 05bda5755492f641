"""Prodigy's image.manual: JSON lines, one for each photo, with spans that are polygons in pixels.

Source of the layout: https://prodi.gy/docs/api-interfaces#image_manual.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from prep.images.finding import FoundFile
from prep.labels.annotators.photo_files import images_of, source_of, text_of
from prep.labels.contents import Contents
from prep.labels.formats import LIKELY, NO, FileFormat
from prep.labels.json_stream import json_lines
from prep.labels.left_out import LeftOut
from prep.labels.reader import LabelSource
from prep.labels.region_labels import corners, stated_extent
from prep.labels.shapes.shapes import Polygon, RegionImage, Shape, ShapeReader

_OUTLINES = ("polygon", "freehand")
_HEAD = 1 << 16
"""Bytes in which a row begins that may hold a photo itself, which comes first."""


def _files(contents: Contents) -> list[FoundFile]:
    files = [] if contents.is_zip else contents.of_suffix(".jsonl")
    heads = ((file, contents.head(file, _HEAD)) for file in files)
    return [file for file, head in heads if b'"image"' in head and (b'"spans"' in head or b'"_input_hash"' in head)]


def _opened(contents: Contents, variable: str) -> LabelSource:
    files, left_out = contents.once(_files), LeftOut()
    images = images_of("Prodigy", files, lambda file: _images(file.path, left_out), left_out, each_photo=False)
    return source_of("prodigy", contents, files[0], images, left_out)


def _images(path: Path, left_out: LeftOut) -> Iterator[RegionImage]:
    for number, row in json_lines(path):
        where = f"{path}, line {number}"
        image = str(row["image"])
        name = str(row.get("path") or (row.get("meta") or {}).get("file") or image)
        if name.startswith("data:"):
            left_out.add("left out, because they hold the photo itself and do not name its file", where)
        elif row.get("answer", "accept") != "accept":
            left_out.add(f"left out, because the answer is {row['answer']}", name)
        else:
            yield RegionImage(name, stated_extent(where, row), tuple(_regions(where, row, left_out)))


def _regions(where: str, row: Mapping[str, Any], left_out: LeftOut) -> Iterator[tuple[str, Shape]]:
    for span in row.get("spans") or ():
        label = text_of(span, "label", where)
        if span.get("type") in _OUTLINES:
            yield label, Polygon((corners(where, span["points"]),))
        else:
            left_out.add("left out, because they are boxes", f"{label} in {where}")


FORMAT = FileFormat(
    "prodigy",
    "Prodigy's JSON lines",
    lambda contents: LIKELY if contents.once(_files) else NO,
    _opened,
    (ShapeReader(name="prodigy"),),
    rules="Polygons and freehand outlines of accepted photos are painted in the order of the file, a later one over an "
    "earlier one; boxes, and photos that were rejected or ignored, are left out and counted.",
)
