"""One dataset while people label it: masks are read, and saved so that nothing is ever lost or half-written."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prep.annotate.access import inside, refuse_links_out, refuse_odd_stem
from prep.annotate.store.accepted import Accepted
from prep.annotate.store.live_index import LiveIndex
from prep.annotate.store.mask_changes import changed, read_changes
from prep.annotate.store.mask_counts import Mask, MaskCounter, MaskCounts, refuse_misfit
from prep.annotate.store.versions import NO_FILE, FileStamp, SaveNotes, Written, stamp_of, version_and_bytes, version_of
from prep.core.cache import Cache
from prep.core.classes import IGNORE_INDEX, NO_CLASSES, ClassMap, parse_classes
from prep.core.errors import SegError
from prep.core.files import make_folder, remove_file, remove_parts, write_bytes
from prep.dataset.dataset import Dataset, writes
from prep.dataset.dataset_files import ACCEPTED_PIXELS, CLASSES, HIDDEN, INDEX, MASKS
from prep.dataset.index import Sample
from prep.dataset.lock import InUse
from prep.dataset.states import ALL_STATES, mask_name
from prep.dataset.transaction import writing
from prep.images.imageio import IndexMask, decode_mask, encode_png, image_size
from prep.web.guard import Refusal

_KEPT = 4
"""Masks at work that stay decoded, by the versions of their files."""

_CHANGED = "{} changed elsewhere since this page read {}; nothing was saved."

_NO_MASK = MaskCounts(NO_FILE, {IGNORE_INDEX: 1})


class Conflict(Refusal):
    """A save that would overwrite what its page does not know; kind: "mask" or "classes"."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(409, text, conflict=kind)
        self.kind = kind


@dataclass(frozen=True)
class ListedImage:
    """One image in the list.

    version: of its mask; None while it is not known.  note: what a person noted on it.
    labelled: share of its pixels that have a class, 0..1.  classes: indices of the classes in its mask; both are None
    until they have been counted.
    """

    stem: str
    width: int
    height: int
    state: str
    version: str | None
    split: str
    note: str
    labelled: float | None
    classes: list[int] | None


