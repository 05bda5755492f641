"""Pascal VOC, and CVAT's "segmentation mask 1.1", which is VOC with RGB masks.

labelmap.txt has a line name:r,g,b:: for each class, in the order of the classes; the line `ignore` is the colour of
ignored pixels, by default that of VOC. VOC masks are palette PNG files whose values are class indices and 255.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from prep.core.classes import IGNORE_INDEX, IGNORE_NAME, ClassMap
from prep.dataset.index import BUFFER, SPLITS, Sample
from prep.exporting.layout import VOID_COLOR, Label, free_color, image_name, refuse_names
from prep.images.imageio import ImageRGB, IndexMask, encode_png
from prep.labels.tables.table import IGNORED_NAMES

_LABELMAP, _LISTS = "labelmap.txt", "ImageSets/Segmentation"


@dataclass(frozen=True)
class VocLayout:
    """Palette masks and a list of stems for each split."""

    classes: ClassMap

    def __post_init__(self) -> None:
        refuse_names(self.classes, ":", sorted(IGNORED_NAMES))  # all of them are read as ignored pixels

    def image(self, sample: Sample) -> str:
        """The image in JPEGImages/, JPEG or not."""
        return f"JPEGImages/{image_name(sample)}"

    def label(self, sample: Sample, mask: IndexMask) -> Label:
        """The mask in SegmentationClass/, indices with a palette."""
        return Label({f"SegmentationClass/{sample.stem}.png": _palette_png(mask, _palette(self.classes))})

    def tables(self, samples: Sequence[Sample], labels: Sequence[Label]) -> dict[str, str]:
        """The label map and the lists; trainval.txt names all samples that are not for testing, nor next to those."""
        stems = {split: [sample.stem for sample in samples if sample.split == split] for split in (*SPLITS, BUFFER)}
        stems["trainval"] = [sample.stem for sample in samples if sample.split not in ("test", BUFFER)]
        lists = {f"{_LISTS}/{name}.txt": _lines(listed) for name, listed in stems.items() if listed}
        return {_LABELMAP: _label_map(self.classes)} | lists


@dataclass(frozen=True)
class CvatLayout(VocLayout):
    """The same folders with RGB masks and one list of stems."""

    def label(self, sample: Sample, mask: IndexMask) -> Label:
        """The mask in SegmentationClass/, three channels."""
        return Label({f"SegmentationClass/{sample.stem}.png": encode_png(_palette(self.classes)[mask])})

    def tables(self, samples: Sequence[Sample], labels: Sequence[Label]) -> dict[str, str]:
        """The label map and the list of all samples."""
        stems = [sample.stem for sample in samples]
        return {_LABELMAP: _label_map(self.classes), f"{_LISTS}/default.txt": _lines(stems)}


def _palette(classes: ClassMap) -> ImageRGB:
    palette = classes.palette()
    palette[IGNORE_INDEX] = free_color(classes, VOID_COLOR)
    return palette


def _label_map(classes: ClassMap) -> str:
    rows = [*zip(classes.names, classes.colors, strict=True), (IGNORE_NAME, free_color(classes, VOID_COLOR))]
    colored = [f"{name}:{red},{green},{blue}::" for name, (red, green, blue) in rows]
    return _lines(["# label:color_rgb:parts:actions", *colored])


def _palette_png(mask: IndexMask, palette: ImageRGB) -> bytes:
    image = Image.fromarray(mask)
    image.putpalette(palette.tobytes())
    file = io.BytesIO()
    image.save(file, "png")
    return file.getvalue()


def _lines(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"
