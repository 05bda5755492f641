"""What a groundTruth object of MATLAB holds.

MATLAB saves the object as a struct. What is read of it: DataSource.Source, the paths of the photos; LabelDefinitions;
LabelData, a struct array with an element a photo and a field a label name, and PixelLabelData, the paths of the label
files; PolygonOrder, like LabelData, or empty.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from prep.core.cache import while_unchanged
from prep.core.errors import SegError
from prep.core.words import counted
from prep.labels.matlab.definitions import POLYGON, DefinedLabel, defined_labels
from prep.labels.matlab.matfile import load_mat, texts
from prep.labels.matlab.polygons import NamedRing, drawn_on_photo, positions
from prep.labels.rerooting import unique_stems


@dataclass(frozen=True)
class TruthPhoto:
    """A photo and what is drawn on it.

    path, label_path: of the computer that wrote the file; the latter is empty if the photo has no pixel labels.
    polygons: name and corners of each, in drawing order.
    """

    stem: str
    path: str
    label_path: str
    polygons: tuple[NamedRing, ...]


@dataclass(frozen=True)
class Truth:
    """A groundTruth object. left_out: how many boxes, lines, ... it holds, by kind.  ordered: whether it says which
    polygon covers which where they have different labels.
    """

    labels: tuple[DefinedLabel, ...]
    photos: tuple[TruthPhoto, ...]
    left_out: Counter[str]
    ordered: bool

    @property
    def has_polygons(self) -> bool:
        """Whether any polygon is drawn."""
        return any(photo.polygons for photo in self.photos)


def is_ground_truth(variable: Any) -> bool:  # noqa: ANN401  # whatever a .mat file holds
    """Whether a variable of a .mat file is a groundTruth object."""
    return getattr(variable, "classname", "") == "groundTruth"


def definitions_of(path: Path, record: Any) -> tuple[DefinedLabel, ...]:  # noqa: ANN401
    """The labels that the record of a groundTruth object defines."""
    return defined_labels(path, _field(path, record, "LabelDefinitions"))


def record_of(path: Path, variables: dict[str, Any]) -> Any:  # noqa: ANN401
    """The struct of the first groundTruth object; SegError if there is none."""
    for variable in variables.values():
        if is_ground_truth(variable):
            properties = variable.properties if isinstance(variable.properties, dict) else {}
            for content in properties.values():
                names = getattr(getattr(content, "dtype", None), "names", None) or ()
                if "LabelDefinitions" in names and content.size:
                    return content.ravel()[0]
    raise SegError(f"{path}: holds no groundTruth object as the Image Labeler exports it")


@while_unchanged()
def load_truth(path: Path) -> Truth:
    """Read a gTruth.mat, once while it does not change; SegError if it is damaged or laid out in another way."""
    return truth_of(path, load_mat(path))


def truth_of(path: Path, variables: dict[str, Any]) -> Truth:
    """What the decoded variables of a gTruth.mat say; SegError if they are laid out in another way than MATLAB's."""
    record = record_of(path, variables)
    labels = definitions_of(path, record)
    photo_paths = _paths(record, "DataSource", "Source")
    label_paths = _paths(record, "LabelData", "PixelLabelData")
    if label_paths and len(photo_paths) != len(label_paths):
        raise SegError(
            f"{path}: lists {counted(len(photo_paths), 'photo')} and {counted(len(label_paths), 'label file')}; export "
            "it again from MATLAB"
        )
    polygons = _polygons(path, record, labels, len(photo_paths))
    label_paths = label_paths or [""] * len(photo_paths)
    rows = zip(unique_stems(photo_paths), photo_paths, label_paths, polygons, strict=True)
    return Truth(
        labels,
        tuple(TruthPhoto(*row) for row in rows),
        _left_out(record, labels),
        np.size(_optional(record, "PolygonOrder")) > 0,
    )


def _polygons(
    path: Path,
    record: Any,  # noqa: ANN401
    labels: tuple[DefinedLabel, ...],
    photos: int,
) -> list[tuple[NamedRing, ...]]:
    """Polygons of each photo, in drawing order."""
    names = [label.name for label in labels if label.kind == POLYGON]
    rows, order = _optional(record, "LabelData"), _optional(record, "PolygonOrder")
    if not names or not np.size(rows):
        return [()] * photos
    if not isinstance(rows, np.ndarray) or not rows.dtype.names or rows.size != photos:
        found = counted(rows.size, "element") if isinstance(rows, np.ndarray) else type(rows).__name__
        raise SegError(
            f"{path}: defines polygons, but its LabelData ({found}) is no struct array of "
            f"{counted(photos, 'element')}, one a photo; export it from the Image Labeler again"
        )
    if np.size(order) and (not isinstance(order, np.ndarray) or not order.dtype.names or order.size != photos):
        raise SegError(
            f"{path}: its PolygonOrder is no struct array of {counted(photos, 'element')}, one a photo; "
            "export it from the Image Labeler again"
        )
    orders = order.ravel(order="F") if np.size(order) else [None] * photos
    return [
        drawn_on_photo(f"{path}, photo {number}", names, row, numbers)
        for number, (row, numbers) in enumerate(zip(rows.ravel(order="F"), orders, strict=True), start=1)
    ]


def _optional(record: Any, name: str) -> Any:  # noqa: ANN401
    return record[name] if name in record.dtype.names else np.zeros(0)


def _left_out(record: Any, labels: tuple[DefinedLabel, ...]) -> Counter[str]:  # noqa: ANN401
    """Numbers of boxes, lines and whatever else has no pixels, by kind."""
    rows = _optional(record, "LabelData")
    found: Counter[str] = Counter()
    for label in labels:
        if not label.has_pixels and label.kind not in ("", POLYGON) and label.name in _names(rows):
            count = sum(positions(row[label.name]) for row in rows.ravel())
            found.update({label.kind: count} if count else {})
    return found


def _names(rows: Any) -> tuple[str, ...]:  # noqa: ANN401
    return getattr(getattr(rows, "dtype", None), "names", None) or ()


def _field(path: Path, record: Any, name: str) -> Any:  # noqa: ANN401
    if name not in (record.dtype.names or ()):
        raise SegError(f"{path}: its groundTruth object has no {name}; export it again from MATLAB")
    return record[name]


def _paths(truth: Any, outer: str, inner: str) -> list[str]:  # noqa: ANN401
    """Paths in a field of a field; an empty text where a photo has no label yet."""
    for name in (outer, inner):
        while isinstance(truth, np.ndarray) and truth.dtype.names and truth.size == 1 and name in truth.dtype.names:
            truth = truth.ravel()[0]
        if name not in _names(truth):
            return []
        truth = truth[name]
    return texts(truth)
