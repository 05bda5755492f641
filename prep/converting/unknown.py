"""Values of raw masks that are no class: collect them, name them, or give them a class."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX, ClassMap, format_list
from prep.core.errors import SegError
from prep.images.imageio import IndexMask
from prep.labels.lookup import UNKNOWN
from prep.labels.reader import LabelReader

Policy = Literal["error", "ignore", "nearest", "background"]

SHOWN = 20
"""Values of an error's table."""


@dataclass(frozen=True)
class Found:
    """Codes of one file that are no class, sorted, with their numbers of pixels; both (N,)."""

    codes: NDArray[np.uint32]
    pixels: NDArray[np.int64]


NO_CODES = Found(np.zeros(0, np.uint32), np.zeros(0, np.int64))


@dataclass
class UnknownValues:
    """Counts of unknown codes over many files."""

    pixels: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    files: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    first: dict[int, str] = field(default_factory=dict)

    def add(self, name: str, found: Found) -> None:
        """Count what was found in one more file."""
        for code, pixels in zip(found.codes.tolist(), found.pixels.tolist(), strict=True):
            self.pixels[code] += pixels
            self.files[code] += 1
            self.first.setdefault(code, name)

    def by_pixels(self) -> list[int]:
        """The codes, those of most pixels first."""
        return sorted(self.pixels, key=lambda code: (-self.pixels[code], code))


def find_unknown(codes: NDArray[np.uint32], mask: IndexMask) -> Found:
    """Count the codes (H, W) where the looked-up mask (H, W) is UNKNOWN."""
    values, pixels = np.unique(codes[mask == UNKNOWN], return_counts=True)
    return Found(values, pixels.astype(np.int64))


def replacement(policy: Policy, reader: LabelReader, classes: ClassMap) -> Callable[[int], int]:
    """What an unknown code becomes under a policy other than "error".

    Raises SegError for "background" if no class has that name.
    """
    if policy == "nearest":
        return lambda code: _nearest(reader, code, classes)[0]
    if policy == "background":
        names = [name.lower() for name in classes.names]
        if "background" not in names:
            raise SegError(f"--unknown background: no class has that name; there are {', '.join(classes.names)}")
        index = names.index("background")
        return lambda code: index
    return lambda code: IGNORE_INDEX


def replace_unknown(
    codes: NDArray[np.uint32], mask: IndexMask, found: Found, becomes: Callable[[int], int]
) -> IndexMask:
    """Give every unknown pixel what its code becomes."""
    result = mask.copy()
    values = np.array([becomes(int(code)) for code in found.codes], np.uint8)
    unknown = mask == UNKNOWN
    result[unknown] = values[np.searchsorted(found.codes, codes[unknown])]
    return result


def unknown_error(unknown: UnknownValues, reader: LabelReader, classes: ClassMap, photo: Mapping[int, str]) -> SegError:
    """The error that shows all unknown values in one table and says how to go on.

    photo: mean colour of the photos where a value lies, #rrggbb; the table has no such column if it is empty.
    """
    header = ["value", "pixels", "files", *(["photo"] if photo else []), "nearest class", "distance", "first file"]
    rows = []
    for code in unknown.by_pixels()[:SHOWN]:
        index, distance = _nearest(reader, code, classes)
        near = ["-", "-"] if index == IGNORE_INDEX else [classes.names[index], f"{distance:.0f}"]
        rows.append(
            [
                reader.describe(code),
                f"{unknown.pixels[code]:,}",
                str(unknown.files[code]),
                *([photo.get(code, "-")] if photo else []),
                *near,
                unknown.first[code],
            ]
        )
    more = len(unknown.pixels) - len(rows)
    values = f"{len(unknown.pixels)} value" + "s" * (len(unknown.pixels) > 1)
    return SegError(
        f"{values} of the masks {'belong' if len(unknown.pixels) > 1 else 'belongs'} to no class; "
        f"nothing was written. (Read as {reader.name}; --from reads them otherwise.)\n\n"
        + align([header, *rows])
        + (f"\n... and {more} more values" if more else "")
        + "\n\nAdd them to the class map and name it with --classes, or run the command again with\n"
        "  --unknown ignore      they become 255: left out of training and scores\n"
        "  --unknown nearest     they become the nearest class of the table (for anti-aliased and JPEG masks)"
        + (
            "\n  --unknown background  they become the class named background"
            if "background" in map(str.lower, classes.names)
            else ""
        )
    )


def no_classes_error(unknown: UnknownValues, reader: LabelReader) -> SegError:
    """The error for masks without a class map: it proposes one."""
    codes = unknown.by_pixels()[:SHOWN]
    shares = [
        f"  {reader.describe(code)}: {unknown.pixels[code]:,} pixels in {unknown.files[code]} files" for code in codes
    ]
    more = len(unknown.pixels) - len(codes)
    return SegError(
        f"which value is which class? The masks hold {len(unknown.pixels)} values:\n"
        + "\n".join(shares)
        + (f"\n  ... and {more} more" if more else "")
        + "\n\nSave these lines with your own names as classes.txt and add --classes classes.txt:\n\n"
        + format_list(reader.propose(sorted(codes)))
    )


def align(rows: list[list[str]]) -> str:
    """Write rows as a table: the first and last column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    last = len(widths) - 1
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in (0, last) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _nearest(reader: LabelReader, code: int, classes: ClassMap) -> tuple[int, float]:
    distances = reader.distance(code, classes)
    index = min(range(len(distances)), key=distances.__getitem__)
    return (index, distances[index]) if distances[index] < float("inf") else (IGNORE_INDEX, distances[index])
