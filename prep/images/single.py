"""One picture a file: files of several pages or frames are refused where one picture is meant."""

from pathlib import Path

from PIL import Image

from prep.core.errors import SegError
from prep.core.words import counted
from prep.images.imageio import damaged, quiet_pillow
from prep.images.tiff_pages import page_count

_ANIMATED = frozenset({"GIF", "PNG", "WEBP", "AVIF"})
"""Of which each frame is a picture; MPO and HEIC of phones hold copies of the first one."""


def refuse_several(path: Path, data: bytes, picture: Image.Image | None) -> None:
    """SegError if a file's content holds several pictures; picture: None where Pillow does not open it."""
    pages = page_count(path, data)
    if pages > 1:
        raise SegError(
            f"{path}: holds {counted(pages, 'page')}, and one is meant here; save each page as a file of its own (in "
            "ImageJ: Image, Stacks, Stack to Images)"
        )
    frames = _frames(path, picture) if picture is not None and picture.format in _ANIMATED else 1
    if frames > 1:
        raise SegError(f"{path}: an animation of {counted(frames, 'frame')}; save the frame that is meant as PNG")


def _frames(path: Path, picture: Image.Image) -> int:
    try:
        with quiet_pillow:
            return int(getattr(picture, "n_frames", 1))
    except (EOFError, OSError, SyntaxError, ValueError) as error:
        raise damaged(path) from error
