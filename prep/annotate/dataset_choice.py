"""Which dataset to label."""

import shlex
from pathlib import Path

from prep.core.errors import SegError
from prep.core.words import counted
from prep.dataset.dataset import Dataset, find_dataset, is_dataset
from prep.images.imageio import IMAGE_SUFFIXES


def dataset_to_label(argument: Path | None) -> Path:
    """Find the dataset as all commands do; SegError if there is none: for a folder of photos, how to make one of it."""
    folder = argument if argument is not None else Path()
    if not folder.is_dir():
        raise SegError(f"{folder}: no such folder; name a dataset, or a folder of photos")
    try:
        root = find_dataset(argument)
        Dataset.open(root)  # fails here, before anything is written into a folder that is no dataset
    except SegError as error:
        if not is_dataset(folder) and (photos := _count_photos(folder)):
            raise SegError(_how_to_begin(folder, photos)) from error
        raise
    return root


def _count_photos(folder: Path) -> int:
    return sum(path.suffix.lower() in IMAGE_SUFFIXES for path in folder.iterdir())


def _how_to_begin(folder: Path, photos: int) -> str:
    name = folder.resolve().name
    target = Path("..", f"{name}-labelled") if folder.resolve() == Path.cwd() else Path("datasets", name)
    quoted = shlex.quote(target.as_posix())
    return (
        f"{folder}: holds {counted(photos, 'photo')}, but is no dataset yet. Make one of them, then label it:\n"
        f"  seg-prep resize {shlex.quote(folder.as_posix())} -o {quoted} --size 4096\n"
        f"  seg-prep annotate {quoted}"
    )
