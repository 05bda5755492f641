"""Masks as image files of any layout: colours, or ids as grey values or palette indices."""

import hashlib
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from prep.core.classes import IGNORE_INDEX, ClassMap
from prep.core.errors import SegError
from prep.core.failures import refused
from prep.core.folder_names import names_labels
from prep.core.words import lines
from prep.images.finding import FoundFile, photos_beside, refuse_equal_stems, with_pages
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.archive import label_bytes
from prep.labels.contents import Contents
from prep.labels.formats import NO, PERHAPS, FileFormat
from prep.labels.labelio import (
    LabelKind,
    as_colors,
    label_kind,
    label_kind_and_palette,
    label_pixel_strips,
)
from prep.labels.layouts.class_endings import may_be_class_endings
from prep.labels.layouts.division import Division, divide, refuse_several_sets
from prep.labels.layouts.known_sets import folders_of_areas, guess_of
from prep.labels.layouts.looks import is_photo, proposals
from prep.labels.layouts.splits import splits_of
from prep.labels.pixels.ids import INSTANCES, IdReader
from prep.labels.pixels.object_ids import OF_CELLPOSE, ObjectIdReader, numbers_objects, object_class
from prep.labels.pixels.palettes import first_colors, palettes_agree, show_one_color
from prep.labels.pixels.rgb import RgbReader, opaque_from
from prep.labels.reader import UNKNOWN, LabelReader, LabelSource, Lookup, RawLabel, array_strips, code_strips
from prep.labels.region_labels import BACKGROUND, plain_name

_LOOKED_AT = 5
"""Files that are read to decide; the decision is the same for all files."""

_BLENDS = 3
"""So many values between black and white are blended edges rather than slips."""

_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)


def image_labels(contents: Contents) -> tuple[RawLabel, ...]:
    """All image files that are no photos."""
    if contents.is_zip:
        return tuple(RawLabel(contents.source, file.stem, file.name) for file in division_of(contents).masks)
    return tuple(RawLabel(file.at, file.stem, page=file.page) for file in with_pages(division_of(contents).masks))


def holds_only_masks(contents: Contents, class_files: Collection[str]) -> bool:
    """Whether all files are masks, or class maps by their names: nothing that has to lie beside another file.

    Where names leave open that some are photos (x.jpg and x_road.png, a/image.png and a/road.png), only a look at the
    files tells, and they have to be files for that.
    """
    rest = [file for file in contents.files if file.path.name.lower() not in class_files]
    return bool(rest) and len(division_of(contents).masks) == len(rest) and not may_be_class_endings(rest)


def division_of(contents: Contents) -> Division:
    """The image files of a folder, divided into photos and masks."""
    return contents.once(_divided)


def are_told(contents: Contents) -> bool:
    """Whether names tell which images are photos and which are masks, or that there are masks."""
    division = division_of(contents)
    return bool(division.photos and division.masks) or any(map(_in_label_folder, division.masks))


def _in_label_folder(file: FoundFile) -> bool:
    return any(names_labels(part) or "mask" in part.lower() for part in file.name.split("/")[:-1])


def _divided(contents: Contents) -> Division:
    return divide(contents.of_suffix(*IMAGE_SUFFIXES), contents.patterns)


def _recognised(contents: Contents) -> float:
    return PERHAPS if division_of(contents).masks else NO


def _opened(contents: Contents, variable: str) -> LabelSource:
    division = division_of(contents)
    if not (division.photos or contents.photos or contents.is_zip or photos_beside(contents.source)):
        _refuse_photos(contents, division)
    labels = image_labels(contents)
    refuse_several_sets(contents.source, division)
    refuse_equal_stems(division.photos)
    photos = {} if contents.is_zip else {file.stem: file.path for file in division.photos}
    found = LabelSource(
        "",
        labels,
        photos=photos,
        splits=splits_of({file.stem: file.name for file in with_pages(division.masks)}),
        notes=(*division.notes, *_on_areas(contents)),
        guess=guess_of(division.masks),
    )
    if not numbers_objects(labels) or contents.reader in (RgbReader.name, IdReader.name):
        return found
    return replace(found, reader=ObjectIdReader.name, notes=(*found.notes, OF_CELLPOSE), guess=object_class())


def _on_areas(contents: Contents) -> tuple[str, ...]:
    """A note on files that say where somebody labelled, beside the folder of masks of one class."""
    areas = folders_of_areas(contents.source) if contents.is_folder else []
    if not areas:
        return ()
    return (
        f"{areas[0]} and {areas[1]} say which pixels are good; the others are not ignored here, but where "
        f"{contents.source.absolute().parent} is converted",
    )


