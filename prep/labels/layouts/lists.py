"""Lists of train, val and test that lie beside labels: names, or names of images with their masks, one a line."""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.core.folder_names import SPLIT_WORDS, names_labels
from prep.core.words import counted, list_some
from prep.dataset.index import BUFFER
from prep.images.finding import FoundFile
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.contents import Contents
from prep.labels.layouts.affixes import relate
from prep.labels.layouts.pair_tables import (
    JSON,
    LISTS,
    SUFFIXES,
    begins_with_masks,
    begins_with_names,
    pairs_in,
    splits_in,
)
from prep.labels.layouts.splits import split_of
from prep.labels.reader import LabelSource
from prep.labels.tables.bare_names import Stems, by_stem
from prep.labels.text_files import decode_names

_SPLIT_TABLES = (".csv", ".tsv")
_SPLIT_FILES = ("split.json", "splits.json", "data_split.json", "dataset_split.json", "train_val_test_split.json")
_MOST_BYTES = 1 << 26
_HEAD_OF_JSON = 1 << 16
_FEW = 16
_ELSEWHERE = frozenset({"main", "layout", "action"})
"""VOC's ImageSets of other tasks, which divide other images."""
_ORDER = ("train", "val", "test", BUFFER)
_SHORT = {"trn": "train", "tst": "test", "trainval": "train"}
"""AeroScapes' trn.txt, and trainval.txt of sets that have no val.txt beside it (Oxford pets)."""
_PAIR = re.compile(r"(.*?\.[A-Za-z]{3,4})[\s,;|]+(.*\.[A-Za-z]{3,4})")
_COLUMNS = re.compile(r"([^\s,;]*[^\s,;\d][^\s,;]*)(?:\s+\d+)+")
_WORDS = re.compile(r"[a-z]+")


@dataclass(frozen=True)
class SplitList:
    """One list: (image, mask) of each line, the mask empty where the line does not name one."""

    path: Path
    split: str
    lines: tuple[tuple[str, str], ...]


def lists_of(contents: Contents) -> tuple[SplitList, ...]:
    """All lists below a folder, and beside it if its name says labels; files that are no such lists are passed over."""
    return contents.once(_lists)


def _lists(contents: Contents) -> tuple[SplitList, ...]:
    if not contents.is_folder:
        return ()
    files = [(file.path, file.name) for file in contents.of_suffix(*LISTS)]
    if not files and names_labels(contents.source.absolute().name):
        around = contents.source.absolute().parent
        places = (around, around / "ImageSets" / "Segmentation")
        beside = [path for place in places if place.is_dir() for path in sorted(place.iterdir())]
        files = [(path, path.name) for path in beside if path.suffix in LISTS]
    found = [each for path, name in files if _split(name) and (each := _read(path, _split(name)))]
    stems = by_stem(file.name for file in contents.of_suffix(*IMAGE_SUFFIXES)) if may_be_tables(contents) else {}
    read = {each.path for each in found}
    tables = [file for file in _tables(contents, stems) if file.path not in read] + _of_json(contents)
    rows = [
        SplitList(file.path, split or _split(file.name) or split_of(str(PurePosixPath(file.name).parent)), tuple(pairs))
        for file in tables
        for split, pairs in pairs_in(file.path, stems).items()
    ]
    more = [
        SplitList(file.path, split, tuple((name, "") for name in names))
        for file in (*contents.of_suffix(*_SPLIT_TABLES), *contents.named(*_SPLIT_FILES))
        if file not in tables or not rows
        for split, names in (splits_in(file.path) if _may_divide(contents, file) else {}).items()
    ]
    return _without_trainval([*found, *rows, *more])


def _may_divide(contents: Contents, file: FoundFile) -> bool:
    """Whether the beginning of a file speaks of splits: it may be large, and of something else."""
    head = contents.text_head(file).lower()
    return b"train" in head or b"split" in head or file.path.stem.lower().startswith("split")


def _without_trainval(lists: Sequence[SplitList]) -> tuple[SplitList, ...]:
    """Without trainval.txt where lists of train or val divide it further."""
    further = any(each.split in ("train", "val") and not _is_trainval(each) for each in lists)
    return tuple(each for each in lists if not (further and _is_trainval(each)))


