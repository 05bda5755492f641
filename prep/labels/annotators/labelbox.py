"""Labelbox's export: NDJSON, a line for each photo, with the labels of its projects.

Source of the layout: https://docs.labelbox.com/reference/export-image-annotations.
"""

from typing import Any

from prep.core.errors import SegError
from prep.images.finding import FoundFile
from prep.labels.annotators.photo_files import source_of, text_of, xy_corners
from prep.labels.contents import Contents
from prep.labels.formats import LIKELY, NO, FileFormat, only_one
from prep.labels.json_stream import json_lines
from prep.labels.left_out import LeftOut
from prep.labels.reader import LabelSource
from prep.labels.region_labels import stated_extent
from prep.labels.shapes.shapes import Polygon, RegionImage, Shape, ShapeReader


def _files(contents: Contents) -> list[FoundFile]:
    return [file for file in contents.of_suffix(".ndjson", ".jsonl") if b'"data_row"' in contents.head(file)]


def _opened(contents: Contents, variable: str) -> LabelSource:
    file = only_one(contents, _files(contents), "Labelbox")
    left_out = LeftOut()
    images = [_image(f"{file.path}, line {number}", row, left_out) for number, row in json_lines(file.path)]
    found = [image for image in images if image is not None]
    if not found:
        raise SegError(f"{file.path}: holds no label" + "".join(f"\n  {note}" for note in left_out.notes()))
    return source_of("labelbox", contents, file, found, left_out)


def _image(where: str, row: Any, left_out: LeftOut) -> RegionImage | None:  # noqa: ANN401  # whatever JSON holds
    """The first label of the first project that has one; None if nobody labelled the photo."""
    try:
        name = str(row["data_row"].get("external_id") or row["data_row"]["row_data"])
        media = row.get("media_attributes") or {}
        labels = [label for project in (row.get("projects") or {}).values() for label in project.get("labels") or ()]
        objects = labels[0]["annotations"].get("objects") or [] if labels else []
    except (KeyError, TypeError, AttributeError) as error:
        raise SegError(f"{where}: is no row of Labelbox's export; export it again") from error
    if not labels:
        left_out.add("left out, because nobody labelled them", name)
        return None
    if len(labels) > 1:
        left_out.add("labelled more than once: the first label is taken", name)
    regions: list[tuple[str, Shape]] = []
    for entry in objects:
        label = text_of(entry, "name", where)
        if entry.get("polygon"):
            regions.append((label, Polygon((xy_corners(where, entry["polygon"]),))))
        elif "mask" in entry or "composite_mask" in entry:
            raise SegError(
                f"{where}: {name} has masks, which lie on Labelbox's server; download them as PNG files with its SDK, "
                "and convert those"
            )
        else:
            left_out.add("left out, because they are no polygons", f"{label} in {name}")
    return RegionImage(name, stated_extent(where, media), tuple(regions))


FORMAT = FileFormat(
    "labelbox",
    "Labelbox NDJSON",
    lambda contents: LIKELY if _files(contents) else NO,
    _opened,
    (ShapeReader(name="labelbox"),),
    rules="Polygons are painted in the order of the file, a later one over an earlier one; boxes are left out "
    "and counted, masks (which only Labelbox's server has) refused. Of several labels of a photo the first is taken.",
)
