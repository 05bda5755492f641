"""Masks of objects say no class: they are of the only one that a list has beside its background, or it is asked."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from prep.converting.values.meaning import Meaning
from prep.core.classes import IGNORE_INDEX, ClassMap, distinct_color, format_color
from prep.core.errors import SegError
from prep.core.words import list_some
from prep.labels.pixels.object_ids import ObjectIdReader
from prep.labels.pixels.part_masks import ClassMaskReader, ObjectMaskReader
from prep.labels.reader import LabelReader
from prep.labels.region_labels import BACKGROUND, plain_name

_OUTSIDE, _OBJECT = 0, 1
"""The codes that both readers give."""
_BLACK = (0, 0, 0)
_RESTS = (BACKGROUND, "bg")
"""What a background is called."""


def of_one_class(
    meaning: Meaning, reader: LabelReader, before: ClassMap | None, numbers: Callable[[], Sequence[str]]
) -> Meaning:
    """Let objects be the only class beside the background, whatever numbers the list gives both, if any.

    before: the classes of the dataset, where it keeps masks that are not among these.
    numbers: what the masks are called, if asked: numbers that may be those of classes; else empty.
    Raises SegError, with lines to fill in, where the list has several classes.
    """
    if reader.name not in (ObjectMaskReader.name, ObjectIdReader.name) or meaning.guessed:
        return meaning
    classes = meaning.classes
    rest = _rest(meaning, says_ids=meaning.has_ids and classes != before)
    kinds = [name for name in classes.names if name != rest]
    if len(kinds) > 1:
        raise _question(meaning, reader, rest, kinds, numbers())
    if not kinds:
        return meaning
    if before is not None and {*classes.names} <= {*before.names}:
        known = replace(meaning, classes=before, is_renumbered=True)
        if outside := rest or _rest(known, says_ids=False):
            return _numbered(known, outside, kinds[0])
    return _numbered(meaning, rest, kinds[0])


def _rest(meaning: Meaning, *, says_ids: bool) -> str:
    """The class of what lies in no object: called background, shown in black, or of the stated number 0; else empty."""
    classes = meaning.classes
    named = [name for name in classes.names if plain_name(name).lower() in _RESTS]
    black = [name for name, color in zip(classes.names, classes.colors, strict=True) if color == _BLACK]
    zero = [name for name, raw in zip(classes.names, classes.ids, strict=True) if raw == _OUTSIDE]
    return next(iter([*named, *(black if meaning.has_colors else ()), *(zero if says_ids else ())]), "")


def _numbered(meaning: Meaning, rest: str, kind: str) -> Meaning:
    """The same with the codes of objects and of what lies in none, which is made a class where there is none."""
    said = replace(meaning, has_ids=True, zero_is_rest=not rest, by_train_id=None)
    if not rest:
        ignored = tuple(raw for raw in meaning.classes.ignored_ids if raw != _OBJECT)
        return replace(said, classes=replace(meaning.classes, ids=(_OBJECT,), more_ids=(), ignored_ids=ignored))
    codes = {_OUTSIDE: meaning.classes.names.index(rest), _OBJECT: meaning.classes.names.index(kind)}
    return replace(said, aliases=tuple({**codes, IGNORE_INDEX: IGNORE_INDEX}.items()))


def _question(
    meaning: Meaning, reader: LabelReader, rest: str, kinds: Sequence[str], numbers: Sequence[str]
) -> SegError:
    """Of which class the objects are."""
    colors = dict(zip(meaning.classes.names, meaning.classes.colors, strict=True))
    outside, kind = (rest or kinds[0], kinds[-1] if not rest and len(kinds) == len((_OUTSIDE, _OBJECT)) else kinds[0])
    if outside == kind:
        outside = BACKGROUND
    color = colors[kind] if colors[kind] != _BLACK else distinct_color(0)
    rows = f"{outside},{format_color(colors.get(outside, _BLACK))},{_OUTSIDE}\n{kind},{format_color(color)},{_OBJECT}"
    if reader.name == ObjectIdReader.name:
        others = "\n\nIf their numbers are those of classes, type --from ids"
    elif numbers:
        others = f"\n\nIf each is of the class that its number tells ({list_some(numbers)}), type --from "
        others += ClassMaskReader.name
    else:
        others = ""
    return SegError(
        f"the masks are of objects, and nothing says of which class: {meaning.found or 'the class map'} has "
        f"{list_some(kinds)}. Nothing was written. If all are of one class, save these lines, with the names of what "
        f"lies in no object and of that class, as objects.txt and type --classes objects.txt:\n\n{rows}{others}"
    )
