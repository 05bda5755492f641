"""VGG Image Annotator 3: a project with views of one file each, and the regions in them as metadata.

Source of the layout: https://gitlab.com/vgg/via/-/blob/master/via-3.x.y/CodeDoc.md.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np

from prep.core.errors import SegError
from prep.core.words import options
from prep.images.finding import FoundFile
from prep.labels.annotators.photo_files import source_of
from prep.labels.contents import Contents
from prep.labels.formats import JsonFormat
from prep.labels.left_out import LeftOut
from prep.labels.reader import LabelSource
from prep.labels.region_labels import corners
from prep.labels.shapes.shapes import Polygon, RegionImage, Shape, ShapeReader, ellipse

_CIRCLE, _ELLIPSE, _POLYGON = 3, 4, 7


def is_via3(content: object) -> bool:
    """Whether the content of a JSON file is such a project."""
    return isinstance(content, dict) and all(
        isinstance(content.get(key), dict) for key in ("project", "view", "metadata", "attribute", "file")
    )


def _opened(contents: Contents, files: Sequence[FoundFile]) -> LabelSource:
    left_out = LeftOut()
    images: list[RegionImage] = []
    for file in files:
        try:
            images += _images(file.path, contents.json(file), contents.variable, left_out)
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
            raise SegError(f"{file.path}: is not as VIA 3 writes it ({error!r:.80}); save it there again") from error
    return source_of("via3", contents, files[0], images, left_out)


def _images(path: Path, content: Mapping[str, Any], variable: str, left_out: LeftOut) -> list[RegionImage]:
    entries = [each for each in content["metadata"].values() if each.get("xy")]
    attribute = _class_attribute(path, content["attribute"], entries, variable)
    options = content["attribute"][attribute].get("options") or {} if attribute else {}
    regions: dict[str, list[tuple[str, Shape]]] = {
        view: [] for view, each in content["view"].items() if len(each["fid_list"]) == 1
    }
    for each in entries:
        said = str((each.get("av") or {}).get(attribute, "")) if attribute else "region"
        name = str(options.get(said, said)).strip()
        shape = _shape(str(path), each["xy"])
        if not name or shape is None or str(each["vid"]) not in regions or each.get("z"):
            left_out.add("left out, because they are no regions of a photo, or have no class", name or "without class")
        else:
            regions[str(each["vid"])].append((name, shape))
    listed = []
    for view, own in regions.items():
        file = content["file"][str(content["view"][view]["fid_list"][0])]
        listed.append(RegionImage(unquote(str(file["fname"])), (0, 0), tuple(own)))
    return listed


def _class_attribute(
    path: Path, attributes: Mapping[str, Any], entries: Sequence[Mapping[str, Any]], variable: str
) -> str:
    """The id of the attribute that is the class: the only one of the regions, or that of the name `variable`."""
    used = dict.fromkeys(key for entry in entries for key in entry.get("av") or {} if key in attributes)
    names = {key: str(attributes[key].get("aname")) for key in used}
    chosen = [key for key, name in names.items() if name == variable] if variable else list(used)
    if (variable and not chosen) or len(chosen) > 1:
        asked = f"{len(names)} attributes" if chosen else f"no attribute {variable!r}"
        ways = options("--variable", names.values())
        raise SegError(f"{path}: its regions have {asked}; say which one is the class:{ways}")
    return chosen[0] if chosen else ""


def _shape(where: str, numbers: Sequence[float]) -> Shape | None:
    """What a region covers; None for boxes, lines and points, and for those in time."""
    kind, rest = numbers[0], np.asarray(numbers[1:], np.float64)
    if kind == _POLYGON:
        return Polygon((corners(where, rest.tolist()),))
    if kind == _CIRCLE:
        return ellipse(rest[0], rest[1], rest[2], rest[2])
    return ellipse(*rest[:4].tolist()) if kind == _ELLIPSE else None


FORMAT = JsonFormat(
    "via3",
    "a project of VGG Image Annotator 3",
    is_via3,
    _opened,
    (ShapeReader(name="via3"),),
    rules="Polygons, circles and ellipses are painted in the order of the file, a later one over an earlier one; "
    "rectangles, lines, points and times are left out and counted. The class is the only attribute of the regions, or "
    "the one that --variable names; sizes are those of the photos.",
)
