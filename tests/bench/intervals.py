"""How often a 95 % interval holds the true score: ours, plain percentiles, BCa; and groups against images.

    python -m tests.bench.intervals

Images are drawn from a made-up population whose scores are known; a method is right that says 95 %.
"""

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from train.scoring.intervals import bootstrap_intervals, resample
from train.scoring.metrics import summarize

TRIALS = 1000
PIXELS = 80_000


def statistic(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """(..., 15) sums of three classes -> (..., 3): mean IoU, IoU of the rare class, pixel accuracy."""
    scores = summarize(sums.reshape(*sums.shape[:-1], 3, 5))  # type: ignore[arg-type]  # whole numbers as floats
    return np.stack([scores.mean_iou, scores.iou[..., 2], scores.pixel_accuracy], axis=-1)


def draw(random: np.random.Generator, groups: int, each: int, together: float) -> NDArray[np.float64]:
    """(groups * each, 15) counts of images: background, a common and a rare class that a third of them lack.

    together: how much of an image's difficulty it shares with its group, 0..1.
    """
    shared = np.repeat(random.normal(size=groups), each)
    difficulty = np.sqrt(together) * shared + np.sqrt(1 - together) * random.normal(size=groups * each)
    rare = np.exp(random.normal(np.log(0.01), 1, groups * each)) * (random.random(groups * each) > 1 / 3)
    sizes = np.stack([np.ones_like(rare), np.full_like(rare, 0.2), rare], axis=1)
    true = np.round(PIXELS * sizes / sizes.sum(axis=1, keepdims=True))
    found = 1 / (1 + np.exp(-np.array([4.5, 2.5, 1.5]) + 1.0 * difficulty[:, None]))
    right = np.round(true * found)
    missed = true - right
    guessed = right + np.stack([missed[:, 1] + missed[:, 2], missed[:, 0] * 0.7, missed[:, 0] * 0.3], axis=1)
    counts = np.stack([right, true, guessed, right, true], axis=2)
    return counts.reshape(len(counts), -1)


def bca(
    estimate: NDArray[np.float64], replicates: NDArray[np.float64], jackknife: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(K, 2) bias-corrected and accelerated intervals: Efron 1987, https://doi.org/10.1080/01621459.1987.10478410."""
    below = np.mean(replicates < estimate, axis=0) + np.mean(replicates == estimate, axis=0) / 2
    bias = ndtri(np.clip(below, 0.5 / len(replicates), 1 - 0.5 / len(replicates)))
    away = np.nanmean(jackknife, axis=0) - jackknife
    spread = np.nansum(away**2, axis=0) ** 1.5
    acceleration = np.divide(np.nansum(away**3, axis=0), 6 * spread, out=np.zeros_like(spread), where=spread > 0)
    tails = bias[:, None] + ndtri([0.025, 0.975])
    levels = ndtr(np.nan_to_num(bias[:, None] + tails / (1 - acceleration[:, None] * tails)))
    return np.stack([np.nanquantile(column, level) for column, level in zip(replicates.T, levels, strict=True)])


def coverage(groups: int, each: int, together: float, by_group: bool) -> dict[str, NDArray[np.float64]]:
    """Share of the trials whose interval holds the truth, and mean width, for each method: (3, 2)."""
    truth = statistic(draw(np.random.default_rng(0), 200_000 // each, each, together).sum(axis=0))
    hits: dict[str, list[NDArray[np.float64]]] = {"percentile": [], "BCa": [], "ours": []}
    warnings.simplefilter("ignore")  # few images may lack the rare class in every replicate
    for trial in range(TRIALS):
        units = draw(np.random.default_rng([1, trial]), groups, each, together)
        if by_group:
            units = units.reshape(groups, each, -1).sum(axis=1)
        values = statistic(resample(units, trial))
        ways = {
            "percentile": np.nanquantile(values, [0.025, 0.975], axis=0).T,
            "BCa": bca(statistic(units.sum(axis=0)), values, statistic(units.sum(axis=0) - units)),
            "ours": bootstrap_intervals(units, statistic, trial),
        }
        for name, found in ways.items():
            inside = np.where(np.isnan(found[:, 0]), np.nan, (found[:, 0] <= truth) & (truth <= found[:, 1]))
            hits[name].append(np.stack([inside, found[:, 1] - found[:, 0]], axis=1))
    return {name: np.nanmean(each, axis=0) for name, each in hits.items()}


def main() -> None:
    """Print one line for each size of a split."""
    print("units            method      mean IoU       rare class     pixel accuracy   (coverage, mean width)")
    for groups, each, together, by_group in (
        (5, 1, 0.0, False), (10, 1, 0.0, False), (20, 1, 0.0, False), (50, 1, 0.0, False), (200, 1, 0.0, False),
        (20, 5, 0.8, False), (20, 5, 0.8, True),
    ):  # fmt: skip
        label = f"{groups} images" if each == 1 else f"{groups} x {each}, {'groups' if by_group else 'images'}"
        for name, found in coverage(groups, each, together, by_group).items():
            cells = "    ".join(f"{hit:6.1%} {width:.3f}" for hit, width in found)
            print(f"{label:16s} {name:10s} {cells}", flush=True)


if __name__ == "__main__":
    main()
