"""A PNG of a huge picture, read a strip of rows at a time: OpenCV takes twice the pixels while it decodes a PNG."""

import struct
import zlib
from collections.abc import Iterator
from itertools import chain, takewhile
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.images.imageio import LONGEST_SIDE, damaged, decode, decoding, refuse_enormous
from prep.images.kinds.png_chunks import PNG_START, is_whole_png, png_chunk, png_chunks, without_remarks

_LARGE = 1 << 24
"""Pixels; a smaller picture is decoded whole, which is a little faster."""

_STRIP_BYTES = 1 << 22
_PIECE_BYTES = 1 << 16
"""Of packed bytes that are unpacked at a time: zlib copies what it has not come to."""

_GREY, _RGB, _PALETTE, _RGBA = 0, 2, 3, 6
_CHANNELS = {_GREY: 1, _RGB: 3, _PALETTE: 1, _RGBA: 4}
"""Colour type (PNG standard, 6.1) -> values of a pixel."""

_BITS = {_GREY: (8,), _RGB: (8,), _PALETTE: (1, 2, 4, 8), _RGBA: (8,)}
"""Colour type -> bits of a value that are read here."""

_READ = (b"PLTE", b"tRNS", b"acTL")
_NO_FILTER, _STORED = 0, 0


class _Header(NamedTuple):
    """What the first chunk states (PNG standard, 11.2.1)."""

    width: int
    height: int
    bits: int
    kind: int
    compression: int
    filters: int
    interlaced: int


def png_strips(path: Path, data: bytes, *, as_indices: bool = False) -> Iterator[NDArray[np.uint8]] | None:
    """Strips (n, W), (n, W, 3) or (n, W, 4) of rows from the top down, blue first, as cv2.IMREAD_UNCHANGED gives them.

    None where the file has to be decoded whole: a picture that is not large, one that is interlaced, animated or packed
    as no standard says, has a colour that is transparent, or other than 8 bits (a palette may have fewer); and any
    other kind.
    as_indices: of a palette file its indices (n, W) instead of their colours.
    Raises SegError, here or while strips are read, if the file is damaged or larger than this program opens.
    """
    if data[:8] != PNG_START or len(data) < len(PNG_START) + 25:
        return None
    header = _Header(*struct.unpack(">IIBBBBB", data[16:29]))
    if header.width * header.height <= _LARGE or header.bits not in _BITS.get(header.kind, ()):
        return None
    if header.compression or header.filters or header.interlaced:
        return None
    refuse_enormous(path, header.width, header.height)
    if not is_whole_png(data):
        raise damaged(path)
    data = without_remarks(data)
    ahead = takewhile(lambda each: each.name != b"IDAT", png_chunks(data))  # what comes later has no say (5.6)
    before = {each.name: data[each.start : each.end] for each in ahead if each.name in _READ}
    if b"acTL" in before or (header.kind != _PALETTE and b"tRNS" in before):
        return None
    strips = _strips(path, data, header)
    if header.kind != _PALETTE:
        return strips
    indices = (_indices(strip, header) for strip in strips)
    if as_indices:
        return indices
    colors = _palette(path, before)
    return (colors[strip] for strip in indices)


def _strips(path: Path, data: bytes, header: _Header) -> Iterator[NDArray[np.uint8]]:
    """Rows as they are stored, each strip decoded as a little PNG whose first row is the last one before it."""
    row_bytes = (header.width * header.bits * _CHANNELS[header.kind] + 7) // 8
    kind = _GREY if header.kind == _PALETTE else header.kind  # a filter goes by bytes, whatever they hold
    unpacked, rows_at_once = _Unpacked(path, data), min(max(1, _STRIP_BYTES // row_bytes), LONGEST_SIDE - 1)
    above = bytes(row_bytes)  # zeros, which the filters of the first row reckon with (9.2)
    for top in range(0, header.height, rows_at_once):
        rows = min(rows_at_once, header.height - top)
        filtered = bytes([_NO_FILTER]) + above + unpacked.read(rows * (1 + row_bytes))
        little = _Header(row_bytes // _CHANNELS[kind], rows + 1, 8, kind, 0, 0, 0)
        strip = decode(path, _png(little, {}, zlib.compress(filtered, _STORED)), cv2.IMREAD_UNCHANGED)[1:]
        above = _stored(strip[-1:]).tobytes()
        yield strip


def _stored(row: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A row in the order of the file, red first."""
    if row.ndim == 2:
        return row
    return np.asarray(cv2.cvtColor(row, cv2.COLOR_BGR2RGB if row.shape[2] == 3 else cv2.COLOR_BGRA2RGBA), np.uint8)


def _indices(strip: NDArray[np.uint8], header: _Header) -> NDArray[np.uint8]:
    """(n, W) indices of the bytes (n, m) that hold them, those to the left in the higher bits (7.2)."""
    if header.bits == 8:
        return strip
    shifts = np.array(range(8 - header.bits, -1, -header.bits), np.uint8)
    indices = np.asarray((strip[..., None] >> shifts) & np.uint8((1 << header.bits) - 1), np.uint8)
    return indices.reshape(len(strip), -1)[:, : header.width]


def _palette(path: Path, chunks: dict[bytes, bytes]) -> NDArray[np.uint8]:
    """(256, 3) colours, or (256, 4) with their alpha: those of a picture that has each index once."""
    every = _png(_Header(256, 1, 8, _PALETTE, 0, 0, 0), chunks, zlib.compress(bytes([_NO_FILTER, *range(256)])))
    return np.asarray(decode(path, every, cv2.IMREAD_UNCHANGED)[0], np.uint8)


def _png(header: _Header, chunks: dict[bytes, bytes], packed: bytes) -> bytes:
    """The bytes of a PNG."""
    parts = [(b"IHDR", struct.pack(">IIBBBBB", *header)), *chunks.items(), (b"IDAT", packed), (b"IEND", b"")]
    return PNG_START + b"".join(png_chunk(name, content) for name, content in parts)


class _Unpacked:
    """What the chunks of pixels unpack to, so many bytes at a time."""

    def __init__(self, path: Path, data: bytes) -> None:
        self._path, self._unpacker = path, zlib.decompressobj()
        pixels = (chunk for chunk in png_chunks(data) if chunk.name == b"IDAT")
        pieces = ((start, chunk.end) for chunk in pixels for start in range(chunk.start, chunk.end, _PIECE_BYTES))
        self._pieces = (data[start : min(start + _PIECE_BYTES, end)] for start, end in pieces)

    def read(self, size: int) -> bytes:
        """The next `size` bytes; SegError where they end before."""
        parts: list[bytes] = []
        with decoding(self._path):
            for piece in chain([self._unpacker.unconsumed_tail], self._pieces):
                parts.append(self._unpacker.decompress(piece, size))
                size -= len(parts[-1])
                if not size:
                    return b"".join(parts)
        raise damaged(self._path)
