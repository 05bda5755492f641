"""Predicted masks as polygons in files that other tools open: GeoJSON, COCO, LabelMe."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from prep.core.classes import IGNORE_INDEX, ClassMap, format_color
from prep.core.errors import SegError
from prep.core.files import make_folder, write_text
from prep.core.jsonio import read_json
from prep.exporting.labelme import labelme_file
from prep.exporting.layout import refuse_names
from prep.images.imageio import IndexMask
from prep.images.polygons import Ring, signed_area
from prep.images.slits import turned_holes, with_slits
from prep.labels.region_labels import SPECIAL_NAMES
from train.predicting.region_polygons import Moving, region_polygons

COORDINATES = (
    "pixels: x to the right, y down, (0, 0) is the upper left corner of the upper left pixel; "
    "no coordinate reference system"
)


class _Drawn(Protocol):
    """A connected part of one class, in pixels or on a map."""

    @property
    def value(self) -> int: ...

    @property
    def pixels(self) -> int: ...


_LARGEST_ENTRY = 1 << 30
"""Bytes of one photo's regions."""


def geojson(mask: IndexMask, classes: ClassMap, image: str, tolerance: Moving, smallest: int) -> bytes:
    """A FeatureCollection with a Polygon for each connected part of each class but the background.

    mask: (H, W).  image: its name.  tolerance, smallest: as of region_polygons, in pixels. Holes are inner rings; the
    order of corners is that of RFC 7946 for the numbers as they stand.
    """
    features = [
        {
            "type": "Feature",
            "properties": properties_of(polygon, classes),
            "geometry": {"type": "Polygon", "coordinates": [_closed(ring) for ring in turned_holes(polygon.rings)]},
        }
        for polygon in region_polygons(mask, classes.foreground, tolerance, smallest)
    ]
    height, width = mask.shape
    return _json(
        {
            "type": "FeatureCollection",
            "coordinates": COORDINATES,
            "image": image,
            "width": width,
            "height": height,
            "features": features,
        }
    )


def properties_of(polygon: _Drawn, classes: ClassMap) -> dict[str, Any]:
    """What a feature says of its polygon."""
    return {
        "class": classes.names[polygon.value],
        "index": polygon.value,
        "color": format_color(classes.colors[polygon.value]),
        "pixels": polygon.pixels,
    }


def coco_entry(mask: IndexMask, classes: ClassMap, image: str, tolerance: Moving, smallest: int) -> bytes:
    """The image and its annotations, still without numbers: one for each connected part but the background's.

    COCO's polygons have no holes: a hole is joined to the outer ring by a slit of no width, as drawing tools do.
    """
    annotations = []
    for polygon in region_polygons(mask, classes.foreground, tolerance, smallest):
        corners = with_slits(polygon.rings)
        first, last = polygon.rings[0].min(axis=0), polygon.rings[0].max(axis=0)
        annotations.append(
            {
                "category_id": 1 + polygon.value,
                "iscrowd": 0,
                "area": polygon.pixels,
                "bbox": _whole(np.concatenate([first, last - first])),
                "segmentation": [_whole(corners.ravel())],
            }
        )
    height, width = mask.shape
    return _json({"image": {"file_name": image, "width": width, "height": height}, "annotations": annotations})


def write_coco(path: Path, entries: Iterable[Path], classes: ClassMap) -> None:
    """Write the one file of COCO from the entries of all images; category ids are class indices + 1."""
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for number, entry in enumerate(entries, start=1):
        image, regions = _read_entry(entry)
        images.append({"id": number, **image})
        first = len(annotations) + 1
        annotations += [{"id": i, "image_id": number, **region} for i, region in enumerate(regions, start=first)]
    categories = [
        {"id": number, "name": name, "supercategory": "class", "color": list(color)}
        for number, (name, color) in enumerate(zip(classes.names, classes.colors, strict=True), start=1)
    ]
    make_folder(path.parent)
    write_text(path, _json({"images": images, "categories": categories, "annotations": annotations}).decode("utf-8"))


def _read_entry(path: Path) -> tuple[dict[str, object], list[dict[str, object]]]:
    """What coco_entry wrote: the image and its regions."""
    remedy = "remove it, and the same command labels its photo again"
    content = read_json(path, remedy=remedy, largest=_LARGEST_ENTRY)
    image, regions = map(content.get, ("image", "annotations")) if isinstance(content, dict) else (None, None)
    if not (isinstance(image, dict) and isinstance(regions, list) and all(isinstance(each, dict) for each in regions)):
        raise SegError(f"{path}: not written by seg-train predict; {remedy}")
    return image, regions


def labelme(mask: IndexMask, classes: ClassMap, image: str, tolerance: Moving) -> bytes:
    """All classes, the background too, as polygons that give the mask if they are painted one after another.

    Pixels without data belong to none.
    LabelMe has no holes: each part is drawn with its holes filled, large ones first, and what lies in a hole later.
    Small regions stay, so that every pixel is painted.
    Raises SegError if a class has a name that LabelMe's files give another meaning.
    """
    refuse_names(classes, reserved=SPECIAL_NAMES)
    height, width = mask.shape
    present = np.setdiff1d(mask, [IGNORE_INDEX]).tolist()
    polygons = sorted(region_polygons(mask, present, tolerance), key=lambda polygon: -signed_area(polygon.rings[0]))
    return labelme_file(
        [(classes.names[polygon.value], polygon.rings[0]) for polygon in polygons], image, height, width
    )


def _closed(ring: Ring) -> list[list[int]]:
    return _whole(np.concatenate([ring, ring[:1]]))


def _whole(corners: Ring) -> list[Any]:
    """Corners lie on those of pixels, simplified or not: whole numbers, shorter to write."""
    numbers: list[Any] = corners.astype(np.int64).tolist()
    return numbers


def _json(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False) + "\n").encode("utf-8")
