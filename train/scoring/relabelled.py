"""Labels that changed since images were scored before: the two scores are of different truths."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from prep.core.errors import SegError
from prep.core.words import counted, list_some
from train.runs.run_files import METRICS
from train.scoring.score_files import Metrics, read_metrics


def relabelled(found: Metrics, folders: Iterable[Path]) -> str:
    """Which classes have more or fewer labelled pixels than in an earlier scoring of the same images, in words.

    folders: where scores may lie; the first that are of the same images count.  Empty if the labels have as many
    pixels of each class, and if there are no earlier scores.
    """
    earlier = next(filter(None, (_of_the_same(found, folder) for folder in folders)), None)
    if earlier is None:
        return ""
    now, before = (np.array([entry.pixels for entry in each.classes]) for each in (found, earlier))
    if (now == before).all():
        return ""
    changed = [
        f"{entry.name} {old:,} -> {counted(new, 'pixel')}"
        for entry, old, new in zip(found.classes, before.tolist(), now.tolist(), strict=True)
        if old != new
    ]
    return (
        f"the masks of {found.split} are others than when they were scored before (mean IoU {earlier.mean_iou:.4f}): "
        f"{list_some(changed)}; the two scores are of different labels"
    )


def is_of_other_images(found: Metrics, folder: Path) -> bool:
    """Whether a folder holds scores of another dataset or split."""
    earlier = _readable(folder)
    return earlier is not None and _split(earlier) != _split(found)


def _of_the_same(found: Metrics, folder: Path) -> Metrics | None:
    """The scores in a folder if they are of the same images and classes."""
    earlier = _readable(folder)
    return earlier if earlier is not None and _images(earlier) == _images(found) else None


def _readable(folder: Path) -> Metrics | None:
    if not (folder / METRICS).exists():
        return None
    try:
        return read_metrics(folder)
    except SegError:  # damaged or of another version: it is about to be replaced, and tells nothing
        return None


def _split(of: Metrics) -> tuple[object, ...]:
    return of.dataset, of.split, of.split_hash


def _images(of: Metrics) -> tuple[object, ...]:
    return *_split(of), of.left_out, [entry.name for entry in of.classes]
