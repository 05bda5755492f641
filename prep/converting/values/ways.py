"""What to type where values of the masks belong to no class."""

from collections.abc import Collection, Mapping
from itertools import pairwise

from prep.converting.values.spelling import on_plurals, ways_of_numbers, ways_of_spellings
from prep.converting.values.unknown import are_numbers, nearest_class
from prep.core.classes import IGNORE_INDEX, ClassMap, format_color
from prep.core.words import lines
from prep.labels.pixels.ids import instance_readers
from prep.labels.pixels.rgb import NO_COLORS
from prep.labels.reader import LabelReader
from prep.labels.region_labels import BACKGROUND, RegionCodes

_BLENDS, _STEP = 3, 8
"""So many unknown values may be those of blurred edges, between ids that lie so far apart."""

_OBJECTS = 6
"""So many numbers without gaps are rather of objects."""

_NEAR = 100
"""Colours that differ by more in RGB (0 to 441) are seldom one that slipped."""

_MANY, _SLIPPED, _MOST = 16, 40, 0.8
"""A lossy file has more colours than classes have, and most of its pixels are hardly off."""

_ON_TRANSPARENT = (
    "\nIf what is transparent is the background, call its class background in the class map, and add --unknown "
    "background"
)


def ways_of_two_kinds(
    unknown: Mapping[int, int], reader: LabelReader, classes: ClassMap, *, tinted: bool, is_said: bool
) -> str:
    """What to type where some masks seem to hold ids and others colours; empty where nothing looks so."""
    if reader.name != "rgb" or is_said or not tinted or {*unknown} == {0}:
        return ""
    if not are_numbers(unknown, len(classes)):
        return ""
    return (
        "All of them are greys below the number of classes, as ids are, and other masks hold colours. Run the command "
        "twice, with each of these: either run leaves the masks of the other kind out and names them, and adds its own "
        "to the dataset\n  --from ids\n  --from rgb"
    )


def ways_on(
    unknown: Mapping[int, int],
    reader: LabelReader,
    classes: ClassMap,
    how_to_add: str,
    *,
    tinted: bool,
    held: Collection[str],
) -> str:
    """What to type where values belong to no class.

    held: names of the classes that the masks hold; where there are none, leaving values out would leave nothing.
    """
    if reader.name == "rgb" and not tinted and are_numbers(unknown, len(classes)):
        return "All of them are greys below the number of classes, as ids are. Run the command again with\n  --from ids"
    if reader.name == "ids" and (ways := instance_readers(unknown, classes.index_of_id())):
        listed = lines([f"--from {way}   class x {way.removeprefix('ids-')} + object" for way in ways])
        return f"All of them look like a class and the number of an object in one. Run the command again with{listed}"
    if spellings := _of_names(unknown, reader, classes, how_to_add, held):
        return spellings
    objects = _of_objects(unknown, reader, classes, held)
    offers_nearest = _may_blend(unknown, reader, classes) or _near_share(unknown, reader, classes, _NEAR) == 1
    if objects and len(unknown) >= _OBJECTS and _has_one_kind(classes):
        return objects + how_to_add
    if reader.name == "ids" and not held and not offers_nearest:
        return (
            "No value of the masks is in the class map: it is of other masks, or its numbers are others. Write one "
            "that says which value is which class, a line each, and name it with --classes:"
            f"\n  {classes.names[0]},{format_color(classes.colors[0])},VALUE"
        )
    is_compressed = offers_nearest and len(unknown) > _MANY and _near_share(unknown, reader, classes, _SLIPPED) > _MOST
    nearest = "\n  --unknown nearest     they become the nearest class of the table (for anti-aliased and JPEG masks)"
    ignore = "\n  --unknown ignore      they become 255: left out of training and scores"
    start = f"{how_to_add}, or run" if {*unknown} - NO_COLORS.keys() else "Run"  # no line says what has no colour
    return (
        objects
        + f"{start} the command again with"
        + (nearest if is_compressed else "")
        + (f"{ignore}, parts of objects among them" if is_compressed else ignore)
        + (nearest if offers_nearest and not is_compressed else "")
        + (
            "\n  --unknown background  they become the class named background"
            if "background" in map(str.lower, classes.names)
            else _ON_TRANSPARENT
            if reader.name == "rgb" and not NO_COLORS.keys().isdisjoint(unknown)
            else ""
        )
    )


def _has_one_kind(classes: ClassMap) -> bool:
    """Whether a list has one class beside its background."""
    return len(classes) - (BACKGROUND in map(str.lower, classes.names)) == 1


def _of_objects(unknown: Mapping[int, int], reader: LabelReader, classes: ClassMap, held: Collection[str]) -> str:
    """What to type where ids may count objects: from 1 on, nearly without gaps; else empty."""
    if reader.name != "ids":
        return ""
    known = {raw for raw, index in classes.index_of_id().items() if classes.names[index] in held}
    ids = (known | {*unknown}) - {0, IGNORE_INDEX}
    is_white = IGNORE_INDEX in known and max(ids, default=0) < IGNORE_INDEX  # greys of blurred edges beside it
    if is_white or len(ids) < (2 if _has_one_kind(classes) else _OBJECTS) or max(ids) >= 2 * len(ids):
        return ""
    return (
        "If these numbers count objects (as Cellpose, StarDist and the like write them), and all are of one class, run "
        "the command again with\n  --from object-ids\nIf they are classes: "
    )


def _of_names(
    unknown: Mapping[int, int], reader: LabelReader, classes: ClassMap, how_to_add: str, held: Collection[str]
) -> str:
    """What to type where labels say names that are nearly those of the class map; else empty."""
    if not isinstance(reader, RegionCodes):
        return ""
    values = [reader.describe(code) for code in unknown]
    if ways := ways_of_spellings(values, classes.names, held) or ways_of_numbers(values, classes.names):
        return ways
    plurals = on_plurals(values, classes.names)
    return plurals and (
        f"{plurals}\n{how_to_add} where they are others, or run the command again with\n  --unknown ignore      they "
        "become 255: left out of training and scores"
    )


def _may_blend(unknown: Mapping[int, int], reader: LabelReader, classes: ClassMap) -> bool:
    """Whether unknown values may be those of blurred edges; between ids of which one follows the other lies nothing.

    And names have no neighbours.
    """
    if len(unknown) < _BLENDS or isinstance(reader, RegionCodes):
        return False
    ids = sorted(classes.index_of_id())
    is_apart = len(ids) > 1 and all(after - before >= _STEP for before, after in pairwise(ids))
    return reader.name != "ids" or is_apart


def _near_share(unknown: Mapping[int, int], reader: LabelReader, classes: ClassMap, distance: float) -> float:
    """Share of the pixels whose colour is nearer than this to that of a class, 0..1; ids have no neighbours."""
    if reader.name != "rgb":
        return 0.0
    near = sum(pixels for code, pixels in unknown.items() if nearest_class(reader, code, classes)[1] < distance)
    return near / sum(unknown.values())
