"""Images of another scale than the training's: what scores of them are scores of."""

from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from train.scoring.split_scores import require_same_classes, samples_of
from train.windows.predictor import Predictor


def other_scale(predictor: Predictor, dataset: Dataset, split: str) -> str:
    """How many images of a split are not labelled at their own size, in words; empty if all are.

    Raises SegError that names the first whose scale cannot be told.
    """
    require_same_classes(dataset, predictor.classes)
    samples, found = samples_of(dataset, split), []
    for sample in samples:
        try:
            if words := predictor.scale.words(sample.height, sample.width):
                found.append(words)
        except SegError as error:
            raise SegError(f"{dataset.root}: {sample.image}: {error}") from error
    if not found:
        return ""
    return f"{len(found):,} of {len(samples):,} images are of another scale than the training's, the first {found[0]}"
