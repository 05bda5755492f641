"""Which images a model has learned, and the models that it began with: model.pt and last.pt carry it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any, Self, get_type_hints

import numpy as np

from prep.core.errors import SegError
from prep.core.workers import Threads
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from prep.geo.footprint import Footprint, footprints_of

_DIGITS = 16
"""Of the SHA-256 of a file: enough to tell images apart."""


@dataclass(frozen=True)
class Learned:
    """Images of one dataset that were learned.

    dataset: where it was.  train, val: the hash of each image's file, by stem; nothing for one that could not be read.
    grounds: where those of them lie on the earth that have a place, by stem; None if an older version trained it.
    """

    dataset: str
    split_hash: str
    train: Mapping[str, str]
    val: Mapping[str, str]
    grounds: Mapping[str, Footprint] | None = None

    @classmethod
    def of(cls, dataset: Dataset, split_hash: str) -> Self:
        """What a training on this dataset learns.  split_hash: what it is known by."""
        train, val = (image_hashes(dataset, dataset.of_split(split)) for split in ("train", "val"))
        grounds = footprints_of(dataset.of_split("train", "val"))
        return cls(dataset.root.resolve().as_posix(), split_hash, train, val, grounds)

    @classmethod
    def from_plain(cls, content: object) -> Self:
        """Read what `lineage_to_plain` gave of one; TypeError for anything else."""
        if not isinstance(content, dict):
            raise TypeError("no images that were learned")
        found = cls(**{**content, "grounds": _grounds_from_plain(content.get("grounds"))})
        texts = [found.dataset, found.split_hash]
        for images in (found.train, found.val):
            if not isinstance(images, dict):
                raise TypeError("no images that were learned")
            texts += [*images, *images.values()]
        if not all(isinstance(text, str) and "\0" not in text for text in texts):
            raise TypeError("no images that were learned")
        return found

    def to_plain(self) -> dict[str, Any]:
        """As plain data."""
        grounds = None if self.grounds is None else {stem: [*astuple(each)] for stem, each in self.grounds.items()}
        return {**vars(self), "train": dict(self.train), "val": dict(self.val), "grounds": grounds}


def _grounds_from_plain(content: object) -> dict[str, Footprint] | None:
    """Footprints by stem; TypeError for what are none."""
    if content is None:
        return None
    if not isinstance(content, dict):
        raise TypeError("no places of images that were learned")
    return {stem: _footprint_from_plain(each) for stem, each in content.items()}


def _footprint_from_plain(values: object) -> Footprint:
    types = get_type_hints(Footprint).values()
    if not isinstance(values, list) or [type(value) for value in values] != [*types]:
        raise TypeError("no place of an image that was learned")
    found = Footprint(*values)
    try:
        are_numbers = np.isfinite(found.corners()).all()
    except SegError as error:
        raise TypeError("no place of an image that was learned") from error
    if not are_numbers:
        raise TypeError("no place of an image that was learned")
    return found


Lineage = tuple[Learned, ...]
"""What the models were learned from that a model began with, the first one first, and at the end what it was itself."""


def lineage_of_training(dataset: Dataset, before: Lineage) -> Lineage:
    """That of a model which learns a dataset.  before: that of the weights that it begins with."""
    own = Learned.of(dataset, dataset.split_hash())
    return (*(each for each in before if each != own), own)


def lineage_to_plain(lineage: Lineage) -> list[dict[str, Any]]:
    """As plain data."""
    return [each.to_plain() for each in lineage]


def lineage_from_plain(content: object) -> Lineage:
    """Read it; empty where nothing is, as in models of older versions. TypeError for what is no lineage."""
    if content is None:
        return ()
    if not isinstance(content, list):
        raise TypeError("no images that were learned")
    return tuple(map(Learned.from_plain, content))


def image_hashes(dataset: Dataset, samples: Sequence[Sample]) -> dict[str, str]:
    """The hash of the file of each image, by stem; empty for one that cannot be read."""

    def hashed(sample: Sample) -> str:
        try:
            return dataset.digest(sample.image).hex()[:_DIGITS]
        except SegError:  # who reads its pixels says so
            return ""

    with Threads(os.cpu_count() or 1) as pool:  # reading and hashing release Python's lock
        return dict(zip([sample.stem for sample in samples], pool.map(hashed, samples), strict=True))
