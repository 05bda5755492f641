"""What label files hold and cannot be used: one line a reason, with the first names; and files that are damaged."""

import shlex
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager

from prep.core.errors import SegError
from prep.core.folder_names import names_labels
from prep.core.words import counted, list_some
from prep.images.finding import FoundFile, find_files
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.contents import Contents
from prep.labels.layouts.affixes import is_named_as_mask, relate
from prep.labels.pairs.former_datasets import outside_datasets
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


def masks_beside(contents: Contents, found: LabelSource, title: str) -> list[str]:
    """Notes on masks of photos whose labels were read from something else, and of those that have only a mask.

    title: what was read.  Masks are image files in folders that say so, called so, or ending otherwise than the photos.
    """
    if not contents.is_folder:
        return []
    read = {path for label in found.labels for path in (label.path, *label.files)} | {*found.photos.values()}
    unread = [file for file in contents.of_suffix(*IMAGE_SUFFIXES) if file.path not in read]
    in_place = [file for file in unread if names_labels(file.path.parent.name)]
    elsewhere = {*unread} - {*in_place}
    called_so = [file for file in unread if is_named_as_mask(file.stem)]
    stems = {label.stem for label in found.labels}
    return [
        *_in_folders([file for file in in_place if file.stem in stems]),
        *_called_masks([file for file in called_so if file in elsewhere], stems, title),
        *_alone({*unread} - {*called_so}, {*in_place}, contents, found, title),
    ]


def _in_folders(masks: Sequence[FoundFile]) -> list[str]:
    if not masks:
        return []
    folder, files = shlex.quote(str(masks[0].path.parent)), counted(len(masks), "mask")
    return [f"{files} of the same photos ({masks[0].name}) not read; to read these, name {folder}"]


def _called_masks(masks: Sequence[FoundFile], stems: Set[str], title: str) -> list[str]:
    of_labelled = relate([*stems], [file.stem for file in masks]).found if masks else {}
    names = [file.name for file in masks if file.stem in of_labelled]
    if not names:
        return []
    return [
        f"masks of photos that have a label of {title}, too, not read: {len(names):,} ({list_some(names)}); the same "
        "command with --from ids, or rgb where their colours are classes, reads these instead"
    ]


def _alone(
    unread: Set[FoundFile], in_place: Set[FoundFile], contents: Contents, found: LabelSource, title: str
) -> list[str]:
    """On masks of photos that have no label of what was read."""
    endings = {photo.suffix.lower() for photo in found.photos.values()}
    photos = {file for file in unread if file.suffix in endings} - in_place
    given = contents.photos
    elsewhere = outside_datasets(given, find_files(given, endings)) if given else []
    unlabelled = {file.stem for file in (*photos, *elsewhere)} - {label.stem for label in found.labels}
    only = {file.stem: file.name for file in unread if file.stem in unlabelled and file not in photos}
    if not only:
        return []
    names = list_some(sorted(only.values()))
    return [
        f"masks of photos without a label of {title}, not read: {len(only):,} ({names}); after this, the same command "
        "with --from ids, or rgb where their colours are classes, converts them"
    ]
