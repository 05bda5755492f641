"""What a check needs to know of one sample: each file is read and decoded once, whatever its state."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.checking.regions import ClassRegions, find_regions
from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.dataset.index import Sample
from prep.dataset.stats import count_values
from prep.images.imageio import damaged, decode, is_jpeg, open_image, read_image
from prep.images.kinds.png_chunks import PNG_START
from prep.images.likeness.similar import ImageSigns, fingerprint

FileState = Literal["none", "missing", "damaged", "whole"]
_Pixels = NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One file of a sample: its posix path in the dataset (empty for none), its state, a reason, its size.

    unusual: the format of a whole file that is neither JPEG nor PNG, whatever its name says.
    """

    name: str
    state: FileState
    reason: str = ""
    size: tuple[int, int] = (0, 0)
    unusual: str = ""


@dataclass(frozen=True, slots=True)
class MaskFacts:
    """What a whole mask holds.

    strange: what it is instead of an 8-bit grey image; everything else is empty then.
    digest: of size and pixels.  held: pixels of each value that occurs.  regions: of the classes present.
    """

    strange: str
    digest: str
    held: Mapping[int, int]
    regions: tuple[ClassRegions, ...]

    @property
    def counts(self) -> NDArray[np.int64]:
        """(256,) pixels by value."""
        counts = np.zeros(256, np.int64)
        for value, pixels in self.held.items():
            counts[value] = pixels
        return counts


@dataclass(frozen=True, slots=True)
class SampleFacts:
    """One sample as its files really are; print and labels are None unless the image, or the mask, is whole."""

    sample: Sample
    image: FileFacts
    mask: FileFacts
    print: ImageSigns | None
    labels: MaskFacts | None

    @property
    def stem(self) -> str:
        """Stem of the sample."""
        return self.sample.stem


@dataclass(frozen=True)
class InspectSample:
    """Look at the files of a sample of the dataset `root`; classes: their number, 0 while they are not known."""

    root: Path
    classes: int

    def __call__(self, sample: Sample) -> SampleFacts:
        """Decode image and mask."""
        image, pixels = _inspect(self.root, sample.image, read_image)
        found = None if pixels is None else fingerprint(np.asarray(pixels, np.uint8))
        del pixels  # a large photo goes before its mask comes
        mask, values = _inspect(self.root, sample.mask, _any_mask)
        labels = None if values is None else mask_facts(values, self.classes)
        return SampleFacts(sample, image, mask, found, labels)

    def killed(self, sample: Sample, problem: str) -> SampleFacts:
        """The facts of a sample that kills its worker: which of its files does, nobody knows."""
        image, mask = (FileFacts(name, "damaged" if name else "none", problem) for name in (sample.image, sample.mask))
        return SampleFacts(sample, image, mask, None, None)


def mask_facts(mask: _Pixels, classes: int) -> MaskFacts:
    """Count and measure a decoded mask, (H, W) if it is what it should be."""
    if mask.ndim != 2 or mask.dtype != np.uint8:
        channels = 1 if mask.ndim == 2 else mask.shape[2]
        return MaskFacts(f"{channels} x {mask.dtype.itemsize * 8} bits", "", {}, ())
    grey = np.ascontiguousarray(mask, np.uint8)
    counts = count_values(grey)
    digest = hashlib.sha256(f"{grey.shape}".encode() + grey.tobytes()).hexdigest()
    held = {value: int(counts[value]) for value in np.flatnonzero(counts).tolist()}
    present = [value for value in held if value < classes]
    return MaskFacts("", digest, held, find_regions(grey, present, classes))


def _any_mask(path: Path) -> _Pixels:
    """Decode a mask of any depth and number of channels."""
    return decode(path, read_bytes(path), cv2.IMREAD_UNCHANGED)


def _inspect(root: Path, name: str, read: Callable[[Path], _Pixels]) -> tuple[FileFacts, _Pixels | None]:
    """FileState of the file `name`, and its pixels if it is whole."""
    if not name:
        return FileFacts("", "none"), None
    path = root / name
    try:
        if not path.is_file():
            return FileFacts(name, "missing"), None
        pixels = read(path)
        unusual = _unusual_format(path)
    except OSError as error:  # a closed folder, or a name too long for the file system
        return FileFacts(name, "damaged", error.strerror or str(error)), None
    except SegError as error:
        return FileFacts(name, "damaged", _reason(path, error)), None
    height, width = pixels.shape[:2]
    return FileFacts(name, "whole", size=(width, height), unusual=unusual), pixels


def _unusual_format(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(len(PNG_START))
    return "" if start == PNG_START or is_jpeg(start) else str(open_image(path, read_bytes(path)).format)


def _reason(path: Path, error: SegError) -> str:
    """What is special about it, without the path and without what to do, which the finding says."""
    if str(error) == str(damaged(path)):
        return ""
    return str(error).removeprefix(f"{path}: ").partition(";")[0]
