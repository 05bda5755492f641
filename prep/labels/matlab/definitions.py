"""Label definitions of MATLAB's Image Labeler: name, kind, colour (0..1) and PixelLabelID of each label.

Source: MathWorks, "groundTruth" and "pixelLabelDatastore": the PixelLabelID of a label is one id, a column of several
ids, or an M-by-3 matrix of colours (0..255), all of which mean this label. Labels that are no pixel labels have none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import MAX_ID, ClassMap, Color, distinct_color
from prep.core.errors import SegError
from prep.labels.matlab.matfile import texts

POLYGON = "Polygon"


@dataclass(frozen=True)
class DefinedLabel:
    """A label. kind: PixelLabel, Polygon, Rectangle, ..., empty if the file does not say.

    ids, colors: its values in label files, of which it has one kind or none.
    """

    name: str
    kind: str
    color: Color | None
    ids: tuple[int, ...] = ()
    colors: tuple[Color, ...] = ()

    @property
    def has_pixels(self) -> bool:
        """Whether it stands in label files."""
        return bool(self.ids or self.colors)


def defined_labels(path: Path, definitions: Any) -> tuple[DefinedLabel, ...]:  # noqa: ANN401  # whatever MATLAB nests
    """The labels of a struct array of definitions, in its order; SegError if it cannot be read."""
    if not isinstance(definitions, np.ndarray) or "Name" not in (definitions.dtype.names or ()):
        raise SegError(f"{path}: its LabelDefinitions cannot be read; export it again from MATLAB")
    fields = definitions.dtype.names or ()
    return tuple(
        _label(path, {field: entry[field] for field in fields})
        for entry in definitions.ravel(order="F")  # as MATLAB counts
    )


def table_labels(path: Path, table: Any) -> tuple[DefinedLabel, ...]:  # noqa: ANN401
    """The labels of a definition table, in its order; SegError if one cannot be read."""
    return tuple(_label(path, dict(row)) for _, row in table.iterrows())


def class_map(path: Path, labels: Sequence[DefinedLabel]) -> ClassMap:
    """Classes in the order of their ids, or as defined if they have colours; SegError if labels share a value."""
    if any(label.ids for label in labels) and any(label.colors for label in labels):
        raise SegError(f"{path}: some labels have ids and others colours as PixelLabelID; give all of them ids")
    try:
        return _by_id(labels) if any(label.ids for label in labels) else _by_color(labels)
    except SegError as error:
        raise SegError(f"{path}: {error}") from error


def _by_id(labels: Sequence[DefinedLabel]) -> ClassMap:
    chosen = sorted((label for label in labels if label.ids), key=lambda label: label.ids[0])
    colors: list[Color] = []
    for label in chosen:
        color = label.color
        while color is None or color in colors:  # MATLAB allows two labels of one colour
            color = distinct_color(len(colors) if color is None else len(colors) + colors.index(color) + 1)
        colors.append(color)
    return ClassMap(
        tuple(label.name for label in chosen),
        tuple(colors),
        ids=tuple(label.ids[0] for label in chosen),
        more_ids=tuple(label.ids[1:] for label in chosen),
    )


def _by_color(labels: Sequence[DefinedLabel]) -> ClassMap:
    chosen = [label for label in labels if label.colors]
    return ClassMap(
        tuple(label.name for label in chosen),
        tuple(label.colors[0] for label in chosen),
        more_colors=tuple(label.colors[1:] for label in chosen),
    )


def _label(path: Path, entry: dict[str, Any]) -> DefinedLabel:
    name = (texts(entry["Name"]) or [""])[0]
    color = _color(entry.get("LabelColor"))
    kind = _kind(entry.get("Type"))
    values = entry.get("PixelLabelID")
    if values is None or not np.size(unwrapped(values)):
        return DefinedLabel(name, kind, color)
    numbers = _whole_numbers(values)
    if numbers is not None and numbers.ndim == 2 and numbers.shape[1] == 3 and numbers.max() <= 255:
        return DefinedLabel(name, kind, color, colors=tuple(dict.fromkeys(map(_rgb, numbers.tolist()))))
    if numbers is None or (numbers.ndim == 2 and min(numbers.shape) > 1) or numbers.ndim > 2:
        raise SegError(
            f"{path}: the label {name!r} has the pixel label id {values!r:.60}; whole numbers from 0 to {MAX_ID} can "
            "be read, or rows of red, green and blue from 0 to 255"
        )
    return DefinedLabel(name, kind, color, ids=tuple(np.unique(numbers).tolist()))


def _kind(value: Any) -> str:  # noqa: ANN401
    """Name of a value of MATLAB's enumeration labelType."""
    value = unwrapped(value)
    return str(getattr(value, "name", "")) or next(iter(texts(value)), "")


def _whole_numbers(value: Any) -> NDArray[np.int64] | None:  # noqa: ANN401
    """Numbers from 0 to MAX_ID, None if they are anything else."""
    try:
        numbers = np.asarray(unwrapped(value), np.float64)
    except (TypeError, ValueError):
        return None
    if not np.isfinite(numbers).all() or (numbers != np.floor(numbers)).any():
        return None
    return None if numbers.min() < 0 or numbers.max() > MAX_ID else numbers.astype(np.int64)


def _rgb(channels: Sequence[int]) -> Color:
    red, green, blue = channels
    return red, green, blue


def _color(value: Any) -> Color | None:  # noqa: ANN401
    try:
        channels = np.asarray(unwrapped(value), np.float64).ravel()
    except (TypeError, ValueError):
        return None
    if channels.size != 3 or not np.isfinite(channels).all():
        return None
    return _rgb([round(255 * min(1.0, max(0.0, channel))) for channel in channels.tolist()])


def unwrapped(value: Any) -> Any:  # noqa: ANN401
    """What cells of one element hold."""
    while isinstance(value, np.ndarray) and value.dtype == object and value.size == 1:
        value = value.ravel()[0]
    return value
