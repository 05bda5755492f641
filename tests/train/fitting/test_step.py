"""Steps of the optimizer: batches, pieces and memory that does not suffice."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from prep.core.classes import IGNORE_INDEX
from prep.core.errors import SegError
from train.fitting.losses import build_loss
from train.fitting.step import Batch, Stepper, is_out_of_memory

CLASSES = 3


def _network() -> nn.Module:
    """Without batch normalisation, so that pieces and batches must agree exactly."""
    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, CLASSES, 1))


def _batch(size: int, seed: int, ignored: float = 0.3) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    masks = torch.randint(0, CLASSES, (size, 8, 8), generator=generator, dtype=torch.uint8)
    masks[torch.rand(masks.shape, generator=generator) < ignored] = IGNORE_INDEX
    return torch.randn(size, 3, 8, 8, generator=generator), masks


def _stepper(
    network: nn.Module, log: Callable[[str], None] = print, weights: Tensor | None = None, **settings: float
) -> Stepper:
    fabric = Fabric(accelerator="cpu", devices=1)
    wrapped, optimizer = fabric.setup(network, torch.optim.SGD(network.parameters(), 0.1))
    return Stepper(wrapped, wrapped, optimizer, build_loss("ce", weights), CLASSES, fabric, log, **settings)  # type: ignore[arg-type]


def _weights_after(batches: list[Batch], **settings: Any) -> tuple[Tensor, Tensor, Tensor]:  # noqa: ANN401
    network = _network()
    loss, confusion = _stepper(network, **settings)(batches)
    return torch.cat([weight.detach().flatten() for weight in network.parameters()]), loss, confusion


@pytest.mark.parametrize("pieces", [2, 3, 4])
def test_pieces_change_neither_weights_nor_loss_nor_counts(pieces: int) -> None:
    batch = _batch(8, 0)
    whole, pieced = _weights_after([batch]), _weights_after([batch], pieces=pieces)
    for one, other in zip(whole, pieced, strict=True):
        torch.testing.assert_close(one, other)


def test_accumulated_batches_count_each_pixel_the_same() -> None:
    """Two batches of very different numbers of counted pixels act as their union."""
    one, two = _batch(4, 0, ignored=0.9), _batch(4, 1, ignored=0.0)
    union = (torch.cat([one[0], two[0]]), torch.cat([one[1], two[1]]))
    for separate, together in zip(_weights_after([one, two]), _weights_after([union]), strict=True):
        torch.testing.assert_close(separate, together)


def test_with_class_weights_batches_and_pieces_act_as_their_union() -> None:
    """One batch nearly without the heavy class, one nearly all of it."""
    one, two = _batch(4, 0), _batch(4, 1)
    one[1][one[1] == 2] = 0
    two[1][two[1] == 0] = 2
    union = (torch.cat([one[0], two[0]]), torch.cat([one[1], two[1]]))
    settings = {"weights": torch.tensor([0.1, 1.0, 5.0])}
    together = _weights_after([union], **settings)
    for apart in (_weights_after([one, two], **settings), _weights_after([union], pieces=2, **settings)):
        for separate, whole in zip(apart, together, strict=True):
            torch.testing.assert_close(separate, whole)


def test_the_confusion_counts_what_the_network_said() -> None:
    batch = _batch(2, 5)
    network = _network()
    with torch.inference_mode():
        guess = network(batch[0]).argmax(1)
    _, confusion = _stepper(network)([batch])
    counted = batch[1] != IGNORE_INDEX
    for truth in range(CLASSES):
        for label in range(CLASSES):
            assert confusion[truth, label] == ((batch[1] == truth) & (guess == label) & counted).sum()
    assert confusion.sum() == counted.sum()


def test_a_batch_without_counted_pixels_changes_nothing() -> None:
    images, masks = _batch(2, 0)
    before = torch.cat([weight.detach().flatten() for weight in _network().parameters()])
    after, loss, confusion = _weights_after([(images, torch.full_like(masks, IGNORE_INDEX))])
    assert torch.equal(before, after)
    assert loss == 0
    assert confusion.sum() == 0


def test_clipping_bounds_the_step() -> None:
    before = torch.cat([weight.detach().flatten() for weight in _network().parameters()])
    after, _, _ = _weights_after([_batch(4, 0)], clip=1e-3)
    assert (after - before).norm() == pytest.approx(0.1 * 1e-3, rel=1e-3)


class Greedy(nn.Module):
    """A network that has memory for so many images at once."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.inner, self.room, self.seen = _network(), room, list[int]()

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(len(x))
        if len(x) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        result: Tensor = self.inner(x)
        return result


def test_out_of_memory_halves_the_batch_says_so_and_goes_on() -> None:
    lines: list[str] = []
    network = Greedy(room=4)
    stepper = _stepper(network, lines.append)
    batch = _batch(16, 0)
    loss, _ = stepper([batch])
    assert network.seen == [16, 8, 4, 4, 4, 4]
    assert [line.partition(";")[0] for line in lines] == [
        "out of memory: a batch of 16 goes on in 2 pieces of 8",
        "out of memory: a batch of 16 goes on in 4 pieces of 4",
    ]
    stepper([batch])
    assert network.seen[6:] == [4, 4, 4, 4]  # remembered
    torch.testing.assert_close(loss, _weights_after([batch])[1])


def test_out_of_memory_with_the_smallest_batch_is_told() -> None:
    with pytest.raises(SegError, match=r"out of memory with a batch of 2 .*smaller --batch, --size or --width"):
        _stepper(Greedy(room=1), lambda line: None)([_batch(4, 0)])


@pytest.mark.parametrize(
    "text",
    [
        "[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate memory: you tried",
        "[enforce fail at alloc_cpu.cpp:116] data. DefaultCPUAllocator: not enough memory: you tried to allocate",
        "MPS backend out of memory (MPS allocated: 17.8 GB, other allocations: 392 MB, max allowed: 18.13 GB)",
        "CUDA error: out of memory",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    ],
)
def test_memory_that_does_not_suffice_has_many_names(text: str) -> None:
    assert is_out_of_memory(RuntimeError(text))
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


def test_other_errors_of_torch_are_not_hidden() -> None:
    with pytest.raises(RuntimeError, match="channels"):
        _stepper(_network())([(torch.zeros(2, 1, 8, 8), torch.zeros(2, 8, 8, dtype=torch.uint8))])


def test_clipping_leaves_a_loss_that_is_no_number_to_whoever_reads_it() -> None:
    images, masks = _batch(4, 0)
    _, loss, _ = _weights_after([(images * torch.nan, masks)], clip=1.0)
    assert loss.isnan()
