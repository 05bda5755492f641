"""Opens raw photos of any kind: upright by EXIF, in sRGB by their ICC profile, 8 bits a channel."""

import io
import re
from pathlib import Path

import numpy as np
import simplejpeg
from PIL import Image, ImageCms, ImageOps

from prep.errors import SegError
from prep.files import read_bytes
from prep.imageio import ImageRGB, decode_jpeg, encode_png, loaded, open_picture

JPEG_QUALITY = 95
"""For photos that must be re-encoded; without chroma subsampling."""

_JPEG_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
"""A marker in coded JPEG data: not an escaped 0xFF, no restart, after any number of fill bytes (ITU T.81, B.1.1.2)."""
_END_OF_IMAGE = 0xD9
_UPRIGHT = 1
_EXIF_ORIENTATION = 0x0112


def read_photo(path: Path) -> ImageRGB:
    """Read a raw photo of any kind as (H, W, 3) uint8: upright (EXIF), sRGB (ICC), 8 bits a channel.

    Raises SegError if the file is damaged, no image, or of a kind that has no such form.
    """
    return _to_srgb(path, open_picture(path, read_bytes(path)))


def import_photo(path: Path) -> tuple[str, bytes, int, int]:
    """Read a raw photo as an image for the dataset: suffix, file content, width, height.

    An upright sRGB JPEG keeps its pixels to the bit; other JPEG and HEIC photos become JPEG of quality 95,
    everything else becomes PNG. Metadata (place, camera, thumbnails) is left behind in every case.
    """
    data = read_bytes(path)
    picture = open_picture(path, data)
    lossy = picture.format in {"JPEG", "MPO", "HEIF"}
    if picture.format == "JPEG" and picture.mode == "RGB" and _is_upright(picture) and _is_srgb(picture):
        height, width = decode_jpeg(path, data).shape[:2]
        return ".jpg", _without_metadata(data), width, height
    pixels = _to_srgb(path, picture)
    height, width = pixels.shape[:2]
    if lossy:
        jpeg = simplejpeg.encode_jpeg(pixels, quality=JPEG_QUALITY, colorsubsampling="444")
        return ".jpg", jpeg, width, height
    return ".png", encode_png(pixels), width, height


def photo_header(path: Path) -> tuple[int, int, int]:
    """Width and height as stored, and EXIF orientation (1..8), of a raw photo, without decoding its pixels."""
    picture = open_picture(path, read_bytes(path))
    orientation = picture.getexif().get(_EXIF_ORIENTATION, _UPRIGHT)
    return picture.width, picture.height, orientation if orientation in range(1, 9) else _UPRIGHT


def _is_upright(picture: Image.Image) -> bool:
    return bool(picture.getexif().get(_EXIF_ORIENTATION, _UPRIGHT) == _UPRIGHT)


def _is_srgb(picture: Image.Image) -> bool:
    profile = picture.info.get("icc_profile")
    return not profile or b"s\0R\0G\0B" in profile or b"sRGB" in profile


def _to_srgb(path: Path, picture: Image.Image) -> ImageRGB:
    picture = loaded(path, picture)
    picture = ImageOps.exif_transpose(picture)
    if picture.mode in {"I;16", "I;16B", "I;16L", "I"}:  # 16-bit grey: keep the upper 8 bits
        grey = (np.asarray(picture).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if picture.mode == "F":
        raise SegError(f"{path}: floating-point pixels; save the photo with 8 or 16 bits a channel")
    if picture.mode in {"RGBA", "P", "PA"}:
        picture = picture.convert("RGB")
    elif picture.mode == "LA":
        picture = picture.convert("L")
    if not _is_srgb(picture) and picture.mode in {"RGB", "CMYK", "L"}:
        profile = io.BytesIO(picture.info["icc_profile"])
        try:
            converted = ImageCms.profileToProfile(picture, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except ImageCms.PyCMSError as error:
            raise SegError(f"{path}: its colour profile cannot be used ({error}); save it as sRGB") from error
        return np.asarray(converted, np.uint8)
    return np.asarray(picture.convert("RGB"), np.uint8)


def _without_metadata(jpeg: bytes) -> bytes:
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
