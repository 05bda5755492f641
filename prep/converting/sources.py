"""What a conversion starts from: the dataset as it is, the labels, and the photos that they are of."""

import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from prep.converting.more_photos import MorePhotos, more_photos
from prep.converting.options import ConvertOptions
from prep.converting.pairing import pair_stems
from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.core.words import list_some, verb
from prep.dataset.dataset import Dataset, is_dataset
from prep.dataset.dataset_files import IMAGES, LABELS, MASKS, PHOTOS, PHOTOS_RECORD, STATES
from prep.dataset.index import Sample
from prep.dataset.states import read_states, with_rejected_mask
from prep.images.finding import FoundFile
from prep.labels.layouts.kinds import of_colors
from prep.labels.layouts.photo_folders import note_on_other_photos, photos_to_bring, refuse_swapped
from prep.labels.layouts.splits import split_of, splits_of
from prep.labels.pixels.part_masks import ClassMaskReader
from prep.labels.reader import LabelSource, RawLabel
from prep.labels.registry import label_source
from prep.labels.stacks import is_one_file_each, refuse_other_page_counts
from prep.photos.record import read_records


@dataclass(frozen=True)
class Sources:
    """What was found; nothing is paired or read yet.

    source: the labels, as they were named.  place: the folder with their files, where the source is a zip file.
    before: the dataset; None if there is none yet.  given: folder of the photos, if it was named.
    brought: photos to bring in; None where the dataset has its images already.  is_grown: whether labels are of images
    of the dataset, and others of photos to bring in.
    in_order: whether labels and photos are paired in the order of their numbers.
    """

    root: Path
    source: Path
    place: Path
    labels: LabelSource
    before: Dataset | None
    given: Path | None
    brought: tuple[FoundFile, ...] | None
    in_order: bool
    notes: tuple[str, ...]
    is_grown: bool = False

    @cached_property
    def known(self) -> Mapping[str, Sample]:
        """The samples that the dataset has already, by stem."""
        return {sample.stem: sample for sample in self.before.samples} if self.before else {}

    @cached_property
    def files(self) -> Mapping[str, FoundFile]:
        """The photos to bring in, by stem."""
        return {file.stem: file for file in self.brought or ()}

    @property
    def images(self) -> list[str]:
        """Stems of the images that labels can be of."""
        has = [stem for stem, sample in self.known.items() if sample.image]
        if self.brought is None:
            return has
        return [*(has if self.is_grown else ()), *(file.stem for file in self.brought)]

    @property
    def photos(self) -> Path | None:
        """The folder in which the photos of these labels lie; None where the labels name them."""
        if self.given is not None or self.brought is None:
            return self.given or self.root / IMAGES
        return self.root / PHOTOS if (self.root / PHOTOS).is_dir() else None

    def path_of(self, stem: str) -> Path:
        """Where the photo, or the image, of a stem is."""
        return self.files[stem].path if stem in self.files else self.root / self.known[stem].image

    def split_of(self, label: RawLabel) -> str:
        """The split that a label came in; of a photo without a mask that of its folder."""
        splits = self.labels.splits
        if not splits or label.stem in splits or not label.path.is_relative_to(self.place):
            return splits.get(label.stem, "")
        return split_of(label.path.relative_to(self.place).parent.as_posix())

    @property
    def splits_of_photos(self) -> dict[str, str]:
        """The split that the folder of each photo says, by stem, if all say one, and they or the labels are divided."""
        names = {stem: file.recorded or file.name for stem, file in self.files.items()}
        if (several := splits_of(names)) or not self.labels.splits:
            return several
        return {stem: split_of(name.rpartition("/")[0]) for stem, name in names.items()}

    def keeps_masks_beside(self, labels: Sequence[RawLabel]) -> bool:
        """Whether the dataset has masks of other images than these labels are of."""
        return not {stem for stem, sample in self.known.items() if sample.is_labelled} <= {each.stem for each in labels}

    def numbers_of_classes(self, options: ConvertOptions) -> tuple[str, ...]:
        """What its masks are called, where they can be read as masks of classes called by numbers; else empty."""
        results = (self.root / IMAGES, self.root / MASKS)
        try:
            names = label_source(
                self.place, ClassMaskReader.name, options.variable, options.patterns, self.given, results
            ).names
        except SegError:
            return ()
        return names if names and all(map(str.isdecimal, names)) else ()

    def refuse_mixed_classes(self, converted: set[str], classes: ClassMap, *, is_given: bool) -> None:
        """SegError if masks of another class map are left: of rejected images, too, which may come back.

        classes: of these labels.  is_given: whether a person named their class map.
        """
        states = read_states(self.root / STATES)
        left = sorted(
            sample.stem
            for sample in self.known.values()
            if sample.stem not in converted and with_rejected_mask(self.root, sample, states).is_labelled
        )
        if not left or self.before is None:
            return
        masks = f"{len(left):,} of its masks {verb(len(left), 'is', 'are')} not among these ({list_some(left)})"
        if is_given:
            raise SegError(
                f"{self.root}: has another class map, and {masks}; convert all masks together, or, if these have the "
                "classes of the dataset, leave out --classes"
            )
        raise SegError(
            f"{self.root}: its classes are {list_some(self.before.classes.names)}, those of these labels "
            f"{list_some(classes.names)}, and {masks}. Give the classes of the labels the names that they have in the "
            "dataset, or convert the labels into a dataset of their own with -o"
            + "".join(f"\n* {note}" for note in self.labels.notes)
        )


