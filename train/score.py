"""Score a model on whole images: one confusion matrix, scores per image, the worst images."""

import csv
import io
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.classes import IGNORE_INDEX, ClassMap
from prep.dataset import Dataset, Sample
from prep.errors import SegError
from prep.files import make_folder, read_bytes, write_text
from prep.imageio import ImageRGB, IndexMask, write_png
from prep.overlay import contact_sheet, overlay, shrink
from prep.progress import Bar, Progress, silent
from train.checkpoint import CONFIG, MODEL, load_model
from train.device import make_fabric
from train.metrics import Confusion, Scores, confusion_matrix, mean_without_nan, scores_of
from train.plots import CONFUSION, draw_confusion
from train.predictor import Predictor

METRICS, PER_IMAGE, PREDICTIONS = "metrics.json", "per_image.csv", "predictions"
_SHOWN = 6
"""Overlays of so many of the worst and of the best images."""

_PANEL_PX = 640
"""Longer side of each picture of an overlay: a report of large photos stays small enough to send around."""


@dataclass(frozen=True)
class ImageScore:
    """Scores of one image."""

    sample: Sample
    confusion: Confusion
    scores: Scores


@dataclass(frozen=True)
class Evaluation:
    """Scores of a split: of all its pixels together, and of each image, the worst first."""

    split: str
    confusion: Confusion
    scores: Scores
    images: tuple[ImageScore, ...]

    @property
    def mean_of_images(self) -> float:
        """Mean of the images' own mean IoU."""
        return mean_without_nan(np.array([image.scores.mean_iou for image in self.images]))


def evaluate(predictor: Predictor, dataset: Dataset, split: str, progress: Progress = silent) -> Evaluation:
    """Label every image of a split ("all": of every split) and compare with its mask.

    Raises SegError if the split is empty or the dataset has other classes than the model.
    """
    if dataset.classes.names != predictor.classes.names:
        raise SegError(
            f"{dataset.root}: has the classes {', '.join(dataset.classes.names)}, "
            f"but the model knows {', '.join(predictor.classes.names)}"
        )
    samples = dataset.of_split() if split == "all" else dataset.of_split(split)
    if not samples:
        raise SegError(f"{dataset.root}: no labelled samples in {split}; choose another --split")
    number = len(dataset.classes)
    images = []
    for done, sample in enumerate(samples, start=1):
        confusion = confusion_matrix(dataset.mask(sample), predictor(dataset.image(sample)), number)
        images.append(ImageScore(sample, confusion, scores_of(confusion)))
        progress(done, len(samples))
    total = np.sum([image.confusion for image in images], axis=0)
    worst_first = sorted(images, key=lambda image: (np.nan_to_num(image.scores.mean_iou, nan=2.0), image.sample.stem))
    return Evaluation(split, total, scores_of(total), tuple(worst_first))


def score_run(
    run: Path, dataset: Path | None, split: str, output: Path | None, device: str, bar: Bar
) -> tuple[Path, Evaluation, Dataset, Predictor]:
    """Score a run and write the results; also return the folder they are in.

    dataset: by default the one it was trained on.  output: by default the run itself for its own test split.
    """
    predictor, card = load_model(run / MODEL, make_fabric(device))
    if output is not None and output.is_dir() and any(output.iterdir()) and not (output / METRICS).exists():
        raise SegError(f"{output}: holds other files than scores; name a new folder with -o")
    own = Path(json.loads(read_bytes(run / CONFIG))["dataset_path"]) if (run / CONFIG).exists() else None
    trained_on = dataset or own
    if trained_on is None:
        raise SegError(f"{run}: does not say which dataset it was trained on (no {CONFIG}); name one as DATASET")
    opened = Dataset.open(trained_on)
    is_own = own is not None and opened.root.resolve() == own.resolve()
    if is_own and opened.split_hash() != card.split_hash:
        raise SegError(
            f"{opened.root}: its split has changed since {run.name} was trained; its test images may be known"
        )
    with bar("Scoring") as advance:
        evaluation = evaluate(predictor, opened, split, advance)
    name = "" if is_own and split == "test" else f"score-{opened.root.resolve().name}-{split}"
    folder = output or run / name
    write_evaluation(folder, evaluation, opened, predictor)
    return folder, evaluation, opened, predictor


