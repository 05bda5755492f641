"""One dataset while people label it: masks are read, and saved so that nothing is ever lost or half-written."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prep.annotate.access import inside
from prep.annotate.contents import Content, Contents, content_of
from prep.annotate.records import Records
from prep.annotate.states import ALL_STATES
from prep.annotate.tiles import patched, read_tiles
from prep.annotate.versions import NO_FILE, SaveNotes, Stamp, Written, stamp_of, version_of
from prep.classes import IGNORE_INDEX, NO_CLASSES, ClassMap, parse_classes
from prep.dataset import CLASSES, Dataset, Sample
from prep.errors import SegError
from prep.files import make_folder, read_bytes, remove_parts, write_bytes
from prep.imageio import IndexMask, decode_mask, encode_png
from prep.web.refusal import Refusal

HIDDEN = ".annotate"
"""Folder of the dataset for what may be lost: counted contents, and notes on saves."""

_KEPT_MASKS = 4
"""Decoded masks that stay in memory."""


_NO_MASK = Content(NO_FILE, {IGNORE_INDEX: 1})


class Conflict(Refusal):
    """A save that would overwrite what its page does not know; kind: "mask" or "classes"."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(409, text)
        self.kind = kind


@dataclass(frozen=True)
class Mask:
    """A mask as it stands: pixels (H, W), not to be written to, and the version of the file ("none": no file)."""

    pixels: IndexMask
    version: str


@dataclass(frozen=True)
class Entry:
    """One image in the list.

    version: of its mask; None while it is not known.  labelled: share of its pixels that have a class, 0..1.
    classes: indices of the classes in its mask.  labelled and classes are None until they have been counted.
    """

    stem: str
    width: int
    height: int
    state: str
    version: str | None
    split: str
    labelled: float | None
    classes: list[int] | None


