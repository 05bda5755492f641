"""Open Images (V5 to V7): a PNG file for each region, named by photo and class, and tables that say the same.

Source of the layout: https://storage.googleapis.com/openimages/web/download_v7.html. A file is called
IMAGEID_m0xyz_HASH.png; a row of x-annotations-object-segmentation.csv has its MaskPath, ImageID and LabelName.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from prep.core.errors import SegError
from prep.core.files import explained
from prep.core.words import counted, list_some
from prep.images.finding import FoundFile
from prep.labels.contents import Contents
from prep.labels.formats import LIKELY, NO, FileFormat
from prep.labels.layouts.splits import split_of
from prep.labels.left_out import LeftOut
from prep.labels.reader import LabelSource
from prep.labels.shapes.bitmap_file import BitmapFile, size_of
from prep.labels.shapes.shapes import RegionImage, ShapeReader
from prep.labels.shapes.sources import notes_with_empty, photo_folder, region_source

_NAME = re.compile(r"([0-9a-f]{16})_([mgtj]0?\w+)_[0-9a-f]{8}", re.IGNORECASE)
_COLUMNS = (b"MaskPath", b"ImageID", b"LabelName")
_SHOWN = 5


def _files(contents: Contents) -> list[FoundFile]:
    return [] if contents.is_zip else contents.of_suffix(".png")


def _tables(contents: Contents) -> list[FoundFile]:
    """Tables of regions, by their first line."""
    if contents.is_zip:
        return []
    heads = ((file, contents.text_head(file).split(b"\n", 1)[0]) for file in contents.of_suffix(".csv"))
    return [file for file, head in heads if all(column in head for column in _COLUMNS)]


def _recognised(contents: Contents) -> float:
    """Sure by a table, or where all PNG files are called so."""
    files = _files(contents)
    named = bool(files) and all(_NAME.fullmatch(file.path.stem) for file in files)
    return LIKELY + 0.1 if files and (contents.once(_tables) or named) else NO


def _opened(contents: Contents, variable: str) -> LabelSource:
    left_out = LeftOut()
    notes: list[str] = []
    masks = {file.path.name: file for file in _files(contents)}
    regions: dict[str, list[tuple[str, str, Path]]] = {}
    used: set[str] = set()
    for photo, label, mask, split in _listed(contents, masks, notes):
        if mask not in used:  # two tables may list the same
            used.add(mask)
            regions.setdefault(photo, []).append((label, split, masks[mask].path))
    others = [name for name in masks if name not in used and _NAME.fullmatch(Path(name).stem)]
    if used and others:
        notes.append(f"in no table, and read by their names: {counted(len(others), 'file')} ({list_some(others)})")
    for name in others:
        match = _NAME.fullmatch(Path(name).stem)
        assert match is not None, "chosen by it"
        regions.setdefault(match[1], []).append((f"/{match[2][0]}/{match[2][1:]}", "", masks[name].path))
    names = _class_names(contents)
    if not names:
        notes.append("no class-descriptions.csv says here what /m/0k4j and the like are: classes are called so")
    images = []
    for photo, rows in regions.items():
        with left_out.leaving_out(FoundFile(rows[0][2], f"{photo}.x"), "Open Images"):
            size = size_of(rows[0][2])
            shapes = tuple((names.get(label, label), BitmapFile(path)) for label, _, path in rows)
            images.append(RegionImage(f"{photo}.jpg", size, shapes, rows[0][1], rows[0][2]))
    return region_source(
        "open-images",
        contents.source,
        images,
        notes=notes_with_empty(f"{contents.source}: holds no region", images, [*notes, *left_out.notes()]),
        root=photo_folder(contents, next(iter(masks.values()))),
        damaged=left_out.damaged,
    )


def _listed(contents: Contents, masks: dict[str, FoundFile], notes: list[str]) -> Iterator[tuple[str, str, str, str]]:
    """(photo, class, mask, split) of each row of the tables whose mask is there; the others are counted."""
    missing, first = 0, []
    for table in contents.once(_tables):
        split = split_of(table.name)
        with explained(table.path), table.path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            rows = csv.DictReader(file)
            try:
                for row in rows:
                    mask = str(row["MaskPath"])
                    if mask in masks:
                        yield str(row["ImageID"]), str(row["LabelName"]), mask, split
                    else:
                        missing += 1
                        first += [mask] if missing <= _SHOWN else []
            except csv.Error as error:
                raise SegError(f"{table.path}: line {rows.line_num}: {error}; download it again") from error
    if missing:
        notes.append(f"regions of the tables without their file, left out: {missing:,} ({list_some(first)})")


def _class_names(contents: Contents) -> dict[str, str]:
    """Names by what the tables call them (/m/0k4j is Car); empty if no table of them is there."""
    names: dict[str, str] = {}
    for file in contents.of_suffix(".csv"):
        if "class-descriptions" in file.path.name.lower():
            with explained(file.path), file.path.open(encoding="utf-8-sig", errors="replace", newline="") as opened:
                names |= {row[0]: row[1] for row in csv.reader(opened) if len(row) > 1 and row[0].startswith("/")}
    return names


FORMAT = FileFormat(
    "open-images",
    "Open Images (a PNG a region, and its tables)",
    _recognised,
    _opened,
    (ShapeReader(name="open-images"),),
    rules="Regions are painted in the order of the tables, a later one over an earlier one; those whose files are not "
    "there are left out and counted, files that no table lists are read by their names. class-descriptions.csv names "
    "the classes; tables named train, validation and test are splits.",
)
