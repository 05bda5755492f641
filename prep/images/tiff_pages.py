"""Pages of a TIFF file: how many there are, what each declares, and each as a file of its own.

Source of the layout: TIFF 6.0, sections 2 and 8; BigTIFF as libtiff writes it.
"""

import io
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO

from prep.core.errors import SegError
from prep.core.files import explained, open_to_read
from prep.images.imageio import damaged

TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""Of TIFF and BigTIFF, either byte order."""

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_LETTERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 18: "Q"}
_LONG, _LONG8 = 4, 16

SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
BANDS, PLANAR, EXTRA_SAMPLES, SAMPLE_FORMAT = 277, 284, 338, 339
ORIENTATION, ROWS, PREDICTOR, TILE_WIDTH, TILE_HEIGHT, PROFILE, NO_DATA = 274, 278, 317, 322, 323, 34675, 42113
SEGMENTS = {273: 279, 324: 325}
"""Where strips, and tiles, begin, and how long they are."""

_SOFTWARE = 305
_POINTERS = frozenset({288, 289, 330, 400, 513, 514, 34665, 34853, 40965})
"""To places of the file that a page of its own does not have: EXIF, further directories, old JPEG."""

_MASK = 0b100
_REDUCED_OR_MASK = 0b101
_PREVIEW_SHARE = 4
"""A page with at most a quarter of the pixels of the first one is a preview or a level of a pyramid."""

_MOST_TAGS = 4096


@dataclass(frozen=True)
class TiffPage:
    """One directory of an open TIFF file: for each tag kind, count, and its content or where that is."""

    path: Path
    file: BinaryIO
    order: str
    fields: dict[int, tuple[int, int, bytes | int]]

    def content(self, tag: int) -> bytes:
        """What stands in a tag, nothing where it is missing; SegError where the file ends before."""
        kind, count, held = self.fields.get(tag, (0, 0, b""))
        return held if isinstance(held, bytes) else _read(self.path, self.file, held, count * _SIZES[kind])

    def values(self, tag: int, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """Whole numbers of a tag, the default where it is missing or holds something else."""
        kind, count, _ = self.fields.get(tag, (0, 0, b""))
        if kind not in _LETTERS:
            return default
        return struct.unpack(f"{self.order}{count}{_LETTERS[kind]}", self.content(tag))

    def value(self, tag: int, default: int = 0) -> int:
        """The first of them."""
        return self.values(tag, (default,))[0]

    def segments(self) -> Iterator[bytes]:
        """The strips or tiles; SegError where the file ends before."""
        for starts, lengths in SEGMENTS.items():
            for place, length in zip(self.values(starts), self.values(lengths), strict=False):
                yield _read(self.path, self.file, place, length)

    @property
    def has_unwritten(self) -> bool:
        """Whether some of the strips or tiles were never written, as GDAL leaves out those without data."""
        return any(0 in self.values(lengths) for lengths in SEGMENTS.values())

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.value(WIDTH) * self.value(HEIGHT)


def page_count(path: Path, data: bytes | None = None) -> int:
    """Number of pages of a TIFF file, or of such content, without previews, pyramids and masks; 1 for any other file.

    Only directories are read. SegError if they are damaged.
    """
    if data is not None:
        return sum(1 for _ in _pages(path, io.BytesIO(data))) or 1
    with explained(path), open_to_read(path) as file:
        return sum(1 for _ in _pages(path, file)) or 1


def mask_page(path: Path) -> bool:
    """Whether a TIFF file has a page that says which pixels of the first one hold data. SegError if it is damaged."""
    with explained(path), open_to_read(path) as file:
        pages = list(_directories(path, file))
    return any(page.value(SUBFILE) & _MASK and page.pixels == pages[0].pixels for page in pages[1:])


def first_page(path: Path, file: BinaryIO) -> TiffPage | None:
    """What the first page of an open file declares; None if it is no TIFF. SegError if it is damaged."""
    file.seek(0)
    return next(_directories(path, file), None)


def page_bytes(path: Path, number: int) -> bytes:
    """One page (from 1) as the content of a file with this page only; SegError if it is not there, or damaged.

    The program that wrote it is that of the first page, where the page does not say it.
    """
    with explained(path), open_to_read(path) as file:
        pages = list(_pages(path, file))
        if not 1 <= number <= len(pages):
            raise damaged(path)
        said = {tag: field for tag, field in pages[0].fields.items() if tag == _SOFTWARE}
        page = pages[number - 1]
        return alone(replace(page, fields={**said, **page.fields}), {})


def alone(page: TiffPage, changes: Mapping[int, Sequence[int]]) -> bytes:
    """A page as the content of a file of its own, a classic TIFF, with other whole numbers in some of its tags.

    SegError if it is damaged, or takes more than a classic TIFF holds.
    """
    order = page.order
    starts = next((tag for tag in SEGMENTS if tag in page.fields), 0)
    places = changes.get(starts) or page.values(starts)
    lengths = changes.get(SEGMENTS.get(starts, 0)) or page.values(SEGMENTS.get(starts, 0))
    if not places or len(places) != len(lengths) or min(*places, *lengths) < 0 or sum(lengths) > _size(page.file):
        raise damaged(page.path)
    fields = {tag: _plain(page, tag) for tag in page.fields if tag not in _POINTERS}
    fields |= {tag: _longs(order, values) for tag, values in changes.items()}
    fields |= {SEGMENTS[starts]: _longs(order, lengths), starts: _longs(order, places)}  # of the same size as the new
    entries = 8 + 2 + len(fields) * 12 + 4
    first = entries + sum(len(held) + len(held) % 2 for _, _, held in fields.values() if len(held) > 4)
    if first + sum(lengths) >= 1 << 32:
        raise SegError(f"{page.path}: a page of more than 4 GB; save the pages as files of their own")
    fields[starts] = _longs(order, list(accumulate(lengths, initial=first))[:-1])
    segments = [_read(page.path, page.file, place, length) for place, length in zip(places, lengths, strict=True)]
    return b"".join([*_head(order, fields, entries), *segments])


def _longs(order: str, values: Sequence[int]) -> tuple[int, int, bytes]:
    return _LONG, len(values), struct.pack(f"{order}{len(values)}I", *(min(value, 0xFFFFFFFF) for value in values))


def _head(order: str, fields: Mapping[int, tuple[int, int, bytes]], entries: int) -> list[bytes]:
    """Start, directory, and what does not fit into it; entries: where that begins."""
    start = b"II*\0" if order == "<" else b"MM\0*"
    parts, later = [start, struct.pack(f"{order}IH", 8, len(fields))], []
    for tag, (kind, count, held) in sorted(fields.items()):
        if len(held) > 4:
            parts.append(struct.pack(f"{order}HHII", tag, kind, count, entries))
            later.append(held + bytes(len(held) % 2))
            entries += len(later[-1])
        else:
            parts.append(struct.pack(f"{order}HHI", tag, kind, count) + held.ljust(4, b"\0"))
    return [*parts, bytes(4), *later]


def _plain(page: TiffPage, tag: int) -> tuple[int, int, bytes]:
    """A tag as a classic TIFF has it: without numbers of 8 bytes."""
    kind, count, _ = page.fields[tag]
    if kind != _LONG8:
        return kind, count, page.content(tag)
    return _longs(page.order, page.values(tag))


def _pages(path: Path, file: BinaryIO) -> Iterator[TiffPage]:
    """The directories that are pages: no mask, nothing that is stated or looks to be a smaller copy of the first."""
    largest = 0
    for page in _directories(path, file):
        if not largest:
            largest = max(1, page.pixels)
            yield page
        elif not page.value(SUBFILE) & _REDUCED_OR_MASK and page.pixels * _PREVIEW_SHARE > largest:
            yield page


def _directories(path: Path, file: BinaryIO) -> Iterator[TiffPage]:
    """All directories of a file, in the order in which they are linked; none if it is no TIFF."""
    start = file.read(16)
    if start[:4] not in TIFF_STARTS:
        return
    order, is_big = "<" if start[:2] == b"II" else ">", b"+" in start[2:4]
    if len(start) < (16 if is_big else 8):
        raise damaged(path)
    (offset,) = struct.unpack(f"{order}{'Q' if is_big else 'I'}", start[8:16] if is_big else start[4:8])
    known: set[int] = set()
    while offset:
        if offset in known:
            raise damaged(path)
        known.add(offset)
        page, offset = _directory(path, file, offset, order, is_big=is_big)
        yield page


def _directory(path: Path, file: BinaryIO, offset: int, order: str, *, is_big: bool) -> tuple[TiffPage, int]:
    """One directory, and where the next one begins."""
    head, entry, last = ("Q", "HHQ8s", "Q") if is_big else ("H", "HHI4s", "I")
    (count,) = struct.unpack(f"{order}{head}", _read(path, file, offset, struct.calcsize(head)))
    size = struct.calcsize(f"={entry}")
    if count > _MOST_TAGS:
        raise damaged(path)
    block = _read(path, file, offset + struct.calcsize(head), count * size + struct.calcsize(last))
    fields: dict[int, tuple[int, int, bytes | int]] = {}
    for at in range(count):
        tag, kind, number, held = struct.unpack_from(f"{order}{entry}", block, at * size)
        length = _SIZES.get(kind, 0) * number
        if length:
            (place,) = struct.unpack(f"{order}{last}", held)
            fields[tag] = kind, number, held[:length] if length <= len(held) else place
    return TiffPage(path, file, order, fields), struct.unpack_from(f"{order}{last}", block, count * size)[0]


def _read(path: Path, file: BinaryIO, offset: int, length: int) -> bytes:
    """Bytes of a file; SegError if it ends before."""
    if offset + length > _size(file):
        raise damaged(path)
    file.seek(offset)
    return file.read(length)


def _size(file: BinaryIO) -> int:
    return file.seek(0, io.SEEK_END)
