"""Reading and decoding of shards: ours beside WebDataset's and, where it is installed, LitData's loader, in turns.

    python -m tests.bench.shards FOLDER [--samples 400] [--side 512] [--rounds 5]

Makes a dataset of photographs-like noise, packs it into FOLDER, and gives images a second and processor time an image
of each, in one process, as what a training reads: images and masks decoded to arrays, in an order that a seed decides.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import webdataset
from PIL import Image

from prep.core.classes import ClassMap, write_classes
from prep.dataset.index import Sample, write_index
from prep.dataset.stats import ensure_stats
from prep.packing.pack import pack_dataset
from prep.packing.streamed import open_dataset, stream_dataset
from train.data.streamed_store import StreamedStore


def make(root: Path, samples: int, side: int) -> None:
    """JPEG images with smooth structure and PNG masks of blobs; validation and test have one each."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(samples):
        stem, split = f"{number:06}", "val" if number == 0 else "test" if number == 1 else "train"
        coarse = cv2.resize(rng.integers(0, 256, (side // 8, side // 8, 3), np.uint8), (side, side))
        image = cv2.add(coarse, rng.integers(0, 24, coarse.shape, np.uint8))
        mask = (coarse[..., 0] > 140).astype(np.uint8)
        for name, pixels in ((f"images/{stem}.jpg", image), (f"masks/{stem}.png", mask)):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(root / name), pixels, [cv2.IMWRITE_JPEG_QUALITY, 92])
        rows.append(Sample(stem, f"images/{stem}.jpg", f"masks/{stem}.png", side, side, "", split))
    write_classes(root / "classes.json", ClassMap(("low", "high"), ((0, 0, 0), (255, 0, 0))))
    write_index(root / "index.csv", rows)
    ensure_stats(open_dataset(root))


def ours(root: Path) -> Iterator[int]:
    """Images of one epoch as a training takes them into its buffer."""
    dataset = open_dataset(root)
    store = StreamedStore(dataset, tuple(dataset.of_split("train")), 256, 1, "")
    for held in store._images(store._parts(0, 1)):
        yield held.pixels.numel()


def theirs(shards: list[str]) -> Iterator[int]:
    """The same by WebDataset, its decoder of arrays, mixed by its buffer of 1,000 samples."""
    data = webdataset.WebDataset(shards, shardshuffle=False).shuffle(1000).decode("rgb8").to_tuple("jpg", "mask.png")
    for image, _ in data:
        yield image.size


def write_litdata(whole: Path, folder: Path) -> None:
    """The same images and masks, encoded as they are, in LitData's chunks."""
    from litdata import optimize

    images = sorted((whole / "images").iterdir())[2:]
    optimize(
        _opened, inputs=[(image, whole / "masks" / f"{image.stem}.png") for image in images],
        output_dir=str(folder), chunk_bytes="16MB", num_workers=1, mode="overwrite", verbose=False,
    )  # fmt: skip


def _opened(paths: tuple[Path, Path]) -> dict[str, Any]:
    return {name: Image.open(path) for name, path in zip(("image", "mask"), paths, strict=True)}


def litdata_s(folder: Path) -> Iterator[int]:
    """The same by LitData, its decoder and its shuffling."""
    from litdata import StreamingDataset

    for sample in StreamingDataset(str(folder), shuffle=True, seed=0):
        np.asarray(sample["mask"])
        yield np.asarray(sample["image"]).size


def timed(read: Callable[[], Iterator[int]]) -> tuple[int, float, float]:
    """Images, seconds by the clock, and processor time."""
    clock, processor = time.perf_counter(), time.process_time()
    images = sum(1 for _ in read())
    return images, time.perf_counter() - clock, time.process_time() - processor


def main() -> None:
    """Print a line a round."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--samples", type=int, default=400)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    whole, packed, small = given.folder / "whole", given.folder / "packed", given.folder / "small"
    if not (whole / "stats.json").exists():
        make(whole, given.samples, given.side)
    result = pack_dataset(whole, str(packed), shard_size=16_000_000, overwrite=True)
    stream_dataset(str(packed), small)
    shards = sorted(str(path) for path in Path(result.folder).glob("train-*.tar"))
    readers = {"ours": lambda: ours(small), "WebDataset": lambda: theirs(shards)}
    if find_spec("litdata"):
        write_litdata(whole, given.folder / "litdata")
        readers["LitData"] = lambda: litdata_s(given.folder / "litdata")
    torch.set_num_threads(1)
    print(f"{given.samples} samples of {given.side} px in {len(shards)} shards")
    print("reader      images/s   ms of processor time an image")
    for _ in range(given.rounds):
        for name, read in readers.items():
            images, clock, processor = timed(read)
            print(f"{name:<10}{images / clock:10.0f}{1000 * processor / images:10.2f}", flush=True)


if __name__ == "__main__":
    main()
