"""What to type where there is no dataset yet, no such sample, or nothing in it to train on."""

import os
import shlex
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from prep.core.arguments import shown_value
from prep.core.errors import SegError
from prep.core.files import open_to_read
from prep.core.words import counted
from prep.dataset.dataset_files import INDEX, PATCH_SETTINGS
from prep.dataset.place.around import dataset_around
from prep.images.imageio import IMAGE_SUFFIXES

SIZE = 1024
"""Long side, in pixels, that a first try with photos is told to take."""

_OF_PATCHES = b"patch,"
"""How the index of a set of patches begins."""

_WAYS = (
    f"of photos with 'seg-prep resize photos/ -o datasets/NAME --size {SIZE}', of labels with "
    "'seg-prep masks convert labels/ -o datasets/NAME'"
)


PACK_INDEX = "index.parquet"
"""Of a packed dataset, beside the folder of its shards."""

SHARDS_SOURCE = "shards/source.json"
"""In the small dataset of a packed one: the URL of the shards, where its training samples are."""


def how_to_mend(root: Path) -> str:
    """What to do about files of a dataset that cannot be read, where a job does not go without them."""
    if (root / SHARDS_SOURCE).is_file():
        return (
            f"The training samples of {root} lie in the shards of {root / SHARDS_SOURCE}; 'seg-prep unpack' "
            "brings the whole dataset into another folder"
        )
    return f"Mend or replace these files, or delete the lines of their samples in {root / INDEX}"


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


def is_patch_set(folder: Path) -> bool:
    """Whether the folder is a set of patches, whose index.csv is of patches, and not of samples."""
    if not ((folder / PATCH_SETTINGS).is_file() and (folder / INDEX).is_file()):
        return False
    with open_to_read(folder / INDEX) as table:
        return table.read(len(_OF_PATCHES)) == _OF_PATCHES


def not_a_dataset(folder: Path) -> SegError:
    """The folder that was named is none; for a folder of photos, how to make one of it."""
    if folder.is_file():
        return SegError(f"{folder}: a file, not a folder; name the folder of a dataset, or make one: {_WAYS}")
    if not folder.is_dir():
        return SegError(f"{folder}: no such folder; name a dataset, or make one: {_WAYS}")
    if is_packed_folder(folder):
        name = shlex.quote(folder.as_posix())
        whole = shlex.quote(f"datasets/{folder.resolve().name}")
        return SegError(
            f"{folder}: a packed dataset; 'seg-prep unpack {name} -o {whole}' brings it back: name that folder"
        )
    root = dataset_around(folder)
    if is_patch_set(folder):
        named = f": {root}" if root != folder else ""
        return SegError(f"{folder}: a set of patches, and no dataset; name the dataset that they were cut from{named}")
    if root == folder and (folder.resolve().parent / INDEX).is_file():
        root = folder.parent if folder.name else Path("..")
    if root != folder:
        return SegError(f"{folder}: a folder inside a dataset; name the dataset itself: {root}")
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
        f"{folder}: not a dataset (no {INDEX} in it); 'seg-prep resize -h' shows how to make one of photos, in which "
        "'seg-prep annotate' draws masks, and 'seg-prep masks convert -h' how to make one of labels"
    )


def is_packed_folder(folder: Path) -> bool:
    """Whether it holds what 'seg-prep pack' writes: an index, and shards in a folder beside it."""
    return (folder / PACK_INDEX).is_file() and any(folder.glob("data-*/*.tar"))


def no_such_stem(folder: Path, stem: str, stems: Sequence[str]) -> SegError:
    """No sample has the stem that was asked for; the one that is most like it is told."""
    near = get_close_matches(stem, stems, n=1)
    meant = f"; did you mean {near[0]!r}?" if near else f"; list(ds) shows its {len(stems)}"
    return SegError(f"{folder}: no sample has the stem {stem!r}{meant}")


def no_key(folder: Path, key: object) -> SegError:
    """What was asked for is neither a stem nor a number."""
    return SegError(
        f"{folder}: samples have stems, as ds['IMG_0042'], and numbers from 0, as ds[0] and ds[:3]; {shown_value(key)} "
        "is neither"
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
