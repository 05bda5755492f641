"""Photos are encoded in the background while people label: the open one first, then the next two."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from prep.annotate.background import Background
from prep.annotate.model.proposal_files import identity_of
from prep.annotate.sam.embedding_files import EmbeddingFiles, bytes_taken
from prep.annotate.sam.model import Embedding, Sam
from prep.annotate.store.store import AnnotationStore
from prep.core.cache import Cache
from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.core.progress import Progress
from prep.core.words import counted, verb
from prep.dataset.dataset_files import HIDDEN, INDEX
from prep.dataset.states import DONE, REJECTED
from prep.images.imageio import ImageRGB, decode_jpeg, is_jpeg, read_image
from prep.web.guard import Refusal

EMBEDDINGS_FOLDER = "embeddings"

_AHEAD = 2
_KEPT = 3
"""Embeddings in memory: up to 17 MB each."""


class Encodings:
    """What the encoder of a model says of the photos of a dataset; every method may be called from any thread."""

    def __init__(self, store: AnnotationStore, sam: Sam, files: EmbeddingFiles | None = None) -> None:
        self.sam = sam
        self._store = store
        self._files = files or EmbeddingFiles(store.root / HIDDEN / EMBEDDINGS_FOLDER, sam.key)
        self._kept: Cache[tuple[str, str], Embedding] = Cache(_KEPT)
        self._background = Background(self._work, "encodings")
        self._open: str | None = None
        self._failed: dict[tuple[str, str], str] = {}

    @contextmanager
    def working(self) -> Iterator[None]:
        """Encode in the background; the photo that is being encoded at the end of the block is given up."""
        with self._background.running(self.sam.stop):
            yield

    def embedding(self, stem: str) -> tuple[str, Embedding] | None:
        """The identity of a photo's file and its embedding; None while it is being encoded: ask again.

        Raises SegError if the photo could not be encoded, Refusal (404) if there is no such image.
        """
        image = identity_of(self._store.photo_path(stem))
        with self._background.news:
            if (words := self._failed.get((stem, image))) is not None:
                raise SegError(words)
            if self._open != stem:
                self._open = stem
                self._background.news.notify_all()
        found = self._known(stem, image)
        if found is None:
            with self._background.news:  # its file was removed, or another photo took its place
                self._background.news.notify_all()
        return None if found is None else (image, found)

    def prepare(self, progress: Progress, note: Callable[[str], None]) -> tuple[int, list[str]]:
        """Encode all photos that are not finished; those that are encoded already are left as they are.

        Returns how many are encoded now, and what was wrong with each of the others.
        """
        stems = [entry.stem for entry in self._store.entries() if entry.state not in (DONE, REJECTED)]
        problems: list[str] = []
        room, done = len(stems), 0
        for place, stem in enumerate(stems):
            if done >= room:
                note(
                    f"No room for more: {counted(done, 'photo')} {verb(done, 'takes', 'take')} the "
                    f"{self._files.most_bytes / 1e9:.1f} GB there are."
                )
                break
            try:
                size = self._prepare(stem)
            except (SegError, Refusal) as error:
                problems.append(str(error))
            else:
                done += 1
                room = min(room, max(1, self._files.most_bytes // size))
            progress(place + 1, len(stems))
        return done, problems

    def _prepare(self, stem: str) -> int:
        """Encode a photo, unless it is encoded; the bytes that it takes."""
        there = self._files.size(stem, identity_of(self._store.photo_path(stem)))
        return there or bytes_taken(self._encode(stem))

    def _known(self, stem: str, image: str) -> Embedding | None:
        """Kept in memory or on the disk."""
        try:
            return self._kept.get((stem, image), lambda: self._read(stem, image))
        except _Missing:
            return None

    def _read(self, stem: str, image: str) -> Embedding:
        found = self._files.read(stem, image)
        if found is None:
            raise _Missing
        return found

    def _encode(self, stem: str) -> Embedding:
        """Encode a photo and keep it; again if its file was replaced meanwhile. SegError if that fails."""
        path = self._store.photo_path(stem)
        while True:
            image = identity_of(path)
            embedding = self.sam.encode(self._pixels(stem, path))
            if identity_of(path) == image:
                break
        self._files.write(stem, image, embedding)
        self._kept.put((stem, image), embedding)
        return embedding

    def _pixels(self, stem: str, path: Path) -> ImageRGB:
        """The photo, or a smaller copy with all that the encoder sees."""
        sample = self._store.sample(stem)
        frame = self.sam.frame(sample.width, sample.height)
        data = read_bytes(path)
        if not is_jpeg(data):
            image = read_image(path)
            if image.shape[:2] != (sample.height, sample.width):
                raise SegError(f"{path}: {image.shape[1]} x {image.shape[0]} pixels, not as {INDEX} says")
            return frame.small(image)
        return frame.small(decode_jpeg(path, data, (frame.wide, frame.high)))

    # The thread.

    def _work(self) -> None:
        while not self._background.is_stopping:
            with self._background.news:
                opened = self._open
            for stem in self._in_turn(opened):
                if self._background.is_stopping or self._open != opened:
                    break
                self._try(stem)
            with self._background.news:
                self._background.news.wait_for(partial(self._is_wanted, opened))

    def _is_wanted(self, opened: str | None) -> bool:
        """Whether there is work again: another photo is open, or the file of this one was replaced."""
        if self._background.is_stopping or self._open != opened or opened is None:
            return self._background.is_stopping or self._open != opened
        try:
            image = identity_of(self._store.photo_path(opened))
        except (SegError, Refusal):
            return False
        return (opened, image) not in self._failed and self._known(opened, image) is None

    def _in_turn(self, opened: str | None) -> list[str]:
        if opened is None:
            return []
        try:
            entries = self._store.entries()
        except SegError:  # index.csv is being written by somebody; the page tells if it stays damaged
            return [opened]
        after = [each.stem for each in entries if each.stem > opened and each.state not in (DONE, REJECTED)]
        return [opened, *after[:_AHEAD]]

    def _try(self, stem: str) -> None:
        image = ""
        try:
            image = identity_of(self._store.photo_path(stem))
            if (stem, image) not in self._failed and self._known(stem, image) is None:
                self._encode(stem)
        except (SegError, Refusal) as error:
            self._fail(stem, image, str(error))
        except Exception as error:  # one photo must not end the others
            logging.getLogger(__name__).exception("Encoding %s failed", stem)
            self._fail(stem, image, f"Encoding this photo failed: {error or type(error).__name__}")

    def _fail(self, stem: str, image: str, words: str) -> None:
        with self._background.news:
            self._failed[stem, image] = words


class _Missing(Exception):  # no error
    """There is no embedding of this photo yet."""
