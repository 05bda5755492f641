"""Convert raw label masks into the masks of a dataset, and bring the photos in on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.classes import IGNORE_INDEX, ClassMap, read_classes, write_classes
from prep.convert import ConvertLabel, LabelJob, Outcome, ScanLabel
from prep.dataset import CLASSES, Dataset, Sample, is_dataset, write_index
from prep.errors import SegError
from prep.executor import run_jobs
from prep.imageio import list_images, stem_of
from prep.labels.choice import choose_reader, reader_named
from prep.labels.reader import LabelReader
from prep.pairing import SAME_STEM, Pairing, Patterns, list_some, pair_stems, suggest_patterns
from prep.progress import Progress, silent
from prep.transaction import INDEX, Transaction
from prep.unknown import Policy, UnknownValues, no_classes_error, replacement, unknown_error

PHOTOS, LABELS = "photos", "labels"
_PROBLEMS_SHOWN = 10


@dataclass(frozen=True)
class Options:
    """How to convert: see the options of 'seg-prep masks convert'."""

    patterns: Patterns = SAME_STEM
    unknown: Policy = "error"
    reader: str | None = None
    skip_unpaired: bool = False


@dataclass(frozen=True)
class Conversion:
    """What was converted: samples, pixels (256,) by mask value, and what unknown values became.

    replaced: (value, pixels, name of the class it became or "ignore").
    unpaired: names of images and labels that were left out.
    """

    dataset: Dataset
    converted: int
    pixels: NDArray[np.int64]
    replaced: tuple[tuple[str, int, str], ...]
    unpaired: tuple[str, ...]


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

    photos: folder of the photos to bring in; by default the dataset's images, or its photos/ if it has none yet.
    Raises SegError, and changes nothing, if files are damaged or do not pair, if sizes differ, if values belong
    to no class, or if other results stand there and `overwrite` is not set.
    """
    before = Dataset.open(root) if is_dataset(root) else None
    source = source or _default(root, LABELS)
    if photos is None and before is None:
        photos = _default(root, PHOTOS)
    _refuse_own_folders(root, source, photos)
    labels = {stem_of(path): path for path in list_images(source)}
    raw = {stem_of(path): path for path in list_images(photos)} if photos else {}
    images = list(raw) if photos or before is None else [sample.stem for sample in before.samples]
    pairing = _pair(images, list(labels), options, before)
    paths = [labels[label] for _, label in pairing.pairs]
    classes = _class_map(classes_file, before)
    reader = reader_named(options.reader) if options.reader else choose_reader(paths, classes)
    if classes is None:
        raise no_classes_error(_scan(reader, paths, workers, progress), reader)
    if options.unknown != "error":
        replacement(options.unknown, reader, classes)  # fails here, before any work, if there is no such class

    known = {sample.stem: sample for sample in before.samples} if before else {}
    if before and classes != before.classes:
        _refuse_mixed_classes(root, before, {image for image, _ in pairing.pairs})
    jobs = [
        LabelJob(labels[label], raw.get(image), known.get(image, Sample(image, "", "", 0, 0)))
        for image, label in pairing.pairs
    ]
    with Transaction(root, "masks-convert", _settings(jobs, classes, options)) as change:
        convert = ConvertLabel(change.path("."), root, reader.name, classes, options.unknown)
        outcomes = run_jobs(convert, jobs, workers, progress)
        error = _first_error(outcomes, jobs, reader, classes, options.unknown)
        if error is not None:
            change.discard()
            raise error
        replaced = _replaced_images(known, outcomes)
        if replaced and not overwrite:
            change.discard()
            raise SegError(f"{root}: already holds {list_some(replaced)}; add --overwrite to replace them")
        merged = {**known, **{outcome.sample.stem: outcome.sample for outcome in outcomes}}
        write_classes(change.path(CLASSES), classes)
        write_index(change.path(INDEX), merged.values())
        change.commit(overwrite=overwrite, updates=(INDEX,), remove=("patches", "stats.json", *replaced))
    return Conversion(
        dataset=Dataset.open(root),
        converted=len(outcomes),
        pixels=np.sum([outcome.pixels for outcome in outcomes], axis=0),
        replaced=_replaced(_collect(outcomes, jobs), reader, classes, options.unknown),
        unpaired=(*pairing.images_alone, *pairing.labels_alone),
    )


