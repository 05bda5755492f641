"""The one module that opens and writes image files; everything else is arrays in, arrays out."""

import io
import re
import unicodedata
import zlib
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from prep.errors import SegError
from prep.files import explained, read_bytes, write_bytes

ImageRGB = NDArray[np.uint8]
"""(H, W, 3), 0..255, red first."""

IndexMask = NDArray[np.uint8]
"""(H, W), class index, 255 = ignore."""

LabelKind = Literal["grey", "palette", "color"]

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp", ".heic", ".heif"})

JPEG_QUALITY = 95
"""For photos that must be re-encoded; without chroma subsampling."""

_PNG_OPTIONS = [
    cv2.IMWRITE_PNG_COMPRESSION,
    1,
    # One fixed filter: three times faster than choosing a filter for each row, at the same size for masks.
    cv2.IMWRITE_PNG_FILTER,
    cv2.IMWRITE_PNG_FILTER_UP,
]
_PNG_START = b"\x89PNG\r\n\x1a\n"
_JPEG_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
"""A marker in coded JPEG data: not an escaped 0xFF, no restart, after any number of fill bytes (ITU T.81, B.1.1.2)."""
_END_OF_IMAGE = 0xD9
_UPRIGHT = 1
_EXIF_ORIENTATION = 0x0112


def stem_of(path: Path) -> str:
    """Name without its ending, in composed Unicode: macOS decomposes letters with accents, others do not."""
    return unicodedata.normalize("NFC", path.stem)


