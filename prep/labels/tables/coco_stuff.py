"""COCO-Stuff's labels.txt counts from 1, and most of its maps from 0: which of both the masks hold.

Source: the readme of https://github.com/nightrome/cocostuff. In the maps of stuff and things (stuffthingmaps) a value
is the number of the list less 1, and 255 is unlabelled; in the pixel maps of the stuff task it is that number.
"""

from collections.abc import Collection
from dataclasses import replace

from prep.core.classes import IGNORE_INDEX, ClassMap
from prep.core.errors import SegError

_SOME = {1: "person", 2: "bicycle", 92: "banner", 182: "wood"}
_LAST = max(_SOME)


def is_coco_stuff(classes: ClassMap) -> bool:
    """Whether a class map is COCO-Stuff's list as it stands in the file."""
    names = dict(zip(classes.ids, classes.names, strict=True))
    return max(names, default=0) == _LAST and all(names.get(raw) == name for raw, name in _SOME.items())


def with_numbers_of_maps(classes: ClassMap, first_id: int | None, values: Collection[int]) -> ClassMap:
    """COCO-Stuff's list with the numbers that the masks have.

    first_id: the number of person in the masks, where somebody says it.  values: all that the masks hold.
    Raises SegError where neither 255 nor a number above 181 tells.
    """
    highest = max((value for value in values if value != IGNORE_INDEX), default=0)
    if first_id is None and IGNORE_INDEX not in values and highest < _LAST:
        raise SegError(
            "which number is person? In COCO-Stuff's maps of stuff and things a value is one less than the number in "
            "its labels.txt, in its pixel maps of stuff it is that number, and nothing in these masks tells which they "
            "are. Type the same command with\n"
            "  --first-id 0   if person is 0, as in stuffthingmaps\n"
            "  --first-id 1   if person is 1, as in the list"
        )
    start = first_id if first_id is not None else int(highest >= _LAST)
    if start == 1:
        return classes
    return replace(classes, ids=tuple(raw - 1 + start for raw in classes.ids), ignored_ids=())
