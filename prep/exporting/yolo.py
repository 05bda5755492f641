"""YOLO segmentation: images/ and labels/ with a text file for each image, divided as the dataset is, and data.yaml."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from prep.core.classes import IGNORE_INDEX, IGNORE_NAME, ClassMap
from prep.dataset.index import SPLITS, Sample
from prep.exporting.layout import Label, image_name, refuse_names
from prep.images.imageio import IndexMask
from prep.images.polygons import Ring, outline
from prep.images.slits import with_slits
from prep.labels.region_labels import BACKGROUND, SPECIAL_NAMES

_LABELS = "labels"
_IGNORED: dict[str, object] = {"ignored": True}
"""Stands in the annotations of a sample that has ignored pixels."""


@dataclass(frozen=True)
class YoloLayout:
    """Classes keep their numbers; the background has no regions. Ignored pixels are a last class named "ignore".

    A line is a connected region, as exact as the pixels; its holes are joined to its outline by slits.
    """

    classes: ClassMap

    def __post_init__(self) -> None:
        refuse_names(self.classes, reserved=SPECIAL_NAMES)

    def image(self, sample: Sample) -> str:
        """The image in images/, in the folder of its split."""
        return f"images/{sample.split}/{image_name(sample)}".replace("//", "/")

    def label(self, sample: Sample, mask: IndexMask) -> Label:
        """The text file, empty for an image of background only."""
        values = [int(value) for value in np.unique(mask)]
        lines = [
            f"{len(self.classes) if value == IGNORE_INDEX else value} {_shares(with_slits(rings), mask)}\n"
            for value in values
            if value == IGNORE_INDEX or self.classes.names[value].lower() != BACKGROUND
            for rings in outline(mask == value)
        ]
        path = PurePosixPath(_LABELS, sample.split, sample.stem + ".txt").as_posix()
        return Label({path: "".join(lines).encode()}, [_IGNORED] if IGNORE_INDEX in values else [])

    def tables(self, samples: Sequence[Sample], labels: Sequence[Label]) -> dict[str, str]:
        """data.yaml, in which undivided images are those to train and to validate with."""
        present = {sample.split for sample in samples}
        used = [split for split in SPLITS if split in present] if present != {""} else []
        folders = {split: f"images/{split}" for split in used} or {"train": "images", "val": "images"}
        names = [*self.classes.names, *([IGNORE_NAME] if any(label.annotations for label in labels) else [])]
        rows = [f"{split}: {folder}" for split, folder in folders.items()]
        rows += ["names:", *(f"  {number}: {json.dumps(name)}" for number, name in enumerate(names))]
        return {"data.yaml": "\n".join(rows) + "\n"}


def _shares(ring: Ring, mask: IndexMask) -> str:
    """X and y of the corners as shares of width and height: seven digits keep a hundredth of a pixel of any image."""
    height, width = mask.shape
    return " ".join(f"{value:.7f}".rstrip("0").rstrip(".") for value in (ring / (width, height)).ravel().tolist())
