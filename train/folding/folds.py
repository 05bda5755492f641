"""Which fold each sample is in, and what the dataset is like for the training of one of them."""

import shlex
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.progress import Progress, Say
from prep.core.words import counted, verb
from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import FOLDS
from prep.dataset.folds import read_folds
from prep.dataset.index import BUFFER
from prep.geo.adjacency import sharing_ground
from prep.splitting.split import Dealt, deal_folds
from prep.splitting.way import usual_squares
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
    table = {stem: fold_name(number + 1) for stem, number in chosen.items()}
    if sharing := {stem for pair in sharing_ground(dataset.samples, table) for stem in pair}:
        number = len(sharing)
        say(
            f"{counted(number, 'sample')} {verb(number, 'shows', 'show')} ground that another fold shows, too, and "
            f"{verb(number, 'is', 'are')} not learned where that is scored"
        )
    for number in range(folds):
        _need_classes(dataset, view_of(dataset, table, fold_name(number + 1)), dealt.pixels, fold_name(number + 1))
    return [FoldRow(stem, dealt.groups[stem], fold_name(number + 1)) for stem, number in sorted(chosen.items())]


def _need_classes(dataset: Dataset, view: Dataset, pixels: Mapping[str, NDArray[np.int64]], fold: str) -> None:
    """view: the dataset for the training of this fold."""
    learned = [pixels[sample.stem] for sample in view.of_split("train")]
    if not learned:
        root = shlex.quote(str(dataset.root))
        raise SegError(
            f"{dataset.root}: all samples show ground that {fold} shows, too, and nothing is left to learn; "
            f"keep squares of the earth whole: seg-prep split {root} --group-by place --block "
            f"{usual_squares(dataset)} --overwrite"
        )
    held = [name for name, count in zip(dataset.classes.names, np.sum(learned, axis=0), strict=True) if count]
    if len(held) < 2:
        raise SegError(
            f"{dataset.root}: without the images of {fold}, the masks hold "
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

    The dataset's own test samples are in no split, nor are those of other folds that show ground which one of this fold
    shows, too: what is scored there would have been learned.  table: fold by stem.
    """
    splits = {stem: "test" if own == fold else "train" for stem, own in table.items()}
    shared = {stem for pair in sharing_ground(dataset.samples, splits) for stem in pair if splits[stem] == "train"}
    splits |= dict.fromkeys(shared, BUFFER)
    return replace(
        dataset, samples=tuple(replace(sample, split=splits.get(sample.stem, "")) for sample in dataset.samples)
    )
