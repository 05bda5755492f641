"""Class tables in JSON, YAML and the text form of protocol buffers, by the tools that write them."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from prep.core.classes import Color, classes_from_json, parse_color
from prep.core.errors import SegError
from prep.labels.tables.columns import whole
from prep.labels.tables.mapping import LABEL_MAPPING, mapped
from prep.labels.tables.table import ClassTable, Row, rows_by_train_id, table_of

_MACHINE_COLORS = "obj_class_to_machine_color.json"
"""Supervisely's list of grey values in masks_machine, beside its meta.json."""

_MOST_YAML = 1 << 20
_NAMES = ("name", "class_name", "title", "label", "readable", "class")
_IDS = ("id", "png_index", "index", "pixel_value", "value")
_TRAIN_IDS = ("trainId", "train_id", "trainid")
_LISTS = ("classes", "names", "labels", "id2label", "categories", "label2id", "default_mask_targets", "label_classes")
_NO_TABLE = "no class table; write one name,#rrggbb or one name a line"

_HEX = re.compile(r"#[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?")
_TRIPLE = re.compile(r"[\[(]?\s*\d+,\s*\d+,\s*\d+\s*[\])]?")
_ITEM = re.compile(r"item\s*\{([^{}]*)\}")
_FIELD = re.compile(r"(\w+)\s*:\s*(?:\"([^\"]*)\"|'([^']*)'|(\S+))")


def table_from_json(path: Path, text: str, first_id: int | None) -> ClassTable:
    """Read what is JSON; SegError if it holds no classes."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise SegError(f"not valid JSON: {error}") from error
    if isinstance(data, dict):
        entries = data.get("classes")
        if isinstance(entries, list) and any(isinstance(entry, dict) and "title" in entry for entry in entries):
            return _supervisely(path, entries)
        if isinstance(entries, list) and entries and _are_of_others(entries):
            return _of_values(entries, first_id)
        if isinstance(entries, list) and not all(isinstance(each, str) or _has_color_list(each) for each in entries):
            classes = classes_from_json(data)
            if not len(classes):
                raise SegError("holds no class; write one name,#rrggbb a line")
            return ClassTable(classes)
        if (columns := _parallel(data)) is not None:
            return table_of(columns, first_id)
        for key in _LISTS:
            if isinstance(data.get(key), list | dict) and data[key]:
                return _of_values(data[key], first_id)
    return _of_values(data, first_id)


def _are_of_others(entries: Sequence[object]) -> bool:
    """Whether classes are no list of ours: none has a colour, or they have train ids."""
    if not all(isinstance(each, dict) and any(key in each for key in _NAMES) for each in entries):
        return False
    keys = [each.keys() for each in entries if isinstance(each, dict)]
    return not any("color" in each for each in keys) or all(each & {*_TRAIN_IDS} for each in keys)


def _has_color_list(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("color"), list)


def _parallel(data: Mapping[str, Any]) -> list[Row] | None:
    """Rows of lists that stand side by side: class_names, and perhaps class_indexes (WoodScape)."""
    names, numbers = data.get("class_names"), data.get("class_indexes")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        return None
    if not isinstance(numbers, list) or len(numbers) != len(names):
        numbers = [None] * len(names)
    return [
        Row(name, None, None if raw is None else whole(f"entry {place}", raw), f"entry {place}")
        for place, (name, raw) in enumerate(zip(names, numbers, strict=True), start=1)
    ]


def table_from_yaml(text: str, first_id: int | None) -> ClassTable:
    """Read a data.yaml of YOLO and Ultralytics: its `names`, as a list or by number, or what stands in a JSON file.

    Its `label_mapping` says which values of masks they are.
    """
    import yaml

    if len(text) > _MOST_YAML:
        raise SegError("larger than 1 MB; that is no class list")
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        raise SegError(f"not valid YAML: {' '.join(str(error).split())}") from error
    if isinstance(data, list) and data:
        return _of_values(data, first_id)
    content = data if isinstance(data, dict) else {}
    listed = [content[key] for key in ("names", *_LISTS) if isinstance(content.get(key), list | dict)]
    names = listed[0] if listed else content
    if not names or not (listed or all(map(_is_number, content))):
        raise SegError('a YAML file without "names:"; write one name,#rrggbb or one name a line')
    if LABEL_MAPPING in content:  # its numbers are counted from 0
        return mapped(_of_values(names, None), content[LABEL_MAPPING])
    return _of_values(names, first_id)


def table_from_pbtxt(text: str) -> ClassTable:
    """Read TensorFlow's label map: items with id and name; 0 is not among them and means the background."""
    rows = []
    for number, item in enumerate(_ITEM.findall(text), start=1):
        found = {match[1]: match[2] or match[3] or match[4] or "" for match in _FIELD.finditer(item)}
        name = found.get("display_name") or found.get("name")
        if not name or "id" not in found:
            raise SegError(f"item {number} needs id and name")
        rows.append(Row(name, None, whole(f"item {number}", found["id"]), f"item {number}"))
    return table_of(rows, 0, zero_is_rest=True)


