"""Convert raw label masks into the masks of a dataset, and bring the photos in on the way."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.classes import IGNORE_INDEX, ClassMap, Color, write_classes
from prep.convert import ConvertLabel, HasUncovered, LabelJob, Outcome, ScanLabel
from prep.dataset import CLASSES, Dataset, Sample, is_dataset, write_index
from prep.errors import SegError
from prep.executor import run_jobs
from prep.labelling import IGNORE, Meaning, by_name, class_map_of, needs_background, recolored, with_unlabelled
from prep.labels.choice import choose_reader, look, reader_named
from prep.labels.reader import LabelReader, RawLabel
from prep.pairing import (
    SAME_STEM,
    Patterns,
    list_some,
)
from prep.partners import LABELS, PHOTOS, default_folder, pair_labels, photos_to_bring
from prep.photos import PHOTOS_RECORD, read_photos, write_photos
from prep.progress import Progress, silent
from prep.proposal import refusal
from prep.seen import PairedLabel, see_values
from prep.transaction import INDEX, Transaction
from prep.unknown import SHOWN, Policy, UnknownValues, no_classes_error, replacement

_PROBLEMS_SHOWN = 10
_LOOKED_AT_FIRST = 4


@dataclass(frozen=True)
class Options:
    """How to convert: see the options of 'seg-prep masks convert'."""

    patterns: Patterns = SAME_STEM
    unknown: Policy = "error"
    reader: str | None = None
    skip_unpaired: bool = False
    in_order: bool = False
    unlabelled: str | None = None
    first_id: int | None = None
    variable: str = ""
    stretch: bool = False
    colors: tuple[tuple[str, Color], ...] = ()


@dataclass(frozen=True)
class Conversion:
    """What was converted: samples, pixels (256,) by mask value, and what unknown values became.

    raw_pixels: (256,) in the raw labels, before they were brought to the size of their images.
    replaced: (value, pixels, name of the class it became or "ignore").
    unpaired: names of images and labels that were left out.  missing: what the labels name and is not there.
    without_image: stems of masks whose image is not there.  turned, resized: numbers of masks.
    notes: what else a person should know.
    """

    dataset: Dataset
    converted: int
    pixels: NDArray[np.int64]
    raw_pixels: NDArray[np.int64]
    replaced: tuple[tuple[str, int, str], ...]
    unpaired: tuple[str, ...]
    missing: tuple[str, ...]
    without_image: tuple[str, ...]
    turned: int
    resized: int
    notes: tuple[str, ...]


def convert_masks(
    root: Path,
    source: Path | None = None,
    *,
    photos: Path | None = None,
    classes_file: Path | None = None,
    options: Options = Options(),
    workers: int | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Conversion:
    """Convert the labels in `source` (default: the dataset's labels/) into masks of the dataset `root`.

    photos: folder of the photos to bring in; by default the dataset's images, those that the labels name, its
    photos/, or those that lie beside the labels. Labels that name photos which are not there become masks alone.
    Raises SegError, and changes nothing, if files are damaged or do not pair, if a mask has another shape than its
    photo, if values belong to no class, or if other results stand there and `overwrite` is not set.
    """
    before = Dataset.open(root) if is_dataset(root) else None
    source = source or default_folder(root, LABELS)
    _refuse_own_folders(root, source, photos)
    labels = look(source, options.reader, options.variable)
    raw = photos_to_bring(root, source, photos, labels, before)
    known = {sample.stem: sample for sample in before.samples} if before else {}
    images = [stem for stem, sample in known.items() if sample.image] if raw is None else [file.stem for file in raw]
    pairing, notes = pair_labels(
        images, labels, options.patterns, before, in_order=options.in_order, skip_unpaired=options.skip_unpaired
    )
    meaning = class_map_of(source, labels, classes_file, options.first_id, before.classes if before else None)
    if meaning is not None and options.colors:
        meaning = replace(meaning, classes=recolored(meaning.classes, options.colors))
    by_stem = {label.stem: label for label in labels.labels}
    converted = [*pairing.pairs, *((stem, stem) for stem in pairing.labels_alone if labels.names_photos)]
    chosen = [by_stem[label] for _, label in converted]
    reader = (
        reader_named(labels.reader, labels.names)
        if labels.reader
        else choose_reader(chosen, meaning.classes if meaning else None)
    )
    if meaning is None:
        raise no_classes_error(_scan(reader, chosen, workers, progress), reader)
    if meaning.found is not None:
        notes.append(f"classes: {meaning.found}")
    if labels.names is not None:
        covered = needs_background(meaning, options.unlabelled) and _all_covered(reader, chosen, workers)
        meaning = by_name(meaning, labels.names, options.unlabelled, covered=covered)
    elif reader.name != "rgb":
        meaning = with_unlabelled(meaning, labels.unlabelled, options.unlabelled or IGNORE)
    classes = meaning.classes
    if options.unknown != "error":
        replacement(options.unknown, reader, classes)  # fails here, before any work, if there is no such class
    if before and len(before.classes) and classes != before.classes:
        _refuse_mixed_classes(root, before, {image for image, _ in converted})

    records = read_photos(root / PHOTOS_RECORD)
    files = {file.stem: file for file in raw or ()}
    jobs = [
        LabelJob(by_stem[label], files.get(image), known.get(image, Sample(image, "", "", 0, 0)), records.get(image))
        for image, label in converted
    ]
    with Transaction(root, "masks-convert", _settings(jobs, meaning, options)) as change:
        convert = ConvertLabel(
            change.path("."), root, reader.name, classes, options.unknown, meaning.aliases, options.stretch
        )
        outcomes = run_jobs(convert, jobs, workers, progress)
        shown = photos or (root / "images" if raw is None else root / PHOTOS if (root / PHOTOS).is_dir() else None)
        command = _look_command(source, shown, options)
        error = _first_error(outcomes, jobs, reader, classes, options.unknown, root, command)
        if error is not None:
            change.discard()
            raise SegError(f"{error}\n(classes: {meaning.found})") if meaning.found else error
        replaced = _replaced_images(known, outcomes)
        if replaced and not overwrite:
            change.discard()
            raise SegError(f"{root}: already holds {list_some(replaced)}; add --overwrite to replace them")
        merged = {**known, **{outcome.sample.stem: outcome.sample for outcome in outcomes}}
        records |= {outcome.sample.stem: outcome.record for outcome in outcomes if outcome.record is not None}
        write_classes(change.path(CLASSES), classes)
        if records:
            write_photos(change.path(PHOTOS_RECORD), records.values())
        write_index(change.path(INDEX), merged.values())
        updates = (INDEX, PHOTOS_RECORD)
        change.commit(overwrite=overwrite, updates=updates, remove=("patches", "stats.json", *replaced))
    pixels = np.sum([outcome.pixels for outcome in outcomes], axis=0)
    return Conversion(
        dataset=Dataset.open(root),
        converted=len(outcomes),
        pixels=pixels,
        raw_pixels=np.sum([outcome.raw_pixels for outcome in outcomes], axis=0),
        replaced=_replaced(_collect(outcomes, jobs), reader, classes, options.unknown),
        unpaired=(*pairing.images_alone, *(() if labels.names_photos else pairing.labels_alone)),
        missing=labels.missing,
        without_image=tuple(outcome.sample.stem for outcome in outcomes if not outcome.sample.image),
        turned=sum(outcome.turned for outcome in outcomes),
        resized=sum(outcome.resized for outcome in outcomes),
        notes=(*notes, *labels.notes, *_absent(classes, pixels)),
    )


def _absent(classes: ClassMap, pixels: NDArray[np.int64]) -> list[str]:
    """A note on classes that no mask holds: often the class map is shifted or wrong."""
    absent = [
        f"{name} (id {raw})" for name, raw, count in zip(classes.names, classes.ids, pixels, strict=False) if not count
    ]
    return [f"occurs in no mask: {list_some(absent)}"] if absent else []


def _refuse_own_folders(root: Path, source: Path, photos: Path | None) -> None:
    """Raw files are never changed, so they cannot lie where the results go."""
    results = [(root / name).resolve() for name in ("images", "masks")]
    for raw in (source, *([photos] if photos else [])):
        if any(raw.resolve().is_relative_to(result) for result in results):
            raise SegError(
                f"{raw}: results are written to {root}/images and {root}/masks, and raw files are never changed; "
                f"move the raw files to {root}/{PHOTOS} and {root}/{LABELS}, or name another dataset with -o"
            )


def _refuse_mixed_classes(root: Path, before: Dataset, converted: set[str]) -> None:
    """Another class map fits only if no mask of the old one is left."""
    left = [sample.stem for sample in before.of_split() if sample.stem not in converted]
    if left:
        raise SegError(
            f"{root}: has another class map, and {len(left)} of its masks are not among these ({list_some(left)}); "
            "convert all masks together, or leave out --classes"
        )


def _replaced_images(known: Mapping[str, Sample], outcomes: Sequence[Outcome]) -> list[str]:
    """Images that the new ones replace under another name, because the photo is of another kind."""
    before = [(known[o.sample.stem].image, o.sample.image) for o in outcomes if o.sample.stem in known]
    return sorted(old for old, new in before if old and old != new)


def _settings(jobs: Sequence[LabelJob], meaning: Meaning, options: Options) -> dict[str, object]:
    """What a staged result depends on: contents of files are known by size and time."""
    files = [path for job in jobs for path in (job.label.path, job.photo.path if job.photo else None) if path]
    status = [(path.as_posix(), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    pairs = [(job.sample.stem, job.label.name) for job in jobs]
    means = {"classes": meaning.classes.to_json(), "aliases": meaning.aliases}
    return {**means, "options": repr(options), "files": status, "pairs": pairs}


def _scan(reader: LabelReader, labels: Sequence[RawLabel], workers: int | None, progress: Progress) -> UnknownValues:
    """Collect all values of masks for which there is no class map yet."""
    values = UnknownValues()
    for label, found in zip(labels, run_jobs(ScanLabel(reader.name), labels, workers, progress), strict=True):
        values.add(label.short_name, found)
    return values


def _all_covered(reader: LabelReader, labels: Sequence[RawLabel], workers: int | None) -> bool:
    """Whether every pixel lies in a region: as a rule, the first labels say that it does not."""
    uncovered = HasUncovered(reader.name)
    first, rest = labels[:_LOOKED_AT_FIRST], labels[_LOOKED_AT_FIRST:]
    return not any(map(uncovered, first)) and not any(run_jobs(uncovered, rest, workers))


def _first_error(
    outcomes: Sequence[Outcome],
    jobs: Sequence[LabelJob],
    reader: LabelReader,
    classes: ClassMap,
    policy: Policy,
    root: Path,
    look: str,
) -> SegError | None:
    problems = [outcome.problem for outcome in outcomes if outcome.problem]
    if problems:
        more = len(problems) - _PROBLEMS_SHOWN
        return SegError(
            "\n".join(problems[:_PROBLEMS_SHOWN])
            + (f"\n... and {more} more files" if more > 0 else "")
            + "\nNothing was written."
        )
    unknown = _collect(outcomes, jobs)
    pixels = np.sum([outcome.pixels for outcome in outcomes], axis=0)
    if policy == "error" and unknown.pixels:
        seen = see_values(_paired(outcomes, jobs, root), unknown.by_pixels()[:SHOWN], reader)
        return refusal(unknown, pixels, reader, classes, seen, look)
    held = np.flatnonzero(pixels).tolist()
    if policy == "error" and reader.name == "ids" and len(classes) > 1 and held[1:] == [IGNORE_INDEX]:
        return SegError(
            f"the masks hold only the ids {classes.ids[held[0]]} and 255, and 255 means ignored: one class is left. "
            "If 255 is a class, say so in the class map (name,#rrggbb,255); if it is not, add --unknown ignore"
        )
    return None


def _paired(outcomes: Sequence[Outcome], jobs: Sequence[LabelJob], root: Path) -> list[PairedLabel]:
    """Labels with their photos, or with the images that are there already, and the pixels of their unknown values."""
    return [
        PairedLabel(
            job.label,
            job.photo.path if job.photo else root / job.sample.image,
            dict(zip(outcome.found.codes.tolist(), outcome.found.pixels.tolist(), strict=True)),
        )
        for outcome, job in zip(outcomes, jobs, strict=True)
        if job.photo or job.sample.image
    ]


def _look_command(source: Path, photos: Path | None, options: Options) -> str:
    """What shows crops of the photos under every value."""
    words = ["seg-prep", "masks", "inspect", str(source), *(["--images", str(photos)] if photos else [])]
    words += ["--match", *options.patterns] if options.patterns != SAME_STEM else []
    words += ["--from", options.reader] if options.reader else []
    return shlex.join([*words, "--sheet", "values.png"])


def _collect(outcomes: Sequence[Outcome], jobs: Sequence[LabelJob]) -> UnknownValues:
    unknown = UnknownValues()
    for outcome, job in zip(outcomes, jobs, strict=True):
        unknown.add(job.label.short_name, outcome.found)
    return unknown


def _replaced(
    unknown: UnknownValues, reader: LabelReader, classes: ClassMap, policy: Policy
) -> tuple[tuple[str, int, str], ...]:
    becomes = replacement(policy, reader, classes) if unknown.pixels else None
    if becomes is None:
        return ()
    names = {**dict(enumerate(classes.names)), IGNORE_INDEX: "ignore"}
    return tuple((reader.describe(code), unknown.pixels[code], names[becomes(code)]) for code in unknown.by_pixels())
