"""counts.npz: what is right and wrong in each image that a fold has not learned, to be scored all together."""

import io
from collections.abc import Collection, Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from prep.core.errors import SegError
from prep.core.files import read_bytes, write_bytes
from prep.dataset.dataset import Dataset
from train.runs.run_files import FOLD_COUNTS
from train.scoring.metrics import scores_of, scores_of_counts
from train.scoring.split_scores import ImageScore, SplitScores, badness


def write_counts(run: Path, scored: SplitScores) -> None:
    """Write the counts of a fold, whole or not at all: with them, its training is over."""
    images = sorted(scored.images, key=lambda image: image.sample.stem)
    buffer = io.BytesIO()
    np.savez(
        buffer,
        stems=np.array([image.sample.stem for image in images]),
        counts=np.stack([image.counts for image in images]),
        confusion=scored.confusion,
    )
    write_bytes(run / FOLD_COUNTS, buffer.getvalue())


def read_counts(run: Path, dataset: Dataset, stems: Collection[str]) -> SplitScores:
    """The scores of a fold, of the samples of these stems; SegError if the file is damaged, or of others."""
    path, classes = run / FOLD_COUNTS, len(dataset.classes)
    samples = {sample.stem: sample for sample in dataset.of_split("train", "val") if sample.stem in stems}
    try:
        with np.load(io.BytesIO(read_bytes(path)), allow_pickle=False) as file:
            found, counts, confusion = file["stems"].tolist(), file["counts"], file["confusion"]
        if (confusion.shape, counts.shape) != ((classes, classes), (len(samples), classes, 5)):
            raise ValueError("of other classes or samples")
        if not counts.dtype == confusion.dtype == np.int64:
            raise ValueError("of other numbers")
        images = [
            ImageScore(samples[stem], own, scores_of_counts(own)) for stem, own in zip(found, counts, strict=True)
        ]
    except (ValueError, KeyError, OSError, EOFError, BadZipFile) as error:
        raise SegError(
            f"{path}: damaged, or of another dataset ({error}); remove it, and 'seg-train --resume {run.parent}' "
            "scores this fold again"
        ) from error
    return SplitScores(run.name, confusion, scores_of(confusion), tuple(sorted(images, key=badness)), {})


def pooled(folds: Sequence[SplitScores]) -> SplitScores:
    """The scores of all images together, each by the model of the fold that has not learned it."""
    confusion = np.sum([fold.confusion for fold in folds], axis=0)
    images = sorted((image for fold in folds for image in fold.images), key=badness)
    return SplitScores("folds", confusion, scores_of(confusion), tuple(images), {})
