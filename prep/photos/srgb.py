"""Brings the colours of raw photos into sRGB by the ICC profile that the photo carries."""

import functools
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from prep.core.errors import SegError
from prep.images.imageio import ImageRGB

_MODES = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK"}
"""Pillow's name of the pixels that a profile of this colour space describes."""


def is_srgb(profile: bytes | None) -> bool:
    """Whether an ICC profile calls itself sRGB; photos without a profile are taken for sRGB."""
    return not profile or b"s\0R\0G\0B" in profile or b"sRGB" in profile


def to_srgb(path: Path, pixels: NDArray[np.uint8], profile: bytes | None) -> ImageRGB:
    """Bring grey (H, W), RGB (H, W, 3) or CMYK (H, W, 4) pixels to sRGB (H, W, 3).

    A profile of another kind than the pixels means nothing and is not used, except that grey counts as RGB too.
    Raises SegError naming `path` if the profile is damaged.
    """
    mode = {2: "L", 3: {3: "RGB", 4: "CMYK"}.get(pixels.shape[-1], "")}[pixels.ndim]
    if is_srgb(profile) or profile is None:
        return _plain_rgb(pixels, mode)
    try:
        wanted, transform = _transform(profile)
        if mode == "L" and wanted == "RGB":
            pixels, mode = _plain_rgb(pixels, mode), "RGB"
        if mode != wanted:
            return _plain_rgb(pixels, mode)
        converted = ImageCms.applyTransform(_picture(pixels, mode), transform)
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        raise SegError(f"{path}: its colour profile cannot be used ({error}); save it as sRGB") from error
    return np.asarray(converted, np.uint8)


@functools.lru_cache(maxsize=8)
def _transform(profile: bytes) -> tuple[str, ImageCms.ImageCmsTransform]:
    """The mode that a profile describes, and the way from it to sRGB; photos of one camera share their profile."""
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    mode = _MODES.get(opened.profile.xcolor_space.strip(), "")
    if not mode:
        raise ValueError(f"colour space {opened.profile.xcolor_space.strip()}")
    return mode, ImageCms.buildTransform(opened, ImageCms.createProfile("sRGB"), mode, "RGB")


def _plain_rgb(pixels: NDArray[np.uint8], mode: str) -> ImageRGB:
    if mode == "L":
        return np.repeat(pixels[..., None], 3, axis=2)
    return pixels if mode == "RGB" else np.asarray(_picture(pixels, mode).convert("RGB"), np.uint8)


def _picture(pixels: NDArray[np.uint8], mode: str) -> Image.Image:
    height, width = pixels.shape[:2]
    return Image.frombuffer(mode, (width, height), np.ascontiguousarray(pixels), "raw", mode, 0, 1)
