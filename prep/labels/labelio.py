"""Opens raw label files that are images: ids, palette indices or colours, exactly as they are stored."""

from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prep.core.errors import SegError
from prep.images.imageio import ImageRGB, decode, loaded, open_image

LabelKind = Literal["grey", "palette", "color"]


def label_kind(path: Path, data: bytes) -> LabelKind:
    """Tell from its header how a raw label file holds its values."""
    return _kind_of(open_image(path, data))


def _kind_of(picture: Image.Image) -> LabelKind:
    mode = picture.mode
    if mode in {"P", "PA"}:
        return "palette"
    return "grey" if mode in {"1", "L", "I", "I;16", "I;16B", "I;16L"} else "color"


def decode_label_ids(path: Path, data: bytes) -> NDArray[np.uint16] | NDArray[np.uint8]:
    """Decode a raw label as (H, W) ids: grey values, palette indices, or the common value of a grey RGB file.

    Raises SegError if the file is damaged or its colours are no greys.
    """
    picture = open_image(path, data)
    if _kind_of(picture) == "palette" or picture.mode == "1":  # OpenCV would make 255 of 1
        return np.asarray(loaded(path, picture), np.uint8)
    values = decode(path, data, cv2.IMREAD_UNCHANGED)
    if values.ndim == 3:
        if not (values[..., 0] == values[..., 1]).all() or not (values[..., 0] == values[..., 2]).all():
            raise SegError(f"{path}: a colour image, not ids; read it as colours with '--from rgb'")
        values = np.ascontiguousarray(values[..., 0])
    if values.dtype not in (np.uint8, np.uint16):
        raise SegError(f"{path}: ids of type {values.dtype}; export the labels as 8-bit or 16-bit PNG")
    return values


def decode_label_colors(path: Path, data: bytes) -> tuple[ImageRGB, NDArray[np.uint8] | None]:
    """Decode a raw label as (H, W, 3) colours and its (H, W) alpha, None if the file has none.

    Raises SegError if the file is damaged or has more than 8 bits a channel.
    """
    values = decode(path, data, cv2.IMREAD_UNCHANGED)
    if values.dtype != np.uint8:
        raise SegError(
            f"{path}: {values.dtype.itemsize * 8} bits a channel; colour masks have 8. "
            "Export it with 8 bits, or read grey values as ids with '--from ids'"
        )
    if values.ndim == 2:
        return np.asarray(cv2.cvtColor(values, cv2.COLOR_GRAY2RGB), np.uint8), None
    if values.shape[2] == 4:
        alpha = np.ascontiguousarray(values[..., 3])
        return np.asarray(cv2.cvtColor(values, cv2.COLOR_BGRA2RGB), np.uint8), alpha
    return np.asarray(cv2.cvtColor(values, cv2.COLOR_BGR2RGB), np.uint8), None
