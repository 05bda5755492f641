"""Ways to spoil the structure of image files that stay readable up to there: PNG chunks, JPEG segments, TIFF tags."""

import struct
import zlib
from contextlib import suppress

import numpy as np

from tests.hostile.mutations import flip_bytes

PNG, JPEG, TIFF = b"\x89PNG\r\n\x1a\n", b"\xff\xd8", (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_EXTREMES = (0, 1, 2, 3, 7, 255, 256, 65_535, 65_536, 0x7FFFFFFF, 0xFFFFFFFF)
_CHUNKS = (
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"tEXt", b"zTXt", b"iTXt"),
    *(b"bKGD", b"pHYs", b"sBIT", b"hIST", b"tIME", b"eXIf", b"acTL", b"fcTL", b"fdAT", b"XXXX", b"abcd", b"\0\0\0\0"),
)
_EXIF = b"Exif\0\0MM\0*\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01%c%c\0\0\x87\x69\0\x04\0\0\0\x01\0\0\0\x08\0\0\0\x08"
"""Orientation of any number; its second directory, and the next one, are itself."""
_MARKERS = (*range(0xC0, 0xD0), 0xD8, 0xD9, 0xDA, 0xDB, 0xDC, 0xDD, *range(0xE0, 0xF0), 0xFE, 0x01)
_TAGS = (
    *(254, 256, 257, 258, 259, 262, 266, 270, 273, 274, 277, 278, 279, 282, 284, 305, 317, 320, 322, 323, 324, 325),
    *(330, 338, 339, 347, 530, 532, 700, 33432, 33550, 34377, 34665, 34675, 42112, 42113, 50838, 50839, 65_535),
)


def _one_of(values: tuple[int, ...], random: np.random.Generator) -> int:
    return values[int(random.integers(len(values)))]


def _shuffle(parts: list[tuple[bytes, bytes]], random: np.random.Generator) -> None:
    """Leave one out, repeat one, or let two change places."""
    first, second = (int(place) for place in random.integers(len(parts), size=2))
    way = random.integers(4)
    if way == 0:
        del parts[first]
    elif way == 1:
        parts[first:first] = [parts[first]] * int(random.choice([1, 40]))
    else:
        parts[first], parts[second] = parts[second], parts[first]


def spoil_png(data: bytes, random: np.random.Generator) -> bytes:
    """Change chunks, or what is packed in them, with check sums that are right."""
    chunks = _png_chunks(data)
    if not chunks:
        return flip_bytes(data, random)
    place, way = int(random.integers(len(chunks))), random.integers(6)
    name, content = chunks[place]
    if way == 0:
        _shuffle(chunks, random)
    elif way == 1:
        chunks[place] = _CHUNKS[int(random.integers(len(_CHUNKS)))], content
    elif way == 2:
        inside = (b"", random.bytes(int(random.integers(1, 800))), b"a\0\0" + zlib.compress(bytes(1 << 24)))
        chunks.insert(place, (_CHUNKS[int(random.integers(len(_CHUNKS)))], inside[int(random.integers(3))]))
    elif way == 3 and content:
        chunks[place] = name, flip_bytes(content, random)
    elif way == 4:
        _spoil_header(chunks, random)
    else:
        _spoil_pixels(chunks, random)
    return PNG + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )


def _png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, position = [], 8
    while position + 12 <= len(data) and len(found) < 1000:
        (length,) = struct.unpack_from(">I", data, position)
        found.append((data[position + 4 : position + 8], data[position + 8 : position + 8 + length]))
        position += 12 + length
    return found


def _spoil_header(chunks: list[tuple[bytes, bytes]], random: np.random.Generator) -> None:
    """Other sizes, depths, kinds of colour and interlacing than the pixels have."""
    name, content = chunks[0]
    if len(content) != 13:
        return
    width, height, *rest = struct.unpack(">IIBBBBB", content)
    width, height = (
        max(0, side + int(random.integers(-3, 4)) * int(random.choice([1, 16]))) for side in (width, height)
    )
    field = int(random.integers(5))
    rest[field] = _one_of(((1, 2, 4, 8, 16, 3), (0, 2, 3, 4, 6, 5), (0, 1), (0, 1), (0, 1, 2))[field], random)
    chunks[0] = name, struct.pack(">IIBBBBB", width, height, *rest)


