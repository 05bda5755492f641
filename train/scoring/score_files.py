"""The scores of a split as they stand in metrics.json and per_image.csv."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import ClassMap, format_color
from prep.core.errors import SegError
from prep.core.files import write_text
from prep.core.jsonio import or_null, read_record
from prep.core.tables import write_columns
from prep.core.words import counted, verb
from prep.dataset.dataset import Dataset
from train.runs.run_files import METRICS, PER_IMAGE
from train.scoring.absent import absent_note, mean_iou_of_present
from train.scoring.comparing.compare import Comparison
from train.scoring.intervals import IntervalMethod, Uncertainty
from train.scoring.metrics import OVERALL, PER_CLASS, Summary
from train.scoring.patch_protocol import ProtocolScore
from train.scoring.split_scores import SplitScores
from train.windows.window_settings import Blend, WindowSettings

_IF_ANY = ("comparison", "protocols", "other_scale", "left_out", "relabelled")

Interval = tuple[float, float] | None
"""The ends of a 95 % interval; None where there is none."""


@dataclass(frozen=True)
class ClassMetrics:
    """Scores of one class; nan where it occurs neither in the truth nor in the prediction.  pixels: of the truth."""

    index: int
    name: str
    pixels: int
    iou: float
    iou_interval: Interval
    dice: float
    dice_interval: Interval
    boundary_iou: float
    boundary_iou_interval: Interval
    precision: float
    recall: float
    accuracy: float
    color: str


_REMEDY = "score again with 'seg-train score'"


@dataclass(frozen=True)
class Metrics:
    """What metrics.json holds, in this order; nan is null there, and what was not asked for is left out.

    mean_iou_of_present: the mean over the classes that the truth holds.
    other_scale: which images were not labelled at their own size, in words.
    left_out: stems of images of the split that could not be read, and are in no score.
    relabelled: which labels changed since the same images were scored before, in words.
    """

    dataset: str
    split: str
    split_hash: str
    images: int
    window: int
    overlap: float
    blend: Blend
    tta: str | None
    mean_iou: float
    mean_iou_interval: Interval
    mean_dice: float
    mean_dice_interval: Interval
    mean_boundary_iou: float
    mean_boundary_iou_interval: Interval
    pixel_accuracy: float
    pixel_accuracy_interval: Interval
    mean_of_images_iou: float
    intervals: IntervalMethod
    classes: tuple[ClassMetrics, ...]
    confusion: tuple[tuple[int, ...], ...]
    comparison: Comparison | None = None
    protocols: tuple[ProtocolScore, ...] = ()
    mean_iou_of_present: float = math.nan
    other_scale: str = ""
    left_out: tuple[str, ...] = ()
    relabelled: str = ""

    @property
    def left_out_note(self) -> str | None:
        """That images of the split are in no score, in words; None if all are."""
        if not self.left_out:
            return None
        several = f"{len(self.left_out):,} of {counted(self.images + len(self.left_out), 'image')} of {self.split}"
        return f"{several} could not be read and {verb(len(self.left_out), 'is', 'are')} in no score"

    @property
    def absent_note(self) -> str | None:
        """What classes that the truth lacks do to the mean, in words; None if they do nothing."""
        names = [each.name for each in self.classes]
        return absent_note(np.array(self.confusion, np.int64), names, f"the masks of {self.split}")

    def to_json(self) -> dict[str, Any]:
        """The content of metrics.json."""
        found: dict[str, Any] = _plain(asdict(self))
        return {name: value for name, value in found.items() if value or name not in _IF_ANY}


def metrics_of(
    scored: SplitScores,
    uncertainty: Uncertainty,
    dataset: Dataset,
    windows: WindowSettings,
    comparison: Comparison | None = None,
    protocols: Sequence[ProtocolScore] = (),
    other_scale: str = "",
) -> Metrics:
    """The scores of a split with their intervals."""
    known = dataset.classes
    summary = scored.summary  # a sum over all images
    overall: dict[str, Any] = {}
    for name in OVERALL:
        overall |= {
            name: float(getattr(summary, name)),
            f"{name}_interval": _ends(uncertainty.intervals[name]),
        }
    return Metrics(
        dataset=dataset.root.resolve().name,
        split=scored.split,
        split_hash=dataset.split_hash(),
        images=len(scored.images),
        **asdict(windows),
        **overall,
        mean_of_images_iou=scored.mean_of_images,
        intervals=uncertainty.method,
        classes=tuple(_class_metrics(index, scored, summary, uncertainty, known) for index in range(len(known))),
        confusion=tuple(map(tuple, scored.confusion.tolist())),
        comparison=comparison,
        protocols=tuple(protocols),
        mean_iou_of_present=mean_iou_of_present(scored.confusion),
        other_scale=other_scale,
        left_out=tuple(sorted(scored.problems)),
    )


def write_metrics(folder: Path, found: Metrics) -> None:
    """Write metrics.json."""
    text = json.dumps(found.to_json(), indent=2, ensure_ascii=False, allow_nan=False)
    write_text(folder / METRICS, text + "\n")


def read_metrics(folder: Path) -> Metrics:
    """Read metrics.json; SegError if it is damaged, or of another version."""
    found = read_record(folder / METRICS, Metrics, remedy=_REMEDY, null_is_nan=True)
    number = len(found.classes)
    if [len(row) for row in found.confusion] != [number] * number:
        raise SegError(f"{folder / METRICS}: confusion is no table of {counted(number, 'class', 'classes')}; {_REMEDY}")
    return found


def write_per_image(folder: Path, scored: SplitScores, classes: ClassMap) -> None:
    """Write per_image.csv: one row an image, the worst first; empty where a score is not defined."""
    columns = ["stem", "split", "group", "mean_iou", "pixel_accuracy", *(f"iou_{name}" for name in classes.names)]
    rows = (
        (each.sample.stem, each.sample.split, each.sample.group,
         each.scores.mean_iou, each.scores.pixel_accuracy, *each.scores.iou.tolist())
        for each in scored.images
    )  # fmt: skip
    write_columns(folder / PER_IMAGE, columns, rows)


def _class_metrics(
    index: int, scored: SplitScores, summary: Summary, uncertainty: Uncertainty, classes: ClassMap
) -> ClassMetrics:
    with_interval: dict[str, Any] = {}
    for key in PER_CLASS:
        with_interval |= {
            key: float(getattr(summary, key)[index]),
            f"{key}_interval": _ends(uncertainty.intervals[key][index]),
        }
    return ClassMetrics(
        index=index,
        name=classes.names[index],
        pixels=int(scored.confusion[index].sum()),
        **with_interval,
        precision=float(scored.scores.precision[index]),
        recall=float(scored.scores.recall[index]),
        accuracy=float(scored.scores.accuracy[index]),
        color=format_color(classes.colors[index]),
    )


def _ends(interval: NDArray[np.float64]) -> Interval:
    return None if np.isnan(interval).any() else (float(interval[0]), float(interval[1]))


def _plain(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return or_null(value) if isinstance(value, float) else value


@dataclass(frozen=True)
class Score:
    """Scores of whole images of a split, 0..1; nan where a class occurs neither in the truth nor in the prediction.

    metrics: all figures, with their 95 % intervals, as they stand in metrics.json.
    folder: metrics.json, per_image.csv, pictures of the worst and best images.
    """

    folder: Path
    metrics: Metrics

    @property
    def mean_iou(self) -> float:
        """Mean of the classes' IoU."""
        return self.metrics.mean_iou

    @property
    def iou(self) -> dict[str, float]:
        """IoU by class name."""
        return {each.name: each.iou for each in self.metrics.classes}
