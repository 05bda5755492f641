"""photos.csv: which photo each image of a dataset was made from, how that photo is stored and where it went.

Labels made elsewhere are drawn on the photo, not on the prepared image: with this record a mask that comes later is
turned, scaled and placed as its photo was.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath

from prep.core.errors import SegError
from prep.core.files import read_bytes, write_text

PHOTOS_RECORD = "photos.csv"

TURNED = (5, 6, 7, 8)
"""EXIF orientations that exchange width and height (EXIF 2.32, tag 0x0112)."""


@dataclass(frozen=True)
class Photo:
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
        return (self.height, self.width) if self.orientation in TURNED else (self.width, self.height)

    @property
    def folder(self) -> str:
        """Folder below the one that was given, empty for photos directly in it."""
        parent = PurePosixPath(self.photo).parent.as_posix()
        return "" if parent == "." else parent


_COLUMNS = [field.name for field in fields(Photo)]


def read_photos(path: Path) -> dict[str, Photo]:
    """Read photos.csv, by stem; nothing if there is no such file. SegError names the line that does not fit."""
    if not path.exists():
        return {}
    try:
        rows = list(csv.reader(io.StringIO(read_bytes(path).decode("utf-8-sig"), newline="")))
    except UnicodeDecodeError as error:
        raise SegError(f"{path}: not in UTF-8; save it again in that encoding") from error
    except csv.Error as error:
        raise SegError(f"{path}: no table of values separated by commas ({error}); restore the file") from error
    if not rows or rows[0] != _COLUMNS:
        raise SegError(f"{path}: its first line should be {','.join(_COLUMNS)}")
    photos = [_photo(path, number, row) for number, row in enumerate(rows[1:], start=2)]
    return {photo.stem: photo for photo in photos}


def write_photos(path: Path, photos: Iterable[Photo]) -> None:
    """Write photos.csv atomically, sorted by stem."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for photo in sorted(photos, key=lambda photo: photo.stem):
        writer.writerow([getattr(photo, column) for column in _COLUMNS])
    write_text(path, text.getvalue())


def _photo(path: Path, number: int, row: list[str]) -> Photo:
    if len(row) != len(_COLUMNS) or not all(value.isdecimal() for value in row[2:]):
        raise SegError(f"{path}, line {number}: expected {','.join(_COLUMNS)}, whole numbers from width on")
    stem, photo, *numbers = row
    return Photo(stem, photo, *map(int, numbers))
