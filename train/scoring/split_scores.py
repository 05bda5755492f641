"""Label the images of a split and count, of each and of all together, where prediction and truth meet."""

import math
import zlib
from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from prep.core.cluster.crews import cluster_at_hand
from prep.core.errors import SegError
from prep.core.failures import Failures
from prep.core.progress import Progress, silent
from prep.dataset.damaged import leave_out
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from prep.dataset.snapshot import Snapshot
from prep.images.imageio import IndexMask
from prep.packing.streamed import need_samples_here
from prep.photos.rendering import need_bands
from train.runs.remote import RemoteModel
from train.scoring.boundary import boundary_counts
from train.scoring.grounded import Grounded
from train.scoring.metrics import (
    Confusion,
    Counts,
    Scores,
    Summary,
    confusion_matrix,
    counts_of,
    mean_without_nan,
    scores_of,
    summarize,
)
from train.scoring.remote_counts import compressed_mask, count_remotely, pack_remotely
from train.windows.predictor import Predictor

SHOWN = 12
"""The predicted masks of so many of the worst and of the best images are kept, to be shown."""

_SCORE = "no scores were written, 'seg-train score' makes them"

NO_TEST_IMAGE = (
    "no image of test could be read, so there is no score of them; 'seg-train score' makes it once they can be"
)


@dataclass(frozen=True)
class ImageScore:
    """Scores of one image.  counts: (C, 5)."""

    sample: Sample
    counts: Counts
    scores: Scores


@dataclass(frozen=True)
class SplitScores:
    """Scores of a split: of all its pixels together, and of each image, the worst first.

    guesses: predicted masks of the worst and best images, compressed, by stem.
    problems: by stem, why an image was left out.
    before: the images and masks as they were when this began; None for scores that were read.
    """

    split: str
    confusion: Confusion
    scores: Scores
    images: tuple[ImageScore, ...]
    guesses: Mapping[str, bytes]
    problems: Mapping[str, str] = field(default_factory=dict)
    before: Snapshot | None = field(default=None, compare=False, repr=False)

    @property
    def changed(self) -> list[str]:
        """Stems of the images that were changed, or their masks, since they were scored."""
        changes = {} if self.before is None else self.before.changes()
        return [stem for stem in changes if stem not in self.problems]

    @property
    def summary(self) -> Summary:
        """The scores that get an interval."""
        return summarize(np.sum([image.counts for image in self.images], axis=0))

    @property
    def mean_of_images(self) -> float:
        """Mean of the images' own mean IoU."""
        return mean_without_nan(np.array([image.scores.mean_iou for image in self.images]))

    def guess(self, image: ImageScore) -> IndexMask:
        """The predicted mask (H, W) of one of the `SHOWN` worst or best images."""
        pixels = np.frombuffer(zlib.decompress(self.guesses[image.sample.stem]), np.uint8)
        return pixels.reshape(image.sample.height, image.sample.width)


def require_same_kind(dataset: Dataset, predictor: Predictor) -> None:
    """Raise SegError if the dataset has other classes than the model knows, or images made of other bands."""
    known, bands = predictor.classes, predictor.rendering.bands
    if dataset.classes.names != known.names:
        has = f"has the classes {', '.join(dataset.classes.names)}" if dataset.classes.names else "has no masks yet"
        raise SegError(f"{dataset.root}: {has}, but the model knows {', '.join(known.names)}")
    need_bands(dataset.root, bands)


def score_split(
    predictor: Predictor, dataset: Dataset, split: str, progress: Progress = silent, remote: RemoteModel | None = None,
    failures: Failures | None = None,
) -> SplitScores:  # fmt: skip
    """Label every image of a split ("all": of every split) and compare with its mask.

    One image and its masks are held at a time.  remote: the same model, for the cluster that is at hand, if one is.
    failures: of the images with a damaged file, which are left out; without it, the first is a SegError.
    Images that were changed before they were read are left out likewise: the scores are of the dataset as it was.
    Raises SegError if the split is empty, or if the dataset has other classes than the model.
    """
    require_same_kind(dataset, predictor)
    samples = samples_of(dataset, split)
    before = Snapshot(dataset, samples, _SCORE)
    grounded, number = Grounded(predictor, samples), len(dataset.classes)
    if remote is not None and cluster_at_hand() is not None:
        return _score_remotely(remote, dataset, split, before, grounded, progress, failures)
    total = np.zeros((number, number), np.int64)
    images: list[ImageScore] = []
    shown, problems = _Shown(), dict[str, str]()
    for done, sample in enumerate(samples, start=1):
        try:
            guess = grounded.of(sample)(dataset.image(sample))  # the image is gone before the mask comes
            truth = dataset.mask(sample)
            before.need_same(done - 1)
        except SegError as error:
            if failures is None:
                raise
            problems[sample.stem] = str(error)
            continue
        confusion = confusion_matrix(truth, guess, number)
        total += confusion
        counts = counts_of(confusion, boundary_counts(truth, guess, number))
        images.append(ImageScore(sample, counts, scores_of(confusion)))
        shown.add(images[-1], guess)
        progress(done, len(samples))
    leave_out(problems, len(samples), dataset, failures)
    return SplitScores(
        split, total, scores_of(total), tuple(sorted(images, key=badness)), shown.guesses, problems, before
    )


