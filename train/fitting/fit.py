"""One training from beginning to end: data, epochs, scores of the test split, report."""

import json
import math
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lightning_fabric import Fabric

from prep.core.errors import SegError
from prep.core.files import explained, read_bytes, remove_parts, write_bytes, write_text
from prep.core.progress import Bar, Say, no_bar
from prep.core.workers import WorkerKilled
from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import STATS
from prep.dataset.provenance import need_record
from prep.dataset.stats import Stats, ensure_stats, read_stats
from prep.dataset.transaction import settle
from prep.splitting.split import ensure_split
from train.config.config import Config
from train.config.plan import Plan
from train.data.data import training_store
from train.fitting.curves import draw_curves
from train.fitting.film import write_film
from train.fitting.history import need_tensorboard
from train.fitting.loop import Trainer
from train.fitting.memory import memory_kept
from train.fitting.record import opening, settings_of
from train.fitting.timing.threads import threads_restored
from train.reporting.next_steps import next_steps
from train.reporting.report import write_run_report
from train.runs.checkpoint import load_model
from train.runs.device import ending_together, make_fabric
from train.runs.run_files import CONFIG, CURVES, LAST, LOG, MODEL, PLAN
from train.runs.run_settings import read_settings
from train.runs.runs import mark_latest, new_run
from train.scoring.score import write_scores
from train.scoring.split_scores import SplitScores, score_split


@dataclass(frozen=True)
class Run:
    """What a training left: its folder, the report in it, and the scores of the test split, if there is one.

    next_steps: what to do next, from what it shows.
    """

    folder: Path
    report: Path
    scores: SplitScores | None
    next_steps: tuple[str, ...] = ()

    @property
    def mean_iou(self) -> float:
        """Mean IoU of the whole test images, 0..1; nan if there are none."""
        return self.scores.scores.mean_iou if self.scores else math.nan


Planner = Callable[[Dataset, Stats, Fabric, Bar], Plan]
"""Chooses the settings of a training, once it is known on what and where."""


@dataclass(frozen=True)
class Place:
    """Where a training runs: the device, and how many processes on how many machines; see device.make_fabric."""

    device: str = "auto"
    devices: int = 1
    nodes: int = 1


def fit(
    dataset_root: Path, config: Config, place: Place, bar: Bar, say: Callable[[str], None],
    began: float | None = None, planner: Planner | None = None,
) -> Run | None:  # fmt: skip
    """Train a new run on a dataset and score it on the test split; None in all processes but the first.

    began: time.monotonic() when the minutes of the config began; None is now.  planner: chooses the settings instead.
    A dataset without split or statistics gets them first. Raises SegError if there is nothing to train on.
    """
    began = time.monotonic() if began is None else began
    if config.tensorboard:
        need_tensorboard()
    fabric = _launched(place, config)
    with ending_together(fabric), threads_restored(), memory_kept():
        if fabric.is_global_zero:
            settle(dataset_root, say)
            with _with_remedy("split"):
                ensure_split(Dataset.open(dataset_root), config.seed, say)
        fabric.barrier()
        bar = bar if fabric.is_global_zero else no_bar
        dataset = Dataset.open(dataset_root)
        stats = _counted(dataset, fabric, bar, say)
        plan = fabric.broadcast(planner(dataset, stats, fabric, bar) if planner and fabric.is_global_zero else None)
        return _run(dataset, stats, plan or config, None, fabric, bar, say, began)


def resume(
    run: Path, dataset_root: Path | None, place: Place, bar: Bar, say: Callable[[str], None], began: float | None = None
) -> Run | None:
    """Go on with a run that was interrupted, with the same settings and the same data, wherever that is now.

    began: as of fit; of the minutes only those are left that the run did not use before.
    Raises SegError if split, patches or statistics are not those that it began with.
    """
    began = time.monotonic() if began is None else began
    if not (run / LAST).exists():
        raise SegError(f"{run}: nothing to resume (no {LAST} in it); start it again with seg-train")
    need_record(run)
    data = read_settings(run)
    config = Config.from_plain(data, run / CONFIG)
    if config.augment is not None:
        config = replace(config, augment=str(_own_augment(run, config)))  # the file it began with
    dataset = Dataset.open(dataset_root or Path(data["dataset_path"]))
    if dataset.split_hash() != data.get("split_hash"):
        raise SegError(f"{dataset.root}: its split has changed since {run.name} began; start a new training")
    fabric = _launched(place, config)
    with ending_together(fabric), threads_restored(), memory_kept():
        bar = bar if fabric.is_global_zero else no_bar
        stats = _counted(dataset, fabric, bar, say)
        return _run(dataset, stats, config, run, fabric, bar, say, began)


