"""Kili's JSON: one file of all assets, or one for each, with polygons as shares of the image.

Source of the layout: https://docs.kili-technology.com/docs/exporting-project-data.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.annotators.photo_files import all_files, xy_corners
from prep.labels.formats import JsonFormat
from prep.labels.left_out import LeftOut
from prep.labels.shapes.shapes import Polygon, RegionImage, Shape, ShapeReader


def is_kili(content: object) -> bool:
    """Whether the content of a JSON file is an asset with its labels, or a list of such."""
    first = content[0] if isinstance(content, list) and content else content
    if not isinstance(first, dict) or "externalId" not in first:
        return False
    return isinstance(first.get("labels"), list) or isinstance(first.get("latestLabel"), dict)


def _images(path: Path, content: Any, left_out: LeftOut) -> Iterator[RegionImage]:  # noqa: ANN401  # whatever JSON holds
    for asset in content if isinstance(content, list) else [content]:
        name = _name(asset)
        labels = [asset["latestLabel"]] if asset.get("latestLabel") else list(asset.get("labels") or ())
        answers = [label["jsonResponse"] for label in labels if label.get("jsonResponse")]
        if not answers:
            left_out.add("left out, because nobody labelled them", name)
            continue
        if len(answers) > 1:
            left_out.add("labelled more than once: the last label is taken", name)
        jobs = [job for job in answers[-1].values() if isinstance(job, dict)]
        entries = [entry for job in jobs for entry in job.get("annotations") or ()]
        yield RegionImage(name, (0, 0), tuple(_regions(f"{path}, {name}", name, entries, left_out)))


def _name(asset: Mapping[str, Any]) -> str:
    """The name of its file: the end of where its content lies, or what a person calls it."""
    content = unquote(str(asset.get("content") or "")).partition("?")[0]
    return content if PurePosixPath(content).suffix.lower() in IMAGE_SUFFIXES else str(asset["externalId"])


def _regions(where: str, name: str, entries: Any, left_out: LeftOut) -> Iterator[tuple[str, Shape]]:  # noqa: ANN401
    for entry in entries:
        label = str(entry["categories"][0]["name"])
        if entry.get("type") in ("semantic", "polygon"):
            rings = [ring["normalizedVertices"] for ring in entry["boundingPoly"]]
            yield label, Polygon(tuple(xy_corners(where, ring) for ring in rings))
        else:
            left_out.add("left out, because they are no polygons", f"{label} in {name}")


FORMAT = JsonFormat(
    "kili",
    "Kili JSON",
    is_kili,
    all_files("kili", _images, "shares", each_photo=True),
    (ShapeReader(name="kili"),),
    rules="Polygons with their holes are painted in the order of the file, a later one over an earlier one; boxes, "
    "lines and points are left out and counted. Of several labels of a photo the last is taken; sizes are those of the "
    "photos.",
    each_photo=True,
)