def _spoil_pixels(chunks: list[tuple[bytes, bytes]], random: np.random.Generator) -> None:
    """Other filters and lengths of the rows: packed anew, so that only the pixels are wrong."""
    place = next((number for number, (name, _) in enumerate(chunks) if name == b"IDAT"), None)
    if place is None:
        return
    with suppress(zlib.error):
        pixels = zlib.decompressobj().decompress(chunks[place][1], 1 << 20)
        more = (flip_bytes(pixels, random), pixels[: len(pixels) // 2], pixels + bytes(1 << 24), b"\x05" * len(pixels))
        chunks[place] = b"IDAT", zlib.compress(more[int(random.integers(len(more)))])


def spoil_jpeg(data: bytes, random: np.random.Generator) -> bytes:
    """Change segments, or fields of them, before and between the coded pixels."""
    segments, pixels = _jpeg_segments(data)
    if not segments:
        return flip_bytes(data, random)
    place, way = int(random.integers(len(segments))), random.integers(6)
    marker, content = segments[place]
    if way == 0:
        _shuffle(segments, random)
    elif way == 1:
        segments[place] = bytes((_one_of(_MARKERS, random),)), content
    elif way == 2:
        inside = (
            _EXIF % (int(random.integers(256)), int(random.integers(12))),
            b"ICC_PROFILE\0" + bytes(random.integers(0, 4, 2).tolist()) + random.bytes(200),
            b"Adobe\0\x64\0\0\0\0" + bytes((int(random.integers(4)),)),
            b"MPF\0MM\0*\0\0\0\x08\0\x01\xb0\x01\0\x04\0\0\0\x01\xff\xff\xff\xff\0\0\0\x08",
            random.bytes(int(random.integers(0, 300))),
        )[int(random.integers(5))]
        segments.insert(place, (bytes((_one_of(_MARKERS, random),)), inside))
    elif way == 3:
        pixels = pixels + pixels[: len(pixels) // 2] if random.random() < 0.5 else flip_bytes(pixels or b"\0", random)
    elif way == 4:
        frame = next((number for number, (name, _) in enumerate(segments) if 0xC0 <= name[0] <= 0xC2), place)
        name, content = segments[frame]
        segments[frame] = name, flip_bytes(content or b"\0", random)
    else:
        segments[place] = marker, flip_bytes(content or b"\0", random)
    head = b"".join(
        b"\xff" + name + struct.pack(">H", min(65_535, len(content) + 2)) + content for name, content in segments
    )
    return JPEG + head + pixels


def _jpeg_segments(data: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """The segments up to the first scan with its header, and all that follows."""
    found, position = [], 2
    while position + 4 <= len(data) and data[position] == 0xFF and len(found) < 200:
        (length,) = struct.unpack_from(">H", data, position + 2)
        found.append((data[position + 1 : position + 2], data[position + 4 : position + 2 + length]))
        position += 2 + length
        if found[-1][0] == b"\xda":
            break
    return found, data[position:]


def spoil_tiff(data: bytes, random: np.random.Generator) -> bytes:
    """Change the entries of a directory: other tags, types, counts, values and places; directories that follow."""
    order, is_big = "<" if data[:2] == b"II" else ">", data[2:4] in (b"+\0", b"\0+")
    spoiled = bytearray(data)
    entry, number, size = (f"{order}HHQQ", f"{order}Q", 20) if is_big else (f"{order}HHII", f"{order}I", 12)
    counts = f"{order}Q" if is_big else f"{order}H"
    try:
        (start,) = struct.unpack_from(number, data, 8 if is_big else 4)
        (entries,) = struct.unpack_from(counts, data, start)
        first = start + struct.calcsize(counts)
        at, other = (first + size * int(place) for place in random.integers(min(max(1, entries), 1 << 16), size=2))
        tag, kind, count, value = struct.unpack_from(entry, data, at)
        way = random.integers(7)
        if way == 0:
            struct.pack_into(entry, spoiled, at, _one_of(_TAGS, random), kind, count, value)
        elif way == 1:
            struct.pack_into(entry, spoiled, at, tag, int(random.integers(0, 20)), count, value)
        elif way == 2:
            struct.pack_into(entry, spoiled, at, tag, kind, _one_of(_EXTREMES, random), value)
        elif way == 3:
            values = (*_EXTREMES, start, at, len(data), len(data) - 1, value + 1, value << 16 & 0xFFFFFFFF)
            struct.pack_into(entry, spoiled, at, tag, kind, count, _one_of(values, random))
        elif way == 4:
            spoiled[at : at + size], spoiled[other : other + size] = data[other : other + size], data[at : at + size]
        elif way == 5:
            struct.pack_into(counts, spoiled, start, _one_of((0, 1, entries - 1, entries + 1, 65_535), random))
        else:
            following = (start, 8, 0, len(data), 0xFFFFFFFF, first)
            struct.pack_into(number, spoiled, first + size * entries, _one_of(following, random))
    except struct.error:  # spoiled before
        return flip_bytes(data, random)
    return bytes(spoiled)
