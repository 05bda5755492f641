"""ISAT (Image Segmentation Annotation Tool): a JSON file of polygons for each photo, in layers.

Source of the layout: https://github.com/yatengLG/ISAT_with_segment_anything.
"""

from pathlib import Path
from typing import Any

from prep.labels.annotators.photo_files import each_file, text_of
from prep.labels.formats import JsonFormat
from prep.labels.left_out import LeftOut
from prep.labels.region_labels import corners, image_extent
from prep.labels.shapes.shapes import Polygon, RegionImage, Shape, ShapeReader


def is_isat(content: object) -> bool:
    """Whether the content of a JSON file says that it is of ISAT."""
    info = content.get("info") if isinstance(content, dict) else None
    return (
        isinstance(content, dict)
        and isinstance(info, dict)
        and str(info.get("description", "")).startswith("ISAT")
        and isinstance(content.get("objects"), list)
    )


def _image(path: Path, content: Any, left_out: LeftOut) -> RegionImage:  # noqa: ANN401  # whatever JSON holds
    info = content["info"]
    size = image_extent(str(path), info.get("width"), info.get("height"))
    layers: list[tuple[float, str, Shape]] = []
    for entry in content["objects"]:
        label = text_of(entry, "category", str(path))
        shape = Polygon((corners(f"{path}, {label}", entry.get("segmentation")),))
        layer = entry.get("layer")
        layers.append((layer if isinstance(layer, int | float) else 0.0, label, shape))
    layers.sort(key=lambda row: row[0])
    return RegionImage(
        str(info.get("name") or path.stem), size, tuple((label, shape) for _, label, shape in layers), file=path
    )


FORMAT = JsonFormat(
    "isat",
    "ISAT JSON",
    is_isat,
    each_file("isat", _image),
    (ShapeReader(name="isat"),),
    rules="Polygons are painted by their layer, then in the order of the file; __background__ makes holes.",
    each_photo=True,
)
