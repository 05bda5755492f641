"""One server for each dataset: two would not know of each other's saves at work."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from prep.annotate.store.store import HIDDEN
from prep.core.errors import SegError
from prep.core.files import explained, make_folder

_LOCK = "lock"


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Keep other servers from this dataset; SegError if one is at work. A killed server leaves nothing locked."""
    make_folder(root / HIDDEN)
    path = root / HIDDEN / _LOCK
    with explained(path):
        file = path.open("a+b")
    with file:
        if not _lock(file):
            raise SegError(
                f"{root}: another seg-prep annotate has it open; use its page, or stop it with Ctrl-C in its terminal"
            )
        yield


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a network drive that knows no locks: better to label without than not at all
            return True
        return True
