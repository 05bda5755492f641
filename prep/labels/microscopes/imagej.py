"""ROIs of ImageJ: .roi files, and the zip files that its ROI Manager saves (RoiSet.zip), one for each photo."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.core.words import counted, verb
from prep.images.finding import FoundFile
from prep.labels.annotators.photo_files import apart
from prep.labels.archive import member_bytes, member_names
from prep.labels.contents import Contents
from prep.labels.formats import LIKELY, NO, FileFormat
from prep.labels.left_out import LeftOut
from prep.labels.microscopes.imagej_roi import Roi, parse_roi
from prep.labels.reader import LabelSource
from prep.labels.shapes.named_photos import NamedPhotos
from prep.labels.shapes.shapes import RegionImage, Shape, ShapeReader
from prep.labels.shapes.sources import notes_with_empty, region_source

_MADE_UP = re.compile(r"[LRF]?\d{3,}(-\d{3,})+(-\d{1,2})?")
"""Names that ImageJ gives: slice, y and x of the middle."""

_SET = re.compile(r"[-_ .]*(?<![a-z])roi(s(?!et))?[-_ ]?(sets?)?[-_ .]*", re.IGNORECASE)
_UNNAMED = "object"


@dataclass
class _Set:
    """The ROIs of one photo: what the zip file or folder is called, or the photo's own stem; names and contents.

    photo: the only one beside it, where it is called otherwise.
    """

    stem: str
    path: Path
    rois: dict[str, bytes] = field(default_factory=dict)
    photo: Path | None = None


def _recognised(contents: Contents) -> float:
    """A zip file by the endings of its members; a folder by .roi files or such zip files, where no image is a mask."""
    if contents.is_zip:
        return LIKELY if is_roi_set(contents.source) else NO
    found = contents.of_suffix(".roi") or any(is_roi_set(file.path) for file in contents.of_suffix(".zip"))
    return LIKELY if found else NO


def is_roi_set(archive: Path) -> bool:
    """Whether a zip file holds ROIs and nothing else."""
    try:
        return _holds_rois(archive)
    except SegError:
        return False


def _holds_rois(archive: Path) -> bool:
    names = [PurePosixPath(name) for name in member_names(archive)]
    return bool(names) and all(name.suffix.lower() == ".roi" or name.name.startswith(".") for name in names)


def _sets(contents: Contents, photos: NamedPhotos, left_out: LeftOut) -> Iterator[_Set]:
    """A set for each zip file, for each folder of .roi files, and for a .roi file that is called as a photo."""
    own = FoundFile(contents.source, contents.source.name)
    for file in [own] if contents.is_zip else contents.of_suffix(".zip"):
        found: list[_Set] = []
        with left_out.leaving_out(FoundFile(file.path, f"{_SET.sub('', file.path.stem)}.x"), "ImageJ"):
            names = [name for name in member_names(file.path) if name.lower().endswith(".roi")]
            if _holds_rois(file.path):
                rois = {PurePosixPath(name).stem: member_bytes(file.path, name) for name in names}
                found.append(_Set(_SET.sub("", file.path.stem), file.path, rois))
        yield from found
    if contents.is_zip:
        return
    folders: dict[Path, list[FoundFile]] = {}
    for file in contents.of_suffix(".roi"):
        if photos.of(file.path, file.path.stem):
            yield _Set(file.path.stem, file.path, {"": read_bytes(file.path)})
        else:
            folders.setdefault(file.path.parent, []).append(file)
    for folder, files in folders.items():
        yield _Set(
            _SET.sub("", folder.resolve().name), folder, {file.path.stem: read_bytes(file.path) for file in files}
        )


def _opened(contents: Contents, variable: str) -> LabelSource:
    root = contents.photos or (contents.source if contents.is_folder else contents.source.parent)
    photos = NamedPhotos(root)
    left_out, notes = LeftOut(), []
    sets = list(_sets(contents, photos, left_out))
    for each in sets if len(sets) > 1 else ():
        if photos.of(each.path, each.stem) is None and (alone := photos.only_in(each.path.parent)):
            each.stem, each.photo = alone.stem, alone
            notes.append(f"{each.path}: taken for the ROIs of the only photo beside it, {alone.name}")
        if not each.stem:
            said = "Give the file the name of its photo (IMG_1.zip of IMG_1.tif)"
            raise SegError(f"{each.path}: of which photo are these ROIs? {said}")
    if len(sets) == 1 and photos.of(sets[0].path, sets[0].stem) is None:
        if len(photos) != 1:
            raise SegError(
                f"{sets[0].path}: of which photo are these ROIs? {counted(len(photos), 'photo')} "
                f"{verb(len(photos), 'lies', 'lie')} below {root}; give the file the name of its photo (IMG_1.zip of "
                "IMG_1.tif), or say with --images FOLDER where the photo is"
            )
        (sets[0].stem,) = photos.names()
        sets[0].photo = photo = photos.of(sets[0].path, sets[0].stem)
        notes.append(f"taken for the ROIs of the only photo there, {photo.name if photo else sets[0].stem}")
    images = []
    for each in sets:
        with left_out.leaving_out(FoundFile(each.path, f"{each.stem}.x"), "ImageJ"):
            images.append(_image(each, photos, left_out))
    notes += [*left_out.notes(), *photos.notes()]
    return region_source(
        "imagej-roi",
        contents.source,
        apart(images, contents.source),
        notes=notes_with_empty(f"{contents.source}: holds no ROI that encloses anything", images, notes),
        among=photos.there,
        damaged=left_out.damaged,
        drawn_on="stored",
    )


def _image(own: _Set, photos: NamedPhotos, left_out: LeftOut) -> RegionImage:
    rois = {name: parse_roi(own.path / f"{name}.roi", data) for name, data in own.rois.items()}
    slices = {roi.position for roi in rois.values() if roi.position > 0}
    if len(slices) > 1:
        raise SegError(
            f"{own.path}: its ROIs lie on {counted(len(slices), 'slice')} of a stack; save the slices as photos, and "
            "the ROIs of each in a file of its own"
        )
    regions: list[tuple[str, Shape]] = []
    for name, roi in rois.items():
        if roi.shape is None:
            left_out.add(f"left out, because they enclose nothing, {roi.kind}", name or own.path.name)
        else:
            regions.append((_class(name, rois, left_out), roi.shape))
    name = own.photo.name if own.photo else photos.name_of(own.path, own.stem) or own.stem
    return RegionImage(name, (0, 0), tuple(regions), file=own.path, photo=own.photo)


def _class(name: str, rois: Mapping[str, Roi], left_out: LeftOut) -> str:
    """The name without the number that ImageJ puts behind the second of a name, where the first is there."""
    if not name or _MADE_UP.fullmatch(name):
        left_out.add(f"ROIs without a name of their own are the class {_UNNAMED!r}", name or "in a file of its own")
        return _UNNAMED
    plain = re.sub(r"-\d+$", "", name)
    return plain if plain in rois else name


FORMAT = FileFormat(
    "imagej-roi",
    "ImageJ ROI files and RoiSet.zip",
    _recognised,
    _opened,
    (ShapeReader(name="imagej-roi"),),
    rules="The name of a ROI is its class: road, and road-1 where there is a road; names that ImageJ made up "
    "(0001-0040-0030) are one class, object. Polygons, freehand outlines, rectangles, ovals and several outlines in "
    "one are painted in the order of the file; lines and points are left out and counted. A set belongs to the photo "
    "of its name (IMG_1.zip, IMG_1_RoiSet.zip), or to the only one beside it.",
    in_zip=True,
)
