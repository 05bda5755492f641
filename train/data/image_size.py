"""A dataset whose large images are seen smaller: what `--image-size` makes of it while a network learns."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from prep.images.imageio import ImageRGB, IndexMask
from prep.images.resample import resize_image, resize_mask
from prep.images.sizing import Placement, Target, place


@dataclass(frozen=True)
class ReducedDataset(Dataset):
    """A dataset whose samples are brought to another size as they are read; their files are those of `whole`.

    samples: with the sizes at which they are seen.
    """

    whole: Dataset = field(kw_only=True, repr=False)
    originals: Mapping[str, Sample] = field(kw_only=True, repr=False)

    def content(self, name: str) -> bytes:
        """The bytes of an image or mask file, as large as it is."""
        return self.whole.content(name)

    def digest(self, name: str) -> bytes:
        """SHA-256 of such a file."""
        return self.whole.digest(name)

    def read_together(self, samples: Sequence[Sample], most: int) -> list[list[Sample]]:
        """Parts of these samples that are best read one after the other, as of the whole dataset."""
        parts = self.whole.read_together([self.originals[sample.stem] for sample in samples], most)
        seen = {sample.stem: sample for sample in samples}
        return [[seen[sample.stem] for sample in part] for part in parts]

    def contents(self, part: Sequence[Sample]) -> Iterator[tuple[Sample, bytes, bytes]]:
        """Each sample of such a part with the bytes of its image and mask, as large as they are."""
        originals = [self.originals[sample.stem] for sample in part]
        for sample, (_, image, mask) in zip(part, self.whole.contents(originals), strict=True):
            yield sample, image, mask

    def decoded_bytes(self, sample: Sample) -> int:
        """Memory that a sample's image and mask take while they are read: as large as they are."""
        return self.whole.decoded_bytes(self.originals[sample.stem])

    def decoded_image(self, sample: Sample, content: bytes) -> ImageRGB:
        """Decode the content of a sample's image, and bring it to the size at which it is seen."""
        image = self.whole.decoded_image(self.originals[sample.stem], content)
        return image if _size(sample) == image.shape[1::-1] else resize_image(image, *_size(sample))

    def decoded_mask(self, sample: Sample, content: bytes) -> IndexMask:
        """Decode the content of a sample's mask, and bring it to that size: nearest pixel."""
        mask = self.whole.decoded_mask(self.originals[sample.stem], content)
        if _size(sample) == mask.shape[1::-1]:
            return mask
        width, height = _size(sample)
        return resize_mask(mask, Placement(width, height, 0, 0, width, height))


def reduced(dataset: Dataset, longest: int | None) -> Dataset:
    """The dataset with images of at most so many pixels on their longer side, as 'seg-prep resize --size' makes them.

    None, or images that are no larger, give the dataset itself.
    Raises SegError for samples that were cut out of rasters, whose scale is that of the ground.
    """
    if longest is None or all(max(_size(sample)) <= longest for sample in dataset.samples):
        return dataset
    if any(sample.crs or sample.pixel for sample in dataset.samples):
        raise SegError(
            f"{dataset.root}: --image-size would change the metres a pixel of samples that were cut out of rasters; "
            "leave it out, or cut them from coarser rasters with 'seg-prep tile'"
        )
    target = Target("long", longest, longest)
    seen = tuple(_placed(sample, target) for sample in dataset.samples)
    originals = {sample.stem: sample for sample in dataset.samples}
    return ReducedDataset(dataset.root, dataset.classes, seen, whole=dataset, originals=originals)


def seen_sizes(seen: Dataset) -> Callable[[Sample], tuple[int, int]]:
    """Width and height at which a sample of the whole dataset is seen."""
    sizes = {sample.stem: _size(sample) for sample in seen.samples}
    return lambda sample: sizes[sample.stem]


def _placed(sample: Sample, target: Target) -> Sample:
    placement = place(sample.width, sample.height, target)
    return replace(sample, width=placement.width, height=placement.height)


def _size(sample: Sample) -> tuple[int, int]:
    return sample.width, sample.height
