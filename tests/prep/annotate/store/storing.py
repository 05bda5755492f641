"""What the tests of the store share: a dataset to label, changes, deaths in the middle of a save."""

import os
import re
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from prep.annotate.app import annotate_app
from prep.annotate.store.store import AnnotationStore, ListedImage
from prep.core.classes import write_classes
from prep.web.server import bind, make_server
from tests.support import CLASSES, Killed, by_stem, images_only, load, tree
from tests.web import running

SIZES = [(24, 32), (40, 30)]
"""(height, width) of the images s0 and s1."""


def to_label(root: Path, sizes: Sequence[tuple[int, int]] = SIZES) -> Path:
    """A dataset of images s0, s1, ... and three classes, without masks."""
    images_only(root, sizes)
    write_classes(root / "classes.json", CLASSES)
    return root


def change(x: int, y: int, pixels: NDArray[np.uint8]) -> bytes:
    """A change as a page sends it."""
    return struct.pack("<4I", x, y, pixels.shape[1], pixels.shape[0]) + pixels.tobytes()


def block(x: int, y: int, width: int, height: int, value: int) -> bytes:
    """A change of one value."""
    return change(x, y, np.full((height, width), value, np.uint8))


def send(store: AnnotationStore, stem: str, body: bytes, base: str, save: str) -> ListedImage:
    """Save with the classes as they are."""
    return store.save(stem, body, base=base, save=save, classes_version=store.classes()[1])


def on_disk(root: Path, stem: str) -> NDArray[np.uint8] | None:
    """The pixels of the mask file, read with Pillow; None without a file."""
    path = root / "masks" / f"{stem}.png"
    return load(path) if path.exists() else None


def named_mask(root: Path, stem: str) -> str:
    """The mask that the index names."""
    return by_stem(root)[stem].mask


_COUNTED = re.compile(r"(^|/)\.annotate/(|contents\.json|\.[^/]+\.part)$")


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but the counted contents, which a thread writes when it likes.

    Its folder, the file itself and the part file that becomes it may come between two looks.
    """
    return {name: content for name, content in tree(folder).items() if not _COUNTED.search(name)}


@contextmanager
def dying_at(countdown: int, *, before: bool) -> Iterator[Callable[[], bool]]:
    """Die just before, or just after, change number `countdown` of the file system; nothing is done after that.

    A file that is written when the process dies before the end holds the first half of its bytes.
    Yields a function that says whether the process has died.
    """
    calls, dead, dying = [0], [False], threading.get_ident()

    def guard(real: Callable[..., object]) -> Callable[..., object]:
        def guarded(*arguments: object, **options: object) -> object:
            if threading.get_ident() != dying:  # what is counted in the background
                return real(*arguments, **options)
            if dead[0]:
                raise Killed
            mine = calls[0] == countdown
            calls[0] += 1
            if mine and before:
                dead[0] = True
                if real is write_bytes:
                    path, data = arguments
                    real(path, bytes(data)[: len(bytes(data)) // 2])  # type: ignore[call-overload]
                raise Killed
            result = real(*arguments, **options)
            if mine:
                dead[0] = True
                raise Killed
            return result

        return guarded

    write_bytes = Path.write_bytes
    with pytest.MonkeyPatch.context() as patch:
        for name in ("rename", "replace", "unlink", "mkdir", "write_bytes"):
            patch.setattr(Path, name, guard(getattr(Path, name)))
        patch.setattr(os, "fsync", guard(os.fsync))
        yield lambda: dead[0]


def died(countdown: int, action: Callable[[], object], *, before: bool) -> bool:
    """Whether an action dies at this change of the file system; False if it ends before."""
    with dying_at(countdown, before=before) as dead:
        try:
            action()
        except Killed:
            return True
        assert not dead(), "it went on after its death"
    return False


@contextmanager
def serving(store: AnnotationStore) -> Iterator[int]:
    """A real server on a free port of loopback."""
    listener = bind("127.0.0.1", 0)
    server = make_server(annotate_app(store, only_here=True), listener)
    with running(server, listener) as port:
        yield port
