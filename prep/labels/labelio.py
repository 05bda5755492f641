"""Opens raw label files that are images: ids, palette indices or colours, exactly as they are stored."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from prep.core.classes import IGNORE_INDEX, MAX_ID
from prep.core.errors import SegError
from prep.core.files import within_limits
from prep.core.words import counted
from prep.geo.raster import read_any_tiff
from prep.images.imageio import ImageRGB, decode, jpeg2000_bits, loaded, open_image, quiet_pillow
from prep.images.kinds.png_chunks import missing_colors
from prep.images.kinds.png_strips import png_strips
from prep.images.kinds.pnm import is_pnm, read_pnm
from prep.images.single import refuse_several
from prep.images.tiff_pixels import TiffLayout, tiff_layout
from prep.photos.photoio import MARKS_OF_PNG, orientation_of

LabelKind = Literal["grey", "palette", "color"]

_TURNED_BY_EXIF = frozenset({"PNG", "JPEG", "MPO", "WEBP"})
_MARKS_OF_EXIF = (b"Exif", b"EXIF", *MARKS_OF_PNG)

_PHOTOMETRIC, _ZERO_IS_WHITE, _SOFTWARE = 262, 0, 305
"""A tag of TIFF, and the value that says so."""

_BY_PILLOW = frozenset({"TIFF", "GIF", "PPM", "JPEG2000"})
"""Formats that OpenCV does not read in every build, or with warnings of its own; for all others it is faster."""


def label_kind(path: Path, data: bytes) -> LabelKind:
    """Tell from its header how a raw label file holds its values; SegError if it holds several pictures."""
    deep = _deep_layout(path, data)
    if deep is not None:
        return "grey" if deep.bands == 1 else "color"
    return _kind_of(_opened(path, data))


def label_kind_and_palette(path: Path, data: bytes) -> tuple[LabelKind, bytes]:
    """The same, and the palette as it is stored; empty without one."""
    kind = label_kind(path, data)
    palette = _opened(path, data).palette if kind == "palette" else None
    return kind, bytes(palette.palette) if palette else b""


def label_oddities(path: Path, data: bytes) -> tuple[str, ...]:
    """What is odd about the kind of a label file, by its header: jpeg, palette, alpha, 16-bit, 32-bit."""
    deep = _deep_layout(path, data)
    if deep is not None:
        return ("16-bit",) if deep.kind in ("uint16", "int16") else ("32-bit",)
    picture = _opened(path, data)
    odd = {
        "jpeg": picture.format in ("JPEG", "MPO"),
        "palette": picture.mode in ("P", "PA") and picture.format != "GIF",
        "alpha": picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info,
        "16-bit": picture.mode.startswith("I"),
    }
    return tuple(name for name, is_so in odd.items() if is_so)


def own_orientation(path: Path, data: bytes) -> int:
    """How EXIF of a label file itself says that it is shown, 1..8; 1 of a TIFF, which is turned when it is decoded."""
    if not any(mark in data for mark in _MARKS_OF_EXIF):
        return 1
    picture = open_image(path, data)
    return orientation_of(picture, data) if picture.format in _TURNED_BY_EXIF else 1


def _deep_layout(path: Path, data: bytes) -> TiffLayout | None:
    """What a TIFF declares whose numbers are not those of 0 to 255; None for all other files."""
    layout = tiff_layout(path, data)
    if layout is None or not layout.is_deep:
        return None
    refuse_several(path, data, None)
    return layout


def _opened(path: Path, data: bytes) -> Image.Image:
    picture = open_image(path, data)
    refuse_several(path, data, picture)
    return picture


def _kind_of(picture: Image.Image) -> LabelKind:
    mode = picture.mode
    if mode in {"P", "PA"}:
        return "palette"
    return "grey" if mode in {"1", "L", "I", "I;16", "I;16B", "I;16L"} else "color"


def decode_label_ids(path: Path, data: bytes) -> NDArray[np.uint16] | NDArray[np.uint8]:
    """Decode a raw label as (H, W) ids: grey values, palette indices, or the common value of a grey RGB file.

    Raises SegError if the file is damaged, its colours are no greys, or its numbers are no ids.
    """
    deep = _deep_layout(path, data)
    if deep is not None:
        values = _without_no_data(read_any_tiff(path, data), deep.no_data)
    elif (unusual := _unusual_pixels(path, data)) is not None:
        values = unusual
    else:
        picture = _opened(path, data)
        if _kind_of(picture) == "palette" or picture.mode == "1":  # OpenCV would make 255 of 1
            shown = np.asarray(loaded(path, picture), np.uint8)
            return 1 - shown if _is_of_truths(picture) else shown
        values = _values(path, data, picture)
        if _is_shown_inverted(picture):
            values = ~values
    if values.ndim == 3:
        if values.shape[2] < 3 or any((values[..., 0] != values[..., band]).any() for band in (1, 2)):
            raise SegError(f"{path}: a colour image, not ids; read it as colours with '--from rgb'")
        values = np.ascontiguousarray(values[..., 0])
    return as_ids(str(path), values)


def _without_no_data(values: NDArray[Any], no_data: float | None) -> NDArray[Any]:
    """With 255 for the number of pixels that hold nothing (QGIS: -9999), where that is no id itself."""
    if no_data is None or 0 <= no_data <= MAX_ID:
        return values
    holes = np.isnan(values) if np.isnan(no_data) else values == no_data
    return np.where(holes, np.int16(IGNORE_INDEX), values) if holes.any() else values


def _is_shown_inverted(picture: Image.Image) -> bool:
    """Whether it is a grey TIFF of 8 bits in which 0 is white, as in ImageJ's masks: Pillow turns the numbers round."""
    tags = picture.tag_v2 if isinstance(picture, TiffImageFile) and picture.mode == "L" else {}
    return bool(tags.get(_PHOTOMETRIC, _ZERO_IS_WHITE + 1) == _ZERO_IS_WHITE)


