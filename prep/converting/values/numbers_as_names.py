"""Masks of classes whose files or folders are called by numbers (a_1.png, 1/a.png): names, or ids of the class map."""

from collections.abc import Mapping, Sequence

from prep.converting.values.meaning import Meaning
from prep.core.classes import IGNORE_INDEX, IGNORE_NAME
from prep.core.errors import SegError
from prep.core.words import list_some


def as_classes(meaning: Meaning, names: Sequence[str]) -> tuple[Mapping[str, str], str]:
    """The class of each number that is an id of the class map, `ignore` for ignored ones, and a note on what they are.

    names: as the masks are called. Empty where these are no numbers.
    Raises SegError where numbers are neither names of the class map nor ids that it states.
    """
    if not names or not all(name.isascii() and name.isdecimal() for name in names):
        return {}, ""
    shown, known = list_some(names), {*meaning.classes.names}
    if known.issuperset(names):
        return {}, (
            f"named by numbers: {shown}, which are taken for the names of classes; where they are ids, save lines such "
            f"as {names[-1]},NAME as classes.txt and convert again with --classes classes.txt --overwrite"
        )
    class_of = {raw: meaning.classes.names[index] for raw, index in meaning.classes.index_of_id().items()}
    ignored = {IGNORE_INDEX, *meaning.classes.ignored_ids, *(raw for _, raw in meaning.ignored if raw is not None)}
    class_of = dict.fromkeys(ignored, IGNORE_NAME) | class_of
    missing = [name for name in names if int(name) not in class_of]
    if missing or not meaning.has_ids:
        where = f" {meaning.found}" if meaning.found else ""
        why = f"has no id {list_some(missing)}" if meaning.has_ids else "states no ids"
        raise SegError(
            f"the masks are called by numbers ({shown}), and the class map{where} has no classes of these names: it "
            f"{why}. Write a line NUMBER,NAME for each of these numbers into a file, and name it with --classes"
        )
    found = {name: class_of[int(name)] for name in names}
    said = list_some([f"{name} is {kind}" for name, kind in found.items()])
    return found, f"named by numbers, which are ids of the class map: {said}"
