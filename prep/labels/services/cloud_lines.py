"""JSON lines of Azure ML and of Vertex AI: a line for each photo, with polygons as shares of the image.

Sources of the layouts: https://learn.microsoft.com/azure/machine-learning/reference-automl-images-schema, and
https://cloud.google.com/vertex-ai/docs/image-data/image-segmentation/prepare-data.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from prep.core.errors import SegError
from prep.core.folder_names import SPLIT_WORDS
from prep.images.finding import FoundFile
from prep.labels.annotators.photo_files import images_of, source_of
from prep.labels.contents import Contents
from prep.labels.formats import LIKELY, NO, FileFormat
from prep.labels.json_stream import json_lines
from prep.labels.layouts.splits import split_of
from prep.labels.left_out import LeftOut
from prep.labels.reader import LabelSource
from prep.labels.region_labels import corners
from prep.labels.shapes.shapes import Polygon, RegionImage, Shape, ShapeReader

CloudRow = Mapping[str, Any]


def _files(contents: Contents, *keys: bytes) -> list[FoundFile]:
    """JSON lines whose beginning has all these keys."""
    files = [] if contents.is_zip else contents.of_suffix(".jsonl")
    return [file for file in files if all(b'"%s"' % key in contents.text_head(file) for key in keys)]


def _azure_files(contents: Contents) -> list[FoundFile]:
    return _files(contents, b"image_url", b"label")


def _vertex_files(contents: Contents) -> list[FoundFile]:
    return _files(contents, b"imageGcsUri")


def _opens(
    reader: str,
    find: Callable[[Contents], list[FoundFile]],
    parse: Callable[[str, CloudRow, str, LeftOut], RegionImage],
) -> Callable[[Contents, str], LabelSource]:
    """How a format opens such files; parse: where it stands, the line, the split of its file, what is left out."""

    def rows(file: FoundFile, split: str, left_out: LeftOut) -> Iterator[RegionImage]:
        for number, row in json_lines(file.path):
            yield parse(f"{file.path}, line {number}", row, split, left_out)

    def opened(contents: Contents, variable: str) -> LabelSource:
        files, left_out = find(contents), LeftOut()
        splits = {file: split_of(file.path.name) if len(files) > 1 else "" for file in files}
        images = images_of(reader, files, lambda file: rows(file, splits[file], left_out), left_out, each_photo=False)
        return source_of(reader, contents, files[0], images, left_out, "shares")

    return opened


def _azure(where: str, row: CloudRow, split: str, left_out: LeftOut) -> RegionImage:
    name = unquote(urlsplit(row["image_url"]).path).lstrip("/")
    if isinstance(row["label"], str):
        raise SegError(f"{where}: has one label for the whole photo, and no polygons")
    regions: list[tuple[str, Shape]] = []
    for entry in row["label"]:
        label = str(entry["label"])
        if entry.get("polygon"):
            regions += [(label, Polygon((corners(f"{where}, {label}", ring),))) for ring in entry["polygon"]]
        else:
            left_out.add("left out, because they are boxes", f"{label} in {name}")
    return RegionImage(name, (0, 0), tuple(regions), split)


def _vertex(where: str, row: CloudRow, split: str, left_out: LeftOut) -> RegionImage:
    name = unquote(urlsplit(row["imageGcsUri"]).path).lstrip("/")
    if row.get("segmentationAnnotations"):
        raise SegError(
            f"{where}: has a mask in Google's storage; download the masks (categoryMaskGcsUri), and convert them with "
            "--classes, a file that says the colours (annotationSpecColors)"
        )
    use = (row.get("dataItemResourceLabels") or {}).get("aiplatform.googleapis.com/ml_use", "")
    regions = []
    for entry in row.get("polygonAnnotations") or ():
        points = [[each.get("x", 0), each.get("y", 0)] for each in entry["vertexes"]]  # a 0 is not written
        regions.append((str(entry["displayName"]), Polygon((corners(where, points),))))
    for kind in ("boundingBoxAnnotations", "polylineAnnotations"):
        for entry in row.get(kind) or ():
            left_out.add("left out, because they are boxes or lines", f"{entry.get('displayName')} in {name}")
    return RegionImage(name, (0, 0), tuple(regions), SPLIT_WORDS.get(use, split))


_RULES = (
    "Polygons are painted in the order of the file, a later one over an earlier one; boxes and lines are left out and "
    "counted. Sizes are those of the photos; "
)

AZURE = FileFormat(
    "azure",
    "JSON lines of Azure ML",
    lambda contents: LIKELY if _azure_files(contents) else NO,
    _opens("azure", _azure_files, _azure),
    (ShapeReader(name="azure"),),
    rules=f"{_RULES}files of train and validation are splits.",
)

VERTEX = FileFormat(
    "vertex",
    "JSON lines of Vertex AI",
    lambda contents: LIKELY if _vertex_files(contents) else NO,
    _opens("vertex", _vertex_files, _vertex),
    (ShapeReader(name="vertex"),),
    rules=f"{_RULES}ml_use says the splits. Masks in Google's storage are refused, with the way out.",
)
