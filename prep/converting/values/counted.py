"""Lists of names that say no numbers: whether counting them fits the masks, and what to say of it."""

from collections.abc import Callable, Collection, Sequence, Set
from dataclasses import replace

from prep.converting.job import CountCodes
from prep.converting.values.meaning import Meaning
from prep.converting.values.unknown import CodeTotals, add_up
from prep.core.classes import IGNORE_INDEX, ClassMap, format_list, made_up_classes
from prep.core.errors import SegError
from prep.core.jobs import run_jobs
from prep.core.progress import Progress
from prep.core.words import counted, list_some
from prep.labels.reader import LabelReader, RawLabel
from prep.labels.region_labels import BACKGROUND
from prep.labels.tables.coco_stuff import is_coco_stuff, with_numbers_of_maps

_SHOWN = 6
_MOST_STEPS = 10


def values_of_set(
    reader: LabelReader, labels: Sequence[RawLabel], workers: int | None, progress: Progress
) -> CodeTotals:
    """Every code of these labels."""
    found = run_jobs(CountCodes(reader.name), labels, workers, progress)
    return add_up(zip([label.short_name for label in labels], found, strict=True))


def numbered_as_maps(
    meaning: Meaning, reader: LabelReader, first_id: int | None, values: Callable[[], Collection[int]]
) -> Meaning:
    """Give COCO-Stuff's list the numbers of its masks; SegError if nothing tells. values: what they hold, if asked."""
    if reader.name == "rgb" or not is_coco_stuff(meaning.classes):
        return meaning
    held = values() if first_id is None else ()
    if first_id is None and not held:
        return meaning  # none can be read: converting them says why
    classes = with_numbers_of_maps(meaning.classes, first_id, held)
    if classes == meaning.classes:
        return meaning
    note = f"COCO-Stuff's list counts from 1 and these masks from {classes.ids[0]}: that is {classes.names[0]}"
    return replace(meaning, classes=classes, ignored=(), notes=(note,))


def by_grey_levels(
    meaning: Meaning, reader: LabelReader, first_id: int | None, values: Callable[[], Collection[int]]
) -> Meaning:
    """Give the classes of a list of greys alone their levels as ids, where those are what the masks hold.

    values: what the masks hold, if asked. A level that is stated is the value, in whatever order the rows stand.
    """
    classes = meaning.classes
    every = (*classes.index_of_color(), *classes.ignored)
    is_counted = meaning.has_colors and not meaning.has_ids and first_id is None and reader.name == "ids"
    if not is_counted or any(len({*color}) > 1 for color in every):
        return meaning
    levels = tuple(color[0] for color in classes.colors)
    if levels == classes.ids or not _are_levels({*values()} - {IGNORE_INDEX}, {grey for grey, _, _ in every}, classes):
        return meaning
    leveled = replace(
        classes,
        ids=levels,
        more_ids=tuple(tuple(grey for grey, _, _ in colors) for colors in classes.more_colors),
        ignored_ids=tuple(grey for grey, _, _ in classes.ignored),
    )
    shown = list_some([f"{raw} {name}" for raw, name in sorted(zip(levels, classes.names, strict=True))])
    note = f"the class map says greys, and the ids of the masks are among them: they are taken as these ({shown})"
    return replace(meaning, classes=leveled, has_ids=True, notes=(*meaning.notes, note))


def _are_levels(held: Set[int], levels: Set[int], classes: ClassMap) -> bool:
    """Whether ids are the greys of a list: all of them, or several and each one that a number of a row is, too."""
    return bool(held) and (held <= levels or (len(held & levels) > 1 and held & {*classes.ids} <= levels))


def note_on_counting(meaning: Meaning, reader: LabelReader, first_id: int | None) -> str:
    """Say that a table of colours was counted, because the masks hold ids; empty if there is nothing to say."""
    if meaning.has_ids or not meaning.has_colors or reader.name == "rgb":
        return ""
    numbered = [*zip(meaning.classes.ids, meaning.classes.names, strict=True)]
    numbered += [(raw, name) for name, raw in meaning.ignored if raw is not None]
    shown = ", ".join(f"{raw} {name}" for raw, name in sorted(numbered)[:_SHOWN])
    way_out = "" if first_id is not None else "; --first-id NUMBER begins elsewhere"
    return (
        "the class map says colours and the masks hold ids: its rows were counted "
        f"({shown}{', ...' if len(numbered) > _SHOWN else ''}){way_out}"
    )


def refuse_first_id(first_id: int | None, reader: LabelReader, *, names_regions: bool) -> None:
    """SegError where no ids are counted: in masks of colours, and where regions have names."""
    if first_id is not None and (names_regions or reader.name == "rgb"):
        what = "the regions have names" if names_regions else "these masks hold colours"
        raise SegError(f"--first-id {first_id}: cannot apply, {what} and no ids are counted; leave --first-id out")


