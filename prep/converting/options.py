"""How labels are converted: the options of 'seg-prep masks convert'."""

from dataclasses import dataclass

from prep.converting.values.unknown import Policy
from prep.core.classes import Color
from prep.images.bands import Bands
from prep.labels.layouts.affixes import Patterns
from prep.photos.ranges import Span


@dataclass(frozen=True)
class ConvertOptions:
    """How to convert: see the options of 'seg-prep masks convert'."""

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


DEFAULTS = ConvertOptions()
