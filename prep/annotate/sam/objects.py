"""Objects that a person points at, in the photos of a dataset."""

import threading
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.annotate.regions.spans import Spans, spans_of
from prep.annotate.sam.encodings import Encodings
from prep.annotate.sam.frame import PaddedFrame
from prep.annotate.sam.model import Answer, Embedding
from prep.annotate.sam.prompt import Prompt, parse, points_of
from prep.annotate.store.store import AnnotationStore
from prep.core.cache import Cache

_KEPT = 32
"""Answers in memory, 256 KB each or 4 MB: with them, a click asks the decoder once, and taking one back never."""


@dataclass(frozen=True)
class Found:
    """object: spans of what was pointed at.  removed: of the region that was corrected, what is no longer in it."""

    object: Spans
    removed: Spans


@dataclass(frozen=True)
class _Question:
    """All that an answer depends on: the same question has the same answer, whichever page asks it."""

    stem: str
    image: str
    mask: str
    value: int | None
    prompt: Prompt


class Objects:
    """Answers clicks; every method may be called from any thread."""

    def __init__(self, store: AnnotationStore, encodings: Encodings) -> None:
        self.encodings = encodings
        self._store = store
        self._answers: Cache[_Question, Answer] = Cache(_KEPT)
        self._asking = threading.Lock()

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.encodings.sam.name

    def find(self, stem: str, steps: str, value: int | None) -> Found | None:
        """The object at these steps in an image; None while the photo is being encoded: ask again.

        value: a class; where the first click is on it in the mask as it is saved, the region around is corrected: it
        is what the network is told to begin with.
        Raises Refusal (400, 404) for wrong steps and images, SegError if a file fails.
        """
        sample = self._store.sample(stem)
        prompt = parse(steps, sample.width, sample.height)
        known = self.encodings.embedding(stem)
        if known is None:
            return None
        image, embedding = known
        frame = self.encodings.sam.frame(sample.width, sample.height)
        start, version = self._start(stem, prompt, value)
        question = _Question(stem, image, version, value if start is not None else None, prompt)
        with self._asking:  # one at a time: each takes all cores there are
            answer = self._answer(question, embedding, frame, start)
        return _told(frame, answer, start)

    def _start(self, stem: str, prompt: Prompt, value: int | None) -> tuple[NDArray[np.bool_] | None, str]:
        """The region of a class that the first click is on, None if it is on none; the version of that mask."""
        if value is None or prompt[0].kind == "box":
            return None, ""
        mask = self._store.mask(stem)
        height, width = mask.pixels.shape
        x, y = prompt[0].numbers
        column, row = min(width - 1, int(x)), min(height - 1, int(y))
        if mask.pixels[row, column] != value:
            return None, ""
        region = (mask.pixels == value).view(np.uint8)
        cv2.floodFill(region, None, (column, row), [2.0], flags=4)  # a byte a pixel, where numbered regions take four
        return region == 2, mask.version

    def _answer(
        self, question: _Question, embedding: Embedding, frame: PaddedFrame, start: NDArray[np.bool_] | None
    ) -> Answer:
        """The answer to all steps, which builds on the answer to all but the last one."""
        ahead = question.prompt[:-1]
        before: _Question | None = None
        if ahead:
            before = _Question(question.stem, question.image, question.mask, question.value, ahead)
        return self._answers.get(question, lambda: self._asked(question, before, embedding, frame, start))

    def _asked(
        self,
        question: _Question,
        before: _Question | None,
        embedding: Embedding,
        frame: PaddedFrame,
        start: NDArray[np.bool_] | None,
    ) -> Answer:
        low = None if start is None else frame.logits(start)
        if before is not None:
            low = self._answer(before, embedding, frame, start).low
        return self.encodings.sam.answer(embedding, frame, points_of(question.prompt), low)


def _told(frame: PaddedFrame, answer: Answer, start: NDArray[np.bool_] | None) -> Found:
    """The answer as spans, strip by strip."""
    found, removed = [], []
    for top, part in frame.strips(answer.logits):
        found.append(spans_of(part, top=top))
        if start is not None:
            removed.append(spans_of(start[top : top + len(part)] & ~part, top=top))
    return Found(np.concatenate(found), np.concatenate(removed) if removed else found[0][:0])
