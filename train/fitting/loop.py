"""The training loop: epochs of patches, validation on whole images, best and last checkpoint."""

import itertools
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from prep.core.errors import SegError
from prep.core.progress import Progress, silent
from prep.core.randomness import digest
from prep.core.words import counted
from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import RANGES
from prep.dataset.stats import Stats
from prep.photos.rendering import read_rendering
from train.config.config import Config
from train.data.data import PixelStore
from train.data.image_scale import ground_notes, image_scale
from train.data.image_size import reduced, seen_sizes
from train.data.lineage import lineage_of_training
from train.data.streamed_store import StreamedStore
from train.fitting.film import write_frame
from train.fitting.history import Epoch, EpochScores, Log, TrainingState, write_events, write_history
from train.fitting.initial import initial_network, kept_settings, read_last, write_last
from train.fitting.known_weights import lineage_of_weights
from train.fitting.losses import build_loss
from train.fitting.normalising.running_statistics import usual_recount
from train.fitting.optim import MeanWeights, lr_factor, set_lr, set_memory_of_statistics
from train.fitting.step import Batch, Stepper, is_out_of_memory
from train.fitting.timing.budget import Budget
from train.fitting.timing.clock import Clock
from train.fitting.timing.look import Look
from train.fitting.validation import Validation, Validator, epochs_between_validations
from train.runs.checkpoint import ModelCard, save_model
from train.runs.device import accelerator_of
from train.runs.run_files import MODEL
from train.scoring.metrics import Confusion
from train.windows.predictor import Normalizer, Predictor, TorchModel
from train.windows.window_settings import WindowSettings

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_SHARES = 10_000
"""Of the training, in its progress bar."""

_CHECK_EVERY = 50
"""Steps between two looks at whether the loss is still a number; each makes a GPU wait."""


