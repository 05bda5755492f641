"""The seam for label formats: a source lists raw labels, a reader turns each into codes, a table these into classes."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import ClassMap
from prep.core.files import within_limits
from prep.images.finding import FoundFile, with_pages
from prep.images.imageio import IndexMask

Codes = NDArray[np.unsignedinteger[Any]]
"""(H, W) codes as uint8, uint16 or uint32: as narrow as the label file has them, whose image may be enormous."""

UNKNOWN = 254
"""Stands in a looked-up mask for a code that the table does not know; never a class, never written to disk."""

_STRIP_PIXELS = 1 << 18
"""Codes are worked on in strips, because take makes 8-byte positions of them: memory stays small, speed equal."""


@dataclass(frozen=True, slots=True)
class RawLabel:
    """One raw label: a file, or a part of a file that holds many.

    at: where that file lies; kept as text, as a Path takes four times as much, and millions are kept.
    stem: what pairs it with its image.  part: member of a zip file, or name of an image in a JSON file.
    size: width and height of its photo as the label file states it, (0, 0) if it does not.
    names: of all regions of the source, where it names them; code = position + 1.
    ground: the image file that its regions lie on where the label needs it: a label file, or the photo for its size.
    page: of a TIFF with several, from 1; 0 where the file is one picture.
    regions: (name, content) of each as the label file has them, None if the file has to be read for them.
    files: all that it is made of, where these are several; the first is that at `at`.
    """

    at: str | Path
    stem: str
    part: str = ""
    size: tuple[int, int] = (0, 0)
    names: tuple[str, ...] = ()
    ground: Path | None = None
    regions: Sequence[tuple[str, Any]] | None = field(default=None, repr=False, compare=False)
    page: int = 0
    files: tuple[Path, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", os.fspath(self.at))

    @property
    def path(self) -> Path:
        """Where that file lies."""
        return Path(self.at)

    @property
    def name(self) -> str:
        """How errors call it."""
        if self.page:
            return f"{self.at} page {self.page}"
        return f"{self.at}/{self.part}" if self.part else str(self.at)

    @property
    def short_name(self) -> str:
        """Its file name alone, for tables."""
        page = f" page {self.page}" if self.page else ""
        return (self.part.rpartition("/")[2] or self.path.name) + page


@dataclass(frozen=True)
class LabelSource:
    """What was found where a person pointed.

    reader: name of the reader for all labels.  classes: what the source itself says of its classes.
    photos: raw photos that the source names and that were found, by stem.
    names_photos: whether the source says which photo each label belongs to; then nothing has to be guessed,
    and a half-complete export can be told from names that do not pair.
    unlabelled: codes that mean "nobody labelled this".  in_order: labels are numbered in the order of the photos.
    names: of its regions, where it names them; None where it holds colours or ids. Code = position + 1, and 0 lies in
    no region.
    guess: classes that such labels have as a rule, for want of anything that says which, and the note that says so.
    missing: what the source lists and is not there.  notes: what else a person should know.
    splits: train, val, test or buffer by stem, where the source came divided.
    damaged: what is wrong with each file of a photo that cannot be read, by its stem; the others are listed.
    """

    reader: str
    labels: tuple[RawLabel, ...]
    classes: ClassMap | None = None
    photos: Mapping[str, Path] = field(default_factory=dict)
    names_photos: bool = False
    unlabelled: tuple[int, ...] = ()
    in_order: bool = False
    names: tuple[str, ...] | None = None
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    splits: Mapping[str, str] = field(default_factory=dict)
    guess: tuple[ClassMap, str] | None = None
    damaged: Mapping[str, str] = field(default_factory=dict)

    @property
    def photo_files(self) -> list[FoundFile]:
        """The photos that it names, each with its stem; pages one by one, unless it says which photo a label is of."""
        files = [FoundFile(path, f"{stem}{path.suffix}") for stem, path in sorted(self.photos.items())]
        return files if self.names_photos else with_pages(files)


class LabelReader(Protocol):
    """One way to read raw labels.

    A new format is a module with such a class, registered in prep/labels/registry.py. One that merges several files
    may have a method overlaps(label): the pixels that lie in more than one of them. One whose codes take more memory
    than what it decodes may have a method strips(label): the codes a strip of rows at a time, from the top down.
    """

    @property
    def name(self) -> str:
        """What --from calls it."""

    size: int
    """Codes are 0 .. size - 1."""

    def read(self, label: RawLabel) -> Codes:
        """(H, W) codes of a label; SegError if it is damaged or not of this format."""

    def table(self, classes: ClassMap) -> dict[int, int]:
        """Which code means which class index, or 255 for ignored pixels."""

    def describe(self, code: int) -> str:
        """The code as a person writes it, for example #ff0000 or 7."""

    def distance(self, code: int, classes: ClassMap) -> list[float]:
        """How far the code is from each class, to name the nearest."""

    def propose(self, codes: Sequence[int]) -> ClassMap:
        """A class map with made-up names for these codes, for a person to edit."""


def read_codes(reader: LabelReader, label: RawLabel) -> Codes:
    """(H, W) codes of a label; SegError if it is damaged, of another format, or too much for this computer."""
    with within_limits(Path(label.name)):
        return reader.read(label)


def code_strips(reader: LabelReader, label: RawLabel) -> Iterator[Codes]:
    """The same codes a strip of rows (n, W) at a time, from the top down: memory stays near that of the label."""
    strips: Callable[[RawLabel], Iterator[Codes]] | None = getattr(reader, "strips", None)
    with within_limits(Path(label.name)):
        if strips is not None:
            yield from strips(label)
            return
        codes = reader.read(label)
        for rows in array_strips(codes):
            yield codes[rows]


def joined(strips: list[IndexMask]) -> IndexMask:
    """One mask of strips of rows, which are given up on the way: a large mask is not held twice."""
    mask = np.empty((sum(len(strip) for strip in strips), strips[0].shape[1]), np.uint8)
    bottom = len(mask)
    while strips:
        strip = strips.pop()
        mask[bottom - len(strip) : bottom] = strip
        bottom -= len(strip)
    return mask


def array_strips(pixels: NDArray[Any]) -> Iterator[slice]:
    """Ranges of rows of (H, W) or (H, W, C) that are worked on at a time, from the top down."""
    rows = max(1, _STRIP_PIXELS // pixels.shape[1])
    return (slice(top, top + rows) for top in range(0, pixels.shape[0], rows))


class Lookup:
    """A table from code (0 .. size - 1) to class index or 255; every other code is UNKNOWN."""

    def __init__(self, size: int, table: Mapping[int, int]) -> None:
        self._table = np.full(size, UNKNOWN, np.uint8)
        for code, index in table.items():
            self._table[code] = index

    def __call__(self, codes: Codes) -> IndexMask:
        """(H, W) codes -> (H, W) class indices."""
        mask = np.empty(codes.shape, np.uint8)
        for rows in array_strips(codes):
            # With an `out`, the other modes make a copy; codes are always inside the table.
            np.take(self._table, codes[rows], out=mask[rows], mode="clip")
        return mask
