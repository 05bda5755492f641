"""What a network is trained on: smaller copies of labelled photos as they are now, a dataset of its own.

People go on labelling meanwhile, and a training that was killed goes on with what it began with.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from prep.annotate.network.choice import PhotoChoice
from prep.annotate.store.store import AnnotationStore
from prep.core.classes import IGNORE_INDEX, write_classes
from prep.core.errors import SegError
from prep.core.files import make_folder, read_bytes, write_bytes
from prep.dataset.dataset_files import CLASSES, IMAGES, INDEX, MASKS
from prep.dataset.index import Sample, write_index
from prep.images.imageio import ImageRGB, IndexMask, decode_image, decode_jpeg, is_jpeg, write_png
from prep.web.guard import Refusal

DATASET = "dataset"
BY_HAND, HELD_OUT = "by_hand", "held_out"
"""Beside the dataset: masks of what people painted themselves on photos that are learnt from, and on those that are
held out the half that scores."""

TRAINING_SIDE = 1600
"""Pixels; photos with a longer side are made smaller, about to what is learnt from strokes on."""

MAX_TRAINING_MEGAPIXELS = 100
"""Of images that cannot be decoded smaller, as JPEGs can; others are left out."""

_BLOCKS = 12
"""Along the longer side of a photo that is held out: in turn they choose the best epoch, and score."""

_QUALITY = 95


class Stopped(Exception):  # no error
    """The copies are not wanted any longer."""


@dataclass(frozen=True)
class _Photo:
    """A labelled photo, made smaller: the bytes of its file, and masks (h, w)."""

    content: bytes
    mask: IndexMask
    by_hand: IndexMask


def write_training_set(
    store: AnnotationStore, choice: PhotoChoice, folder: Path, is_stopping: Callable[[], bool]
) -> PhotoChoice:
    """Write the dataset into an empty or half-written folder, and return which photos are in it.

    A photo that cannot be read is left out. Raises SegError where the disk does not take it, where nothing is left to
    learn from or to score on, and where classes are changed meanwhile; Stopped once `is_stopping`.
    """
    if folder.exists():
        shutil.rmtree(folder)
    for name in (f"{DATASET}/{IMAGES}", f"{DATASET}/{MASKS}", BY_HAND, HELD_OUT):
        make_folder(folder / name)
    classes, version = store.classes()
    samples = []
    for sample, photo in _photos(store, choice, is_stopping):
        if store.classes()[1] != version:
            raise SegError("The classes were changed while the photos were read; try again.")
        mask = photo.mask
        if sample.split == "val":
            scoring = _scoring(photo.by_hand)
            mask = np.where(scoring, np.uint8(IGNORE_INDEX), mask)
            write_png(folder / HELD_OUT / f"{sample.stem}.png", np.where(scoring, photo.by_hand, IGNORE_INDEX))
        else:
            write_png(folder / BY_HAND / f"{sample.stem}.png", photo.by_hand)
        write_bytes(folder / DATASET / sample.image, photo.content)
        write_png(folder / DATASET / sample.mask, mask)
        samples.append(sample)
    train, held_out = (tuple(each.stem for each in samples if each.split == split) for split in ("train", "val"))
    if not train or not held_out:
        raise SegError("No photo is left to learn from, or to score on: the others cannot be read; run seg-prep check.")
    write_classes(folder / DATASET / CLASSES, classes)
    write_index(folder / DATASET / INDEX, samples)
    return PhotoChoice(train, held_out)


def _photos(
    store: AnnotationStore, choice: PhotoChoice, is_stopping: Callable[[], bool]
) -> Iterator[tuple[Sample, _Photo]]:
    """The chosen photos that can be read, with the row of each in the new index."""
    for split, stems in (("train", choice.train), ("val", choice.held_out)):
        for stem in stems:
            if is_stopping():
                raise Stopped
            try:
                photo = _read(store, stem)
            except (SegError, Refusal):  # whoever opens this photo is told
                continue
            if split == "train" or (photo.by_hand != IGNORE_INDEX).any():
                height, width = photo.mask.shape
                image = f"{IMAGES}/{stem}{'.jpg' if is_jpeg(photo.content) else '.png'}"
                yield Sample(stem, image, f"{MASKS}/{stem}.png", width, height, split=split), photo


def _read(store: AnnotationStore, stem: str) -> _Photo:
    with store.reading():  # both masks fit each other
        mask, by_hand = store.mask(stem).pixels, store.by_hand(stem)
    path = store.photo_path(stem)
    data = read_bytes(path)
    height, width = mask.shape
    if not is_jpeg(data) and height * width > MAX_TRAINING_MEGAPIXELS * 1e6:
        raise SegError(f"{path}: too large to be made smaller")
    scale = min(1.0, TRAINING_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    image = decode_jpeg(path, data, size) if is_jpeg(data) else decode_image(path, data)
    if scale == 1:
        if image.shape[:2] != mask.shape:
            raise SegError(f"{path}: not of the size that {INDEX} says")
        return _Photo(data, mask, by_hand)
    content = _encoded(np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8))
    return _Photo(content, _smaller(mask, size), _smaller(by_hand, size))


def _encoded(image: ImageRGB) -> bytes:
    jpeg: bytes = simplejpeg.encode_jpeg(image, _QUALITY, "RGB", "444")
    return jpeg


def _smaller(mask: IndexMask, size: tuple[int, int]) -> IndexMask:
    """By the nearest pixel: most of what is around a stroke is unlabelled, and would win every vote."""
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def _scoring(by_hand: IndexMask) -> NDArray[np.bool_]:
    """(h, w) every second block, as of a chessboard; the other ones where these hold less of what was painted.

    A half scores that did not choose the epoch: it would flatter the network.
    """
    height, width = by_hand.shape
    side = -(-max(height, width) // _BLOCKS)
    board = (np.arange(height)[:, None] // side + np.arange(width) // side) % 2 == 0
    painted = by_hand != IGNORE_INDEX
    return np.asarray(board if 2 * np.count_nonzero(painted & board) >= np.count_nonzero(painted) else ~board)
