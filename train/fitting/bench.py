"""How fast a training is, and where its time goes."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from prep.core.errors import SegError
from prep.core.progress import Progress, silent
from train.config.config import Config
from train.data.data import PixelStore
from train.fitting.initial import with_fast_gradients
from train.fitting.losses import build_loss
from train.fitting.optim import build_optimizer
from train.fitting.step import Stepper, is_out_of_memory
from train.networks.networks import build_network
from train.windows.predictor import Normalizer

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_WARM_UP = 3
"""Steps before the clock starts: memory is allocated and algorithms are chosen in the first ones."""

PHASES = ("patches", "forward", "backward", "optimizer")


@dataclass(frozen=True)
class Speed:
    """Images a second of whole steps, with a network that does nothing, and with one batch for ever; shares of phases.

    A loader that is no bottleneck: null_model is several times null_loader, and whole is nearly null_loader.
    """

    whole: float
    null_model: float
    null_loader: float
    shares: dict[str, float]


def measure(
    config: Config, store: PixelStore, normalize: Normalizer, classes: int, fabric: "Fabric", steps: int,
    say: Callable[[str], None], progress: Progress = silent,
) -> Speed:  # fmt: skip
    """Measure `steps` steps of each kind, on the patches of a real training and from random weights.

    say: is told where memory does not suffice for a batch, which then goes on in pieces.  Raises SegError where it does
    not suffice for whole batches, whose phases are timed last.
    """
    store, batch = store.to(fabric.device), min(config.batch, len(store))
    torch.manual_seed(config.seed)
    done = itertools.count(1)

    def rate(network: nn.Module, batches: Iterator[tuple[Tensor, Tensor]]) -> float:
        wrapped, optimizer = fabric.setup(network, build_optimizer(network, config))
        wrapped.train()
        forward = torch.compile(wrapped) if config.compile else wrapped
        stepper = Stepper(wrapped, forward, optimizer, build_loss(config.loss), classes, fabric, say, config.clip)

        def step() -> None:
            images, masks = next(batches)
            stepper([(normalize(images.to(fabric.device)), masks.to(fabric.device))])
            progress(min(next(done), 4 * steps), 4 * steps)

        return batch * steps / _seconds(step, steps, fabric)

    network = build_network(config, classes).to(memory_format=torch.channels_last)
    network = with_fast_gradients(network, config, fabric)
    same = next(_batches(store, config))
    whole = rate(network, _batches(store, config))
    null_loader = rate(network, itertools.repeat(same))
    null_model = rate(nn.Conv2d(3, classes, 1), _batches(store, config))
    try:
        shares = _shares(config, network, store, normalize, fabric, steps)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise SegError(
            f"out of memory with a whole batch of {batch}; a training would go on in pieces, at {whole:.1f} images/s; "
            "measure with a smaller --batch"
        ) from error
    return Speed(whole, null_model, null_loader, shares)


def _shares(
    config: Config, network: nn.Module, store: PixelStore, normalize: Normalizer, fabric: "Fabric", steps: int
) -> dict[str, float]:
    """Share of the time in each phase; the device is waited for after each, which a training does not do."""
    wrapped, optimizer = fabric.setup(network, build_optimizer(network, config))
    loss, batches = build_loss(config.loss), _batches(store, config)
    spent = dict.fromkeys(PHASES, 0.0)
    for number in range(_WARM_UP + steps):
        marks = [_now(fabric)]
        images, masks = next(batches)
        pixels, masks = normalize(images.to(fabric.device)), masks.to(fabric.device)
        marks.append(_now(fabric))
        value = loss(wrapped(pixels), masks)
        marks.append(_now(fabric))
        fabric.backward(value)
        marks.append(_now(fabric))
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        marks.append(_now(fabric))
        if number >= _WARM_UP:
            for phase, begin, end in zip(PHASES, marks, marks[1:], strict=False):
                spent[phase] += end - begin
    total = sum(spent.values())
    return {phase: seconds / total for phase, seconds in spent.items()}


def _batches(store: PixelStore, config: Config) -> Iterator[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(config.seed)
    while True:
        yield from store.batches(config.batch, generator)


def _seconds(step: Callable[[], None], steps: int, fabric: "Fabric") -> float:
    for _ in range(_WARM_UP):
        step()
    begin = _now(fabric)
    for _ in range(steps):
        step()
    return _now(fabric) - begin


def _now(fabric: "Fabric") -> float:
    if fabric.device.type == "cuda":
        torch.cuda.synchronize(fabric.device)
    return time.perf_counter()
