"""What a dataset is like, as far as a plan for its training depends on it; a sample of its images is looked at."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.core.progress import Progress, silent
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from prep.dataset.stats import Stats
from prep.images.geometry import middle
from prep.images.imageio import ImageRGB, IndexMask
from prep.patching.patches import read_patch_splits
from train.data.data import find_patches

_MOST_IMAGES, _MOST_PIXELS = 24, 40_000_000
"""So many images are looked at, or fewer where they are large; 100,000 samples take no longer than 24."""

_MOST_MASK_PIXELS = 400_000_000
"""Masks are decoded ten times as fast; of those of phone photos 24 are looked at, too."""

_SIDE = 1024
"""Masks are looked at in so many pixels of their longer side."""

_ALIKE = 0.3
"""Correlation of neighbours in fine detail: medians of 0.5 to 0.8 in photographs of eight kinds, of 0.0 to 0.1 in two
sets of drawings with noise."""

_DETAIL_PX, _DETAIL_PIXELS = 2.0, 1 << 18
"""Deviation of the Gaussian whose blur is taken away: what is left is detail; and pixels where it is looked at."""

_LEAN, _SURE = 0.3, 3.0
"""A class lies above or below if it leans so far, -1..1, and by so many standard errors."""


@dataclass(frozen=True)
class Fingerprint:
    """images: by split.  height, width: medians of the train split, in pixels.

    longest: side in all of it.  pixels: of all training images.  classes, shares, thickness: of each class its name,
    its share of the labelled pixels, 0..1, and the median thickness of its regions in pixels of the images; nan where
    it is not known.  likeness: correlation of neighbouring pixels in fine detail, -1..1.
    upright: classes that lie above or below the middle of images.  patch, patches: side and number of the patches.
    is_cut: whether images were cut out of rasters with a place on the earth.
    """

    images: Mapping[str, int]
    height: int
    width: int
    longest: int
    pixels: int
    classes: tuple[str, ...]
    shares: tuple[float, ...]
    thickness: tuple[float, ...]
    likeness: float
    upright: tuple[str, ...]
    patch: int | None = None
    patches: int = 0
    is_cut: bool = False

    def seen_at(self, longest: int | None) -> "Fingerprint":
        """The same of images that are seen with so many pixels on their longer side, if they have more."""
        factor = min(1.0, (longest or math.inf) / max(self.height, self.width))  # a photo may be far longer
        return replace(
            self,
            height=max(1, round(self.height * factor)), width=max(1, round(self.width * factor)),
            longest=min(self.longest, longest or self.longest), pixels=round(self.pixels * factor**2),
            thickness=tuple(each * factor for each in self.thickness),
        )  # fmt: skip

    @property
    def is_photo(self) -> bool:
        """Whether the images are photographs of something, which weights of ImageNet know a lot about."""
        return self.likeness >= _ALIKE

    @property
    def rare(self) -> tuple[str, float]:
        """The class with the smallest share that has any pixels, and that share."""
        held = [(share, name) for share, name in zip(self.shares, self.classes, strict=True) if share > 0]
        share, name = min(held)
        return name, share

    @property
    def thinnest(self) -> float:
        """Thickness of the thinnest class, in pixels; infinite where none is known."""
        return min((value for value in self.thickness if not math.isnan(value)), default=math.inf)


def take_fingerprint(
    dataset: Dataset, stats: Stats, size: int | None = None, progress: Progress = silent
) -> Fingerprint:
    """Look at the train split; all of it in the index, and a sample of it in pixels.

    stats: of the train split.  size: of the patches to take, where there are several sizes.
    """
    samples = dataset.of_split("train")
    areas = np.array([sample.width * sample.height for sample in samples])
    area, classes = int(np.median(areas)), len(dataset.classes)
    pictured, masked = (_spread(samples, area, most) for most in (_MOST_PIXELS, _MOST_MASK_PIXELS))
    likenesses, shapes, total = [], [], len(pictured) + len(masked)
    for done, sample in enumerate(pictured, start=1):
        likenesses.append(_likeness(dataset.image(sample)))
        progress(done, total)
    for done, sample in enumerate(masked, start=1 + len(pictured)):
        shapes.append(_shapes(dataset.mask(sample), classes))
        progress(done, total)
    folder = find_patches(dataset, size)
    return Fingerprint(
        images={split: len(dataset.of_split(split)) for split in ("train", "val", "test")},
        height=int(np.median([sample.height for sample in samples])),
        width=int(np.median([sample.width for sample in samples])),
        longest=max(max(sample.width, sample.height) for sample in samples),
        pixels=int(areas.sum()),
        classes=dataset.classes.names,
        shares=tuple(entry.frequency for entry in stats.classes),
        thickness=tuple(_medians([each.thickness for each in shapes])),
        likeness=float(np.median(likenesses)),
        upright=_upright(np.array([each.lean for each in shapes]), dataset.classes.names),
        patch=None if folder is None else int(folder.name.removeprefix("size")),
        patches=0 if folder is None else read_patch_splits(folder).count("train"),
        is_cut=any(sample.crs or sample.pixel for sample in samples),
    )


@dataclass(frozen=True)
class _Shapes:
    """Of one mask: thickness of each class (C,), and where it leans (C,), -1 below to 1 above; nan where it is not."""

    thickness: NDArray[np.float64]
    lean: NDArray[np.float64]


def _spread(samples: Sequence[Sample], area: int, most: int) -> list[Sample]:
    """Samples spread evenly over all of them, with so many pixels together."""
    number = max(1, min(_MOST_IMAGES, len(samples), most // area))
    return [samples[each * len(samples) // number] for each in range(number)]


def _shapes(mask: IndexMask, classes: int) -> _Shapes:
    step = max(1, -(-max(mask.shape) // _SIDE))
    small = mask[::step, ::step]
    thickness, lean = np.full(classes, np.nan), np.full(classes, np.nan)
    half = small.shape[0] // 2
    for index in range(classes):
        own = small == index
        pixels = np.count_nonzero(own)
        if pixels:
            thickness[index] = step * _thickness(own)
            lean[index] = (np.count_nonzero(own[:half]) - np.count_nonzero(own[-half:])) / pixels if half else 0.0
    return _Shapes(thickness, lean)


def _thickness(own: NDArray[np.bool_]) -> float:
    """Of a band its width: the mean distance to its edges is a quarter of it. The border of the image is no edge."""
    distance = cv2.distanceTransform(own.view(np.uint8), cv2.DIST_L2, 3)
    if own.all():
        return float(min(own.shape))
    return 4 * float(distance[own].mean())


def _likeness(image: ImageRGB) -> float:
    """Correlation of pixels with their right neighbours without what is blurred; 1 where nothing changes."""
    grey = cv2.cvtColor(middle(image, _DETAIL_PIXELS), cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = grey - cv2.GaussianBlur(grey, (0, 0), _DETAIL_PX)
    left, right = detail[:, :-1].ravel(), detail[:, 1:].ravel()
    if left.size == 0 or left.std() == 0 or right.std() == 0:
        return 1.0
    return float(np.corrcoef(left, right)[0, 1])


def _medians(values: Sequence[NDArray[np.float64]]) -> list[float]:
    """Median of each column without nan; nan where there is nothing else."""
    columns = np.array(values).T
    return [float(np.median(known)) if len(known := column[~np.isnan(column)]) else math.nan for column in columns]


def _upright(lean: NDArray[np.float64], classes: Sequence[str]) -> tuple[str, ...]:
    """Classes that lie above the middle, or below it, in nearly all images.  lean: (N, C)."""
    found = []
    for name, column in zip(classes, lean.T, strict=True):
        known = column[~np.isnan(column)]
        if len(known) < 3 or abs(known.mean()) < _LEAN:
            continue
        if abs(known.mean()) >= _SURE * known.std(ddof=1) / math.sqrt(len(known)):
            found.append(name)
    return tuple(found)
