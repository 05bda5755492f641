"""A training from beginning to end, or to go on with: which dataset, which settings, where."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from prep.core.errors import SegError
from prep.core.progress import Bar, Say, no_bar
from prep.core.workers import WorkerKilled
from prep.dataset.damaged import refuse_damaged
from prep.dataset.dataset import Dataset
from prep.dataset.provenance import need_record
from prep.dataset.stats import Stats, ensure_stats
from prep.dataset.transaction import settle
from prep.packing.streamed import open_dataset
from prep.splitting.split import ensure_split
from train.config.config import Config
from train.config.plan import Plan
from train.fitting.history import need_tensorboard
from train.fitting.known_weights import refuse_known_weights
from train.fitting.timing.threads import threads_restored
from train.fitting.training import Run, Subject, own_augment, train_run
from train.networks.networks import need_network
from train.runs.device import Hardware, make_fabric
from train.runs.fold_record import folded
from train.runs.launch import launched, run_to_go_on_with
from train.runs.memory import memory_kept
from train.runs.run_files import CONFIG, LAST
from train.runs.run_settings import read_settings
from train.runs.runs import dataset_to_resume, named_weights
from train.scoring.comparing.learned import torn_apart

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Planner = Callable[[Dataset, Stats, "Fabric", Bar], Plan]
"""Chooses the settings of a training, once it is known on what and where."""


def fit(
    dataset_root: Path, config: Config, place: Hardware, bar: Bar, say: Callable[[str], None],
    began: float | None = None, planner: Planner | None = None,
) -> Run | None:  # fmt: skip
    """Train a new run on a dataset and score it on the test split; None in all processes but the first.

    began: time.monotonic() when the minutes of the config began; None is now.  planner: chooses the settings instead.
    A dataset without split or statistics gets them first. Raises SegError if there is nothing to train on, or if the
    weights to begin with have learned images that are scored.
    """
    began = time.monotonic() if began is None else began
    if config.tensorboard:
        need_tensorboard()
    need_network(config)
    fabric = make_fabric(place.device, place.devices, place.nodes, config.precision)
    with launched(fabric, place.nodes, say), threads_restored(), memory_kept():
        if planner is None:  # one names them itself
            weights = named_weights(str(config.weights), say) if fabric.is_global_zero else ""
            config = replace(config, weights=fabric.broadcast(weights))
        if fabric.is_global_zero:
            settle(dataset_root, say)
            with _with_remedy("split"):
                ensure_split(open_dataset(dataset_root), config.seed, say)
        fabric.barrier()
        bar = bar if fabric.is_global_zero else no_bar
        dataset = open_dataset(dataset_root)
        if fabric.is_global_zero and (torn := torn_apart(dataset)):
            say(torn)
        stats = _counted(dataset, fabric, bar, say)
        if begun := run_to_go_on_with(fabric):
            return train_run(Subject(dataset, stats), resumed_config(begun), begun, fabric, bar, say, began, place)
        plan = fabric.broadcast(planner(dataset, stats, fabric, bar) if planner and fabric.is_global_zero else None)
        if fabric.is_global_zero:
            refuse_known_weights(plan.config if plan else config, dataset, say)
        return train_run(Subject(dataset, stats), plan or config, None, fabric, bar, say, began, place)


def resume(
    run: Path,
    dataset_root: Path | None,
    place: Hardware,
    bar: Bar,
    say: Callable[[str], None],
    began: float | None = None,
) -> Run | None:
    """Go on with a run that was interrupted, with the same settings and the same data, wherever that is now.

    began: as of fit; of the minutes only those are left that the run did not use before.
    Raises SegError if split, patches or statistics are not those that it began with.
    """
    began = time.monotonic() if began is None else began
    if (parent := folded(run)) is not None:
        raise SegError(f"{run}: is a fold of a cross-validation, which goes on as a whole: seg-train --resume {parent}")
    if not (run / LAST).exists():
        raise SegError(f"{run}: nothing to resume (no {LAST} in it); start it again with seg-train")
    need_record(run)
    data, config = read_settings(run), resumed_config(run)
    dataset = open_dataset(dataset_to_resume(run, dataset_root))
    if dataset.split_hash() != data.get("split_hash"):
        raise SegError(f"{dataset.root}: its split has changed since {run.name} began; start a new training")
    fabric = make_fabric(place.device, place.devices, place.nodes, config.precision)
    with launched(fabric, place.nodes, say), threads_restored(), memory_kept():
        bar = bar if fabric.is_global_zero else no_bar
        stats = _counted(dataset, fabric, bar, say)
        return train_run(Subject(dataset, stats), config, run, fabric, bar, say, began, place)


def resumed_config(run: Path) -> Config:
    """The settings that a run began with; its own copy of the file of --augment is the file it began with."""
    config = Config.from_plain(read_settings(run), run / CONFIG)
    return config if config.augment is None else replace(config, augment=str(own_augment(run, config)))


def _counted(dataset: Dataset, fabric: "Fabric", bar: Bar, say: Say) -> Stats:
    """The statistics of a dataset, counted by the first process if they are not there yet.

    Raises SegError if an image of train or val cannot be read: not hours later, when its turn comes.
    """
    if fabric.is_global_zero:
        with bar("Counting") as advance, _with_remedy("stats"):
            ensure_stats(dataset, advance, say)
        with bar("Looking at validation images") as advance:
            refuse_damaged(dataset, dataset.of_split("val"), advance)
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
