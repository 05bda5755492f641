"""Label images that have no masks."""

from collections.abc import Sequence
from pathlib import Path

from prep.classes import write_classes
from prep.dataset import CLASSES
from prep.errors import SegError
from prep.files import make_folder, read_bytes, write_text
from prep.imageio import list_images, stem_of, write_png
from prep.overlay import color_mask, overlay
from prep.photoio import read_photo
from prep.progress import Progress, silent
from train.predictor import Predictor

MODEL_USED = "model.txt"
"""Which model the predictions of a folder are from."""

KINDS = ("masks", "colors", "overlays")
"""Folders of index masks, colour masks and overlays, each with one PNG an image."""


def find_photos(sources: Sequence[Path]) -> list[Path]:
    """List the image files named, and those in the folders named; SegError if two have the same stem."""
    photos = [photo for source in sources for photo in (list_images(source) if source.is_dir() else [source])]
    seen: dict[str, Path] = {}
    for photo in photos:
        twin = seen.setdefault(stem_of(photo), photo)
        if twin is not photo:
            raise SegError(f"{twin} and {photo} have the same stem; predict them into different folders")
    return photos


def predict_photos(
    predictor: Predictor,
    model: str,
    photos: Sequence[Path],
    output: Path,
    *,
    overwrite: bool,
    progress: Progress = silent,
) -> list[str]:
    """Write the three kinds of pictures of each photo, upright and in its full size; return what went wrong.

    A photo that cannot be read does not stop the others. One whose pictures are all there is left as it is,
    unless `overwrite` is set: an interrupted command goes on.
    model: identifies the model; SegError if `output` holds predictions of another one and `overwrite` is not set.
    """
    made_by = output / MODEL_USED
    if made_by.exists() and read_bytes(made_by).decode().strip() != model and not overwrite:
        raise SegError(f"{output}: holds predictions of another model; name another folder, or add --overwrite")
    for kind in KINDS:
        make_folder(output / kind)
    write_text(made_by, model + "\n")
    write_classes(output / CLASSES, predictor.classes)
    problems = []
    for done, photo in enumerate(photos, start=1):
        paths = {kind: output / kind / f"{stem_of(photo)}.png" for kind in KINDS}
        if overwrite or not all(path.exists() for path in paths.values()):
            try:
                image = read_photo(photo)
            except SegError as error:
                problems.append(str(error))
            else:
                mask = predictor(image)
                write_png(paths["masks"], mask)
                write_png(paths["colors"], color_mask(mask, predictor.classes))
                write_png(paths["overlays"], overlay(image, mask, predictor.classes))
        progress(done, len(photos))
    return problems
