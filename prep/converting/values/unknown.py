"""Values of raw masks that are no class: count them, and give them a class."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX, ClassMap
from prep.core.errors import SegError
from prep.images.imageio import IndexMask
from prep.labels.reader import UNKNOWN, Codes, LabelReader

Policy = Literal["error", "ignore", "nearest", "background"]


@dataclass(frozen=True)
class CodeCounts:
    """Codes of one label, sorted, with their numbers of pixels; both (N,)."""

    codes: Codes
    pixels: NDArray[np.int64]

    def by_code(self) -> dict[int, int]:
        """Pixels of each code."""
        return dict(zip(self.codes.tolist(), self.pixels.tolist(), strict=True))

    def __add__(self, other: "CodeCounts") -> "CodeCounts":
        """Those of both together."""
        codes, places = np.unique(np.concatenate([self.codes, other.codes]), return_inverse=True)
        pixels = np.zeros(len(codes), np.int64)
        np.add.at(pixels, places, np.concatenate([self.pixels, other.pixels]))
        return CodeCounts(codes, pixels)


NO_CODES = CodeCounts(np.zeros(0, np.uint8), np.zeros(0, np.int64))


@dataclass
class CodeTotals:
    """Codes over many labels: their pixels, their files, and the name of the first file."""

    pixels: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    files: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    first: dict[int, str] = field(default_factory=dict)

    def by_pixels(self) -> list[int]:
        """The codes, those of most pixels first."""
        return sorted(self.pixels, key=lambda code: (-self.pixels[code], code))


def count_codes(codes: Codes) -> CodeCounts:
    """Count each code of an array of any shape."""
    values, pixels = np.unique(codes, return_counts=True)
    return CodeCounts(values, pixels.astype(np.int64))


def add_up(labels: Iterable[tuple[str, CodeCounts]]) -> CodeTotals:
    """Add up the codes of labels, each with its name."""
    totals = CodeTotals()
    for name, counts in labels:
        for code, pixels in counts.by_code().items():
            totals.pixels[code] += pixels
            totals.files[code] += 1
            totals.first.setdefault(code, name)
    return totals


def find_unknown(codes: Codes, mask: IndexMask) -> CodeCounts:
    """Count the codes (H, W) where the looked-up mask (H, W) is UNKNOWN."""
    return count_codes(codes[mask == UNKNOWN])


def are_numbers(codes: Iterable[int], classes: int) -> bool:
    """Whether colours (0xRRGGBB) are greys that are numbers of classes: ids in three equal channels."""
    return all(code == (code & 255) * 0x010101 and code & 255 < classes for code in codes)


def replacement(policy: Policy, reader: LabelReader, classes: ClassMap) -> Callable[[int], int]:
    """What an unknown code becomes under a policy other than "error".

    Raises SegError for "background" if no class has that name.
    """
    if policy == "nearest":
        return lambda code: nearest_class(reader, code, classes)[0]
    if policy == "background":
        names = [name.lower() for name in classes.names]
        if "background" not in names:
            raise SegError(f"--unknown background: no class has that name; there are {', '.join(classes.names)}")
        index = names.index("background")
        return lambda code: index
    return lambda code: IGNORE_INDEX


def replace_unknown(codes: Codes, mask: IndexMask, counts: CodeCounts, becomes: Callable[[int], int]) -> IndexMask:
    """Give every unknown pixel what its code becomes."""
    result = mask.copy()
    values = np.array([becomes(int(code)) for code in counts.codes], np.uint8)
    unknown = mask == UNKNOWN
    result[unknown] = values[np.searchsorted(counts.codes, codes[unknown])]
    return result


def nearest_class(reader: LabelReader, code: int, classes: ClassMap) -> tuple[int, float]:
    """Index of the class that is nearest to a code, and its distance; 255 and infinity if none has a distance."""
    distances = reader.distance(code, classes)
    index = min(range(len(distances)), key=distances.__getitem__)
    return (index, distances[index]) if distances[index] < float("inf") else (IGNORE_INDEX, distances[index])
