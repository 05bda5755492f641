"""classes.txt: names and colours in our own list, for layouts that have no such table."""

from dataclasses import replace

from prep.core.classes import ClassMap, Color, format_list
from prep.exporting.layout import IGNORE_NAME, refuse_names

CLASS_LIST = "classes.txt"


def refuse_list_names(classes: ClassMap) -> None:
    """SegError if a class name cannot stand in classes.txt."""
    refuse_names(classes, ",", (IGNORE_NAME, "name"))


def class_list(classes: ClassMap, ignored: tuple[Color, ...]) -> dict[str, str]:
    """The file with lines name,#rrggbb and ignore,#rrggbb."""
    return {CLASS_LIST: format_list(replace(classes, ignored=ignored, ignored_ids=())) + "\n"}
