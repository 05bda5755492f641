"""LabelMe: a JSON file of shapes for each photo, which are painted one after another.

Source of the layout: https://github.com/wkentaro/labelme (label_file.py, utils/shape.py).
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from prep.core.errors import SegError
from prep.core.words import list_some
from prep.images.finding import FoundFile
from prep.images.polygons import Ring
from prep.labels.contents import Contents
from prep.labels.formats import JsonFormat
from prep.labels.left_out import LeftOut
from prep.labels.reader import Codes, LabelSource, RawLabel
from prep.labels.region_labels import (
    UNCOVERED,
    RegionCodes,
    class_names,
    code_of,
    image_extent,
    is_whole,
    load_json,
    numbered_note,
)
from prep.labels.regions.labelme_shapes import is_painted, paint, why_left_out
from prep.labels.rerooting import Rerooting, closest_only, path_beside
from prep.labels.shapes.extents import in_pixels, outside_note, turned, whole_of
from prep.labels.shapes.folders_said import folder_of
from prep.labels.shapes.own_names import by_own_names
from prep.labels.shapes.photo_notes import note_on_other_splits, note_on_several, notes_on_other_folders, refuse_shared
from prep.labels.shapes.shapes import Polygon, RegionImage
from prep.labels.shapes.sources import photos_by_stem, unlabelled_note
from prep.photos.photoio import open_photo

_CORNERS_KEPT = 1_000_000
"""Shapes with more corners (of some 100 bytes) are read again when they are painted."""


@dataclass(frozen=True)
class LabelmeReader(RegionCodes):
    """Names of shapes; a label carries the names of all files, so that codes are the same in each."""

    name = "labelme"

    def read(self, label: RawLabel) -> Codes:
        """(H, W) codes; a later shape covers an earlier one."""
        width, height = label.size
        mask = np.full((height, width), UNCOVERED, np.uint8)
        for name, shape in _regions(_content(label.path)) if label.regions is None else label.regions:
            paint(str(label.path), mask, shape, code_of(name, label.names))
        return mask


@dataclass(frozen=True)
class LabelmeFile:
    """What a file says: size of the photo, its path, the shapes that are painted, and the kinds of the others.

    names: of the shapes.  regions: the shapes, None where they are too many to be kept.  corners: of the shapes (N, 2);
    of too many only those of the box around them.
    holds_photo: whether the photo itself stands in the file.
    """

    file: FoundFile
    size: tuple[int, int]
    photo: str
    names: frozenset[str]
    regions: tuple[tuple[str, Any], ...] | None
    skipped: Counter[str]
    corners: Ring
    holds_photo: bool = False

    @property
    def kept(self) -> int:
        """Corners that are kept, of some 100 bytes each."""
        return _weight(self.regions or ())


def parse_labelme(file: FoundFile, content: Any, room: int) -> LabelmeFile:  # noqa: ANN401  # whatever JSON holds
    """Summarize a file of LabelMe; SegError if it is damaged.

    room: corners that may be kept.
    """
    _check_shapes(file.path, content)
    regions = _regions(content)
    corners, fits = _corners(regions), _weight(regions) <= room
    return LabelmeFile(
        file,
        _extent(file.path, content),
        str(content.get("imagePath") or ""),
        frozenset(name for name, _ in regions),
        regions if fits else None,
        Counter(why_left_out(shape) for shape in content["shapes"] if not is_painted(shape)),
        corners if fits or not len(corners) else np.stack([corners.min(axis=0), corners.max(axis=0)]),
        bool(content.get("imageData")),
    )


def _opened(contents: Contents, files: Sequence[FoundFile]) -> LabelSource:
    """List the labels of these files."""
    found: list[LabelmeFile] = []
    room, left_out, source = _CORNERS_KEPT, LeftOut(), contents.source
    for file in files:
        with left_out.leaving_out(file, "LabelMe"):
            found.append(parse_labelme(file, contents.json(file), room))
            room -= found[-1].kept
    known = tuple(sorted(class_names(source, sorted(frozenset().union(*(each.names for each in found))))))
    photos, by_own_name = _photos(contents, found)
    images: list[RegionImage] = []
    sized: list[LabelmeFile] = []
    for each in found:
        with left_out.leaving_out(each.file, "LabelMe"):
            size = each.size if all(each.size) else _photo_size(each.file, photos)
            images.append(RegionImage(each.file.name, size, [("", Polygon((each.corners,)))]))
            sized.append(each)
    whole, shares = whole_of(images)
    placed, how = turned(in_pixels(images)[0], [photos.get(each.file.stem) for each in sized])
    labels = [
        RawLabel(each.file.path, each.file.stem, size=image.size, names=known, regions=_placed(each, image.size, whole))
        for each, image in zip(sized, placed, strict=True)
    ]
    return LabelSource(
        "labelme",
        tuple(labels),
        photos=photos,
        names_photos=True,
        names=known,
        notes=(
            *_notes(sum((each.skipped for each in found), Counter())),
            *by_own_name,
            *shares,
            *how,
            *outside_note(placed),
            *_on_inner_photos([each.file for each in found if each.holds_photo and each.file.stem not in photos]),
            *numbered_note(known),
            *unlabelled_note(contents.photos or contents.source, photos.values(), left_out.damaged),
        ),
        damaged=left_out.damaged,
    )


def _placed(file: LabelmeFile, size: tuple[int, int], whole: int | None) -> tuple[tuple[str, Any], ...] | None:
    """The shapes with points in pixels, where `whole` is what width and height are to them; None: as in the file."""
    if whole is None or not len(file.corners):
        return file.regions
    regions = _regions(_content(file.file.path)) if file.regions is None else file.regions
    scale = np.array(size) / whole
    return tuple(
        (name, shape | {"points": (np.array(shape["points"], np.float64).reshape(-1, 2) * scale).tolist()})
        for name, shape in regions
    )


def is_labelme(content: object) -> bool:
    """Whether the content of a JSON file is of LabelMe."""
    return isinstance(content, dict) and isinstance(content.get("shapes"), list)


def _notes(skipped: Counter[str]) -> list[str]:
    return [f"left out, because {kind.replace(':', f': {count} x', 1)}" for kind, count in sorted(skipped.items())]


def _on_inner_photos(files: Sequence[FoundFile]) -> list[str]:
    """A note on photos that stand only inside of label files, and how to get them out."""
    if not files:
        return []
    names = list_some([each.name for each in files])
    return [
        f"photos inside of label files (imageData) are not read: {len(files)} ({names}); "
        f"LabelMe writes each with its mask into a folder, which is read: labelme_export_json {files[0].path.name}"
    ]


def _photo_size(file: FoundFile, photos: Mapping[str, Path]) -> tuple[int, int]:
    """That of the photo as LabelMe shows it, for a file that says none; SegError if the photo is not there."""
    if file.stem not in photos:
        raise SegError(
            f"{file.path}: does not say the size of its photo, which is not beside it; say with --images FOLDER where "
            "the photo is"
        )
    return open_photo(photos[file.stem]).upright_size


def _photos(contents: Contents, found: Sequence[LabelmeFile]) -> tuple[dict[str, Path], tuple[str, ...]]:
    """The photos that the files name: below their folder, or below the folder of all, or where a person says; notes.

    Where what a file names is not there, or is named by several, a photo of the file's own name; a note says so.
    """
    source = contents.photos or contents.source
    below = {folder: Rerooting(folder) for folder in {source, *(each.file.path.parent for each in found)}}
    photos, tied = closest_only(_claims(found, contents.source, source, below))
    by_name = by_own_names(
        [each.file.path for each in found],
        [each.photo for each in found],
        photos,
        lambda: photos_by_stem(source) if source.is_dir() else {},
    )
    if by_name.photos:
        own_photos = {each.file.stem: by_name.photos[number] for number, each in enumerate(found)}
        return own_photos, by_name.notes
    refuse_shared(tied)
    named = {each.file.stem: photo for each, photo in zip(found, photos, strict=True) if photo is not None}
    missing = [each for each in found if each.file.stem not in named]
    own = photos_by_stem(source) if missing and source.is_dir() else {}
    taken = set(named.values())
    called = [each for each in missing if each.file.path.stem in own and own[each.file.path.stem] not in taken]
    places = [folder_of(each.file.path, contents.source, source) for each in found]
    by_own = {each.file.stem: _beside(each.photo, own[each.file.path.stem].name) for each in called}
    names = [by_own.get(each.file.stem, each.photo) for each in found]
    there = below[source].find_all(names, places, photos) if called else photos
    renamed = [(each, photo) for each, photo in zip(found, there, strict=True) if photo and each.file.stem in by_own]
    said = [*map(path_beside, (each.photo for each in found), places)]
    several = (
        *note_on_several(below.values(), found=bool(named or renamed)),
        *notes_on_other_folders([below[source]], found=bool(named or renamed)),
        *note_on_other_splits(zip(said, photos, strict=True), source),
    )
    if not renamed:
        return named, several
    shown = list_some([f"{photo.name} for {each.photo}" for each, photo in renamed])
    note = f"photos of the labels' own names are taken, because those that they name are not there: {shown}"
    return named | {each.file.stem: photo for each, photo in renamed}, (note, *several)


def _beside(path: str, name: str) -> str:
    """The path of a file of this name in the folder of that path."""
    return path.removesuffix(re.split(r"[\\/]", path)[-1]) + name


def _claims(
    found: Sequence[LabelmeFile], source: Path, root: Path, below: Mapping[Path, Rerooting]
) -> list[tuple[str, Path | None]]:
    """The path of the photo of each file, and the photo: seen from the file, below its folder, or below the root."""
    seen = {each.file.path: below[root].find_from(each.file.path.parent, each.photo) for each in found}
    for folder, rerooting in below.items():
        inside = [each for each in found if each.file.path.parent == folder != root]
        known = [seen[each.file.path] for each in inside]
        photos = rerooting.find_all([each.photo for each in inside], known=known)
        seen |= {each.file.path: photo for each, photo in zip(inside, photos, strict=True)}
        below[root].renamed |= rerooting.renamed
    if root.is_dir():
        places = [folder_of(each.file.path, source, root) for each in found]
        photos = below[root].find_all([each.photo for each in found], places, [*seen.values()])
        seen = {each.file.path: photo for each, photo in zip(found, photos, strict=True)}
    return [(f"{each.file.path.parent}/{each.photo}", seen[each.file.path]) for each in found]


def _regions(content: Any) -> tuple[tuple[str, Any], ...]:  # noqa: ANN401
    return tuple((shape["label"], shape) for shape in content["shapes"] if is_painted(shape))


def _corners(regions: Sequence[tuple[str, Any]]) -> Ring:
    """Where the points of all shapes lie, (N, 2); those that are no numbers are found when they are painted."""
    with suppress(TypeError, ValueError, OverflowError):
        return np.array([point for _, shape in regions for point in shape["points"]], np.float64).reshape(-1, 2)
    return np.empty((0, 2))


def _weight(regions: Sequence[tuple[str, Any]]) -> int:
    """Corners of the shapes, and what takes as much memory as they do."""
    return sum(
        len(value) if isinstance(value, list) else 1 + len(value) // 100 if isinstance(value, str) else 1
        for _, shape in regions
        for value in shape.values()
    )


def _content(path: Path) -> Any:  # noqa: ANN401
    content = load_json(path)
    if not is_labelme(content):
        raise SegError(f'{path}: not a file of LabelMe (no "shapes" in it); save it again in LabelMe')
    _check_shapes(path, content)
    return content


def _check_shapes(path: Path, content: Any) -> None:  # noqa: ANN401
    for number, shape in enumerate(content["shapes"], start=1):
        if isinstance(shape, dict) and is_whole(shape.get("label")):
            shape["label"] = str(shape["label"])  # as scripts write them
        if not isinstance(shape, dict) or not isinstance(shape.get("label"), str) or "points" not in shape:
            raise SegError(f'{path}: shape {number} has no "label" or no "points"; save the file again in LabelMe')


def _extent(path: Path, content: Any) -> tuple[int, int]:  # noqa: ANN401
    """Width and height, (0, 0) where the file says none: then those of its photo."""
    sides = content.get("imageWidth"), content.get("imageHeight")
    return (0, 0) if sides == (None, None) else image_extent(str(path), *sides)


FORMAT = JsonFormat(
    "labelme",
    "LabelMe JSON",
    is_labelme,
    _opened,
    (LabelmeReader(),),
    rules="Shapes are painted in the order of the file, a later one over an earlier one: polygons, rectangles, circles "
    "and masks (X-AnyLabeling's turned rectangles, too); points and lines are left out and counted.",
    writes=True,
    each_photo=True,
)
