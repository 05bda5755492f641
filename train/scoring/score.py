"""Score a run on whole images and write what people look at: scores, scores of each image, the worst images."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from prep.core.errors import SegError
from prep.core.files import make_folder
from prep.core.progress import Bar
from prep.dataset.dataset import Dataset
from prep.dataset.provenance import need_record
from prep.dataset.transaction import Transaction, holds_files, settle
from prep.images.imageio import ImageRGB, write_png
from prep.images.overlay import shrink
from train.runs.checkpoint import ModelCard, load_model
from train.runs.device import make_fabric
from train.runs.run_files import CONFIG, CONFUSION, METRICS, MODEL, PREDICTIONS, WORST
from train.runs.run_settings import read_settings
from train.runs.runs import open_dataset
from train.scoring.compare import Comparison, compare
from train.scoring.confusion_chart import draw_confusion
from train.scoring.intervals import uncertainty_of
from train.scoring.other_scale import other_scale
from train.scoring.patch_protocol import ProtocolScore, patch_scores, whole_image_scores
from train.scoring.score_files import Metrics, metrics_of, write_metrics, write_per_image
from train.scoring.sheets import captioned_sheet, comparison, panels
from train.scoring.split_scores import SHOWN, ImageScore, SplitScores, score_split, worst_and_best
from train.windows.predictor import Predictor
from train.windows.scale import Scale

_OVERLAYS = 6
"""Overlays of so many of the worst and of the best images."""

_CELL_PX, _COLUMNS = 280, 2
"""Longer side of a picture on the sheet of the worst images, and images beside each other."""


def score_run(
    run: Path,
    dataset: Path | None,
    split: str,
    output: Path | None,
    device: str,
    bar: Bar,
    *,
    other: Path | None = None,
    patches: bool = False,
    windows: Mapping[str, Any] | None = None,
    scale: Scale = "auto",
    note: Callable[[str], None] = lambda text: None,
) -> tuple[Path, Metrics]:
    """Score a run, write the results, and return their folder and what metrics.json holds.

    dataset: by default the one it was trained on.  output: by default the run itself for its own test split.
    other: another run to compare with, on the same images.  patches: also score patches, as published projects do.
    windows: arguments of Predictor.changed, for both runs; with any, the run's own test score is left as it is.
    scale: as of Predictor.at_scale, likewise.  note: is told of images of another scale than the training's.
    Raises SegError if the split has changed since the training, or if the two runs were trained on different splits.
    """
    loaded, card = load_model(run / MODEL, make_fabric(device))
    changes = {name: value for name, value in (windows or {}).items() if value is not None}
    predictor = loaded.changed(**changes).at_scale(scale)
    need_record(run if output is None else output)
    if output is not None:
        settle(output)
        if holds_files(output) and not (output / METRICS).exists():
            raise SegError(f"{output}: holds other files than scores; name a new folder with -o")
    opened, is_own = open_dataset(run, dataset)
    if is_own and opened.split_hash() != card.split_hash:
        raise SegError(
            f"{opened.root}: its split has changed since {run.name} was trained; its test images may be known"
        )
    if other is not None and other.resolve() == run.resolve():
        raise SegError(f"--compare {other}: is the run that is scored ({run.resolve().name}); name another one")
    rival = _load_other(run, card, other, device).changed(**changes).at_scale(scale) if other is not None else None
    warning = other_scale(predictor, opened, split)
    if warning:
        note(warning)
    with bar("Scoring") as advance:
        scored = score_split(predictor, opened, split, advance)
    compared = None
    if rival is not None and other is not None:
        with bar("Scoring the other run") as advance:
            differences = compare(scored, score_split(rival, opened, split, advance), opened.classes)
        compared = Comparison(other.resolve().name, tuple(differences))
    protocols = _protocols(run, scored, opened, predictor, is_own, bar) if patches else []
    changes |= {} if scale == "auto" else {"scale": scale}
    settings = [f"{key}-{value}" for key, value in sorted(changes.items())]  # so that none replaces another
    name = "-".join(["score", opened.root.resolve().name, split, *settings])
    if is_own and split == "test" and not changes:
        name = ""
    found = metrics_of(scored, uncertainty_of(scored), opened, predictor.windows, compared, protocols, warning)
    folder = output or run / name
    _write(folder, found, scored, opened)
    return folder, found


def _load_other(run: Path, card: ModelCard, other: Path, device: str) -> Predictor:
    """The model of the run to compare with; SegError if one of the two may know images that are new to the other."""
    predictor, other_card = load_model(other / MODEL, make_fabric(device))
    if other_card.split_hash != card.split_hash:
        raise SegError(
            f"{other.name} was trained on another split ({other_card.dataset} {other_card.split_hash}) than {run.name} "
            f"({card.dataset} {card.split_hash}): one of them may know the test images of the other; "
            "train both on the same split"
        )
    return predictor


def _protocols(
    run: Path, scored: SplitScores, dataset: Dataset, predictor: Predictor, is_own: bool, bar: Bar
) -> list[ProtocolScore]:
    """Mean IoU of whole images and of patches; of the patches of the training images, too, where those are known."""
    settings = read_settings(run) if (run / CONFIG).exists() else {}
    size = settings.get("patch_size") or predictor.windows.window // 2
    scores = whole_image_scores(scored)
    leaking = is_own and scored.split not in ("train", "all") and bool(dataset.of_split("train"))
    for split in (scored.split, *(["train"] if leaking else [])):
        with bar(f"Patches of {split}") as advance:
            scores += patch_scores(predictor, dataset, split, size, progress=advance)
    return scores


def write_scores(folder: Path, scored: SplitScores, dataset: Dataset, predictor: Predictor) -> Metrics:
    """Write metrics.json, per_image.csv, confusion.png, worst.png and overlays of the worst and best images."""
    found = metrics_of(scored, uncertainty_of(scored), dataset, predictor.windows)
    _write(folder, found, scored, dataset)
    return found


def _write(folder: Path, found: Metrics, scored: SplitScores, dataset: Dataset) -> None:
    """All files of a scoring, together; those of an earlier one go."""
    with Transaction(folder, "score", {"scores": found.to_json()}) as change:
        new = change.path(".")
        make_folder(new / PREDICTIONS)
        write_per_image(new, scored, dataset.classes)
        draw_confusion(new / CONFUSION, scored.confusion, dataset.classes)
        _write_pictures(new, scored, dataset)
        write_metrics(new, found)
        earlier = (path for kind in ("worst", "best") for path in folder.glob(f"{PREDICTIONS}/{kind}-[0-9][0-9]-*.png"))
        names = [path.relative_to(folder).as_posix() for path in earlier]  # their images may not be shown again
        change.commit(overwrite=True, remove=[WORST, *names])


def _write_pictures(folder: Path, scored: SplitScores, dataset: Dataset) -> None:
    for kind, images in zip(("worst", "best"), worst_and_best(scored, _OVERLAYS), strict=True):
        for number, image in enumerate(images, start=1):
            parts = dataset.image(image.sample), dataset.mask(image.sample), scored.guess(image)
            name = f"{kind}-{number:02d}-{image.sample.stem}.png"
            write_png(folder / PREDICTIONS / name, comparison(*parts, dataset.classes))
    worst, _ = worst_and_best(scored, SHOWN)
    if worst:
        rows = [(_caption(image, dataset), _cells(image, scored, dataset)) for image in worst]
        write_png(folder / WORST, captioned_sheet(rows, _CELL_PX, _COLUMNS))


def _cells(image: ImageScore, scored: SplitScores, dataset: Dataset) -> list[ImageRGB]:
    pictures = panels(dataset.image(image.sample), dataset.mask(image.sample), scored.guess(image), dataset.classes)
    return [shrink(picture, _CELL_PX) for picture in pictures]


def _caption(image: ImageScore, dataset: Dataset) -> str:
    worst = int(np.nanargmin(image.scores.iou))
    return (
        f"{image.sample.stem}   mean IoU {image.scores.mean_iou:.3f}   "
        f"worst: {dataset.classes.names[worst]} {image.scores.iou[worst]:.3f}"
    )
