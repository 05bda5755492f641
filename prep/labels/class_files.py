"""Class maps as the tools write them: which files are looked for beside labels, and what each of them says."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from prep.core.classes import MAX_CLASSES, MAX_ID
from prep.core.errors import SegError
from prep.core.files import read_bytes, within_limits
from prep.core.folder_names import names_labels, words_of
from prep.core.words import counted, options
from prep.labels.archive import is_zip, member_bytes, member_names
from prep.labels.matlab.ground_truth import definitions_from_mat
from prep.labels.tables.headings import MayBeHeading
from prep.labels.tables.lines import table_from_lines
from prep.labels.tables.order import refuse_other_order
from prep.labels.tables.structured import table_from_json, table_from_pbtxt, table_from_yaml
from prep.labels.tables.table import ClassTable, TooLong
from prep.labels.text_files import decode_list

DEFINITION_NAMES = (
    *("labelmap.txt", "label_colors.txt", "class_dict.csv", "class_dict_seg.csv", "classes.json", "_classes.csv"),
    *("classes.csv", "label_classes.json", "labels.mat", "label_map.pbtxt", "labelmap.pbtxt", "meta.json", "data.yaml"),
    *("data.yml", "dataset.yaml", "dataset.json", "id2label.json", "class_names.txt", "label_names.txt", "classes.txt"),
    *("labels.txt", "codes.txt", "obj.names", "classes.names", "label_class_dict.csv", "class_list.json"),
    *("objectInfo150.txt", "config.json", "config_v2.0.json", "config_v1.2.json", "seg_annotation_info.json"),
    *("metadata.json", "colormap.txt", "RUGD_annotation-colormap.txt", "color_map.json", "colormap.json"),
    *("class_colors.json", "class_map.json", "label_map.json", "label2id.json", "palette.json", "color_map.csv"),
    *("classes.tsv", "classes.yaml", "classes.yml", "label_colors.csv", "colormap.csv", "class_colors.csv"),
    "class_mapping.csv",  # V7 Darwin
)
"""File names that tools give to a class map, to look for beside masks: those with colours or ids first."""

_OFTEN_SOMETHING_ELSE = frozenset(
    {"meta.json", "data.yaml", "data.yml", "dataset.yaml", "dataset.json", "labels.txt", "classes.csv"}
    | {"config.json", "metadata.json", "colormap.txt", "class_list.json", "color_map.json", "colormap.json"}
    | {"class_colors.json", "class_map.json", "label_map.json", "label2id.json", "palette.json", "classes.tsv"}
    | {"classes.yaml", "classes.yml", "color_map.csv", "label_colors.csv", "colormap.csv", "class_colors.csv"}
    | {"class_mapping.csv"}
)
"""Names that other files have, too: where such a file is no class map, it is passed over."""

_SPLITS = frozenset({"train", "training", "val", "valid", "validation", "test", "testing"})
_CLASSES = "classes"
"""Folder of SuperAnnotate's class list."""
_MASK_FOLDERS = frozenset({"masks_machine", "masks_human", "segmentationclass"})
_CLIMBS = 3
_LARGEST = 1 << 20

LongList = tuple[Path, Mapping[int, str]]
"""A file that lists more classes than a dataset can have, and its names by the ids that it states."""


def read_class_table(path: Path, first_id: int | None = None) -> ClassTable:
    """Read a class map of any of these tools; SegError names the file and line that cannot be read.

    first_id: the id of the first class where the file states no ids; see table_of.
    """
    if path.suffix.lower() == ".mat":
        return ClassTable(definitions_from_mat(path))
    return parse_table(path, read_bytes(path), first_id)


def parse_table(path: Path, content: bytes, first_id: int | None = None) -> ClassTable:
    """Read the content of such a text file; `path` is for errors."""
    with within_limits(path):
        text, note = decode_list(path, content)
        try:
            return replace(_parsed(path, text, first_id), notes=(note,) if note else ())
        except TooLong as error:
            raise TooLong(f"{path}: {error}", error.names) from error
        except MayBeHeading as error:
            raise MayBeHeading(f"{path}: {error}") from error
        except SegError as error:
            raise SegError(f"{path}: {error}") from error


