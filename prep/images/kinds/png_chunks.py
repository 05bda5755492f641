"""The chunks of a PNG: whether all are there, and those alone that say what its pixels are."""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

PNG_START = b"\x89PNG\r\n\x1a\n"

_ANIMATION = (b"acTL", b"fcTL", b"fdAT")

_PALETTE = 3
"""Colour type of pixels that are indices (PNG standard, 6.1)."""

_LENGTHS_OF_TRANSPARENCY = {0: range(2, 3), 2: range(6, 7), 3: range(1, 257)}
"""By colour type (PNG standard, 11.3.2.1)."""


class Chunk(NamedTuple):
    """A name, where its chunk begins in the file, and from where to where its content stands."""

    name: bytes
    begin: int
    start: int
    end: int


def png_chunk(name: bytes, data: bytes) -> bytes:
    """Length, name, data and check sum (PNG standard, 5.3)."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_chunks(data: bytes) -> Iterator[Chunk]:
    """Each chunk up to the end mark, or to the last one whose length still stands in the file."""
    begin, name = len(PNG_START), b""
    while name != b"IEND" and begin + 12 <= len(data):
        length = int.from_bytes(data[begin : begin + 4], "big")
        name = data[begin + 4 : begin + 8]
        yield Chunk(name, begin, begin + 8, begin + 8 + length)
        begin += 12 + length


def is_whole_png(data: bytes) -> bool:
    """Whether all critical chunks are there with the right check sums, up to the end mark (PNG standard, 5.3).

    The header has to be the first chunk, and the only one of its kind: a second one could declare another size.
    """
    name = b""
    for name, begin, start, end in png_chunks(data):
        if (name == b"IHDR") != (begin == len(PNG_START)):
            return False
        if _is_critical(name) and zlib.crc32(data[start - 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            return False
    return name == b"IEND"


def without_remarks(data: bytes) -> bytes:
    """A whole PNG without the chunks that change no pixel: of damaged ones libpng would write lines to the terminal."""
    spans = [slice(chunk.begin, chunk.end + 4) for chunk in png_chunks(data) if _matters(chunk, data)]
    if len(PNG_START) + sum(span.stop - span.start for span in spans) == len(data):
        return data  # as most are, and not copied: it may have hundreds of megabytes
    return PNG_START + b"".join(data[span] for span in spans)


def missing_colors(data: bytes) -> range:
    """Indices that the pixels of a palette PNG can have and its palette lacks; empty for all others."""
    if data[:8] != PNG_START or len(data) < len(PNG_START) + 25 or data[25] != _PALETTE:
        return range(0)
    colors = next(((chunk.end - chunk.start) // 3 for chunk in png_chunks(data) if chunk.name == b"PLTE"), 0)
    return range(colors, 1 << min(data[24], 8))


def _matters(chunk: Chunk, data: bytes) -> bool:
    """Whether it is critical, of an animation, or a transparency as long as the standard says, and undamaged."""
    if _is_critical(chunk.name) or chunk.name in _ANIMATION:
        return True
    lengths = _LENGTHS_OF_TRANSPARENCY.get(data[25], ())
    is_right = zlib.crc32(data[chunk.start - 4 : chunk.end]) == int.from_bytes(data[chunk.end : chunk.end + 4], "big")
    return chunk.name == b"tRNS" and chunk.end - chunk.start in lengths and is_right


def _is_critical(name: bytes) -> bool:
    """Without its content the picture cannot be shown (5.4)."""
    return name[:1].isupper()
