"""What to type where there is no dataset yet, or nothing in it to train on."""

import os
import shlex
from pathlib import Path

from prep.core.errors import SegError
from prep.core.words import counted
from prep.dataset.dataset_files import INDEX
from prep.images.imageio import IMAGE_SUFFIXES

SIZE = 1024
"""Long side, in pixels, that a first try with photos is told to take."""

_WAYS = (
    f"of photos with 'seg-prep resize photos/ -o datasets/NAME --size {SIZE}', of labels with "
    "'seg-prep masks convert labels/ -o datasets/NAME'"
)


def no_dataset(variable: str) -> SegError:
    """Neither the working folder is one nor ./datasets holds one; variable: of the environment, may name one."""
    if _count_photos(Path()):
        return not_a_dataset(Path())
    return SegError(
        f"no dataset here or under ./datasets; name one as DATASET or in ${variable}, or make one:\n"
        f"  seg-prep resize photos/ -o datasets/NAME --size {SIZE}   of photos; 'seg-prep annotate' then draws masks\n"
        "  seg-prep masks convert labels/ -o datasets/NAME        of labels, with their photos\n"
        "  seg-prep synth                                         of drawn shapes, to try things out"
    )


def not_a_dataset(folder: Path) -> SegError:
    """The folder that was named is none; for a folder of photos, how to make one of it."""
    if folder.is_file():
        return SegError(f"{folder}: a file, not a folder; name the folder of a dataset, or make one: {_WAYS}")
    if not folder.is_dir():
        return SegError(f"{folder}: no such folder; name a dataset, or make one: {_WAYS}")
    if (folder.parent / INDEX).is_file():
        return SegError(f"{folder}: a folder inside a dataset; name the dataset itself: {folder.parent}")
    if os.path.lexists(folder / INDEX):
        return SegError(
            f"{folder / INDEX}: no file, but a folder, a link that leads nowhere or the like; move it away, and put "
            "the table there that was"
        )
    if photos := _count_photos(folder):
        return SegError(
            f"{folder}: holds {counted(photos, 'photo')}, but is no dataset yet. Make one of them, then label it:\n"
            f"{_how_to_begin(folder)}"
        )
    return SegError(
        f"{folder}: not a dataset (no {INDEX} in it); "
        "'seg-prep resize -h' and 'seg-prep masks convert -h' show how to make one"
    )


def no_masks(folder: Path) -> SegError:
    """No image of this dataset is labelled."""
    return SegError(
        f"{folder}: no sample has a mask yet; bring masks in with 'seg-prep masks convert', "
        "or draw them with 'seg-prep annotate'"
    )


def _count_photos(folder: Path) -> int:
    return sum(path.suffix.lower() in IMAGE_SUFFIXES for path in folder.iterdir())


def _how_to_begin(folder: Path) -> str:
    name = folder.resolve().name
    target = Path("..", f"{name}-labelled") if folder.resolve() == Path.cwd() else Path("datasets", name)
    quoted = shlex.quote(target.as_posix())
    return f"  seg-prep resize {shlex.quote(folder.as_posix())} -o {quoted} --size {SIZE}\n  seg-prep annotate {quoted}"
