"""Masks of objects say no class: they are of the only one that a list has beside its background, or it is asked."""

import re
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
_RESTS_OF_ZERO = frozenset(
    (
        *("backgrounds", "rest", "unknown", "none", "nothing", "outside", "empty", "hintergrund", "fond", "fondo"),
        *("sfondo", "fundo", "achtergrond", "bakgrund", "bakgrunn", "baggrund", "tausta", "tlo", "tło", "pozadi"),
        *("pozadí", "arkaplan", "фон", "тло", "背景", "배경"),
    )
)
"""What it is called where it has the number 0."""
_NO_OBJECT = re.compile(r"(?:no|non|not)[\W_]+\w", re.IGNORECASE)


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
    rest = _rest(meaning)
    rows = zip(classes.ids, classes.names, strict=True)
    kinds = [name for _, name in (sorted(rows) if meaning.has_ids else rows) if name != rest]
    if len(kinds) > 1:
        raise _question(meaning, reader, rest, kinds, numbers())
    if not kinds:
        return meaning
    if before is not None and {*classes.names} <= {*before.names}:
        known = replace(meaning, classes=before, is_renumbered=True)
        if outside := rest or _rest(known):
            return _numbered(known, outside, kinds[0])
    return _numbered(meaning, rest, kinds[0])


def _rest(meaning: Meaning) -> str:
    """The class of what lies in no object: called background, shown in black, or number 0 and called so; else empty.

    The number 0 alone says nothing: YOLO's lists count classes of objects from it. One class alone is the objects'.
    """
    classes = meaning.classes
    named = [name for name in classes.names if plain_name(name).lower() in _RESTS]
    if len(classes) == 1:
        return next(iter(named), "")
    black = [name for name, color in zip(classes.names, classes.colors, strict=True) if color == _BLACK]
    zero = [name for name, raw in zip(classes.names, classes.ids, strict=True) if raw == _OUTSIDE]
    called = [name for name in zero if name.casefold() in _RESTS_OF_ZERO or _NO_OBJECT.match(name)]
    return next(iter([*named, *(black if meaning.has_colors else ()), *called]), "")


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
    if reader.name == ObjectIdReader.name:
        others = "\n\nIf their numbers are those of classes, type --from ids"
    elif numbers:
        others = f"\n\nIf each is of the class that its number tells ({list_some(numbers)}), type --from "
        others += ClassMaskReader.name
    else:
        others = ""
    said = (
        f"the masks are of objects, and nothing says of which class: {meaning.found or 'the class map'} has "
        f"{list_some(kinds)}. Nothing was written. "
    )
    if not rest and len(kinds) == len((_OUTSIDE, _OBJECT)):
        return SegError(f"{said}{_of_two(meaning, *kinds)}{others}")
    return SegError(
        f"{said}If all are of one class, save these lines, with the names of what lies in no object and of that class, "
        f"as objects.txt and type --classes objects.txt:\n\n{_rows(meaning, rest or BACKGROUND, kinds[0])}{others}"
    )


def _of_two(meaning: Meaning, first: str, second: str) -> str:
    """What two classes can be of which none is called background."""
    return (
        f"If {first} is what lies in no object, save these lines as objects.txt and type --classes objects.txt:\n\n"
        f"{_rows(meaning, first, second)}\n\nIf all are {first}, save these:\n\n{_rows(meaning, BACKGROUND, first)}"
        f"\n\nIf all are {second}, save these:\n\n{_rows(meaning, BACKGROUND, second)}"
    )


def _rows(meaning: Meaning, outside: str, kind: str) -> str:
    """The lines of a list of what lies in no object, in black, which says so, and of the class of all objects."""
    color = dict(zip(meaning.classes.names, meaning.classes.colors, strict=True))[kind]
    shown = format_color(color if color != _BLACK else distinct_color(0))
    return f"{outside},{format_color(_BLACK)},{_OUTSIDE}\n{kind},{shown},{_OBJECT}"
