"""Labels of photos, some of which are in the dataset already: which are new to it, and whether the others are the same.

Cameras and exports of frames begin anew with IMG_0001 and frame_000000: an equal name may be of another photo.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.converting.options import ConvertOptions, how_to_skip
from prep.core.errors import SegError
from prep.core.words import counted, list_some, verb
from prep.dataset.dataset_files import PHOTOS_RECORD, RANGES
from prep.dataset.index import Sample
from prep.images.finding import FoundFile
from prep.images.imageio import read_image
from prep.images.likeness.compared_places import MOST_COMPARED, compare_places
from prep.labels.layouts.affixes import relate
from prep.labels.reader import LabelSource
from prep.photos.photoio import decode_photo, open_photo
from prep.photos.record import PhotoRecord, read_records
from prep.photos.rendering import Rendering, read_rendering

_SIDES, _PER_PIXEL = (4, 32), 4
"""Sides of the small pictures that are compared, and how many pixels of an image go into one of theirs at least."""

_LEAST_ALIKE = 0.97
"""Correlation of the grey values of a photo with those of the image that was made from it; that of others is lower."""

_LEAST_DETAIL, _MOST_APART = 2.0, 16.0
"""Where an image is of one grey, its grey is compared."""

_MOST_MEGAPIXELS, _OF_JPEG = 500.0, 1 / 8
"""Of all files together that are compared; one photo is looked at in any case. JPEG is decoded as much faster."""


@dataclass(frozen=True)
class MorePhotos:
    """Photos to bring into a dataset that has images.

    files: the photos that it does not have.  is_grown: whether some of the labels are of images that it has.
    """

    files: tuple[FoundFile, ...]
    is_grown: bool


def more_photos(
    root: Path, files: Sequence[FoundFile], labels: LabelSource, known: Mapping[str, Sample], options: ConvertOptions
) -> MorePhotos | None:
    """What of the photos that lie with labels is new; None where the labels are of images that the dataset has.

    Raises SegError if a name is of two photos, or if the images of the dataset are smaller than their photos.
    """
    said = bool(options.patterns or options.in_order or labels.in_order)  # which image a label is of
    by_label = {} if said else _paired_by_label(files, labels, known)
    _refuse_other_photos(root, {**by_label, **{file.stem: file for file in files if file.stem in known}}, known)
    new = [file for file in files if file.stem not in known]
    if said or not new:
        return None
    present = [stem for stem, sample in known.items() if sample.image]
    alone, is_grown = _of_no_image(present, labels)
    if not alone or not _are_of(new, alone, labels):
        return None
    if (is_grown or not labels.photos) and not _are_of_full_size(root, known):
        if labels.names_photos or options.skip_unpaired:
            return None  # these are listed as labels without photo
        raise _must_be_resized(root, new, known, how_to_skip(labels))
    return MorePhotos(tuple(new), is_grown)


def _of_no_image(present: Sequence[str], labels: LabelSource) -> tuple[set[str], bool]:
    """The stems of labels that are of no image that is there, and whether others are."""
    stems = [label.stem for label in labels.labels]
    if labels.names_photos:
        alone = set(stems).difference(present)
        return alone, len(alone) < len(stems)
    relation = relate(present, stems)
    return set(relation.alone), bool(relation.found)


def _are_of(new: Sequence[FoundFile], alone: set[str], labels: LabelSource) -> bool:
    """Whether some of these labels are of a new photo."""
    stems = [file.stem for file in new]
    return not alone.isdisjoint(stems) or bool(not labels.names_photos and stems and relate(stems, [*alone]).found)


def _must_be_resized(root: Path, new: Sequence[FoundFile], known: Mapping[str, Sample], skip: str) -> SegError:
    sides = {max(sample.width, sample.height) for sample in known.values() if sample.image}
    size = f" --size {sides.pop()}" if len(sides) == 1 else ", with the --size of the others"
    folder = new[0].path.parent
    return SegError(
        f"{counted(len(new), 'photo')} that {verb(len(new), 'lies', 'lie')} with these labels "
        f"{verb(len(new), 'is', 'are')} not in {root}, whose images are smaller than their photos: "
        f"{list_some([file.stem for file in new])}. Nothing was written; add them as the others were, "
        f"{shlex.join(['seg-prep', 'resize', str(folder), '-o', str(root)])}{size}; or convert only the others with "
        f"{skip}"
    )


def _paired_by_label(
    files: Sequence[FoundFile], labels: LabelSource, known: Mapping[str, Sample]
) -> dict[str, FoundFile]:
    """By the stem of an image of the dataset, a photo of another name that goes with a label of that image.

    x_img.jpg beside x_mask.png, where the dataset has an image x.
    """
    new = {file.stem: file for file in files if file.stem not in known}
    if not new or labels.names_photos:
        return {}
    stems = [label.stem for label in labels.labels]
    images = relate([stem for stem, sample in known.items() if sample.image], stems).found
    photos = relate(list(new), stems).found
    return {images[label][0]: new[photos[label][0]] for label in stems if label in images and label in photos}


def _refuse_other_photos(root: Path, files: Mapping[str, FoundFile], known: Mapping[str, Sample]) -> None:
    """SegError if a photo that lies with the labels is not the one that an image was made from.

    files: by the stems of the images.
    They are compared as small grey pictures; one that cannot be read is left out: its image is there.
    """
    stems = sorted(stem for stem in files if known[stem].image)
    if not stems:
        return
    records, rendering = read_records(root / PHOTOS_RECORD), read_rendering(root / RANGES)
    megapixels = sum(_megapixels(files[stem], known[stem], records.get(stem)) for stem in stems)
    found = compare_places(
        len(stems),
        lambda place: _is_same(
            files[stems[place]], root / known[stems[place]].image, records.get(stems[place]), rendering
        ),
        most=min(MOST_COMPARED, int(_MOST_MEGAPIXELS * len(stems) / megapixels)),
    )
    others = [stems[place] for place, is_same in found.items() if not is_same]
    if others:
        raise SegError(
            f"{files[others[0]].path}: is another photo than the one that {known[others[0]].image} in {root} was made "
            f"from ({counted(len(others), 'photo')} of {len(found)} that were compared: {list_some(others)}); "
            "these labels would become masks of the wrong images. Convert them into a dataset of their own with -o, or "
            "give these photos and their labels other names; if the labels are of the images that are there, move "
            "these photos away"
        )


def _are_of_full_size(root: Path, known: Mapping[str, Sample]) -> bool:
    """Whether it is known of all images of a dataset that they are their photos in full size."""
    records = read_records(root / PHOTOS_RECORD)
    found = [records.get(stem) for stem, sample in known.items() if sample.image]
    return all(record and record.upright_size == (record.across, record.down) for record in found)


def _megapixels(file: FoundFile, sample: Sample, record: PhotoRecord | None) -> float:
    """What it takes to decode a photo and the image that was made from it."""
    image = sample.width * sample.height
    sizes = {Path(sample.image): image, file.path: record.width * record.height if record else image}
    return sum(
        size / 1e6 * (_OF_JPEG if path.suffix.lower() in (".jpg", ".jpeg") else 1) for path, size in sizes.items()
    )


def _is_same(file: FoundFile, image: Path, record: PhotoRecord | None, rendering: Rendering) -> bool | None:
    """Whether an image was made from a photo; None if one of them cannot be read."""
    try:
        pixels, photo = read_image(image), open_photo(file.path, page=file.page)
        if record is not None:
            pixels = pixels[record.top : record.top + record.down, record.left : record.left + record.across]
        height, width = pixels.shape[:2]
        side = int(np.clip(min(height, width) // _PER_PIXEL, *_SIDES))
        other = _grey(_shrunk(pixels, side))
        del pixels  # a picture of 400 megapixels is 1.2 GB: never two at once
        one = _grey(_shrunk(decode_photo(photo, width, height, rendering), side))  # as the image was made
    except SegError:
        return None
    if min(one.std(), other.std()) < _LEAST_DETAIL:
        return bool(abs(one - other).mean() <= _MOST_APART)
    return bool(np.corrcoef(one.ravel(), other.ravel())[0, 1] >= _LEAST_ALIKE)


def _shrunk(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def _grey(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.float64)