def _refuse_photos(contents: Contents, division: Division) -> None:
    """SegError if what would be read as masks are photos: of labels beside them, which no format reads."""
    step = max(1, len(division.masks) // _LOOKED_AT)
    starts = [
        place + turn for turn, place in enumerate(range(0, len(division.masks), step))
    ]  # not each n-th name alone
    some = [file for start in starts for file in division.masks[start : start + 2]]
    if not contents.is_folder or not all(is_photo(file.path) for file in some):
        return
    if contents.damaged_json and contents.owned_json is not None:
        raise refused(list(contents.damaged_json.values()))
    ways = [way for way in proposals(contents.source, contents.of_suffix(*IMAGE_SUFFIXES)) if way.startswith("--match")]
    if ways:
        raise SegError(
            f"{contents.source}: several images of each folder may be the photo. As they look, add{lines(ways)}"
        )
    raise SegError(
        f"{contents.source}: the images here are photos, and no labels of a format that is read lie beside them: found "
        f"{contents.counts()}. 'seg-prep masks inspect --formats' lists what is read; export the labels as one of "
        "these, for example as COCO JSON or as PNG masks. No labels yet? Bring the photos in with 'seg-prep resize', "
        "and draw masks with 'seg-prep annotate'"
    )


FORMAT = FileFormat(
    "images",
    "masks as image files",
    _recognised,
    _opened,
    (RgbReader(), IdReader(), *INSTANCES),
    rules="Photos and masks are told apart by their folders (images and masks, leftImg8bit and gtFine, img_dir and "
    "ann_dir, train_images and train_segmentations, ...), or in one folder by a word that is added to a name (x_mask, "
    "x_L), and they pair by name; folders of train, val and test are splits. Where photos were divided anew after "
    "their masks were drawn, names that stand once, and are no mere numbers, pair them, and the photos' splits count. "
    "Of Cityscapes' masks labelIds are taken, of PixelAnnotationTool's the watershed; of other kinds --match says "
    "which. Whole numbers up to 65535 are read exactly, whatever their type (16, 32, 64 bits, floating point); others "
    "are refused with the number; numbers that hold the class and the object (class x 1000 or x 256 + number) by "
    "--from ids-1000 and ids-256. What is transparent, or more so than half where not all of a file is (an overlay), "
    "has no colour. Pages of a TIFF are masks of their own and pair page by page; of GIF files those with one frame "
    "are read.",
    writes=True,
)


def choose_reader(
    labels: Sequence[RawLabel], classes: ClassMap | None, *, has_colors: bool = True, has_ids: bool = True
) -> LabelReader:
    """Choose by the kind of the files; where grey or palette files allow both, by which one the classes explain.

    A file of greys 0 and 255 can hold ids or the colours black and white, and a palette file its indices or
    its colours: the reading that leaves fewer pixels unknown wins, then colours for palette, and for grey the one that
    puts more of them into classes, then ids. Greys between black and white, which blurred edges and JPEG leave, are
    colours where white is a class. Where the indices of palettes mean different colours from file to file, they are
    no ids. has_colors, has_ids: whether the classes state their colours and ids. If not their colours, grey files hold
    ids, also those with three equal channels; if not their ids, and one of their colours is there, the files hold
    colours: the rows are in an order of their own. Of files with three equal channels and a list with both, ids are
    taken if they explain more. Damaged files say nothing; SegError if all are.
    """
    labels, kinds, palettes = _readable(labels)
    some = labels[:: max(1, len(labels) // _LOOKED_AT)]
    if classes is not None and not has_colors:
        holds_ids = partial(_holds_ids, background=_id_of_background(classes))
        return IdReader() if all(map(holds_ids, some)) and palettes_agree(palettes) else RgbReader()
    if "color" in kinds:
        are_ids = classes is not None and has_ids and all(map(_holds_ids, some)) and _are_rather_ids(classes, some)
        return IdReader() if are_ids else RgbReader()
    preferred: tuple[LabelReader, LabelReader] = (IdReader(), RgbReader())
    if kinds == {"palette"} and show_one_color([*some, *palettes]):
        return preferred[0]
    if "palette" in kinds:
        preferred = (RgbReader(), IdReader())
    if classes is None:
        return preferred[0]
    if _is_blurred_black_and_white(classes, some):
        return RgbReader()
    if not has_ids and _shows_colors(classes, some, has_palette="palette" in kinds):
        return RgbReader()
    explained = [_explained(reader, classes, some) for reader in preferred]
    if "palette" in kinds and (explained[0][0] == explained[1][0] or not palettes_agree(palettes)):
        return preferred[0]  # indices follow the order in which a program met the colours
    return preferred[explained.index(max(explained))]


def _readable(labels: Sequence[RawLabel]) -> tuple[list[RawLabel], set[LabelKind], list[RawLabel]]:
    """The labels whose headers can be read, their kinds, one of each palette; SegError if no header can be read."""
    found: list[RawLabel] = []
    kinds: set[LabelKind] = set()
    palettes: dict[bytes, RawLabel] = {}
    damaged: SegError | None = None
    for label in labels:
        try:
            kind, palette = label_kind_and_palette(Path(label.name), label_bytes(label))
        except SegError as error:  # converting it will say what is wrong with it
            damaged = damaged or error
            continue
        found.append(label)
        kinds.add(kind)
        if kind == "palette":
            palettes.setdefault(hashlib.sha256(palette).digest(), label)
    if damaged and not found:
        raise damaged
    return found, kinds, list(palettes.values())


def _shows_colors(classes: ClassMap, labels: Sequence[RawLabel], *, has_palette: bool) -> bool:
    """Whether a colour of the classes other than black is in the labels, and not as the id of one of their rows."""
    colors = {int.from_bytes(bytes(color), "little") for color in (*classes.index_of_color(), *classes.ignored)} - {0}
    held, ids = set[int](), set[int]()
    for label in labels:
        with suppress(SegError):  # a damaged file shows nothing; converting it will say what is wrong with it
            held |= {int(code) for codes in code_strips(RgbReader(), label) for code in np.unique(codes)}
            ids |= {int(code) for codes in code_strips(IdReader(), label) for code in np.unique(codes)}
    return bool(colors & held) and (has_palette or not (ids & classes.index_of_id().keys()) - {0})


def _are_rather_ids(classes: ClassMap, labels: Sequence[RawLabel]) -> bool:
    """Whether ids explain more of files with three equal channels than colours do."""
    return _explained(IdReader(), classes, labels)[0] > _explained(RgbReader(), classes, labels)[0]


def _id_of_background(classes: ClassMap) -> int | None:
    """The id of the class background, None without one."""
    ids = classes.index_of_id()
    return next((raw for raw, index in ids.items() if plain_name(classes.names[index]).lower() == BACKGROUND), None)


def _holds_ids(label: RawLabel, background: int | None = None) -> bool:
    """Whether a file holds greys, or a palette whose indices do not say the opposite of what one sees.

    Of one whose first colour is white and another one black, or whose black is another class than `background` (an
    id) while that has a colour, only a table of colours tells the meaning: its program numbered colours as they came.
    """
    path, data = Path(label.name), label_bytes(label)
    kind = label_kind(path, data)
    if kind == "grey":
        return True
    try:
        if kind == "color":
            return _are_opaque_greys(path, data)
        seen = list((colors := first_colors(path, data)).values())
    except SegError:
        return True  # converting it will say what is wrong with it
    if {*seen} == {_BLACK, _WHITE}:
        return seen[0] == _BLACK
    return background not in colors or _BLACK not in seen or colors[background] == _BLACK


def _are_opaque_greys(path: Path, data: bytes) -> bool:
    limit = 0
    for pixels in label_pixel_strips(path, data):
        for rows in array_strips(pixels):
            colors, alpha = as_colors(pixels[rows])
            if (colors != colors[..., :1]).any():
                return False
            if alpha is not None:
                limit = limit or opaque_from(path, data)
                if alpha.min() < limit:
                    return False
    return True


def _is_blurred_black_and_white(classes: ClassMap, labels: Sequence[RawLabel]) -> bool:
    """Whether black and white are classes, 255 is none, and values near 255 that are no ids lie beside it."""
    colors = classes.index_of_color()
    if not {_BLACK, _WHITE} <= colors.keys() or IGNORE_INDEX in classes.index_of_id():
        return False
    unknown: set[int] = set()
    known = {IGNORE_INDEX, *classes.index_of_id(), *classes.ignored_ids}
    for label in labels:
        try:
            for codes in code_strips(IdReader(), label):
                unknown |= set(np.unique(codes).tolist()) - known
        except SegError:
            continue
    return len(unknown) >= _BLENDS and any(IGNORE_INDEX // 2 < code < IGNORE_INDEX for code in unknown)


def _explained(reader: LabelReader, classes: ClassMap, labels: Sequence[RawLabel]) -> tuple[int, int]:
    """Count the pixels that this reading explains (as a class or as ignored), and those that it puts into a class."""
    lookup = Lookup(reader.size, reader.table(classes))
    explained, in_classes = 0, 0
    for label in labels:
        try:
            for codes in code_strips(reader, label):
                mask = lookup(codes)
                known = int(np.count_nonzero(mask != UNKNOWN))
                explained += known
                in_classes += known - int(np.count_nonzero(mask == IGNORE_INDEX))
        except SegError:  # a damaged file explains nothing; converting it will say what is wrong with it
            continue
    return explained, in_classes
