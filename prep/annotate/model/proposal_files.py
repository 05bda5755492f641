"""Proposals on the disk, so that a restart computes none again."""

import hashlib
import json
import shutil
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.annotate.model.proposer import Proposal
from prep.core.cache import Cache
from prep.core.errors import SegError
from prep.core.files import explained, make_folder, open_to_read, write_bytes
from prep.images.imageio import decode, encode_png

_PARTS = ("entropy", "mask", "confidence")
_LONGEST_HEAD = 1 << 16

_KEPT = 3
"""Proposals in memory: one of 12 megapixels takes 24 MB."""


_UNREADABLE = (OSError, ValueError, TypeError, LookupError, RecursionError, SegError)
"""What reading a file raises that is damaged, or of another image: the proposal is computed again."""


def identity_of(photo: Path) -> str:
    """Size and time of an image file; differs when the file was replaced. SegError if there is no such file."""
    with explained(photo):
        found = photo.stat()
    return f"{found.st_size} {found.st_mtime_ns}"


class ProposalFiles:
    """The proposals of one model in a folder of their own, the last ones also in memory; for several threads.

    A file that is damaged, or was made of another image, counts as none. Folders of other models are removed.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._folder = folder / key
        self._kept: Cache[tuple[str, str], Proposal] = Cache(_KEPT)
        make_folder(self._folder)
        for other in folder.iterdir():
            if other.is_dir() and other != self._folder:
                shutil.rmtree(other, ignore_errors=True)  # only space is lost if that fails

    def read(self, stem: str, image: str) -> Proposal | None:
        """The proposal for the image of this identity, if there is one."""
        with suppress(*_UNREADABLE):
            return self._kept.get((stem, image), lambda: self._proposal(stem, image))
        return None

    def entropy(self, stem: str, image: str) -> NDArray[np.uint8] | None:
        """Its entropies alone, which are small."""
        with suppress(*_UNREADABLE):
            return self._read(stem, image, 1)[0]
        return None

    def write(self, stem: str, image: str, proposal: Proposal) -> None:
        """Write a proposal atomically; SegError if the disk does not take it."""
        self._kept.put((stem, image), proposal)
        parts = [encode_png(getattr(proposal, name)) for name in _PARTS]
        head = json.dumps({"stem": stem, "image": image, "sizes": [len(part) for part in parts]})
        write_bytes(self._path(stem), b"".join([head.encode(), b"\n", *parts]))

    def _proposal(self, stem: str, image: str) -> Proposal:
        parts = self._read(stem, image, len(_PARTS))
        return Proposal(**dict(zip(_PARTS, parts, strict=True)))

    def _read(self, stem: str, image: str, number: int) -> list[NDArray[np.uint8]]:
        """The first parts of a file; one of _UNREADABLE if it is not what was written for this image."""
        path = self._path(stem)
        with open_to_read(path) as file:
            head = json.loads(file.readline(_LONGEST_HEAD))
            if head["image"] != image:
                raise SegError(f"{path}: of another image")
            return [_gray(path, file.read(size)) for size in head["sizes"][:number]]

    def _path(self, stem: str) -> Path:
        """Named by a hash: a stem may be as long as a file name can be."""
        return self._folder / f"{hashlib.sha256(stem.encode()).hexdigest()[:32]}.proposal"


def _gray(path: Path, data: bytes) -> NDArray[np.uint8]:
    pixels = decode(path, data, cv2.IMREAD_UNCHANGED)
    if pixels.ndim != 2 or pixels.dtype != np.uint8:
        raise SegError(f"{path}: no proposal")
    return pixels
