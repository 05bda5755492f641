"""Masks of black and white, or of greys between: whether white is the second of two classes, a grade, or ignored."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from prep.converting.job import CountCodes
from prep.converting.values.as_many import with_background
from prep.converting.values.meaning import Meaning
from prep.converting.values.unknown import NO_CODES, CodeCounts, CodeTotals, add_up
from prep.core.classes import ClassMap, classes_text
from prep.core.errors import SegError
from prep.core.jobs import run_jobs
from prep.core.progress import Progress
from prep.labels.reader import LabelReader, RawLabel
from prep.labels.region_labels import BACKGROUND

_LOOKED_AT_FIRST = 4
_LOOKED_AT = 20
_WHITE = 255
_TWO = 2
_MOST_STEPS = 10
_BOTH = ClassMap(("background", "object"), ((0, 0, 0), (255, 255, 255)), ids=(0, 1), more_ids=((), (255,)))
_RARE, _SOFT, _SHADES = 0.15, 0.35, 100
"""Greys between black and white that blurred edges leave have a smaller share than _RARE of all pixels; where they are
more than _SHADES, as smooth interpolation leaves them, than _SOFT."""


def with_white_as_second(
    meaning: Meaning, reader: LabelReader, labels: Sequence[RawLabel], workers: int | None, progress: Progress
) -> Meaning:
    """Let white be the second of two names, of which the first is the background, in black-and-white masks.

    Such a list cannot mean that all but the background is ignored, which is what 255 means in other masks.
    """
    classes = meaning.classes
    if not counts_two(meaning, reader) or classes.names[0].lower() != BACKGROUND:
        return meaning
    _refuse_mixed_whites(labels[:: max(1, len(labels) // _LOOKED_AT)], reader, classes, 1, progress)
    looked = [CountCodes(reader.name)(label) for label in labels[:_LOOKED_AT_FIRST]]
    first = sum(looked, NO_CODES).by_code()
    is_white = _first_with([0, _WHITE], labels[:_LOOKED_AT_FIRST], looked) is not None
    if 1 in first and not is_white and not is_blurred(first):
        return meaning
    pixels = _refuse_mixed_whites(labels, reader, classes, workers, progress).pixels
    if _WHITE not in pixels or not (set(pixels) <= {0, _WHITE} or is_blurred(pixels) or step_of(pixels)):
        return meaning
    note = f"the masks are black and white: 0 is {classes.names[0]}, 255 is {classes.names[1]}"
    return replace(meaning, classes=replace(classes, ids=(0, _WHITE)), notes=(*meaning.notes, note))


def _refuse_mixed_whites(
    labels: Sequence[RawLabel], reader: LabelReader, classes: ClassMap, workers: int | None, progress: Progress
) -> CodeTotals:
    """Every code of these labels; SegError where some hold 0 and 1 and others 0 and 255: is 255 the object there?"""
    found = run_jobs(CountCodes(reader.name), labels, workers, progress)
    ones = _first_with([0, 1], labels, found)
    whites = _first_with([0, _WHITE], labels, found)
    if ones and whites:
        raise SegError(mixed_whites(ones.short_name, whites.short_name, classes))
    return add_up(zip([label.short_name for label in labels], found, strict=True))


def mixed_whites(ones: str, whites: str, classes: ClassMap) -> str:
    """What to ask where a mask holds 0 and 1, and another one 0 and 255, both by name; classes: the two."""
    both = replace(_BOTH, names=classes.names)
    black, white = classes.names
    return (
        f"some masks hold 0 and 1 ({ones}), others 0 and 255 ({whites}): are 1 and 255 the same class? If so, save "
        f"these lines as classes.json and add --classes classes.json:\n\n{classes_text(both)}\nIf 255 is to be left "
        "out of training and scores, save these two as classes.txt, and add --from ids --classes classes.txt:\n\n"
        f"{black},#000000,0\n{white},#ffffff,1"
    )


def counts_two(meaning: Meaning, reader: LabelReader) -> bool:
    """Whether a list of two names was counted, 0 and 1, which does not say what 255 is."""
    says = meaning.has_ids or meaning.has_colors or bool(meaning.ignored)
    return not says and reader.name == "ids" and meaning.classes.ids == (0, 1)


def _first_with(codes: list[int], labels: Sequence[RawLabel], found: Sequence[CodeCounts]) -> RawLabel | None:
    """The first label that holds these codes and no others."""
    return next((label for label, own in zip(labels, found, strict=True) if own.codes.tolist() == codes), None)


def is_blurred(pixels: Mapping[int, int]) -> bool:
    """Whether ids are rather greys of black-and-white masks whose edges were blurred (JPEG, interpolation).

    pixels: by id. They are if black and white have nearly all pixels, and of the others some are nearer to white.
    """
    if not {0, _WHITE} <= pixels.keys() or max(pixels) > _WHITE:
        return False
    between = {code: count for code, count in pixels.items() if code not in (0, _WHITE)}
    few = sum(between.values()) < (_SOFT if len(between) > _SHADES else _RARE) * sum(pixels.values())
    near_white = any(code > _WHITE // 2 for code in between)
    return few and near_white and len(between) > _TWO and max(between.values()) < max(pixels[0], pixels[_WHITE])


def step_of(values: Collection[int]) -> int:
    """In which equal steps values go from 0 to 255, with two or more in between; 0 if they do not.

    Five people who drew a bird leave 0, 51, 102 ... 255 (CUB), and classes are spread so to be seen: 0, 85, 170, 255.
    """
    if not {0, _WHITE} <= set(values) or len(values) <= _TWO + 1:
        return 0
    for steps in range(3, _MOST_STEPS + 1):
        levels = {round(_WHITE * level / steps) for level in range(steps + 1)}
        if set(values) <= levels and 2 * len(values) > len(levels):
            return round(_WHITE / steps)
    return 0


def grey_between(meaning: Meaning, held: Collection[int]) -> str:
    """What to ask where a list counts two classes, and the masks hold black, white and one grey between; else empty.

    held: all values of the masks, with 255.
    """
    middle = sorted(set(held) - {0, _WHITE})
    if meaning.has_ids or len(meaning.classes) != _TWO or len(middle) != 1 or len(held) != _TWO + 1:
        return ""
    if middle[0] in meaning.classes.ids or middle[0] > _WHITE:
        return ""
    rows = two_lines(meaning.classes)
    black, white = (row.partition(",")[0] for row in rows.splitlines())
    return (
        f"which value is which class? The list has two names, and the masks hold 0, {middle[0]} and 255. If 255 is "
        f"{white}, save these two lines as classes.txt and add --classes classes.txt and --unknown ignore ({middle[0]} "
        f"is left out of training and scores) or --unknown nearest (an edge between both):\n\n{rows}\n\nIf {middle[0]} "
        f"is {white}, and 255 is left out, save these two as classes.txt and add --from ids --classes classes.txt:\n\n"
        f"{black},#000000,0\n{white},#ffffff,{middle[0]}" + _on_background(meaning.classes, sorted(held))
    )


def _on_background(classes: ClassMap, values: Sequence[int]) -> str:
    """The third thing that black, grey and white can be: a background that the list leaves out, and its two classes."""
    if BACKGROUND in map(str.lower, classes.names):
        return ""
    second, third = classes.names
    return (
        f"\n\nIf 0 is a background that the list leaves out, {values[1]} is {second} and 255 is {third}, save these "
        f"three as classes.txt and add --from ids --classes classes.txt:\n\n{with_background(classes, values)}"
    )


def two_lines(classes: ClassMap) -> str:
    """The class map to write for black-and-white masks with these names: a background is black, one class is white."""
    first, second = classes.names[:_TWO] if len(classes) > 1 else (classes.names[0], BACKGROUND)
    if second.lower() == BACKGROUND:
        first, second = (second, first) if first.lower() != BACKGROUND else (first, "object")
    return f"{first},#000000,0\n{second},#ffffff,255"
