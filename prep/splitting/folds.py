"""Deal samples out to the folds of a cross-validation."""

from collections.abc import Mapping, Sequence

from prep.core.errors import SegError
from prep.core.randomness import Stream
from prep.core.words import counted
from prep.dataset.index import SPLITS, Sample
from prep.splitting.balance import ClassPixels, groups_of
from prep.splitting.stratify import Bins, deal_out


def assign_folds(units: Mapping[str, Sequence[Sample]], pixels: ClassPixels, folds: int, seed: int) -> dict[str, int]:
    """Deal the samples that are not in test out to folds 0..K-1 of equal size, stratified and in whole units.

    Raises SegError if there are fewer units than folds.
    """
    usable = {name: members for name, members in sorted(units.items()) if members[0].split != SPLITS[2]}
    if len(usable) < folds:
        there = counted(len(usable), "sample or group is", "samples or groups are")
        raise SegError(
            f"--folds {folds}: only {there} outside test; choose fewer folds, or a smaller test share with --ratios"
        )
    number = sum(map(len, usable.values()))
    bins = Bins([number // folds + (fold < number % folds) for fold in range(folds)], [1.0] * folds)
    chosen = deal_out(groups_of(list(usable.values()), pixels), bins, Stream(seed, "folds", folds))
    return {
        sample.stem: fold for members, fold in zip(usable.values(), chosen.tolist(), strict=True) for sample in members
    }