def _parsed(path: Path, text: str, first_id: int | None) -> ClassTable:
    _refuse_no_list(path, text)
    suffix, start = path.suffix.lower(), text.lstrip()
    if suffix == ".json" or re.match(r'\{\s*["}]|\[\s*["{\[]', start):
        return table_from_json(path, text, first_id)
    if suffix == ".pbtxt" or re.match(r"item\s*\{", start):
        return table_from_pbtxt(text)
    if suffix in (".yaml", ".yml") or re.search(r"^(names|nc)\s*:", text, re.MULTILINE):
        return table_from_yaml(text, first_id)
    if start.startswith("<"):
        raise SegError("an XML or HTML file; write one name,#rrggbb or one name a line")
    return table_from_lines(text, first_id)


def _refuse_no_list(path: Path, text: str) -> None:
    """SegError, before any line is read, for a text that cannot be a list of classes: no pixel holds so many ids."""
    lines = max(text.count("\n"), text.count("\r"))
    if path.suffix.lower() not in (".json", ".yaml", ".yml", ".pbtxt") and lines > MAX_ID:
        raise SegError(
            f"{counted(lines, 'line')}, and a class map has at most {MAX_CLASSES} classes, one a line; is it another "
            "file?"
        )


def find_table(source: Path, first_id: int | None) -> tuple[Path, ClassTable] | None:
    """The class map that a tool left in a zip file of labels, in their folder, or in one that holds it; with its file.

    Raises SegError if it cannot be read, if train/, valid/ and test/ have lists that differ, or if another list beside
    it has its classes in another order.
    """
    if is_zip(source):
        return _zipped_table(source, first_id)
    if (numbered := _numbered(source)) is not None:
        return numbered
    around = [files_by_name(place) for place in folders_around(source)]
    inside = [files_by_name(place) for place in _folders_inside(source)]
    if (found := _first_table(around, inside, first_id)) is None:
        return _stated(source)
    files = [file for name in map(str.lower, DEFINITION_NAMES) for file in _called(name, [*around, *inside])]
    refuse_other_order(*found, [(file, table) for file in files if (table := table_or_none(file)) is not None])
    return found


def _first_table(
    around: Sequence[Mapping[str, Path]], inside: Sequence[Mapping[str, Path]], first_id: int | None
) -> tuple[Path, ClassTable] | None:
    """The class map of the first of the known names; SegError if folders of splits have different ones."""
    for name in map(str.lower, DEFINITION_NAMES):
        for file in _called(name, around):
            if (table := _found(file, first_id)) is not None:
                return file, table
        each = _called(name, inside)
        tables = [table for file in each if (table := _found(file, first_id)) is not None]
        if any(table != tables[0] for table in tables):
            raise SegError(
                f"{each[0]} and {each[-1]} say different classes; convert each folder into a dataset of its own, or "
                f"say which of them holds for all:{options('--classes', map(str, each))}"
            )
        if tables:
            return each[0], tables[0]
    return None


def files_by_name(folder: Path) -> Mapping[str, Path]:
    """What lies in a folder, by its name in lower case; nothing of a folder that cannot be read."""
    try:
        return {path.name.lower(): path for path in sorted(folder.iterdir())} if folder.is_dir() else {}
    except OSError:
        return {}


def _called(name: str, folders: Sequence[Mapping[str, Path]]) -> list[Path]:
    """The files of this name, of each folder."""
    return [listed[name] for listed in folders if name in listed and listed[name].is_file()]


def long_list(source: Path) -> LongList | None:
    """A list of too many classes that lies in the labels' folder, or in one that holds it."""
    for file in (
        place / name for place in (*folders_around(source), folder_above(source)) for name in DEFINITION_NAMES
    ):
        try:
            if file.is_file():
                read_class_table(file)
        except TooLong as error:
            return file, error.names
        except SegError:
            continue
    return None


def _numbered(source: Path) -> tuple[Path, ClassTable] | None:
    """The list that has its number in common with the folder of masks: 59_labels.txt of 59_context (PASCAL-Context)."""
    folders = [source.absolute().name, *(path.name for path in _subfolders(source))]
    numbers = {found[0] for name in folders if (found := re.match(r"\d+(?=_)", name))}
    files = [
        file for file in _named_freely(source) if (found := re.match(r"\d+(?=_)", file.name)) and found[0] in numbers
    ]
    return _with_ids(files)


def _stated(source: Path) -> tuple[Path, ClassTable] | None:
    """A list that states ids: one of another name (cocostuff-labels.txt), or in the folder above."""
    if (found := _with_ids(_named_freely(source))) is not None:
        return found
    return next(filter(None, (_with_ids([folder_above(source) / name]) for name in DEFINITION_NAMES)), None)


