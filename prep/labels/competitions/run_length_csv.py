"""Run lengths in CSV files, as competitions on Kaggle have them: a row for each region, or for each photo.

A cell is "start length start length ...", the first pixel is 1. Pixels are counted down the columns in most
competitions (Severstal, nuclei, ships), along the rows in some (Carvana, neurons): the file does not say which.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import MAX_ID
from prep.core.errors import SegError
from prep.core.files import explained
from prep.core.folder_names import names_labels
from prep.core.words import counted, natural_key
from prep.images.finding import FoundFile, find_files
from prep.images.imageio import IMAGE_SUFFIXES, IndexMask
from prep.labels.competitions.run_order import ALONG_ROWS, DOWN_COLUMNS, order_of
from prep.labels.contents import Contents
from prep.labels.formats import LIKELY, NO, FileFormat, only_one
from prep.labels.pairs.former_datasets import outside_datasets
from prep.labels.reader import LabelSource
from prep.labels.shapes.folders_said import folder_of
from prep.labels.shapes.named_photos import NamedPhotos
from prep.labels.shapes.shapes import RegionImage, Shape, ShapeReader
from prep.labels.shapes.sources import notes_with_empty, photo_folder, region_source

_RUNS = ("rle_mask", "encodedpixels", "encoded_pixels", "rle", "mask_rle", "rle_encoding", "annotation", "segmentation")
_PHOTO = ("imageid", "image_id", "img", "image", "id", "imageid_classid", "image_label", "filename", "file_name")
_CLASS = ("classid", "class_id", "class", "label", "category_id", "cell_type")
_JOINED = ("imageid_classid", "image_label")
_EMPTY = ("", "-1", "nan", "1 0", "0 0")
_ONE_CLASS = "object"
_MOST_CELL = 1 << 28


@dataclass(frozen=True, slots=True)
class StartRuns:
    """Pairs of a start (from 1) and a length as text, along the rows or down the columns."""

    text: str
    by_rows: bool

    def paint(self, mask: IndexMask, code: int) -> None:
        """Set the pixels of the runs; SegError if they are no pairs of numbers, or leave the mask."""
        starts, lengths = pairs_of(self.text)
        ends = starts + lengths
        if ends.max(initial=0) > mask.size or lengths.sum() > mask.size:
            raise SegError(
                f"its run lengths reach pixel {int(ends.max()):,} of an image of {mask.shape[1]} x {mask.shape[0]} "
                f"({counted(mask.size, 'pixel')}): they are of another photo, or of another size of it"
            )
        inside = np.zeros(mask.size, np.bool_)
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            inside[start:end] = True
        height, width = mask.shape
        mask[inside.reshape(height, width) if self.by_rows else inside.reshape(width, height).T] = code


def pairs_of(text: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Starts, counted from 0, and lengths of the runs in a cell; SegError if they are no pairs of numbers above 0."""
    try:
        numbers = np.array(text.split(), np.int64)
    except (ValueError, OverflowError):
        numbers = np.zeros(1, np.int64)
    if len(numbers) % 2 or numbers.min(initial=1) < 1 or numbers.max(initial=1) > 1 << 40:
        raise SegError(f"its run lengths are no pairs of a start and a length, from 1 on ({text:.40}); correct the row")
    return numbers[::2] - 1, numbers[1::2]


@dataclass(frozen=True)
class _Columns:
    """Positions of the columns; label: None where there is none.

    joined: whether the class stands behind the photo, in one column: 0002cc93b.jpg_1.
    """

    photo: int
    runs: int
    label: int | None
    joined: bool


@dataclass(frozen=True)
class _Row:
    """A row: the photo as it is named there, the class (empty if there is none), and the runs (empty if none)."""

    photo: str
    label: str
    runs: str


def _columns(header: Sequence[str]) -> _Columns | None:
    """The columns that a first row names; None if it is of no such file."""
    names = [name.strip().lower() for name in header]

    def position(wanted: Sequence[str]) -> int | None:
        return next((names.index(name) for name in wanted if name in names), None)

    runs, photo = position(_RUNS), position(_PHOTO)
    if runs is None or photo is None:
        return None
    return _Columns(photo, runs, position(_CLASS), names[photo] in _JOINED)


def _files(contents: Contents) -> list[FoundFile]:
    """Those whose first rows have runs, or none; not the example of what a competition wants to be sent."""
    return [
        file
        for file in contents.of_suffix(".csv")
        if not file.path.name.lower().startswith("sample_submission") and _holds_runs(contents.head(file))
    ]


def _holds_runs(head: bytes) -> bool:
    header, *rows = list(csv.reader(head.decode("utf-8-sig", errors="replace").splitlines())) or [[]]
    columns = _columns(header)
    if columns is None:
        return False
    cells = [row[columns.runs].strip().lower() for row in rows if len(row) > columns.runs]
    return all(cell in _EMPTY or set(cell) <= set("0123456789 ") for cell in cells)


def _recognised(contents: Contents) -> float:
    """Sure where no image lies in a folder of masks, which would say the same."""
    if not _files(contents):
        return NO
    folders = {part for file in contents.of_suffix(*IMAGE_SUFFIXES) for part in file.name.split("/")[:-1]}
    return NO if any(names_labels(part) or "mask" in part.lower() for part in folders) else LIKELY


