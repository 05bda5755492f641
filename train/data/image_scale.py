"""How large the images are that a network learns from, and the photos that they were made from."""

from collections.abc import Callable, Iterable, Sequence
from statistics import median_low

from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import PHOTOS_RECORD
from prep.dataset.index import Sample
from prep.geo.extra import INSTALL_GEO, has_geo
from prep.geo.footprint import footprints_of, pixel_sizes
from prep.photos.record import PhotoRecord, read_records
from train.windows.ground_scale import MetreSpread
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
    Metres on the ground are measured if all samples have a place, which needs the extra `geo`.
    Raises SegError if photos.csv cannot be read, or if a place of index.csv is none.
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
    is_reduced = any(size(sample) != own_size(sample) for sample in samples)
    across, down = _metres(samples, [size(sample) for sample in samples])
    return ImageScale(
        long=_spread(map(max, shown)),
        short=_spread(map(min, shown)),
        shape=(min(shapes), max(shapes)),
        photos=_spread(map(max, photos)) if is_reduced or median_low(factors) > _RESIZED else None,
        stretched=shown[0] if any(squeezed) and len(set(shown)) == 1 else None,
        cut=all(sample.crs or sample.pixel for sample in samples),
        metres_across=across,
        metres_down=down,
    )


def ground_notes(scale: ImageScale) -> list[str]:
    """What a person should know of the size on the ground of the pixels that a network learns from."""
    if scale.cut and scale.ground is None:
        how = "some have no coordinate system" if has_geo() else f"that needs the extra geo: {INSTALL_GEO}"
        return [f"metres a pixel of the samples are not known ({how}): the model will label rasters as they are"]
    if scale.ground is None:
        return []
    mixed = "; they differ, and rasters of any size between are labelled as they are" if scale.ground.is_mixed else ""
    return [f"samples of {scale.ground.words} a pixel, which rasters are brought to{mixed}"]


def _metres(samples: Sequence[Sample], sizes: Sequence[Size]) -> tuple[MetreSpread | None, MetreSpread | None]:
    """Metres on the ground across and down the pixels that the network sees; None if not all have a place."""
    footprints = footprints_of(samples)
    if not samples or len(footprints) < len(samples) or not has_geo():
        return None, None
    found = pixel_sizes([footprints[sample.stem] for sample in samples])
    across = sorted(
        pixel.across * sample.width / size[0] for pixel, sample, size in zip(found, samples, sizes, strict=True)
    )
    down = sorted(
        pixel.down * sample.height / size[1] for pixel, sample, size in zip(found, samples, sizes, strict=True)
    )
    return (across[0], median_low(across), across[-1]), (down[0], median_low(down), down[-1])


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
