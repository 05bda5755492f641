"""Proposals that follow the strokes: for the open photo at once, learnt from what was painted on it and on others."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from heapq import nlargest

import numpy as np
from numpy.typing import NDArray

from prep.annotate.access import inside
from prep.annotate.background import Background
from prep.annotate.learn.labeller import Labeller
from prep.annotate.learn.pieces import Pieces, pieces_in
from prep.annotate.learn.samples import Samples, samples_of_photo
from prep.annotate.model.proposal_files import identity_of
from prep.annotate.store.store import AnnotationStore, ListedImage
from prep.annotate.store.versions import NO_FILE, FileStamp, stamp_of
from prep.core.cache import Cache
from prep.core.errors import SegError
from prep.core.files import explained, open_to_read
from prep.dataset.states import DONE, REJECTED, mask_name
from prep.images.imageio import is_jpeg
from prep.web.guard import Refusal

MAX_LEARNT_MEGAPIXELS = 100
"""Of images that cannot be decoded smaller, as JPEGs can."""

MOST_OTHER_PHOTOS = 24
"""Photos that are learnt from beside the open one: those that were labelled last."""

_KEPT = 4
"""Photos whose pieces are in memory: 10 MB each."""

_PATIENCE = 0.25
"""Seconds that a question waits for the pieces of a photo before the page is told to ask again."""

_UNSURE = 10
"""Percent of the photo that are marked as least sure, unless the trees are surer of them than _SURE percent."""
_SURE = 60

_Key = tuple[str, FileStamp | None, str]
"""What samples were taken of: image file, mask file, classes."""


_Wanted = tuple[str, str]
"""The photo that is open, and the version of the classes."""


@dataclass(frozen=True)
class LearntProposal:
    """What is proposed for a photo, on a smaller copy of it; (h, w) uint8 each.

    mask: class indices of the dataset.  confidence: in percent.  unsure: percent below which it is least sure.
    complete: whether all photos are learnt from that should be; else ask again.
    """

    mask: NDArray[np.uint8]
    confidence: NDArray[np.uint8]
    unsure: int
    complete: bool


class Learner:
    """Learns from the strokes of a dataset; every method may be called from any thread.

    It takes no time and no memory until somebody asks for a proposal.
    """

    def __init__(self, store: AnnotationStore) -> None:
        self._store = store
        self._pieces: Cache[tuple[str, str], Pieces] = Cache(_KEPT)
        self._samples: dict[str, tuple[_Key, Samples]] = {}
        self._background = Background(self._work, "learner")
        self._labeller, self._learning = Labeller(), threading.Lock()
        self._open: _Wanted | None = None
        self._complete: _Wanted | None = None

    @contextmanager
    def working(self) -> Iterator[None]:
        """Look at other photos in the background; the end of the block waits for the one at work."""
        with self._background.running():
            yield

    def proposal(self, stem: str) -> LearntProposal | str:
        """The proposal for an image, by its mask as it is saved.

        "computing" while it is not ready; "nothing" before two classes are painted.
        Raises Refusal (404, 413) for an unknown image and one that is too large, SegError if a file cannot be read.
        """
        path = self._store.photo_path(stem)
        with self._background.news:
            self._open = stem, self._store.classes()[1]
            self._background.news.notify_all()
        pieces = self._pieces.ask((stem, identity_of(path)), partial(self._find_pieces, stem), _PATIENCE)
        if pieces is None:
            return "computing"
        with self._learning:  # one at a time: each takes all cores there are
            own, version = self._taken(stem, pieces)
            others, complete = self._others(stem, version)
            labels = self._labeller(pieces, own, others)
            if labels is None:
                return "nothing" if complete else "computing"
            return _laid_out(pieces, *labels, complete)

    def _taken(self, stem: str, pieces: Pieces) -> tuple[Samples, str]:
        """What is painted on a photo now, kept for when another one is open, and the version of the classes."""
        key = self._key(stem)  # before the mask is read: if it changes meanwhile, it is looked at again
        with self._store.reading():  # mask and classes fit each other
            by_hand, (classes, version) = self._store.by_hand(stem), self._store.classes()
        own = samples_of_photo(pieces, by_hand, len(classes), stem)
        with self._background.news:
            self._samples[stem] = key, own
        return own, version

    def _others(self, stem: str, version: str) -> tuple[list[Samples], bool]:
        """Samples of other photos in the order of their names, and whether these are all."""
        with self._background.news:
            known, is_complete = sorted(self._samples.items()), self._complete == (stem, version)
        found = [(other, part) for other, (key, part) in known if other != stem and key[2] == version and len(part)]
        return [part for other, part in found if not self._is_rejected(other)], is_complete

    def _is_rejected(self, stem: str) -> bool:
        """Whether a photo is rejected by now, or is no more: this one may stay open for long."""
        with suppress(Refusal):
            return self._store.entry(stem).state == REJECTED
        return True

    def _key(self, stem: str) -> _Key:
        mask = inside(self._store.root, mask_name(self._store.sample(stem)))
        return identity_of(self._store.photo_path(stem)), stamp_of(mask), self._store.classes()[1]

    def _find_pieces(self, stem: str) -> Pieces:
        path, sample = self._store.photo_path(stem), self._store.sample(stem)
        with explained(path), open_to_read(path) as file:
            scalable = is_jpeg(file.read(4))
        if not scalable and sample.width * sample.height > MAX_LEARNT_MEGAPIXELS * 1e6:
            raise Refusal(
                413, f"Learning works on PNG images of up to {MAX_LEARNT_MEGAPIXELS} megapixels, and on all JPEGs."
            )
        return pieces_in(path, sample.width, sample.height)

    # The thread.

    def _work(self) -> None:
        wanted: _Wanted | None = None
        while True:
            with self._background.news:
                while not self._background.is_stopping and self._open == wanted:
                    self._background.news.wait()
                wanted = self._open
            if self._background.is_stopping or wanted is None:
                return
            for job in self._jobs(wanted):
                if self._background.is_stopping or self._open != wanted:
                    break
                self._try(job)

    def _try(self, job: Callable[[], object]) -> None:
        try:
            job()
        except (SegError, Refusal):
            pass  # whoever opens this image is told
        except Exception:  # one image must not end the others
            logging.getLogger(__name__).exception("Learning failed on an image")

    def _jobs(self, wanted: _Wanted) -> Iterator[Callable[[], object]]:
        """Pieces of the open photo, samples of others, those labelled last first, pieces of the next photo."""
        opened = wanted[0]
        yield partial(self._pieces_of, opened)
        try:
            entries = self._store.entries()
        except SegError:  # index.csv is being written by somebody; the page tells if it stays damaged
            return
        others = self._painted(entries, opened)
        with self._background.news:
            self._samples = {stem: kept for stem, kept in self._samples.items() if stem in {*others, opened}}
        for stem in others:
            yield partial(self._look_at, stem)
        self._complete = wanted
        if (following := _next(entries, opened)) is not None:
            yield partial(self._pieces_of, following)

    def _pieces_of(self, stem: str) -> Pieces:
        key = stem, identity_of(self._store.photo_path(stem))
        return self._pieces.get(key, partial(self._find_pieces, stem))

    def _painted(self, entries: Sequence[ListedImage], opened: str) -> list[str]:
        """The photos to learn from beside the open one: those whose masks changed last."""
        found: list[tuple[int, str]] = []
        for entry in entries:
            if entry.stem == opened or entry.state == REJECTED or entry.labelled == 0 or entry.version == NO_FILE:
                continue
            with suppress(SegError, Refusal):  # an index of others may name what is not in the dataset
                stamp = self._key(entry.stem)[1]
                found.append((stamp[1] if stamp else 0, entry.stem))
        return [stem for _, stem in nlargest(MOST_OTHER_PHOTOS, found)]

    def _look_at(self, stem: str) -> None:
        """Take the samples of a photo, unless they are known; its pieces are not worth keeping."""
        key = self._key(stem)
        with self._background.news:
            known = self._samples.get(stem)
        if known is None or known[0] != key:
            self._taken(stem, self._find_pieces(stem))


def _laid_out(
    pieces: Pieces, classes: NDArray[np.uint8], confidence: NDArray[np.uint8], complete: bool
) -> LearntProposal:
    """The class and the confidence of each piece, pixel by pixel."""
    unsure = min(_SURE, int(np.percentile(confidence, _UNSURE)))
    return LearntProposal(classes.take(pieces.labels), confidence.take(pieces.labels), unsure, complete)


def _next(entries: Sequence[ListedImage], opened: str) -> str | None:
    """The unfinished photo after the open one, in the order of the names."""
    return next((entry.stem for entry in entries if entry.stem > opened and entry.state not in (DONE, REJECTED)), None)