def _is_trainval(each: SplitList) -> bool:
    return each.path.stem.lower() == "trainval"


def _of_json(contents: Contents) -> list[FoundFile]:
    """JSON files that name masks."""
    return [file for file in _few(contents, JSON) if begins_with_masks(contents.head(file, _HEAD_OF_JSON))]


def _few(contents: Contents, *suffixes: str) -> list[FoundFile]:
    """Files that are not of one photo each, by their names; none where these are many."""
    files = contents.of_suffix(*suffixes)
    if len(files) > _FEW:
        photos = {file.stem for file in contents.of_suffix(*IMAGE_SUFFIXES)}
        files = [file for file in files if file.stem not in photos]
    return files if len(files) <= _FEW else []


def may_be_tables(contents: Contents) -> list[FoundFile]:
    """Files that may be tables of pairs: all tables, and texts and JSON files where they are few."""
    return [*contents.of_suffix(*SUFFIXES), *_few(contents, *LISTS), *_few(contents, JSON)]


def tables_of_images(contents: Contents, stems: Stems) -> list[FoundFile]:
    """Tables, texts and JSON files that name images, whether pairs of them can be told or not. stems: see pairs_in."""
    json = (file for file in _few(contents, JSON) if begins_with_names(contents.head(file, _HEAD_OF_JSON), {}))
    return [*_tables(contents, stems), *json]


def _tables(contents: Contents, stems: Stems) -> list[FoundFile]:
    """Tables and texts whose first lines name images: they may be large, and of something else."""
    files = (*contents.of_suffix(*SUFFIXES), *_few(contents, *LISTS))
    return [file for file in files if begins_with_names(contents.text_head(file), stems)]


def _split(name: str) -> str:
    """The split that the name of a list says: train.txt, val_list.txt; not trainval.txt, nor those of other tasks."""
    inner = PurePosixPath(name.lower())
    if inner.name == f"{BUFFER}.txt":  # of 'masks export'
        return BUFFER
    words = [_SHORT.get(word, word) for word in _WORDS.findall(inner.stem)]
    said = {SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS and len(word) > 2}
    return said.pop() if len(said) == 1 and not _ELSEWHERE & set(inner.parent.parts) else ""


