"""Masks of classes that are called by numbers (a_1.png, 1/a.png): names, or ids of the class map."""

from collections.abc import Mapping

from prep.converting.values.meaning import Meaning
from prep.core.classes import IGNORE_INDEX, IGNORE_NAME, distinct_color, format_color
from prep.core.errors import SegError
from prep.core.words import list_some
from prep.labels.pixels.part_masks import ClassMaskReader
from prep.labels.reader import LabelSource, RawLabel


def refuse_unsaid_folders(source: LabelSource, meaning: Meaning) -> None:
    """SegError, with lines to fill in, where folders are called by numbers; for sets of which nobody says the classes.

    They may be classes, objects, people or days.
    """
    if _are_numbered_folders(source):
        raise _question(source, meaning, {})


def by_number(source: LabelSource, meaning: Meaning) -> tuple[Mapping[str, str], str]:
    """The class of each number that is an id of the class map, `ignore` for ignored ones, and a note on what they are.

    Empty where the masks are not called by numbers.
    Raises SegError where numbers are neither names of the class map nor ids that it states.
    """
    names = source.names or ()
    if source.reader != ClassMaskReader.name or not _are_numbers(source):
        return {}, ""
    if {*meaning.classes.names}.issuperset(names):
        return {}, (
            f"named by numbers: {list_some(names)}, which are taken for the names of classes; where they are ids, save "
            f"lines such as {names[-1]},NAME as classes.txt and convert again with --classes classes.txt --overwrite"
        )
    class_of = {raw: meaning.classes.names[index] for raw, index in meaning.classes.index_of_id().items()}
    ignored = {IGNORE_INDEX, *meaning.classes.ignored_ids, *(raw for _, raw in meaning.ignored if raw is not None)}
    class_of = dict.fromkeys(ignored, IGNORE_NAME) | class_of
    if not meaning.has_ids or not class_of.keys() >= {*map(int, names)}:
        raise _question(source, meaning, class_of)
    found = {name: class_of[int(name)] for name in names}
    said = list_some([f"{name} is {kind}" for name, kind in found.items()])
    return found, f"named by numbers, which are ids of the class map: {said}"


def _are_numbers(source: LabelSource) -> bool:
    return bool(source.names) and all(name.isascii() and name.isdecimal() for name in source.names or ())


def _are_numbered_folders(source: LabelSource) -> bool:
    """Whether masks of classes lie in folders, and numbers are all that tells these from each other."""
    numbers = source.reader == ClassMaskReader.name and _are_numbers(source)
    return numbers and all(map(_lie_in_folders, source.labels))


def _lie_in_folders(label: RawLabel) -> bool:
    parts = [(name, path) for name, (path, _) in label.regions or () if name.isdecimal()]
    return bool(parts) and all(name in path.parent.parts for name, path in parts)


def _question(source: LabelSource, meaning: Meaning, class_of: Mapping[int, str]) -> SegError:
    """What to write for numbers of which nothing, or not all, is known."""
    names = source.names or ()
    numbers = sorted(map(int, names))
    said = ""
    if class_of:
        missing = list_some([str(number) for number in numbers if number not in class_of])
        why = f"has no class of number {missing}" if meaning.has_ids else "states no numbers"
        said = f" {meaning.found or 'The class map'} {why}."
    rows = [
        f"{class_of.get(number, f'class{number}')},{format_color(distinct_color(place))},{number}"
        for place, number in enumerate(numbers)
    ]
    folders = _are_numbered_folders(source)
    others = "; if they are of several people, days or versions, name one of these folders as SOURCE, and that of the "
    return SegError(
        f"the masks {'lie in folders that ' if folders else ''}are called by numbers ({list_some(names)}): what is "
        f"each?{said} Nothing was written. If each is a class, save these lines with its name as classes.txt and "
        "add --classes classes.txt:\n\n"
        + "\n".join(rows)
        + "\n\nIf each is of an object, add --from object-masks"
        + (f"{others}photos with --images" if folders else "")
    )
