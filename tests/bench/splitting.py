"""How alike the splits are, over many seeds: `SEG_REAL_DATA=DIR python -m tests.bench.splitting [--quick]`.

The measure is the largest difference between a class's share of the pixels of one split and of the whole set. Plain
ways, with the same counts: a random split, and the package iterative-stratification (by which classes an image
holds, and, for a fairer match, also by which quarter of the set it falls in by its pixels of each class).
"""

import argparse
import os
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import cv2
import numpy as np
from iterstrat.ml_stratifiers import MultilabelStratifiedShuffleSplit
from numpy.typing import NDArray

from prep.core.randomness import Stream
from prep.splitting.assignment import split_counts
from prep.splitting.balance import share_deviation
from prep.splitting.stratify import Bins, Groups, deal_out

Counts = NDArray[np.int64]
IMPORTANCE = (4.0, 2.0, 1.0)
AERIAL = ((0x3C, 0x10, 0x98), (0x84, 0x29, 0xF6), (0x6E, 0xC1, 0xE4), (0xFE, 0xDD, 0x3A), (0xE2, 0xA9, 0x29))


def main() -> None:
    """Measure cracks image by image, aerial in tiles."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.splitting", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10 seeds instead of 100")
    seeds = 10 if parser.parse_args().quick else 100
    root = Path(os.environ["SEG_REAL_DATA"])
    cracks = _cracks(root)
    groups = Groups(np.ones(len(cracks), np.int64), cracks, (cracks > 0).astype(np.int64))
    _report(f"cracks, {len(cracks)} images", groups, split_counts(len(cracks), (80, 10, 10)), seeds)
    tiles = _aerial(root)
    sizes = np.array([len(tile) for tile in tiles])
    pixels = np.stack([tile.sum(axis=0) for tile in tiles])
    groups = Groups(sizes, pixels, np.stack([(tile > 0).sum(axis=0) for tile in tiles]))
    targets = (36, 9, 9)
    _report(f"aerial, {len(tiles)} tiles of {sizes[0]} images, 4/1/1", groups, targets, seeds)
    ways = [way for way in product(range(3), repeat=len(tiles)) if tuple(np.bincount(way, minlength=3)) == (4, 1, 1)]
    best = min(deviation(pixels, np.array(way)) for way in ways)
    print(f"  all {len(ways)} ways        best {best:.2e}")


def deviation(pixels: Counts, owner: Counts) -> float:
    """The measure; pixels (G, C), owner (G,). A split without samples is no split."""
    if len(np.unique(owner)) < 3:
        return float("inf")
    return share_deviation([list(pixels[owner == number]) for number in range(3)])


def _report(name: str, groups: Groups, targets: tuple[int, ...], seeds: int) -> None:
    counts = tuple(round(target / int(groups.sizes[0])) for target in targets)
    ways: dict[str, Callable[[int], Counts]] = {
        "ours": lambda seed: deal_out(groups, Bins(targets, IMPORTANCE), Stream(seed, "split")),
        "random": lambda seed: _random(counts, seed),
    }
    for kind, held in {"by presence": groups.pixels > 0, "and quarters": _quarters(groups.pixels)}.items():
        ways[f"package {kind}"] = lambda seed, held=held: _package(held, counts, seed)
    print(f"{name}, {seeds} seeds, {'/'.join(map(str, targets))} samples")
    medians = {}
    for way, assign in ways.items():
        started = time.perf_counter()
        owners = [assign(seed) for seed in range(seeds)]
        seconds = (time.perf_counter() - started) / seeds
        found = [deviation(groups.pixels, owner) for owner in owners]
        different = len({tuple(owner.tolist()) for owner in owners})
        medians[way] = float(np.median(found))
        print(
            f"  {way:20} median {medians[way]:.2e}, largest {max(found):.2e}; {different} different splits, "
            f"{seconds * 1000:.1f} ms; exact counts in {sum(_is_exact(o, counts) for o in owners)}"
        )
    print(f"  random / ours {medians['random'] / medians['ours']:.1f}")


def _is_exact(owner: Counts, counts: tuple[int, ...]) -> bool:
    return tuple(np.bincount(owner, minlength=3).tolist()) == counts


def _random(counts: tuple[int, ...], seed: int) -> Counts:
    return np.random.default_rng(seed).permutation(np.repeat(np.arange(3), counts))


def _quarters(pixels: Counts) -> NDArray[np.bool_]:
    """(G, 4 C): which quarter of the set a group is in by its pixels of each class."""
    rank = pixels.argsort(axis=0, kind="stable").argsort(axis=0) * 4 // len(pixels)
    return np.concatenate([rank == quarter for quarter in range(4)], axis=1)


def _package(held: NDArray[np.bool_], counts: tuple[int, ...], seed: int) -> Counts:
    """Test first, then val of the rest, as its users do."""
    owner = np.zeros(len(held), np.int64)
    rest = np.arange(len(held))
    # Shares, not counts: the package takes counts of some units for too few.
    for number in (2, 1):
        splitter = MultilabelStratifiedShuffleSplit(1, test_size=counts[number] / len(rest), random_state=seed)
        kept, taken = next(splitter.split(np.zeros(len(rest)), held[rest].astype(int)))
        owner[rest[taken]] = number
        rest = rest[kept]
    return owner


def _cracks(root: Path) -> Counts:
    """(337, 2) pixels of ids 1 and 2; 0 was never labelled."""
    files = sorted((root / "cracks" / "PixelLabelData_4").glob("*.png"))
    return np.stack([np.bincount(_read(path, cv2.IMREAD_UNCHANGED).ravel(), minlength=3)[1:3] for path in files])


def _aerial(root: Path) -> list[Counts]:
    """For each tile (9, 5) pixels of the classes by colour; unlabelled is left out."""
    codes = [(red << 16) + (green << 8) + blue for red, green, blue in AERIAL]
    tiles = []
    for folder in sorted((root / "aerial").glob("Tile *")):
        rows = []
        for path in sorted((folder / "masks").glob("*.png")):
            blue, green, red = (plane.astype(np.int64) for plane in cv2.split(_read(path, cv2.IMREAD_COLOR)))
            packed = (red << 16) + (green << 8) + blue
            rows.append([np.count_nonzero(packed == code) for code in codes])
        tiles.append(np.array(rows, np.int64))
    return tiles


def _read(path: Path, flags: int) -> NDArray[np.uint8]:
    pixels = cv2.imread(str(path), flags)
    assert pixels is not None, path
    return np.asarray(pixels, np.uint8)


if __name__ == "__main__":
    main()
