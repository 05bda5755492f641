"""What every layout of an export has in common."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Protocol

from prep.core.classes import IGNORE_NAME, ClassMap, Color, distinct_color, format_list
from prep.core.errors import SegError
from prep.dataset.index import Sample
from prep.images.imageio import IndexMask

VOID_COLOR = (224, 224, 192)
"""Colour of ignored pixels in Pascal VOC."""

CLASS_LIST = "classes.txt"
"""Names and colours in our own list, for layouts that have no such table."""


@dataclass(frozen=True)
class Label:
    """One mask in some layout: files of its own (posix path -> content) and annotations for a common file."""

    files: dict[str, bytes] = field(default_factory=dict)
    annotations: list[dict[str, object]] = field(default_factory=list)


class Layout(Protocol):
    """Names and contents of the files of an export; nothing here touches the disk."""

    def image(self, sample: Sample) -> str:
        """Where the image goes, as posix path below the export."""
        ...

    def label(self, sample: Sample, mask: IndexMask) -> Label:
        """The mask (H, W) of one sample."""
        ...

    def tables(self, samples: Sequence[Sample], labels: Sequence[Label]) -> dict[str, str]:
        """The text files about all samples; labels: of the samples in the same order, with annotations only."""
        ...


def image_name(sample: Sample) -> str:
    """File name of a sample's image: its stem with the ending that it has."""
    return sample.stem + PurePosixPath(sample.image).suffix


def free_color(classes: ClassMap, preferred: Color) -> Color:
    """The preferred colour for ignored pixels, or another one if a class has it."""
    candidates = [preferred, (128, 128, 128), *(distinct_color(number) for number in range(len(classes) + 1))]
    return next(color for color in candidates if color not in classes.colors)


def refuse_names(classes: ClassMap, separator: str = "", reserved: Sequence[str] = (IGNORE_NAME,)) -> None:
    """SegError if a class name would be read back as another one.

    separator: a sign that ends names in a text file of this layout, where "#" and "//" begin comments; empty if
    names stand in JSON.
    """
    for name in classes.names:
        if name.strip().lower() in reserved:
            raise SegError(f"the class name {name!r} means something else in this format; rename it in classes.json")
        if separator and (
            separator in name or name.startswith(("#", "//")) or name != name.strip() or not name.isprintable()
        ):
            raise SegError(
                f"the class name {name!r} cannot be written in this format: no {separator!r}, no '#' or '//' in front, "
                "no spaces around it, no control characters; rename it in classes.json"
            )


def refuse_list_names(classes: ClassMap) -> None:
    """SegError if a class name cannot stand in classes.txt."""
    refuse_names(classes, ",", (IGNORE_NAME, "name"))


def class_list(classes: ClassMap, ignored: tuple[Color, ...]) -> dict[str, str]:
    """The file with lines name,#rrggbb and ignore,#rrggbb."""
    return {CLASS_LIST: format_list(replace(classes, ignored=ignored, ignored_ids=())) + "\n"}
