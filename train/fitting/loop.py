"""The training loop: epochs of patches, validation on whole images, best and last checkpoint."""

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor

from prep.core.errors import SegError
from prep.core.progress import Progress, silent
from prep.core.randomness import digest
from prep.dataset.dataset import Dataset
from prep.dataset.stats import Stats
from train.config.config import Config
from train.data.data import PixelStore
from train.fitting.advice import one_class_only, overfitting
from train.fitting.ema import MeanWeights
from train.fitting.film import write_frame
from train.fitting.history import Epoch, Part, write_history
from train.fitting.losses import build_loss
from train.fitting.optimizers import build_optimizer
from train.fitting.pretrained import load_initial
from train.fitting.schedule import lr_factor
from train.fitting.state import State
from train.fitting.step import Batch, Stepper, is_out_of_memory
from train.fitting.synced_norm import synced
from train.fitting.tensorboard import write_events
from train.fitting.validation import Validation, Validator
from train.networks.networks import build_network, freeze_idle
from train.runs.checkpoint import ModelCard, load, save, save_model
from train.runs.run_files import LAST, MODEL
from train.scoring.metrics import Confusion
from train.windows.predictor import Normalizer, Predictor, TorchModel
from train.windows.window_settings import WindowSettings

Log = Callable[[str], None]

_VALIDATION_SHARE = 0.5
"""Validation may cost at most this share of the training between two of them."""

_CHECK_EVERY = 50
"""Steps between two looks at whether the loss is still a number; each makes a GPU wait."""


