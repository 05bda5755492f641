"""The training loop: epochs of patches, validation on whole images, best and last checkpoint."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from prep.dataset import Dataset, Sample
from prep.errors import SegError
from prep.progress import Progress, silent
from prep.randomness import digest
from prep.stats import Stats
from train.checkpoint import LAST, MODEL, ModelCard, build_network, load, save, save_model
from train.config import Config
from train.data import PixelStore
from train.history import Epoch, write_history
from train.losses import cross_entropy
from train.metrics import Confusion, confusion_matrix, scores_of
from train.predictor import Normalizer, Predictor, TorchModel
from train.schedule import lr_factor

Log = Callable[[str], None]

_VALIDATION_SHARE = 0.5
"""Validation may cost at most this share of the training between two of them."""


@dataclass
class State:
    """What changes from epoch to epoch; last.pt holds it together with weights and optimizer."""

    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    validation_seconds: float = 0.0
    last_validation_seconds: float = 0.0
    validated_epoch: int = 0
    best: float = -1.0
    best_epoch: int = 0
    history: list[Epoch] = field(default_factory=list)


class Trainer:
    """Trains one network on one dataset into one run folder."""

    def __init__(
        self, run: Path, dataset: Dataset, store: PixelStore, stats: Stats, config: Config, fabric: Fabric, log: Log
    ) -> None:
        self.run, self.config, self.fabric, self.log, self.dataset = run, config, fabric, log, dataset
        self.state = State()
        torch.manual_seed(config.seed)
        network = build_network(config, dataset.classes).to(memory_format=torch.channels_last)
        optimizer = _build_optimizer(network, config)
        self.network, self.optimizer = fabric.setup(network, optimizer)
        self.store = store.to(fabric.device)
        self.normalize = Normalizer(stats.mean, stats.std)
        self.weights = _class_weights(stats, fabric) if config.class_weights else None
        window = config.window or 2 * store.size
        self.card = ModelCard(
            config, dataset.classes, stats.mean, stats.std, window, config.overlap,
            dataset.root.resolve().name, dataset.split_hash(),
        )  # fmt: skip
        model = TorchModel(self.network, self.normalize, fabric)
        self.predictor = Predictor(model, dataset.classes, window, config.overlap, fabric.device)
        self.validation = dataset.of_split("val")
        self.total_steps = config.epochs * store.steps(config.batch)
        self._began = time.monotonic()

    def resume(self) -> None:
        """Take up weights, optimizer and state of last.pt."""
        data = load(self.run / LAST)
        self.network.load_state_dict(data["weights"])
        self.optimizer.load_state_dict(data["optimizer"])
        self.state = State(**{**data["state"], "history": [Epoch(**row) for row in data["state"]["history"]]})
        self._began = time.monotonic() - self.state.seconds

    def train(self, advance: Progress = silent) -> None:
        """Train until the epochs or the minutes are over, or nothing has improved for `patience` epochs."""
        while not self._is_over():
            began = time.monotonic()
            loss, lr = self._train_epoch(advance)
            self.state.epoch += 1
            confusion = self._validate() if self._is_validation_due() else None
            self._finish_epoch(loss, lr, confusion, began)

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
        return (self.elapsed - state.validation_seconds) / budget if budget > 0 else 1.0

    def _is_over(self) -> bool:
        state, patience = self.state, self.config.patience
        if state.epoch == 0:  # even the shortest time gives a model
            return False
        if state.epoch >= self.config.epochs or self.progress() >= 1:
            return True
        if patience > 0 and state.validated_epoch - state.best_epoch >= patience:
            self.log(f"stopped early: no better validation score for {patience} epochs")
            return True
        return False

    def _train_epoch(self, advance: Progress) -> tuple[float, float]:
        """Return the mean loss and the last learning rate of one epoch."""
        # A generator of its own for each epoch: resuming needs no random state, and order never depends on the device.
        words = digest(self.config.seed, "epoch", self.state.epoch)
        generator = torch.Generator().manual_seed(int.from_bytes(words[:7], "big"))
        losses: list[Tensor] = []
        lr = 0.0
        self.network.train()
        for images, masks in self.store.batches(self.config.batch, generator):
            lr = self.config.peak_lr * lr_factor(self.progress(), self.config.optimizer)
            for group in self.optimizer.param_groups:
                group["lr"] = lr
            images, masks = images.to(self.fabric.device), masks.to(self.fabric.device)
            logits = self.network(self.normalize(images))
            loss = cross_entropy(logits, masks, self.weights)
            self.optimizer.zero_grad(set_to_none=True)
            self.fabric.backward(loss)
            self.optimizer.step()
            losses.append(loss.detach())  # read after the epoch: .item() here would wait for the device
            self.state.step += 1
            advance(self.state.step, self.total_steps)
            if self.progress() >= 1:
                break
        return float(torch.stack(losses).mean()), lr

    def _is_validation_due(self) -> bool:
        """Every epoch, or less often where the validation images are many for the patches of an epoch."""
        if not self.validation:
            return False
        pixels = sum(sample.width * sample.height for sample in self.validation)
        seen = len(self.store) * self.store.size**2
        # One pixel costs the forward pass once for each window over it; training costs about three forward passes.
        cost = pixels / (1 - self.config.overlap) ** 2 / (3 * seen)
        every = max(1, math.ceil(cost / _VALIDATION_SHARE))
        return self.state.epoch % every == 0 or self.state.epoch == self.config.epochs or self.progress() >= 1

    def _validate(self) -> Confusion:
        began = time.monotonic()
        confusion = sum_confusions(self.predictor, self.dataset, self.validation)
        self.state.last_validation_seconds = time.monotonic() - began
        self.state.validation_seconds += self.state.last_validation_seconds
        self.state.validated_epoch = self.state.epoch
        return confusion

    def _finish_epoch(self, loss: float, lr: float, confusion: Confusion | None, began: float) -> None:
        state = self.state
        if not math.isfinite(loss):
            raise SegError(
                f"the loss became {loss} in epoch {state.epoch}; try a lower --lr than {self.config.peak_lr}"
            )
        scores = None if confusion is None else scores_of(confusion)
        state.seconds = self.elapsed
        row = Epoch.of(state.epoch, state.step, lr, loss, time.monotonic() - began, scores)
        state.history.append(row)
        write_history(self.run, state.history, self.dataset.classes)
        if scores is not None and not scores.mean_iou <= state.best:
            state.best, state.best_epoch = float(np.nan_to_num(scores.mean_iou)), state.epoch
            self._save_model(row)
        elif not self.validation:
            state.best_epoch = state.epoch
            self._save_model(row)
        self._save_last()
        self.log(self._line(row))

    def _save_model(self, row: Epoch) -> None:
        results = {"epoch": row.epoch, "val_mean_iou": row.val_mean_iou, "val_iou": row.val_iou}
        save_model(self.run / MODEL, self.network.module, self.card, results)

    def _save_last(self) -> None:
        state: dict[str, Any] = {**vars(self.state), "history": [vars(row) for row in self.state.history]}
        data = {"weights": self.network.state_dict(), "optimizer": self.optimizer.state_dict(), "state": state}
        save(self.run / LAST, data)

    def _line(self, row: Epoch) -> str:
        done = self.progress()
        left = self.state.seconds * (1 - done) / done if done else 0.0
        score = "-" if row.val_mean_iou is None else f"{row.val_mean_iou:.4f}"
        return (
            f"epoch {row.epoch:0{len(str(self.config.epochs))}d}/{self.config.epochs} | loss {row.loss:.4f} | "
            f"val mIoU {score} | lr {row.lr:.1e} | {row.seconds:.1f} s | eta {left / 60:.1f} min"
        )


def sum_confusions(predictor: Predictor, dataset: Dataset, samples: list[Sample]) -> Confusion:
    """Add up the confusion matrices of whole images."""
    classes = len(dataset.classes)
    total = np.zeros((classes, classes), np.int64)
    for sample in samples:
        total += confusion_matrix(dataset.mask(sample), predictor(dataset.image(sample)), classes)
    return total


def _build_optimizer(network: torch.nn.Module, config: Config) -> torch.optim.Optimizer:
    if config.optimizer == "sgd":
        return torch.optim.SGD(
            network.parameters(), config.peak_lr, momentum=0.9, nesterov=True, weight_decay=config.weight_decay / 100
        )
    return torch.optim.AdamW(network.parameters(), config.peak_lr, weight_decay=config.weight_decay)


def _class_weights(stats: Stats, fabric: Fabric) -> Tensor:
    return torch.tensor([entry.weight for entry in stats.classes], device=fabric.device, dtype=torch.float32)
