"""Lists that number their classes twice, by ids and by train ids as Cityscapes: which of them masks hold."""

import csv
import io
from collections.abc import Callable, Collection, Set
from dataclasses import replace

from prep.converting.values.meaning import Meaning
from prep.core.classes import IGNORE_INDEX, format_color
from prep.core.errors import SegError
from prep.core.words import list_some
from prep.labels.reader import LabelReader


def by_held_ids(meaning: Meaning, reader: LabelReader, values: Callable[[], Collection[int]]) -> Meaning:
    """Take the ids or the train ids of a list, whichever have all values of the masks; SegError if nothing tells.

    values: what the masks hold, if asked.
    """
    other = meaning.by_train_id
    if other is None or reader.name == "rgb" or not (held := {*values()}):
        return replace(meaning, by_train_id=None)
    if not {IGNORE_INDEX} & (_stated(meaning) | _stated(other)):
        held -= {IGNORE_INDEX}
    is_id, is_train_id = held <= _stated(meaning), held <= _stated(other)
    if is_id == is_train_id:
        if _differ(meaning, other, held):
            raise SegError(_question(meaning, other, held, fits=is_id))
        return replace(meaning, by_train_id=None)
    kind, chosen = ("ids", meaning) if is_id else ("train ids", other)
    note = f"the class map says ids and train ids: by their values, the masks hold {kind} ({_first(chosen)})"
    return replace(chosen, found=meaning.found, notes=(*chosen.notes, note), by_train_id=None)


def _stated(meaning: Meaning) -> Set[int]:
    return meaning.classes.index_of_id().keys() | {raw for _, raw in meaning.ignored if raw is not None}


def _names(meaning: Meaning) -> dict[int, str]:
    return {raw: meaning.classes.names[index] for raw, index in meaning.classes.index_of_id().items()}


def _differ(one: Meaning, other: Meaning, held: Collection[int]) -> bool:
    """Whether a value of the masks is of another class by the train ids."""
    ours, theirs = _names(one), _names(other)
    return any(ours.get(raw) != theirs.get(raw) for raw in held)


def _first(meaning: Meaning) -> str:
    return list_some([f"{raw} {name}" for raw, name in sorted(_names(meaning).items())])


def _question(meaning: Meaning, other: Meaning, held: Collection[int], *, fits: bool) -> str:
    shown = list_some([str(raw) for raw in sorted(held)])
    return (
        f"which number of the class map do the masks hold, the id or the train id? "
        f"{'Both have' if fits else 'Neither has'} all their values ({shown}). If it is the id, save these lines as "
        f"ids.csv and add --classes ids.csv:\n\n{_lines(meaning)}\n\nIf it is the train id, save these lines as "
        f"train_ids.csv and add --classes train_ids.csv:\n\n{_lines(other)}"
    )


def _lines(meaning: Meaning) -> str:
    """A table of name, id and colour, if the list states any, with the classes that are ignored."""
    classes, text = meaning.classes, io.StringIO()
    colors = [format_color(color) for color in classes.colors] if meaning.has_colors else []
    ignored = [(name, raw) for name, raw in meaning.ignored if raw is not None and raw != IGNORE_INDEX]
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["name", "id", *(["color"] if colors and not ignored else [])])
    for place, (name, raw) in enumerate(zip(classes.names, classes.ids, strict=True)):
        rows.writerow([name, raw, *(colors[place : place + 1] if not ignored else [])])
    rows.writerows(ignored)
    return text.getvalue().rstrip("\n")