def _read(path: Path, split: str) -> SplitList | None:
    """The list; None if it is none: no text, too large, or lines of several words that are no names of images."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        text = decode_names(path, read_bytes(path))
    except (OSError, SegError):
        return None
    lines = [_line(line.strip()) for line in text.splitlines() if line.strip()]
    return SplitList(path, split, tuple(lines)) if lines and all(image for image, _ in lines) else None


def _line(line: str) -> tuple[str, str]:
    line = line.replace("\\", "/")
    pair = _PAIR.fullmatch(line)
    if pair and all(PurePosixPath(part).suffix.lower() in IMAGE_SUFFIXES for part in pair.groups()):
        return pair[1], pair[2]
    if columns := _COLUMNS.fullmatch(line):  # Abyssinian_1 1 1 1
        return columns[1], ""
    is_name = PurePosixPath(line).suffix.lower() in IMAGE_SUFFIXES or not re.search(r"[\s,;]", line)
    return (line, "") if is_name else ("", "")


def with_listed_splits(found: LabelSource, lists: Sequence[SplitList]) -> LabelSource:
    """Labels in the splits of lists, if these name most of them and do not put all into one.

    Notes say which lists name masks that are none of the labels, and which other names.
    """
    found = replace(found, notes=(*found.notes, *_of_other_masks(found, lists)))
    lists = [each for each in lists if each.split]
    if found.splits or {each.split for each in lists} <= {BUFFER}:
        return found
    if len({each.split for each in lists}) == 1:
        return _with_rest_in_train(found, lists)
    own = [label.stem for label in found.labels]
    splits, twice = _splits_by_name(lists, frozenset(own))
    direct = {stem: splits[stem] for stem in own if stem in splits}
    rest = [stem for stem in own if stem not in direct]
    more = relate(list(splits), rest).found if rest else {}
    placed = direct | {stem: splits[name] for stem, (name, _) in more.items()}
    if 2 * len(placed) < len(own) or len(set(placed.values())) < 2:
        return replace(found, notes=(*found.notes, *_of_others(lists))) if len(lists) > 1 and not placed else found
    notes = [f"splits are from {list_some(sorted({each.path.name for each in lists}))}"]
    if unlisted := sorted(set(own) - placed.keys()):
        notes.append(f"in none of these lists, and so in no split: {len(unlisted)} ({list_some(unlisted)})")
    if twice:
        notes.append(
            f"{counted(len(twice), 'name')} in several lists, and put into the last of train, val, test that has it: "
            f"{list_some(twice)}"
        )
    return replace(found, splits=placed, notes=(*found.notes, *notes))


def _of_other_masks(found: LabelSource, lists: Sequence[SplitList]) -> list[str]:
    """A note on lists of pairs of which no mask has the name of a label."""
    files = (file for label in found.labels for file in (label.part, label.path.name, *map(str, label.files)))
    own = {PurePosixPath(file).name.casefold() for file in files}
    masks = {each.path.name: [PurePosixPath(mask).name for _, mask in each.lines if mask] for each in lists}
    return notes_on_strange_masks(masks, own)


def notes_on_strange_masks(masks: Mapping[str, Sequence[str]], own: Set[str]) -> list[str]:
    """A note on tables, by their names, of which no mask is one of our own, as names are compared."""
    others = [name for name, named in masks.items() if named and not any(mask.casefold() in own for mask in named)]
    first = masks[others[0]][0] if others else ""
    return [f"no pair is taken from {list_some(sorted(others))}: no mask has such a name ({first})"] if others else []


def _of_others(lists: Sequence[SplitList]) -> list[str]:
    """A note on lists of which no name is that of a label."""
    files = list_some(sorted({each.path.name for each in lists}))
    return [f"no split is taken from {files}: they list other names ({lists[0].lines[0][0]})"]


def _with_rest_in_train(found: LabelSource, lists: Sequence[SplitList]) -> LabelSource:
    """Labels of a list of val or test alone (fastai's valid.txt) in that split, and all others in train."""
    splits, _ = _splits_by_name(lists, frozenset(label.stem for label in found.labels))
    placed = {label.stem: splits[label.stem] for label in found.labels if label.stem in splits}
    more = relate(list(splits), [label.stem for label in found.labels if label.stem not in placed]).found
    placed |= {stem: splits[name] for stem, (name, _) in more.items()}
    if lists[0].split == "train" or not placed or 2 * len(placed) > len(found.labels):
        return found
    rest = {label.stem: placed.get(label.stem, "train") for label in found.labels}
    note = f"{lists[0].path.name} lists those of {lists[0].split}; the others are put into train"
    return replace(found, splits=rest, notes=(*found.notes, note))


def _splits_by_name(lists: Sequence[SplitList], own: frozenset[str]) -> tuple[Mapping[str, str], list[str]]:
    """The split of each name, and names that several lists have: those of a test must not be trained on."""
    splits: dict[str, str] = {}
    twice = []
    for each in sorted(lists, key=lambda each: _ORDER.index(each.split)):
        for name in _names(each, own):
            if splits.get(name, each.split) != each.split:
                twice.append(name)
            splits[name] = each.split
    return splits, sorted(set(twice))


def _names(each: SplitList, own: frozenset[str]) -> Iterator[str]:
    """Stems as files have them; a name without an ending may hold dots, and begin with folders of another computer.

    own: stems of the labels; the longest end of a path that is one of them counts.
    """
    for image, _ in each.lines:
        named = image if PurePosixPath(image).suffix.lower() in IMAGE_SUFFIXES else f"{image}.x"
        parts = PurePosixPath(named.lstrip("./")).parts
        stems = [FoundFile(each.path, "/".join(parts[start:])).stem for start in range(len(parts))]
        yield next((stem for stem in stems if stem in own), stems[0])