class Trainer:
    """Trains one network on one dataset into one run folder; of several processes, the first writes."""

    def __init__(
        self, run: Path, dataset: Dataset, store: PixelStore, stats: Stats, config: Config, fabric: Fabric, log: Log,
        resumes: bool = False,
    ) -> None:  # fmt: skip
        self.run, self.config, self.fabric, self.log, self.dataset = run, config, fabric, log, dataset
        self.state = State()
        torch.manual_seed(config.seed)
        network = build_network(config, len(dataset.classes)).to(memory_format=torch.channels_last)
        if not resumes:  # else all weights come from last.pt, and the initial ones may be gone
            load_initial(network, config, log)
        if fabric.world_size > 1:
            network = freeze_idle(synced(network, fabric.device))
        self.network, self.optimizer = fabric.setup(network, build_optimizer(network, config))
        self.mean_weights = MeanWeights(self.network.module, config.ema) if config.ema else None
        self.store = store.to(fabric.device)
        self.normalize = Normalizer(stats.mean, stats.std)
        loss = build_loss(config.loss, _class_weights(stats, fabric) if config.class_weights else None)
        forward = torch.compile(self.network) if config.compile else self.network
        self.stepper = Stepper(
            self.network, forward, self.optimizer, loss, len(dataset.classes), fabric, log, config.clip
        )
        windows = WindowSettings(config.window or 2 * store.size, config.overlap)
        self.card = ModelCard(
            config, dataset.classes, stats.mean, stats.std, windows.window, windows.overlap,
            dataset.root.resolve().name, dataset.split_hash(),
        )  # fmt: skip
        # Not the network that Fabric wraps: among processes, each of its forward passes may wait for the others.
        model = TorchModel(self._kept_network(), self.normalize, fabric)
        self.predictor = Predictor(model, dataset.classes, windows, fabric.device)
        self.validation = dataset.of_split("val")
        self.validator = Validator(self.predictor, model, loss, dataset, self.validation, store.size, config.batch)
        self.total_steps = config.epochs * math.ceil(store.steps(config.batch) / config.accumulate)
        self._began = time.monotonic()

    def resume(self) -> None:
        """Take up weights, optimizer and state of last.pt; SegError if it is of another training."""
        data = load(self.run / LAST)
        try:
            self.network.load_state_dict(data["weights"])
            self.optimizer.load_state_dict(data["optimizer"])
            if self.mean_weights:
                self.mean_weights.network.load_state_dict(data["mean_weights"])
            self.state = State.from_plain(data["state"])
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

    @property
    def elapsed(self) -> float:
        """Seconds of training so far, over all resumed parts."""
        return time.monotonic() - self._began

    def progress(self) -> float:
        """How much of the training is done, 0..1, by steps or by the time budget, whichever is further."""
        by_steps = self.state.step / self.total_steps
        return min(max(by_steps, self._time_used()), 1.0)

    def _time_used(self) -> float:
        """Share of the time budget that training has used, with the time for one more validation set aside."""
        if self.config.minutes is None:
            return 0.0
        state = self.state
        budget = 60 * self.config.minutes - state.validation_seconds - state.last_validation_seconds
        used = (self.elapsed - state.validation_seconds) / budget if budget > 0 else 1.0
        return float(self.fabric.broadcast(used))  # the clocks of several processes differ, their steps must not

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
            self.log(f"stopped early: no better validation score for {patience} epochs")
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
        pixels = sum(sample.width * sample.height for sample in self.validation)
        seen = len(self.store) * self.store.size**2
        # A pixel costs one forward pass for each window over it and one for the loss; training costs about three.
        cost = pixels * (1 / (1 - self.config.overlap) ** 2 + 1) / (3 * seen)
        every = max(1, math.ceil(cost / _VALIDATION_SHARE))
        return self.state.epoch % every == 0 or self.state.epoch == self.config.epochs or self.progress() >= 1

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
        state.seconds, state.pieces = self.elapsed, self.stepper.pieces
        val_loss, val = (found.loss, Part.of(found.confusion)) if found else (None, None)
        row = Epoch(
            state.epoch, state.step, lr, loss, time.monotonic() - began, Part.of(confusion), val_loss, val
        )  # fmt: skip
        state.history.append(row)
        is_best, merit = not self.validation, self._merit(row)
        if found is not None and (merit > state.best or state.best == -math.inf):
            state.best, is_best = merit, True
        if is_best:
            state.best_epoch = state.epoch
        self.log(self._line(row))
        self._warn(found)
        if self.fabric.is_global_zero:
            self._write(row, is_best)
        self.fabric.barrier()

    def _merit(self, row: Epoch) -> float:
        """What the best model has most of; -inf for a figure that is not defined."""
        if row.val is None or row.val_loss is None:
            return -math.inf
        figure = {"iou": row.val.mean_iou, "dice": row.val.mean_dice, "loss": -row.val_loss}[self.config.best]
        return -math.inf if math.isnan(figure) else figure

    def _warn(self, found: Validation | None) -> None:
        """Say once what looks wrong."""
        if found is None:
            return
        warnings = {
            "one class": one_class_only(found.confusion, self.dataset.classes),
            "overfitting": overfitting(self.state.history),
        }
        for name, text in warnings.items():
            if text is not None and name not in self.state.warned:
                self.state.warned.append(name)
                self.log(text)

    def _write(self, row: Epoch, is_best: bool) -> None:
        write_history(self.run, self.state.history, self.dataset.classes)
        if is_best:
            results = row.cells(self.dataset.classes)
            save_model(self.run / MODEL, self._kept_network(), self.card, results)
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
        save(self.run / LAST, data)

    def _kept_network(self) -> torch.nn.Module:
        network: torch.nn.Module = self.mean_weights.network if self.mean_weights else self.network.module
        return network

    def _line(self, row: Epoch) -> str:
        done = self.progress()
        left = self.state.seconds * (1 - done) / done if done else 0.0
        score = "-" if row.val is None else f"{row.val.mean_iou:.4f}"
        val_loss = "-" if row.val_loss is None else f"{row.val_loss:.4f}"
        return (
            f"epoch {row.epoch:0{len(str(self.config.epochs))}d}/{self.config.epochs} | loss {row.loss:.4f} | "
            f"val loss {val_loss} | val mIoU {score} | lr {row.lr:.1e} | {row.seconds:.1f} s | eta {left / 60:.1f} min"
        )


def _class_weights(stats: Stats, fabric: Fabric) -> Tensor:
    return torch.tensor([entry.weight for entry in stats.classes], device=fabric.device, dtype=torch.float32)
