"""Images of another scale than the training's: what scores of them are scores of."""

from collections.abc import Sequence

from prep.core.errors import SegError
from prep.core.words import counted, verb
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from prep.geo.extra import INSTALL_GEO, has_geo
from train.runs.checkpoint import ModelCard
from train.scoring.grounded import Grounded
from train.scoring.split_scores import require_same_kind, samples_of
from train.windows.predictor import Predictor


def other_scale(predictor: Predictor, dataset: Dataset, split: str) -> str:
    """How many images of a split are not labelled at their own size, in words; empty if all are.

    Raises SegError that names the first whose scale cannot be told.
    """
    require_same_kind(dataset, predictor)
    return scale_words(predictor, dataset, samples_of(dataset, split))


def seen_smaller(cards: Sequence[ModelCard], own: Sequence[bool]) -> bool:
    """Whether these are images of the trainings themselves, whose networks saw them smaller, too (`--image-size`)."""
    return all(own) and all(card.config.image_size is not None for card in cards)


def scale_words(predictor: Predictor, dataset: Dataset, samples: Sequence[Sample]) -> str:
    """The same of any samples, and how many are labelled as they are because nobody knows their metres a pixel."""
    found, unknown, grounded = list[str](), 0, Grounded(predictor, samples)
    for sample in samples:
        scale = grounded.of(sample).scale
        try:
            if words := scale.words(sample.height, sample.width):
                found.append(words)
        except SegError as error:
            raise SegError(f"{dataset.root}: {sample.image}: {error}") from error
        unknown += scale.ground is not None and scale.pixel is None
    texts = []
    if found:
        several = f"{len(found):,} of {counted(len(samples), 'image')}"
        texts.append(
            f"{several} {verb(len(found), 'is', 'are')} of another scale than the training's, the first {found[0]}"
        )
    if unknown:
        why = "" if has_geo() else f" ({grounded.placed:,} have a place, which needs {INSTALL_GEO})"
        texts.append(f"metres a pixel of {counted(unknown, 'image')} unknown{why}, labelled as they are")
    return "; ".join(texts)
