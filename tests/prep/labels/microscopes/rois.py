"""Files of ImageJ: a ROI, and the zip files that its ROI Manager saves."""

import struct
import zipfile
from pathlib import Path

import numpy as np

from tests.support import random_image, save

POLYGON, RECTANGLE, OVAL, LINE, FREEHAND = 0, 1, 2, 3, 7


def roi(
    kind: int, box: tuple[int, int, int, int], corners: list[tuple[float, float]] | None = None, **more: int
) -> bytes:
    """A ROI with this bounding box (left, top, right, bottom) and these corners, from the corner of the image."""
    left, top, right, bottom = box
    corners = corners or []
    data = bytearray(64)
    struct.pack_into(">4shBx4hH", data, 0, b"Iout", 227, kind, top, left, bottom, right, len(corners))
    struct.pack_into(">hh", data, 48, 0, 128 if more.get("subpixel") else 0)
    struct.pack_into(">i", data, 56, more.get("position", 0))
    whole = np.array(corners, np.float64).reshape(-1, 2)
    data += (np.floor(whole) - (left, top)).T.astype(">i2").tobytes()
    if more.get("subpixel"):
        data += whole.T.astype(">f4").tobytes()
    return bytes(data)


def pack(path: Path, rois: dict[str, bytes], photo: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in rois.items():
            archive.writestr(f"{name}.roi", data)
    if photo:
        save(path.parent / photo, random_image(0, 4, 6))
    return path