def _score_remotely(
    model: RemoteModel, dataset: Dataset, split: str, before: Snapshot, grounded: Grounded,
    progress: Progress, failures: Failures | None,
) -> SplitScores:  # fmt: skip
    """The same by a cluster: only the images that are shown are labelled twice, so that no other mask travels."""
    samples = before.samples
    tried = list(zip(samples, count_remotely(model, dataset, samples, grounded, progress), strict=True))
    problems = {sample.stem: one.problem for sample, one in tried if one.problem} | before.changes()
    leave_out(problems, len(samples), dataset, failures)
    found = [(sample, *one.result) for sample, one in tried if one.result and sample.stem not in problems]
    total = np.sum([confusion for _, confusion, _ in found], axis=0)
    scored = [ImageScore(sample, counts, scores_of(confusion)) for sample, confusion, counts in found]
    scores = SplitScores(split, total, scores_of(total), tuple(sorted(scored, key=badness)), {}, problems, before)
    worst, best = worst_and_best(scores, SHOWN)
    shown = [image.sample for image in (*worst, *best)]
    return replace(scores, guesses=pack_remotely(model, dataset, shown, grounded))


def of_splits(scored: SplitScores, dataset: Dataset, name: str) -> SplitScores:
    """The same scores with the samples as the dataset has them, under another name than that of a split."""
    samples = {sample.stem: sample for sample in dataset.samples}
    images = tuple(replace(image, sample=samples[image.sample.stem]) for image in scored.images)
    return replace(scored, split=name, images=images)


def samples_of(dataset: Dataset, split: str) -> list[Sample]:
    """The labelled samples of a split, or of "all"; SegError if there are none, or if they lie in shards elsewhere."""
    samples = dataset.of_split() if split == "all" else dataset.of_split(split)
    if not samples:
        raise SegError(f"{dataset.root}: no labelled samples in {split}; {_remedy(dataset)}")
    need_samples_here(dataset, samples, "and name that folder as DATASET")
    return samples


def _remedy(dataset: Dataset) -> str:
    if any(sample.split for sample in dataset.samples):
        return "choose another --split"
    return "it is not split: add --split all, if the model has learned none of its images"


def worst_and_best(scored: SplitScores, number: int) -> tuple[list[ImageScore], list[ImageScore]]:
    """At most `number` of the worst images, the worst first, and of the best, the best first; none in both."""
    defined = [image for image in scored.images if not np.isnan(image.scores.mean_iou)]
    return defined[:number], defined[number:][-number:][::-1]


class _Shown:
    """The predicted masks of the `SHOWN` worst and the `SHOWN` best images, while images come one after the other."""

    def __init__(self) -> None:
        self.guesses: dict[str, bytes] = {}
        self._images: list[ImageScore] = []

    def add(self, image: ImageScore, guess: IndexMask) -> None:
        """Keep the mask if this is one of them; it takes the place of one that is in the middle now."""
        if math.isnan(image.scores.mean_iou):
            return
        insort(self._images, image, key=badness)
        middle = self._images.pop(SHOWN) if len(self._images) > 2 * SHOWN else None
        if image is not middle:
            self.guesses[image.sample.stem] = compressed_mask(guess)
        if middle is not None:
            self.guesses.pop(middle.sample.stem, None)


def badness(image: ImageScore) -> tuple[float, str]:
    """Sorts the worst images first; those without a score last."""
    iou = image.scores.mean_iou
    return 2.0 if math.isnan(iou) else iou, image.sample.stem