def find_sources(
    root: Path, source: Path | None, unpacked: Path | None, photos: Path | None, options: ConvertOptions
) -> Sources:
    """Look where a person pointed; SegError if nothing of use is there, or if options contradict what is.

    source: by default the dataset's own labels/.  unpacked: the folder with the files of a source that is a zip file.
    photos: folder of the photos, if it was named.
    """
    before = Dataset.open(root) if is_dataset(root) else None
    source = source or _own_labels(root)
    _refuse_own_folders(root, source, photos)
    results = (root / IMAGES, root / MASKS)  # which may lie below the source
    labels = label_source(
        unpacked or source,
        options.reader,
        options.variable,
        options.patterns,
        photos,
        results,
        lambda: {stem: record.upright_size for stem, record in read_records(root / PHOTOS_RECORD).items()},
        skips=options.skip_unpaired,
    )
    refuse_swapped(source, photos, labels)
    more = _brought(root, source, photos, labels, before, unpacked, options)
    brought, of_bands = of_colors(more.files) if more else (None, "")
    refuse_other_page_counts(brought or (), labels.labels, lambda a, b: pair_stems(a, b, options.patterns).pairs)
    bands = [of_bands] if of_bands and of_bands not in labels.notes else []
    return Sources(
        root=root,
        source=source,
        place=unpacked or source,
        labels=labels,
        before=before,
        given=photos,
        brought=None if brought is None else tuple(brought),
        in_order=_is_in_order(source, photos, labels, options),
        notes=(*note_on_other_photos(source, photos, labels), *bands),
        is_grown=more is not None and more.is_grown,
    )


def _brought(
    root: Path,
    source: Path,
    photos: Path | None,
    labels: LabelSource,
    before: Dataset | None,
    unpacked: Path | None,
    options: ConvertOptions,
) -> MorePhotos | None:
    """The photos to bring in; None where the dataset has its images already."""
    if photos is not None or before is None or not any(sample.image for sample in before.samples):
        return MorePhotos(tuple(photos_to_bring(root, source, photos, labels, before, unpacked)), is_grown=False)
    beside: list[FoundFile] = []
    with suppress(SegError):  # the images are there: photos that lie about in disorder are nobody's concern
        beside = photos_to_bring(root, source, photos, labels, before, unpacked)
    return more_photos(root, beside, labels, {sample.stem: sample for sample in before.samples}, options)


def _is_in_order(source: Path, photos: Path | None, labels: LabelSource, options: ConvertOptions) -> bool:
    """Whether the first label belongs to the first photo and so on; SegError where that cannot be."""
    if options.in_order and options.patterns:
        raise SegError("--in-order pairs by numbers, and --match by names; leave one of them out")
    if options.in_order and labels.names_photos and all(label.stem in labels.photos for label in labels.labels):
        said = next((f" ({note})" for note in labels.notes if note.startswith("pairs are from")), "")
        raise SegError(
            f"--in-order pairs by numbers, and these labels say of which photo each is{said}; leave --in-order out"
        )
    in_order = options.in_order or (options.patterns is None and is_one_file_each(source, photos, labels))
    if in_order and labels.damaged:
        said = next(iter(labels.damaged.values()))
        raise SegError(
            f"{said}. Without it, all that is paired in order would shift; mend it, or remove it and its photo"
        )
    return in_order


def _own_labels(root: Path) -> Path:
    if not (root / LABELS).is_dir():
        raise SegError(
            f"{root}: has no folder labels/; say with SOURCE where the labels are. No labels yet? Draw masks with "
            f"'{shlex.join(['seg-prep', 'annotate', str(root)])}'"
        )
    return root / LABELS


def _refuse_own_folders(root: Path, source: Path, photos: Path | None) -> None:
    """Raw files are never changed, so they cannot lie where the results go."""
    results = [(root / name).resolve() for name in (IMAGES, MASKS)]
    for raw in (source, *([photos] if photos else [])):
        if any(raw.resolve().is_relative_to(result) for result in results):
            raise SegError(
                f"{raw}: results are written to {root}/images and {root}/masks, and raw files are never changed; "
                f"move the raw files to {root}/photos and {root}/labels, or name another dataset with -o"
            )
