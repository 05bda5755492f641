"""Which fold each sample is in, and what the dataset is like for the training of one of them."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.progress import Progress, Say
from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import FOLDS
from prep.dataset.folds import read_folds
from prep.splitting.split import Dealt, deal_folds
from train.runs.fold_record import FoldRow


def fold_name(number: int) -> str:
    """The name of a fold, and of its run; they are counted from 1."""
    return f"fold{number}"


def choose_folds(dataset: Dataset, folds: int, seed: int, progress: Progress, say: Say) -> list[FoldRow]:
    """The fold of each sample of train and val: as folds.csv has it if it fits, else dealt out now.

    Raises SegError if there are fewer groups than folds, or if the others hold fewer than two classes without one.
    """
    dealt = deal_folds(dataset, folds, seed, progress=progress)
    path, chosen = dataset.root / FOLDS, dealt.folds
    if path.exists():
        known = read_folds(path)
        if _fits(known, dealt, folds):
            say(f"folds as in {path}")
            chosen = known
        else:
            say(f"{path} is of other samples or another number of folds; dealt out anew (seed {seed})")
    _need_classes(dataset, chosen, dealt.pixels, folds)
    return [FoldRow(stem, dealt.groups[stem], fold_name(number + 1)) for stem, number in sorted(chosen.items())]


def _need_classes(
    dataset: Dataset, chosen: Mapping[str, int], pixels: Mapping[str, NDArray[np.int64]], folds: int
) -> None:
    for number in range(folds):
        learned = sum(pixels[stem] for stem, own in chosen.items() if own != number)
        held = [name for name, count in zip(dataset.classes.names, np.asarray(learned), strict=True) if count]
        if len(held) < 2:
            raise SegError(
                f"{dataset.root}: without the images of {fold_name(number + 1)}, the masks hold "
                f"{f'only {held[0]}' if held else 'no class at all'}, and a model learns to tell classes apart; "
                f"label more: seg-prep annotate {dataset.root}"
            )


def _fits(known: Mapping[str, int], dealt: Dealt, folds: int) -> bool:
    """Whether folds are of these samples, of this number, and tear no group apart."""
    if known.keys() != dealt.folds.keys() or set(known.values()) != set(range(folds)):
        return False
    homes = {(dealt.groups[stem], number) for stem, number in known.items() if dealt.groups[stem]}
    return len(homes) == len({group for group, _ in homes})


def view_of(dataset: Dataset, table: Mapping[str, str], fold: str) -> Dataset:
    """The dataset for one training: the samples of other folds are in train, those of this one in test.

    The dataset's own test samples are in no split.  table: fold by stem.
    """
    splits = {stem: "test" if own == fold else "train" for stem, own in table.items()}
    return replace(
        dataset, samples=tuple(replace(sample, split=splits.get(sample.stem, "")) for sample in dataset.samples)
    )
