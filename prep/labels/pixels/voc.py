"""CVAT's "segmentation mask 1.1" and Pascal VOC: a folder or a zip file with SegmentationClass/ in it.

Source of the layout: https://docs.cvat.ai/docs/manual/advanced/formats/format-smask/ and the VOC development kit.
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from prep.core.classes import ClassMap
from prep.images.finding import FoundFile, find_files
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.archive import is_zip, member_names
from prep.labels.class_files import only_inside
from prep.labels.contents import Contents
from prep.labels.formats import LIKELY, NO, FileFormat
from prep.labels.reader import LabelSource, RawLabel

_MASKS, _PHOTOS = "SegmentationClass", "JPEGImages"
_PNG_MASKS = "SegmentationClassPNG"
"""Of LabelMe's labelme2voc, whose SegmentationClass holds NumPy files."""

_VOC_NAMES = (
    *("background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *("diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"),
)
_GUESSED = (
    "no class map lies beside these masks: the names are Pascal VOC's 21, a guess; if yours are others, name "
    "them with --classes"
)
_VOC_BORDER = (224, 224, 192)


def voc_source(path: Path) -> LabelSource | None:
    """List the masks of such a folder or zip file; None if there is no SegmentationClass in it.

    Classes are not read here: labelmap.txt, class_names.txt and the like are found beside the masks as with any
    folder. For masks that have none, VOC's own 21 classes are the guess.
    """
    if is_zip(path):
        names = member_names(path)
        if any(_PHOTOS in PurePosixPath(name).parts for name in names):
            return None  # photos have to be files
        members = [name for name in names if _is_mask(name)]
        labels = [RawLabel(path, FoundFile(path, _below_masks(name)).stem, name) for name in sorted(members)]
        return LabelSource("", tuple(labels)) if labels else None
    inner = [path, *only_inside(path)]  # VOCdevkit/ holds VOC2012/ and nothing else
    places = [place for each in inner for place in (each, each / _MASKS, each / _PNG_MASKS)]
    folders = [folder for folder in places if folder.name in (_MASKS, _PNG_MASKS) and folder.is_dir()]
    held = [(folder, files) for folder in folders if (files := find_files(folder))]
    if not held:
        return None
    labels = [RawLabel(file.path, file.stem) for file in held[0][1]]
    photos = held[0][0].parent / _PHOTOS
    if not photos.is_dir() and _lies_beside_labels(held[0][0].parent, labels):
        return None
    found = {file.stem: file.path for file in find_files(photos)} if photos.is_dir() else {}
    named = found.keys() & {label.stem for label in labels}
    return LabelSource(
        "",
        tuple(labels),
        photos={stem: found[stem] for stem in sorted(named)},
        guess=(_voc_classes(), _GUESSED) if named else None,
    )


def _lies_beside_labels(folder: Path, labels: Sequence[RawLabel]) -> bool:
    """Whether the photos of these masks, or LabelMe's files of them, lie in the folder that holds theirs, as in any."""
    beside = {path.stem for path in folder.iterdir() if path.suffix.lower() in {*IMAGE_SUFFIXES, ".json"}}
    return any(label.stem in beside for label in labels)


def _voc_classes() -> ClassMap:
    """The 21 classes of Pascal VOC in its colours; the border is ignored."""
    colors = [_voc_color(index) for index in range(len(_VOC_NAMES))]
    return ClassMap(_VOC_NAMES, tuple(colors), ignored=(_VOC_BORDER,))


def _voc_color(index: int) -> tuple[int, int, int]:
    """Spread the bits of the index over the channels, highest first, as the kit's VOClabelcolormap does."""
    channels = [0, 0, 0]
    for step in range(8):
        for channel in range(3):
            channels[channel] |= (index >> (3 * step + channel) & 1) << (7 - step)
    return channels[0], channels[1], channels[2]


def _is_mask(member: str) -> bool:
    inner = PurePosixPath(member)
    return _MASKS in inner.parent.parts and inner.suffix.lower() in IMAGE_SUFFIXES and not inner.name.startswith(".")


def _below_masks(member: str) -> str:
    """The part of a member's path below SegmentationClass/."""
    parts = PurePosixPath(member).parts
    return "/".join(parts[parts.index(_MASKS) + 1 :])


def _recognised(contents: Contents) -> float:
    return LIKELY + 0.15 if voc_source(contents.source) is not None else NO


def _opened(contents: Contents, variable: str) -> LabelSource:
    found = voc_source(contents.source)
    assert found is not None, "opened only where it was recognised"
    return found


FORMAT = FileFormat(
    "voc", "Pascal VOC, and CVAT's Segmentation mask 1.1", _recognised, _opened, writes=True, in_zip=True
)