def _launched(place: Place, config: Config) -> Fabric:
    """Start the other processes, if there are to be any; each of them comes here by the same command line."""
    fabric = make_fabric(place.device, place.devices, place.nodes, config.precision)
    fabric.launch()
    return fabric


def _run(
    dataset: Dataset, stats: Stats, chosen: Config | Plan, resumed: Path | None, fabric: Fabric, bar: Bar,
    say: Callable[[str], None], began: float,
) -> Run | None:  # fmt: skip
    config = chosen.config if isinstance(chosen, Plan) else chosen
    with bar("Loading") as advance:
        store = training_store(dataset, config, advance)
    if Dataset.open(dataset.root) != dataset or read_stats(dataset.root / STATS) != stats:
        raise SegError(f"{dataset.root}: was changed while the training began; start it again")
    run = resumed or Path(fabric.broadcast(str(new_run(dataset.root)) if fabric.is_global_zero else ""))

    def log(line: str) -> None:
        if fabric.is_global_zero:
            say(line)
            with explained(run / LOG), (run / LOG).open("a", encoding="utf-8") as file:
                file.write(line + "\n")

    try:
        trainer = Trainer(run, dataset, store, stats, config, fabric, log, resumed is not None, began)
    except SegError:
        if not resumed and fabric.is_global_zero:
            shutil.rmtree(run)  # a training that cannot begin leaves nothing
        raise
    settings = settings_of(trainer)
    if resumed:
        _go_on(trainer, settings)
    else:
        _begin(trainer, settings, chosen if isinstance(chosen, Plan) else None)
    with bar("Training") as advance:
        if not trainer.train(advance):
            log(f"{run}: was trained to its end before; it is only scored again")
    return _finish(trainer, stats, bar) if fabric.is_global_zero else None


def _counted(dataset: Dataset, fabric: Fabric, bar: Bar, say: Say) -> Stats:
    """The statistics of a dataset, counted by the first process if they are not there yet."""
    if fabric.is_global_zero:
        with bar("Counting") as advance, _with_remedy("stats"):
            ensure_stats(dataset, advance, say)
    fabric.barrier()
    stats, _ = ensure_stats(dataset)
    held = [entry.name for entry in stats.classes if entry.pixels]
    if len(held) < 2:
        what = f"only {held[0]}" if held else "no class at all"
        raise SegError(
            f"{dataset.root}: the masks of its train split hold {what}, and a model learns to tell classes apart; "
            "label the rest as a class of its own, for example background"
        )
    return stats


@contextmanager
def _with_remedy(command: str) -> Iterator[None]:
    """A training has no --workers: where a worker process is killed, name the command that has."""
    try:
        yield
    except WorkerKilled as error:
        raise SegError(f"{error}: type 'seg-prep {command} --workers 1' first, then train again") from error


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


def _begin(trainer: Trainer, settings: Mapping[str, Any], plan: Plan | None) -> None:
    """Write down what a new run is trained with, and say it."""
    run, config = trainer.run, trainer.config
    if trainer.fabric.is_global_zero:
        mark_latest(run)
        if config.augment is not None:
            write_bytes(_own_augment(run, config), read_bytes(Path(config.augment)))
        write_text(run / CONFIG, json.dumps(settings, indent=2) + "\n")
        if plan is not None:
            write_text(run / PLAN, plan.to_toml())
    for line in plan.lines() if plan else ():
        trainer.log(f"plan: {line}")
    trainer.log(opening(trainer, settings))
    if config.film and not trainer.validation:
        trainer.log("--film shows a validation image, and there is none: no film")


def _own_augment(run: Path, config: Config) -> Path:
    """The run's copy of the file of --augment."""
    return run / ("augment" + Path(config.augment or "").suffix.lower())


def _finish(trainer: Trainer, stats: Stats, bar: Bar) -> Run:
    """Draw what the training gave, score the best model, and write the report."""
    run, dataset = trainer.run, trainer.dataset
    if trainer.config.film:
        try:
            write_film(run)
        except SegError as error:  # the model is scored all the same
            trainer.log(str(error))
    draw_curves(run / CURVES, trainer.state.history, dataset.classes)
    scores, metrics = None, None
    if dataset.of_split("test"):
        predictor, _ = load_model(run / MODEL, trainer.fabric)
        with bar("Scoring") as advance:
            scores = score_split(predictor, dataset, "test", advance)
        metrics = write_scores(run, scores, dataset, predictor)
        if note := metrics.absent_note:
            trainer.log(note)
    validated = [row.val.mean_iou for row in trainer.state.history if row.val is not None]
    size, steps = trainer.store.size, trainer.state.step
    told = next_steps(run, dataset, stats, trainer.config, size, steps, validated, metrics)
    return Run(run, write_run_report(run, told), scores, tuple(told))
