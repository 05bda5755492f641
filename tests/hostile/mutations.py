"""Ways to spoil a file: each takes its bytes and a random generator, and gives other bytes."""

import struct
import zlib
from collections.abc import Callable

import numpy as np

Mutator = Callable[[bytes, np.random.Generator], bytes]
_ENORMOUS = (0x7FFFFFFF, 0xFFFFFFFF, 100_000, 65_535, 0x10000000, 20_001)


def _span(data: bytes, random: np.random.Generator, longest: int = 400) -> tuple[int, int]:
    start = int(random.integers(0, len(data)))
    return start, min(len(data), start + int(random.integers(1, longest)))


def flip_bytes(data: bytes, random: np.random.Generator) -> bytes:
    """Change 1 to 8 bytes anywhere."""
    spoiled = bytearray(data)
    for position in random.integers(0, len(data), int(random.integers(1, 9))).tolist() if data else ():
        spoiled[position] ^= int(random.integers(1, 256))
    return bytes(spoiled)


def flip_header(data: bytes, random: np.random.Generator) -> bytes:
    """Change bytes among the first 256, where sizes and kinds stand."""
    return flip_bytes(data[:256], random) + data[256:]


def zero_block(data: bytes, random: np.random.Generator) -> bytes:
    start, end = _span(data, random)
    return data[:start] + bytes(end - start) + data[end:]


def fill_block(data: bytes, random: np.random.Generator) -> bytes:
    start, end = _span(data, random, 16)
    return data[:start] + b"\xff" * (end - start) + data[end:]


def truncate(data: bytes, random: np.random.Generator) -> bytes:
    return data[: int(random.integers(0, len(data)))]


def duplicate_block(data: bytes, random: np.random.Generator) -> bytes:
    start, end = _span(data, random)
    return data[:end] + data[start:]


def insert_block(data: bytes, random: np.random.Generator) -> bytes:
    start, end = _span(data, random)
    return data[:start] + random.bytes(end - start) + data[start:]


def shuffle_blocks(data: bytes, random: np.random.Generator) -> bytes:
    middle = int(random.integers(0, len(data)))
    return data[middle:] + data[:middle]


def declare_enormous(data: bytes, random: np.random.Generator) -> bytes:
    """Write enormous numbers where the header of this kind of file declares its size."""
    first, second = (int(number) for number in random.choice(_ENORMOUS, 2))
    if data.startswith(b"\x89PNG"):
        header = b"IHDR" + struct.pack(">II", first & 0x7FFFFFFF, second & 0x7FFFFFFF) + data[24:29]
        return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]
    if data.startswith(b"BM"):
        return data[:18] + struct.pack("<II", first & 0x7FFFFFFF, second & 0x7FFFFFFF) + data[26:]
    if data.startswith(b"\xff\xd8"):
        frame = next((at for kind in (b"\xff\xc0", b"\xff\xc2") if (at := data.find(kind)) > 0), 0)
        return data[: frame + 5] + b"\xff\xff\xff\xff" + data[frame + 9 :]
    if data[:4] in (b"II*\0", b"MM\0*"):
        return _enormous_tiff(data, first, second)
    return _enormous_anywhere(data, first, random)


def _enormous_tiff(data: bytes, width: int, height: int) -> bytes:
    order = "<" if data[:2] == b"II" else ">"
    spoiled = bytearray(data)
    directory = int.from_bytes(data[4:8], "little" if order == "<" else "big")
    entries = int.from_bytes(data[directory : directory + 2], "little" if order == "<" else "big")
    for at in range(directory + 2, min(directory + 2 + 12 * entries, len(data) - 11), 12):
        (tag,) = struct.unpack_from(f"{order}H", data, at)
        if tag in (256, 257):  # ImageWidth, ImageLength
            struct.pack_into(f"{order}HII", spoiled, at + 2, 4, 1, width if tag == 256 else height)
    return bytes(spoiled)


def _enormous_anywhere(data: bytes, number: int, random: np.random.Generator) -> bytes:
    """Four aligned bytes, as .mat and zip files declare sizes."""
    at = 4 * int(random.integers(0, max(1, len(data) // 4)))
    return data[:at] + struct.pack("<I", number) + data[at + 4 :]


MUTATORS: tuple[Mutator, ...] = (
    flip_bytes,
    flip_header,
    zero_block,
    fill_block,
    truncate,
    duplicate_block,
    insert_block,
    shuffle_blocks,
    declare_enormous,
)
