"""A Supervisely project: meta.json with the classes, and a JSON file with the objects of each photo.

Source of the layout: https://docs.supervisely.com/customization-and-integration/00_ann_format_navi. A dataset is a
folder with ann/ and img/ in it; a project has several. A bitmap is a PNG file, packed by zlib, in base64.
"""

import base64
import binascii
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from prep.core.errors import SegError
from prep.images.finding import FoundFile
from prep.images.imageio import IndexMask
from prep.labels.annotators.photo_files import images_of
from prep.labels.contents import Contents
from prep.labels.formats import JsonFormat
from prep.labels.layouts.splits import split_of
from prep.labels.left_out import LeftOut
from prep.labels.reader import LabelSource
from prep.labels.region_labels import class_names, corners, image_extent, load_json, named_classes
from prep.labels.rerooting import Rerooting
from prep.labels.shapes.shapes import Bitmap, Polygon, RegionImage, Shape, ShapeReader
from prep.labels.shapes.sources import notes_with_empty, photo_folder, region_source

_META = "meta.json"
_CLIMBS = 4


@dataclass(frozen=True, slots=True)
class PackedBitmap:
    """A PNG file of the region alone, packed by zlib and in base64, and where its top left pixel lies."""

    data: str
    left: int
    top: int

    def paint(self, mask: IndexMask, code: int) -> None:
        """Set its pixels; SegError if it is damaged, or unpacks to more than an image of the mask's size."""
        most = 8 * mask.size + (1 << 16)
        try:
            unpacking = zlib.decompressobj()
            data = unpacking.decompress(base64.b64decode(self.data, validate=True), most)
        except (zlib.error, binascii.Error, ValueError) as error:
            raise SegError(f"its bitmap cannot be unpacked ({error}); export the project again") from error
        if unpacking.unconsumed_tail:
            raise SegError(f"its bitmap unpacks to more than {most:,} bytes; export the project again")
        Bitmap(data, self.left, self.top).paint(mask, code)


def is_supervisely(content: object) -> bool:
    """Whether the content of a JSON file is that of a photo in Supervisely."""
    return (
        isinstance(content, dict)
        and isinstance(content.get("objects"), list)
        and isinstance(content.get("size"), dict)
        and {"width", "height"} <= content["size"].keys()
    )


def _opened(contents: Contents, files: Sequence[FoundFile]) -> LabelSource:
    left_out = LeftOut()
    folders = {file.path.parent for file in files}
    root = Rerooting(contents.photos) if contents.photos else None
    images = images_of(
        "Supervisely",
        files,
        lambda file: [_image(file, contents.json(file), len(folders) > 1, root, left_out)],
        left_out,
    )
    notes = notes_with_empty(f"{contents.source}: holds no polygons and no bitmaps", images, left_out.notes())
    colors = _classes(files[0].path)
    used = sorted({name for image in images for name, _ in image.regions} - colors.keys())
    names = class_names(contents.source, [*colors, *used])
    return region_source(
        "supervisely",
        contents.source,
        images,
        names=names,
        classes=named_classes(names, colors),
        notes=notes,
        root=photo_folder(contents, files[0]),
        damaged=left_out.damaged,
    )


def _classes(file: Path) -> dict[str, object]:
    """Names of classes in the order of meta.json, with their colours; empty if there is no such file."""
    for folder in list(file.resolve().parents)[:_CLIMBS]:
        if (folder / _META).is_file():
            meta = load_json(folder / _META)
            listed = meta.get("classes") if isinstance(meta, dict) else None
            rows = [row for row in listed or () if isinstance(row, dict) and isinstance(row.get("title"), str)]
            return {row["title"]: row.get("color") for row in rows}
    return {}


def _image(file: FoundFile, content: Any, several: bool, root: Rerooting | None, left_out: LeftOut) -> RegionImage:  # noqa: ANN401
    """several: whether the project has several datasets, whose names may be those of splits."""
    name, folder = _photo_name(file.path), file.path.parent.parent
    size = image_extent(str(file.path), content["size"]["width"], content["size"]["height"])
    regions: list[tuple[str, Shape]] = []
    for entry in content["objects"]:
        label = entry.get("classTitle") if isinstance(entry, dict) else None
        if not isinstance(label, str):
            left_out.add("left out, because they have no class", name)
            continue
        shape = _shape(f"{file.path}, {label}", entry)
        if shape is None:
            left_out.add(f"left out, because they are no polygons and no bitmaps, {_kind(entry)}", f"{label} in {name}")
        else:
            regions.append((label, shape))
    above = PurePosixPath(file.name).parent.parent.as_posix() if "/" in file.name else folder.name
    beside = folder / "img" / name
    photo = beside if beside.is_file() else root.find(f"{folder.name}/{name}") if root else None
    stated = split_of(above) if several else ""
    return RegionImage(f"{above}/{name}".removeprefix("./"), size, tuple(regions), stated, file.path, photo)


def _photo_name(path: Path) -> str:
    """IMG_0.jpg of IMG_0.jpg.json; older projects wrote IMG_0.json, of which a photo of that stem is taken."""
    if Path(path.stem).suffix:
        return path.stem
    folder = path.parent.parent / "img"
    return next((photo.name for photo in sorted(folder.glob("*")) if photo.stem == path.stem), path.stem)


def _kind(entry: Mapping[str, Any]) -> str:
    return str(entry.get("geometryType") or ("bitmap" if entry.get("bitmap") else "polygon"))


def _shape(where: str, entry: Mapping[str, Any]) -> Shape | None:
    """What an object covers; None if it is a rectangle, a line, a point or the like."""
    kind = _kind(entry)
    if kind == "polygon":
        points = entry.get("points")
        if not isinstance(points, dict):
            raise SegError(f"{where}: a polygon has no points; export the project again")
        rings = [points.get("exterior"), *(points.get("interior") or ())]
        return Polygon(tuple(corners(where, ring) for ring in rings))
    if kind == "bitmap":
        bitmap = entry.get("bitmap")
        data = bitmap.get("data") if isinstance(bitmap, dict) else None
        if not isinstance(bitmap, dict) or not isinstance(data, str):
            raise SegError(f"{where}: a bitmap has no data; export the project again")
        left, top = corners(where, bitmap.get("origin"))[0].round().clip(-(1 << 20), 1 << 20).astype(int).tolist()
        return PackedBitmap(data, left, top)
    return None


FORMAT = JsonFormat(
    "supervisely",
    "a Supervisely project (ann/ and meta.json)",
    is_supervisely,
    _opened,
    (ShapeReader(name="supervisely"),),
    rules="Objects are painted in the order of the file, a later one over an earlier one: polygons with their holes, "
    "and bitmaps; rectangles, lines and points are left out and counted. Classes are in the order of meta.json. "
    "Datasets named train, val and test are splits.",
    each_photo=True,
)