def first_is_missing(meaning: Meaning, present: Collection[int], unknown: Collection[int]) -> str:
    """A question where a counted list seems to begin at another id: its first classes are in no mask; else empty.

    present: ids of the masks that are classes.  unknown: those that are none. A list whose last class occurs, and that
    knows all ids, is believed.
    """
    ids, names = meaning.classes.ids, meaning.classes.names
    beyond = sorted(raw for raw in unknown if raw > max(ids) and raw != IGNORE_INDEX)
    if meaning.has_ids or not present or min(present) == ids[0] or (max(present) == max(ids) and not beyond):
        return ""
    start, begin = ids[0], min(present)
    missing = [name for name, raw in zip(names, ids, strict=True) if raw < begin]
    outside = f", and {beyond[0]} would be no class" if beyond else ""
    return (
        f"which id is the first of the class map? The masks hold ids from {begin} to {max((*present, *beyond))}; "
        f"counted from {start}, {list_some(missing)} would be in no mask{outside}. Type the same command with\n"
        f"  --first-id {begin}   if {names[0]} is {begin}, and so on\n"
        f"  --first-id {start}   if it is right as it is: {names[0]} is {start}"
    )


def lacks_background(meaning: Meaning, present: Collection[int], unknown: Collection[int]) -> str:
    """A question where a counted list may leave the background out: the masks hold 0 and one id more; else empty.

    present: ids of the masks that are classes.  unknown: those that are none. With a gap they may be the list, too.
    """
    classes = meaning.classes
    beyond = {raw for raw in unknown if raw != IGNORE_INDEX}
    if meaning.has_ids or meaning.has_colors or classes.ids[0] != 0 or 0 not in present or beyond != {len(classes)}:
        return ""
    if BACKGROUND in map(str.lower, classes.names):
        return ""
    names, values = "\n".join((BACKGROUND, *classes.names)), (*sorted(present), len(classes))
    as_many = len(values) == len(classes)
    held = f"the values {', '.join(map(str, values))}" if as_many else f"ids from 0 to {len(classes)}"
    return (
        f"which id is the first of the class map? It has {counted(len(classes), 'name')}, and the masks hold {held}. "
        "If 0 is a background that the list leaves out, save these lines as classes.txt and add --classes classes.txt:"
        f"\n\n{names}\n\n{_in_order(values, classes) if as_many else ''}If 0 is {classes.names[0]}, and "
        f"{len(classes)} is to be left out of training and scores, add --unknown ignore"
    )


def _in_order(values: Sequence[int], classes: ClassMap) -> str:
    lines = format_list(made_up_classes(classes.names, values))
    return f"If each name has its value in this order, save these instead:\n\n{lines}\n\n"


def wrongly_stated(meaning: Meaning, present: Collection[int], unknown: Collection[int]) -> str:
    """A question where a list states ids that seem to be too small: its first classes are in no mask; else empty.

    present: ids of the masks that are classes.  unknown: those that are none. All of them are larger by one number.
    """
    classes = meaning.classes
    beyond = sorted({*unknown} - {IGNORE_INDEX})
    if not meaning.has_ids or meaning.ignored or not present or not beyond or beyond[0] <= max(classes.ids):
        return ""
    step = beyond[-1] - max(classes.ids)
    larger = tuple(raw + step for raw in classes.ids)
    if step > _MOST_STEPS or min(present) == min(classes.ids) or not {*present, *beyond} <= {*larger}:
        return ""
    missing = [name for name, raw in zip(classes.names, classes.ids, strict=True) if raw < min(present)]
    held = list_some([str(raw) for raw in beyond])
    return (
        f"which id is which class? The masks hold ids from {min(present)} to {beyond[-1]}, and the class map says "
        f"{min(classes.ids)} to {max(classes.ids)}: {list_some(missing)} would be in no mask, and {held} would be no "
        f"class. If its numbers are too small by {step}, save these lines as classes.txt and add --classes classes.txt:"
        f"\n\n{format_list(replace(classes, ids=larger))}\n\nIf they are right, and {held} is to be left out of "
        "training and scores, add --unknown ignore"
    )


def wrongly_counted(meaning: Meaning, present: Collection[int], unknown: Collection[int]) -> str:
    """What to type where a list that a person counted leaves values over, and counted from another number none.

    present: ids of the masks that are classes.  unknown: those that are none. Empty if no other number is better.
    """
    ids, names = meaning.classes.ids, meaning.classes.names
    beyond = set(unknown) - {IGNORE_INDEX}
    if not beyond:
        return ""
    numbers = sorted((*ids, *(raw for _, raw in meaning.ignored if raw is not None)))
    step = max(beyond) - numbers[-1] if max(beyond) > numbers[-1] else min(beyond) - numbers[0]
    moved = replace(meaning.classes, ids=tuple(raw + step for raw in ids), ignored_ids=())
    rest = {0} if is_coco_stuff(moved) else set[int]()
    first = numbers[0] + step
    if first < 0 or not beyond | {*present} <= {raw + step for raw in numbers} | rest:
        return ""
    return (
        f"--first-id {numbers[0]} makes {names[0]} {ids[0]} and {names[-1]} {ids[-1]}, and the masks hold "
        f"{list_some([str(raw) for raw in sorted(beyond)])}, which would be of no class. Counted from "
        f"{first}, none is left over: type the same command with\n  --first-id {first}"
    )
