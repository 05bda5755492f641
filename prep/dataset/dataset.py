"""The dataset folder: find it, open it, read its samples, keep it while one writes."""

import hashlib
import inspect
import json
import os
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import wraps
from operator import attrgetter, index
from pathlib import Path
from typing import ParamSpec, Self, TypeVar, overload

from prep.core.arguments import checked, shown_value
from prep.core.classes import IGNORE_INDEX, NO_CLASSES, ClassMap, read_classes
from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.core.progress import Say
from prep.core.words import counted
from prep.dataset.commit import begins_dataset, between_commits
from prep.dataset.dataset_files import CLASSES, INDEX
from prep.dataset.index import SPLITS, Sample, read_index
from prep.dataset.missing import how_to_mend, is_patch_set, no_dataset, no_key, no_such_stem, not_a_dataset
from prep.dataset.place.around import dataset_around
from prep.dataset.transaction import writing
from prep.images.imageio import ImageRGB, IndexMask, decode_image, decode_mask

ENVIRONMENT_VARIABLE = "SEG_DATASET"

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Dataset:
    """A dataset folder as its index describes it: samples sorted by stem, each stem once.

    for sample in dataset, dataset["IMG_0042"], dataset.split("val") give samples with their pixels (OpenSample).
    samples: as index.csv has them, without pixels.
    classes: NO_CLASSES while it has images only.
    """

    root: Path
    classes: ClassMap
    samples: tuple[Sample, ...]

    @classmethod
    @checked()
    def open(cls, root: str | Path) -> Self:
        """Open a dataset folder, after the commit that is under way there, if one is; changes nothing.

        SegError if it is none, if its index or classes cannot be read, or if a command was killed during its commit.
        """
        root = Path(root)
        return between_commits(root, (INDEX, CLASSES), lambda: cls._open(root))

    @classmethod
    def open_as_it_is(cls, root: Path) -> tuple[Self, str]:
        """Open a dataset folder, and the fingerprint with which `refuse_change` tells whether it stayed as it is."""

        def read() -> tuple[Self, str]:
            dataset = cls._open(root)
            return dataset, dataset.fingerprint()

        return between_commits(root, (INDEX, CLASSES), read)

    @classmethod
    def _open(cls, root: Path) -> Self:
        if not is_dataset(root):
            raise not_a_dataset(root)
        samples = read_index(root / INDEX)
        if not (root / CLASSES).exists() and not any(sample.mask for sample in samples):
            return cls(root, NO_CLASSES, samples)
        return cls(root, read_classes(root / CLASSES), samples)

    @property
    def is_split(self) -> bool:
        """Whether every labelled sample has a split, or lies in the buffer between two."""
        labelled = self.of_split()
        return bool(labelled) and all(sample.split for sample in labelled)

    def of_split(self, *splits: str) -> list[Sample]:
        """Labelled samples of these splits, in index order; all outside the buffer between splits if none is named."""
        wanted = set(splits or (*SPLITS, ""))
        return [sample for sample in self.samples if sample.split in wanted and sample.is_labelled]

    def __len__(self) -> int:
        """Number of samples, labelled or not."""
        return len(self.samples)

    def __bool__(self) -> bool:
        """True: a dataset without samples is one, too."""
        return True

    def __iter__(self) -> "Iterator[OpenSample]":
        """Every sample with its pixels, sorted by stem."""
        return iter(self._opened(self.samples))

    @overload
    def __getitem__(self, key: str | int) -> "OpenSample": ...
    @overload
    def __getitem__(self, key: slice) -> "list[OpenSample]": ...
    def __getitem__(self, key: str | int | slice) -> "OpenSample | list[OpenSample]":
        """The sample of this stem or number, or those of a slice such as [:3].

        SegError if no sample has this stem, and for a key that is none of these; IndexError past the last.
        """
        if isinstance(key, str):
            return self._of_stem(key)
        try:
            if isinstance(key, slice):
                return self._opened(self.samples[key])
            number = index(key if not isinstance(key, bool) else None)  # type: ignore[arg-type]
        except (TypeError, ValueError) as error:
            raise no_key(self.root, key) from error
        if not -len(self) <= number < len(self):
            number_of = counted(len(self), "sample")
            raise IndexError(f"{self.root}: has {number_of}, numbered from 0; {shown_value(key)} is none of them")
        return self._opened((self.samples[number],))[0]

    def _of_stem(self, key: str) -> "OpenSample":
        number = bisect_left(self.samples, key, key=attrgetter("stem"))
        if self.samples[number : number + 1] and self.samples[number].stem == key:
            return self[number]
        raise no_such_stem(self.root, key, [sample.stem for sample in self.samples])

    def __contains__(self, stem: object) -> bool:
        """Whether a sample has this stem."""
        return any(sample.stem == stem for sample in self.samples)

    def split(self, name: str) -> "list[OpenSample]":
        """The labelled samples of train, val or test; SegError for other names, and for a dataset that is not split."""
        if name not in SPLITS:
            raise SegError(f"{name!r} is no split; there are {', '.join(SPLITS)}")
        if not self.is_split:
            raise SegError(f"{self.root}: is not split yet; prep.split({str(self.root)!r}).dataset is")
        return self._opened(self.of_split(name))

    def _opened(self, samples: Iterable[Sample]) -> "list[OpenSample]":
        folder = self.without_samples()  # so that a sample that goes to another process takes no other one along
        return [OpenSample(folder, sample) for sample in samples]

    def without(self, stems: Collection[str]) -> Self:
        """The same dataset without some of its samples."""
        return replace(self, samples=tuple(each for each in self.samples if each.stem not in stems)) if stems else self

    def without_samples(self) -> Self:
        """Folder and classes alone: what goes to other processes with every few jobs."""
        return replace(self, samples=())

    @property
    def mending(self) -> str:
        """What to do about damaged files where a job does not go without them."""
        return how_to_mend(self.root)

    def content(self, name: str) -> bytes:
        """The bytes of an image or mask file, by its name in the index."""
        return read_bytes(self.root / name)

    def digest(self, name: str) -> bytes:
        """SHA-256 of such a file."""
        return hashlib.sha256(self.content(name)).digest()

    def digest_if_any(self, name: str) -> bytes:
        """Nothing for a file that is not there: who reads its pixels says so, and once it is there it is another."""
        try:
            return self.digest(name)
        except SegError:
            return b""

    def read_together(self, samples: Sequence[Sample], most: int) -> list[list[Sample]]:
        """Parts of these samples that are best read one after the other, of about `most` bytes: here each by itself."""
        return [[sample] for sample in samples]

    def contents(self, part: Sequence[Sample]) -> Iterator[tuple[Sample, bytes, bytes]]:
        """Each sample of such a part with the bytes of its image and mask."""
        for sample in part:
            yield sample, self.content(sample.image), self.content(sample.mask)

    def decoded_bytes(self, sample: Sample) -> int:
        """Memory that a sample's image and mask take while they are read."""
        return 4 * sample.width * sample.height

    def image(self, sample: Sample) -> ImageRGB:
        """Read a sample's image; SegError if it is damaged or not of the size in the index."""
        return self.decoded_image(sample, self.content(sample.image))

    def decoded_image(self, sample: Sample, content: bytes) -> ImageRGB:
        """Decode the content of a sample's image; SegError as `image`."""
        image = decode_image(self.root / sample.image, content)
        self._check_size(sample, sample.image, image.shape[:2])
        return image

    def mask(self, sample: Sample) -> IndexMask:
        """Read a sample's mask; SegError if it is damaged, of another size, or holds values that are no class."""
        return self.decoded_mask(sample, self.content(sample.mask))

    def decoded_mask(self, sample: Sample, content: bytes) -> IndexMask:
        """Decode the content of a sample's mask; SegError as `mask`."""
        mask = decode_mask(self.root / sample.mask, content)
        self._check_size(sample, sample.mask, mask.shape[:2])
        wrong = (mask >= len(self.classes)) & (mask != IGNORE_INDEX)
        if wrong.any():
            raise SegError(
                f"{self.root / sample.mask}: holds the value {mask[wrong][0]}, but {CLASSES} has only the classes "
                f"0 to {len(self.classes) - 1}; convert this mask again"
            )
        return mask

    def _check_size(self, sample: Sample, name: str, shape: tuple[int, ...]) -> None:
        if shape != (sample.height, sample.width):
            raise SegError(
                f"{self.root / name}: {shape[1]} x {shape[0]} pixels, but {INDEX} says "
                f"{sample.width} x {sample.height}; was the file replaced? Convert this sample again"
            )

    def split_hash(self) -> str:
        """Hash of which stem is in which split; equal hashes mean the same split of the same samples."""
        text = "\n".join(f"{sample.stem}\t{sample.split}" for sample in self.samples)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]

    def masks_hash(self, *splits: str) -> str:
        """Hash of the masks of these splits: what was counted or cut of them fits as long as it stays the same."""
        return self._hash_of((sample.stem, sample.mask) for sample in self.of_split(*splits))

    def images_hash(self, samples: Iterable[Sample]) -> str:
        """Hash of the images of these samples."""
        return self._hash_of((sample.stem, sample.image) for sample in samples)

    def files_hash(self, *splits: str) -> str:
        """Hash of the images and masks of these splits, wherever the dataset lies."""
        samples = self.of_split(*splits)
        return self._hash_of((sample.stem, name) for sample in samples for name in (sample.image, sample.mask))

    def _hash_of(self, files: Iterable[tuple[str, str]]) -> str:
        content = hashlib.sha256()
        for stem, name in files:
            content.update(stem.encode() + self.digest_if_any(name))
        return content.hexdigest()[:16]

    def fingerprint(self) -> str:
        """Hash of index, classes, and sizes and times of all files: changes whenever one of them may have changed."""
        classes = json.dumps(self.classes.to_json()).encode("utf-8")
        content = hashlib.sha256(read_bytes(self.root / INDEX) + classes)
        for sample in self.samples:
            for path in (self.root / name for name in (sample.image, sample.mask) if name):
                with suppress(OSError):  # not there, or of a name that no file can have
                    status = path.stat()
                    content.update(f"{status.st_size} {status.st_mtime_ns}".encode())
        return content.hexdigest()

    def refuse_change(self, fingerprint: str) -> None:
        """SegError if the dataset has another fingerprint now: what was read may be old and new."""
        if self.fingerprint() != fingerprint:
            raise SegError(f"{self.root}: was changed while it was read; nothing was written, type the command again")


