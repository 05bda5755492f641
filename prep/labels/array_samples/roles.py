"""Which arrays are photos and which masks, by their names and shapes, and which belong together."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType

from prep.core.errors import SegError
from prep.core.failures import refused
from prep.core.folder_names import SPLIT_WORDS, place_of, role_of, words_of
from prep.core.words import list_some
from prep.labels.array_samples.stored import StoredArray

_PHOTOS = frozenset({"image", "images", "img", "imgs", "photo", "photos", "x", "input", "inputs", "rgb", "data"})
_MASKS = frozenset(
    {"mask", "masks", "label", "labels", "y", "gt", "seg", "segs", "segmentation", "segmentations", "target", "targets"}
    | {"annotation", "annotations", "annot", "truth", "groundtruth", "lbl", "lbls"}
)
_BANDS = (1, 3, 4)
_MOST_CHANNELS = 64
_LEAST_SIDE = 8
_GREY, _STACK = 2, 4
_WORDS = re.compile(r"[ _\-.]+")
_CHOICE = re.compile(r"(.*?)\[(\d+)\]")


@dataclass(frozen=True)
class ArrayRole:
    """An array with what its sides are. name: path below the source without ending.

    axis: the side along which the samples lie, None of one sample.  channels: the side, of a sample, of its bands or
    channels, None where there are none.
    """

    array: StoredArray
    name: str
    axis: int | None
    channels: int | None

    @property
    def samples(self) -> int:
        """How many there are."""
        return 1 if self.axis is None else self.array.shape[self.axis]

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Sides of one sample."""
        return tuple(side for place, side in enumerate(self.array.shape) if place != self.axis)

    @property
    def size(self) -> tuple[int, ...]:
        """Rows and columns of one sample."""
        return tuple(side for place, side in enumerate(self.sample_shape) if place != self.channels)

    @property
    def key(self) -> tuple[str, ...]:
        """What the names of photos and masks have in common: all words but those that say which of both it is."""
        file, _, variable = self.name.partition("#")
        words = [*_WORDS.split(variable)] if variable else [*_WORDS.split(PurePosixPath(file).name)]
        others = [word for word in words if word and word.lower() not in _PHOTOS | _MASKS]
        return (*self._folders, *([PurePosixPath(file).name] if variable else []), *others)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The numbers of its name, with its folders."""
        return (*self._folders, *re.findall(r"\d+", PurePosixPath(self.name).name))

    @property
    def _folders(self) -> tuple[str, ...]:
        return tuple(part for part in map(place_of, PurePosixPath(self.name).parent.parts) if part)

    @property
    def split(self) -> str:
        """The split that a name says: X_train, or train/images."""
        words = [word.lower() for part in self.key for word in _WORDS.split(part)]
        return next((SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS and len(word) > 2), "")


@dataclass(frozen=True)
class ArraySet:
    """Masks, each with its photos or None where photos are files of their own; and names of all other arrays.

    channel: of masks with several, the one that a person named.  damaged: what is wrong with files, by their stems.
    """

    pairs: tuple[tuple[ArrayRole | None, ArrayRole], ...]
    channel: int | None = None
    left_out: tuple[str, ...] = field(default=())
    damaged: Mapping[str, str] = field(default_factory=dict)

    @property
    def needs_files(self) -> bool:
        """Whether readers of one matrix a file cannot read them."""
        return any(photo is not None or mask.samples > 1 or mask.channels is not None for photo, mask in self.pairs)


def array_set(
    arrays: Sequence[tuple[str, StoredArray]],
    variable: str,
    damaged: Mapping[str, str] = MappingProxyType({}),
    beside: Mapping[str, tuple[int, int]] = MappingProxyType({}),
) -> ArraySet:
    """Divide arrays, each with its path below the source, into photos and masks.

    variable: the array of masks that a person named, with a channel behind it where it has several: labels[1].
    damaged: what is wrong with files beside these; then masks whose photos are not there are left out.
    beside: rows and columns of the image file that has the name of an array, which is one mask then.
    Raises SegError where photos and masks that are there do not pair.
    """
    wanted, channel = (found[1], int(found[2])) if (found := _CHOICE.fullmatch(variable)) else (variable, None)
    names = dict(arrays)
    said = {name: _said(name, array, wanted) for name, array in arrays}
    photos = [each for name, array in names.items() if said[name] == "photos" and (each := _photo(name, array))]
    sizes = [each.size for each in photos]
    masks = [
        each
        for name, array in names.items()
        if said[name] == "labels" and (each := _mask(name, array, sizes, beside.get(name)))
    ]
    _refuse_objects([mask for mask in masks if mask.name in beside])
    pairs = _paired(photos, masks, damaged) if photos and masks else tuple((None, mask) for mask in masks)
    taken = {role.name for pair in pairs for role in pair if role is not None}
    return ArraySet(pairs, channel, tuple(name for name in names if name not in taken), damaged)


def _refuse_objects(masks: Sequence[ArrayRole]) -> None:
    """SegError if masks of a photo each have different numbers of channels, which are objects then, and no classes."""
    numbers = {mask.array.path: mask.sample_shape[mask.channels] for mask in masks if mask.channels is not None}
    if len(set(numbers.values())) > 1:
        path, counts = next(iter(numbers)), ", ".join(map(str, sorted(set(numbers.values()))))
        raise SegError(
            f"{path} and others: masks of {counts} layers, which are objects then, and no classes; save one matrix of "
            f"each photo, 1 inside of any object: np.save(path, mask.any({masks[0].channels}).astype(np.uint8))"
        )


def _said(name: str, array: StoredArray, wanted: str) -> str:
    """What names say an array is: of the words of masks and of photos the former, as masks/img_1 is a mask."""
    own = array.variable or PurePosixPath(name).name
    if wanted:
        is_wanted = own == wanted
        return "labels" if is_wanted else "photos" if words_of(own) & _PHOTOS else ""
    folders = [] if array.variable else [role_of(part) for part in PurePosixPath(name).parent.parts]
    words = words_of(own)
    if words & _MASKS or (folders and next(filter(None, reversed(folders)), "") == "labels"):
        return "labels"
    return "photos" if words & _PHOTOS or "photos" in folders else ""


def _photo(name: str, array: StoredArray) -> ArrayRole | None:
    """One photo, or several; None if the sides are those of something else."""
    shape = array.shape
    if len(shape) == _GREY:
        found = ArrayRole(array, name, None, None)
    elif len(shape) == _GREY + 1 and shape[-1] in _BANDS:
        found = ArrayRole(array, name, None, 2)
    elif len(shape) == _GREY + 1:
        found = ArrayRole(array, name, 2 if array.is_matlab else 0, None)
    elif len(shape) == _STACK and shape[-1] in _BANDS and not (array.is_matlab and shape[2] in _BANDS):
        found = ArrayRole(array, name, 0, 2)
    elif len(shape) == _STACK and array.is_matlab and shape[2] in _BANDS:
        found = ArrayRole(array, name, 3, 2)
    elif len(shape) == _STACK and shape[1] in _BANDS:
        found = ArrayRole(array, name, 0, 0)
    else:
        return None
    return found if min(found.size) >= _LEAST_SIDE else None


def _mask(
    name: str, array: StoredArray, photos: Sequence[tuple[int, ...]], own: tuple[int, int] | None
) -> ArrayRole | None:
    """One mask, or several, as the sizes of the photos say; None if the sides are those of something else.

    own: rows and columns of its only photo.
    """
    shape, sizes = array.shape, {own} if own else set(photos)
    roles = [ArrayRole(array, name, axis, channels) for axis, channels in _sides(shape, last=array.is_matlab)]
    if own and len(shape) == _GREY + 1:
        roles = [ArrayRole(array, name, None, 2), ArrayRole(array, name, None, 0)]
    fitting = [each for each in roles if each.size in sizes] if sizes else roles
    few = [
        each
        for each in fitting or roles
        if min(each.size) >= _LEAST_SIDE
        and (each.channels is None or each.sample_shape[each.channels] <= _MOST_CHANNELS)
    ]
    return few[0] if few else None


def _sides(shape: tuple[int, ...], *, last: bool) -> list[tuple[int | None, int | None]]:
    """What the sides of masks may be, the likelier first: of samples, and of channels. last: as MATLAB has them."""
    stacks: list[tuple[int | None, int | None]] = [(2, None), (0, None)] if last else [(0, None), (2, None)]
    if len(shape) == _GREY:
        return [(None, None)]
    if len(shape) == _GREY + 1:
        return [(None, 2), *stacks] if shape[-1] == 1 else [*stacks, (None, 2)]
    channels: list[tuple[int | None, int | None]] = [(3, 2), (0, 2), (0, 0)]
    return channels[0 if last else 1 :] if len(shape) == _STACK else []


def _paired(
    photos: Sequence[ArrayRole], masks: Sequence[ArrayRole], damaged: Mapping[str, str]
) -> tuple[tuple[ArrayRole | None, ArrayRole], ...]:
    """Photos and masks of one name, or of the same numbers (LIDC: 0001_NI000 and 0001_MA000), or the only ones."""
    by_key: dict[tuple[str, ...], ArrayRole] = {}
    for photo in photos:
        if by_key.setdefault(photo.key, photo) is not photo:
            raise SegError(f"{photo.array.name} and {by_key[photo.key].array.name}: photos of one name; rename one")
    by_number = {photo.numbers: photo for photo in photos}
    all_there = damaged or {mask.numbers for mask in masks} == by_number.keys()
    if len(by_number) < len(photos) or not all_there:
        by_number = {}
    pairs = []
    for mask in masks:
        only = photos[0] if len(photos) == len(masks) == 1 and not damaged else None
        found = only or by_key.get(mask.key) or by_number.get(mask.numbers)
        if found is None and damaged:
            continue
        if found is None:
            names = list_some([photo.name for photo in photos])
            raise SegError(
                f"{mask.array.name}: no photos of this name among the arrays ({names}); give arrays of photos and of "
                "masks names that differ in such a word only: images/a.npy and masks/a.npy, or X_a.npy and y_a.npy"
            )
        if found.samples != mask.samples or found.size != mask.size:
            raise SegError(
                f"{mask.array.name}: an array of {mask.array.shape}, and its photos {found.array.name} are "
                f"{found.array.shape}; save as many masks as photos, in one size"
            )
        pairs.append((found, mask))
    if not pairs:
        raise refused(list(damaged.values()))
    if len({id(photo) for photo, _ in pairs}) < len(pairs):
        listed = list_some([mask.array.variable or mask.name for mask in masks])
        raise SegError(
            f"{masks[0].array.path}: several arrays of masks for the same photos ({listed}); name one with --variable"
        )
    return tuple(pairs)
