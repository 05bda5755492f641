"""One step of the optimizer: forward and backward of its batches, in pieces where memory is short."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from prep.core.classes import IGNORE_INDEX
from prep.core.errors import SegError
from train.fitting.losses import Loss
from train.windows.windows import best_class

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Batch = tuple[Tensor, Tensor]
"""(B, 3, H, W) float32 network input and (B, H, W) uint8 masks, on the device."""

_OUT_OF_MEMORY = ("can't allocate memory", "not enough memory", "out of memory", "ALLOC_FAILED")
"""What torch says in plain errors: on CPUs of Linux and Windows, on Apple's GPUs, in NVIDIA's driver and libraries."""


@dataclass
class Stepper:
    """Changes the weights by the gradient of one or more batches, as if they were one.

    Every pixel that is not ignored counts the same, or by the weight of its class, whatever batch, piece or process it
    is in. Dice, Tversky and Lovasz losses, which are no means over pixels, are those of the pieces.
    forward: the network, perhaps compiled.
    clip: highest norm of the gradient, or None.  pieces: in how many pieces a batch goes through the network.
    """

    network: nn.Module
    forward: Callable[[Tensor], Tensor]
    optimizer: torch.optim.Optimizer
    loss: Loss
    classes: int
    fabric: "Fabric"
    log: Callable[[str], None]
    clip: float | None = None
    pieces: int = 1

    def __call__(self, batches: Sequence[Batch]) -> tuple[Tensor, Tensor]:
        """Return the loss and the confusion matrix (C, C) of this process's share, both on the device.

        Where memory does not suffice, batches are halved and tried again. Raises SegError when they are too small
        for that.
        """
        while True:
            try:
                return self._step(batches)
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                problem = str(error).partition("\n")[0]
            self._halve(min(len(images) for images, _ in batches), problem)  # here the failed tensors are gone

    def _step(self, batches: Sequence[Batch]) -> tuple[Tensor, Tensor]:
        self.optimizer.zero_grad(set_to_none=True)
        parts = [part for images, masks in batches for part in zip(*self._split(images, masks), strict=True)]
        amounts = torch.stack([self.loss.amount(masks) for _, masks in parts])
        total = amounts.sum()
        world = self.fabric.world_size
        if world > 1:  # gradients are averaged over the processes
            total = self.fabric.all_reduce(total, reduce_op="sum") / world
        shares = amounts / total.clamp(min=torch.finfo(total.dtype).tiny)
        losses, confusion = [], torch.zeros(self.classes**2 + 1, dtype=torch.int64, device=amounts.device)
        for number, ((images, masks), share) in enumerate(zip(parts, shares, strict=True), start=1):
            with self.fabric.no_backward_sync(self.network, enabled=number < len(parts)):
                logits = self.forward(images)
                loss = self.loss(logits, masks) * share
                self.fabric.backward(loss)
            losses.append(loss.detach())
            _count(confusion, masks, logits.detach(), self.classes)
        if self.clip is not None:
            # What is no number shows in the loss, which is looked at now and then; here a GPU would wait each time.
            self.fabric.clip_gradients(self.network, self.optimizer, max_norm=self.clip, error_if_nonfinite=False)
        self.optimizer.step()
        return torch.stack(losses).sum(), confusion[:-1].view(self.classes, self.classes)

    def _split(self, images: Tensor, masks: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        return images.tensor_split(self.pieces), masks.tensor_split(self.pieces)

    def _halve(self, batch: int, problem: str) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        if batch // (2 * self.pieces) < 2 or self.fabric.world_size > 1:
            raise SegError(
                f"out of memory with a batch of {batch // self.pieces} ({problem}); "
                "try a smaller --batch, --size or --width, or another --encoder"
            )
        self.pieces *= 2
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        self.log(
            f"out of memory: a batch of {batch} goes on in {self.pieces} pieces of {batch // self.pieces}; "
            "the weights change as before, batch normalisation sees smaller batches"
        )


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether an error of torch means that memory did not suffice, on any device."""
    return isinstance(error, torch.OutOfMemoryError) or any(words in str(error) for words in _OUT_OF_MEMORY)


def _count(counts: Tensor, masks: Tensor, logits: Tensor, classes: int) -> None:
    """Add the pixels of a batch to (C * C + 1,) counts of truth * C + prediction; the last takes ignored pixels."""
    guess = best_class(logits.transpose(0, 1)).long()
    truth = masks.long()
    pairs = torch.where(truth == IGNORE_INDEX, classes**2, truth * classes + guess).flatten()
    counts.scatter_add_(0, pairs, torch.ones_like(pairs))  # bincount would make a GPU wait
