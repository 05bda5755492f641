"""Running statistics of batch normalisation, counted anew for weights that no longer change."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from train.config.config import Config
from train.data.data import PixelStore
from train.data.streamed_store import BUFFER_PIXELS, StreamedStore
from train.fitting.timing.costs import Costs
from train.windows.accelerator import Accelerator

_CROPS, _BATCH = 480, 8
"""Crops that are enough (tests/bench/NOTES.md), and how many at once: without gradients they take little memory."""

_EPOCHS = 6
"""Crops of so many epochs at most, which cost as much as two: a step is three times a forward pass."""

_FEWEST = 10
"""Batches, also where the minutes are few: as many as running statistics that follow a training remember at first."""

_NORMALISING = 1.2
"""What a batch costs beside its labelling: its own mean and variance; 1.04 to 1.16 on a CPU."""


@dataclass(frozen=True)
class Recount:
    """Over how many batches of how many crops statistics are counted anew.

    size: side of the crops in pixels.  read: pixels of the images that are read for it, being not in the memory.
    """

    batches: int
    batch: int
    size: int
    read: int = 0

    def seconds(self, costs: Costs) -> float:
        """What it costs."""
        return _NORMALISING * costs.window * self.batches * self.batch * self.size**2 + costs.read * self.read

    def within(self, seconds: float, costs: Costs) -> "Recount":
        """Over as many batches as so many seconds are enough for, and not fewer than tell something."""
        affordable = int(seconds / replace(self, batches=1, read=0).seconds(costs))
        return self.over(min(self.batches, max(_FEWEST, affordable)))

    def over(self, batches: int) -> "Recount":
        """Over so many batches; 0: as before."""
        return replace(self, batches=batches or self.batches)


def usual_recount(network: nn.Module, store: PixelStore | StreamedStore, batch: int) -> Recount | None:
    """The recount of a training with such batches; None where no layer of the network has statistics that follow it."""
    if not _followers(network):
        return None
    batch = min(_BATCH, batch, len(store))
    batches = max(1, min(_CROPS, _EPOCHS * len(store)) // batch)
    read = 0
    if isinstance(store, StreamedStore):
        read = min(BUFFER_PIXELS, sum(sample.height * sample.width for sample in store.samples))
    return Recount(batches, batch, store.size, read)


def undistorted(store: PixelStore | StreamedStore, recount: Recount, seed: int) -> Iterator[Tensor]:
    """Batches (B, S, S, 3) uint8 of training crops that nothing is done to, the same ones for the same seed."""
    plain = replace(store, config=Config(flips=False), transform=None)
    generator = torch.Generator().manual_seed(seed)
    passes = (plain.batches(recount.batch, generator) for _ in itertools.count())
    return (images for images, _ in itertools.islice(itertools.chain.from_iterable(passes), recount.batches))


def count_anew(network: nn.Module, batches: Iterable[Tensor], accelerator: Accelerator) -> None:
    """Replace running means and variances by the plain averages of those of these batches (B, 3, H, W).

    All else is as in labelling: no dropout, the weights stay. The network is one to label with afterwards.
    """
    network.eval()
    followers = _followers(network)
    for norm in followers:
        norm.reset_running_stats()
        norm.momentum = None  # a plain average, whatever the order
        norm.train()
    with torch.no_grad(), accelerator.autocast():
        for images in batches:
            network(images)
    network.eval()


def _followers(network: nn.Module) -> list[_BatchNorm]:
    """The layers whose statistics follow the batches of a training; some networks hold theirs fixed."""
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    return [norm for norm in norms if norm.running_mean is not None and norm.momentum != 0]
