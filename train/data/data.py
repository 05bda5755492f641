"""Training pixels on the device: crops and their random changes happen there, a batch at a time."""

import hashlib
import json
import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from prep.core.classes import IGNORE_INDEX
from prep.core.errors import SegError
from prep.core.progress import Progress, silent
from prep.core.words import counted
from prep.core.workers import Threads
from prep.dataset.commit import between_commits
from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import PATCH_SETTINGS, PATCHES
from prep.dataset.index import Sample
from prep.patching.patch_arrays import open_patch_arrays
from prep.patching.patches import read_patch_settings, read_patch_splits, read_patch_stems
from train.config.config import Config
from train.data.albumentation import PatchTransform, load_transform
from train.data.augment import alter_colors, draw
from train.data.crops import CropSources, cut_affine, cut_straight
from train.data.image_size import reduced
from train.data.prefetch import prefetch
from train.data.streamed_store import StreamedStore

_MEMORY_SHARE = 0.7
"""Images may take so much of the memory; the network and other programs need some."""

DEFAULT_SIZE = 96
"""Side of the random crops of whole images, in pixels, where there are no patches and no --size."""

_DECODED_BYTES = 1 << 30
"""Of images that threads decode at once; one image at least, however large it is."""

_PATCHES = re.compile("size[1-9][0-9]{0,5}")

_AHEAD = 2
"""Batches that are prepared while one is trained on, where the CPU prepares them."""


