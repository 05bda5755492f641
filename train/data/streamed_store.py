"""Training images that are more than the memory holds: read again in each epoch, in an order that one seed decides."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import torch
from torch import Tensor

from prep.core.errors import SegError
from prep.core.words import counted
from prep.core.workers import Threads
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from train.config.config import Config
from train.data.albumentation import PatchTransform
from train.data.augment import alter_colors, draw
from train.data.crops import CropSources, cut_affine, cut_straight
from train.data.prefetch import prefetch

_BUFFER_BYTES = 1 << 30
"""Of decoded images that crops are taken from, in each process; the same on every machine, and so is the order."""

BUFFER_PIXELS = _BUFFER_BYTES // 4
"""Of images and masks that the buffer holds."""

_PART_BYTES = 8 << 20
"""Of files that one request fetches where they lie in shards."""

_PARTS_EACH = 16
"""So many parts each process has at least, where there are as many samples."""

_GROWTH = 2
"""Images that join the buffer for each crop until it is full: the first batch need not wait until then."""

_DECODED_AHEAD_BYTES = 1 << 28
"""Of images that threads decode before they join the buffer; one part at least, however large its images are."""

_AHEAD = 2
"""Batches that are prepared while one is trained on."""


@dataclass
class _Held:
    """A decoded image in the buffer: pixels (P, 3), labels (P,), its size, and how many crops are still to be taken."""

    pixels: Tensor
    labels: Tensor
    height: int
    width: int
    left: int

    @property
    def size(self) -> int:
        return 4 * self.height * self.width


class _Buffer:
    """Images that crops are taken from; which one, the generator decides."""

    def __init__(self, read: Callable[[], Iterator[_Held]], generator: torch.Generator) -> None:
        self._read, self._images, self._generator = read, read(), generator
        self._held: list[_Held] = []
        self._bytes = 0

    def take(self) -> _Held:
        """One of the images, after some more have joined them; it goes when all its crops are taken."""
        for _ in range(_GROWTH):
            if (not self._held or self._bytes < _BUFFER_BYTES) and (more := next(self._images, None)) is not None:
                self._held.append(more)
                self._bytes += more.size
        if not self._held:
            self._images = self._read()
            return self.take()
        at = int(torch.randint(len(self._held), (), generator=self._generator))
        taken = self._held[at]
        taken.left -= 1
        if not taken.left:
            self._held[at] = self._held[-1]
            self._held.pop()
            self._bytes -= taken.size
        return taken


@dataclass(frozen=True)
class StreamedStore:
    """Images and masks on disk or in shards, in the place of a PixelStore; crops come from a buffer of decoded ones.

    samples: to learn.  size: side of the crops.  crops: of each image in an epoch.  content: equal only for the same
    files.  config, transform: how crops are changed at random.
    """

    dataset: Dataset
    samples: tuple[Sample, ...]
    size: int
    crops: int
    content: str
    config: Config = field(default_factory=Config)
    transform: PatchTransform | None = None
    flips: bool = True
    is_cut: bool = False

    def __len__(self) -> int:
        """Crops in an epoch."""
        return len(self.samples) * self.crops

    def to(self, device: torch.device) -> "StreamedStore":  # as of a PixelStore
        """Itself: its images never leave the CPU's memory."""
        return self

    def steps(self, batch: int) -> int:
        """Number of batches in an epoch."""
        return max(len(self) // batch, 1)

    def batches(
        self, batch: int, generator: torch.Generator, rank: int = 0, world: int = 1
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Iterate over (B, S, S, 3) uint8 images and (B, S, S) uint8 masks of an epoch, as PixelStore.batches.

        Of several processes each reads parts of its own, so that what is shown depends on their number. One that has
        fewer crops than its share of the batches begins its parts again.
        """
        count = min(batch, len(self)) // world
        if batch % world or not count or len(self.samples) < world:
            raise SegError(
                f"--batch {batch} with {counted(len(self.samples), 'image')} cannot be shared out among "
                f"{counted(world, 'process', 'processes')}; choose a --batch that is a multiple of {world}, or fewer "
                "processes"
            )
        seed = int(torch.randint(2**62, (), generator=generator))
        parts = self._parts(seed, world)[rank::world]
        own = torch.Generator().manual_seed(seed + 1 + rank)
        return prefetch(self._cuts(parts, self.steps(batch), count, own), _AHEAD)

    def _parts(self, seed: int, world: int) -> list[list[Sample]]:
        """All parts in the order of an epoch, the same in every process."""
        total = sum(4 * sample.height * sample.width for sample in self.samples)
        parts = self.dataset.read_together(self.samples, min(_PART_BYTES, total // (_PARTS_EACH * world * 4)))
        if len(parts) < world:
            parts = [[sample] for sample in self.samples]
        order = torch.randperm(len(parts), generator=torch.Generator().manual_seed(seed))
        return [parts[number] for number in order.tolist()]

    def _cuts(
        self, parts: Sequence[list[Sample]], steps: int, count: int, generator: torch.Generator
    ) -> Iterator[tuple[Tensor, Tensor]]:
        buffer = _Buffer(lambda: self._images(parts), generator)
        for _ in range(steps):
            yield self._cut([buffer.take() for _ in range(count)], generator)

    def _images(self, parts: Sequence[list[Sample]]) -> Iterator[_Held]:
        """The images of all parts, decoded ahead by threads."""
        threads = os.cpu_count() or 1
        largest = max(sum(map(self.dataset.decoded_bytes, part)) for part in parts)
        depth = max(1, min(threads + 1, _DECODED_AHEAD_BYTES // largest))
        waiting = iter(parts)
        with Threads(threads, "decode") as pool:
            ahead = deque(pool.submit(self._decoded, part) for part in islice(waiting, depth))
            try:
                while ahead:
                    yield from ahead.popleft().result()
                    ahead.extend(pool.submit(self._decoded, part) for part in islice(waiting, 1))
            finally:
                pool.shutdown(cancel_futures=True)

    def _decoded(self, part: list[Sample]) -> list[_Held]:
        held = []
        for sample, image, mask in self.dataset.contents(part):
            pixels = torch.from_numpy(self.dataset.decoded_image(sample, image).reshape(-1, 3))
            labels = torch.from_numpy(self.dataset.decoded_mask(sample, mask).reshape(-1))
            held.append(_Held(pixels, labels, sample.height, sample.width, self.crops))
        return held

    def _cut(self, chosen: Sequence[_Held], generator: torch.Generator) -> tuple[Tensor, Tensor]:
        draws = draw(len(chosen), self.config, generator, self.flips)
        cut = cut_affine if self.config.is_affine else cut_straight
        pieces = [
            cut(held.pixels, held.labels, self._source(held), draws[number : number + 1])
            for number, held in enumerate(chosen)
        ]
        images, masks = torch.cat([image for image, _ in pieces]), torch.cat([mask for _, mask in pieces])
        images = alter_colors(images, draws, self.config)
        if self.transform is None:
            return images, masks
        seeds = torch.randint(2**31, (len(chosen),), generator=generator).tolist()
        changed, labels = self.transform(images.numpy(), masks.numpy(), seeds)
        return torch.from_numpy(changed), torch.from_numpy(labels)

    def _source(self, held: _Held) -> CropSources:
        return CropSources(torch.tensor([0]), torch.tensor([held.height]), torch.tensor([held.width]), self.size)
