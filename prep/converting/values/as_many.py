"""Masks that hold as many values as a list has names, and no counting gives them: the lines to save, by what 255 is."""

from collections.abc import Collection, Sequence

from prep.converting.values.meaning import Meaning
from prep.core.classes import IGNORE_INDEX, ClassMap, Color, format_list, made_up_classes
from prep.core.words import counted, list_some
from prep.labels.region_labels import BACKGROUND

_SHOWN = 20
_TO_SAVE = "save these lines as classes.txt and add --classes classes.txt"


def as_many_values(meaning: Meaning, held: Collection[int], unknown: Collection[int]) -> str:
    """The lines to save where masks hold as many values as a list counts names, or a background more; else empty.

    held: all values of the masks, with 255, which may be a class or be left out.  unknown: those that are no class.
    Classes that are shown by greys are in the order of their greys: of black and white, the larger value is white.
    """
    classes, values = meaning.classes, sorted(held)
    if meaning.has_ids or meaning.ignored or not set(unknown) - {IGNORE_INDEX}:
        return ""
    if set(classes.ids) <= set(values) - {IGNORE_INDEX}:  # each name has its value: what is more is not of the list
        return ""
    names, colors = classes.names, classes.colors
    if meaning.has_colors and all(len({*color}) == 1 for color in colors):
        names, colors = zip(*sorted(zip(names, colors, strict=True), key=lambda row: row[1]), strict=True)
    without = [value for value in values if value != IGNORE_INDEX]
    listed = [_listed(meaning, names, colors, own) for own in dict.fromkeys((tuple(values), tuple(without)))]
    rows = [format_list(each) for each in listed if each is not None]
    if not rows:
        return ""
    start = (
        f"which value is which class? The list has {counted(len(classes), 'name')}, and the masks hold the values "
        f"{_shown(values)}, which no counting gives. "
    )
    if len(rows) == 1 and values[-1] == IGNORE_INDEX and listed[0] is not None:
        each = "Save these lines as classes.txt, each name at its value, and add --classes classes.txt"
        return f"{start}{each}:\n\n{rows[0]}"
    if len(rows) == 1:
        left_out = ", and 255 is to be left out of training and scores" if listed[0] is None else ""
        return f"{start}If they are its classes in this order{left_out}, {_TO_SAVE}; else correct them:\n\n{rows[0]}"
    return (
        f"{start}If {values[0]} is a background that the list leaves out, and 255 is {names[-1]}, {_TO_SAVE}:\n\n"
        f"{rows[0]}\n\nIf {values[0]} is {names[0]}, and 255 is to be left out of training and scores, save these "
        f"instead:\n\n{rows[1]}"
    )


def with_background(classes: ClassMap, values: Sequence[int]) -> str:
    """The lines of a background that a list leaves out, and of its classes, at these values."""
    return format_list(made_up_classes((BACKGROUND, *classes.names), values))


def _listed(meaning: Meaning, names: Sequence[str], colors: Sequence[Color], values: Sequence[int]) -> ClassMap | None:
    """The classes at these values, with a background at 0 that the list leaves out; None where there are not as many.

    The colours are those of the list where it states them for all.
    """
    has_background = BACKGROUND in map(str.lower, names)
    if len(values) == len(names) + 1 and values[0] == 0 and not has_background:
        return made_up_classes((BACKGROUND, *names), values)
    if len(values) != len(names):
        return None
    keeps = meaning.has_colors
    return ClassMap(tuple(names), tuple(colors), ids=tuple(values)) if keeps else made_up_classes(names, values)


def _shown(values: Sequence[int]) -> str:
    """The values, all of them unless they are many: the last one may be 255."""
    shown = [str(raw) for raw in values]
    return ", ".join(shown) if len(shown) <= _SHOWN else list_some(shown)
