"""How labels are converted: the options of 'seg-prep masks convert'."""

from dataclasses import dataclass

from prep.converting.values.unknown import Policy
from prep.core.classes import Color
from prep.core.folder_names import names_labels
from prep.core.words import composed
from prep.images.bands import Bands
from prep.labels.layouts.affixes import Patterns
from prep.labels.pixels.part_masks import ObjectMaskReader
from prep.labels.reader import LabelSource
from prep.photos.ranges import Span


@dataclass(frozen=True)
class ConvertOptions:
    """How to convert: see the options of 'seg-prep masks convert'. Names of classes are composed, as those of maps."""

    patterns: Patterns | None = None
    unknown: Policy = "error"
    reader: str | None = None
    skip_unpaired: bool = False
    in_order: bool = False
    unlabelled: str | None = None
    first_id: int | None = None
    variable: str = ""
    stretch: bool = False
    colors: tuple[tuple[str, Color], ...] = ()
    span: Span | None = None
    bands: Bands | None = None
    without_mask: str | None = None

    def __post_init__(self) -> None:
        for field in ("unlabelled", "without_mask"):
            name = getattr(self, field)
            object.__setattr__(self, field, name and composed(name))
        object.__setattr__(self, "colors", tuple((composed(name), color) for name, color in self.colors))


DEFAULTS = ConvertOptions()


def how_to_skip(labels: LabelSource) -> str:
    """What converts pairs alone: of objects called by numbers, one may have its photo's name, and be taken for all."""
    may_be_one = labels.reader == ObjectMaskReader.name and any(
        label.path.stem.isdecimal() and names_labels(label.path.parent.name) for label in labels.labels
    )
    return f"--from {ObjectMaskReader.name} --skip-unpaired" if may_be_one else "--skip-unpaired"
