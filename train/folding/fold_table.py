"""The table of a cross-validation: the scores of each fold, their mean and spread, and those of all images pooled."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from prep.core.files import write_text
from prep.core.jsonio import or_null
from prep.core.tables import write_columns
from train.scoring.score_files import Interval, Metrics
from train.scoring.split_scores import SplitScores

TABLE_CSV, TABLE_JSON = "fold_scores.csv", "fold_scores.json"

_OVERALL = {"mean_iou": "mean IoU", "mean_dice": "mean Dice", "pixel_accuracy": "pixel accuracy"}


@dataclass(frozen=True)
class ScoreRow:
    """One score, 0..1; nan where it is not defined.

    folds: of each fold.  mean, spread: of those that are defined, and their standard deviation (of a sample).
    pooled, interval: of all images together, each labelled by the model that has not learned it; 95 %.
    """

    score: str
    folds: tuple[float, ...]
    mean: float
    spread: float
    pooled: float
    interval: Interval


@dataclass(frozen=True)
class FoldTable:
    """rows: IoU of each class, then what is over all classes.  images: of each fold."""

    images: tuple[int, ...]
    rows: tuple[ScoreRow, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data; nan is null."""
        return {"images": list(self.images), "rows": [_plain(row) for row in self.rows]}


def fold_table(folds: Sequence[SplitScores], pooled: Metrics) -> FoldTable:
    """Put the scores of the folds beside each other, and beside those of all images pooled."""
    rows = [
        _row(f"IoU of {entry.name}", [float(fold.scores.iou[number]) for fold in folds], entry.iou, entry.iou_interval)
        for number, entry in enumerate(pooled.classes)
    ]
    for name, words in _OVERALL.items():
        values = [float(getattr(fold.scores, name)) for fold in folds]
        rows.append(_row(words, values, getattr(pooled, name), getattr(pooled, f"{name}_interval")))
    return FoldTable(tuple(len(fold.images) for fold in folds), tuple(rows))


def _row(score: str, values: Sequence[float], pooled: float, interval: Interval) -> ScoreRow:
    known = [value for value in values if not math.isnan(value)]
    mean = float(np.mean(known)) if known else math.nan
    spread = float(np.std(known, ddof=1)) if len(known) > 1 else math.nan
    return ScoreRow(score, tuple(values), mean, spread, pooled, interval)


def write_fold_table(folder: Path, table: FoldTable) -> None:
    """Write the table for programs, and as CSV."""
    write_text(folder / TABLE_JSON, json.dumps(table.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    names = [f"fold{number}" for number in range(1, len(table.images) + 1)]
    write_columns(folder / TABLE_CSV, ["score", *names, "mean", "spread", "pooled", "low", "high"], _cells(table))


def _cells(table: FoldTable) -> Iterator[Sequence[object]]:
    for row in table.rows:
        yield row.score, *row.folds, row.mean, row.spread, row.pooled, *(row.interval or (None, None))


def _plain(row: ScoreRow) -> dict[str, Any]:
    numbers = {name: getattr(row, name) for name in ("mean", "spread", "pooled")}
    return {
        "score": row.score,
        "folds": [or_null(value) for value in row.folds],
        **{name: or_null(value) for name, value in numbers.items()},
        "interval": None if row.interval is None else list(row.interval),
    }