def list_images(folder: Path) -> list[Path]:
    """List the image files of a folder, sorted by name; SegError if it holds none or a stem twice."""
    with explained(folder):
        entries = sorted(folder.iterdir())
    images = [path for path in entries if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")]
    for path in images:
        if not path.name.isprintable():  # control characters, or bytes that are no UTF-8
            raise SegError(f"{folder}: the name {path.name!r} holds characters that cannot be shown; rename the file")
    if not images:
        raise SegError(f"{folder}: no images here; looked for {', '.join(sorted(IMAGE_SUFFIXES))}")
    seen: dict[str, Path] = {}
    for path in images:
        twin = seen.setdefault(stem_of(path), path)
        if twin is not path:
            raise SegError(f"{twin} and {path.name} have the same stem; rename one of them")
    return images


def read_image(path: Path) -> ImageRGB:
    """Read a prepared image (JPEG or PNG, upright, sRGB) as (H, W, 3) uint8; SegError if it is damaged."""
    data = read_bytes(path)
    if _is_jpeg(data):
        return _decode_jpeg(path, data)
    pixels = _decode(path, data, cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


def read_mask(path: Path) -> IndexMask:
    """Read a prepared mask as (H, W) uint8; SegError if it is damaged or no 8-bit grey image."""
    mask = _decode(path, read_bytes(path), cv2.IMREAD_UNCHANGED)
    if mask.ndim != 2 or mask.dtype != np.uint8:
        raise SegError(f"{path}: a mask is an 8-bit grey PNG; bring it in with 'seg-prep masks convert'")
    return mask


def read_photo(path: Path) -> ImageRGB:
    """Read a raw photo of any kind as (H, W, 3) uint8: upright (EXIF), sRGB (ICC), 8 bits a channel.

    Raises SegError if the file is damaged, no image, or of a kind that has no such form.
    """
    return _to_srgb(path, _open(path, read_bytes(path)))


def import_photo(path: Path) -> tuple[str, bytes, int, int]:
    """Read a raw photo as an image for the dataset: suffix, file content, width, height.

    An upright sRGB JPEG keeps its pixels to the bit; other JPEG and HEIC photos become JPEG of quality 95,
    everything else becomes PNG. Metadata (place, camera, thumbnails) is left behind in every case.
    """
    data = read_bytes(path)
    picture = _open(path, data)
    lossy = picture.format in {"JPEG", "MPO", "HEIF"}
    if picture.format == "JPEG" and picture.mode == "RGB" and _is_upright(picture) and _is_srgb(picture):
        height, width = _decode_jpeg(path, data).shape[:2]
        return ".jpg", _without_metadata(data), width, height
    pixels = _to_srgb(path, picture)
    height, width = pixels.shape[:2]
    if lossy:
        jpeg = simplejpeg.encode_jpeg(pixels, quality=JPEG_QUALITY, colorsubsampling="444")
        return ".jpg", jpeg, width, height
    return ".png", encode_png(pixels), width, height


def label_kind(path: Path) -> LabelKind:
    """Tell from its header how a raw label file holds its values."""
    mode = _open(path, read_bytes(path)).mode
    if mode in {"P", "PA"}:
        return "palette"
    return "grey" if mode in {"1", "L", "I", "I;16", "I;16B", "I;16L"} else "color"


def read_label_ids(path: Path) -> NDArray[np.uint16] | NDArray[np.uint8]:
    """Read a raw label as (H, W) ids: grey values, palette indices, or the common value of a grey RGB file.

    Raises SegError if the file is damaged or its colours are no greys.
    """
    data = read_bytes(path)
    if label_kind(path) == "palette":
        return np.asarray(_loaded(path, _open(path, data)), np.uint8)
    if _open(path, data).mode == "1":  # OpenCV would make 255 of 1
        return np.asarray(_loaded(path, _open(path, data)), np.uint8)
    values = _decode(path, data, cv2.IMREAD_UNCHANGED)
    if values.ndim == 3:
        if not (values[..., 0] == values[..., 1]).all() or not (values[..., 0] == values[..., 2]).all():
            raise SegError(f"{path}: a colour image, not ids; read it as colours with '--from rgb'")
        values = np.ascontiguousarray(values[..., 0])
    if values.dtype not in (np.uint8, np.uint16):
        raise SegError(f"{path}: ids of type {values.dtype}; export the labels as 8-bit or 16-bit PNG")
    return values


def read_label_colors(path: Path) -> tuple[ImageRGB, NDArray[np.uint8] | None]:
    """Read a raw label as (H, W, 3) colours and its (H, W) alpha, None if the file has none.

    Raises SegError if the file is damaged or has more than 8 bits a channel.
    """
    values = _decode(path, read_bytes(path), cv2.IMREAD_UNCHANGED)
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


def image_size(path: Path) -> tuple[int, int]:
    """Width and height of an image file from its header, in pixels."""
    width, height = _open(path, read_bytes(path)).size
    return width, height


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode (H, W) or (H, W, 3) RGB uint8 as PNG; the same pixels give the same bytes."""
    ordered = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR) if pixels.ndim == 3 else pixels
    _, data = cv2.imencode(".png", ordered, _PNG_OPTIONS)
    return data.tobytes()


def write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write an image (H, W, 3) or a mask (H, W) as PNG, atomically."""
    write_bytes(path, encode_png(pixels))


def _is_whole_png(data: bytes) -> bool:
    """Whether all critical chunks are there with the right check sums, up to the end mark (PNG standard, 5.3)."""
    position = len(_PNG_START)
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        name, end = data[position + 4 : position + 8], position + 8 + length
        is_critical = name[:1].isupper()
        if is_critical and zlib.crc32(data[position + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            return False
        if name == b"IEND":
            return True
        position = end + 4
    return False


def _is_jpeg(data: bytes) -> bool:
    return data[:3] == b"\xff\xd8\xff"


def _damaged(path: Path) -> SegError:
    return SegError(f"{path}: the file is truncated or damaged, or no image at all; export or copy it again")


def _decode(path: Path, data: bytes, flags: int) -> NDArray[np.uint8]:
    # A damaged PNG is told here, before libpng writes a line of its own to the terminal.
    if data[:8] == _PNG_START and not _is_whole_png(data):
        raise _damaged(path)
    if _is_jpeg(data):
        return np.asarray(cv2.cvtColor(_decode_jpeg(path, data), cv2.COLOR_RGB2BGR), np.uint8)
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise _damaged(path) from error
    if pixels is None:
        raise _damaged(path)
    return pixels  # type: ignore[return-value]  # cv2's stubs say "any number"; 8 or 16 bits are told apart by callers


def _decode_jpeg(path: Path, data: bytes) -> ImageRGB:
    try:
        return np.asarray(simplejpeg.decode_jpeg(data, "RGB", strict=True), np.uint8)
    except ValueError as error:
        raise _damaged(path) from error


def _open(path: Path, data: bytes) -> Image.Image:
    if path.suffix.lower() in {".heic", ".heif"}:
        import pillow_heif

        pillow_heif.register_heif_opener()
    try:
        return Image.open(io.BytesIO(data))
    except Image.DecompressionBombError as error:
        raise SegError(f"{path}: larger than this program opens: {error}") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise _damaged(path) from error


def _loaded(path: Path, picture: Image.Image) -> Image.Image:
    try:
        picture.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise _damaged(path) from error
    return picture


def _is_upright(picture: Image.Image) -> bool:
    return bool(picture.getexif().get(_EXIF_ORIENTATION, _UPRIGHT) == _UPRIGHT)


def _is_srgb(picture: Image.Image) -> bool:
    profile = picture.info.get("icc_profile")
    return not profile or b"s\0R\0G\0B" in profile or b"sRGB" in profile


def _to_srgb(path: Path, picture: Image.Image) -> ImageRGB:
    picture = _loaded(path, picture)
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
