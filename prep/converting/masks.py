"""Convert raw label masks into the masks of a dataset, and bring the photos in on the way."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.converting.job import ConvertLabel, LabelJob, LabelOutcome, forms_of_turned
from prep.converting.notes import notes_on
from prep.converting.options import DEFAULTS, ConvertOptions
from prep.converting.plan import ConversionPlan, plan_conversion
from prep.converting.problems import refuse, refuse_masks_of_old_classes
from prep.converting.values.black_and_white import counts_two, mixed_whites
from prep.converting.values.unknown import NO_CODES, CodeTotals, add_up, replacement
from prep.core.classes import IGNORE_INDEX, IGNORE_NAME, ClassMap, write_classes
from prep.core.errors import SegError
from prep.core.failures import Failures
from prep.core.jobs import run_jobs
from prep.core.progress import Progress, silent
from prep.dataset.dataset import Dataset, writes
from prep.dataset.dataset_files import CLASSES
from prep.dataset.states import notes_on_rejected
from prep.dataset.transaction import Transaction
from prep.labels.unpacking import unpacked
from prep.photos.commit import commit_samples
from prep.photos.image_file import with_folders

_NO_PIXELS = np.zeros(0, np.int64)
_WITH_ONE, _WITH_WHITE = (0, 1), (0, IGNORE_INDEX)


@dataclass(frozen=True)
class Conversion:
    """What was converted: pixels (256,) by mask value, and what unknown values became.

    root, classes: of the dataset.
    raw_pixels: (256,) in the raw labels, before they were brought to the size of their images.
    replaced: (value, pixels, name of the class it became or "ignore").
    unpaired: names of images and labels that were left out.  missing: what the labels name and is not there.
    without_image: stems of masks whose image is not there.  turned, resized: numbers of masks.
    notes: what else a person should know.
    problems: one text for each label that could not be used, and was left out.
    """

    root: Path
    classes: ClassMap
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
    problems: tuple[str, ...] = ()

    @cached_property
    def dataset(self) -> Dataset:
        """What the labels have joined; opened when asked for, when everything that made it is out of memory."""
        return Dataset.open(self.root)


@writes
def convert_masks(
    root: Path,
    source: Path | None = None,
    *,
    photos: Path | None = None,
    classes_file: Path | None = None,
    options: ConvertOptions = DEFAULTS,
    max_failed: int | None = None,
    workers: int | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Conversion:
    """Convert the labels in `source` (default: the dataset's labels/) into masks of the dataset `root`.

    photos: folder of the photos to bring in; by default the dataset's images, those that the labels name, its
    photos/, or those that lie beside the labels. Labels that name photos which are not there become masks alone.
    A label that cannot be used, or whose photo cannot, is left out and reported; the others are converted.
    Raises SegError, and changes nothing, if none can be used or more than `max_failed` cannot, if files do not pair,
    if values belong to no class, or if other results stand there and `overwrite` is not set.
    """
    with unpacked(source, root, options.variable) if source else nullcontext() as place:
        plan = plan_conversion(root, source, place, photos, classes_file, options, workers, progress)
        return _carried_out(plan, max_failed, workers, progress, overwrite=overwrite)


def _carried_out(
    plan: ConversionPlan, max_failed: int | None, workers: int | None, progress: Progress, *, overwrite: bool
) -> Conversion:
    """Make what is planned, and commit it."""
    failures = Failures(max_failed)
    for problem in plan.labels.damaged.values():
        failures.add(problem)
    with Transaction(plan.root, "masks-convert", plan.settings()) as change:
        folder = with_folders(change.path("."))
        options = plan.options
        convert = ConvertLabel(
            folder,
            plan.reader.name,
            plan.meaning,
            options.unknown,
            options.stretch,
            plan.rendering,
            says_colors=options.reader == "rgb",
        )
        totals = _Totals(failures)
        outcomes = run_jobs(convert, plan.jobs, workers, progress, take=totals.take)
        if forms_of_turned(outcomes) == {"stored"}:
            outcomes = _turned_as_others(convert, plan.jobs, outcomes, totals, workers, progress)
        names = (job.label.short_name for job in plan.jobs)
        unknown = add_up(zip(names, (outcome.unknown for outcome in outcomes), strict=True))
        try:
            refuse(outcomes, unknown, totals.pixels, plan)
            refuse_masks_of_old_classes(outcomes, plan)
            if plan.options.unknown != "ignore" and counts_two(plan.meaning, plan.reader):
                totals.refuse_mixed_whites(plan.classes)
        except SegError:
            change.discard()
            raise
        if plan.before is None or plan.before != plan.written:  # a file that says the same stays as a person wrote it
            write_classes(change.path(CLASSES), plan.written)
        made = [outcome for outcome in outcomes if not outcome.problem]
        samples = [outcome.sample for outcome in made if outcome.sample.image or outcome.sample.mask]
        gone = [plan.known[each.stem].mask for each in samples if not each.mask and each.stem in plan.known]
        records = [outcome.record for outcome in made if outcome.record is not None]
        commit_samples(change, plan.known, samples, records, plan.rendering, gone=gone, overwrite=overwrite)
    problems = (*plan.labels.damaged.values(), *(outcome.problem for outcome in outcomes if outcome.problem))
    return replace(_conversion(plan, made, unknown, totals), problems=problems)


class _Totals:
    """Adds up the pixels (256,) of outcomes as they come, and leaves them out there; raises as the failures do."""

    def __init__(self, failures: Failures) -> None:
        self.pixels, self.raw_pixels = np.zeros(256, np.int64), np.zeros(256, np.int64)
        self._failures = failures
        self._first_with: dict[tuple[int, ...], str] = {}
        self._scaled: dict[str, NDArray[np.int64]] = {}

    def take(self, outcome: LabelOutcome) -> LabelOutcome:
        """What is kept of an outcome."""
        self._failures.look(outcome)
        self.pixels += outcome.pixels
        self.raw_pixels += outcome.raw_pixels
        if outcome.is_unclear and not np.array_equal(outcome.pixels, outcome.raw_pixels):
            self._scaled[outcome.sample.stem] = outcome.pixels  # another pixel of each block may be taken next time
        held = tuple(np.flatnonzero(outcome.raw_pixels).tolist())
        if held in (_WITH_ONE, _WITH_WHITE):
            self._first_with.setdefault(held, outcome.sample.stem)
        return _without_pixels(outcome)

    def take_again(self, outcome: LabelOutcome) -> LabelOutcome:
        """What is kept of an outcome that replaces one of before."""
        self._failures.look(outcome)
        if (before := self._scaled.get(outcome.sample.stem)) is not None:
            self.pixels += outcome.pixels - before
        return _without_pixels(outcome)

    def refuse_mixed_whites(self, classes: ClassMap) -> None:
        """SegError where some masks hold 0 and 1, and others 0 and 255."""
        if self._first_with.keys() == {_WITH_ONE, _WITH_WHITE}:
            raise SegError(mixed_whites(self._first_with[_WITH_ONE], self._first_with[_WITH_WHITE], classes))


def _without_pixels(outcome: LabelOutcome) -> LabelOutcome:
    unknown = outcome.unknown if outcome.unknown.codes.size else NO_CODES
    return replace(outcome, pixels=_NO_PIXELS, raw_pixels=_NO_PIXELS, unknown=unknown)


def _turned_as_others(
    convert: ConvertLabel,
    jobs: Sequence[LabelJob],
    outcomes: Sequence[LabelOutcome],
    totals: "_Totals",
    workers: int | None,
    progress: Progress,
) -> list[LabelOutcome]:
    """All outcomes, those of which sizes do not tell converted again, as drawn on the photo as it is stored."""
    again = [number for number, outcome in enumerate(outcomes) if outcome.is_unclear]
    as_stored = replace(convert, unclear_as="stored")
    made = run_jobs(as_stored, [jobs[number] for number in again], workers, progress, take=totals.take_again)
    turned = dict(zip(again, made, strict=True))
    return [turned.get(number, outcome) for number, outcome in enumerate(outcomes)]


def _conversion(
    plan: ConversionPlan, outcomes: Sequence[LabelOutcome], unknown: CodeTotals, totals: _Totals
) -> Conversion:
    labels, pairing = plan.labels, plan.pairing
    return Conversion(
        root=plan.root,
        classes=plan.written,
        converted=sum(bool(outcome.sample.mask) for outcome in outcomes),
        pixels=totals.pixels,
        raw_pixels=totals.raw_pixels,
        replaced=_replaced(unknown, plan),
        unpaired=(*pairing.images_alone, *(() if labels.names_photos else pairing.labels_alone)),
        missing=labels.missing,
        without_image=tuple(each.sample.stem for each in outcomes if each.sample.mask and not each.sample.image),
        turned=sum(outcome.turned for outcome in outcomes),
        resized=sum(outcome.resized for outcome in outcomes),
        notes=(
            *plan.notes,
            *labels.notes,
            *notes_on(outcomes, plan, totals.pixels, totals.raw_pixels),
            *notes_on_rejected(plan.root, [outcome.sample.stem for outcome in outcomes if outcome.sample.mask]),
        ),
    )


def _replaced(unknown: CodeTotals, plan: ConversionPlan) -> tuple[tuple[str, int, str], ...]:
    if not unknown.pixels:
        return ()
    becomes = replacement(plan.options.unknown, plan.reader, plan.classes)
    names = {**dict(enumerate(plan.classes.names)), IGNORE_INDEX: IGNORE_NAME}
    describe = plan.reader.describe
    return tuple((describe(code), unknown.pixels[code], names[becomes(code)]) for code in unknown.by_pixels())
