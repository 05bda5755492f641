"""What lies beside masks without a class map: lists of any name, to be proposed, and lists that cannot be read."""

from collections.abc import Sequence, Set
from pathlib import Path

from prep.core.errors import SegError
from prep.core.folder_names import words_of
from prep.core.words import list_some
from prep.labels.class_files import (
    DEFINITION_NAMES,
    files_by_name,
    folder_above,
    folders_around,
    read_class_table,
    table_or_none,
)
from prep.labels.tables.table import ClassTable

_TABLES = (".txt", ".csv", ".tsv", ".json", ".yaml", ".yml", ".names", ".pbtxt")
_MOST_TABLES = 50
"""More such files in a folder are labels, one for each photo."""
_CLASS_WORDS = frozenset({"class", "classes", "label", "labels", "labelmap", "color", "colors", "colormap", "palette"})
_NO_TABLES = ("readme", "requirements", "environment", "licen", "changelog")


def passed_over(source: Path) -> list[str]:
    """What is wrong with each file that is called as a class map is, and cannot be read as one."""
    said = []
    for listed in map(files_by_name, folders_around(source)):
        names = [name for name in map(str.lower, DEFINITION_NAMES) if name in listed and _CLASS_WORDS & words_of(name)]
        for file in (listed[name] for name in names):
            try:
                read_class_table(file)
            except (SegError, OSError) as error:
                said.append(str(error))
    return list(dict.fromkeys(said))


def tables_beside(source: Path) -> list[tuple[Path, ClassTable]]:
    """Files of any name that read as class tables, in the labels' folder or in one that holds it: to be proposed."""
    places = dict.fromkeys(
        place.absolute() for place in (*folders_around(source), folder_above(source)) if place.is_dir()
    )
    files = [file for place in places for file in sorted(place.iterdir()) if file.suffix.lower() in _TABLES]
    files = [file for file in files if not file.name.lower().startswith(_NO_TABLES)]
    read = ((file, table_or_none(file)) for file in files[:_MOST_TABLES] if file.is_file())
    return [(file, table) for file, table in read if table is not None]


def note_on_lists(beside: Sequence[tuple[Path, ClassTable]], classes: int, stems: Set[str]) -> str:
    """A note on lists beside masks whose classes were guessed, of which one may say them; empty if none does.

    classes: that occur in some of the masks.  stems: of the masks, of which a list may be, too.
    """
    files = [
        str(file)
        for file, table in beside
        if classes <= len(table.classes) <= 2 * classes + 2 and stems.isdisjoint(table.classes.names)
    ]
    if not files:
        return ""
    return f"may be the class map of these masks: {list_some(files)}; if one is, name it with --classes"
