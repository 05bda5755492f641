"""The class names of a YOLO dataset: data.yaml, which is read as plain data, or a list of names."""

import json
import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from prep.core.errors import SegError
from prep.core.files import read_bytes, within_limits
from prep.core.folder_names import names_labels
from prep.core.words import as_source
from prep.images.finding import find_files
from prep.labels.region_labels import BACKGROUND, plain_name
from prep.labels.tables.headings import begins_with_heading
from prep.labels.tables.order import in_another_order
from prep.labels.text_files import decode_list

_MAX_BYTES = 1 << 20
_MOST_NAMES = 10_000
_LISTS = ("classes.txt", "obj.names", "classes.names", "predefined_classes.txt", "_darknet.labels")
"""Lists of names as Darknet, LabelImg and Roboflow call them."""
_BACKGROUNDS = (BACKGROUND, "bg")


@dataclass(frozen=True)
class Names:
    """The class names of a dataset by number, and the file that says them; empty if none does.

    is_counted: whether it is a list, whose lines were counted from 0.  note: on an encoding that was guessed.
    """

    by_number: Mapping[int, str] = field(default_factory=dict)
    file: Path | None = None
    is_counted: bool = False
    note: str = ""


class _PlainLoader(yaml.SafeLoader):  # type: ignore[misc]  # of a package without types
    """Data without aliases, which can make a small file grow without end."""

    def compose_node(self, parent: Any, index: Any) -> Any:  # noqa: ANN401  # as the library has it
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("an alias (*name), which no label tool writes")
        return super().compose_node(parent, index)


def dataset_folder(source: Path) -> Path:
    """The folder with data.yaml: the source or one of the two above it; else the folder around labels/."""
    whole = source.resolve()
    for folder in (source, *whole.parents[:2]):
        if _yaml_files(folder):
            return folder
    return whole.parent if names_labels(whole.name) else source


def names_of(source: Path, root: Path) -> Names:
    """What data.yaml or a list says; SegError if files of one kind differ, or have their classes in another order."""
    files = [source] if source.suffix.lower() in (".yaml", ".yml") else _yaml_files(root) or _yaml_files_below(root)
    folders = (root, root / "labels", source, source.parent)
    beside = [file for name in _LISTS for folder in folders if (file := folder / name).is_file()]
    if found := _agreed(root, {file: names for file in files if (names := _names(file))}):
        if not source.is_file():
            _refuse_other_order(*next(iter(found.items())), list(dict.fromkeys([*beside, *_lists_below(root)])))
        file, names = next(iter(found.items()))
        return Names(names, file, note=_text_of(file)[1])
    if lists := _agreed(root, {file: _listed(file) for file in beside[:1] or _lists_below(root)}):
        file, names = next(iter(lists.items()))
        _refuse_heading_in(file, root, [*names.values()])
        return Names(names, file, is_counted=True, note=_text_of(file)[1])
    return Names()


def note_on_background(names: Names, root: Path, used: Collection[int]) -> str:
    """A note on data.yaml where regions of 0 are drawn, which it calls background, and none of its last class.

    used: the numbers of all regions. Nobody draws regions of the background first: SegError, which asks, where a list
    says so, because lists for masks begin with a background that YOLO does not count.
    """
    listed = list(names.by_number.values())
    if not listed or 0 not in used or {*names.by_number} != {*range(len(listed))}:
        return ""
    if plain_name(listed[0]).lower() not in _BACKGROUNDS or max(used) >= len(listed) - 1:
        return ""
    file = names.file.name if names.file else ""
    drawn = f"regions of class 0 are drawn, which {file} calls {listed[0]}, and none of {listed[-1]}"
    if not names.is_counted:
        return f"{drawn}: if 0 is {listed[1]}, take {listed[0]} out of its names, and convert again with --overwrite"
    ways = f"{_yaml_line(listed[1:])}  # 0 is {listed[1]}\n{_yaml_line(listed)}  # 0 is {listed[0]}"
    raise SegError(
        f"{names.file}: {drawn}. Is that right, or does the list begin with a {listed[0]} that these files do not "
        f"count? Save one of these lines as {root / 'data.yaml'} (unpack a zip file first, and name its folder) and "
        f"type the same command again:\n\n{ways}"
    )


