"""Choose the samples that show a dataset best, and make small pictures of them for a page."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import simplejpeg

from prep.core.classes import ClassMap
from prep.core.jobs import run_jobs
from prep.core.progress import Progress, silent
from prep.core.words import natural_key
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from prep.images.imageio import ImageRGB, IndexMask
from prep.images.overlay import color_mask, overlay, shrink
from prep.reporting.survey import CountedSample, sum_pixels

MOST_THUMBNAILS = 24
PICTURE_SIDE = 480
"""Longer side of a picture, in pixels."""

_MAX_BYTES = 75_000
_QUALITIES = (85, 70, 50, 30, 10)
_OPACITY = 0.3
_OVERSAMPLING = 3
"""Masks are painted at this many times the size of the picture and averaged, so that thin shapes stay visible."""


@dataclass(frozen=True)
class GallerySample:
    """A sample to show, and the class it was chosen for (None: to fill the page)."""

    counted: CountedSample
    shown_for: int | None


@dataclass(frozen=True)
class GalleryThumbnail:
    """A chosen sample as an inline JPEG, with its classes from the rarest in the dataset to the most common."""

    sample: Sample
    shown_for: int | None
    classes: tuple[int, ...]
    share: float
    """Of the class that it is shown for, in the labelled pixels of this sample."""
    width: int
    height: int
    source: str

    @property
    def aspect(self) -> float:
        """Width / height of its place on the page; very long pictures get less than they ask for."""
        return min(2.5, max(0.5, self.width / self.height))

    @property
    def others(self) -> tuple[int, ...]:
        """Its classes besides the one that it is shown for."""
        return tuple(index for index in self.classes if index != self.shown_for)


def rarest_first(counted: Sequence[CountedSample], classes: ClassMap) -> list[int]:
    """Classes that occur, by their pixels."""
    pixels = sum_pixels(counted, len(classes))
    return sorted((index for index in range(len(classes)) if pixels[index]), key=lambda index: (pixels[index], index))


def choose_samples(
    counted: Sequence[CountedSample], classes: ClassMap, limit: int = MOST_THUMBNAILS
) -> list[GallerySample]:
    """Choose at most `limit` samples, rarest classes first; the same samples give the same choice.

    First each class that no chosen sample shows yet gets the sample with most of its pixels; then the foreground
    classes take turns; then samples without any class fill up, evenly over the stems, 2 before 10.
    """
    order = rarest_first(counted, classes)
    left = {one.sample.stem: one for one in sorted(counted, key=lambda one: natural_key(one.sample.stem))}
    chosen: list[tuple[int, CountedSample]] = []

    def take(index: int) -> bool:
        best = max(left.values(), key=lambda one: int(one.pixels[index]), default=None)
        if best is None or not best.pixels[index] or len(chosen) == limit:
            return False
        chosen.append((order.index(index), left.pop(best.sample.stem)))
        return True

    for index in order:
        if not any(one.pixels[index] for _, one in chosen):
            take(index)
    turns = [index for index in order if index in classes.foreground] or order
    while sum(take(index) for index in turns):  # a whole round, then the next
        pass
    rest = list(left.values())
    free = min(limit - len(chosen), len(rest))
    return [
        *(GallerySample(one, order[place]) for place, one in sorted(chosen, key=lambda entry: entry[0])),
        *(GallerySample(rest[place * len(rest) // free], None) for place in range(free)),
    ]


def make_thumbnails(
    dataset: Dataset, counted: Sequence[CountedSample], workers: int | None = None, progress: Progress = silent
) -> list[GalleryThumbnail]:
    """Choose samples and draw them; images without a mask are shown as they are."""
    order = rarest_first(counted, dataset.classes)
    choices = choose_samples(counted, dataset.classes)
    samples = [choice.counted.sample for choice in choices]
    return [
        _thumbnail(choice, order, thumbnail)
        for choice, thumbnail in zip(
            choices, run_jobs(_Draw(dataset.without_samples()), samples, workers, progress), strict=True
        )
    ]


def _thumbnail(choice: GallerySample, order: Sequence[int], thumbnail: tuple[int, int, bytes]) -> GalleryThumbnail:
    pixels = choice.counted.pixels
    share = int(pixels[choice.shown_for]) / int(pixels.sum()) if choice.shown_for is not None else 0.0
    width, height, data = thumbnail
    return GalleryThumbnail(
        choice.counted.sample,
        choice.shown_for,
        tuple(index for index in order if pixels[index]),
        share,
        width,
        height,
        "data:image/jpeg;base64," + base64.b64encode(data).decode("ascii"),
    )


@dataclass(frozen=True)
class _Draw:
    dataset: Dataset

    def __call__(self, sample: Sample) -> tuple[int, int, bytes]:
        """Width, height and JPEG of one sample."""
        picture = shrink(self.dataset.image(sample), _OVERSAMPLING * PICTURE_SIDE)
        if sample.mask:
            height, width = picture.shape[:2]
            mask = cv2.resize(self.dataset.mask(sample), (width, height), interpolation=cv2.INTER_NEAREST)
            picture = blend(picture, np.asarray(mask, np.uint8), self.dataset.classes)
        small = shrink(picture, PICTURE_SIDE)
        return small.shape[1], small.shape[0], bounded_jpeg(small)


def blend(image: ImageRGB, mask: IndexMask, classes: ClassMap) -> ImageRGB:
    """Overlay with an outline: the foreground classes tint the image (H, W, 3), their borders are drawn in full."""
    width = max(1, round(max(mask.shape) / PICTURE_SIDE))
    kernel = np.ones((2 * width + 1, 2 * width + 1), np.uint8)
    inner = cv2.erode(mask, kernel) == cv2.dilate(mask, kernel)
    drawn = np.isin(mask, classes.foreground) & ~inner
    result = overlay(image, mask, classes, _OPACITY)
    result[drawn] = color_mask(mask, classes)[drawn]
    return result


def bounded_jpeg(picture: ImageRGB) -> bytes:
    """Encode as JPEG, at a lower quality where a picture full of noise would blow up the page."""
    data = b""
    for quality in _QUALITIES:
        data = simplejpeg.encode_jpeg(np.ascontiguousarray(picture), quality, "RGB", "420")
        if len(data) <= _MAX_BYTES:
            break
    return data