def _is_of_truths(picture: Image.Image) -> bool:
    """Whether it is an array of True and False as tifffile writes it: 1 for True, and a tag that says 0 is white."""
    tags = picture.tag_v2 if isinstance(picture, TiffImageFile) and picture.mode == "1" else {}
    says_white = tags.get(_PHOTOMETRIC, _ZERO_IS_WHITE + 1) == _ZERO_IS_WHITE
    return bool(says_white and str(tags.get(_SOFTWARE, "")).startswith("tifffile"))


_ON_MINUS = ", with 255 where a number below 0 means that nobody labelled the pixel"


def as_ids(where: str, values: NDArray[Any]) -> NDArray[np.uint16] | NDArray[np.uint8]:
    """Whole numbers from 0 to 65535 of any type as uint8 or uint16; SegError names the first value that is no id."""
    if values.dtype in (np.uint8, np.uint16):
        return values
    if values.dtype == np.bool_:
        return values.astype(np.uint8)
    if values.dtype.kind not in "iuf":
        raise SegError(f"{where}: values of type {values.dtype}; ids are whole numbers from 0 to {MAX_ID}")
    with np.errstate(invalid="ignore"):
        ids = values.astype(np.uint16) if values.dtype.kind == "f" else values.astype(np.uint16, casting="unsafe")
    wrong = ids != values
    if wrong.any():
        bad = values[wrong][0]
        raise SegError(
            f"{where}: holds {bad:.6g} in {counted(int(np.count_nonzero(wrong)), 'pixel')}, and ids are whole numbers "
            f"from 0 to {MAX_ID}; is it a mask? Then save its ids as 8-bit or 16-bit PNG{_ON_MINUS if bad < 0 else ''}"
        )
    return ids


def _unusual_pixels(path: Path, data: bytes) -> NDArray[Any] | None:
    """Greys or palette indices (H, W), or colours (H, W, 3) or (H, W, 4), of a TIFF that Pillow reads wrong."""
    layout = tiff_layout(path, data)
    if layout is None or not layout.unusual or not layout.kind:
        return None
    values = read_any_tiff(path, data)
    return values[..., 0] if values.ndim == 3 and layout.bands == 1 else values


