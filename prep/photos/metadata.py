"""What a photo file says besides its pixels: taken out of files, and EXIF put into them."""

import re
import zlib

from PIL import Image

from prep.core.words import counted

_JPEG_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
"""A marker in coded JPEG data: not an escaped 0xFF, no restart, after any number of fill bytes (ITU T.81, B.1.1.2)."""
_END_OF_IMAGE = 0xD9
_MAX_SEGMENT = 65_533
_PNG_HEADER_END = 33
"""Start mark and IHDR chunk of a PNG; eXIf may follow (PNG standard, third edition, 11.3.3.4)."""

_ORIENTATION, _EXIF_IFD, _WIDTH, _HEIGHT = 0x0112, 0x8769, 0xA002, 0xA003
_THUMBNAIL_IFD = 1


def without_metadata(jpeg: bytes) -> bytes:
    """Drop the segments APP1 to APP13, APP15 and comments (ITU T.81, B.1.1.4), and all behind the end of the image.

    The coded pixels stay as they are.
    """
    kept, position = [jpeg[:2]], 2
    while (found := _JPEG_MARKER.search(jpeg, position)) is not None:
        kept.append(jpeg[position : found.start()])  # coded pixels in front of the marker
        marker = found[1][0]
        if marker == _END_OF_IMAGE:
            return b"".join([*kept, bytes((0xFF, marker))])
        end = found.end() + int.from_bytes(jpeg[found.end() : found.end() + 2], "big")
        # APP0 is JFIF, APP14 (Adobe) says how colours are coded: decoders need both.
        is_metadata = (0xE1 <= marker <= 0xEF and marker != 0xEE) or marker == 0xFE
        if not is_metadata:
            kept.append(bytes((0xFF, marker)) + jpeg[found.end() : end])
        position = end
    return b"".join([*kept, jpeg[position:]])


def exif_of(exif: Image.Exif, width: int, height: int) -> bytes:
    """EXIF data as it stands in a PNG, for an upright image of this size; empty if the photo has none.

    The thumbnail is left out: it shows the photo as it was stored.
    """
    if not len(exif):
        return b""
    exif[_ORIENTATION] = 1
    inner = exif.get_ifd(_EXIF_IFD)
    for tag, side in ((_WIDTH, width), (_HEIGHT, height)):
        if tag in inner:
            inner[tag] = side
    exif.get_ifd(_THUMBNAIL_IFD).clear()
    return exif.tobytes().removeprefix(b"Exif\0\0")


def with_exif(file: bytes, exif: bytes) -> bytes:
    """Put EXIF data into a JPEG or PNG file; ValueError if a JPEG cannot hold that much."""
    if not exif:
        return file
    if file[:2] == b"\xff\xd8":
        segment = b"Exif\0\0" + exif
        if len(segment) > _MAX_SEGMENT:
            raise ValueError(f"{counted(len(segment), 'byte')} of EXIF, more than a JPEG holds")
        return file[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + file[2:]
    chunk = b"eXIf" + exif
    check = zlib.crc32(chunk).to_bytes(4, "big")
    return file[:_PNG_HEADER_END] + len(exif).to_bytes(4, "big") + chunk + check + file[_PNG_HEADER_END:]
