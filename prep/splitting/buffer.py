"""The buffer of a split by place: samples that lie next to one of another split on the ground, and are in no split."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from prep.dataset.index import BUFFER, SPLITS, Sample
from prep.geo.adjacency import TOUCHING, Pairs, adjacent
from prep.geo.blocks import larger, smaller
from prep.geo.footprint import footprints_of
from prep.splitting.balance import ClassPixels

MOST_LEFT_OUT = 0.25
"""Of the samples: with more in the buffer, other squares are looked for."""

Splits = Mapping[str, str]
"""The split of each sample, by stem."""


def buffer_of(samples: Sequence[Sample], splits: Splits, kept: Collection[str] = ()) -> set[str]:
    """Stems of the samples to leave out, so that no two that touch are in two splits (edge, corner, or half a pixel).

    Of two the one of train is left out, else that of val. kept: stems that stay where they are, so that the other one
    is left out; two of them are left as they are.
    """
    stems, pairs = _neighbours(samples, splits)
    rank = np.array([SPLITS.index(splits[stem]) for stem in stems], np.int64)
    stays = np.array([stem in kept for stem in stems], np.bool_)
    pairs = pairs[~stays[pairs].all(axis=1)]
    out = np.zeros(len(stems), np.bool_)
    has_kept, has_train = stays[pairs].any(axis=1), (rank[pairs] == 0).any(axis=1)
    for phase in (has_kept, ~has_kept & ~has_train, ~has_kept & has_train):
        there = pairs[phase & ~out[pairs].any(axis=1)]
        weight = rank[there] + len(SPLITS) * stays[there]
        out[there[np.arange(len(there)), weight.argmin(axis=1)]] = True
    return {stems[number] for number in np.flatnonzero(out).tolist()}


def touching(samples: Sequence[Sample]) -> int:
    """How many samples lie next to one of another split. SegError where a place cannot be used."""
    splits = {sample.stem: sample.split for sample in samples if sample.split in SPLITS}
    return len(np.unique(_neighbours(samples, splits)[1]))


def _neighbours(samples: Sequence[Sample], splits: Splits) -> tuple[list[str], Pairs]:
    footprints = footprints_of(sample for sample in samples if sample.stem in splits)
    stems = list(footprints)
    return stems, adjacent(list(footprints.values()), [splits[stem] for stem in stems], TOUCHING)


@dataclass(frozen=True, order=True)
class Shortfall:
    """What a split by squares lacks, less is better.

    missing: pairs of a split and a class without a pixel in it.  left_out: share of the samples, 0..1.
    """

    missing: int
    left_out: float


def loss_of(splits: Splits, names: Collection[str], pixels: ClassPixels) -> Shortfall:
    """The loss of these splits, of which those called `names` shall hold every class that there is."""
    counts = {name: sum((pixels[stem] > 0 for stem, own in splits.items() if own == name), 0) for name in names}
    known = np.any([pixels[stem] > 0 for stem in splits], axis=0)
    missing = sum(int((known & ~(np.asarray(count) > 0)).sum()) for count in counts.values())
    return Shortfall(missing, sum(split == BUFFER for split in splits.values()) / max(len(splits), 1))


def better_block(
    block: float, now: Shortfall, squares: int, dealt: Callable[[float], tuple[Shortfall, int]]
) -> float | None:
    """Another side for the squares, in metres: a round one, with less loss than `now`; None if there is none.

    squares: how many there have to be.  dealt: the loss by squares of a side, and how many of them hold samples.
    The next larger one that loses no class and at most a quarter of the samples, else the next smaller one, else the
    one with the least loss.
    """
    found: dict[float, Shortfall] = {}
    for sides in (larger(block), smaller(block)):
        for side in sides:
            loss, number = dealt(side)
            if number < squares and side > block:
                break
            if number >= squares and loss < now:
                found[side] = loss
                if loss <= Shortfall(0, MOST_LEFT_OUT):
                    return side
    return min(found, key=lambda side: found[side], default=None)
