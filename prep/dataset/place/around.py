"""The dataset that a folder is a part of, as images/ and masks/ are."""

import os
from pathlib import Path

from prep.dataset.dataset_files import IMAGES, INDEX, LABELS, MASKS, PATCHES, PHOTOS

_PARTS = {IMAGES, MASKS, PATCHES, PHOTOS, LABELS}


def dataset_around(folder: Path) -> Path:
    """The dataset in whose images/, masks/, patches/, photos/ or labels/ a folder lies; else the folder itself.

    A set of patches has an index.csv, too, and is no dataset; any other folder with one is a dataset of its own.
    """
    here = folder.resolve()
    if (here / INDEX).exists() and here.parent.name != PATCHES:
        return folder
    for root in here.parents:
        if here.relative_to(root).parts[0] in _PARTS and (root / INDEX).is_file():
            return root if folder.is_absolute() else Path(os.path.relpath(root))
    return folder
