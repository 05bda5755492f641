"""VGG Image Annotator (VIA) 1 and 2: a project, its annotations as JSON, or as CSV.

Source of the layout: https://www.robots.ox.ac.uk/~vgg/software/via/docs/face_track_annotation.html and via.js
(project_save, pack_via_metadata). The class of a region is one of its attributes; the file does not say which.
"""

import csv
import io
import json
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.images.finding import FoundFile
from prep.labels.contents import Contents
from prep.labels.formats import LIKELY, NO, FileFormat, JsonFormat, only_one
from prep.labels.layouts.splits import split_of
from prep.labels.left_out import LeftOut
from prep.labels.reader import LabelSource
from prep.labels.region_labels import corners
from prep.labels.shapes.shapes import Polygon, RegionImage, Shape, ShapeReader, ellipse
from prep.labels.shapes.sources import notes_with_empty, photo_folder, region_source
from prep.labels.text_files import decode_text

_NO_CLASS = "region"
_COLUMNS = ("filename", "region_shape_attributes", "region_attributes")
_SHOWN = 6


@dataclass(frozen=True)
class _Region:
    """A region as the file has it: of which photo, its shape, and its attributes that say something."""

    photo: str
    shape: Mapping[str, Any]
    attributes: Mapping[str, str]


def is_via(content: object) -> bool:
    """Whether the content of a JSON file is a project of VIA, or the entries of its export."""
    if not isinstance(content, dict):
        return False
    entries = content.get("_via_img_metadata", content)
    if not isinstance(entries, dict):
        return False
    return bool(entries) and all(
        isinstance(each, dict) and {"filename", "regions"} <= each.keys() for each in entries.values()
    )


def _is_csv(contents: Contents, file: FoundFile) -> bool:
    first = contents.head(file).split(b"\n", 1)[0]
    return all(column.encode() in first for column in _COLUMNS)


def _csv_files(contents: Contents) -> list[FoundFile]:
    return [file for file in contents.of_suffix(".csv") if _is_csv(contents, file)]


def _opened(contents: Contents, files: Sequence[FoundFile]) -> LabelSource:
    found = []
    for file in (files := _splits(contents, files)):
        content = contents.json(file)
        entries = content.get("_via_img_metadata", content)
        photos = [str(entry["filename"]) for entry in entries.values()]
        _refuse_namesakes(
            file.path, [(str(each["filename"]), each.get("size")) for each in entries.values() if each["regions"]]
        )
        options = _options(content)
        found.append((photos, [_in_words(each, options) for each in _json_regions(file.path, entries.values())]))
    return _source(contents, files, found)


