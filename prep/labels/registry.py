"""Look at what a person points to: which labels are there, and which reader reads them."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from prep.core.classes import IGNORE_INDEX, ClassMap
from prep.core.errors import SegError
from prep.core.files import within_limits
from prep.images.finding import FoundFile, find_files, names_photos, refuse_equal_stems
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.archive import is_zip, label_bytes, member_names
from prep.labels.coco import CocoReader, coco_source, is_coco
from prep.labels.ids import IdReader
from prep.labels.labelio import label_kind
from prep.labels.labelme import LabelmeFile, LabelmeReader, is_labelme, labelme_source, parse_labelme
from prep.labels.matlab.ground_truth import GroundTruthReader, ground_truth_source, numbered_source
from prep.labels.matlab.matfile import load_mat
from prep.labels.matlab.matrix import MatrixReader, matrix_source
from prep.labels.matlab.truth import is_ground_truth
from prep.labels.reader import UNKNOWN, LabelReader, LabelSource, Lookup, RawLabel, read_codes
from prep.labels.region_labels import RegionCodes, load_json
from prep.labels.rgb import RgbReader
from prep.labels.voc import voc_source

READERS: tuple[LabelReader, ...] = (
    RgbReader(),
    IdReader(),
    MatrixReader(),
    GroundTruthReader(),
    LabelmeReader(),
    CocoReader(),
)

_REGION_READERS = ("labelme", "coco")

_LOOKED_AT = 5
"""Files that are read to decide; the decision is the same for all files."""

_CORNERS_KEPT = 1_000_000
"""Shapes of LabelMe with more corners (of some 100 bytes) are read again when they are painted."""

_MATLAB_LABEL = re.compile(r"Label_\d+")


def reader_named(name: str, names: tuple[str, ...] | None = None) -> LabelReader:
    """The reader that --from names; names: those of the regions, so that it can say them."""
    reader = next(reader for reader in READERS if reader.name == name)
    return replace(reader, names=names) if isinstance(reader, RegionCodes) and names else reader


def label_source(source: Path, reader: str | None = None, variable: str = "") -> LabelSource:
    """List the labels of a folder, a zip file or a label file, in a fixed order.

    The reader of the result is empty where only the class map can tell how to read them: see choose_reader.
    reader: what --from says.  variable: which variable of .mat files holds the labels.
    Raises SegError if there are no labels, or two with the same stem.
    """
    with within_limits(source):
        found = _look(source, reader, variable)
    if not found.labels:
        raise SegError(
            f"{source}: no labels here; looked for masks ({', '.join(sorted(IMAGE_SUFFIXES))}), .mat files, "
            "gTruth.mat, JSON files of LabelMe or COCO, and folders or zip files with SegmentationClass/"
        )
    refuse_equal_stems([FoundFile(label.path, f"{label.stem}.x") for label in found.labels])
    return found if reader is None else _read_as(found, reader)


def _look(source: Path, reader: str | None, variable: str) -> LabelSource:
    if reader in _REGION_READERS or source.suffix.lower() == ".json":
        return _json_labels(source, reader)
    if is_zip(source):
        return voc_source(source) or LabelSource("", _zipped(source))
    if source.is_file():
        return _mat_file(source, variable) if source.suffix.lower() == ".mat" else LabelSource("", _files(source))
    if (voc := voc_source(source)) is not None:
        return voc
    matrices = [file.path for file in find_files(source, {".mat"}, skip=names_photos)]
    truths = [path for path in matrices if "gtruth" in path.name.lower()]
    if len(truths) == 1:
        return ground_truth_source(truths[0])
    if len(truths) > 1:
        raise SegError(f"{source}: holds {len(truths)} gTruth files; name one of them, for example {truths[0]}")
    if reader is None and (named := _json_source(source)) is not None:
        return named
    images = _files(source)
    if images:
        if all(_MATLAB_LABEL.fullmatch(label.path.stem) for label in images):
            return numbered_source(images)
        return LabelSource("", images)
    return matrix_source([RawLabel(path, path.stem, variable) for path in matrices])


def _json_labels(source: Path, reader: str | None) -> LabelSource:
    """JSON files that a person named."""
    found = _json_source(source, reader if reader in _REGION_READERS else None, only=True)
    if found is None:
        raise SegError(
            f'{source}: no JSON of LabelMe (with "shapes") or COCO (with "images", "annotations" and "categories") '
            "here; name the file or the folder that holds it"
        )
    return found


def _json_source(source: Path, reader: str | None = None, *, only: bool = False) -> LabelSource | None:
    """List the labels of the JSON files in a folder, or of one such file; None if there are none.

    reader: "labelme" or "coco" where a person said so; otherwise one file of LabelMe makes the folder LabelMe's.
    only: whether a person said that the JSON files hold the labels; then a damaged one is an error in any case.
    Raises SegError if files are damaged, or if there are several of COCO.
    """
    shapes: list[LabelmeFile] = []
    collections: list[Path] = []
    strangers: list[str] = []
    damaged: list[SegError] = []
    room = _CORNERS_KEPT
    collection: Any = None  # of the first file only: others are counted only
    for file in find_files(source, {".json"}):
        try:
            content = load_json(file.path)
        except SegError as error:
            damaged.append(error)
            continue
        if reader != "coco" and is_labelme(content):
            shapes.append(parse_labelme(file, content, room))
            room -= shapes[-1].kept
            continue
        strangers.append(file.name)
        if reader != "labelme" and is_coco(content):
            collections.append(file.path)
            collection = collection or content
    if damaged and (only or shapes):
        raise damaged[0]
    if shapes:
        return labelme_source(source, shapes, strangers)
    if len(collections) > 1:
        raise SegError(f"{source}: holds {len(collections)} COCO files; name one of them, for example {collections[0]}")
    return coco_source(collections[0], collection) if collections else None


def _mat_file(path: Path, variable: str) -> LabelSource:
    if any(is_ground_truth(value) for value in load_mat(path).values()):
        return ground_truth_source(path)
    return matrix_source([RawLabel(path, path.stem, variable)])


def _files(source: Path) -> tuple[RawLabel, ...]:
    return tuple(RawLabel(file.path, file.stem) for file in find_files(source, skip=names_photos))


def _zipped(archive: Path) -> tuple[RawLabel, ...]:
    names = [name for name in member_names(archive) if PurePosixPath(name).suffix.lower() in IMAGE_SUFFIXES]
    return tuple(RawLabel(archive, FoundFile(archive, name).stem, name) for name in sorted(names) if _is_label(name))


def _is_label(member: str) -> bool:
    inner = PurePosixPath(member)
    return not inner.name.startswith(".") and not any(map(names_photos, inner.parent.parts))


def _read_as(found: LabelSource, reader: str) -> LabelSource:
    if found.reader in _REGION_READERS or found.reader == GroundTruthReader.name:
        if reader != found.reader:
            tool = "MATLAB with polygons" if found.reader == GroundTruthReader.name else found.reader
            raise SegError(f"--from {reader} cannot read {found.labels[0].path}: that is a file of {tool}")
        return found
    if (reader == "mat") != (found.reader == "mat"):
        kind = ".mat files" if found.reader == "mat" else "image files"
        raise SegError(f"--from {reader} cannot read {found.labels[0].path}: these labels are {kind}")
    return LabelSource(**{**vars(found), "reader": reader})


def reader_of(source: LabelSource, labels: Sequence[RawLabel], classes: ClassMap | None) -> LabelReader:
    """The reader of a source: what it says itself, or what these of its labels are best read with."""
    return reader_named(source.reader, source.names) if source.reader else choose_reader(labels, classes)


def choose_reader(labels: Sequence[RawLabel], classes: ClassMap | None) -> LabelReader:
    """Choose by the kind of the files; where grey or palette files allow both, by which one the classes explain.

    A file of greys 0 and 255 can hold ids or the colours black and white, and a palette file its indices or
    its colours: the reading that leaves fewer pixels unknown wins, then the one that puts more of them into classes,
    then ids for grey and colours for palette.
    """
    kinds = {label_kind(Path(label.name), label_bytes(label)) for label in labels}
    if "color" in kinds:
        return RgbReader()
    preferred: tuple[LabelReader, LabelReader] = (IdReader(), RgbReader())
    if "palette" in kinds:
        preferred = (RgbReader(), IdReader())
    if classes is None:
        return preferred[0]
    step = max(1, len(labels) // _LOOKED_AT)
    return max(preferred, key=lambda reader: _explained(reader, classes, labels[::step]))


def _explained(reader: LabelReader, classes: ClassMap, labels: Sequence[RawLabel]) -> tuple[int, int]:
    """Count the pixels that this reading explains (as a class or as ignored), and those that it puts into a class."""
    lookup = Lookup(reader.size, reader.table(classes))
    explained, in_classes = 0, 0
    for label in labels:
        try:
            mask = lookup(read_codes(reader, label))
        except SegError:  # a damaged file explains nothing; converting it will say what is wrong with it
            continue
        known = int(np.count_nonzero(mask != UNKNOWN))
        explained += known
        in_classes += known - int(np.count_nonzero(mask == IGNORE_INDEX))
    return explained, in_classes