def write_evaluation(folder: Path, evaluation: Evaluation, dataset: Dataset, predictor: Predictor) -> None:
    """Write metrics.json, per_image.csv, confusion.png and overlays of the worst and best images."""
    make_folder(folder / PREDICTIONS)
    (folder / METRICS).unlink(missing_ok=True)
    for kind in ("worst", "best"):  # of an earlier scoring; its images may not be shown again
        for old in (folder / PREDICTIONS).glob(f"{kind}-[0-9][0-9]-*.png"):
            old.unlink()
    _write_per_image(folder / PER_IMAGE, evaluation, dataset.classes)
    draw_confusion(folder / CONFUSION, evaluation.confusion, dataset.classes)
    for name, image in shown_images(evaluation):
        pixels, mask = dataset.image(image.sample), dataset.mask(image.sample)
        sheet = comparison(pixels, mask, predictor(pixels), dataset.classes)
        write_png(folder / PREDICTIONS / name, sheet)
    # Last, so that whoever finds it finds everything else.
    text = json.dumps(metrics(evaluation, dataset, predictor), indent=2, ensure_ascii=False, allow_nan=False)
    write_text(folder / METRICS, text + "\n")


def metrics(evaluation: Evaluation, dataset: Dataset, predictor: Predictor) -> dict[str, object]:
    """Return the plain data of metrics.json; a score that is not defined is null."""
    scores = evaluation.scores
    return {
        "dataset": dataset.root.resolve().name,
        "split": evaluation.split,
        "split_hash": dataset.split_hash(),
        "images": len(evaluation.images),
        "window": predictor.window,
        "overlap": predictor.overlap,
        "mean_iou": _plain(scores.mean_iou),
        "mean_of_images_iou": _plain(evaluation.mean_of_images),
        "mean_dice": _plain(scores.mean_dice),
        "pixel_accuracy": _plain(scores.pixel_accuracy),
        "classes": [
            {
                "index": index,
                "name": name,
                "pixels": int(evaluation.confusion[index].sum()),
                **{key: _plain(getattr(scores, key)[index]) for key in _PER_CLASS},
            }
            for index, name in enumerate(dataset.classes.names)
        ],
        "confusion": evaluation.confusion.tolist(),
    }


_PER_CLASS = ("iou", "dice", "precision", "recall", "accuracy")


def shown_images(evaluation: Evaluation) -> list[tuple[str, ImageScore]]:
    """Return file names and scores of the images to show: the worst, then the best."""
    images = [image for image in evaluation.images if not math.isnan(image.scores.mean_iou)]
    worst, best = images[:_SHOWN], images[_SHOWN:][-_SHOWN:]
    named = [("worst", number, image) for number, image in enumerate(worst, start=1)]
    named += [("best", number, image) for number, image in enumerate(reversed(best), start=1)]
    return [(f"{kind}-{number:02d}-{image.sample.stem}.png", image) for kind, number, image in named]


def comparison(image: ImageRGB, truth: IndexMask, guess: IndexMask, classes: ClassMap) -> ImageRGB:
    """Put side by side: the image, the true mask over it, the predicted mask over it, and wrong pixels in magenta."""
    wrong = image // 2 + 64
    wrong[(truth != guess) & (truth != IGNORE_INDEX)] = (255, 0, 255)
    panels = [image, overlay(image, truth, classes), overlay(image, guess, classes), wrong]
    return contact_sheet([shrink(panel, _PANEL_PX) for panel in panels], 4)


def _write_per_image(path: Path, evaluation: Evaluation, classes: ClassMap) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["stem", "split", "mean_iou", "pixel_accuracy", *(f"iou_{name}" for name in classes.names)])
    for image in evaluation.images:
        values = [image.scores.mean_iou, image.scores.pixel_accuracy, *image.scores.iou.tolist()]
        cells = ["" if math.isnan(value) else value for value in values]
        writer.writerow([image.sample.stem, image.sample.split, *cells])
    write_text(path, text.getvalue())


def _plain(value: float | NDArray[np.float64]) -> float | None:
    number = float(value)
    return None if math.isnan(number) else number
