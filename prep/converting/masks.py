"""Convert raw label masks into the masks of a dataset, and bring the photos in on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.converting.job import ConvertLabel, Outcome
from prep.converting.plan import DEFAULTS, Options, Plan, plan_conversion
from prep.converting.problems import first_error, unknown_values
from prep.converting.unknown import Policy, UnknownValues, replacement
from prep.core.classes import IGNORE_INDEX, ClassMap, write_classes
from prep.core.errors import SegError
from prep.core.jobs import run_jobs
from prep.core.progress import Progress, silent
from prep.core.words import list_some
from prep.dataset.dataset import Dataset, Sample, write_index
from prep.dataset.dataset_files import CLASSES, DERIVED, INDEX, PHOTOS_RECORD
from prep.dataset.transaction import Transaction
from prep.labels.reader import LabelReader
from prep.photos.record import write_photos


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
    options: Options = DEFAULTS,
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
    plan = plan_conversion(root, source, photos, classes_file, options, workers, progress)
    with Transaction(root, "masks-convert", plan.settings(options)) as change:
        convert = ConvertLabel(
            change.path("."), root, plan.reader.name, plan.classes, options.unknown, plan.meaning.aliases,
            options.stretch,
        )  # fmt: skip
        outcomes = run_jobs(convert, plan.jobs, workers, progress)
        error = first_error(outcomes, plan, options, root)
        if error is not None:
            change.discard()
            raise SegError(f"{error}\n(classes: {plan.meaning.found})") if plan.meaning.found else error
        replaced = _replaced_images(plan.known, outcomes)
        if replaced and not overwrite:
            change.discard()
            raise SegError(f"{root}: already holds {list_some(replaced)}; add --overwrite to replace them")
        _write_tables(change, plan, outcomes)
        updates = (INDEX, PHOTOS_RECORD)
        change.commit(overwrite=overwrite, updates=updates, remove=(*DERIVED, *replaced))
    return _conversion(Dataset.open(root), plan, outcomes, options.unknown)


def _write_tables(change: Transaction, plan: Plan, outcomes: Sequence[Outcome]) -> None:
    """Stage classes, photos and index: what was there, and what is new."""
    write_classes(change.path(CLASSES), plan.classes)
    records = {outcome.sample.stem: outcome.record for outcome in outcomes if outcome.record is not None}
    if photos := {**plan.records, **records}:
        write_photos(change.path(PHOTOS_RECORD), photos.values())
    samples = {outcome.sample.stem: outcome.sample for outcome in outcomes}
    write_index(change.path(INDEX), {**plan.known, **samples}.values())


def _conversion(dataset: Dataset, plan: Plan, outcomes: Sequence[Outcome], policy: Policy) -> Conversion:
    pixels = np.sum([outcome.pixels for outcome in outcomes], axis=0)
    labels, pairing = plan.labels, plan.pairing
    return Conversion(
        dataset=dataset,
        converted=len(outcomes),
        pixels=pixels,
        raw_pixels=np.sum([outcome.raw_pixels for outcome in outcomes], axis=0),
        replaced=_replaced(unknown_values(outcomes, plan.jobs), plan.reader, plan.classes, policy),
        unpaired=(*pairing.images_alone, *(() if labels.names_photos else pairing.labels_alone)),
        missing=labels.missing,
        without_image=tuple(outcome.sample.stem for outcome in outcomes if not outcome.sample.image),
        turned=sum(outcome.turned for outcome in outcomes),
        resized=sum(outcome.resized for outcome in outcomes),
        notes=(*plan.notes, *labels.notes, *_absent(plan.classes, pixels)),
    )


def _absent(classes: ClassMap, pixels: NDArray[np.int64]) -> list[str]:
    """A note on classes that no mask holds: often the class map is shifted or wrong."""
    absent = [
        f"{name} (id {raw})" for name, raw, count in zip(classes.names, classes.ids, pixels, strict=False) if not count
    ]
    return [f"occurs in no mask: {list_some(absent)}"] if absent else []


def _replaced_images(known: Mapping[str, Sample], outcomes: Sequence[Outcome]) -> list[str]:
    """Images that the new ones replace under another name, because the photo is of another kind."""
    before = [(known[o.sample.stem].image, o.sample.image) for o in outcomes if o.sample.stem in known]
    return sorted(old for old, new in before if old and old != new)


def _replaced(
    unknown: UnknownValues, reader: LabelReader, classes: ClassMap, policy: Policy
) -> tuple[tuple[str, int, str], ...]:
    becomes = replacement(policy, reader, classes) if unknown.pixels else None
    if becomes is None:
        return ()
    names = {**dict(enumerate(classes.names)), IGNORE_INDEX: "ignore"}
    return tuple((reader.describe(code), unknown.pixels[code], names[becomes(code)]) for code in unknown.by_pixels())
