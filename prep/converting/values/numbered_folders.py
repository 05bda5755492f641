"""Masks of a class each in folders that are called by numbers: masks/1/x.png is of the class with this id."""

from collections.abc import Sequence
from pathlib import Path

from prep.converting.values.meaning import Meaning
from prep.core.classes import distinct_color, format_color
from prep.core.errors import SegError
from prep.core.words import list_some
from prep.labels.pixels.part_masks import ClassMaskReader
from prep.labels.reader import LabelSource, RawLabel
from prep.labels.region_labels import plain_name


def are_numbered_folders(labels: LabelSource) -> bool:
    """Whether masks of classes lie in folders, and numbers are all that tells these from each other."""
    names = labels.names or ()
    numbers = labels.reader == ClassMaskReader.name and bool(names) and all(map(str.isdecimal, names))
    return numbers and all(map(_lie_in_folders, labels.labels))


def names_by_number(labels: LabelSource, meaning: Meaning, *, says: bool) -> tuple[str, ...]:
    """The class of each folder by its number, or the numbers where they are names of the classes.

    says: whether somebody says what the classes are, or that each folder is one.
    Raises SegError with the lines that say it where nobody does, or where a list has no class for a number.
    """
    names, classes = labels.names or (), meaning.classes
    if says and set(names) <= set(classes.names):
        return names
    by_id = {raw: classes.names[index] for raw, index in classes.index_of_id().items()}
    by_id |= {raw: name for name, raw in meaning.ignored if raw is not None}
    if says and meaning.has_ids and {*map(int, names)} <= by_id.keys():
        return tuple(plain_name(by_id[int(name)]) for name in names)
    raise SegError(_question(names, meaning.found, by_id if says else {}, has_ids=meaning.has_ids))


def _lie_in_folders(label: RawLabel) -> bool:
    parts = [(name, path) for name, (path, _) in label.regions or () if name.isdecimal()]
    return bool(parts) and all(name in path.parent.parts for name, path in parts)


def _question(names: Sequence[str], found: Path | None, by_id: dict[int, str], *, has_ids: bool) -> str:
    numbers = sorted(map(int, names))
    said = ""
    if by_id:
        lacks = f"has no class of number {list_some([str(n) for n in numbers if n not in by_id])}"
        said = f" {found or 'The class map'} {lacks if has_ids else 'states no numbers'}."
    rows = [
        f"{by_id.get(number, f'class{number}')},{format_color(distinct_color(place))},{number}"
        for place, number in enumerate(numbers)
    ]
    return (
        f"the masks lie in folders that are called by numbers ({list_some([str(number) for number in numbers])}): what "
        f"is each?{said} Nothing was written. If each is a class, save these lines with its name as classes.txt and "
        "add --classes classes.txt:\n\n"
        + "\n".join(rows)
        + "\n\nIf each is of an object, add --from object-masks; if they are of several people, days or versions, name "
        "one of these folders as SOURCE, and that of the photos with --images"
    )
