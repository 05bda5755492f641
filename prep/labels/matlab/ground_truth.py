"""MATLAB's Image Labeler: gTruth.mat (a groundTruth object), its PixelLabelData and polygons, label definitions.

What is inside was learned from real exports (R2020 to R2021), polygons from what MathWorks publishes: see
truth.py, definitions.py and polygons.py. Paths are those of the computer that wrote the file. Id 0 in a label file
means that nobody labelled the pixel.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from prep.core.classes import IGNORE_INDEX, ClassMap
from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.core.folder_names import names_photos
from prep.core.words import as_source, counted, list_some, natural_key
from prep.images.finding import FoundFile
from prep.images.polygons import fill_polygon
from prep.labels.contents import Contents
from prep.labels.formats import CERTAIN, LIKELY, NO, PROBABLE, FileFormat
from prep.labels.labelio import decode_label_ids
from prep.labels.matlab.definitions import POLYGON, DefinedLabel, class_map, table_labels
from prep.labels.matlab.matfile import load_mat
from prep.labels.matlab.truth import Truth, TruthPhoto, definitions_of, is_ground_truth, load_truth, record_of
from prep.labels.pixels.ids import IdCodes
from prep.labels.pixels.images import image_labels
from prep.labels.reader import Codes, LabelSource, RawLabel
from prep.labels.rerooting import Rerooting
from prep.photos.photoio import open_photo

_NEVER_LABELLED = 0

_NUMBERED = re.compile(r"Label_\d+")

_ABOVE_LABEL_FILES = IGNORE_INDEX + 1
"""Ids of polygons beside pixel labels, whose files have 8 bits: no id in them can be taken for a polygon."""


class GroundTruthReader(IdCodes):
    """Ids of pixel labels with the polygons of the same photo over them; `part` of a label is the stem of the photo."""

    name = "gtruth"

    def read(self, label: RawLabel) -> Codes:
        """(H, W) ids; where nothing is drawn, the id of the label file, or 0 if there is none.

        Without a label file the mask has the size of the photo as stored, which is what MATLAB shows.
        """
        truth = load_truth(label.path)
        photo = next(photo for photo in truth.photos if photo.stem == label.part)
        ids = _ground(label, photo)
        named = {label.name: position for position, label in enumerate(_polygon_labels(truth), start=1)}
        drawn = np.zeros(ids.shape, np.uint8)
        for name, ring in photo.polygons:
            fill_polygon(drawn, [ring], named[name])
        codes = np.array([0, *(label.ids[0] for label in _with_ids(truth) if label.kind == POLYGON)], np.uint16)
        return np.where(drawn, codes[drawn], ids)


def ground_truth_source(path: Path) -> LabelSource:
    """List the labels of a gTruth.mat; SegError if it holds no pixel labels or polygons, or none can be converted."""
    truth = load_truth(path)
    has_pixels = any(photo.label_path for photo in truth.photos) and any(label.has_pixels for label in truth.labels)
    if not has_pixels and not truth.has_polygons:
        named = ", ".join(f"{label.name} ({label.kind})" if label.kind else label.name for label in truth.labels)
        raise SegError(
            f"{path}: holds no pixel labels and no polygons, only {named or 'photos'}. "
            "In the Image Labeler, label pixels or draw polygons, and export again"
        )
    return _pixels_and_polygons(path, truth) if truth.has_polygons else _pixels_only(path, truth)


def _pixels_only(path: Path, truth: Truth) -> LabelSource:
    root = Rerooting(path.parent)
    files = _label_files(root, truth)
    labels = [RawLabel(file, photo.stem) for photo, file in zip(truth.photos, files, strict=True) if file]
    missing = [
        photo.label_path for photo, file in zip(truth.photos, files, strict=True) if photo.label_path and not file
    ]
    if not labels:
        raise SegError(
            f"{path}: none of the label files that it names is below {path.parent} ({list_some(missing)}); "
            + (_in_another_folder(root) or "copy the folder PixelLabelData beside this file")
        )
    reader = "rgb" if any(label.colors for label in truth.labels) else "ids"
    return _source(reader, truth, labels, class_map(path, truth.labels), _photos(path, truth), missing)


def _pixels_and_polygons(path: Path, truth: Truth) -> LabelSource:
    if any(label.colors for label in truth.labels):
        raise SegError(
            f"{path}: holds polygons, and pixel labels that are colours (PixelLabelID in three columns); these are not "
            "read together. Export the polygons and the pixel labels to files of their own"
        )
    photos = _photos(path, truth)
    labels, missing = [], []
    for photo, file in zip(truth.photos, _label_files(Rerooting(path.parent), truth), strict=True):
        ground = file if photo.label_path else photos.get(photo.stem)
        if photo.label_path or photo.polygons:
            if ground is not None:
                labels.append(RawLabel(path, photo.stem, photo.stem, ground=ground))
            else:
                missing.append(photo.label_path or photo.path)
    if not labels:
        raise SegError(
            f"{path}: none of the files that its labels need is below {path.parent} "
            f"({list_some(missing)}); copy the photos (polygons need their size) and the folder PixelLabelData beside "
            "this file"
        )
    notes = []
    if not truth.ordered and len({name for photo in truth.photos for name, _ in photo.polygons}) > 1:
        notes.append("no PolygonOrder in the file: where polygons overlap, the label that is defined later covers")
    return _source(GroundTruthReader.name, truth, labels, class_map(path, _with_ids(truth)), photos, missing, notes)


def _label_files(root: Rerooting, truth: Truth) -> list[Path | None]:
    return root.find_each([photo.label_path for photo in truth.photos])


def _in_another_folder(root: Rerooting) -> str:
    """What to do with files of these names that lie in a folder of another name; empty if there are none."""
    if not root.elsewhere:
        return ""
    folder = min(root.elsewhere).parent
    return (
        f"only some have names of files in {folder}, which the numbers alone do not tell from those of another export; "
        f"if they are these, call that folder {folder.parent / 'PixelLabelData'}"
    )


def _photos(path: Path, truth: Truth) -> dict[str, Path]:
    """The photos that are there, by stem."""
    files = Rerooting(path.parent).find_each([photo.path for photo in truth.photos])
    return {photo.stem: file for photo, file in zip(truth.photos, files, strict=True) if file}


def _source(
    reader: str,
    truth: Truth,
    labels: Sequence[RawLabel],
    classes: ClassMap,
    photos: Mapping[str, Path],
    missing: Sequence[str],
    notes: Sequence[str] = (),
) -> LabelSource:
    left_out = ", ".join(f"{count} x {kind}" for kind, count in sorted(truth.left_out.items()))
    return LabelSource(
        reader=reader,
        labels=tuple(labels),
        classes=classes,
        photos=photos,
        names_photos=True,
        unlabelled=() if reader == "rgb" else (_NEVER_LABELLED,),
        missing=tuple(missing),
        notes=(*notes, *([f"left out, because they are no regions: {left_out}"] if left_out else [])),
    )


def _polygon_labels(truth: Truth) -> list[DefinedLabel]:
    return [label for label in truth.labels if label.kind == POLYGON]


def _with_ids(truth: Truth) -> list[DefinedLabel]:
    """The labels, those of polygons with ids that no label file holds: from 1 if there is none."""
    largest = max((raw for label in truth.labels for raw in label.ids), default=0)
    is_mixed = any(photo.label_path for photo in truth.photos)
    free = max(_ABOVE_LABEL_FILES, largest + 1) if is_mixed else largest + 1
    polygons = {label.name: number for number, label in enumerate(_polygon_labels(truth), start=free)}
    return [replace(label, ids=(polygons[label.name],)) if label.name in polygons else label for label in truth.labels]


def _ground(label: RawLabel, photo: TruthPhoto) -> Codes:
    """Ids below the polygons."""
    if label.ground is None:
        raise SegError(f"{label.name}: was listed without the file that its polygons lie on; list the labels again")
    if photo.label_path:
        return decode_label_ids(label.ground, read_bytes(label.ground))
    opened = open_photo(label.ground)
    return np.zeros((opened.height, opened.width), np.uint8)


def _recognised(contents: Contents) -> float:
    matrices = contents.of_suffix(".mat", skip=names_photos)
    if contents.is_folder:
        return LIKELY + 0.1 if _truths(matrices) else NO
    return CERTAIN if matrices and any(map(is_ground_truth, load_mat(contents.source).values())) else NO


def _opened(contents: Contents, variable: str) -> LabelSource:
    matrices = contents.of_suffix(".mat", skip=names_photos)
    truths = _truths(matrices) if contents.is_folder else [contents.source]
    if len(truths) > 1:
        ways = as_source([shlex.quote(str(path)) for path in truths])
        raise SegError(f"{contents.source}: holds {counted(len(truths), 'gTruth file')}; {ways}")
    return ground_truth_source(truths[0])


def _truths(matrices: Sequence[FoundFile]) -> list[Path]:
    return [file.path for file in matrices if "gtruth" in file.path.name.lower()]


FORMAT = FileFormat(
    "gtruth",
    "MATLAB's gTruth.mat",
    _recognised,
    _opened,
    (GroundTruthReader(),),
    rules="Polygons are painted over the pixel labels in drawing order; pixels that nobody labelled are ignored.",
    requires="seg-prep[matlab]",
)


def _recognised_numbered(contents: Contents) -> float:
    labels = [] if contents.is_zip else image_labels(contents)
    return PROBABLE if labels and all(_NUMBERED.fullmatch(label.path.stem) for label in labels) else NO


def _opened_numbered(contents: Contents, variable: str) -> LabelSource:
    """Label_k is of the k-th photo, and that is all one knows."""
    return LabelSource(
        reader="ids",
        labels=tuple(sorted(image_labels(contents), key=lambda label: natural_key(label.stem))),
        unlabelled=(_NEVER_LABELLED,),
        in_order=True,
    )


NUMBERED = FileFormat(
    "numbered", "MATLAB's PixelLabelData without its gTruth.mat", _recognised_numbered, _opened_numbered
)


def definitions_from_mat(path: Path) -> ClassMap:
    """Read a label definition table (labels.mat), or the definitions of a gTruth.mat, as a class map."""
    variables = load_mat(path)
    for variable in variables.values():
        labels: Sequence[DefinedLabel] = ()
        if is_ground_truth(variable):
            labels = definitions_of(path, record_of(path, variables))
        elif {"Name", "LabelColor", "PixelLabelID"} <= set(getattr(variable, "columns", ())):
            labels = table_labels(path, variable)
        if any(label.has_pixels for label in labels):
            return class_map(path, labels)
    raise SegError(f"{path}: holds no label definitions with pixel label ids; its variables: {', '.join(variables)}")
