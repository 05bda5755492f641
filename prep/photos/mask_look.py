"""Whether what is brought in as photos looks like masks: few colours in large areas, as labels have them."""

import shlex
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.core.folder_names import role_of, speaks_of_labels
from prep.core.words import counted
from prep.images.imageio import open_image, quiet_pillow

_KINDS = (".png", ".bmp", ".gif", ".tif", ".tiff")
"""Stored without loss."""

_MODES = ("1", "L", "P", "RGB", "RGBA")
_MOST_BYTES = 50_000_000
_ROWS = 64

_MOST_COLORS, _MOST_EDGES = 40, 0.1
"""Of masks; edges are neighbours of different colours, of which dithered photos with few colours are full."""


def note_on_masks(source: Path, files: Sequence[Path]) -> list[str]:
    """A note where the first file, that in the middle and the last look like masks; of photos one file is opened."""
    colors = 1
    for file in [files[0], files[len(files) // 2], files[-1]] if files else ():
        found = _colors_of_mask(file)
        if not found:
            return []
        colors = max(colors, found)
    if colors == 1:  # black photos
        return []
    convert = shlex.join(["seg-prep", "masks", "convert", str(source if source.is_dir() else files[0].parent)])
    return [
        f"these look like masks, not photos ({counted(colors, 'colour')} in large areas): as photos, edges get colours "
        "between those of the classes. Resize the photos alone, into another dataset; masks of any size are brought "
        f"onto its images by: {convert} -o DATASET"
    ]


def _colors_of_mask(path: Path) -> int:
    """Different colours of a file that looks like a mask, in some of its rows; 0 of all others.

    A drawing in black and white may be a scan: it is a mask only where its folder or its own name says so.
    """
    if path.suffix.lower() not in _KINDS:
        return 0
    try:
        if path.stat().st_size > _MOST_BYTES:
            return 0
        with open_image(path, read_bytes(path)) as picture, quiet_pillow:
            if picture.mode not in _MODES:
                return 0
            colored = picture.convert("RGB")
        pixels = np.asarray(colored).astype(np.uint32)
    except (SegError, OSError, ValueError):  # what is damaged is told when its image is made
        return 0
    rows = pixels[:: max(1, len(pixels) // _ROWS)] @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    colors = np.unique(rows)
    edges = float((rows[:, 1:] != rows[:, :-1]).mean()) if rows.shape[1] > 1 else 0.0
    is_scan = set(colors.tolist()) <= {0, 0xFFFFFF} and not _is_named_so(path)
    return 0 if len(colors) > _MOST_COLORS or edges > _MOST_EDGES or is_scan else len(colors)


def _is_named_so(path: Path) -> bool:
    return role_of(path.parent.name) == "labels" or any(map(speaks_of_labels, (path.parent.name, path.stem)))
