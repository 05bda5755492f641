"""Class maps as the tools write them: which files are looked for beside labels, and what each of them says."""

import re
from collections.abc import Iterator
from pathlib import Path

from prep.core.errors import SegError
from prep.core.files import read_bytes, within_limits
from prep.core.folder_names import names_labels
from prep.core.words import options
from prep.labels.archive import is_zip, member_bytes, member_names
from prep.labels.matlab.ground_truth import definitions_from_mat
from prep.labels.tables.lines import table_from_lines
from prep.labels.tables.structured import table_from_json, table_from_pbtxt, table_from_yaml
from prep.labels.tables.table import ClassTable
from prep.labels.text_files import decode_text

DEFINITION_NAMES = (
    *("labelmap.txt", "label_colors.txt", "class_dict.csv", "class_dict_seg.csv", "classes.json", "_classes.csv"),
    *("classes.csv", "label_classes.json", "labels.mat", "label_map.pbtxt", "labelmap.pbtxt", "meta.json", "data.yaml"),
    *("data.yml", "dataset.yaml", "dataset.json", "id2label.json", "class_names.txt", "label_names.txt", "classes.txt"),
    *("labels.txt", "codes.txt", "obj.names", "classes.names", "label_class_dict.csv", "class_list.json"),
    *("objectInfo150.txt", "config.json", "config_v2.0.json", "config_v1.2.json", "seg_annotation_info.json"),
    *("metadata.json", "colormap.txt", "RUGD_annotation-colormap.txt"),
)
"""File names that tools give to a class map, to look for beside masks: those with colours or ids first."""

_OFTEN_SOMETHING_ELSE = frozenset(
    {"meta.json", "data.yaml", "data.yml", "dataset.yaml", "dataset.json", "labels.txt", "classes.csv"}
    | {"config.json", "metadata.json", "colormap.txt", "class_list.json"}
)
"""Names that other files have, too: where such a file is no class map, it is passed over."""

_SPLITS = frozenset({"train", "training", "val", "valid", "validation", "test", "testing"})
_MASK_FOLDERS = frozenset({"masks_machine", "masks_human", "segmentationclass"})
_CLIMBS = 3


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
        text = decode_text(path, content)
        try:
            return _parsed(path, text, first_id)
        except SegError as error:
            raise SegError(f"{path}: {error}") from error


def _parsed(path: Path, text: str, first_id: int | None) -> ClassTable:
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


def find_table(source: Path, first_id: int | None) -> tuple[Path, ClassTable] | None:
    """The class map that a tool left in a zip file of labels, in their folder, or in one that holds it; with its file.

    Raises SegError if it cannot be read, or if train/, valid/ and test/ have lists that differ.
    """
    if is_zip(source):
        return _zipped_table(source, first_id)
    for name in DEFINITION_NAMES:
        for place in _places(source):
            if (place / name).is_file() and (table := _found(place / name, first_id)) is not None:
                return place / name, table
        each = [place / name for place in _folders_inside(source) if (place / name).is_file()]
        tables = [table for file in each if (table := _found(file, first_id)) is not None]
        if any(table != tables[0] for table in tables):
            raise SegError(
                f"{each[0]} and {each[-1]} say different classes; convert each folder into a dataset of its own, or "
                f"say which of them holds for all:{options('--classes', map(str, each))}"
            )
        if tables:
            return each[0], tables[0]
    return None


def _found(file: Path, first_id: int | None) -> ClassTable | None:
    try:
        return read_class_table(file, first_id)
    except SegError:
        if file.name.lower() in _OFTEN_SOMETHING_ELSE:
            return None
        raise


def _places(source: Path) -> Iterator[Path]:
    """The folder of the labels, and those above as long as a name only says what lies in it."""
    folder = source if source.is_dir() else source.parent
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


def _only_says_what(name: str) -> bool:
    return names_labels(name) or name.lower() in _SPLITS or name.lower() in _MASK_FOLDERS


def _folders_inside(source: Path) -> list[Path]:
    """train/, valid/, masks/ and the like, in which a list may lie."""
    if not source.is_dir():
        return []
    return sorted(path for path in source.iterdir() if _only_says_what(path.name) and path.is_dir())


def _zipped_table(archive: Path, first_id: int | None) -> tuple[Path, ClassTable] | None:
    """The class map inside a zip file (labelmap.txt of CVAT), None if there is none."""
    members = {Path(name).name.lower(): name for name in sorted(member_names(archive), reverse=True)}
    for wanted in DEFINITION_NAMES:
        if wanted in members and not wanted.endswith(".mat"):
            name = members[wanted]
            try:
                return archive, parse_table(archive / name, member_bytes(archive, name), first_id)
            except SegError:
                if wanted not in _OFTEN_SOMETHING_ELSE:
                    raise
    return None