def _rows(path: Path) -> Iterator[_Row]:
    """SegError names the line that is no row."""
    limit = csv.field_size_limit(_MOST_CELL)
    try:
        with explained(path), path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            rows = csv.reader(file)
            columns = _columns(next(rows))
            for row in rows:
                if row and columns is not None:
                    yield _row(path, rows.line_num, row, columns)
    except csv.Error as error:
        raise SegError(f"{path}: no CSV file ({error}); save it again as CSV UTF-8") from error
    finally:
        csv.field_size_limit(limit)


def _row(path: Path, line: int, row: Sequence[str], columns: _Columns) -> _Row:
    if len(row) <= max(columns.photo, columns.runs, columns.label or 0) or not row[columns.photo].strip():
        raise SegError(f"{path}: line {line} has not as many cells as there are columns; correct it")
    photo, label = row[columns.photo].strip(), "" if columns.label is None else row[columns.label].strip()
    if columns.joined:
        photo, _, label = photo.rpartition("_")
    runs = row[columns.runs].strip()
    return _Row(photo, label, "" if runs.lower() in _EMPTY else runs)


def _opened(contents: Contents, variable: str) -> LabelSource:
    file = only_one(contents, _files(contents), "run lengths")
    if variable not in ("", ALONG_ROWS, DOWN_COLUMNS):
        raise SegError(f"--variable {variable}: run lengths go along the rows or down the columns; say rows or columns")
    rows: dict[str, list[_Row]] = {}
    for row in _rows(file.path):
        rows.setdefault(row.photo, []).append(row)
    if not rows:
        raise SegError(f"{file.path}: lists no photo below its first line; download it again, or remove it")
    root = photo_folder(contents, file)
    photos = NamedPhotos(root)
    called = {name: _called(name, photos.name_of(file.path, _stem(name))) for name in rows}
    paths = [f"images/{path}" for path in called.values()]
    beside = folder_of(file.path, root, root)  # and no split of its name: train.csv often lists all photos
    there = zip(rows, photos.there.find_each(paths, [beside] * len(paths)), strict=True)
    found = {name: path for name, path in there if path is not None}
    if not found and not photos.there.several and not photos.there.elsewhere:
        found = _by_folders(rows, root)
    order, how = (variable, "") if variable else order_of({path: _both(rows[name]) for name, path in found.items()})
    label_names = _names(file.path, (each.label for own in rows.values() for each in own))
    images = [
        RegionImage(called[name], (0, 0), _regions(own, label_names, order == ALONG_ROWS), photo=found.get(name))
        for name, own in rows.items()
    ]
    notes = notes_with_empty(f"{file.path}: no row has run lengths", images, [how] if how else [])
    names = list(dict.fromkeys(label_names.values()))
    return region_source(
        "run-length-csv", file.path, images, names=names, notes=notes, among=photos.there, sizes=contents.sizes
    )


def _called(name: str, there: str) -> str:
    """The path of a photo, with the ending that it has there."""
    return PurePosixPath(name).with_name(there).as_posix() if there else name


def _stem(name: str) -> str:
    return Path(name).stem if Path(name).suffix.lower() in IMAGE_SUFFIXES else Path(name).name


def _by_folders(names: Iterable[str], root: Path) -> dict[str, Path]:
    """Photos whose names begin as the rest of an id does, behind the name of a folder that they lie in.

    UW-Madison: case123_day20_slice_0001 is case123/case123_day20/scans/slice_0001_266_266_1.50_1.50.png.
    """
    beginnings: dict[str, set[Path]] = {}
    for file in outside_datasets(root, find_files(root)):
        folders, words = PurePosixPath(file.name).parent.parts, file.path.stem.split("_")
        for folder in folders:
            for end in range(1, len(words) + 1):
                beginnings.setdefault(f"{folder}_{'_'.join(words[:end])}", set()).add(file.path)
    return {name: next(iter(own)) for name in names if len(own := beginnings.get(_stem(name), set())) == 1}


def _both(rows: Sequence[_Row]) -> list[tuple[Shape, Shape]]:
    return [(StartRuns(row.runs, by_rows=True), StartRuns(row.runs, by_rows=False)) for row in rows if row.runs]


def _regions(rows: Sequence[_Row], names: Mapping[str, str], by_rows: bool) -> tuple[tuple[str, Shape], ...]:
    return tuple((names[row.label], StartRuns(row.runs, by_rows)) for row in rows if row.runs)


def _names(path: Path, labels: Iterable[str]) -> dict[str, str]:
    """The name of the class for what stands in the file; numbers keep their order, and none between them is skipped.

    SegError for a number that no class has.
    """
    said = sorted(set(labels), key=natural_key)
    if said == [""]:
        return {"": _ONE_CLASS}
    if not all(label.isdecimal() for label in said):
        return {label: label or _ONE_CLASS for label in said}
    if len(said[-1]) > len(str(MAX_ID)) or int(said[-1]) > MAX_ID:
        raise SegError(f"{path}: {said[-1]:.20} is no number of a class, which end at {MAX_ID}; correct that row")
    numbers = range(min(1, int(said[0])), int(said[-1]) + 1)
    return {str(number): f"class{number}" for number in numbers} | {label: f"class{int(label)}" for label in said}


FORMAT = FileFormat(
    "run-length-csv",
    "a CSV of run lengths (Kaggle)",
    _recognised,
    _opened,
    (ShapeReader(name="run-length-csv"),),
    rules="Rows are painted in the order of the file, a later one over an earlier one. A start counts from 1, along "
    "the rows or down the columns, whichever gives whole regions; --variable rows or columns says it. Sizes are those "
    "of the photos; the class is a column (ClassId), stands behind the photo (x.jpg_1), or there is one.",
)
