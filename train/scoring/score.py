"""Score a run on whole images and write what people look at: scores, scores of each image, the worst images."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from prep.core.errors import SegError
from prep.core.failures import Failures
from prep.core.files import make_folder
from prep.core.progress import Bar, Say, say_nothing
from prep.core.words import list_some
from prep.dataset.dataset import Dataset
from prep.dataset.provenance import need_record
from prep.dataset.transaction import Transaction, holds_files, settle
from prep.images.imageio import ImageRGB, write_png
from prep.images.overlay import contact_sheet, shrink
from prep.packing.streamed import need_samples_here
from train.data.image_size import reduced
from train.runs.device import find_accelerator
from train.runs.fold_record import folded
from train.runs.members import Members, load_members
from train.runs.remote import remote_members
from train.runs.run_files import CONFIG, CONFUSION, METRICS, PREDICTIONS, RUN_FOLDS, WORST
from train.runs.run_settings import read_settings
from train.scoring.comparing.learned import torn_apart
from train.scoring.comparing.rivals import (
    compare_with_best,
    each_alone,
    find_rival,
    know_any,
    need_unknown,
    open_own_dataset,
)
from train.scoring.confusion_chart import draw_confusion
from train.scoring.intervals import uncertainty_of
from train.scoring.other_scale import other_scale, seen_smaller
from train.scoring.patch_protocol import ProtocolScore, patch_scores, whole_image_scores
from train.scoring.relabelled import is_of_other_images, relabelled
from train.scoring.score_files import Metrics, metrics_of, write_metrics, write_per_image
from train.scoring.sheets import captioned_sheet, panels
from train.scoring.split_scores import SHOWN, ImageScore, SplitScores, score_split, worst_and_best
from train.windows.predictor import Predictor
from train.windows.scale import Scale

_OVERLAYS = 6
"""Overlays of so many of the worst and of the best images."""

_KNOWN_IMAGES = "images that the model learned are among these: what it scores on them says little about others"

_CELL_PX, _COLUMNS = 280, 2
"""Longer side of a picture on the sheet of the worst images, and images beside each other."""


def score_run(
    members: Members,
    dataset: Path | None,
    split: str,
    output: Path | None,
    device: str,
    bar: Bar,
    *,
    other: Members | None = None,
    patches: bool = False,
    windows: Mapping[str, Any] | None = None,
    scale: Scale = "auto",
    note: Say = say_nothing,
    failures: Failures | None = None,
) -> tuple[Path, Metrics]:
    """Score a run, or the mean of several, write the results, and return their folder and what metrics.json holds.

    dataset: by default the one it was trained on.  output: by default the run itself for its own test split.
    other: another run to compare with, on the same images; for the mean of several, by default the best of them.
    patches: also score patches, as published projects do.
    windows: arguments of Predictor.changed, for all; with any, the run's own test score is left as it is.
    scale: as of Predictor.at_scale, likewise.  note: is told of images of another scale than the training's.
    failures: as of `score_split`.
    Raises SegError if the split has changed since the training, if the runs were trained on different splits, or if
    they have learned the images.
    """
    accelerator = find_accelerator(device)
    loaded, cards = load_members(members, accelerator, scale)
    changes = {name: value for name, value in (windows or {}).items() if value is not None}
    predictor, home = loaded.changed(**changes), members.folder(output)
    need_record(home)
    if output is not None:
        settle(output)
        if holds_files(output) and not (output / METRICS).exists():
            raise SegError(f"{output}: holds other files than scores; name a new folder with -o")
        if (output / RUN_FOLDS).exists():
            raise SegError(f"{output}: holds the scores of a cross-validation; name a new folder with -o")
    opened, own = open_own_dataset(members, dataset)
    unknown = need_unknown(members, cards, own, opened, split)
    is_own = any(own)
    if patches and is_own:  # those of train are scored as well
        need_samples_here(opened, opened.of_split(), "and name that folder as DATASET")
    known = _KNOWN_IMAGES if know_any(members, cards, own, opened, split) else ""
    rivals, of_other = each_alone(members, accelerator, scale, device), ""
    if other is not None:
        rival, of_other = find_rival(members, cards, other, accelerator, scale, device, opened, split)
        rivals = [rival]
    of_scale = "" if seen_smaller(cards, own) else other_scale(predictor, opened, split)
    for text in filter(None, (unknown, of_other, known, of_scale, torn_apart(opened) if any(own) else "")):
        note(text)
    remote = remote_members(members, device, scale).with_settings(changes)
    with bar("Scoring") as advance:
        scored = score_split(predictor, opened, split, advance, remote, failures)
    compared = compare_with_best(scored, rivals, changes, opened, bar)
    protocols = _protocols(home, scored, opened, predictor, is_own, bar) if patches else []
    if (compared or protocols) and (stems := scored.changed):
        raise SegError(
            f"{opened.root}: {list_some(stems)} changed while the images were scored more than once; no scores were "
            "written, type the command again"
        )
    changes |= {} if scale == "auto" else {"scale": scale}
    settings = [f"{key}-{value}" for key, value in sorted(changes.items())]  # so that none replaces another
    found = metrics_of(scored, uncertainty_of(scored), opened, predictor.windows, compared, protocols, of_scale)
    is_test_of_run = is_own and split == "test" and not changes and not members.is_folded and not folded(home)
    folder = output or (home if is_test_of_run else _folder_for(home, opened, found, settings))
    found = replace(found, relabelled=relabelled(found, [folder, *([home] if is_own else [])]))
    _write(folder, found, scored, opened)
    return folder, found


def _folder_for(home: Path, dataset: Dataset, found: Metrics, settings: list[str]) -> Path:
    """RUN/score-DATASET-SPLIT with what else was asked, with the folder of the dataset in front where others stand so.

    Two datasets may have one name: site-1/tiles and site-2/tiles.
    """
    root = dataset.root.resolve()
    for name in (root.name, f"{root.parent.name}-{root.name}".lstrip("-")):
        folder = home / "-".join(["score", name, found.split, *settings])
        if not is_of_other_images(found, folder):
            break
    return folder


def _protocols(
    run: Path, scored: SplitScores, dataset: Dataset, predictor: Predictor, is_own: bool, bar: Bar
) -> list[ProtocolScore]:
    """Mean IoU of whole images and of patches; of the patches of the training images, too, where those are known."""
    settings = read_settings(run) if (run / CONFIG).exists() else {}
    dataset = dataset.without(scored.problems)
    size = settings.get("patch_size") or predictor.windows.window // 2
    scores, seen = whole_image_scores(scored), reduced(dataset, settings.get("image_size"))  # as the patches were cut
    leaking = is_own and scored.split not in ("train", "all") and bool(dataset.of_split("train"))
    for split in (scored.split, *(["train"] if leaking else [])):
        with bar(f"Patches of {split}") as advance:
            scores += patch_scores(predictor, seen, split, size, progress=advance)
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
    """Overlays of the worst and the best images, and the sheet of the worst; of each image four panels, made once.

    Without those that were changed since they were scored.
    """
    changed = set(scored.changed)
    (worst, _), (_, best) = worst_and_best(scored, SHOWN), worst_and_best(scored, _OVERLAYS)
    worst, best = ([image for image in each if image.sample.stem not in changed] for each in (worst, best))
    rows = []
    for number, image in enumerate(worst, start=1):
        pictures = _panels(image, scored, dataset)
        if number <= _OVERLAYS:
            _write_overlay(folder, "worst", number, image, pictures)
        rows.append((_caption(image, dataset), [shrink(picture, _CELL_PX) for picture in pictures]))
    for number, image in enumerate(best, start=1):
        _write_overlay(folder, "best", number, image, _panels(image, scored, dataset))
    if rows:
        write_png(folder / WORST, captioned_sheet(rows, _CELL_PX, _COLUMNS))


def _panels(image: ImageScore, scored: SplitScores, dataset: Dataset) -> list[ImageRGB]:
    return panels(dataset.image(image.sample), dataset.mask(image.sample), scored.guess(image), dataset.classes)


def _write_overlay(folder: Path, kind: str, number: int, image: ImageScore, pictures: list[ImageRGB]) -> None:
    name = f"{kind}-{number:02d}-{image.sample.stem}.png"
    write_png(folder / PREDICTIONS / name, contact_sheet(pictures, len(pictures)))


def _caption(image: ImageScore, dataset: Dataset) -> str:
    worst = int(np.nanargmin(image.scores.iou))
    return (
        f"{image.sample.stem}   mean IoU {image.scores.mean_iou:.3f}   "
        f"worst: {dataset.classes.names[worst]} {image.scores.iou[worst]:.3f}"
    )
