"""Photos of one place whose labels all lie in the folder of another one: of camera A, and of camera B."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from prep.core.errors import SegError
from prep.images.finding import FoundFile
from prep.labels.layouts.affixes import are_two_sides, relate
from prep.labels.layouts.by_name import own_names_of
from prep.labels.layouts.kinds import folder_version
from prep.labels.pairs.strays import place_in
from prep.labels.reader import RawLabel
from prep.labels.shapes.folders_said import are_siblings, said_by


def notes_on_folders(pairs: Iterable[tuple[Path, Path]], source: Path, given: Path | None) -> list[str]:
    """What to say of (photo, label) pairs where all photos lie in the folder of one place, and all labels in another.

    source: the labels, as they were named.  given: the folder of the photos, if it was named.
    Raises SegError where two places are counted (camA and camB, 2023 and 2024) or sides, unless a person named both.
    """
    photos = given or source
    folders = {(photo.parent, label.parent) for photo, label in pairs}
    places = {(_place(one, photos, other, source), _place(other, source, one, photos)) for one, other in folders}
    ours, theirs = ({place[side] for place in places} for side in (0, 1))
    if len(ours) != 1 or len(theirs) != 1 or ours == theirs or "" in ours | theirs:
        return []
    image, mask = min(folders)
    (one,), (other,) = ours, theirs
    if _are_apart(one, other):
        raise SegError(
            f"all images lie in {image}, and all masks in {mask}: a mask is of no image of another place, whatever it "
            "is called. Nothing was written; if these are of each other all the same, call the folders of both alike"
        )
    return [f"the images are those of {image}, and the masks those of {mask}"]


def of_other_places(images: Mapping[str, str], labels: Sequence[RawLabel]) -> str:
    """What to say where all images lie in one place, and all labels in another, which are counted; empty for others.

    images: names of photos in their folders, by stem.
    """
    ours, theirs = ({place_in(own, stem).strip("_") for stem in own} for own in (images, own_names_of(labels)))
    if len(ours) != 1 or len(theirs) != 1 or ours == theirs or "" in ours | theirs:
        return ""
    (one,), (other,) = ours, theirs
    said = (
        f"the images are of {one}, and the masks of {other}: a mask is of no image of another place. If these are of "
        "each other all the same, call the folders of both alike"
    )
    return said if _are_apart(one, other) else ""


def _are_apart(one: str, other: str) -> bool:
    """Whether two places are counted, or two sides; labels of v2 may be of photos in v1."""
    return not folder_version(other) and (are_siblings(one, other) or are_two_sides(one, other))


def refuse_other_folders(
    photos: Sequence[FoundFile], labels: Sequence[RawLabel], source: Path, given: Path | None
) -> None:
    """SegError that names the folder of the photos where labels of one folder were named, and photos of several.

    masks/camA and images, in which camA and camB hold photos of the same names.
    """
    stems = {label.stem for label in labels}
    mark = next(iter(said_by(source.absolute().parts[-1:]).marks[::-1]), "")
    if given is None or not mark or not source.is_dir() or any(file.stem in stems for file in photos):
        return
    folders = {folder: _folder_of(mark, folder, given) for folder in {file.path.parent for file in photos}}
    found = {folder for folder in folders.values() if folder is not None}
    if len(found) != 1:
        return
    names: dict[bool, set[str]] = {True: set(), False: set()}
    for file in photos:
        names[folders[file.path.parent] is not None].add(file.own_stem)
    ours = relate([*names[True]], [*own_names_of(labels).values()]).found
    if any(image in names[False] for image, _ in ours.values()):
        way = shlex.join(["--images", str(min(found))])
        raise SegError(
            f"photos of these names lie in several folders of {given}, and labels in {source} alone. Nothing was "
            f"written; if these are of the folder that is called alike, type the same command with {way}"
        )


def _folder_of(mark: str, folder: Path, root: Path) -> Path | None:
    """The folder of a place or split below a root in which another one lies, or which it is; None without."""
    parts = folder.relative_to(root).parts if folder.is_relative_to(root) else ()
    depth = next((depth for depth, part in enumerate(parts) if mark in said_by([part]).marks), None)
    return None if depth is None else root.joinpath(*parts[: depth + 1])


def _place(folder: Path, named: Path, partner: Path, partner_named: Path) -> str:
    """The innermost place that a folder says below what was named; empty where it says none.

    That of the path to it where only the partner's says one below: masks/camB was named, and images, in which camA is.
    """
    if places := _places_below(folder, named):
        return places[-1]
    if partner.is_relative_to(named) or not _places_below(partner, partner_named):
        return ""
    return next(iter(said_by(folder.absolute().parts).places[::-1]), "")


def _places_below(folder: Path, root: Path) -> tuple[str, ...]:
    return said_by(folder.relative_to(root).parts).places if folder.is_relative_to(root) else ()
