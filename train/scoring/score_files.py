"""The scores of a split as plain data: metrics.json and per_image.csv."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import ClassMap, format_color
from prep.core.tables import write_columns
from prep.dataset.dataset import Dataset
from train.runs.run_files import PER_IMAGE
from train.scoring.compare import Difference
from train.scoring.intervals import Uncertainty
from train.scoring.metrics import OVERALL, PER_CLASS
from train.scoring.patch_protocol import ProtocolScore
from train.scoring.split_scores import SplitScores
from train.windows.predictor import Predictor

_WITHOUT_INTERVAL = ("precision", "recall", "accuracy")


def metrics(
    scored: SplitScores,
    uncertainty: Uncertainty,
    dataset: Dataset,
    predictor: Predictor,
    other: str = "",
    differences: Sequence[Difference] = (),
    protocols: Sequence[ProtocolScore] = (),
) -> dict[str, Any]:
    """Return the plain data of metrics.json; a score or an interval that is not defined is null.

    Beside each score X that has one stands X_interval: the ends of its 95 % interval.
    """
    summary, intervals = scored.summary, uncertainty.intervals
    overall: dict[str, Any] = {}
    for name in OVERALL:
        overall |= {name: plain(getattr(summary, name)), f"{name}_interval": plain_interval(intervals[name])}
    found: dict[str, Any] = {
        "dataset": dataset.root.resolve().name,
        "split": scored.split,
        "split_hash": dataset.split_hash(),
        "images": len(scored.images),
        **asdict(predictor.windows),
        **overall,
        "mean_of_images_iou": plain(scored.mean_of_images),
        "intervals": uncertainty.to_json(),
        "classes": [
            _class_row(index, scored, uncertainty, name) | {"color": format_color(dataset.classes.colors[index])}
            for index, name in enumerate(dataset.classes.names)
        ],
        "confusion": scored.confusion.tolist(),
    }
    if differences:
        rows = [{**_plain_row(asdict(each)), "verdict": each.verdict} for each in differences]
        found["comparison"] = {"other": other, "differences": rows}
    if protocols:
        found["protocols"] = [_plain_row(asdict(each)) for each in protocols]
    return found


def _class_row(index: int, scored: SplitScores, uncertainty: Uncertainty, name: str) -> dict[str, object]:
    summary, scores = scored.summary, scored.scores
    row: dict[str, object] = {
        "index": index,
        "name": name,
        "pixels": int(scored.confusion[index].sum()),
    }
    for key in PER_CLASS:
        row[key] = plain(getattr(summary, key)[index])
        row[f"{key}_interval"] = plain_interval(uncertainty.intervals[key][index])
    return row | {key: plain(getattr(scores, key)[index]) for key in _WITHOUT_INTERVAL}


def write_per_image(folder: Path, scored: SplitScores, classes: ClassMap) -> None:
    """Write per_image.csv: one row an image, the worst first; empty where a score is not defined."""
    columns = ["stem", "split", "group", "mean_iou", "pixel_accuracy", *(f"iou_{name}" for name in classes.names)]
    rows = (
        (each.sample.stem, each.sample.split, each.sample.group,
         each.scores.mean_iou, each.scores.pixel_accuracy, *each.scores.iou.tolist())
        for each in scored.images
    )  # fmt: skip
    write_columns(folder / PER_IMAGE, columns, rows)


def plain(value: float | NDArray[np.float64]) -> float | None:
    """A number for JSON; None for nan."""
    number = float(value)
    return None if math.isnan(number) else number


def plain_interval(ends: NDArray[np.float64]) -> list[float] | None:
    """Both ends for JSON; None where there is no interval."""
    return None if np.isnan(ends).any() else [float(end) for end in ends]


def _plain_row(row: dict[str, object]) -> dict[str, object]:
    return {name: plain(value) if isinstance(value, float) else value for name, value in row.items()}
