"""SuperAnnotate's vector projects: a JSON file of instances for each photo.

Source of the layout: https://doc.superannotate.com/docs/vector-json.
"""

from pathlib import Path
from typing import Any

from prep.core.errors import SegError
from prep.labels.annotators.photo_files import each_file, text_of
from prep.labels.formats import JsonFormat
from prep.labels.left_out import LeftOut
from prep.labels.region_labels import corners, image_extent
from prep.labels.shapes.shapes import Polygon, RegionImage, Shape, ShapeReader


def is_superannotate(content: object) -> bool:
    """Whether the content of a JSON file has metadata and instances."""
    return (
        isinstance(content, dict)
        and isinstance(content.get("metadata"), dict)
        and isinstance(content.get("instances"), list)
    )


def _image(path: Path, content: Any, left_out: LeftOut) -> RegionImage:  # noqa: ANN401  # whatever JSON holds
    metadata = content["metadata"]
    name = metadata.get("name") or path.stem.partition("___")[0]
    sides = metadata.get("width"), metadata.get("height")
    size = image_extent(str(path), *sides) if all(sides) else (0, 0)
    regions: list[tuple[str, Shape]] = []
    for entry in content["instances"]:
        if "parts" in entry:
            raise SegError(
                f"{path}: is of a pixel project, whose masks lie in PNG files; convert it to a vector project or to "
                "COCO in SuperAnnotate"
            )
        label = text_of(entry, "className", str(path))
        if entry.get("type") == "polygon":
            rings = [entry.get("points"), *(entry.get("exclude") or [])]
            regions.append((label, Polygon(tuple(corners(f"{path}, {label}", ring) for ring in rings))))
        else:
            left_out.add(f"left out, because they are no polygons, {entry.get('type')}", f"{label} in {name}")
    return RegionImage(str(name), size, tuple(regions), file=path)


FORMAT = JsonFormat(
    "superannotate",
    "SuperAnnotate JSON",
    is_superannotate,
    each_file("superannotate", _image),
    (ShapeReader(name="superannotate"),),
    rules="Polygons with what they exclude are painted in the order of the file, a later one over an earlier one; "
    "boxes, ellipses, lines and points are left out and counted. Pixel projects are refused, with the way out.",
    each_photo=True,
)
