"""What the name of a folder says: whether photos or labels lie in it, and of which place or split they are."""

import functools
import re
from collections.abc import Iterable, Iterator
from typing import Literal

Role = Literal["photos", "labels", ""]

_PHOTOS = frozenset({"photo", "photos", "image", "images", "img", "imgs", "picture", "pictures", "pics"})
_ORIGINALS = frozenset({"original", "originals", "org", "orig"})
_LABELS = frozenset(
    {"mask", "masks", "label", "labels", "annotation", "annotations", "annot", "annots", "anno", "ann", "anns"}
    | {
        "gt",
        "gts",
        "groundtruth",
        "groundtruths",
        "truth",
        "truths",
        "segmentation",
        "segmentations",
        "seg",
        "segs",
        "semantics",
    }
)
SPLIT_WORDS = {
    **{"train": "train", "training": "train", "tr": "train", "val": "val", "valid": "val", "validation": "val"},
    **{"test": "test", "testing": "test", "ts": "test"},
    **{"dev": "val", "eval": "test", "evaluation": "test"},
}
"""What a split is called, and which it is; tr and ts only together with another word (imagesTr)."""
_SHORT = {"tr": "train", "ts": "test"}

_FILLERS = frozenset(
    {"dir", "folder", "raw", "full", "fine", "coarse", "class", "semantic", "pixel", "data", "jpeg", "png", "ground"}
    | {"rgb", "color", "colour", "left", "bit", "prepped", "resized", "binary", "all"}
)
_WHOLE: dict[str, Role] = {
    **dict.fromkeys(("jpegimages", "rgb", "stills", "frames", "input", "inputs", "sat"), "photos"),
    **dict.fromkeys(("1st_manual", "2nd_manual", "manual1", "manual2", "lbl", "lbls"), "labels"),
    **dict.fromkeys(("semantic", "gt_image_2", "boundaries"), "labels"),
    **dict.fromkeys(("image_2", "image_02"), "photos"),  # KITTI's left colour camera
}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")
_ITEM = re.compile(r"^\d+\. ")
"""1. Original Images: a number in a list of folders."""
_GLUED = re.compile(r"(train|val|test)(annot|masks?|labels?|images?|gt)")


@functools.lru_cache(maxsize=4096)
def role_of(folder: str) -> Role:
    """What lies in a folder of this name: the photos, the labels, or nobody knows.

    Only names that say nothing else count: train_images and gtFine, but not "photos of May".
    """
    lower = folder.lower()
    if lower in _WHOLE or lower.startswith("pixellabeldata"):  # MATLAB numbers its own
        return _WHOLE.get(lower, "labels")
    words = set(_words(folder))
    said = words - _FILLERS - SPLIT_WORDS.keys() - {"8"}
    if said & _LABELS:
        return "labels" if said <= _LABELS | _PHOTOS | _ORIGINALS else ""
    return "photos" if said and said <= _PHOTOS | _ORIGINALS else ""


@functools.lru_cache(maxsize=4096)
def place_of(folder: str) -> str:
    """What a folder's name says of the place, day or split of the files in it; empty if only what they are."""
    if not role_of(folder):
        return folder
    return "_".join(_SHORT.get(word, word) for word in _words(folder) if word in SPLIT_WORDS)


def split_word(word: str) -> str:
    """The split that a word says: val of valid, Validation and valset; empty for all others."""
    lower = word.lower()
    return SPLIT_WORDS.get(lower) or SPLIT_WORDS.get(lower.removesuffix("set"), "")


def speaks_of_labels(folder: str) -> bool:
    """Whether a word of a name is about labels, whatever else it says: LabeledApproved_full, 5_Labels_all."""
    return any(map(_is_of_labels, _words(folder)))


def own_words(folder: str) -> frozenset[str]:
    """The words of a name in lower case that say neither photos nor labels: site and b of siteB_labels."""
    return frozenset(word for word in _words(folder) if not (_is_of_labels(word) or word in _PHOTOS | _ORIGINALS))


def words_of(folder: str) -> frozenset[str]:
    """The words of a name in lower case."""
    return frozenset(_words(folder))


def names_photos(folder: str) -> bool:
    """Whether a folder of this name holds photos."""
    return role_of(folder) == "photos"


def names_labels(folder: str) -> bool:
    """Whether a folder of this name holds labels."""
    return role_of(folder) == "labels"


def places_among(folders: Iterable[str]) -> list[str]:
    """The folders but those that say what lies in them: train of train/labels and images/train."""
    return [folder for folder in folders if not role_of(folder)]


def _is_of_labels(word: str) -> bool:
    return word in _LABELS or word.startswith(("label", "mask", "annotat"))


def _words(folder: str) -> Iterator[str]:
    """The words of a name in lower case: train and images of train_images, trainImages and trainimages."""
    for word in _WORD.findall(_ITEM.sub("", folder, count=1)):
        glued = _GLUED.fullmatch(word.lower())
        yield from glued.groups() if glued else (word.lower(),)
