"""What label files hold and cannot be used: one line a reason, with the first names; and files that are damaged."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager

from prep.core.errors import SegError
from prep.core.folder_names import names_labels
from prep.core.words import counted, list_some
from prep.images.finding import FoundFile
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.contents import Contents
from prep.labels.reader import LabelSource

ODD = (KeyError, TypeError, AttributeError, IndexError, ValueError)
"""What reading content raises that is not as its tool writes it."""


class LeftOut:
    """Collects what is left out, or repaired, while label files are read.

    damaged: what is wrong with each file that cannot be used, by its stem.
    """

    def __init__(self) -> None:
        self._found: dict[str, list[str]] = {}
        self.damaged: dict[str, str] = {}

    @contextmanager
    def leaving_out(self, file: FoundFile, tool: str) -> Iterator[None]:
        """Leave this file out, of which many lie there, if it is damaged or not as its tool writes it."""
        try:
            yield
        except SegError as error:
            self.damaged[file.stem] = str(error)
        except ODD as error:
            self.damaged[file.stem] = str(not_as_written(file, tool, error))

    def add(self, reason: str, name: str) -> None:
        """One thing; reason: how its line begins."""
        self._found.setdefault(reason, []).append(name)

    def notes(self) -> tuple[str, ...]:
        """The lines, in the order in which the reasons came up."""
        return tuple(f"{reason}: {len(names):,} ({list_some(names)})" for reason, names in self._found.items())

    def __len__(self) -> int:
        return sum(map(len, self._found.values()))


def not_as_written(file: FoundFile, tool: str, error: Exception) -> SegError:
    """The error for content of another form than its tool gives it."""
    return SegError(
        f"{file.path}: is not as {tool} exports it ({type(error).__name__}: {error!s:.80}); export it again"
    )


def masks_beside(contents: Contents, found: LabelSource) -> list[str]:
    """A note on masks, in a folder that says so, of photos whose labels were read from something else."""
    read = {path for label in found.labels for path in (label.path, *label.files)} | {*found.photos.values()}
    stems = {label.stem for label in found.labels}
    images = contents.of_suffix(*IMAGE_SUFFIXES) if contents.is_folder else []
    masks = [file for file in images if names_labels(file.path.parent.name) and file.stem in stems]
    masks = [file for file in masks if file.path not in read]
    if not masks:
        return []
    folder = shlex.quote(str(masks[0].path.parent))
    return [
        f"{counted(len(masks), 'mask')} of the same photos ({masks[0].name}) not read; to read these, name {folder}"
    ]
