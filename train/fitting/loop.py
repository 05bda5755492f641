"""The training loop: epochs of patches, validation on whole images, best and last checkpoint."""

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from prep.core.errors import SegError
from prep.core.progress import Progress, silent
from prep.core.randomness import digest
from prep.core.words import counted
from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import RANGES
from prep.dataset.stats import Stats
from prep.photos.survey import read_ranges
from train.config.config import Config
from train.data.data import PixelStore
from train.data.image_scale import image_scale
from train.fitting.film import write_frame
from train.fitting.history import Epoch, EpochScores, TrainingState, write_events, write_history
from train.fitting.initial import initial_network
from train.fitting.losses import build_loss
from train.fitting.optim import MeanWeights, lr_factor
from train.fitting.step import Batch, Stepper, is_out_of_memory
from train.fitting.validation import Validation, Validator, epochs_between_validations
from train.runs.checkpoint import ModelCard, read_checkpoint, save_model, write_checkpoint
from train.runs.run_files import LAST, MODEL
from train.scoring.metrics import Confusion
from train.windows.predictor import Normalizer, Predictor, TorchModel
from train.windows.window_settings import WindowSettings

Log = Callable[[str], None]

_CHECK_EVERY = 50
"""Steps between two looks at whether the loss is still a number; each makes a GPU wait."""


