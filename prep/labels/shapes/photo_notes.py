"""What to say of photos that lie elsewhere than labels say (another split, folder, several), or that several name."""

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from prep.core.errors import SegError
from prep.core.words import counted, list_some, options, verb
from prep.labels.layouts.splits import split_of
from prep.labels.rerooting import Rerooting, path_parts
from prep.labels.shapes.folders_said import is_foreign, said_by


def note_on_other_splits(found: Iterable[tuple[str, Path | None]], root: Path) -> tuple[str, ...]:
    """What to say of photos that lie in the folder of another split than the paths by which labels name them say."""
    others = []
    for foreign, photo in found:
        said = said_by(path_parts(foreign)[:-1], foreign=is_foreign(foreign)).split
        place = photo.relative_to(root).as_posix() if photo is not None and photo.is_relative_to(root) else ""
        there = split_of(place.rpartition("/")[0])
        if said and there and said != there:
            others.append(place)
    if not others:
        return ()
    photos = f"{counted(len(others), 'photo')} {verb(len(others), 'lies', 'lie')}"
    return (f"{photos} in the folder of another split than the labels name: {list_some(others)}",)


def note_on_several(roots: Iterable[Rerooting], *, found: bool) -> tuple[str, ...]:
    """What to say of photos whose names stand in several folders; nothing where there are none.

    found: whether other photos were found; if not, it is a SegError that says what to add.
    """
    several: dict[str, list[Path]] = {}
    for foreign, paths in (each for root in roots for each in root.several.items()):
        several[foreign] = max(several.get(foreign, []), paths, key=len)
    if not several:
        return ()
    alone = [str(paths[0]) for paths in several.values() if len(paths) == 1]
    name, files = next((foreign, paths) for foreign, paths in several.items() if len(paths) > 1)
    shown = f"{path_parts(name)[-1]} ({list_some([*map(str, files)])})"
    also = f", nor {len(alone)} that {verb(len(alone), 'lies', 'lie')} in one of these only ({list_some(alone)})"
    lists = {id(paths): paths for paths in several.values()}.values()  # paths of one name have the same files
    folders = dict.fromkeys(str(path.parent) for paths in lists for path in paths)
    said = (
        f"{counted(len(several) - len(alone), 'photo')} not taken, because the name stands in several folders: {shown}"
        f"{also if alone else ''}; say which holds the right ones:{options('--images', folders)}"
    )
    if not found:
        raise SegError(said)
    return (said,)


def notes_on_other_folders(roots: Iterable[Rerooting], *, found: bool) -> tuple[str, ...]:
    """What to say of photos in folders of other names than labels say, taken or not; nothing where there are none.

    found: whether other photos were found; if not, those that are not taken are a SegError that says what to add.
    """
    roots = list(roots)
    renamed = {file: place for root in roots for file, place in root.renamed.items()}
    left = {file: place for root in roots for file, place in root.elsewhere.items() if file not in renamed}
    where = next((str(root.root) for root in roots if root.elsewhere), "")
    notes = []
    if renamed:
        notes.append(
            f"{counted(len(renamed), 'photo')} taken from a folder of another name than the labels say, because the "
            f"names are there: {_shown(renamed)}; look at some masks"
        )
    if left:
        said = (
            f"{counted(len(left), 'photo')} not taken, because {verb(len(left), 'it lies', 'they lie')} in another "
            f"folder than the labels say: {_shown(left)}"
        )
        if not found:
            raise SegError(f"{said}. {_way(left)}")
        homes = {file: home for root in roots for file, home in root.homes.items()}
        it = verb(len(left), "it is the photo, move it", "they are the photos, move them")
        again = f"--images {shlex.quote(where)} --overwrite"
        notes.append(f"{said}; if {it} {_there(left, homes)}, and convert again with {again}")
    return tuple(notes)


def _shown(files: Mapping[Path, str]) -> str:
    return list_some([f"{file} (labels: {place})" for file, place in files.items()])


def _there(files: Mapping[Path, str], homes: Mapping[Path, Path]) -> str:
    """Where photos have to be moved to: where those lie that labels name beside them, if such are there."""
    folders = list(dict.fromkeys(str(homes[file]) for file in files if file in homes))
    if folders and all(file in homes for file in files):
        return f"into {folders[0]}" if len(folders) == 1 else f"to those of the same place ({list_some(folders)})"
    return "into a folder of the name that the labels say"


def _way(files: Mapping[Path, str]) -> str:
    folders = list(dict.fromkeys(str(file.parent) for file in files))
    if len(folders) > 1:
        return "If these are the photos, give their folders the names that the labels say; if not, move them away"
    return f"If these are others, move {folders[0]} away; if they are the photos, say so:{options('--images', folders)}"


def refuse_shared(photos: Iterable[Path]) -> None:
    """SegError if a photo is there twice: several labels are of it, and which of them counts, nobody knows."""
    shared = [str(photo) for photo, times in Counter(photos).items() if times > 1]
    if shared:
        raise SegError(
            f"several labels are of one photo: {counted(len(shared), 'photo')} ({list_some(shared)}). Where two people "
            "labelled the same photos, name the folder of one with SOURCE, and the photos with --images; where they "
            "are of other photos of the same names, name the folder of these with --images"
        )
