"""Cityscapes' polygons without its masks, as the Indian Driving Dataset has them: x_gtFine_polygons.json.

Source of the layout: https://github.com/mcordts/cityscapesScripts.
"""

from prep.core.errors import SegError
from prep.core.folder_names import names_labels
from prep.images.finding import FoundFile
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.annotators.photo_files import images_of, source_of
from prep.labels.contents import Contents
from prep.labels.formats import LIKELY, NO, FileFormat
from prep.labels.layouts.splits import splits_of
from prep.labels.left_out import LeftOut
from prep.labels.reader import LabelSource
from prep.labels.region_labels import corners, image_extent
from prep.labels.shapes.named_photos import NamedPhotos
from prep.labels.shapes.shapes import Polygon, RegionImage, Shape, ShapeReader, rectangle
from prep.labels.shapes.sources import photo_folder

_ENDS = ("_gtFine_polygons", "_gtCoarse_polygons")
_MASK_ENDS = ("_labelIds", "_labelTrainIds")
_PHOTO = "_leftImg8bit"
_VOID = frozenset(
    {"unlabeled", "ego vehicle", "rectification border", "out of roi", "static", "dynamic", "ground", "license plate"}
)
_GROUP = "group"


def _files(contents: Contents) -> list[FoundFile]:
    files = [] if contents.is_zip else contents.of_suffix(".json")
    return [file for file in files if file.path.stem.endswith(_ENDS)]


def _recognised(contents: Contents) -> float:
    """Masks beside them say the same, and more exactly."""
    if not contents.once(_files):
        return NO
    images = contents.of_suffix(*IMAGE_SUFFIXES)
    return NO if any(map(_is_mask, images)) else LIKELY


def _is_mask(file: FoundFile) -> bool:
    """By its name, as gtFine itself may have been named; or by a folder's."""
    return file.path.stem.endswith(_MASK_ENDS) or any(names_labels(part) for part in file.name.split("/")[:-1])


def _opened(contents: Contents, variable: str) -> LabelSource:
    files, left_out = contents.once(_files), LeftOut()
    photos = NamedPhotos(photo_folder(contents, files[0]))
    splits = splits_of({file.name: file.name for file in files})
    images = images_of(
        "Cityscapes",
        files,
        lambda file: [_image(contents, file, photos, splits.get(file.name, ""), left_out)],
        left_out,
    )
    return source_of("cityscapes-polygons", contents, files[0], images, left_out, among=photos.there)


def _image(contents: Contents, file: FoundFile, photos: NamedPhotos, split: str, left_out: LeftOut) -> RegionImage:
    content, path = contents.json(file), file.path
    stem = next(path.stem.removesuffix(end) for end in _ENDS if path.stem.endswith(end))
    if not isinstance(content, dict) or not isinstance(content.get("objects"), list):
        raise SegError(f"{path}: holds no objects as Cityscapes writes them; download it again")
    width, height = image_extent(str(path), content.get("imgWidth"), content.get("imgHeight"))
    regions: list[tuple[str, Shape]] = [("ignore", rectangle(0, 0, width, height))]
    for entry in content["objects"]:
        label = str(entry.get("label")) if isinstance(entry, dict) else ""
        if not label or (isinstance(entry, dict) and entry.get("deleted")):
            continue
        outline = Polygon((corners(f"{path}, {label}", entry.get("polygon")),))
        if label in _VOID:
            left_out.add("ignored in the masks (255), as Cityscapes does", f"{label} in {path.name}")
        regions.append(("ignore" if label in _VOID else label.removesuffix(_GROUP), outline))
    name = photos.name_of(path, f"{stem}{_PHOTO}") or photos.name_of(path, stem) or f"{stem}.png"
    return RegionImage(name, (width, height), tuple(regions), split, path)


FORMAT = FileFormat(
    "cityscapes-polygons",
    "Cityscapes' polygons (IDD)",
    _recognised,
    _opened,
    (ShapeReader(name="cityscapes-polygons"),),
    rules="Polygons are painted in the order of the file, a later one over an earlier one; cargroup and the like are "
    "car. What lies in none, and static, dynamic, ego vehicle and the like, is ignored, as Cityscapes does. Where "
    "masks lie beside them, those are read.",
)
