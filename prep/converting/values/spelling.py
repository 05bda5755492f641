"""Names of classes that differ in their spelling only: what is said of them, and how two become one."""

import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence

from prep.core.classes import ClassMap, Value
from prep.core.words import counted, lines, list_some
from prep.labels.region_labels import spelt_plainly

_NUMBER_BEFORE = re.compile(r"[(\[]?\d+[)\]]?[\s._:)\-]+(?=.*[^\W\d])")
"""1_road, 2. car, 03-tree: the place of a class in a list."""
_NUMBER_AFTER = re.compile(r"(?<=[^\W\d])[\s._:#(\[\-]*\d+[)\]]?\s*$")
"""cell_0, car 2, tree (3): what may count objects of a class."""
_MASK_WORDS = frozenset(
    {"mask", "masks", "label", "labels", "annotation", "annotations", "segmentation", "segmentations", "seg", "gt"}
)


def similar_names(classes: ClassMap, *, are_names: bool) -> str:
    """A note on names that differ in nothing but case or spaces, and how to make them one; empty if there are none.

    are_names: whether the labels say names, and not ids or colours.
    """
    twins = [[classes.names[place] for place in group] for group in _groups(classes.names) if len(group) > 1]
    if not twins:
        return ""
    pairs = [" and ".join(map(repr, group)) for group in twins]
    note = f"classes whose names differ only in case or spaces: {list_some(pairs)}; if they are one, "
    if are_names:
        left = list_some([repr(group[0]) for group in twins])
        return (
            f"{note}convert again with --classes and a list that has {left} alone of them, --unknown nearest and "
            "--overwrite"
        )
    return (
        f"{note}save this line as classes.json and convert again with --classes classes.json --overwrite:\n\n"
        f"{json.dumps(_merged(classes).to_json(), ensure_ascii=False)}\n"
    )


def _groups(names: Sequence[str], plain: Callable[[str], str] = spelt_plainly) -> list[list[int]]:
    """Places of the names, together where they are spelt alike but for case and spaces, or what `plain` leaves out."""
    groups: dict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        groups[plain(name)].append(place)
    return [*groups.values()]


def _bare(name: str) -> str:
    """A name without case, what joins its words, the number that it begins with, and the word mask."""
    without_number = _NUMBER_BEFORE.sub("", unicodedata.normalize("NFKC", name).casefold().strip(), count=1)
    words = re.findall(r"[^\W_]+", without_number)
    return "".join([word for word in words if word not in _MASK_WORDS] or words) or name


def _merged(classes: ClassMap) -> ClassMap:
    """The classes, those of similar names as one with the ids and colours of all."""
    groups = _groups(classes.names)
    ids = _together(groups, classes.ids, classes.more_ids)
    colors = _together(groups, classes.colors, classes.more_colors)
    return ClassMap(
        tuple(classes.names[group[0]] for group in groups),
        tuple(first for first, *_ in colors),
        ids=tuple(first for first, *_ in ids),
        ignored=classes.ignored,
        ignored_ids=classes.ignored_ids,
        more_ids=tuple(tuple(more) for _, *more in ids),
        more_colors=tuple(tuple(more) for _, *more in colors),
    )


def _together(
    groups: Sequence[Sequence[int]], first: Sequence[Value], more: Sequence[tuple[Value, ...]]
) -> list[list[Value]]:
    """The values of each group: the first and further ones of all its classes."""
    return [[value for place in group for value in (first[place], *(more[place] if more else ()))] for group in groups]