class Trainer:
    """Trains one network on one dataset into one run folder; of several processes, the first writes."""

    def __init__(
        self, run: Path, dataset: Dataset, store: PixelStore | StreamedStore, stats: Stats, config: Config,
        fabric: "Fabric", log: Log, resumes: bool = False, began: float | None = None,
    ) -> None:  # fmt: skip
        self.run, self.config, self.fabric, self.log, self.dataset = run, config, fabric, log, dataset
        self.settings = kept_settings(config)
        self.seen = reduced(dataset, config.image_size)
        classes = len(dataset.classes)
        names = dataset.classes.names
        network, optimizer = initial_network(config, names, fabric, log, run if resumes else None)
        self.network, self.optimizer = fabric.setup(network, optimizer)
        self.mean_weights = MeanWeights(self.network.module, config.ema) if config.ema else None
        self.kept_network: nn.Module = self.mean_weights.network if self.mean_weights else self.network.module
        self.store = store.to(fabric.device)
        self.normalize = Normalizer(stats.mean, stats.std)
        weights = torch.tensor([entry.weight for entry in stats.classes], device=fabric.device, dtype=torch.float32)
        loss = build_loss(config.loss, weights if config.class_weights else None)
        forward = torch.compile(self.network) if config.compile else self.network
        self.stepper = Stepper(self.network, forward, self.optimizer, loss, classes, fabric, log, config.clip)
        windows = WindowSettings(config.window or 2 * store.size, config.window_overlap)
        scale = image_scale(dataset, seen_sizes(self.seen))
        for text in ground_notes(scale):
            log(text)
        writes = fabric.is_global_zero and not resumes  # of one that goes on, last.pt says it
        lineage = lineage_of_training(dataset, lineage_of_weights(config)) if writes else ()
        self.card = ModelCard(
            config, dataset.classes, stats.mean, stats.std, windows.window, windows.overlap,
            dataset.root.resolve().name, dataset.split_hash(), read_rendering(dataset.root / RANGES),
            scale, lineage,
        )  # fmt: skip
        # Not the network that Fabric wraps: among processes, each of its forward passes may wait for the others.
        model = TorchModel(self.kept_network, self.normalize, accelerator_of(fabric))
        self.predictor = Predictor(model, dataset.classes, windows, fabric.device, self.card.rendering)
        self.validation = self.seen.of_split("val")
        self.validator = Validator(
            self.predictor, model, loss, self.seen, self.validation, store.size, config.batch, fabric
        )  # fmt: skip
        self.validate_every = epochs_between_validations(self.validation, len(store) * store.size**2, windows.overlap)
        self.recount = usual_recount(self.kept_network, store, config.batch)
        self.state = TrainingState()
        # Reading the images is part of the minutes; without any, only training counts, to tell how long it goes on.
        self._began = began if began is not None and config.minutes is not None else time.monotonic()
        budget = None if config.minutes is None else Budget.of(config.minutes, self._began)
        steps = math.ceil(store.steps(config.batch) / config.accumulate)
        self.clock = Clock(None if config.passes is None else config.passes * steps, budget, fabric)

    def resume(self) -> None:
        """Take up weights, optimizer and state of last.pt; SegError if it is of another training."""
        self.state, lineage = read_last(self.run, self.network, self.optimizer, self.mean_weights, self.settings)
        self.card = replace(self.card, lineage=lineage)
        self.stepper.pieces = self.state.pieces
        self._began -= self.state.seconds
        if self.clock.budget:
            self.clock.budget.began = self._began
            self._see(replace(self.predictor.windows, overlap=self.state.overlap), self.state.look)

    def train(self, advance: Progress = silent) -> bool:
        """Train until the epochs or the minutes are over, or nothing has improved for `patience` epochs.

        Returns whether there was anything left to train.
        """
        before = self.state.epoch
        self.clock.begin_epoch(self.state.step, self.state.epoch)
        if not self._is_over():
            with self._labelling():
                windows, look = self.clock.open(
                    self.predictor, self.seen, self.dataset, self.config, self.state, self.log, self.recount
                )
            self._see(windows, look)
        while not self._is_over():
            began = time.monotonic()
            loss, lr, confusion = self._train_epoch(advance)
            self.state.epoch += 1
            looked = time.monotonic()
            found = self._validate() if self._is_validation_due() else None
            looked = time.monotonic() - looked
            self._finish_epoch(loss, lr, confusion, found, began)
            self.clock.look_done(looked, self.state.step)
        return self.state.epoch > before

    def _see(self, windows: WindowSettings, look: Look | None) -> None:
        """Label with these windows, and look at this much of the validation images."""
        self.card = replace(self.card, overlap=windows.overlap)
        self.predictor = replace(self.predictor, windows=windows)
        self.validator = replace(self.validator, predictor=self.predictor, look=look)

    def _is_over(self) -> bool:
        state, patience = self.state, self.config.waits
        if state.epoch == 0:  # even the shortest time gives a model
            return False
        if state.is_over or self.clock.share >= 1:
            return True
        if patience > 0 and state.validated_epoch - state.best_epoch >= patience:
            self.log(f"stopped early: no better validation score for {counted(patience, 'epoch')}")
            return True
        return False

    def _train_epoch(self, advance: Progress) -> tuple[float, float, Confusion]:
        """Return the mean loss, the last learning rate and the confusion of the training patches of one epoch."""
        losses: list[Tensor] = []
        classes, lr = len(self.dataset.classes), 0.0
        confusion = torch.zeros((classes, classes), dtype=torch.int64, device=self.fabric.device)
        self.network.train()
        set_memory_of_statistics(self.network, self.state.step)
        torch.manual_seed(self.seed_of("dropout", self.fabric.global_rank, self.state.epoch))
        self.clock.begin_epoch(self.state.step, self.state.epoch)
        for batches in self._groups_of_batches():
            lr = self.config.peak_lr * lr_factor(self.clock.share, self.config.curve, self.config.warm_up)
            set_lr(self.optimizer, lr)
            loss, counts = self.stepper(batches)
            losses.append(loss)  # read after the epoch: .item() here would wait for the device
            confusion += counts
            self.state.step += 1
            if self.mean_weights:
                self.mean_weights.update(self.network.module, self.state.step)
            is_over = self.clock.step_done(self.state.step)
            advance(round(_SHARES * self.clock.share), _SHARES)
            if self.state.step % _CHECK_EVERY == 0:
                self._need_finite(losses[-_CHECK_EVERY:])
            if is_over:
                break
        self._need_finite(losses)
        mean = torch.stack(losses).mean()
        if self.fabric.world_size > 1:
            # Each process has its share of the loss, scaled for the averaging of gradients.
            mean = self.fabric.all_reduce(mean, reduce_op="mean")
            confusion = self.fabric.all_reduce(confusion, reduce_op="sum")
        return float(mean), lr, confusion.cpu().numpy()

    def _groups_of_batches(self) -> Iterator[list[Batch]]:
        """Yield the batches of each step; the last step of a pass may have fewer.

        One pass over the patches, or, where time ends the epoch, as many as there is time for.
        """
        # A generator of its own for each epoch: resuming needs no random state, and order never depends on the device.
        generator = torch.Generator().manual_seed(self.seed_of("epoch", self.state.epoch))
        for _ in itertools.count() if self.clock.budget else (0,):
            group: list[Batch] = []
            for images, masks in self.store.batches(
                self.config.batch, generator, self.fabric.global_rank, self.fabric.world_size
            ):
                group.append((self.normalize(images.to(self.fabric.device)), masks.to(self.fabric.device)))
                if len(group) == self.config.accumulate:
                    yield group
                    group = []
            if group:
                yield group

    def seed_of(self, *names: str | int) -> int:
        """A seed for what is named so, which follows from that of the training."""
        return int.from_bytes(digest(self.config.seed, *names)[:7], "big")

    def _need_finite(self, losses: list[Tensor]) -> None:
        """Raise SegError in all processes if a loss of one is no number: nothing after it can be right."""
        finite = torch.stack(losses).isfinite().all().float()
        if self.fabric.world_size > 1:  # one that stopped alone would leave the others waiting
            finite = self.fabric.all_reduce(finite, reduce_op="mean")
        if finite == 1:
            return
        kept = f"; {self.run / MODEL} keeps the model of epoch {self.state.best_epoch}" if self.state.best_epoch else ""
        raise SegError(
            f"the loss became nan or infinite in epoch {self.state.epoch + 1}; try a lower --lr than "
            f"{self.config.peak_lr}, or --clip 1{kept}"
        )

    def _is_validation_due(self) -> bool:
        """Every epoch, or less often where the validation images are many for the patches of an epoch."""
        if not self.validation:
            return False
        is_last = self.clock.share >= 1
        return self.clock.budget is not None or is_last or self.state.epoch % self.validate_every == 0

    def _validate(self) -> Validation:
        found = self.validated(self.kept_network)
        self.state.validated_epoch = self.state.epoch
        return found

    def validated(self, network: nn.Module) -> Validation:
        """What validation finds with this network."""
        model = replace(self.validator.model, network=network)
        with self._labelling():
            return replace(self.validator, model=model, predictor=replace(self.predictor, model=model))()

    @contextmanager
    def _labelling(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            raise SegError(
                f"out of memory while validating with windows of {self.card.window} px; try a smaller --window"
            ) from error

    def _finish_epoch(
        self, loss: float, lr: float, confusion: Confusion, found: Validation | None, began: float
    ) -> None:
        state = self.state
        state.seconds, state.pieces = time.monotonic() - self._began, self.stepper.pieces
        val_loss, val = (found.loss, EpochScores.of(found.confusion)) if found else (None, None)
        row = Epoch(
            state.epoch, state.step, lr, loss, time.monotonic() - began, EpochScores.of(confusion), val_loss, val
        )  # fmt: skip
        state.history.append(row)
        is_best, merit = not self.validation, row.merit(self.config.best)
        if found is not None and (merit > state.best or state.best == -math.inf):
            state.best, is_best = merit, True
        if is_best:
            state.best_epoch = state.epoch
        state.is_over = self.clock.budget is not None and self.clock.share >= 1
        where = self.clock.words(state.epoch, self.config.passes)
        self.log(row.line(where, state.last_validated, self.clock.seconds_left(state.seconds)))
        for warning in state.new_warnings(found.confusion, self.dataset.classes) if found else []:
            self.log(warning)
        if self.fabric.is_global_zero:
            self._write(row, is_best)
        self.fabric.barrier()

    def _write(self, row: Epoch, is_best: bool) -> None:
        write_history(self.run, self.state.history, self.dataset.classes)
        if is_best:
            save_model(self.run / MODEL, self.kept_network, self.card, row.cells(self.dataset.classes))
        if self.config.tensorboard:
            write_events(self.run, row, self.dataset.classes)
        if self.config.film and row.val is not None:
            sample = self.validation[0]
            image, mask = self.seen.image(sample), self.seen.mask(sample)
            write_frame(self.run, row.epoch, image, mask, self.predictor(image), self.dataset.classes)
        write_last(
            self.run, self.network, self.optimizer, self.mean_weights, self.state, self.settings, self.card.lineage
        )  # fmt: skip
