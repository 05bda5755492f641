"""One server for each dataset: two would not know of each other's saves at work."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prep.annotate.access import refuse_links_out
from prep.core.errors import SegError
from prep.core.files import explained, lock_if_it_can_be, make_folder, open_plain
from prep.dataset.dataset_files import HIDDEN

_LOCK = "lock"


@contextmanager
def one_server(root: Path) -> Iterator[None]:
    """Keep other servers from this dataset. A killed server leaves nothing locked.

    SegError if one is at work, or if the folder of the lock leads out of the dataset.
    """
    refuse_links_out(root, root / HIDDEN)
    make_folder(root / HIDDEN)
    path = root / HIDDEN / _LOCK
    with explained(path):
        descriptor = open_plain(path, os.O_RDWR | os.O_CREAT)
    try:
        if not lock_if_it_can_be(descriptor):
            raise SegError(
                f"{root}: another seg-prep annotate has it open; use its page, or stop it with Ctrl-C in its terminal"
            )
        yield
    finally:
        os.close(descriptor)
