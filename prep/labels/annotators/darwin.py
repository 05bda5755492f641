"""V7 Darwin JSON 1 and 2: a file for each photo, with polygons of several paths and masks as runs of one layer.

Source of the layout: https://docs.v7labs.com/reference/darwin-json.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from prep.core.errors import SegError
from prep.images.imageio import IndexMask
from prep.labels.annotators.photo_files import each_file, text_of, xy_corners
from prep.labels.formats import JsonFormat
from prep.labels.left_out import LeftOut
from prep.labels.region_labels import image_extent, is_whole
from prep.labels.shapes.shapes import Polygon, RegionImage, Shape, ShapeReader


@dataclass(frozen=True, slots=True)
class LayerValue:
    """The pixels of a value in a raster layer: value, length, value, length ... along the rows of the whole image."""

    runs: Sequence[int]
    value: int

    def paint(self, mask: IndexMask, code: int) -> None:
        """Set them; SegError if the runs do not fill the mask."""
        runs = np.asarray(self.runs)
        pairs = runs.reshape(-1, 2) if runs.dtype.kind in "iu" and runs.size % 2 == 0 else np.zeros((1, 2), np.int64)
        if pairs.min(initial=0) < 0 or pairs[:, 1].max() > mask.size or pairs[:, 1].sum() != mask.size:
            raise SegError("its raster layer does not fill the image; export the file again")
        mask[np.repeat(pairs[:, 0] == self.value, pairs[:, 1]).reshape(mask.shape)] = code


def is_darwin(content: object) -> bool:
    """Whether the content of a JSON file is of Darwin 1 ("image") or 2 ("item" with slots)."""
    if not isinstance(content, dict) or not isinstance(content.get("annotations"), list):
        return False
    item, image = content.get("item"), content.get("image")
    return (isinstance(item, dict) and "version" in content) or (isinstance(image, dict) and "filename" in image)


def _image(path: Path, content: Any, left_out: LeftOut) -> RegionImage:  # noqa: ANN401  # whatever JSON holds
    name, size = _photo(path, content)
    regions: list[tuple[str, Shape]] = []
    layers = [each["raster_layer"] for each in content["annotations"] if isinstance(each.get("raster_layer"), dict)]
    for entry in content["annotations"]:
        if entry.get("raster_layer"):
            continue
        label = text_of(entry, "name", str(path))
        shape = _shape(f"{path}, {label}", entry, layers)
        if shape is None:
            left_out.add("left out, because they are no polygons and no masks", f"{label} in {name}")
        else:
            regions.append((label, shape))
    return RegionImage(name, size, tuple(regions), file=path)


def _photo(path: Path, content: Mapping[str, Any]) -> tuple[str, tuple[int, int]]:
    """Its name below its folder, and its size; (0, 0) if it is not stated."""
    if isinstance(content.get("image"), dict):
        image, slot, name = content["image"], content["image"], content["image"]["filename"]
    else:
        image = content["item"]
        slots = image.get("slots") or [{}]
        if len(slots) > 1:
            raise SegError(f"{path}: its item has {len(slots)} slots; export items of one photo each")
        slot, name = slots[0], image.get("name")
    if slot.get("frame_count") and slot["frame_count"] > 1:
        raise SegError(f"{path}: its item is a video; extract the frames in V7, and export their annotations")
    folder = str(image.get("path") or "").strip("/")
    sides = slot.get("width"), slot.get("height")
    size = image_extent(str(path), *sides) if all(sides) else (0, 0)
    return f"{folder}/{name}".lstrip("/"), size


def _shape(where: str, entry: Mapping[str, Any], layers: Sequence[Mapping[str, Any]]) -> Shape | None:
    """What an annotation covers; None for boxes, lines, points and tags."""
    polygon = entry.get("polygon") or entry.get("complex_polygon")
    if isinstance(polygon, dict):
        paths = polygon.get("paths") or polygon.get("path") or []
        if paths and isinstance(paths[0], dict):
            paths = [paths, *(polygon.get("additional_paths") or [])]
        return Polygon(tuple(xy_corners(where, points) for points in paths))
    if "mask" in entry:
        for layer in layers:
            value = (layer.get("mask_annotation_ids_mapping") or {}).get(entry.get("id"))
            if is_whole(value) and isinstance(layer.get("dense_rle"), list):
                return LayerValue(layer["dense_rle"], value)
        raise SegError(f"{where}: its mask is in no raster layer; export the file again")
    return None


FORMAT = JsonFormat(
    "darwin",
    "V7 Darwin JSON",
    is_darwin,
    each_file("darwin", _image),
    (ShapeReader(name="darwin"),),
    rules="Polygons with all their paths (holes), and masks of the raster layer, are painted in the order of the file, "
    "a later one over an earlier one; boxes, lines, ellipses, points and tags are left out and counted.",
    each_photo=True,
)
