"""A cross-validation from beginning to end: folds, a training for each, one table; and to go on with."""

import json
import shlex
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from prep.core.errors import SegError
from prep.core.files import appending, read_bytes, to_utf8, write_bytes, write_text
from prep.core.progress import Bar, Say
from prep.core.words import list_some
from prep.dataset.dataset import Dataset
from prep.dataset.provenance import need_record
from prep.dataset.stats import Stats, compute_stats
from prep.dataset.transaction import settle, writing
from prep.packing.streamed import need_samples_here
from prep.splitting.split import ensure_split
from train.config.config import Config
from train.config.plan import Plan
from train.config.retyping import options_of
from train.fitting.fit import Planner, resumed_config
from train.fitting.history import need_tensorboard
from train.fitting.known_weights import refuse_known_weights
from train.fitting.timing.threads import threads_restored
from train.fitting.training import Fold, Subject, own_augment, train_run
from train.folding.folds import choose_folds, fold_name, view_of
from train.folding.pooling import write_counts
from train.folding.results import CrossValidation, finish
from train.folding.spending import Spending, seconds_of_end
from train.runs.device import Hardware, make_fabric
from train.runs.fold_record import (
    FoldRecord,
    fold_runs,
    read_fold_record,
    read_fold_table,
    write_fold_record,
    write_folds_of_run,
)
from train.runs.memory import memory_kept
from train.runs.run_files import CONFIG, FOLD_COUNTS, LAST, LOG, PLAN
from train.runs.runs import dataset_to_resume, named_weights, new_run

if TYPE_CHECKING:
    from lightning_fabric import Fabric


@dataclass(frozen=True)
class _Work:
    """A cross-validation that is begun.  dataset: as it is on the disk.  table: fold of each sample, by stem."""

    run: Path
    dataset: Dataset
    table: Mapping[str, str]
    config: Config
    fabric: "Fabric"
    bar: Bar
    say: Say

    def log(self, line: str) -> None:
        """Say a line, and keep it in log.txt."""
        self.say(line)
        with appending(self.run / LOG) as file:
            file.write(to_utf8(f"{line}\n"))


def cross_validate(
    dataset_root: Path, config: Config, folds: int, place: Hardware, bar: Bar, say: Say,
    began: float | None = None, planner: Planner | None = None,
) -> CrossValidation:  # fmt: skip
    """Train a model for each of `folds` parts of train and val, which has not learned that part, and score it there.

    The minutes of the config are those of the whole.  planner: as of train.fitting.fit, asked once, for one fold.
    The test split stays out of it; the mean of all models is scored on it. Raises SegError if there are fewer samples
    or groups than folds, if some lie in shards, or if the weights to begin with have learned any.
    """
    began = time.monotonic() if began is None else began
    if config.tensorboard:
        need_tensorboard()
    fabric = _only_process(place, config)
    if planner is None:  # one names them itself
        config = replace(config, weights=named_weights(str(config.weights), say))
    settle(dataset_root, say)
    whole = Dataset.open(dataset_root)
    need_samples_here(whole, whole.of_split("train", "val"), f"and train on that folder with --folds {folds}")
    ensure_split(whole, config.seed, say)
    dataset = Dataset.open(dataset_root)
    with bar("Dealing out") as advance:
        rows = choose_folds(dataset, folds, config.seed, advance, say)
    table = {row.stem: row.fold for row in rows}
    plan = None
    if planner:
        first = view_of(dataset, table, fold_name(1))
        plan = planner(first, _counted(first, bar), fabric, bar)
    minutes = config.minutes
    if plan is not None:
        config = plan.config
        minutes = minutes or (None if config.minutes is None else folds * config.minutes)
    refuse_known_weights(config, dataset, say, folds)
    record = FoldRecord(folds, dataset.split_hash(), dataset.files_hash("train", "val"), minutes)
    run = new_run(dataset.root)
    with writing(run):
        write_folds_of_run(run, rows)
        _write_settings(run, dataset, config, plan)
        write_fold_record(run, record)
        work = _Work(run, dataset, table, resumed_config(run), fabric, bar, say)
        _begin(work, record, plan)
        try:
            return _train(work, record, began)
        except SegError:
            if not any(path.is_dir() for path in fold_runs(run)):
                shutil.rmtree(run)  # a training that cannot begin leaves nothing
            raise