class Trainer:
    """Trains one network on one dataset into one run folder; of several processes, the first writes."""

    def __init__(
        self, run: Path, dataset: Dataset, store: PixelStore, stats: Stats, config: Config, fabric: Fabric, log: Log,
        resumes: bool = False,
    ) -> None:  # fmt: skip
        self.run, self.config, self.fabric, self.log, self.dataset = run, config, fabric, log, dataset
        classes = len(dataset.classes)
        network, optimizer = initial_network(config, classes, fabric, log, resumes)
        self.network, self.optimizer = fabric.setup(network, optimizer)
        self.mean_weights = MeanWeights(self.network.module, config.ema) if config.ema else None
        self.kept_network: nn.Module = self.mean_weights.network if self.mean_weights else self.network.module
        self.store = store.to(fabric.device)
        self.normalize = Normalizer(stats.mean, stats.std)
        weights = torch.tensor([entry.weight for entry in stats.classes], device=fabric.device, dtype=torch.float32)
        loss = build_loss(config.loss, weights if config.class_weights else None)
        forward = torch.compile(self.network) if config.compile else self.network
        self.stepper = Stepper(self.network, forward, self.optimizer, loss, classes, fabric, log, config.clip)
        windows = WindowSettings(config.window or 2 * store.size, config.overlap)
        self.card = ModelCard(
            config, dataset.classes, stats.mean, stats.std, windows.window, windows.overlap,
            dataset.root.resolve().name, dataset.split_hash(), read_ranges(dataset.root / RANGES),
            image_scale(dataset),
        )  # fmt: skip
        # Not the network that Fabric wraps: among processes, each of its forward passes may wait for the others.
        model = TorchModel(self.kept_network, self.normalize, fabric)
        self.predictor = Predictor(model, dataset.classes, windows, fabric.device)
        self.validation = dataset.of_split("val")
        self.validator = Validator(self.predictor, model, loss, dataset, self.validation, store.size, config.batch)
        self.validate_every = epochs_between_validations(self.validation, len(store) * store.size**2, config.overlap)
        self.total_steps = config.epochs * math.ceil(store.steps(config.batch) / config.accumulate)
        self.state = TrainingState()
        self._began = time.monotonic()

    def resume(self) -> None:
        """Take up weights, optimizer and state of last.pt; SegError if it is of another training."""
        data = read_checkpoint(self.run / LAST)
        try:
            self.network.load_state_dict(data["weights"])
            self.optimizer.load_state_dict(data["optimizer"])
            if self.mean_weights:
                self.mean_weights.network.load_state_dict(data["mean_weights"])
            self.state = TrainingState.from_plain(data["state"])
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise SegError(
                f"{self.run / LAST}: not of this training, or of another version of seg-train; train again"
            ) from error
        self.stepper.pieces = self.state.pieces
        self._began = time.monotonic() - self.state.seconds

    def train(self, advance: Progress = silent) -> bool:
        """Train until the epochs or the minutes are over, or nothing has improved for `patience` epochs.

        Returns whether there was anything left to train.
        """
        before = self.state.epoch
        while not self._is_over():
            began = time.monotonic()
            loss, lr, confusion = self._train_epoch(advance)
            self.state.epoch += 1
            found = self._validate() if self._is_validation_due() else None
            self._finish_epoch(loss, lr, confusion, found, began)
        return self.state.epoch > before

    def progress(self) -> float:
        """How much of the training is done, 0..1, by steps or by the time budget, whichever is further."""
        done = self.state.step / self.total_steps
        if self.config.minutes is not None:
            used = self.state.time_used(self.config.minutes, time.monotonic() - self._began)
            done = max(done, float(self.fabric.broadcast(used)))  # the clocks of processes differ, their steps must not
        return min(done, 1.0)

    def _is_over(self) -> bool:
        state, patience = self.state, self.config.patience
        if state.epoch == 0:  # even the shortest time gives a model
            return False
        if state.epoch >= self.config.epochs:
            return True
        # Where the time ran out after an epoch that was not validated, one more step ends in a validation.
        if self.progress() >= 1 and (not self.validation or state.validated_epoch == state.epoch):
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
        torch.manual_seed(self._seed_of_epoch("dropout", self.fabric.global_rank))
        for batches in self._groups_of_batches():
            done = self.progress()
            lr = self.config.peak_lr * lr_factor(done, self.config.curve, self.config.warm_up)
            for group in self.optimizer.param_groups:
                group["lr"] = lr
            loss, counts = self.stepper(batches)
            losses.append(loss)  # read after the epoch: .item() here would wait for the device
            confusion += counts
            self.state.step += 1
            if self.mean_weights:
                self.mean_weights.update(self.network.module, self.state.step)
            advance(self.state.step, self.total_steps)
            if self.state.step % _CHECK_EVERY == 0:
                self._need_finite(losses[-_CHECK_EVERY:])
            if self.progress() >= 1:
                break
        self._need_finite(losses)
        mean = torch.stack(losses).mean()
        if self.fabric.world_size > 1:
            # Each process has its share of the loss, scaled for the averaging of gradients.
            mean = self.fabric.all_reduce(mean, reduce_op="mean")
            confusion = self.fabric.all_reduce(confusion, reduce_op="sum")
        return float(mean), lr, confusion.cpu().numpy()

    def _groups_of_batches(self) -> Iterator[list[Batch]]:
        """Yield the batches of each step; the last step of an epoch may have fewer."""
        # A generator of its own for each epoch: resuming needs no random state, and order never depends on the device.
        generator = torch.Generator().manual_seed(self._seed_of_epoch("epoch"))
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

    def _seed_of_epoch(self, *names: str | int) -> int:
        return int.from_bytes(digest(self.config.seed, *names, self.state.epoch)[:7], "big")

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
        state = self.state
        return state.epoch % self.validate_every == 0 or state.epoch == self.config.epochs or self.progress() >= 1

    def _validate(self) -> Validation:
        began = time.monotonic()
        try:
            found = self.validator()
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            raise SegError(
                f"out of memory while validating with windows of {self.card.window} px; try a smaller --window"
            ) from error
        self.state.last_validation_seconds = time.monotonic() - began
        self.state.validation_seconds += self.state.last_validation_seconds
        self.state.validated_epoch = self.state.epoch
        return found

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
        done = self.progress()
        self.log(row.line(self.config.epochs, state.seconds * (1 - done) / done if done else 0.0))
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
            image, mask = self.dataset.image(sample), self.dataset.mask(sample)
            write_frame(self.run, row.epoch, image, mask, self.predictor(image), self.dataset.classes)
        data = {
            "weights": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "state": self.state.to_plain(),
        }
        if self.mean_weights:
            data["mean_weights"] = self.mean_weights.network.state_dict()
        write_checkpoint(self.run / LAST, data)