def spelt_otherwise(values: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Of values that are no name the one name that differs only in spelling; none where several names do."""
    return _matching(values, names, {})


def counted_objects(values: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """The same, also of names with a number at their end (cell_0), unless the class map has such, too."""
    numbered = {_bare(_NUMBER_AFTER.sub("", name)) for name in names if _NUMBER_AFTER.search(name)}
    kinds = {_bare(value): _bare(_NUMBER_AFTER.sub("", value)) for value in values if _NUMBER_AFTER.search(value)}
    counts = {own: kind for own, kind in kinds.items() if kind not in numbered}
    return _matching(values, names, counts) | spelt_otherwise(values, names)


def named_alike(values: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """The same where each of the names is that of one value only."""
    found = spelt_otherwise(values, names)
    times = Counter([*found.values(), *({*values} & {*names})])
    return {value: name for value, name in found.items() if times[name] == 1}


def _matching(values: Sequence[str], names: Sequence[str], forms: Mapping[str, str]) -> dict[str, str]:
    """By value that is no name the only name of the same bare form; forms: others that a value's form stands for."""
    of_class = {_bare(names[group[0]]): names[group[0]] for group in _groups(names, _bare) if len(group) == 1}
    known = {*names}
    bare = {value: _bare(value) for value in values if value not in known}
    return {value: of_class[form] for value, own in bare.items() if (form := forms.get(own, own)) in of_class}


def ways_of_spellings(values: Sequence[str], names: Sequence[str], held: Collection[str]) -> str:
    """What to type where each unknown name is one of the class map in other spelling; else empty.

    held: names of the class map that labels have as they stand there: then labels have a class in several spellings.
    """
    found = spelt_otherwise(values, names)
    if not found or len(found) < len(values):
        return ""
    if len({*found.values()}) == len(found) and not {*found.values()} & {*held}:
        return "The class map has them in other spelling only: " + _as_labels_do(found)
    spelt: dict[str, list[str]] = defaultdict(list)
    for value, name in found.items():
        spelt[name].append(value)
    both = [" and ".join([*([name] if name in held else []), *others]) for name, others in spelt.items()]
    return (
        f"The labels have {counted(len(both), 'name')} in several spellings: {list_some(both)}. Run the command again "
        "with\n  --unknown nearest     each becomes the class whose name differs only in spelling\nor, where "
        f"they are different things, add {list_some(list(found))} to the class map, a line each, and name it with "
        "--classes"
    )


def ways_of_numbers(values: Sequence[str], names: Sequence[str]) -> str:
    """What to type where each unknown name is one of the class map with a number at its end; else empty."""
    found = counted_objects(values, names)
    if not found or len(found) < len(values):
        return ""
    shown = list_some([f"{value} as {name}" for value, name in found.items()])
    return (
        "The class map has them without the numbers at their ends. If these count objects, run the command again with"
        f"\n  --unknown nearest     each becomes the class of its name ({shown})\nIf each is a class of its own, save "
        f"these lines as classes.txt and add --classes classes.txt:\n\n" + "\n".join(_each_a_class(found, names))
    )


def _each_a_class(found: Mapping[str, str], names: Sequence[str]) -> list[str]:
    """The names of the class map, those that labels count as the labels have them."""
    return [each for name in names for each in ([value for value in found if found[value] == name] or [name])]


def on_plurals(values: Sequence[str], names: Sequence[str]) -> str:
    """What to write where unknown names are those of the class map in singular or plural; empty where none is."""
    singular = {plural: _bare(name) for name in names for plural in _plurals(_bare(name))}
    plural = {_bare(value): _plurals(_bare(value)) for value in values}
    of_names = {_bare(name) for name in names}
    forms = singular | {own: form for own, more in plural.items() for form in more if form in of_names}
    found = _matching(values, names, forms)
    if len({*found.values()}) < len(found) or not found:
        return ""
    return "Perhaps the class map has them in singular or plural: " + _as_labels_do(found)


def _plurals(name: str) -> list[str]:
    return [f"{name}s", f"{name}es", *([f"{name[:-1]}ies"] if name.endswith("y") else [])]


def _as_labels_do(found: Mapping[str, str]) -> str:
    return "write there as the labels do, and name it with --classes" + lines(
        [f"{value}, not {name}" for value, name in found.items()]
    )
