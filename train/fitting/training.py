"""The training of one run: what it learns, its epochs, the scores of what it has not learned, its report."""

import json
import math
import shutil
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prep.core.errors import SegError
from prep.core.failures import Failures
from prep.core.files import appending, make_folder, read_bytes, remove_parts, to_utf8, write_bytes, write_text
from prep.core.progress import Bar, Progress
from prep.core.words import counted, list_some
from prep.dataset.damaged import NoneReadable
from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import STATS
from prep.dataset.snapshot import Snapshot
from prep.dataset.stats import Stats, read_stats
from prep.packing.streamed import StreamedDataset, open_dataset
from train.config.config import Config
from train.config.plan import Plan
from train.data.data import PixelStore, training_store
from train.data.streamed_store import StreamedStore
from train.fitting.curves import draw_curves
from train.fitting.film import write_film
from train.fitting.loop import Trainer
from train.fitting.normalising.better_statistics import keep_better_statistics
from train.fitting.record import config_content, opening
from train.reporting.next_steps import next_steps
from train.reporting.report import write_run_report
from train.runs.checkpoint import load_model
from train.runs.device import Hardware, accelerator_of
from train.runs.launch import note_launch, tell_place
from train.runs.run_files import CONFIG, CURVES, LOG, MODEL, PLAN
from train.runs.run_settings import read_settings
from train.runs.runs import mark_latest, new_run
from train.runs.training_lock import only_training
from train.scoring.score import write_scores
from train.scoring.split_scores import NO_TEST_IMAGE, SplitScores, of_splits, score_split
from train.windows.predictor import Predictor

if TYPE_CHECKING:
    from lightning_fabric import Fabric


_ANY = Hardware()


@dataclass(frozen=True)
class Run:
    """What a training left: its folder, the report in it, and the scores of the test split, if there is one.

    next_steps: what to do next, from what it shows.  problems: test images that could not be read, and why.
    """

    folder: Path
    report: Path
    scores: SplitScores | None
    next_steps: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def mean_iou(self) -> float:
        """Mean IoU of the whole test images, 0..1; nan if there are none."""
        return self.scores.scores.mean_iou if self.scores else math.nan


@dataclass(frozen=True)
class Fold:
    """That a training is one of a cross-validation.

    run: its folder.  dataset: as it is on the disk.  is_first: whether the cross-validation becomes the latest run
    when it begins.
    """

    run: Path
    dataset: Dataset
    is_first: bool


@dataclass(frozen=True)
class Subject:
    """What a training learns: the train split of a dataset; it is scored on its test split.

    stats: of the train split.  fold: of a cross-validation, whose splits are not those on the disk.
    """

    dataset: Dataset
    stats: Stats
    fold: Fold | None = None

    def store(self, config: Config, progress: Progress) -> PixelStore | StreamedStore:
        """The pixels to learn; SegError if the dataset was changed while they were read."""
        if self.fold is None:
            store, root = training_store(self.dataset, config, progress), self.dataset.root
            changed = open_dataset(root) != self.dataset or read_stats(root / STATS) != self.stats
        else:
            store = training_store(self.fold.dataset, config, progress, self.dataset.of_split("train"))
            changed = Dataset.open(self.dataset.root) != self.fold.dataset
        if changed:
            raise SegError(f"{self.dataset.root}: was changed while the training began; start it again")
        return store

    def new_run(self) -> Path:
        """Make the folder of the run."""
        if self.fold is None:
            return new_run(self.dataset.root)
        make_folder(self.fold.run)
        return self.fold.run

    def mark_latest(self, run: Path) -> None:
        """Let runs/latest lead to the run that began, or to the cross-validation that began with it."""
        if self.fold is None or self.fold.is_first:
            mark_latest(run if self.fold is None else run.parent)


def train_run(
    subject: Subject, chosen: Config | Plan, resumed: Path | None, fabric: "Fabric", bar: Bar,
    say: Callable[[str], None], began: float, place: Hardware = _ANY,
) -> Run | None:  # fmt: skip
    """Train a run, or go on with it, and score it; None in all processes but the first.

    began: time.monotonic() when the minutes of the config began.  place: what of the hardware was chosen.
    """
    config = chosen.config if isinstance(chosen, Plan) else chosen
    learned = Snapshot(subject.dataset, subject.dataset.of_split("train", "val"), "start the training again")
    with bar("Loading") as advance:
        store = subject.store(config, advance)
    learned.refuse_change("the samples were loaded")
    run = resumed or Path(fabric.broadcast(str(subject.new_run()) if fabric.is_global_zero else ""))
    with only_training(run) if fabric.is_global_zero else nullcontext():
        tell_place(run, fabric, say)

        def log(line: str) -> None:
            if fabric.is_global_zero:
                say(line)
                with appending(run / LOG) as file:
                    file.write(to_utf8(f"{line}\n"))

        try:
            trainer = Trainer(
                run, subject.dataset, store, subject.stats, config, fabric, log, resumed is not None, began
            )  # fmt: skip
        except SegError:
            if not resumed and fabric.is_global_zero:
                shutil.rmtree(run)  # a training that cannot begin leaves nothing
            raise
        settings = config_content(trainer)
        if resumed:
            _go_on(trainer, settings)
        else:
            _begin(trainer, settings, chosen if isinstance(chosen, Plan) else None, subject)
        with bar("Training") as advance:
            is_trained = trainer.train(advance)
            is_counted = keep_better_statistics(trainer)
        if not is_trained and not is_counted:
            log(f"{run}: was trained to its end before; it is only scored again")
        elif change := _change_of(learned):
            log(change)
        return _finish(trainer, subject, place, bar) if fabric.is_global_zero else None