class Store:
    """Reads and writes one dataset, for several threads; other commands may change it at the same time.

    Raises SegError if `root` is no dataset or its records cannot be read. What a killed process left is repaired.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        dataset = Dataset.open(root)  # finishes a commit that was begun
        if not any(sample.image for sample in dataset.samples):
            raise SegError(f"{root}: no images to label; bring photos in with 'seg-prep resize PHOTOS -o {root}'")
        for folder in ("masks", HIDDEN):
            remove_parts(root / folder)
        make_folder(root / HIDDEN)
        self._lock = threading.RLock()
        self._notes = SaveNotes(root / HIDDEN / "saves")
        self._records = Records(root, self._notes)
        self._masks: OrderedDict[Path, tuple[Stamp, Mask]] = OrderedDict()
        self._classes: tuple[Stamp | None, ClassMap, str] | None = None
        self._closed = False
        self._records.samples()
        self._contents = Contents(root, root / HIDDEN / "contents.json")

    @property
    def name(self) -> str:
        """The name of the dataset."""
        return self.root.resolve().name

    def close(self) -> None:
        """Finish the save at work, refuse all further ones, and keep what was counted."""
        with self._lock:
            self._closed = True
        self._contents.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Nothing is read or saved meanwhile by others of this process; Refusal (503) once the store is closed."""
        with self._lock:
            if self._closed:
                raise Refusal(503, "The server is stopping. Start seg-prep annotate again; this page keeps your work.")
            yield

    def classes(self) -> tuple[ClassMap, str]:
        """The class map, without a class while there is no classes.json, and its version."""
        with self._lock:
            path = self.root / CLASSES
            stamp = stamp_of(path)
            if self._classes is None or self._classes[0] != stamp:
                content = read_bytes(path) if stamp else b""
                classes = parse_classes(path, content) if stamp else NO_CLASSES
                self._classes = stamp, classes, version_of(content) if stamp else NO_FILE
            return self._classes[1:]

    def entries(self) -> list[Entry]:
        """All images, sorted by stem."""
        with self._lock:
            return [self._entry(sample) for sample in self._records.samples().values() if sample.image]

    def entry(self, stem: str) -> Entry:
        """One image; Refusal (404) if there is none of this stem."""
        with self._lock:
            return self._entry(self.sample(stem))

    def sample(self, stem: str) -> Sample:
        """The row of an image in the index; Refusal (404) if there is none of this stem."""
        with self._lock:
            sample = self._records.samples().get(stem)
        if sample is None or not sample.image:
            raise Refusal(404, f"There is no image {stem!r} in this dataset.")
        return sample

    def photo_path(self, stem: str) -> Path:
        """Where the image of a sample is; Refusal if there is none of this stem, or if it is not in the dataset."""
        return inside(self.root, self.sample(stem).image)

    def mask_path(self, stem: str) -> Path:
        """Where the mask of an image is or will be, rejected ones too; Refusal as for photo_path."""
        with self._lock:
            return inside(self.root, self._records.mask_name(self.sample(stem)))

    def mask(self, stem: str) -> Mask:
        """The mask of an image as it is on the disk; never-labelled pixels, or all without a file, are 255.

        Raises SegError if the file is damaged or of another size than the image.
        """
        with self._lock:
            return self._standing(self.sample(stem))[1]

    def save(self, stem: str, body: bytes, *, base: str, save: str, classes_version: str) -> Entry:
        """Lay tiles over the mask of an image, on disk when this returns.

        body: as prep/annotate/tiles.py reads it.  base: the version that the page has laid them over so far.
        save: random id of this save; if the mask that stands was made by it, it is done already.
        classes_version: what the values in the tiles mean.
        Raises Conflict, or Refusal (400) for a body that is wrong; nothing is written then.
        """
        with self.writing():
            sample = self.sample(stem)
            stamp, mask = self._standing(sample)
            if base == mask.version or not self._notes.made(stem, save, mask.version):
                self._refuse_conflicts(base, mask.version, classes_version)
                tiles = read_tiles(body, sample.width, sample.height, len(self.classes()[0]))
                self._write(sample, stamp, mask, patched(mask.pixels, tiles), save)
            self._records.has_mask(stem)
            return self.entry(stem)

    def set_state(self, stem: str, state: str) -> Entry:
        """Change how far an image is; Refusal (400) if there is no such state."""
        if state not in ALL_STATES:
            raise Refusal(400, f"{state!r} is no state of an image; use {', '.join(ALL_STATES)}.")
        with self.writing():
            self.sample(stem)
            self._records.set_state(stem, state)
            return self.entry(stem)

    def _refuse_conflicts(self, base: str, version: str, classes_version: str) -> None:
        if classes_version != self.classes()[1]:
            raise Conflict(
                "classes", "The classes were changed elsewhere since this page read them; nothing was saved."
            )
        if base != version:
            raise Conflict("mask", "This mask was changed elsewhere since this page read it; nothing was saved.")

    def _write(self, sample: Sample, stamp: Stamp | None, before: Mask, pixels: IndexMask, save: str) -> None:
        """Note, mask: dying anywhere, the mask is the old one or the new one, and the note fits either."""
        path = self.mask_path(sample.stem)
        data = encode_png(pixels)
        version = version_of(data)
        self._records.begin(sample.stem)
        self._notes.announce(sample.stem, before.version, Written(save, version))
        make_folder(path.parent)
        if stamp_of(path) != stamp:  # by another command, while the mask was encoded
            raise Conflict("mask", "This mask was changed elsewhere in this moment; nothing was saved.")
        write_bytes(path, data, durable=True)
        stamp = stamp_of(path)
        if stamp and version_of(read_bytes(path)) == version:  # else another command came right after
            self._keep(path, stamp, Mask(pixels, version))

    def _standing(self, sample: Sample) -> tuple[Stamp | None, Mask]:
        """The mask on the disk, with its stamp; from memory if the file has not changed since."""
        path = self.mask_path(sample.stem)
        stamp = stamp_of(path)
        if stamp is None:
            return None, Mask(np.full((sample.height, sample.width), IGNORE_INDEX, np.uint8), NO_FILE)
        kept = self._masks.get(path)
        if kept is None or kept[0] != stamp:
            data = read_bytes(path)
            kept = self._keep(path, stamp, Mask(decode_mask(path, data), version_of(data)))
        self._masks.move_to_end(path)
        _refuse_other_size(path, kept[1].pixels, sample)
        return kept

    def _keep(self, path: Path, stamp: Stamp, mask: Mask) -> tuple[Stamp, Mask]:
        mask.pixels.setflags(write=False)
        self._masks[path] = stamp, mask
        if len(self._masks) > _KEPT_MASKS:
            self._masks.popitem(last=False)
        self._contents.put(path.relative_to(self.root).as_posix(), stamp, content_of(mask.version, mask.pixels))
        return stamp, mask

    def _entry(self, sample: Sample) -> Entry:
        name = self._records.mask_name(sample)
        stamp = stamp_of(f"{self.root}/{name}")
        content = self._contents.of(name, stamp) if stamp else _NO_MASK
        version, labelled, classes = (content.version, content.labelled, content.classes) if content else (None,) * 3
        state = self._records.state(sample.stem)
        return Entry(sample.stem, sample.width, sample.height, state, version, sample.split, labelled, classes)


def _refuse_other_size(path: Path, pixels: IndexMask, sample: Sample) -> None:
    if pixels.shape != (sample.height, sample.width):
        height, width = pixels.shape
        raise SegError(
            f"{path}: {width} x {height} pixels, but its image has {sample.width} x {sample.height}; "
            "move this mask away, or convert its label again"
        )
