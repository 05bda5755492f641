"""How large the images are that a network learns from, and the photos that they were made from."""

from collections.abc import Callable, Iterable
from statistics import median_low

from prep.dataset.dataset import Dataset, Sample
from prep.dataset.dataset_files import PHOTOS_RECORD
from prep.photos.record import PhotoRecord, read_records
from train.windows.scale import ImageScale, Spread

Size = tuple[int, int]
"""Width and height in pixels."""

_RESIZED, _DISTORTED = 1.05, 1.02
"""From such ratios on, images are smaller than their photos, and squeezed; rounding to whole pixels stays below."""


def own_size(sample: Sample) -> Size:
    """The size of a sample's image."""
    return sample.width, sample.height


def image_scale(dataset: Dataset, size: Callable[[Sample], Size] = own_size) -> ImageScale:
    """The scale of the labelled images of all splits: at it the network learns, is validated and is scored.

    size: width and height at which the network sees a sample, if that is not the size of its image.
    Raises SegError if photos.csv cannot be read.
    """
    records = read_records(dataset.root / PHOTOS_RECORD)
    samples = dataset.of_split()
    shown = [_shown(sample, size(sample), records.get(sample.stem)) for sample in samples]
    photos = [_photo(sample, records.get(sample.stem)) for sample in samples]
    shapes = [_shape(each) for each in photos]
    factors = [max(photo) / max(image) for photo, image in zip(photos, shown, strict=True)]
    squeezed = [
        max(wide, tall) / min(wide, tall) > _DISTORTED
        for wide, tall in ((p[0] / s[0], p[1] / s[1]) for p, s in zip(photos, shown, strict=True))
    ]
    return ImageScale(
        long=_spread(map(max, shown)),
        short=_spread(map(min, shown)),
        shape=(min(shapes), max(shapes)),
        photos=_spread(map(max, photos)) if median_low(factors) > _RESIZED else None,
        stretched=shown[0] if any(squeezed) and len(set(shown)) == 1 else None,
        cut=all(sample.crs or sample.pixel for sample in samples),
    )


def _shown(sample: Sample, size: Size, record: PhotoRecord | None) -> Size:
    """The size of the photo in the image that the network sees: without the frame of letterboxing."""
    if record is None:
        return size
    return (
        max(1, round(size[0] * record.across / sample.width)),
        max(1, round(size[1] * record.down / sample.height)),
    )


def _photo(sample: Sample, record: PhotoRecord | None) -> Size:
    """The size of the upright photo; where nobody wrote it down, of the image itself."""
    return record.upright_size if record else own_size(sample)


def _shape(size: Size) -> float:
    return max(size) / min(size)


def _spread(sides: Iterable[int]) -> Spread:
    ordered = sorted(sides)
    return ordered[0], median_low(ordered), ordered[-1]
