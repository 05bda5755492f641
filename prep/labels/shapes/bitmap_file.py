"""An image file, or a matrix, that holds one region of a photo."""

from dataclasses import dataclass
from pathlib import Path

from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.images.imageio import IndexMask, open_image
from prep.labels.pixels.arrays import ArrayReader
from prep.labels.reader import RawLabel
from prep.labels.shapes.shapes import Bitmap

_ARRAY = ".npy"


@dataclass(frozen=True, slots=True)
class BitmapFile:
    """A file of one region, of the size of its photo, or of all other regions of it."""

    path: Path

    def paint(self, mask: IndexMask, code: int) -> None:
        """Set the pixels that are not 0; SegError if the file is damaged or of another size than the mask."""
        if self.path.suffix.lower() == _ARRAY:
            inside = ArrayReader().read(RawLabel(self.path, "")) > 0
            if inside.shape == mask.shape:
                mask[inside] = code
                return
        size = size_of(self.path)
        if size != mask.shape[::-1]:
            raise SegError(
                f"{self.path} has {size[0]} x {size[1]} pixels, others of its photo {mask.shape[1]} x {mask.shape[0]}"
            )
        try:
            Bitmap(read_bytes(self.path), 0, 0).paint(mask, code)
        except SegError as error:
            raise SegError(f"{self.path}: {error}") from error


def size_of(path: Path) -> tuple[int, int]:
    """Width and height of an image or of a matrix; SegError if it is damaged."""
    if path.suffix.lower() == _ARRAY:
        height, width = ArrayReader().read(RawLabel(path, "")).shape
        return width, height
    return open_image(path, read_bytes(path)).size