def resume_folds(
    run: Path, dataset_root: Path | None, place: Hardware, bar: Bar, say: Say, began: float | None = None
) -> CrossValidation:
    """Go on with a cross-validation that was interrupted, with the fold that was open.

    Raises SegError if split, images or masks are not those that it began with.
    """
    began = time.monotonic() if began is None else began
    need_record(run)
    config = resumed_config(run)
    dataset = Dataset.open(dataset_to_resume(run, dataset_root))
    fabric = _only_process(place, config)
    with writing(run):
        record = read_fold_record(run)
        work = _Work(run, dataset, read_fold_table(run), config, fabric, bar, say)
        _need_same(work, record)
        return _train(work, record, began)


def _only_process(place: Hardware, config: Config) -> "Fabric":
    fabric = make_fabric(place.device, place.devices, place.nodes, config.precision)
    if fabric.world_size > 1:
        raise SegError("--folds trains in one process; leave --devices, --nodes and torchrun out")
    fabric.launch()
    return fabric


def _counted(view: Dataset, bar: Bar) -> Stats:
    """The statistics of what a fold learns."""
    with bar("Counting") as advance:
        return compute_stats(view, progress=advance)


def _write_settings(run: Path, dataset: Dataset, config: Config, plan: Plan | None) -> None:
    if config.augment is not None:
        write_bytes(own_augment(run, config), read_bytes(Path(config.augment)))
    settings = {
        **config.to_plain(),
        "dataset": dataset.root.resolve().name,
        "dataset_path": dataset.root.resolve().as_posix(),
        "split_hash": dataset.split_hash(),
    }
    write_text(run / CONFIG, json.dumps(settings, indent=2) + "\n")
    if plan is not None:
        write_text(run / PLAN, plan.to_toml())


def _begin(work: _Work, record: FoldRecord, plan: Plan | None) -> None:
    """Say what begins."""
    for line in plan.lines() if plan else ():
        work.log(f"plan: {line}")
    time_of = f" in {record.minutes:g} min in all" if record.minutes is not None else ""
    work.log(f"{work.run}: {record.folds} trainings{time_of}, each scored on the images that it has not learned")


def _train(work: _Work, record: FoldRecord, began: float) -> CrossValidation:
    """Train the folds that are not over, and score all of them together."""
    runs = fold_runs(work.run)
    spending = Spending(record.folds, record.minutes, record.seconds, began)
    if record.minutes is not None and not all((run / FOLD_COUNTS).exists() for run in runs):
        spending.aside = seconds_of_end(record.folds, work.dataset, work.config, work.fabric)
    for number, run in enumerate(runs):
        if (run / FOLD_COUNTS).exists():
            continue
        _train_fold(work, Fold(run, work.dataset, is_first=number == 0), spending, len(runs) - number)
        record = replace(record, seconds=spending.used())
        write_fold_record(work.run, record)
    _need_same(work, record)
    return finish(work.run, work.dataset, work.table, work.fabric.device.type, work.bar, work.log)


def _train_fold(work: _Work, fold: Fold, spending: Spending, left: int) -> None:
    """Train one model, or go on with it, and score it; its counts are written last.

    left: folds that are not over, this one included.
    """
    run, began, share = fold.run, time.monotonic(), spending.share(left)
    resumed = run if (run / LAST).exists() else None
    if resumed is None and run.exists():
        shutil.rmtree(run)  # it was killed before its first epoch was over
    subject = _subject(work, fold)
    config = resumed_config(run) if resumed else work.config if share is None else replace(work.config, minutes=share)
    with threads_restored(), memory_kept():
        done = train_run(
            subject, config, resumed, work.fabric, work.bar, lambda line: work.say(f"{run.name} | {line}"), began
        )
    assert done is not None
    assert done.scores is not None
    if resumed and config.minutes is not None:  # what it used before counts as used, too
        spending.before += max(0.0, 60 * config.minutes - (time.monotonic() - began))
    write_counts(run, done.scores)


def _subject(work: _Work, fold: Fold) -> Subject:
    """What a fold learns; a class that is missing there is told."""
    view = view_of(work.dataset, work.table, fold.run.name)
    stats = _counted(view, work.bar)
    unknown = [entry.name for entry in stats.classes if entry.pixels == 0]
    if unknown:
        work.log(f"{fold.run.name}: no image that it learns holds {list_some(unknown)}, so it cannot find that")
    return Subject(view, stats, fold)


def _need_same(work: _Work, record: FoldRecord) -> None:
    root = work.dataset.root
    now = Dataset.open(root)
    if (now.split_hash(), now.files_hash("train", "val")) != (record.split_hash, record.files_hash):
        options = options_of(replace(work.config, minutes=record.minutes), record.folds)
        raise SegError(
            f"{root}: its split, images or masks have changed since {work.run.name} began; start a new one with "
            f"'seg-train {shlex.quote(str(root))} {options}'"
        )