def _go_on(trainer: Trainer, settings: Mapping[str, Any]) -> None:
    """Take up a run that was interrupted; SegError if its data are others now."""
    run = trainer.run
    if read_settings(run).get("data_hash") != settings["data_hash"]:
        raise SegError(
            f"{trainer.dataset.root}: its images, masks, patches or statistics have changed since {run.name} began; "
            "start a new training"
        )
    if trainer.fabric.is_global_zero:
        remove_parts(run)
    trainer.resume()
    trainer.log(f"{run}: resumed after epoch {trainer.state.epoch}")


def _begin(trainer: Trainer, settings: Mapping[str, Any], plan: Plan | None, subject: Subject) -> None:
    """Write down what a new run is trained with, and say it."""
    run, config = trainer.run, trainer.config
    if trainer.fabric.is_global_zero:
        subject.mark_latest(run)
        note_launch(run)
        if config.augment is not None:
            write_bytes(own_augment(run, config), read_bytes(Path(config.augment)))
        write_text(run / CONFIG, json.dumps(settings, indent=2) + "\n")
        if plan is not None:
            write_text(run / PLAN, plan.to_toml())
    for line in plan.lines() if plan else ():
        trainer.log(f"plan: {line}")
    trainer.log(opening(trainer, settings))
    if trainer.store.is_cut and config.crops != Config().crops:
        trainer.log(f"--crops {config.crops} is of random crops, and patches are learned, as they were cut: no crops")
    if config.film and not trainer.validation:
        trainer.log("--film shows a validation image, and there is none: no film")


def _change_of(learned: Snapshot) -> str:
    """What changed of the train and val samples while they were learned from, and what that means; empty if nothing."""
    if not (stems := list(learned.changes())):
        return ""
    return (
        f"warning: {counted(len(stems), 'image or mask', 'images or masks')} of train and val changed while this was "
        f"trained ({list_some(stems)}): its validation scores may be of old and new labels; train again to learn the "
        "new ones"
    )


def own_augment(run: Path, config: Config) -> Path:
    """The run's copy of the file of --augment."""
    return run / ("augment" + Path(config.augment or "").suffix.lower())


def _finish(trainer: Trainer, subject: Subject, place: Hardware, bar: Bar) -> Run:
    """Draw what the training gave, score the best model, and write the report."""
    run, dataset = trainer.run, trainer.dataset
    if trainer.config.film:
        try:
            write_film(run)
        except SegError as error:  # the model is scored all the same
            trainer.log(str(error))
    draw_curves(run / CURVES, trainer.state.history, dataset.classes)
    scores, metrics, problems = None, None, tuple[str, ...]()
    if dataset.of_split("test"):
        predictor, _ = load_model(run / MODEL, accelerator_of(trainer.fabric))
        with bar("Scoring") as advance:
            scores, problems = _scored(predictor, dataset, subject, advance)
        if scores is None:
            trainer.log(NO_TEST_IMAGE)
        else:
            metrics = write_scores(run, scores, dataset, predictor)
            for note in filter(None, [metrics.left_out_note, metrics.absent_note]):
                trainer.log(note)
    validated = [row.val.mean_iou for row in trainer.state.history if row.val is not None]
    size, steps = trainer.store.size, trainer.state.step
    told = []
    if subject.fold is None and not isinstance(dataset, StreamedDataset):  # whose split and labels lie elsewhere
        told = next_steps(run, dataset, subject.stats, trainer.config, size, steps, validated, metrics, place)
    return Run(run, write_run_report(run, told), scores, tuple(told), problems)


def _scored(
    predictor: Predictor, dataset: Dataset, subject: Subject, progress: Progress
) -> tuple[SplitScores | None, tuple[str, ...]]:
    """The scores of test images that can be read, and what is wrong with the others; a fold needs all of its own."""
    if subject.fold is not None:
        scores = score_split(predictor, dataset, "test", progress)
        return of_splits(scores, subject.fold.dataset, subject.fold.run.name), ()
    failures = Failures()
    try:
        return score_split(predictor, dataset, "test", progress, failures=failures), tuple(failures.problems)
    except NoneReadable as error:
        return None, error.problems
