"""Small pictures of photos for the list."""

from pathlib import Path

import cv2
import simplejpeg

from prep.core.files import read_bytes
from prep.images.imageio import decode_jpeg, is_jpeg, read_image

LONGER_SIDE = 192
_QUALITY = 80


def thumbnail(path: Path) -> bytes:
    """JPEG of an image with a longer side of at most 192 pixels; SegError if the image is damaged."""
    data = read_bytes(path)
    # An eighth of the pixels of a JPEG takes a tenth of the time of all.
    pixels = decode_jpeg(path, data, (LONGER_SIDE, LONGER_SIDE)) if is_jpeg(data) else read_image(path)
    height, width = pixels.shape[:2]
    scale = min(1.0, LONGER_SIDE / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    jpeg: bytes = simplejpeg.encode_jpeg(small, _QUALITY, "RGB")
    return jpeg
