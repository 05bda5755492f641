"""COCO panoptic: a JSON file that says what the ids in a PNG file of each photo are.

Source of the layout: https://cocodataset.org/#format-data (panoptic segmentation). The id of a pixel is
R + 256 G + 65536 B; 0 and ids of no segment are unlabelled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prep.core.cache import while_unchanged
from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.images.finding import FoundFile
from prep.images.imageio import IndexMask
from prep.labels.contents import Contents
from prep.labels.formats import JsonFormat, only_one
from prep.labels.labelio import decode_label_colors
from prep.labels.layouts.splits import split_of
from prep.labels.left_out import LeftOut
from prep.labels.reader import LabelSource
from prep.labels.region_labels import class_names, image_extent, is_whole, named_classes
from prep.labels.regions.coco import is_panoptic
from prep.labels.rerooting import Rerooting
from prep.labels.shapes.shapes import RegionImage, Shape, ShapeReader
from prep.labels.shapes.sources import photo_folder, region_source


@dataclass(frozen=True, slots=True)
class Segments:
    """The pixels of a PNG file whose id is one of these, or, with `others`, is none of these."""

    path: Path
    ids: tuple[int, ...]
    others: bool = False

    def paint(self, mask: IndexMask, code: int) -> None:
        """Set them; SegError if the file is damaged or of another size."""
        ids = _segment_ids(self.path)
        if ids.shape != mask.shape:
            raise SegError(
                f"{self.path} has {ids.shape[1]} x {ids.shape[0]} pixels, and the JSON file says "
                f"{mask.shape[1]} x {mask.shape[0]}; export both again"
            )
        mask[np.isin(ids, self.ids, invert=self.others)] = code


@while_unchanged()
def _segment_ids(path: Path) -> NDArray[np.uint32]:
    """(H, W) ids of a file, kept for the next class of the same photo."""
    colors, _ = decode_label_colors(path, read_bytes(path))
    return colors.astype(np.uint32) @ np.array([1, 1 << 8, 1 << 16], np.uint32)


def _opened(contents: Contents, files: Sequence[FoundFile]) -> LabelSource:
    """List the images of one file, or of several that are a split each."""
    splits = [split_of(file.name) for file in files]
    if not all(splits) or len(set(splits)) < len(splits):
        files, splits = [only_one(contents, files, "COCO panoptic")], [""]
    left_out = LeftOut()
    colors: dict[str, object] = {}
    images: list[RegionImage] = []
    for file, split in zip(files, splits, strict=True):
        content = contents.json(file)
        names = _categories(file.path, content["categories"])
        colors |= {each["name"]: each.get("color") for each in content["categories"]}
        root = photo_folder(contents, file)
        images += _images(file, content, names, Rerooting(root), split if len(files) > 1 else "", left_out)
    names_of_all = class_names(contents.source, list(colors))
    return region_source(
        "coco-panoptic",
        contents.source if len(files) > 1 else files[0].path,
        images,
        names=names_of_all,
        classes=named_classes(names_of_all, colors),
        notes=left_out.notes(),
        root=photo_folder(contents, files[0]),
    )


def _categories(path: Path, entries: Any) -> dict[int, str]:  # noqa: ANN401  # whatever JSON holds
    if not isinstance(entries, list) or not all(
        isinstance(each, dict) and is_whole(each.get("id")) and isinstance(each.get("name"), str) for each in entries
    ):
        raise SegError(f"{path}: its categories have no id or no name; export the file again")
    return {each["id"]: each["name"] for each in sorted(entries, key=lambda each: int(each["id"]))}


def _images(
    file: FoundFile,
    content: Any,  # noqa: ANN401  # whatever JSON holds
    names: Mapping[int, str],
    root: Rerooting,
    split: str,
    left_out: LeftOut,
) -> list[RegionImage]:
    listed = {each["id"]: each for each in content.get("images") or () if isinstance(each, dict) and "id" in each}
    found, folders = [], _photo_folders(file.path)
    for entry in content["annotations"]:
        image = listed.get(entry.get("image_id"))
        if image is None:
            left_out.add("left out, because they are of an image that the file does not list", str(entry["file_name"]))
            continue
        png = _png(file.path, str(entry["file_name"]))
        if png is None:
            left_out.add("left out, because their PNG file is not there", str(entry["file_name"]))
            continue
        name = str(image.get("file_name"))
        size = image_extent(f"{file.path}/{name}", image.get("width"), image.get("height"))
        photo = next((p for folder in folders if (p := root.find(f"{folder}/{name}"))), None)
        regions = tuple(_regions(png, entry["segments_info"], names, left_out))
        found.append(RegionImage(name, size, regions, split, png, photo))
    if not found:
        raise SegError(
            f"{file.path}: none of its PNG files is there; unpack them beside it, into {file.path.with_suffix('')}"
        )
    return found


def _png(json_file: Path, name: str) -> Path | None:
    """In the folder that is called as the JSON file is, beside it or beside its own folder; or beside the file."""
    folder = json_file.with_suffix("")
    inner = folder / folder.name / name  # a zip file of COCO, unpacked into the folder, has it once more
    places = (folder / name, inner, folder.parent.parent / folder.name / name, json_file.parent / name)
    return next((path for path in places if path.is_file()), None)


def _photo_folders(json_file: Path) -> list[str]:
    """Where the photos lie: in a folder that says their split, if the file says one, else perhaps in images/."""
    own = json_file.stem.removeprefix("panoptic_")
    return [f"images/{own}", own] if split_of(own) else ["images", own]


def _regions(
    png: Path, segments: Sequence[Any], names: Mapping[int, str], left_out: LeftOut
) -> Sequence[tuple[str, Shape]]:
    """A shape for each class, and one for all that is no segment."""
    ids: dict[str, list[int]] = {}
    for segment in segments:
        if not isinstance(segment, dict) or not is_whole(segment.get("id")):
            raise SegError(f"{png}: the JSON file has a segment without a number as its id; export it again")
        category = names.get(segment.get("category_id", -1))
        if category is None:
            left_out.add("ignored in the masks (255), because they are of a category that is not listed", png.name)
        else:
            ids.setdefault(category, []).append(segment["id"])
    known = tuple(number for numbers in ids.values() for number in numbers)
    classes = [(name, Segments(png, tuple(numbers))) for name, numbers in ids.items()]
    return [*classes, ("ignore", Segments(png, known, others=True))]


FORMAT = JsonFormat(
    "coco-panoptic",
    "COCO panoptic JSON",
    is_panoptic,
    _opened,
    (ShapeReader(name="coco-panoptic"),),
    rules="The PNG files lie in a folder that is called as the JSON file is, beside it or beside its folder; or beside "
    "the JSON file. Things and stuff are classes alike, crowds like others; pixels of no segment (0, void) are "
    "ignored.",
)
