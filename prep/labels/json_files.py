"""JSON files with named regions, of LabelMe or COCO: each is parsed once to tell whose it is and what it holds."""

from pathlib import Path
from typing import Any

from prep.core.errors import SegError
from prep.images.finding import find_files
from prep.labels.coco import coco_source, is_coco
from prep.labels.labelme import LabelmeFile, is_labelme, labelme_file, labelme_source
from prep.labels.named import load_json
from prep.labels.reader import LabelSource

_CORNERS_KEPT = 1_000_000
"""Shapes of LabelMe with more corners (of some 100 bytes) are read again when they are painted."""


def annotation_source(source: Path, reader: str | None = None, *, only: bool = False) -> LabelSource | None:
    """List the labels of the JSON files in a folder, or of one such file; None if there are none.

    reader: "labelme" or "coco" where a person said so; otherwise one file of LabelMe makes the folder LabelMe's.
    only: whether a person said that the JSON files hold the labels; then a damaged one is an error in any case.
    Raises SegError if files are damaged, or if there are several of COCO.
    """
    shapes: list[LabelmeFile] = []
    collections: list[Path] = []
    strangers: list[str] = []
    damaged: list[SegError] = []
    room = _CORNERS_KEPT
    collection: Any = None  # of the first file only: others are counted only
    for file in find_files(source, {".json"}):
        try:
            content = load_json(file.path)
        except SegError as error:
            damaged.append(error)
            continue
        if reader != "coco" and is_labelme(content):
            shapes.append(labelme_file(file, content, room))
            room -= shapes[-1].kept
            continue
        strangers.append(file.name)
        if reader != "labelme" and is_coco(content):
            collections.append(file.path)
            collection = collection or content
    if damaged and (only or shapes):
        raise damaged[0]
    if shapes:
        return labelme_source(source, shapes, strangers)
    if len(collections) > 1:
        raise SegError(f"{source}: holds {len(collections)} COCO files; name one of them, for example {collections[0]}")
    return coco_source(collections[0], collection) if collections else None
