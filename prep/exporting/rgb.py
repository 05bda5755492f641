"""RGB masks: images/, masks/ in the colours of the classes, classes.txt."""

from collections.abc import Sequence
from dataclasses import dataclass

from prep.core.classes import IGNORE_INDEX, ClassMap, Color
from prep.dataset.index import Sample
from prep.exporting.layout import Label, class_list, free_color, image_name, refuse_list_names
from prep.images.imageio import IndexMask, encode_png

_GREY = (128, 128, 128)


@dataclass(frozen=True)
class RgbLayout:
    """Ignored pixels have the class map's first colour for them, or a colour that no class has."""

    classes: ClassMap

    def __post_init__(self) -> None:
        refuse_list_names(self.classes)

    @property
    def _ignored(self) -> tuple[Color, ...]:
        return self.classes.ignored or (free_color(self.classes, _GREY),)

    def image(self, sample: Sample) -> str:
        """The image in images/."""
        return f"images/{image_name(sample)}"

    def label(self, sample: Sample, mask: IndexMask) -> Label:
        """The mask in masks/, three channels."""
        palette = self.classes.palette()
        palette[IGNORE_INDEX] = self._ignored[0]
        return Label({f"masks/{sample.stem}.png": encode_png(palette[mask])})

    def tables(self, samples: Sequence[Sample], labels: Sequence[Label]) -> dict[str, str]:
        """The classes with their colours."""
        return class_list(self.classes, self._ignored)
