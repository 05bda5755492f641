"""photos.csv: which photo each image of a dataset was made from, how that photo is stored and where it went.

Labels made elsewhere are drawn on the photo, not on the prepared image: with this record a mask that comes later is
turned, scaled and placed as its photo was.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path, PurePosixPath

from prep.core.tables import read_table, write_table

TURNED = (5, 6, 7, 8)
"""EXIF orientations that exchange width and height (EXIF 2.32, tag 0x0112)."""


def turned_upright(width: int, height: int, orientation: int) -> tuple[int, int]:
    """Width and height as a person sees a photo of this EXIF orientation."""
    return (height, width) if orientation in TURNED else (width, height)


@dataclass(frozen=True, slots=True)
class PhotoRecord:
    """One photo and its place in the image made from it.

    photo: posix path below the folder it was found in.  width, height: as stored, before EXIF turns it.
    orientation: of EXIF, 1..8; 1 means stored upright.
    left, top, across, down: the rectangle of the image, in its pixels, that shows the upright photo; it is smaller
    than the image only after letterboxing.
    """

    stem: str
    photo: str
    width: int
    height: int
    orientation: int
    left: int
    top: int
    across: int
    down: int

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height as a person sees the photo."""
        return turned_upright(self.width, self.height, self.orientation)

    @property
    def folder(self) -> str:
        """Folder below the one that was given, empty for photos directly in it."""
        parent = PurePosixPath(self.photo).parent.as_posix()
        return "" if parent == "." else parent


def read_records(path: Path) -> dict[str, PhotoRecord]:
    """Read photos.csv, by stem; nothing if there is no such file. SegError names the line that does not fit."""
    if not path.exists():
        return {}
    rows = read_table(path, PhotoRecord, unique="stem", remedy="correct that line, or restore the file")
    return {photo.stem: photo for photo in rows}


def write_records(path: Path, photos: Iterable[PhotoRecord]) -> None:
    """Write photos.csv atomically, sorted by stem."""
    write_table(path, PhotoRecord, sorted(photos, key=attrgetter("stem")))
