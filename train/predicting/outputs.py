"""What predict writes of each photo: pictures and polygons, one file a photo in a folder for each kind."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from prep.core.classes import ClassMap
from prep.core.files import make_folder, write_bytes
from prep.dataset.dataset_files import MASKS
from prep.images.finding import FoundFile
from prep.images.imageio import ImageRGB, IndexMask, encode_png
from prep.images.kinds.png_bands import write_png_bands
from prep.images.overlay import color_mask, overlay
from train.predicting.output_folder import OutputFolder
from train.predicting.polygon_files import coco_entry, geojson, labelme, write_coco
from train.predicting.region_polygons import Moving

COCO, COCO_FILE = "coco", "coco/annotations.json"
_ENTRIES = ".entries"
"""Entries of COCO's one file, by photo: an interrupted command goes on, and later photos join."""
_BAND = 256
"""Rows of a picture that are painted at a time."""


@dataclass(frozen=True)
class Predicted:
    """A photo, upright (H, W, 3), with its predicted mask (H, W)."""

    photo: FoundFile
    image: ImageRGB
    mask: IndexMask


@dataclass(frozen=True)
class Output:
    """Files of one kind.  save: writes the file for a photo, atomically."""

    folder: Path
    suffix: str
    save: Callable[[Predicted, Path], None]

    def path(self, photo: FoundFile) -> Path:
        """The file for this photo."""
        return self.folder / f"{photo.stem}{self.suffix}"

    def write(self, predicted: Predicted) -> None:
        """Write it, and its folder before."""
        make_folder(self.folder)
        self.save(predicted, self.path(predicted.photo))

    def staged(self, root: Path, staging: Path) -> "Output":
        """The same below `staging` instead of `root`, with the same bytes."""
        return replace(self, folder=staging / self.folder.relative_to(root))


def saved(content: Callable[[Predicted], bytes | memoryview]) -> Callable[[Predicted, Path], None]:
    """What writes such a content."""
    return lambda predicted, path: write_bytes(path, content(predicted))


def make_outputs(
    kinds: Sequence[str], target: Path, classes: ClassMap, tolerance: Moving, smallest: int
) -> list[Output]:
    """The outputs of these kinds (of KINDS) below the folder `target`.

    tolerance, smallest: in pixels, as of region_polygons.
    """
    contents: dict[str, Callable[[Predicted], bytes]] = {
        MASKS: lambda found: encode_png(found.mask),
        "geojson": lambda found: geojson(found.mask, classes, found.photo.name, tolerance, smallest),
        COCO: lambda found: coco_entry(found.mask, classes, found.photo.name, tolerance, smallest),
        "labelme": lambda found: labelme(found.mask, classes, _way(target / "labelme", found.photo.path), tolerance),
    }
    saves = {kind: saved(content) for kind, content in contents.items()}
    saves["colors"] = _in_bands(lambda _, mask: color_mask(mask, classes))
    saves["overlays"] = _in_bands(lambda image, mask: overlay(image, mask, classes))
    folders, suffixes = {COCO: target / COCO / _ENTRIES}, {"geojson": ".geojson", COCO: ".json", "labelme": ".json"}
    return [Output(folders.get(kind, target / kind), suffixes.get(kind, ".png"), saves[kind]) for kind in kinds]


def _in_bands(painted: Callable[[ImageRGB, IndexMask], ImageRGB]) -> Callable[[Predicted, Path], None]:
    """What writes a picture made of bands of the image and the mask: of 100 megapixels it would take 600 MB at once."""

    def save(found: Predicted, path: Path) -> None:
        height, width = found.mask.shape
        bands = (slice(top, top + _BAND) for top in range(0, height, _BAND))
        write_png_bands(path, height, width, (painted(found.image[rows], found.mask[rows]) for rows in bands))

    return save


def finish_outputs(kinds: Sequence[str], folder: OutputFolder, classes: ClassMap) -> None:
    """Write the files that are about all photos of the folder that this model has labelled."""
    if COCO in kinds:
        entries = filter(folder.is_whole, sorted((folder.root / COCO / _ENTRIES).glob("*.json")))
        path = folder.root / COCO_FILE
        with folder.making([path]):
            write_coco(path, entries, classes)


def _way(folder: Path, photo: Path) -> str:
    """Posix path from a folder to a photo; on Windows absolute if they are on different drives."""
    try:
        return Path(os.path.relpath(photo, folder)).as_posix()
    except ValueError:
        return photo.resolve().as_posix()
