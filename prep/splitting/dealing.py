"""How a dataset is dealt out: its units, the split of each sample, and the buffer between splits on the ground."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import INDEX
from prep.dataset.index import BUFFER, SPLITS, Sample
from prep.geo.blocks import in_metres
from prep.splitting.assignment import TEST, Ratios, assign_units, beside_test, flat, with_test
from prep.splitting.balance import ClassPixels
from prep.splitting.buffer import MOST_LEFT_OUT, Shortfall, better_block, buffer_of, loss_of
from prep.splitting.grouping import BY_PLACE, group_samples, units_of

Units = Mapping[str, Sequence[Sample]]


@dataclass(frozen=True)
class Dealing:
    """What dealing out goes by, whatever the groups of the samples are.

    overwrite: whether splits that samples have are given up; what came as test with its labels stays there.
    """

    ratios: Ratios
    seed: int
    pixels: ClassPixels
    joined: Sequence[Sequence[str]]
    overwrite: bool

    def kept(self, sample: Sample) -> str:
        """The split that a sample has and keeps; "" if none."""
        if not self.overwrite:
            return sample.split
        return sample.source_split if sample.source_split in (TEST, BUFFER) else ""

    def units(self, samples: Sequence[Sample]) -> dict[str, list[Sample]]:
        """What is dealt out as a whole, by name: without those that stay in the buffer."""
        dealt = [replace(sample, split=self.kept(sample)) for sample in samples]
        dealt = [sample for sample in dealt if sample.split != BUFFER]
        known = {sample.stem for sample in dealt}
        return units_of(dealt, ([stem for stem in each if stem in known] for each in self.joined))

    def splits(self, units: Units) -> dict[str, str]:
        """The split of each of these samples, by stem."""
        return assign_units(units, self.pixels, beside_test(units, self.ratios), self.seed)

    def apart(self, samples: Sequence[Sample], units: Units, splits: Mapping[str, str]) -> dict[str, str]:
        """The same splits, with the buffer in place of those that lie next to another split on the ground."""
        kept = {sample.stem for sample in flat(list(units.values())) if sample.split}
        return {**splits, **dict.fromkeys(buffer_of(samples, splits, kept), BUFFER)}


def refuse_all_in_test(dataset: Dataset, units: Units) -> None:
    """Refuse groups that take everything into test, although not everything came so."""
    samples = flat(list(units.values()))
    if sum(sample.source_split == TEST for sample in samples) < len(samples) == with_test(units):
        raise SegError(
            f"{dataset.root}: all samples belong together with ones that came as test, as near-duplicates or in a "
            "group, and nothing is left for train; group otherwise (--group-by), or delete the column source_split of "
            f"{dataset.root / INDEX} to divide those, too"
        )


def dealt_apart(
    dataset: Dataset, dealing: Dealing, samples: Sequence[Sample], units: Units, block: float
) -> tuple[dict[str, str], float | None]:
    """Splits by squares of `block` metres, with the buffer between them, and the side of squares that suits better.

    That is None where a quarter is left out at most. Raises SegError where nothing would be left of a split.
    """
    splits = dealing.splits(units)
    apart = dealing.apart(samples, units, splits)
    names = [name for name, share in zip(SPLITS, dealing.ratios, strict=True) if share]
    new = {sample.stem for sample in flat(list(units.values())) if not sample.split}
    left_out = sum(apart[stem] == BUFFER for stem in new)
    emptied = [name for name in SPLITS if name in splits.values() and name not in apart.values()]
    if not new or (left_out <= MOST_LEFT_OUT * len(new) and all(name in apart.values() for name in names)):
        return apart, None
    anew = replace(dealing, overwrite=True)

    def dealt(side: float) -> tuple[Shortfall, int]:
        grouped = [sample for sample in group_samples(dataset, BY_PLACE, side) if sample.stem in dealing.pixels]
        others = anew.units(grouped)
        return loss_of(anew.apart(grouped, others, anew.splits(others)), names, dealing.pixels), len(others)

    better = better_block(block, loss_of(apart, names, dealing.pixels), len(names), dealt)
    if emptied:
        raise SegError(
            f"{dataset.root}: what lies next to another split on the ground is left out, and nothing remains of "
            f"{' and '.join(emptied)}; "
            + (
                f"type --block {in_metres(better)} instead of {in_metres(block)}"
                if better
                else "cut the rasters into smaller samples ('seg-prep tile --size'), or "
                + ("type --group-by group instead of" if any(each.group for each in dataset.samples) else "leave out")
                + " --group-by place and --block: neighbours come into different splits then"
            )
        )
    return apart, better