def _values(path: Path, data: bytes, picture: Image.Image) -> NDArray[Any]:
    """(H, W) greys, (H, W, 3) or (H, W, 4) colours with blue first, as OpenCV gives them."""
    unusual = None if picture.mode in ("P", "PA") else _unusual_pixels(path, data)
    if unusual is not None:
        return unusual if unusual.ndim == 2 else np.concatenate([unusual[..., 2::-1], unusual[..., 3:]], axis=2)
    if picture.format not in _BY_PILLOW:
        return decode(path, data, cv2.IMREAD_UNCHANGED)
    if is_pnm(data):
        values = read_pnm(path, data)
        return values if values.ndim == 2 else np.ascontiguousarray(values[..., ::-1])
    if picture.format == "JPEG2000" and jpeg2000_bits(data) not in (8, 16):
        raise SegError(f"{path}: JPEG 2000 of {counted(jpeg2000_bits(data), 'bit')} a channel; export it as PNG")
    has_alpha = picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info
    with quiet_pillow:
        picture = loaded(path, picture)
        if picture.mode not in {"L", "I", "I;16", "I;16B", "I;16L"}:
            picture = picture.convert("RGBA" if has_alpha else "RGB")
    values = np.asarray(picture)
    if values.ndim == 2:
        return values
    with within_limits(path):
        return np.asarray(cv2.cvtColor(values, cv2.COLOR_RGBA2BGRA if has_alpha else cv2.COLOR_RGB2BGR))


def decode_label_colors(path: Path, data: bytes) -> tuple[ImageRGB, NDArray[np.uint8] | None]:
    """Decode a raw label as (H, W, 3) colours and its (H, W) alpha, None if the file has none.

    Raises SegError if the file is damaged or has more than 8 bits a channel.
    """
    return as_colors(decode_label_pixels(path, data))


def decode_label_pixels(path: Path, data: bytes) -> NDArray[np.uint8]:
    """The same before it is brought to colours: greys (H, W), or (H, W, 3) or (H, W, 4) with blue first."""
    _refuse_colorless(path, data)
    deep = _deep_layout(path, data)
    values = _values(path, data, _opened(path, data)) if deep is None else np.empty(0, deep.kind)
    if values.dtype != np.uint8 and values.ndim > 2:
        raise SegError(
            f"{path}: {values.dtype.itemsize * 8} bits a channel; colour masks have 8. Export it with 8 bits, or, "
            "where one channel holds the classes (SYNTHIA), save that channel alone as a grey PNG"
        )
    if values.dtype != np.uint8:
        raise SegError(
            f"{path}: {values.dtype.itemsize * 8} bits a channel; colour masks have 8. "
            "Export it with 8 bits, or read grey values as ids with '--from ids'"
        )
    return values


def label_pixel_strips(path: Path, data: bytes) -> Iterator[NDArray[np.uint8]]:
    """The same a strip of rows (n, W) or (n, W, C) at a time, from the top down: of a large PNG no more is decoded."""
    strips = png_strips(path, data)
    if strips is not None:
        _refuse_colorless(path, data)
    yield from [decode_label_pixels(path, data)] if strips is None else strips


def _refuse_colorless(path: Path, data: bytes) -> None:
    """Programs show an index beyond the end of the palette in black, as if it were another class."""
    missing = missing_colors(data)
    if not missing:
        return
    found = np.zeros(256, np.intp)
    for ids in label_id_strips(path, data):
        found += np.bincount(ids.ravel(), minlength=len(found))
    if (beyond := found[missing.start :]).any():
        index = missing.start + int(beyond.argmax())
        raise SegError(
            f"{path}: a palette of {counted(missing.start, 'colour')}, and index {index} in "
            f"{counted(int(found[index]), 'pixel')}, which has none; read the indices with '--from ids'"
        )


def label_id_strips(path: Path, data: bytes) -> Iterator[NDArray[np.uint16] | NDArray[np.uint8]]:
    """What decode_label_ids gives, likewise."""
    strips = None if label_kind(path, data) == "color" else png_strips(path, data, as_indices=True)
    yield from [decode_label_ids(path, data)] if strips is None else strips


def as_colors(pixels: NDArray[np.uint8]) -> tuple[ImageRGB, NDArray[np.uint8] | None]:
    """Colours (H, W, 3) and alpha (H, W) of such pixels, or of some rows of them."""
    if pixels.ndim == 2:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB), np.uint8), None
    if pixels.shape[2] == 4:
        alpha = np.ascontiguousarray(pixels[..., 3])
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGB), np.uint8), alpha
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8), None
