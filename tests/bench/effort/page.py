"""The page's own store, learner and objects, on a copy of photos without their masks."""

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from prep.annotate.learn.labeller import Labeller
from prep.annotate.learn.learner import MOST_OTHER_PHOTOS, Learner, LearntProposal
from prep.annotate.learn.pieces import Pieces, pieces_in
from prep.annotate.learn.samples import Samples, samples_of_photo
from prep.annotate.regions.spans import mask_of
from prep.annotate.sam.encodings import Encodings
from prep.annotate.sam.files import find_sam_files
from prep.annotate.sam.model import Sam
from prep.annotate.sam.objects import Found, Objects
from prep.annotate.store.store import AnnotationStore
from prep.core.classes import read_classes, write_classes
from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample, write_index
from prep.images.imageio import read_mask
from tests.bench.effort.regions import Area, Mask, classes_of
from tests.support import wait_until

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Photo:
    """A photo with the mask (H, W) that the robot is to reach."""

    stem: str
    image: Path
    truth: Mask


def photos_of(dataset: Path, number: int) -> list[Photo]:
    """So many photos that have a class in their mask, evenly from all, in their order; SegError if there is none."""
    samples = [sample for sample in Dataset.open(dataset).samples if sample.image and sample.mask]
    step = max(1, len(samples) // number)
    found: list[Photo] = []
    for sample in [*samples[::step], *(each for place, each in enumerate(samples) if place % step)]:
        truth = read_mask(dataset / sample.mask)
        if len(classes_of(truth)):
            found.append(Photo(sample.stem, dataset / sample.image, truth))
        if len(found) == number:
            break
    if not found:
        raise SegError(f"{dataset}: no mask with a class in it; the robot needs photos whose masks are known")
    return sorted(found, key=lambda photo: photo.stem)


class Page:
    """What a person does on the page, without a browser."""

    def __init__(self, store: AnnotationStore, learner: Learner | None, objects: Objects | None) -> None:
        self._store, self._learner, self._objects = store, learner, objects
        self._open: tuple[str, Pieces] | None = None
        self._others: dict[str, Samples] = {}
        self._labeller = Labeller()

    @property
    def learns(self) -> bool:
        """Whether learning is on."""
        return self._learner is not None

    def proposal(self, stem: str, by_hand: Mask) -> Mask | None:
        """What the page would propose (H, W) were this painted (H, W); None before two classes are.

        Nothing is saved: the robot tries gestures before it makes one.
        """
        pieces, own = self._learnt_from(stem, by_hand)
        labels = self._labeller(pieces, own, [self._others[other] for other in sorted(self._others)])
        return None if labels is None else _in_size(labels[0][pieces.labels], by_hand.shape)

    def leave(self, stem: str, by_hand: Mask) -> None:
        """Save what was painted by hand, which later photos learn from; the page must propose what was tried."""
        body = struct.pack("<4I", 0, 0, by_hand.shape[1], by_hand.shape[0]) + by_hand.tobytes()
        version = self._store.mask(stem).version
        self._store.save(stem, body, base=version, save=version, classes_version=self._store.classes()[1])
        tried, shown = self.proposal(stem, by_hand), self._shown(stem, by_hand.shape)
        same = shown is None if tried is None else shown is not None and np.array_equal(tried, shown)
        assert same, f"{stem}: the page proposes something else than what was tried"
        self._others = dict([*self._others.items(), (stem, self._learnt_from(stem, by_hand)[1])][-MOST_OTHER_PHOTOS:])

    def _learnt_from(self, stem: str, by_hand: Mask) -> tuple[Pieces, Samples]:
        if self._open is None or self._open[0] != stem:
            self._open = stem, pieces_in(self._store.photo_path(stem), by_hand.shape[1], by_hand.shape[0])
        pieces = self._open[1]
        return pieces, samples_of_photo(pieces, by_hand, len(self._store.classes()[0]), stem)

    def _shown(self, stem: str, shape: tuple[int, ...]) -> Mask | None:
        """What the page shows, in the size of the photo; None before two classes are painted."""
        assert self._learner is not None
        learner = self._learner

        def finished() -> LearntProposal | str | None:
            answer = learner.proposal(stem)
            return answer if answer == "nothing" or (isinstance(answer, LearntProposal) and answer.complete) else None

        found = _waited_for(finished)
        return _in_size(found.mask, shape) if isinstance(found, LearntProposal) else None

    def object(self, stem: str, shape: tuple[int, ...], steps: str) -> Area:
        """The object (H, W) at these steps."""
        assert self._objects is not None
        objects = self._objects

        def found() -> Found | None:
            return objects.find(stem, steps, None)

        return mask_of(_waited_for(found).object, shape[0], shape[1])


def _in_size(mask: Mask, shape: tuple[int, ...]) -> Mask:
    return np.asarray(cv2.resize(mask, shape[::-1], interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)


def _waited_for(ask: Callable[[], _Answer | None]) -> _Answer:
    """The answer once there is one; the page asks again and again, too."""
    answers: list[_Answer] = []

    def there() -> bool:
        answer = ask()
        answers.extend([] if answer is None else [answer])
        return bool(answers)

    wait_until(there)
    return answers[0]


@contextmanager
def opened(dataset: Path, photos: Sequence[Photo], folder: Path, *, learns: bool, sam: Path | None) -> Iterator[Page]:
    """The page of a copy of these photos that has no masks."""
    (folder / "images").mkdir(parents=True)
    rows = []
    for photo in photos:
        (folder / "images" / photo.image.name).write_bytes(photo.image.read_bytes())
        height, width = photo.truth.shape
        rows.append(Sample(photo.stem, f"images/{photo.image.name}", "", width, height))
    write_index(folder / "index.csv", rows)
    write_classes(folder / "classes.json", read_classes(dataset / "classes.json"))
    store = AnnotationStore(folder)
    with ExitStack() as working:
        learner = Learner(store) if learns else None
        if learner is not None:
            working.enter_context(learner.working())
        objects = Objects(store, Encodings(store, Sam(find_sam_files([sam])))) if sam is not None else None
        if objects is not None:
            working.enter_context(objects.encodings.working())
        yield Page(store, learner, objects)
