"""Lists of names whose first line may be no class: the heading of their column, or how many names follow."""

import re
from collections.abc import Sequence

from prep.core.errors import SegError
from prep.labels.tables.columns import HEADINGS_OF_NAMES

_MORE = (
    *("names", "classes", "labels", "category", "categories", "class names", "label names", "class list", "label list"),
    *("category name", "categories name", "klassen", "klassennamen", "kategorie", "kategorien", "catégorie"),
    *("classes name", "nombres", "clases", "etiquetas", "nomi", "noms", "类别名", "ラベル"),
)
_HEADINGS = frozenset({heading.casefold() for heading in (*HEADINGS_OF_NAMES, *_MORE)})


class MayBeHeading(SegError):
    """Nothing but a person tells whether the first line of a list of names is a class."""


def begins_with_heading(names: Sequence[str]) -> bool:
    """Whether the first of several names is what a column of names is called, or a number where no other is one."""
    if len(names) < 2:
        return False
    first, *others = names
    plain = re.sub(r"[\s_-]+", " ", first.strip(" \t\"'").removesuffix(":")).strip().casefold()
    return plain in _HEADINGS or (first.isdecimal() and not any(map(str.isdecimal, others)))


def refuse_heading(where: str, names: Sequence[str], first_id: int) -> None:
    """MayBeHeading where all classes would be one off, if the first line is a heading; with both lists to save.

    where: the line. first_id: of the first class.
    """
    if not begins_with_heading(names):
        return
    counted_from = "\n".join(f"{name},{raw}" for raw, name in enumerate(names, start=first_id))
    raise MayBeHeading(
        f"{where}: is {names[0]!r} a class, or does it only stand above the names? If it is no class, save these lines "
        "as classes.txt and add --classes classes.txt:\n\n" + "\n".join(names[1:]) + f"\n\nIf it is one, save these "
        f"instead:\n\n{counted_from}"
    )