def _options(content: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """What a project says of the numbers that regions have for the options of an attribute: 1 is road."""
    known = content.get("_via_attributes")
    attributes = known.get("region") if isinstance(known, dict) else None
    found = {}
    for name, attribute in attributes.items() if isinstance(attributes, dict) else ():
        options = attribute.get("options") if isinstance(attribute, dict) else None
        if isinstance(options, dict):
            words = {key: str(text).strip() for key, text in options.items()}
            found[name] = {key: text for key, text in words.items() if key.strip().isdigit() and text}
    return found


def _in_words(region: _Region, options: Mapping[str, Mapping[str, str]]) -> _Region:
    """With the words of the options in place of their numbers."""
    said = {name: options.get(name, {}).get(text, text) for name, text in region.attributes.items()}
    return replace(region, attributes=said)


def _splits(contents: Contents, files: Sequence[FoundFile]) -> Sequence[FoundFile]:
    """The files of a split each, train/via_region_data.json and val/via_region_data.json; else there may be one."""
    folders = [split_of(str(PurePosixPath(file.name).parent)) for file in files]
    if all(folders) and len(set(folders)) == len(folders):
        return files
    return [only_one(contents, files, "VIA")]


def _json_regions(path: Path, entries: Iterable[Any]) -> Iterator[_Region]:
    for entry in entries:
        regions = entry["regions"]
        for region in regions.values() if isinstance(regions, dict) else regions:  # VIA 1 numbered them
            if not isinstance(region, dict):
                raise SegError(f"{path}: {entry['filename']} has a region that is none; export it again")
            yield _region(path, entry["filename"], region.get("shape_attributes"), region.get("region_attributes"))


def _opened_csv(contents: Contents, variable: str) -> LabelSource:
    files = _splits(contents, _csv_files(contents))
    return _source(contents, files, [_csv_regions(file) for file in files])


def _csv_regions(file: FoundFile) -> tuple[list[str], list[_Region]]:
    """The photos of a file, and its regions."""
    text = decode_text(file.path, read_bytes(file.path))
    photos: list[str] = []
    regions: list[_Region] = []
    sizes: list[tuple[str, object]] = []
    rows = csv.DictReader(io.StringIO(text))
    try:
        for row in rows:
            name = row.get("filename") or row.get("#filename") or ""
            photos.append(name)
            shape = json.loads(row["region_shape_attributes"] or "{}")
            if shape:  # a photo without regions has a row
                sizes.append((name, row.get("file_size")))
                regions.append(_region(file.path, name, shape, json.loads(row["region_attributes"] or "{}")))
    except (csv.Error, ValueError, KeyError, TypeError) as error:
        where = f"{file.path}: line {rows.line_num}"
        raise SegError(f"{where} is not as VIA writes it ({type(error).__name__}: {error}); export it again") from error
    _refuse_namesakes(file.path, sizes)
    return photos, regions


def _refuse_namesakes(path: Path, labelled: Iterable[tuple[str, object]]) -> None:
    """SegError where photos of one name and two sizes in bytes have regions: they are two, or one was saved anew."""
    known: dict[str, object] = {}
    for name, size in labelled:
        if known.setdefault(name, size) != size:
            raise SegError(
                f"{path}: has regions of two photos called {name}, of {known[name]} and {size} bytes, and says no "
                "folders; if they are two, give them names of their own, else remove the regions of one, in VIA"
            )


def _region(path: Path, photo: object, shape: object, attributes: object) -> _Region:
    if not isinstance(shape, dict) or not isinstance(shape.get("name"), str):
        raise SegError(f"{path}: {photo} has a region without a shape; export it again")
    said = attributes if isinstance(attributes, dict) else {}
    return _Region(str(photo), shape, {key: text for key, value in said.items() if (text := _text(value))})


def _text(value: object) -> str:
    """What an attribute says: a text, or the only box that is ticked; empty for none and for several."""
    if isinstance(value, dict):
        ticked = [str(name) for name, is_ticked in value.items() if is_ticked]
        return ticked[0].strip() if len(ticked) == 1 else ""
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _source(
    contents: Contents, files: Sequence[FoundFile], found: Sequence[tuple[Sequence[str], Sequence[_Region]]]
) -> LabelSource:
    """found: the photos of each file, and its regions."""
    left_out = LeftOut()
    file, path = files[0], files[0].path if len(files) == 1 else contents.source
    attribute = _attribute(path, [each for _, regions in found for each in regions], contents.variable)
    images = []
    for each_file, (photos, regions) in zip(files, found, strict=True):
        folder = f"{PurePosixPath(each_file.name).parent}/" if len(files) > 1 else ""
        own = _shapes(each_file.path, photos, regions, attribute, left_out)
        images += [
            RegionImage(f"{folder}{name}", (0, 0), tuple(shapes), split_of(folder)) for name, shapes in own.items()
        ]
    notes = notes_with_empty(f"{path}: holds no polygons, circles or ellipses", images, left_out.notes())
    if attribute is None:
        notes.append(f"no region has an attribute, so that all are one class, {_NO_CLASS!r}")
    reader = "via-csv" if file.path.suffix.lower() == ".csv" else "via"
    return region_source(reader, path, images, notes=notes, root=photo_folder(contents, file), sizes=contents.sizes)


def _shapes(
    path: Path, photos: Sequence[str], found: Sequence[_Region], attribute: str | None, left_out: LeftOut
) -> dict[str, list[tuple[str, Shape]]]:
    """The named regions of each photo of a file."""
    regions: dict[str, list[tuple[str, Shape]]] = {photo: [] for photo in photos}
    for each in found:
        name = each.attributes.get(attribute, "") if attribute else _NO_CLASS
        shape = _shape(f"{path}, {each.photo}", each.shape)
        if shape is None:
            left_out.add(f"left out, because they are no regions, {each.shape['name']}", each.photo)
        elif not name:
            left_out.add(f"left out, because their attribute {attribute!r} names no class", each.photo)
        else:
            regions[each.photo].append((name, shape))
    return regions


def _attribute(path: Path, regions: Sequence[_Region], wanted: str) -> str | None:
    """Which attribute is the class: the only one, or the one that --variable names; None if there is none."""
    values: dict[str, Counter[str]] = {}
    for region in regions:
        for key, text in region.attributes.items():
            values.setdefault(key, Counter())[text] += 1
    if wanted in values:
        return wanted
    if not values and not wanted:
        return None
    if len(values) == 1 and not wanted:
        return next(iter(values))
    lines = "".join(
        f"\n  --variable {shlex.quote(key)}   ({', '.join(text for text, _ in counts.most_common(_SHOWN))})"
        for key, counts in values.items()
    )
    asked = f"no attribute {wanted!r}" if wanted else f"{len(values)} attributes"
    raise SegError(f"{path}: its regions have {asked}; say which one is the class{':' if lines else ''}{lines}")


def _shape(where: str, shape: Mapping[str, Any]) -> Shape | None:
    """What it covers; None for rectangles, lines and points."""
    if shape["name"] == "polygon":
        x, y = shape.get("all_points_x"), shape.get("all_points_y")
        if not isinstance(x, list) or not isinstance(y, list) or len(x) != len(y):
            raise SegError(f"{where}: a polygon has not as many x as y; export it again")
        return Polygon((corners(where, list(zip(x, y, strict=True))),))
    if shape["name"] == "circle":
        (x, y), (radius, _) = corners(where, [shape.get(key) for key in ("cx", "cy", "r", "r")])
        return ellipse(x, y, radius, radius)
    if shape["name"] == "ellipse":
        (x, y), (across, down) = corners(where, [shape.get(key) for key in ("cx", "cy", "rx", "ry")])
        turn = shape.get("theta", 0.0)
        return ellipse(x, y, across, down, turn if isinstance(turn, int | float) else 0.0)
    return None


_RULES = (
    "Polygons, circles and ellipses are painted in the order of the file, a later one over an earlier one; rectangles, "
    "lines and points are left out and counted. The class is the only attribute of the regions, or the one that "
    "--variable names; sizes are those of the photos. Files in folders of train, val and test are read together."
)

FORMAT = JsonFormat("via", "VGG Image Annotator JSON", is_via, _opened, (ShapeReader(name="via"),), rules=_RULES)

CSV = FileFormat(
    "via-csv",
    "VGG Image Annotator CSV",
    lambda contents: LIKELY if _csv_files(contents) else NO,
    _opened_csv,
    (ShapeReader(name="via-csv"),),
    rules="As the JSON.",
)