@dataclass(frozen=True)
class OpenSample:
    """A sample together with its dataset: `image` and `mask` read its files, anew each time they are asked for.

    dataset: folder and classes.  record: the sample as index.csv has it.
    """

    dataset: Dataset = field(repr=False)
    record: Sample

    @property
    def stem(self) -> str:
        """The name that image and mask share, without ending."""
        return self.record.stem

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.record.width, self.record.height

    @property
    def group(self) -> str:
        """What stays in one split with it; empty if it is on its own."""
        return self.record.group

    @property
    def split(self) -> str:
        """train, val, test; buffer where it lies between two and is in none; empty while the dataset is not split."""
        return self.record.split

    @property
    def is_labelled(self) -> bool:
        """Whether it has an image and a mask."""
        return self.record.is_labelled

    @property
    def image(self) -> ImageRGB:
        """(H, W, 3) uint8, RGB; SegError if there is none, or if it is damaged."""
        self._need(self.record.image, "image", "'seg-prep masks convert --images FOLDER' brings it in")
        return self.dataset.image(self.record)

    @property
    def mask(self) -> IndexMask:
        """(H, W) uint8 class indices, 255 = ignored; SegError if there is none, or if it is damaged."""
        self._need(self.record.mask, "mask", "'seg-prep annotate' paints one, and is_labelled tells who has one")
        return self.dataset.mask(self.record)

    def _need(self, name: str, what: str, remedy: str) -> None:
        if not name:
            raise SegError(f"{self.dataset.root}: {self.stem} has no {what} yet; {remedy}")