@dataclass(frozen=True)
class PixelStore:
    """Images and masks of any sizes, end to end in two flat uint8 tensors.

    pixels: (P, 3).  labels: (P,).  start, height, width: (N,) of each image.
    crops: how many crops of each image an epoch takes.  flips: whether the data may be mirrored.
    content: equal only for the same pixels.  is_cut: whether they are patches.
    config: how crops are changed at random.
    transform: further changes, on the CPU.  stays: the pixels stay in the CPU's memory, while the network is elsewhere.
    """

    pixels: Tensor
    labels: Tensor
    start: Tensor
    height: Tensor
    width: Tensor
    size: int
    crops: int
    flips: bool
    content: str = ""
    is_cut: bool = False
    config: Config = field(default_factory=Config)
    transform: PatchTransform | None = None
    stays: bool = False

    def __len__(self) -> int:
        """Patches in an epoch."""
        return len(self.start) * self.crops

    @property
    def unlabelled(self) -> int:
        """Images whose masks hold ignored pixels only; of patches that is told when they are cut."""
        if self.is_cut:
            return 0
        area = self.height * self.width
        middle = self.labels[self.start + self.height // 2 * self.width + self.width // 2]
        ends = zip(self.start.tolist(), (self.start + area).tolist(), (middle == IGNORE_INDEX).tolist(), strict=True)
        return sum(doubtful and bool((self.labels[start:end] == IGNORE_INDEX).all()) for start, end, doubtful in ends)

    def to(self, device: torch.device) -> "PixelStore":
        """Move the pixels to the device, if they fit there beside a network and nothing is to be done on the CPU."""
        if device.type == "cuda":
            free, _ = torch.cuda.mem_get_info(device)
            if self.transform is not None or self.pixels.numel() + self.labels.numel() > free // 2:
                return replace(self, stays=True)
        return replace(self, pixels=self.pixels.to(device), labels=self.labels.to(device))

    def batches(
        self, batch: int, generator: torch.Generator, rank: int = 0, world: int = 1
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Iterate over (B, S, S, 3) uint8 images and (B, S, S) uint8 masks until each patch was shown once.

        Of several processes (`world`), each gets every world-th patch of the same batches, from the `rank`-th on:
        what is shown does not depend on their number. The last batch is left out if it is smaller, unless it is the
        only one: batch normalisation and the learning rate count on equal batches.
        Raises SegError if a batch cannot be shared out evenly.
        """
        if batch % world or len(self) < world:
            raise SegError(
                f"--batch {batch} with {counted(len(self), 'patch', 'patches')} cannot be shared out among "
                f"{counted(world, 'process', 'processes')}; choose a --batch that is a multiple of {world}, or fewer "
                "processes"
            )
        cuts = self._cuts(batch, generator, rank, world)
        return prefetch(cuts, _AHEAD) if self.stays or self.transform is not None else cuts

    def _cuts(self, batch: int, generator: torch.Generator, rank: int, world: int) -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.randperm(len(self), generator=generator) % len(self.start)
        for first in range(0, max(len(order) - batch + 1, 1), batch):
            yield self.cut(order[first : first + batch], generator, rank, world)

    def steps(self, batch: int) -> int:
        """Number of batches in an epoch."""
        return max(len(self) // batch, 1)

    def cut(self, items: Tensor, generator: torch.Generator, rank: int = 0, world: int = 1) -> tuple[Tensor, Tensor]:
        """Cut one crop of each item (B,) and change it at random, of several processes only every world-th one.

        Beyond borders the image is mirrored and the mask ignored.
        """
        mine = slice(rank, None, world)
        # Drawn for all processes: each goes on where the others do.
        draws = draw(len(items), self.config, generator, self.flips)[mine]
        seeds = None if self.transform is None else torch.randint(2**31, (len(items),), generator=generator)[mine]
        items = items[mine]
        sources = CropSources(self.start[items], self.height[items], self.width[items], self.size)
        cut = cut_affine if self.config.is_affine else cut_straight
        images, masks = cut(self.pixels, self.labels, sources, draws)
        images = alter_colors(images, draws, self.config)
        if self.transform is None or seeds is None:
            return images, masks
        changed, labels = self.transform(images.cpu().numpy(), masks.cpu().numpy(), seeds.tolist())
        return torch.from_numpy(changed), torch.from_numpy(labels)


def open_patches(folder: Path, split: str, stems: Collection[str] | None = None) -> PixelStore:
    """Open the patches of one split, or of the samples of these stems; the arrays stay on disk until they are used.

    They stay these patches, also when others take their place on the disk meanwhile.
    """
    root = folder.parents[1]
    settings = (folder / PATCH_SETTINGS).relative_to(root).as_posix()
    return between_commits(root, [settings], lambda: _open_patches(folder, split, stems))


def _open_patches(folder: Path, split: str, stems: Collection[str] | None) -> PixelStore:
    settings = read_patch_settings(folder)
    owners = read_patch_splits(folder) if stems is None else read_patch_stems(folder)
    images, masks = open_patch_arrays(folder, settings.size, len(owners))
    chosen = {split} if stems is None else set(stems)
    wanted = torch.tensor([number for number, own in enumerate(owners) if own in chosen], dtype=torch.long)
    area = settings.size**2
    side = torch.full((len(wanted),), settings.size)
    return PixelStore(
        torch.from_numpy(images).view(-1, 3), torch.from_numpy(masks).view(-1), wanted * area, side, side,
        settings.size, 1, settings.flips, json.dumps(settings.to_json()), is_cut=True,
    )  # fmt: skip


def load_samples(
    dataset: Dataset, samples: Sequence[Sample], size: int, crops: int, progress: Progress = silent
) -> PixelStore:
    """Load whole images and masks into memory, for random crops of `size` pixels."""
    area = np.array([sample.height * sample.width for sample in samples])
    start = np.concatenate([[0], np.cumsum(area)])
    pixels, labels = np.empty((start[-1], 3), np.uint8), np.empty(start[-1], np.uint8)

    def load(number: int) -> bytes:
        sample, place = samples[number], slice(start[number], start[number + 1])
        pixels[place] = dataset.image(sample).reshape(-1, 3)
        labels[place] = dataset.mask(sample).reshape(-1)
        content = hashlib.sha256(sample.stem.encode() + b"\0")
        content.update(pixels[place].data)
        content.update(labels[place].data)
        return content.digest()

    together = hashlib.sha256()
    largest = max(dataset.decoded_bytes(sample) for sample in samples)
    threads = max(1, min((os.cpu_count() or 1) + 4, _DECODED_BYTES // largest))
    with Threads(threads) as pool:  # decoding releases Python's lock, and so does hashing
        for done, content in enumerate(pool.map(load, range(len(samples))), start=1):
            together.update(content)
            progress(done, len(samples))
    return PixelStore(
        torch.from_numpy(pixels), torch.from_numpy(labels), torch.from_numpy(start[:-1]),
        torch.tensor([sample.height for sample in samples]), torch.tensor([sample.width for sample in samples]),
        size, crops, True, together.hexdigest(), is_cut=False,
    )  # fmt: skip


def fits_in_memory(samples: Iterable[Sample]) -> bool:
    """Whether images and masks of these samples, decoded, leave enough of the memory to others."""
    needed, memory = sum(4 * sample.height * sample.width for sample in samples), machine_memory()
    return memory is None or needed <= _MEMORY_SHARE * memory


def machine_memory() -> int | None:
    """Bytes of memory of this machine; None where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError):  # Windows
        return None


def training_store(
    dataset: Dataset, config: Config, progress: Progress = silent, samples: Sequence[Sample] | None = None
) -> PixelStore | StreamedStore:
    """The patches of the train split, or random crops of its images where there are no patches, changed as asked.

    Images that do not fit into the memory are read again in each epoch.

    samples: of train and val, that take the place of the train split.
    Raises SegError if there is nothing to train on, if several sets of patches fit, or if the patches were cut
    under another split; and for settings and files of the random changes that cannot be.
    """
    transform = None if config.augment is None else load_transform(Path(config.augment))
    seen = reduced(dataset, config.image_size)
    if samples is not None and seen is not dataset:
        chosen = {sample.stem for sample in samples}
        samples = [sample for sample in seen.samples if sample.stem in chosen]
    return replace(_store(seen, config, progress, samples), config=config, transform=transform)


def _store(
    dataset: Dataset, config: Config, progress: Progress, chosen: Sequence[Sample] | None
) -> PixelStore | StreamedStore:
    folder = find_patches(dataset, config.size)
    if folder is None:
        samples = dataset.of_split("train") if chosen is None else chosen
        if not samples:
            raise SegError(f"{dataset.root}: no labelled train samples; look at its split with 'seg-prep split'")
        size = config.size or DEFAULT_SIZE
        if not fits_in_memory(samples):
            return StreamedStore(dataset, tuple(samples), size, config.crops, dataset.files_hash("train"))
        return load_samples(dataset, samples, size, config.crops, progress)
    if config.image_size is not None:
        raise SegError(
            f"{folder}: was cut out of images as large as they are; leave --image-size out, or give another --size, "
            "which takes random crops of the images"
        )
    settings = read_patch_settings(folder)
    if settings.is_stale(dataset):
        raise SegError(
            f"{folder}: cut under another split than the dataset has now, or from other masks or images; "
            f"run 'seg-prep patches --size {settings.size} --overwrite' again"
        )
    if settings.format != "npy":
        raise SegError(f"{folder}: PNG patches; cut them with --format npy --overwrite to train on them")
    return open_patches(folder, "train", None if chosen is None else {sample.stem for sample in chosen})


def find_patches(dataset: Dataset, size: int | None) -> Path | None:
    """The folder of the patches of this size, or of the only patches there are; None if there are none."""
    found = (path.parent for path in (dataset.root / PATCHES).glob(f"size*/{PATCH_SETTINGS}"))
    folders = sorted(folder for folder in found if _PATCHES.fullmatch(folder.name))  # not a copy, "size96 old"
    if size is not None:
        return next((folder for folder in folders if folder.name == f"size{size}"), None)
    if len(folders) > 1:
        sizes = sorted(int(folder.name.removeprefix("size")) for folder in folders)
        names = ", ".join(map(str, sizes))
        raise SegError(f"{dataset.root}: patches of several sizes ({names}); choose with --size {sizes[0]}")
    return folders[0] if folders else None
