"""The sizes of images whose labels state none: those of their photos, as the tool showed them."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from prep.core.errors import SegError
from prep.core.words import counted, list_some, verb
from prep.labels.shapes.shapes import RegionImage
from prep.photos.photoio import open_photo

SizeFrame = Literal["upright", "stored"]
_UPRIGHT = 1


@dataclass
class PhotoSizes:
    """Gives images sizes, and remembers which photos only EXIF tells how to show.

    damaged: gets, by stem, what is wrong with photos that would have to say a size and cannot be read.
    drawn_on: photos as EXIF turns them, or as they are stored, where the tool takes no notice of EXIF.
    stated_first: whether a stated size comes before that of the photo; shares of an image are those of the photo.
    """

    damaged: dict[str, str]
    drawn_on: SizeFrame
    stated_first: bool
    _turned: list[str] = field(default_factory=list)

    def given_to(self, image: RegionImage, photo: Path | None, stem: str) -> RegionImage:
        """The image with its width and height; (0, 0) where nothing tells them."""
        try:
            return replace(image, size=self._size(image, photo))
        except SegError as error:
            self.damaged[stem] = str(error)
            return replace(image, size=(0, 0))

    def _size(self, image: RegionImage, photo: Path | None) -> tuple[int, int]:
        if photo is None or (all(image.size) and (self.stated_first or not image.is_of_polygons)):
            return image.size
        opened = open_photo(photo)
        if opened.orientation != _UPRIGHT and not all(image.size):
            self._turned.append(photo.name)
        return opened.upright_size if self.drawn_on == "upright" else (opened.width, opened.height)

    def notes(self) -> list[str]:
        """One on photos that EXIF turns, of which the labels do not tell how they were shown."""
        number = len(self._turned)
        if not number:
            return []
        how = "upright, as EXIF says" if self.drawn_on == "upright" else "as they are stored, without EXIF"
        return [
            f"these labels state no sizes, and {counted(number, 'photo')} {verb(number, 'is', 'are')} turned by EXIF: "
            f"taken as drawn on {verb(number, 'it', 'them')} {how}; look at {list_some(self._turned)}"
        ]