def is_dataset(root: Path) -> bool:
    """Whether the folder holds a dataset, or will, once a commit that was begun there is finished."""
    return ((root / INDEX).is_file() and not is_patch_set(root)) or begins_dataset(root)


@contextmanager
def opened_alone(root: Path, say: Say | None = None) -> Iterator[Dataset]:
    """Open a dataset that nobody else writes into meanwhile; what a killed command has begun there is finished.

    say: told who is at work after some seconds, and then it waits on; without it, that is a SegError.
    """
    if not is_dataset(root):
        Dataset.open(root)  # says so
    with writing(root, say):
        yield Dataset.open(root)


def writes(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Keep others from writing while it runs, into its `dataset`, which it gets as it is then, `root` or `output`."""
    signature = inspect.signature(function)
    folder = next((name for name in ("root", "output") if name in signature.parameters), "")

    @wraps(function)
    def alone(*arguments: Parameters.args, **named: Parameters.kwargs) -> Result:
        bound = signature.bind(*arguments, **named)
        if "dataset" not in bound.arguments:
            with writing(Path(bound.arguments[folder])):
                return function(*bound.args, **bound.kwargs)
        with opened_alone(bound.arguments["dataset"].root) as bound.arguments["dataset"]:
            return function(*bound.args, **bound.kwargs)

    return alone


def root_of(dataset: Dataset | str | Path) -> Path:
    """The folder of a dataset, open or not."""
    return dataset.root if isinstance(dataset, Dataset) else Path(dataset)


def find_dataset(argument: Path | None) -> Path:
    """The dataset folder to work on; SegError if there is none, or several, that says how to name one.

    The argument, else $SEG_DATASET, else what the working folder is or is a part of, else the only one in ./datasets.
    """
    if argument is not None:
        return argument
    if named := os.environ.get(ENVIRONMENT_VARIABLE):
        if not is_dataset(Path(named)):
            raise SegError(f"${ENVIRONMENT_VARIABLE} is {named}, which is not a dataset (no {INDEX} in it)")
        return Path(named)
    if is_dataset(here := dataset_around(Path())):
        return here
    found = sorted(path for path in Path("datasets").glob("*") if is_dataset(path))
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(path.as_posix() for path in found)
        raise SegError(f"several datasets here: {names}; name one as DATASET or in ${ENVIRONMENT_VARIABLE}")
    raise no_dataset(ENVIRONMENT_VARIABLE)
