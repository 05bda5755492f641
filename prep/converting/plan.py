"""What a conversion of labels is going to do: which label becomes the mask of which image, and what its values mean."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from prep.converting.job import LabelJob
from prep.converting.options import ConvertOptions
from prep.converting.pairing import Pairing, pair_labels
from prep.converting.reading import reader_and_meaning
from prep.converting.sources import Sources, find_sources
from prep.converting.values.meaning import Meaning
from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.core.progress import Progress
from prep.core.words import counted, list_some
from prep.dataset.dataset_files import PHOTOS_RECORD, RANGES
from prep.dataset.index import BUFFER, SPLITS, Sample
from prep.labels.pairs.former_datasets import refuse_own_masks
from prep.labels.pairs.sibling_folders import notes_on_folders, refuse_other_folders
from prep.labels.pixels.other_pairs import notes_on_other_pairs
from prep.labels.reader import LabelReader, LabelSource, RawLabel
from prep.photos.commit import digest_of_files, digest_of_rows
from prep.photos.record import read_records
from prep.photos.rendering import Rendering, bands_of_set, read_rendering
from prep.photos.survey import Survey, survey_photos

_Pair = tuple[str, RawLabel]
"""The stem of an image, and the label that is of it."""


@dataclass(frozen=True)
class ConversionPlan:
    """Everything that is decided before the first mask is made.

    written, before: the classes that the dataset gets, and those that it has, if it has some.
    known: the samples that it has already, by stem.
    photos: folder in which the photos of these labels lie; None where the labels name them.
    notes: what a person should know of these decisions.  rendering: how photos become images.
    brought: stems of the photos that lie with the labels, or where a person says.
    """

    root: Path
    source: Path
    options: ConvertOptions
    labels: LabelSource
    pairing: Pairing
    jobs: tuple[LabelJob, ...]
    reader: LabelReader
    meaning: Meaning
    written: ClassMap
    before: ClassMap | None
    known: Mapping[str, Sample]
    photos: Path | None
    notes: tuple[str, ...]
    rendering: Rendering
    brought: Set[str]

    @property
    def classes(self) -> ClassMap:
        """The classes of the masks."""
        return self.meaning.classes

    def settings(self) -> dict[str, object]:
        """What a staged result depends on: contents of files are known by size and time."""
        labels = (path for job in self.jobs for path in job.label.files or (job.label.path,))
        photos = (job.photo.path for job in self.jobs if job.photo)
        means = {"classes": self.classes.to_json(), "aliases": self.meaning.aliases}
        return {
            **means,
            "options": repr(self.options),
            "rendering": self.rendering.to_plain(),
            "files": digest_of_files(chain(labels, photos)),
            "pairs": digest_of_rows((job.sample.stem, job.label.name) for job in self.jobs),
        }


def plan_conversion(
    root: Path,
    source: Path | None,
    unpacked: Path | None,
    photos: Path | None,
    classes_file: Path | None,
    options: ConvertOptions,
    workers: int | None,
    progress: Progress,
) -> ConversionPlan:
    """Decide, as convert_masks describes; writes nothing. Raises SegError if labels do not pair or have no meaning.

    unpacked: the folder with the files of a source that is a zip file, where they have to be files.
    """
    found = find_sources(root, source, unpacked, photos, options)
    pairing, pairs = _paired(found, options)
    reader, meaning = reader_and_meaning(found, [label for _, label in pairs], classes_file, options, workers, progress)
    refuse_own_masks((label.path for _, label in pairs), meaning.classes)
    written = _written(meaning, found.before.classes if found.before else None)
    if found.before and len(found.before.classes) and written != found.before.classes:
        found.refuse_mixed_classes({image for image, _ in pairs}, written, is_given=classes_file is not None)
    notes = [*pairing.notes, *found.notes, *_meaning_notes(meaning)]
    filled: list[_Pair] = []
    if options.without_mask is not None:
        pairing, filled = _filled(found, pairing)
        notes.append(_filled_note(filled, options.without_mask, meaning.classes))
    jobs = _jobs(found, pairs, filled, options.without_mask, by_own_names=pairing.by_own_names)
    notes += _split_notes([job.sample.split for job in jobs], found.labels, by_own_names=pairing.by_own_names)
    survey = _survey(found, jobs, options, workers)
    return ConversionPlan(
        root=root,
        source=found.source,
        options=options,
        labels=found.labels,
        pairing=pairing,
        jobs=jobs,
        reader=reader,
        meaning=meaning,
        written=written,
        before=found.before.classes if found.before and len(found.before.classes) else None,
        known=found.known,
        photos=found.photos,
        notes=(*notes, *survey.notes),
        rendering=survey.rendering,
        brought=found.files.keys(),
    )


def _written(meaning: Meaning, before: ClassMap | None) -> ClassMap:
    """The dataset keeps the ids and colours that it has where the labels number its classes otherwise."""
    keeps = meaning.is_renumbered and before is not None and meaning.classes.names == before.names
    return before if keeps and before is not None else meaning.classes


def _paired(found: Sources, options: ConvertOptions) -> tuple[Pairing, list[_Pair]]:
    """How images and labels pair, and the pairs; labels that name photos which are not there are pairs, too."""
    labels, may_skip = found.labels, options.skip_unpaired or options.without_mask is not None
    if not (labels.names_photos or options.patterns or found.in_order):
        refuse_other_folders([*found.files.values()], labels.labels, found.source, found.given)
    pairing = pair_labels(
        found.images,
        labels,
        options.patterns,
        found.before,
        in_order=found.in_order,
        skip_unpaired=may_skip,
        own={stem: file.own_stem for stem, file in found.files.items()},
    )
    by_stem = {label.stem: label for label in labels.labels}
    if not labels.names_photos and options.patterns is None:

        def files() -> Iterator[tuple[Path, Path]]:
            return ((found.path_of(image), by_stem[label].path) for image, label in pairing.pairs)

        notes = notes_on_other_pairs(found.place, files)
        if not found.in_order and any(image != label for image, label in pairing.pairs):
            notes += notes_on_folders(files(), found.place, found.given)
        pairing = replace(pairing, notes=(*pairing.notes, *notes))
    alone = pairing.labels_alone if labels.names_photos else ()
    return pairing, [*((image, by_stem[label]) for image, label in pairing.pairs), *((s, by_stem[s]) for s in alone)]


def _meaning_notes(meaning: Meaning) -> list[str]:
    return [*([] if meaning.found is None else [f"classes: {meaning.found}"]), *meaning.notes]


def _filled(found: Sources, pairing: Pairing) -> tuple[Pairing, list[_Pair]]:
    """The pairing without images that have no label, and these, each with itself in place of a label."""
    alone = _without_damaged(pairing.images_alone, found.labels.damaged)
    return replace(pairing, images_alone=()), [(stem, RawLabel(found.path_of(stem), stem)) for stem in alone]


def _without_damaged(images_alone: Sequence[str], damaged: Mapping[str, str]) -> list[str]:
    """Without photos whose label is there and cannot be read; SegError if these are not told by their names."""
    alone = [stem for stem in images_alone if stem not in damaged]
    if len(alone) > len(images_alone) - len(damaged):
        raise SegError(
            f"{next(iter(damaged.values()))}. Which photo it is of, its name does not say, and --without-mask would "
            "fill that, too"
        )
    return alone


def _filled_note(filled: Sequence[_Pair], name: str, classes: ClassMap) -> str:
    if name not in classes.names:
        raise SegError(f"--without-mask {name}: no class has that name; there are {', '.join(classes.names)}")
    stems = [stem for stem, _ in filled]
    return f"without a mask, and so {name} all over: {counted(len(stems), 'image')} ({list_some(stems)})"


def _jobs(
    found: Sources, pairs: Sequence[_Pair], filled: Sequence[_Pair], fill: str | None, *, by_own_names: bool
) -> tuple[LabelJob, ...]:
    """One for each label, and for each image that is to be of the class `fill` all over; by_own_names: as Pairing."""
    splits = found.splits_of_photos if by_own_names else {}
    records = read_records(found.root / PHOTOS_RECORD)
    return tuple(
        LabelJob(
            label,
            found.files.get(image),
            _sample(image, found.known, splits.get(image) or found.split_of(label)),
            records.get(image),
            of,
        )
        for group, of in ((pairs, None), (filled, fill))
        for image, label in group
    )


def _sample(stem: str, known: Mapping[str, Sample], split: str) -> Sample:
    """The sample that a label is of: as the dataset has it, in the split that it came in unless it is in one."""
    sample = known.get(stem, Sample(stem, "", "", 0, 0))
    return sample if sample.split or not split else replace(sample, split=split, source_split=split)


def _split_notes(splits: Sequence[str], labels: LabelSource, *, by_own_names: bool) -> list[str]:
    if not labels.splits and not (by_own_names and any(splits)):
        return []
    counts = ", ".join(f"{splits.count(name)} {name}" for name in (*SPLITS, BUFFER) if name in {*SPLITS, *splits})
    kept = " and ".join(name for name in ("test", BUFFER) if name in splits)
    anew = f"divides the others anew, and leaves {kept} as it is" if kept else "would divide them anew"
    return [f"the labels came divided, and stay so: {counts}; 'seg-prep split --overwrite' {anew}"]


def _survey(found: Sources, jobs: Sequence[LabelJob], options: ConvertOptions, workers: int | None) -> Survey:
    """How the photos become images: by the range and the bands of all of them, or as those of the dataset did."""
    known = read_rendering(found.root / RANGES)
    has_images = any(sample.image for sample in found.known.values())
    bands = bands_of_set(options.bands, known, "the dataset", has_images=has_images)
    photos = [job.photo for job in jobs if job.photo]
    return survey_photos(photos, known=known, given=options.span, bands=bands, workers=workers)
