"""DeepFashion2: a JSON file for each photo, image/000001.jpg and annos/000001.json, in folders of train and validation.

Source of the layout: https://github.com/switchablenorms/DeepFashion2.
"""

import re
from pathlib import Path
from typing import Any

from prep.core.folder_names import SPLIT_WORDS
from prep.labels.annotators.photo_files import each_file, text_of
from prep.labels.formats import JsonFormat
from prep.labels.left_out import LeftOut
from prep.labels.region_labels import corners
from prep.labels.shapes.shapes import RegionImage, Shape, ShapeReader, packed_polygon

_PHOTOS = (".jpg", ".jpeg", ".png")
_ITEM = re.compile(r"item(\d+)")


def is_deep_fashion(content: object) -> bool:
    """Whether the content of a JSON file is of a photo of a shop or a customer, and counts its items."""
    return isinstance(content, dict) and "source" in content and "pair_id" in content


def _image(path: Path, content: Any, left_out: LeftOut) -> RegionImage:  # noqa: ANN401  # whatever JSON holds
    items = sorted((int(found[1]), content[key]) for key in content if (found := _ITEM.fullmatch(key)))
    regions: list[tuple[str, Shape]] = []
    for number, item in items:
        label = text_of(item, "category_name", str(path))
        rings = item.get("segmentation") or []
        regions += [(label, packed_polygon(corners(f"{path}, item{number}", ring))) for ring in rings]
        if not rings:
            left_out.add("left out, because they are boxes", f"item{number} in {path.name}")
    folder = path.parent.parent
    name = f"{folder.name}/image/{path.stem}.jpg" if path.parent.name == "annos" else f"{path.stem}.jpg"
    split = SPLIT_WORDS.get(folder.name.lower(), "")
    return RegionImage(name, (0, 0), tuple(regions), split, path, _photo(path))


def _photo(path: Path) -> Path | None:
    """The photo in the folder image beside that of the labels, or beside the label; None if it lies elsewhere."""
    stems = path.parent.parent / "image" / path.stem, path.with_suffix("")
    candidates = (stem.with_name(f"{stem.name}{suffix}") for stem in stems for suffix in _PHOTOS)
    return next((each for each in candidates if each.is_file()), None)


FORMAT = JsonFormat(
    "deep-fashion",
    "DeepFashion2 JSON",
    is_deep_fashion,
    each_file("deep-fashion", _image),
    (ShapeReader(name="deep-fashion"),),
    rules="Items are painted in their order, a later one over an earlier one; sizes are those of the photos. Folders "
    "of train and validation are splits.",
    each_photo=True,
)