def _of_values(data: object, first_id: int | None) -> ClassTable:
    """Names in a list, entries in a list or by name or id, {"0": name}, {name: 0}, {name: [r, g, b]}."""
    if isinstance(data, list) and data and all(isinstance(entry, str) for entry in data):
        return table_of([Row(name, where=f"entry {n}") for n, name in enumerate(data, start=1)], first_id)
    if isinstance(data, list) and data and all(isinstance(entry, dict) for entry in data):
        return _entries(data, first_id)
    if isinstance(data, dict) and data and all(isinstance(entry, dict) for entry in data.values()):
        keys = ["id" if _is_number(key) else "name" for key in data]
        return _entries([{key: own, **entry} for key, (own, entry) in zip(keys, data.items(), strict=True)], first_id)
    if isinstance(data, dict) and data:
        for fits, row in _FORMS:
            if all(fits(key, value) for key, value in data.items()):
                return table_of([row(key, value) for key, value in data.items()], first_id)
        if any(isinstance(value, list) for value in data.values()) and all(
            isinstance(value, int | list) for value in data.values()
        ):
            raise SegError(
                "some classes are made of several numbers (regions of nnU-Net), which is not read; "
                "give a list of name,id with one number a class"
            )
    raise SegError(_NO_TABLE)


def _is_number(value: object) -> bool:
    return not isinstance(value, bool) and re.fullmatch(r"-?\d+", str(value)) is not None


def _is_color(value: object) -> bool:
    return isinstance(value, list) and len(value) in (3, 4) and all(isinstance(each, int) for each in value)


_FORMS: tuple[tuple[Callable[[Any, Any], bool], Callable[[Any, Any], Row]], ...] = (
    (
        lambda key, value: _is_number(key) and isinstance(value, str) and not _is_number(value),
        lambda key, value: Row(value, None, whole(f"{key!r}", key), f"{key!r}"),
    ),
    (
        lambda key, value: isinstance(key, str) and key.startswith("#") and isinstance(value, str),
        lambda key, value: Row(value, _color(f"{key!r}", key), None, f"{key!r}"),
    ),
    (
        lambda key, value: _TRIPLE.fullmatch(str(key)) is not None and isinstance(value, str),
        lambda key, value: Row(value, _color(f"{key!r}", [*map(int, re.findall(r"\d+", key))]), None, f"{key!r}"),
    ),
    (
        lambda key, value: isinstance(key, str) and _HEX.fullmatch(str(value)) is not None,
        lambda key, value: Row(key, _color(f"{key!r}", value), None, f"{key!r}"),
    ),
    (
        lambda key, value: isinstance(key, str) and _is_number(value),
        lambda key, value: Row(key, None, whole(f"{key!r}", value), f"{key!r}"),
    ),
    (
        lambda key, value: isinstance(key, str) and _is_color(value),
        lambda key, value: Row(key, _color(f"{key!r}", value), None, f"{key!r}"),
    ),
)


def _entries(entries: Sequence[Mapping[str, Any]], first_id: int | None) -> ClassTable:
    """Objects with a name, and perhaps an id and a colour; Hasty counts from 1, and 0 is no object."""
    rows = []
    for place, entry in enumerate(entries, start=1):
        where = f"entry {place}"
        name = next((entry[key] for key in _NAMES if isinstance(entry.get(key), str)), None)
        if name is None:
            raise SegError(f"{where} has no name: {json.dumps(entry)[:80]}")
        raw = next((whole(where, entry[key]) for key in _IDS if _is_number(entry.get(key))), None)
        train = next((whole(where, entry[key]) for key in _TRAIN_IDS if _is_number(entry.get(key))), None)
        color = entry.get("color")
        rows.append(Row(name, None if color is None else _color(where, color), raw, where, train))
    if any(row.color is None for row in rows):
        rows = [replace(row, color=None) for row in rows]
    if all(row.raw is None and row.train is not None for row in rows):
        rows = rows_by_train_id(rows)
    return table_of(rows, first_id, zero_is_rest=all("png_index" in entry for entry in entries))


def _color(where: str, value: object) -> Color:
    if isinstance(value, list) and _is_color(value) and all(0 <= each <= 255 for each in value):
        red, green, blue = value[:3]
        return red, green, blue
    text = str(value)
    if re.fullmatch(r"#[0-9a-fA-F]{8}", text):  # with alpha
        text = text[:7]
    try:
        return parse_color(text)
    except SegError as error:
        raise SegError(f"{where}: {error}") from error


def _supervisely(path: Path, entries: Sequence[object]) -> ClassTable:
    """Classes of a meta.json: in masks_machine they count from 1, or as the file beside it says; 0 is no object."""
    machine = _machine_values(path.with_name(_MACHINE_COLORS))
    rows = []
    for position, entry in enumerate(entries):
        if not isinstance(entry, dict) or not isinstance(entry.get("color"), str):
            raise SegError(f'class {position} needs "title" and "color": {json.dumps(entry)[:80]}')
        name = str(entry.get("title", ""))
        rows.append(Row(name, parse_color(entry["color"]), machine.get(name, position + 1), f"class {position}"))
    return table_of(rows, 1, zero_is_rest=True)


def _machine_values(path: Path) -> dict[str, int]:
    if not path.is_file():
        return {}
    data = json.loads(path.read_bytes())
    if not isinstance(data, dict):
        return {}
    greys = {name: value[:3] if _is_color(value) else [value] for name, value in data.items()}
    return {
        str(name): int(grey[0])
        for name, grey in greys.items()
        if len(set(map(str, grey))) == 1 and isinstance(grey[0], int) and not isinstance(grey[0], bool)
    }
