"""LabelMe's labelme_json_to_dataset: a folder for each photo, with label.png and its own list label_names.txt.

Source of the layout: https://github.com/wkentaro/labelme (cli/export_json.py). The same number means another class in
each folder, so that names decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from prep.core.errors import SegError
from prep.core.files import read_bytes, within_limits
from prep.core.words import counted
from prep.images.finding import FoundFile
from prep.labels.archive import label_bytes
from prep.labels.contents import Contents
from prep.labels.formats import LIKELY, NO, FileFormat
from prep.labels.labelio import decode_label_ids
from prep.labels.left_out import LeftOut
from prep.labels.reader import Codes, LabelSource, RawLabel
from prep.labels.region_labels import BACKGROUND, UNCOVERED, RegionCodes, class_names, code_of, plain_name
from prep.labels.text_files import decode_text

_MASK, _NAMES, _PHOTO = "label.png", "label_names.txt", "img.png"
_OLDER = "info.yaml"
"""Earlier versions of LabelMe wrote the names into this file (label_names: [_background_, cat])."""

_IGNORED = 255
_SUFFIX = "_json"


@dataclass(frozen=True)
class LabelmeFolderReader(RegionCodes):
    """Each number by the name that the list in its folder gives it."""

    name = "labelme-folders"

    def read(self, label: RawLabel) -> Codes:
        """(H, W) codes; SegError if a number is not in the list."""
        ids = decode_label_ids(label.path, label_bytes(label))
        table = np.array([_code(name, label.names) for name in _names_in(label.path.parent)] or [0], np.uint8)
        known = ids != _IGNORED
        if int(ids[known].max(initial=0)) >= len(table):
            raise SegError(
                f"{label.path}: holds the number {int(ids[known].max())}, and {_NAMES} beside it has "
                f"{counted(len(table), 'name')}; convert the JSON files of LabelMe instead"
            )
        return np.where(known, table[np.where(known, ids, 0)], np.uint8(_IGNORED))


def _code(name: str, names: Sequence[str]) -> int:
    return UNCOVERED if plain_name(name) == BACKGROUND else code_of(name, names)


def _names_in(folder: Path) -> list[str]:
    path, older = folder / _NAMES, folder / _OLDER
    if path.is_file():
        lines = decode_text(path, read_bytes(path)).splitlines()
        return [line.strip() for line in lines if line.strip()]
    if older.is_file():
        return _names_of_older(older)
    raise SegError(f"{path}: is not there, and says which number of {_MASK} is which class; export this photo again")


def _names_of_older(path: Path) -> list[str]:
    import yaml

    with within_limits(path):
        try:
            content = yaml.safe_load(decode_text(path, read_bytes(path)))
        except (yaml.YAMLError, ValueError) as error:
            raise SegError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    names = content.get("label_names") if isinstance(content, dict) else None
    if not isinstance(names, list):
        raise SegError(f"{path}: says no label_names; export this photo again")
    return [str(name).strip() for name in names]


def _folders(contents: Contents) -> list[Path]:
    """Folders with a mask, if some have a list of names: the others have lost theirs."""
    masks = {file.path.parent for file in contents.named(_MASK)}
    lists = {file.path.parent for name in (_NAMES, _OLDER) for file in contents.named(name)}
    return sorted(masks) if masks & lists else []


def _recognised(contents: Contents) -> float:
    return LIKELY if contents.is_folder and _folders(contents) else NO


def _opened(contents: Contents, variable: str) -> LabelSource:
    left_out = LeftOut()
    listed: dict[str, None] = {}
    folders = []
    for folder in _folders(contents):
        with left_out.leaving_out(FoundFile(folder / _NAMES, f"{_stem(folder)}.x"), "LabelMe"):
            listed |= dict.fromkeys(_names_in(folder))
            folders.append(folder)
    names = tuple(name for name in class_names(contents.source, list(listed)) if name != BACKGROUND)
    labels = [RawLabel(folder / _MASK, _stem(folder), names=names) for folder in folders]
    if len({label.stem for label in labels}) < len(labels):  # of several batches
        labels = [
            replace(label, stem="_".join(label.path.parent.relative_to(contents.source).parts)) for label in labels
        ]
    photos = {label.stem: label.path.with_name(_PHOTO) for label in labels if label.path.with_name(_PHOTO).is_file()}
    named = len(photos) == len(labels)
    return LabelSource(
        LabelmeFolderReader.name,
        tuple(labels),
        photos=photos,
        names_photos=named,
        names=names,
        damaged=left_out.damaged,
    )


def _stem(folder: Path) -> str:
    return folder.absolute().name.removesuffix(_SUFFIX)


FORMAT = FileFormat(
    "labelme-folders",
    "LabelMe's labelme_json_to_dataset",
    _recognised,
    _opened,
    (LabelmeFolderReader(),),
    rules="Each folder has its own label_names.txt (of earlier versions info.yaml), in which the same number may be "
    "another class: names decide. A folder without one is left out and listed.",
)
