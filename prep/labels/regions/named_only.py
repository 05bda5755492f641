"""Formats that are recognised and not read: what each is called, and what to export in its tool instead."""

from collections.abc import Callable, Sequence
from typing import Any

from prep.core.errors import SegError
from prep.core.folder_names import names_labels
from prep.images.finding import FoundFile
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


def _is_via3(content: Any) -> bool:  # noqa: ANN401  # whatever a JSON file holds
    return isinstance(content, dict) and all(
        isinstance(content.get(key), dict) for key in ("project", "view", "metadata", "attribute")
    )


def _is_segments_ai(content: Any) -> bool:  # noqa: ANN401
    dataset = content.get("dataset") if isinstance(content, dict) else None
    return isinstance(dataset, dict) and isinstance(dataset.get("samples"), list)


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
        "segments-ai",
        "a release of Segments.ai",
        _is_segments_ai,
        "its masks lie on a server: export it as COCO panoptic or semantic PNG files with the package segments-ai",
    ),
    NamedOnly("tfrecord", "TFRecord files", _by_suffix(".tfrecord", ".tfrecords"), f"write {_PNG_MASKS}"),
)
