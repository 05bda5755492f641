"""MATLAB's Image Labeler: gTruth.mat (a groundTruth object) with its PixelLabelData, and label definition tables.

What is inside was learned from real exports (R2020 to R2021): DataSource.Source lists the photos and
LabelData.PixelLabelData the label files, both as paths of the computer that wrote them; LabelDefinitions has name,
colour (0..1) and PixelLabelID of each label. Id 0 in a label file means that nobody labelled the pixel.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from prep.classes import ClassMap, Color, distinct_color
from prep.errors import SegError
from prep.labels.matfile import load_mat, texts
from prep.labels.reader import LabelSource, RawLabel
from prep.labels.rerooting import Rerooting, unique_stems
from prep.pairing import natural_key

NEVER_LABELLED = 0


def is_ground_truth(variable: Any) -> bool:  # noqa: ANN401  # whatever a .mat file holds
    """Whether a variable of a .mat file is a groundTruth object."""
    return getattr(variable, "classname", "") == "groundTruth"


def ground_truth_source(path: Path) -> LabelSource:
    """List the labels of a gTruth.mat; SegError if it holds no pixel labels or none of its label files is there."""
    truth = _properties(path)
    definitions = _field(path, truth, "LabelDefinitions")
    classes, kinds = _classes(path, definitions)
    label_paths = _paths(truth, "LabelData", "PixelLabelData")
    if classes is None or not any(label_paths):
        raise SegError(
            f"{path}: holds no pixel labels, only boxes, lines or polygons ({', '.join(kinds) or 'no labels at all'}). "
            "In the Image Labeler, label pixels with the brush or flood fill, and export again"
        )
    photo_paths = _paths(truth, "DataSource", "Source")
    if len(photo_paths) != len(label_paths):
        raise SegError(
            f"{path}: lists {len(photo_paths)} photos and {len(label_paths)} label files; export it again from MATLAB"
        )
    below = Rerooting(path.parent)
    stems = unique_stems(photo_paths)
    label_files, photo_files = below.find_each(label_paths), below.find_each(photo_paths)
    labels = [RawLabel(file, stem) for stem, file in zip(stems, label_files, strict=True) if file]
    missing = [label for label, file in zip(label_paths, label_files, strict=True) if label and not file]
    photos = {stem: file for stem, file in zip(stems, photo_files, strict=True) if file}
    if not labels:
        raise SegError(
            f"{path}: none of its {len(missing)} label files is below {path.parent} (the first is {missing[0]}); "
            "copy the folder PixelLabelData beside this file"
        )
    return LabelSource(
        reader="ids",
        labels=tuple(labels),
        classes=classes,
        photos=photos,
        names_photos=True,
        unlabelled=(NEVER_LABELLED,),
        missing=tuple(missing),
    )


def numbered_source(labels: Sequence[RawLabel]) -> LabelSource:
    """PixelLabelData whose gTruth.mat is lost: Label_k is of the k-th photo, and that is all one knows."""
    return LabelSource(
        reader="ids",
        labels=tuple(sorted(labels, key=lambda label: natural_key(label.stem))),
        unlabelled=(NEVER_LABELLED,),
        in_order=True,
    )


def definitions_from_mat(path: Path) -> ClassMap:
    """Read a label definition table (labels.mat), or the definitions of a gTruth.mat, as a class map."""
    variables = load_mat(path)
    for variable in variables.values():
        if is_ground_truth(variable):
            classes, _ = _classes(path, _field(path, _properties(path), "LabelDefinitions"))
            if classes is not None:
                return classes
        columns = getattr(variable, "columns", ())
        if {"Name", "LabelColor", "PixelLabelID"} <= set(columns):
            rows = [(texts(row["Name"])[0], row["LabelColor"], row["PixelLabelID"]) for _, row in variable.iterrows()]
            return _class_map(path, rows)
    raise SegError(f"{path}: holds no label definitions with pixel label ids; its variables: {', '.join(variables)}")


def _properties(path: Path) -> Any:  # noqa: ANN401
    for variable in load_mat(path).values():
        if is_ground_truth(variable):
            for content in variable.properties.values():
                if (
                    "LabelDefinitions" in (getattr(getattr(content, "dtype", None), "names", None) or ())
                    and content.size
                ):
                    return content.ravel()[0]
    raise SegError(f"{path}: holds no groundTruth object as the Image Labeler exports it")


def _field(path: Path, record: Any, name: str) -> Any:  # noqa: ANN401
    if name not in (record.dtype.names or ()):
        raise SegError(f"{path}: its groundTruth object has no {name}; export it again from MATLAB")
    return record[name]


def _paths(truth: Any, outer: str, inner: str) -> list[str]:  # noqa: ANN401
    """Paths in a field of a field; an empty text where a photo has no label yet."""
    for name in (outer, inner):
        while isinstance(truth, np.ndarray) and truth.dtype.names and truth.size == 1 and name in truth.dtype.names:
            truth = truth.ravel()[0]
        if name not in (getattr(getattr(truth, "dtype", None), "names", None) or ()):
            return []
        truth = truth[name]
    return texts(truth)


def _classes(path: Path, definitions: Any) -> tuple[ClassMap | None, list[str]]:  # noqa: ANN401
    """The pixel labels as a class map, None if there is none; and the names of all labels."""
    if not isinstance(definitions, np.ndarray) or not definitions.dtype.names:
        raise SegError(f"{path}: its LabelDefinitions cannot be read; export it again from MATLAB")
    names = [(texts(entry["Name"]) or [""])[0] for entry in definitions.ravel()]
    if "PixelLabelID" not in definitions.dtype.names:
        return None, names
    rows = [
        (name, entry["LabelColor"] if "LabelColor" in definitions.dtype.names else None, entry["PixelLabelID"])
        for name, entry in zip(names, definitions.ravel(), strict=True)
        if np.size(entry["PixelLabelID"])
    ]
    return (_class_map(path, rows) if rows else None), names


def _class_map(path: Path, rows: list[tuple[str, Any, Any]]) -> ClassMap:
    """Classes in the order of their ids; ids and names as MATLAB has them."""
    entries = sorted(((_id(path, name, raw), name, color) for name, color, raw in rows), key=lambda entry: entry[0])
    colors: list[Color] = []
    for _, _, value in entries:
        color = _color(value)
        while color is None or color in colors:  # MATLAB allows two labels of one colour
            color = distinct_color(len(colors) if color is None else len(colors) + colors.index(color) + 1)
        colors.append(color)
    return ClassMap(tuple(name for _, name, _ in entries), tuple(colors), tuple(raw for raw, _, _ in entries))


def _id(path: Path, name: str, value: Any) -> int:  # noqa: ANN401
    try:
        numbers = np.asarray(_unwrapped(value), np.float64).ravel()
    except (TypeError, ValueError):
        numbers = np.zeros(0)
    if numbers.size != 1 or not np.isfinite(numbers[0]) or numbers[0] != int(numbers[0]):
        raise SegError(
            f"{path}: the label {name!r} has the pixel label id {value!r:.60}; one whole number a label can be read"
        )
    return int(numbers[0])


def _color(value: Any) -> Color | None:  # noqa: ANN401
    try:
        channels = np.asarray(_unwrapped(value), np.float64).ravel()
    except (TypeError, ValueError):
        return None
    if channels.size != 3 or not np.isfinite(channels).all():
        return None
    red, green, blue = (round(255 * min(1.0, max(0.0, channel))) for channel in channels.tolist())
    return red, green, blue


def _unwrapped(value: Any) -> Any:  # noqa: ANN401
    while isinstance(value, np.ndarray) and value.dtype == object and value.size == 1:
        value = value.ravel()[0]
    return value
