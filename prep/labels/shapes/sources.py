"""Images with named regions as a source of labels: their stems, photos, sizes and splits."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Literal
from urllib.parse import unquote

from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.core.failures import refused
from prep.core.folder_names import names_labels
from prep.core.words import list_some
from prep.dataset.index import BUFFER
from prep.images.finding import FoundFile, find_files
from prep.labels.contents import Contents
from prep.labels.layouts.splits import split_of
from prep.labels.pairs.former_datasets import outside_datasets
from prep.labels.reader import LabelSource, RawLabel
from prep.labels.region_labels import class_names, numbered_note
from prep.labels.rerooting import Rerooting, path_beside, unique_stems
from prep.labels.shapes.extents import in_pixels, outside_note, scaled, turned
from prep.labels.shapes.folders_said import folder_of, is_foreign
from prep.labels.shapes.own_names import by_own_names
from prep.labels.shapes.photo_notes import note_on_other_splits, note_on_several, notes_on_other_folders, refuse_shared
from prep.labels.shapes.photo_sizes import PhotoSizes, SizeFrame
from prep.labels.shapes.shapes import RegionImage
from prep.labels.shapes.uploads import before_upload, by_uploaded_name


def region_source(
    reader: str,
    path: Path,
    images: Sequence[RegionImage],
    *,
    names: Sequence[str] | None = None,
    classes: ClassMap | None = None,
    notes: Sequence[str] = (),
    root: Path | None = None,
    among: Rerooting | None = None,
    points: Literal["shares", "told"] = "told",
    damaged: Mapping[str, str] = MappingProxyType({}),
    sizes: Callable[[], Mapping[str, tuple[int, int]]] = dict,
    drawn_on: SizeFrame = "upright",
) -> LabelSource:
    """List images with named regions; photos are looked for below `root`, or else the folder of `path`; or `among`.

    names: of the classes in their order; None: those of the regions, sorted.  An image whose size is not stated has
    that of its photo; without photo and size it is missing.
    points: those of polygons are shares of the image (0 to 1), or tell themselves whether they are shares or pixels.
    sizes: gives width and height of photos that are not here any more, by stem, for images without a size.
    drawn_on: as of PhotoSizes.
    damaged: label files that cannot be read; an image whose photo is needed and cannot be read joins them.
    Raises SegError if no image is left.
    """
    if names is None:
        names = sorted({name for image in images for name, _ in image.regions})
    known = class_names(path, names)
    rerooting = among or Rerooting(root or (path if path.is_dir() else path.parent))
    folder = rerooting.root
    beside = [folder_beside(image.file or path, folder, image.split) for image in images]
    images, named = _with_photos(images, beside, rerooting)
    images, named, own = _of_own_names(images, named, folder)
    stems = unique_stems([image.name for image in images])
    photos = [None if _is_label(photo, image) else photo for image, photo in zip(images, named, strict=True)]
    doubtful = note_on_several([rerooting], found=any(named))
    moved = () if own else _notes_on_moved(images, beside, named, folder, rerooting)
    damaged = dict(damaged)
    of_photos = PhotoSizes(damaged, drawn_on, stated_first=points != "shares")
    sized = [of_photos.given_to(*each) for each in zip(images, photos, stems, strict=True)]
    if not all(all(image.size) for image in sized):
        known_sizes = sizes()
        sized = [
            image if all(image.size) else replace(image, size=known_sizes.get(stem, (0, 0)))
            for image, stem in zip(sized, stems, strict=True)
        ]
    placed, how = _in_pixels(sized, photos, points)
    _refuse_twice(path, images, stems)
    if not own:
        refuse_shared(rerooting.tied)
    listed = {stem: image for stem, image in zip(stems, placed, strict=True) if all(image.size)}
    if images and not listed and damaged:
        raise refused(list(damaged.values()))
    if images and not listed:
        raise _without_sizes(path, images[0].name, folder)
    return LabelSource(
        reader,
        tuple(
            RawLabel(image.file or path, stem, image.name, image.size, known, regions=image.regions)
            for stem, image in listed.items()
        ),
        classes=classes,
        photos={stem: photo for stem, photo in zip(stems, photos, strict=True) if photo is not None and stem in listed},
        names_photos=True,
        names=known,
        missing=tuple(
            image.name for stem, image in zip(stems, placed, strict=True) if stem not in listed and stem not in damaged
        ),
        notes=(
            *(*notes, *doubtful, *moved, *own, *how, *outside_note(placed), *numbered_note(known)),
            *of_photos.notes(),
            *unlabelled_note(folder, filter(None, photos), damaged),
        ),
        splits=_splits(listed),
        damaged=damaged,
    )


def _splits(listed: Mapping[str, RegionImage]) -> dict[str, str]:
    """The splits that came, by stem; a folder called buffer means what 'masks export' calls so beside others only."""
    splits = {stem: image.split for stem, image in listed.items() if image.split}
    return splits if {*splits.values()} != {BUFFER} else {}


def unlabelled_note(folder: Path, photos: Iterable[Path], damaged: Collection[str]) -> tuple[str, ...]:
    """A note on photos that lie with those of the labels, end as they do, and have no label: they are left out.

    folder: below which photos were looked for.  damaged: stems of label files that are damaged.
    """
    here = Path.cwd()
    labelled = {here / photo for photo in photos}
    endings = {photo.suffix.lower() for photo in labelled}
    inside = [photo for photo in labelled if photo.is_relative_to(here / folder)]
    elsewhere = {photo.parent for photo in labelled.difference(inside)}
    found = (
        file
        for place in (*elsewhere, *([folder] if inside else ()))
        for file in outside_datasets(place, find_files(place, endings, skip=holds_no_photos))
    )
    left = {file.name for file in found if here / file.path not in labelled and file.path.stem not in damaged}
    return (f"photos without labels, which are left out: {len(left)} ({list_some(sorted(left))})",) if left else ()


def holds_no_photos(name: str) -> bool:
    """Whether the name of a folder says that what lies in it are labels."""
    return names_labels(name) or "mask" in name.lower()


def _without_sizes(path: Path, name: str, folder: Path) -> SegError:
    """Photos of other names lie where a person said, perhaps: then saying it again helps nobody."""
    others = [file.path for file in find_files(folder, skip=names_labels)] if folder.is_dir() else []
    where = "say with --images FOLDER where the photos are"
    if others:
        where = (
            f"the photos there have other names ({list_some([file.name for file in others])}). If one of them is the "
            f"photo, give both the same name; else {where}"
        )
    return SegError(
        f"{path}: says the size of none of its images, and their photos ({name}) are not below {folder}; {where}"
    )


def _refuse_twice(path: Path, images: Sequence[RegionImage], stems: Sequence[str]) -> None:
    """SegError where two are of one photo: which of them counts, nobody knows."""
    seen: dict[str, RegionImage] = {}
    for stem, image in zip(stems, images, strict=True):
        other = seen.setdefault(stem, image)
        if other is not image:
            files = " and ".join(dict.fromkeys(str(each.file or path) for each in (other, image)))
            raise SegError(
                f"{files}: two labels are of the photo {image.name}; remove one of them, or rename its photo"
            )


def notes_with_empty(nothing: str, images: Sequence[RegionImage], notes: Sequence[str]) -> list[str]:
    """The notes, with one on images without a region; SegError with them if no image has one.

    nothing: how that error begins.
    """
    empty = sum(not image.regions for image in images)
    if images and empty == len(images):
        raise SegError(nothing + "".join(f"\n  {note}" for note in notes))
    return [*notes, f"images without a region: {empty}"] if empty else list(notes)


def photos_by_stem(folder: Path) -> dict[str, Path]:
    """The photos below a folder by their stems, for labels that name them so; those whose stem is not one alone miss.

    Folders that hold labels by their name are passed over.
    """
    found: dict[str, list[Path]] = {}
    for file in outside_datasets(folder, find_files(folder, skip=holds_no_photos)):
        found.setdefault(file.path.stem, []).append(file.path)
    return {stem: paths[0] for stem, paths in found.items() if len(paths) == 1}


def photo_folder(contents: Contents, file: FoundFile) -> Path:
    """Below which the photos of a label file are looked for: what a person named, or what lies around the file.

    Beside annotations/instances.json that is the folder with annotations/ in it.
    """
    if contents.photos is not None:
        return contents.photos
    if contents.is_folder:
        return contents.source
    folder = file.path.parent
    return folder.parent if names_labels(folder.name) else folder


def folder_beside(label: Path, root: Path, split: str = "") -> str:
    """The folder of a label below the root, with the split that the label says where that says none."""
    folder = folder_of(label, root, root)
    return folder if split_of(folder) else f"{split or split_of(label.name)}/{folder}"


def _notes_on_moved(
    images: Sequence[RegionImage],
    beside: Sequence[str],
    photos: Sequence[Path | None],
    folder: Path,
    rerooting: Rerooting,
) -> tuple[str, ...]:
    said = [path_beside(image.name, place) for image, place in zip(images, beside, strict=True)]
    return (
        *notes_on_other_folders([rerooting], found=any(photos)),
        *note_on_other_splits(zip(said, photos, strict=True), folder),
    )


def _with_photos(
    images: Sequence[RegionImage], beside: Sequence[str], root: Rerooting
) -> tuple[Sequence[RegionImage], list[Path | None]]:
    """The photo of each image, and the images, with the names of photos that a tool has renamed.

    beside: the folder of the label of each.
    """
    photos = root.find_each([_among_images(image.name) for image in images], beside, [image.photo for image in images])
    renamed = list(images)
    uploaded = partial(before_upload, own_names=cache(lambda: by_uploaded_name(root.names())))
    for rename in (unquote, uploaded):  # names of URLs (my%20.jpg), and those of Label Studio
        names = {place: rename(image.name) for place, image in enumerate(images) if photos[place] is None}
        other = {place: name for place, name in names.items() if name != images[place].name}
        paths = [_among_images(other.get(place, image.name)) for place, image in enumerate(images)]
        photos = root.find_each(paths, beside, photos) if other else photos
        for place, name in other.items():
            if photos[place] is not None:
                renamed[place] = replace(images[place], name=name)
    return renamed, photos


def _among_images(name: str) -> str:
    """The path that is looked for: of several photos of one name that is the right one which lies in images/."""
    return name if is_foreign(name) else f"images/{name}"


def _of_own_names(
    images: Sequence[RegionImage], photos: list[Path | None], folder: Path
) -> tuple[Sequence[RegionImage], list[Path | None], tuple[str, ...]]:
    """The images and their photos; where labels are of the photos of their own names, these, and a note."""
    names = [image.name for image in images]
    found = by_own_names([image.file for image in images], names, photos, lambda: photos_by_stem(folder))
    if not found.photos:
        return images, photos, ()
    own = [found.photos[number] for number in range(len(images))]
    return [replace(image, name=photo.name) for image, photo in zip(images, own, strict=True)], [*own], found.notes


def _is_label(photo: Path | None, image: RegionImage) -> bool:
    """Whether what was found is the label itself, a PNG file that is called as the photo is."""
    return photo is not None and image.file is not None and photo.resolve() == image.file.resolve()


def _in_pixels(
    images: Sequence[RegionImage], photos: Sequence[Path | None], points: str
) -> tuple[list[RegionImage], list[str]]:
    """The images with points in pixels and sizes that fit them, and notes on what was assumed."""
    if points == "shares":
        return [scaled(image, *image.size) for image in images], []
    pixels, shares = in_pixels(images)
    placed, how = turned(pixels, photos)
    return placed, [*shares, *how]