def _refuse_heading_in(file: Path, root: Path, names: Sequence[str]) -> None:
    """SegError where the first line of a list may be a heading: every class would be another one."""
    if begins_with_heading(names):
        ways = f"{_yaml_line(names[1:])}  # {names[0]} is a heading\n{_yaml_line(names)}  # {names[0]} is class 0"
        raise SegError(
            f"{file}: is its first line, {names[0]!r}, a class, or does it only stand above the names? Save one of "
            f"these lines as {root / 'data.yaml'} (unpack a zip file first, and name its folder) and type the same "
            f"command again:\n\n{ways}"
        )


def _yaml_line(names: Sequence[str]) -> str:
    return f"names: {json.dumps(names, ensure_ascii=False)}"


def _agreed(root: Path, found: Mapping[Path, dict[int, str]]) -> Mapping[Path, dict[int, str]]:
    """The names of these files; SegError if they differ."""
    if len({tuple(names.items()) for names in found.values()}) > 1:
        ways = [shlex.quote(str(file.parent if file.name in _LISTS else file)) for file in found]
        raise SegError(f"{root}: these files name different classes; {as_source(ways)}")
    return found


def _refuse_other_order(file: Path, names: Mapping[int, str], lists: Sequence[Path]) -> None:
    """SegError if a list beside data.yaml has its classes in another order: the labels may have been drawn by that."""
    ours = {name: number for number, name in names.items()}
    for other in lists:
        if in_another_order(ours, {name: number for number, name in _listed(other).items()}):
            raise SegError(
                f"{file} and {other} have the same classes in another order; correct or remove the one that is wrong"
            )


def _listed(file: Path) -> dict[int, str]:
    lines = _text_of(file)[0].splitlines()
    return dict(enumerate(line.strip() for line in lines if line.strip()))


def _text_of(file: Path) -> tuple[str, str]:
    """What stands in a file, and a note if its encoding was guessed."""
    return decode_list(file, read_bytes(file))


def _lists_below(root: Path) -> list[Path]:
    """Lists of names in folders below, as in the one that a download is wrapped in."""
    suffixes = {Path(name).suffix for name in _LISTS}
    return [file.path for file in find_files(root, suffixes) if file.path.name in _LISTS]


def _yaml_files_below(root: Path) -> list[Path]:
    """Files that name classes in folders below."""
    folders = dict.fromkeys(file.path.parent for file in find_files(root, {".yaml", ".yml"}))
    return [file for folder in folders for file in _yaml_files(folder)]


def _yaml_files(folder: Path) -> list[Path]:
    """Files that name classes; one of another purpose may be as damaged as it likes, data.yaml may not."""
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix.lower() in (".yaml", ".yml") and path.is_file():
            try:
                found += [path] if _names(path) else []
            except SegError:
                if path.stem.lower() in ("data", "dataset"):
                    raise
    return found


def _names(path: Path) -> dict[int, str]:
    """What stands under "names", as a list or by number; empty if there is none. SegError if the file is damaged."""
    if path.stat().st_size > _MAX_BYTES:
        return {}
    with within_limits(path):
        try:
            content = yaml.load(_text_of(path)[0], _PlainLoader)  # a safe loader
        except (yaml.YAMLError, ValueError) as error:
            raise SegError(f"{path}: not valid YAML ({' '.join(str(error).split()):.200}); correct it") from error
    if isinstance(content, dict) and "kpt_shape" in content:
        raise SegError(f"{path}: says kpt_shape: its labels are boxes with key points, no regions; export polygons")
    names = content.get("names") if isinstance(content, dict) else None
    rows: Mapping[Any, Any] = dict(enumerate(names)) if isinstance(names, list) else names if names else {}
    if not isinstance(rows, dict) or len(rows) > _MOST_NAMES:
        raise SegError(f"{path}: names is neither a list of class names nor a number and a name a line")
    if not all(
        str(number).isdecimal() and len(str(number)) < 10 and isinstance(name, str | int)
        for number, name in rows.items()
    ):
        raise SegError(f"{path}: names is neither a list of class names nor a number and a name a line")
    return {int(number): str(name) for number, name in sorted(rows.items(), key=lambda row: int(row[0]))}
