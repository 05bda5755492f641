"""What the codes of a label source mean: its class map, from wherever it comes, and codes that mean more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from prep.core.classes import IGNORE_INDEX, IGNORE_NAME, ClassMap, Color, distinct_color, format_color, made_up_classes
from prep.core.errors import SegError
from prep.core.words import list_some
from prep.labels.class_files import find_table, read_class_table
from prep.labels.reader import LabelSource
from prep.labels.region_labels import BACKGROUND, UNCOVERED, plain_name
from prep.labels.tables.coco_stuff import is_coco_stuff
from prep.labels.tables.table import ClassTable

_SHORT_BACKGROUND = "bg"


@dataclass(frozen=True)
class Meaning:
    """The class map; (code, mask value) of codes that mean more than it says; and where it was found, if by us.

    has_colors, has_ids, zero_is_rest, ignored: as in ClassTable.  notes: what a person should know of it.
    guessed: whether nothing says so but what such labels are as a rule.
    is_renumbered: whether the classes are the dataset's, with ids and colours that hold for these labels alone.
    by_train_id: the same by the train ids, where a list states both; which of them masks hold, only their values tell.
    """

    classes: ClassMap
    aliases: tuple[tuple[int, int], ...] = ()
    found: Path | None = None
    has_colors: bool = True
    has_ids: bool = True
    zero_is_rest: bool = False
    ignored: tuple[tuple[str, int | None], ...] = ()
    notes: tuple[str, ...] = ()
    guessed: bool = False
    is_renumbered: bool = False
    by_train_id: Meaning | None = None


def meaning_of(
    source: Path, found: LabelSource, file: Path | None, first_id: int | None, before: ClassMap | None
) -> Meaning | None:
    """The class map to use: the file that was given, what the source says, the dataset's, or a file beside the labels.

    first_id: the id of the first class where a table states no ids; by default 1 for MATLAB's labels, where 0 means
    unlabelled, and 0 for others. None if nobody says which value is which class.
    Raises SegError if ids cannot be counted from `first_id`, because they are stated.
    """
    start = first_id if first_id is not None else (1 if found.unlabelled else None)
    meaning = _meaning_of(source, found, file, start, before, counts=first_id is not None)
    if first_id is None or meaning is None or (is_coco_stuff(meaning.classes) and found.names is None):
        return meaning
    if meaning.has_ids or found.names is not None:
        says = file or meaning.found or "the dataset or the labels"
        raise SegError(
            f"--first-id {first_id}: cannot apply, {says} say which class is which; leave --first-id out"
            if meaning.found is None and file is None
            else f"--first-id {first_id}: cannot apply, {says} says which class is which; leave --first-id out"
        )
    return meaning


def _meaning_of(
    source: Path, found: LabelSource, file: Path | None, start: int | None, before: ClassMap | None, *, counts: bool
) -> Meaning | None:
    if file is not None:
        return _of_table(read_class_table(file, start))
    if found.names and before is not None and set(found.names) <= set(before.names):
        return Meaning(before)  # more labels for the same classes
    if found.classes is not None:
        return Meaning(found.classes)
    known = Meaning(before) if before is not None and len(before) else None
    if known is not None and not counts:  # who says how to count a list means the list
        return known
    if (beside := find_table(source, start)) is not None:
        return replace(_of_table(beside[1]), found=beside[0])
    if known is not None:
        return known
    if found.guess is not None:
        return Meaning(found.guess[0], notes=(found.guess[1],), guessed=True)
    return None if found.names is None else Meaning(made_up_classes(found.names))


def _of_table(table: ClassTable) -> Meaning:
    other = table.by_train_id
    left_out = [f"{name} (number {raw})" if raw is not None else name for name, raw in table.ignored]
    return Meaning(
        table.classes,
        has_colors=table.has_colors,
        has_ids=table.has_ids,
        zero_is_rest=table.zero_is_rest,
        ignored=table.ignored,
        notes=(*table.notes, *([f"ignored, as its name says: {list_some(left_out)}"] if left_out else [])),
        by_train_id=None if other is None else _of_table(replace(other, notes=table.notes)),
    )


def with_unlabelled(meaning: Meaning, unlabelled: Sequence[int], becomes: str) -> Meaning:
    """Say what codes that nobody labelled become: "ignore", or a class by name, which is made if there is none.

    A new class stands where the id of those pixels puts it: class indices are in the order of ids.
    """
    codes = [code for code in unlabelled if code not in meaning.classes.index_of_id()]
    if not codes:
        return meaning
    classes, notes = meaning.classes, meaning.notes
    if becomes == IGNORE_NAME:
        return replace(meaning, aliases=tuple((code, IGNORE_INDEX) for code in codes))
    names = [name.lower() for name in classes.names]
    if becomes.lower() not in names:
        notes = (*notes, f"id {codes[0]} is of none of the classes: it is made one, {becomes}")
        classes = _with_id(classes, becomes, codes[0])
        codes = codes[1:]
    index = [name.lower() for name in classes.names].index(becomes.lower())
    return replace(meaning, classes=classes, notes=notes, aliases=tuple((code, index) for code in codes))


def _with_id(classes: ClassMap, name: str, raw: int) -> ClassMap:
    """One more class with this id, black if no other is, and all classes in the order of their ids."""
    color = _free_color(classes)
    names, colors, ids = (name, *classes.names), (color, *classes.colors), (raw, *classes.ids)
    order = sorted(range(len(ids)), key=lambda position: ids[position])
    more_ids, more_colors = (((), *more) if more else () for more in (classes.more_ids, classes.more_colors))
    return replace(
        classes,
        names=tuple(names[position] for position in order),
        colors=tuple(colors[position] for position in order),
        ids=tuple(ids[position] for position in order),
        more_ids=tuple(more_ids[position] for position in order if more_ids),
        more_colors=tuple(more_colors[position] for position in order if more_colors),
    )


def _free_color(classes: ClassMap) -> Color:
    """Black, or else the first made-up colour, that no class has and that is not ignored."""
    taken = {*classes.index_of_color(), *classes.ignored}
    return next(c for c in ((0, 0, 0), *(distinct_color(n) for n in range(1000))) if c not in taken)


def with_first_as_background(meaning: Meaning) -> Meaning:
    """The class that a list of names begins with and calls bg, as people do for LabelMe, is the background."""
    first, *others = meaning.classes.names or ("",)
    if first.lower() != _SHORT_BACKGROUND or BACKGROUND in map(str.lower, others):
        return meaning
    note = f"{first}, with which the class list begins, is taken for the background"
    classes = replace(meaning.classes, names=(BACKGROUND, *others))
    return replace(meaning, classes=classes, notes=(*meaning.notes, note))


def needs_background(meaning: Meaning, becomes: str | None) -> bool:
    """Whether pixels that lie in no region, if there are any, need a class that is not there yet."""
    wanted = becomes or BACKGROUND
    return wanted != IGNORE_NAME and wanted.lower() not in {name.lower() for name in meaning.classes.names}


def with_region_names(
    meaning: Meaning, names: Sequence[str], becomes: str | None, called: Mapping[str, str], *, covered: bool
) -> Meaning:
    """Say what the codes of named regions mean: code = position of the name + 1, and 0 lies in no region.

    becomes: the class of pixels in no region, made as class 0 if there is none of the name; None: the background.
    called: what the class map calls a name of the labels, where that is another name: a class, or ignore.
    covered: whether there are no such pixels.
    """
    classes = _plain(meaning.classes)
    if not meaning.has_ids:
        classes = replace(classes, ids=(), ignored_ids=())  # regions have names
    wanted = becomes or BACKGROUND
    if not covered and needs_background(replace(meaning, classes=classes), becomes):
        classes = _with_first(classes, wanted)
    if not len(classes):
        raise SegError("the labels name no class; every region is ignored, and nothing lies outside the regions")
    index = {name: position for position, name in enumerate(classes.names)}
    left_out = {name for name, _ in meaning.ignored}
    index |= {name: index.get(said, IGNORE_INDEX) for name, said in called.items()}
    aliases = [
        (position + 1, index.get(name, IGNORE_INDEX))
        for position, name in enumerate(names)
        if name in index or name in left_out
    ]
    lower = {name.lower(): position for name, position in index.items()}
    aliases.append((UNCOVERED, IGNORE_INDEX if wanted == IGNORE_NAME else lower.get(wanted.lower(), IGNORE_INDEX)))
    return replace(meaning, classes=classes, aliases=tuple(aliases))


def _plain(classes: ClassMap) -> ClassMap:
    """Names as the labels have them; LabelMe's own list begins with __ignore__ and _background_."""
    if all(plain_name(name) == name for name in classes.names):
        return classes
    rows = zip(classes.names, classes.colors, strict=True)
    named = [(plain_name(name), color) for name, color in rows if plain_name(name) != IGNORE_NAME]
    return ClassMap(tuple(name for name, _ in named), tuple(color for _, color in named))


def _with_first(classes: ClassMap, name: str) -> ClassMap:
    """One more class in front, black if no other is; ids are kept where they are not just positions."""
    by_position = classes.ids == tuple(range(len(classes)))
    free = next(number for number in range(1000) if number not in (*classes.index_of_id(), *classes.ignored_ids))
    return replace(
        classes,
        names=(name, *classes.names),
        colors=(_free_color(classes), *classes.colors),
        ids=() if by_position else (free, *classes.ids),
        more_ids=(),  # of raw masks; regions have names
        more_colors=(),
    )


def recolored(classes: ClassMap, colors: Sequence[tuple[str, Color]]) -> ClassMap:
    """Give classes other colours, by name; "ignore" adds an ignored colour. SegError if a name is no class."""
    by_name = dict(zip(classes.names, classes.colors, strict=True))
    ignored = list(classes.ignored)
    for name, color in colors:
        if name == IGNORE_NAME:
            ignored.append(color)
        elif name in by_name:
            by_name[name] = color
        else:
            raise SegError(
                f"--color {name}={format_color(color)}: no class has that name; there are {', '.join(classes.names)}"
            )
    return replace(classes, colors=tuple(by_name.values()), ignored=tuple(dict.fromkeys(ignored)))
