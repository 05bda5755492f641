"""Formats that are recognised and not read: what each is called, and what to export in its tool instead."""

from collections.abc import Callable, Sequence
from typing import Any

from prep.core.errors import SegError
from prep.images.finding import FoundFile
from prep.images.folder_names import names_labels
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.contents import Contents
from prep.labels.formats import LIKELY, NO, JsonFormat, LabelFormat, NamedOnly
from prep.labels.reader import LabelSource

_PNG_MASKS = "a PNG mask for each photo"
_FIRST_LINE = 4096


def _json(name: str, title: str, owns: Callable[[Any], bool], instead: str) -> LabelFormat:
    def refuse(contents: Contents, files: Sequence[FoundFile]) -> LabelSource:
        raise SegError(f"{files[0].path}: recognised as {title}, which this program does not read; {instead}")

    return JsonFormat(name, title, owns, refuse, rules=f"Recognised, not read: {instead}.")


def _keys(*keys: str) -> Callable[[Any], bool]:
    return lambda content: isinstance(content, dict) and all(key in content for key in keys)


def _is_via3(content: Any) -> bool:  # noqa: ANN401  # whatever a JSON file holds
    return isinstance(content, dict) and all(
        isinstance(content.get(key), dict) for key in ("project", "view", "metadata", "attribute")
    )


def _is_isat(content: Any) -> bool:  # noqa: ANN401
    info = content.get("info") if isinstance(content, dict) else None
    return isinstance(info, dict) and str(info.get("description", "")).startswith("ISAT")


def _by_suffix(*suffixes: str, holds: Callable[[bytes], bool] = lambda head: True) -> Callable[[Contents], float]:
    """Sure where such files lie and no image lies in a folder of labels."""

    def recognised(contents: Contents) -> float:
        files = contents.of_suffix(*suffixes)
        if not files or not holds(contents.head(files[0], _FIRST_LINE)):
            return NO
        images = contents.of_suffix(*IMAGE_SUFFIXES)
        return NO if any(_in_label_folder(file) for file in images) else LIKELY

    return recognised


def _in_label_folder(file: FoundFile) -> bool:
    return any(names_labels(part) or "mask" in part.lower() for part in file.name.split("/")[:-1])


FORMATS: tuple[LabelFormat, ...] = (
    _json("via3", "a project of VGG Image Annotator 3", _is_via3, "in VIA choose Export, COCO format"),
    _json(
        "darwin", "V7 Darwin JSON", _keys("item", "annotations", "version"), "in V7 export as COCO or semantic masks"
    ),
    _json(
        "superannotate",
        "SuperAnnotate JSON",
        _keys("metadata", "instances"),
        "convert it to COCO with its SDK",
    ),
    _json("vott", "VoTT JSON", _keys("asset", "regions"), "draw the regions again: VoTT exports no COCO polygons"),
    _json("isat", "ISAT JSON", _is_isat, "in ISAT choose Tools, Convert: ISAT to COCO"),
    NamedOnly(
        "imagej-roi",
        "ImageJ ROI files",
        _by_suffix(".roi"),
        f"in ImageJ fill the ROIs into {_PNG_MASKS} (ROI Manager, More, then Edit, Selection, Create Mask)",
    ),
    NamedOnly(
        "labelbox",
        "Labelbox NDJSON",
        _by_suffix(".ndjson", holds=lambda head: b"data_row" in head),
        "convert it to COCO with Labelbox's SDK (labelbox.data.serialization)",
    ),
    NamedOnly("geojson", "GeoJSON (QuPath)", _by_suffix(".geojson"), f"in QuPath export {_PNG_MASKS}"),
    NamedOnly("tfrecord", "TFRecord files", _by_suffix(".tfrecord", ".tfrecords"), f"write {_PNG_MASKS}"),
)
