"""Why a conversion of labels cannot go on: files that fail, values that belong to no class."""

import shlex
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from prep.converting.job import LabelJob, Outcome
from prep.converting.pairing import SAME_STEM
from prep.converting.plan import Options, Plan
from prep.converting.proposal import refusal
from prep.converting.seen import PairedLabel, see_values
from prep.converting.unknown import SHOWN, UnknownValues
from prep.core.classes import IGNORE_INDEX
from prep.core.errors import SegError

_PROBLEMS_SHOWN = 10


def first_error(outcomes: Sequence[Outcome], plan: Plan, options: Options, root: Path) -> SegError | None:
    """What keeps the converted masks from becoming the dataset's, if anything does."""
    problems = [outcome.problem for outcome in outcomes if outcome.problem]
    if problems:
        more = len(problems) - _PROBLEMS_SHOWN
        return SegError(
            "\n".join(problems[:_PROBLEMS_SHOWN])
            + (f"\n... and {more} more files" if more > 0 else "")
            + "\nNothing was written."
        )
    unknown = unknown_values(outcomes, plan.jobs)
    pixels = np.sum([outcome.pixels for outcome in outcomes], axis=0)
    if options.unknown != "error":
        return None
    if unknown.pixels:
        seen = see_values(_paired(outcomes, plan.jobs, root), unknown.by_pixels()[:SHOWN], plan.reader)
        return refusal(unknown, pixels, plan.reader, plan.classes, seen, _look_command(plan, options))
    held = np.flatnonzero(pixels).tolist()
    if plan.reader.name == "ids" and len(plan.classes) > 1 and held[1:] == [IGNORE_INDEX]:
        return SegError(
            f"the masks hold only the ids {plan.classes.ids[held[0]]} and 255, and 255 means ignored: one class is "
            "left. If 255 is a class, say so in the class map (name,#rrggbb,255); if it is not, add --unknown ignore"
        )
    return None


def unknown_values(outcomes: Sequence[Outcome], jobs: Sequence[LabelJob]) -> UnknownValues:
    """All values of the labels that are no class."""
    unknown = UnknownValues()
    for outcome, job in zip(outcomes, jobs, strict=True):
        unknown.add(job.label.short_name, outcome.found)
    return unknown


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


def _look_command(plan: Plan, options: Options) -> str:
    """What shows crops of the photos under every value."""
    words = ["seg-prep", "masks", "inspect", str(plan.source)]
    words += ["--images", str(plan.photos)] if plan.photos else []
    words += ["--match", *options.patterns] if options.patterns != SAME_STEM else []
    words += ["--from", options.reader] if options.reader else []
    return shlex.join([*words, "--sheet", "values.png"])