class AnnotationStore:
    """Reads and writes one dataset, for several threads; other commands may change it at the same time.

    Raises SegError if `root` is no dataset, if its records cannot be read, or if another command is changing it.
    What a killed process left is repaired.
    """

    @writes
    def __init__(self, root: Path) -> None:
        self.root = root
        dataset = Dataset.open(root)
        if not any(sample.image for sample in dataset.samples):
            raise SegError(f"{root}: no images to label; bring photos in with 'seg-prep resize PHOTOS -o {root}'")
        refuse_links_out(root, root / MASKS, root / HIDDEN, *(root / HIDDEN).glob("*"))
        remove_parts(root, deep=False)
        remove_parts(root / MASKS)
        remove_parts(root / HIDDEN)
        make_folder(root / HIDDEN)
        self._lock = threading.RLock()
        self._notes = SaveNotes(root / HIDDEN / "saves")
        self._index = LiveIndex(root, self._notes)
        self._accepted = Accepted(root / ACCEPTED_PIXELS)
        self._masks: Cache[str, Mask] = Cache(_KEPT)
        self._sizes: Cache[tuple[str, FileStamp], tuple[int, int] | None] = Cache(_KEPT)
        self._classes = NO_CLASSES, NO_FILE
        self._closed = False
        self._index.repair()
        self._counter = MaskCounter(root, root / HIDDEN / "contents.json")

    @property
    def name(self) -> str:
        """The name of the dataset."""
        return self.root.resolve().name

    def close(self) -> None:
        """Finish the save at work, refuse all further ones, and keep what was counted."""
        with self._lock:
            self._closed = True
        self._counter.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Nobody else changes the dataset meanwhile, and nothing of it is read by others of this process.

        Refusal (503) if another command is changing it for longer than a moment, or once the store is closed.
        """
        try:
            with writing(self.root), self.reading():
                self._index.repair()
                yield
        except InUse as error:
            raise Refusal(503, f"{error}. This page keeps your work and saves it then.") from error

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Nothing is saved meanwhile by others of this process; Refusal (503) once the store is closed."""
        with self._lock:
            if self._closed:
                raise Refusal(503, "The server is stopping. Start seg-prep annotate again; this page keeps your work.")
            yield

    def classes(self) -> tuple[ClassMap, str]:
        """The class map, without a class while there is no classes.json, and its version."""
        with self._lock:
            path = self.root / CLASSES
            version, content = version_and_bytes(path)
            if version != self._classes[1]:
                self._classes = parse_classes(path, content) if content else NO_CLASSES, version
            return self._classes

    def entries(self) -> list[ListedImage]:
        """All images, sorted by stem."""
        with self._lock:
            return [self._entry(sample) for sample in self._index.samples().values() if sample.image]

    def entry(self, stem: str) -> ListedImage:
        """One image; Refusal (404) if there is none of this stem."""
        with self._lock:
            return self._entry(self.sample(stem))

    def sample(self, stem: str) -> Sample:
        """The row of an image in the index; Refusal (404) if there is none of this stem."""
        with self._lock:
            sample = self._index.samples().get(stem)
        if sample is None or not sample.image:
            raise Refusal(404, f"There is no image {stem!r} in this dataset.")
        refuse_odd_stem(stem)
        return sample

    def photo_path(self, stem: str) -> Path:
        """Where the image of a sample is; Refusal if there is none of this stem, or if it is not in the dataset."""
        return inside(self.root, self.sample(stem).image)

    def mask(self, stem: str) -> Mask:
        """The mask of an image as it is on the disk; never-labelled pixels, or all without a file, are 255.

        Raises SegError if the file is damaged or of another size than the image, or if the image is not of the size
        that the index says.
        """
        with self._lock:
            return self._standing(self.sample(stem), len(self.classes()[0]))

    def by_hand(self, stem: str) -> IndexMask:
        """The mask of an image with 255 where what stands there was accepted from a proposal; errors as of mask()."""
        return self._accepted.by_hand(stem, self.mask(stem).pixels)

    def save(
        self,
        stem: str,
        body: bytes,
        *,
        base: str,
        save: str,
        classes_version: str,
        size: str | None = None,
        proposed: bool = False,
    ) -> ListedImage:
        """Lay changes over the mask of an image, on disk when this returns; one without a labelled pixel goes.

        body: as mask_changes.py reads it.  base: the version that the page has laid them over so far.
        save: random id of this save; if the mask that stands was made by it, it is done already.
        classes_version: what the values in the changes mean.  size: of the image on the page, as 640x480, if told.
        proposed: whether a proposal was accepted in them.
        Raises Conflict, or Refusal (400) for a body that is wrong; nothing is written then.
        """
        with self.writing():
            sample, (classes, version) = self.sample(stem), self.classes()
            mask = self._standing(sample, len(classes))
            if not self._notes.made(stem, save, mask.version):
                if classes_version != version:
                    raise Conflict("classes", _CHANGED.format("The classes were", "them"))
                if base != mask.version:
                    raise Conflict("mask", _CHANGED.format("This mask was", "it"))
                if size not in (None, f"{sample.width}x{sample.height}"):  # another photo, while nothing was labelled
                    text = f"This image has {sample.width} x {sample.height} pixels by now, other than on this page"
                    raise Refusal(422, f"{text}; nothing was saved. Load the page again.")
                changes = read_changes(body, sample.width, sample.height, len(classes))
                self._accepted.note(stem, mask.pixels, changes, proposed=proposed)
                self._write(sample, mask.version, changed(mask.pixels, changes), save)
                mask = self._standing(self.sample(stem), len(classes))
            if mask.version != NO_FILE:
                self._index.name_mask(stem)
            return self.entry(stem)

    def set_state(self, stem: str, state: str) -> ListedImage:
        """Change how far an image is; Refusal (400) if there is no such state."""
        if state not in ALL_STATES:
            raise Refusal(400, f"{state!r} is no state of an image; use {', '.join(ALL_STATES)}.")
        with self.writing():
            self.sample(stem)
            self._index.set_state(stem, state)
            return self.entry(stem)

    def set_note(self, stem: str, note: str) -> ListedImage:
        """Note something on an image, "" for nothing; Refusal (400) if it is too long."""
        with self.writing():
            self.sample(stem)
            self._index.set_note(stem, note)
            return self.entry(stem)

    def _write(self, sample: Sample, before: str, pixels: IndexMask, save: str) -> None:
        """Note, mask: dying anywhere, the mask is the old one or the new one, and the note fits either."""
        path = inside(self.root, mask_name(sample))
        is_blank = bool((pixels == IGNORE_INDEX).all())
        data = b"" if is_blank else encode_png(pixels)
        version = NO_FILE if is_blank else version_of(data)
        self._index.begin(sample.stem)
        self._notes.announce(sample.stem, before, Written(save, version))
        make_folder(path.parent)
        if version_and_bytes(path)[0] != before:  # by another command, while the mask was encoded
            raise Conflict("mask", "This mask was changed elsewhere in this moment; nothing was saved.")
        if is_blank:  # touched and undone, it would count as a labelled sample
            self._index.unname_mask(sample.stem)
            remove_file(path)
        else:
            write_bytes(path, data, durable=True)
            self._masks.put(version, Mask(pixels, version))

    def _standing(self, sample: Sample, classes: int) -> Mask:
        """The mask on the disk. The file is always read, which is quick; decoded only if it is not in memory."""
        self._refuse_other_photo(sample)
        name = mask_name(sample)
        path = inside(self.root, name)
        stamp = stamp_of(path)
        version, data = version_and_bytes(path)
        if stamp is None or version == NO_FILE:
            return Mask(np.full((sample.height, sample.width), IGNORE_INDEX, np.uint8), NO_FILE)
        mask = self._masks.get(version, lambda: Mask(decode_mask(path, data), version))
        self._counter.put(name, stamp, mask.counts)
        refuse_misfit(path, mask, sample, classes)
        return mask

    def _refuse_other_photo(self, sample: Sample) -> None:
        """SegError if a photo of another size has taken the place of an image: what is drawn on it would lie elsewhere.

        One that is away, or cannot be read at the moment, keeps nobody from saving.
        """
        path = inside(self.root, sample.image)
        stamp = stamp_of(path)
        size = self._sizes.get((sample.stem, stamp), lambda: _size_of(path)) if stamp else None
        if size and size != (sample.width, sample.height):
            raise SegError(
                f"{path}: {size[0]} x {size[1]} pixels, but {INDEX} says {sample.width} x {sample.height}; nothing is "
                "saved on it. Put the photo back that was there, or bring this one in with 'seg-prep resize'"
            )

    def _entry(self, sample: Sample) -> ListedImage:
        name = mask_name(sample)
        stamp = stamp_of(f"{self.root}/{name}")
        counts = self._counter.of(name, stamp) if stamp else _NO_MASK
        version, labelled, classes = (counts.version, counts.labelled, counts.classes) if counts else (None,) * 3
        state, note = self._index.state(sample.stem), self._index.note(sample.stem)
        return ListedImage(
            sample.stem, sample.width, sample.height, state, version, sample.split, note, labelled, classes
        )


def _size_of(path: Path) -> tuple[int, int] | None:
    with suppress(SegError):
        return image_size(path)
    return None
