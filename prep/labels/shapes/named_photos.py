"""Photos of label files that are called as their photo is: several have one name in folders, or in two formats."""

from collections import Counter
from pathlib import Path

from prep.core.folder_names import places_among
from prep.core.words import counted, list_some
from prep.images.finding import find_files
from prep.labels.layouts.looks import is_photo
from prep.labels.pairs.former_datasets import outside_datasets
from prep.labels.rerooting import Rerooting
from prep.labels.shapes.sources import holds_no_photos


class NamedPhotos:
    """The photos below a folder by their names; folders that hold labels by their name are passed over.

    There tells which of them a label is of that names a photo: see name_of.  notes: which of several that have one name
    was taken.
    """

    def __init__(self, folder: Path) -> None:
        found = outside_datasets(folder, find_files(folder, skip=holds_no_photos))
        files = [file.path for file in found]
        self.there = Rerooting(folder, files)
        self._by_stem: dict[str, list[Path]] = {}
        for path in files:
            self._by_stem.setdefault(path.stem, []).append(path)
        self._names = {stem: {path.name for path in paths} for stem, paths in self._by_stem.items()}
        self._endings = Counter(_ending(paths[0]) for paths in self._by_stem.values() if len(paths) == 1)
        self._photo_of_two: dict[frozenset[str], str] = {}
        self._taken: dict[Path, list[Path]] = {}

    def __len__(self) -> int:
        """How many names there are."""
        return len(self._by_stem)

    def names(self) -> list[str]:
        """All names, in order of their folders."""
        return list(self._by_stem)

    def of(self, label: Path, stem: str) -> Path | None:
        """The photo of this name that lies nearest to a label file, if one does; else None.

        It need not be that of the label, which may be lost: see name_of.
        """
        found = self._nearest(label, stem)
        return found[0] if len(found) == 1 else None

    def name_of(self, label: Path, stem: str) -> str:
        """What the photo of a label is called, with its ending: where it lies, or whether it is lost, `there` tells.

        Empty where there is none of this name, or nobody knows which ending it has.
        """
        names = self._names.get(stem, set())
        if len(names) > 1:  # else it is the same which lies nearest: of a thousand folders each may have it
            names = {path.name for path in self._nearest(label, stem)}
        return next(iter(names)) if len(names) == 1 else ""

    def only_in(self, folder: Path) -> Path | None:
        """The only photo that lies in a folder itself; None if there are several, or none."""
        inside = [path for paths in self._by_stem.values() for path in paths if path.parent == folder]
        return inside[0] if len(inside) == 1 else None

    def _nearest(self, label: Path, stem: str) -> list[Path]:
        """The photos of this name that lie nearest to a label file; of two formats in one folder the likelier one."""
        found = self._by_stem.get(stem, [])
        if len(found) > 1:
            near = {path: _shared_places(label, path) for path in found}
            found = [path for path in found if near[path] == max(near.values())]
        is_of_one_folder = len(found) > 1 and len({path.parent for path in found}) == 1
        return self._of_ending(found) if is_of_one_folder else found

    def notes(self) -> list[str]:
        """What to say of those of two formats where looks tell nothing."""
        if not self._taken:
            return []
        shown = [f"{taken.name}, not {others[0].name}" for taken, others in self._taken.items()]
        return [
            f"{counted(len(shown), 'photo')} of two that have the name of one label, taken because the others end so: "
            f"{list_some(shown)}"
        ]

    def _of_ending(self, twins: list[Path]) -> list[Path]:
        """Of files of one name in a folder the only one that looks like a photo, or ends as most others do."""
        endings = frozenset(map(_ending, twins))
        if len(endings) < len(twins):
            return []
        if endings not in self._photo_of_two:  # looked at once, and not for each of a thousand masks
            shown = [_ending(path) for path in twins if is_photo(path)]
            self._photo_of_two[endings] = shown[0] if len(shown) == 1 else ""
        (most, times), *others = Counter({each: self._endings[each] for each in endings}).most_common()
        ending = self._photo_of_two[endings] or (most if times > others[0][1] else "")
        taken = [path for path in twins if _ending(path) == ending]
        if taken and not self._photo_of_two[endings]:
            self._taken[taken[0]] = [path for path in twins if path != taken[0]]
        return taken


def _ending(path: Path) -> str:
    return path.suffix.lower()


def _shared_places(label: Path, photo: Path) -> int:
    """How many folders both lie in, from the innermost on, without those that say what lies in them."""
    ours, theirs = (places_among(reversed(path.absolute().parent.parts)) for path in (label, photo))
    pairs = enumerate(zip(ours, theirs, strict=False))
    return next((count for count, (one, other) in pairs if one != other), min(len(ours), len(theirs)))
