"""Splits that labels came divided into, by the names of their folders and files."""

import re
from pathlib import PurePosixPath

_SPLIT = re.compile(r"(?<![a-z])(train|training|val|valid|validation|test|testing)(?![a-z])")
_NAMES = {"training": "train", "valid": "val", "validation": "val", "testing": "test"}


def split_of(name: str) -> str:
    """The split that a path says: that of the nearest folder, or of the file's own name (instances_train2017.json).

    Empty where none is said.
    """
    for part in reversed(PurePosixPath(name.lower()).parts):
        if found := _SPLIT.search(part):
            return _NAMES.get(found[1], found[1])
    return ""
