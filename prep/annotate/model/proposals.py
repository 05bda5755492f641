"""Proposals made in the background while people label: one image at a time, the one that is open first."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from prep.annotate.background import Background
from prep.annotate.model.proposal_files import ProposalFiles, identity_of
from prep.annotate.model.proposer import Proposal, Proposer, class_lookup
from prep.annotate.model.uncertainty import uncertainty
from prep.annotate.store.store import AnnotationStore, ListedImage
from prep.core.errors import SegError
from prep.dataset.dataset_files import HIDDEN, INDEX
from prep.dataset.states import DONE, REJECTED
from prep.images.imageio import ImageRGB, read_image
from prep.web.guard import Refusal

Order = Literal["name", "uncertainty"]

PROPOSALS_FOLDER = "proposals"

_AHEAD = 10
"""In the order of names, so many images after the open one are looked at before anybody asks."""

_IDLE_S = 2.0
"""How often the list of images is read again: states change, and masks by which an image is less uncertain."""

_LAPSE_S = 2.0
"""An image that nobody has asked for again for so long is no longer open."""


class _Aside(Exception):  # no error
    """Ends the work on an image, because another one is wanted or everything ends."""


class Proposals:
    """The proposals of one model for one dataset; every method may be called from any thread.

    Raises SegError if model and dataset have no class in common.
    """

    def __init__(self, store: AnnotationStore, proposer: Proposer, order: Order = "name") -> None:
        class_lookup(proposer.classes, store.classes()[0].names)
        self.order: Order = order
        self._store = store
        self._proposer = proposer
        self._files = ProposalFiles(store.root / HIDDEN / PROPOSALS_FOLDER, proposer.key)
        self._background = Background(self._work, "proposals")
        self._open = ""
        self._asked: dict[str, float] = {}
        self._at_work: tuple[str, float] = ("", 0.0)
        self._failed: dict[str, str] = {}
        self._looked_at: dict[str, tuple[str | None, float]] = {}

    @property
    def name(self) -> str:
        """Name of the model."""
        return self._proposer.name

    @property
    def left_out(self) -> tuple[str, ...]:
        """Classes of the model that the dataset does not have: where it sees them, it proposes nothing."""
        known = self._store.classes()[0].names
        return tuple(name for name in self._proposer.classes if name not in known)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Look at images in the background; the end of the block waits for the windows that the model is computing."""
        with self._background.running():
            yield

    def proposal(self, stem: str) -> Proposal | float:
        """The proposal for an image, in class indices of the dataset; while there is none, the share that is done.

        The image then comes before all others. Raises SegError if the model could not label it, or if the dataset has
        none of its classes any longer; Refusal if there is no such image.
        """
        image = identity_of(self._store.photo_path(stem))
        lookup = class_lookup(self._proposer.classes, self._store.classes()[0].names)
        with self._background.news:
            self._open = stem
        found = self._files.read(stem, image)
        return Proposal(lookup[found.mask], found.confidence, found.entropy) if found else self._ask_for(stem)

    def uncertainty(self, stem: str) -> float | None:
        """How uncertain the model is of an image, 0..1; None if it has not looked at it."""
        with self._background.news:
            found = self._looked_at.get(stem)
        return found[1] if found else None

    def uncertainties(self) -> dict[str, float]:
        """Those of all images that it has looked at, by stem."""
        with self._background.news:
            return {stem: value for stem, (_, value) in self._looked_at.items()}

    def progress(self) -> tuple[int, int]:
        """How many of the images that are not finished were looked at, and how many there are."""
        waiting = {entry.stem for entry in self._store.entries() if not _is_finished(entry)}
        with self._background.news:
            seen = waiting & (self._looked_at.keys() | self._failed.keys())
        return len(seen), len(waiting)

    def _ask_for(self, stem: str) -> float:
        with self._background.news:
            if stem in self._failed:
                raise SegError(self._failed[stem])
            self._asked[stem] = time.monotonic()
            self._background.news.notify_all()
            at_work, share = self._at_work
        return share if at_work == stem else 0.0

    # The thread.

    def _work(self) -> None:
        while not self._background.is_stopping:
            found = False
            for stem in self._in_turn():
                found = True
                self._try(stem)
            if not found:
                with self._background.news:
                    self._background.news.wait_for(lambda: self._background.is_stopping or self._asked, _IDLE_S)

    def _in_turn(self) -> Iterator[str]:
        """Images to look at, until another one is opened or the list has to be read again."""
        try:
            ahead = iter(self._ahead())
        except SegError:  # index.csv is being written by somebody; the page tells if it stays damaged
            return
        opened, until = self._open, time.monotonic() + _IDLE_S
        while not self._background.is_stopping:
            if asked := self._asked_now():
                yield asked[0]
                return
            if self._open != opened or time.monotonic() > until or (stem := next(ahead, None)) is None:
                return
            yield stem

    def _asked_now(self) -> list[str]:
        """The images that somebody waits for, the one asked for last first: people leave images unseen."""
        with self._background.news:
            since = time.monotonic() - _LAPSE_S
            self._asked = {stem: asked for stem, asked in self._asked.items() if asked > since}
            return list(reversed(self._asked))

    def _ahead(self) -> list[str]:
        """The images to look at from the open one on, without those that are finished."""
        entries = self._store.entries()
        place = next((place for place, entry in enumerate(entries) if entry.stem == self._open), 0)
        waiting = [entry for entry in (*entries[place:], *entries[:place]) if not _is_finished(entry)]
        return [entry.stem for entry in waiting[: _AHEAD if self.order == "name" else None] if self._is_due(entry)]

    def _is_due(self, entry: ListedImage) -> bool:
        """Whether it was never looked at, or its mask has changed since; that of the open one changes all the time."""
        seen = self._looked_at.get(entry.stem)
        changed = seen is None or (entry.stem != self._open and seen[0] != entry.version)
        return changed and entry.stem not in self._failed

    def _try(self, stem: str) -> None:
        try:
            self._look_at(stem)
        except _Aside:
            return
        except (SegError, Refusal) as error:
            self._fail(stem, str(error))
        except Exception as error:  # one image must not end the others
            logging.getLogger(__name__).exception("The model failed on %s", stem)
            self._fail(stem, f"The model failed on this image: {error or type(error).__name__}")

    def _look_at(self, stem: str) -> None:
        image = identity_of(self._store.photo_path(stem))
        entropy = self._known_entropy(stem, image)
        if entropy is None:
            proposal = self._proposer(
                self._pixels(stem), lambda share: self._report(stem, share), self._store.sample(stem)
            )
            self._files.write(stem, image, proposal)
            entropy = proposal.entropy
        mask = self._store.mask(stem)
        with self._background.news:
            self._asked.pop(stem, None)
            self._looked_at[stem] = mask.version, uncertainty(entropy, mask.pixels)

    def _known_entropy(self, stem: str, image: str) -> NDArray[np.uint8] | None:
        """Of a proposal that was made already. One that somebody waits for is read whole: a part may be damaged."""
        if stem not in self._asked:
            return self._files.entropy(stem, image)
        found = self._files.read(stem, image)
        return found.entropy if found else None

    def _pixels(self, stem: str) -> ImageRGB:
        path, entry = self._store.photo_path(stem), self._store.entry(stem)
        image = read_image(path)
        if image.shape[:2] != (entry.height, entry.width):
            raise SegError(f"{path}: {image.shape[1]} x {image.shape[0]} pixels, not as {INDEX} says")
        return image

    def _report(self, stem: str, share: float) -> None:
        asked = self._asked_now()
        if self._background.is_stopping or (asked and stem not in asked):
            raise _Aside
        with self._background.news:
            self._at_work = stem, share

    def _fail(self, stem: str, words: str) -> None:
        with self._background.news:
            self._asked.pop(stem, None)
            self._failed[stem] = words


def _is_finished(entry: ListedImage) -> bool:
    return entry.state in (DONE, REJECTED)
