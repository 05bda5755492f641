"""The few masks at work, decoded, by the versions of their files."""

from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property

from prep.annotate.store.contents import Content, content_of
from prep.images.imageio import IndexMask

_KEPT = 4


@dataclass(frozen=True)
class Mask:
    """A mask as it stands: pixels (H, W), not to be written to, and the version of the file ("none": no file)."""

    pixels: IndexMask
    version: str

    @cached_property
    def content(self) -> Content:
        """What it holds."""
        return content_of(self.version, self.pixels)


class DecodedMasks:
    """The masks that were used last. Not for several threads at once."""

    def __init__(self) -> None:
        self._masks: OrderedDict[str, Mask] = OrderedDict()

    def get(self, version: str) -> Mask | None:
        """The mask of this version, if it is still here."""
        if version in self._masks:
            self._masks.move_to_end(version)
        return self._masks.get(version)

    def put(self, mask: Mask) -> Mask:
        """Keep a mask, and let the one go that was not used for longest."""
        mask.pixels.setflags(write=False)
        self._masks[mask.version] = mask
        self._masks.move_to_end(mask.version)
        if len(self._masks) > _KEPT:
            self._masks.popitem(last=False)
        return mask
