"""index.csv: one row a sample, with the names of its files, its size, group, split, and place on the earth."""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from pathlib import Path
from posixpath import normpath

import numpy as np

from prep.core.errors import SegError
from prep.core.tables import IF_USED, ONE_OF, read_table, write_table
from prep.dataset.dataset_files import IMAGES, MASKS

SPLITS = ("train", "val", "test")

BUFFER = "buffer"
"""In place of a split: of samples that lie next to another split on the ground, and are in none."""

_SEPARATORS = "/\\:" if os.name == "nt" else "/"
"""What a stem may not hold: commands name the files that they write by it, and the index may be somebody else's."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One image with its mask, joined by its stem.

    image, mask: posix paths relative to the dataset; empty while there is none.
    width, height: in pixels, of the image, or of the mask while there is no image.
    group: samples that stay in one split; empty means on its own.
    split: train, val, test; buffer where it lies next to another split on the ground and is in none; or empty while the
    dataset is not split.
    east, north, crs, pixel: of a sample that was cut out of a raster with a place on the earth, its centre in the units
    of the coordinate system `crs`, and where one pixel leads to the right and down: "0.5 0 0 -0.5" are the steps east
    and north of the one, then of the other.
    source_split: the split that the sample came in, where its labels came divided; test and buffer stay what they are.
    """

    stem: str
    image: str
    mask: str
    width: int
    height: int
    group: str = ""
    split: str = field(default="", metadata={ONE_OF: (*SPLITS, BUFFER, "")})
    east: float | None = field(default=None, metadata={IF_USED: True})
    north: float | None = field(default=None, metadata={IF_USED: True})
    crs: str = field(default="", metadata={IF_USED: True})
    pixel: str = field(default="", metadata={IF_USED: True})
    source_split: str = field(default="", metadata={ONE_OF: (*SPLITS, BUFFER, ""), IF_USED: True})

    @property
    def is_labelled(self) -> bool:
        """Whether the sample has an image and a mask."""
        return bool(self.image and self.mask)


def read_index(path: Path) -> tuple[Sample, ...]:
    """Read index.csv; SegError names the line that does not fit, a file outside of the dataset, or a stem like that."""
    rows = read_table(path, Sample, unique="stem", remedy="correct that line, or restore the file")
    samples = tuple(sorted(map(_plain, rows), key=attrgetter("stem")))
    for sample in samples:
        if sample.stem in ("", ".", "..") or any(sign in sample.stem for sign in _SEPARATORS):
            raise SegError(
                f"{path}: the stem {sample.stem!r} names files of other folders, or none; correct that line, "
                f"a stem is a file name without its ending (and without {' '.join(_SEPARATORS)})"
            )
        for name in (sample.image, sample.mask):
            if _leads_out(name):
                raise SegError(
                    f"{path}: {name!r} of {sample.stem} lies outside of the dataset; copy the file into the folder "
                    f"{IMAGES if name == sample.image else MASKS}/ here, and correct that line"
                )
    _refuse_shared_images(path, samples)
    return samples


def _refuse_shared_images(path: Path, samples: Sequence[Sample]) -> None:
    """SegError where two samples are of one image file: it would count twice, and stand in two splits."""
    hashes = np.fromiter((hash(sample.image) for sample in samples if sample.image), np.int64)
    hashes.sort()
    if not (hashes[1:] == hashes[:-1]).any():  # of a million names a dictionary would hold 100 MB
        return
    owners: dict[str, str] = {}
    for sample in samples:
        if sample.image and (other := owners.setdefault(sample.image, sample.stem)) != sample.stem:
            raise SegError(
                f"{path.name}: {sample.image} is the image of {other} and of {sample.stem}; correct or remove one of "
                "these lines (a spreadsheet makes 1 of 0001: have it read the column as text)"
            )


def _plain(sample: Sample) -> Sample:
    """With names as folders are listed: ./images/x.png, as other programs write it, is images/x.png."""
    if not any(sign in name for name in (sample.image, sample.mask) for sign in ("./", "//")):
        return sample
    image, mask = (normpath(name) if name and not _leads_out(name) else name for name in (sample.image, sample.mask))
    return replace(sample, image=image, mask=mask)


def _leads_out(name: str) -> bool:
    """Whether a name could be of any file of this computer: the index may be somebody else's."""
    return name.startswith(("/", "\\")) or name[1:2] == ":" or (".." in name and ".." in re.split(r"[/\\]", name))


def write_index(path: Path, samples: Iterable[Sample]) -> None:
    """Write index.csv atomically, sorted by stem; SegError if two samples are of one image file."""
    rows = sorted(samples, key=attrgetter("stem"))
    _refuse_shared_images(path, rows)
    write_table(path, Sample, rows)


def torn_groups(samples: Iterable[Sample]) -> dict[str, list[str]]:
    """The groups of which samples are in more than one split, with these splits."""
    splits: dict[str, set[str]] = {}
    for sample in samples:
        if sample.group and sample.split:
            splits.setdefault(sample.group, set()).add(sample.split)
    return {group: [split for split in SPLITS if split in own] for group, own in splits.items() if len(own) > 1}
