"""How fast a training is, and where its time goes."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.core.progress import Progress, silent
from train.config.config import Config
from train.data.data import PixelStore
from train.data.streamed_store import StreamedStore
from train.fitting.initial import with_fast_gradients
from train.fitting.losses import build_loss
from train.fitting.optim import build_optimizer
from train.fitting.step import Stepper, is_out_of_memory
from train.fitting.timing.arithmetic import Labelling, matrix_rate, measure_labelling, now, step_operations
from train.networks.networks import build_network
from train.runs.device import accelerator_of
from train.windows.predictor import Normalizer, Predictor, TorchModel
from train.windows.scale import Rescaling
from train.windows.window_settings import WindowSettings

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_WARM_UP = 3
"""Steps before the clock starts: memory is allocated and algorithms are chosen in the first ones."""

_ANY_SCALE = Rescaling()

PHASES = ("patches", "forward", "backward", "optimizer")


@dataclass(frozen=True)
class Arithmetic:
    """Floating-point operations of an image in a step, those a second of a large matrix product, and of labelling."""

    an_image: float
    matrix: float
    labelling: Labelling

    def training(self, rate: float) -> float:
        """Operations a second of a training at so many images a second."""
        return self.an_image * rate

    @property
    def label(self) -> float:
        """Operations a second while a photo is labelled."""
        return self.labelling.operations / self.labelling.seconds


@dataclass(frozen=True)
class Speed:
    """Images a second of whole steps, with a network that does nothing, and with one batch for ever; shares of phases.

    A loader that is no bottleneck: null_model is several times null_loader, and whole is nearly null_loader.
    """

    whole: float
    null_model: float
    null_loader: float
    shares: dict[str, float]
    arithmetic: Arithmetic


def measure(
    config: Config, store: PixelStore | StreamedStore, normalize: Normalizer, classes: ClassMap, fabric: "Fabric",
    steps: int, say: Callable[[str], None], progress: Progress = silent, scale: Rescaling = _ANY_SCALE,
) -> Speed:  # fmt: skip
    """Measure `steps` steps of each kind, on the patches of a real training and from random weights.

    say: is told where memory does not suffice for a batch, which then goes on in pieces.  Raises SegError where it does
    not suffice for whole batches, whose phases are timed last.  scale: at which size a photo is labelled.
    """
    store, batch = store.to(fabric.device), min(config.batch, len(store))
    torch.manual_seed(config.seed)
    done = itertools.count(1)

    def rate(network: nn.Module, batches: Iterator[tuple[Tensor, Tensor]]) -> float:
        wrapped, optimizer = fabric.setup(network, build_optimizer(network, config))
        wrapped.train()
        forward = torch.compile(wrapped) if config.compile else wrapped
        stepper = Stepper(wrapped, forward, optimizer, build_loss(config.loss), len(classes), fabric, say, config.clip)

        def step() -> None:
            images, masks = next(batches)
            stepper([(normalize(images.to(fabric.device)), masks.to(fabric.device))])
            progress(min(next(done), 4 * steps), 4 * steps)

        return batch * steps / _seconds(step, steps, fabric)

    plain = build_network(config, len(classes)).to(memory_format=torch.channels_last).to(fabric.device)
    same = next(_batches(store, config))
    arithmetic = _arithmetic(plain, config, store.size, same[0], normalize, classes, fabric, scale)
    network = with_fast_gradients(plain, config, fabric)
    whole = rate(network, _batches(store, config))
    null_loader = rate(network, itertools.repeat(same))
    null_model = rate(nn.Conv2d(3, len(classes), 1), _batches(store, config))
    try:
        shares = _shares(config, network, store, normalize, fabric, steps)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise SegError(
            f"out of memory with a whole batch of {batch}; a training would go on in pieces, at {whole:.1f} images/s; "
            "measure with a smaller --batch"
        ) from error
    return Speed(whole, null_model, null_loader, shares, arithmetic)


def _arithmetic(
    network: nn.Module, config: Config, size: int, images: Tensor, normalize: Normalizer, classes: ClassMap,
    fabric: "Fabric", scale: Rescaling,
) -> Arithmetic:  # fmt: skip
    """Count and measure, on a network without faster ways to compute gradients."""
    accelerator, few = accelerator_of(fabric), images[:2].to(fabric.device)
    operations = step_operations(network, normalize(few)) / len(few)
    windows = WindowSettings(config.window or 2 * size, config.window_overlap)
    predictor = Predictor(
        TorchModel(network, normalize, accelerator), classes, windows, fabric.device, scale=scale
    )  # fmt: skip
    return Arithmetic(operations, matrix_rate(accelerator), measure_labelling(predictor, network))


def _shares(
    config: Config,
    network: nn.Module,
    store: PixelStore | StreamedStore,
    normalize: Normalizer,
    fabric: "Fabric",
    steps: int,
) -> dict[str, float]:
    """Share of the time in each phase; the device is waited for after each, which a training does not do."""
    wrapped, optimizer = fabric.setup(network, build_optimizer(network, config))
    loss, batches = build_loss(config.loss), _batches(store, config)
    spent = dict.fromkeys(PHASES, 0.0)
    for number in range(_WARM_UP + steps):
        marks = [now(fabric.device)]
        images, masks = next(batches)
        pixels, masks = normalize(images.to(fabric.device)), masks.to(fabric.device)
        marks.append(now(fabric.device))
        value = loss(wrapped(pixels), masks)
        marks.append(now(fabric.device))
        fabric.backward(value)
        marks.append(now(fabric.device))
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        marks.append(now(fabric.device))
        if number >= _WARM_UP:
            for phase, begin, end in zip(PHASES, marks, marks[1:], strict=False):
                spent[phase] += end - begin
    total = sum(spent.values())
    return {phase: seconds / total for phase, seconds in spent.items()}


def _batches(store: PixelStore | StreamedStore, config: Config) -> Iterator[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(config.seed)
    while True:
        yield from store.batches(config.batch, generator)


def _seconds(step: Callable[[], None], steps: int, fabric: "Fabric") -> float:
    for _ in range(_WARM_UP):
        step()
    begin = now(fabric.device)
    for _ in range(steps):
        step()
    return now(fabric.device) - begin