def _default(root: Path, folder: str) -> Path:
    path = root / folder
    if not path.is_dir():
        option = "SOURCE" if folder == LABELS else "--images FOLDER"
        raise SegError(f"{root}: has no folder {folder}/; say with {option} where the {folder} are")
    return path


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


def _class_map(file: Path | None, before: Dataset | None) -> ClassMap | None:
    if file is not None:
        return read_classes(file)
    return before.classes if before else None


def _pair(images: Sequence[str], labels: Sequence[str], options: Options, before: Dataset | None) -> Pairing:
    """Pair, and refuse what is left over, unless it may be skipped or has a mask already."""
    pairing = pair_stems(images, labels, options.patterns)
    labelled = {sample.stem for sample in before.samples if sample.is_labelled} if before else set()
    alone = tuple(stem for stem in pairing.images_alone if stem not in labelled)
    pairing = replace(pairing, images_alone=alone)
    if pairing.pairs and (options.skip_unpaired or not (alone or pairing.labels_alone)):
        return pairing
    parts = []
    if alone:
        parts.append(f"{len(alone)} images have no mask: {list_some(alone)}")
    if pairing.labels_alone:
        parts.append(f"{len(pairing.labels_alone)} masks have no image: {list_some(pairing.labels_alone)}")
    suggestion = suggest_patterns(images, labels, len(pairing.pairs))
    if suggestion is not None:
        remedy = f"pair them with --match '{suggestion[0]}' '{suggestion[1]}'"
    elif pairing.pairs:
        remedy = f"rename or remove them, or convert only the {len(pairing.pairs)} pairs with --skip-unpaired"
    else:
        remedy = "say with --match 'IMAGE_{}' 'MASK_{}' which part of the names they share"
    raise SegError("; ".join(parts) + f". Nothing was written; {remedy}")


def _settings(jobs: Sequence[LabelJob], classes: ClassMap, options: Options) -> dict[str, object]:
    """What a staged result depends on: contents of files are known by size and time."""
    files = [path for job in jobs for path in (job.label, job.photo) if path is not None]
    status = [(path.as_posix(), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return {"classes": classes.to_json(), "options": repr(options), "files": status}


def _scan(reader: LabelReader, paths: Sequence[Path], workers: int | None, progress: Progress) -> UnknownValues:
    """Collect all values of masks for which there is no class map yet."""
    values = UnknownValues()
    for path, found in zip(paths, run_jobs(ScanLabel(reader.name), paths, workers, progress), strict=True):
        values.add(path.name, found)
    return values


def _first_error(
    outcomes: Sequence[Outcome],
    jobs: Sequence[LabelJob],
    reader: LabelReader,
    classes: ClassMap,
    policy: Policy,
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
    if policy == "error" and unknown.pixels:
        return unknown_error(unknown, reader, classes)
    held = np.flatnonzero(np.sum([outcome.pixels for outcome in outcomes], axis=0)).tolist()
    if policy == "error" and reader.name == "ids" and len(classes) > 1 and held[1:] == [IGNORE_INDEX]:
        return SegError(
            f"the masks hold only the ids {classes.ids[held[0]]} and 255, and 255 means ignored: one class is left. "
            "If 255 is a class, say so in the class map (name,#rrggbb,255); if it is not, add --unknown ignore"
        )
    return None


def _collect(outcomes: Sequence[Outcome], jobs: Sequence[LabelJob]) -> UnknownValues:
    unknown = UnknownValues()
    for outcome, job in zip(outcomes, jobs, strict=True):
        unknown.add(job.label.name, outcome.found)
    return unknown


def _replaced(
    unknown: UnknownValues, reader: LabelReader, classes: ClassMap, policy: Policy
) -> tuple[tuple[str, int, str], ...]:
    becomes = replacement(policy, reader, classes) if unknown.pixels else None
    if becomes is None:
        return ()
    names = {**dict(enumerate(classes.names)), IGNORE_INDEX: "ignore"}
    return tuple((reader.describe(code), unknown.pixels[code], names[becomes(code)]) for code in unknown.by_pixels())
