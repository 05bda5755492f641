"""Classes of well-known sets, by the names of their masks: a guess of last resort, where nothing beside them says more.

And the folders of Agriculture-Vision that say where somebody labelled.

Sources: cityscapesScripts (labels.py), the pages of the Oxford-IIIT Pet Dataset, LoveDA and ISPRS' semantic labelling,
the documentation of BDD100K, of KITTI and of CelebAMask-HQ.
"""

import itertools
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path, PurePosixPath

from prep.core.classes import ClassMap, distinct_color
from prep.core.folder_names import names_labels
from prep.images.finding import FoundFile, find_files

_CITYSCAPES = (
    *(("road", 7, (128, 64, 128)), ("sidewalk", 8, (244, 35, 232)), ("building", 11, (70, 70, 70))),
    *(("wall", 12, (102, 102, 156)), ("fence", 13, (190, 153, 153)), ("pole", 17, (153, 153, 153))),
    *(("traffic light", 19, (250, 170, 30)), ("traffic sign", 20, (220, 220, 0)), ("vegetation", 21, (107, 142, 35))),
    *(("terrain", 22, (152, 251, 152)), ("sky", 23, (70, 130, 180)), ("person", 24, (220, 20, 60))),
    *(("rider", 25, (255, 0, 0)), ("car", 26, (0, 0, 142)), ("truck", 27, (0, 0, 70))),
    *(("bus", 28, (0, 60, 100)), ("train", 31, (0, 80, 100)), ("motorcycle", 32, (0, 0, 230))),
    ("bicycle", 33, (119, 11, 32)),
)
_ISPRS = (
    *(("impervious surface", (255, 255, 255)), ("building", (0, 0, 255)), ("low vegetation", (0, 255, 255))),
    *(("tree", (0, 255, 0)), ("car", (255, 255, 0)), ("clutter", (255, 0, 0))),
)
_LOVEDA = ("background", "building", "road", "water", "barren", "forest", "agriculture")
_AREAS = ("boundaries", "masks")
_PETS = ("pet", "background", "border")
_FACES = (
    *("skin", "nose", "eye_g", "l_eye", "r_eye", "l_brow", "r_brow", "l_ear", "r_ear", "mouth", "u_lip", "l_lip"),
    *("hair", "hat", "ear_r", "neck_l", "neck", "cloth"),
)
"""CelebAMask-HQ's parts of faces, as its g_mask.py paints them: skin lies below all others."""
_LOOKED_AT = 8
"""Masks of several kinds stand side by side: color, instanceIds, labelIds."""
_CITYSCAPES_IDS = re.compile(r"_gt(Fine|Coarse)_labelIds$")
_CITYSCAPES_TRAIN_IDS = re.compile(r"_gt(Fine|Coarse)_(label)?TrainIds$", re.IGNORECASE)
"""With gtFine: mmsegmentation writes labelTrainIds of its own for other sets."""
_KITTI = re.compile(r"\d{6}_10")
_PLACES = frozenset({"urban", "rural"})


def guess_of(masks: Sequence[FoundFile]) -> tuple[ClassMap, str] | None:
    """The classes of the set that masks with such names are of, and the note that they are a guess."""
    found = next(filter(None, (_by_name(PurePosixPath(mask.path.as_posix())) for mask in masks[:_LOOKED_AT])), None)
    if found is None:
        return None
    tool, classes = found
    note = f"no class map lies beside these masks: the classes are those of {tool}, by the names of the files; if they "
    return classes, f"{note}are others, name them with --classes"


def ordered(names: Collection[str]) -> list[str]:
    """Names of classes in the order in which their masks are painted: that of a set which has one, else by name."""
    faces = "skin" in names and set(names) <= set(_FACES)
    return sorted(names, key=_FACES.index if faces else None)


def _by_name(path: PurePosixPath) -> tuple[str, ClassMap] | None:
    stem, folders = path.stem.lower(), {part.lower() for part in path.parent.parts}
    names, numbers, colors = zip(*_CITYSCAPES, strict=True)
    rest = tuple(sorted(set(range(34)) - set(numbers)))
    if _CITYSCAPES_IDS.search(path.stem):
        return "Cityscapes (its other numbers are ignored)", ClassMap(names, colors, ids=numbers, ignored_ids=rest)
    if path.parent.name == "semantic" and _KITTI.fullmatch(stem):
        what = "KITTI, which has Cityscapes' (others are ignored)"
        return what, ClassMap(names, colors, ids=numbers, ignored_ids=rest)
    if _CITYSCAPES_TRAIN_IDS.search(path.stem):
        return "Cityscapes", ClassMap(names, colors, ids=tuple(range(len(names))))
    if stem.endswith("_train_id") or {"sem_seg", "masks"} <= folders:
        return "BDD100K", ClassMap(names, colors, ids=tuple(range(len(names))))
    if "trimaps" in folders:
        return "the Oxford pets", _numbered(_PETS)
    if "masks_png" in folders and folders & _PLACES:
        return "LoveDA (0, without data, is ignored)", _numbered(_LOVEDA, (0,))
    if stem.startswith(("top_potsdam_", "top_mosaic_09cm_")):
        return "ISPRS", ClassMap(tuple(name for name, _ in _ISPRS), tuple(color for _, color in _ISPRS))
    return None


def _numbered(names: Sequence[str], ignored: tuple[int, ...] = ()) -> ClassMap:
    """Classes counted from 1, with made-up colours."""
    colors = tuple(map(distinct_color, range(len(names))))
    return ClassMap(tuple(names), colors, ids=tuple(range(1, len(names) + 1)), ignored_ids=ignored)


def areas_among(photos: Mapping[str, FoundFile], masks: Sequence[FoundFile]) -> Mapping[str, Sequence[FoundFile]]:
    """What Agriculture-Vision has beside a folder a class: boundaries/ of the field and masks/ of the good pixels."""
    found: dict[str, list[FoundFile]] = defaultdict(list)
    for file in masks:
        if file.stem in photos and PurePosixPath(file.name).parent.name in _AREAS:
            found[file.stem].append(file)
    return found if any(len(files) == len(_AREAS) for files in found.values()) else {}


def folders_of_areas(labels: Path) -> list[Path]:
    """Folders boundaries/ and masks/ beside a folder of labels, or beside the one that a class of it lies in."""
    folder = labels.absolute()
    if names_labels(folder.parent.name) and not names_labels(folder.name):
        folder = folder.parent
    beside = [folder.parent / name for name in _AREAS]
    return beside if folder not in beside and all(each.is_dir() for each in beside) else []


def areas_in(folders: Sequence[Path], photos: Mapping[str, FoundFile]) -> Mapping[str, Sequence[FoundFile]]:
    """The files of each photo in such folders."""
    found: dict[str, list[FoundFile]] = defaultdict(list)
    for file in itertools.chain.from_iterable(map(find_files, folders)):
        if file.stem in photos:
            found[file.stem].append(file)
    return found
