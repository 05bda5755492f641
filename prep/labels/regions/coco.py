"""COCO: one JSON file with images, categories, and annotations as polygons or run lengths, or one for each split.

Source of the layout: https://cocodataset.org/#format-data. Annotations are painted in the order of their ids.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from prep.core.folder_names import names_labels
from prep.core.words import counted, verb
from prep.images.finding import FoundFile
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.contents import Contents
from prep.labels.formats import JsonFormat, only_one
from prep.labels.layouts.splits import split_of
from prep.labels.left_out import LeftOut
from prep.labels.reader import LabelSource
from prep.labels.region_labels import MOST_NAMES, class_names, named_classes
from prep.labels.regions.coco_content import Category, CocoContent, Key, read_content
from prep.labels.shapes.shapes import RegionImage, ShapeReader
from prep.labels.shapes.sources import notes_with_empty, photo_folder, region_source

_LISTS = ("images", "annotations", "categories")


@dataclass(frozen=True)
class _Part:
    """One file: its content, its split, and the folder in which its photos lie (empty where there is one file)."""

    file: FoundFile
    content: CocoContent
    split: str = ""
    folder: str = ""


def is_coco(content: object) -> bool:
    """Whether the content of a JSON file is of COCO."""
    return (
        isinstance(content, dict)
        and all(isinstance(content.get(key), list) for key in ("images", "categories"))
        and isinstance(content.get("annotations"), list | dict)  # LIVECell: an object, by their ids
        and not is_panoptic(content)
    )


def is_panoptic(content: object) -> bool:
    """Whether the content of a JSON file is of COCO's panoptic format, which keeps its regions in PNG files."""
    annotations = content.get("annotations") if isinstance(content, dict) else None
    first = annotations[0] if isinstance(annotations, list) and annotations else None
    return isinstance(first, dict) and "segments_info" in first


def _says_annotations(contents: Contents, files: Sequence[FoundFile]) -> bool:
    """Whether some file lists an annotation; what is large is believed to."""
    return any(contents.is_large(file) or contents.outline(file)["annotations"] for file in files)


def _opened(contents: Contents, files: Sequence[FoundFile]) -> LabelSource:
    """List the images of one file, or of several that are a split each."""
    left_out = LeftOut()
    splits = [split_of(file.name) for file in files]
    if not all(splits) or len(set(splits)) < len(splits):
        files, splits = [only_one(contents, files, "COCO")], [""]
    several = len(files) > 1
    parts = [
        _Part(
            file,
            read_content(file.path, partial(contents.sections, file), left_out),
            split if several else "",
            _split_folder(file) if several else "",
        )
        for file, split in zip(files, splits, strict=True)
    ]
    root = photo_folder(contents, files[0])
    return _source(contents.source if several else files[0].path, root, parts, left_out, _on_masks(contents))


def _split_folder(file: FoundFile) -> str:
    """Where the photos of a split lie: valid/_annotations.coco.json, annotations/instances_train2017.json."""
    folder = file.path.parent.name
    return file.path.stem.rpartition("_")[2] if names_labels(folder) or not split_of(folder) else folder


def _on_masks(contents: Contents) -> str:
    """What reads the masks that lie beside a file without regions, if any do."""
    masks = [file for file in contents.of_suffix(*IMAGE_SUFFIXES) if any(map(names_labels, file.folders))]
    return (
        f", or read the masks beside it ({masks[0].name}) with --from ids, or rgb where they are colours"
        if masks
        else ""
    )


def _source(path: Path, root: Path, parts: Sequence[_Part], left_out: LeftOut, advice: str) -> LabelSource:
    categories, projects = _categories(parts)
    if len({category.name for category in categories}) > MOST_NAMES:
        used = {
            category.name
            for part in parts
            for key, category in part.content.categories.items()
            if key in part.content.used
        }
        projects.append(
            f"{counted(len(categories), 'category', 'categories')}, of which {len(used):,} "
            f"{verb(len(used), 'is', 'are')} in annotations: these are the classes"
        )
        categories = [category for category in categories if category.name in used]
    names = class_names(path, [category.name for category in categories])
    images = [
        RegionImage(f"{part.folder}/{image.name}".lstrip("/"), image.size, image.regions, part.split, part.file.path)
        for part in parts
        for image in {image.name: image for image in part.content.images.values()}.values()
    ]
    damaged = any(part.content.damaged for part in parts)
    has_any = len(left_out) > 0 or any(part.content.used for part in parts)
    without = "holds only boxes, no regions" if has_any else "lists images, and no annotations"
    what = "holds no region that can be read" if damaged else without
    notes = notes_with_empty(
        f"{path}: {what}; export polygons or masks{advice}", images, [*left_out.notes(), *projects]
    )
    return region_source(
        "coco",
        path,
        images,
        names=names,
        classes=named_classes(names, {each.name: each.color for each in reversed(categories)}),
        notes=notes,
        root=root,
    )


def _categories(parts: Sequence[_Part]) -> tuple[list[Category], list[str]]:
    """Those of all files in the order of the first, without the name of a project; and a note on that."""
    used = frozenset[Key]().union(*(part.content.used for part in parts))
    found: list[Category] = []
    projects: dict[str, str] = {}
    for part in parts:
        for key, category in part.content.categories.items():
            if key not in used and _is_project(key, part.content.categories):
                projects[category.name] = (
                    f"category {key} {category.name!r} is the name of a Roboflow project, in no mask, and no class"
                )
            else:
                found.append(category)
    return found, list(projects.values())


def _is_project(key: Key, categories: Mapping[Key, Category]) -> bool:
    """Whether it is the category 0 that Roboflow adds: without a parent, and the parent of all others."""
    others = [category for number, category in categories.items() if number != key]
    name, parent = categories[key].name, categories[key].parent
    return key == 0 and parent in ("", "none") and bool(others) and all(each.parent == name for each in others)


FORMAT = JsonFormat(
    "coco",
    "COCO JSON",
    is_coco,
    _opened,
    (ShapeReader(name="coco"),),
    rules="Annotations are painted in the order of their ids, a later one over an earlier one, crowds like others; "
    "boxes without a region are left out and counted. Files of the splits train, val (valid) and test are read "
    "together. Roboflow's category 0, the name of the project, is no class.",
    writes=True,
    lists=_LISTS,
    says_labels=_says_annotations,
)
