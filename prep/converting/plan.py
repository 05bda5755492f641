"""What a conversion of labels is going to do: which label becomes the mask of which image, and what its values mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from prep.converting.counted import (
    note_on_counting,
    numbered_as_maps,
    refuse_first_id,
    values_of_set,
    with_white_as_second,
)
from prep.converting.job import HasUncovered, LabelJob
from prep.converting.meaning import (
    IGNORE,
    Meaning,
    meaning_of,
    needs_background,
    recolored,
    with_region_names,
    with_unlabelled,
)
from prep.converting.pairing import Pairing, pair_labels, pair_stems
from prep.converting.proposal import Lists, no_meaning
from prep.converting.unknown import Policy, replacement
from prep.core.classes import IGNORE_INDEX, ClassMap, Color
from prep.core.errors import SegError
from prep.core.jobs import run_jobs
from prep.core.progress import Progress
from prep.core.words import counted, list_some
from prep.dataset.dataset import SPLITS, Dataset, Sample, is_dataset
from prep.dataset.dataset_files import IMAGES, LABELS, MASKS, PHOTOS, PHOTOS_RECORD, RANGES, STATES
from prep.dataset.states import REJECTED, own_mask_name, read_states
from prep.images.bands import Bands
from prep.labels.class_files import long_list
from prep.labels.layouts.affixes import Patterns
from prep.labels.layouts.kinds import of_colors
from prep.labels.layouts.photo_folders import photos_to_bring
from prep.labels.layouts.splits import split_of
from prep.labels.reader import LabelReader, LabelSource, RawLabel
from prep.labels.region_labels import BACKGROUND, UNCOVERED
from prep.labels.registry import label_source, reader_of
from prep.labels.stacks import is_one_file_each, refuse_other_page_counts
from prep.labels.tables.beside import note_on_lists, passed_over, tables_beside
from prep.labels.tables.table import similar_names
from prep.photos.commit import file_stamps
from prep.photos.ranges import Span
from prep.photos.record import read_records
from prep.photos.rendering import Rendering, bands_of_set, read_rendering
from prep.photos.survey import survey_photos

_LOOKED_AT_FIRST = 4


@dataclass(frozen=True)
class ConvertOptions:
    """How to convert: see the options of 'seg-prep masks convert'."""

    patterns: Patterns | None = None
    unknown: Policy = "error"
    reader: str | None = None
    skip_unpaired: bool = False
    in_order: bool = False
    unlabelled: str | None = None
    first_id: int | None = None
    variable: str = ""
    stretch: bool = False
    colors: tuple[tuple[str, Color], ...] = ()
    span: Span | None = None
    bands: Bands | None = None
    without_mask: str | None = None


DEFAULTS = ConvertOptions()


@dataclass(frozen=True)
class Plan:
    """Everything that is decided before the first mask is made.

    known: the samples that the dataset has already, by stem.
    photos: folder in which the photos of these labels lie; None where the labels name them.
    notes: what a person should know of these decisions.  rendering: how photos become images.
    """

    root: Path
    source: Path
    options: ConvertOptions
    labels: LabelSource
    pairing: Pairing
    jobs: tuple[LabelJob, ...]
    reader: LabelReader
    meaning: Meaning
    known: Mapping[str, Sample]
    photos: Path | None
    notes: tuple[str, ...]
    rendering: Rendering

    @property
    def classes(self) -> ClassMap:
        """The classes of the masks."""
        return self.meaning.classes

    def settings(self) -> dict[str, object]:
        """What a staged result depends on: contents of files are known by size and time."""
        files = [path for job in self.jobs for path in job.label.files or (job.label.path,)]
        files += [job.photo.path for job in self.jobs if job.photo]
        pairs = [(job.sample.stem, job.label.name) for job in self.jobs]
        means = {"classes": self.classes.to_json(), "aliases": self.meaning.aliases}
        return {
            **means,
            "options": repr(self.options),
            "rendering": self.rendering.to_plain(),
            "files": file_stamps(files),
            "pairs": pairs,
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
) -> Plan:
    """Decide, as convert_masks describes; writes nothing. Raises SegError if labels do not pair or have no meaning.

    unpacked: the folder with the files of a source that is a zip file, where they have to be files.
    """
    before = Dataset.open(root) if is_dataset(root) else None
    source = source or _own_labels(root)
    _refuse_own_folders(root, source, photos)
    labels = label_source(unpacked or source, options.reader, options.variable, options.patterns, photos)
    brought = photos_to_bring(root, source, photos, labels, before, unpacked)
    raw, of_bands = of_colors(brought) if brought is not None else (None, "")
    refuse_other_page_counts(raw or (), labels.labels, lambda a, b: pair_stems(a, b, options.patterns).pairs)
    if options.in_order and options.patterns:
        raise SegError("--in-order pairs by numbers, and --match by names; leave one of them out")
    in_order = options.in_order or (options.patterns is None and is_one_file_each(source, photos, labels))
    if in_order and labels.damaged:
        said = next(iter(labels.damaged.values()))
        raise SegError(
            f"{said}. Without it, all that is paired in order would shift; mend it, or remove it and its photo"
        )
    known = {sample.stem: sample for sample in before.samples} if before else {}
    images = [stem for stem, sample in known.items() if sample.image] if raw is None else [file.stem for file in raw]
    may_skip = options.skip_unpaired or options.without_mask is not None
    pairing = pair_labels(images, labels, options.patterns, before, in_order=in_order, skip_unpaired=may_skip)
    notes = [*pairing.notes, *(note for note in (of_bands,) if note and note not in labels.notes)]
    by_stem = {label.stem: label for label in labels.labels}
    pairs = [*pairing.pairs, *((stem, stem) for stem in pairing.labels_alone if labels.names_photos)]
    chosen = [by_stem[label] for _, label in pairs]
    reader, meaning = _reader_and_meaning(source, labels, chosen, classes_file, options, before, workers, progress)
    if meaning.found is not None:
        notes.append(f"classes: {meaning.found}")
    notes += meaning.notes
    if before and len(before.classes) and meaning.classes != before.classes:
        _refuse_mixed_classes(root, before, {image for image, _ in pairs})
    records = read_records(root / PHOTOS_RECORD)
    files = {file.stem: file for file in raw or ()}
    filled: list[tuple[str, RawLabel]] = []
    if options.without_mask is not None:
        pairing = _without_damaged(pairing, labels.damaged)
        paths = {stem: files[stem].path if stem in files else root / known[stem].image for stem in pairing.images_alone}
        filled = [(stem, RawLabel(path, stem)) for stem, path in paths.items()]
        notes.append(_filled_note(filled, options.without_mask, meaning.classes))
        pairing = replace(pairing, images_alone=())
    jobs = tuple(
        LabelJob(
            label,
            files.get(image),
            _sample(image, known, _split(label, labels, unpacked or source)),
            records.get(image),
            of,
        )
        for group, of in (
            ([*zip((image for image, _ in pairs), chosen, strict=True)], None),
            (filled, options.without_mask),
        )
        for image, label in group
    )
    notes += _split_notes([job.sample.split for job in jobs], labels)
    shown = photos or (root / IMAGES if raw is None else root / PHOTOS if (root / PHOTOS).is_dir() else None)
    known_rendering = read_rendering(root / RANGES)
    has_images = any(sample.image for sample in known.values())
    bands = bands_of_set(options.bands, known_rendering, "the dataset", has_images=has_images)
    photos_of_jobs = [job.photo for job in jobs if job.photo]
    survey = survey_photos(photos_of_jobs, known=known_rendering, given=options.span, bands=bands, workers=workers)
    notes += survey.notes
    return Plan(
        root, source, options, labels, pairing, jobs, reader, meaning, known, shown, tuple(notes), survey.rendering
    )


def _reader_and_meaning(
    source: Path,
    labels: LabelSource,
    chosen: Sequence[RawLabel],
    classes_file: Path | None,
    options: ConvertOptions,
    before: Dataset | None,
    workers: int | None,
    progress: Progress,
) -> tuple[LabelReader, Meaning]:
    """Who reads the labels, and what their values mean; SegError lists the values if nothing tells."""
    meaning = meaning_of(source, labels, classes_file, options.first_id, before.classes if before else None)
    if meaning is not None and options.colors:
        meaning = replace(meaning, classes=recolored(meaning.classes, options.colors), has_colors=True)
    has_colors = meaning is None or meaning.has_colors
    shows = has_colors and options.first_id is None  # who says how rows are counted means ids, where masks hold some
    reader = reader_of(labels, chosen, meaning.classes if meaning else None, has_colors=shows)
    if meaning is None or (reader.name == "rgb" and not has_colors):
        values = values_of_set(reader, chosen, workers, progress)
        lists = Lists(long_list(source), tables_beside(source), passed_over(source), labels.notes)
        raise no_meaning(values, reader, meaning, chosen, lists, labels.unlabelled)
    refuse_first_id(options.first_id, reader, names_regions=labels.names is not None)
    meaning = with_white_as_second(meaning, reader, chosen, workers, progress)
    meaning = numbered_as_maps(
        meaning, reader, options.first_id, lambda: values_of_set(reader, chosen, workers, progress).pixels
    )
    if labels.names is not None:
        covered = needs_background(meaning, options.unlabelled) and _all_covered(reader, chosen, workers)
        meaning = with_region_names(meaning, labels.names, options.unlabelled, covered=covered)
    elif reader.name != "rgb" and labels.unlabelled:
        meaning = with_unlabelled(meaning, labels.unlabelled, options.unlabelled or IGNORE)
    elif _has_rest(meaning, reader) and not _all_covered(reader, chosen, workers):
        meaning = with_unlabelled(meaning, (UNCOVERED,), options.unlabelled or BACKGROUND)
    if options.unknown != "error":
        replacement(options.unknown, reader, meaning.classes)  # fails here, before any work, if there is no such class
    said = [note_on_counting(meaning, reader, options.first_id), similar_names(meaning.classes.names)]
    if meaning.guessed and (beside := tables_beside(source)):
        held = values_of_set(reader, chosen[:_LOOKED_AT_FIRST], 1, progress).pixels
        table = reader.table(meaning.classes)
        classes = sum(table.get(code, 0) != IGNORE_INDEX for code in held)
        said.append(note_on_lists(beside, classes, {label.stem for label in chosen}))
    return reader, replace(meaning, notes=(*meaning.notes, *filter(None, said)))


def _has_rest(meaning: Meaning, reader: LabelReader) -> bool:
    """Whether id 0, or black, means pixels of no class by the rules of the tool that wrote the class map."""
    return meaning.zero_is_rest and UNCOVERED not in reader.table(meaning.classes)


def _sample(stem: str, known: Mapping[str, Sample], split: str) -> Sample:
    """The sample that a label is of: as the dataset has it, in the split that it came in unless it is in one."""
    sample = known.get(stem, Sample(stem, "", "", 0, 0))
    return sample if sample.split or not split else replace(sample, split=split, source_split=split)


def _split(label: RawLabel, labels: LabelSource, source: Path) -> str:
    """The split that a label came in; of a photo without a mask that of its folder."""
    if not labels.splits or label.stem in labels.splits or not label.path.is_relative_to(source):
        return labels.splits.get(label.stem, "")
    return split_of(label.path.relative_to(source).parent.as_posix())


def _without_damaged(pairing: Pairing, damaged: Mapping[str, str]) -> Pairing:
    """Without photos whose label is there and cannot be read; SegError if these are not told by their names."""
    alone = tuple(stem for stem in pairing.images_alone if stem not in damaged)
    if len(alone) > len(pairing.images_alone) - len(damaged):
        raise SegError(
            f"{next(iter(damaged.values()))}. Which photo it is of, its name does not say, and --without-mask would "
            "fill that, too"
        )
    return replace(pairing, images_alone=alone)


def _filled_note(filled: Sequence[tuple[str, RawLabel]], name: str, classes: ClassMap) -> str:
    if name not in classes.names:
        raise SegError(f"--without-mask {name}: no class has that name; there are {', '.join(classes.names)}")
    stems = [stem for stem, _ in filled]
    return f"without a mask, and so {name} all over: {counted(len(stems), 'image')} ({list_some(stems)})"


def _split_notes(splits: Sequence[str], labels: LabelSource) -> list[str]:
    if not labels.splits:
        return []
    counts = ", ".join(f"{splits.count(name)} {name}" for name in SPLITS)
    anew = "divides train and val anew, and leaves test as it is" if "test" in splits else "would divide them anew"
    return [f"the labels came divided, and stay so: {counts}; 'seg-prep split --overwrite' {anew}"]


def _own_labels(root: Path) -> Path:
    if not (root / LABELS).is_dir():
        raise SegError(f"{root}: has no folder labels/; say with SOURCE where the labels are")
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


def _refuse_mixed_classes(root: Path, before: Dataset, converted: set[str]) -> None:
    """Another class map fits only if no mask of the old one is left: of rejected images, too, which may come back."""
    states = read_states(root / STATES)
    kept = [s for s in before.samples if states.get(s.stem) == REJECTED and (root / own_mask_name(s.stem)).is_file()]
    labelled = [sample for sample in before.samples if sample.is_labelled]
    left = sorted({sample.stem for sample in (*labelled, *kept)} - converted)
    if left:
        raise SegError(
            f"{root}: has another class map, and {len(left)} of its masks are not among these ({list_some(left)}); "
            "convert all masks together, or leave out --classes"
        )


def _all_covered(reader: LabelReader, labels: Sequence[RawLabel], workers: int | None) -> bool:
    """Whether every pixel lies in a region: as a rule, the first labels say that it does not."""
    uncovered = HasUncovered(reader.name)
    first, rest = labels[:_LOOKED_AT_FIRST], labels[_LOOKED_AT_FIRST:]
    return not any(map(uncovered, first)) and not any(run_jobs(uncovered, rest, workers))