def folder_above(source: Path) -> Path:
    """The folder above all those of which the names only say what lies in them."""
    return [*folders_around(source)][-1].absolute().parent


def _named_freely(source: Path) -> list[Path]:
    places = [place for place in (*folders_around(source), folder_above(source)) if place.is_dir()]
    return [file for place in places for file in sorted(place.glob("*[_-]labels.txt"))]


def _with_ids(files: Sequence[Path]) -> tuple[Path, ClassTable] | None:
    """The only one of these files that is a list with ids."""
    tables = [(file, table) for file in files if file.is_file() and (table := table_or_none(file)) and table.has_ids]
    return tables[0] if len(tables) == 1 else None


def table_or_none(file: Path) -> ClassTable | None:
    """The table of a file; None if it cannot be read as one, or is too large."""
    try:
        return read_class_table(file) if file.stat().st_size < _LARGEST else None
    except (SegError, OSError):
        return None


def _subfolders(source: Path) -> list[Path]:
    return sorted(path for path in source.iterdir() if path.is_dir()) if source.is_dir() else []


def _found(file: Path, first_id: int | None) -> ClassTable | None:
    try:
        return read_class_table(file, first_id)
    except SegError as error:
        if _may_be_passed_over(file.name, error):
            return None
        raise


def _may_be_passed_over(name: str, error: SegError) -> bool:
    """Whether a file that cannot be read is something else; what reads as a list of names is none."""
    return name.lower() in _OFTEN_SOMETHING_ELSE and not isinstance(error, MayBeHeading)


def folders_around(source: Path) -> Iterator[Path]:
    """The folder of the labels, and those above as long as a name only says what lies in it."""
    folder = source if source.is_dir() else source.parent
    yield from only_inside(source)
    if not source.is_dir() and names_labels(source.stem):
        yield from (folder, folder.parent)
        return
    for _ in range(_CLIMBS):
        yield folder
        if not _only_says_what(folder.absolute().name) and not any(
            (folder / name).is_dir() for name in ("masks_machine", "masks_human")
        ):
            return
        folder = folder.parent


def only_inside(source: Path) -> list[Path]:
    """The folder in which all of a download lies (Dataset001_Cells of nnU-Net), if there is nothing else; and so on."""
    inner: list[Path] = []
    while len(found := _visible([source, *inner][-1])) == 1 and found[0].is_dir() and len(inner) < _CLIMBS:
        inner += found
    return inner


def _visible(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if not path.name.startswith(".")] if folder.is_dir() else []


def _only_says_what(name: str) -> bool:
    words = {word for word in words_of(name) if not word.isdecimal()}  # train2017
    return names_labels(name) or (bool(words) and words <= _SPLITS) or name.lower() in _MASK_FOLDERS


def _folders_inside(source: Path) -> list[Path]:
    """train/, valid/, masks/, classes/ and the like, in which a list may lie."""
    inside = [path for folder in (source, *only_inside(source)) for path in _subfolders(folder)]
    return [path for path in inside if _only_says_what(path.name) or path.name.lower() == _CLASSES]


def _zipped_table(archive: Path, first_id: int | None) -> tuple[Path, ClassTable] | None:
    """The class map inside a zip file (labelmap.txt of CVAT), None if there is none."""
    members: dict[str, list[str]] = defaultdict(list)
    for name in sorted(member_names(archive), key=lambda name: (name.count("/"), name)):
        members[PurePosixPath(name).name.lower()].append(name)
    for wanted in DEFINITION_NAMES:
        named = members[wanted.lower()] if not wanted.endswith(".mat") else []
        of_splits = [name for name in named if _only_says_what(PurePosixPath(name).parent.name)]
        tables: list[ClassTable] = []
        for name in of_splits if of_splits[:1] == named[:1] else named[:1]:
            try:
                tables.append(parse_table(archive / name, member_bytes(archive, name), first_id))
            except SegError as error:
                if not _may_be_passed_over(wanted, error):
                    raise
        if any(table != tables[0] for table in tables):
            raise SegError(
                f"{archive}: {of_splits[0]} and {of_splits[-1]} say different classes; unpack it, and convert "
                "each folder into a dataset of its own, or say with --classes which of them holds for all"
            )
        if tables:
            return archive, tables[0]
    return None
