"""Lists that name each image with its mask, as PaddleSeg has them: train.txt, val_list.txt with "image mask" lines.

Source of the layout: https://github.com/PaddlePaddle/PaddleSeg/blob/release/2.9/docs/data/marker/marker.md
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from prep.core.errors import SegError
from prep.core.words import counted, list_some
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.contents import Contents
from prep.labels.formats import LIKELY, NO, FileFormat
from prep.labels.layouts.affixes import relate
from prep.labels.layouts.lists import SplitList, lists_of
from prep.labels.layouts.pair_tables import JSON, SUFFIXES, colors_in, names_masks
from prep.labels.pixels.images import division_of
from prep.labels.reader import LabelSource, RawLabel
from prep.labels.rerooting import Rerooting, unique_stems
from prep.labels.shapes.photo_notes import notes_on_other_folders
from prep.labels.tables.bare_names import by_stem

_Pair = tuple[str, str]
"""The names of an image and of its mask, as a list has them."""

_ORDER = ("", "train", "val", "test")
"""Of a pair in several lists the last of these counts: what is in a test must not be trained on."""


def _recognised(contents: Contents) -> float:
    """Only where names do not pair images and masks, or tell which is which: lists may leave some out.

    A manifest of SageMaker decides always, because it says the classes, too; nothing against what a person says.
    """
    if contents.patterns is not None:
        return NO
    pairs = [line for each in lists_of(contents) for line in each.lines if line[1]]
    says_classes = any(each.path.suffix.lower() == ".manifest" for each in lists_of(contents))
    if pairs and (says_classes or not (division_of(contents).photos or contents.photos)):
        return LIKELY
    stems = [(PurePosixPath(image).stem, PurePosixPath(mask).stem) for image, mask in pairs]
    found = relate([image for image, _ in stems], [mask for _, mask in stems]).found if stems else {}
    contradict = any(mask not in found or found[mask][0] != image for image, mask in stems)
    return LIKELY if contradict and (_say_pairs(contents) or _name_what_names_do_not(contents, pairs)) else NO


def _say_pairs(contents: Contents) -> bool:
    """Whether lists are surely of pairs: those of a split, or with a column of masks, of files that are here.

    Two names of images in a line may be anything (image, neighbor).
    """
    stems = by_stem(file.name for file in contents.of_suffix(*IMAGE_SUFFIXES))
    pairs = [
        line
        for each in lists_of(contents)
        if (names_masks(each.path, stems) if each.path.suffix.lower() in SUFFIXES else each.split or _is_json(each))
        for line in each.lines
        if line[1]
    ]
    return any(_pairs_here(contents, pairs))


def _is_json(each: SplitList) -> bool:
    return each.path.suffix.lower() == JSON


def _pairs_here(contents: Contents, pairs: Sequence[_Pair]) -> Iterator[Path]:
    """The masks of pairs of files in the folder, of which not both are photos, or both masks."""
    root, division = Rerooting(contents.source), division_of(contents)
    photos = {file.path for file in division.photos}
    masks = {file.path for file in division.masks} if photos else set()
    for named, other in pairs:
        image, mask = root.find(named), root.find(other)
        if image and mask and image not in masks and mask not in photos:
            yield mask


def _name_what_names_do_not(contents: Contents, pairs: Sequence[_Pair]) -> bool:
    """Whether a list pairs masks whose names do not hold those of their photos; else it is an old one, or of others.

    Of names that have a number in common (i1, m1) it pairs all, or is asked about.
    """
    division = division_of(contents)
    relation = relate([file.stem for file in division.photos], [file.stem for file in division.masks])
    if relation.alone:
        return True
    if all(photo == "{}" for _, (photo, _) in relation.found.values()):
        return False
    return {file.path for file in division.masks} <= set(_pairs_here(contents, pairs))


def _opened(contents: Contents, variable: str) -> LabelSource:
    """Each pair once; images without a mask, of a test as a rule, are left out."""
    splits: dict[_Pair, str] = {}
    lists: dict[_Pair, Path] = {}
    twice: list[_Pair] = []
    root = Rerooting(contents.source)
    for each in sorted(lists_of(contents), key=lambda each: _ORDER.index(each.split)):
        for pair in (_seen_from(root, contents.source, each, line) for line in each.lines if line[1]):
            twice += [pair] if splits.get(pair, each.split) not in ("", each.split) else []
            splits[pair], lists[pair] = each.split, each.path
    photos = dict(zip(splits, root.find_all([image for image, _ in splits]), strict=True))
    notes = [*notes_on_other_folders([root], found=True)]
    masks = dict(zip(splits, root.find_all([mask for _, mask in splits]), strict=True))
    named = sorted(splits, key=lambda pair: -_ORDER.index(splits[pair]))
    there = _once([pair for pair in named if masks[pair] and photos[pair]], photos, masks, lists)
    if not there:
        raise SegError(
            f"{lists_of(contents)[0].path}: none of the {counted(len(splits), 'pair')} that it names is below "
            f"{contents.source}; name the folder that the paths of the list begin in"
        )
    stems = dict(zip(there, unique_stems([image for image, _ in there]), strict=True))
    found = {pair: (stem, masks[pair], photos[pair]) for pair, stem in stems.items()}
    notes += [f"pairs are from {list_some(sorted({each.path.name for each in lists_of(contents)}))}"]
    used = {*filter(None, masks.values()), *filter(None, photos.values())}
    others = [file.name for file in contents.of_suffix(*IMAGE_SUFFIXES) if file.path not in used]
    notes += [f"in no list, and left out: {counted(len(others), 'image')} ({list_some(others)})"] if others else []
    without = sum(not mask for each in lists_of(contents) for _, mask in each.lines)
    notes += [f"images that the lists name without a mask left out: {without}"] if without else []
    several = [stems[pair] for pair in dict.fromkeys(twice) if pair in stems]
    notes += [f"in lists of several splits, and put into the last of them: {list_some(several)}"] if several else []
    return LabelSource(
        "",
        tuple(RawLabel(mask, stem) for stem, mask, _ in found.values() if mask),
        classes=next(filter(None, (colors_in(each.path) for each in lists_of(contents))), None),
        photos={stem: photo for stem, _, photo in found.values() if photo},
        names_photos=True,
        missing=tuple(" ".join(pair) for pair in splits if not (masks[pair] and photos[pair])),
        notes=tuple(notes),
        splits={stems[pair]: split for pair, split in splits.items() if pair in stems and split}
        if len(set(splits.values())) > 1
        else {},
    )


def _seen_from(root: Rerooting, source: Path, of: SplitList, pair: _Pair) -> _Pair:
    """A pair below the source where both files lie as seen from the folder of their list: train/pairs.json is one."""
    image, mask = (root.find_from(of.path.parent, name) for name in pair)
    below = [Path(os.path.relpath(path, source)).as_posix() for path in (image, mask) if path]
    return (below[0], below[1]) if image and mask else pair


def _once(
    pairs: Sequence[_Pair],
    photos: Mapping[_Pair, Path | None],
    masks: Mapping[_Pair, Path | None],
    lists: Mapping[_Pair, Path],
) -> list[_Pair]:
    """The pairs without those of the same two files; SegError if a photo has two masks. lists: which names each."""
    first: dict[Path | None, _Pair] = {}
    for pair in pairs:
        one = first.setdefault(photos[pair], pair)
        if masks[one] != masks[pair]:
            where = [f"{masks[each]} in {lists[each]}" for each in (one, pair)]
            way = (
                "keep one of these entries" if lists[one] == lists[pair] else "move one of the lists out of the folder"
            )
            raise SegError(f"{photos[pair]} has two masks in lists: {where[0]}, and {where[1]}; {way}")
    return list(first.values())


FORMAT = FileFormat(
    "pair-lists",
    "lists and tables of images with their masks (PaddleSeg: train.txt, val.txt; CSV; JSON and its lines)",
    _recognised,
    _opened,
    rules="Lines, or rows, name an image and its mask, below the folder of the list, in columns that say so (image, "
    "mask), whatever other columns are there (overlay, prediction); the names of the lists, or a column split (subset, "
    "set, partition, phase, fold), are the splits, as are the lists under train, val and test of a JSON file; a "
    "manifest of SageMaker says the classes. Lists of a split and columns that say mask decide, two other columns only "
    "where names pair nothing, or all have no more than a number in common; then files that no list names are left out "
    "and counted. Other tables that contradict names are refused, and --match goes before all.",
)
