"""Decoded images for the tools that look at colours."""

from dataclasses import dataclass
from pathlib import Path

from prep.annotate.store.versions import FileStamp, stamp_of
from prep.core.cache import Cache
from prep.images.imageio import ImageRGB, read_image

_KEPT = 2
"""Images of 12 megapixels take 36 MB each; one labels one after the other."""


@dataclass(frozen=True)
class OpenImage:
    """The pixels of an image, which nobody writes to, and a key that changes when the file does."""

    key: tuple[str, FileStamp | None]
    pixels: ImageRGB


class OpenImages:
    """The images that were used last, for several threads."""

    def __init__(self) -> None:
        self._recent: Cache[tuple[str, FileStamp | None], OpenImage] = Cache(_KEPT)

    def of(self, path: Path) -> OpenImage:
        """The image of this file as it is now; SegError if it cannot be read."""
        key = (str(path), stamp_of(path))
        return self._recent.get(key, lambda: OpenImage(key, read_image(path)))
