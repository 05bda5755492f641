"""COCO: images/ and annotations.json with one annotation for each class of an image, as compressed run lengths."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prep.core.classes import IGNORE_INDEX, IGNORE_NAME, ClassMap
from prep.dataset.index import Sample
from prep.exporting.layout import VOID_COLOR, Label, free_color, image_name, refuse_names
from prep.images.imageio import IndexMask
from prep.images.runlengths import compress, encode_runs
from prep.labels.region_labels import SPECIAL_NAMES


@dataclass(frozen=True)
class CocoLayout:
    """Category ids are class indices + 1; ignored pixels have a last category named "ignore".

    iscrowd is 1, as COCO's format asks for annotations in run lengths.
    """

    classes: ClassMap

    def __post_init__(self) -> None:
        refuse_names(self.classes, reserved=SPECIAL_NAMES)

    def image(self, sample: Sample) -> str:
        """The image in images/."""
        return f"images/{image_name(sample)}"

    def label(self, sample: Sample, mask: IndexMask) -> Label:
        """An annotation for each value of the mask, still without the numbers of image and annotation."""
        return Label(annotations=[self._annotation(mask, int(value)) for value in np.unique(mask)])

    def tables(self, samples: Sequence[Sample], labels: Sequence[Label]) -> dict[str, str]:
        """The one annotation file."""
        images = [
            {"id": number, "file_name": image_name(sample), "width": sample.width, "height": sample.height}
            for number, sample in enumerate(samples, start=1)
        ]
        owned = [
            {"image_id": number, **entry} for number, label in enumerate(labels, start=1) for entry in label.annotations
        ]
        annotations = [{"id": number, **entry} for number, entry in enumerate(owned, start=1)]
        content = {"images": images, "categories": self._categories(), "annotations": annotations}
        return {"annotations.json": json.dumps(content, ensure_ascii=False) + "\n"}

    def _annotation(self, mask: IndexMask, value: int) -> dict[str, object]:
        region = mask == value
        rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
        left, top, right, bottom = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
        return {
            "category_id": 1 + (len(self.classes) if value == IGNORE_INDEX else value),
            "iscrowd": 1,
            "area": int(region.sum()),
            "bbox": [left, top, right - left, bottom - top],
            "segmentation": {"size": list(mask.shape), "counts": compress(encode_runs(region))},
        }

    def _categories(self) -> list[dict[str, object]]:
        rows = [(name, "class", color) for name, color in zip(self.classes.names, self.classes.colors, strict=True)]
        rows.append((IGNORE_NAME, IGNORE_NAME, free_color(self.classes, VOID_COLOR)))
        return [
            {"id": number, "name": name, "supercategory": kind, "color": list(color)}
            for number, (name, kind, color) in enumerate(rows, start=1)
        ]
