"""LabelMe: beside each image a JSON file of polygons, which give the mask if they are painted one after another.

Corners lie on the edges of pixels, as LabelMe shows them, and a pixel belongs to the polygon that its centre lies in.
LabelMe's own converters paint the line of the polygon too: their masks differ by up to a pixel along such lines.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prep.core.classes import IGNORE_INDEX, IGNORE_NAME, ClassMap
from prep.dataset.index import Sample
from prep.exporting.layout import (
    VOID_COLOR,
    Label,
    class_list,
    free_color,
    image_name,
    refuse_list_names,
    refuse_names,
)
from prep.images.imageio import IndexMask
from prep.images.polygons import Ring, outline
from prep.labels.region_labels import SPECIAL_NAMES

_VERSION = "5.5.0"
"""The version of LabelMe whose files these are."""


@dataclass(frozen=True)
class LabelmeLayout:
    """Every pixel lies in a polygon, ignored ones in polygons named "ignore"; colours stand in classes.txt."""

    classes: ClassMap

    def __post_init__(self) -> None:
        refuse_list_names(self.classes)
        refuse_names(self.classes, reserved=SPECIAL_NAMES)

    def image(self, sample: Sample) -> str:
        """The image, directly in the export."""
        return image_name(sample)

    def label(self, sample: Sample, mask: IndexMask) -> Label:
        """The JSON file of the image."""
        names = {**dict(enumerate(self.classes.names)), IGNORE_INDEX: IGNORE_NAME}
        shapes = [(names[value], ring) for value, ring in painting_order(mask)]
        content = labelme_file(shapes, image_name(sample), sample.height, sample.width)
        return Label({f"{sample.stem}.json": content})

    def tables(self, samples: Sequence[Sample], labels: Sequence[Label]) -> dict[str, str]:
        """The classes with their colours."""
        return class_list(self.classes, (free_color(self.classes, VOID_COLOR),))


def painting_order(mask: IndexMask) -> list[tuple[int, Ring]]:
    """Polygons without holes, by value, that give the mask (H, W) if each is painted over those before it.

    Each connected part is painted with its holes, large ones first. What lies in a hole of a part has a smaller
    outline than the part, so it is painted later.
    """
    painted = [(int(value), rings[0]) for value in np.unique(mask) for rings in outline(mask == value)]
    return sorted(painted, key=lambda item: -_area(item[1]))


def _area(ring: Ring) -> float:
    """Area inside a ring without crossings, in pixels (shoelace formula)."""
    x, y = ring.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def labelme_file(shapes: Sequence[tuple[str, Ring]], image: str, height: int, width: int) -> bytes:
    """Content of a JSON file of LabelMe: polygons by name, in painting order.

    image: posix path of the image from the folder of the file.
    """
    content: dict[str, object] = {
        "version": _VERSION,
        "flags": {},
        "shapes": [_shape(name, ring) for name, ring in shapes],
        "imagePath": image,
        "imageData": None,
        "imageHeight": height,
        "imageWidth": width,
    }
    return (json.dumps(content, ensure_ascii=False) + "\n").encode("utf-8")


def _shape(name: str, ring: Ring) -> dict[str, object]:
    corners = ring.astype(int).tolist()
    return {"label": name, "points": corners, "group_id": None, "shape_type": "polygon", "flags": {}}
